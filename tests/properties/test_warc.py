"""However a WARC file is cut into splits, each record is read exactly once: also behind damage, and with WARC inside."""

import tempfile
from io import BytesIO
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator, WarcRecordType
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator as WarcioIterator

from tests.warc_files import http, member, noise, pages, read_cut, record

SMALL = settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


def _page(number, body):
    return record(http(body, Content_Type="text/html"), url=f"https://example.org/{number}")


# Bodies that hold what a reader looks for: WARC as text, WARC in gzip, gzip magics, line breaks, and no structure.
BODIES = st.sampled_from(
    [
        b"",
        b"<p>text</p>" * 3,
        b"\r\n\r\nWARC/1.0\r\n",
        record(url="https://inside.example.org/plain") * 3,
        member(record(url="https://inside.example.org/gzip", content=http(noise(300)))) * 4,
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03" * 5,
        noise(2_000, seed=1),
        noise(70_000, seed=2) + member(record(url="https://inside.example.org/late")) * 2,
    ]
)
OTHERS = st.sampled_from(["request", "metadata", "warcinfo", "revisit"])


@st.composite
def sound_records(draw):
    bodies = draw(st.lists(BODIES, min_size=1, max_size=6))
    kinds = draw(st.lists(OTHERS, max_size=3))
    made = [_page(number, body) for number, body in enumerate(bodies)]
    made += [record(b"fetchTimeMs: 1\r\n", url=f"https://example.org/{n}", kind=k) for n, k in enumerate(kinds)]
    return draw(st.permutations(made))


@st.composite
def damaged_parts(draw):
    """Gzip members and what may stand between them: cut, flipped or noisy bytes, empty members, several records."""
    parts = []
    for number, body in enumerate(draw(st.lists(BODIES, min_size=1, max_size=6))):
        sound = member(_page(number, body))
        match draw(st.integers(0, 7)):
            case 7:
                parts.append(sound[:1] + b"?" + sound[2:])
            case 0:
                parts.append(sound[: len(sound) * 2 // 3])
            case 1:
                place = len(sound) // 2
                parts.append(sound[:place] + bytes([sound[place] ^ 0x55]) + sound[place + 1 :])
            case 2:
                parts.append(noise(50, seed=number) + sound)
            case 3:
                parts.append(member() + sound)
            case 4:
                parts.append(member(_page(number, body), _page(number + 100, b"second")))
            case 5:
                parts.append(member(record(length=7, url=f"https://example.org/short/{number}")) + sound)
            case _:
                parts.append(sound)
    return b"".join(parts)


EDGES = st.lists(st.integers(1, 1 << 18), max_size=12)


def _read(data, edges, name="x.warc.gz"):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(data)
        size = len(data)
        items = read_cut(path, [1 + edge % size for edge in edges])
        return [repr(item).replace(folder, "") for item in items], items


@pytest.mark.parametrize("packed", [True, False], ids=["gzip", "plain"])
@SMALL
@given(records=sound_records(), edges=EDGES)
def test_every_record_is_read_once_and_as_two_other_readers_read_it(packed, records, edges):
    data = b"".join(member(made) if packed else made for made in records)
    seen, items = _read(data, edges)
    assert seen == _read(data, [])[0]
    found = [(page.url, page.payload) for page in pages(items)]
    fast = ArchiveIterator(BytesIO(data), record_types=WarcRecordType.response)
    assert found == [(r.headers["WARC-Target-URI"], r.reader.read()) for r in fast]
    slow = [r for r in WarcioIterator(BytesIO(data)) if r.rec_type == "response"]
    assert [url for url, _ in found] == [r.rec_headers["WARC-Target-URI"] for r in slow]
    assert len(items) == len(records)


@SMALL
@given(data=damaged_parts(), edges=EDGES)
def test_damage_is_read_the_same_however_the_file_is_cut(data, edges):
    assert _read(data, edges)[0] == _read(data, [])[0]


@SMALL
@given(records=sound_records(), edges=EDGES, cut=st.floats(0.05, 1), wrong=st.integers(-40, 400))
def test_plain_damage_is_read_the_same_however_the_file_is_cut(records, edges, cut, wrong):
    broken = record(url="https://example.org/wrong", length=200 + wrong)
    data = broken.join(records) + broken
    data = data[: max(2, int(len(data) * cut))]
    assert _read(data, edges, "x.warc")[0] == _read(data, [], "x.warc")[0]


@settings(SMALL, max_examples=30)
@given(
    edges=st.lists(st.integers(1, 300_000), min_size=1, max_size=8),
    size=st.sampled_from([200, 5_000, 60_000]),
    level=st.sampled_from([0, 6]),  # 0 stores everything as it is, as level 6 does with what does not compress
)
def test_a_warc_in_gzip_inside_of_a_record_is_not_taken_for_records(edges, size, level):
    inner = b"".join(
        member(record(http(noise(size, seed=n)), url=f"https://inside.example.org/{n}")) for n in range(20)
    )
    data = b"".join(member(_page(number, inner), level=level) for number in range(3))
    items = _read(data, edges)[1]
    assert [page.url for page in items] == [f"https://example.org/{number}" for number in range(3)]


@SMALL
@given(
    lines=st.lists(st.sampled_from(['{"text":"a"}', "", "  ", "bad", '{"text":"\\u2028 b\u2028c\u0085"}']), min_size=1),
    edges=EDGES,
)
def test_lines_are_read_once(lines, edges):
    data = "\n".join(lines).encode()
    if not data:
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "x.jsonl")
        path.write_bytes(data)
        items = read_cut(path, [1 + edge % len(data) for edge in edges], kind="jsonl")
        assert items == read_cut(path, kind="jsonl")
    assert len(items) == sum(1 for line in lines if line.strip(" "))
