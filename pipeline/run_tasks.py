"""Beam's side of the pool: a transform that turns elements into tasks and runs them in supervised children."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import PCollection
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.windowed_value import WindowedValue

from pipeline.pool import Task, current_pool

Emit = Callable[[Any, Any], Any]
Keyed = tuple[int, bytes]  # what travels: a number of a split or a partition, and a packed array


class RunTasks(beam.PTransform[Any, Any]):
    """Each element becomes a task; what comes out is `emit(element, result)`.

    Elements are taken while a child is free and results given as they come, so a slow part does not hold up others.
    """

    def __init__(self, workers: int, make_task: Callable[[Any], Task[Any]], emit: Emit) -> None:
        super().__init__()
        self.workers, self.make_task, self.emit = workers, make_task, emit

    def expand(self, elements: PCollection[Any]) -> PCollection[Any]:
        """One ParDo."""
        results: PCollection[Any] = elements | beam.ParDo(_RunInPool(self.workers, self.make_task, self.emit))
        return results


class _RunInPool(beam.DoFn):
    def __init__(self, workers: int, make_task: Callable[[Any], Task[Any]], emit: Emit) -> None:
        self.workers, self.make_task, self.emit = workers, make_task, emit
        self.running: dict[Future[Any], Any] = {}

    def start_bundle(self) -> None:
        self.running = {}

    def process(self, element: Any) -> Iterator[Any]:
        pool = current_pool(self.workers)
        task = self.make_task(element)
        self.running[pool.submit(task)] = element
        yield from self._finished([future for future in self.running if future.done()])

    def finish_bundle(self) -> Iterator[WindowedValue]:
        while self.running:
            done, _ = wait(self.running, return_when=FIRST_COMPLETED)
            for value in self._finished(done):
                yield WindowedValue(value, 0, (GlobalWindow(),))

    def _finished(self, futures: Iterable[Future[Any]]) -> Iterator[Any]:
        for future in futures:
            element = self.running.pop(future)
            yield self.emit(element, current_pool(self.workers).result(future))


def element_of(element: Any, _result: Any) -> Any:
    """Emits the element again."""
    return element


def first_of(element: tuple[int, Any], _result: Any) -> int:
    """Emits the key of the element."""
    return element[0]


def result_of(_element: Any, result: Any) -> Any:
    """Emits what the task gave."""
    return result
