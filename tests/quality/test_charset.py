"""Decoding on data/encodings, by its README's measure: a string of the main text is in the decoded page, no U+FFFD is.

Measured when written: every page of every variant, every cut page (201 of 201), mislabelled 1,094 of 1,096 (the two are a
Polish page with 16 letters that are not ASCII), every garbled page dropped; no page of the other sets dropped.
"""

import dataclasses
import gzip
import json
import random
import re
import unicodedata
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from filters.charset import CharsetSpec, Decoded
from filters.extract import plain_text
from schemas.decisions import Drop
from tests.warc_files import pages, read_cut

DATA = Path(__file__).parents[3] / "shared" / "data"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data beside the repository"),
]
CODECS = {"utf-16le-bom": "utf-16"}
WRONG = ["utf-8", "iso-8859-1", "gb2312", "big5", "shift_jis", "euc-kr", "windows-1251", None]
decode = CharsetSpec().open()


@cache
def encodings():
    """(page, its truth), in the order of the file."""
    with gzip.open(DATA / "encodings" / "truth.jsonl.gz", "rt", encoding="utf-8", newline="\n") as lines:
        truth = {row["url"]: row for row in map(json.loads, lines)}
    return [(page, truth[page.url]) for page in pages(read_cut(DATA / "encodings" / "pages.warc.gz"))]


def flat(text):
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def has_truth(text, row):
    seen = flat(plain_text(text))
    return "\ufffd" not in seen and any(flat(string) in seen for string in row["must_contain"])


def is_right(page, row):
    decoded = decode(page)
    return isinstance(decoded, Decoded) and has_truth(decoded.text, row)


def test_pages_by_variant():
    right, wrong = Counter(), Counter()
    for page, row in encodings():
        if row["kind"] != "garbled":
            (right if is_right(page, row) else wrong)[row["variant"]] += 1
    assert sum(right.values()) == 137
    assert not wrong


def test_garbled_pages_are_dropped():
    garbled = [decode(page) for page, row in encodings() if row["kind"] == "garbled"]
    assert len(garbled) == 8
    assert all(isinstance(decision, Drop) for decision in garbled)


def test_pages_cut_anywhere():
    rng, right, total = random.Random(1), 0, 0
    for page, row in encodings():
        codec = CODECS.get(row["encoding"], row["encoding"])
        for _ in range(2 if row["kind"] != "garbled" else 0):
            part = page.payload[: rng.randrange(len(page.payload) * 2 // 5, len(page.payload))]
            if has_truth(part.decode(codec, "ignore"), row):  # else the strings are in what was cut off
                total += 1
                right += is_right(dataclasses.replace(page, payload=part), row)
    assert total > 150
    assert right >= 0.98 * total


def test_mislabelled_pages():
    right, total = 0, 0
    for page, row in [pair for pair in encodings() if pair[1]["kind"] != "garbled"][::3]:
        narrow = b"\0" not in page.payload[:64]
        body = re.sub(rb"charset\s*=\s*[\"']?[\w-]+", b"charset=", page.payload) if narrow else page.payload
        for label in WRONG:
            headers = (("content-type", "text/html" if label is None else f"text/html; charset={label}"),)
            total += 1
            right += is_right(dataclasses.replace(page, payload=body, headers=headers), row)
    assert total == 368
    assert right >= 0.99 * total


@pytest.mark.parametrize("folder", ["gold-extraction", "crawl-small"])
def test_no_page_of_other_sets_is_lost(folder):
    lost = []
    for path in sorted((DATA / folder).glob("*.warc.gz")):
        lost += [(page.url, result) for page in pages(read_cut(path)) if isinstance(result := decode(page), Drop)]
    assert lost == []
