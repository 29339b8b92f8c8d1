"""Fingerprints of a document for deduplication: shingles, MinHash signature, LSH bands, digest of the key.

Reads the folded key (filters/key.py). Returns numbers only; drops nothing. A shingle is a run of units: a character of a
script written without spaces (Chinese, Japanese, Thai, Lao, Khmer, Burmese) or a word, told by the characters alone. So
mixed text has both, and a text whose language was told wrongly still meets its copies. Signatures equal datasketch's
("affine32", its default since 2.0) bit for bit for the same permutations and `shingle_hash` as its hashfunc
(tests/differential/test_fingerprint.py). Cost is linear in the text: about .25 ms for 6,000 characters.
It does not compare documents: see pipeline/dedup/.
"""

import functools
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass as plain_dataclass
from types import MappingProxyType
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass
from pydantic_core import ArgsKwargs

from filters.han import BOPOMOFO_RANGES, CODE_POINTS, HAN_RANGES, KANA_RANGES, code_points
from filters.spec import SPEC
from filters.view import TextView

# Thai, Lao, Burmese and Khmer: no spaces between words, so their characters are units, as Han and kana are. Whitespace
# shingles would make a whole Chinese sentence one unit (peers.md 2.1).
_OTHER_RANGES = ((0x0E01, 0x0E80), (0x0E81, 0x0F00), (0x1000, 0x10A0), (0x1780, 0x1800))
_CJK = ("zh", "yue", "wuu", "lzh", "ja")
_SPACE = 0x20

# The parameters of other pipelines (peers.md 2.1). Their words of Chinese are jieba's (FineWeb) or a tokenizer's (OLMo 3),
# where ours are characters; everything else is as they have it.
PRESETS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "fineweb": {"bands": 14, "rows": 8, "shingle": 5},  # arXiv 2406.17557, appendix; FineWeb-2 and datatrove too
        "olmo3": {"bands": 26, "rows": 11, "shingle": 5},  # duplodocus
        # 256 permutations, threshold .7: datasketch's optimum uses 250 of them. Chinese by `tokenization: character`,
        # which cuts Latin words into letters too.
        "datajuicer": {"bands": 25, "rows": 10, "shingle": 5, "letters": _CJK},
    }
)

_PRIME = np.uint64(0x9E3779B97F4A7C15)  # 2**64 / golden ratio, as in Fibonacci hashing and splitmix64
_SHIFT = np.uint64(32)
_MURMUR_1, _MURMUR_2 = np.uint32(0x85EBCA6B), np.uint32(0xC2B2AE35)  # MurmurHash3's 32-bit finaliser
_MULTIPLIER = np.uint64(0xD6E8FEB86659FD93)  # odd; of rrmxmx, a mixer by P. Evensen
_POWERS = 1 << 10  # characters of a word whose powers are kept
_BLOCK = (
    512  # shingles permuted at a time: 112 rows of 2 KiB stay in the L2 cache; a row at a time takes five times as long
)


@dataclass(frozen=True, kw_only=True, config=SPEC)
class FingerprintSpec:
    """Recipe table `[fingerprint]`. Changing it makes the read stage run again."""

    preset: str | None = None
    """fineweb, olmo3 or datajuicer: their values of the keys below, where a key is not given. None: the defaults."""
    bands: Annotated[int, Field(ge=1, le=256)] = 14
    """LSH bands; 14 bands of 8 rows are FineWeb's (arXiv 2406.17557, appendix): P(candidate) is .92 at similarity .8."""
    rows: Annotated[int, Field(ge=1, le=64)] = 8
    """Rows of each band."""
    shingle: Annotated[int, Field(ge=1, le=64)] = 5
    """Units of a shingle: characters of CJK and other scripts without spaces, words of others (datatrove, marin: 5)."""
    shingle_of: Mapping[str, Annotated[int, Field(ge=1, le=64)]] = Field(default_factory=dict)
    """Units of a shingle by language, where it is another number. Texts of languages with different numbers never meet."""
    letters: tuple[str, ...] = ()
    """Languages whose Latin words are cut into letters too, each a unit."""
    seed: int = 1
    """Seed of datasketch's permutations."""

    @model_validator(mode="before")
    @classmethod
    def _filled(cls, values: Any) -> Any:
        given: Mapping[str, Any] = (values.kwargs or {}) if isinstance(values, ArgsKwargs) else values
        if (name := given.get("preset")) is None:
            return values
        if name not in PRESETS:
            raise ValueError(f"unknown preset {name!r}: use {', '.join(PRESETS)}")
        return {**PRESETS[name], **given}

    def open(self) -> Callable[[TextView], "Fingerprint"]:
        """A function that fingerprints one view."""
        from datasketch import MinHash  # half a second, which the process that only leads others need not spend

        permutations = MinHash(num_perm=self.bands * self.rows, seed=self.seed).permutations

        def fingerprint(view: TextView) -> Fingerprint:
            shingles = shingle_hashes(view.key, view.language, self)
            minima = signature(shingles, permutations)
            bands = band_hashes(minima, self.bands)
            digest = hashlib.blake2b(view.key.encode("utf-8", "surrogatepass"), digest_size=16).digest()
            return Fingerprint(digest=digest, bands=bands.tobytes(), shingles=len(shingles), sketch=sketch(minima))

        return fingerprint


@plain_dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """`digest` blake2b-128 of the key; `bands` uint64 little-endian, packed; `shingles` the length of the text in shingles;
    `sketch` the lowest byte of each MinHash value.
    """

    digest: bytes
    bands: bytes
    shingles: int
    sketch: bytes


def shingle_hashes(key: str, language: str, spec: FingerprintSpec) -> NDArray[np.uint32]:
    """Hashes of the key's shingles, shape (n,), uint32, in text order with repetition.

    A text shorter than one shingle is one shingle; an empty key has none. The language decides nothing unless the spec
    names it.
    """
    codes = code_points(key)
    units = codes[codes != _SPACE].astype(np.uint64) if language in spec.letters else units_of(codes)
    return _ngram_hashes(units, spec.shingle_of.get(language, spec.shingle))


def units_of(codes: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """The units of a key, given as code points, in order: code points of single characters, hashes of words."""
    single = _singles()[codes]
    inner = ~single & (codes != _SPACE)
    if not inner.any():
        return codes[single].astype(np.uint64)
    starts = np.flatnonzero(single | (inner & ~np.concatenate([[False], inner[:-1]])))
    lengths = np.diff(np.append(starts, len(codes)))
    within = np.arange(starts[0], len(codes)) - np.repeat(starts, lengths)
    # A word's hash is a polynomial in its mixed code points, summed for all words at once.
    mixed = (codes[starts[0] :].astype(np.uint64) + np.uint64(1)) * _PRIME
    mixed ^= mixed >> _SHIFT
    mixed *= _powers(max(_POWERS, 1 << int(lengths.max() - 1).bit_length()))[within]
    mixed *= codes[starts[0] :] != _SPACE
    sums = np.add.reduceat(mixed, starts - starts[0])
    sums ^= sums >> _SHIFT
    sums *= _PRIME
    return np.where(single[starts], codes[starts], sums)


@functools.cache
def _singles() -> NDArray[np.bool_]:
    """bool[0x110000]: characters that are a unit each. Read-only."""
    table = np.zeros(CODE_POINTS, bool)
    for start, end in (*HAN_RANGES, *KANA_RANGES, *BOPOMOFO_RANGES, *_OTHER_RANGES):
        table[start:end] = True
    table.setflags(write=False)
    return table


@functools.lru_cache(maxsize=2)
def _powers(count: int) -> NDArray[np.uint64]:
    """Powers of an odd multiplier, modulo 2**64, from the 0th. Read-only."""
    table = np.cumprod(np.concatenate([[np.uint64(1)], np.full(count - 1, _MULTIPLIER)]), dtype=np.uint64)
    table.setflags(write=False)
    return table


def shingle_hash(units: NDArray[np.uint64]) -> int:
    """The hash of one shingle, from its units."""
    return int(_ngram_hashes(units, len(units))[0])


def _ngram_hashes(units: NDArray[np.uint64], size: int) -> NDArray[np.uint32]:
    if not len(units):
        return np.empty(0, np.uint32)
    size = min(size, len(units))
    count = len(units) - size + 1
    mixed = np.full(count, np.uint64(size), np.uint64)
    for position in range(size):
        mixed ^= units[position : position + count]
        mixed *= _PRIME
        mixed ^= mixed >> _SHIFT
    return mixed.astype(np.uint32)


def signature(hashes: NDArray[np.uint32], permutations: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """MinHash values, shape (permutations,), uint32; all 2**32 - 1 for no shingles, as datasketch has it."""
    factors, offsets = permutations[0][:, None], permutations[1][:, None]
    minima = np.full(permutations.shape[1], 0xFFFFFFFF, np.uint32)
    mixed = _murmur_mix(hashes)
    for start in range(0, len(mixed), _BLOCK):
        work = mixed[None, start : start + _BLOCK] * factors
        work += offsets
        np.minimum(minima, work.min(axis=1), out=minima)
    return minima


def _murmur_mix(hashes: NDArray[np.uint32]) -> NDArray[np.uint32]:
    mixed = hashes ^ (hashes >> np.uint32(16))
    mixed *= _MURMUR_1
    mixed ^= mixed >> np.uint32(13)
    mixed *= _MURMUR_2
    mixed ^= mixed >> np.uint32(16)
    return mixed


def sketch(minima: NDArray[np.uint32]) -> bytes:
    """The lowest byte of each MinHash value: b-bit minwise hashing (Li and König, WWW 2010) with b = 8."""
    return minima.astype(np.uint8).tobytes()


def sketch_similarity(overlap: NDArray[np.float64]) -> NDArray[np.float64]:
    """Jaccard similarity estimated from that of two sketches, taken as sets of (position, byte); its standard error is
    .038 at .8 with 112 permutations.
    """
    equal = (
        2 * overlap / (1 + overlap)
    )  # share of positions with the same byte; that of different values is, once in 256
    return np.maximum(0.0, (equal - 1 / 256) / (1 - 1 / 256))


def band_hashes(minima: NDArray[np.uint32], bands: int) -> NDArray[np.uint64]:
    """One hash a band, shape (bands,), uint64; the band's number is mixed in, so that bands never meet each other."""
    mixed = minima.reshape(bands, -1).astype(np.uint64) * _PRIME
    mixed ^= mixed >> _SHIFT
    mixed *= _powers(_POWERS)[1 : mixed.shape[1] + 1]
    sums = mixed.sum(axis=1) + np.arange(1, bands + 1, dtype=np.uint64)
    sums *= _PRIME
    sums ^= sums >> _SHIFT
    sums *= _MULTIPLIER
    hashes: NDArray[np.uint64] = (sums ^ (sums >> _SHIFT)).astype("<u8")
    return hashes


def jaccard(left: NDArray[np.uint32], right: NDArray[np.uint32]) -> float:
    """True Jaccard similarity of two sets, each sorted and unique; 1.0 for two empty ones."""
    if not len(left) or not len(right):
        return float(len(left) == len(right))
    common = len(np.intersect1d(left, right, assume_unique=True))
    return common / (len(left) + len(right) - common)
