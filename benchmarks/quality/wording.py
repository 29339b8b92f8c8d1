"""Word order, quality and spun text: single filters on prose and pages that no shipped model was trained on.

Fold 0 of pipeline/train/texts.py is clean; what is told from it is made here (unseen.py, corpora.spoil, and the two
lists of substitutes: the one that the weights were made with, and one with other words).
"""

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np

from benchmarks.quality import corpora, unseen
from benchmarks.quality.figures import DATA, Figure, auc, rows, share
from filters.order import OrderSpec
from filters.quality import QualitySpec
from filters.segment import words
from filters.spun import SpunSpec
from filters.view import TextView
from pipeline.train.raw import raw_samples
from pipeline.train.shipped import clean_samples
from pipeline.train.spun import SUBSTITUTES, spin, substitutes

GROUPS = ("word order", "quality", "spun text")
OTHER_SUBSTITUTES = Path(__file__).with_name("spun.toml")
_SCRIPTS = {"zh": "Hans", "zh-Hant": "Hant", "en": "Latn"}
_ROWS = 100  # a language and form
_PAGES = 100
_EXAM_STEP = 3  # of the test questions every third
_ALARMS = 0.01  # share of clean text at which a drop rate is given


def measure(_scratch: Path) -> Iterator[Figure]:
    """All of them; nothing is written."""
    yield from order()
    yield from quality()
    yield from spun()


def order() -> Iterator[Figure]:
    """AUC of clean prose against its words in other orders; share of exam questions and poems above the limit."""
    score, limits = OrderSpec().open(), OrderSpec().max_garbled_score
    for corpus, script in _SCRIPTS.items():
        language = corpus[:2]

        def of(texts: Iterable[str], language: str = language, script: str = script) -> list[float]:
            found = (score(_view(text, language, script))["order_garbled_score"] for text in texts)
            return [value for value in found if value is not None]

        prose = corpora.unseen_prose(corpus)
        spoilt: dict[str, list[str]] = defaultdict(list)
        rng = random.Random(f"order {corpus}")
        for text in prose[:_ROWS]:
            for form, bad in corpora.spoil(text, corpus, prose, rng).items():
                if form in ("words shuffled", "characters shuffled"):
                    spoilt[form].append(bad)
        for form, bad in unseen.spoilt(corpus, prose, _ROWS):
            if form.startswith("words"):
                spoilt[form].append(bad)
        good = of(prose)
        for form, texts in spoilt.items():
            bad_scores = of(texts)
            yield Figure(
                group="word order",
                name=f"{corpus}, {form}, AUC",
                value=auc(good, bad_scores),
                count=len(good) + len(bad_scores),
            )
        limit = limits[language]
        yield share("word order", f"{corpus}, clean above the limit", (value > limit for value in good), better="lower")
    for language in ("zh", "en"):
        found = (score(_view(text, language))["order_garbled_score"] for text in _questions(language))
        over = [value > limits[language] for value in found if value is not None]
        yield share("word order", f"{language}, questions above the limit", over, better="lower")


def quality() -> Iterator[Figure]:
    """AUC of reference against raw text; spam pages found, and alarms on clean text, at the default limits."""
    score, limits = QualitySpec().open(), QualitySpec().max_spam_score
    for language in ("zh", "en"):

        def of(texts: Iterable[str], signal: str, language: str = language) -> list[float]:
            found = (score(_view(text, language))[signal] for text in texts)
            return [value for value in found if value is not None]

        clean = [sample.text for sample in clean_samples(language) if sample.fold == 0]
        raw = [sample.text for sample in raw_samples(DATA / "gold-extraction", [language]) if sample.fold == 0]
        good, bad = of(clean, "quality_score"), of(raw, "quality_score")
        yield Figure(
            group="quality", name=f"{language}, reference against raw, AUC", value=auc(bad, good), count=len(good + bad)
        )
        limit = limits[language]
        for kind in ("gambling", "adverts"):
            found = of(unseen.pages(language, kind, _PAGES), "quality_spam_score")
            yield share("quality", f"{language}, {kind} found", (value > limit for value in found))
        for name, texts in (("clean text", clean), ("questions", _questions(language)), ("raw text", raw)):
            values = of(texts, "quality_spam_score")
            yield share("quality", f"{language}, spam alarms, {name}", (v > limit for v in values), better="lower")


def spun() -> Iterator[Figure]:
    """AUC of clean text against the same text spun, and the share found at 1 % of alarms, by list of substitutes."""
    score = SpunSpec().open()
    for language in ("zh", "en"):
        clean = [
            sample.text
            for sample in clean_samples(language)
            if sample.fold == 0 and not sample.source.startswith("chinese-poetry")
        ]
        known, other = substitutes(language, SUBSTITUTES), substitutes(language, OTHER_SUBSTITUTES)
        good = _spun_scores(score, clean, language)
        limit = float(np.quantile(good, 1 - _ALARMS))
        for name, table in (
            ("known words", known),
            ("known and other words", {**other, **known}),
            ("other words", other),
        ):
            draw = random.Random(f"spun {language} {name}")
            bad = _spun_scores(score, (spin(text, language, table, draw) for text in clean), language)
            yield Figure(
                group="spun text", name=f"{language}, {name}, AUC", value=auc(good, bad), count=len(good) + len(bad)
            )
            yield share("spun text", f"{language}, {name}, found at 1 % alarms", (value > limit for value in bad))


def _spun_scores(score: object, texts: Iterable[str], language: str) -> list[float]:
    found = (score(_view(text, language))["spun_score"] for text in texts)  # type: ignore[operator]
    return [value for value in found if value is not None]


def _questions(language: str) -> list[str]:
    """Test questions as documents; code counts as English, as language identification has it."""
    found = (row for index, row in enumerate(rows("benchmarks/questions.jsonl.gz")) if index % _EXAM_STEP == 0)
    wanted = {"zh": {"zh"}, "en": {"en", "code"}}[language]
    return [_question(row) for row in found if row["lang"] in wanted]


def _question(row: Mapping[str, object]) -> str:
    choices = row["choices"]
    assert isinstance(choices, list)
    return "\n".join(filter(None, (str(row["context"]), str(row["question"]), *map(str, choices))))


def _view(text: str, language: str, script: str = "") -> TextView:
    return TextView(text=text, key="", lines=(), words=words(text, language, script), language=language, script=script)
