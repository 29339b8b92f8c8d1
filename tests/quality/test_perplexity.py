"""Language models of characters and models of word order on text that they have not seen: clean stays, garbage goes.

Fold 0 of every set is never trained on. Shuffled text, mojibake and keyword lists are made from it here.
"""

import random
from collections.abc import Iterable, Sequence

import numpy as np
import pytest

from filters.key import fold
from filters.order import OrderSpec
from filters.perplexity import PerplexitySpec, Scorer
from filters.segment import words
from filters.view import TextView
from pipeline.train.shipped import DATA, clean_samples
from pipeline.train.texts import read_samples

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is absent"),
]

SPEC, ORDER = PerplexitySpec(), OrderSpec()
LANGUAGES = ("zh", "en")


@pytest.fixture(scope="module")
def score() -> Scorer:
    perplexity, order = SPEC.open(), ORDER.open()
    return lambda page: {**perplexity(page), **order(page)}


@pytest.fixture(scope="module")
def clean() -> dict[str, list[str]]:
    """Held-out prose, main text of pages and web sentences; poems apart."""
    found: dict[str, list[str]] = {"zh": [], "en": [], "poems": []}
    for language in LANGUAGES:
        for sample in clean_samples(language):
            if sample.fold == 0:
                found["poems" if sample.source.startswith("chinese-poetry") else language].append(sample.text)
    return found


def view(text: str, language: str) -> TextView:
    return TextView(text=text, key=fold(text), lines=(), words=words(text, language), language=language, script="")


def dropped(score: Scorer, texts: Iterable[str], language: str) -> float:
    """Share of the texts that fail one of the two filters' rules."""
    rules = [rule for rule in (*SPEC.rules(), *ORDER.rules()) if language in rule.languages]
    failed = []
    for text in texts:
        signals = score(view(text, language))
        values = [(signals[rule.signal], rule.low, rule.high) for rule in rules]
        failed.append(
            any(
                value is not None and ((low is not None and value < low) or (high is not None and value > high))
                for value, low, high in values
            )
        )
    return float(np.mean(failed))


def shuffled(parts: Sequence[str], joint: str, seed: int) -> str:
    order = list(parts)
    random.Random(seed).shuffle(order)
    return joint.join(order)


@pytest.mark.parametrize("language", LANGUAGES)
def test_clean_text_stays(score: Scorer, clean: dict[str, list[str]], language: str) -> None:
    assert len(clean[language]) > 300
    assert dropped(score, clean[language], language) <= 0.005


def test_poems_and_classics_stay(score: Scorer, clean: dict[str, list[str]]) -> None:
    assert len(clean["poems"]) > 300
    assert dropped(score, clean["poems"], "zh") <= 0.03


@pytest.mark.parametrize(("name", "language"), [("zh-coldataset-train-dev", "zh"), ("en-davidson", "en")])
def test_comments_stay(score: Scorer, name: str, language: str) -> None:
    """No comment of either set was trained on; abuse is not this filter's matter."""
    texts = [sample.text for sample in read_samples([DATA / "toxicity" / f"{name}.jsonl.gz"])][:2000]
    assert dropped(score, texts, language) <= 0.005


@pytest.mark.parametrize(("language", "characters", "word"), [("zh", 0.95, 0.85), ("en", 1.0, 0.95)])
def test_shuffled_text_goes(
    score: Scorer, clean: dict[str, list[str]], language: str, characters: float, word: float
) -> None:
    texts = [text for text in clean[language] if len(text) > 300]
    by_character = [shuffled(text, "", seed) for seed, text in enumerate(texts)]
    assert dropped(score, by_character, language) >= characters
    by_word = [shuffled(words(text, language), " ", seed) for seed, text in enumerate(texts)]
    assert dropped(score, by_word, language) >= word


def test_mojibake_goes(score: Scorer, clean: dict[str, list[str]]) -> None:
    """UTF-8 read as GBK, and GBK read as Latin-1, of texts that are mostly Chinese."""
    texts = [text for text in clean["zh"] if sum("\u4e00" <= c <= "\u9fff" for c in text) > 0.6 * len(text) > 120]
    assert len(texts) > 200
    assert dropped(score, (text.encode().decode("gb18030", "replace") for text in texts), "zh") >= 0.995
    latin = (text.encode("gb18030").decode("latin-1") for text in texts)
    assert dropped(score, latin, "zh") >= 0.9


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_percentile_is_calibrated(score: Scorer, clean: dict[str, list[str]], language: str) -> None:
    """About half of unseen clean text lies below .5, and nine tenths below .9."""
    values = [score(view(text, language))["perplexity_percentile"] for text in clean[language]]
    known = np.array([value for value in values if value is not None])
    assert 0.4 <= (known <= 0.5).mean() <= 0.6
    assert 0.85 <= (known <= 0.9).mean() <= 0.95
