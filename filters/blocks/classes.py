"""Classes of characters as bits, for whole texts at once: `char_classes(codes)`, one table look-up.

Coarser than filters/measures needs: it tells blocks apart, not texts.
"""

import unicodedata

import numpy as np
from numpy.typing import NDArray

LETTER, CJK, DIGIT, UPPER, SENTENCE_END, COMMA, SPACE, PUNCTUATION = (1 << bit for bit in range(8))

_TABLED = 0x3000  # below: by Unicode's categories; above: by the ranges below
_CJK_RANGES = ((0x3040, 0x30FF), (0x3400, 0x9FFF), (0xAC00, 0xD7AF), (0xF900, 0xFAFF))
_PUNCTUATION_RANGES = (
    (0x3001, 0x3020),
    (0xFF01, 0xFF0F),
    (0xFF1A, 0xFF20),
    (0xFF3B, 0xFF40),
    (0xFF5B, 0xFF65),
    (0xE000, 0xF8FF),
)


def _table() -> NDArray[np.uint8]:
    table = np.zeros(0x10000, np.uint8)
    for code in range(_TABLED):
        char = chr(code)
        category = unicodedata.category(char)
        bits = LETTER * (category[0] in "LM") | UPPER * (category == "Lu") | DIGIT * (category[0] == "N")
        table[code] = bits | PUNCTUATION * (category[0] in "PS") | SPACE * char.isspace()
    table[_TABLED:] = LETTER
    for ranges, bits in ((_CJK_RANGES, CJK), (_PUNCTUATION_RANGES, PUNCTUATION)):
        for first, last in ranges:
            table[first : last + 1] = bits
    table[0x3000] = SPACE
    table[0xFF10:0xFF1A] = DIGIT
    for chars, bits in ((".!?。！？…；;", SENTENCE_END), (",，、:：", COMMA)):
        table[[ord(char) for char in chars]] = PUNCTUATION | bits
    return table


_TABLE = _table()


def char_classes(codes: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """Bits of each code point, same shape; beyond the basic plane: CJK ideographs from U+20000, else punctuation."""
    classes: NDArray[np.uint8] = _TABLE[np.minimum(codes, 0xFFFF)]
    if codes.max(initial=0) > 0xFFFF:
        beyond = codes > 0xFFFF
        classes[beyond] = np.where(codes[beyond] >= 0x20000, CJK, PUNCTUATION)
    return classes
