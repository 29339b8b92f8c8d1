"""The sequence of rows is a fact of the documents: splits, shards and row groups do not change it."""

import io
import itertools
import json
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from pipeline.row_groups import merge_range, merge_shard, write_rows
from pipeline.shards import count, dataset_json, order_key, shard_bounds, tokenize_split
from pipeline.tokens import open_tokenizer
from schemas.records import document_id
from schemas.tables import ROW_GROUPS, dataset_schema

PROPERTY = settings(max_examples=40, deadline=None, derandomize=True)


@cache
def tokenizer():
    vocabulary = {text: i for i, text in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    built = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    built.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    built.decoder = decoders.ByteLevel()
    built.add_special_tokens(["<|endoftext|>"])
    return open_tokenizer(built.to_str().encode(), name="bytes")


def documents(texts, numbers):
    return pa.table(
        {
            "doc_id": pa.array([document_id(str(n)) for n in numbers], pa.string()),
            "text": pa.array([texts[n] for n in numbers], pa.string()),
            "language": pa.array([("zh", "en", "ja")[n % 3] for n in numbers], pa.string()),
            "domain": pa.array([("web", "code")[n % 2] for n in numbers], pa.string()),
            "source": pa.array(["crawl"] * len(numbers), pa.string()),
        }
    )


def built(texts, splits, shards, row_group_tokens, seed=0):
    """Every row in order and dataset.json, through files, from splits given as lists of document numbers."""
    files = [
        write_rows(tokenize_split(documents(texts, numbers), tokenizer(), seed=seed), row_group_tokens=row_group_tokens)
        for numbers in splits
    ]
    schema = dataset_schema(tokenizer().vocabulary_size)
    merged = [
        merge_shard([io.BytesIO(file) for file in files], shard=shard, shards=shards, schema=schema)
        for shard in range(shards)
    ]
    rows = pa.concat_tables([pq.read_table(io.BytesIO(data)) for data, _ in merged])
    return rows, dataset_json([shard for _, shard in merged], tokenizer(), seed=seed)


@st.composite
def cuts(draw):
    """Texts, and an order and a cut of their numbers into splits, some of them empty."""
    texts = draw(st.lists(st.text(max_size=40), max_size=25))
    numbers = draw(st.permutations(range(len(texts))))
    at = sorted(draw(st.lists(st.integers(0, len(texts)), max_size=4)))
    splits = [numbers[a:b] for a, b in zip([0, *at], [*at, len(texts)], strict=True)]
    return texts, splits, draw(st.integers(1, 5)), draw(st.integers(1, 200))


@PROPERTY
@given(cuts(), st.integers(0, 3))
def test_rows_do_not_depend_on_splits_shards_or_row_groups(cut, seed):
    texts, splits, shards, row_group_tokens = cut
    rows, description = built(texts, splits, shards, row_group_tokens, seed)
    once, plain = built(texts, [list(range(len(texts)))], 1, 1 << 18, seed)
    assert rows.equals(once)
    whole = ("content_hash", "documents", "tokens", "counts", "order", "tokenizer", "dtype")
    assert {key: description[key] for key in whole} == {key: plain[key] for key in whole}
    assert len(description["shards"]) == shards


@PROPERTY
@given(cuts())
def test_every_document_is_there_once_in_order_and_decodes_to_its_text(cut):
    texts, splits, shards, row_group_tokens = cut
    rows, description = built(texts, splits, shards, row_group_tokens)
    by_id = {document_id(str(n)): text for n, text in enumerate(texts)}
    keys = [(row["order"], row["doc_id"]) for row in rows.to_pylist()]
    assert keys == sorted((order_key(doc_id, 0), doc_id) for doc_id in by_id)
    for row in rows.to_pylist():
        *ids, end = row["tokens"]
        assert end == tokenizer().eos_id
        assert len(ids) + 1 == row["token_count"]
        assert tokenizer().decode(np.array(ids, dtype=np.uint16)) == by_id[row["doc_id"]]
    assert description["tokens"] == sum(len(text.encode()) + 1 for text in texts)
    json.dumps(description)


@PROPERTY
@given(cuts())
def test_runs_of_runs_are_valid_sources(cut):
    texts, splits, shards, row_group_tokens = cut
    schema = dataset_schema(tokenizer().vocabulary_size)
    files = [write_rows(tokenize_split(documents(texts, numbers), tokenizer(), seed=0)) for numbers in splits]
    half = len(files) // 2
    runs = [
        write_rows(merge_range(map(io.BytesIO, part), 0, 1 << 64, schema), row_group_tokens=row_group_tokens)
        for part in (files[:half], files[half:])
    ]
    for shard in range(shards):
        direct, _ = merge_shard(map(io.BytesIO, files), shard=shard, shards=shards, schema=schema)
        through, _ = merge_shard(map(io.BytesIO, runs), shard=shard, shards=shards, schema=schema)
        assert direct == through


@PROPERTY
@given(cuts())
def test_the_index_in_the_footer_tells_what_each_row_group_holds(cut):
    texts, splits, _, row_group_tokens = cut
    rows = tokenize_split(documents(texts, [n for split in splits for n in split]), tokenizer(), seed=0)
    file = pq.ParquetFile(io.BytesIO(write_rows(rows, row_group_tokens=row_group_tokens)))
    index = json.loads(file.metadata.metadata[ROW_GROUPS])
    assert len(index) == file.num_row_groups
    for number, entry in enumerate(index):
        group = file.read_row_group(number)
        order = group["order"].to_pylist()
        assert (entry["first"], entry["last"], entry["documents"]) == (order[0], order[-1], len(order))
        assert entry["tokens"] == sum(map(len, group["tokens"].to_pylist()))
        assert entry["by"] == {
            column: {value: numbers["tokens"] for value, numbers in values.items()}
            for column, values in count(group).items()
        }
        largest = max(group["token_count"].to_pylist())
        assert entry["tokens"] < row_group_tokens + largest


@given(st.integers(1, 1000))
def test_bounds_part_the_keys(shards):
    bounds = [shard_bounds(shard, shards) for shard in range(shards)]
    assert bounds[0][0] == 0
    assert bounds[-1][1] == 1 << 64
    assert all(a[1] == b[0] for a, b in itertools.pairwise(bounds))
