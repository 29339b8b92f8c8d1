"""Which stream each sample comes from: a fixed function of the sample's number and the weights in force.

A Weyl sequence (number times the golden ratio, modulo 1) cut at the cumulative weights. In any run of samples each
stream then has its share to within a few samples (random draws: to within the square root), without any state but the
number itself, so a rank or a resumed run computes it for the samples that it needs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from schemas.records import keyed_hash

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2**64 divided by the golden ratio, odd


@dataclass(frozen=True, slots=True)
class Mixture:
    """Weights in force from a sample on. `weights` are positive, sorted by name; they need not sum to one."""

    since: int
    weights: tuple[tuple[str, float], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Streams that are drawn from."""
        return tuple(name for name, _ in self.weights)

    def draw(self, first: int, count: int, seed: int) -> NDArray[np.int64]:
        """For samples first, first + 1, ...: the index into `names`. Shape [count]."""
        numbers = np.arange(count, dtype=np.uint64) + np.uint64(first)
        points = numbers * _GOLDEN + np.uint64(keyed_hash(str(seed), "mixture"))
        return np.searchsorted(self._cuts(), points, side="right")

    def _cuts(self) -> NDArray[np.uint64]:
        """Upper bounds of all streams but the last, exact in integers."""
        weights = [Fraction(weight) for _, weight in self.weights]
        total = sum(weights)
        sums = [sum(weights[:index]) for index in range(1, len(weights))]
        return np.array([int(part * (1 << 64) / total) for part in sums], dtype=np.uint64)


def mixture(weights: Mapping[str, float], since: int) -> Mixture:
    """Raises ValueError unless every weight is finite and not negative and one is positive."""
    for name, weight in weights.items():
        if not isfinite(weight) or weight < 0:
            raise ValueError(f"weight of {name!r} is {weight}")
    positive = tuple((name, float(weight)) for name, weight in sorted(weights.items()) if weight > 0)
    if not positive:
        raise ValueError("no stream has a positive weight")
    return Mixture(since, positive)
