"""The made-up spam and honest texts that the quality models learn from."""

import re
import tomllib
from collections import Counter

import pytest

from pipeline.train.spam import FRAGMENTS, PAGES, spam_samples


def of_all_templates(language, **more):
    return list(spam_samples(language, per_label=800, seed=3, more=PAGES, **more))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_slot_of_the_templates_is_filled(language):
    assert [sample.text for sample in of_all_templates(language) if re.search(r"\{\w+\}", sample.text)] == []


def test_honest_texts_are_as_many_as_asked_for():
    counts = Counter(sample.label for sample in of_all_templates("en", honest=3))
    assert counts == {"clean": 2400, "gambling": 800, "adult": 800, "advert": 800}


def test_traditional_characters_alone_do_not_tell_spam():
    honest = [sample.text for sample in of_all_templates("zh") if sample.label == "clean"]
    assert 0.1 < sum("的" in text and ("這" in text or "個" in text) for text in honest) / len(honest) < 0.3


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_sentence_is_taught_as_spam_and_as_honest(language):
    tables = [tomllib.loads(path.read_text(encoding="utf-8")).get(language, {}) for path in (FRAGMENTS, *PAGES)]
    sentences = {
        kind: {text for table in tables for text in table.get(kind, {}).get("fragments", ())}
        for kind in ("advert", "gambling", "adult", "benign")
    }
    assert all(len(found) > 20 for found in sentences.values())
    assert not sentences["benign"] & (sentences["advert"] | sentences["gambling"] | sentences["adult"])
