"""What a run shows while it runs: stage, share done, records per second, time left; a line every ten seconds without a terminal.

Beam gives metrics only at the end, so this watches the pool of this process; on other machines' workers there is
nothing to watch, and only the elapsed time is shown.
"""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from pipeline.pool import running_pool

# Tasks in the order of the stages, and what a person calls them.
_STAGES = (
    ("SurveyTask", "Comparing payloads"),
    ("ReadTask", "Reading"),
    ("BandsTask", "Finding candidates"),
    ("CandidatesTask", "Finding candidates"),
    ("AnswerTask", "Comparing"),
    ("VerifyTask", "Verifying duplicates"),
    ("DecideTask", "Deciding"),
    ("TokenizeTask", "Tokenising"),
    ("ShardTask", "Writing shards"),
)
_LINE_SECONDS = 10.0
_TICK_SECONDS = 0.2


@contextmanager
def watching(splits: int) -> Iterator[None]:
    """Show progress on standard error until the block ends."""
    console = Console(stderr=True)
    start = time.monotonic()
    if console.is_terminal:
        bar = Progress(
            TextColumn("{task.description:<21}"),
            BarColumn(),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        shown = bar.add_task("Starting", total=splits, note="")

        def draw() -> None:
            stage, done, note = _state(splits, time.monotonic() - start)
            bar.update(shown, description=stage, completed=done, note=note)

        with bar, meanwhile(draw, _TICK_SECONDS):
            yield
        return

    def say() -> None:
        stage, done, note = _state(splits, time.monotonic() - start)
        sys.stderr.write(f"{stage}: {done:.1f} of {splits} splits, {note}\n")

    with meanwhile(say, _LINE_SECONDS):
        yield


@contextmanager
def meanwhile(look: Callable[[], None], seconds: float) -> Iterator[None]:
    """Call `look` from a thread, every so many seconds, until the block ends."""
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(seconds):
            look()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        stop.set()
        watcher.join()


def _state(splits: int, seconds: float) -> tuple[str, float, str]:
    pool = running_pool()
    if pool is None:
        return "Starting", 0.0, ""
    kind, stage = next(((k, s) for k, s in reversed(_STAGES) if pool.steps[k] or pool.finished[k]), _STAGES[0])
    running = sum(fraction for task, fraction in list(pool.fractions.values()) if task == kind)
    done = min(float(splits), pool.finished[kind] + running)
    if kind != "ReadTask":
        return stage, done, f"{pool.finished[kind]} parts"
    rate = pool.steps[kind] / max(seconds, 1e-9)
    left = (splits - done) * seconds / done if done > 0 else 0.0
    return stage, done, f"{pool.steps[kind]:,} records, {rate:,.0f}/s, {_clock(left)} left"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
