"""Marks where none can be: signs of words in random order, also where the marks themselves stayed in place.

Reads the stored text, since the view's words have no marks. Two different marks in a row; a mark right after a word
that needs an object, or right before a particle that needs a host. In prose fewer than 1 mark in 25 looks so (names,
gaps of an encyclopaedia); in shuffled words 1 in 10 does. Candidates are found by their character; only those are
segmented, so that 存在， is told from 在，. Linear.
"""

from functools import cache

import numpy as np
import numpy.typing as npt

from filters.languages import Profile, profile
from filters.measures.characters import code_points, is_space, ratio
from filters.segment import words
from filters.view import TextView
from schemas.signals import Signal

SIGNALS = (
    Signal("text_doubled_mark_ratio", "float", "ratio", "Marks ,;:!?，。、；：！？ after another one / such marks."),
    Signal(
        "text_broken_clause_ratio",
        "float",
        "ratio",
        "Marks ,;!?，。、；！？ after a word that needs an object or before a particle / marks; null below 10.",
    ),
)

_COMMA, _EMPHASIS, _COLON = 1, 2, 3  # kinds of marks; 0 is none
_KINDS = {",;，。、；": _COMMA, "!?！？": _EMPHASIS, ":：": _COLON}
_MIN_MARKS = 10
_LAST_CODE = 0xFFFF
_NEAR = 12  # characters that are segmented on one side of a mark; longer than any opener
_Ints = npt.NDArray[np.int64]


def measure_marks(view: TextView) -> dict[str, float | int | bool | None]:
    """The signals of this module."""
    language = profile(view.language)
    codes = np.minimum(code_points(view.text), _LAST_CODE)
    ink = np.flatnonzero(~is_space(codes))
    shown = codes[ink]
    kinds = _mark_table()[shown]
    marks = np.flatnonzero(kinds)
    ends = marks[kinds[marks] != _COLON]  # "the sum is:" ends with a colon
    gaps = np.diff(ink, prepend=-2) - 1  # white space before each
    most = 1 if language.spaced else 0  # more is a blank to fill in, as exam questions have
    broken = None
    if language.openers and len(ends) >= _MIN_MARKS:
        tails, heads = _word_edges(view.language)
        before = ends[tails[shown[ends - 1]] & (gaps[ends] <= most)].tolist()
        after = ends[heads[np.append(shown, 0)[ends + 1]]].tolist()
        open_ends = {mark for mark in before if _ends_open(view, int(ink[mark]), language)}
        bound = {mark for mark in after if _starts_bound(view, int(ink[mark]), language)}
        broken = len(open_ends | bound) / len(ends)
    return {
        "text_doubled_mark_ratio": ratio(_doubled(shown, kinds, marks[gaps[marks] <= most]), len(marks)),
        "text_broken_clause_ratio": broken,
    }


def _doubled(codes: npt.NDArray[np.uint32], kinds: npt.NDArray[np.uint8], marks: _Ints) -> int:
    """How many of the marks come after a different one; ！！ and ？！ are emphasis, :: is code."""
    right = marks[marks > 0]
    emphasis = (kinds[right - 1] == _EMPHASIS) & (kinds[right] == _EMPHASIS)
    return int(np.count_nonzero((kinds[right - 1] > 0) & (codes[right - 1] != codes[right]) & ~emphasis))


def _ends_open(view: TextView, mark: int, language: Profile) -> bool:
    near = words(view.text[max(0, mark - _NEAR) : mark], view.language, view.script)
    return bool(near) and near[-1] in language.openers


def _starts_bound(view: TextView, mark: int, language: Profile) -> bool:
    near = words(view.text[mark + 1 : mark + 1 + _NEAR], view.language, view.script)
    return bool(near) and near[0] in language.particles


@cache
def _mark_table() -> npt.NDArray[np.uint8]:
    """The kind of each code point up to U+FFFF, uint8 (65536,)."""
    table = np.zeros(_LAST_CODE + 1, dtype=np.uint8)
    for characters, kind in _KINDS.items():
        table[list(map(ord, characters))] = kind
    return table


@cache
def _word_edges(language: str) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Whether a code point ends one of the language's openers, and whether it starts a particle; bool (65536,) each."""
    tails, heads = np.zeros((2, _LAST_CODE + 1), dtype=np.bool_)
    tails[[ord(word[-1]) for word in sorted(profile(language).openers)]] = True
    heads[[ord(word[0]) for word in sorted(profile(language).particles)]] = True
    return tails, heads
