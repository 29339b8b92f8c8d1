"""WARC files into pages and reasons: what is tolerated, what is skipped, and what damage costs."""

import tracemalloc
import zlib
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from pipeline.sources import open_split
from pipeline.splits import Split
from pipeline.storage import StorageError
from schemas.records import Location, Page, document_id
from tests.warc_files import HTML, http, member, noise, pages, read_cut, record, rejected, spec_for

A, B, C = (record(url=f"https://example.org/{name}") for name in "abc")


@pytest.fixture
def read(tmp_path):
    def read(data, name="x.warc.gz", **options):
        path = tmp_path / name
        path.write_bytes(data)
        return read_cut(path, **options)

    return read


def urls(items):
    return [page.url[-1] for page in pages(items)]


def reasons(items):
    return [(item.reason, item.detail) for item in rejected(items)]


def test_a_response_becomes_a_page(read, tmp_path):
    first = member(A)
    (_, page) = read(first + member(record(http(HTML, Content_Type="text/html; charset=utf-8", Set_Cookie="a=b"))))
    assert page == Page(
        doc_id=document_id(f"urn:uuid:{zlib.crc32(b'https://example.org/response'):08x}-0000-4000-8000-000000000000"),
        url="https://example.org/",
        fetched_at=datetime(2025, 3, 8, 1, 2, 3, tzinfo=UTC),
        payload=HTML,
        media="html",
        location=Location(file=str(tmp_path / "x.warc.gz"), offset=len(first), length=page.location.length),
        source="crawl",
        status=200,
        headers=(("content-type", "text/html; charset=utf-8"), ("set-cookie", "a=b")),
    )
    stored = (tmp_path / "x.warc.gz").read_bytes()
    assert page.location.offset + page.location.length == len(stored)


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("x.warc.gz", lambda records: b"".join(map(member, records))),
        ("x.warc.gz", lambda records: member(*records)),  # one member for all
        ("x.warc", lambda records: b"".join(map(member, records))),  # gzip under a plain name
        ("x.warc", b"".join),
        ("x.warc.gz", b"".join),  # plain under a gzip name
        ("x.warc.gz", lambda records: member() + member(*records[:2]) + member() + member(*records[2:])),
        ("x.warc.zst", lambda records: b"".join(_compress(made, "zstd") for made in records)),
        ("x.warc.lz4", lambda records: _compress(b"".join(records), "lz4")),
    ],
)
def test_every_packing_is_known_by_its_bytes(read, name, pack):
    items = read(pack([A, B, C]), name)
    assert urls(items) == ["a", "b", "c"]
    assert {page.payload for page in items} == {HTML}


def _compress(data, codec):
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, codec) as stream:
        stream.write(data)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize(
    "odd",
    [
        A.replace(b"WARC-", b"warc-").replace(b"Content-Length", b"content-length").replace(b"WARC/1.0", b"warc/1.0"),
        record(http().replace(b"\r\n", b"\n"), url="https://example.org/a").replace(b"\r\n", b"\n"),
        A.replace(b"WARC-Target-URI: ", b"WARC-Target-URI:\r\n\t"),
        A.replace(b"https://example.org/a", b"<https://example.org/a>"),
        A.replace(b"WARC/1.0", b"WARC/0.17"),
        A.replace(b"WARC/1.0", b"WARC/7.9 "),
        b"\r\n\n\r\n" + A + b"\r\n" * 9,
        A[:-4],
    ],
    ids=[
        "lower case",
        "bare line feeds",
        "folded",
        "brackets",
        "0.17",
        "unknown version",
        "empty lines",
        "no last lines",
    ],
)
@pytest.mark.parametrize("packed", [True, False])
def test_odd_records_are_read(read, odd, packed):
    pack = member if packed else bytes
    items = read(pack(odd) + pack(B))
    assert urls(items) == ["a", "b"]
    assert rejected(items) == []


def test_a_space_in_the_address_is_escaped(read):
    assert read(record(url="https://example.org/a b"))[0].url == "https://example.org/a%20b"


@pytest.mark.parametrize("kind", ["request", "metadata", "warcinfo", "continuation", "Unheard-Of"])
def test_what_is_no_capture_is_in_the_ledger(read, kind):
    (item,) = read(record(b"x: y\r\n", kind=kind))
    assert (item.reason, item.detail, item.url) == ("not_a_capture", kind.lower(), "https://example.org/")
    assert item.doc_id == read(record(b"x: y\r\n", kind=kind))[0].doc_id is not None


@pytest.mark.parametrize(
    ("made", "reason", "detail"),
    [
        (record(kind="revisit"), "revisit", "the server sent again what an earlier record holds"),
        (record(url="dns:example.org"), "not_a_capture", "dns"),
        (record(b"log", url="metadata://gnu.org/wget.log", kind="resource"), "not_a_capture", "resource of metadata"),
        (record(WARC_Target_URI=None), "no_target_uri", "response"),
        (record(b"220 ftp ready"), "not_http", "the content begins with b'220 ftp ready'"),
        (b"WARC/1.0\r\nWARC-Type: response\r\n\r\n\r\n\r\n", "no_target_uri", "response"),
    ],
)
def test_captures_without_a_page_say_why(read, made, reason, detail):
    assert reasons(read(made)) == [(reason, detail)]


def test_resources_and_conversions_are_pages_without_a_status(read):
    resource = record(HTML, kind="resource", Content_Type="text/html; charset=gbk")
    text = record(
        "正文\n".encode(), kind="conversion", Content_Type="text/plain", WARC_Identified_Content_Language="zho"
    )
    page, wet = read(resource + text)
    assert (page.payload, page.media, page.status) == (HTML, "html", None)
    assert page.header("content-type") == "text/html; charset=gbk"
    assert (wet.payload, wet.media) == ("正文\n".encode(), "text")
    assert wet.metadata == {"identified_content_language": "zho"}


def test_plain_text_is_final_text(read):
    assert read(record(http(b"text", Content_Type="Text/Plain; charset=x")))[0].media == "text"


@pytest.mark.parametrize("name", ["WARC-Truncated", "WARC-Segment-Number"])
def test_a_part_of_a_page_is_marked(read, name):
    assert [page.truncated for page in read(A + record(**{name: "1"}))] == [False, True]


def test_an_id_is_made_where_the_record_has_none(read):
    one, same, other = read(
        record(WARC_Record_ID=None) + record(WARC_Record_ID=None) + record(http(b"x"), WARC_Record_ID=None)
    )
    assert one.doc_id == same.doc_id != other.doc_id


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("2025-03-08T01:02:03.999Z", datetime(2025, 3, 8, 1, 2, 3, tzinfo=UTC)),
        ("2025-03-08t09:02:03+08:00", datetime(2025, 3, 8, 1, 2, 3, tzinfo=UTC)),
        ("20250308010203", datetime(2025, 3, 8, 1, 2, 3, tzinfo=UTC)),
        ("0001-01-01T00:00:00+14:00", None),
        ("blue monday", None),
    ],
)
def test_dates(read, date, expected):
    assert read(record(WARC_Date=date))[0].fetched_at == expected


WRONG_LENGTHS = {"short": 7, "long": 300, "beyond the end": 10**8, "no number": "many", "not there": None}


@pytest.mark.parametrize("length", WRONG_LENGTHS.values(), ids=WRONG_LENGTHS)
@pytest.mark.parametrize(
    "pack", [b"".join, lambda r: member(*r), lambda r: b"".join(map(member, r))], ids=["plain", "one", "each"]
)
def test_a_wrong_length_costs_one_record(read, pack, length):
    wrong = record(url="https://example.org/w", length=length if length is not None else 0)
    if length is None:
        wrong = wrong.replace(b"Content-Length: 0\r\n", b"")
    items = read(pack([A, wrong, B, C]))
    assert urls(items) == ["a", "b", "c"]
    (damage,) = rejected(items)
    assert (damage.stage, damage.reason, damage.url) == ("read", "damaged_bytes", "https://example.org/w")
    assert damage.value > 0


def test_damaged_members_cost_themselves(read):
    packed = member(record(http(noise(3000)), url="https://example.org/w"))
    flipped = packed[:2000] + b"\x00\xff\x00" + packed[2003:]
    for broken in (packed[:1500], flipped, packed[:-8] + b"\0\0\0\0" + packed[-4:]):
        items = read(member(A) + broken + member(B))
        assert urls(items) == ["a", "b"]
        (damage,) = rejected(items)
        assert damage.location.offset == len(member(A))
        assert damage.location.length == damage.value == len(broken)
        assert damage.url == "https://example.org/w"


def test_damage_late_in_one_member_costs_what_is_behind_it(read):
    last = record(http(noise(3000)), url="https://example.org/c")
    packed = member(A, record(http(noise(200_000)), url="https://example.org/b"), last)
    for broken in (packed[:-1000], packed[:-1000] + b"\x00\xff\x00" * 5 + packed[-985:]):
        items = read(broken + member(A))
        assert urls(items) == ["a", "b", "a"]
        assert [(item.url, item.value) for item in rejected(items)] == [("https://example.org/c", len(broken))]


@pytest.mark.parametrize("pack", [bytes, member], ids=["plain", "gzip"])
@pytest.mark.parametrize("junk", [b"junk " * 99, b"\0" * 600, b"WARC/1.0 is a format\r\n\r\n"])
def test_junk_between_records_is_one_stretch(read, pack, junk):
    for items in (read(pack(A) + junk + pack(B)), read(junk + pack(A) + pack(B)), read(pack(A) + pack(B) + junk)):
        assert urls(items) == ["a", "b"]
        (damage,) = rejected(items)
        assert (damage.reason, damage.value) == ("damaged_bytes", len(junk))


def test_a_cut_head_does_not_swallow_the_next_record(read):
    items = read(A[:150] + B)
    assert urls(items) == ["b"]
    assert [item.value for item in rejected(items)] == [150]


def test_a_file_whose_beginning_was_cut_off_is_read_from_its_next_member(read):
    assert urls(read(member(A)[50:] + member(B))) == ["b"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty_file"),
        (HTML, "not_warc"),
        (member(HTML), "not_warc"),
        (noise(5000), "not_warc"),
        (b"\x28\xb5\x2f\xfd" + noise(300), "damaged_bytes"),
        (b"filedesc://a.arc 0.0.0.0 20080430204825 text/plain 76\n1 0 x\nURL IP", "arc_not_supported"),
        (member(b"filedesc://a.arc 0.0.0.0 20080430204825 text/plain 76\n1 0 x\nURL IP"), "arc_not_supported"),
        (b"http://a.example/ 1.2.3.4 20080430204825 text/html 3\nabc", "arc_not_supported"),
    ],
)
def test_files_that_are_no_warc_are_named(read, data, reason, tmp_path):
    for edges in ((), (1, 20, 100, 2000)):
        (tmp_path / "x").write_bytes(data)
        (item,) = read_cut(tmp_path / "x", edges)
        assert (item.reason, item.location.offset, item.location.length) == (reason, 0, len(data))
        assert item.detail


def test_a_large_record_is_skipped_and_never_held(read):
    bomb = member(record(http(bytes(64 << 20)), url="https://example.org/w"))
    coded = member(record(http(member(bytes(64 << 20)), Content_Encoding="gzip"), url="https://example.org/v"))
    log = member(record(bytes(40 << 20), kind="metadata", url="https://example.org/m"))
    data = member(A) + bomb + coded + log + member(B)
    tracemalloc.start()
    items = read(data, max_record_bytes=4 << 20)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert urls(items) == ["a", "b"]
    assert [(item.reason, item.url[-1]) for item in rejected(items)] == [
        ("payload_too_large", "w"),
        ("payload_too_large", "v"),
        ("not_a_capture", "m"),
    ]
    assert all(item.value > item.threshold == 4 << 20 for item in rejected(items)[:2])
    assert peak < 24 << 20


@pytest.mark.parametrize("pack", [bytes, member], ids=["plain", "gzip"])
def test_the_cap_is_exact(read, pack):
    fits, above = record(http(b"x" * 1000)), record(http(b"x" * 1001))
    items = read(pack(fits) + pack(above), max_record_bytes=1000)
    assert [getattr(item, "reason", "page") for item in items] == ["page", "payload_too_large"]


def test_a_record_may_be_longer_than_every_buffer(read):
    body = noise(9 << 20)
    for data in (member(record(http(body))) + member(B), record(http(body)) + B, member(record(http(body)), B)):
        page, last = read(data)
        assert page.payload == body
        assert last.url == "https://example.org/b"


def test_a_missing_file_is_one_sentence(tmp_path):
    gone = tmp_path / "gone.warc"
    split = Split("part", "warc", str(gone), 0, 9, 9)
    with pytest.raises(StorageError, match=r"^cannot read .*/gone.warc: no such file or directory$"):
        list(open_split(split, spec_for(gone)))
