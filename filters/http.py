"""Early exit on what the server said: status, size and type, before a byte is decoded.

Reads a `Page`; returns `Keep` or `Drop` with one of REASONS. Drops redirects, errors, bodies that are empty, too
small or too large, types that are not HTML or plain text, and bodies that claim to be HTML and are something else.
Rows that already are text (WET, JSONL `text`) have no status: only emptiness and size are checked.

It does not decode, and it does not recognise soft errors ("404" served with status 200): the text rules meet those.
"""

from collections.abc import Callable

import re2
from pydantic.dataclasses import dataclass

from filters.spec import SPEC
from schemas.decisions import KEEP, Decision, Drop
from schemas.records import Page

REASONS = (
    "redirect",
    "http_error_status",
    "empty_body",
    "page_too_small",
    "page_too_large",
    "not_html",
    "not_html_bytes",
)

# Types that say nothing: servers send them for want of a better one, so the bytes decide.
_GENERIC_TYPES = frozenset(
    {
        "",
        "*/*",
        "unknown/unknown",
        "application/unknown",
        "application/octet-stream",
        "binary/octet-stream",
        "application/x-httpd-php",
        "application/xml",
        "text/xml",
    }
)
_HEAD_BYTES = 1445  # the resource header of the WHATWG MIME Sniffing standard, section 5.2
_SPACE = b"\t\n\x0c\r "
_BLANK = _SPACE + b"\x00\xef\xbb\xbf\xfe\xff"  # white space in any Unicode form, byte-order marks

# The HTML patterns of the WHATWG MIME Sniffing standard, section 7.1, behind comments and an XML declaration.
_HTML_START = re2.compile(
    rb"(?is)\A[\t\n\f\r ]*(?:<\?xml[^>]*>[\t\n\f\r ]*)?(?:<!--.*?-->[\t\n\f\r ]*)*"
    rb"<(?:!doctype[\t\n\f\r ]+html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|meta|link)[ \t\n\f\r>/]"
)
_HTML_ROOT = re2.compile(rb"(?i)<!doctype[\t\n\f\r ]+html|<html[ \t\n\f\r>]")
_ANY_TAG = re2.compile(rb"</?[A-Za-z]")
_OTHER_XML = re2.compile(
    rb"(?is)\A[\t\n\f\r ]*(?:<\?xml[^>]*>[\t\n\f\r ]*)?(?:<!--.*?-->[\t\n\f\r ]*|<![A-Z][^>]*>[\t\n\f\r ]*)*"
    rb"<(?:rss|feed|rdf:RDF|urlset|sitemapindex|svg|opml|wml|soap:Envelope|Error)[ \t\n\f\r>]"
)
_JSON = re2.compile(rb"""(?s)\A[\t\n\f\r ]*(?:\{[\t\n\f\r ]*(?:"[^"\\]*"[\t\n\f\r ]*:|\})|\[[\t\n\f\r ]*[\[{"\]0-9])""")

# Signatures of formats that servers send as text/html (WHATWG MIME Sniffing, sections 6 and 7.1, and libmagic).
_MAGIC = (
    (b"%PDF-", "pdf"),
    (b"%!PS-Adobe-", "postscript"),
    (b"{\\rtf", "rtf"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"BM", "bmp"),
    (b"RIFF", "riff"),
    (b"\x00\x00\x01\x00", "icon"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"Rar!\x1a\x07", "rar"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (b"OggS", "ogg"),
    (b"ID3", "mp3"),
    (b"FWS", "flash"),
    (b"CWS", "flash"),
    (b"wOFF", "font"),
    (b"wOF2", "font"),
    (b"\x00\x01\x00\x00\x00", "font"),
    (b"OTTO", "font"),
    (b"\x1aE\xdf\xa3", "matroska"),
    (b"\x7fELF", "elf"),
    (b"MZ", "exe"),
    (b"SQLite format 3\x00", "sqlite"),
)
# Control bytes that no text in any of our charsets holds (ESC stays out: ISO-2022-JP needs it).
_BINARY_BYTES = bytes(set(range(0x20)) - {0x09, 0x0A, 0x0C, 0x0D, 0x1B})
_MAX_BINARY_RATIO = 0.02  # stray control bytes occur in real pages; compressed data has about .1


@dataclass(frozen=True, kw_only=True, config=SPEC)
class HttpSpec:
    """What a response must be to be worth decoding."""

    statuses: tuple[int, ...] = (200,)
    """HTTP statuses that go on. Others are `redirect` (3xx but 304) or `http_error_status`."""

    media_types: tuple[str, ...] = ("text/html", "application/xhtml+xml", "application/vnd.wap.xhtml+xml", "text/plain")
    """Media types that go on, lower case. A missing or generic type goes on when the bytes are HTML."""

    max_page_bytes: int = 8 << 20
    """Bytes of the body. 8 MiB is far above real articles (Common Crawl cuts at 1 MiB until 2025, 5 MiB since)."""

    min_page_bytes: int = 64
    """Bytes of an HTML body: less holds no sentence beside its tags. Text rows are not held to it."""

    def open(self) -> Callable[[Page], Decision]:
        """The check, O(size of the body) at worst; most pages need their first 1,445 bytes."""

        def check(page: Page) -> Decision:
            if page.status is not None and page.status not in self.statuses:
                redirect = 300 <= page.status < 400 and page.status != 304
                return Drop("redirect" if redirect else "http_error_status", page.status)
            size = len(page.payload)
            if size > self.max_page_bytes:
                return Drop("page_too_large", size, self.max_page_bytes)
            if not page.payload.strip(_BLANK):
                return Drop("empty_body", size)
            return KEEP if page.media == "text" and page.status is None else self._bytes(page)

        return check

    def _bytes(self, page: Page) -> Decision:
        body, media_type = page.payload, media_type_of(page)
        # A row without status (JSONL `html`) says by its field that it is HTML.
        if media_type not in self.media_types and not (page.status is None and media_type == ""):
            if media_type not in _GENERIC_TYPES or not looks_like_html(body):
                return Drop("not_html", detail=media_type[:80])
            return KEEP
        if (found := _other_format(body)) is not None:
            return Drop("not_html_bytes", detail=found)
        if media_type != "text/plain" and _wide(body) is None and _ANY_TAG.search(body) is None:
            return Drop("not_html_bytes", detail="no markup")
        if len(body) < self.min_page_bytes:
            return Drop("page_too_small", len(body), self.min_page_bytes)
        return KEEP


def media_type_of(page: Page) -> str:
    """The essence of Content-Type in lower case, "" where it is missing: `TEXT/HTML;;charset` is `text/html`."""
    return (page.header("content-type") or "").split(";", 1)[0].split(",", 1)[0].strip().lower()


def media_of(page: Page) -> str:
    """Either "text", for a page whose layout is final, or "html". A `text/plain` response that starts as HTML is HTML."""
    if media_type_of(page) == "text/plain" and page.status is not None:
        return "html" if looks_like_html(page.payload) else "text"
    return page.media


def looks_like_html(body: bytes) -> bool:
    """Whether the first bytes are HTML by the WHATWG patterns, in any Unicode form."""
    head = _narrow(body)
    return _HTML_START.search(head) is not None or (
        _HTML_ROOT.search(head) is not None and _JSON.search(head) is None and _OTHER_XML.search(head) is None
    )


def _other_format(body: bytes) -> str | None:
    """The format of a body that cannot be HTML, or None. Conservative: whatever may be HTML is HTML."""
    for magic, name in _MAGIC:
        # A signature of two letters may open a text: then only a control byte close behind makes it binary.
        if body.startswith(magic) and (len(magic) > 2 or _binary_ratio(body[:64]) > _MAX_BINARY_RATIO):
            return name
    if body[4:8] == b"ftyp":
        return "mp4"
    head = _narrow(body)
    if _binary_ratio(head) > _MAX_BINARY_RATIO:
        return "binary"
    if _OTHER_XML.search(head) is not None:
        return "xml"
    if _JSON.search(head) is not None and body.rstrip(_BLANK)[-1:] in b"}]":
        return "json"
    return None


def _wide(body: bytes) -> str | None:
    """The UTF-16 codec of a body with a byte-order mark, or with NUL in every second byte of its start."""
    head = body[:64]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    even, odd = head[::2].count(0), head[1::2].count(0)
    if max(even, odd) * 3 <= len(head) or min(even, odd) * 4 > max(even, odd):
        return None
    return "utf-16-be" if even > odd else "utf-16-le"


def _narrow(body: bytes) -> bytes:
    """The first bytes, UTF-16 as UTF-8, and the byte-order mark left out."""
    if (codec := _wide(body)) is not None:
        return body[: 2 * _HEAD_BYTES].decode(codec, "ignore").encode("utf-8")
    return body[:_HEAD_BYTES].removeprefix(b"\xef\xbb\xbf")


def _binary_ratio(head: bytes) -> float:
    return 1 - len(head.translate(None, _BINARY_BYTES)) / len(head) if head else 0.0
