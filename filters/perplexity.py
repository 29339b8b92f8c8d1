"""How well a small character-level language model predicts a document: garbage scores high, templates score low.

Reads the folded key and the words of a TextView. Returns signals; drops nothing itself (see `rules`). Languages
without a model get nulls. It does not judge quality: poetry, classical prose and chat differ from the reference text
and score two to five times as high as an encyclopedia, so the default limits are two-sided and loose, and
`perplexity_percentile` is there for a quality score. All scores are per character, comparable within one model only.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence

import kenlm
import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from filters.assets import resolve
from filters.key import fold
from filters.spec import SPEC
from filters.view import TextView
from schemas.rules import Rule
from schemas.signals import Signal

SIGNALS = (
    Signal("perplexity_score", "float", "score", "perplexity per character of up to three windows of the key"),
    Signal("perplexity_percentile", "float", "ratio", "share of held-out clean text of the language that scores lower"),
    Signal(
        "perplexity_bucket", "str", "name", "head, middle or tail: thirds of held-out clean text, likely text first"
    ),
    Signal("perplexity_worst", "float", "score", "perplexity per character of the worst window"),
    Signal(
        "perplexity_order", "float", "score", "log10 gain of the best window of words over reversed, by sqrt(words)"
    ),
)

_NONE: Mapping[str, float | str | None] = {signal.name: None for signal in SIGNALS}
_DIGIT = re.compile(r"\d")
_SPACE = re.compile(r"\s+")
_SYMBOL = "▁"  # stands for a space; the model's tokens are separated by spaces

_CLEAR_ORDER = 3.0  # no shuffled text of 1,600 held out reached it
# Words of the language's own script: names and code in between would only dilute the test of their order. English has
# filters/order.py, which finds all shuffled text where this test found .85; for Chinese each finds some that the other misses.
_WORD: Mapping[str, Callable[[str], object]] = {
    "zh": re.compile("[\u3400-\u9fff]+").fullmatch,
}

Scorer = Callable[[TextView], Mapping[str, float | str | None]]


@dataclass(frozen=True, kw_only=True, config=SPEC)
class PerplexitySpec:
    models: Mapping[str, str] = Field(default={"zh": "lm-zh", "en": "lm-en"})
    """Language to pinned asset, or path of a KenLM binary trained by `train lm` (its calibration lies beside it)."""

    window: int = Field(default=500, ge=50)
    """Characters per window. Texts above three windows are scored at their start, middle and end: cost is bounded at
    about .7 ms a document, and a change of nature between the parts (a tail of word salad) shows in the worst one."""

    order_words: int = Field(default=100, ge=20)
    """Words per window whose order is tested, in the middle, at the start and end: the best window counts, because technical
    pages hold lists and tables beside their prose, and word salad has no good window."""

    min_order_words: int = Field(default=50, ge=20)
    """With fewer words, order cannot be told from chance: a poem of 40 characters is as likely backwards."""

    order_percentile: float = Field(default=0.5, ge=0, le=1)
    """Order is tested above this percentile of perplexity only (else null): a text that is predicted better than half
    of the clean ones is no word salad. Spares half of the cost, and terse manuals with many set phrases."""

    min_characters: int = Field(default=40, ge=1)
    """Shorter keys get nulls: held-out sentences below this length spread by a factor of four."""

    max_score: Mapping[str, float] = Field(default={"zh": 5000.0, "en": 35.0})
    """Perplexity per character above which a document is garbage. Held-out text: zh prose p99 620, comments 1,360, Tang
    and Song poems at most 4,460, UTF-8 read as GBK p1 21,500; en prose p99 5, tweets at most 28, shuffled 42 and up."""

    max_worst: Mapping[str, float] = Field(default={"zh": 10000.0, "en": 200.0})
    """The same for the worst window, looser: one window may be a list of names (held-out at most zh 4,460, en 28)."""

    min_score: Mapping[str, float] = Field(default={"zh": 3.0, "en": 1.6})
    """Below this, a text is runs of digits, dates and the like. Held-out text: zh at least 12, en at least 2.5; rows that the
    model was trained on 3.4 and more (fishes described by one pattern). A repeated phrase that the model does not know
    scores high however often it comes: that is for the rules on repetition."""

    min_order: Mapping[str, float] = Field(default={"zh": 0.6})
    """Below this, the words may as well stand in any other order: word salad, keyword lists, shuffled text. Chinese only. Of
    held-out prose 0 % lies below, of manuals with tables and code (data/crawl-small, never trained on) 1 %, of Tang and
    Song poems 2 %; of prose with its characters shuffled 93 %, with its words shuffled 69 %. filters/order.py and the
    broken clauses of filters/presets catch most of the rest."""

    def open(self) -> Scorer:
        """Loads the models (mapped into memory) and returns the function that scores a view."""
        models = {language: _Model(name) for language, name in sorted(self.models.items())}

        def score(view: TextView) -> Mapping[str, float | str | None]:
            model = models.get(view.language)
            text = view.key.strip()
            if model is None or len(text) < self.min_characters:
                return _NONE
            scores, lengths = zip(
                *((model.log10(part), len(part)) for part in _windows(text, self.window)), strict=True
            )
            each = [10 ** (-s / n) for s, n in zip(scores, lengths, strict=True)]
            whole = 10 ** (-sum(scores) / sum(lengths))
            percentile = model.percentile(whole)
            order = None
            own = _WORD.get(view.language)
            if own is not None and (percentile is None or percentile >= self.order_percentile):
                order = model.best_order(
                    [word for word in view.words if own(word)], self.order_words, self.min_order_words
                )
            return {
                "perplexity_score": whole,
                "perplexity_percentile": percentile,
                "perplexity_bucket": _bucket(percentile),
                "perplexity_worst": max(each),
                "perplexity_order": order,
            }

        return score

    def rules(self) -> tuple[Rule, ...]:
        """One rule per language and limit."""
        cite = "char-level KenLM, two-sided (CCNet, arXiv 1911.00359, has one side); limits: tests/quality/test_perplexity.py"

        def rule(reason: str, signal: str, language: str, low: float | None, high: float | None) -> Rule:
            return Rule(reason=reason, signal=signal, low=low, high=high, languages=(language,), citation=cite)

        score, worst, order = "perplexity_score", "perplexity_worst", "perplexity_order"
        return (
            *(rule("perplexity_too_high", score, lang, None, limit) for lang, limit in sorted(self.max_score.items())),
            *(
                rule("perplexity_worst_too_high", worst, lang, None, limit)
                for lang, limit in sorted(self.max_worst.items())
            ),
            *(rule("perplexity_too_low", score, lang, limit, None) for lang, limit in sorted(self.min_score.items())),
            *(
                rule("perplexity_no_word_order", order, lang, limit, None)
                for lang, limit in sorted(self.min_order.items())
            ),
        )


def characters(key: str) -> bytes:
    """The key as KenLM's tokens: one per character, separated by spaces; digits are 0, a run of space is one symbol."""
    symbols = _SPACE.sub(_SYMBOL, _DIGIT.sub("0", key))
    return " ".join(symbols).encode("utf-8", "replace")


class _Model:
    """A KenLM model with its calibration; holds no state that changes."""

    def __init__(self, name: str) -> None:
        found = resolve(name)
        self._model = kenlm.Model(str(found.path))
        quantiles: Mapping[str, float] = found.calibration.get("perplexity", {})
        self._levels = np.array([float(level) for level in quantiles]) / 100
        self._log_scores = np.log10(np.array(list(quantiles.values()), dtype=np.float64))

    def log10(self, part: str) -> float:
        """log10 probability of a stretch of text, without sentence marks: a window starts and ends anywhere."""
        return float(self._model.score(characters(part), bos=False, eos=False))

    def percentile(self, perplexity: float) -> float | None:
        """Share of held-out clean text that scores lower; the ends of the scale are its first and last quantile."""
        if not len(self._levels):
            return None
        return float(np.interp(np.log10(perplexity), self._log_scores, self._levels))

    def order(self, words: Sequence[str]) -> float:
        """log10 gain of these words as they stand over the same words backwards, by the square root of their number.

        The same characters are scored twice, so that vocabulary and domain cancel out. For words in no order the gain
        is a sum of independent parts: its spread grows with the square root, so one limit serves every length.
        """
        forward, backward = fold(" ".join(words)), fold(" ".join(reversed(words)))
        return (self.log10(forward) - self.log10(backward)) / math.sqrt(len(words))

    def best_order(self, words: Sequence[str], size: int, least: int) -> float | None:
        """The highest order of the windows of that many words in the middle, at the start and at the end.

        The first window in clear order decides: most texts need one. None for fewer words than `least`.
        """
        if len(words) < least:
            return None
        last = max(0, len(words) - size)
        best = -math.inf
        for start in dict.fromkeys((last // 2, 0, last)):
            best = max(best, self.order(words[start : start + size]))
            if best >= _CLEAR_ORDER:
                break
        return best


def _bucket(percentile: float | None) -> str | None:
    return None if percentile is None else ("head", "middle", "tail")[min(2, int(percentile * 3))]


def _windows(text: str, size: int) -> tuple[str, ...]:
    """The whole text in windows when it fits into three, else its start, middle and end."""
    if len(text) <= 3 * size:
        return tuple(text[i : i + size] for i in range(0, len(text), size))
    middle = (len(text) - size) // 2
    return text[:size], text[middle : middle + size], text[-size:]
