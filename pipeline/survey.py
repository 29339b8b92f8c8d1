"""A pass over the records before the read stage, for recipes that extract one capture of each payload.

Opens each record and takes the exits that need no text, nothing more: .1 to .3 ms a record, where its extraction and
measures take 15. A record that cannot be surveyed, for whatever reason, is nobody's copy: the read stage says what it is.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from filters.chain import open_accept
from pipeline import storage
from pipeline.dedup.arrays import hash_ranges, scatter
from pipeline.dedup.payloads import PAYLOAD, payloads
from pipeline.pool import Announce, Fault, TaskFailedError
from pipeline.read import RecordsTask
from pipeline.snapshot import Blob
from pipeline.sources import open_split
from schemas.records import Page, Rejected

SURVEY_STAGE = "survey"


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyTask(RecordsTask):
    """Payloads of one split; commits survey/, which lives until the end of the run."""

    number: int
    partitions: int
    faults: tuple[int, ...] = ()

    def run(self, announce: Announce) -> list[tuple[int, bytes]]:
        """Packed PAYLOAD for each partition of digests."""
        name = f"{self.split.name}.{SURVEY_STAGE}"
        if self.snapshot.committed(SURVEY_STAGE, self.split.name, self.fingerprint):
            found = np.frombuffer(storage.read_bytes(self.snapshot.path(SURVEY_STAGE, name)), PAYLOAD)
        else:
            found = payloads(self.number, self._accepted(announce))
            self._commit(name, found)
        return list(scatter(found, hash_ranges(found["digest"], self.partitions)))

    def after_fault(self, fault: Fault) -> "SurveyTask":
        """Once more; after a second fault at one record the survey of this split ends before it."""
        if fault.cause == "error":
            raise TaskFailedError(fault.detail, fault.traceback)
        return self if fault.step < 0 else replace(self, faults=(*self.faults, fault.step))

    def _accepted(self, announce: Announce) -> Iterator[tuple[int, Page]]:
        accept = open_accept(self.chain)
        records = open_split(self.split, self.source)
        last = self.split.start
        for index in range(1 << 62):
            if self.faults.count(index) > 1:
                return
            announce(index, self.share_done(last))
            record = next(records, None)
            if record is None:
                return
            last = record.location.offset
            if isinstance(record, Rejected):
                continue
            try:
                accepted = accept(record)
            except Exception:  # noqa: BLE001, S112 - the read stage meets it again, and puts its cause in the ledger
                continue
            if not isinstance(accepted, Rejected):
                yield index, record

    def _commit(self, name: str, found: NDArray[np.void]) -> None:
        blob = Blob(name=name, data=found.tobytes(), rows=len(found), content="")
        self.snapshot.commit(
            stage=SURVEY_STAGE,
            part=self.split.name,
            fingerprint=self.fingerprint,
            tables={SURVEY_STAGE: blob},
            counts={},
        )
