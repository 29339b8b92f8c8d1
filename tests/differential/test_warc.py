"""The shared WARC files against fastwarc and warcio, and against what each hostile file must give."""

import json
import os
import resource
import subprocess
import sys
from collections import Counter
from io import BytesIO
from pathlib import Path

import pytest
from fastwarc.stream_io import Lz4Reader
from fastwarc.warc import ArchiveIterator
from warcio.archiveiterator import ArchiveIterator as WarcioIterator

from schemas.records import Page
from tests.warc_files import pages, read_cut, rejected

DATA = Path(__file__).parents[2].parent / "shared" / "data"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is absent"),
]
SAMPLES = sorted(path for path in DATA.glob("warc-samples/*/*") if path.name != "ORIGIN.tsv")
CASES = DATA / "warc-hostile/cases.jsonl"
HOSTILE = [json.loads(line) for line in CASES.read_text("utf-8").split("\n") if line] if CASES.exists() else []
SOUND = [
    *DATA.glob("crawl-small/*.warc.gz"),
    *DATA.glob("gold-extraction/*.warc.gz"),
    *DATA.glob("encodings/*.warc.gz"),
]

# What fastwarc or warcio cannot read, and we do (records, damage) or must refuse (a reason). The two jwat files of
# `fields` have no length that is a number; HTTP204, broken and example-trunc have wrong ones.
OURS = {
    "bad.arc": "arc_not_supported",
    "example.arc": "arc_not_supported",
    "example-space-in-url.arc": "arc_not_supported",
    "invalid-arcfile-record-then-garbage.arc": "arc_not_supported",
    "HTTP204.warc": (1, 2),
    "broken.warc": (5, 1),
    "example-trunc.warc": (3, 1),
    "invalid-warcfile-fields-empty.warc": (0, 1),
    "invalid-warcfile-fields-invalidformat.warc": (0, 1),
    "valid-warcfile-fields-metainfo.warc": (1, 0),
    "valid-warcfile-fields-warcinfo.warc": (1, 0),
    "valid-warcfile-upper-lower-case.warc": (5, 0),
    # fastwarc takes what stands behind a head of bare line feeds for a part of it; the counts are warcio's.
    "1memento.warc": (4, 0),
    "2mementos.warc": (5, 0),
    "2mementos_htmlXhtml.warc": (3, 0),
    "4mementos.warc": (7, 0),
    "redirectRelative.warc": (2, 0),
    "slash.warc": (2, 0),
}


def _fastwarc(path, *, http=False):
    data = path.read_bytes()
    return ArchiveIterator(Lz4Reader(BytesIO(data)) if path.suffix == ".lz4" else BytesIO(data), parse_http=http)


def _name(path):
    return path.name


def test_there_are_45_samples():
    assert len(SAMPLES) == 45


@pytest.mark.parametrize("path", SAMPLES, ids=_name)
def test_every_whole_record_of_a_sample_is_read_and_the_rest_has_a_reason(path):
    items = read_cut(path)
    damage = [item for item in rejected(items) if item.reason in ("damaged_bytes", "not_warc", "arc_not_supported")]
    expected = OURS.get(path.name)
    if isinstance(expected, str):
        assert [item.reason for item in items] == [expected]
        return
    records = expected or (sum(1 for _ in _fastwarc(path)), 0)
    assert (len(items) - len(damage), len(damage)) == records


@pytest.mark.parametrize("path", SAMPLES + SOUND, ids=_name)
def test_cut_into_pieces_a_file_reads_the_same(path):
    size = path.stat().st_size
    step = max(97, size // 13)
    assert read_cut(path, range(step, size, step)) == read_cut(path)


@pytest.mark.parametrize("path", SOUND, ids=_name)
def test_pages_are_those_of_two_other_readers(path):
    found = pages(read_cut(path))
    fast = [
        (r.headers["WARC-Target-URI"], r.http_headers.status_code, r.reader.read())
        for r in _fastwarc(path, http=True)
        if r.headers["WARC-Type"] == "response"
    ]
    assert [(page.url, page.status, page.payload) for page in found] == fast
    with path.open("rb") as file:
        slow = [
            (r.rec_headers["WARC-Record-ID"], r.http_headers.headers, r.content_stream().read())
            for r in WarcioIterator(file)
            if r.rec_type == "response"
        ]
    assert [page.payload for page in found] == [payload for _, _, payload in slow]
    assert [page.headers for page in found] == [
        tuple((name.lower(), value.strip()) for name, value in headers) for _, headers, _ in slow
    ]


@pytest.mark.parametrize("path", SOUND, ids=_name)
def test_a_location_gives_the_record_back(path, tmp_path):
    page = pages(read_cut(path))[-1]
    cut = tmp_path / "cut.warc.gz"
    with path.open("rb") as file:
        file.seek(page.location.offset)
        cut.write_bytes(file.read(page.location.length))
    (again,) = read_cut(cut)
    assert (again.doc_id, again.payload) == (page.doc_id, page.payload)


@pytest.mark.parametrize("case", HOSTILE, ids=lambda case: case["file"])
def test_the_pages_of_a_hostile_file_come_out(case):
    items = read_cut(DATA / "warc-hostile" / case["file"])
    found = {page.url: page for page in pages(items)}
    assert set(case["pages_that_must_come_out"]) <= set(found)
    assert all(b"<html" in found[url].payload for url in case["pages_that_must_come_out"])
    assert items
    if not case["pages_that_must_come_out"]:
        assert [isinstance(item, Page) for item in items] == [False]
        assert items[0].detail


def test_hostile_records_without_a_page_are_counted():
    reasons = {
        case["file"]: Counter(item.reason for item in rejected(read_cut(DATA / "warc-hostile" / case["file"])))
        for case in HOSTILE
    }
    assert {name: dict(found) for name, found in reasons.items() if found} == {
        "bomb-content-encoding.warc.gz": {"payload_too_large": 1},
        "bomb-record.warc.gz": {"payload_too_large": 1},
        "corrupt-member.warc.gz": {"damaged_bytes": 1},
        "empty.warc.gz": {"empty_file": 1},
        "html-not-warc.warc.gz": {"not_warc": 1},
        "random.warc.gz": {"not_warc": 1},
        "truncated-first.warc.gz": {"damaged_bytes": 1},
        "truncated-member.warc.gz": {"damaged_bytes": 1},
    }


def test_bombs_stay_below_a_quarter_of_a_gibibyte():
    code = (
        "import sys; from tests.warc_files import read_cut\nfor path in sys.argv[1:]: assert len(read_cut(path)) == 3\n"
    )
    files = [str(DATA / "warc-hostile" / name) for name in ("bomb-record.warc.gz", "bomb-content-encoding.warc.gz")]
    limit = 1 << 28

    def limited():
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))

    root = Path(__file__).parents[2]
    subprocess.run(
        [sys.executable, "-c", code, *files],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root)},
        preexec_fn=limited,
        check=True,
    )
