"""Run a command and measure its whole process tree: wall time, CPU time, and the largest memory at one moment."""

import contextlib
import resource
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

_INTERVAL_SECONDS = 0.2
_PSS_EVERY = 5  # samples: PSS costs the kernel milliseconds a process, RSS microseconds


class CommandError(Exception):
    """A measured command failed: what it was, and the end of what it said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a command took. `rss_bytes` counts shared pages once a process, `pss_bytes` once in all."""

    seconds: float
    cpu_seconds: float
    rss_bytes: int
    pss_bytes: int
    output: str


def measure(command: Sequence[str | Path], *, folder: Path, log: Path) -> Usage:
    """Run the command in `folder` to its end; its standard error goes to `log`.

    Raises:
        CommandError: it does not end with 0.
    """
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    with log.open("wb") as errors:
        process = subprocess.Popen(list(map(str, command)), cwd=folder, stdout=subprocess.PIPE, stderr=errors)
        peak = _Peak(process.pid)
        output, _ = process.communicate()
        seconds = time.monotonic() - start
        rss, pss = peak.stop()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode:
        said = log.read_text(errors="replace")[-2000:] + output.decode(errors="replace")[-1000:]
        raise CommandError(f"{' '.join(map(str, command))} ended with {process.returncode}:\n{said}")
    return Usage(
        seconds=seconds,
        cpu_seconds=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        rss_bytes=rss,
        pss_bytes=pss,
        output=output.decode(errors="replace"),
    )


class _Peak:
    """Samples the tree of a process from a thread until it is stopped."""

    def __init__(self, pid: int) -> None:
        self._root = psutil.Process(pid)
        self._rss = self._pss = 0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def stop(self) -> tuple[int, int]:
        """Largest sums of RSS and of PSS, bytes."""
        self._stopped.set()
        self._thread.join()
        return self._rss, self._pss

    def _sample(self) -> None:
        count = 0
        while not self._stopped.wait(_INTERVAL_SECONDS):
            with contextlib.suppress(psutil.NoSuchProcess):
                tree = [self._root, *self._root.children(recursive=True)]
                self._rss = max(self._rss, sum(map(_rss, tree)))
                if count % _PSS_EVERY == 0:
                    self._pss = max(self._pss, sum(map(_pss, tree)))
            count += 1


def _rss(process: psutil.Process) -> int:
    with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        return int(process.memory_info().rss)
    return 0


def _pss(process: psutil.Process) -> int:
    """Proportional set size, from the kernel's own sum (psutil adds up every mapping, ten times as slowly)."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text().split("\n"):
            if line.startswith("Pss:"):
                return int(line.split()[1]) << 10
    return 0
