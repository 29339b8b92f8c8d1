"""What each capture of the sample is, and what may become of it: one line of assets/sample/truth.jsonl."""

import json
import re
from dataclasses import asdict, dataclass

from schemas.records import document_id
from tools.sample.articles import Article
from tools.sample.warc import Capture, record_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """`verdicts` and `reasons` are sets of acceptable ends: any of them is right. A reason "*rule*" is any rule's.

    keep: a document that the sample recipe keeps. drop, quarantine: a document whose decision says so. ledger: no
    document. `cluster` names a set of duplicates, of which exactly one is kept. `must_contain` and
    `must_not_contain` speak of the stored text, white space removed; where there is no document they are empty.
    """

    kind: str
    verdicts: tuple[str, ...] = ("keep",)
    reasons: tuple[str, ...] = ()
    language: str = ""
    script: str = ""
    cluster: str = ""
    must_contain: tuple[str, ...] = ()
    must_not_contain: tuple[str, ...] = ()
    origin: str = "own"
    licence: str = "Apache-2.0"
    article: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """A capture with its truth."""

    capture: Capture
    truth: Truth


def line(planted: Planted, file: str) -> str:
    """One JSON line."""
    identity = record_id(planted.capture.url, planted.capture.number)
    row = {"url": planted.capture.url, "record_id": identity, "doc_id": document_id(identity.strip("<>")), "file": file}
    return json.dumps(row | asdict(planted.truth), ensure_ascii=False)


def probes(article: Article) -> tuple[str, ...]:
    """Up to three passages, from the start, the middle and the end, that every good extraction holds."""
    blocks = article.paragraphs() or tuple(
        text.removeprefix("> ").removeprefix("- ") for block in article.blocks for text in block.split("\n")
    )
    chosen = dict.fromkeys([blocks[0], blocks[len(blocks) // 2], blocks[-1]])
    return tuple(passage for block in chosen if len(passage := _passage(block)) >= 5)


def _passage(block: str) -> str:
    """The longest sentence, cut to 40 characters of Chinese and Japanese or to 80 of other scripts."""
    spaced = block.isascii() or " " in block[:40]
    sentences = re.split(r"(?<=[.!?]) " if spaced else "[。！？]", block.replace("\n", " " if spaced else ""))
    best = max(sentences, key=len)
    return best[:80].rsplit(" ", 1)[0] if spaced and len(best) > 80 else best[: 80 if spaced else 40]
