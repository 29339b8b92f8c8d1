"""Repetition inside one text: lines, paragraphs, word n-grams (Gopher, arXiv 2112.11446, table A1), character 13-grams.

Reads the view and its numbered words; returns shares of the text's characters. Definitions are those of datatrove's
GopherRepetitionFilter, with two differences: words have no punctuation (filters.segment), and two n-grams are equal
when their words are, where datatrove compares duplicate n-grams joined without a space. Removes nothing.

Cost: an n-gram can repeat only where both (n-1)-grams in it do, so each n looks only at what repeated before it; exact
(pairs of numbers, no hashes), and n log n for the worst text. The scan for duplicates is linear in what repeats.
"""

import re

import numpy as np
import numpy.typing as npt

from filters.measures.characters import code_points, is_space, ratio
from filters.segment import Vocabulary
from filters.view import TextView
from schemas.signals import Signal

TOP_NGRAMS = (2, 3, 4)
DUPLICATE_NGRAMS = (5, 6, 7, 8, 9, 10)
CHAR_NGRAM = 13  # ChineseWebText, github.com/CASIA-LM/ChineseWebText: internal 13-gram repetition

SIGNALS = (
    Signal("repetition_line_ratio", "float", "ratio", "Lines that repeat an earlier line / lines."),
    Signal("repetition_line_char_ratio", "float", "ratio", "Characters of such lines / characters of the text."),
    Signal("repetition_paragraph_ratio", "float", "ratio", "Paragraphs (between blank lines) that repeat / paragraphs."),
    Signal("repetition_paragraph_char_ratio", "float", "ratio", "Characters of such paragraphs / of the text."),
    *(
        Signal(f"repetition_top_{n}gram_char_ratio", "float", "ratio", f"The commonest {n} words in a row, with spaces, times its count / characters; may exceed 1.")
        for n in TOP_NGRAMS
    ),
    *(
        Signal(f"repetition_duplicate_{n}gram_char_ratio", "float", "ratio", f"Characters in {n} words in a row that came before, none counted twice / characters.")
        for n in DUPLICATE_NGRAMS
    ),
    Signal("repetition_char_13gram_ratio", "float", "ratio", "13-grams of characters without white space that came before / 13-grams."),
)  # fmt: skip

_PARAGRAPH_END = re.compile(r"\n{2,}")
_Ints = npt.NDArray[np.int64]


def measure_repetition(view: TextView, vocabulary: Vocabulary) -> dict[str, float | int | bool | None]:
    """The signals of this module."""
    chars = len(view.text)
    repeated_lines, repeated_line_chars = _repeated(view.lines)
    paragraphs = _paragraphs(view.text.strip()) if view.lines else []
    repeated_paragraphs, repeated_paragraph_chars = _repeated(paragraphs)
    ngrams = _ngram_chars(vocabulary)
    return {
        "repetition_line_ratio": ratio(repeated_lines, len(view.lines)),
        "repetition_line_char_ratio": ratio(repeated_line_chars, chars),
        "repetition_paragraph_ratio": ratio(repeated_paragraphs, len(paragraphs)),
        "repetition_paragraph_char_ratio": ratio(repeated_paragraph_chars, chars),
        **{f"repetition_top_{n}gram_char_ratio": _share(ngrams.get(n), chars) for n in TOP_NGRAMS},
        **{f"repetition_duplicate_{n}gram_char_ratio": _share(ngrams.get(n), chars) for n in DUPLICATE_NGRAMS},
        "repetition_char_13gram_ratio": _char_ngram_ratio(view.text),
    }


def _share(part: int | None, whole: int) -> float | None:
    return None if part is None else ratio(part, whole)


def _paragraphs(text: str) -> list[str]:
    return _PARAGRAPH_END.split(text) if "\n\n\n" in text else text.split("\n\n")


def _repeated(parts: tuple[str, ...] | list[str]) -> tuple[int, int]:
    """How many parts repeat an earlier one, and their characters."""
    seen: set[str] = set()
    count = chars = 0
    for part in parts:
        if part in seen:
            count += 1
            chars += len(part)
        else:
            seen.add(part)
    return count, chars


def _ngram_chars(vocabulary: Vocabulary) -> dict[int, int]:
    """For each n: characters of the top n-gram times its count (2 to 4), of duplicate n-grams (5 to 10).

    A text of fewer than n words has no entry.
    """
    ids = vocabulary.ids
    size = len(ids)
    ends = np.concatenate(([0], np.cumsum(vocabulary.chars[ids])))
    chars: dict[int, int] = {}
    group = ids  # number of the (n-1)-gram that starts at each position; equal numbers, equal n-grams
    at = np.flatnonzero(vocabulary.counts[ids] > 1)  # where it starts, if it occurs more than once; ascending
    for n in range(2, DUPLICATE_NGRAMS[-1] + 1):
        if size < n:
            break
        at, number, firsts, counts = _extend(at, group, size)
        if n in TOP_NGRAMS:  # ties fall to the earliest, as in Counter.most_common; without repeats, to the first
            count = int(counts.max(initial=1))
            first = int(firsts[counts == count].min()) if len(counts) else 0
            chars[n] = int(ends[first + n] - ends[first] + n - 1) * count
        else:
            chars[n] = _duplicate_chars(at, number, ends, n)
        if len(at):
            group = np.zeros(size, dtype=np.int64)
            group[at] = number
    return chars


_NONE = np.zeros(0, dtype=np.int64)


def _extend(at: _Ints, group: _Ints, size: int) -> tuple[_Ints, _Ints, _Ints, _Ints]:
    """From repeated (n-1)-grams to repeated n-grams: their starts, ascending, and the number of each; the first start
    and the count of each number.
    """
    both = at[:-1][at[1:] - at[:-1] == 1]  # the (n-1)-gram one word on repeats too
    if not len(both):
        return _NONE, _NONE, _NONE, _NONE
    order, ranked = _sorted((group[both] << size.bit_length()) | group[both + 1], size.bit_length())
    edges = np.flatnonzero(ranked[1:] != ranked[:-1]) + 1
    starts = np.concatenate(([0], edges))
    counts = np.concatenate((edges, [len(both)])) - starts
    repeated = counts > 1
    numbers = np.full(len(both), -1)
    kept = np.repeat(repeated, counts)
    counts = counts[repeated]
    numbers[order[kept]] = np.repeat(np.arange(len(counts)), counts)
    again = numbers >= 0
    return both[again], numbers[again], both[order[starts[repeated]]], counts


def _sorted(keys: _Ints, bits: int) -> tuple[_Ints, _Ints]:
    """Order of the keys, equal ones by position, and the keys in it. Keys have 2 * `bits` bits, positions `bits`."""
    if 3 * bits < 63:  # key and position in one number: plain numbers sort faster than their order is found
        packed = np.sort((keys << bits) | np.arange(len(keys)))
        return packed & ((1 << bits) - 1), packed >> bits
    order = np.argsort(keys, kind="stable")
    return order, keys[order]


def _duplicate_chars(at: _Ints, number: _Ints, ends: _Ints, n: int) -> int:
    """Characters of n-grams seen before, left to right; after one, the scan goes on behind it."""
    if not len(at):
        return 0
    seen: set[int] = set()
    free = total = 0
    for start, gram in zip(at.tolist(), number.tolist(), strict=True):
        if start < free:
            continue
        if gram in seen:
            free = start + n
            total += int(ends[free] - ends[start])
        else:
            seen.add(gram)
    return total


def _char_ngram_ratio(text: str) -> float | None:
    """Repeated share of 13-grams of characters, by 64-bit hashes (a collision in 10 MB of text: 3 in a million)."""
    codes = code_points(text)
    codes = codes[~is_space(codes)].astype(np.uint64)
    total = len(codes) - CHAR_NGRAM + 1
    if total < 1:
        return None
    with np.errstate(over="ignore"):
        mixed = (codes + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
        two = _append(mixed, mixed, 1)
        four = _append(two, two, 2)
        eight = _append(four, four, 4)
        hashes = _append(_append(eight, four, 8)[:-1], mixed, 12)
    return (total - _distinct(hashes)) / total


def _distinct(hashes: npt.NDArray[np.uint64]) -> int:
    """How many are distinct: all write their position into a sparse table; who is not found there is looked at."""
    slots = hashes & np.uint64((1 << (8 * len(hashes)).bit_length()) - 1)
    table = np.empty(int(slots.max()) + 1, dtype=np.int64)
    positions = np.arange(len(hashes))
    table[slots] = positions
    holders = table[slots]
    colliding = hashes[hashes != hashes[holders]]
    return int(np.count_nonzero(holders == positions)) + len(np.unique(colliding))


def _append(head: npt.NDArray[np.uint64], tail: npt.NDArray[np.uint64], by: int) -> npt.NDArray[np.uint64]:
    """Hashes of `by` characters followed by those of `tail`, `by` positions on."""
    width = min(len(head), len(tail) - by)
    joined = head[:width] * np.uint64(0xBF58476D1CE4E5B9) + tail[by : by + width]
    return joined ^ (joined >> np.uint64(31))
