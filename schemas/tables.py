"""Arrow schemas of the snapshot's tables, and the content hash that does not depend on how rows are cut into files."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from schemas.signals import Signal

LOCATION = pa.struct([("file", pa.string()), ("offset", pa.int64()), ("length", pa.int64())])
TIMESTAMP = pa.timestamp("ms", tz="UTC")  # Parquet has no coarser unit

DOCUMENTS = pa.schema(
    [
        ("doc_id", pa.string()),
        ("url", pa.string()),
        ("text", pa.string()),
        ("title", pa.string()),
        ("language", pa.string()),
        ("script", pa.string()),
        ("source", pa.string()),
        ("fetched_at", TIMESTAMP),
        ("location", LOCATION),
        ("extractor", pa.string()),
        ("metadata", pa.string()),  # a JSON object
    ]
)

LEDGER = pa.schema(
    [
        ("doc_id", pa.string()),
        ("url", pa.string()),
        ("location", LOCATION),
        ("stage", pa.string()),
        ("reason", pa.string()),
        ("value", pa.float64()),
        ("threshold", pa.float64()),
        ("detail", pa.string()),
    ]
)

# Row-aligned with documents/ of the same split. `bands` holds the LSH band hashes, little-endian uint64, packed.
FINGERPRINTS = pa.schema(
    [
        ("doc_id", pa.string()),
        ("digest", pa.binary(16)),  # blake2b-128 of the key: equal keys are exact duplicates
        ("bands", pa.binary()),
        ("shingles", pa.int32()),
        ("sketch", pa.binary()),  # the lowest byte of each MinHash value: similarity where the text is gone
    ]
)

DUPLICATES = pa.schema(
    [
        ("doc_id", pa.string()),
        ("cluster_id", pa.string()),  # the smallest doc_id of the cluster
        ("representative", pa.string()),
        ("representative_snapshot", pa.string()),  # the earlier snapshot that released it; null for this one
        ("similarity", pa.float64()),  # to the most similar member that it was verified against
        # near | exact | same_record (one WARC record in two input files) | estimated (near by its sketch: the text is gone)
        ("kind", pa.string()),
        ("cluster_size", pa.int64()),
    ]
)

# `reasons`, `values` and `thresholds` are parallel; every rule that failed is there, not only the first.
DECISIONS = pa.schema(
    [
        ("doc_id", pa.string()),
        ("verdict", pa.string()),  # keep | drop | quarantine
        ("reasons", pa.list_(pa.string())),
        ("values", pa.list_(pa.float64())),
        ("thresholds", pa.list_(pa.float64())),
        (
            "representative",
            pa.string(),
        ),  # when `duplicate` is among the reasons; of `superseded` alone, the newer capture
        ("representative_snapshot", pa.string()),  # the earlier snapshot that released it; null for this one
    ]
)

DATASET_VERSION = 1  # of dataset.json and of the shards; a loader refuses another one
# Footer metadata of a shard: a JSON list with one object per row group: documents, tokens, the first and last order
# key, and the tokens of each value of COUNTED, so that a reader finds a position without reading tokens.
ROW_GROUPS = b"millrace.row_groups"
COUNTED = ("language", "domain", "source")


def dataset_schema(vocabulary_size: int) -> pa.Schema:
    """Rows of dataset/, by (order, doc_id). Token ids are uint16 when every id of the vocabulary fits, else uint32.

    Nothing is null: readers then skip the definition levels (measured: 208 to 297 M tokens a second).
    """
    token = pa.uint16() if vocabulary_size <= 1 << 16 else pa.uint32()
    columns = [
        ("doc_id", pa.string()),
        ("order", pa.uint64()),
        ("language", pa.string()),
        ("domain", pa.string()),
        ("source", pa.string()),
        ("token_count", pa.int64()),
        ("tokens", pa.list_(pa.field("element", token, nullable=False))),
    ]
    return pa.schema([pa.field(name, kind, nullable=False) for name, kind in columns])


_ARROW_TYPES = {"float": pa.float64(), "int": pa.int64(), "bool": pa.bool_(), "str": pa.string()}
_HASH_BITS = 256


def signals_schema(signals: Iterable[Signal]) -> pa.Schema:
    """`doc_id` and one typed, nullable column for each signal."""
    return pa.schema([("doc_id", pa.string()), *((s.name, _ARROW_TYPES[s.type]) for s in signals)])


def rows_hash(table: pa.Table) -> int:
    """The sum, modulo 2**256, of a hash of every row: equal for the same rows in any order and any cut into files."""
    total = 0
    for batch in table.to_batches(max_chunksize=512):
        names = batch.schema.names
        columns = [_plain(column).to_pylist() for column in batch.columns]
        for row in zip(*columns, strict=True):
            line = json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False, default=bytes.hex)
            total += int.from_bytes(
                hashlib.blake2b(line.encode("utf-8", "surrogatepass"), digest_size=32).digest(), "big"
            )
    return total % (1 << _HASH_BITS)


def combine_hashes(hashes: Iterable[int]) -> int:
    """The hash of a table from those of its parts."""
    return sum(hashes) % (1 << _HASH_BITS)


def hash_text(value: int) -> str:
    """64 hexadecimal digits, as the manifest shows them."""
    return f"{value:064x}"


def table_of(rows: Sequence[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    """Rows as a table of exactly that schema; an unknown or missing column is an error."""
    for row in rows[:1]:
        if set(row) != set(schema.names):
            raise ValueError(f"columns {sorted(set(row) ^ set(schema.names))} do not match the schema")
    return pa.Table.from_pylist(list(rows), schema=schema)


def _plain(column: pa.Array) -> pa.Array:
    return column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column
