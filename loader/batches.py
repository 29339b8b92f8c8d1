"""Batches of packed sequences, with a position that can be saved and restored exactly.

Documents are packed back to back. A sample of length L is L + 1 consecutive tokens of a stream; the next sample of that
stream begins with the last token of this one, so each token is a target exactly once (but for the very first) and an
input exactly once. Samples have global numbers: step t of W ranks with B rows each takes the next W * B of them, rank r
the r-th block of B. The position is the number of samples and, per stream, of tokens: the same on all ranks, and
independent of W, B and L, any of which may differ after `restore`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

from loader.dataset import Dataset, DatasetError
from loader.mixture import Mixture, mixture
from loader.streams import Stream
from schemas.tables import COUNTED

_STATE_VERSION = 1
_ALL = ""  # the name of the one stream of an unweighted run


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """`tokens` [B, L + 1]; `starts` [B, L + 1], True where a document begins; `valid` [B, L + 1], False for padding.

    `origins` says for each row its stream ("" when unweighted) and position there, None for a row of padding.
    """

    tokens: NDArray[Any]
    starts: NDArray[np.bool_]
    valid: NDArray[np.bool_]
    origins: tuple[tuple[str, int] | None, ...]

    @property
    def inputs(self) -> NDArray[Any]:
        """[B, L], a view."""
        return self.tokens[:, :-1]

    @property
    def targets(self) -> NDArray[Any]:
        """[B, L], a view. Where `starts[:, 1:]` is True, the target is the first token of another document."""
        return self.tokens[:, 1:]

    @property
    def loss_mask(self) -> NDArray[np.bool_]:
        """[B, L]: False where the target is padding."""
        return self.valid[:, 1:]

    @property
    def segments(self) -> NDArray[np.int32]:
        """[B, L]: number of the document within its row, from 0, for an attention mask; -1 for padding."""
        starts = self.starts[:, :-1].copy()
        starts[:, 0] = False
        segments = np.cumsum(starts, axis=1, dtype=np.int32)
        segments[~self.valid[:, :-1]] = -1
        return segments

    @property
    def positions(self) -> NDArray[np.int32]:
        """[B, L]: distance from the beginning of the document, or of the row where the document began before it."""
        columns = np.arange(self.tokens.shape[1] - 1, dtype=np.int32)
        begins = np.where(self.starts[:, :-1], columns, 0)
        return columns - np.maximum.accumulate(begins, axis=1, dtype=np.int32)


class Batches:
    """An iterator over the batches of one rank.

    Without `weights` it is the dataset in its exact order, for `epochs` epochs or (None) without end. With weights, by
    value of the column `by` ("domain", "language", "source"), it is an endless mixture of streams, each of which keeps
    the dataset's order and starts its own next epoch when it is used up; values without a weight are left out.

    The last step of a finite run: the last sample is shorter, and rows are missing; both are filled with padding
    (`valid` is False), so that every rank makes the same number of steps. `drop_last` leaves such a step out.

    `seed` orders the epochs after the first (None: all alike, and mixtures as with 0) and, with weights, the mixture.
    """

    def __init__(
        self,
        dataset: Dataset,
        *,
        batch_size: int,
        sequence_length: int,
        rank: int = 0,
        world_size: int = 1,
        weights: Mapping[str, float] | None = None,
        by: str = "domain",
        epochs: int | None = None,
        seed: int | None = 0,
        drop_last: bool = False,
        dtype: DTypeLike = np.int32,
    ) -> None:
        """Raises ValueError for arguments that make no sense and DatasetError when a weight names no stream."""
        if min(batch_size, sequence_length, world_size) < 1 or not 0 <= rank < world_size:
            raise ValueError(
                f"batch_size {batch_size}, sequence_length {sequence_length}, rank {rank} of world_size {world_size}"
            )
        if weights is not None and (epochs is not None or by not in COUNTED):
            raise ValueError(f"a mixture has no common epoch: leave epochs out; by is one of {', '.join(COUNTED)}")
        if epochs is not None and epochs < 1:
            raise ValueError(f"epochs is {epochs}")
        if np.iinfo(dtype).max < dataset.vocabulary_size - 1:
            raise ValueError(f"dtype {np.dtype(dtype).name} cannot hold ids up to {dataset.vocabulary_size - 1}")
        self._dataset = dataset
        self._batch_size = batch_size
        self._length = sequence_length
        self._rank = rank
        self._world_size = world_size
        self._by = None if weights is None else by
        self._epochs = epochs
        self._seed = seed
        self._drop_last = drop_last
        self._dtype = np.dtype(dtype)
        self._streams: dict[str, Stream] = {}
        self._samples = 0
        self._positions: dict[str, int] = {}
        self._mixtures = [mixture({_ALL: 1.0} if weights is None else weights, 0)]
        self._open_streams(self._mixtures)

    def __iter__(self) -> Iterator[Batch]:
        return self

    def __next__(self) -> Batch:
        step = self._batch_size * self._world_size
        targets = self._targets_left()
        if targets is not None and (targets <= 0 or (self._drop_last and targets < step * self._length)):
            raise StopIteration
        drawn = step if targets is None else min(step, -(-targets // self._length))
        names, draws = self._draw(drawn)
        first = min(self._rank * self._batch_size, drawn)
        batch = self._assemble(names, draws, slice(first, min(first + self._batch_size, drawn)), targets)
        for index, name in enumerate(names):
            advance = int((draws == index).sum()) * self._length
            self._positions[name] += advance if targets is None else min(advance, targets)
        self._samples += drawn
        while len(self._mixtures) > 1 and self._mixtures[1].since <= self._samples:
            self._mixtures.pop(0)
        return batch

    @property
    def samples(self) -> int:
        """Samples that all ranks together have taken."""
        return self._samples

    @property
    def epoch(self) -> dict[str, float]:
        """Epochs taken of each stream, "" being the whole dataset: 1.25 is a quarter into the second."""
        return {name: self._positions[name] / stream.epoch_tokens for name, stream in sorted(self._streams.items())}

    def set_weights(self, weights: Mapping[str, float], *, sample: int | None = None) -> None:
        """Change the mixture from the next batch on, or from that global sample (step * batch_size * world_size) on.

        Every rank must make the same call at the same step. A change that was set for a later sample is replaced.
        A stream that comes back continues where it stopped. Raises ValueError for a sample that is already taken.
        """
        if self._by is None:
            raise ValueError("these batches were made without weights; make them with weights to mix")
        since = self._samples if sample is None else sample
        if since < self._samples:
            raise ValueError(f"sample {since} is already taken; the next is {self._samples}")
        changed = mixture(weights, since)
        self._open_streams([changed])
        self._mixtures = [*(known for known in self._mixtures if known.since < since), changed]

    def state(self) -> dict[str, Any]:
        """The position behind the last batch, for JSON. It is the same on every rank."""
        return {
            "version": _STATE_VERSION,
            "dataset": self._dataset.content_hash,
            "by": self._by,
            "seed": self._seed,
            "samples": self._samples,
            "positions": {name: position for name, position in sorted(self._positions.items()) if position},
            "mixtures": [{"since": known.since, "weights": dict(known.weights)} for known in self._mixtures],
        }

    def restore(self, state: Mapping[str, Any]) -> Self:
        """Continue behind the batch at which `state` was taken, at once: nothing is replayed. Returns self.

        Weights come from the state. Batch size, world size and sequence length may differ: the samples go on from
        the same tokens. Raises DatasetError for the state of another dataset, seed or column.
        """
        wanted = {"version": _STATE_VERSION, "dataset": self._dataset.content_hash, "by": self._by, "seed": self._seed}
        for key, value in wanted.items():
            if state.get(key) != value:
                raise DatasetError(f"the state has {key} {state.get(key)!r}, these batches have {value!r}")
        mixtures = [mixture(known["weights"], known["since"]) for known in state["mixtures"]]
        self._open_streams(mixtures)
        self._mixtures = mixtures
        self._samples = state["samples"]
        self._positions = {**dict.fromkeys(self._streams, 0), **state["positions"]}
        return self

    def documents(self, origin: tuple[str, int]) -> list[str]:
        """The doc_ids that a row of a batch is made of, from its entry in `origins`."""
        name, position = origin
        count = self._length + 1
        if self._epochs is not None:
            count = min(count, self._streams[name].epoch_tokens * self._epochs - position)
        return self._streams[name].documents(position, count)

    def _open_streams(self, mixtures: list[Mixture]) -> None:
        for name in (name for known in mixtures for name in known.names):
            if name not in self._streams:
                self._streams[name] = Stream(self._dataset, column=self._by, value=name, seed=self._seed)
                self._positions.setdefault(name, 0)

    def _targets_left(self) -> int | None:
        """Tokens that are still to be predicted, or None when there is no end. The first token is never a target."""
        if self._epochs is None:
            return None
        return self._streams[_ALL].epoch_tokens * self._epochs - 1 - self._positions[_ALL]

    def _draw(self, count: int) -> tuple[list[str], NDArray[np.int64]]:
        """Streams, and for each of the next samples the index of its stream. Passes over changes of the mixture."""
        names = sorted(self._streams)
        draws = np.empty(count, dtype=np.int64)
        ends = [*(known.since for known in self._mixtures[1:]), self._samples + count]
        for known, end in zip(self._mixtures, ends, strict=True):
            first, stop = max(known.since, self._samples), min(end, self._samples + count)
            if first < stop:
                indices = np.array([names.index(name) for name in known.names])
                drawn = known.draw(first, stop - first, self._seed or 0)
                draws[first - self._samples : stop - self._samples] = indices[drawn]
        return names, draws

    def _assemble(self, names: list[str], draws: NDArray[np.int64], rows: slice, targets: int | None) -> Batch:
        width = self._length + 1
        pad = self._dataset.eos_id or 0
        tokens = np.full((self._batch_size, width), pad, dtype=self._dtype)
        starts = np.zeros((self._batch_size, width), dtype=np.bool_)
        valid = np.zeros((self._batch_size, width), dtype=np.bool_)
        origins: list[tuple[str, int] | None] = [None] * self._batch_size
        mine = draws[rows]
        for index in np.unique(mine).tolist():
            where = (mine == index).nonzero()[0]
            skipped = int((draws[: rows.start] == index).sum()) * self._length
            position = self._positions[names[index]] + skipped
            count = where.size * self._length + 1
            kept = count if targets is None else min(count, targets + 1 - skipped)
            read_tokens, read_starts = self._streams[names[index]].read(position, kept)
            tokens[where] = _windows(read_tokens, count, self._length, pad)
            starts[where] = _windows(read_starts, count, self._length, pad=False)
            valid[where] = (np.arange(where.size) * self._length)[:, None] + np.arange(width) < kept
            for number, row in enumerate(where.tolist()):
                origins[row] = (names[index], position + number * self._length)
        return Batch(tokens=tokens, starts=starts, valid=valid, origins=tuple(origins))


def _windows(values: NDArray[Any], count: int, length: int, pad: int) -> NDArray[Any]:
    """[n, length + 1]: windows that overlap by one, of values padded to count = n * length + 1."""
    padded = np.concatenate([values, np.full(count - values.size, pad, dtype=values.dtype)])
    return np.lib.stride_tricks.sliding_window_view(padded, length + 1)[::length]
