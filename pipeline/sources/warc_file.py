"""One split of a WARC or WET file as pages: gzip (a member per record, or one for all), plain, LZ4 or zstd.

The bytes decide what a file is, not its name. A record belongs to the split in which it begins (its gzip member does),
so every record is read once, however the file is cut:

- gzip: see pipeline/sources/members.py.
- plain: a payload may hold WARC records itself, so the reader starts one largest record before its range, where the
  payload would have begun, and follows the Content-Lengths from the first plausible record. Only records inside of a
  payload larger than `max_record_bytes` could still be taken for records of the file.
- LZ4, zstd, one gzip member: the split at 0 reads all of it.

Each stretch of bytes that is no whole record is one `Rejected`: `damaged_bytes` with their number, or, when the file
holds no record at all, `not_warc`, `arc_not_supported` or `empty_file`. It too is reported by one split.
Location of a record in gzip is what must be read to have it: member offset, and bytes up to where it is complete.
"""

import re
from collections.abc import Iterator

from pipeline.sources import members
from pipeline.sources.capture import STAGE, address, record_identity, to_page
from pipeline.sources.http import MAX_HEAD_BYTES
from pipeline.sources.spec import SourceSpec
from pipeline.sources.streams import DecodedFile, GzipMember, PlainStream, Window, beginning
from pipeline.sources.warc import VERSION, Damage, Record, find_record, read_records
from pipeline.splits import Split
from schemas.records import Location, Page, Rejected

REASONS = (
    "damaged_bytes",
    "not_warc",
    "arc_not_supported",
    "empty_file",
    "not_a_capture",
    "revisit",
    "no_target_uri",
    "not_http",
    "payload_too_large",
)
_GZIP = b"\x1f\x8b"
_CODECS = {b"\x04\x22\x4d\x18": "lz4", b"\x28\xb5\x2f\xfd": "zstd"}
_LOST_BYTES = 1 << 20  # of a gzip file whose beginning was cut off: about one record
_ARC = re.compile(rb"(?:filedesc|https?|dns|ftp):\S{1,4096} [0-9.]{7,15} \d{14} ", re.IGNORECASE)  # address, IP, date
_SNIFFED_BYTES = 512
_WHOLE = 1 << 62  # behind the end of any stream


def read_warc(split: Split, spec: SourceSpec) -> Iterator[Page | Rejected]:
    """The pages of the records that begin in the split, and the reasons of all others."""
    window = Window(split.uri, split.file_size, split.end)
    head = window if split.start == 0 else beginning(split.uri, split.file_size)
    magic = bytes(head.at(0, _SNIFFED_BYTES))
    first = members.peek(head, 0) if magic[:2] == _GZIP else magic
    if split.file_size == 0:
        yield _file_rejected(split, "empty_file", "the file has no bytes")
    elif _ARC.match(first):
        if split.start == 0:
            detail = "ARC files are not read: convert them first, for example with `warcio recompress`"
            yield _file_rejected(split, "arc_not_supported", detail)
    elif magic[:4] in _CODECS:
        if split.start == 0:
            yield from _decoded(window, split, spec, _CODECS[magic[:4]])
    elif magic[:2] == _GZIP or (not VERSION.match(magic) and members.next_member(window, 0, _LOST_BYTES) < _LOST_BYTES):
        yield from _gzip(window, split, spec)
    else:
        yield from _plain(window, split, spec)


def _gzip(window: Window, split: Split, spec: SourceSpec) -> Iterator[Page | Rejected]:
    cap = spec.max_record_bytes
    offset = members.first_member(window, split.start, split.end)
    if offset >= split.end:
        return
    # Bytes behind the split's last member that begin no other one are still this split's to report.
    while offset < split.file_size and (offset < split.end or not members.begins_record(window, offset)):
        member = GzipMember(window, offset)
        broken: Damage | None = None
        begins: bool | None = None
        for item in read_records(member, 0, _WHOLE, cap + MAX_HEAD_BYTES):
            location = Location(file=split.uri, offset=offset, length=member.consumed)
            if begins is None:
                begins = isinstance(item, Record) or members.begins_record(window, offset)
            if isinstance(item, Record):
                yield to_page(item, location, spec.name, cap)
            elif member.fault or not begins:
                broken = item
            else:
                yield _damaged(item, location, item.stop - item.offset)
        behind = members.behind(window, offset, member, begins_record=bool(begins))
        if member.fault or broken:
            broken = broken or Damage(0, 0, member.fault or "", {})
            location = Location(file=split.uri, offset=offset, length=behind - offset)
            if offset == 0 and behind == split.file_size and not begins:
                yield _file_rejected(split, "not_warc", "the gzip file does not hold WARC records")
            else:
                yield _damaged(broken, location, behind - offset)
        offset = behind


def _plain(window: Window, split: Split, spec: SourceSpec) -> Iterator[Page | Rejected]:
    largest = spec.max_record_bytes + MAX_HEAD_BYTES
    lookback = max(0, split.start - largest)
    stream = PlainStream(window, lookback)
    position = find_record(stream, lookback) if lookback else 0
    for item in read_records(stream, position, split.end, largest):
        location = Location(file=split.uri, offset=item.offset, length=item.stop - item.offset)
        if item.offset < split.start:
            continue
        if isinstance(item, Record):
            yield to_page(item, location, spec.name, spec.max_record_bytes)
        elif item.stop - item.offset == split.file_size and not VERSION.match(bytes(window.at(0, 64))):
            yield _file_rejected(split, "not_warc", "the file does not hold WARC records")
        else:
            yield _damaged(item, location, location.length)


def _decoded(window: Window, split: Split, spec: SourceSpec, codec: str) -> Iterator[Page | Rejected]:
    """Offsets and lengths of locations are those of the uncompressed bytes."""
    stream = DecodedFile(window, codec)
    for item in read_records(stream, 0, _WHOLE, spec.max_record_bytes + MAX_HEAD_BYTES):
        location = Location(file=split.uri, offset=item.offset, length=item.stop - item.offset)
        if isinstance(item, Record):
            yield to_page(item, location, spec.name, spec.max_record_bytes)
        else:
            yield _damaged(item, location, location.length)
    end = stream.base + len(stream.data)
    if stream.fault and end == 0:
        yield _file_rejected(split, "damaged_bytes", stream.fault)


def _damaged(damage: Damage, location: Location, size: int) -> Rejected:
    return Rejected(
        stage=STAGE,
        reason="damaged_bytes",
        location=location,
        url=address(damage.headers) or None,
        doc_id=record_identity(damage.headers),
        value=float(size),
        detail=damage.cause,
    )


def _file_rejected(split: Split, reason: str, detail: str) -> Rejected:
    location = Location(file=split.uri, offset=0, length=split.file_size)
    return Rejected(stage=STAGE, reason=reason, location=location, value=float(split.file_size), detail=detail)
