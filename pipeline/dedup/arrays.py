"""The packed records that travel between workers, and how they are cut into partitions.

A document's place is `split << 32 | row`: unique, and it says where the text lies. Places number the splits of one run,
so they never reach an output: outputs hold doc_ids, and choices are made by content or doc_id.
"""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

# 24 bytes for each band of each document. `digest` is the low half of the text's blake2b-128: copies of one text share it.
BAND = np.dtype([("hash", "<u8"), ("digest", "<u8"), ("place", "<u8")])
# A pair, a < b; `exact` pairs have equal 128-bit digests, of text or of doc_id, and need no verification.
PAIR = np.dtype([("a", "<u8"), ("b", "<u8"), ("exact", "u1")])
# `exact` of an edge and of a member is an index into KINDS.
EDGE = np.dtype([("a", "<u8"), ("b", "<u8"), ("similarity", "<f4"), ("exact", "u1")])
# A member of a cluster: `root` names the cluster while the run lasts.
MEMBER = np.dtype([("place", "<u8"), ("root", "<u8"), ("similarity", "<f4"), ("exact", "u1")])

# Where a partition finds what a split wrote for it: a range of the split's file.
RANGE = np.dtype([("split", "<u4"), ("start", "<u8"), ("length", "<u8")])

KINDS = ("near", "exact", "same_record")
ESTIMATED = "estimated"  # kind of a near copy of a released document whose text is gone

_PRIME = np.uint64(0x9E3779B97F4A7C15)


def place(split: int, rows: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Places of rows of one split, shape (n,)."""
    return (np.uint64(split) << np.uint64(32)) | rows.astype(np.uint64)


def split_of(places: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Number of the split of each place."""
    return (places >> np.uint64(32)).astype(np.int64)


def row_of(places: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Row in its split of each place."""
    return (places & np.uint64(0xFFFFFFFF)).astype(np.int64)


def spread(values: NDArray[np.uint64], partitions: int) -> NDArray[np.int64]:
    """An even, stable partition number for each value."""
    mixed = values * _PRIME
    return ((mixed ^ (mixed >> np.uint64(29))) % np.uint64(partitions)).astype(np.int64)


def hash_ranges(hashes: NDArray[np.uint64], partitions: int) -> NDArray[np.int64]:
    """The partition of each hash by its range: bits 32 and up, scaled, so that partitions stay balanced."""
    return ((hashes >> np.uint64(32)) * np.uint64(partitions) >> np.uint64(32)).astype(np.int64)


def scatter(records: NDArray[np.void], targets: NDArray[np.int64]) -> Iterator[tuple[int, bytes]]:
    """Cut records into one packed message for each target."""
    if not len(records):
        return
    order = np.argsort(targets, kind="stable")
    found, starts = np.unique(targets[order], return_index=True)
    for target, rows in zip(found, np.split(order, starts[1:]), strict=True):
        yield int(target), records[rows].tobytes()


def filed(split: int, blocks: Iterable[tuple[int, bytes]]) -> tuple[bytes, list[tuple[int, bytes]]]:
    """One file of what a split has for many targets, and the range of it for each, packed as RANGE."""
    data, ranges, offset = [], [], 0
    for target, block in blocks:
        ranges.append((target, np.array([(split, offset, len(block))], RANGE).tobytes()))
        data.append(block)
        offset += len(block)
    return b"".join(data), ranges


def gather(parts: Iterable[bytes], dtype: np.dtype[np.void]) -> NDArray[np.void]:
    """Join packed messages; their order is the runner's, so callers sort before anything depends on it."""
    return np.frombuffer(b"".join(parts), dtype)
