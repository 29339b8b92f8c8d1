"""Trains the language model that stands beside lid.176: sentences of each language, code, and other languages.

Reads samples (see texts.py; a sample's `language` is its label); writes a quantised fastText model and returns figures.
Chinese, Japanese and Korean are left out: their characters tell them. Fold 0 is left out for the quality gate, or
others for cross-validation.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from filters.lid import one_line, spaced
from pipeline.train.classifier import train_classifier
from pipeline.train.texts import Sample, TrainingError

BY_SCRIPT = frozenset({"zh", "yue", "ja", "ko"})
_MAX_CHARS = 1_000  # of a sample: one long text must not weigh as much as a hundred sentences
_MIN_ROWS = 10  # of a label: lid.176 is better where there are fewer


def train_language(
    samples: Iterable[Sample],
    output: Path,
    *,
    held_out: Callable[[Sample], bool] = lambda sample: sample.fold == 0,
    dimensions: int = 16,
    epochs: int = 25,
    buckets: int = 100_000,
    threads: int = 1,
) -> Mapping[str, Any]:
    """Writes the model to `output` (1.3 MB); returns the number of labels and rows, and held-out accuracy of it alone.

    Character n-grams of 1 to 4 and words seen five times. TrainingError: fewer than two labels of ten rows.
    """
    training: list[tuple[str, str]] = []
    unseen: list[tuple[str, str]] = []
    for sample in samples:
        if sample.language not in BY_SCRIPT and (line := spaced(one_line(sample.text[:_MAX_CHARS]))):
            (unseen if held_out(sample) else training).append((sample.language, line))
    counts = Counter(label for label, _ in training)
    training = [row for row in training if counts[row[0]] >= _MIN_ROWS]
    labels = {label for label, _ in training}
    if len(labels) < 2:
        raise TrainingError("The language model needs two languages or more, with ten rows or more of each.")
    training.sort(key=lambda row: hashlib.blake2b(row[1].encode("utf-8"), digest_size=8).digest())
    model = train_classifier(
        training,
        output,
        threads=threads,
        dim=dimensions,
        epoch=epochs,
        lr=0.5,
        minn=1,
        maxn=4,
        minCount=5,
        bucket=buckets,
    )
    right = [
        model.f.predict(line + "\n", 1, 0.0, "strict")[0][1] == f"__label__{label}"
        for label, line in unseen
        if label in labels
    ]
    found: dict[str, Any] = {"labels": len(labels), "rows": len(training)}
    if right:
        found |= {"held_out_rows": len(right), "held_out_accuracy": round(sum(right) / len(right), 4)}
    return found
