"""The one module that touches files: local paths, s3:// and gs:// behind the same few functions.

Reads are bounded ranges (an open-ended stream of an object store is dropped and asked for again at every seek).
Writes are whole or absent: a local file is made beside its place, synced and renamed; an object is one put of
complete bytes, because closing an object store's stream after an exception commits what there was.

Whatever a user can cause (a missing file, no permission, a full disk, a refused connection, no such bucket, bad
credentials) raises `StorageError` with one sentence that names the place and the cause. boto3 and google-cloud-storage
are imported when such a path is first used (pipeline/object_stores.py); endpoint and credentials come their usual way
(AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_S3, STORAGE_EMULATOR_HOST, ...). Not done here: retries beyond the clients' own,
formats, compression.
"""

import io
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# One ranged GET of an object store: a 1 MiB range costs 50 to 130 ms, a 64 MiB one .12 to .31 s (reference/beam.md, D).
OBJECT_READ_BYTES = 4 << 20
LOCAL_READ_BYTES = 1 << 20
_WILD = re.compile(r"[*?\[]")
_UNFINISHED = re.compile(r"\..*\.[0-9a-f]{16}\.part")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


class StorageError(Exception):
    """One sentence for the user: which place, and why it could not be read or written."""


@dataclass(frozen=True, slots=True)
class FileInfo:
    """A file or object; `size` in bytes."""

    uri: str
    size: int


class Store(Protocol):
    """What a kind of storage must do. Names are whole URIs. Every failure is a StorageError."""

    def find(self, prefix: str, levels: int | None) -> Iterator[FileInfo]:
        """Every file whose URI starts with `prefix`, in any order; `levels` of folders below it, None for all.

        A store may return deeper files as well.
        """

    def size(self, uri: str) -> int | None:
        """Bytes, or None where there is no such file."""

    def read(self, uri: str, start: int, end: int | None) -> bytes:
        """The bytes of [start, end), fewer at the end of the file."""

    def put(self, uri: str, data: bytes, *, new: bool) -> bool:
        """Write all or nothing; with `new`, False and no change when the file is there already."""

    def delete(self, uri: str) -> None:
        """Remove the file; a missing one is no error."""


def list_files(pattern: str) -> list[FileInfo]:
    """The files that a path, a folder (everything below it) or a glob (`*`, `?`, `[...]`, `**`) names, sorted.

    Below folders and behind wildcards, hidden names (a part that starts with ".") are left out. Nothing found: [].
    """
    store = _store(pattern)
    wild = _WILD.search(pattern)
    if (wild is None or isinstance(store, _Local)) and (length := store.size(pattern)) is not None:
        return [FileInfo(pattern, length)]
    if wild is None:
        prefix, levels = pattern.rstrip("/") + "/", None
        matches = re.compile(re.escape(prefix) + glob_regex("**")).fullmatch
    else:
        prefix, rest = pattern[: wild.start()], pattern[wild.start() :]
        levels = None if "**" in rest else rest.count("/")
        matches = re.compile(glob_regex(pattern)).fullmatch
    found = {file.uri: file for file in store.find(prefix, levels) if matches(file.uri)}
    return [found[uri] for uri in sorted(found)]


def exists(uri: str) -> bool:
    """Whether there is such a file (a folder is none)."""
    return _store(uri).size(uri) is not None


def size(uri: str) -> int:
    """Bytes of the file. Raises StorageError when it is missing."""
    found = _store(uri).size(uri)
    if found is None:
        raise StorageError(f"cannot read {uri}: no such file")
    return found


def read_bytes(uri: str, start: int = 0, length: int | None = None) -> bytes:
    """`length` bytes from `start` on, or up to the end of the file; fewer where the file ends before."""
    if length == 0:
        return b""
    return _store(uri).read(uri, start, None if length is None else start + length)


def open_range(uri: str, start: int = 0, end: int | None = None) -> io.BufferedReader:
    """A seekable reader of [start, end), position 0 at `start`; every read of the store is a bounded range."""
    end = size(uri) if end is None else end
    buffer = OBJECT_READ_BYTES if _is_object(uri) else LOCAL_READ_BYTES
    return io.BufferedReader(_Range(uri, start, end), buffer_size=buffer)


def write_bytes(uri: str, data: bytes) -> None:
    """Write the whole file or nothing, replacing an older one; folders are made as needed."""
    _store(uri).put(uri, data, new=False)


def write_new(uri: str, data: bytes) -> bool:
    """As `write_bytes`, but only where nothing is yet: False when the file is there, which stays as it was."""
    return _store(uri).put(uri, data, new=True)


def delete(uri: str) -> None:
    """Remove a file; it may be missing already."""
    _store(uri).delete(uri)


def delete_unfinished(folder: str) -> None:
    """Remove what writers left below a folder when they were killed. Who still writes there fails; nothing else does."""
    if _is_object(folder):  # a put is whole or absent
        return
    for file in _LOCAL.find(folder.rstrip("/") + "/", None):
        if _UNFINISHED.fullmatch(file.uri.rpartition("/")[2]):
            delete(file.uri)


def join(folder: str, *names: str) -> str:
    """The URI of a name below a folder."""
    return "/".join((folder.rstrip("/"), *names)) if folder else "/".join(names)


def list_names(folder: str) -> list[str]:
    """Names of the files directly in a folder, sorted, without hidden ones; [] when there is no such folder."""
    prefix = folder.rstrip("/") + "/"
    names = (file.uri[len(prefix) :] for file in _store(folder).find(prefix, 0))
    return sorted(name for name in names if "/" not in name and not name.startswith("."))


def make_folder(uri: str) -> None:
    """Make a local folder and its parents; object stores need none."""
    if (path := local_path(uri)) is not None:
        with _local_errors("make", uri):
            path.mkdir(parents=True, exist_ok=True)


def glob_regex(pattern: str) -> str:
    """A regular expression for a glob: `*` and `?` stay within a part, `**` spans parts, neither begins with a dot."""
    regex, start = "", True
    for token in re.findall(r"\*\*/|\*\*|\*|\?|\[[!^]?\]?[^\]]*\]|.", pattern, re.DOTALL):
        visible = r"(?!\.)" if start else ""
        match token:
            case "**/":
                regex += r"(?:(?!\.)[^/]+/)*"
            case "**":
                regex += rf"{visible}(?:[^/]+/(?!\.))*[^/]+"
            case "*":
                regex += visible + "[^/]*"
            case "?":
                regex += visible + "[^/]"
            case _ if len(token) > 1:
                inside = token[1:-1].replace("\\", r"\\")
                regex += visible + (f"[^/{inside[1:]}]" if inside[0] in "!^" else f"[{inside}]")
            case _:
                regex += re.escape(token)
        start = token.endswith("/")
    return regex


def local_path(uri: str) -> Path | None:
    """The path of a local file, None for an object store. Raises StorageError for a scheme that is not known."""
    return Path(uri) if isinstance(_store(uri), _Local) else None


class _Range(io.RawIOBase):
    """[start, end) of a file, each read one bounded range."""

    def __init__(self, uri: str, start: int, end: int) -> None:
        super().__init__()
        self._uri, self._start, self._end, self._position = uri, start, end, start

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        base = {io.SEEK_SET: self._start, io.SEEK_CUR: self._position, io.SEEK_END: self._end}[whence]
        self._position = max(self._start, base + offset)
        return self._position - self._start

    def readall(self) -> bytes:  # the one inherited reads 8 KiB at a time
        parts: list[bytes] = []
        while part := self.read(OBJECT_READ_BYTES):
            parts.append(part)
        return b"".join(parts)

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        view = memoryview(buffer).cast("B")
        length = max(0, min(len(view), self._end - self._position))
        data = read_bytes(self._uri, self._position, length)
        view[: len(data)] = data
        self._position += len(data)
        return len(data)


class _Local:
    def find(self, prefix: str, levels: int | None) -> Iterator[FileInfo]:
        folder = prefix.rpartition("/")[0] or ("/" if prefix.startswith("/") else ".")
        cut = 0 if "/" in prefix else 2  # os.walk(".") says "./name"
        top = folder.rstrip("/").count("/")
        seen: set[tuple[int, int]] = set()  # links between folders may go round

        def fail(error: OSError) -> None:
            if not isinstance(error, FileNotFoundError | NotADirectoryError):
                raise error

        with _local_errors("list", folder):
            for parent, folders, names in os.walk(folder, onerror=fail, followlinks=True):
                stat = os.stat(parent)  # noqa: PTH116 - plain calls: a crawl has a hundred thousand names
                if (stat.st_dev, stat.st_ino) in seen or parent.rstrip("/").count("/") - top == levels:
                    folders.clear()
                if (stat.st_dev, stat.st_ino) in seen:
                    continue
                seen.add((stat.st_dev, stat.st_ino))
                for name in names:
                    path = f"{parent.rstrip('/')}/{name}"
                    if path[cut:].startswith(prefix) and os.path.isfile(path):  # noqa: PTH113
                        yield FileInfo(path[cut:], os.stat(path).st_size)  # noqa: PTH116

    def size(self, uri: str) -> int | None:
        with _local_errors("read", uri):
            try:
                status = Path(uri).stat()
            except (FileNotFoundError, NotADirectoryError):
                return None
            return status.st_size if S_ISREG(status.st_mode) else None

    def read(self, uri: str, start: int, end: int | None) -> bytes:
        with _local_errors("read", uri), Path(uri).open("rb", buffering=0) as file:
            file.seek(start)
            if end is None:
                return file.read()
            data = file.read(end - start) or b""
            while len(data) < end - start and (more := file.read(end - start - len(data))):
                data += more
            return data

    def put(self, uri: str, data: bytes, *, new: bool) -> bool:
        path = Path(uri)
        part = path.with_name(f".{path.name[:100]}.{secrets.token_hex(8)}.part")
        with _local_errors("write", uri):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                with part.open("xb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                if new:
                    try:
                        os.link(part, path)  # unlike a rename, it fails when the place is taken
                    except FileExistsError:
                        return False
                else:
                    part.replace(path)
            finally:
                part.unlink(missing_ok=True)
            folder = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)  # the new name must survive a crash as well
            finally:
                os.close(folder)
        return True

    def delete(self, uri: str) -> None:
        with _local_errors("delete", uri):
            Path(uri).unlink(missing_ok=True)


@contextmanager
def _local_errors(action: str, uri: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        cause = (error.strerror or str(error)).lower()
        raise StorageError(f"cannot {action} {uri}: {cause}") from error


_LOCAL = _Local()


def _is_object(uri: str) -> bool:
    return uri.startswith(("s3://", "gs://"))


def _store(uri: str) -> Store:
    if _is_object(uri):
        from pipeline import object_stores

        return object_stores.S3 if uri.startswith("s3://") else object_stores.GCS
    if scheme := _SCHEME.match(uri):
        raise StorageError(f"cannot use {uri}: only local paths, s3:// and gs:// are known, not {scheme[0]}")
    return _LOCAL
