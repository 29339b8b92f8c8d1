"""Captures that never become a document: redirects, errors, other formats, bombs and pages that hurt a parser."""

import gzip
import json
import struct
import zlib

from tools.sample.chrome import WORDS
from tools.sample.sites import SITES
from tools.sample.truth import Planted, Truth
from tools.sample.warc import Capture

HTML = ("Content-Type", "text/html; charset=utf-8")

# Measured with trafilatura 2.3.1 fast, one core: 10,000 links at depth 240 take 5.8 s, 60,000 take 35 s. For each of
# the 240 nested <div> it collects and measures all links below (delete_by_link_density): depth times links.
HANG_DEPTH, HANG_LINKS = 240, 60_000
# Measured with resiliparse 2.0.1 extract_plain_text: 1,000 take .4 GB, 2,000 take 1.5 GB, 4,000 above 5 GB. The HTML
# standard opens every unclosed formatting element again in each new paragraph: the tree has their product of nodes.
MEMORY_ELEMENTS = 5_000
BOMB_BYTES = 256 << 20

SENTENCES = (
    "The weather station on the hill has been run by volunteers since the spring of 1931.",
    "Every morning at seven one of them walks up with a lantern and writes down what the instruments say.",
    "Nobody has missed a day, not even in the winter when the path was buried under two metres of snow.",
)


def _ledger(kind: str, *reasons: str, note: str = "") -> Truth:
    return Truth(kind=kind, verdicts=("ledger",), reasons=reasons, note=note)


def redirects() -> list[Planted]:
    """301 and 302 with a Location, with and without a body."""
    body = b"<html><head><title>301 Moved Permanently</title></head><body><center><h1>301 Moved Permanently</h1></center></body></html>"
    rows = (
        (
            "http://www.jiangcheng-ribao.example/",
            "301 Moved Permanently",
            "https://www.jiangcheng-ribao.example/",
            body,
        ),
        (
            "https://slow-kettle.example/?p=211",
            "301 Moved Permanently",
            "https://slow-kettle.example/archives/211",
            b"",
        ),
        ("https://m.kandian.example/go?to=9", "302 Found", "https://m.kandian.example/login?next=9", b""),
        ("https://ask.lanternhelp.example/q/77", "302 Found", "/questions/77", body),
        ("https://docs.yunduan.test/latest", "307 Temporary Redirect", "/v3/", b""),
    )
    return [
        Planted(
            capture=Capture(url=url, status=status, headers=(HTML, ("Location", target)), body=text),
            truth=_ledger("redirect", "redirect"),
        )
        for url, status, target, text in rows
    ]


def to_https(planted: Planted) -> Planted:
    """The commonest redirect: http to https, with the server's standard page."""
    target = planted.capture.url
    body = f'<html>\n<head><title>301 Moved Permanently</title></head>\n<body>\n<h1>Moved</h1><a href="{target}">here</a>\n</body></html>\n'
    capture = Capture(
        url=target.replace("https://", "http://"),
        status="301 Moved Permanently",
        headers=(("Content-Type", "text/html"), ("Location", target)),
        body=body.encode(),
    )
    return Planted(capture=capture, truth=_ledger("redirect", "redirect"))


def errors() -> list[Planted]:
    """Error pages with the frame and the apologies that sites put around them."""
    rows = (
        ("zh", "Hans", "404 Not Found", "抱歉，您访问的页面不存在或已被删除。请检查网址是否正确，或返回首页继续浏览。"),
        ("zh", "Hant", "404 Not Found", "很抱歉，找不到您要的網頁。該網頁可能已經移除或更名。"),
        (
            "en",
            "Latn",
            "404 Not Found",
            "We could not find the page that you asked for. It may have been moved or deleted.",
        ),
        (
            "en",
            "Latn",
            "500 Internal Server Error",
            "Something went wrong on our side. Please try again in a few minutes.",
        ),
        ("zh", "Hans", "503 Service Unavailable", "系统繁忙，请稍后再试。"),
        ("ja", "Jpan", "403 Forbidden", "このページを表示する権限がありません。"),
    )
    made = []
    for number, (language, script, status, text) in enumerate(rows):
        site = SITES[language, script][number % len(SITES[language, script])]
        words = WORDS[language, script]
        body = (
            f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>{status}</title></head><body><nav>{" ".join(words.menu)}</nav>'
            f"<h1>{status}</h1><p>{text}</p><footer>{words.footer}</footer></body></html>"
        )
        url = f"https://{site.host}/gone/{number}.html"
        capture = Capture(url=url, status=status, headers=(HTML,), body=body.encode())
        made.append(Planted(capture=capture, truth=_ledger("http_error", "http_error_status")))
    return made


def png() -> bytes:
    """A valid picture of 16 by 16 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\x00" + bytes((17 * x) ^ (13 * y) for x in range(16) for _ in range(3)) for y in range(16))
    header = struct.pack(">IIBBBBB", 16, 16, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def pdf() -> bytes:
    """A small PDF of one page with one line of text."""
    text = b"BT /F1 24 Tf 72 720 Td (Minutes of the council) Tj ET"
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(text), text),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    body, places = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", []
    for number, data in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%b\nendobj\n" % (number, data)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return body + b"xref\n0 6\n0000000000 65535 f \n%btrailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        table,
        len(body),
    )


def other_formats() -> list[Planted]:
    """PDF, PNG, JSON, RSS and CSS with their types; pictures and archives that claim to be HTML."""
    feed = '<?xml version="1.0"?><rss version="2.0"><channel><title>Slow Kettle</title><item><title>One</title></item></channel></rss>'
    data = json.dumps({"items": [{"id": i, "title": f"row {i}", "ok": True} for i in range(40)]}).encode()
    rows = (
        ("https://www.county-hall.test/minutes/2026-01.pdf", "application/pdf", pdf(), "not_html"),
        ("https://www.openatlas.test/img/logo.png", "image/png", png(), "not_html"),
        ("https://m.kandian.example/api/list?page=1", "application/json", data, "not_html"),
        ("https://slow-kettle.example/feed", "application/rss+xml; charset=utf-8", feed.encode(), "not_html"),
        ("https://docs.tinware.example/style.css", "text/css", b"body{margin:0}h1{font-size:2em}" * 9, "not_html"),
        ("https://www.widefield.test/cover", "text/html; charset=utf-8", png(), "not_html_bytes"),
        ("https://www.linhe-gov.example/file?id=88", "text/html", pdf(), "not_html_bytes"),
        (
            "https://www.county-hall.test/download.php?f=3",
            "text/html",
            gzip.compress(data, 9, mtime=0),
            "not_html_bytes",
        ),
    )
    return [
        Planted(
            capture=Capture(url=url, headers=(("Content-Type", media),), body=body),
            truth=_ledger("not_html", "not_html", "not_html_bytes")
            if reason == "not_html"
            else _ledger(reason, reason),
        )
        for url, media, body, reason in rows
    ]


def empty() -> list[Planted]:
    """No body, and a body of white space."""
    rows = (
        ("https://www.widefield.test/a/0", b""),
        ("https://bbs.laocha.example/thread-0-1-1.html", b" \r\n\r\n\t \n"),
    )
    return [
        Planted(
            capture=Capture(url=url, headers=(HTML,), body=body),
            truth=_ledger("empty_body", "empty_body", "page_too_small"),
        )
        for url, body in rows
    ]


def bomb() -> Planted:
    """A quarter of a gigabyte of spaces behind Content-Encoding: gzip."""
    start = b"<!DOCTYPE html><html><head><title>Big</title></head><body><p>"
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = b" " * (1 << 20)
    parts = [packer.compress(start), *(packer.compress(block) for _ in range(BOMB_BYTES >> 20)), packer.flush()]
    capture = Capture(
        url="https://www.widefield.test/a/268435456",
        headers=(HTML, ("Content-Encoding", "gzip")),
        body=b"".join(parts),
    )
    return Planted(capture=capture, truth=_ledger("decompression_bomb", "payload_too_large", "page_too_large"))


def hostile() -> list[Planted]:
    """One page that takes an extractor half a minute, one that takes an HTML5 parser gigabytes: see the README."""
    lead = "".join(f"<p>{s}</p>" for s in SENTENCES * 2)
    hang = (
        f"<!DOCTYPE html>\n<html><head><meta charset='utf-8'><title>Station diary</title></head><body><article>{lead}"
        + "<div>" * HANG_DEPTH
        + "<a href=x>w</a>" * HANG_LINKS
        + "</div>" * HANG_DEPTH
        + "</article></body></html>"
    )
    memory = (
        f"<!DOCTYPE html>\n<html><head><meta charset='utf-8'><title>Station diary, part two</title></head><body><article>{lead}<p>"
        + "".join(f"<font size={i}>" for i in range(MEMORY_ELEMENTS))
        + "<p>word" * MEMORY_ELEMENTS
        + "</article></body></html>"
    )
    ends = ("quarantined_timeout", "quarantined_crash", "quarantined_memory", "quarantined_error")
    rows = (("diary", hang, "hostile_hang"), ("diary-2", memory, "hostile_memory"))
    return [
        Planted(
            capture=Capture(url=f"https://www.widefield.test/{name}", headers=(HTML,), body=text.encode()),
            truth=Truth(
                kind=kind,
                # The learned extractor reads the page that makes trafilatura hang; it is no text worth keeping.
                verdicts=("ledger", "quarantine", "drop") if kind == "hostile_hang" else ("ledger", "quarantine"),
                reasons=(*ends, "*rule*") if kind == "hostile_hang" else ends,
                language="en",
                script="Latn",
            ),
        )
        for name, text, kind in rows
    ]


def revisit(planted: Planted) -> Planted:
    """The server said 304: a revisit record that refers to the first capture of the same URL."""
    first = planted.capture
    capture = Capture(url=first.url, status="304 Not Modified", headers=(HTML,), kind="revisit", number=1)
    return Planted(capture=capture, truth=_ledger("revisit", "revisit", "not_a_capture"))


def everything() -> list[Planted]:
    """All of the above that needs no article."""
    return [*redirects(), *errors(), *other_formats(), *empty(), bomb(), *hostile()]
