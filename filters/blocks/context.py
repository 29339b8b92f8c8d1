"""Blocks and what the first model says of their surroundings: what the second model sees.

Main text hangs together: a block between two that are certain is likely to belong, whatever it looks like. Reads the first
model's probabilities; returns more columns.
"""

from typing import TYPE_CHECKING

import numpy as np

from filters.blocks.features import Measured, shifted, window
from filters.blocks.text import Floats
from filters.blocks.walk import Blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NEIGHBOURS = 4
_LIKELY = 0.5


def measure_context(blocks: Blocks, measured: Measured, probabilities: Floats) -> Floats:
    """`measured.features` with the columns of context behind them; `probabilities` of shape (n,)."""
    count = len(probabilities)
    tokens = np.maximum(measured.tokens, 0.5)
    sums = np.concatenate([[0], np.cumsum(probabilities * tokens)])
    token_sums = np.concatenate([[0], np.cumsum(tokens)])
    total = max(float(sums[-1]), 1e-6)
    columns: list[NDArray[np.generic] | float] = [probabilities]
    for distance in range(1, _NEIGHBOURS + 1):
        columns += [shifted(probabilities, distance), shifted(probabilities, -distance)]
    columns += [window(sums, reach) / window(token_sums, reach) for reach in (3, 8, 20)]
    node = measured.ancestors.T
    first, last = blocks.first[node], blocks.last[node]
    inside = sums[last] - sums[first]
    for share, part in zip(inside / np.maximum(token_sums[last] - token_sums[first], 0.5), inside / total, strict=True):
        columns += [share, part]
    columns += [
        float(probabilities.max()),
        total / float(token_sums[-1]),
        float((probabilities > _LIKELY).mean()),
        total,
    ]
    columns.append(sums[1:] / total)
    index = np.arange(count)
    likely = np.flatnonzero(probabilities > _LIKELY)
    columns += [index - likely[0], index - likely[-1]] if len(likely) else [-999, 999]
    alike = np.bincount(measured.signatures, probabilities * tokens) / np.maximum(
        np.bincount(measured.signatures, tokens), 0.5
    )
    columns.append(alike[measured.signatures])
    known = measured.features.T
    context = np.empty((len(known) + len(columns), count), np.float32)
    context[: len(known)] = known
    for row, column in zip(context[len(known) :], columns, strict=True):
        row[:] = column
    return context.T
