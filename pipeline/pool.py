"""A bounded pool of supervised child processes that lives as long as the worker process.

A task is a picklable value with `run(announce)`; it announces each step, and how far it is, before it begins it. A step that takes longer
than its deadline, or whose process dies, is a fault: the child is killed, the task is told (`after_fault`) and started
again in a new child. Nothing here knows what a task does.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar

ResultT_co = TypeVar("ResultT_co", covariant=True)
Announce = Callable[[int, float], None]

# Arrow's own allocator keeps what it freed: 60 MB of a child's 320 after a shard, at no gain in speed.
_ALLOCATOR = {"ARROW_DEFAULT_MEMORY_POOL": "system"}
_START_ATTEMPTS = 2
_MAX_ATTEMPTS = 1000  # of one task: each fault costs a restart of .3 to 3 s, so this is an hour of nothing but faults
_START_SECONDS = 120.0  # imports and models take .3 to 3 s; a loaded machine may need far longer


class Task(Protocol[ResultT_co]):
    """What the pool runs."""

    @property
    def deadline_seconds(self) -> float:
        """The longest time between two announcements."""

    @property
    def memory_bytes(self) -> int:
        """How much the child may allocate beyond its start; 0 for no limit."""

    @property
    def family(self) -> str:
        """What may share a process: a child that is given a task of another family is replaced by a new one first."""

    def run(self, announce: "Announce") -> ResultT_co:
        """Do the work; call `announce(step, fraction)` before each step, with the share of the task that is done."""

    def after_fault(self, fault: "Fault") -> Self:
        """The task to try next, or raise `TaskFailedError`."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What happened to a child: `cause` is "timeout", "crash" or "error"; `step` is the one last announced (-1: none yet)."""

    cause: str
    step: int
    detail: str
    traceback: str = ""


class TaskFailedError(Exception):
    """A task cannot be finished: one sentence, and the traceback where the fault is ours."""

    def __init__(self, sentence: str, traceback: str = "") -> None:
        super().__init__(sentence, traceback)
        self.sentence, self.traceback = sentence, traceback

    def __str__(self) -> str:
        return self.sentence


class Pool:
    """At most `size` tasks at once, each in a child of its own; `size` 0 runs them in this process, for a debugger."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.steps: Counter[str] = Counter()  # for the progress bar: steps begun and tasks finished, by kind of task,
        self.finished: Counter[str] = Counter()
        self.fractions: dict[int, tuple[str, float]] = {}  # and how far each running task is
        self.failure: TaskFailedError | None = None  # the first cause, before Beam wraps it in its own traceback
        self._children: set[_Child] = set()
        self._lock = threading.Lock()
        self._local = threading.local()
        self._closed = False
        self._threads = ThreadPoolExecutor(max(1, size), thread_name_prefix="supervisor")
        self._slots = threading.Semaphore(max(1, size))

    def submit(self, task: Task[Any]) -> Future[Any]:
        """Start the task as soon as a child is free; blocks while all are busy."""
        if self.size == 0:
            future: Future[Any] = Future()
            future.set_result(task.run(self._count_steps(task)))
            self.finished[type(task).__name__] += 1
            return future
        self._slots.acquire()
        future = self._threads.submit(self._supervise, task)
        future.add_done_callback(lambda _: self._slots.release())
        return future

    def spread(self, task: Task[Any]) -> None:
        """Start the task once in each child and do not wait; nobody asks how it ends. Nothing is done for size 0."""
        for _ in range(self.size):
            self.submit(task)

    def result(self, future: Future[Any]) -> Any:
        """What a task gave; a failure is noted, since Beam wraps it in its own traceback."""
        try:
            return future.result()
        except TaskFailedError as error:
            self.failure = self.failure or error
            raise

    def kill(self) -> None:
        """Kill every child at once; their tasks fail. Waits for nothing, so a signal handler may call it."""
        self._closed = True
        for child in list(self._children):
            child.kill()

    def close(self) -> None:
        """Kill the children and wait for them and for the supervising threads."""
        self.kill()
        self._threads.shutdown(wait=True, cancel_futures=True)
        for child in list(self._children):
            child.reap()

    def _count_steps(self, task: Task[Any]) -> Announce:
        kind, slot = type(task).__name__, threading.get_ident()

        def count(_step: int, fraction: float) -> None:
            self.steps[kind] += 1
            self.fractions[slot] = (kind, fraction)

        return count

    def _supervise(self, task: Task[Any]) -> Any:
        count = self._count_steps(task)
        for attempt in range(_MAX_ATTEMPTS):
            if self._closed:
                raise TaskFailedError("the run was stopped")
            child = self._child(task.family)
            if self._closed:  # `kill` passed while this child was being made, and did not see it
                child.kill()
            outcome = child.run(task, count)
            if not isinstance(outcome, Fault):
                self.fractions.pop(threading.get_ident(), None)
                self.finished[type(task).__name__] += 1
                return outcome.value
            if outcome.cause != "error":
                self._drop_child()
            if self._closed:
                raise TaskFailedError("the run was stopped")
            if attempt >= _START_ATTEMPTS and outcome.step < 0:
                raise TaskFailedError(f"a worker process does not start: {outcome.detail}")
            task = task.after_fault(outcome)
        raise TaskFailedError(f"the task met {_MAX_ATTEMPTS} faults")

    def _child(self, family: str) -> "_Child":
        child: _Child | None = getattr(self._local, "child", None)
        if child is not None and child.family != family:
            # What freed models leave is not given back to the kernel: 150 MB of 300 after some thousand pages.
            self._drop_child()
            child = None
        if child is None:
            child = _Child(family)  # from this thread, which lives as long as the pool: see child._die_with_parent
            self._local.child = child
            with self._lock:
                self._children.add(child)
        return child

    def _drop_child(self) -> None:
        child: _Child = self._local.child
        self._local.child = None
        with self._lock:
            self._children.discard(child)
        child.kill()
        child.reap()


@dataclass(frozen=True, slots=True)
class _Done:
    value: Any


class _Child:
    """One child process and the pipes to it."""

    def __init__(self, family: str) -> None:
        self.family = family
        request_read, request_write = os.pipe()
        reply_read, reply_write = os.pipe()
        root = str(Path(__file__).resolve().parent.parent)
        path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
        # One numeric thread a child: the pool owns parallelism, and a second thread would only fight for the cores.
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "pipeline.child", str(request_read), str(reply_write), str(os.getpid())],
            pass_fds=(request_read, reply_write),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            env={**os.environ, **_ALLOCATOR, **threads, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
        )
        os.close(request_read)
        os.close(reply_write)
        self._requests = Connection(request_write, readable=False)
        self._replies = Connection(reply_read, writable=False)
        self._fresh = True

    def run(self, task: Task[Any], count: Announce) -> _Done | Fault:
        """Send the task and follow it to its end, or to its first fault."""
        step = -1
        deadline = max(task.deadline_seconds, _START_SECONDS) if self._fresh else task.deadline_seconds
        self._fresh = False
        try:
            self._requests.send((task, task.memory_bytes))
            while True:
                if not self._replies.poll(deadline):
                    return Fault("timeout", step, f"no result within {deadline:g} s")
                message = self._replies.recv()
                if message[0] == "done":
                    return _Done(message[1])
                if message[0] == "error":
                    return Fault("error", step, message[1], message[2])
                step = message[1]
                deadline = task.deadline_seconds
                count(step, message[2])
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return Fault("crash", step, f"the process ended with {_ending(self._process.wait())}")

    def kill(self) -> None:
        """Kill the whole process group. Waits for nothing: a second signal in the middle of a wait would deadlock."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def reap(self) -> None:
        """Wait until the process is gone."""
        self._process.wait()


def _ending(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


_current: Pool | None = None
_current_lock = threading.Lock()


def current_pool(size: int) -> Pool:
    """The pool of this worker process, made on first use. It lives in this module because it cannot be pickled."""
    global _current  # noqa: PLW0603 - the one place for a process-wide resource
    with _current_lock:
        if _current is None or _current.size != size:
            if _current is not None:
                _current.close()
            _current = Pool(size)
        return _current


def running_pool() -> Pool | None:
    """The pool, if this process has one: for progress and for cleaning up on a signal."""
    return _current
