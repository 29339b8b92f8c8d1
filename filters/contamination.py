"""Finds test questions of benchmarks in a document, by hashes of character n-grams.

Reads the key of a TextView without its spaces: letters and digits, so that width, punctuation, Traditional forms and
layout do not matter. An item counts as found by the share of its own n-grams that the document holds: 10 characters
for Chinese, 25 for other text, where a window of 13 words misses most Chinese questions (half of CMMLU has fewer). A
question shorter than that, or made of stock phrases alone, must stand there whole and be followed by its options.
Returns signals; drops nothing itself. It does not find paraphrases, translations, or a short question without its
options. The index holds hashes and item ids, never text (pipeline/train/contamination.py makes it).
"""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydantic import Field
from pydantic.dataclasses import dataclass

from filters.assets import resolve
from filters.spec import SPEC
from filters.view import TextView
from schemas.rules import Rule
from schemas.signals import Signal

SIGNALS = (
    Signal("contamination_coverage", "float", "ratio", "share of the best-matching test item that the document holds"),
    Signal("contamination_items", "int", "count", "test items of which the document holds more than half"),
    Signal(
        "contamination_benchmark", "str", "name", "benchmark of the best-matching item, when more than half is held"
    ),
    Signal("contamination_item", "str", "name", "id of that item"),
)

CHINESE, OTHER, ANCHOR = 10, 25, 5  # characters per n-gram: of Chinese items, of others, and of the start of short ones
HELD = 0.5
_EVIDENCE = 4  # n-grams (or all, of an item with fewer) below which coverage stays below one half: one shared phrase
_POWERS = 1 << 16  # kept of each of the two bases: .5 MB, enough for 99 texts in 100
_MAP_BITS = 22  # .5 MiB, for the processor's cache: one n-gram in 12 of a clean text goes on to the search

Codes = npt.NDArray[np.uint64]
_Table = tuple[Codes, npt.NDArray[np.uint16], npt.NDArray[np.uint8]]
Scorer = Callable[[TextView], Mapping[str, float | int | str | None]]


@dataclass(frozen=True, kw_only=True, config=SPEC)
class ContaminationSpec:
    index: str = Field(default="contamination")
    """Pinned asset, or path of an index made by `train contamination`."""

    max_coverage: float = Field(default=0.5, ge=0, le=1)
    """Share of one test item above which a document is dropped. Measured: tests/quality/test_contamination.py."""

    def open(self) -> Scorer:
        """Loads the index (about 12 MB) and returns the function that measures a view."""
        index = _Index(resolve(self.index).path)

        def measure(view: TextView) -> Mapping[str, float | int | str | None]:
            coverage = index.coverage(Rolling(view.key))
            best = max(coverage, key=lambda item: (coverage[item], -item), default=-1)
            held = best >= 0 and coverage[best] > HELD
            benchmark, _, item = index.names[best].partition("/") if held else ("", "", "")
            return {
                "contamination_coverage": coverage[best] if best >= 0 else 0.0,
                "contamination_items": sum(value > HELD for value in coverage.values()),
                "contamination_benchmark": benchmark if held else None,
                "contamination_item": item if held else None,
            }

        return measure

    def rules(self) -> tuple[Rule, ...]:
        """One rule: the document holds more than a share of a test item."""
        cite = "coverage of the item: reference chinese_safety C3, peers 2.7; deviation: stock phrases are left out"
        return (Rule(reason="contaminated", signal="contamination_coverage", high=self.max_coverage, citation=cite),)


class Rolling:
    """Hashes of any stretch of a key's letters and digits in constant time: sums of code × BASE^position, modulo 2**64.

    `hash(start, length)` depends on the characters alone, not on where they stand.
    """

    _BASE = 0x9E37_79B9_7F4A_7C15
    _INVERSE = pow(_BASE, -1, 1 << 64)

    def __init__(self, key: str) -> None:
        text = key.replace(" ", "").encode("utf-32-le", "replace")
        codes = np.frombuffer(text, dtype="<u4").astype(np.uint64)
        self.size = len(codes)
        self._sums = np.zeros(self.size + 1, np.uint64)
        np.cumsum(codes * _powers(self._BASE, self.size), dtype=np.uint64, out=self._sums[1:])
        self._unshift = _powers(self._INVERSE, self.size + 1)

    def grams(self, length: int) -> Codes:
        """uint64[size - length + 1]: the hash of the stretch of that length at every position."""
        if self.size < length:
            return np.zeros(0, np.uint64)
        return _mix((self._sums[length:] - self._sums[:-length]) * self._unshift[: self.size - length + 1])

    def hash(self, starts: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]) -> Codes:
        """uint64[starts]: the hash of each stretch; 0 where it would pass the end."""
        ends = starts + lengths
        inside = ends <= self.size
        sums = self._sums[np.minimum(ends, self.size)] - self._sums[starts]
        return np.where(inside, _mix(sums * self._unshift[starts]), np.uint64(0))


class _Index:
    """The index as sorted arrays, with a bit map before each of them."""

    def __init__(self, path: Path) -> None:
        with np.load(path, allow_pickle=False) as arrays:
            stored = {name: arrays[name] for name in arrays.files}
        self.names = stored["names"].tobytes().decode("utf-8").split("\n")
        self._totals = stored["totals"]  # uint16[items]: n-grams of the item in the index
        self._tables = [(length, *_table(stored, name)) for name, length in (("zh", CHINESE), ("other", OTHER))]
        self._anchors = _table(stored, "anchor")
        self._stems, self._lengths = stored["stem_hashes"], stored["stem_lengths"].astype(np.int64)
        self._options, self._option_lengths = stored["option_hashes"], stored["option_lengths"].astype(np.int64)
        self._option_ends = stored["option_ends"]  # int32[items + 1]: where each item's options end
        if len(self.names) != len(self._totals):
            raise ValueError(f"{path.name} is not a contamination index: it names {len(self.names)} items.")

    def coverage(self, text: Rolling) -> dict[int, float]:
        """Item to the share of it that the text holds, for items with any; short items count as whole or not at all."""
        found: dict[int, float] = {}
        for length, hashes, items, bits in self._tables:
            grams = text.grams(length)
            places = _postings(hashes, np.unique(_held(hashes, grams[_possible(grams, bits)])))[0]
            for item, count in zip(*np.unique(items[places], return_counts=True), strict=True):
                total = int(self._totals[item])
                share = float(count) / total
                found[int(item)] = share if count >= min(total, _EVIDENCE) else min(share, HELD)
        for item in self._short(text):
            found[item] = 1.0
        return found

    def _short(self, text: Rolling) -> set[int]:
        """Short items that stand in the text whole, with most of their options close behind."""
        hashes, items, bits = self._anchors
        grams = text.grams(ANCHOR)
        starts = np.flatnonzero(_possible(grams, bits))
        places, sizes = _postings(hashes, grams[starts])
        candidates, starts = items[places].astype(np.int64), np.repeat(starts, sizes)
        whole = text.hash(starts, self._lengths[candidates]) == self._stems[candidates]
        return {
            int(item)
            for item, start in zip(candidates[whole], starts[whole], strict=True)
            if self._options_follow(text, int(item), int(start))
        }

    def _options_follow(self, text: Rolling, item: int, start: int) -> bool:
        """Whether three quarters of the options' characters stand within reach behind the question."""
        first, last = self._option_ends[item], self._option_ends[item + 1]
        lengths = self._option_lengths[first:last]
        begin = start + int(self._lengths[item])
        # As far as the options reach, with their labels, an answer and a note between them.
        places = np.arange(begin, min(text.size, begin + int(lengths.sum()) + 60), dtype=np.int64)
        matched = 0
        for wanted, length in zip(self._options[first:last], lengths, strict=True):
            if (text.hash(places, np.full_like(places, length)) == wanted).any():
                matched += int(length)
        return matched >= 0.75 * float(lengths.sum())


def _table(stored: Mapping[str, npt.NDArray[np.generic]], name: str) -> _Table:
    """Sorted hashes, the item of each, and a map of their first bits: 8 to 64 places for each hash."""
    hashes = stored[f"{name}_hashes"].astype(np.uint64, copy=False)
    places = np.zeros(1 << min(_MAP_BITS, len(hashes).bit_length() + 6), dtype=np.bool_)
    places[hashes >> _shift(len(places))] = True
    items = stored[f"{name}_items"].astype(np.uint16, copy=False)
    return hashes, items, np.packbits(places, bitorder="little")


def _possible(hashes: Codes, packed: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Which hashes may be in the table: all that are, and a few more. `packed` has eight places in a byte."""
    # As signed numbers, which numpy indexes with as they are; "wrap" spares it a look at all of them first.
    places = (hashes >> _shift(8 * len(packed))).view(np.int64)
    bits = packed.take(places >> 3, mode="wrap") >> (places & 7).astype(np.uint8)
    return (bits & 1).view(np.bool_)


def _held(table: Codes, hashes: Codes) -> Codes:
    """Those of the hashes that are in the sorted table: of an ordinary text hardly any of the possible ones."""
    places = np.searchsorted(table, hashes)
    held: Codes = hashes[table[np.minimum(places, len(table) - 1)] == hashes]
    return held


def _shift(places: int) -> np.uint64:
    return np.uint64(65 - places.bit_length())


def _postings(table: Codes, wanted: Codes) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Every place of each wanted hash in a sorted table, and how many places each has."""
    if not len(wanted):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    left = np.searchsorted(table, wanted, "left")
    sizes = np.searchsorted(table, wanted, "right") - left
    ends = np.cumsum(sizes)
    return np.arange(ends[-1]) + np.repeat(left - (ends - sizes), sizes), sizes


def _powers(base: int, count: int) -> Codes:
    """uint64[count]: base, its square and so on, modulo 2**64. Read-only: what most texts need is made once."""
    if count > _POWERS:
        return np.full(count, base, dtype=np.uint64).cumprod(dtype=np.uint64)
    return _first_powers(base)[:count]


@cache
def _first_powers(base: int) -> Codes:
    powers = np.full(_POWERS, base, dtype=np.uint64).cumprod(dtype=np.uint64)
    powers.setflags(write=False)
    return powers


def _mix(hashes: Codes) -> Codes:
    """The finaliser of splitmix64: spreads every bit, so that the high bits can index a table."""
    mixed = hashes >> np.uint64(30)
    mixed ^= hashes
    mixed *= np.uint64(0xBF58_476D_1CE4_E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D0_49BB_1331_11EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed
