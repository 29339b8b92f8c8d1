"""Stored bytes by position, and what they unfold to: the views that the readers of records work on.

`Window` reads a file in bounded pieces. A `Stream` is uncompressed bytes with a buffer that grows as far as a reader
asks for and forgets what lies behind it: a range of a plain file, one gzip member, or a whole file in LZ4 or zstd.
Damage ends a stream early and is told in `fault`; it never raises. Nothing here knows what a record is.
"""

from collections.abc import Iterator
from contextlib import suppress

import pyarrow as pa
from zlib_ng import zlib_ng as zlib  # zlib's functions, faster: gold-extraction inflates in .10 s instead of .17 s

from pipeline import storage

_AHEAD_BYTES = storage.OBJECT_READ_BYTES
_KIND_BYTES = 8 << 10
_BEYOND_BYTES = 256 << 10  # behind the split's end only the last record is wanted
FEED_BYTES = 64 << 10  # zlib copies what it was fed too much, so a member of 25 KB must not be fed megabytes
_SALVAGE_BYTES = 256  # inflated at once close to damage
STEP_BYTES = 1 << 20  # inflated at once, so that a bomb costs no memory


class Window:
    """A file by absolute position; `size` is where it ends, `soft_end` where reading ahead does."""

    def __init__(self, uri: str, size: int, soft_end: int) -> None:
        self.uri, self.size, self._soft_end = uri, size, soft_end
        self._data, self._base = memoryview(b""), 0

    def at(self, position: int, length: int) -> memoryview:
        """`length` bytes from `position` on, fewer only where the file ends."""
        offset = position - self._base
        if offset < 0 or offset + length > len(self._data):
            self._load(position, length)
            offset = 0
        return self._data[offset : offset + length]

    def _load(self, position: int, length: int) -> None:
        kept = self._data[position - self._base :] if position >= self._base else memoryview(b"")
        start = position + len(kept)
        ahead = min(_AHEAD_BYTES, max(_BEYOND_BYTES, self._soft_end - start))
        wanted = max(0, min(max(length - len(kept), ahead), self.size - start))
        if wanted or not kept:
            self._data = memoryview(bytes(kept) + storage.read_bytes(self.uri, start, wanted))
            self._base = position
        else:
            self._data, self._base = kept, position


def beginning(uri: str, size: int) -> Window:
    """The first bytes of a file, enough to tell its kind, without reading ahead."""
    return Window(uri, min(size, _KIND_BYTES), 0)


class Stream:
    """Bytes [base, base + len(data)) of a stream are at hand; `ended` says that nothing more comes, `fault` why not."""

    def __init__(self, base: int = 0) -> None:
        self.data, self.base = b"", base
        self.ended = False
        self.fault: str | None = None

    def more(self) -> bytes:
        """The next piece, never empty unless `ended` is set."""
        raise NotImplementedError

    @property
    def known_end(self) -> int | None:
        """Where the stream ends, where that is known before it is read."""
        return self.base + len(self.data) if self.ended else None

    def fill(self, end: int) -> int:
        """Have the bytes up to `end` at hand, or all that there are; how far they go."""
        reached = self.base + len(self.data)
        if reached < end and not self.ended:
            pieces = [self.data]
            while reached < end and not self.ended:
                piece = self.more()
                pieces.append(piece)
                reached += len(piece)
            self.data = b"".join(pieces)
        return reached

    def forget(self, position: int) -> None:
        """Let go of what lies before `position`: once that is half of the buffer, or the copies add up."""
        cut = min(max(0, position - self.base), len(self.data))
        if cut > len(self.data) // 2:
            self.data = self.data[cut:]
            self.base += cut

    def skip(self, position: int) -> None:
        """Go on to `position` without keeping what lies before it."""
        while self.base + len(self.data) < position and not self.ended:
            self.base += len(self.data)
            self.data = self.more()
        self.forget(position)

    def back(self, position: int) -> int:
        """Have `position` at hand again if it can be; from where on there are bytes."""
        return max(position, self.base)


class PlainStream(Stream):
    """A plain file from `base` on; positions are the file's own."""

    def __init__(self, window: Window, base: int) -> None:
        super().__init__(base)
        self._window = window

    @property
    def known_end(self) -> int | None:
        return self._window.size

    def more(self) -> bytes:
        piece = bytes(self._window.at(self.base + len(self.data), FEED_BYTES))
        self.ended = not piece
        return piece

    def fill(self, end: int) -> int:
        reached = self.base + len(self.data)
        if reached < end and not self.ended:
            missing = max(end - reached, FEED_BYTES)
            piece = bytes(self._window.at(reached, missing))
            self.ended = len(piece) < missing
            self.data += piece
            reached += len(piece)
        return reached

    def skip(self, position: int) -> None:
        self.forget(position)
        if self.base < position and self.base + len(self.data) <= position:
            self.data, self.base = b"", position

    def back(self, position: int) -> int:
        if position < self.base:
            self.data, self.base, self.ended = b"", position, False
        return position


class GzipMember(Stream):
    """What one gzip member unfolds to."""

    def __init__(self, window: Window, offset: int) -> None:
        super().__init__()
        self._window, self._next = window, offset
        self._start = offset
        self._inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self._tail = b""
        self._inflated = 0

    @property
    def consumed(self) -> int:
        """Bytes of the file fed so far (steps that begin with the member, whatever the split); its length once ended."""
        return self._next - self._start - len(self._inflater.unused_data)

    def more(self) -> bytes:
        while True:
            feed: bytes | memoryview = self._tail
            if not feed:
                feed = self._window.at(self._next, FEED_BYTES)
                self._next += len(feed)
            if not feed:
                self.ended, self.fault = True, "the file ends within the gzip member"
                return b""
            try:
                piece: bytes = self._inflater.decompress(feed, STEP_BYTES)
            except zlib.error:  # type: ignore[misc]  # zlib_ng's stub calls it Exception itself
                self.ended, self.fault = True, "the gzip member is damaged"
                return self._salvage()
            self._inflated += len(piece)
            self.ended = self._inflater.eof
            self._tail = b"" if self.ended else self._inflater.unconsumed_tail  # stale at the end
            if piece or self.ended:
                return piece

    def _salvage(self) -> bytes:
        """What the failed call would have returned before the damage: an error of zlib's takes that with it."""
        inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)
        position, tail, before = self._start, b"", 0
        found: list[bytes] = []
        with suppress(zlib.error):  # type: ignore[arg-type]
            while position < self._next or tail:
                feed: bytes | memoryview = tail or self._window.at(position, min(FEED_BYTES, self._next - position))
                position += 0 if tail else len(feed)
                step = STEP_BYTES if before + STEP_BYTES <= self._inflated else _SALVAGE_BYTES
                piece: bytes = inflater.decompress(feed, step)
                tail = inflater.unconsumed_tail
                before += len(piece)
                if before > self._inflated:
                    found.append(piece[max(0, self._inflated - before + len(piece)) :])
        return b"".join(found)


class DecodedFile(Stream):
    """A whole file in LZ4 or zstd; positions are those of the uncompressed bytes. Concatenated frames are one stream."""

    def __init__(self, window: Window, codec: str) -> None:
        super().__init__()
        self._source = storage.open_range(window.uri, 0, window.size)
        self._reader = pa.CompressedInputStream(pa.PythonFile(self._source, mode="r"), codec)

    def more(self) -> bytes:
        try:
            piece: bytes = self._reader.read(FEED_BYTES)  # what an error loses
        except (OSError, pa.ArrowException):
            self.ended, self.fault = True, "the compressed stream is damaged"
            return b""
        self.ended = not piece
        return piece


def pieces(window: Window, start: int, end: int, overlap: int) -> Iterator[tuple[int, memoryview]]:
    """[start, end) of a file in pieces of a mebibyte with their positions, each `overlap` bytes into the next."""
    position = start
    while position < end:
        data = window.at(position, min(STEP_BYTES + overlap, end - position + overlap))
        if not data:
            return
        yield position, data
        position += STEP_BYTES
