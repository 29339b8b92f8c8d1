"""Lines that repeat: across the kept documents of a host (navigation, disclaimers, 'related articles'), or inside one.

A rewriter that acts between `decide` and `tokenize`: documents/ keeps the text as it was extracted; repeats/ names for each
kept document the spans that the dataset leaves out, and counts every line, character and byte. Only kept documents are
counted, so copies of one page do not make each other's lines common. A document that would lose more than `max_loss` of
its characters is left as it is, and counted as spared.

Between workers travel 16 bytes for each distinct line of a host in a split (hash, split, number of documents), grouped
by hash range; a split learns the hashes of its own lines that are common. Text is read by its own split only.
Lines are compared by their key (filters/key.py), so width, case, script and punctuation do not count; lines without a
letter, digit or character, and those within ``` fences, are nobody's repetition. Linear in the text.
"""

from collections.abc import Iterator
from typing import Annotated, NamedTuple

import numpy as np
import pyarrow as pa
import xxhash
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass

from filters.key import make_fold
from filters.spec import SPEC
from pipeline.domains import host_of

# `hash` is of host and line, or of the host alone; `count` documents of the split have it.
LINE = np.dtype([("hash", "<u8"), ("split", "<u4"), ("count", "<u4")])
# What a split learns of its own lines and hosts: so many documents of the whole run have it.
COMMON = np.dtype([("hash", "<u8"), ("count", "<u8")])

_WIDE = "\u2e80"  # from here on, characters of East Asia, which take two columns
_COUNTS = ("host_lines", "host_chars", "inner_lines", "inner_chars", "removed_bytes")
REPEATS = pa.schema(
    [
        ("doc_id", pa.string()),
        ("spans", pa.list_(pa.int32())),  # start, end, start, end, ...: characters of documents/ text
        *((name, pa.int64()) for name in _COUNTS),
        ("spared", pa.bool_()),  # more than max_loss would go: nothing is removed, and the counts are 0
    ]
)


@dataclass(frozen=True, kw_only=True, config=SPEC)
class RepeatsSpec:
    """Recipe table `[repeats]`: repeated lines that the dataset leaves out. Changing it tokenises again only."""

    enabled: bool = False
    """Remove them. Off by default: on 505 clean pages (data/crawl-small) it took headings and code besides notices
    (docs/decisions/0010)."""
    min_documents: Annotated[int, Field(ge=2)] = 10
    """Kept documents of a host that must have a line."""
    min_share: Annotated[float, Field(gt=0, le=1)] = 0.3
    """And their share of the host's kept documents."""
    min_width: Annotated[int, Field(ge=1)] = 10
    """Columns of its key, two for a Han character or kana: shorter lines are headings ("NAME", "Warning") as often as navigation."""
    inner_chars: Annotated[int, Field(ge=0)] = 100
    """Lines of at least so many characters of their key go where they repeat inside one document, but for the first;
    0: never. Shorter ones are refrains, headings, answers, and code (at 40, most of what went was code)."""
    max_loss: Annotated[float, Field(gt=0, lt=1)] = 0.5
    """Share of a document's characters; where more would go it is left as it is."""


class Line(NamedTuple):
    """One line that counts: `end` includes its line feed; `hash` is of host and key."""

    start: int
    end: int
    hash: int
    chars: int
    width: int


def lines_of(text: str, host: str) -> Iterator[Line]:
    """The lines of a text that can repeat."""
    fold, fenced, start = make_fold(), False, 0
    for line in text.split("\n"):
        end = min(start + len(line) + 1, len(text))
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced and line and (key := fold(line)):
            yield Line(start, end, _hash(host, key), len(key), len(key) + sum(c >= _WIDE for c in key))
        start = end


def counted(split: int, texts: list[str], urls: list[str]) -> NDArray[np.void]:
    """Distinct lines of one split's kept documents, and its hosts, with their numbers of documents; dtype LINE, sorted."""
    found = [np.empty(0, np.uint64)]
    for text, url in zip(texts, urls, strict=True):
        if host := host_of(url):
            mine = {line.hash for line in lines_of(text, host)} | {_hash(host, "")}
            found.append(np.fromiter(mine, np.uint64, len(mine)))
    hashes, counts = np.unique(np.concatenate(found), return_counts=True)
    lines = np.zeros(len(hashes), LINE)
    lines["hash"], lines["split"], lines["count"] = hashes, split, counts
    return lines


def common(lines: NDArray[np.void], min_documents: int) -> Iterator[tuple[int, bytes]]:
    """For each split its hashes that at least `min_documents` have in all: (split, packed COMMON)."""
    hashes, index = np.unique(lines["hash"], return_inverse=True)
    totals = np.bincount(index, weights=lines["count"], minlength=len(hashes)).astype(np.uint64)[index]
    kept = totals >= min_documents
    for split in np.unique(lines["split"][kept]).tolist():
        mine = kept & (lines["split"] == split)
        told = np.zeros(int(mine.sum()), COMMON)
        told["hash"], told["count"] = lines["hash"][mine], totals[mine]
        yield split, np.sort(told, order="hash").tobytes()


def repeats(
    doc_ids: list[str], texts: list[str], urls: list[str], told: NDArray[np.void], spec: RepeatsSpec
) -> pa.Table:
    """What goes from each kept document of one split, schema REPEATS, in their order; `told` has dtype COMMON."""
    counts = dict(zip(told["hash"].tolist(), told["count"].tolist(), strict=True))
    rows = [_repeats(*row, counts, spec) for row in zip(doc_ids, texts, urls, strict=True)]
    return pa.Table.from_pylist(rows, schema=REPEATS)


def without(text: str, spans: list[int]) -> str:
    """The text without its spans, and without a line feed that then ends it."""
    if not spans:
        return text
    edges = [0, *spans, len(text)]
    return "".join(text[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True)).rstrip("\n")


def _repeats(doc_id: str, text: str, url: str, counts: dict[int, int], spec: RepeatsSpec) -> dict[str, object]:
    host = host_of(url)
    documents = counts.get(_hash(host, ""), 0) if host else 0
    least = max(spec.min_documents, spec.min_share * documents)
    row: dict[str, object] = {"doc_id": doc_id, "spared": False, **dict.fromkeys(_COUNTS, 0)}
    spans: list[int] = []
    removed = {"host": [0, 0], "inner": [0, 0]}
    seen: set[int] = set()
    for line in lines_of(text, host):
        if documents and line.width >= spec.min_width and counts.get(line.hash, 0) >= least:
            kind = "host"
        elif spec.inner_chars and line.chars >= spec.inner_chars and line.hash in seen:
            kind = "inner"
        else:
            seen.add(line.hash)
            continue
        spans += [line.start, line.end]
        removed[kind][0] += 1
        removed[kind][1] += line.end - line.start
    if not spans:
        return {**row, "spans": []}
    left = without(text, spans)
    if len(text) - len(left) > spec.max_loss * len(text):
        return {**row, "spans": [], "spared": True}
    sizes = [len(part.encode("utf-8", "surrogatepass")) for part in (text, left)]
    for kind, (lines, chars) in removed.items():
        row |= {f"{kind}_lines": lines, f"{kind}_chars": chars}
    return {**row, "spans": spans, "removed_bytes": sizes[0] - sizes[1]}


def _hash(host: str, key: str) -> int:
    return xxhash.xxh3_64_intdigest(f"{host}\n{key}".encode("utf-8", "surrogatepass"))
