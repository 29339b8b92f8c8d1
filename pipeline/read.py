"""The read stage for one split: records in, documents/, signals/, fingerprints/ and ledger/ out, all or nothing.

Runs as a task of pipeline/pool.py. Finished records go to a spool file, so that after a fault the next child goes on
where the last one died. A record that hangs, crashes or exhausts memory is tried once more and then quarantined: a
ledger row with its cause and location; the others are not lost.
"""

import gc
import pickle
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, TypeVar

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass as pydantic_dataclass

from filters.chain import Chain, ChainSpec, Examined, Found, open_chain
from filters.spec import SPEC
from pipeline.dedup.arrays import gather, row_of
from pipeline.dedup.payloads import COPY
from pipeline.pool import Announce, Fault, TaskFailedError
from pipeline.rows import tables_of
from pipeline.snapshot import Commit, Snapshot
from pipeline.sources import open_split
from pipeline.sources.spec import SourceSpec
from pipeline.splits import Split
from pipeline.spool import claimed, spooled
from schemas.records import Location, Page, Rejected

STAGE = "read"
READ_FAMILY = "read"  # of the tasks that need the models
_SHOWN_CHARS = 300  # of an exception's message in the ledger
# Records measured together: 8 take 16 % less time than one by one, 32 take 23 %. A crash costs as many again.
_TOGETHER, _TOGETHER_CHARS = 16, 1_000_000

ResultT = TypeVar("ResultT")


@pydantic_dataclass(frozen=True, kw_only=True, config=SPEC)
class LimitsSpec:
    """Recipe table `[limits]`: what one record may cost."""

    record_seconds: Annotated[float, Field(gt=0)] = 20.0
    """Deadline of a record. trafilatura's slowest honest page here took 2 s; a loaded machine is several times slower."""
    record_memory_bytes: Annotated[int, Field(ge=1 << 27)] = 1 << 30
    """What a child may allocate beyond its start."""
    error_budget: Annotated[float, Field(ge=0, le=1)] = 0.05
    """Largest share of a stage's records that may be quarantined before the run stops."""
    error_minimum: Annotated[int, Field(ge=0)] = 20
    """Quarantined records of a split below which the budget does not apply."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordsTask:
    """A task that goes through one split record by record, each within its limits."""

    split: Split
    source: SourceSpec
    chain: ChainSpec
    limits: LimitsSpec
    snapshot: Snapshot
    fingerprint: str

    @property
    def deadline_seconds(self) -> float:
        return self.limits.record_seconds

    @property
    def memory_bytes(self) -> int:
        return self.limits.record_memory_bytes

    @property
    def family(self) -> str:
        return READ_FAMILY

    def share_done(self, offset: int) -> float:
        """How much of the split lies before an offset."""
        return min(1.0, (offset - self.split.start) / max(1, self.split.end - self.split.start))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadTask(RecordsTask):
    """One split to read. `faults` are the attempts that failed: record, cause and detail of each."""

    spool: str
    copies: bytes = b""  # packed COPY: records that carry what another capture carries
    faults: tuple[tuple[int, str, str], ...] = ()

    def run(self, announce: Announce) -> Commit:
        """Read the split and commit its tables."""
        if done := self.snapshot.committed(STAGE, self.split.name, self.fingerprint):
            return done
        outcomes = list(self._outcomes(announce))
        _check_budget(outcomes, self.limits, self.split.uri)
        commit = _commit(self, outcomes)
        Path(self.spool).unlink(missing_ok=True)
        return commit

    def after_fault(self, fault: Fault) -> "ReadTask":
        """Note the fault against the record; the second one at a record quarantines it, a third gives the rest up.

        A child that dies before its first record was killed from outside: that is no record's fault.
        """
        if fault.cause == "error":
            raise TaskFailedError(fault.detail, fault.traceback)
        if fault.step < 0:
            return self
        return replace(self, faults=(*self.faults, (fault.step, fault.cause, fault.detail)))

    def _outcomes(self, announce: Announce) -> Iterator[Examined | Rejected]:
        chain = opened_chain(self.fingerprint, self.chain)
        records = open_split(self.split, self.source)
        last = self.split.start
        waiting = _Waiting(chain, 1 if self.faults else _TOGETHER)
        same = gather([self.copies], COPY)
        copy_of = dict(zip(row_of(same["place"]).tolist(), np.char.decode(same["of"]).tolist(), strict=True))
        with claimed(self.spool) as spool:
            done = list(spooled(spool))
            for index in range(1 << 62):
                faults = [fault for fault in self.faults if fault[0] == index]
                announce(index, self.share_done(last))
                gone = len(faults) > 2  # even reading past it fails: the source itself dies here
                record = None if gone else next(records, None)
                if index in copy_of and isinstance(record, Page):
                    record = _same_payload(record, copy_of[index])
                if record is not None and index < len(done):
                    outcomes = [done[index]]
                else:
                    outcomes = waiting.add(record, faults) if record is not None else waiting.measured()
                    for outcome in outcomes:
                        spool.write(pickle.dumps(outcome))
                yield from outcomes
                if record is None:
                    if gone:
                        yield _rest(self.split, last, faults[-1])
                    return
                last = record.location.offset


class _Waiting:
    """Records that wait to be measured together, in their order.

    A child that dies over them has announced the last one: the task is tried again with one record at a time, and then
    it is known which.
    """

    def __init__(self, chain: Chain, together: int) -> None:
        self._chain, self._together = chain, together
        self._records: list[Found | Rejected] = []
        self._chars = 0

    def add(self, record: Page | Rejected, faults: list[tuple[int, str, str]]) -> list[Examined | Rejected]:
        """Take one more; what is ready, if anything is."""
        found = record if isinstance(record, Rejected) else _examine(self._chain.find, record, faults)
        self._records.append(found)
        self._chars += len(found.text) if isinstance(found, Found) else 0
        return self.measured() if len(self._records) >= self._together or self._chars > _TOGETHER_CHARS else []

    def measured(self) -> list[Examined | Rejected]:
        """All that wait, measured."""
        records, self._records, self._chars = self._records, [], 0
        found = [record for record in records if isinstance(record, Found)]
        outcomes = iter(_measure(self._chain, found))
        return [record if isinstance(record, Rejected) else next(outcomes) for record in records]


_opened: dict[str, Chain] = {}


def opened_chain(fingerprint: str, spec: ChainSpec) -> Chain:
    """Models load once a child; the fingerprint stands for the spec, whose tables cannot be hashed."""
    if fingerprint not in _opened:
        _opened.clear()
        _opened[fingerprint] = open_chain(spec)
    return _opened[fingerprint]


def _measure(chain: Chain, found: list[Found]) -> Sequence[Examined | Rejected]:
    try:
        return chain.measure(found)
    except Exception:  # noqa: BLE001 - whichever of them it is: each alone has a boundary of its own
        gc.collect()
        return [_examine(lambda _: chain.measure([one])[0], one.page, []) for one in found]  # noqa: B023 - called at once


def _examine(examine: Callable[[Page], ResultT], page: Page, faults: list[tuple[int, str, str]]) -> ResultT | Rejected:
    if len(faults) == 2:
        return _quarantined(page, faults[-1][1], faults[-1][2])
    for attempt in (1, 2):
        try:
            return examine(page)
        except MemoryError:
            gc.collect()
            cause, detail = "memory", "the record needs more memory than limits.record_memory_bytes"
        except Exception as error:  # noqa: BLE001 - a record's boundary: whatever a parser raises costs this record only
            cause, detail = "error", f"{type(error).__name__}: {error}"[:_SHOWN_CHARS]
        if attempt == 2:
            break
    return _quarantined(page, cause, detail)


def _same_payload(page: Page, of: str) -> Rejected:
    return Rejected(
        stage=STAGE,
        reason="same_payload",
        location=page.location,
        url=page.url,
        doc_id=page.doc_id,
        detail=f"its payload is that of {of}",
    )


def _quarantined(page: Page, cause: str, detail: str) -> Rejected:
    return Rejected(
        stage=STAGE,
        reason=f"quarantined_{cause}",
        location=page.location,
        url=page.url,
        doc_id=page.doc_id,
        detail=detail,
    )


def _rest(split: Split, offset: int, fault: tuple[int, str, str]) -> Rejected:
    return Rejected(
        stage=STAGE,
        reason=f"quarantined_{fault[1]}",
        location=Location(file=split.uri, offset=offset, length=split.end - offset),
        value=float(split.end - offset),
        detail=f"the rest of the split cannot be read: {fault[2]}",
    )


def _check_budget(outcomes: list[Examined | Rejected], limits: LimitsSpec, uri: str) -> None:
    causes = [o.reason for o in outcomes if isinstance(o, Rejected) and o.reason.startswith("quarantined_")]
    if len(causes) > limits.error_minimum and len(causes) > limits.error_budget * len(outcomes):
        raise TaskFailedError(
            f"{uri}: {len(causes)} of {len(outcomes)} records were quarantined ({', '.join(sorted(set(causes)))}), "
            f"more than limits.error_budget = {limits.error_budget:g}"
        )


def _commit(task: ReadTask, outcomes: list[Examined | Rejected]) -> Commit:
    kept = [outcome for outcome in outcomes if isinstance(outcome, Examined)]
    rejected = [outcome for outcome in outcomes if isinstance(outcome, Rejected)]
    counts = {
        "records": len(outcomes),
        "documents": len(kept),
        "ledger": len(rejected),
        "quarantined": sum(item.reason.startswith("quarantined_") for item in rejected),
        "characters": sum(len(item.document.text) for item in kept),
    }
    return task.snapshot.commit(
        stage=STAGE, part=task.split.name, fingerprint=task.fingerprint, tables=tables_of(kept, rejected), counts=counts
    )
