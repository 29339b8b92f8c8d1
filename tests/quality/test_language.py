"""Language identification on rows of data/lid that no model was trained on, and the loss of the pre-screen.

Fold 0 of the sources that the shipped model learnt from, and all rows of the others: 4,808. The figures are pinned in
benchmarks/quality.toml; here are floors a little below them.
"""

import gzip
import json
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from benchmarks.quality.languages import TRAINED, label_of
from filters.charset import CharsetSpec, Decoded
from filters.extract import Extracted, ExtractSpec, plain_text
from filters.language import LanguageSpec
from pipeline.train.texts import fold_of
from schemas.decisions import Drop
from tests.warc_files import pages, read_cut

DATA = Path(__file__).parents[3] / "shared" / "data"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data beside the repository"),
]


@cache
def labelled():
    """(gold label, our label) of every row that no model was trained on; zh with its script."""
    identify = LanguageSpec().open()
    with gzip.open(DATA / "lid" / "lid.jsonl.gz", "rt", encoding="utf-8", newline="\n") as lines:
        rows = [json.loads(line) for line in lines]
    rows = [row for row in rows if row["source"] not in TRAINED or fold_of(row["text"]) == 0]
    return [(row["lang"], label_of(identify(row["text"]))) for row in rows]


def f1_scores(pairs):
    right = Counter(gold for gold, label in pairs if gold == label)
    gold, said = Counter(gold for gold, _ in pairs), Counter(label for _, label in pairs)
    return {label: 2 * right[label] / (gold[label] + said[label]) for label in gold}


def test_accuracy_and_macro_f1():
    pairs = labelled()
    scores = f1_scores(pairs)
    assert len(scores) == 78
    assert sum(gold == label for gold, label in pairs) / len(pairs) >= 0.955
    assert sum(scores.values()) / len(scores) >= 0.94


@pytest.mark.parametrize(
    ("language", "floor"), [("zh", 0.94), ("ja", 0.995), ("ko", 0.995), ("yue", 0.94), ("en", 0.98)]
)
def test_languages(language, floor):
    scores = f1_scores([(gold.split("-")[0], label.split("-")[0]) for gold, label in labelled()])
    assert scores[language] >= floor


def test_scripts_of_chinese():
    chinese = [(gold, label) for gold, label in labelled() if gold.startswith("zh-") and label.startswith("zh-")]
    assert sum(gold == label for gold, label in chinese) >= 0.96 * len(chinese)


def test_the_prescreen_loses_nothing_wanted():
    spec = LanguageSpec(keep=("zh", "en"))
    sure, look, identify = spec.open_glance(), spec.open_prescreen(), spec.open()
    # the fast extractor is enough to tell the language of the main text
    decode, extract = CharsetSpec().open(), ExtractSpec(extractor="resiliparse").open()
    wanted, lost, spared = 0, [], 0
    for path in sorted((DATA / "crawl-small").glob("*.warc.gz")):
        for page in pages(read_cut(path)):
            decoded = decode(page)
            assert isinstance(decoded, Decoded)
            text = extract(decoded.text, page)
            found = identify(text.text) if isinstance(text, Extracted) else None
            dropped = not sure(decoded.text) and isinstance(look(plain_text(decoded.text)), Drop)
            if found and found.kept and found.score >= spec.min_score and len(text.text) > 100:
                wanted += 1
                lost += [page.url] * dropped
            else:
                spared += dropped
    assert wanted > 400
    assert len(lost) <= 0.005 * wanted, lost
    assert spared >= 50
