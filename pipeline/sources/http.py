"""A stored HTTP response as status, headers and the body that the server meant.

Reads the block of a WARC record; returns a `Response`, or None where no HTTP head begins the block. Undoes chunked
transfer and the content encodings gzip, deflate (both kinds), br and zstd, in that order, never beyond a cap. Stored
crawls often keep headers that no longer hold (Common Crawl stores decoded bodies), so each is tried, and a body that is
not what its header says stays as it is, unless it begins with the mark of gzip, zlib or zstd: then that is undone (without
a header it is a file to download). What comes out before damage or an early end is kept. Content-Length is not believed. Does not
decode characters.
"""

import re
import zlib
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass

import brotli
import zstandard

MAX_HEAD_BYTES = 256 << 10  # servers accept 8 to 64 KiB of headers; crawlers add some
_STEP_BYTES = 16 << 10  # taken in and given out at a time: damage costs what its step would have given
_FEED_BYTES = 1 << 10  # of a brotli body: its decoder gives nothing of a piece that fails
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
    """The body with the listed encodings undone, last first, then those that it bears the mark of.

    (None, True) once it is larger than `cap` bytes.
    """
    truncated = False
    names = [name.strip() for name in encodings.split(",") if name.strip()][-_MAX_ENCODINGS:]
    for _ in range(_MAX_ENCODINGS):
        name = names.pop() if names else _mark_of(body)
        if not name:
            break
        decoded, whole = _collect(_decoder(name, body), cap) if body else (b"", True)
        if len(decoded) > cap:
            return None, True
        # br and raw deflate bear no mark, and may unfold what is something else to a little junk.
        lies = not whole and (body.lstrip()[:1] == b"<" or (not _mark_of(body) and len(decoded) < len(body)))
        if decoded and not lies:  # nothing comes out of encodings that are none (identity, utf-8, x-foo)
            body, truncated = decoded, truncated or not whole
        elif not names and name == _mark_of(body):
            break
    return body, truncated


def _mark_of(body: bytes) -> str:
    """The encoding whose mark the body begins with; "" where there is none. No text begins with any of them."""
    if body.startswith(b"\x1f\x8b\x08"):
        return "gzip"
    if body.startswith(b"\x28\xb5\x2f\xfd"):
        return "zstd"
    # A zlib header with the default window; "x" and a control character or a byte that continues none in UTF-8.
    return "deflate" if body[:2] in (b"x\x01", b"x\x9c", b"x\xda") else ""


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
        taken = yield from _drain(inflater, body)
        body = inflater.unused_data + body[taken:]


def _inflate(body: bytes, window_bits: int) -> Iterator[bytes]:
    yield from _drain(zlib.decompressobj(window_bits), body)


def _drain(inflater: "zlib._Decompress", body: bytes) -> Generator[bytes, None, int]:
    """What the stream unfolds to; returns how much of `body` it was given.

    Raises:
        zlib.error: it is damaged; all that came before the damage has been yielded.
        EOFError: it ends too early.

    """
    taken, waiting = 0, b""
    while not inflater.eof:
        if not waiting:
            waiting = body[taken : taken + _STEP_BYTES]
            taken += len(waiting)
        before = inflater.copy()
        try:
            piece = inflater.decompress(waiting, _STEP_BYTES)
        except zlib.error:
            for place in range(len(waiting)):
                yield before.decompress(waiting[place : place + 1])
            raise
        if not piece and not waiting:
            raise EOFError
        waiting = inflater.unconsumed_tail
        if piece:
            yield piece
    return taken


def _unbrotli(body: bytes) -> Iterator[bytes]:
    decoder = brotli.Decompressor()
    for start in range(0, len(body), _FEED_BYTES):
        piece = decoder.process(body[start : start + _FEED_BYTES], output_buffer_limit=_STEP_BYTES)
        while piece:
            yield piece
            piece = b"" if decoder.is_finished() else decoder.process(b"", output_buffer_limit=_STEP_BYTES)
        if decoder.is_finished():
            return
    raise EOFError


def _unzstd(body: bytes) -> Iterator[bytes]:
    decoder = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW_BYTES)
    with decoder.stream_reader(body, read_across_frames=True) as reader:
        while piece := reader.read(_STEP_BYTES):
            yield piece
