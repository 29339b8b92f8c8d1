"""WARC/1.0 as Common Crawl writes it: a warcinfo, then request, response and metadata of each capture, each its own
gzip member. The same input gives the same bytes: ids are UUIDs of the URL, times count up from a fixed one.
"""

import base64
import gzip
import hashlib
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

NAMESPACE = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")  # RFC 4122, name space of URLs
EPOCH = datetime(2026, 3, 2, 4, 0, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """One exchange as it went over the wire: `headers` and `body` are what the server sent, encodings included."""

    url: str
    status: str = "200 OK"
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "text/html; charset=utf-8"),)
    body: bytes = b""
    kind: str = "response"  # or "revisit"
    truncated: str = ""  # WARC-Truncated
    damage: bool = False  # overwrite the middle of the compressed response
    number: int = 0  # makes the record id of a second capture of the same URL


def record_id(url: str, number: int = 0, role: str = "response") -> str:
    """`<urn:uuid:...>`, from the URL, the capture's number and the record's role."""
    return f"<urn:uuid:{uuid.uuid5(NAMESPACE, f'{role} {number} {url}')}>"


def warc_file(name: str, captures: list[Capture], start: int) -> bytes:
    """One gzip-per-record file; `start` is the number of the first capture, which sets the clock."""
    info = record_id(name, role="warcinfo")
    about = (
        "isPartOf: MILLRACE-SAMPLE\r\npublisher: Millrace\r\n"
        "description: made-up pages with planted defects, see truth.jsonl\r\n"
        "format: WARC file version 1.0\r\nconformsTo: http://bibnum.bnf.fr/WARC/WARC_ISO_28500_version1_latestdraft.pdf"
    )
    members = [
        _record(
            "warcinfo",
            info,
            EPOCH + timedelta(seconds=start),
            "application/warc-fields",
            about.encode(),
            (("WARC-Filename", name),),
        )
    ]
    for index, capture in enumerate(captures, start):
        members += _capture(capture, info, EPOCH + timedelta(seconds=7 * index + index % 5))
    return b"".join(members)


def _capture(capture: Capture, info: str, when: datetime) -> list[bytes]:
    identity = record_id(capture.url, capture.number)
    host, _, path = capture.url.partition("://")[2].partition("/")
    address = hashlib.sha256(host.encode()).digest()[0]
    request = (
        f"GET /{path} HTTP/1.1\r\nUser-Agent: CCBot/2.0 (https://commoncrawl.org/faq/)\r\n"
        "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
        f"Accept-Language: en-US,en;q=0.5\r\nAccept-Encoding: br,gzip\r\nHost: {host}\r\nConnection: Keep-Alive\r\n\r\n"
    ).encode()
    lines = [f"HTTP/1.1 {capture.status}", *(f"{key}: {value}" for key, value in capture.headers)]
    if not any(key == "Transfer-Encoding" for key, _ in capture.headers):
        lines.append(f"Content-Length: {len(capture.body)}")
    block = "\r\n".join(lines).encode() + b"\r\n\r\n" + capture.body
    common = (
        ("WARC-Warcinfo-ID", info),
        ("WARC-IP-Address", f"192.0.2.{address}"),  # RFC 5737, for documentation
        ("WARC-Target-URI", capture.url),
    )
    request_id = record_id(capture.url, capture.number, "request")
    response: tuple[tuple[str, str], ...] = (
        ("WARC-Concurrent-To", request_id),
        *common,
        ("WARC-Payload-Digest", _digest(capture.body)),
        ("WARC-Block-Digest", _digest(block)),
    )
    if capture.truncated:
        response += (("WARC-Truncated", capture.truncated),)
    if capture.kind == "revisit":
        response += (
            ("WARC-Profile", "http://netpreserve.org/warc/1.0/revisit/identical-payload-digest"),
            ("WARC-Refers-To", record_id(capture.url, 0)),
        )
    kind = "application/http; msgtype="
    fetch = f"fetchTimeMs: {80 + address}\r\n".encode()
    meta = (("WARC-Warcinfo-ID", info), ("WARC-Concurrent-To", identity), ("WARC-Target-URI", capture.url))
    page = _record(capture.kind, identity, when, kind + "response", block, response)
    return [
        _record("request", request_id, when, kind + "request", request, (("WARC-Concurrent-To", identity), *common)),
        _damaged(page) if capture.damage else page,
        _record(
            "metadata", record_id(capture.url, capture.number, "metadata"), when, "application/warc-fields", fetch, meta
        ),
    ]


def _record(  # noqa: PLR0917 - in the order in which they are written
    kind: str, identity: str, when: datetime, media: str, block: bytes, fields: tuple[tuple[str, str], ...]
) -> bytes:
    head = [
        "WARC/1.0",
        f"WARC-Type: {kind}",
        f"WARC-Date: {when:%Y-%m-%dT%H:%M:%SZ}",
        f"WARC-Record-ID: {identity}",
        f"Content-Length: {len(block)}",
        f"Content-Type: {media}",
        *(f"{key}: {value}" for key, value in fields),
    ]
    return gzip.compress("\r\n".join(head).encode() + b"\r\n\r\n" + block + b"\r\n\r\n", 9, mtime=0)


def _digest(data: bytes) -> str:
    return "sha1:" + base64.b32encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode()


def _damaged(member: bytes) -> bytes:
    """The member with sixty bytes of its middle overwritten: it starts well and cannot be inflated to its end."""
    middle = len(member) // 2
    return member[:middle] + b"\xff" * 60 + member[middle + 60 :]
