"""Finished records of a split that is being read, on the local disk: after a fault the next child goes on behind them.

A frame is a pickled outcome, written without a buffer, so a crash costs at most the one that it cut. The folder belongs to
this user alone, since unpickling trusts it.
"""

import fcntl
import hashlib
import os
import pickle
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from filters.chain import Examined
from pipeline.pool import TaskFailedError
from schemas.records import Rejected


def claimed(path: str) -> IO[bytes]:
    """The spool file, for appending without a buffer; one without a name where another attempt at the split has it."""
    spool = open(path, "a+b", buffering=0)  # noqa: PTH123, SIM115 - the caller closes it
    try:
        fcntl.flock(spool, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        spool.close()
        return tempfile.TemporaryFile(buffering=0)
    return spool


def spooled(spool: IO[bytes]) -> Iterator[Examined | Rejected]:
    """Outcomes of an earlier attempt; a frame that the crash cut is dropped."""
    with open(spool.fileno(), "rb", closefd=False) as frames:
        frames.seek(0)
        good = 0
        while True:
            try:
                yield pickle.load(frames)  # noqa: S301 - our own file, in a folder that only this user can write to
            except (EOFError, pickle.UnpicklingError):
                spool.truncate(good)
                return
            good = frames.tell()


def spool_path(*identity: object) -> str:
    """A file for the finished records of a split, in a folder of this user alone; the same for the same identity.

    Raises:
        TaskFailedError: another user has made the folder.

    """
    folder = Path(tempfile.gettempdir()) / f"millrace-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid() or folder.stat().st_mode & 0o077:
        raise TaskFailedError(f"{folder} is open to other users: remove it, or set TMPDIR")
    name = hashlib.blake2b("\n".join(map(str, identity)).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    return str(folder / f"{name}.spool")
