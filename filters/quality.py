"""How much a document reads like clean reference text, and how much like search spam: one small fastText model a language.

Reads the words of a TextView, at most 400 of them (and those of filters/refrain.py); returns signals; drops nothing
itself (see `rules`). The document is judged as a whole, because an advert betrays itself by many small signs, none of
which tells in a window alone. The model knows the words and pairs of words of reference text (encyclopaedia, books,
main text of web pages), of what surrounds main text on web pages, and of the spam that pipeline/train/templates/
imitate: it prefers the topics and the tone of its reference text, so a low `quality_score` is a reason to sample less,
never alone a reason to drop.
Languages without a model get nulls.
"""

import math
from collections.abc import Callable, Mapping, Sequence

import fasttext
from pydantic import Field
from pydantic.dataclasses import dataclass

from filters.assets import AssetError, resolve
from filters.key import fold_words
from filters.refrain import refrains
from filters.spec import SPEC
from filters.view import TextView
from schemas.rules import Rule
from schemas.signals import Signal

SIGNALS = (
    Signal("quality_score", "float", "ratio", "probability of reference text against the raw text of web pages"),
    Signal("quality_spam_score", "float", "ratio", "probability of gambling, adult or advert spam"),
    Signal(
        "quality_refrain_score",
        "float",
        "ratio",
        "share of the words around a repeated phrase, times their probability of spam; the largest of 6 phrases",
    ),
)

LABELS = ("clean", "raw", "spam")
MAX_WORDS = 400  # a third each from start, middle and end
_LEAST = 1e-6  # fastText's probabilities are rounded; its logarithm must be finite
_NONE: Mapping[str, float | None] = {signal.name: None for signal in SIGNALS}
_CITATION = "fastText, clean against raw (DCLM, arXiv 2406.11794, 3.3); figures: benchmarks/quality/wording.py"

Scorer = Callable[[TextView], Mapping[str, float | None]]


@dataclass(frozen=True, kw_only=True, config=SPEC)
class QualitySpec:
    models: Mapping[str, str] = Field(default={"zh": "quality-zh", "en": "quality-en"})
    """Language to pinned asset, or path of a model made by `train quality` (its calibration lies beside it)."""

    min_words: int = Field(default=30, ge=1)
    """Shorter texts get nulls: a sentence alone is as likely a caption as an article."""

    max_spam_score: Mapping[str, float] = Field(default={"zh": 0.15, "en": 0.12})
    """Probability of spam above which a document is dropped. `make quality` has what it finds of pages by templates that
    nothing was trained on, and its alarms on clean text and exam questions (zh 1.4 %, en 1.5 %, short ones of trade)."""

    max_refrain_score: Mapping[str, float] = Field(default={"zh": 0.25, "en": 0.2})
    """Share of a text's words that stand around a repeated phrase, times the probability that they are spam, above which a
    document is dropped: prose with a phrase strewn into it for search engines. Strewn prose by templates that nothing was
    trained on: `make quality`. Alarms: of clean texts up to .4 %, of gold pages one of 522 (a shop's bonus); manuals of
    programs, which repeat orders and names of menus, zh .6 %, en .8 % (Debian's documentation). At .15, news with a name in
    every sentence fell."""

    min_score: Mapping[str, float] = Field(default={})
    """Probability of reference text below which a document is dropped; by default in no language."""

    def open(self) -> Scorer:
        """Loads the models and returns the function that scores a view."""
        models = {language: _Model(name) for language, name in sorted(self.models.items())}

        def score(view: TextView) -> Mapping[str, float | None]:
            model = models.get(view.language)
            if model is None or len(view.words) < self.min_words:
                return _NONE
            return model.scores(view.words, refrains(view))

        return score

    def rules(self) -> tuple[Rule, ...]:
        """One rule per language and limit."""
        high = (
            ("quality_spam", "quality_spam_score", self.max_spam_score),
            ("quality_refrain", "quality_refrain_score", self.max_refrain_score),
        )
        return (
            *(
                Rule(reason=reason, signal=signal, high=limit, languages=(code,), citation=_CITATION)
                for reason, signal, limits in high
                for code, limit in sorted(limits.items())
            ),
            *(
                Rule(reason="quality_too_low", signal="quality_score", low=limit, languages=(code,), citation=_CITATION)
                for code, limit in sorted(self.min_score.items())
            ),
        )


def line(words: Sequence[str]) -> str:
    """The model's input: the words of the start, the middle and the end, lower case, Simplified; a number is 0."""
    if len(words) > MAX_WORDS:
        size = MAX_WORDS // 3
        middle = (len(words) - size) // 2
        words = (*words[:size], *words[middle : middle + size], *words[-size:])
    return " ".join(fold_words(words))


class _Model:
    """A fastText model with its calibration; holds no state that changes."""

    def __init__(self, name: str) -> None:
        found = resolve(name)
        self._model = fasttext.load_model(str(found.path))
        if unknown := sorted({label.removeprefix("__label__") for label in self._model.labels} - set(LABELS)):
            raise AssetError(
                f"{name} is not a quality model: its labels {', '.join(unknown)} are none of {', '.join(LABELS)}."
            )
        self._slope = float(found.calibration.get("slope", 1.0))
        self._shift = float(found.calibration.get("shift", 0.0))

    def scores(self, words: Sequence[str], refrain: Sequence[Sequence[str]]) -> Mapping[str, float | None]:
        """The signals of a document's words, and of those around its repeated phrases."""
        (clean, raw, spam), *around = probabilities(self._model, [line(words), *map(line, refrain)])
        shares = [len(some) / len(words) for some in refrain]
        logit = self._slope * math.log((clean + _LEAST) / (raw + spam + _LEAST)) + self._shift
        return {
            "quality_score": 1 / (1 + math.exp(-logit)),
            "quality_spam_score": spam,
            "quality_refrain_score": max(
                (share * found for share, (_, _, found) in zip(shares, around, strict=True)), default=0.0
            ),
        }


def probabilities(model: fasttext.FastText._FastText, lines: Sequence[str]) -> list[tuple[float, float, float]]:
    """Of LABELS, for each line."""
    labels, values = model.predict(list(lines), k=len(LABELS))
    found = []
    for names, scores in zip(labels, values, strict=True):
        by_label = dict(zip(names, scores, strict=True))
        clean, raw, spam = (min(1.0, float(by_label.get(f"__label__{label}", 0.0))) for label in LABELS)
        found.append((clean, raw, spam))
    return found
