"""Fingerprints of a document for deduplication: shingles, MinHash signature, LSH bands, digest of the key.

Reads the folded key (filters/key.py). Returns numbers only; drops nothing. Signatures equal datasketch's
("affine32", its default since 2.0) bit for bit for the same permutations and `shingle_hash` as its hashfunc
(tests/differential/test_fingerprint.py). Cost is linear in the text: about .25 ms for 6,000 characters.
It does not compare documents: see pipeline/dedup/.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass as plain_dataclass
from typing import Annotated

import numpy as np
import xxhash
from datasketch import MinHash
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass

from filters.spec import SPEC
from filters.view import TextView

# Languages written without spaces between words: shingles of characters. A Chinese 5-gram of characters is about
# three words; whitespace shingles would make a whole Chinese sentence one token (peers.md 2.1).
CHARACTER_LANGUAGES = frozenset({"zh", "yue", "wuu", "lzh", "ja", "th", "lo", "my", "km"})

_PRIME = np.uint64(0x9E3779B97F4A7C15)  # 2**64 / golden ratio, as in Fibonacci hashing and splitmix64
_SHIFT = np.uint64(32)
_MURMUR_1, _MURMUR_2 = np.uint32(0x85EBCA6B), np.uint32(0xC2B2AE35)  # MurmurHash3's 32-bit finaliser
_BLOCK = (
    512  # shingles permuted at a time: 112 rows of 2 KiB stay in the L2 cache; a row at a time takes five times as long
)


@dataclass(frozen=True, kw_only=True, config=SPEC)
class FingerprintSpec:
    """Recipe table `[fingerprint]`. Changing it makes the read stage run again."""

    bands: Annotated[int, Field(ge=1, le=256)] = 14
    """LSH bands; 14 bands of 8 rows are FineWeb's (arXiv 2406.17557, appendix): P(candidate) is .92 at similarity .8."""
    rows: Annotated[int, Field(ge=1, le=64)] = 8
    """Rows of each band."""
    character_shingle: Annotated[int, Field(ge=1, le=64)] = 5
    """Characters of a shingle in CJK and other scripts without spaces (marin: 5)."""
    word_shingle: Annotated[int, Field(ge=1, le=64)] = 5
    """Words of a shingle in other languages (datatrove, FineWeb: 5)."""
    seed: int = 1
    """Seed of datasketch's permutations."""

    def open(self) -> Callable[[TextView], "Fingerprint"]:
        """A function that fingerprints one view."""
        permutations = MinHash(num_perm=self.bands * self.rows, seed=self.seed).permutations

        def fingerprint(view: TextView) -> Fingerprint:
            shingles = shingle_hashes(view.key, view.language, self)
            bands = band_hashes(signature(shingles, permutations), self.bands)
            digest = hashlib.blake2b(view.key.encode("utf-8", "surrogatepass"), digest_size=16).digest()
            return Fingerprint(digest=digest, bands=bands.tobytes(), shingles=len(shingles))

        return fingerprint


@plain_dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """`digest` blake2b-128 of the key; `bands` uint64 little-endian, packed; `shingles` the length of the text in shingles."""

    digest: bytes
    bands: bytes
    shingles: int


def shingle_hashes(key: str, language: str, spec: FingerprintSpec) -> NDArray[np.uint32]:
    """Hashes of the key's shingles, shape (n,), uint32, in text order with repetition.

    A text shorter than one shingle is one shingle; an empty key has none.
    """
    if language in CHARACTER_LANGUAGES:
        units = np.frombuffer(key.replace(" ", "").encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint64)
        size = spec.character_shingle
    else:
        words = key.split(" ") if key else []
        units = np.fromiter(
            (xxhash.xxh3_64_intdigest(w.encode("utf-8", "surrogatepass")) for w in words), np.uint64, len(words)
        )
        size = spec.word_shingle
    return _ngram_hashes(units, size)


def shingle_hash(units: NDArray[np.uint64]) -> int:
    """The hash of one shingle, from its units (code points, or xxh3-64 of its words)."""
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


def band_hashes(minima: NDArray[np.uint32], bands: int) -> NDArray[np.uint64]:
    """One hash a band, shape (bands,), uint64; the band's number is mixed in, so that bands never meet each other."""
    rows = minima.reshape(bands, -1).astype(np.uint64)
    mixed = np.arange(1, bands + 1, dtype=np.uint64)
    for column in range(rows.shape[1]):
        mixed ^= rows[:, column]
        mixed *= _PRIME
        mixed ^= mixed >> _SHIFT
    return mixed.astype("<u8")


def jaccard(left: NDArray[np.uint32], right: NDArray[np.uint32]) -> float:
    """True Jaccard similarity of two sets, each sorted and unique; 1.0 for two empty ones."""
    if not len(left) or not len(right):
        return float(len(left) == len(right))
    common = len(np.intersect1d(left, right, assume_unique=True))
    return common / (len(left) + len(right) - common)
