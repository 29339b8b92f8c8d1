"""Batches ahead of time, in one thread: hides the latency of an object store. Results are the same without it."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from loader.batches import Batch, Batches


def prefetch(batches: Batches, depth: int = 2) -> Iterator[tuple[Batch, dict[str, Any]]]:
    """Pairs of a batch and the state behind it; up to `depth` batches are made ahead.

    Save that state, not `batches.state()`, which is ahead. `batches` belongs to the thread until the iterator ends or
    is closed. To change weights meanwhile, close it, restore the last state, set the weights and start again, or set
    them for a later sample beforehand. An error while reading is raised here, after the batches before it.
    """

    def fetch() -> tuple[Batch, dict[str, Any]] | None:
        batch = next(batches, None)
        return None if batch is None else (batch, batches.state())

    with ThreadPoolExecutor(1, thread_name_prefix="millrace-prefetch") as thread:
        pending = deque(thread.submit(fetch) for _ in range(depth))
        while (item := pending.popleft().result()) is not None:
            pending.append(thread.submit(fetch))
            yield item
