"""Tasks for test_pool.py, in a module that the children can import."""

import ctypes
import os
from dataclasses import dataclass, replace

from pipeline.pool import Announce, Fault, TaskFailedError


@dataclass(frozen=True)
class Misbehave:
    """Does what `way` says at step 3, unless it was told to skip it."""

    way: str
    faults: tuple[Fault, ...] = ()
    deadline_seconds: float = 0.5
    memory_bytes: int = 0
    family: str = "any"

    def run(self, announce: Announce) -> list[int]:
        done = []
        for step in range(6):
            announce(step, step / 6)
            if step == 3 and not self.faults:
                misbehave(self.way)
            done.append(step)
        return done

    def after_fault(self, fault: Fault) -> "Misbehave":
        if self.way == "raise":
            raise TaskFailedError(fault.detail)
        return replace(self, faults=(*self.faults, fault))


@dataclass(frozen=True)
class Pid(Misbehave):
    way: str = ""

    def run(self, announce: Announce) -> int:
        announce(0, 0.0)
        return os.getpid()


@dataclass(frozen=True)
class Allocate(Misbehave):
    way: str = ""
    memory_bytes: int = 1 << 27
    deadline_seconds: float = 60.0

    def run(self, announce: Announce) -> str:
        announce(0, 0.0)
        try:
            return str(len(bytearray(1 << 29)))
        except MemoryError:
            return "refused"


def misbehave(way: str) -> None:
    if way == "loop":
        while True:
            pass
    if way == "gil":
        ctypes.PyDLL(None).sleep(60)  # PyDLL keeps the GIL, as a parser in C does
    if way == "crash":
        ctypes.string_at(0)
    if way == "exit":
        os._exit(3)
    if way == "raise":
        raise ValueError("a fault of ours")
