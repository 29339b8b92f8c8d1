"""Cuts the inputs into splits: byte ranges of about `split_bytes`, the unit of work and of output files.

Reads names and sizes only (and the files that list paths), never the inputs themselves. A record belongs to the split
in which its first byte lies, so ranges need not fall on record boundaries: the sources resynchronise.

- WARC and WET (gzip or plain) and plain JSONL: byte ranges.
- Parquet: byte ranges as well; a row group belongs to the range in which its first page lies.
- JSONL in gzip or zstd, and WARC in LZ4 or zstd: one split per file, since these cannot be entered in the middle.
- WARC in one single gzip member: the split with its first byte reads all of it, the others find nothing.

The splits depend on the set of files, not on how and in which order they are listed.
"""

import gzip
import hashlib
import os
import re
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

from pipeline import storage
from pipeline.sources.spec import InputError, Kind, SourceSpec
from pipeline.storage import FileInfo

_KINDS: tuple[tuple[str, Kind], ...] = (
    (r"\.wet(\.gz|\.zst|\.lz4)?$", "wet"),
    (r"\.(warc|wat|arc)(\.gz|\.zst|\.lz4)?$", "warc"),
    (r"\.(jsonl|ndjson|jsonlines|json)(\.gz|\.zst)?$", "jsonl"),
    (r"\.(parquet|pq)$", "parquet"),
)
_LIST = re.compile(r"\.(paths|txt)(\.gz)?$")
_MAX_LIST_BYTES = 1 << 30  # Common Crawl's largest list, warc.paths of a crawl, is about 13 MB
_SIZE_REQUESTS = 16  # at once: a list of 90,000 objects needs as many requests for sizes


@dataclass(frozen=True, slots=True)
class Split:
    """Bytes [start, end) of a file of `file_size` bytes. `name` is file-name safe and depends on these alone."""

    name: str
    kind: Kind
    uri: str
    start: int
    end: int
    file_size: int


def plan_splits(spec: SourceSpec) -> list[Split]:
    """The splits of all inputs, sorted by name; an input that is listed twice counts once.

    Raises InputError when there is no input or a name says nothing about its kind, StorageError when a place cannot
    be read.
    """
    if not spec.paths:
        raise InputError("no input is named: set source.paths in the recipe or pass --input")
    files: dict[str, FileInfo] = {}
    for file in sorted(_find(spec), key=lambda file: file.uri, reverse=True):
        files[_place(file.uri)] = file  # the smallest spelling of a place stays
    splits = [split for file in files.values() for split in _cut(file, kind_of(file.uri, spec), spec.split_bytes)]
    return sorted(splits, key=lambda split: split.name)


def kind_of(uri: str, spec: SourceSpec) -> Kind:
    """The kind that the recipe states, else the one that the name tells. Raises InputError when neither does."""
    if spec.kind != "auto":
        return spec.kind
    for pattern, kind in _KINDS:
        if re.search(pattern, uri, re.IGNORECASE):
            return kind
    raise InputError(f'the name {uri} does not tell its kind: set source.kind to "warc", "wet", "jsonl" or "parquet"')


def _find(spec: SourceSpec) -> Iterator[FileInfo]:
    for pattern in spec.paths:
        found = storage.list_files(_tidy(pattern))
        if not found:
            raise InputError(f"no input file matches {pattern}")
        for file in found:
            if _LIST.search(file.uri):
                yield from _listed(file.uri, spec)
            elif file.uri == _tidy(pattern) or not _beside_data(file.uri):
                yield file


def _listed(uri: str, spec: SourceSpec) -> Iterator[FileInfo]:
    base = spec.paths_base or uri.rpartition("/")[0]
    names = [
        name if "://" in name or name.startswith("/") else storage.join(base, name)
        for line in _list_text(uri).split("\n")
        if (name := line.strip()) and not name.startswith("#")
    ]
    patterns = sorted({_tidy(name) for name in names})
    with ThreadPoolExecutor(_SIZE_REQUESTS) as pool:
        for pattern, found in zip(patterns, pool.map(storage.list_files, patterns), strict=True):
            if not found:
                raise InputError(f"{pattern}, listed in {uri}, does not exist")
            yield from found


def _list_text(uri: str) -> str:
    data = storage.read_bytes(uri, 0, _MAX_LIST_BYTES)
    try:
        return (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode("utf-8")
    except (UnicodeDecodeError, EOFError, OSError, zlib.error) as error:
        raise InputError(f"{uri} is not a list of paths, one a line, in UTF-8") from error


def _beside_data(uri: str) -> bool:
    return uri.rpartition("/")[2].startswith("_")  # _SUCCESS, _metadata


def _tidy(uri: str) -> str:
    return uri if "://" in uri else os.path.normpath(uri) + ("/" if uri.endswith("/") else "")


def _place(uri: str) -> str:
    return uri if "://" in uri else os.path.abspath(uri)  # noqa: PTH100 - links keep their names


def _cut(file: FileInfo, kind: Kind, split_bytes: int) -> Iterator[Split]:
    whole = kind != "parquet" and re.search(
        r"\.(zst|lz4)$" if kind != "jsonl" else r"\.(gz|zst)$", file.uri, re.IGNORECASE
    )
    count = 1 if whole else max(1, round(file.size / split_bytes))
    edges = [file.size * i // count for i in range(count)] + [file.size]
    for start, end in pairwise(edges):
        yield Split(_name(file.uri, start, end), kind, file.uri, start, end, file.size)


def _name(uri: str, start: int, end: int) -> str:
    base = uri.rpartition("/")[2]
    stem = re.sub(r"(\.(warc|wet|wat|arc|jsonl|ndjson|json|parquet|pq|gz|zst|lz4))+$", "", base, flags=re.IGNORECASE)
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-.")[:80] or "input"
    place = hashlib.blake2b(f"{uri}\n{start}\n{end}".encode("utf-8", "surrogateescape"), digest_size=6).hexdigest()
    return f"{safe}-{start:012d}-{place}"
