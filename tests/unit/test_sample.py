"""The sample crawl: the committed files are the script's, well formed, and their truth speaks of them."""

import html
import io
import json
import re
import zlib
from itertools import combinations

import pytest
import trafilatura
from fastwarc.warc import ArchiveIterator, WarcRecordType
from warcio.archiveiterator import ArchiveIterator as WarcioIterator

from filters import checksums
from schemas.records import document_id
from tools.make_sample import SAMPLE, build
from tools.sample import plan
from tools.sample.articles import block_html, load, parse
from tools.sample.layouts import LAYOUTS
from tools.sample.pages import MAX_EDITS, chunked, edited
from tools.sample.sites import SITES

FILES = sorted(SAMPLE.glob("*.warc.gz"))
TRUTH = [json.loads(line) for line in (SAMPLE / "truth.jsonl").read_text(encoding="utf-8").split("\n") if line]
ARTICLES = load()


def members(data: bytes) -> tuple[list[bytes], int]:
    """The whole gzip members of a file, uncompressed, and how many were damaged."""
    found, damaged, start = [], 0, 0
    while 0 <= start < len(data):
        inflate = zlib.decompressobj(31)
        try:
            found.append(inflate.decompress(data[start:]))
            start = len(data) - len(inflate.unused_data)
        except zlib.error:
            damaged += 1
            start = data.find(b"\x1f\x8b\x08", start + 3)
    return found, damaged


@pytest.fixture(scope="module")
def streams() -> list[bytes]:
    """The readable records of each file, uncompressed, one after the other."""
    return [b"".join(members(path.read_bytes())[0]) for path in FILES]


@pytest.fixture(scope="module")
def bodies(streams) -> dict[str, bytes]:
    """Record id -> body as it was sent, of every readable capture."""
    wanted = WarcRecordType.response | WarcRecordType.revisit
    return {
        record.headers["WARC-Record-ID"]: record.reader.read()
        for stream in streams
        for record in ArchiveIterator(io.BytesIO(stream), parse_http=True, record_types=wanted)
    }


def test_the_committed_files_are_what_the_script_makes():
    made = build()
    assert len(made) == len(FILES) + 2
    for name, data in made.items():
        assert data == (SAMPLE / name).read_bytes(), f"{name}: run python -m tools.make_sample"


def test_size_and_variety():
    assert sum(path.stat().st_size for path in FILES) < 3_000_000
    assert 300 < len(TRUTH) < 500
    assert {site.layout for sites in SITES.values() for site in sites} == set(LAYOUTS)
    assert len({row["url"].split("/")[2] for row in TRUTH}) > 30


def test_every_capture_has_its_truth_and_only_the_damaged_one_is_lost(bodies):
    by_id = {row["record_id"]: row for row in TRUTH}
    assert len(by_id) == len({row["doc_id"] for row in TRUTH}) == len(TRUTH)
    assert set(bodies) <= set(by_id)
    assert [by_id[key]["kind"] for key in set(by_id) - set(bodies)] == ["damaged_member"]
    for row in TRUTH:
        assert row["doc_id"] == document_id(row["record_id"].strip("<>"))
        assert set(row["verdicts"]) <= {"keep", "drop", "ledger", "quarantine"}
        assert row["reasons"] or row["verdicts"] == ["keep"]


def test_one_member_is_damaged_and_its_neighbours_are_whole():
    damaged = 0
    for path in FILES:
        records, bad = members(path.read_bytes())
        damaged += bad
        assert len(records) + bad == path.read_bytes().count(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02")
    assert damaged == 1


def test_a_second_reader_agrees_on_digests_and_order(streams):
    types = []
    for record in WarcioIterator(io.BytesIO(streams[0]), check_digests="raise"):
        record.content_stream().read()
        types.append(record.rec_type)
    assert types[:4] == ["warcinfo", "request", "response", "metadata"]
    assert len(types) == streams[0].count(b"WARC/1.0\r\n")


def test_a_common_extractor_finds_the_passages_of_clean_pages_and_not_the_frame(bodies):
    rows = [row for row in TRUTH if row["kind"] == "clean"]
    assert len(rows) > 100
    for row in rows[::2]:
        text = trafilatura.extract(bodies[row["record_id"]].decode(), fast=True, deduplicate=False)
        assert len(row["must_contain"]) >= 1
        assert all(passage in text for passage in row["must_contain"]), row["url"]
        assert not any(passage in text for passage in row["must_not_contain"]), row["url"]


def test_the_frame_of_a_page_does_hold_what_its_text_must_not(bodies):
    for row in TRUTH:
        if row["kind"] in {"clean", "hidden_text", "chat_template"}:
            markup = html.unescape(bodies[row["record_id"]].decode())
            missing = [passage for passage in row["must_not_contain"] if passage not in markup]
            assert len(missing) < len(row["must_not_contain"]), row["url"]


def test_what_must_be_redacted_is_on_the_page(bodies):
    rows = [row for row in TRUTH if row["kind"] in {"personal_data", "secrets"}]
    values = {value for value, _ in plan.VALUES.values()}
    for row in rows:
        markup = html.unescape(bodies[row["record_id"]].decode())
        planted = values.intersection(row["must_not_contain"])
        assert planted
        assert all(value in markup for value in planted)
        assert any(passage.startswith("<") for passage in row["must_contain"])


def test_planted_numbers_are_valid():
    value = {name: pair[0] for name, pair in plan.VALUES.items()}
    assert checksums.resident_id(value["idcard"])
    assert checksums.resident_id(value["idcard2"])
    assert checksums.luhn(value["card"])
    assert checksums.luhn(value["visa"].replace(" ", ""))
    assert checksums.iban(value["iban"].replace(" ", ""))


def test_duplicates_stand_in_clusters(bodies):
    clusters: dict[str, list[dict]] = {}
    for row in TRUTH:
        if row["cluster"]:
            clusters.setdefault(row["cluster"], []).append(row)
    assert len(clusters) > 30
    for name, rows in clusters.items():
        distinct = {bodies[row["record_id"]] for row in rows}
        assert 2 <= len(rows) <= 3
        assert len({row["url"] for row in rows}) == len(rows)
        assert (len(distinct) == 1) == name.startswith("exact_duplicate")


def test_texts_are_distinct():
    def shingles(text: str, spaced: bool) -> set:
        words = re.findall(r"\w+", text.lower()) if spaced else re.sub(r"\W", "", text.lower())
        return {tuple(words[i : i + 5]) for i in range(len(words) - 4)}

    sets = {
        key: (article.language, shingles(" ".join(article.blocks), article.language not in {"zh", "ja"}))
        for key, article in ARTICLES.items()
    }
    for (one, (language, left)), (two, (other, right)) in combinations(sets.items(), 2):
        if language == other:
            assert len(left & right) < 0.2 * len(left | right), (one, two)


def test_cut_pages_end_inside_a_character(bodies):
    rows = [row for row in TRUTH if row["kind"] == "cut_in_character"]
    assert rows
    for row in rows:
        body = bodies[row["record_id"]]
        with pytest.raises(UnicodeDecodeError, match="unexpected end of data"):
            body.decode()


def test_the_bomb_is_small_until_it_is_inflated(bodies):
    (row,) = [row for row in TRUTH if row["kind"] == "decompression_bomb"]
    body = bodies[row["record_id"]]
    inflate = zlib.decompressobj(31)
    assert len(body) < 300_000
    assert len(inflate.decompress(body, 50_000_000)) == 50_000_000


def test_edits_of_a_near_duplicate_are_few_and_real():
    for key in plan.DUPLICATES["near_duplicate"]:
        before, after = "\n".join(ARTICLES[key].blocks), "\n".join(edited(ARTICLES[key]).blocks)
        assert before != after
        words = re.findall(r"\w+|\W", before) if ARTICLES[key].language == "en" else list(before)
        changed = re.findall(r"\w+|\W", after) if ARTICLES[key].language == "en" else list(after)
        assert len(set(words) ^ set(changed)) <= 6 * MAX_EDITS


def test_chunks_join_to_the_body():
    data, wire = bytes(range(256)) * 20, chunked(bytes(range(256)) * 20, 1000)
    body = b""
    while wire:
        size, _, wire = wire.partition(b"\r\n")
        body, wire = body + wire[: int(size, 16)], wire[int(size, 16) + 2 :]
    assert body == data


def test_blocks_of_the_text_format():
    text = "lead\n\n%% a | t | own | L\n# T\n\none\n\n```\nx\n\ny\n```\n\n- p\n- q < r\n\n| a | b |\n| 1 | 2 |\n\n> v\n> w\n"
    (article,) = parse(text, "en", "Latn")
    assert (article.key, article.topic, article.title, len(article.blocks)) == ("a", "t", "T", 5)
    assert article.paragraphs() == ("one",)
    assert block_html(article.blocks[1]) == "<pre><code>x\n\ny</code></pre>"
    assert block_html(article.blocks[2]) == "<ul>\n<li>p</li>\n<li>q &lt; r</li>\n</ul>"
    assert "<th>a</th>" in block_html(article.blocks[3])
    assert "<td>2</td>" in block_html(article.blocks[3])
    assert block_html(article.blocks[4]) == "<p>v<br>\nw</p>"
