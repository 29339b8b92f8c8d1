"""One endless stream of tokens: the documents of a dataset, or those with one value of one column, epoch after epoch.

Epoch 0 is the dataset's own order. Each later epoch is another permutation, of shards, of row groups within a shard and
of rows within a row group, made from the seed alone: any position is found from dataset.json, the footer of one shard
and one row group, without replaying what came before it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from loader.dataset import Dataset, DatasetError
from schemas.records import keyed_hash


@dataclass(frozen=True, slots=True)
class _Unit:
    """The selected rows of one row group, in the epoch's order: tokens, and where documents begin among them."""

    tokens: NDArray[np.unsignedinteger]
    starts: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Place:
    """A row group and the positions, counted from the start of its epoch, that its selected rows take."""

    epoch: int
    shard: int
    row_group: int
    first: int
    stop: int


class Stream:
    """Tokens of the rows where `column` is `value` (or of all rows), at positions 0, 1, 2, ... without end.

    `epoch_tokens` is the length of one epoch. `seed` None repeats the dataset's order in every epoch.
    """

    def __init__(self, dataset: Dataset, *, column: str | None, value: str, seed: int | None) -> None:
        """Raises DatasetError when no document is selected."""
        self._dataset = dataset
        self._column = column
        self._value = value
        self._seed = seed
        self._shard_tokens = np.array([self._selected(shard["counts"], shard) for shard in dataset.shards], np.int64)
        self.epoch_tokens = int(self._shard_tokens.sum())
        if self.epoch_tokens == 0:
            known = ", ".join(sorted(dataset.counts.get(column, {}))) if column else ""
            raise DatasetError(
                f"{dataset.path} has no tokens" + (f" with {column} {value!r}; it has {known}" if column else "")
            )
        self._shard_order: tuple[int, NDArray[np.int64], NDArray[np.int64]] | None = None
        self._last: tuple[_Place, _Unit] | None = None

    def read(self, position: int, count: int) -> tuple[NDArray[np.unsignedinteger], NDArray[np.bool_]]:
        """Tokens at [position, position + count), and True where a document begins. Both arrays are new."""
        tokens = np.empty(count, dtype=self._dataset.dtype)
        starts = np.empty(count, dtype=np.bool_)
        done = 0
        for place, start, stop in self._places(position, count):
            unit = self._unit(place)
            tokens[done : done + stop - start] = unit.tokens[start:stop]
            starts[done : done + stop - start] = unit.starts[start:stop]
            done += stop - start
        return tokens, starts

    def documents(self, position: int, count: int) -> list[str]:
        """The ids of the documents that have a token in [position, position + count), in order of appearance."""
        found: list[str] = []
        for place, start, stop in self._places(position, count):
            table, rows = self._rows(place, ["doc_id", "token_count"])
            ends = np.cumsum(table["token_count"].to_numpy()[rows])
            touched = rows[np.searchsorted(ends, start, "right") : np.searchsorted(ends, stop - 1, "right") + 1]
            ids = [table["doc_id"][row].as_py() for row in touched.tolist() if table["token_count"][row].as_py()]
            found.extend(ids[1:] if found and ids and found[-1] == ids[0] else ids)
        return found

    def _places(self, position: int, count: int) -> Iterator[tuple[_Place, int, int]]:
        """Row groups that hold the positions, each with the range of its own tokens that is wanted."""
        while count:
            epoch, offset = divmod(position, self.epoch_tokens)
            place = self._find(epoch, offset)
            start = offset - place.first
            stop = min(start + count, place.stop - place.first)
            yield place, start, stop
            position += stop - start
            count -= stop - start

    def _find(self, epoch: int, offset: int) -> _Place:
        if self._shard_order is None or self._shard_order[0] != epoch:
            order = self._permutation(len(self._shard_tokens), epoch)
            self._shard_order = (epoch, order, np.cumsum(self._shard_tokens[order]))
        _, order, ends = self._shard_order
        at = int(np.searchsorted(ends, offset, "right"))
        shard = int(order[at])
        before = int(ends[at] - self._shard_tokens[shard])

        groups = self._dataset.row_groups(shard)
        group_tokens = np.array([self._selected(group["by"], group) for group in groups], np.int64)
        order = self._permutation(len(groups), epoch, shard)
        ends = before + np.cumsum(group_tokens[order])
        at = int(np.searchsorted(ends, offset, "right"))
        if at == len(groups):
            raise DatasetError(f"{self._dataset.shards[shard]['name']} has fewer tokens than dataset.json says")
        row_group = int(order[at])
        stop = int(ends[at])
        return _Place(epoch, shard, row_group, stop - int(group_tokens[row_group]), stop)

    def _unit(self, place: _Place) -> _Unit:
        if self._last is None or self._last[0] != place:
            self._last = (place, self._decode(place))
        return self._last[1]

    def _decode(self, place: _Place) -> _Unit:
        table, rows = self._rows(place, ["tokens"])
        lists = table["tokens"].combine_chunks()
        if len(rows) != len(lists) or (rows[1:] < rows[:-1]).any():
            lists = lists.take(pa.array(rows))
        tokens = lists.flatten().to_numpy()
        if tokens.size != place.stop - place.first:
            raise DatasetError(f"{self._dataset.shards[place.shard]['name']} does not match the index in its footer")
        begins = lists.offsets.to_numpy()[:-1] - lists.offsets[0].as_py()
        starts = np.zeros(tokens.size + 1, dtype=np.bool_)  # one more: empty documents at the end begin there
        starts[begins] = True
        return _Unit(tokens, starts[:-1])

    def _rows(self, place: _Place, columns: list[str]) -> tuple[pa.Table, NDArray[np.int64]]:
        """A row group, and the numbers of its selected rows in the order of the epoch."""
        wanted = [*columns, *([self._column] if self._column else [])]
        table = self._dataset.read(place.shard, place.row_group, wanted)
        order = self._permutation(table.num_rows, place.epoch, place.shard, place.row_group)
        if self._column is None:
            return table, order
        selected = pc.equal(table[self._column], self._value).to_numpy()
        return table, order[selected[order]]

    def _selected(self, by: dict[str, dict[str, int]], entry: dict[str, int]) -> int:
        """Selected tokens in the counts of a shard or of a row group."""
        if self._column is None:
            return entry["tokens"]
        tokens = by.get(self._column, {}).get(self._value, 0)
        return tokens["tokens"] if isinstance(tokens, dict) else tokens

    def _permutation(self, count: int, epoch: int, *parents: int) -> NDArray[np.int64]:
        if epoch == 0 or self._seed is None:
            return np.arange(count)
        return permutation(count, keyed_hash(":".join(map(str, (self._seed, epoch, *parents))), "epoch"))


def permutation(count: int, key: int) -> NDArray[np.int64]:
    """A permutation of range(count) from a 64-bit key: SplitMix64 (Steele et al. 2014) of each number, then sorted.

    numpy's own generators may change between versions, and with them the place where a training run resumes.
    """
    z = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(key)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.argsort(z ^ (z >> np.uint64(31)), kind="stable")
