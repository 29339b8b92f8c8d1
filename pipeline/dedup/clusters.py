"""Clusters: who belongs to which, and which member stands for it.

The representative is chosen among the members that pass every rule, in the recipe's order; ties go to the smallest
doc_id, then to the smallest location hash (the same record in two input files has one doc_id).
"""

import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import Field, field_validator
from pydantic.dataclasses import dataclass

from filters.spec import SPEC
from pipeline import storage
from pipeline.dedup.arrays import EDGE, MEMBER, row_of
from pipeline.dedup.components import roots
from pipeline.dedup.stars import Stars, cut_into_stars
from pipeline.snapshot import Snapshot

_PREFERENCES = ("most_trusted", "longest", "shortest", "newest", "oldest")
MAX_PREFERENCES = 6
_FINEWEB2 = MappingProxyType({1: 1, 2: 2, 3: 3, 5: 5, 100: 8, 1000: 1})  # huggingface/fineweb-2, misc/rehydration
RELEASED = 3  # rank of what an earlier snapshot released: above whatever this run can keep

# A member on its way to the partition that chooses; `score` holds the recipe's preferences, larger is better.
# `snapshot` is 0 for this one, k for the k-th of `against`; `gone` says that the text is no longer stored.
CANDIDATE = np.dtype(
    [
        ("root", "<u8"),
        ("place", "<u8"),
        ("doc_id", "S32"),
        ("location", "<u8"),
        ("snapshot", "<u4"),
        ("gone", "u1"),
        ("rank", "u1"),
        ("score", "<f8", (MAX_PREFERENCES,)),
        ("similarity", "<f4"),
        ("exact", "u1"),
    ]
)
# What the split learns of its row; `snapshot` and `gone` are the representative's.
CHOICE = np.dtype(
    [
        ("place", "<u8"),
        ("cluster_id", "S32"),
        ("representative", "S32"),
        ("snapshot", "<u4"),
        ("gone", "u1"),
        ("chosen", "u1"),
        ("size", "<i8"),
        ("similarity", "<f4"),
        ("exact", "u1"),
    ]
)


@dataclass(frozen=True, kw_only=True, config=SPEC)
class DuplicatesSpec:
    """Recipe table `[duplicates]`: from verified pairs to clusters. Changing `threshold`, `prefer` or trust re-decides only."""

    enabled: bool = True
    """False keeps every copy; clusters are still recorded."""
    threshold: Annotated[float, Field(ge=0.5, le=1)] = 0.8
    """Least true Jaccard similarity of two documents of one cluster's edge. .8 is FineWeb's and datatrove's target."""
    floor: Annotated[float, Field(ge=0, le=1)] = 0.5
    """Verified pairs at or above this are stored, so that `decide` can try other thresholds."""
    containment: Annotated[float | None, Field(ge=0.5, le=1)] = None
    """Where set: a pair counts too when the smaller of its shingle sets lies in the larger to this share (a quote inside
    a longer page); marin takes .75. None: similarity alone decides, which bounds every cluster (docs/dedup.md)."""
    max_bucket: Annotated[int, Field(ge=2, le=10_000)] = 64
    """Distinct texts in one LSH bucket that are compared all with all; larger buckets are compared along a chain."""
    max_cluster: Annotated[int, Field(ge=2)] = 1000
    """Distinct texts of one cluster above which it is taken for a template: its members then stay together only where
    they are at least .95 alike, and the report names it (marin met a template of 743,779 documents)."""
    prefer: tuple[str, ...] = ("most_trusted", "longest", "newest")
    """Order of preference: most_trusted, longest, shortest, newest, oldest, highest:SIGNAL, lowest:SIGNAL."""
    source_trust: Mapping[str, float] = Field(default_factory=dict)
    """Trust of each source by name, for most_trusted; 0 where not named."""
    urls: Literal["all", "newest"] = "all"
    """Captures of one address in this snapshot: all that differ in text, or of those that pass every rule the newest."""
    payloads: Literal["all", "newest"] = "all"
    """Captures of one payload in this snapshot: all are extracted and become copies in a cluster, or the newest alone is
    extracted, and the others are in the ledger as `same_payload`. That costs a second pass over the input (.1 to .3 ms a
    record, and its bytes once more from an object store) and leaves `prefer` no choice among them."""
    repeat: Literal["once", "fineweb2"] | Mapping[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1, le=100)]] = (
        "once"
    )
    """How often a representative occurs in the dataset, by the least size of its cluster; "fineweb2" is the rehydration
    of FineWeb-2, {1 = 1, 2 = 2, 3 = 3, 5 = 5, 100 = 8, 1000 = 1}: what others copied was found worth more, up to a point."""
    against: tuple[str, ...] = ()
    """Earlier snapshots, each a folder, s3:// or gs:// of a finished run: what they released is not kept again. Where
    several released copies of one text, the first named stands for it. Name all of them: they do not name each other."""

    @field_validator("prefer")
    @classmethod
    def _known(cls, prefer: tuple[str, ...]) -> tuple[str, ...]:
        for name in prefer:
            if name not in _PREFERENCES and not name.startswith(("highest:", "lowest:")):
                raise ValueError(
                    f"unknown preference {name!r}: use {', '.join(_PREFERENCES)}, highest:SIGNAL or lowest:SIGNAL"
                )
        if len(prefer) > MAX_PREFERENCES:
            raise ValueError(f"at most {MAX_PREFERENCES} preferences")
        return prefer

    def copies(self, size: int) -> int:
        """How often a document of a cluster of that size occurs in the dataset."""
        if self.repeat == "once":
            return 1
        steps = _FINEWEB2 if isinstance(self.repeat, str) else self.repeat
        return next((steps[least] for least in sorted(steps, reverse=True) if size >= least), 1)

    @field_validator("against")
    @classmethod
    def _once(cls, against: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(against)) < len(against):
            raise ValueError("names a snapshot twice")
        return against


def edges_of(
    pairs: pa.Table, numbers: Mapping[str, int], threshold: float, containment: float | None = None
) -> NDArray[np.void]:
    """Stored pairs (verify.PAIRS) at or above the threshold, as edges between places of this run, dtype EDGE.

    With `containment`, pairs at or above that too, whatever their similarity.
    """
    # The table stores doubles, the arrays floats: compare before narrowing, so that a pair at .8 stays at .8.
    accepted = pc.greater_equal(pairs["similarity"], threshold)
    if containment is not None:
        accepted = pc.or_(accepted, pc.greater_equal(pairs["containment"], containment))
    pairs = pairs.filter(accepted)
    edges = np.zeros(pairs.num_rows, EDGE)
    for side in ("a", "b"):
        splits = np.array([numbers[name] for name in pairs[f"{side}_part"].to_pylist()], np.uint64)
        edges[side] = (splits << np.uint64(32)) | pairs[f"{side}_row"].to_numpy().astype(np.uint64)
    edges["similarity"] = pairs["similarity"].to_numpy()
    kinds = pairs["exact"].to_numpy(zero_copy_only=False).astype(np.uint8)
    kinds += pc.equal(pairs["a_id"], pairs["b_id"]).to_numpy(zero_copy_only=False).astype(np.uint8)
    edges["exact"] = kinds
    return edges


def members_of(a: NDArray[np.uint64], b: NDArray[np.uint64]) -> NDArray[np.void]:
    """Every clustered place with its root, dtype MEMBER, from the last forest."""
    nodes, root = roots(a, b)
    members = np.zeros(len(nodes), MEMBER)
    members["place"], members["root"] = nodes, root
    return members


def earlier_candidates(members: NDArray[np.void], snapshot: Snapshot, part: str, owner: int) -> NDArray[np.void]:
    """Members in one part of the `owner`-th earlier snapshot, dtype CANDIDATE; no text is read.

    Rank RELEASED is what it keeps; the others, rank 0, serve only to join copies of one text (`clustered`).
    """
    decided = snapshot.read("decisions", part, ["doc_id", "verdict"])
    rows = row_of(members["place"])
    kept = pc.equal(decided["verdict"], "keep").to_numpy(zero_copy_only=False)[rows]
    candidates = np.zeros(len(members), CANDIDATE)
    candidates["root"], candidates["place"] = members["root"], members["place"]
    candidates["doc_id"] = np.array(decided["doc_id"].take(pa.array(rows)).to_pylist(), "S32")
    candidates["snapshot"], candidates["rank"] = owner, np.where(kept, RELEASED, 0)
    candidates["score"][:, 0] = -owner
    candidates["gone"] = not storage.exists(snapshot.path("documents", f"{part}.parquet"))
    return candidates


def preference_scores(documents: pa.Table, signals: pa.Table, spec: DuplicatesSpec) -> NDArray[np.float64]:
    """The recipe's preferences of each row, larger is better; shape (rows, MAX_PREFERENCES), missing values last."""
    scores = np.zeros((documents.num_rows, MAX_PREFERENCES))
    for column, name in enumerate(spec.prefer):
        if name == "most_trusted":
            scores[:, column] = [spec.source_trust.get(source, 0.0) for source in documents["source"].to_pylist()]
        elif name in ("longest", "shortest"):
            lengths = _floats(signals["text_chars"])
            scores[:, column] = lengths if name == "longest" else -lengths
        elif name in ("newest", "oldest"):
            times = _floats(documents["fetched_at"].cast(pa.int64()))
            scores[:, column] = times if name == "newest" else -times
        else:
            order, _, signal = name.partition(":")
            values = _floats(signals[signal])
            scores[:, column] = values if order == "highest" else -values
    return np.nan_to_num(scores, nan=-np.inf, posinf=np.inf, neginf=-np.inf)


def location_hashes(documents: pa.Table) -> NDArray[np.uint64]:
    """A stable number for where each document was read, to tell two copies of one record apart."""
    keys = (f"{where['file']}:{where['offset']}" for where in documents["location"].to_pylist())
    digests = b"".join(hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest() for key in keys)
    return np.frombuffer(digests, "<u8")


def clustered(candidates: NDArray[np.void], halves: NDArray[np.void], max_texts: int) -> tuple[NDArray[np.void], Stars]:
    """The members of clusters, dtype CANDIDATE, `root` now the place of their star's centre; and what was cut.

    What resembles a released document is its star, whatever else it resembles. Documents that an earlier snapshot does
    not keep (dropped, or taken down) are no members.

    Args:
        candidates: all documents of a partition's components.
        halves: all halves of their edges, dtype HALF.
        max_texts: see DuplicatesSpec.max_cluster.

    """
    old = candidates["snapshot"] > 0
    released, withdrawn = old & (candidates["rank"] == RELEASED), old & (candidates["rank"] < RELEASED)
    found = cut_into_stars(
        candidates["place"], candidates["doc_id"], halves, max_texts, released=released, withdrawn=withdrawn
    )
    members = candidates.copy()
    members["root"] = candidates["place"][found.centre]
    members["similarity"], members["exact"] = found.similarity, found.exact
    return members[(found.similarity > 0) & ~withdrawn], found


def choose(candidates: NDArray[np.void]) -> NDArray[np.void]:
    """One representative for each cluster, dtype CHOICE, one row a candidate; all members of a root must be present.

    `rank` orders verdicts: 3 was released by an earlier snapshot, 2 passes every rule, 1 is quarantined, 0 is dropped.
    Members of earlier snapshots count for the size, but get no row, nor does a document that stands alone.
    """
    keys = [candidates["location"], candidates["doc_id"]]
    keys += [-candidates["score"][:, column] for column in reversed(range(MAX_PREFERENCES))]
    keys += [-candidates["rank"].astype(np.int8), candidates["root"]]
    ordered = candidates[np.lexsort(keys)]
    first = np.concatenate([[True], ordered["root"][1:] != ordered["root"][:-1]]) if len(ordered) else np.empty(0, bool)
    starts = np.flatnonzero(first)
    cluster = np.cumsum(first) - 1
    own = ordered["snapshot"] == 0
    by_id = ordered["doc_id"][np.lexsort((ordered["doc_id"], ~own, ordered["root"]))]
    choices = np.zeros(len(ordered), CHOICE)
    for field in ("place", "similarity", "exact"):
        choices[field] = ordered[field]
    choices["chosen"] = first
    for field, source in (("representative", "doc_id"), ("snapshot", "snapshot"), ("gone", "gone")):
        choices[field] = ordered[source][starts][cluster]
    choices["cluster_id"] = by_id[starts][cluster]
    choices["size"] = np.diff(np.append(starts, len(ordered)))[cluster]
    shown: NDArray[np.void] = choices[own & (choices["size"] > 1)]
    return shown


def _floats(column: pa.ChunkedArray) -> NDArray[np.float64]:
    values: NDArray[np.float64] = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
    return values
