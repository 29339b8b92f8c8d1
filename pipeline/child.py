"""The supervised child process: takes tasks from its parent, one at a time, and announces what it is about to do.

Started by pipeline/pool.py as `python -m pipeline.child REQUEST_FD REPLY_FD PARENT_PID`. It holds nothing that another
child would need, so that it can be killed at any moment.
"""

import ctypes
import os
import resource
import signal
import sys
import traceback
from multiprocessing.connection import Connection

from filters.assets import AssetError
from pipeline.pool import TaskFailedError
from pipeline.storage import StorageError

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Serve tasks until the parent closes the pipe."""
    requests = Connection(int(sys.argv[1]), writable=False)
    replies = Connection(int(sys.argv[2]), readable=False)
    _die_with_parent(int(sys.argv[3]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, which decides
    os.environ["TOKENIZERS_PARALLELISM"] = "false"  # the pool owns parallelism
    while True:
        try:
            task, memory_bytes = requests.recv()
        except EOFError:
            os._exit(0)  # at once: an orderly shutdown can be aborted by a C++ library's threads, with noise
        _limit_memory(memory_bytes)
        try:
            result = task.run(lambda step, fraction: replies.send(("step", step, fraction)))
        except Exception as error:  # noqa: BLE001 - the boundary of the process: the parent gets the cause and decides
            known = isinstance(error, StorageError | AssetError | TaskFailedError)  # one sentence, fit for a user
            message = str(error) if known else f"{type(error).__name__}: {error}"
            replies.send(("error", message, "" if known else traceback.format_exc()))
        else:
            replies.send(("done", result))
            task = result = None
        _give_back()


def _die_with_parent(parent: int) -> None:
    """Ask the kernel for SIGKILL when the spawning thread ends; the parent spawns from threads that live as long as it."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def _limit_memory(extra_bytes: int) -> None:
    """Let the address space grow by `extra_bytes` beyond what libraries and models have mapped by now; 0 lifts the limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = _mapped_bytes() + extra_bytes if extra_bytes and sys.platform == "linux" else hard
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def _give_back() -> None:
    """Let the kernel have what a task freed: a child waits for most of some stages, and the next one needs other things."""
    arrow = sys.modules.get("pyarrow")
    if arrow is not None:
        arrow.default_memory_pool().release_unused()
    if (
        sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)) is not None
    ):  # glibc has it
        trim(0)


def _mapped_bytes() -> int:
    with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123 - a kernel file
        return int(statm.read().split()[0]) * resource.getpagesize()


if __name__ == "__main__":
    main()
