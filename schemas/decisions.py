"""A decision is a value with a reason; its truth value raises, so that `assert decide(page)` cannot pass by accident."""

from dataclasses import dataclass
from typing import NoReturn


@dataclass(frozen=True, slots=True)
class Keep:
    """The page goes on."""

    def __bool__(self) -> NoReturn:
        raise TypeError("a Decision has no truth value: use isinstance(decision, Drop)")


@dataclass(frozen=True, slots=True)
class Drop:
    """The page ends here. `reason` is one of the filter's REASONS; `value` is what was measured, against `threshold`."""

    reason: str
    value: float | None = None
    threshold: float | None = None
    detail: str | None = None

    def __bool__(self) -> NoReturn:
        raise TypeError("a Decision has no truth value: use isinstance(decision, Drop)")


Decision = Keep | Drop
KEEP = Keep()
