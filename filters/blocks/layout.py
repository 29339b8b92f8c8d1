"""Chosen blocks as text or as Markdown: headings, lists, tables, code and quotes stay readable.

Reads `Blocks` and which of them to write. Plain text has a line for each paragraph, "- " or a number before items of
lists, " | " between the cells of a row, code as it stands. Markdown has headings, tables and fences as well. The text of
the page is not escaped: `*` and `#` of its own stay as they are.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from filters.blocks.walk import Blocks

Format = Literal["text", "markdown"]
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_CELLS = frozenset({"td", "th"})
_REACH = 4  # ancestors that are looked at: li > div > p is common, deeper is another thing


@dataclass(frozen=True, slots=True)
class _Piece:
    """One block as it will stand: `kind` decides what stands between it and the next."""

    kind: Literal["paragraph", "heading", "item", "cell", "code"]
    text: str
    level: int = 0  # of a heading; the row's node of a cell; 1 in a quote
    table: int = -1  # the table's node of a cell


def write_blocks(blocks: Blocks, keep: NDArray[np.bool_], *, style: Format = "text", tables: bool = True) -> str:
    """The text of the blocks that `keep` (n,) marks, in page order."""
    pieces = [piece for piece in _pieces(blocks, keep) if tables or piece.kind != "cell"]
    if not pieces:
        return ""
    return _plain(pieces) if style == "text" else _markdown(pieces)


def _pieces(blocks: Blocks, keep: NDArray[np.bool_]) -> Iterator[_Piece]:
    parents, firsts, lasts, numbers = (
        array.tolist() for array in (blocks.parent, blocks.first, blocks.last, blocks.number)
    )
    for index in np.flatnonzero(keep).tolist():
        text = blocks.texts[index]
        node = int(blocks.node[index])
        if blocks.pre[index]:
            yield _Piece("code", text)
            continue
        piece = None
        quoted = 0
        for _ in range(_REACH):
            tag = blocks.tags[node]
            if tag in _HEADINGS:
                piece = _Piece("heading", text, _HEADINGS[tag])
            elif tag == "li" and firsts[node] == index:
                ordered = parents[node] >= 0 and blocks.tags[parents[node]] == "ol"
                piece = _Piece("item", f"{numbers[node]}. {text}" if ordered else f"- {text}")
            elif tag in _CELLS and lasts[node] - firsts[node] == 1 and "\n" not in text and parents[node] >= 0:
                row = parents[node]
                piece = _Piece("cell", text, row, _table_of(blocks, parents, row))
            elif tag == "blockquote":
                quoted = 1
            if piece or parents[node] < 0:
                break
            node = parents[node]
        yield piece or _Piece("paragraph", text, quoted)


def _table_of(blocks: Blocks, parents: list[int], row: int) -> int:
    node = row
    while node >= 0 and blocks.tags[node] != "table":
        node = parents[node]
    return node


def _plain(pieces: list[_Piece]) -> str:
    parts = [pieces[0].text]
    for before, piece in pairwise(pieces):
        same_row = before.kind == piece.kind == "cell" and before.level == piece.level
        parts += [" | " if same_row else "\n", piece.text]
    return "".join(parts)


def _markdown(pieces: list[_Piece]) -> str:
    lines: list[str] = []
    index = 0
    while index < len(pieces):
        piece = pieces[index]
        if piece.kind == "cell":
            stop = index
            while stop < len(pieces) and pieces[stop].kind == "cell" and pieces[stop].table == piece.table:
                stop += 1
            lines.append(_table(pieces[index:stop]))
            index = stop
            continue
        if piece.kind == "item" and index and pieces[index - 1].kind == "item":
            lines[-1] += f"\n{piece.text}"
        else:
            lines.append(_markdown_block(piece))
        index += 1
    return "\n\n".join(lines)


def _markdown_block(piece: _Piece) -> str:
    if piece.kind == "heading":
        return f"{'#' * piece.level} {' '.join(piece.text.split())}"
    if piece.kind == "code":
        fence = "```" if "```" not in piece.text else "~~~~"
        return f"{fence}\n{piece.text}\n{fence}"
    if piece.kind == "paragraph" and piece.level:
        return "> " + piece.text.replace("\n", "\n> ")
    return piece.text.replace("\n", "  \n")


def _table(cells: list[_Piece]) -> str:
    rows: list[list[str]] = [[cells[0].text]]
    for before, cell in pairwise(cells):
        if before.level == cell.level:
            rows[-1].append(cell.text)
        else:
            rows.append([cell.text])
    if len(rows) == 1:  # one row is a line of the page's layout, no table
        return " | ".join(rows[0])
    width = max(map(len, rows))
    lines = ["| " + " | ".join(row + [""] * (width - len(row))) + " |" for row in rows]
    return "\n".join([lines[0], "|" + " --- |" * width, *lines[1:]])
