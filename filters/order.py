"""Whether the words of a document stand in an order that people write: word salad and shuffled text do not.

Reads the words of a TextView, in windows; returns one signal; drops nothing itself (see `rules`). A small fastText model
of one language knows which common words, and which kinds of rarer words, follow each other; it was trained to tell
windows of clean text from the same windows shuffled. Rare words are replaced by their shape (length and last character,
or last three letters), so that the subject of a text says nothing. It knows words only: shuffled sentences are beyond
it, and so are marks in odd places (filters/measures/marks.py). Languages without a model get nulls.
"""

import math
from collections.abc import Callable, Mapping, Sequence

import fasttext
from pydantic import Field
from pydantic.dataclasses import dataclass

from filters.assets import AssetError, resolve
from filters.key import fold_words
from filters.spec import SPEC
from filters.toxicity import spread
from filters.view import TextView
from schemas.rules import Rule
from schemas.signals import Signal

SIGNALS = (
    Signal("order_garbled_score", "float", "ratio", "probability that the words stand in no order, over windows"),
)

LABELS = ("natural", "garbled")
WINDOW_WORDS = 45
_SHAPE = "~"  # no word has it
_MOST_LOGIT = 9.0  # fastText's probabilities are rounded: beyond it they say no more
_NONE: Mapping[str, float | None] = {signal.name: None for signal in SIGNALS}
_CITATION = "fastText on words and shapes, windows against shuffled windows; figures: benchmarks/quality/wording.py"

Scorer = Callable[[TextView], Mapping[str, float | None]]


@dataclass(frozen=True, kw_only=True, config=SPEC)
class OrderSpec:
    models: Mapping[str, str] = Field(default={"zh": "order-zh", "en": "order-en"})
    """Language to pinned asset, or path of a model made by `train order`."""

    max_windows: int = Field(default=6, ge=1)
    """Windows of 45 words scored, evenly spread."""

    min_words: int = Field(default=50, ge=1)
    """With fewer words, order cannot be told from chance."""

    max_garbled_score: Mapping[str, float] = Field(default={"zh": 0.97, "en": 0.97})
    """Probability above which a document is dropped. Held out: zh prose .4 %, gold pages 1 of 84, poems 0, exam questions
    1.3 %; en prose 0, gold pages 0, exam questions .6 %. Words shuffled within their sentences: zh 66 %, Hant 54 %, en
    99 %; with two or three left together: zh 12 %, en 58 %."""

    def open(self) -> Scorer:
        """Loads the models and returns the function that scores a view."""
        models = {language: _Model(name) for language, name in sorted(self.models.items())}

        def score(view: TextView) -> Mapping[str, float | None]:
            model = models.get(view.language)
            if model is None or len(view.words) < self.min_words:
                return _NONE
            return {"order_garbled_score": model.garbled(windows(view.words, self.max_windows))}

        return score

    def rules(self) -> tuple[Rule, ...]:
        """One rule per language."""
        return tuple(
            Rule(
                reason="words_in_no_order",
                signal="order_garbled_score",
                high=limit,
                languages=(language,),
                citation=_CITATION,
            )
            for language, limit in sorted(self.max_garbled_score.items())
        )


def windows(words: Sequence[str], limit: int) -> list[Sequence[str]]:
    """At most `limit` stretches of 45 words, evenly spread; a remainder below a third joins the one before it."""
    starts = list(range(0, max(1, len(words) - WINDOW_WORDS // 3), WINDOW_WORDS))
    parts = list(zip(starts, [*starts[1:], len(words)], strict=True))
    return [words[start:end] for start, end in spread(parts, limit)]


def shape(word: str) -> str:
    """What stands for a word that the model does not know: ~2性 for 可能性 (length up to 4), ~ing for reading."""
    return f"{_SHAPE}{word[-3:]}" if word.isascii() else f"{_SHAPE}{min(len(word), 4)}{word[-1]}"


def line(words: Sequence[str], known: Callable[[str], bool]) -> str:
    """A window as the model reads it."""
    return " ".join(word if known(word) else shape(word) for word in fold_words(words))


class _Model:
    """A fastText model and the words that it knows as words; holds no state that changes."""

    def __init__(self, name: str) -> None:
        self._model = fasttext.load_model(str(resolve(name).path))
        if sorted(label.removeprefix("__label__") for label in self._model.labels) != sorted(LABELS):
            raise AssetError(f"{name} is not a model of word order: its labels are not {' and '.join(LABELS)}.")
        self._known = frozenset(word for word in self._model.words if not word.startswith(_SHAPE))

    def garbled(self, parts: Sequence[Sequence[str]]) -> float:
        """Probability by the mean of the windows' log odds, as if one more window said nothing: a short text is less sure."""
        labels, scores = self._model.predict([line(part, self._known.__contains__) for part in parts], k=1)
        total = 0.0
        for (label,), (value,) in zip(labels, scores, strict=True):
            odds = min(_MOST_LOGIT, math.log(max(value, 0.5) / max(1 - value, 1e-6)))
            total += odds if label == "__label__garbled" else -odds
        return 1 / (1 + math.exp(-total / (len(parts) + 1)))
