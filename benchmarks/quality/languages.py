"""Languages: labels of rows that no model was trained on, and what the pre-screen loses and spares.

The rows of data/lid that the shipped model was trained on are left out: fold 0 of lingua and human-eval is measured, and all
rows of the other sources. `python -m benchmarks.language` measures all rows by cross-validation, beside peers.
"""

import gzip
import json
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.quality.figures import DATA, Figure, f_score, rows, share
from filters.assets import ROOT as ASSETS
from filters.chain import ChainSpec, Examined, open_chain, open_look
from filters.charset import CharsetSpec, Decoded
from filters.language import Language, LanguageSpec
from pipeline.sources import open_split
from pipeline.sources.spec import SourceSpec
from pipeline.splits import Split
from pipeline.train.texts import fold_of
from schemas.decisions import Drop
from schemas.records import Page

TRAINED = ("lingua", "human-eval")
_FOLD = 0  # of pipeline/train/texts.py: never trained on
_LONG = 20  # characters from which on Chinese and English must be right
_PRESCREENED = {"zh and en": ("zh", "en"), "zh": ("zh", "yue")}  # recipes/commoncrawl.toml and recipes/zh.toml
_MIN_CHARS = 100  # of a main text that could be kept


def measure(_scratch: Path) -> Iterator[Figure]:
    """Both; nothing is written."""
    unseen = [row for row in rows("lid/lid.jsonl.gz") if row["source"] not in TRAINED or fold_of(row["text"]) == _FOLD]
    identify = LanguageSpec().open()
    yield from labels([(row, label_of(identify(row["text"]))) for row in unseen])
    yield from code(identify)
    yield from paragraphs(identify)
    yield from prescreen()


def label_of(found: Language) -> str:
    """The label as data/lid writes it: zh with its script."""
    return f"zh-{found.script}" if found.language == "zh" else found.language


def labels(found: Sequence[tuple[dict[str, Any], str]]) -> Iterator[Figure]:
    """Accuracy and macro-F1 over labels, accuracy by kind and length, and the languages that matter here."""
    pairs = [(row["lang"], got) for row, got in found]
    by_part = defaultdict(list)
    for row, got in found:
        size = len(row["text"])
        by_part[
            "under 20 characters" if size < 20 else "20 to 59 characters" if size < 60 else "60 characters and more"
        ].append(row["lang"] == got)
        by_part[f"kind {row['kind']}"].append(row["lang"] == got)
    yield share("language", "accuracy, 78 labels", (wanted == got for wanted, got in pairs))
    each = label_f1(pairs)
    macro = sum(each.values()) / len(each)
    yield Figure(group="language", name="macro-F1, 78 labels", value=macro, count=len(pairs), detail=each)
    for part, hits in sorted(by_part.items()):
        yield share("language", f"accuracy, {part}", hits)
    as_one = [(_as_one(wanted), _as_one(got)) for wanted, got in pairs]
    together = label_f1(as_one)
    counts = Counter(wanted for wanted, _ in as_one)
    for name in ("zh", "yue", "en", "ja", "ko", "zxx"):
        yield Figure(group="language", name=f"F1, {name}", value=together[name], count=counts[name])
    for name in ("zh", "en"):
        hits = [
            got == name
            for (row, _), (wanted, got) in zip(found, as_one, strict=True)
            if wanted == name and len(row["text"]) >= _LONG
        ]
        yield share("language", f"recall from 20 characters on, {name}", hits)
    told = [(wanted, got) for wanted, got in as_one if {wanted, got} <= {"zh", "yue"}]
    yield share("language", "yue against zh, accuracy", (wanted == got for wanted, got in told))
    yield share("language", "yue against zh, recall of yue", (got == "yue" for wanted, got in told if wanted == "yue"))
    scripts = [wanted == got for wanted, got in pairs if wanted.startswith("zh-") and got.startswith("zh-")]
    yield share("language", "Hans against Hant, accuracy", scripts)


def _as_one(label: str) -> str:
    return label.partition("-")[0]


def label_f1(pairs: Sequence[tuple[str, str]]) -> dict[str, float]:
    """F1 of each label of the first of the pairs (wanted, got)."""
    right = Counter(wanted for wanted, got in pairs if wanted == got)
    wanted, got = Counter(wanted for wanted, _ in pairs), Counter(got for _, got in pairs)
    return {
        label: f_score(right[label], got[label] - right[label], wanted[label] - right[label])
        for label in sorted(wanted)
    }


def code(identify: Callable[[str], Language]) -> Iterator[Figure]:
    """Held-out snippets of programs, markup and data files that get the name of a language."""
    with gzip.open(ASSETS / "lid" / "code.jsonl.gz", "rb") as lines:
        snippets = [row for line in lines if (row := json.loads(line))["lang"] == "zxx"]
    held_out = [identify(row["text"]).language for row in snippets if fold_of(row["text"]) == _FOLD]
    called = (language not in ("zxx", "und") for language in held_out)
    wrong = dict(Counter(held_out).most_common())
    yield share("language", "code called a language", called, better="lower", detail=wrong)


def paragraphs(identify: Callable[[str], Language]) -> Iterator[Figure]:
    """Hans against Hant for paragraphs, in data/lm-text."""
    hits = []
    for row in rows("lm-text/zh.jsonl.gz"):
        found = identify(row["text"])
        hits.append((found.language, found.script) == ("zh", row.get("script", "Hans")))
    yield share("language", "Hans against Hant, paragraphs", hits)


def prescreen() -> Iterator[Figure]:
    """Share of wanted pages that it drops; CPU time of the read chain spared for each second that it takes itself.

    Both on crawl-small and gold-extraction, with every filter at its defaults. Wanted: the main text is in a language to
    keep, by its rules, and not next to nothing. Six pages in seven here are in Chinese or English: of a whole crawl, half.
    """
    examine, decode = open_chain(ChainSpec()), CharsetSpec().open()
    specs = {name: LanguageSpec(keep=keep) for name, keep in _PRESCREENED.items()}
    looks = {name: open_look(spec) for name, spec in specs.items()}
    lost, dropped = defaultdict(list), defaultdict(list)
    spent: dict[str, float] = defaultdict(float)
    spared: dict[str, float] = defaultdict(float)
    for page in _pages():
        start = time.process_time()
        decoded = decode(page)
        decoding = time.process_time() - start
        if page.media != "html" or not isinstance(decoded, Decoded):
            continue
        start = time.process_time()
        examined = examine(page)
        rest = time.process_time() - start - decoding
        for name, spec in specs.items():
            start = time.process_time()
            drops = isinstance(looks[name](decoded.text, page)[1], Drop)
            spent[name] += time.process_time() - start
            spared[name] += rest * drops
            dropped[name].append(drops)
            if isinstance(examined, Examined) and _wanted(examined, spec):
                lost[name].append((drops, page.url))
    for name in specs:
        missed = [url for drops, url in lost[name] if drops]
        hits = (drops for drops, _ in lost[name])
        yield share("language pre-screen", f"wanted pages lost, keep {name}", hits, better="lower", detail=missed)
        yield share("language pre-screen", f"pages dropped, keep {name}", dropped[name])
        ratio = spared[name] / spent[name]
        count = len(dropped[name])
        yield Figure(
            group="language pre-screen", name=f"seconds spared a second, keep {name}", value=ratio, count=count
        )


def _wanted(examined: Examined, spec: LanguageSpec) -> bool:
    document, score = examined.document, examined.signals["language_score"]
    return document.language in spec.keep and (score or 0) >= spec.min_score and len(document.text) >= _MIN_CHARS


def _pages() -> Iterator[Page]:
    for folder in ("crawl-small", "gold-extraction"):
        for path in sorted((DATA / folder).glob("*.warc.gz")):
            size = path.stat().st_size
            split = Split("part", "warc", str(path), 0, size, size)
            for item in open_split(split, SourceSpec(paths=(str(path),), kind="warc")):
                if isinstance(item, Page):
                    yield item
