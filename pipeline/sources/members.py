"""Gzip members that hold WARC records: where they begin, also for a reader that enters in the middle of a file.

A member begins where a gzip header unfolds to a record's first line. That may also be true inside of another member:
a response whose body is itself a `.warc.gz` does not compress, so deflate stores it as it is. But a stored block holds
at most 65,535 bytes (RFC 1951, section 3.2.4), and the header of the next one breaks what lies inside. So a reader
that enters a file believes a member when a chain of sound members from it reaches further than that, or the end of the
file. Where damage breaks a true chain, the reader goes back `LOOKBACK_BYTES` and walks from there, as the reader of the
bytes before would. Records are therefore read once, however a file is cut. Bytes that begin no member belong to the
member before them, for only its reader knows where it ended.
"""

import re
import zlib

from pipeline.sources.streams import STEP_BYTES, GzipMember, Window, pieces
from pipeline.sources.warc import VERSION

LOOKBACK_BYTES = 16 << 20
_STORED_BLOCK_BYTES = 65535
_MAGIC = re.compile(rb"\x1f\x8b\x08[\x00-\x1f]")  # the three upper flags are reserved
_PEEK_BYTES = 4096  # room for a file name in the header
_SHOWN_BYTES = 128


def first_member(window: Window, start: int, end: int) -> int:
    """Where the first member of [start, end) begins (0 for the file's beginning), `end` or more when there is none."""
    if start == 0:
        return 0
    found = next_member(window, start, end)
    if found >= end or _is_sound(window, found):
        return found
    position = next_member(window, start - LOOKBACK_BYTES, end) if start > LOOKBACK_BYTES else 0
    while position < start:
        position = after_member(window, position)
    return next_member(window, position, end)


def after_member(window: Window, offset: int) -> int:
    """Where the walk goes on behind the member at `offset`."""
    member = GzipMember(window, offset)
    drain(member)
    return behind(window, offset, member, begins_record=begins_record(window, offset))


def behind(window: Window, offset: int, member: GzipMember, *, begins_record: bool) -> int:
    """Where the walk goes on behind a member that was read to its end: there, or at the next one when it is damaged."""
    empty = member.base + len(member.data) == 0
    if member.fault is None and (begins_record or empty):
        return offset + member.consumed
    return next_member(window, offset + 1, window.size)


def drain(member: GzipMember) -> None:
    """Read a member to its end, or to its damage."""
    while not member.ended:
        member.skip(member.base + len(member.data) + STEP_BYTES)


def next_member(window: Window, start: int, end: int) -> int:
    """The first place in [start, end) where a member with a record begins, else `end`."""
    for position, data in pieces(window, start, end, overlap=3):
        for match in _MAGIC.finditer(data):
            place = position + match.start()
            if place < end and begins_record(window, place):
                return place
    return end


def begins_record(window: Window, place: int) -> bool:
    """Whether a gzip member with a record's first line begins there."""
    return VERSION.match(peek(window, place)) is not None


def peek(window: Window, place: int) -> bytes:
    """The first bytes that the member at `place` unfolds to, none where there is no member."""
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(window.at(place, _PEEK_BYTES), _SHOWN_BYTES)
    except zlib.error:
        return b""


def _is_sound(window: Window, place: int) -> bool:
    """Whether members follow on each other from `place` on, further than they could inside of another one."""
    position = place
    while position - place <= _STORED_BLOCK_BYTES and position < window.size:
        if not begins_record(window, position):
            return False
        member = GzipMember(window, position)
        drain(member)
        if member.fault:
            return False
        position += member.consumed
    return True
