"""The recipe's table [rules]: which presets hold for which language, and what the user changes in them.

Reads names; returns `schemas.rules.Rule` rows, which pipeline/decide.py compares with stored signals. Measures
nothing and drops nothing itself.

    [rules.presets]
    every = ["millrace"]                       # every language, those below too
    zh = ["fineweb2_cmn", "chinese"]           # together: a later preset's row replaces one of the same reason
    "zh-Hant" = []                             # a language or language-script, as documents are labelled

    [rules.thresholds.zh]
    frequent_2gram = 0.2

    [rules]
    off = ["curly_brackets"]                   # in every language
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches

from pydantic import Field
from pydantic.dataclasses import dataclass

from filters.presets import PRESETS
from filters.presets.rows import CONDITIONS
from filters.spec import SPEC
from schemas.rules import Rule

EVERY = "every"


@dataclass(frozen=True, kw_only=True, config=SPEC)
class RulesSpec:
    """Rules of heuristic quality. Unknown presets, languages and reasons are errors, with the nearest known name."""

    presets: Mapping[str, tuple[str, ...]] = Field(
        default={
            EVERY: ("millrace",),
            "zh": ("millrace_zh",),
            "yue": ("millrace_zh",),
            "en": ("millrace_en",),
        }
    )
    """Presets by language code, or language-script ("zh-Hant"); "every" holds for all documents, besides the others."""

    thresholds: Mapping[str, Mapping[str, float]] = Field(default={})
    """Threshold by reason, by a key of `presets`; in the unit of the reason's signal."""

    off: tuple[str, ...] = ()
    """Reasons that never apply, in any language."""

    def __post_init__(self) -> None:
        """ValueError: a name that nothing bears."""
        for key, names in self.presets.items():
            _check(names, PRESETS, f"preset of {key}")
        _check(self.off, CONDITIONS, "reason")
        _check(self.thresholds, self.presets, "language with presets")
        for key, changes in self.thresholds.items():
            _check(changes, self._rows(key), f"reason in the presets of {key}")

    def rules(self) -> tuple[Rule, ...]:
        """Every rule in force: by language as the recipe orders them, then as the presets order them."""
        found = []
        for key in self.presets:
            changes = self.thresholds.get(key, {})
            languages = () if key == EVERY else (key,)
            for reason, rule in self._rows(key).items():
                if reason not in self.off:
                    found.append(_with_threshold(replace(rule, languages=languages), changes.get(reason)))
        return tuple(found)

    def _rows(self, key: str) -> dict[str, Rule]:
        return {rule.reason: rule for name in self.presets[key] for rule in PRESETS[name]}


def _with_threshold(rule: Rule, threshold: float | None) -> Rule:
    if threshold is None:
        return rule
    citation = f"recipe, instead of {rule.high if rule.low is None else rule.low:g} ({rule.citation})"
    if rule.low is None:
        return replace(rule, high=threshold, citation=citation)
    return replace(rule, low=threshold, citation=citation)


def _check(names: Iterable[str], known: Iterable[str], what: str) -> None:
    known = list(known)
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0.4)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(sorted(known))}"
            raise ValueError(f"there is no {what} {name!r}; {hint}")
