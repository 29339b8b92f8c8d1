"""Runs the pipeline by its command line, as a user does, and reads the tables that it leaves."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from benchmarks.quality.figures import ROOT


class RunError(RuntimeError):
    """A run of the pipeline ended with another exit code than 0."""


@dataclass(frozen=True)
class Tables:
    """The tables of one finished snapshot, as lists of rows."""

    folder: Path

    @cached_property
    def documents(self) -> list[dict[str, Any]]:
        """documents/, signals/ and decisions/ joined by doc_id and place; `file` is the input's base name."""
        decided = {_place(row): row for row in self._rows("decisions")}
        measured = {_place(row): row for row in self._rows("signals")}
        return [
            {
                **row,
                "signals": measured[_place(row)],
                **decided[_place(row)],
                "file": Path(row["location"]["file"]).name,
            }
            for row in self._rows("documents")
        ]

    @cached_property
    def ledger(self) -> list[dict[str, Any]]:
        """ledger/, with `file`."""
        return [{**row, "file": Path(row["location"]["file"]).name} for row in self._rows("ledger")]

    @cached_property
    def duplicates(self) -> list[dict[str, Any]]:
        """duplicates/."""
        return self._rows("duplicates")

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """manifest.json."""
        found: dict[str, Any] = json.loads((self.folder / "manifest.json").read_bytes())
        return found

    def _rows(self, table: str) -> list[dict[str, Any]]:
        found = []
        for part in sorted((self.folder / table).glob("*.parquet")):
            found += [
                {**row, "part": part.name, "row": index} for index, row in enumerate(pq.read_table(part).to_pylist())
            ]
        return found


def _place(row: dict[str, Any]) -> tuple[str, int]:
    return row["part"], row["row"]


def run(recipe: Path, inputs: Sequence[str | Path], output: Path, *, settings: Sequence[str] = ()) -> Tables:
    """Run a recipe over the inputs with two workers; what is already there and valid is not run again.

    Raises:
        RunError: with the last lines that the run printed.
    """
    command = [
        sys.executable,
        "beam_runner.py",
        "run",
        str(recipe),
        "--output",
        str(output),
        "--workers",
        "2",
        "--overwrite",
    ]
    command += [part for path in inputs for part in ("--input", str(path))]
    command += [part for setting in settings for part in ("--set", setting)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RunError(f"{' '.join(command[1:5])} ended with exit code {done.returncode}:\n{done.stderr[-3000:]}")
    return Tables(output)
