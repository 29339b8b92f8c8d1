"""Documents to dataset shards in the final training order, in two stages of files.

The order is a fact of each document: `order_key(doc_id, seed)`, ties by doc_id. So the sequence of rows does not depend
on splits, workers, the engine or the number of shards.

A. Per split: `tokenize_split` turns the kept documents into rows sorted by (order, doc_id), for a file of their own.
B. Per shard: pipeline/row_groups.py takes from each of these files the rows of the shard's range of keys.
C. Once: `dataset_json` describes the whole.

Reads and returns bytes, open files and tables; where they are stored is the caller's business. Drops nothing.

Repetition: a document occurs once, or as often as `copies` says; each copy has its own `order_key(doc_id, seed, copy)`:
copies lie far apart, and copy 0 stays where it is.
"""

import hashlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.tokens import Tokenizer
from schemas.records import keyed_hash
from schemas.tables import COUNTED, DATASET_VERSION, combine_hashes, dataset_schema, hash_text

KEYS = 1 << 64  # order keys lie in [0, KEYS)

Counts = dict[str, dict[str, dict[str, int]]]  # column -> value -> {"documents": n, "tokens": n}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """What dataset.json says of one file. `content_hash` is of its rows, `sha256` of its bytes."""

    name: str
    documents: int
    tokens: int
    row_groups: int
    bytes: int
    sha256: str
    content_hash: str
    counts: Counts


def order_key(doc_id: str, seed: int, copy: int = 0) -> int:
    """Place of a document in the global order: uniform in [0, 2**64). Copies of one document have independent places."""
    return keyed_hash(doc_id, f"order:{seed}" if copy == 0 else f"order:{seed}:{copy}")


def tokenize_split(
    documents: pa.Table, tokenizer: Tokenizer, *, seed: int, copies: NDArray[np.int64] | None = None
) -> pa.Table:
    """Rows of DATASET for kept documents (columns doc_id, text, language, domain, source; no nulls), in order.

    `copies` says how often each occurs, once by default; shape (documents,).
    """
    schema = dataset_schema(tokenizer.vocabulary_size)
    tables = [_tokenize(batch, tokenizer, seed, schema) for batch in documents.to_batches(max_chunksize=1024)]
    rows = pa.concat_tables(tables) if tables else schema.empty_table()
    return in_order(rows if copies is None else _repeated(rows, copies, seed))


def in_order(rows: pa.Table) -> pa.Table:
    """The rows by (order, doc_id)."""
    keys = [("order", "ascending"), ("doc_id", "ascending")]
    rows = rows.combine_chunks()  # under the same name: the parts are let go
    return rows.take(pc.sort_indices(rows, sort_keys=keys))


def shard_count(tokens: int, shard_tokens: int) -> int:
    """How many shards hold that many tokens: at least one."""
    return max(1, -(-tokens // shard_tokens))


def shard_bounds(shard: int, shards: int) -> tuple[int, int]:
    """The half-open range of order keys of a shard; the ranges of all shards part [0, 2**64) without gap or overlap."""
    if not 0 <= shard < shards:
        raise ValueError(f"shard {shard} of {shards}")
    return KEYS * shard // shards, KEYS * (shard + 1) // shards


def shard_name(shard: int, shards: int) -> str:
    """File name below dataset/."""
    return f"shard-{shard:05d}-of-{shards:05d}.parquet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What some rows add to the description of their file."""

    documents: int
    tokens: int
    content_hash: int
    counts: Counts


def measure(rows: pa.Table) -> Measured:
    """Of any rows: sums, so that the groups of a file add up."""
    return Measured(
        documents=rows.num_rows, tokens=token_sum(rows), content_hash=content_hash(rows), counts=count(rows)
    )


def describe(name: str, measured: Sequence[Measured], data: bytes) -> Shard:
    """The description of a file of these rows."""
    return Shard(
        name=name,
        documents=sum(rows.documents for rows in measured),
        tokens=sum(rows.tokens for rows in measured),
        row_groups=pq.ParquetFile(io.BytesIO(data)).num_row_groups,
        bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        content_hash=hash_text(combine_hashes(rows.content_hash for rows in measured)),
        counts=_add_counts([rows.counts for rows in measured]),
    )


def count(rows: pa.Table) -> Counts:
    """Documents and tokens of each value of the columns COUNTED, values sorted."""
    counts: Counts = {}
    for column in COUNTED:
        groups = rows.group_by(column).aggregate([("token_count", "sum"), ("token_count", "count")]).sort_by(column)
        counts[column] = {
            row[column]: {"documents": row["token_count_count"], "tokens": row["token_count_sum"]}
            for row in groups.to_pylist()
        }
    return counts


def content_hash(rows: pa.Table) -> int:
    """The sum, modulo 2**256, of a hash of every row: equal however the rows are cut into files.

    The order is a column, so equal hashes mean equal sequences. Token ids count as uint32, whatever their stored type.
    `schemas.tables.rows_hash` is the same idea for small columns; through JSON it would take 100 times as long here.
    """
    return combine_hashes(
        int.from_bytes(hashlib.blake2b(head + ids, digest_size=32).digest(), "big") for head, ids in _row_bytes(rows)
    )


def dataset_json(shards: Sequence[Shard], tokenizer: Tokenizer, *, seed: int) -> dict[str, Any]:
    """The content of dataset/dataset.json, for shards in their order. It is written last: it commits the dataset."""
    return {
        "format": "millrace-dataset",
        "version": DATASET_VERSION,
        "order": {"seed": seed, "key": f"blake2b-64 of doc_id, keyed with order:{seed}, big-endian", "ties": "doc_id"},
        "tokenizer": {
            "name": tokenizer.name,
            "sha256": tokenizer.sha256,
            "vocabulary_size": tokenizer.vocabulary_size,
            "eos_id": tokenizer.eos_id,
            "eos_token": tokenizer.eos_token,
            "append_eos": tokenizer.append_eos,
        },
        "dtype": tokenizer.dtype.name,
        "documents": sum(shard.documents for shard in shards),
        "tokens": sum(shard.tokens for shard in shards),
        "content_hash": hash_text(combine_hashes(int(shard.content_hash, 16) for shard in shards)),
        "counts": _add_counts([shard.counts for shard in shards]),
        "shards": [asdict(shard) for shard in shards],
    }


def _tokenize(batch: pa.RecordBatch, tokenizer: Tokenizer, seed: int, schema: pa.Schema) -> pa.Table:
    ids = tokenizer.encode(batch["text"].to_pylist())
    lengths = np.array([array.size for array in ids], dtype=np.int64)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    values = np.concatenate([np.empty(0, dtype=tokenizer.dtype), *ids])
    columns = {
        **{name: batch[name] for name in ("doc_id", *COUNTED)},
        "order": pa.array([order_key(doc_id, seed) for doc_id in batch["doc_id"].to_pylist()], pa.uint64()),
        "token_count": pa.array(lengths),
        "tokens": pa.ListArray.from_arrays(pa.array(offsets), pa.array(values), type=schema.field("tokens").type),
    }
    for name in ("doc_id", *COUNTED):
        if columns[name].null_count:
            raise ValueError(f"column {name} of a kept document is null")
    return pa.Table.from_arrays([columns[name] for name in schema.names], schema=schema)


def _repeated(rows: pa.Table, copies: NDArray[np.int64], seed: int) -> pa.Table:
    if (copies == 1).all():
        return rows
    source = np.repeat(np.arange(len(copies)), copies)
    number = np.arange(len(source)) - np.repeat(np.cumsum(copies) - copies, copies)
    repeated = rows.take(pa.array(source))
    ids = repeated["doc_id"].to_pylist()
    order = [order_key(doc_id, seed, copy) for doc_id, copy in zip(ids, number.tolist(), strict=True)]
    return repeated.set_column(
        rows.schema.get_field_index("order"), rows.schema.field("order"), pa.array(order, pa.uint64())
    )


def token_sum(rows: pa.Table) -> int:
    """Tokens of all rows."""
    return int(rows["token_count"].to_numpy().sum())


def _row_bytes(rows: pa.Table) -> Iterator[tuple[bytes, bytes]]:
    for batch in rows.to_batches(max_chunksize=1024):
        values = np.asarray(batch["tokens"].flatten()).astype("<u4")
        ends = np.cumsum(batch["token_count"].to_numpy())
        heads = zip(*(batch[name].to_pylist() for name in ("doc_id", "order", *COUNTED)), strict=True)
        start = 0
        for head, end in zip(heads, ends.tolist(), strict=True):
            yield json.dumps(head, ensure_ascii=False).encode("utf-8"), values[start:end].tobytes()
            start = end


def _add_counts(parts: Sequence[Mapping[str, Mapping[str, Mapping[str, int]]]]) -> Counts:
    total: Counts = {column: {} for column in COUNTED}
    for part in parts:
        for column, values in part.items():
            for value, numbers in values.items():
                into = total[column].setdefault(value, {"documents": 0, "tokens": 0})
                for unit, number in numbers.items():
                    into[unit] += number
    return {column: dict(sorted(values.items())) for column, values in total.items()}
