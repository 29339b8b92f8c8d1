"""The tasks of repeated lines: count those of one split's kept documents, and say which of them the dataset leaves out.

Read documents/ and decisions/ of a part; the second commits repeats/. Run in the pool's children.
"""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.decide import KEEP
from pipeline.dedup.arrays import gather, hash_ranges, scatter
from pipeline.part_task import PartTask
from pipeline.pool import Announce
from pipeline.repeats import COMMON, RepeatsSpec, counted, repeats
from pipeline.snapshot import Commit, Snapshot

REPEATS_STAGE = "repeats"


def kept_documents(snapshot: Snapshot, part: str, columns: list[str]) -> pa.Table:
    """Those of one part, in its order."""
    verdicts = snapshot.read("decisions", part, ["verdict"])["verdict"]
    return snapshot.read("documents", part, columns).filter(pc.equal(verdicts, KEEP))


@dataclass(frozen=True, slots=True, kw_only=True)
class CountTask(PartTask):
    """Lines of one split's kept documents, for the partitions that add them up."""

    number: int
    part: str
    partitions: int

    def run(self, announce: Announce) -> list[tuple[int, bytes]]:
        """Packed LINE records by partition."""
        announce(0, 0.0)
        kept = kept_documents(self.snapshot, self.part, ["text", "url"])
        lines = counted(self.number, kept["text"].to_pylist(), kept["url"].to_pylist())
        return list(scatter(lines, hash_ranges(lines["hash"], self.partitions)))


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatsTask(PartTask):
    """What the dataset leaves out of one split's kept documents; commits repeats/."""

    part: str
    told: bytes
    spec: RepeatsSpec

    def run(self, announce: Announce) -> Commit:
        """Find and commit."""
        announce(0, 0.0)
        if done := self.snapshot.committed(REPEATS_STAGE, self.part, self.fingerprint):
            return done
        kept = kept_documents(self.snapshot, self.part, ["doc_id", "text", "url"])
        ids, texts, urls = (kept[name].to_pylist() for name in ("doc_id", "text", "url"))
        table = repeats(ids, texts, urls, gather([self.told], COMMON), self.spec)
        counts = {name: pc.sum(table[name]).as_py() or 0 for name in table.column_names[2:]}
        counts["changed"] = int(pc.sum(pc.greater(table["removed_bytes"], 0)).as_py() or 0)
        return self.snapshot.commit(
            stage=REPEATS_STAGE,
            part=self.part,
            fingerprint=self.fingerprint,
            tables={REPEATS_STAGE: table},
            counts=counts,
        )
