"""Pinned assets: small models, word lists and indexes that ship in `assets/`.

Reads `assets/assets.toml` (written by `pipeline.train.pin.write_index` from every `assets/*/asset.toml`) and, for a
file of the user's own, the `asset.toml` beside it, if there is one. Returns paths and what is known of them. It never
downloads, and it never returns a file whose content is not the pinned one.
"""

import functools
import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent / "assets"
INDEX = "assets.toml"
FRAGMENT = "asset.toml"
FIELDS = ("name", "file", "sha256", "bytes", "licence", "attribution", "origin", "command")


class AssetError(Exception):
    """An asset is missing, altered or badly described. One sentence, fit for a user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One pinned file. `file` is relative to `assets/`; `command` makes the file again.

    `calibration` holds what was measured when it was made (quantiles, thresholds); its keys belong to the filter.
    """

    name: str
    file: str
    sha256: str
    bytes: int
    licence: str
    attribution: str
    origin: str
    command: str
    calibration: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """An asset ready to open: its verified path, its hash (for the manifest), and its calibration."""

    path: Path
    sha256: str
    calibration: Mapping[str, Any]


def parse(document: Mapping[str, Any], where: str, folder: str = "") -> tuple[Asset, ...]:
    """The `[[asset]]` entries of a TOML document; `folder` is put before every file name.

    Raises AssetError for an entry with missing or unknown fields, and for a file name that leaves its folder.
    """
    entries: list[Asset] = []
    for row in document.get("asset", []):
        known = set(FIELDS) | {"calibration"}
        if missing := [name for name in FIELDS if name not in row]:
            raise AssetError(f"{where}: an asset lacks {', '.join(missing)}.")
        if unknown := sorted(set(row) - known):
            raise AssetError(f"{where}: asset {row['name']} has unknown fields: {', '.join(unknown)}.")
        if Path(row["file"]).is_absolute() or ".." in Path(row["file"]).parts:
            raise AssetError(f"{where}: asset {row['name']} names a file outside its folder: {row['file']}.")
        entries.append(Asset(**{**row, "file": f"{folder}{row['file']}"}))
    return tuple(entries)


def pinned(root: Path = ROOT) -> Mapping[str, Asset]:
    """Every pinned asset by name, as `assets/assets.toml` lists them."""
    path = root / INDEX
    changed = path.stat().st_mtime_ns if path.is_file() else 0
    return _pinned(path, changed)


@functools.lru_cache(maxsize=8)  # parsing it takes 5 ms, and every asset asks
def _pinned(path: Path, _changed: int) -> Mapping[str, Asset]:
    entries = parse(_read_toml(path), INDEX)
    by_name = {entry.name: entry for entry in entries}
    if len(by_name) != len(entries):
        names = sorted(entry.name for entry in entries)
        repeated = sorted({name for name in names if names.count(name) > 1})
        raise AssetError(f"{INDEX}: names must be unique, but these repeat: {', '.join(repeated)}.")
    return by_name


def entry(name: str, root: Path = ROOT) -> Asset:
    """What is pinned under that name; AssetError when nothing is."""
    known = pinned(root)
    if name not in known:
        raise AssetError(f"There is no asset named {name!r}; known are {', '.join(sorted(known))}.")
    return known[name]


def asset(name: str, root: Path = ROOT) -> Path:
    """The path of a pinned asset whose size and SHA-256 are as pinned (hashed once per process)."""
    found = entry(name, root)
    path = root / found.file
    if not path.is_file():
        raise AssetError(
            f"Asset {name} is missing: {found.file} is not in the assets folder; make it with: {found.command}"
        )
    size = path.stat().st_size
    if size != found.bytes or sha256_of(path) != found.sha256:
        raise AssetError(f"Asset {name} was altered: {found.file} is not the file that {INDEX} pins.")
    return path


def resolve(name_or_path: str, root: Path = ROOT) -> Resolved:
    """A pinned asset by name, or a user's own file by path (anything with a slash, or that ends in a suffix and exists).

    A file of the user's own has the calibration of the `asset.toml` beside it, where one names that file; its hash
    goes to the manifest, so that another model never passes for the same recipe.
    """
    if name_or_path in pinned(root):
        found = entry(name_or_path, root)
        return Resolved(path=asset(name_or_path, root), sha256=found.sha256, calibration=found.calibration)
    path = Path(name_or_path)
    if not path.is_file():
        raise AssetError(f"{name_or_path!r} is neither a pinned asset ({', '.join(sorted(pinned(root)))}) nor a file.")
    digest = sha256_of(path)
    fragment = path.parent / FRAGMENT
    beside = parse(_read_toml(fragment), str(fragment)) if fragment.is_file() else ()
    for found in beside:
        if found.file == path.name:
            if found.sha256 != digest:
                raise AssetError(f"{name_or_path} is not the file that the {FRAGMENT} beside it describes.")
            return Resolved(path=path, sha256=digest, calibration=found.calibration)
    return Resolved(path=path, sha256=digest, calibration={})


def verify_all(names: Iterable[str], root: Path = ROOT) -> Mapping[str, str]:
    """Checks each asset and returns its SHA-256 by name, sorted, for the manifest. Names or paths, as in a recipe."""
    return {name: resolve(name, root).sha256 for name in sorted(set(names))}


def sha256_of(path: Path) -> str:
    """SHA-256 of a file; computed once per process for the same path, size and time of change."""
    status = path.stat()
    return _sha256(str(path), status.st_size, status.st_mtime_ns)


@functools.lru_cache(maxsize=256)
def _sha256(path: str, _size: int, _changed: int) -> str:
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as stream:
            return tomllib.load(stream)
    except FileNotFoundError as error:
        raise AssetError(
            f"{path.name} is missing from {path.parent.name}/; install the project with its assets."
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise AssetError(f"{path.parent.name}/{path.name} is not valid TOML: {error}.") from error
