"""F1 of the main text on every third page of data/gold-extraction, by the measure of its README (tools/extraction_f1.py).

Measured when written, on all pages: all .841, zh .864, en .836, magic-html .758, cwced .907, aeb .944, wcxb .833,
readability .938, newspaper4k .926, llm-webkit .761; trafilatura 2.3.1 alone .815, .851, .806, .753, .877, .944, .793, .938,
.909, .674.
"""

import gzip
import json
import re
import unicodedata
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path

import pytest

from filters.charset import CharsetSpec, Decoded
from filters.extract import Extracted, ExtractSpec
from tests.warc_files import pages, read_cut

DATA = Path(__file__).parents[3] / "shared" / "data"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data beside the repository"),
]
TOKEN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_]+")


def shingles(text):
    tokens = TOKEN.findall(unicodedata.normalize("NFKC", text).lower())
    return (
        Counter(tuple(tokens[start : start + 4]) for start in range(max(1, len(tokens) - 3))) if tokens else Counter()
    )


def f1(gold, text):
    wanted, found = shingles(gold), shingles(text)
    hits = sum((wanted & found).values())
    return 2 * hits / (sum(wanted.values()) + sum(found.values())) if hits else 0.0


@cache
def scores():
    decode, extract = CharsetSpec().open(), ExtractSpec().open()
    result = defaultdict(list)
    for path in sorted((DATA / "gold-extraction").glob("pages-*.warc.gz")):
        gold_path = path.with_name(path.name.replace("pages-", "gold-").replace(".warc.gz", ".jsonl.gz"))
        with gzip.open(gold_path, "rt", encoding="utf-8", newline="\n") as lines:
            gold = {row["url"]: row for row in map(json.loads, lines)}
        for page in pages(read_cut(path))[::3]:
            row = gold[page.url]
            if row["kind"] == "snippets" or len(TOKEN.findall(row["gold"])) < 10:
                continue
            decoded = decode(page)
            assert isinstance(decoded, Decoded)
            text = extract(decoded.text, page)
            score = f1(row["gold"], text.text if isinstance(text, Extracted) else "")
            for group in ("all", row["lang"], row["source"]):
                result[group].append(score)
    return result


# Measured on these pages: all .837, zh .894, en .825, magic-html .725, cwced .923, aeb .951, wcxb .829, readability .900.
FLOORS = {
    "all": 0.832,
    "zh": 0.888,
    "en": 0.82,
    "magic-html": 0.715,
    "cwced": 0.915,
    "aeb": 0.945,
    "wcxb": 0.82,
    "readability": 0.89,
}


@pytest.mark.parametrize("group", FLOORS)
def test_f1(group):
    values = scores()[group]
    assert len(values) >= 10
    assert sum(values) / len(values) >= FLOORS[group]
