"""Han characters: which code points they are, and the Simplified form of each Traditional one.

The table is OpenCC's `t2s` for single characters. It is context-free on purpose: the key of a part of a text is then
that part of the text's key, which n-gram matching needs; OpenCC's phrases (乾隆 stays, 乾淨 becomes 干净) would make a
character's key depend on its neighbours. It reads OpenCC's own dictionary, once per process.
"""

import functools

import numpy as np
import opencc

# CJK Unified Ideographs, Extension A, 〇 and 々, compatibility ideographs, Extensions B and later.
HAN_RANGES = ((0x3400, 0x4DC0), (0x4E00, 0xA000), (0x3005, 0x3008), (0xF900, 0xFB00), (0x20000, 0x323B0))
KANA_RANGES = (
    (0x3041, 0x3097),
    (0x309D, 0x30A0),
    (0x30A1, 0x30FB),
    (0x30FC, 0x3100),
    (0x31F0, 0x3200),
    (0xFF66, 0xFFA0),
)
BOPOMOFO_RANGES = ((0x3105, 0x3130), (0x31A0, 0x31C0))
HANGUL_RANGES = ((0xAC00, 0xD7A4), (0x1100, 0x1200), (0x3131, 0x3164), (0x3165, 0x318F))
CODE_POINTS = 0x110000


@functools.cache
def simplified() -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
    """uint32[0x110000]: each code point's Simplified form; itself where it has none. Read-only."""
    table = np.arange(CODE_POINTS, dtype=np.uint32)
    characters = [chr(code) for start, end in HAN_RANGES for code in range(start, end)]
    converted = opencc.OpenCC("t2s").convert("\n".join(characters)).split("\n")
    for character, simple in zip(characters, converted, strict=True):
        if len(simple) == 1:
            table[ord(character)] = ord(simple)
    table.setflags(write=False)
    return table


def code_points(text: str) -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
    """uint32[len(text)], read-only; lone surrogates are themselves."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
