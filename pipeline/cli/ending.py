"""How the command line ends: at once, and with every process that it started."""

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn


def end_process(code: int) -> NoReturn:
    """End without an orderly shutdown of the interpreter.

    Threads of C++ libraries (Arrow's, gRPC's) now and then abort one that shuts down in order ("terminate called without an
    active exception", exit code 134), after all work is done and written. What Beam would stop in `atexit`, Prism's
    server, is killed here, as is any other child.
    """
    for pid in _children():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    sys.stderr.flush()  # not standard output, which a signal may have interrupted in the middle of a write
    os._exit(code)


def _children() -> Iterator[int]:
    """Processes whose parent is this one; none where there is no /proc."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has just ended
            state, parent = path.read_text(errors="replace").rpartition(")")[2].split()[:2]
            if int(parent) == os.getpid() and state != "Z":
                yield int(path.parent.name)
