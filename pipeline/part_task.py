"""The tasks that are done as a whole, a part at a time: how long they may take, and what follows a fault."""

from dataclasses import dataclass, replace
from typing import Self

from pipeline.pool import Fault, TaskFailedError
from pipeline.snapshot import Snapshot

PARTS_FAMILY = "parts"
_ATTEMPTS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeTask:
    """A task that is done as a whole: a few attempts, since its child may be killed from outside, then the run fails."""

    attempt: int = 1

    @property
    def deadline_seconds(self) -> float:
        return 3600.0  # a part is a few thousand documents: minutes at worst; an hour means that it hangs

    @property
    def memory_bytes(self) -> int:
        return 0

    @property
    def family(self) -> str:
        return PARTS_FAMILY

    def after_fault(self, fault: Fault) -> Self:
        if self.attempt == _ATTEMPTS or fault.cause == "error":
            raise TaskFailedError(fault.detail, fault.traceback)
        return replace(self, attempt=self.attempt + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartTask(WholeTask):
    """A task that commits a part of a stage."""

    snapshot: Snapshot
    fingerprint: str
