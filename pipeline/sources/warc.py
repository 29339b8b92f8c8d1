"""WARC records out of a stream of uncompressed bytes, and past every damage to the next one.

Reads a `Stream`; yields a `Record` for each record that is whole and a `Damage` for each stretch that is none. Tolerates
any version number, names in any case, folded header lines, bare line feeds, and any number of empty lines between
records. A record is whole when its Content-Length leads to an empty line, to another record, or to the end; else the
stretch up to the next plausible record (a version line, and a head with WARC-Type) is damage. That one need not begin
a line: what was cut off before it need not have ended one.

Holds at most one record of `cap` bytes of content; larger ones are skipped and their content is not kept. It does not
look into the content (pipeline/sources/capture.py does).
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from pipeline.sources.http import BLANK_LINE, MAX_HEAD_BYTES
from pipeline.sources.streams import Stream

VERSION = re.compile(rb"[\r\n]*WARC/\d[\d.]{0,15}[ \t]{0,16}\r?\n", re.IGNORECASE)
_VERSION_LINE = re.compile(rb"WARC/\d{1,2}\.\d{1,4}[ \t]{0,16}\r?\n[A-Z][A-Z-]{1,63}:", re.IGNORECASE)
_VERSION_LINE_BYTES = 128  # room for what _VERSION_LINE matches
_NEWLINES = re.compile(rb"[\r\n]*")
_DIGITS = re.compile(r"\d{1,15}", re.ASCII)
_FIRST_BYTES = 4096  # where nearly every head ends


class Record(NamedTuple):
    """Content is data[begin:end] where `kept`, else too large to be. `offset` and `stop` are places in the stream."""

    headers: dict[str, str]
    data: bytes
    begin: int
    end: int
    kept: bool
    length: int
    offset: int
    stop: int


class Damage(NamedTuple):
    """Bytes [offset, stop) of the stream are no whole record; `headers` of the broken one, where they can be read."""

    offset: int
    stop: int
    cause: str
    headers: dict[str, str]


def read_records(stream: Stream, position: int, before: int, cap: int) -> Iterator[Record | Damage]:
    """The records that begin in [position, before) of the stream, in order, and the damage between them."""
    while True:
        position = _skip_newlines(stream, position)
        if position >= before or (stream.ended and position >= stream.base + len(stream.data)):
            return
        stream.forget(position)
        headers, content = _read_head(stream, position)
        item = _read_content(stream, position, headers, content, cap) if content else "no record begins here"
        if isinstance(item, Record):
            yield item
            position = item.stop
            continue
        after = stream.back(content or position + 1)
        found = find_record(stream, after)
        yield Damage(position, found, stream.fault or item, headers)
        position = found


def find_record(stream: Stream, position: int) -> int:
    """Where the next plausible record begins, at or behind `position`; the stream's end when there is none."""
    while True:
        reached = stream.fill(position + MAX_HEAD_BYTES)
        for match in _VERSION_LINE.finditer(stream.data, position - stream.base):
            place = stream.base + match.start()
            headers, content = _read_head(stream, place)
            if content and "warc-type" in headers:
                return place
        if stream.ended:
            return stream.base + len(stream.data)
        position = max(position, reached - _VERSION_LINE_BYTES)
        stream.forget(position)


def _skip_newlines(stream: Stream, position: int) -> int:
    while True:
        match = _NEWLINES.match(stream.data, position - stream.base)
        if match and match.end() < len(stream.data):
            return stream.base + match.end()
        position = max(position, stream.base + len(stream.data))
        if stream.ended:
            return position
        stream.forget(position)
        stream.fill(position + 1)


def _read_head(stream: Stream, position: int) -> tuple[dict[str, str], int]:
    """Headers of the record at `position`, and where its content begins: 0 when no whole head is there."""
    stream.fill(position + _FIRST_BYTES)
    start = position - stream.base
    version = VERSION.match(stream.data, start)
    if not version:
        return {}, 0
    blank = BLANK_LINE.search(stream.data, version.end() - 1, start + MAX_HEAD_BYTES)
    if not blank:
        stream.fill(position + MAX_HEAD_BYTES)
        blank = BLANK_LINE.search(stream.data, version.end() - 1, start + MAX_HEAD_BYTES)
        if not blank:
            return {}, 0
    cut = stream.data.find(b"WARC/", version.end(), blank.start())  # most heads hold none: the search is cheap
    if cut >= 0 and _VERSION_LINE.search(stream.data, cut, blank.end()):
        return {}, 0  # a head that was cut off, and the record behind it
    headers = _parse_headers(stream.data[version.end() : blank.start()])
    return (headers, stream.base + blank.end()) if "warc-type" in headers or "content-length" in headers else ({}, 0)


def _parse_headers(head: bytes) -> dict[str, str]:
    """Names in lower case, the first value of each; folded lines are joined."""
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError:
        text = head.decode("latin-1")
    if "\n " in text or "\n\t" in text:
        text = re.sub(r"\r?\n[ \t]+", " ", text)
    headers: dict[str, str] = {}
    for line in text.split("\n"):
        name, colon, value = line.partition(":")
        if colon:
            headers.setdefault(name.strip().lower(), value.strip())
    return headers


def _read_content(stream: Stream, position: int, headers: dict[str, str], content: int, cap: int) -> Record | str:
    """The record at `position`, or what is wrong with it."""
    stated = headers.get("content-length", "")
    length = int(stated) if _DIGITS.fullmatch(stated) else None
    stop = content + (length or 0)
    if stream.known_end is not None and stop > stream.known_end:
        return "it ends before its Content-Length"
    kept = (length or 0) <= cap
    reached = stream.fill(min(stop, content + cap) + 8)
    if not kept and not (stream.ended and reached < stop):
        data, begin = b"", 0
        stream.skip(stop)
        reached = stream.fill(stop + 8)
    else:
        data, begin = stream.data, content - stream.base
    if reached < stop:
        return "it ends before its Content-Length"
    place = stop - stream.base
    if stream.fault and _skip_newlines_here(stream.data, place) == len(stream.data):
        return stream.fault
    if not _ends_well(stream, stop, blank_line=length is not None):
        return "its Content-Length is wrong" if length is not None else "it has no Content-Length that is a number"
    return Record(headers, data, begin, begin + (length or 0), kept, length or 0, position, stop)


def _skip_newlines_here(data: bytes, place: int) -> int:
    match = _NEWLINES.match(data, place)
    return match.end() if match else place


def _ends_well(stream: Stream, stop: int, *, blank_line: bool) -> bool:
    place = stop - stream.base
    if blank_line and stream.data[place : place + 4] == b"\r\n\r\n":
        return True
    place = _skip_newlines_here(stream.data, place)
    if place == len(stream.data) and stream.ended:
        return True
    stream.fill(stream.base + place + 64)
    return VERSION.match(stream.data, place) is not None
