"""Counts of each block's text: characters by class, tokens, links, words of menus, and what it shares with the title.

Reads `Blocks`; returns `Text`. One look-up a character over the whole page, then one sum a block.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from filters.blocks.classes import CJK, COMMA, DIGIT, LETTER, PUNCTUATION, SENTENCE_END, SPACE, UPPER, char_classes
from filters.blocks.walk import Blocks
from filters.blocks.words import CHROME_WORDS

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]

_LONG_TOKENS, _LONG_LINKS = 15, 0.3
_SHORT_CHARS = 300  # blocks that are searched for chrome's words


@dataclass(frozen=True, slots=True)
class Text:
    """Counts of each block's text, shape (n,); `sums` are running sums with a leading 0, shape (n + 1,)."""

    chars: Floats
    tokens: Floats
    linked: Floats
    ends: Floats
    commas: Floats
    is_long: Floats
    chrome: Floats
    digits: Floats
    uppers: Floats
    marks: Floats
    cjk: Floats
    first: NDArray[np.uint8]
    last: NDArray[np.uint8]
    title_hits: Floats
    title_grams: int
    sums: Mapping[str, Floats]

    @property
    def link_share(self) -> Floats:
        """Characters in links / characters."""
        return self.linked / self.chars


def measure_text(blocks: Blocks) -> Text:
    """All counts, for at least one block."""
    texts = blocks.texts
    joined = "\n".join(texts) + "\n"
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    stops = np.cumsum(lengths + 1)
    starts = stops - lengths - 1
    classes = char_classes(codes)

    def count(flags: NDArray[np.bool_]) -> Floats:
        return np.add.reduceat(flags, starts, dtype=np.int32).astype(np.float32)

    cjk = (classes & CJK) > 0
    in_word = (classes & (LETTER | DIGIT)) > 0
    begins = in_word.copy()
    begins[1:] &= ~in_word[:-1]
    cjk_count = count(cjk)
    chars = np.maximum(lengths - count((classes & SPACE) > 0) + 1, 1).astype(np.float32)
    tokens = cjk_count + count(begins)
    linked = np.minimum(blocks.linked, chars)
    ends, commas = count((classes & SENTENCE_END) > 0), count((classes & COMMA) > 0)
    is_long = ((tokens >= _LONG_TOKENS) & (linked < _LONG_LINKS * chars)).astype(np.float32)
    title_hits, title_grams = _title_hits(blocks.title, codes, starts)
    sums = {"chars": chars, "tokens": tokens, "linked": linked, "stops": ends + commas, "is_long": is_long}
    return Text(
        chars=chars,
        tokens=tokens,
        linked=linked,
        ends=ends,
        commas=commas,
        is_long=is_long,
        chrome=np.where(lengths < _SHORT_CHARS, _chrome_counts(joined, codes, starts), 0).astype(np.float32),
        digits=count((classes & DIGIT) > 0),
        uppers=count((classes & UPPER) > 0),
        marks=count((classes & PUNCTUATION) > 0),
        cjk=cjk_count,
        first=classes[starts],
        last=classes[stops - 2],
        title_hits=title_hits,
        title_grams=title_grams,
        sums={name: np.concatenate([[0], np.cumsum(values)]) for name, values in sums.items()},
    )


def _chrome_counts(joined: str, codes: NDArray[np.uint32], starts: Integers) -> Integers:
    """Hits of CHROME_WORDS in each block."""
    found = [match.start() for match in CHROME_WORDS.finditer(joined.encode("utf-8", "surrogatepass"))]
    sizes = 1 + (codes >= 0x80).astype(np.int64) + (codes >= 0x800) + (codes > 0xFFFF)
    byte_starts = (np.cumsum(sizes) - sizes)[starts]
    return (
        np.bincount(np.searchsorted(byte_starts, found, side="right") - 1, minlength=len(starts))
        if found
        else np.zeros(len(starts), np.int64)
    )


def _title_hits(title: str | None, codes: NDArray[np.uint32], starts: Integers) -> tuple[Floats, int]:
    """How many pairs of characters of each block occur in the page's title, and how many pairs the title has."""
    in_title = _pairs(np.frombuffer((title or "").encode("utf-32-le", "surrogatepass"), np.uint32))
    if not len(in_title):
        return np.zeros(len(starts), np.float32), 0
    known = np.zeros(0x10000, np.bool_)
    known[in_title] = True
    hits = np.concatenate([known[_pairs(codes)], [False]])
    return np.add.reduceat(hits, starts, dtype=np.int32).astype(np.float32), len(in_title)


def _pairs(codes: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Each two neighbours as a number below 2**16: collisions only blur a feature."""
    lower = codes + 32 * ((codes >= ord("A")) & (codes <= ord("Z")))
    pairs: NDArray[np.uint32] = (lower[:-1] * np.uint32(40_503) + lower[1:]) & np.uint32(0xFFFF)
    return pairs
