"""WARC files that tests make themselves: records, HTTP responses, gzip members, and ways to break them."""

import gzip
import random
import zlib
from itertools import pairwise
from pathlib import Path

from pipeline.sources import open_split
from pipeline.sources.spec import SourceSpec
from pipeline.splits import Split
from schemas.records import Page, Rejected

HTML = "<html><head><title>测试</title></head><body><p>第一段，用来测试的正文。Some text.</p></body></html>".encode()


def http(body=HTML, head="HTTP/1.1 200 OK", **headers):
    lines = [head, *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def record(content=None, url="https://example.org/", kind="response", length=None, version="WARC/1.0", **headers):
    content = http(Content_Type="text/html") if content is None else content
    fields = {
        "WARC-Type": kind,
        "WARC-Record-ID": f"<urn:uuid:{zlib.crc32(url.encode() + kind.encode()):08x}-0000-4000-8000-000000000000>",
        "WARC-Date": "2025-03-08T01:02:03Z",
        "WARC-Target-URI": url,
        "Content-Type": "application/http; msgtype=response",
        "Content-Length": str(len(content) if length is None else length),
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value is not None)
    return f"{version}\r\n{head}\r\n".encode() + content + b"\r\n\r\n"


def member(*records, level=6):
    return gzip.compress(b"".join(records), compresslevel=level, mtime=0)


def noise(size, seed=0):
    return random.Random(seed).randbytes(size)


def spec_for(path, kind="warc", **options):
    return SourceSpec(paths=(str(path),), kind=kind, **options)


def read_cut(path, edges=(), kind="warc", **options):
    """Everything that the splits between the edges yield, in order."""
    size = Path(path).stat().st_size
    places = [0, *sorted(edge for edge in set(edges) if 0 < edge < size), size]
    spec = spec_for(path, kind, **options)
    splits = [Split("part", kind, str(path), start, end, size) for start, end in pairwise(places)]
    return [item for split in splits for item in open_split(split, spec)]


def pages(items):
    return [item for item in items if isinstance(item, Page)]


def rejected(items):
    return [item for item in items if isinstance(item, Rejected)]
