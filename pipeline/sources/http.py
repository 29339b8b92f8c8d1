"""A stored HTTP response as status, headers and the body that the server meant.

Reads the block of a WARC record; returns a `Response`, or None where no HTTP head begins the block. Undoes chunked
transfer and the content encodings gzip, deflate (both kinds), br and zstd, in that order, never beyond a cap. Stored
crawls often keep headers that no longer hold (Common Crawl stores decoded bodies), so each is tried, and a body that is
not what its header says stays as it is. Content-Length is not believed. Does not decode characters.
"""

import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import brotli
import zstandard

MAX_HEAD_BYTES = 256 << 10  # servers accept 8 to 64 KiB of headers; crawlers add some
_STEP_BYTES = 1 << 20
_ZSTD_WINDOW_BYTES = 8 << 20  # what RFC 8878, section 3.1.1.1.2, advises decoders to accept
_MAX_MEMBERS = 100  # of one gzip body; each costs a copy of the rest
_MAX_ENCODINGS = 4  # more are an attack, not a page

BLANK_LINE = re.compile(rb"\n\r?\n")
_STATUS = re.compile(rb"HTTP/\d(?:\.\d)?[ \t]+(\d{3})(?!\d)", re.IGNORECASE)
_CHUNK_SIZE = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\n]{0,4096})?\r?\n")

_INTERIM = range(100, 200)

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Response:
    """`body` is None where it unfolds to more than the cap. `truncated`: it ends before its own framing says so."""

    status: int | None
    headers: Headers
    body: bytes | None
    truncated: bool


def parse_response(block: bytes, start: int, end: int, cap: int) -> Response | None:
    """The response in block[start:end], its body at most `cap` bytes; None when it has no HTTP head."""
    head, start = _head(block, start, end)
    while head is not None and _status(head) in _INTERIM and block[start : start + 5] == b"HTTP/":
        head, start = _head(block, start, end)  # "100 Continue" stands before the answer that counts
    if head is None:
        return None
    headers = parse_headers(head)
    body: bytes | None = block[start:end]
    truncated = cut = False
    transfer = encodings = ""
    for name, value in headers:
        if name == "transfer-encoding":
            transfer += "," + value.lower()
        elif name == "content-encoding":
            encodings += "," + value.lower()
    if "chunked" in transfer:
        body, truncated = unchunk(block[start:end])
    if encodings:
        body, cut = decode_body(body or b"", encodings, cap)
    if body is not None and len(body) > cap:
        body = None
    return Response(_status(head), headers, body, truncated or cut)


def _head(block: bytes, start: int, end: int) -> tuple[bytes | None, int]:
    """The head that begins at `start`, and where its body does; None when there is no head of a sensible size."""
    if block[start : start + 5].upper() != b"HTTP/":
        return None, start
    blank = BLANK_LINE.search(block, start, min(end, start + MAX_HEAD_BYTES))
    if blank:
        return block[start : blank.start()], blank.end()
    return (None, start) if end - start > MAX_HEAD_BYTES else (block[start:end], end)


def _status(head: bytes) -> int | None:
    return int(match[1]) if (match := _STATUS.match(head)) else None


def parse_headers(head: bytes) -> Headers:
    """Names in lower case and values of the lines behind the first one, in order; folded lines are joined."""
    text = head.decode("ascii") if head.isascii() else None
    if text is None:
        try:
            text = head.decode("utf-8")
        except UnicodeDecodeError:
            text = head.decode("latin-1")
    found: list[tuple[str, str]] = []
    for line in text.split("\n")[1:]:
        if line[:1] in (" ", "\t"):
            if found and (more := line.strip()):
                name, value = found[-1]
                found[-1] = (name, f"{value} {more}" if value else more)
            continue
        name, colon, value = line.partition(":")
        if colon:
            found.append((name.strip().lower(), value.strip()))
    return tuple(found)


def unchunk(body: bytes) -> tuple[bytes, bool]:
    """The body without chunk framing, and whether it ends too early; as it is where it is not framed at all."""
    parts: list[bytes] = []
    position = 0
    while match := _CHUNK_SIZE.match(body, position):
        size = int(match[1], 16)
        begin, position = match.end(), match.end() + size
        if size == 0:
            return b"".join(parts), False
        parts.append(body[begin:position])
        if position >= len(body):
            return b"".join(parts), True
        if body.startswith(b"\r\n", position):
            position += 2
        elif body.startswith(b"\n", position):
            position += 1
        else:
            break
    # A first line that only looks like a size must not cost a page its beginning.
    return (b"".join(parts), True) if len(parts) > 1 else (body, False)


def decode_body(body: bytes, encodings: str, cap: int) -> tuple[bytes | None, bool]:
    """The body with the listed encodings undone, last first; (None, True) once it is larger than `cap` bytes."""
    truncated = False
    for name in [name.strip() for name in encodings.split(",") if name.strip()][-_MAX_ENCODINGS:][::-1]:
        decoded, whole = _collect(_decoder(name, body), cap) if body else (b"", True)
        if len(decoded) > cap:
            return None, True
        lies = not whole and body.lstrip()[:1] == b"<"  # br and raw deflate bear no mark and may unfold markup to junk
        if decoded and not lies:  # nothing comes out of encodings that are none (identity, utf-8, x-foo)
            body, truncated = decoded, truncated or not whole
    return body, truncated


def _decoder(name: str, body: bytes) -> Callable[[], Iterator[bytes]]:
    match name:
        case "gzip" | "x-gzip":
            return lambda: _gunzip(body)
        case "deflate":
            return lambda: _inflate(body, zlib.MAX_WBITS if _is_zlib(body) else -zlib.MAX_WBITS)
        case "br":
            return lambda: _unbrotli(body)
        case "zstd":
            return lambda: _unzstd(body)
    return lambda: iter(())


def _collect(pieces: Callable[[], Iterator[bytes]], cap: int) -> tuple[bytes, bool]:
    """What came out, up to little more than `cap` bytes, and whether it came to its proper end."""
    found: list[bytes] = []
    size = 0
    try:
        for piece in pieces():
            found.append(piece)
            size += len(piece)
            if size > cap:
                break
    except (zlib.error, brotli.error, zstandard.ZstdError, EOFError):
        return b"".join(found), False
    return b"".join(found), True


def _is_zlib(body: bytes) -> bool:
    return len(body) > 2 and body[0] & 0x0F == 8 and int.from_bytes(body[:2], "big") % 31 == 0


def _gunzip(body: bytes) -> Iterator[bytes]:
    for _ in range(_MAX_MEMBERS):
        if body[:2] != b"\x1f\x8b":
            return
        inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)
        yield from _drain(inflater, body)
        body = inflater.unused_data


def _inflate(body: bytes, window_bits: int) -> Iterator[bytes]:
    return _drain(zlib.decompressobj(window_bits), body)


def _drain(inflater: "zlib._Decompress", body: bytes) -> Iterator[bytes]:
    while not inflater.eof:
        piece = inflater.decompress(body, _STEP_BYTES)
        body = inflater.unconsumed_tail
        if piece:
            yield piece
        elif not body:
            raise EOFError


def _unbrotli(body: bytes) -> Iterator[bytes]:
    decoder = brotli.Decompressor()
    piece = decoder.process(body, output_buffer_limit=_STEP_BYTES)
    while piece:
        yield piece
        piece = decoder.process(b"", output_buffer_limit=_STEP_BYTES) if not decoder.is_finished() else b""
    if not decoder.is_finished():
        raise EOFError


def _unzstd(body: bytes) -> Iterator[bytes]:
    decoder = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW_BYTES)
    with decoder.stream_reader(body, read_across_frames=True) as reader:
        while piece := reader.read(_STEP_BYTES):
            yield piece
