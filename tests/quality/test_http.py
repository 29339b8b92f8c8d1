"""The HTTP exit on hostile and on ordinary crawls: what must come out comes out, what lies goes to the ledger."""

import json
from pathlib import Path

import pytest

from filters.http import HttpSpec
from schemas.decisions import KEEP
from tests.warc_files import pages, read_cut

DATA = Path(__file__).parents[3] / "shared" / "data"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data beside the repository"),
]
check = HttpSpec().open()

# Beside the pages that must come out: HTML under a generic or odd type, truly plain text, poor HTML for later stages,
# and bodies that the reader could make something of.
ALSO_RIGHT = {
    "content-encodings.warc.gz": {"https://news.example.org/ce/rawdeflate", "https://news.example.org/ce/unknown"},
    "chunked.warc.gz": {"https://news.example.org/te/cut"},
    "not-html.warc.gz": {f"https://news.example.org/nh/{number}" for number in (5, 7, 10, 11, 12, 13, 14)},
    "html-poor.warc.gz": {f"https://news.example.org/p/{number}" for number in (3, 4, 6, 7, 8, 9)},
}


@pytest.mark.parametrize(
    "name",
    ["not-html", "not-html-but-says-so", "statuses", "charsets-odd", "content-encodings", "chunked", "html-poor"],
)
def test_hostile_crawls(name):
    cases = [json.loads(line) for line in (DATA / "warc-hostile" / "cases.jsonl").read_text().splitlines()]
    must = next(set(case["pages_that_must_come_out"]) for case in cases if case["file"] == f"{name}.warc.gz")
    passed = {page.url for page in pages(read_cut(DATA / "warc-hostile" / f"{name}.warc.gz")) if check(page) == KEEP}
    assert must <= passed
    assert passed - must <= ALSO_RIGHT.get(f"{name}.warc.gz", set())


@pytest.mark.parametrize("folder", ["gold-extraction", "crawl-small", "encodings"])
def test_ordinary_pages_pass(folder):
    seen = 0
    for path in sorted((DATA / folder).glob("*.warc.gz")):
        for page in pages(read_cut(path)):
            seen += 1
            assert check(page) == KEEP, page.url
    assert seen > 100
