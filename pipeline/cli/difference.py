"""The difference of two texts, for a terminal: unified, by pieces of sentences, with the changed characters marked.

Pure: two strings in, styled lines out. Texts are hostile: what a terminal would obey is shown as its code. Bounded: at
most `_MAX_PIECES` pieces of each text are compared, and pieces longer than `_MAX_MARKED` are not marked inside.
"""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher

from rich.text import Text

from schemas.text import printable

_PIECE = re.compile(
    r"[^\n。！？!?；;]{1,160}[。！？!?；;\n]?|[\n。！？!?；;]"
)  # a sentence or clause, at most 161 characters
_MAX_PIECES = 1_000
_MAX_MARKED = 200
_CONTEXT = 1  # equal pieces shown around a change


def difference(left: str, right: str) -> Iterator[Text]:
    """Lines of the unified difference; none where the texts are equal."""
    a, b = _pieces(left), _pieces(right)
    matcher = SequenceMatcher(None, a, b, autojunk=False)
    for group in matcher.get_grouped_opcodes(_CONTEXT):
        yield Text(f"@ piece {group[0][1] + 1} / {group[0][3] + 1}", style="cyan")
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                yield from (Text(f"  {_shown(piece)}", style="dim") for piece in a[i1:i2])
            elif tag == "replace" and i2 - i1 == j2 - j1:
                for old, new in zip(a[i1:i2], b[j1:j2], strict=True):
                    yield from _marked(old, new)
            else:
                yield from (Text(f"- {_shown(piece)}", style="red") for piece in a[i1:i2])
                yield from (Text(f"+ {_shown(piece)}", style="green") for piece in b[j1:j2])


def _pieces(text: str) -> list[str]:
    found: list[str] = []
    for match in _PIECE.finditer(text):
        if len(found) == _MAX_PIECES:
            break
        if piece := match.group().strip("\n"):
            found.append(piece)
    return found


def _marked(old: str, new: str) -> Iterator[Text]:
    """Two pieces in the same place, the characters that differ reversed."""
    before, after = Text("- ", style="red"), Text("+ ", style="green")
    if max(len(old), len(new)) > _MAX_MARKED:
        yield before.append(_shown(old))
        yield after.append(_shown(new))
        return
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        style = "" if tag == "equal" else "reverse"
        before.append(_shown(old[i1:i2]), style=style)
        after.append(_shown(new[j1:j2]), style=style)
    yield before
    yield after


def _shown(text: str) -> str:
    return printable(text)
