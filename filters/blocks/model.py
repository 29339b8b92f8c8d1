"""Which blocks are main text: three small forests of oblivious trees, and the threshold that the page itself asks for.

The first forest sees the features of each block, the second also what the first says of its surroundings; the third sees
which part of the page is kept whole, and whether one element of it would do (filters/blocks/parts.py). An oblivious
tree asks one question a level of every row, so a forest is a few numpy passes: .3 ms a page where a general tree library
takes 2, and no library is needed to use it. `python beam_runner.py train extractor` makes the file again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from filters.blocks.context import measure_context
from filters.blocks.features import Measured, measure_blocks
from filters.blocks.parts import PART_NAMES, measure_parts, parts_of
from filters.blocks.text import Floats
from filters.blocks.walk import Blocks

_FORESTS = ("first", "second", "part")
_ROWS_AT_ONCE = 512  # bounds the work arrays: 3,000 questions x 512 rows x 4 bytes = 6 MB

# A row of links as long as this, beside text, is the site's table of contents: documentation of 600 pages lists them all
# on each. F1 on gold-extraction .8697 without, .8705 at 20 and 40, where listings lose .014 and .003.
_CONTENTS_BLOCKS, _CONTENTS_TOKENS, _LINK_SHARE = 40, 50, 0.9

# Gain of F1 that the third forest must expect: it shrinks what it learns towards the mean, which is a loss of .4. By
# folds, 0 and -.02 differ by .001.
_MIN_GAIN = -0.01


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
    # Half of the questions are asked by more than one tree: each is answered once. Feature and border of the q distinct
    # ones, shape (q,) and (q, 1), which of them each level of each tree asks, (depth, trees), and each tree's first leaf.
    _asked: tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.int64], NDArray[np.int64]] = field(
        init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        """Find the distinct questions."""
        both = np.stack([self.features.ravel().astype(np.float64), self.borders.ravel()], axis=1)
        distinct, asked = np.unique(both, axis=0, return_inverse=True)
        trees, width = self.leaves.shape
        found = (
            distinct[:, 0].astype(np.int64),
            distinct[:, 1:].astype(np.float32),
            asked.reshape(self.features.shape),
            np.arange(0, trees * width, width)[:, None],
        )
        object.__setattr__(self, "_asked", found)

    def probabilities(self, rows: Floats) -> Floats:
        """Of each row of shape (n, columns), shape (n,)."""
        return (1 / (1 + np.exp(-self.values(rows)))).astype(np.float32)

    def values(self, rows: Floats) -> Floats:
        """The sum of the trees' leaves for each row, shape (n,)."""
        parts = [self._some(rows[start : start + _ROWS_AT_ONCE]) for start in range(0, len(rows), _ROWS_AT_ONCE)]
        return np.concatenate(parts)

    def _some(self, rows: Floats) -> Floats:
        columns = np.ascontiguousarray(rows.T)
        features, borders, asked, first_leaves = self._asked
        answers = (columns.take(features, axis=0) > borders).view(np.uint8)
        branches = answers.take(asked[-1], axis=0)
        for level in asked[-2::-1]:  # at most 8 levels; doubling by an addition, for numpy has no fast shift of bytes
            branches += branches
            branches |= answers.take(level, axis=0)
        leaves = branches.astype(np.int64)
        leaves += first_leaves
        values: Floats = self.leaves.ravel().take(leaves, mode="clip").sum(axis=0) + np.float32(self.bias)
        return values


@dataclass(frozen=True, slots=True)
class Judged:
    """`keep` of shape (n,); `expected_f1`: what the model expects its choice to be worth, its own measure of doubt."""

    keep: NDArray[np.bool_]
    expected_f1: float


def load_model(path: Path) -> Callable[[Blocks], Judged]:
    """The function that judges a page's blocks; raises ModelMismatchError for a model of other features."""
    with np.load(path, allow_pickle=False) as stored:
        if not {f"{name}_bias" for name in _FORESTS} <= set(stored.files):
            raise ModelMismatchError(f"{path.name} is of an older make: train it again")
        first, second, part = (
            Forest(
                stored[f"{name}_features"],
                stored[f"{name}_borders"],
                stored[f"{name}_leaves"],
                float(stored[f"{name}_bias"]),
            )
            for name in _FORESTS
        )
        names, part_names = tuple(stored["names"].tolist()), tuple(stored["part_names"].tolist())

    def judge(blocks: Blocks) -> Judged:
        if not blocks.texts:
            return Judged(np.zeros(0, np.bool_), 0.0)
        measured = measure_blocks(blocks)
        if measured.names != names or part_names != PART_NAMES:
            raise ModelMismatchError(f"{path.name} was trained on other features: train it again")
        probabilities = second_opinion(blocks, measured, first, second)
        judged = choose(probabilities, measured.tokens)
        judged = replace(judged, keep=best_part(blocks, measured, probabilities, judged.keep, part))
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


def best_part(
    blocks: Blocks, measured: Measured, probabilities: Floats, keep: NDArray[np.bool_], forest: Forest
) -> NDArray[np.bool_]:
    """`keep` inside the part of the page that the forest expects to be worth more than all of it."""
    parts = parts_of(blocks, measured.tokens, keep)
    if not len(parts.first):
        return keep
    gains = forest.values(measure_parts(blocks, measured, probabilities, keep, parts))
    best = int(gains.argmax())
    return parts.kept(best, keep) if gains[best] > _MIN_GAIN else keep


def without_contents(keep: NDArray[np.bool_], links: NDArray[np.bool_], tokens: Floats) -> NDArray[np.bool_]:
    """`keep` without rows of _CONTENTS_BLOCKS kept links and more, where _CONTENTS_TOKENS of other text remain."""
    kept = np.flatnonzero(keep)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], links[kept], [False]]).astype(np.int8)))
    rest = keep.copy()
    for start, stop in edges.reshape(-1, 2).tolist():
        if stop - start >= _CONTENTS_BLOCKS:
            rest[kept[start:stop]] = False
    return rest if tokens[rest].sum() >= _CONTENTS_TOKENS else keep


def save_model(path: Path, names: tuple[str, ...], forests: Sequence[Forest]) -> None:
    """Write what `load_model` reads, of the forests for blocks, for blocks in context and for parts."""
    arrays: dict[str, NDArray[np.generic]] = {"names": np.array(names), "part_names": np.array(PART_NAMES)}
    for name, forest in zip(_FORESTS, forests, strict=True):
        arrays |= {
            f"{name}_features": forest.features,
            f"{name}_borders": forest.borders,
            f"{name}_leaves": forest.leaves,
            f"{name}_bias": np.array(forest.bias),
        }
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]
