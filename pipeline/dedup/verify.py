"""True similarity of candidate pairs, from the shingle sets of the stored texts.

A split writes the sets of the documents that somebody asks for, hashed to 32 bits, into one file, cut by the partition
that asks; partitions read their ranges of it (docs/decisions/0007). Texts stay where they are, and sets never travel
through the shuffle. Memory of a partition: 4 bytes a shingle of its documents, and what one batch of pairs takes.

Linear in the shingles of the pairs: the two sets of every pair of a batch are laid side by side under the pair's
number and merged by one stable sort, which finds them sorted already; equal neighbours are what the pair shares.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from filters.fingerprint import FingerprintSpec, shingle_hashes, sketch_similarity
from filters.key import make_fold
from pipeline.dedup.arrays import filed, place, row_of, scatter, split_of

# One request: "send the shingle set of `place` to partition `target`"; exact pairs need only the doc_id.
REQUEST = np.dtype([("place", "<u8"), ("target", "<u4"), ("with_set", "u1")])
_COUNT = np.dtype("<u8")
_HEADER = np.dtype([("place", "<u8"), ("doc_id", "V16"), ("count", "<u4")])

_BATCH = 1 << 18  # shingles merged at once: 2 MiB of keys stay in the cache (10 us a pair of 500; 27 at 20 M)

PAIRS = pa.schema(
    [
        ("a_id", pa.string()),
        ("a_part", pa.dictionary(pa.int32(), pa.string())),
        ("a_row", pa.int64()),
        ("b_id", pa.string()),
        ("b_part", pa.dictionary(pa.int32(), pa.string())),
        ("b_row", pa.int64()),
        ("similarity", pa.float64()),  # true Jaccard similarity of the shingle sets
        ("containment", pa.float64()),  # share of the smaller set that the larger one has
        ("exact", pa.bool_()),
        ("estimated", pa.bool_()),  # by the sketches: the text of one, of an earlier snapshot, is gone
    ]
)


@dataclass(frozen=True, slots=True)
class ShingleSets:
    """Sets of many documents: that of `places[i]` is `hashes[starts[i] : starts[i] + counts[i]]`, sorted and unique.

    `places` is sorted; `doc_ids` has dtype V16; a count is 0 where only the id was asked for.
    """

    places: NDArray[np.uint64]
    doc_ids: NDArray[np.void]
    starts: NDArray[np.int64]
    counts: NDArray[np.int64]
    hashes: NDArray[np.uint32]

    def index(self, places: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Where these places are.

        Raises:
            KeyError: nobody sent one of them.

        """
        found = np.searchsorted(self.places, places)
        if len(places) and (
            not len(self.places) or (self.places[np.minimum(found, len(self.places) - 1)] != places).any()
        ):
            raise KeyError("a document that was asked for was not sent")
        return found

    def names(self, index: NDArray[np.int64]) -> pa.Array:
        """Their doc_ids, 32 hexadecimal digits each."""
        digits = self.doc_ids[index].tobytes().hex().encode()
        return pa.array(np.frombuffer(digits, "S32").astype(str), pa.string())


def requests(pairs: NDArray[np.void], target: int) -> Iterator[tuple[int, bytes]]:
    """What partition `target` needs to judge its pairs: (split, packed REQUEST) messages."""
    near = pairs["exact"] == 0
    needed = np.unique(np.concatenate([pairs["a"], pairs["b"]]))
    with_set = np.isin(needed, np.concatenate([pairs["a"][near], pairs["b"][near]]))
    yield from _request(needed, target, with_set)


def name_requests(places: NDArray[np.uint64], target: int) -> Iterator[tuple[int, bytes]]:
    """What partition `target` needs to name these places: their doc_ids alone."""
    yield from _request(np.unique(places), target, np.zeros(1, bool))


def _request(places: NDArray[np.uint64], target: int, with_set: NDArray[np.bool_]) -> Iterator[tuple[int, bytes]]:
    asked = np.zeros(len(places), REQUEST)
    asked["place"], asked["target"], asked["with_set"] = places, target, with_set
    yield from scatter(asked, split_of(places))


def answers(
    split: int, asked: NDArray[np.void], documents: pa.Table, spec: FingerprintSpec
) -> tuple[bytes, list[tuple[int, bytes]]]:
    """The file of sets of one split, and for each partition that asked its range, packed as RANGE.

    Args:
        split: its number in this run.
        asked: dtype REQUEST, in any order.
        documents: columns doc_id, text, language of the split; or doc_id, sketch, which then stands for the set.
        spec: the parameters that made the fingerprints.

    """
    fold = make_fold()
    asked = asked[np.lexsort((1 - asked["with_set"].astype(np.int8), asked["place"], asked["target"]))]
    asked = asked[np.unique(asked[["target", "place"]], return_index=True)[1]]  # a set serves who asks for the name too
    ids = documents.column("doc_id")
    rows = np.unique(row_of(asked["place"]))
    wanted = np.isin(rows, row_of(asked["place"][asked["with_set"] == 1]))
    sets = [
        _set_of(documents, row, spec, fold) if with_set else _NONE
        for row, with_set in zip(rows.tolist(), wanted.tolist(), strict=True)
    ]
    counts = np.array([len(hashes) for hashes in sets], np.int64)
    header = np.zeros(len(rows), _HEADER)
    header["place"] = place(split, rows)
    header["doc_id"] = np.frombuffer(bytes.fromhex("".join(ids.take(pa.array(rows)).to_pylist())), "V16")
    hashes = np.concatenate([_NONE, *sets])
    starts = np.cumsum(counts) - counts
    blocks = []
    for target, first, end in _runs(asked["target"]):
        mine = np.searchsorted(rows, row_of(asked["place"][first:end]))
        sent = header[mine]
        sent["count"] = np.where(asked["with_set"][first:end] == 1, counts[mine], 0)
        picked = hashes[_elements(starts[mine], sent["count"].astype(np.int64))[1]]
        block = np.array([len(mine)], _COUNT).tobytes() + sent.tobytes() + picked.tobytes()
        blocks.append((int(target), block))
    return filed(split, blocks)


def unpack(blocks: Iterable[bytes]) -> ShingleSets:
    """The sets that splits sent to one partition."""
    headers, hashes = [np.empty(0, _HEADER)], [_NONE]
    for block in blocks:
        count = int(np.frombuffer(block, _COUNT, 1)[0])
        header = np.frombuffer(block, _HEADER, count, _COUNT.itemsize)
        headers.append(header)
        hashes.append(np.frombuffer(block, "<u4", offset=_COUNT.itemsize + header.nbytes))
    header = np.concatenate(headers)
    counts = header["count"].astype(np.int64)
    order = np.argsort(header["place"], kind="stable")
    starts = (np.cumsum(counts) - counts)[order]
    return ShingleSets(header["place"][order], header["doc_id"][order], starts, counts[order], np.concatenate(hashes))


def overlaps(sets: ShingleSets, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number of shingles that `left[i]` and `right[i]`, indices into the sets, have in common."""
    common = np.zeros(len(left), np.int64)
    sizes = sets.counts[left] + sets.counts[right]
    for first, end in _batches(sizes, _BATCH):
        keys = [_keyed(sets, side[first:end]) for side in (left, right)]  # two sorted runs: the sort is one merge
        merged = np.sort(np.concatenate(keys), kind="stable")
        shared = merged[1:][merged[1:] == merged[:-1]] >> _HALF
        common[first:end] = np.bincount(shared.astype(np.int64), minlength=end - first)
    return common


def similarities(
    pairs: NDArray[np.void], sets: ShingleSets, least: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """True Jaccard similarity and containment of each pair, two arrays of shape (n,); 1 for exact pairs.

    Pairs whose sizes alone say that the larger of the two lies below `least` are not compared, and get 0.
    """
    jaccard, contained = np.ones(len(pairs)), np.ones(len(pairs))
    near = np.flatnonzero(pairs["exact"] == 0)
    left, right = sets.index(pairs["a"][near]), sets.index(pairs["b"][near])
    small = np.minimum(sets.counts[left], sets.counts[right])
    large = np.maximum(sets.counts[left], sets.counts[right])
    possible = small >= least * large
    common = np.zeros(len(near), np.int64)
    common[possible] = overlaps(sets, left[possible], right[possible])
    jaccard[near] = common / np.maximum(small + large - common, 1)
    contained[near] = common / np.maximum(small, 1)
    return jaccard, contained


def verified_pairs(
    pairs: NDArray[np.void], sets: ShingleSets, parts: list[str], floor: float, containment: float | None = None
) -> pa.Table:
    """The pairs whose similarity is at least `floor`, schema PAIRS, sorted by ids: the true one, or that of sketches.

    Args:
        pairs: dtype PAIR; exact ones have similarity 1 by their 128-bit digests.
        sets: of all documents of the near pairs, ids of the others.
        parts: names of the splits by number; numbers from `len(parts)` on are the sketches of these (`against.by_sketch`).
        floor: least Jaccard similarity that is stored.
        containment: least containment that is stored whatever the similarity; None: similarity alone counts.

    """
    jaccard, contained = similarities(pairs, sets, floor if containment is None else 0.0)
    estimated = split_of(pairs["a"]) >= len(parts)
    jaccard[estimated] = sketch_similarity(jaccard[estimated])
    contained[estimated] = jaccard[estimated]
    keep = jaccard >= floor
    if containment is not None:
        keep |= contained >= containment
    pairs, jaccard, contained, estimated = pairs[keep], jaccard[keep], contained[keep], estimated[keep]
    names = pa.array(parts, pa.string())
    columns: dict[str, pa.Array] = {}
    for side in ("a", "b"):
        columns[f"{side}_id"] = sets.names(sets.index(pairs[side]))
        split = split_of(pairs[side]) % len(parts)
        columns[f"{side}_part"] = pa.DictionaryArray.from_arrays(pa.array(split, pa.int32()), names)
        columns[f"{side}_row"] = pa.array(row_of(pairs[side]), pa.int64())
    columns["similarity"] = pa.array(jaccard, pa.float64())
    columns["containment"] = pa.array(contained, pa.float64())
    columns["exact"] = pa.array(pairs["exact"] == 1, pa.bool_())
    columns["estimated"] = pa.array(estimated, pa.bool_())
    return pa.table(columns, schema=PAIRS).sort_by([("a_id", "ascending"), ("b_id", "ascending")])


def _set_of(documents: pa.Table, row: int, spec: FingerprintSpec, fold: Callable[[str], str]) -> NDArray[np.uint32]:
    if "sketch" in documents.column_names:
        values = np.frombuffer(documents["sketch"][row].as_py(), np.uint8).astype(np.uint32)
        return (np.arange(len(values), dtype=np.uint32) << np.uint32(8)) | values
    text, language = (documents[name][row].as_py() for name in ("text", "language"))
    return np.unique(shingle_hashes(fold(text), language, spec))


_NONE = np.empty(0, np.uint32)
_HALF = np.uint64(32)


def _keyed(sets: ShingleSets, index: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Pair number in the upper half, shingle in the lower: sorted, as the sets are."""
    pair, element = _elements(sets.starts[index], sets.counts[index])
    return (pair.astype(np.uint64) << _HALF) | sets.hashes[element]


def _elements(starts: NDArray[np.int64], counts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For runs of `counts[i]` elements from `starts[i]`: the run of each element, and where it is."""
    run = np.repeat(np.arange(len(counts)), counts)
    return run, np.arange(len(run)) + np.repeat(starts - (np.cumsum(counts) - counts), counts)


def _batches(sizes: NDArray[np.int64], limit: int) -> Iterator[tuple[int, int]]:
    """Cut into ranges of at most `limit` in sum, or of one."""
    ends = np.cumsum(sizes)
    first = 0
    while first < len(sizes):
        before = ends[first] - sizes[first]
        end = max(first + 1, int(np.searchsorted(ends, before + limit, side="right")))
        yield first, end
        first = end


def _runs(values: NDArray[np.uint32]) -> Iterator[tuple[int, int, int]]:
    """(value, first, end) of each run of equal values."""
    found, starts = np.unique(values, return_index=True)
    yield from zip(found.tolist(), starts.tolist(), [*starts[1:].tolist(), len(values)], strict=True)
