"""The one way in which every fastText classifier here is trained: labelled lines in, a quantised model out.

One thread and a fixed seed: the same rows in the same order give the same bytes on the same processor (its vector
instructions change the order of sums).
"""

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import fasttext

PREFIX = "__label__"


def train_classifier(
    rows: Iterable[tuple[str, str]], output: Path, *, seed: int = 1, threads: int = 1, **options: Any
) -> fasttext.FastText._FastText:
    """Writes the quantised model to `output`, and returns it as read back from there.

    Args:
        rows: label and line of each, in training order; a line break in a line would begin another row.
        output: the model's file.
        seed: of fastText.
        threads: more than one makes the result depend on their timing.
        options: of fasttext.train_supervised: dim, epoch, lr, wordNgrams, bucket, ...

    """
    with tempfile.TemporaryDirectory() as scratch:
        corpus = Path(scratch) / "corpus"
        lines = (f"{PREFIX}{label} {line}\n" for label, line in rows)
        corpus.write_text("".join(lines), encoding="utf-8", errors="replace")
        model = fasttext.train_supervised(
            input=str(corpus), loss="softmax", thread=threads, seed=seed, verbose=0, **options
        )
        model.quantize(input=str(corpus), qnorm=True, retrain=False, dsub=2)
        model.save_model(str(output))
    return fasttext.load_model(str(output))
