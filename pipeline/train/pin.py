"""Pins a file: writes its entry into the folder's `asset.toml`, and the index `assets/assets.toml` from all folders.

Reads and writes TOML below an assets folder only. An entry is replaced by name; the other entries stay.
"""

import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from filters.assets import FIELDS, FRAGMENT, INDEX, ROOT, Asset, parse, sha256_of

_HEADER = "# Written by `beam_runner.py train`: every file, where it comes from, and the command that makes it again.\n"
_INDEX_HEADER = "# Generated from assets/*/asset.toml by `python -m pipeline.train.pin`. Do not edit.\n"


def pin(
    path: Path,
    *,
    name: str,
    licence: str,
    attribution: str,
    origin: str,
    command: str,
    calibration: Mapping[str, Any] | None = None,
) -> Asset:
    """Adds or replaces the entry `name` in the `asset.toml` beside `path`; returns the entry."""
    fragment = path.parent / FRAGMENT
    kept = _entries(fragment) if fragment.is_file() else ()
    pinned = Asset(
        name=name,
        file=path.name,
        sha256=sha256_of(path),
        bytes=path.stat().st_size,
        licence=licence,
        attribution=attribution,
        origin=origin,
        command=command,
        calibration=calibration or {},
    )
    rows = sorted([*(row for row in kept if row.name != name), pinned], key=lambda row: row.name)
    fragment.write_text(_HEADER + _toml(rows), encoding="utf-8")
    return pinned


def index_text(root: Path = ROOT) -> str:
    """The text of `assets/assets.toml`: the entries of every fragment, by name, with files relative to `root`."""
    rows: list[Asset] = []
    for fragment in sorted(root.glob(f"*/{FRAGMENT}")):
        folder = fragment.parent.name
        rows += parse(tomllib.loads(fragment.read_text(encoding="utf-8")), f"{folder}/{FRAGMENT}", f"{folder}/")
    return _INDEX_HEADER + _toml(sorted(rows, key=lambda row: row.name))


def write_index(root: Path = ROOT) -> Path:
    """Writes `assets/assets.toml` again."""
    path = root / INDEX
    path.write_text(index_text(root), encoding="utf-8")
    return path


def _entries(fragment: Path) -> tuple[Asset, ...]:
    return parse(tomllib.loads(fragment.read_text(encoding="utf-8")), f"{fragment.parent.name}/{FRAGMENT}")


def _toml(rows: Sequence[Asset]) -> str:
    parts: list[str] = []
    for row in rows:
        parts.append("\n[[asset]]\n")
        parts.extend(f"{key} = {_value(getattr(row, key))}\n" for key in FIELDS)
        if row.calibration:
            parts.append("[asset.calibration]\n")
            parts.extend(f"{key} = {_value(value)}\n" for key, value in row.calibration.items())
    return "".join(parts)


def _value(value: Any) -> str:
    """A TOML value: strings and numbers are written as in JSON, tables inline."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_value(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(_value(inner) for inner in value) + "]"
    return json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    write_index()
