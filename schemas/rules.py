"""A rule: one row that compares one stored signal with one threshold of the recipe."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A document fails when its signal is below `low` or above `high`. A null signal never fails.

    `languages` limits the rule ("zh", "en"); empty means every language. A boolean signal counts as 0 or 1.
    `reason` states the failed condition (`too_few_words`); `citation` names paper, section and known deviation.
    """

    reason: str
    signal: str
    low: float | None = None
    high: float | None = None
    languages: tuple[str, ...] = ()
    verdict: Literal["drop", "quarantine"] = "drop"
    citation: str = ""
