"""Trains one fastText classifier of one language: clean, toxic, and the kinds of spam; picks its thresholds.

Reads labelled samples (see texts.py and spam.py); writes a quantised model and returns its thresholds and figures.
Fold 0 is left out for the quality tests; fold 1 chooses the thresholds; the others train.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import fasttext
import numpy as np
import numpy.typing as npt

from filters.key import fold
from filters.toxicity import LABELS, windows
from pipeline.train.classifier import train_classifier
from pipeline.train.texts import Sample, TrainingError

_Floats = npt.NDArray[np.float64]
FALSE_POSITIVES = 0.005  # share of clean held-out windows above a threshold: the figure of the safety reference, part D

# Label of a row of COLD and SWSR ("0", "1") and of davidson ("clean", "offensive", "hate").
TOXIC = frozenset({"1", "offensive", "hate", "toxic"})
_SPAM = frozenset(LABELS) - {"toxic", "clean"}


def label_of(sample: Sample) -> str:
    """One of LABELS; a row without a label is clean."""
    if sample.label in TOXIC:
        return "toxic"
    return sample.label if sample.label in _SPAM else "clean"


def train_toxicity(
    samples: Iterable[Sample],
    output: Path,
    *,
    language: str,
    dimensions: int = 16,
    epochs: int = 3,
    buckets: int = 200_000,
) -> Mapping[str, float]:
    """Writes the model to `output`; returns `toxic_threshold`, `spam_threshold` (probabilities) and held-out figures.

    Three passes: with eight, abuse gets .01 of F1 more on COLD, but templates of spam are learnt by heart and only half
    as many unseen adverts are found.
    """
    training: list[tuple[str, str]] = []
    held_out: list[tuple[str, str]] = []
    unlabelled: list[str] = []
    for sample in samples:
        if sample.fold == 0:
            continue
        rows = [(label_of(sample), part) for part in windows(fold(sample.text), language) if part]
        (held_out if sample.fold == 1 else training).extend(rows)
        if sample.fold == 1 and not sample.label:
            unlabelled += [part for _, part in rows]
    if len({label for label, _ in training}) < 2 or not unlabelled:
        raise TrainingError(
            "The classifier needs rows of two labels or more, and rows without a label, a hundred of each or more: "
            "ordinary text is what its thresholds are set on."
        )
    training.sort(key=lambda row: hashlib.blake2b(row[1].encode("utf-8", "replace"), digest_size=8).digest())
    words = {"minn": 0, "maxn": 0, "wordNgrams": 3} if language == "zh" else {"minn": 3, "maxn": 5, "wordNgrams": 2}
    model = train_classifier(
        training, output, dim=dimensions, epoch=epochs, lr=0.3, minCount=2, bucket=buckets, **words
    )
    return _thresholds(model, held_out, unlabelled)


def _thresholds(
    model: fasttext.FastText._FastText, labelled: Sequence[tuple[str, str]], clean: Sequence[str]
) -> Mapping[str, float]:
    """`clean` are windows of ordinary documents: the clean rows of a labelled set are comments picked to look toxic."""
    of_clean = dict(zip(("toxic", "spam"), _probabilities(model, clean), strict=True))
    scores = dict(zip(("toxic", "spam"), _probabilities(model, [part for _, part in labelled]), strict=True))
    truth = np.array([label for label, _ in labelled])
    positive = {"toxic": truth == "toxic", "spam": np.isin(truth, sorted(_SPAM))}
    found: dict[str, float] = {}
    for name, values in scores.items():
        threshold = max(0.5, float(np.quantile(of_clean[name], 1 - FALSE_POSITIVES)))
        found[f"{name}_threshold"] = round(threshold, 3)
        if positive[name].any():
            found[f"{name}_recall"] = round(float((values[positive[name]] >= threshold).mean()), 4)
    return found


def _probabilities(model: fasttext.FastText._FastText, parts: Sequence[str]) -> tuple[_Floats, _Floats]:
    """float64[parts] of abuse and of spam."""
    labels, scores = model.predict(list(parts), k=len(LABELS))
    toxic, spam = np.zeros(len(parts)), np.zeros(len(parts))
    for row, (names, values) in enumerate(zip(labels, scores, strict=True)):
        for name, value in zip(names, values, strict=True):
            label = name.removeprefix("__label__")
            toxic[row] += value if label == "toxic" else 0.0
            spam[row] += value if label in _SPAM else 0.0
    return toxic, spam
