# ruff: noqa: T201 - this is a program that prints
"""Train a tiny model on a Millrace dataset, stop in the middle, and go on from the checkpoint.

    PYTHONPATH=. python docs/examples/train_ngram.py SNAPSHOT/dataset

Needs numpy and pyarrow only. The model is an interpolated trigram with hashed counts; it learns online, so the loss
of each batch, measured before the batch is learned, falls as a neural model's would. Half an epoch is trained, model
and position are saved, everything is thrown away, and the rest is trained from the file.
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loader import Batch, Batches, Dataset

BITS = 20  # of a hashed context or n-gram: six tables of 4 MB; a collision only blurs a count
BACKOFF = 2.0  # counts that the shorter context's estimate is worth (Dirichlet smoothing)


class Trigram:
    """P(token | two tokens before it), interpolated with bigram, unigram and uniform estimates."""

    def __init__(self, vocabulary_size: int, counts: NDArray[np.float32] | None = None) -> None:
        self.vocabulary_size = vocabulary_size
        # Rows: for orders 0, 1, 2 the counts of (context, token), then of contexts.
        self.counts = np.zeros((6, 1 << BITS), dtype=np.float32) if counts is None else counts

    def learn(self, batch: Batch) -> float:
        """Mean loss in nats per token of the batch before it is learned."""
        keep = batch.loss_mask.ravel()
        token = batch.targets.astype(np.uint64).ravel()[keep]
        last = batch.inputs.astype(np.uint64)
        before = np.roll(last, 1, axis=1)
        # Context must not reach over the beginning of a document: `positions` says how much of it there is.
        before[batch.positions == 0] = self.vocabulary_size
        contexts = (np.zeros_like(last), last + 1, (last + 1) * 1_000_003 + before + 1)
        chance = np.full(token.size, 1 / self.vocabulary_size)
        for order, context in enumerate(contexts):
            seen = _bucket(context.ravel()[keep], order)
            pair = _bucket(context.ravel()[keep] * 2_000_003 + token + 1, order)
            pairs, contexts_seen = self.counts[2 * order], self.counts[2 * order + 1]
            chance = (np.minimum(pairs[pair], contexts_seen[seen]) + BACKOFF * chance) / (contexts_seen[seen] + BACKOFF)
            np.add.at(pairs, pair, 1)
            np.add.at(contexts_seen, seen, 1)
        return float(-np.log(chance).mean())


def _bucket(value: NDArray[np.uint64], order: int) -> NDArray[np.int64]:
    mixed = (value + np.uint64(order << 60)) * np.uint64(0x9E3779B97F4A7C15)
    return (mixed >> np.uint64(64 - BITS)).astype(np.int64)


def save(path: Path, model: Trigram, state: dict[str, Any]) -> None:
    """Model and position in one file."""
    np.savez_compressed(path, counts=model.counts, state=json.dumps(state))


def train(dataset: Dataset, checkpoint: Path, steps: int, *, batch_size: int, sequence_length: int) -> list[float]:
    """Train up to `steps` steps from the checkpoint, if there is one, and save another behind them. Returns losses."""
    model = Trigram(dataset.vocabulary_size)
    batches = Batches(dataset, batch_size=batch_size, sequence_length=sequence_length, epochs=1)
    if checkpoint.exists():
        with np.load(checkpoint) as saved:
            model = Trigram(dataset.vocabulary_size, saved["counts"])
            batches.restore(json.loads(saved["state"].item()))
        print(f"restored at sample {batches.samples}")
    losses = [model.learn(batch) for _, batch in zip(range(steps), batches, strict=False)]
    save(checkpoint, model, batches.state())
    return losses


def main() -> None:
    """Both halves, with the mean loss of each tenth."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--sequence-length", type=int, default=256)
    parser.add_argument("--max-tokens", type=int, default=4_000_000, help="stop there; half of it before the restart")
    options = parser.parse_args()
    dataset = Dataset(options.dataset)
    print(f"{dataset.documents} documents, {dataset.tokens} tokens, vocabulary of {dataset.vocabulary_size}")
    if problems := dataset.verify():
        raise SystemExit("\n".join(problems))
    size = {"batch_size": options.batch_size, "sequence_length": options.sequence_length}
    tokens = min(dataset.tokens, options.max_tokens)
    half = max(1, tokens // (2 * options.batch_size * options.sequence_length))
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = Path(folder) / "checkpoint.npz"
        for _ in range(2):
            losses = train(dataset, checkpoint, half, **size)
            for part in np.array_split(np.array(losses), min(5, len(losses))):
                print(f"loss {part.mean():.3f} nats per token over {part.size} steps")


if __name__ == "__main__":
    main()
