"""Scores for abuse and for spam (gambling, adult services, adverts), by one small fastText model per language.

Reads the key of a TextView, in windows; returns signals; drops nothing itself (see `rules`). A document's score is the
mean over its windows and `safety_toxic_share` the share of windows that are toxic, so that an article which quotes one
rude sentence stays. Languages without a model get nulls. It knows insults by group (region, race, gender: COLD, SWSR)
and offensive language, and the spam that pipeline/train/templates/spam.toml imitates; it does not know political,
terrorist or violent content: see RISKS for what is covered.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import fasttext
import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from filters.assets import AssetError, resolve
from filters.offers import count_offers
from filters.spec import SPEC
from filters.view import TextView
from schemas.rules import Rule
from schemas.signals import Signal

SIGNALS = (
    Signal("safety_toxic_score", "float", "ratio", "mean over windows of the probability of abuse"),
    Signal("safety_toxic_share", "float", "ratio", "share of windows above the model's threshold of abuse"),
    Signal(
        "safety_spam_score", "float", "ratio", "mean over windows of the probability of gambling, adult or advert spam"
    ),
    Signal("safety_spam_share", "float", "ratio", "share of windows above the model's threshold of spam"),
    Signal("safety_gambling_score", "float", "ratio", "mean over windows of the probability of gambling spam"),
    Signal("safety_adult_score", "float", "ratio", "mean over windows of the probability of adult spam"),
    Signal("safety_gambling_terms", "float", "count", "pairs of a game and a stake in some 100 words, the median"),
    Signal("safety_offer_terms", "float", "count", "the same, and different phrases of sales talk"),
)

# Risk ids of GB/T 45654-2025, appendix A, that a signal bears on. The others have no open labelled data.
RISKS: Mapping[str, tuple[str, ...]] = {
    "safety_toxic_score": ("A.1.e", "A.2.a", "A.2.d", "A.2.e", "A.4.d"),  # ethnic hatred; discrimination; reputation
    "safety_gambling_score": ("A.1.h",),
    "safety_adult_score": ("A.1.f",),
    "safety_gambling_terms": ("A.1.h",),
    "safety_offer_terms": ("A.1.h", "A.3.b"),
    "safety_spam_score": ("A.1.h", "A.3.b"),
}

LABELS = ("toxic", "gambling", "adult", "advert", "clean")
_SPAM = ("gambling", "adult", "advert")
_CITATION = "two thresholds per risk: reference chinese_safety B4; figures: tests/quality/test_toxicity.py"
_NONE: Mapping[str, float | None] = {signal.name: None for signal in SIGNALS}
_CHINESE = re.compile(r"(?<![a-z0-9])[a-z]{2,}(?![a-z0-9])|[^\W\da-z_]")
_WORD = re.compile(r"[^\W\d_]+")  # what isalpha() refuses of it are ² and other numbers that are no decimal digits
_CHARACTERS_PER_WINDOW = 60  # Chinese; the training comments have 48 on average
_WORDS_PER_WINDOW = 25

Scorer = Callable[[TextView], Mapping[str, float | None]]
_Part = TypeVar("_Part")


@dataclass(frozen=True, kw_only=True, config=SPEC)
class SafetySpec:
    models: Mapping[str, str] = Field(default={"zh": "toxicity-zh", "en": "toxicity-en"})
    """Language to pinned asset, or path of a model made by `train toxicity` (its thresholds lie beside it)."""

    max_windows: int = Field(default=24, ge=1)
    """Windows scored, evenly spread: 1,440 Chinese characters or 600 English words, at most .7 ms a document."""

    min_characters: int = Field(default=10, ge=1)
    """Shorter keys get nulls."""

    max_toxic_score: float = Field(default=0.85, ge=0, le=1)
    """Mean probability of abuse above which a document is dropped. Held out: ordinary documents 0 of 639 (zh); of 15,254
    Chinese exam questions, which are single windows, .6 %; of abusive comments in COLD 63 %."""

    quarantine_toxic_score: float = Field(default=0.6, ge=0, le=1)
    """The same, for review: .2 % of ordinary documents, 82 % of abusive comments in COLD."""

    max_spam_score: float = Field(default=0.5, ge=0, le=1)
    """Mean probability of spam above which a document is dropped. Held out: ordinary documents 0 of 639 (zh), exam
    questions .06 %, adverts by other templates 13 of 21."""

    quarantine_spam_score: float = Field(default=0.35, ge=0, le=1)
    """The same, for review: adverts by other templates 17 of 21; honest text with the same words 0 of 18."""

    max_gambling_terms: float = Field(default=0.9, ge=0)
    """Pairs of a game and a stake in some 100 words above which a document is dropped. Of 4,144 clean texts none has more."""

    max_offer_terms: float = Field(default=3.5, ge=0)
    """Those pairs and different phrases of sales talk. Of 4,144 clean texts none has more; shops' pages of
    data/gold-extraction reach 3."""

    def open(self) -> Scorer:
        """Loads the models and returns the function that scores a view."""
        models = {language: _Model(name, language) for language, name in sorted(self.models.items())}

        def score(view: TextView) -> Mapping[str, float | None]:
            model = models.get(view.language)
            if model is None or len(view.key) < self.min_characters:
                return _NONE
            probability = model.probabilities(windows(view.key, view.language, self.max_windows))
            toxic = probability["toxic"]
            spam = sum((probability[label] for label in _SPAM), np.zeros_like(toxic))
            offers = count_offers(view)
            return {
                "safety_toxic_score": float(toxic.mean()),
                "safety_toxic_share": float((toxic >= model.toxic_threshold).mean()),
                "safety_spam_score": float(spam.mean()),
                "safety_spam_share": float((spam >= model.spam_threshold).mean()),
                "safety_gambling_score": float(probability["gambling"].mean()),
                "safety_adult_score": float(probability["adult"].mean()),
                "safety_gambling_terms": offers["gambling"] if offers else None,
                "safety_offer_terms": offers["offers"] if offers else None,
            }

        return score

    def rules(self) -> tuple[Rule, ...]:
        """Two thresholds each for abuse and spam (drop, and quarantine for review), one each for phrases of spam."""
        return (
            Rule(reason="safety_toxic", signal="safety_toxic_score", high=self.max_toxic_score, citation=_CITATION),
            Rule(reason="safety_spam", signal="safety_spam_score", high=self.max_spam_score, citation=_CITATION),
            Rule(
                reason="safety_gambling",
                signal="safety_gambling_terms",
                high=self.max_gambling_terms,
                citation="Millrace: filters/offers.py",
            ),
            Rule(
                reason="safety_offers",
                signal="safety_offer_terms",
                high=self.max_offer_terms,
                citation="Millrace: filters/offers.py",
            ),
            Rule(
                reason="safety_toxic_review",
                signal="safety_toxic_score",
                high=self.quarantine_toxic_score,
                verdict="quarantine",
                citation=_CITATION,
            ),
            Rule(
                reason="safety_spam_review",
                signal="safety_spam_score",
                high=self.quarantine_spam_score,
                verdict="quarantine",
                citation=_CITATION,
            ),
        )


def windows(key: str, language: str, limit: int | None = None) -> Sequence[str]:
    """The key as fastText's input, in windows, at most `limit` of them, evenly spread: for Chinese 60 tokens, each a character or a Latin word; else 25 words.

    Numbers, single Latin letters and letters mixed with digits are left out: in adverts they are telephone numbers and
    account names, and a model that learns them takes mathematics for spam. A remainder shorter than a third of a window
    joins the one before it. A key without tokens is one empty window.
    """
    chinese = language == "zh"
    pieces = (
        _CHINESE.findall(key) if chinese else [word for word in key.split() if word.isalpha() or _WORD.fullmatch(word)]
    )
    size = _CHARACTERS_PER_WINDOW if chinese else _WORDS_PER_WINDOW
    starts = list(range(0, max(1, len(pieces) - size // 3), size))
    chosen = list(zip(starts, [*starts[1:], len(pieces)], strict=True))
    return [" ".join(pieces[start:end]) for start, end in (chosen if limit is None else spread(chosen, limit))]


def spread(parts: Sequence[_Part], limit: int) -> Sequence[_Part]:
    """At most `limit` parts, evenly spread over all of them, the first and the last among them."""
    if len(parts) <= limit:
        return parts
    return [parts[i] for i in np.linspace(0, len(parts) - 1, limit).astype(int)]


class _Model:
    """A fastText model with its thresholds; holds no state that changes."""

    def __init__(self, name: str, language: str) -> None:
        found = resolve(name)
        self._model = fasttext.load_model(str(found.path))
        if unknown := sorted({label.removeprefix("__label__") for label in self._model.labels} - set(LABELS)):
            raise AssetError(
                f"{name} is not a safety model: its labels {', '.join(unknown)} are none of {', '.join(LABELS)}."
            )
        self.toxic_threshold = float(found.calibration.get("toxic_threshold", 0.5))
        self.spam_threshold = float(found.calibration.get("spam_threshold", 0.5))
        self.language = language

    def probabilities(self, parts: Sequence[str]) -> Mapping[str, np.ndarray[tuple[int], np.dtype[np.float64]]]:
        """float64[windows] for each label."""
        lines = [part.encode("utf-8", "replace").decode("utf-8") for part in parts]
        labels, scores = self._model.predict(lines, k=len(LABELS))
        result = {label: np.zeros(len(parts)) for label in LABELS}
        for row, (names, values) in enumerate(zip(labels, scores, strict=True)):
            for name, value in zip(names, values, strict=True):
                result[name.removeprefix("__label__")][row] = min(1.0, float(value))
        return result
