"""Where the time goes: CPU milliseconds of every step of a run, measured in one process.

`profile` runs the whole pipeline with `--workers 0`, so that every task runs in this process, with a clock of CPU time
around each step's function. A step's time is its own: what the steps that it calls take is theirs. The clocks cost
about 1 µs a call, which is in the figures. What is left between the clocks is "glue" of the stage that it is in.
"""

import pickle
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pyarrow.parquet
import trafilatura

from filters import by_trafilatura, chain, extract, measures
from filters.blocks import model
from pipeline import read, recipe, snapshot, sources, stages, storage
from pipeline.cli.run import run
from pipeline.dedup import tasks, transforms
from pipeline.report import write


@dataclass
class Clock:
    """Seconds of CPU time and calls by step; a step's label holds the labels of those that called it."""

    seconds: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)
    _local: threading.local = field(default_factory=threading.local)

    def around(self, label: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, timed."""

        @wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:
            stack = self._enter(label)
            try:
                return function(*args, **kwargs)
            finally:
                self._leave(stack)

        return timed

    def around_each(self, label: str, function: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
        """A function that returns an iterator, every step of which is timed."""

        @wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Iterator[Any]:
            items = function(*args, **kwargs)
            take = self.around(label, lambda: next(items, items))
            while (item := take()) is not items:
                yield item

        return timed

    def opened(self, label: str, opener: Callable[..., Any]) -> Callable[..., Any]:
        """An `open()` whose result is timed; loading the asset is a step of its own."""
        opener = self.around("load models and tables", opener)

        def open_timed(*args: Any, **kwargs: Any) -> Any:
            function = opener(*args, **kwargs)
            return self.around(label, function) if callable(function) else function

        return open_timed

    def _enter(self, label: str) -> list[list[Any]]:
        stack: list[list[Any]] = self._local.__dict__.setdefault("stack", [])
        now = time.thread_time()
        if stack:
            self.seconds[stack[-1][0]] += now - stack[-1][1]
            label = f"{stack[-1][0]} > {label}"
        stack.append([label, now])
        return stack

    def _leave(self, stack: list[list[Any]]) -> None:
        label, since = stack.pop()
        now = time.thread_time()
        self.seconds[label] += now - since
        self.calls[label] += 1
        if stack:
            stack[-1][1] = now


def profile(files: Sequence[Path], settings: Path, output: Path) -> tuple[Clock, float]:
    """Run the pipeline over the files; the clock, and the CPU seconds of this process for all of it."""
    clock = Clock()
    with ExitStack() as patches:
        for owner, name, wrapped in _steps(clock):
            patches.enter_context(patch.object(owner, name, wrapped))
        before = time.process_time()
        code = run(
            str(settings),
            output=str(output),
            inputs=[str(file) for file in files],
            workers=0,
            settings=(),
            overwrite=True,
            beam_options=(),
        )
        if code:
            raise RuntimeError(f"the run ended with code {code}")
        return clock, time.process_time() - before


def print_profile(files: Sequence[Path], settings: Path, output: Path) -> None:
    """Print the table: milliseconds by extracted page, calls, and the step with those that called it."""
    clock, total = profile(files, settings, output)
    pages = clock.calls["read > chain > extract"]
    print(
        f"{pages:,} pages extracted, {total:.1f} s of CPU time; outside of the steps {total - clock.seconds.total():.1f} s"
    )
    print(f"{'ms a page':>10}{'calls':>8}{'ms a call':>11}  step")
    for label, seconds in sorted(clock.seconds.items()):
        calls = clock.calls[label]
        print(f"{1000 * seconds / pages:10.3f}{calls:8d}{1000 * seconds / calls:11.3f}  {label}")


def _steps(clock: Clock) -> Iterator[tuple[Any, str, Any]]:
    """Owner, attribute and timed replacement of every step."""
    for spec_field in recipe.Recipe.__dataclass_fields__.values():
        if spec_field.name not in chain.ChainSpec.__dataclass_fields__:
            continue
        spec = spec_field.default_factory
        for name, label in (
            ("open", spec_field.name),
            ("open_glance", "prescreen: glance"),
            ("open_prescreen", "prescreen: language"),
        ):
            if hasattr(spec, name):
                yield spec, name, clock.opened(label, getattr(spec, name))
    for name in ("make_fold", "open_finders"):
        label = {"make_fold": "fold to key", "open_finders": "redact"}[name]
        yield chain, name, clock.opened(label, getattr(chain, name))
    for owner, name, label in (
        (chain, "plain_text", "prescreen: plain text"),
        (chain, "normalize", "normalize"),
        (chain, "make_view", "view (lines, words)"),
        (measures, "measure", "measures"),
        (extract, "read_blocks", "walk"),
        (model, "measure_blocks", "features"),
        (model, "second_opinion", "context and forests"),
        (extract, "write_blocks", "layout"),
        (by_trafilatura, "load_html", "trafilatura's parse"),
        (by_trafilatura, "remove_hidden", "remove hidden"),
        (extract, "extract_plain_text", "resiliparse"),
        (trafilatura, "extract", "trafilatura"),
        (read.ReadTask, "run", "read"),
        (read, "_examine", "chain"),
        (read, "_measure", "chain"),
        (read, "_commit", "tables"),
        (pickle, "dumps", "pickle"),
        (snapshot, "rows_hash", "content hash"),
        (snapshot, "parquet_bytes", "parquet"),
        (storage, "write_bytes", "write"),
        (pyarrow.parquet, "read_table", "read parquet"),
        (tasks.AnswerTask, "run", "shingles"),
        (tasks.VerifyTask, "run", "verify"),
        (stages.DecideTask, "run", "decide"),
        (stages, "failures", "rules"),
        (stages, "profile_split", "report profile"),
        (stages.TokenizeTask, "run", "tokenize"),
        (stages.ShardTask, "run", "shard"),
        (tasks.BandsTask, "run", "bands"),
        (tasks.CandidatesTask, "run", "candidates"),
        (transforms, "_cluster_candidates", "beam: cluster candidates"),
        (write, "write_report", "report"),
    ):
        yield owner, name, clock.around(label, getattr(owner, name))
    yield read, "open_split", clock.around_each("source", sources.open_split)
