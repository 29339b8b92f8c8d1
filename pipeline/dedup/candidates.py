"""From bands to candidate pairs, one range of band hashes at a time.

Copies of one text (equal digests) are joined in a star by the exact bands and meet other texts through one copy only,
so a text that a million pages repeat costs a million pairs, not a million squared. A bucket with more distinct texts
than `max_bucket` (a template, boilerplate) is hot: its texts, in the order of their digests, are compared with the
first `PIVOTS` and along a chain only, and the bucket is reported. The first are the same in every band, so real copies
in a hot bucket meet a common text; the pairs of a hot bucket are linear in it. Linear in the bands but for the pairs
inside a bucket, which `max_bucket` bounds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.dedup.arrays import BAND, PAIR, place

PIVOTS = 4
HOT_SAMPLES = 3
MAX_HOT_STORED = 100  # of one partition, the largest; all are counted
# A bucket that was cut: its hash, its distinct texts, its documents, the pairs that were compared, and some documents.
HOT = np.dtype(
    [("hash", "<u8"), ("texts", "<u8"), ("documents", "<u8"), ("compared", "<u8"), ("samples", "<u8", (HOT_SAMPLES,))]
)
HOT_BUCKETS = pa.schema(
    [
        ("bucket", pa.string()),  # 16 hexadecimal digits: the band's hash
        ("texts", pa.int64()),
        ("documents", pa.int64()),
        ("compared", pa.int64()),  # of texts * (texts - 1) / 2 pairs
        ("samples", pa.list_(pa.string())),  # doc_ids
    ]
)


@dataclass(frozen=True, slots=True)
class Candidates:
    """`pairs` sorted and unique, dtype PAIR; `hot` the buckets that `max_bucket` cut, largest first, dtype HOT."""

    pairs: NDArray[np.void]
    hot: NDArray[np.void]
    largest_bucket: int


def bands_of_split(
    split: int, doc_ids: list[str], digests: list[bytes], bands: list[bytes], shingles: NDArray[np.int64]
) -> NDArray[np.void]:
    """All bands of one split, dtype BAND: the LSH bands, one exact band that is the other half of the digest, and one of
    the doc_id, by which a record that two input files hold meets itself.

    Args:
        split: its number in this run.
        doc_ids: 32 hexadecimal digits each.
        digests: blake2b-128 of each document's key.
        bands: packed uint64 band hashes of each document.
        shingles: number of shingles of each document; a document without any is nobody's duplicate.

    """
    same_record = np.empty(len(doc_ids), BAND)
    ids = np.frombuffer(b"".join(bytes.fromhex(doc_id) for doc_id in doc_ids), "<u8").reshape(-1, 2)
    same_record["hash"], same_record["digest"] = ids[:, 1], ids[:, 0]
    same_record["place"] = place(split, np.arange(len(doc_ids)))
    rows = np.flatnonzero(shingles > 0)
    if not len(rows):
        return same_record
    halves = np.frombuffer(b"".join(digests[row] for row in rows), "<u8").reshape(-1, 2)
    hashes = np.frombuffer(b"".join(bands[row] for row in rows), "<u8").reshape(len(rows), -1)
    hashes = np.concatenate([halves[:, 1:], hashes], axis=1)
    records = np.empty(hashes.shape, BAND)
    records["hash"] = hashes
    records["digest"] = halves[:, :1]
    records["place"] = place(split, rows)[:, None]
    return np.concatenate([same_record, records.ravel()])


def candidate_pairs(records: NDArray[np.void], max_bucket: int) -> Candidates:
    """Pairs of documents that share a band, dtype PAIR.

    Args:
        records: dtype BAND, all records of a range of hashes, in any order.
        max_bucket: distinct texts of one bucket that are compared all with all.

    """
    records = _shared(records)
    records = records[np.lexsort((records["place"], records["digest"], records["hash"]))]
    if not len(records):
        return Candidates(np.empty(0, PAIR), np.empty(0, HOT), 0)
    hashes, digests, places = records["hash"], records["digest"], records["place"]
    new_hash = np.concatenate([[True], hashes[1:] != hashes[:-1]])
    new_text = new_hash | np.concatenate([[True], digests[1:] != digests[:-1]])
    new_bucket, first_of_text = np.flatnonzero(new_hash), np.flatnonzero(new_text)
    # Copies: a star around the first of its text in this bucket. Every bucket of the text gives the same star.
    owner = first_of_text[np.cumsum(new_text) - 1]
    copies = np.flatnonzero(owner != np.arange(len(records)))
    exact = np.zeros(len(copies), PAIR)
    exact["a"], exact["b"], exact["exact"] = places[owner[copies]], places[copies], 1
    # Distinct texts of a bucket, each by its first copy.
    texts = places[first_of_text]
    starts = np.searchsorted(first_of_text, new_bucket)
    sizes = np.diff(np.append(starts, len(texts)))
    near = [_all_pairs(texts, starts, sizes, size) for size in np.unique(sizes[(sizes > 1) & (sizes <= max_bucket)])]
    cut = np.flatnonzero(sizes > max_bucket)
    hot = np.zeros(len(cut), HOT)
    for index, bucket in enumerate(cut):
        mine = texts[starts[bucket] : starts[bucket] + sizes[bucket]]
        near.append(_pivots_and_chain(mine))
        hot[index]["compared"], hot[index]["samples"] = len(near[-1]), mine[:HOT_SAMPLES]
    hot["hash"], hot["texts"] = hashes[new_bucket[cut]], sizes[cut]
    hot["documents"] = np.diff(np.append(new_bucket, len(records)))[cut]
    hot = hot[np.lexsort((hot["hash"], -hot["texts"].astype(np.int64)))]
    pairs = np.concatenate([exact, *near]) if near else exact
    return Candidates(unique_pairs(pairs), hot, int(sizes.max(initial=0)))


def hot_buckets(hot: NDArray[np.void], names: Sequence[str]) -> pa.Table:
    """Schema HOT_BUCKETS; `names` holds the doc_ids of all samples, in their order."""
    columns = {
        "bucket": [f"{value:016x}" for value in hot["hash"].tolist()],
        **{name: hot[name].tolist() for name in ("texts", "documents", "compared")},
        "samples": [list(names[row * HOT_SAMPLES : (row + 1) * HOT_SAMPLES]) for row in range(len(hot))],
    }
    return pa.table(columns, schema=HOT_BUCKETS)


def _shared(records: NDArray[np.void]) -> NDArray[np.void]:
    """The records whose hash another one has; most have none, and are not sorted by anything else."""
    hashes = np.ascontiguousarray(records["hash"])
    order = np.argsort(hashes)
    ordered = hashes[order]
    same = ordered[1:] == ordered[:-1]
    either = np.concatenate([[False], same]) | np.concatenate([same, [False]])
    shared: NDArray[np.void] = records[order[either[: len(records)]]]
    return shared


def unique_pairs(pairs: NDArray[np.void]) -> NDArray[np.void]:
    """Sorted, each pair once, a < b; exact wins over near."""
    ordered = np.empty(len(pairs), PAIR)
    ordered["a"] = np.minimum(pairs["a"], pairs["b"])
    ordered["b"] = np.maximum(pairs["a"], pairs["b"])
    ordered["exact"] = pairs["exact"]
    ordered = ordered[np.lexsort((1 - ordered["exact"].astype(np.int8), ordered["b"], ordered["a"]))]
    if len(ordered) < 2:
        return ordered
    same = (ordered["a"][1:] == ordered["a"][:-1]) & (ordered["b"][1:] == ordered["b"][:-1])
    first: NDArray[np.void] = ordered[np.concatenate([[True], ~same])]
    return first


def _all_pairs(
    texts: NDArray[np.uint64], starts: NDArray[np.int64], sizes: NDArray[np.int64], size: int
) -> NDArray[np.void]:
    """All pairs of every bucket of exactly `size` texts, in one pass."""
    left, right = np.triu_indices(size, 1)
    base = starts[sizes == size][:, None]
    pairs = np.zeros(base.shape[0] * len(left), PAIR)
    pairs["a"], pairs["b"] = texts[(base + left).ravel()], texts[(base + right).ravel()]
    return pairs


def _pivots_and_chain(texts: NDArray[np.uint64]) -> NDArray[np.void]:
    """The first `PIVOTS` with every later text, and each text with the next: linear, independent of order and workers."""
    pivots = range(min(PIVOTS, len(texts) - 2))
    first = [texts[:-1], *(np.repeat(texts[pivot], len(texts) - pivot - 2) for pivot in pivots)]
    second = [texts[1:], *(texts[pivot + 2 :] for pivot in pivots)]
    pairs = np.zeros(sum(map(len, first)), PAIR)
    pairs["a"], pairs["b"] = np.concatenate(first), np.concatenate(second)
    return pairs
