"""Trains one fastText model of one language that tells reference text from the raw text of web pages and from spam.

Reads samples (see texts.py, raw.py, spam.py): label "raw" for raw text, a kind of spam for spam, any other for reference
text. Writes a quantised model and returns its calibration and figures. Fold 0 is left out for the quality tests; fold 1
calibrates; the others train. Documents are cut to several lengths, so that length itself tells nothing.
"""

import hashlib
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import fasttext
import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from filters.quality import MAX_WORDS, line, probabilities
from filters.segment import words
from pipeline.train.classifier import train_classifier
from pipeline.train.texts import Sample, TrainingError

_SPAM = frozenset({"gambling", "adult", "advert", "spam"})
_CUTS = (40, 80, 160)  # words
_MIN_WORDS = 20
_FILLER = 0.4  # share of spam documents with a stretch of reference text in them, as doorway pages have
_STREWN = 0.2  # share whose sentences stand between those of reference text
_LEFT_OUT = 0.3  # share of a spam document's words left out: the model must not rest on a few phrases of the templates
_MIN_ROWS = 50

Row = tuple[str, str]


def label_of(sample: Sample) -> str:
    """One of filters.quality.LABELS."""
    return "spam" if sample.label in _SPAM else "raw" if sample.label == "raw" else "clean"


def train_quality(
    samples: Iterable[Sample],
    output: Path,
    *,
    language: str,
    dimensions: int = 16,
    epochs: int = 8,
    buckets: int = 400_000,
    seed: int = 1,
) -> Mapping[str, float]:
    """Writes the model to `output`; returns `slope` and `shift` of its calibration, and held-out figures.

    The score is calibrated for reference and other text in equal parts. Raises TrainingError for too few texts.
    """
    training, held_out = _rows(samples, language, seed)
    counts = {label: sum(found == label for found, _ in training) for label in ("clean", "raw")}
    if min(counts.values()) < _MIN_ROWS or not {"clean", "raw"} <= {label for label, _ in held_out}:
        raise TrainingError(
            f"A quality model needs reference text and raw text, a hundred texts or more of each, from several hosts: "
            f"of these, {counts['clean']} stretches of reference and {counts['raw']} of raw text can be trained on."
        )
    model = train_classifier(
        _balanced(training),
        output,
        seed=seed,
        dim=dimensions,
        epoch=epochs,
        lr=0.3,
        minCount=3,
        wordNgrams=2,
        bucket=buckets,
    )
    return _calibration(model, held_out)


def _rows(samples: Iterable[Sample], language: str, seed: int) -> tuple[list[Row], list[Row]]:
    """Label and line of every stretch: those to train on, and those of fold 1."""
    draw = random.Random(seed)  # noqa: S311 - repeatable text, no secret
    training: list[Row] = []
    held_out: list[Row] = []
    filler: tuple[str, ...] = ()
    for sample in samples:
        if sample.fold == 0:
            continue
        found = words(sample.text, language)
        label = label_of(sample)
        if label == "clean" and len(found) >= _MIN_WORDS and sample.fold > 1:
            filler = found
        if label == "spam":
            if filler and (how := draw.random()) < _FILLER:
                found = (*found, *filler[: len(found) // 2])
            elif filler and how < _FILLER + _STREWN:
                found = tuple(_strewn(found, filler, draw))
            found = tuple(word for word in found if draw.random() >= _LEFT_OUT)
        if len(found) < _MIN_WORDS:
            continue
        target = held_out if sample.fold == 1 else training
        target.extend((label, line(part)) for part in _stretches(found, draw))
    return training, held_out


def _stretches(found: Sequence[str], draw: random.Random) -> Iterator[Sequence[str]]:
    """The document, and a part of each length that it exceeds."""
    yield found
    for size in _CUTS:
        for _ in range(max(1, len(found) // MAX_WORDS) if len(found) > size + _MIN_WORDS else 0):
            start = draw.randrange(len(found) - size)
            yield found[start : start + size]


def _strewn(found: Sequence[str], filler: Sequence[str], draw: random.Random) -> Iterator[str]:
    """A few words of the filler behind every few words: what stands around a phrase that is strewn into prose."""
    start = 0
    while start < len(found):
        size, other = draw.randint(6, 14), draw.randint(3, 8)
        at = draw.randrange(max(1, len(filler) - other))
        yield from found[start : start + size]
        yield from filler[at : at + other]
        start += size


def _balanced(rows: Sequence[Row]) -> list[Row]:
    """Rows in an order that says nothing, those of a smaller class repeated to a half of the largest."""
    by_label: dict[str, list[Row]] = {}
    for row in rows:
        by_label.setdefault(row[0], []).append(row)
    most = max(map(len, by_label.values()))
    repeated = [
        (row, copy) for found in by_label.values() for copy in range(max(1, most // 2 // len(found))) for row in found
    ]
    repeated.sort(key=lambda item: hashlib.blake2b(f"{item[1]} {item[0][1]}".encode(), digest_size=8).digest())
    return [row for row, _ in repeated]


def _calibration(model: fasttext.FastText._FastText, rows: Sequence[Row]) -> Mapping[str, float]:
    """Platt's line through the logits of held-out rows, both sides with equal weight; and how well they part."""
    found = np.array(probabilities(model, [text for _, text in rows])) + 1e-6
    labels = np.array([label for label, _ in rows])
    logits = np.log(found[:, 0] / (found[:, 1] + found[:, 2]))
    clean = labels == "clean"
    slope, shift = _platt(logits, clean)
    spam = labels == "spam"
    figures = {"slope": round(slope, 4), "shift": round(shift, 4), "held_out": float(len(rows))}
    figures["right"] = round(float(((slope * logits + shift > 0) == clean).mean()), 4)
    if spam.any():
        figures["spam_p999_of_others"] = round(float(np.quantile(found[~spam, 2], 0.999)), 4)
        figures["spam_p10"] = round(float(np.quantile(found[spam, 2], 0.1)), 4)
    return figures


def _platt(logits: npt.NDArray[np.float64], positive: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Slope and shift of the logistic regression of `positive` on `logits`, both sides with equal weight."""
    weight = np.where(positive, 0.5 / positive.sum(), 0.5 / (~positive).sum())
    sign = np.where(positive, 1.0, -1.0)

    def loss(line: npt.NDArray[np.float64]) -> float:
        return float(weight @ np.logaddexp(0, -sign * (line[0] * logits + line[1])))

    found = minimize(loss, np.array([1.0, 0.0]), method="Nelder-Mead")
    return float(found.x[0]), float(found.x[1])
