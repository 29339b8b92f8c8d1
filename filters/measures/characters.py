"""Measures over the characters of a text: what kinds there are, in one pass over an array of code points.

Reads the stored text; returns shares of its characters. Ignores lines and words. Linear.
"""

import re
import unicodedata
from functools import cache

import numpy as np
import numpy.typing as npt

from filters.view import TextView
from schemas.signals import Signal

SIGNALS = (
    Signal("text_chars", "int", "chars", "Code points of the text."),
    Signal("text_unique_char_ratio", "float", "ratio", "Distinct characters / characters; falls with length (Heaps)."),
    Signal("text_space_ratio", "float", "ratio", "White space / characters."),
    Signal("text_alphanumeric_ratio", "float", "ratio", "Letters (any script), marks and numbers / characters."),
    Signal("text_han_ratio", "float", "ratio", "Han (with extensions and 〇) / characters that are not white space."),
    Signal("text_digit_ratio", "float", "ratio", "Decimal digits / characters that are not white space."),
    Signal("text_punctuation_ratio", "float", "ratio", "Punctuation (category P) / characters not white space."),
    Signal("text_symbol_ratio", "float", "ratio", "Symbols (category S: + < | emoji) / characters not white space."),
    Signal("text_upper_ratio", "float", "ratio", "Upper case letters / letters of any script."),
    Signal("text_separator_ratio", "float", "ratio", "Separators | ｜ 丨 > » › · • ‧ / characters not white space."),
    Signal("text_bracket_ratio", "float", "ratio", "Characters in 【】, brackets too / characters not white space."),
    Signal("text_parenthesis_ratio", "float", "ratio", "The characters ( ) （ ） / characters not white space."),
    Signal(
        "text_url_ratio", "float", "ratio", "Characters of http(s):// and www. addresses / characters not white space."
    ),
    Signal("text_curly_brackets", "int", "count", "Opening curly brackets."),
    Signal("text_longest_run_chars", "int", "chars", "Longest run of one repeated character that is not white space."),
)

# Exclusive classes of a character; the order is the index into the counts.
_OTHER, _SPACE, _DIGIT, _NUMBER, _HAN, _UPPER, _LETTER, _MARK, _PUNCTUATION, _SYMBOL = range(10)
_CLASSES = 10
_SEPARATORS = "|｜丨>»›·•‧"
_PARENTHESES = "()（）"
_LAST_CODE = 0x3FFFF  # the end of the Han planes; nothing assigned beyond but tags and private use
_URL = re.compile(r"(?:https?://|www\.)[-A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%]+", re.ASCII)
_BRACKETS = re.compile("【[^【】]*】")


def measure_characters(view: TextView) -> dict[str, float | int | bool | None]:
    """The signals of this module."""
    text = view.text
    codes = code_points(text)
    counts = np.bincount(_class_table()[np.minimum(codes, _LAST_CODE)], minlength=_CLASSES).tolist()
    chars, space = len(text), counts[_SPACE]
    ink = chars - space
    letters = counts[_HAN] + counts[_UPPER] + counts[_LETTER]
    numbers = counts[_DIGIT] + counts[_NUMBER]

    return {
        "text_chars": chars,
        "text_unique_char_ratio": ratio(_distinct(codes), chars),
        "text_space_ratio": ratio(space, chars),
        "text_alphanumeric_ratio": ratio(letters + numbers + counts[_MARK], chars),
        "text_han_ratio": ratio(counts[_HAN], ink),
        "text_digit_ratio": ratio(counts[_DIGIT], ink),
        "text_punctuation_ratio": ratio(counts[_PUNCTUATION], ink),
        "text_symbol_ratio": ratio(counts[_SYMBOL], ink),
        "text_upper_ratio": ratio(counts[_UPPER], letters),
        "text_separator_ratio": ratio(sum(map(text.count, _SEPARATORS)), ink),
        "text_bracket_ratio": ratio(_matched_chars(_BRACKETS, text) if "【" in text else 0, ink),
        "text_parenthesis_ratio": ratio(sum(map(text.count, _PARENTHESES)), ink),
        "text_url_ratio": ratio(_matched_chars(_URL, text) if "://" in text or "www." in text else 0, ink),
        "text_curly_brackets": text.count("{"),
        "text_longest_run_chars": _longest_run(codes, ink=ink),
    }


def code_points(text: str) -> npt.NDArray[np.uint32]:
    """The code points, uint32 (chars,); lone surrogates are kept."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")


def is_space(codes: npt.NDArray[np.uint32]) -> npt.NDArray[np.bool_]:
    """Which code points are white space (chars,)."""
    return np.equal(_class_table()[np.minimum(codes, _LAST_CODE)], _SPACE)


def ratio(part: float, whole: float) -> float | None:
    """`part / whole`, null where there is nothing to measure."""
    return part / whole if whole else None


def _matched_chars(pattern: re.Pattern[str], text: str) -> int:
    return sum(map(len, pattern.findall(text)))


def _distinct(codes: npt.NDArray[np.uint32]) -> int:
    clipped = np.minimum(codes, _LAST_CODE)
    seen = np.zeros(int(clipped.max(initial=0)) + 1, dtype=np.bool_)
    seen[clipped] = True
    return int(np.count_nonzero(seen))


def _longest_run(codes: npt.NDArray[np.uint32], *, ink: int) -> int:
    """From the places where a character repeats the one before: few, and a run is a row of them."""
    again = np.flatnonzero(codes[1:] == codes[:-1])
    again = again[~is_space(codes[again])]
    if not len(again):
        return min(ink, 1)
    breaks = np.flatnonzero(again[1:] - again[:-1] != 1) + 1
    starts = np.concatenate(([0], breaks))
    return 1 + int((np.concatenate((breaks, [len(again)])) - starts).max())


@cache
def _class_table() -> npt.NDArray[np.uint8]:
    """Class of each code point up to U+3FFFF, uint8 (262144,)."""
    by_category = {"N": _NUMBER, "L": _LETTER, "M": _MARK, "P": _PUNCTUATION, "S": _SYMBOL, "Z": _SPACE}
    table = np.full(_LAST_CODE + 1, _OTHER, dtype=np.uint8)
    for code in range(0x20000):
        character = chr(code)
        category = unicodedata.category(character)
        table[code] = by_category.get(category[0], _OTHER)
        if character.isspace():
            table[code] = _SPACE
        elif category == "Nd":
            table[code] = _DIGIT
        elif category in ("Lu", "Lt"):
            table[code] = _UPPER
    for first, last in ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFD)):
        table[first : last + 1] = _HAN
    table[0x3007] = _HAN
    table.setflags(write=False)
    return table
