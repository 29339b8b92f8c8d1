"""Rows of text for the run with the default recipe, made anew from ../shared/data each time, the same each time.

A row's address names what it is: https://quality.invalid/<kind>/<set>/<form>/<number>, so that documents and ledger
can be joined with what was written. Everything is drawn with fixed seeds.
"""

import json
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import opencc

from benchmarks.quality import unseen
from benchmarks.quality.figures import DATA, rows
from filters.segment import words
from pipeline.train.texts import fold_of

HOST = "https://quality.invalid/"
_ENGLISH_STEP = 5  # of 7,461 paragraphs every fifth
_GARBAGE_ROWS = 100  # a language and form
_MIN_CHARS = {"zh": 120, "zh-Hant": 120, "en": 400}  # of prose that garbage is made from and questions are put into
_CARRIER_CHARS = 400  # of clean text before and behind a question
_QUESTIONS_PER_BENCHMARK = 40
_SHORT_QUESTION = 13  # characters: a window of 13 words misses what is shorter
SALAD = {
    "zh": "棋牌游戏 真人娱乐 注册送彩金 官方网站 手机版下载 投注平台 信誉平台 最新版本 优惠价格 厂家直销 在线客服 免费试玩",
    "en": "cheap watches replica bags buy online best price discount free shipping official site download bonus casino deals",
}

LABELLED: Mapping[str, tuple[str, set[Any], bool]] = {
    "zh-coldataset-train-dev": ("zh", {1}, True),
    "zh-swsr": ("zh", {1}, True),
    "en-davidson": ("en", {"offensive", "hate"}, True),
    "en-stormfront": ("en", {"hate"}, False),
    "en-surge": ("en", {"Toxic"}, False),
}
"""Set: language, its positive labels, and whether a shipped model was trained on it (all but fold 0)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of text; `kind`, `corpus` and `form` make its address. `unseen`: no shipped model was trained on it."""

    kind: str
    corpus: str
    form: str
    text: str
    positive: bool = False
    unseen: bool = True


def write(folder: Path) -> tuple[Path, dict[str, Row]]:
    """Write all rows as JSON lines; returns the file and the rows by address."""
    folder.mkdir(parents=True, exist_ok=True)
    made = [*clean(), *garbage(), *unseen_garbage(), *comments()]
    found = {f"{HOST}{row.kind}/{row.corpus}/{row.form}/{index}": row for index, row in enumerate(made)}
    path = folder / "texts.jsonl"
    lines = (json.dumps({"id": url, "url": url, "text": row.text}, ensure_ascii=False) for url, row in found.items())
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path, found


def clean() -> Iterator[Row]:
    """Prose, and the gold texts of web pages in Chinese and English."""
    for corpus, row in _prose():
        yield Row(kind="clean", corpus=corpus, form="prose", text=row["text"], unseen=fold_of(row["text"]) == 0)
    for row in _gold():
        yield Row(kind="clean", corpus=f"gold-{row['lang']}", form="page", text=row["gold"])


def _prose() -> Iterator[tuple[str, dict[str, Any]]]:
    for row in rows("lm-text/zh.jsonl.gz"):
        yield "zh-Hant" if row.get("script") == "Hant" else "zh", row
    for index, row in enumerate(rows("lm-text/en.jsonl.gz")):
        if index % _ENGLISH_STEP == 0:
            yield "en", row


def _gold() -> Iterator[dict[str, Any]]:
    for path in sorted((DATA / "gold-extraction").glob("gold-*.jsonl.gz")):
        for row in rows(f"gold-extraction/{path.name}"):
            if row["kind"] != "snippets" and row["lang"] in ("zh", "en") and row["gold"].strip():
                yield row


def unseen_prose(corpus: str) -> list[str]:
    """Paragraphs of "zh", "zh-Hant" or "en" that no model was trained on and that are long enough to be a document."""
    name = f"lm-text/{corpus[:2]}.jsonl.gz"
    hant = corpus == "zh-Hant"
    return [
        row["text"]
        for row in rows(name)
        if fold_of(row["text"]) == 0
        and (row.get("script") == "Hant") == hant
        and len(row["text"]) >= _MIN_CHARS[corpus]
    ]


def garbage() -> Iterator[Row]:
    """Clean unseen prose, shuffled or garbled, and word salad for search engines."""
    for corpus in _MIN_CHARS:
        rng = random.Random(f"garbage {corpus}")
        texts = unseen_prose(corpus)
        for text in texts[:: max(1, len(texts) // _GARBAGE_ROWS)][:_GARBAGE_ROWS]:
            for form, spoilt in spoil(text, corpus, texts, rng).items():
                yield Row(kind="garbage", corpus=corpus, form=form, text=spoilt, positive=True)


def unseen_garbage() -> Iterator[Row]:
    """Pages, stuffing and spoilt prose of unseen.py."""

    def row(corpus: str, form: str, text: str) -> Row:
        return Row(kind="unseen", corpus=corpus, form=form, text=text, positive=True)

    for corpus in ("zh", "en"):
        for kind in ("gambling", "adverts"):
            for name, path in unseen.SETS.items():
                yield from (
                    row(corpus, f"{kind}{name}", text) for text in unseen.pages(corpus, kind, _GARBAGE_ROWS, path)
                )
        yield from (row(corpus, *made) for made in unseen.stuffed(corpus, unseen_prose(corpus), _GARBAGE_ROWS))
    for corpus in _MIN_CHARS:
        yield from (row(corpus, *made) for made in unseen.spoilt(corpus, unseen_prose(corpus), _GARBAGE_ROWS // 2))


def spoil(text: str, corpus: str, others: Sequence[str], rng: random.Random) -> dict[str, str]:
    """The forms of garbage made from one text: words shuffled, characters shuffled, mojibake (Chinese), salad."""
    chinese = corpus != "en"
    space = "" if chinese else " "
    tokens = list(words(text, corpus[:2], "Hant" if corpus == "zh-Hant" else "Hans" if chinese else "Latn"))
    stuffing = SALAD[corpus[:2]].split() * 2
    salad = stuffing + [
        word for other in rng.sample(list(others), 3) for word in other.split(" ")[:: 7 if chinese else 9]
    ]
    if chinese:
        salad = stuffing * 2 + rng.sample(tokens, len(tokens) // 2)
    found = {
        "words shuffled": space.join(rng.sample(tokens, len(tokens))),
        "characters shuffled": "".join(rng.sample(text, len(text))),
        "word salad": " ".join(rng.sample(salad, len(salad))),
    }
    if chinese:
        found["mojibake"] = text.encode("utf-8").decode("gb18030", "replace")
    return found


def comments() -> Iterator[Row]:
    """Labelled comments that no model has seen."""
    for name, (language, positive, trained) in LABELLED.items():
        for row in rows(f"toxicity/{name}.jsonl.gz"):
            if not trained or fold_of(row["text"]) == 0:
                yield Row(
                    kind="comments", corpus=name, form=language, text=row["text"], positive=row["label"] in positive
                )


def leaks() -> Iterator[Row]:
    """Test questions in five forms, each put into a clean document; training problems that look like them."""
    carriers = {language: unseen_prose(language) for language in ("zh", "zh-Hant", "en")}
    rng = random.Random("leaks")
    for question in _questions():
        chinese = question["lang"] == "zh"
        short = chinese and len(question["question"]) < _SHORT_QUESTION
        for form, text in forms(question, rng).items():
            kind = "zh-Hant" if form == "traditional" else "zh" if chinese else "en"
            before, after = (carrier[:_CARRIER_CHARS] for carrier in rng.sample(carriers[kind], 2))
            yield Row(
                kind="leaks",
                corpus=question["benchmark"] if not short else "short",
                form=form.replace(" ", "-"),
                text=f"{before}\n\n{text}\n\n{after}",
                positive=True,
            )
    for row in rows("benchmarks/lookalikes-not-in-test.jsonl.gz"):
        text = row.get("question") or row["text"]
        yield Row(kind="lookalikes", corpus="gsm8k-train", form="en", text=text)


def _questions() -> Iterator[dict[str, Any]]:
    by_set: dict[str, list[dict[str, Any]]] = {}
    for row in rows("benchmarks/questions.jsonl.gz"):
        short = row["lang"] == "zh" and len(row["question"]) < _SHORT_QUESTION
        by_set.setdefault("short" if short else row["benchmark"], []).append(row)
    for _, found in sorted(by_set.items()):
        yield from _spread(found, _QUESTIONS_PER_BENCHMARK)


def _spread(found: Sequence[Any], count: int) -> Iterable[Any]:
    return [found[len(found) * index // count] for index in range(count)] if len(found) > count else found


def forms(question: dict[str, Any], rng: random.Random) -> dict[str, str]:
    """The question as it stands on web pages: verbatim; without choices; reordered; other punctuation and width; Traditional."""
    choices = list(question["choices"])
    stem = "\n".join(filter(None, (question["context"], question["question"])))
    whole = _laid_out(stem, choices)
    found = {"verbatim": whole, "punctuation and width": other_width(whole)}
    if choices:
        found["without choices"] = stem
        found["choices reordered"] = _laid_out(stem, rng.sample(choices, len(choices)))
    if question["lang"] == "zh":
        found["traditional"] = _traditional().convert(whole)
    return found


@cache
def _traditional() -> opencc.OpenCC:
    return opencc.OpenCC("s2t")


def _laid_out(stem: str, choices: Sequence[str]) -> str:
    return "\n".join([stem, *(f"{letter}. {choice}" for letter, choice in zip("ABCDEFGHIJ", choices, strict=False))])


_WIDE = {ord(c): chr(ord(c) + 0xFEE0) for c in map(chr, range(0x21, 0x7F))}
_MARKS = str.maketrans("，。；：？！（）“”", ',.;:?!()""')


def other_width(text: str) -> str:
    """ASCII widened, CJK punctuation narrowed, spaces left out between Chinese sentences."""
    return text.translate({**_WIDE, **_MARKS})
