"""The splits of a run, as workers get them: by the name of the file that lists them, not with every step of the graph.

A full segment of a crawl has tens of thousands of splits, and a dozen steps know the plan; Dataflow refuses large graphs.
Reads `run.json` of the snapshot, once in each worker process. Refuses where that file, or the code of Millrace, is not
the one that the run was planned with: a worker's image may be older than what its owner submitted.
"""

import functools
from collections.abc import Iterable
from typing import Any, Self

from pipeline.pool import TaskFailedError
from pipeline.recipe import code_hash, fingerprint
from pipeline.snapshot import Snapshot
from pipeline.splits import Split

RUN_FILE = "run.json"


class PlanChangedError(TaskFailedError):
    """The worker would do something else than was planned; one sentence."""


class StoredSplits(tuple[Split, ...]):  # noqa: SLOT001 - a tuple cannot have named slots
    """A tuple of splits that are listed in the snapshot's `run.json`; pickles as a reference to it."""

    snapshot: Snapshot

    def __new__(cls, snapshot: Snapshot, splits: Iterable[Split]) -> Self:
        """Splits, in their order, that `run.json` has or will have before anything is run."""
        stored = super().__new__(cls, splits)
        stored.snapshot = snapshot
        _loaded[snapshot, _digest(stored)] = stored
        return stored

    def __reduce__(self) -> tuple[Any, ...]:
        return _load, (self.snapshot, _digest(self), _code())


def _load(snapshot: Snapshot, digest: str, code: str) -> StoredSplits:
    if found := _loaded.get((snapshot, digest)):
        return found
    if _code() != code:
        raise PlanChangedError(
            "the workers have another version of Millrace than was submitted: build their image again"
        )
    listed = snapshot.read_json(RUN_FILE)
    splits = StoredSplits(snapshot, (Split(**split) for split in (listed or {"splits": ()})["splits"]))
    if _digest(splits) != digest:
        raise PlanChangedError(f"{snapshot.uri} was given other inputs after this run had begun")
    return splits


# Those of this process's runs: a dozen steps unpickle the same plan, and one that plans a run need not read it back.
_loaded: dict[tuple[Snapshot, str], StoredSplits] = {}


def _digest(splits: Iterable[Split]) -> str:
    return fingerprint([split.name for split in splits])


@functools.cache
def _code() -> str:
    return fingerprint(*(code_hash(stage) for stage in ("read", "decide", "tokens")))
