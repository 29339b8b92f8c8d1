"""One split of a JSONL file as pages: plain by byte range, gzip and zstd as a whole.

The bytes decide how a file is packed, not its name. Lines end at a line feed only: U+2028 and U+0085 occur inside of
strings. A line belongs to the split in which its first byte lies. Offsets are those of the uncompressed bytes. A line
that is no JSON object is one `Rejected`; a line that is too long is skipped without being held; the rest of a damaged
compressed file is one `damaged_bytes`. Empty lines are nothing.
"""

import json
import math
import re
from collections.abc import Iterator
from typing import NamedTuple

from pipeline.sources import rows
from pipeline.sources.capture import STAGE
from pipeline.sources.spec import SourceSpec
from pipeline.sources.streams import STEP_BYTES, DecodedFile, GzipMember, PlainStream, Stream, Window, beginning, pieces
from pipeline.splits import Split
from schemas.records import Location, Page, Rejected

REASONS = ("bad_json", "damaged_bytes", "empty_file", *rows.REASONS)

_LINE_FACTOR = 6  # JSON may write a byte of text as six (\u4e2d is three bytes of UTF-8, \u000a one)
_BOM = b"\xef\xbb\xbf"
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"


class _Line(NamedTuple):
    data: bytes | None  # None: longer than the limit
    offset: int
    length: int


def read_jsonl(split: Split, spec: SourceSpec) -> Iterator[Page | Rejected]:
    """The pages of the lines that begin in the split, and the reasons of the others."""
    window = Window(split.uri, split.file_size, split.end)
    head = window if split.start == 0 else beginning(split.uri, split.file_size)
    magic = bytes(head.at(0, 4))
    if not magic:
        location = Location(file=split.uri, offset=0, length=0)
        yield Rejected(stage=STAGE, reason="empty_file", location=location, value=0.0, detail="the file has no bytes")
    elif magic[:2] == _GZIP:
        if split.start == 0:
            yield from _pages(_GzipFile(window), 0, 1 << 62, split.uri, spec)
    elif magic == _ZSTD:
        if split.start == 0:
            yield from _pages(DecodedFile(window, "zstd"), 0, 1 << 62, split.uri, spec)
    else:
        start = _first_line(window, split.start, split.end)
        yield from _pages(PlainStream(window, start), start, split.end, split.uri, spec)


def _first_line(window: Window, start: int, end: int) -> int:
    """Where the first line that begins in [start, end) does, else `end`: behind the first line feed from start - 1."""
    if start == 0:
        return 0
    for position, data in pieces(window, start - 1, end, overlap=0):
        if (at := bytes(data).find(b"\n")) >= 0:
            return position + at + 1
    return end


class _GzipFile(Stream):
    """All members of a gzip file, one after the other."""

    def __init__(self, window: Window) -> None:
        super().__init__()
        self._window, self._offset = window, 0
        self._member = GzipMember(window, 0)

    def more(self) -> bytes:
        while not self.ended:
            piece = b"" if self._member.ended else self._member.more()
            if piece:
                return piece
            self.fault = self._member.fault
            self._offset += self._member.consumed
            self.ended = self.fault is not None or self._offset >= self._window.size
            self._member = GzipMember(self._window, self._offset)
        return b""


def _lines(stream: Stream, position: int, limit: int) -> Iterator[_Line]:
    """Lines from `position` on, those above `limit` bytes without their data. The last one may lack its line feed."""
    offset = scanned = position
    while True:
        at = stream.data.find(b"\n", scanned - stream.base)
        if at >= 0:
            length = stream.base + at - offset
            kept = length <= limit and offset >= stream.base
            yield _Line(stream.data[offset - stream.base : at] if kept else None, offset, length)
            offset = scanned = stream.base + at + 1
            continue
        scanned = stream.base + len(stream.data)
        if stream.ended:
            if scanned > offset:
                kept = scanned - offset <= limit and offset >= stream.base
                yield _Line(stream.data[offset - stream.base :] if kept else None, offset, scanned - offset)
            return
        stream.forget(scanned if scanned - offset > limit else offset)
        stream.fill(scanned + STEP_BYTES)


def _pages(stream: Stream, start: int, end: int, uri: str, spec: SourceSpec) -> Iterator[Page | Rejected]:
    limit = spec.max_record_bytes * _LINE_FACTOR
    for line in _lines(stream, start, limit):
        if line.offset >= end:
            return
        location = Location(file=uri, offset=line.offset, length=line.length)
        last = stream.ended and line.offset + line.length == stream.base + len(stream.data)
        if last and stream.fault:
            break
        if line.data is None:
            yield Rejected(
                stage=STAGE,
                reason="payload_too_large",
                location=location,
                value=float(line.length),
                threshold=float(limit),
                detail="the line is longer than six times max_record_bytes",
            )
        elif line.data.strip(b" \t\r"):
            yield _page(line, location, spec)
    if stream.fault:
        offset = stream.base + len(stream.data)
        location = Location(file=uri, offset=offset, length=0)
        yield Rejected(stage=STAGE, reason="damaged_bytes", location=location, detail=stream.fault)


def _page(line: _Line, location: Location, spec: SourceSpec) -> Page | Rejected:
    data = line.data or b""
    if line.offset == 0 and data.startswith(_BOM):
        data = data[len(_BOM) :]
    try:
        row = json.loads(data.decode("utf-8"), parse_constant=_no_number, parse_float=_finite)
    except UnicodeDecodeError as error:
        return _bad(location, f"not UTF-8 at byte {error.start} of the line")
    except RecursionError:
        return _bad(location, "nested too deeply")
    except ValueError as error:  # also integers of more than 4,300 digits
        return _bad(location, re.sub(r"\s+", " ", str(error))[:200])
    if not isinstance(row, dict):
        return _bad(location, f"the line is a {type(row).__name__}, not an object")
    return rows.to_page(row, location, spec)


def _no_number(_: str) -> None:
    """NaN and Infinity are no JSON."""


def _finite(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


def _bad(location: Location, detail: str) -> Rejected:
    return Rejected(stage=STAGE, reason="bad_json", location=location, detail=detail)
