"""Finds or builds KenLM's `lmplz` and `build_binary`: the Python package carries their source, but not the programs.

Looks on PATH, then in the project's `build/kenlm/`, and else builds them there (about 70 s) with CMake and Boost.
"""

import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from pipeline.train.texts import TrainingError

_ADVICE = (
    "Building it takes pip's package index, cmake, a C++ compiler and Boost (Debian: cmake g++ libboost-all-dev); or put "
    "lmplz and build_binary of another machine on PATH."
)
BUILD = Path(__file__).resolve().parent.parent.parent / "build" / "kenlm"


class ToolError(TrainingError):
    """A program is missing and cannot be built here, or it failed. One sentence, fit for a user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KenlmTools:
    """Paths of the two programs."""

    lmplz: Path
    build_binary: Path


def kenlm_tools(build: Path = BUILD) -> KenlmTools:
    """The programs, built first where they must be. Raises ToolError with what to install."""
    return _on_path() or _built(build) or _build(build)


def run(command: list[str], *, stdin: Path | None = None) -> None:
    """Runs one program to its end; ToolError with its last line when it fails."""
    source = stdin.open("rb") if stdin else None
    try:
        done = subprocess.run(command, stdin=source, capture_output=True, check=False)
    finally:
        if source:
            source.close()
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["it gave no message"]
        raise ToolError(f"{Path(command[0]).name} failed with exit code {done.returncode}: {lines[-1]}")


def _on_path() -> KenlmTools | None:
    lmplz, binary = shutil.which("lmplz"), shutil.which("build_binary")
    return KenlmTools(lmplz=Path(lmplz), build_binary=Path(binary)) if lmplz and binary else None


def _built(build: Path) -> KenlmTools | None:
    for lmplz in sorted(build.glob("**/bin/lmplz")):
        if (binary := lmplz.with_name("build_binary")).is_file():
            return KenlmTools(lmplz=lmplz, build_binary=binary)
    return None


def _build(build: Path) -> KenlmTools:
    if missing := [name for name in ("cmake", "make", "c++") if not shutil.which(name)]:
        raise ToolError(
            f"Training a language model needs KenLM's lmplz, which is not on PATH and cannot be built without "
            f"{', '.join(missing)}: install cmake, a C++ compiler and Boost (Debian: cmake g++ libboost-all-dev)."
        )
    try:
        return _compile(build)
    except ToolError as error:
        raise ToolError(
            f"Training a language model needs KenLM's lmplz, which is not on PATH and could not be built: {error} "
            f"{_ADVICE}"
        ) from error


def _compile(build: Path) -> KenlmTools:
    build.mkdir(parents=True, exist_ok=True)
    source = f"kenlm=={version('kenlm')}"
    run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", "kenlm", "-d", str(build), source])
    archive = next(iter(sorted(build.glob("kenlm-*.tar.gz"))), None)
    if archive is None:
        raise ToolError(f"pip downloaded no source archive of {source} into build/kenlm.")
    with tarfile.open(archive) as tar:
        tar.extractall(build, filter="data")
    tree = build / archive.name.removesuffix(".tar.gz")
    run(["cmake", "-S", str(tree), "-B", str(tree / "build"), "-DCMAKE_BUILD_TYPE=Release"])
    run(["make", "-C", str(tree / "build"), "-j2", "lmplz", "build_binary"])
    found = _built(build)
    if found is None:
        raise ToolError("KenLM was built, but its programs are not in build/kenlm.")
    return found
