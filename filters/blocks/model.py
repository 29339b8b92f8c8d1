"""Which blocks are main text: two small forests of oblivious trees, and the threshold that the page itself asks for.

The first forest sees the features of each block, the second also what the first says of its surroundings. An oblivious
tree asks one question a level of every row, so a forest is a few numpy passes: .3 ms a page where a general tree library
takes 2, and no library is needed to use it. `python beam_runner.py train extractor` makes the file again.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from filters.blocks.context import measure_context
from filters.blocks.features import Measured, measure_blocks
from filters.blocks.text import Floats
from filters.blocks.walk import Blocks

_ROWS_AT_ONCE = 512  # bounds the work arrays: 6 levels x 300 trees x 512 rows x 4 bytes = 4 MB

# A row of links as long as this, beside text, is the site's table of contents: documentation of 600 pages lists them all
# on each. F1 on gold-extraction .8697 without, .8705 at 20 and 40, where listings lose .014 and .003.
_CONTENTS_BLOCKS, _CONTENTS_TOKENS, _LINK_SHARE = 40, 50, 0.9


class ModelMismatchError(Exception):
    """The model was trained on other features than these."""


@dataclass(frozen=True, slots=True)
class Forest:
    """Oblivious trees: at level i of tree t a row goes right where its feature `features[i, t]` > `borders[i, t]`.

    `features` int32 and `borders` float32 of shape (depth, trees); `leaves` float32 of shape (trees, 2**depth).
    """

    features: NDArray[np.int32]
    borders: NDArray[np.float32]
    leaves: NDArray[np.float32]
    bias: float

    def probabilities(self, rows: Floats) -> Floats:
        """Of each row of shape (n, columns), shape (n,)."""
        parts = [self._some(rows[start : start + _ROWS_AT_ONCE]) for start in range(0, len(rows), _ROWS_AT_ONCE)]
        return np.concatenate(parts)

    def _some(self, rows: Floats) -> Floats:
        columns = np.ascontiguousarray(rows.T)
        trees, width = self.leaves.shape
        right = (columns.take(self.features, axis=0) > self.borders[:, :, None]).view(np.uint8)
        branches = right[0]
        for level in range(1, len(right)):  # at most 8
            branches |= right[level] << level
        leaf = branches.astype(np.int32)
        leaf += np.arange(0, trees * width, width, dtype=np.int32)[:, None]
        margins = self.leaves.ravel().take(leaf).sum(axis=0) + np.float32(self.bias)
        probabilities: Floats = 1 / (1 + np.exp(-margins))
        return probabilities


@dataclass(frozen=True, slots=True)
class Judged:
    """`keep` of shape (n,); `expected_f1`: what the model expects its choice to be worth, its own measure of doubt."""

    keep: NDArray[np.bool_]
    expected_f1: float


def load_model(path: Path) -> Callable[[Blocks], Judged]:
    """The function that judges a page's blocks; raises ModelMismatchError for a model of other features."""
    with np.load(path, allow_pickle=False) as stored:
        first, second = (
            Forest(
                stored[f"{name}_features"],
                stored[f"{name}_borders"],
                stored[f"{name}_leaves"],
                float(stored[f"{name}_bias"]),
            )
            for name in ("first", "second")
        )
        names = tuple(stored["names"].tolist())

    def judge(blocks: Blocks) -> Judged:
        if not blocks.texts:
            return Judged(np.zeros(0, np.bool_), 0.0)
        measured = measure_blocks(blocks)
        if measured.names != names:
            raise ModelMismatchError(f"{path.name} was trained on other features: train it again")
        judged = choose(second_opinion(blocks, measured, first, second), measured.tokens)
        links = measured.features[:, names.index("link_share")] > _LINK_SHARE
        return replace(judged, keep=without_contents(judged.keep, links, measured.tokens))

    return judge


def second_opinion(blocks: Blocks, measured: Measured, first: Forest, second: Forest) -> Floats:
    """Probability that each block is main text, shape (n,)."""
    return second.probabilities(measure_context(blocks, measured, first.probabilities(measured.features)))


def choose(probabilities: Floats, tokens: Floats) -> Judged:
    """The blocks whose expected F1 of tokens is highest.

    With p the probabilities and t the tokens, keeping a set K has F1 of about 2 sum_K(pt) / (sum_K(t) + sum(pt)): the best
    K is a prefix of the blocks in order of p, and its threshold is half of that F1 (Lipton et al., 2014). On
    data/gold-extraction it is worth .004 to .008 against any fixed threshold.
    """
    weights = np.maximum(tokens, 0.5)
    order = np.argsort(-probabilities, kind="stable")
    hits, kept = np.cumsum((probabilities * weights)[order]), np.cumsum(weights[order])
    f1 = 2 * hits / (kept + hits[-1])
    best = float(f1.max())
    return Judged(keep=probabilities >= best / 2, expected_f1=best)


def without_contents(keep: NDArray[np.bool_], links: NDArray[np.bool_], tokens: Floats) -> NDArray[np.bool_]:
    """`keep` without rows of _CONTENTS_BLOCKS kept links and more, where _CONTENTS_TOKENS of other text remain."""
    kept = np.flatnonzero(keep)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], links[kept], [False]]).astype(np.int8)))
    rest = keep.copy()
    for start, stop in edges.reshape(-1, 2).tolist():
        if stop - start >= _CONTENTS_BLOCKS:
            rest[kept[start:stop]] = False
    return rest if tokens[rest].sum() >= _CONTENTS_TOKENS else keep


def save_model(path: Path, names: tuple[str, ...], first: Forest, second: Forest) -> None:
    """Write what `load_model` reads; the same forests give the same bytes."""
    arrays: dict[str, NDArray[np.generic]] = {"names": np.array(names)}
    for name, forest in (("first", first), ("second", second)):
        arrays |= {
            f"{name}_features": forest.features,
            f"{name}_borders": forest.borders,
            f"{name}_leaves": forest.leaves,
            f"{name}_bias": np.array(forest.bias),
        }
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]
