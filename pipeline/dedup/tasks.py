"""The tasks that find and verify candidate pairs, and the names of what they commit.

A split writes its bands, ordered by partition, and a partition reads its ranges of them. So it is again with shingle
sets (or, where a text is gone, sketches), of the documents that partitions ask for; then a partition commits pairs/ and
hot_buckets/. Run in the pool's children, as those of pipeline/stages.py.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from filters.fingerprint import FingerprintSpec
from pipeline import storage
from pipeline.dedup.against import asked_now, touched
from pipeline.dedup.arrays import BAND, PAIR, RANGE, filed, gather, hash_ranges, row_of, scatter, spread
from pipeline.dedup.candidates import HOT, MAX_HOT_STORED, bands_of_split, candidate_pairs, hot_buckets, unique_pairs
from pipeline.dedup.stars import Stars
from pipeline.dedup.verify import REQUEST, answers, unpack, verified_pairs
from pipeline.part_task import PartTask
from pipeline.pool import Announce
from pipeline.snapshot import Blob, Commit, Snapshot

BANDS_STAGE, SETS_STAGE = "bands", "sets"  # their files live until the end of the run
PAIRS_STAGE = "pairs"
CLUSTERS_STAGE = "clusters"  # what `choose` did in each partition: counts only
HOT_TABLE = "hot_buckets"
_READERS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class BandsTask(PartTask):
    """Bands of one split's fingerprints, ordered by the partition that has to see them; commits bands/."""

    source: Snapshot
    number: int
    part: str
    partitions: int

    def run(self, announce: Announce) -> list[tuple[int, bytes]]:
        """The range of the split's file of bands for each partition, packed."""
        announce(0, 0.0)
        table = self.source.read("fingerprints", self.part, ["doc_id", "digest", "bands", "shingles"])
        doc_ids, digests, bands = (table[name].to_pylist() for name in ("doc_id", "digest", "bands"))
        records = bands_of_split(self.number, doc_ids, digests, bands, table["shingles"].to_numpy())
        data, ranges = filed(self.number, scatter(records, hash_ranges(records["hash"], self.partitions)))
        _commit_blob(self, BANDS_STAGE, self.number, data, len(records))
        return ranges


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidatesTask(PartTask):
    """Candidate pairs of one partition of bands; commits nothing: pairs that are asked for meet in other partitions."""

    ranges: bytes
    own: int
    partitions: int
    max_bucket: int

    def run(self, announce: Announce) -> tuple[list[tuple[int, bytes]], bytes]:
        """Packed PAIR for each partition that has to judge them, and the packed HOT buckets."""
        announce(0, 0.0)
        records = touched(gather(_read_ranges(self.snapshot, BANDS_STAGE, self.ranges), BAND), self.own)
        found = candidate_pairs(records, self.max_bucket)
        pairs = asked_now(found.pairs, self.own)
        return list(scatter(pairs, spread(pairs["a"], self.partitions))), found.hot.tobytes()


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerTask(PartTask):
    """Shingle sets of one split's documents, for the partitions that ask for them; commits sets/."""

    source: Snapshot
    sketches: bool
    number: int
    part: str
    asked: bytes
    spec: FingerprintSpec

    def run(self, announce: Announce) -> list[tuple[int, bytes]]:
        """The range of the split's file of sets for each partition that asked, packed."""
        announce(0, 0.0)
        asked = gather([self.asked], REQUEST)
        if self.sketches or not asked["with_set"].any():
            documents = self.source.read("fingerprints", self.part, ["doc_id", "sketch"])
        else:
            rows = np.unique(row_of(asked["place"])).tolist()
            documents = self.source.read_rows("documents", self.part, rows, ["doc_id", "text", "language"])
        data, ranges = answers(self.number, asked, documents, self.spec)
        _commit_blob(self, SETS_STAGE, self.number, data, len(ranges))
        return ranges


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyTask(PartTask):
    """True similarity of one partition's candidate pairs; commits pairs/."""

    target: int
    pairs: bytes
    ranges: bytes
    hot: bytes
    parts: tuple[str, ...]
    floor: float
    containment: float | None

    def run(self, announce: Announce) -> Commit:
        """Verify and commit."""
        announce(0, 0.0)
        if done := self.snapshot.committed(PAIRS_STAGE, pairs_part(self.target), self.fingerprint):
            return done
        pairs = unique_pairs(gather([self.pairs], PAIR))
        sets = unpack(_read_ranges(self.snapshot, SETS_STAGE, self.ranges))
        table = verified_pairs(pairs, sets, list(self.parts), self.floor, self.containment)
        hot = gather([self.hot], HOT)
        shown = hot[:MAX_HOT_STORED]
        names = sets.names(sets.index(shown["samples"].ravel())).to_pylist()
        counts = {
            "candidates": len(pairs),
            "verified": table.num_rows,
            "hot_buckets": len(hot),
            "hot_documents": int(hot["documents"].sum()),
            "largest_bucket": int(hot["texts"].max(initial=0)),
        }
        return self.snapshot.commit(
            stage=PAIRS_STAGE,
            part=pairs_part(self.target),
            fingerprint=self.fingerprint,
            tables={"pairs": table, HOT_TABLE: hot_buckets(shown, names)},
            counts=counts,
        )


def _commit_blob(task: PartTask, stage: str, number: int, data: bytes, rows: int) -> None:
    part = _numbered(number)
    blob = Blob(name=f"{part}.{stage}", data=data, rows=rows, content="")
    task.snapshot.commit(stage=stage, part=part, fingerprint=task.fingerprint, tables={stage: blob}, counts={})


def _read_ranges(snapshot: Snapshot, stage: str, ranges: bytes) -> Iterator[bytes]:
    """What the splits have in these ranges, packed RANGE, of their files of a stage; in their order."""

    def read(where: Any) -> bytes:
        path = snapshot.path(stage, f"{_numbered(where['split'])}.{stage}")
        return storage.read_bytes(path, int(where["start"]), int(where["length"]))

    with ThreadPoolExecutor(_READERS) as readers:  # each range is a request on an object store
        yield from readers.map(read, gather([ranges], RANGE))


def _numbered(number: int) -> str:
    """Name of a part by the number of its split: parts of two snapshots can have one name."""
    return f"split-{number:06d}"


def pairs_part(target: int) -> str:
    """Name of a partition of pairs."""
    return f"part-{target:05d}"


def commit_clusters(snapshot: Snapshot, part: str, fingerprint: str, found: Stars, choices: NDArray[np.void]) -> Commit:
    """Say what became of one partition's components: how many were cut, and which clusters the guard cut."""
    counts = {
        "components": found.components,
        "largest_component": found.largest_component,
        "components_cut": found.cut,
        "clusters": int(choices["chosen"].sum()),
        "largest_cluster": int(choices["size"].max(initial=0)),
        "guarded": [{"doc_id": doc_id, "texts": texts} for doc_id, texts in found.guarded],
    }
    return snapshot.commit(stage=CLUSTERS_STAGE, part=part, fingerprint=fingerprint, tables={}, counts=counts)
