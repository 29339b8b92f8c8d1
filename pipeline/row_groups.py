"""Files of dataset rows: written and merged a row group at a time, in the order of pipeline/shards.py.

`merge_shard` takes from the file of each split the rows of its range of keys, of which only the row groups that overlap
the range are read, and sorts and writes them a row group at a time. Memory: the shard's token ids once and its file
twice, some 4 bytes a token of two-byte ids (13 when it was sorted whole). Beyond some hundred splits, first merge
groups of them with `merge_range` and `write_rows` into longer runs, which are valid sources too: opening every split from
every shard is splits times shards requests.

Reads open files and tables; returns bytes and tables. Drops nothing; a document that occurs twice is an error.
"""

import io
import json
from collections.abc import Iterable, Iterator
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.shards import Measured, Shard, count, describe, in_order, measure, shard_bounds, shard_name, token_sum
from schemas.tables import COUNTED, ROW_GROUPS

# A reader fetches and decodes a row group whole. 256 Ki tokens are about .4 MB and decode in 1 ms: little waste for a
# rank that needs a few sequences of each step, while 64 Mi tokens still have only 256 entries in the footer.
ROW_GROUP_TOKENS = 1 << 18


def write_rows(rows: pa.Table, *, row_group_tokens: int = ROW_GROUP_TOKENS) -> bytes:
    """A Parquet file of rows that are already in order. Raises ValueError when they are not."""
    return write_groups(_row_groups(rows, row_group_tokens), rows.schema)


def write_groups(groups: Iterable[pa.Table], schema: pa.Schema) -> bytes:
    """A Parquet file of row groups that are already in order. Raises ValueError when they are not."""
    buffer = io.BytesIO()
    index: list[dict[str, Any]] = []
    # Byte-stream split with zstd: 1.44 bytes a token against 1.63 for a dictionary, and faster both ways (measured on
    # the BPE ids of 410 pages). Level 1: level 3 gains nothing.
    with pq.ParquetWriter(
        buffer,
        schema,
        compression="zstd",
        compression_level=1,
        use_dictionary=list(COUNTED),
        column_encoding={"tokens.list.element": "BYTE_STREAM_SPLIT"},
    ) as writer:
        for group in groups:
            entry = _index_entry(group)
            order = group["order"].to_numpy()
            if (order[1:] < order[:-1]).any() or (index and entry["first"] < index[-1]["last"]):
                raise ValueError("rows are not in order")
            writer.write_table(group, row_group_size=group.num_rows)
            index.append(entry)
        writer.add_key_value_metadata({ROW_GROUPS: json.dumps(index, ensure_ascii=False, sort_keys=True)})
    return buffer.getvalue()


def merge_range(sources: Iterable[IO[bytes]], low: int, high: int, schema: pa.Schema) -> pa.Table:
    """The rows of all sources with low <= order < high, in order. Sources are files of `write_rows`, read one at a time.

    Raises ValueError when a document occurs twice: two sources overlap, so the dataset would repeat it silently.
    """
    return pa.concat_tables([schema.empty_table(), *_merged(sources, low, high, ROW_GROUP_TOKENS)])


def merge_shard(sources: Iterable[IO[bytes]], *, shard: int, shards: int, schema: pa.Schema) -> tuple[bytes, Shard]:
    """The file of one shard and its description; raises as `merge_range`."""
    measured: list[Measured] = []

    def groups() -> Iterator[pa.Table]:
        for group in _merged(sources, *shard_bounds(shard, shards), ROW_GROUP_TOKENS):
            measured.append(measure(group))
            yield group

    data = write_groups(groups(), schema)
    return data, describe(shard_name(shard, shards), measured, data)


def _merged(sources: Iterable[IO[bytes]], low: int, high: int, row_group_tokens: int) -> Iterator[pa.Table]:
    """The rows of a range in order, a row group at a time: what is held is the sources' rows, once."""
    parts = [part for source in sources for part in _read_range(source, low, high)]
    orders = [part["order"].to_numpy() for part in parts]
    keys = np.concatenate([np.empty(0, np.uint64), *orders])
    tokens = np.concatenate([np.empty(0, np.int64), *(part["token_count"].to_numpy() for part in parts)])
    by_key = np.lexsort((tokens, keys))  # equal keys in an order that no source decides
    # Equal keys stay together, in the later group; so a document that occurs twice is seen below.
    firsts = keys[by_key][[start for start, _ in _bounds(tokens[by_key], row_group_tokens)]]
    cuts = [[*np.searchsorted(own, firsts).tolist(), len(own)] for own in orders]
    for group in range(len(firsts)):
        ends = ((part, cut[group], cut[group + 1]) for part, cut in zip(parts, cuts, strict=True))
        slices = [part.slice(start, stop - start) for part, start, stop in ends if stop > start]
        if not slices:
            continue
        rows = in_order(pa.concat_tables(slices))
        order = rows["order"].to_numpy()
        for index in (order[1:] == order[:-1]).nonzero()[0].tolist():
            if rows["doc_id"][index] == rows["doc_id"][index + 1]:
                raise ValueError(f"document {rows['doc_id'][index].as_py()} occurs in two sources")
        yield rows


def _read_range(source: IO[bytes], low: int, high: int) -> Iterator[pa.Table]:
    file = pq.ParquetFile(source)
    for number, entry in enumerate(json.loads(file.metadata.metadata[ROW_GROUPS])):
        if entry["first"] < high and entry["last"] >= low:
            group = file.read_row_group(number)
            order = group["order"].to_numpy()
            # Keys are Python integers up to 2**64, which numpy's uint64 cannot hold: compare with the last key instead.
            start = np.searchsorted(order, np.uint64(low), "left")
            stop = np.searchsorted(order, np.uint64(high - 1), "right")
            # A slice would keep the whole row group in memory for the sake of a few rows.
            yield group if stop - start == group.num_rows else group.take(np.arange(start, stop))


def _row_groups(rows: pa.Table, row_group_tokens: int) -> Iterator[pa.Table]:
    for start, stop in _bounds(rows["token_count"].to_numpy(), row_group_tokens):
        yield rows.slice(start, stop - start)


def _bounds(tokens: NDArray[np.int64], row_group_tokens: int) -> list[tuple[int, int]]:
    """Of the row groups of rows with so many tokens."""
    if not len(tokens):
        return []
    cuts = (np.diff((np.cumsum(tokens) - tokens) // row_group_tokens).nonzero()[0] + 1).tolist()
    return list(zip([0, *cuts], [*cuts, len(tokens)], strict=True))


def _index_entry(group: pa.Table) -> dict[str, Any]:
    order = group["order"]
    tokens = {column: {key: n["tokens"] for key, n in values.items()} for column, values in count(group).items()}
    bounds = {"first": order[0].as_py(), "last": order[-1].as_py()}
    return {"documents": group.num_rows, "tokens": token_sum(group), "by": tokens, **bounds}
