"""Trains a fastText model of one language that tells clean windows of words from the same windows shuffled.

Reads samples (see texts.py); writes a quantised model and returns figures on fold 1. Fold 0 is left out for the quality
tests. Windows are shuffled as a whole, in short stretches and in chunks that stay together, and some are drawn from
the words of other texts.
"""

import hashlib
import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import fasttext
import numpy as np

from filters.key import fold_words
from filters.order import LABELS, WINDOW_WORDS, line, windows
from filters.segment import words
from pipeline.train.classifier import PREFIX, train_classifier
from pipeline.train.texts import Sample, TrainingError

_MIN_WINDOW = 12  # words
_MIN_WINDOWS = 500
_EVERY = 1 << 30

Words = Sequence[str]
Row = tuple[str, str]


def train_order(
    samples: Iterable[Sample],
    output: Path,
    *,
    language: str,
    known_words: int = 2_000,
    ngrams: int = 3,
    passes: int = 1,
    dimensions: int = 12,
    epochs: int = 4,
    buckets: int = 300_000,
    seed: int = 1,
) -> Mapping[str, float]:
    """Writes the model to `output`; returns its accuracy on windows of fold 1.

    `known_words`: the commonest words, kept as they are. `passes`: times that a text is cut into windows, at other
    places each time. Raises TrainingError for too few texts.
    """
    training: list[Words] = []
    held_out: list[Words] = []
    for sample in samples:
        found = words(sample.text, language)
        if sample.fold and len(found) >= _MIN_WINDOW:
            (held_out if sample.fold == 1 else training).append(found)
    counts = Counter(word for text in training for word in fold_words(text))
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    known = frozenset(word for word, _ in ranked[:known_words]).__contains__
    draw = random.Random(seed)  # noqa: S311 - repeatable text, no secret
    pool = [word for text in training for word in text]
    rows = _rows(training, known, pool, draw, passes)
    if len(rows) < _MIN_WINDOWS:
        raise TrainingError(f"{len(rows)} windows of {WINDOW_WORDS} words are too few to learn word order from.")
    rows.sort(key=lambda row: hashlib.blake2b(f"{PREFIX}{row[0]} {row[1]}".encode(), digest_size=8).digest())
    model = train_classifier(
        rows, output, seed=seed, dim=dimensions, epoch=epochs, lr=0.4, minCount=2, wordNgrams=ngrams, bucket=buckets
    )
    return _figures(model, _rows(held_out, known, pool, draw, 1))


def _rows(
    texts: Sequence[Words], known: Callable[[str], bool], pool: Words, draw: random.Random, passes: int
) -> list[Row]:
    rows = []
    for again in range(passes):
        for text in texts:
            start = draw.randrange(WINDOW_WORDS) if again and len(text) > 2 * WINDOW_WORDS else 0
            for part in windows(text[start:], _EVERY):
                if len(part) >= _MIN_WINDOW:
                    rows.append((LABELS[0], line(part, known)))
                    rows += [(LABELS[1], line(_garbled(part, pool, draw), known)) for _ in range(2)]
    return rows


def _garbled(part: Words, pool: Words, draw: random.Random) -> Words:
    """The window in one of four kinds of disorder."""
    way = draw.random()
    if way < 0.3:
        return draw.sample(part, len(part))
    if way < 0.65:
        size = draw.choice((2, 3, 4))
        first = draw.randrange(size)
        chunks = [part[:first], *(part[i : i + size] for i in range(first, len(part), size))]
        draw.shuffle(chunks)
        return [word for chunk in chunks for word in chunk]
    if way < 0.9:
        size = draw.randint(8, 20)
        stretches = (part[i : i + size] for i in range(0, len(part), size))
        return [word for stretch in stretches for word in draw.sample(stretch, len(stretch))]
    return draw.choices(pool, k=len(part))


def _figures(model: fasttext.FastText._FastText, rows: Sequence[Row]) -> Mapping[str, float]:
    if not rows:
        return {}
    found = model.predict([text for _, text in rows], k=1)[0]
    right = np.array([names[0] == f"{PREFIX}{label}" for (label, _), names in zip(rows, found, strict=True)])
    natural = np.array([label == LABELS[0] for label, _ in rows])
    return {
        "windows": float(len(rows)),
        "natural_right": round(float(right[natural].mean()), 4),
        "garbled_right": round(float(right[~natural].mean()), 4),
    }
