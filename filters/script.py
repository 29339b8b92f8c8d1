"""Which scripts a text is written in, counted; and what Han text is by its characters.

Reads any text; returns `Scripts`. It drops nothing and knows no model: filters/language.py puts the two together.
One table look-up for each character, so a megabyte costs some 10 ms.
"""

import functools
import re
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

# Characters of written Cantonese: those of reference/chinese_safety.md, A3, and more particles and verbs that Mandarin lacks.
_CANTONESE = "嘅咗喺唔佢哋嘢冇啲咁嚟噉嗰乜㗎嘞囖咩喎吖啫𠻹𡃉嚹嗱攞揾搵睇諗瞓嘥畀冚啩嗌孭踎攰嗮啱嘩㨃𡃁"
# Words of Cantonese in characters that Mandarin has too, Traditional and Simplified.
_CANTONESE_WORDS = re.compile(
    "而家|屋企|邊度|边度|邊個|點解|点解|點樣|點知|呢個|呢啲|呢度|呢隻|鍾意|钟意|同埋|即係|即系|係咪|系咪|就係|都係|係呀|係啊|係囖"
    "|因為係|係因為|係我|係你|老細|老细|傾計|倾计|細佬|聽日|尋日|幾時|幾多|跟住|梗係|定係|朝早|先啦|得閒|返嚟"
    "|[一二兩三四五六七八九十廿百千]蚊"
)
_MAX_WORD_CHARS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Scripts:
    """Counts of letters by ISO 15924 code, and of Han characters those that are Traditional, Cantonese, Japanese alone."""

    letters: dict[str, int]
    traditional: int
    cantonese: int
    japanese: int

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

        Han and kana together are "Hani" or, with more than 5 % kana, or 5 % Han of Japanese alone (東京駅), "Jpan".
        """
        groups = {code: count for code, count in self.letters.items() if code not in {"Hani", "Kana", "Hang", "Bopo"}}
        han, kana = self.count("Hani") + self.count("Bopo"), self.count("Kana")
        japanese = max(kana, self.japanese - self.cantonese) > MIN_KANA_RATIO * (han + kana)
        groups["Jpan" if japanese else "Hani"] = HAN_WEIGHT * (han + kana)
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
    marks = _marks()[han]
    return Scripts(
        letters={code: int(count) for code, count in zip(_CODES[1:], counts[1:], strict=True) if count},
        traditional=int(np.count_nonzero(simplified()[han] != han)),
        cantonese=int(np.count_nonzero(marks == _OF_CANTONESE)),
        japanese=int(np.count_nonzero(marks == _OF_JAPANESE)),
    )


def cantonese_words(text: str) -> int:
    """Characters in words of Cantonese whose characters Mandarin has as well; 0 for more than 300 characters.

    A long Cantonese text is told by its characters; a short line may have none of them.
    """
    return sum(map(len, _CANTONESE_WORDS.findall(text))) if len(text) <= _MAX_WORD_CHARS else 0


def paragraph_shares(text: str) -> tuple[float, float] | None:
    """The shares alone; see `_paragraph_shares`."""
    return scripts_and_shares(text)[1]


def _paragraph_shares(codes: Codes, kinds: Kinds) -> tuple[float, float] | None:
    """Shares of the (weighted) letters that stand in paragraphs of mostly CJK, and of mostly Latin script.

    A paragraph is a line. None without letters. A page in two languages has its paragraphs on both sides, where a
    Chinese page with English terms has them on one.
    """
    if not codes.size:
        return None
    starts = np.append(0, np.flatnonzero(codes[:-1] == ord("\n")) + 1)
    cjk, latin, total = (np.add.reduceat(weights[kinds], starts, dtype=np.int64) for weights in _WEIGHTS)
    if not total.any():
        return None
    letters = int(total.sum())
    return int(total[2 * cjk > total].sum()) / letters, int(total[2 * latin > total].sum()) / letters


_IS_CJK = np.isin(np.arange(len(_CODES)), (_HANI, _KANA, _HANG, _BOPO))
_WEIGHTS = tuple(
    weights.astype(np.uint8)
    for weights in (
        HAN_WEIGHT * _IS_CJK,
        np.arange(len(_CODES)) == _LATN,
        np.where(_IS_CJK, HAN_WEIGHT, np.arange(len(_CODES)) > 0),
    )
)
"""What a letter of each script counts as CJK, as Latin, and at all."""

_OF_CANTONESE, _OF_JAPANESE = 1, 2


@functools.cache
def _marks() -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    """uint8[0x110000]: Cantonese; or Japanese: in JIS X 0208, in neither GB 2312 nor Big5, no Traditional form (駅, 気). Read-only."""
    result = np.zeros(CODE_POINTS, dtype=np.uint8)
    every = "".join(map(chr, range(0x4E00, 0xA000)))
    japanese, mainland, taiwan = (
        set(every.encode(charset, "ignore").decode(charset)) for charset in ("shift_jis", "gb2312", "big5")
    )
    alone = code_points("".join(sorted(japanese - mainland - taiwan)))
    result[alone[simplified()[alone] == alone]] = _OF_JAPANESE
    result[code_points(_CANTONESE)] = _OF_CANTONESE
    result.setflags(write=False)
    return result


@functools.cache
def table() -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    """uint8[0x110000]: index into the script codes; 0 for what is no letter. Read-only; made once (.3 s)."""
    result = np.zeros(CODE_POINTS, dtype=np.uint8)
    names = {name: _CODES.index(code) for name, code in _NAMES.items()}
    for code in range(0x20000):  # beyond are Han and private use
        character = chr(code)
        if (category := unicodedata.category(character)[0]) in "LM":  # the vowels of Thai, Khmer, Hindi are marks
            name = unicodedata.name(character, "").split(" ", 1)[0]
            result[code] = names.get(name, 1 if category == "L" else 0)
    for ranges, kind in ((HAN_RANGES, _HANI), (KANA_RANGES, _KANA), (HANGUL_RANGES, _HANG), (BOPOMOFO_RANGES, _BOPO)):
        for start, end in ranges:
            result[start:end] = kind
    result.setflags(write=False)
    return result
