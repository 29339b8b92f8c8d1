"""The tasks that verify candidate pairs, and the names of what they commit.

A split writes the shingle sets (or, where its text is gone, the sketches) that partitions ask for; a partition reads its
ranges of them and commits pairs/ and hot_buckets/. Run in the pool's children, as those of pipeline/stages.py.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from filters.fingerprint import FingerprintSpec
from pipeline import storage
from pipeline.dedup.arrays import PAIR, gather, row_of
from pipeline.dedup.candidates import HOT, MAX_HOT_STORED, hot_buckets, unique_pairs
from pipeline.dedup.stars import Stars
from pipeline.dedup.verify import RANGE, REQUEST, answers, unpack, verified_pairs
from pipeline.part_task import PartTask
from pipeline.pool import Announce
from pipeline.snapshot import Blob, Commit, Snapshot

SETS_STAGE, PAIRS_STAGE = "sets", "pairs"
CLUSTERS_STAGE = "clusters"  # what `choose` did in each partition: counts only
HOT_TABLE = "hot_buckets"
_READERS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerTask(PartTask):
    """Shingle sets of one split's documents, for the partitions that ask for them; commits sets/, which live until the end."""

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
        part = sets_part(self.number)
        self.snapshot.commit(
            stage=SETS_STAGE,
            part=part,
            fingerprint=self.fingerprint,
            tables={SETS_STAGE: Blob(name=f"{part}.sets", data=data, rows=len(ranges), content="")},
            counts={},
        )
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
        with ThreadPoolExecutor(_READERS) as readers:  # each range is a request on an object store
            sets = unpack(readers.map(self._sets, gather([self.ranges], RANGE)))
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

    def _sets(self, where: Any) -> bytes:
        path = self.snapshot.path(SETS_STAGE, f"{sets_part(where['split'])}.sets")
        return storage.read_bytes(path, int(where["start"]), int(where["length"]))


def sets_part(number: int) -> str:
    """Name of the shingle sets of a split, by its number: parts of two snapshots can have one name."""
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
