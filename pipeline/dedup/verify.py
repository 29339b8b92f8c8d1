"""True similarity of candidate pairs, from the shingle sets of the stored texts.

A split sends the sets of the documents that somebody asks for, hashed to 32 bits, to the partitions that hold their
pairs; texts stay where they are. Memory of a partition: 4 bytes a shingle of its documents.
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from filters.fingerprint import FingerprintSpec, jaccard, shingle_hashes
from filters.key import make_fold
from pipeline.dedup.arrays import place, row_of, scatter, split_of

# One request: "send the shingle set of `place` to partition `target`"; exact pairs need only the doc_id.
REQUEST = np.dtype([("place", "<u8"), ("target", "<u4"), ("with_set", "u1")])
_HEADER = np.dtype([("place", "<u8"), ("doc_id", "V16"), ("count", "<u4")])

PAIRS = pa.schema(
    [
        ("a_id", pa.string()),
        ("a_part", pa.dictionary(pa.int32(), pa.string())),
        ("a_row", pa.int64()),
        ("b_id", pa.string()),
        ("b_part", pa.dictionary(pa.int32(), pa.string())),
        ("b_row", pa.int64()),
        ("similarity", pa.float64()),
        ("exact", pa.bool_()),
    ]
)


@dataclass(frozen=True, slots=True)
class ShingleSet:
    """`hashes` sorted and unique, uint32; empty where only the id was asked for."""

    doc_id: str
    hashes: NDArray[np.uint32]


def requests(pairs: NDArray[np.void], target: int) -> Iterator[tuple[int, bytes]]:
    """What partition `target` needs to judge its pairs: (split, packed REQUEST) messages."""
    near = pairs["exact"] == 0
    needed = np.unique(np.concatenate([pairs["a"], pairs["b"]]))
    with_set = np.isin(needed, np.concatenate([pairs["a"][near], pairs["b"][near]]))
    asked = np.zeros(len(needed), REQUEST)
    asked["place"], asked["target"], asked["with_set"] = needed, target, with_set
    yield from scatter(asked, split_of(needed))


def answers(
    split: int, asked: NDArray[np.void], documents: pa.Table, spec: FingerprintSpec
) -> Iterator[tuple[int, bytes]]:
    """Packed shingle sets of one split's documents: (partition, message).

    Args:
        split: its number in this run.
        asked: dtype REQUEST, in any order.
        documents: columns doc_id, text, language of the split.
        spec: the parameters that made the fingerprints.

    """
    fold = make_fold()
    ids, texts, languages = (documents.column(name) for name in ("doc_id", "text", "language"))
    sets: dict[int, NDArray[np.uint32]] = {}
    for row in np.unique(row_of(asked["place"][asked["with_set"] == 1])).tolist():
        sets[row] = np.unique(shingle_hashes(fold(texts[row].as_py()), languages[row].as_py(), spec))
    for target in np.unique(asked["target"]).tolist():
        mine = asked[asked["target"] == target]
        rows = np.unique(row_of(mine["place"]))
        wanted = set(row_of(mine["place"][mine["with_set"] == 1]).tolist())
        header = np.zeros(len(rows), _HEADER)
        header["place"] = place(split, rows)
        header["doc_id"] = np.frombuffer(b"".join(bytes.fromhex(ids[row].as_py()) for row in rows.tolist()), "V16")
        found = [sets[row] if row in wanted else np.empty(0, np.uint32) for row in rows.tolist()]
        header["count"] = [len(hashes) for hashes in found]
        yield target, struct.pack("<I", len(rows)) + header.tobytes() + b"".join(h.tobytes() for h in found)


def unpack(messages: Iterable[bytes]) -> dict[int, ShingleSet]:
    """Shingle sets by place."""
    sets: dict[int, ShingleSet] = {}
    for message in messages:
        (count,) = struct.unpack_from("<I", message)
        header = np.frombuffer(message, _HEADER, count, 4)
        offset = 4 + header.nbytes
        for where, doc_id, size in zip(
            header["place"].tolist(), header["doc_id"], header["count"].tolist(), strict=True
        ):
            sets[where] = ShingleSet(doc_id.tobytes().hex(), np.frombuffer(message, "<u4", size, offset))
            offset += 4 * size
    return sets


def verified_pairs(pairs: NDArray[np.void], sets: dict[int, ShingleSet], parts: list[str], floor: float) -> pa.Table:
    """The pairs whose true similarity is at least `floor`, schema PAIRS, sorted by ids.

    Exact pairs have similarity 1 by their 128-bit digests. `parts` names the splits by number.
    """
    similarity = np.ones(len(pairs))
    for index in np.flatnonzero(pairs["exact"] == 0).tolist():
        pair = pairs[index]
        similarity[index] = jaccard(sets[int(pair["a"])].hashes, sets[int(pair["b"])].hashes)
    keep = similarity >= floor
    pairs, similarity = pairs[keep], similarity[keep]
    names = pa.array(parts, pa.string())
    columns: dict[str, pa.Array] = {}
    for side in ("a", "b"):
        columns[f"{side}_id"] = pa.array([sets[where].doc_id for where in pairs[side].tolist()], pa.string())
        columns[f"{side}_part"] = pa.DictionaryArray.from_arrays(pa.array(split_of(pairs[side]), pa.int32()), names)
        columns[f"{side}_row"] = pa.array(row_of(pairs[side]), pa.int64())
    columns["similarity"] = pa.array(similarity, pa.float64())
    columns["exact"] = pa.array(pairs["exact"] == 1, pa.bool_())
    return pa.table(columns, schema=PAIRS).sort_by([("a_id", "ascending"), ("b_id", "ascending")])
