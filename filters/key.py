"""The key of a text: what two spellings of the same words share. Never stored as text.

Reads any text; returns its key for deduplication, decontamination, language models and lists: NFKC, lower case,
Traditional to Simplified (filters/han.py), invisible format characters (Cf) left out, every run of other characters
that are no letters, digits or combining marks one space, no space beside a Chinese or Japanese character, none at the
ends. Korean keeps its spaces: they part words.

    fold("「乾淨」的 Wi-Fi，１２３ ㎡!") == "干净的wi fi 123 m2"

It drops nothing and knows no language: it does not stem and does not strip accents.
"""

import functools
import unicodedata
from collections.abc import Callable, Sequence

import numpy as np

from filters.han import BOPOMOFO_RANGES, CODE_POINTS, HAN_RANGES, KANA_RANGES, code_points, simplified

_SEPARATOR, _WORD, _CJK, _INVISIBLE = 0, 1, 2, 3
_SPACE = 0x20
_BMP = 0xFFFF  # the last code point of the first plane, no character: stands for all beyond
# Planes with characters: 0 to 3 and 14. The others are unassigned or private use, all of it separators; to ask for each
# of their code points takes two thirds of the time.
_ASSIGNED = ((0, 0x40000), (0xE0000, 0xF0000))


def make_fold() -> Callable[[str], str]:
    """Load the tables (.1 s, once per process) and return `fold`."""
    simplified()
    _classes()
    _alone()
    return fold


def fold(text: str) -> str:
    """The key; linear, about 40 million characters a second. Idempotent but for letters whose lower case is not NFKC."""
    codes = code_points(text)
    # Most texts have only characters whose NFKC and lower case are one character whatever stands beside them: a look-up
    # in 2 us, where normalize() takes 60 for 500 Chinese characters (a full-width comma is not NFKC).
    alone = _alone()[np.minimum(codes, _BMP)]
    codes = alone if alone.all() else code_points(unicodedata.normalize("NFKC", text).lower())
    classes = _classes()[codes]
    if (invisible := classes == _INVISIBLE).any():
        codes, classes = codes[~invisible], classes[~invisible]
    if codes.size == 0:
        return ""
    apart = classes == _SEPARATOR
    if not apart.any():
        return _text(simplified()[codes])
    # A separator stays, as one space, at the end of its run, when the characters around the run are both words.
    before = np.empty_like(classes)  # class of the last character before each position that is no separator
    last = np.maximum.accumulate(np.where(apart, 0, np.arange(codes.size)))
    before[0] = _SEPARATOR
    before[1:] = classes[last[:-1]]
    after = np.full_like(classes, _SEPARATOR)
    after[:-1] = classes[1:]
    kept = ~apart | ((before == _WORD) & (after == _WORD))
    return _text(np.where(apart, _SPACE, simplified()[codes])[kept])


def fold_words(words: Sequence[str]) -> list[str]:
    """Words, without space in them, as models of words read them: lower case, Simplified; a number is 0."""
    text = _text(simplified()[code_points(" ".join(words).lower())], "replace")  # a lone surrogate is no word
    return ["0" if word.isdigit() else word for word in text.split(" ")] if words else []


@functools.cache
def _alone() -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
    """uint32[0x10000]: NFKC and lower case of each character that no neighbour changes; 0 for every other. Read-only.

    A neighbour changes a character that can be the second of a composition (marks, jamo), and capital sigma.
    """
    seconds = {*range(0x1161, 0x1176), *range(0x11A8, 0x11C3)}
    for code in range(_BMP):
        parts = unicodedata.decomposition(chr(code)).split(" ")
        if len(parts) == 2 and not parts[0].startswith("<"):
            seconds.add(int(parts[1], 16))
    table = np.zeros(_BMP + 1, np.uint32)
    for code in range(1, _BMP):
        character = chr(code)
        made = unicodedata.normalize("NFKC", character)
        inner = map(ord, unicodedata.normalize("NFKD", character)[:1])
        low = made.lower()
        moved = unicodedata.combining(character) or code in seconds or seconds.intersection(inner) or made == "Σ"
        if len(made) == len(low) == 1 and not moved and not 0xD800 <= code < 0xE000:
            table[code] = ord(low)
    table.setflags(write=False)
    return table


@functools.cache
def _classes() -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    """uint8[0x110000]: separator, word (letter, digit, mark) or Chinese and Japanese character. Read-only."""
    kinds = dict.fromkeys(("Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No"), _WORD)
    kinds["Cf"] = _INVISIBLE
    table = np.full(CODE_POINTS, _SEPARATOR, np.uint8)
    for start, end in _ASSIGNED:
        categories = map(unicodedata.category, map(chr, range(start, end)))
        table[start:end] = np.fromiter((kinds.get(category, _SEPARATOR) for category in categories), np.uint8)
    for start, end in (*HAN_RANGES, *KANA_RANGES, *BOPOMOFO_RANGES):
        table[start:end][table[start:end] == _WORD] = _CJK
    table.setflags(write=False)
    return table


def _text(codes: np.ndarray[tuple[int], np.dtype[np.uint32]], errors: str = "strict") -> str:
    return codes.astype("<u4", copy=False).tobytes().decode("utf-32-le", errors)
