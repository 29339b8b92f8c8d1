"""Which scripts a text is written in, counted; and what Han text is by its characters.

Reads any text; returns `Scripts`. It drops nothing and knows no model: filters/language.py puts the two together.
One table look-up for each character, so a megabyte costs some 10 ms.
"""

import functools
import unicodedata
from dataclasses import dataclass

import numpy as np

from filters.han import BOPOMOFO_RANGES, CODE_POINTS, HAN_RANGES, HANGUL_RANGES, KANA_RANGES, code_points, simplified

Codes = np.ndarray[tuple[int], np.dtype[np.uint32]]
Kinds = np.ndarray[tuple[int], np.dtype[np.uint8]]

HAN_WEIGHT = 3
"""A Han character, kana or Hangul syllable counts as three letters: it holds about as much, and as many UTF-8 bytes."""

# ISO 15924 codes by the first word of a letter's Unicode name; Han, kana and Hangul are told by ranges.
_NAMES = {
    "LATIN": "Latn",
    "CYRILLIC": "Cyrl",
    "GREEK": "Grek",
    "ARABIC": "Arab",
    "HEBREW": "Hebr",
    "DEVANAGARI": "Deva",
    "BENGALI": "Beng",
    "GURMUKHI": "Guru",
    "GUJARATI": "Gujr",
    "ORIYA": "Orya",
    "TAMIL": "Taml",
    "TELUGU": "Telu",
    "KANNADA": "Knda",
    "MALAYALAM": "Mlym",
    "SINHALA": "Sinh",
    "THAI": "Thai",
    "LAO": "Laoo",
    "TIBETAN": "Tibt",
    "MYANMAR": "Mymr",
    "GEORGIAN": "Geor",
    "ARMENIAN": "Armn",
    "ETHIOPIC": "Ethi",
    "KHMER": "Khmr",
    "MONGOLIAN": "Mong",
    "THAANA": "Thaa",
    "SYRIAC": "Syrc",
    "CHEROKEE": "Cher",
}
_CODES = ("Zyyy", "Zzzz", "Hani", "Kana", "Hang", "Bopo", *_NAMES.values())  # no letter; letter of another script; ...
_HANI, _KANA, _HANG, _BOPO, _LATN = (_CODES.index(code) for code in ("Hani", "Kana", "Hang", "Bopo", "Latn"))

# Characters of written Cantonese (reference/chinese_safety.md, A3).
_CANTONESE = "嘅咗喺唔佢哋嘢冇啲咁嚟噉嗰乜"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scripts:
    """Counts of letters by ISO 15924 code, and of Han characters those that are Traditional or Cantonese."""

    letters: dict[str, int]
    traditional: int
    cantonese: int

    def count(self, code: str) -> int:
        """Letters of one script."""
        return self.letters.get(code, 0)

    @property
    def weight(self) -> int:
        """All letters, Han, kana and Hangul weighted."""
        return sum(self.letters.values()) + (HAN_WEIGHT - 1) * self.cjk

    @property
    def cjk(self) -> int:
        """Han, kana, bopomofo and Hangul letters."""
        return self.count("Hani") + self.count("Kana") + self.count("Hang") + self.count("Bopo")

    def dominant(self) -> tuple[str, float]:
        """The script with most (weighted) letters and its share: "Zyyy" and 0 without any letter.

        Han and kana together are "Hani" or, with more than 5 % kana, "Jpan".
        """
        groups = {code: count for code, count in self.letters.items() if code not in {"Hani", "Kana", "Hang", "Bopo"}}
        han, kana = self.count("Hani") + self.count("Bopo"), self.count("Kana")
        groups["Jpan" if kana > MIN_KANA_RATIO * (han + kana) else "Hani"] = HAN_WEIGHT * (han + kana)
        groups["Hang"] = HAN_WEIGHT * self.count("Hang")
        code = max(sorted(groups), key=lambda name: groups[name])
        return (code, groups[code] / self.weight) if groups[code] else ("Zyyy", 0.0)


MIN_KANA_RATIO = 0.05
"""Kana among Han and kana above which a text is Japanese (chinese_safety.md, A3: 100 % right on ten sentences)."""


def scripts(text: str) -> Scripts:
    """Count the letters of `text`."""
    return scripts_and_shares(text, shares=False)[0]


def scripts_and_shares(text: str, *, shares: bool = True) -> tuple[Scripts, tuple[float, float] | None]:
    """`scripts` and `paragraph_shares` from one look at the characters."""
    codes = code_points(text)
    kinds = table()[codes]
    return _counted(codes, kinds), _paragraph_shares(codes, kinds) if shares else None


def _counted(codes: Codes, kinds: Kinds) -> Scripts:
    counts = np.bincount(kinds, minlength=len(_CODES))
    han = codes[kinds == _HANI]
    return Scripts(
        letters={code: int(count) for code, count in zip(_CODES[1:], counts[1:], strict=True) if count},
        traditional=int(np.count_nonzero(simplified()[han] != han)),
        cantonese=int(np.isin(han, code_points(_CANTONESE)).sum()),
    )


def paragraph_shares(text: str) -> tuple[float, float] | None:
    """The shares alone; see `_paragraph_shares`."""
    return scripts_and_shares(text)[1]


def _paragraph_shares(codes: Codes, kinds: Kinds) -> tuple[float, float] | None:
    """Shares of the (weighted) letters that stand in paragraphs of mostly CJK, and of mostly Latin script.

    A paragraph is a line. None without letters. A page in two languages has its paragraphs on both sides, where a
    Chinese page with English terms has them on one.
    """
    lines = np.cumsum(codes == ord("\n"))
    size = int(lines[-1]) + 1 if codes.size else 0
    is_cjk = (kinds >= _HANI) & (kinds <= _BOPO)
    cjk = HAN_WEIGHT * np.bincount(lines[is_cjk], minlength=size)
    latin = np.bincount(lines[kinds == _LATN], minlength=size)
    total = cjk + np.bincount(lines[(kinds > 0) & ~is_cjk], minlength=size)
    if not total.sum():
        return None
    return float(total[2 * cjk > total].sum() / total.sum()), float(total[2 * latin > total].sum() / total.sum())


@functools.cache
def table() -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    """uint8[0x110000]: index into the script codes; 0 for what is no letter. Read-only; made once (.3 s)."""
    result = np.zeros(CODE_POINTS, dtype=np.uint8)
    names = {name: _CODES.index(code) for name, code in _NAMES.items()}
    for code in range(0x20000):  # beyond are Han and private use
        character = chr(code)
        if unicodedata.category(character)[0] == "L":
            result[code] = names.get(unicodedata.name(character, "").split(" ", 1)[0], 1)
    for ranges, kind in ((HAN_RANGES, _HANI), (KANA_RANGES, _KANA), (HANGUL_RANGES, _HANG), (BOPOMOFO_RANGES, _BOPO)):
        for start, end in ranges:
            result[start:end] = kind
    result.setflags(write=False)
    return result
