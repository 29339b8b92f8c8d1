"""Which part of what was kept: a thread or its first post, all articles of a page or the first one.

The forests of filters/blocks/model.py judge blocks one by one, and what readers call the main text of a page is often one
element of it, or all. Choosing among the kept blocks of each large element with the gold text in hand gives an F1 of .902
on data/gold-extraction, where they give .872. Reads blocks, their measures and probabilities; returns ranges of blocks
and one row of numbers for each.
"""

from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from filters.blocks.features import Measured
from filters.blocks.text import Floats, Integers
from filters.blocks.walk import INSIDE, Blocks
from filters.blocks.words import NAME_KINDS

MIN_SHARE, MIN_TOKENS = 0.1, 15
"""Of the kept tokens, in a part: F1 at .05 and 10 was .001 lower, with twice as many parts to choose from."""
_MAX_PARTS = 64  # 4 on average, 20 at most on data/gold-extraction; a page of 5,000 nested elements would have as many

# Features of blocks of which a part's kept blocks have a mean, and the kept blocks outside it another.
_MEANS = (
    "link_share sentence_ends mark_share tokens ends_sentence comment_names post_names related_names meta_names nav_names "
    "content_names ad_names side_names foot_names alike_blocks in_title chrome_share inside_article inside_main "
    "inside_aside inside_list digit_share upper_share tag_0 images articles_before depth"
).split()
_SHARES = (
    "share tokens all_tokens mean_outside mean highest_outside highest lowest expected_f1 expected_f1_of_all blocks "
    "blocks_outside share_before share_after"
).split()
_NODE = ["tag", "depth", *NAME_KINDS]
PART_NAMES = (
    *_SHARES,
    *(f"inner_{name}" for name in _NODE),
    *(f"outer_{name}" for name in _NODE),
    *(f"parent_{name}" for name in ("tag", *NAME_KINDS)),
    *(f"inside_{name}" for name in INSIDE),
    *("siblings", "sibling", "alikes", "alike", "h1_inside", "h1_all", "after_h1", "after_title"),
    *(f"{name}_{where}" for where in ("inside", "outside") for name in _MEANS),
)


@dataclass(frozen=True, slots=True)
class Parts:
    """Of k parts, shape (k,): the blocks [first, last), and the `inner`most and `outer`most element that hold them."""

    first: Integers
    last: Integers
    inner: Integers
    outer: Integers

    def kept(self, part: int, keep: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """`keep` inside one part."""
        inside = np.zeros_like(keep)
        blocks = slice(self.first[part], self.last[part])
        inside[blocks] = keep[blocks]
        return inside


def parts_of(blocks: Blocks, tokens: Floats, keep: NDArray[np.bool_]) -> Parts:
    """Every element that holds a good share of the kept tokens, and not all; those with the same kept blocks are one."""
    kept = np.concatenate([[0], np.cumsum(np.maximum(tokens, 0.5) * keep)])
    count = np.concatenate([[0], np.cumsum(keep)])
    inside = kept[blocks.last] - kept[blocks.first]
    large = np.flatnonzero((inside >= max(MIN_SHARE * kept[-1], MIN_TOKENS)) & (inside < kept[-1] - 1e-6))
    ranges = count[blocks.first[large]] * (count[-1] + 1) + count[blocks.last[large]]
    _, outer = np.unique(ranges, return_index=True)
    _, inner = np.unique(ranges[::-1], return_index=True)
    outer, inner = outer[:_MAX_PARTS], inner[:_MAX_PARTS]
    inner = large[len(large) - 1 - inner]
    return Parts(first=blocks.first[inner], last=blocks.last[inner], inner=inner, outer=large[outer])


def measure_parts(
    blocks: Blocks, measured: Measured, probabilities: Floats, keep: NDArray[np.bool_], parts: Parts
) -> Floats:
    """Shape (k, len(PART_NAMES) + the columns of a page)."""
    columns = {name: number for number, name in enumerate(measured.names)}
    rows = measured.features
    tokens = np.maximum(measured.tokens, 0.5)
    weights = tokens * keep
    first, last = parts.first, parts.last

    def within(values: Floats) -> tuple[Floats, Floats]:
        """Sums inside each part, and outside it."""
        sums = np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(values, 0, dtype=np.float64)])
        inner = sums[last] - sums[first]
        return inner, sums[-1] - inner

    size, rest = within(weights)
    mass, mass_outside = within(weights * probabilities)
    blocks_inside, blocks_outside = within(keep.astype(np.float32))
    expected = float((tokens * probabilities).sum())
    total = float(weights.sum())
    before = np.concatenate([[0], np.cumsum(weights)])[first]
    at = np.arange(len(keep))
    inside = (at >= first[:, None]) & (at < last[:, None]) & keep
    shares = [
        size / total,
        size,
        np.full(len(size), total),
        mass_outside / np.maximum(rest, 0.5),
        mass / np.maximum(size, 0.5),
        np.where(keep & ~inside, probabilities, 0).max(1, initial=0),
        np.where(inside, probabilities, 0).max(1, initial=0),
        np.where(inside, probabilities, 1).min(1, initial=1),
        2 * mass / (size + expected),
        (mass + mass_outside) * 2 / (total + expected),
        blocks_inside,
        blocks_outside,
        before / total,
        (total - before - size) / total,
    ]
    parent = np.maximum(blocks.parent[parts.outer], 0)
    nodes: list[Any] = [*_of_nodes(blocks, measured, parts.inner), *_of_nodes(blocks, measured, parts.outer)]
    nodes += [measured.tags[parent], *measured.kinds[parent].T]
    nodes += [(blocks.inside[parts.inner] >> bit) & 1 for bit in range(len(INSIDE))]
    nodes += [
        *_place(blocks, measured, parts.outer, siblings=True),
        *_place(blocks, measured, parts.inner, siblings=False),
    ]
    is_h1 = np.diff(rows[:, columns["h1_before"]], prepend=0)
    start = inside.argmax(1)
    nodes += [within(is_h1)[0], np.full(len(first), rows[-1, columns["h1_before"]])]
    nodes += [rows[start, columns["after_h1"]], rows[start, columns["after_title"]]]
    sums, sums_outside = within(rows[:, [columns[name] for name in _MEANS]] * weights[:, None])
    means = [*(sums / np.maximum(size, 0.5)[:, None]).T, *(sums_outside / np.maximum(rest, 0.5)[:, None]).T]
    page = [number for name, number in columns.items() if name.startswith("page_")]
    found = np.empty((len(shares) + len(nodes) + len(means) + len(page), len(first)), np.float32)
    for row, column in zip(found, chain(shares, nodes, means), strict=False):
        row[:] = column
    found[len(found) - len(page) :] = rows[0, page][:, None]
    return found.T


def _of_nodes(blocks: Blocks, measured: Measured, nodes: Integers) -> list[Any]:
    return [measured.tags[nodes], blocks.depth[nodes], *measured.kinds[nodes].T]


def _place(blocks: Blocks, measured: Measured, nodes: Integers, *, siblings: bool) -> list[list[int]]:
    """How many elements look like each (beside it, or anywhere), and how many of them come before."""
    looks = measured.tags * len(blocks.names) + blocks.name
    counts, befores = [], []
    for node in nodes.tolist():
        same = looks == looks[node]
        if siblings:
            same &= blocks.parent == blocks.parent[node]
        counts.append(int(same.sum()))
        befores.append(int(same[:node].sum()))
    return [counts, befores]
