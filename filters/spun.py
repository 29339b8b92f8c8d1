"""Whether a document looks spun: rewritten word by word with substitutes, so that a copy passes for new.

Reads the words of a TextView; returns one signal; drops nothing itself (see `rules`). Each word has a weight: how much
commoner it is in text spun by pipeline/train/spun.toml than in clean text (log odds; the words that are replaced have
negative weights). The signal is their mean over the document, times 100. It knows the habits of spinners by their
vocabulary alone: with substitutes that are in no list it finds little, and a single odd word means nothing. Languages
without weights get nulls.
"""

import json
from collections.abc import Callable, Mapping

from pydantic import Field
from pydantic.dataclasses import dataclass

from filters.assets import AssetError, resolve
from filters.key import fold_words
from filters.spec import SPEC
from filters.view import TextView
from schemas.rules import Rule
from schemas.signals import Signal

SIGNALS = (Signal("spun_score", "float", "score", "mean log odds of the words in spun against clean text, times 100"),)

MAX_WORDS = 600  # from the start: a spinner spins the whole text
_NONE: Mapping[str, float | None] = {signal.name: None for signal in SIGNALS}
_CITATION = "log odds of spinners' substitutes; figures: benchmarks/quality/wording.py"

Scorer = Callable[[TextView], Mapping[str, float | None]]


@dataclass(frozen=True, kw_only=True, config=SPEC)
class SpunSpec:
    weights: Mapping[str, str] = Field(default={"zh": "spun-zh", "en": "spun-en"})
    """Language to pinned asset, or path of a JSON object of words and weights."""

    min_words: int = Field(default=100, ge=1)
    """Shorter texts get nulls: they hold too few words that a spinner knows."""

    max_score: Mapping[str, float] = Field(default={})
    """Score above which a document is dropped; by default in no language."""

    def open(self) -> Scorer:
        """Loads the weights and returns the function that scores a view."""
        tables = {language: _weights(name) for language, name in sorted(self.weights.items())}

        def score(view: TextView) -> Mapping[str, float | None]:
            weights = tables.get(view.language)
            if weights is None or len(view.words) < self.min_words:
                return _NONE
            found = fold_words(view.words[:MAX_WORDS])
            return {"spun_score": 100 * sum(weights.get(word, 0.0) for word in found) / len(found)}

        return score

    def rules(self) -> tuple[Rule, ...]:
        """One rule per language with a limit."""
        return tuple(
            Rule(reason="spun", signal="spun_score", high=limit, languages=(language,), citation=_CITATION)
            for language, limit in sorted(self.max_score.items())
        )


def _weights(name: str) -> Mapping[str, float]:
    try:
        table = json.loads(resolve(name).path.read_bytes())
    except ValueError as error:
        raise AssetError(f"{name} is not JSON: {error}.") from error
    if not isinstance(table, dict) or not all(isinstance(value, int | float) for value in table.values()):
        raise AssetError(f"{name} is not a JSON object of words and weights.")
    return {word: float(value) for word, value in table.items()}
