"""HTTP responses, rows, JSONL and Parquet into pages and reasons."""

import gzip
import json
import zlib
from datetime import UTC, date, datetime
from decimal import Decimal

import brotli
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from pipeline.sources.http import MAX_HEAD_BYTES, parse_headers, parse_response, unchunk
from schemas.records import Location, document_id
from tests.warc_files import HTML, http, noise, pages, read_cut, rejected

CAP = 1 << 20


def parse(block, cap=CAP):
    return parse_response(block, 0, len(block), cap)


def raw_deflate(data):
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(HTML)),
        ("x-gzip", gzip.compress(HTML)),
        ("gzip", gzip.compress(HTML[:40]) + gzip.compress(HTML[40:])),
        ("deflate", zlib.compress(HTML)),
        ("deflate", raw_deflate(HTML)),
        ("br", brotli.compress(HTML)),
        ("zstd", zstandard.compress(HTML)),
        ("GZIP, br", brotli.compress(gzip.compress(HTML))),
        *((name, HTML) for name in ("gzip", "deflate", "br", "zstd", "identity", "utf-8", "x-foo", "", "gzip, br")),
    ],
)
def test_content_encodings_are_undone_and_lies_are_not_believed(encoding, body):
    response = parse(http(body, Content_Encoding=encoding))
    assert (response.body, response.truncated) == (HTML, False)


@pytest.mark.parametrize(
    ("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress), ("br", brotli.compress)]
)
def test_a_cut_body_keeps_its_beginning(encoding, pack):
    text = b"<p>" + noise(3000).hex().encode()
    response = parse(http(pack(text)[:-500], Content_Encoding=encoding))
    assert text.startswith(response.body)
    assert len(response.body) > 1000
    assert response.truncated


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, zstandard.compress])
@pytest.mark.parametrize("label", ["gzip", "deflate", "br", "zstd", "identity", "gzip, br"])
def test_a_body_with_a_mark_is_undone_whatever_it_is_called(pack, label):
    assert parse(http(pack(HTML), Content_Encoding=label)).body == HTML
    assert parse(http(pack(pack(HTML)), Content_Encoding=label)).body == HTML  # by the server, and by its proxy


def test_a_packed_body_that_is_called_nothing_is_a_file():
    assert parse(http(gzip.compress(HTML, mtime=0))).body == gzip.compress(HTML, mtime=0)


@pytest.mark.parametrize("label", ["gzip", "br", "zstd"])
def test_what_another_decoder_makes_of_a_body_without_a_mark_is_not_believed(label):
    body = raw_deflate(HTML * 50)
    assert parse(http(body, Content_Encoding=label)).body == body


@pytest.mark.parametrize(
    ("encoding", "pack", "kept"),
    [("gzip", gzip.compress, 0.4), ("deflate", zlib.compress, 0.4), ("br", brotli.compress, 0.1)],
)
def test_what_stands_before_damage_is_kept(encoding, pack, kept):
    text = b"".join(b"<p>Paragraph %d of a page, %d.</p>" % (number, number * 7919 % 1000) for number in range(4_000))
    packed = bytearray(pack(text))
    packed[len(packed) // 2] ^= 0xFF
    response = parse(http(bytes(packed), Content_Encoding=encoding))
    assert response.truncated
    assert text.startswith(response.body[:1000])
    assert len(response.body) > kept * len(text)


def test_a_wrong_checksum_costs_nothing():
    packed = bytearray(gzip.compress(HTML))
    packed[-6] ^= 0xFF
    response = parse(http(bytes(packed), Content_Encoding="gzip"))
    assert (response.body, response.truncated) == (HTML, True)


def test_a_cut_zstd_body_keeps_its_whole_blocks():
    text = noise(300_000).hex().encode()
    response = parse(http(zstandard.compress(text)[:-1000], Content_Encoding="zstd"))
    assert text.startswith(response.body)
    assert len(response.body) > 0.7 * len(text)


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, brotli.compress, zstandard.compress])
def test_a_body_that_unfolds_beyond_the_cap_is_given_up(pack):
    encoding = {gzip.compress: "gzip", zlib.compress: "deflate", brotli.compress: "br"}.get(pack, "zstd")
    bomb = pack(bytes(8 * CAP))
    assert parse(http(bomb, Content_Encoding=encoding)).body is None
    assert parse(http(gzip.compress(bomb), Content_Encoding=f"{encoding}, gzip")).body is None
    assert parse(http(pack(bytes(CAP)), Content_Encoding=encoding)).body == bytes(CAP)


@pytest.mark.parametrize(
    ("framed", "body", "truncated"),
    [
        (b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: 1\r\n\r\n", b"abcde", False),
        (b"0003 \nabc\n2\nde\n0\n\n", b"abcde", False),
        (b"3\r\nabc\r\n5\r\nde", b"abcde", True),
        (b"3\r\nabc\r\n2\r\nde\r\n", b"abcde", True),
        (b"3\r\nabc\r\n2\r\ndeXX\r\n", b"abcde", True),
        (b"FF\r\nabc", b"abc", True),
        (b"<html>", b"<html>", False),
        (
            b"abc\r\n<p>not a size but a word</p>" + b"x" * 3000,
            b"abc\r\n<p>not a size but a word</p>" + b"x" * 3000,
            False,
        ),
        (b"", b"", False),
    ],
)
def test_chunks(framed, body, truncated):
    assert unchunk(framed) == (body, truncated)
    response = parse(http(framed, Transfer_Encoding="Chunked"))
    assert (response.body, response.truncated) == (body, truncated)


def test_headers_keep_order_and_repetition_and_survive_odd_bytes():
    head = b"HTTP/1.1 200\r\nA: 1\r\nset-COOKIE: x\r\nSet-Cookie:y\r\n folded\r\nno colon\r\nName: \xe9\r\n: z\r\n"
    assert parse_headers(head) == (
        ("a", "1"),
        ("set-cookie", "x"),
        ("set-cookie", "y folded"),
        ("name", "é"),
        ("", "z"),
    )
    assert parse_headers("HTTP/1.1 200\nname: 中文".encode()) == (("name", "中文"),)


@pytest.mark.parametrize(
    ("block", "status", "body"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\nbody", 200, b"body"),
        (b"HTTP/2 404\r\n\r\nbody", 404, b"body"),
        (b"http/1.0 200 OK\nA: b\n\nline\r\n\r\nline", 200, b"line\r\n\r\nline"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\n\r\nbody", 200, b"body"),
        (b"HTTP/1.1 OK\r\n\r\nbody", None, b"body"),
        (b"HTTP/1.1 2000 OK\r\n\r\nbody", None, b"body"),
        (b"HTTP/1.1 204 No Content\r\nA: b", 204, b""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nlonger than that", 200, b"longer than that"),
    ],
)
def test_responses(block, status, body):
    response = parse(block)
    assert (response.status, response.body) == (status, body)


def test_what_is_no_response_is_none():
    assert parse(b"") is None
    assert parse(HTML) is None
    assert parse(b"HTTP/1.1 200 OK\r\n" + b"a" * MAX_HEAD_BYTES) is None


@pytest.fixture
def read_rows(tmp_path):
    def read(data, name="rows.jsonl", edges=(), **options):
        path = tmp_path / name
        path.write_bytes(data if isinstance(data, bytes) else "\n".join(map(json.dumps, data)).encode())
        return read_cut(path, edges, kind="jsonl", **options)

    return read


def test_a_row_becomes_a_page(read_rows, tmp_path):
    row = {
        "id": 7,
        "text": "正文",
        "url": "https://example.org/",
        "language": "zh",
        "date": "2025-03-08",
        "more": {"a": [1]},
    }
    (page,) = read_rows([row], name="a.jsonl")
    assert page.doc_id == document_id("crawl\n7")
    assert (page.url, page.payload, page.media, page.language) == (row["url"], "正文".encode(), "text", "zh")
    assert page.fetched_at == datetime(2025, 3, 8, tzinfo=UTC)
    assert page.metadata == {"more": {"a": [1]}}
    assert page.location == Location(file=str(tmp_path / "a.jsonl"), offset=0, length=len(json.dumps(row)))


def test_fields_have_the_names_that_the_recipe_gives(read_rows):
    row = {"content": "x", "raw": "<p>", "key": "k", "link": "u", "lang": "en", "text": "y"}
    names = {
        "text_field": "content",
        "html_field": "raw",
        "id_field": "key",
        "url_field": "link",
        "language_field": "lang",
    }
    (page,) = read_rows([row], name="a.jsonl", **names)
    assert (page.payload, page.url, page.language, page.metadata) == (b"x", "u", "en", {"text": "y"})
    (page,) = read_rows([row | {"content": ""}], name="a.jsonl", **names)
    assert (page.payload, page.media, page.header("content-type")) == (b"<p>", "html", "text/html; charset=utf-8")


@pytest.mark.parametrize(
    ("line", "reason", "detail"),
    [
        (b'{"a": 1}', "no_text_field", "neither text nor html is there"),
        (b'{"text": null, "html": null}', "no_text_field", "neither text nor html is there"),
        (b'{"text": 5}', "bad_row", "text is a int, not a string"),
        (b'{"text": "x"', "bad_json", "Expecting ',' delimiter: line 1 column 13 (char 12)"),
        (b'["text"]', "bad_json", "the line is a list, not an object"),
        (b"[" * 100_000, "bad_json", "nested too deeply"),
        (b'{"text": "\xff"}', "bad_json", "not UTF-8 at byte 10 of the line"),
        (b'{"text": "x", "n": ' + b"1" * 5000 + b"}", "bad_json", None),
    ],
)
def test_a_bad_row_costs_itself(read_rows, line, reason, detail):
    first, item, last = read_rows(b'{"text":"a"}\n' + line + b'\n{"text":"b"}\n')
    assert (item.stage, item.reason) == ("read", reason)
    assert item.detail == detail or (detail is None and item.detail)
    assert (item.location.offset, item.location.length) == (13, len(line))
    assert (first.payload, last.payload) == (b"a", b"b")


def test_rows_hold_only_what_can_be_stored(read_rows):
    row = b'{"text":"a\\ud800b\\ud83d\\ude00","id":"\\udfff","url":"\\ud800","k\\udc00":["\\udbff"],"n":[NaN,1e999,-Infinity,1.5]}'
    (page,) = read_rows(row)
    assert page.payload.decode() == "a\ufffdb😀"
    assert (page.url, page.metadata) == ("\ufffd", {"k\ufffd": ["\ufffd"], "n": [None, None, None, 1.5]})


def test_lines_end_at_line_feeds_only(read_rows):
    items = read_rows('\ufeff{"text":"a\u2028b\u0085c"}\r\n\n  \n{"text":"d"}'.encode())
    assert [page.payload.decode() for page in items] == ["a\u2028b\u0085c", "d"]


def test_ids_of_rows_without_one_do_not_depend_on_folders(tmp_path):
    found = []
    for folder in ("a", "b/c"):
        path = tmp_path / folder / "rows.jsonl"
        path.parent.mkdir(parents=True)
        path.write_bytes(b'{"text":"x"}\n{"text":"x"}\n')
        found.append([page.doc_id for page in read_cut(path, kind="jsonl")])
    assert found[0] == found[1]
    assert found[0][0] != found[0][1]


@pytest.mark.parametrize(
    ("name", "pack"), [("r.jsonl.gz", gzip.compress), ("r.jsonl.zst", zstandard.compress), ("r.jsonl", gzip.compress)]
)
def test_packed_rows_are_read_and_damage_is_told(read_rows, name, pack):
    lines = b"".join(b'{"text":"%d %s"}\n' % (n, noise(60, seed=n).hex().encode()) for n in range(4000))
    half = len(lines) // 2
    whole = read_rows(pack(lines[:half]) + pack(lines[half:]), name, edges=(1000, 9000))
    assert [page.payload.split()[0] for page in whole] == [b"%d" % n for n in range(4000)]
    items = read_rows(pack(lines)[:-20_000], name)
    assert pages(items) == read_rows(lines, name)[: len(pages(items))]
    assert len(pages(items)) > 2000
    assert [item.reason for item in rejected(items)] == ["damaged_bytes"]


def test_a_long_line_is_skipped(read_rows):
    data = b'{"text":"' + b"x" * (3 << 20) + b'"}\n{"text":"b"}\n{"text":"' + b"y" * 1001 + b'"}'
    for edges in ((), (1000, 2 << 20)):
        long, page, above = read_rows(data, edges=edges, max_record_bytes=1000)
        assert (long.reason, long.value, long.threshold) == ("payload_too_large", (3 << 20) + 11, 6000)
        assert (above.reason, above.value, above.threshold) == ("payload_too_large", 1001, 1000)
        assert page.payload == b"b"


def test_empty_files_are_named(tmp_path):
    for kind in ("jsonl", "parquet"):
        (tmp_path / "x").write_bytes(b"")
        assert [item.reason for item in read_cut(tmp_path / "x", kind=kind)] == ["empty_file"]


def _parquet(path, columns, **options):
    pq.write_table(pa.table(columns), path, **options)


def test_row_groups_are_read_once_however_the_file_is_cut(tmp_path):
    path = tmp_path / "x.parquet"
    texts = [noise(40, seed=n).hex() for n in range(100)]
    _parquet(path, {"id": range(100), "text": texts, "extra": [b"\xff"] * 100}, row_group_size=7)
    whole = read_cut(path, kind="parquet")
    assert [page.payload.decode() for page in whole] == texts
    assert [page.location for page in whole] == [Location(file=str(path), offset=n, length=1) for n in range(100)]
    assert whole[3].metadata == {"extra": "\ufffd"}
    for edges in (range(0, path.stat().st_size, 97), (4,), (500, 501), (path.stat().st_size - 1,)):
        assert read_cut(path, edges, kind="parquet") == whole


def test_columns_of_every_type_are_storable(tmp_path):
    path = tmp_path / "x.parquet"
    columns = {
        "html": [b"<p>\xa4\xa4", b""],
        "date": [datetime(2025, 3, 8, 1, 2, 3, 4), None],  # noqa: DTZ001 - as Parquet files without a zone give it
        "day": [date(2025, 3, 8), None],
        "price": [Decimal("1.5"), None],
        "score": [float("nan"), 0.5],
        "nested": [{"a": [1, 2]}, None],
    }
    _parquet(path, columns)
    page, empty = read_cut(path, kind="parquet")
    assert (page.payload, page.media, page.header("content-type")) == (b"<p>\xa4\xa4", "html", "text/html")
    assert page.fetched_at == datetime(2025, 3, 8, 1, 2, 3, tzinfo=UTC)
    assert page.metadata == {"day": "2025-03-08", "price": "1.5", "score": None, "nested": {"a": [1, 2]}}
    assert json.loads(json.dumps(page.metadata, allow_nan=False)) == page.metadata
    assert empty.payload == b""


def test_text_that_is_not_utf8_in_a_string_column(tmp_path):
    path = tmp_path / "x.parquet"
    broken = pa.array([b"a\xffb"]).view(pa.binary()).cast(pa.binary())
    column = pa.Array.from_buffers(pa.string(), 1, broken.buffers())
    _parquet(path, {"text": column})
    assert [page.payload.decode() for page in read_cut(path, kind="parquet")] == ["a\ufffdb"]


def test_a_damaged_parquet_file_is_named(tmp_path):
    path = tmp_path / "x.parquet"
    _parquet(path, {"text": [noise(400, seed=n).hex() for n in range(300)]}, row_group_size=100, use_dictionary=False)
    data = path.read_bytes()
    for broken in (data[:-9], HTML, b"PAR1", data[:4] + bytes(100) + data[104:]):
        path.write_bytes(broken)
        for edges in ((), (10, len(broken) // 2)):
            items = read_cut(path, edges, kind="parquet")
            assert [item.reason for item in rejected(items)] == ["damaged_file"]
