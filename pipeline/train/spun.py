"""Makes the weights of filters/spun.py: log odds of words in text spun by a list of substitutes against clean text.

Reads clean samples (see texts.py) and a list (spun.toml); writes a JSON object of words and weights. Fold 0 is left out
for the quality tests. Everything is drawn with a fixed seed.
"""

import json
import math
import random
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from filters.key import fold_words
from filters.segment import words
from pipeline.train.texts import Sample, TrainingError

SUBSTITUTES = Path(__file__).with_name("spun.toml")
RATE = 0.85  # share of the known words that are replaced
_LEAST_WEIGHT = 0.5  # words nearer to even odds say nothing
_ADDED = 0.5  # to each count, so that a word that clean text lacks has finite odds

Substitutes = Mapping[str, Sequence[str]]


def substitutes(language: str, path: Path = SUBSTITUTES) -> Substitutes:
    """The list of one language: word to substitutes, in stored form."""
    lines = tomllib.loads(path.read_text(encoding="utf-8"))[language]["words"].split("\n")
    pairs = (line.partition(" = ") for line in lines if line)
    return {word: found.split(", ") for word, _, found in pairs}


def spin(text: str, language: str, table: Substitutes, draw: random.Random, rate: float = RATE) -> str:
    """The text with most of the words that the list knows replaced; marks and spaces stay."""
    parts: list[str] = []
    end = 0
    for word in words(text, language):
        start = text.find(word, end)
        if start < 0:  # a lone surrogate was replaced before the text was cut into words
            continue
        new = draw.choice(table[word]) if word in table and draw.random() < rate else word
        parts += (text[end:start], new)
        end = start + len(word)
    return "".join((*parts, text[end:]))


def train_spun(samples: Iterable[Sample], output: Path, *, language: str, seed: int = 1) -> Mapping[str, float]:
    """Writes the weights to `output`; returns the number of texts and of words with a weight."""
    table = substitutes(language)
    draw = random.Random(seed)  # noqa: S311 - repeatable text, no secret
    clean: Counter[str] = Counter()
    spun: Counter[str] = Counter()
    texts = 0
    for sample in samples:
        if sample.fold:
            clean.update(fold_words(words(sample.text, language)))
            spun.update(fold_words(words(spin(sample.text, language, table, draw), language)))
            texts += 1
    if not clean:
        raise TrainingError("There is no text to weigh words on.")
    more = math.log(clean.total() / spun.total())
    odds = {
        word: math.log((spun[word] + _ADDED) / (clean[word] + _ADDED)) + more for word in clean.keys() | spun.keys()
    }
    kept = {word: round(value, 2) for word, value in sorted(odds.items()) if abs(value) >= _LEAST_WEIGHT}
    output.write_text(json.dumps(kept, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
    return {"texts": float(texts), "words": float(len(kept))}
