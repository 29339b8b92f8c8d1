"""Order keys, row hashes and the errors of the shard writer."""

import dataclasses
import io
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from pipeline.row_groups import merge_range, merge_shard, write_rows
from pipeline.shards import content_hash, dataset_json, order_key, shard_bounds, shard_count, shard_name, tokenize_split
from pipeline.tokens import open_tokenizer
from schemas.records import document_id
from schemas.tables import dataset_schema

WORDS = ["[UNK]", "</s>", "a", "b", "中"]
ORDER_OF_DOC_0 = 0xA285C858F20ACEEA


@pytest.fixture(scope="module")
def tokenizer():
    built = Tokenizer(models.WordLevel({text: i for i, text in enumerate(WORDS)}, unk_token="[UNK]"))
    built.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return open_tokenizer(built.to_str().encode(), name="words")


def documents(texts):
    n = len(texts)
    ids = [document_id(f"doc {i}") for i in range(n)]
    same = {"language": ["zh"] * n, "domain": ["web"] * n, "source": ["crawl"] * n}
    columns = {"doc_id": ids, "text": texts, **same}
    return pa.table(columns, schema=pa.schema([(name, pa.string()) for name in columns]))


def test_the_order_key_is_pinned():
    """Another value would reorder every dataset that was ever made."""
    assert order_key(document_id("doc 0"), 0) == ORDER_OF_DOC_0


def test_seeds_and_copies_have_their_own_places():
    doc_id = document_id("doc 0")
    assert len({order_key(doc_id, seed, copy) for seed in range(5) for copy in range(5)}) == 25


def test_another_seed_is_another_order_of_the_same_documents(tokenizer):
    orders = [tokenize_split(documents(["a"] * 30), tokenizer, seed=seed)["doc_id"].to_pylist() for seed in (0, 1)]
    assert orders[0] != orders[1]
    assert sorted(orders[0]) == sorted(orders[1])


def test_rows_of_a_split(tokenizer):
    rows = tokenize_split(documents(["a b", "中"]), tokenizer, seed=0)
    assert rows.schema == dataset_schema(len(WORDS))
    by_id = {row["doc_id"]: row for row in rows.to_pylist()}
    assert by_id[document_id("doc 0")]["tokens"] == [2, 3, 1]
    assert by_id[document_id("doc 1")]["tokens"] == [4, 1]
    assert by_id[document_id("doc 1")]["token_count"] == 2


def test_the_schema_is_that_of_the_file(tokenizer):
    rows = tokenize_split(documents(["a b", "中"]), tokenizer, seed=0)
    assert pq.read_table(io.BytesIO(write_rows(rows))).equals(rows)
    assert pa.types.is_uint32(dataset_schema(1 << 17).field("tokens").type.value_type)
    assert pa.types.is_uint16(dataset_schema(1 << 16).field("tokens").type.value_type)


def test_nothing_kept_is_still_a_dataset(tokenizer):
    rows = tokenize_split(documents([]), tokenizer, seed=0)
    data, shard = merge_shard([io.BytesIO(write_rows(rows))], shard=0, shards=1, schema=rows.schema)
    description = dataset_json([shard], tokenizer, seed=0)
    assert (description["documents"], description["tokens"], description["content_hash"]) == (0, 0, "0" * 64)
    assert pq.read_table(io.BytesIO(data)).equals(rows)


def test_the_content_hash_sees_every_column_and_not_the_width_of_ids(tokenizer):
    rows = tokenize_split(documents(["a b", "中", ""]), tokenizer, seed=0)
    wide = rows.cast(dataset_schema(1 << 20))
    assert content_hash(wide) == content_hash(rows)
    changed = [("doc_id", "x"), ("order", 7), ("language", "en"), ("domain", "code"), ("source", "y")]
    for name, value in changed:
        field = rows.schema.field(name)
        values = [value, *rows[name].to_pylist()[1:]]
        other = rows.set_column(rows.schema.names.index(name), field, pa.array(values, field.type))
        assert content_hash(other) != content_hash(rows), name
    moved = pa.array([[2], [3, 1, 4], [1, 1]], rows.schema.field("tokens").type)  # the same ids, cut elsewhere
    counts = pa.array([1, 3, 2])
    other = rows.set_column(5, rows.schema.field(5), counts).set_column(6, rows.schema.field(6), moved)
    assert content_hash(other) != content_hash(rows)


def test_a_document_in_two_sources_is_an_error(tokenizer):
    rows = tokenize_split(documents(["a", "b"]), tokenizer, seed=0)
    file = write_rows(rows)
    with pytest.raises(ValueError, match="occurs in two sources"):
        merge_range([io.BytesIO(file), io.BytesIO(file)], 0, 1 << 64, rows.schema)


def test_a_null_is_an_error(tokenizer):
    table = documents(["a"]).set_column(2, "language", pa.array([None], pa.string()))
    with pytest.raises(ValueError, match="column language"):
        tokenize_split(table, tokenizer, seed=0)


def test_unsorted_rows_are_an_error(tokenizer):
    rows = tokenize_split(documents(["a", "b"]), tokenizer, seed=0)
    with pytest.raises(ValueError, match="not in order"):
        write_rows(rows.take(pa.array([1, 0])))


def test_ties_are_broken_by_document(tokenizer):
    """Two documents with one key, at a bound of two shards: both lie in the same shard, in order of their ids."""
    rows = tokenize_split(documents(["a", "b", "中"]), tokenizer, seed=0)
    key = pa.array([1 << 63] * 3, pa.uint64())
    files = [io.BytesIO(write_rows(rows.set_column(1, rows.schema.field(1), key).slice(n, 1))) for n in (2, 0, 1)]
    low, high = (merge_range(files, *shard_bounds(shard, 2), rows.schema) for shard in (0, 1))
    assert low.num_rows == 0
    assert high["doc_id"].to_pylist() == sorted(rows["doc_id"].to_pylist())


@pytest.mark.parametrize("key", [0, (1 << 64) - 1])
def test_the_outermost_keys_belong_to_a_shard(tokenizer, key):
    rows = tokenize_split(documents(["a"]), tokenizer, seed=0)
    rows = rows.set_column(1, rows.schema.field(1), pa.array([key], pa.uint64()))
    file = write_rows(rows)
    found = [merge_range([io.BytesIO(file)], *shard_bounds(shard, 3), rows.schema).num_rows for shard in range(3)]
    assert found == ([1, 0, 0] if key == 0 else [0, 0, 1])


@pytest.mark.parametrize(("tokens", "target", "shards"), [(0, 10, 1), (10, 10, 1), (11, 10, 2), (100, 10, 10)])
def test_the_number_of_shards(tokens, target, shards):
    assert shard_count(tokens, target) == shards


def test_a_shard_that_is_not_there():
    with pytest.raises(ValueError, match="shard 3 of 3"):
        shard_bounds(3, 3)
    assert shard_name(2, 3) == "shard-00002-of-00003.parquet"


def test_the_description_is_json_and_tells_the_tokenizer(tokenizer):
    rows = tokenize_split(documents(["a b", "中"]), tokenizer, seed=5)
    _, shard = merge_shard([io.BytesIO(write_rows(rows))], shard=0, shards=1, schema=rows.schema)
    description = json.loads(json.dumps(dataset_json([shard], tokenizer, seed=5)))
    assert description["tokenizer"]["sha256"] == tokenizer.sha256
    assert description["order"]["seed"] == 5
    assert description["dtype"] == "uint16"
    assert description["counts"]["domain"] == {"web": {"documents": 2, "tokens": 5}}
    wide = dataclasses.replace(tokenizer, vocabulary_size=1 << 17)
    assert dataset_json([shard], wide, seed=5)["dtype"] == np.dtype(np.uint32).name


def test_copies_have_places_of_their_own_and_the_first_keeps_its(tokenizer):
    once = tokenize_split(documents(["a b", "中", "c"]), tokenizer, seed=3)
    rows = tokenize_split(documents(["a b", "中", "c"]), tokenizer, seed=3, copies=np.array([1, 3, 2]))
    assert rows["order"].to_pylist() == sorted(rows["order"].to_pylist())
    assert len(set(rows["order"].to_pylist())) == rows.num_rows == 6
    places = dict(zip(once["doc_id"].to_pylist(), once["order"].to_pylist(), strict=True))
    found = {}
    for doc_id, order, tokens in zip(*(rows[name].to_pylist() for name in ("doc_id", "order", "tokens")), strict=True):
        found.setdefault(doc_id, []).append((order, tuple(tokens)))
    assert sorted(len(copies) for copies in found.values()) == [1, 2, 3]
    for doc_id, copies in found.items():
        assert places[doc_id] in [order for order, _ in copies]
        assert len({tokens for _, tokens in copies}) == 1


def test_a_shard_is_merged_with_its_tokens_in_memory_once():
    """Two-byte ids: the rows themselves take 2 bytes a token, and a row group at work may take a little more."""
    schema, documents, length = dataset_schema(1 << 16), 200, 2000
    step = (1 << 63) // documents

    def source(number):
        same = {"language": ["zh"] * documents, "domain": ["web"] * documents, "source": ["crawl"] * documents}
        ids = np.random.default_rng(number).integers(0, 1 << 16, documents * length, np.uint16)
        columns = {
            "doc_id": [document_id(f"{number} {i}") for i in range(documents)],
            "order": [i * step + number for i in range(documents)],
            "token_count": [length] * documents,
            "tokens": ids.reshape(documents, length).tolist(),
            **same,
        }
        return io.BytesIO(write_rows(pa.table(columns, schema=schema)))

    sources = [source(number) for number in range(20)]
    pool, before = pa.proxy_memory_pool(pa.default_memory_pool()), pa.default_memory_pool()
    pa.set_memory_pool(pool)
    try:
        _, shard = merge_shard(sources, shard=0, shards=1, schema=schema)
    finally:
        pa.set_memory_pool(before)
    assert shard.tokens == 20 * documents * length
    assert pool.max_memory() / shard.tokens < 3.2
