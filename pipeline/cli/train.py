"""`train`: models of text, order, quality, languages, main text and safety; a tokenizer; an index of test questions.

Reads JSON lines, Parquet, text, or a snapshot's `documents/`; writes one file and its description (`asset.toml` beside
it, with its hash, calibration and command), which a recipe then names by its path.
"""

import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from pipeline.cli.errors import UsageError
from pipeline.train.contamination import build_index
from pipeline.train.extractor import read_gold, train_extractor
from pipeline.train.kenlm_tools import ToolError
from pipeline.train.language import train_language
from pipeline.train.lm import train_lm
from pipeline.train.order import train_order
from pipeline.train.pin import pin
from pipeline.train.quality import train_quality
from pipeline.train.spam import page_samples
from pipeline.train.texts import Sample, read_rows, read_samples
from pipeline.train.tokenizer import train_tokenizer
from pipeline.train.toxicity import train_toxicity

# Per order of the shipped models: n-grams seen once are kept up to trigrams, beyond that they cost more than they tell.
_PRUNE_FROM = 3
_MIN_CHARACTERS = 100_000
_SPAM_LANGUAGES = ("zh", "en")  # of pipeline/train/templates


def lm(inputs: Sequence[str], output: str, *, language: str, order: int, prune: int) -> int:
    """A character language model for `[perplexity]`."""
    samples = _samples(inputs, language)
    counts = [0 if level < _PRUNE_FROM else prune for level in range(order)]
    try:
        calibration = train_lm(samples, _target(output), order=order, prune=counts)
    except ToolError as error:
        raise UsageError(str(error)) from error
    return _pin(output, f"[perplexity]\nmodels.{language}", calibration)


def extractor(folder: str, output: str) -> int:
    """Forests for `[extract]`, from pages with their main text."""
    return _pin(output, "[extract]\nmodel", train_extractor(read_gold(_existing(folder)), _target(output)))


def language(inputs: Sequence[str], output: str) -> int:
    """A model for `[language]`; rows need a `language`: a code, zxx (code) or und (another one)."""
    return _pin(output, "[language]\nmodel", train_language(_samples(inputs, ""), _target(output)))


def safety(inputs: Sequence[str], output: str, *, language: str) -> int:
    """A classifier for `[safety]`; rows need a `label`: toxic, gambling, adult, advert or none (clean)."""
    samples = _samples(inputs, language)
    if not any(sample.label for sample in samples):
        raise UsageError(
            "no row has a label: give `label` = toxic, gambling, adult or advert to the unsafe rows, none to clean ones"
        )
    return _pin(output, f"[safety]\nmodels.{language}", train_toxicity(samples, _target(output), language=language))


def quality(inputs: Sequence[str], output: str, *, language: str, against: Sequence[str]) -> int:
    """A model for `[quality]`: reference text against raw text, and against made-up spam for Chinese and English."""
    reference = (replace(sample, label="clean") for sample in _samples(inputs, language))
    raw = (replace(sample, label="raw") for sample in _samples(against, language))
    spam = page_samples(language) if language in _SPAM_LANGUAGES else ()
    samples = [*reference, *raw, *spam]
    return _pin(output, f"[quality]\nmodels.{language}", train_quality(samples, _target(output), language=language))


def order(inputs: Sequence[str], output: str, *, language: str) -> int:
    """A model for `[order]`, from clean text alone: the disorder is made from it."""
    samples = _samples(inputs, language)
    return _pin(output, f"[order]\nmodels.{language}", train_order(samples, _target(output), language=language))


def tokenizer(inputs: Sequence[str], output: str, *, vocabulary: int) -> int:
    """A byte-level BPE tokenizer for `[tokenize]`; each language gives the same number of characters."""
    return _pin(
        output, "[tokenize]\ntokenizer", train_tokenizer(_samples(inputs, ""), _target(output), vocabulary=vocabulary)
    )


def contamination(inputs: Sequence[str], output: str, *, clean: Sequence[str]) -> int:
    """An index of test questions for `[contamination]`; holds hashes only."""
    rows = [row for path in inputs for row in read_rows(_existing(path))]
    texts = (sample.text for sample in read_samples([_existing(path) for path in clean]))
    return _pin(output, "[contamination]\nindex", build_index(rows, texts, _target(output)))


def _samples(inputs: Sequence[str], language: str) -> list[Sample]:
    samples = list(read_samples([_existing(path) for path in inputs], [language] if language else []))
    characters = sum(len(sample.text) for sample in samples)
    if characters < _MIN_CHARACTERS:
        raise UsageError(
            f"{characters:,} characters of {language or 'text'} are too few to learn from: give {_MIN_CHARACTERS:,} or more"
        )
    return samples


def _existing(path: str) -> Path:
    if not Path(path).exists():
        raise UsageError(f"{path} does not exist")
    return Path(path)


def _target(output: str) -> Path:
    path = Path(output)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _pin(output: str, setting: str, calibration: Mapping[str, Any]) -> int:
    path = Path(output)
    pin(
        path,
        name=path.name,
        licence="that of its training text",
        attribution="",
        origin="trained by the user",
        command=shlex.join(["beam_runner.py", *sys.argv[1:]]),
        calibration=calibration,
    )
    console = Console()
    for name, value in calibration.items():
        console.print(f"  {name}: {value}", markup=False, highlight=False)
    console.print(f'Wrote {path}. To use it, write in the recipe:\n{setting} = "{path}"', markup=False, highlight=False)
    return 0
