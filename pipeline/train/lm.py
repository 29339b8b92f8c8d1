"""Trains a character-level KenLM model and calibrates it on text that it has not seen.

Reads samples (see texts.py); writes one binary (trie, quantised) and its entry in `asset.toml`, with quantiles of the
perplexity of clean text. The quantiles come from nine models, each trained without one fold and measured on it; the
shipped model is trained on those nine folds together. Fold 0 is left out of everything, for the quality tests.
The same texts in the same order give the same bytes (lmplz sorts its counts; no seed, no clock).
"""

import tempfile
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path

import kenlm
import numpy as np

from filters.key import fold
from filters.perplexity import characters
from pipeline.train.kenlm_tools import kenlm_tools, run
from pipeline.train.texts import FOLDS, Sample, TrainingError

LEVELS = (1, 5, 10, 25, 50, 75, 90, 95, 99)
CALIBRATION_CHARACTERS = 500  # the window of the filter: longer texts are cut to it


def train_lm(
    samples: Iterable[Sample],
    output: Path,
    *,
    order: int,
    prune: Sequence[int],
    min_characters: int = 40,
    uncalibrated: Collection[str] = (),
) -> Mapping[str, object]:
    """Writes the model to `output`; returns its calibration.

    `order`: longest character n-gram (KenLM's package reads up to 6). `prune`: count at or below which an n-gram is
    dropped, one number per order. `uncalibrated`: sources to train on that are no measure of clean web text, such as
    poetry. Raises ToolError when lmplz is missing or fails, TrainingError for too few texts.
    """
    folds: list[list[Sample]] = [[] for _ in range(FOLDS)]
    for sample in samples:
        folds[sample.fold].append(sample)
    if empty := [number for number in range(1, FOLDS) if not folds[number]]:
        raise TrainingError(
            f"{sum(map(len, folds))} texts are too few: {len(empty)} of the nine folds that calibrate the model are empty; "
            "give a hundred texts or more (a long text counts as one: cut it into its parts)."
        )
    with tempfile.TemporaryDirectory() as scratch:
        measured: list[float] = []
        for held_out in range(1, FOLDS):
            rest = [sample.text for i in range(1, FOLDS) if i != held_out for sample in folds[i]]
            partial = Path(scratch) / "fold.bin"
            _build(rest, partial, order=order, prune=prune, scratch=Path(scratch))
            perplexity = _perplexity(partial)
            clean = (sample.text for sample in folds[held_out] if sample.source not in uncalibrated)
            pieces = (fold(text).strip()[:CALIBRATION_CHARACTERS] for text in clean)
            measured += [perplexity(piece) for piece in pieces if len(piece) >= min_characters]
        training = [sample.text for part in folds[1:] for sample in part]
        _build(training, output, order=order, prune=prune, scratch=Path(scratch))
    if not measured:
        raise TrainingError(
            f"No text has {min_characters} characters or more: there is nothing to calibrate the model on."
        )
    quantiles = np.percentile(measured, LEVELS)
    return {
        "perplexity": {str(level): round(float(value), 3) for level, value in zip(LEVELS, quantiles, strict=True)},
        "texts": len(training),
        "characters": sum(map(len, training)),
        "held_out_texts": len(measured),
        "order": order,
        "prune": list(prune),
    }


def _build(texts: Iterable[str], output: Path, *, order: int, prune: Sequence[int], scratch: Path) -> None:
    tools = kenlm_tools()
    corpus, arpa = scratch / "corpus", scratch / "model.arpa"
    with corpus.open("wb") as stream:
        for text in texts:
            for line in text.split("\n"):
                if key := fold(line).strip():
                    stream.write(characters(key) + b"\n")
    counts = [str(count) for count in prune]
    # --discount_fallback: a small text may have no singletons of an order, which Kneser-Ney's estimate needs.
    command = [str(tools.lmplz), "-o", str(order), "--prune", *counts, "--discount_fallback", "-S", "1G"]
    run([*command, "-T", str(scratch / "sort"), "--arpa", str(arpa)], stdin=corpus)
    run([str(tools.build_binary), "-q", "8", "-b", "8", "-a", "22", "trie", str(arpa), str(output)])


def _perplexity(path: Path) -> Callable[[str], float]:
    model = kenlm.Model(str(path))
    return lambda key: float(10 ** (-model.score(characters(key), bos=False, eos=False) / len(key)))
