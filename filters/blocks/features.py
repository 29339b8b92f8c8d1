"""Blocks by numbers: what the first model of filters/blocks/model.py sees of each block.

Reads `Blocks`; returns one row a block. Ratios are of characters without white space; "tokens" are single CJK characters,
kana and Hangul syllables, and other runs of letters and digits. A "long" block has 15 tokens or more and links on less
than three tenths of it. Everything is one numpy pass over the page; nothing loops over characters.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from filters.blocks.classes import PUNCTUATION, SENTENCE_END
from filters.blocks.text import Floats, Integers, Text, measure_text
from filters.blocks.walk import INSIDE, Blocks
from filters.blocks.words import NAME_KINDS, name_kinds

ANCESTORS = 7  # of a block, its own element first
_TAGS = (
    "p div li td h1 h2 h3 h4 h5 h6 pre blockquote dd dt th section article main ul ol table tr tbody figcaption nav header "
    "footer aside form body figure address dl center caption fieldset noscript span"
).split()
_CODE_OF_TAG = {tag: code for code, tag in enumerate(_TAGS, 1)}
_NEARNESS = np.array([1, 0.8, 0.65, 0.5, 0.4, 0.3, 0.2], np.float32)[:, None]  # weight of an ancestor's name
_TELLING_NEAR = frozenset({"content", "comment", "meta", "ad"})
_LEVELS = {"stops": range(1, ANCESTORS), "place": (1, 2, 4)}  # of the features that not every ancestor has
_TITLE_CHARS = 200
_ABSENT = -999.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """`features` of shape (n, len(names)); the others serve filters/blocks/context.py: `tokens` (n,), `ancestors`
    (n, ANCESTORS) of nodes, `signatures` (n,): blocks with one number stand in elements that look the same; and
    filters/blocks/parts.py: of each node `tags` (m,) as codes and `kinds` (m, len(NAME_KINDS)).
    """

    features: Floats
    names: tuple[str, ...]
    tokens: Floats
    ancestors: Integers
    signatures: Integers
    tags: Integers
    kinds: Floats


def measure_blocks(blocks: Blocks) -> Measured:
    """Every feature of every block, at least one block."""
    text = measure_text(blocks)
    nodes = _Nodes.of(blocks, text)
    columns: dict[str, NDArray[np.generic] | float] = {}
    columns |= _text_columns(blocks, text)
    columns |= _name_columns(blocks, nodes)
    columns |= _place_columns(blocks, text, nodes)
    columns |= _ancestor_columns(text, nodes)
    columns |= _signature_columns(text, nodes)
    columns |= _title_columns(blocks, text, nodes)
    columns |= _page_columns(blocks, text, nodes)
    columns |= _neighbour_columns(text, nodes)
    rows = np.empty(
        (len(columns), len(blocks.texts)), np.float32
    )  # filled, and read by the forests, a feature at a time
    for row, column in zip(rows, columns.values(), strict=True):
        row[:] = column
    return Measured(
        features=rows.T,
        names=tuple(columns),
        tokens=text.tokens,
        ancestors=nodes.ancestors,
        signatures=nodes.block_signatures,
        tags=nodes.tags,
        kinds=nodes.kinds,
    )


@dataclass(frozen=True, slots=True)
class _Nodes:
    """Of each node, shape (m,): `tags` as codes, `kinds` (m, len(NAME_KINDS)), running counts of its blocks' text, and
    `signatures`: nodes with one number have equal tags and names, and so have their parents.
    """

    tags: Integers
    kinds: Floats
    signatures: Integers
    counts: Mapping[str, Floats]
    blocks: Integers
    first: Integers
    ancestors: Integers
    block_signatures: Integers

    @classmethod
    def of(cls, blocks: Blocks, text: Text) -> "_Nodes":
        parent = np.maximum(blocks.parent, 0)
        tags = np.array([_CODE_OF_TAG.get(tag, 0) for tag in blocks.tags], np.int64)
        hints = np.fromiter(map(name_kinds, blocks.names), np.int64, len(blocks.names))
        kinds = (hints[:, None] >> np.arange(len(NAME_KINDS)) & 1).astype(np.float32)[blocks.name]
        looks = tags * len(blocks.names) + blocks.name
        _, signatures = np.unique(looks * (looks.max() + 1) + looks[parent], return_inverse=True)
        ancestors = np.empty((len(blocks.texts), ANCESTORS), np.int64)
        ancestors[:, 0] = blocks.node
        for level in range(1, ANCESTORS):
            ancestors[:, level] = parent[ancestors[:, level - 1]]
        return cls(
            tags=tags,
            kinds=kinds,
            signatures=signatures,
            counts={name: sums[blocks.last] - sums[blocks.first] for name, sums in text.sums.items()},
            blocks=blocks.last - blocks.first,
            first=blocks.first,
            ancestors=ancestors,
            block_signatures=signatures[blocks.node],
        )


def _text_columns(blocks: Blocks, text: Text) -> dict[str, NDArray[np.generic] | float]:
    return {
        "chars": text.chars,
        "tokens": text.tokens,
        "link_share": text.link_share,
        "linked": text.linked,
        "anchors": blocks.anchors,
        "images": blocks.images,
        "emphasis_share": blocks.emphasised / text.chars,
        "digit_share": text.digits / text.chars,
        "upper_share": text.uppers / text.chars,
        "sentence_ends": text.ends,
        "mark_share": text.marks / text.chars,
        "cjk_share": text.cjk / text.chars,
        "ends_sentence": (text.last & SENTENCE_END) > 0,
        "ends_with_mark": (text.last & PUNCTUATION) > 0,
        "begins_with_mark": (text.first & PUNCTUATION) > 0,
        "word_chars": text.chars / np.maximum(text.tokens, 1),
        "chrome_words": text.chrome,
        "chrome_share": text.chrome / np.maximum(text.tokens, 1),
        "pre": blocks.pre,
    }


def _name_columns(blocks: Blocks, nodes: _Nodes) -> dict[str, NDArray[np.generic] | float]:
    columns: dict[str, NDArray[np.generic] | float] = {}
    kinds = nodes.kinds[nodes.ancestors]
    weighted, own = (kinds * _NEARNESS).sum(1), kinds[:, 0] + kinds[:, 1]
    for index, kind in enumerate(NAME_KINDS):
        columns[f"{kind}_names"] = weighted[:, index]
        if kind in _TELLING_NEAR:
            columns[f"{kind}_names_near"] = own[:, index]
    for level in range(4):
        columns[f"tag_{level}"] = nodes.tags[nodes.ancestors[:, level]]
    inside = blocks.inside[blocks.node]
    for bit, name in enumerate(INSIDE):
        columns[f"inside_{name}"] = (inside >> bit) & 1
    return columns


def _place_columns(blocks: Blocks, text: Text, nodes: _Nodes) -> dict[str, NDArray[np.generic] | float]:
    count = len(blocks.texts)
    index = np.arange(count)
    before = text.sums["tokens"][:-1]
    total = text.sums["tokens"][-1]
    parents = nodes.ancestors[:, 1]
    same = parents[1:] == parents[:-1]
    articles = np.cumsum(np.bincount(blocks.first[nodes.tags == _CODE_OF_TAG["article"]], minlength=count + 1))
    return {
        "depth": blocks.depth[blocks.node],
        "index": index,
        "index_share": index / count,
        "blocks_after": count - index,
        "tokens_before": before,
        "tokens_before_share": before / max(total, 1),
        "tokens_after": total - text.sums["tokens"][1:],
        "parent_of_previous": np.concatenate([[False], same]),
        "parent_of_next": np.concatenate([same, [False]]),
        "articles_before": articles[:count],
    }


def _ancestor_columns(text: Text, nodes: _Nodes) -> dict[str, NDArray[np.generic] | float]:
    total = {name: max(float(sums[-1]), 1.0) for name, sums in text.sums.items()}
    node = nodes.ancestors.T
    tokens, chars, linked, stops, is_long = (
        nodes.counts[name][node] for name in ("tokens", "chars", "linked", "stops", "is_long")
    )
    chars, blocks = np.maximum(chars, 1), nodes.blocks[node]
    before = text.sums["tokens"][:-1] - text.sums["tokens"][nodes.first[node]]
    by_level = {
        "tokens": tokens,
        "share": tokens / total["tokens"],
        "links": linked / chars,
        "blocks": blocks,
        "mean_tokens": tokens / np.maximum(blocks, 1),
        "stops": stops / chars,
        "long": is_long / total["is_long"],
        "place": before / np.maximum(tokens, 1),
    }
    return {
        f"{name}_{level}": values[level]
        for level in range(ANCESTORS)
        for name, values in by_level.items()
        if level in _LEVELS.get(name, range(ANCESTORS))
    }


def _signature_columns(text: Text, nodes: _Nodes) -> dict[str, NDArray[np.generic] | float]:
    columns: dict[str, NDArray[np.generic] | float] = {}
    frequency = np.bincount(nodes.signatures)
    for level in range(4):
        columns[f"alike_{level}"] = frequency[nodes.signatures[nodes.ancestors[:, level]]]
    mine = nodes.block_signatures
    counts = np.bincount(mine)
    tokens, chars, linked, is_long = (
        np.bincount(mine, values) for values in (text.tokens, text.chars, text.linked, text.is_long)
    )
    return columns | {
        "alike_blocks": counts[mine],
        "alike_tokens": tokens[mine],
        "alike_share": tokens[mine] / max(float(text.sums["tokens"][-1]), 1.0),
        "alike_links": linked[mine] / np.maximum(chars[mine], 1),
        "alike_mean_tokens": tokens[mine] / counts[mine],
        "alike_long": is_long[mine],
    }


def _title_columns(blocks: Blocks, text: Text, nodes: _Nodes) -> dict[str, NDArray[np.generic] | float]:
    count = len(blocks.texts)
    index = np.arange(count)
    fits = (text.chars < _TITLE_CHARS) & (text.link_share < 0.6)
    of_block = np.where(fits, text.title_hits / text.chars, 0)
    of_title = np.where(fits, np.minimum(text.title_hits / max(text.title_grams, 1), 1), 0)
    likeness = np.minimum(of_block, of_title)
    tags = nodes.tags[blocks.node]
    best = int(np.argmax(likeness * np.where((tags == _CODE_OF_TAG["h1"]) | (tags == _CODE_OF_TAG["h2"]), 1.5, 1)))
    heading = np.flatnonzero(tags == _CODE_OF_TAG["h1"])
    return {
        "in_title": of_block,
        "of_title": of_title,
        "after_title": index - best if likeness[best] > 0.3 else _ABSENT,
        "after_h1": index - heading[0] if len(heading) else _ABSENT,
        "h1_before": np.cumsum(tags == _CODE_OF_TAG["h1"]),
    }


def _page_columns(blocks: Blocks, text: Text, nodes: _Nodes) -> dict[str, NDArray[np.generic] | float]:
    count, tokens, chars = len(blocks.texts), float(text.sums["tokens"][-1]), float(text.sums["chars"][-1])
    tags = nodes.tags
    return {
        "page_tokens": tokens,
        "page_blocks": count,
        "page_links": float(text.sums["linked"][-1]) / max(chars, 1),
        "page_long": float(text.sums["is_long"][-1]) / count,
        "page_long_tokens": float(text.tokens @ text.is_long) / max(tokens, 1),
        "page_text_share": chars / max(blocks.html_chars, 1),
        "page_cjk": float(text.cjk.sum()) / max(chars, 1),
        "page_h1": int((tags == _CODE_OF_TAG["h1"]).sum()),
        "page_forms": int((tags == _CODE_OF_TAG["form"]).sum()),
        "page_articles": int((tags == _CODE_OF_TAG["article"]).sum()),
        "page_items": float((tags == _CODE_OF_TAG["li"]).mean()),
        "page_paragraphs": float(text.tokens @ (tags[blocks.node] == _CODE_OF_TAG["p"])) / max(tokens, 1),
        "page_alike": int(np.bincount(nodes.block_signatures).max()),
    }


def _neighbour_columns(text: Text, nodes: _Nodes) -> dict[str, NDArray[np.generic] | float]:
    columns: dict[str, NDArray[np.generic] | float] = {}
    tags = nodes.tags[nodes.ancestors[:, 0]]
    for name, values, distances in (
        ("tokens", text.tokens, (1,)),
        ("links", text.link_share, (1, 2, 3)),
        ("tag", tags, (1, 2)),
        ("ends", text.ends, (1,)),
    ):
        for distance in distances:
            columns[f"{name}_before_{distance}"] = shifted(values, distance)
            columns[f"{name}_after_{distance}"] = shifted(values, -distance)
    for reach in (5, 15):
        chars, linked, tokens, is_long = (
            window(text.sums[name], reach) for name in ("chars", "linked", "tokens", "is_long")
        )
        columns[f"links_within_{reach}"] = linked / np.maximum(chars, 1)
        columns[f"tokens_within_{reach}"] = tokens
        columns[f"long_within_{reach}"] = is_long
    return columns


def shifted(values: NDArray[np.generic], distance: int) -> Floats:
    """values[i - distance] at i, -1 where there is none."""
    result = np.full(len(values), -1, np.float32)
    if distance > 0:
        result[distance:] = values[:-distance]
    else:
        result[:distance] = values[-distance:]
    return result


def window(sums: Floats, reach: int) -> Floats:
    """Sum over the blocks at most `reach` away, from running sums with a leading 0; shape (n,)."""
    index = np.arange(len(sums) - 1)
    total: Floats = sums[np.minimum(index + reach + 1, len(index))] - sums[np.maximum(index - reach, 0)]
    return total
