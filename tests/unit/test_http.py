"""What passes the HTTP exit, what does not, and why."""

import gzip
import zipfile
from io import BytesIO

import pytest

from filters.http import REASONS, HttpSpec, looks_like_html, media_of, media_type_of
from schemas.decisions import KEEP, Drop
from schemas.records import Location, Page

check = HttpSpec().open()
HTML = (
    "<!DOCTYPE html><html><head><title>标题</title></head><body><p>" + "正文。" * 40 + "</p></body></html>"
).encode()


def page(payload=HTML, content_type="text/html; charset=utf-8", status=200, media="html"):
    headers = () if content_type is None else (("content-type", content_type),)
    where = Location(file="a.warc.gz", offset=0, length=1)
    return Page(
        doc_id="0" * 32, url="https://example.org/", fetched_at=None, payload=payload, media=media,
        location=where, source="test", status=status, headers=headers,
    )  # fmt: skip


def zipped():
    with BytesIO() as stream:
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr("a.txt", "x" * 100)
        return stream.getvalue()


@pytest.mark.parametrize(
    "content_type",
    [
        "text/html",
        "TEXT/HTML",
        "text/html;;charset",
        "text/html; charset=gb2312",
        "application/xhtml+xml",
        "text/html, text/html",
        "",
        None,
        "*/*",
        "application/octet-stream",
        "application/x-httpd-php",
        "text/xml",
    ],
)
def test_html_passes_under_every_type_that_may_mean_html(content_type):
    assert check(page(content_type=content_type)) == KEEP
    assert media_of(page(content_type=content_type)) == "html"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects(status):
    assert check(page(status=status)) == Drop("redirect", status)


@pytest.mark.parametrize("status", [204, 206, 304, 403, 404, 410, 429, 500, 503, 999])
def test_errors(status):
    assert check(page(status=status)) == Drop("http_error_status", status)


def test_statuses_are_the_recipes():
    assert HttpSpec(statuses=(200, 203)).open()(page(status=203)) == KEEP


@pytest.mark.parametrize(
    "content_type",
    ["application/pdf", "image/jpeg", "application/json", "text/css", "application/rss+xml", "video/mp4"],
)
def test_other_types_are_not_html_whatever_the_bytes(content_type):
    assert check(page(content_type=content_type)) == Drop("not_html", detail=content_type)


def test_a_generic_type_needs_html_bytes():
    assert check(page(bytes(range(1, 200)), "application/octet-stream")) == Drop(
        "not_html", detail="application/octet-stream"
    )
    assert check(page(b'{"html": "<html><body></body></html>"}' * 3, "*/*")) == Drop("not_html", detail="*/*")


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"%PDF-1.7\n" + b"1 0 obj" * 20, "pdf"),
        (b"\xff\xd8\xff\xe0" + bytes(range(256)), "jpeg"),
        (b"\x89PNG\r\n\x1a\n" + bytes(99), "png"),
        (gzip.compress(HTML), "gzip"),
        (zipped(), "zip"),
        (b"\0\0\0\x20ftypisom" + bytes(99), "mp4"),
        (bytes(range(32)) * 9, "binary"),
        (b"MZ\x90\0\3\0\0\0" + bytes(99), "exe"),
        (b"<?xml version='1.0'?><rss><channel><title>x</title></channel></rss>" * 2, "xml"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><text>a</text></svg>' * 3, "xml"),
        (b'{"a": [1, 2, 3], "t": "<!DOCTYPE html><html lang=\'zh\'><head>"}' + b" " * 40, "json"),
        (b"body{color:red}" * 20, "no markup"),
        (b"function f(){return 1<2}\n" * 20, "no markup"),
    ],
)
def test_bytes_that_cannot_be_html(body, detail):
    assert check(page(body)) == Drop("not_html_bytes", detail=detail)


@pytest.mark.parametrize(
    "body",
    [
        b"\xef\xbb\xbf  \n" + HTML,
        HTML.decode().encode("utf-16"),
        HTML.decode().encode("utf-16-le"),
        HTML.decode().encode("utf-16-be"),
        HTML.decode().encode("gb18030"),
        b'<?xml version="1.0" encoding="utf-8"?>\n' + HTML,
        b"<!-- saved from http://example.org -->" + HTML,
        b"Warning: mysql_connect() failed<br>" + HTML,
        "BMW 宝马 ".encode() + b"<p>text</p>" * 10,
        b"MZ is a rapper<p>" + b"text " * 20,
        b"[if IE]<p>" + b"text " * 20,
        b"\x1b$B$3$l\x1b(B<p>" + b"text " * 20,
        b"\0" + HTML,
    ],
)
def test_odd_html_passes(body):
    assert check(page(body)) == KEEP


def test_sizes():
    assert check(page(b"")) == Drop("empty_body", 0)
    assert check(page(b" \r\n\0\xef\xbb\xbf")) == Drop("empty_body", 7)
    assert check(page(b"<p>hi</p>")) == Drop("page_too_small", 9, 64)
    assert HttpSpec(max_page_bytes=100).open()(page()) == Drop("page_too_large", len(HTML), 100)


def test_rows_without_status():
    assert check(page(b"\xe5\xa5\xbd", None, status=None, media="text")) == KEEP
    assert check(page(b" ", None, status=None, media="text")) == Drop("empty_body", 1)
    assert check(page(HTML, None, status=None)) == KEEP
    assert check(page(b"%PDF-1.7\n" + b"1 0 obj" * 20, None, status=None)) == Drop("not_html_bytes", detail="pdf")


def test_plain_text_responses():
    text = page("纯文本，不是网页。Plain text.\n".encode() * 5, "text/plain", media="text")
    assert check(text) == KEEP
    assert media_of(text) == "text"
    assert media_of(page(content_type="text/plain", media="text")) == "html"  # a browser would show the source
    assert check(page(b"%PDF-1.7\n" + b"1 0 obj" * 20, "text/plain", media="text")) == Drop(
        "not_html_bytes", detail="pdf"
    )


def test_the_essence_of_a_type():
    assert media_type_of(page(content_type=" Text/HTML ; charset=x")) == "text/html"
    assert media_type_of(page(content_type=None)) == ""


def test_every_reason_is_declared():
    cases = [
        page(status=301),
        page(status=404),
        page(b""),
        page(b"<p>"),
        page(content_type="image/png"),
        page(b"%PDF-" + b"1" * 99),
    ]
    reasons = {decision.reason for case in cases if isinstance(decision := check(case), Drop)}
    assert reasons | {"page_too_large"} == set(REASONS)


def test_a_long_tail_of_angle_brackets_is_linear():
    assert not looks_like_html(b"<!--" * 1_000_000)
    assert check(page(b"<" * 4_000_000)) == Drop("not_html_bytes", detail="no markup")
