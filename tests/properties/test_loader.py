"""Batches against a plain reference: no token lost or repeated, ranks part a step, resume is exact."""

import itertools
import json
import tempfile
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models

from loader import Batches, Dataset, prefetch
from loader.streams import permutation
from pipeline.row_groups import write_rows
from pipeline.shards import dataset_json, describe, measure, order_key, shard_name
from pipeline.tokens import open_tokenizer
from schemas.records import document_id
from schemas.tables import dataset_schema

PROPERTY = settings(max_examples=60, deadline=None, derandomize=True)
DOMAINS = ("books", "code", "web")


@cache
def tokenizer():
    model = models.WordLevel({"[UNK]": 0, "</s>": 1}, unk_token="[UNK]")
    return open_tokenizer(Tokenizer(model).to_str().encode(), name="words")


class Made:
    """A dataset folder whose token ids are 0, 1, 2, ... in order, so that each token tells where it comes from."""

    def __init__(self, folder, lengths, domains, shards, row_group_tokens):
        vocabulary = max(2, sum(lengths) + 1) * (1 << 16 if len(lengths) % 2 else 1)  # uint32 and uint16
        schema = dataset_schema(vocabulary)
        ids = sorted((document_id(str(n)) for n in range(len(lengths))), key=lambda doc_id: order_key(doc_id, 0))
        ends = np.cumsum(lengths).tolist()
        self.documents = [list(range(end - length, end)) for length, end in zip(lengths, ends, strict=True)]
        self.domains = domains
        self.ids = ids
        rows = pa.table(
            {
                "doc_id": ids,
                "order": pa.array([order_key(doc_id, 0) for doc_id in ids], pa.uint64()),
                "language": ["zh"] * len(ids),
                "domain": domains,
                "source": ["crawl"] * len(ids),
                "token_count": pa.array(lengths, pa.int64()),
                "tokens": pa.array(self.documents, schema.field("tokens").type),
            },
            schema=schema,
        )
        described = []
        for shard in range(shards):
            start, stop = (len(ids) * n // shards for n in (shard, shard + 1))
            part, name = rows.slice(start, stop - start), shard_name(shard, shards)
            data = write_rows(part, row_group_tokens=row_group_tokens)
            (folder / name).write_bytes(data)
            described.append(describe(name, [measure(part)], data))
        used = replace(tokenizer(), vocabulary_size=vocabulary)
        (folder / "dataset.json").write_text(json.dumps(dataset_json(described, used, seed=0)))
        self.path = folder

    def stream(self, domain=None):
        return [
            t for d, document in zip(self.domains, self.documents, strict=True) if domain in (None, d) for t in document
        ]

    def begins(self):
        return {document[0] for document in self.documents if document}


@st.composite
def recipes(draw):
    lengths = draw(st.lists(st.integers(0, 12), min_size=1, max_size=30).filter(lambda n: sum(n) > 1))
    domains = [draw(st.sampled_from(DOMAINS)) for _ in lengths]
    return lengths, domains, draw(st.integers(1, 4)), draw(st.integers(1, 40))


def made(recipe):
    folder = tempfile.TemporaryDirectory()
    return folder, Made(Path(folder.name), *recipe)


def used(batch):
    """The windows of a batch, without padding."""
    return [row[valid].tolist() for row, valid in zip(batch.tokens, batch.valid, strict=True) if valid.any()]


sizes = st.tuples(st.integers(1, 3), st.integers(1, 9), st.integers(1, 3))


@PROPERTY
@given(recipes(), sizes, st.integers(1, 2))
def test_an_epoch_is_the_dataset_in_order_over_all_ranks(recipe, size, epochs):
    batch_size, length, world = size
    folder, data = made(recipe)
    with folder:
        dataset = Dataset(data.path)
        options = {"batch_size": batch_size, "sequence_length": length, "epochs": epochs, "seed": None}
        ranks = [list(Batches(dataset, rank=rank, world_size=world, **options)) for rank in range(world)]
        assert len({len(batches) for batches in ranks}) == 1
        windows = [window for step in zip(*ranks, strict=True) for batch in step for window in used(batch)]
        stream = data.stream() * epochs
        assert windows == [stream[at : at + length + 1] for at in range(0, len(stream) - 1, length)]
        begins = data.begins()
        for batch in (batch for batches in ranks for batch in batches):
            assert batch.tokens.shape == (batch_size, length + 1)
            assert np.isin(batch.tokens[batch.valid], list(begins)).tolist() == batch.starts[batch.valid].tolist()
            assert not batch.starts[~batch.valid].any()
            assert (batch.loss_mask.sum(), len(used(batch))) == (
                sum(len(window) - 1 for window in used(batch)),
                sum(origin is not None for origin in batch.origins),
            )
        dataset.close()


@PROPERTY
@given(recipes(), sizes, sizes, st.integers(0, 6), st.booleans())
def test_resume_goes_on_exactly_even_on_another_world(recipe, before, after, steps, reopen):
    folder, data = made(recipe)
    with folder:
        dataset = Dataset(data.path)

        def batches(size, rank=0):
            return Batches(dataset, batch_size=size[0], sequence_length=size[1], rank=rank, world_size=size[2])

        first = [batches(before, rank) for rank in range(before[2])]
        taken = [[next(rank) for rank in first] for _ in range(steps)]
        states = [json.loads(json.dumps(rank.state())) for rank in first]
        assert all(state == states[0] for state in states)
        if reopen:
            dataset = Dataset(data.path)
        second = [batches(after, rank).restore(states[0]) for rank in range(after[2])]
        assert second[0].state() == states[0]
        taken += [[next(rank) for rank in second] for _ in range(4)]
        targets = [t for step in taken for batch in step for t in batch.targets.ravel().tolist()]
        endless = batches((1, 1, 1))
        assert targets == [next(endless).targets.item() for _ in range(len(targets))]


@PROPERTY
@given(recipes(), st.integers(1, 3))
def test_each_later_epoch_has_every_document_once(recipe, seed):
    folder, data = made(recipe)
    with folder:
        total = len(data.stream())
        batches = Batches(Dataset(data.path), batch_size=1, sequence_length=total, epochs=4, seed=seed)
        tokens = [t for batch in batches for t in batch.tokens[batch.valid].tolist()[:total]]
        followers = Counter()
        for document in data.documents:
            followers.update(itertools.pairwise(document))
        assert tokens[:total] == data.stream()
        for epoch in range(4):
            taken = tokens[epoch * total : (epoch + 1) * total]
            assert sorted(taken) == data.stream()
            assert not followers - Counter(itertools.pairwise(taken))  # no document is torn


weightings = st.dictionaries(st.sampled_from(DOMAINS), st.floats(0.05, 3), min_size=1)


@PROPERTY
@given(recipes(), sizes, st.data())
def test_a_mixture_keeps_each_stream_and_resumes_through_changes(recipe, size, data_):
    batch_size, length, world = size
    folder, data = made(recipe)
    present = {domain for domain in DOMAINS if data.stream(domain)}
    some = weightings.map(lambda weights: {d: w for d, w in weights.items() if d in present}).filter(bool)
    with folder:
        first, second, third = (data_.draw(some) for _ in range(3))
        stop = data_.draw(st.integers(0, 7))

        def batches(rank):
            return Batches(
                Dataset(data.path),
                batch_size=batch_size,
                sequence_length=length,
                rank=rank,
                world_size=world,
                weights=first,
                seed=3,
            )

        def run(rank, *, interrupted):
            made_ = batches(rank)
            made_.set_weights(second, sample=5)
            taken = []
            for step in range(8):
                if interrupted and step == stop:
                    made_ = batches(rank).restore(json.loads(json.dumps(made_.state())))
                if step == 4:
                    made_.set_weights(third)
                taken.append(next(made_))
            return taken, made_.state()

        ranks = [run(rank, interrupted=False) for rank in range(world)]
        again = [run(rank, interrupted=True) for rank in range(world)]
        for (taken, state), (retaken, restate) in zip(ranks, again, strict=True):
            assert state == restate == ranks[0][1]
            for one, other in zip(taken, retaken, strict=True):
                assert np.array_equal(one.tokens, other.tokens)
                assert np.array_equal(one.starts, other.starts)
                assert one.origins == other.origins
        seen = dict.fromkeys(present, 0)  # each stream is read on and on, without gap or repetition
        for step in zip(*(taken for taken, _ in ranks), strict=True):
            for batch in step:
                for (domain, position), row in zip(batch.origins, batch.tokens, strict=True):
                    assert position == seen[domain]
                    seen[domain] += length
                    stream = data.stream(domain)
                    if position + length < len(stream):
                        assert row.tolist() == stream[position : position + length + 1]
                    assert set(row.tolist()) <= set(stream)
        assert ranks[0][1]["positions"] == {domain: at for domain, at in seen.items() if at}


@PROPERTY
@given(recipes(), st.integers(1, 9))
def test_the_documents_of_a_row_are_named(recipe, length):
    folder, data = made(recipe)
    owner = {t: doc_id for doc_id, document in zip(data.ids, data.documents, strict=True) for t in document}
    with folder:
        batches = Batches(Dataset(data.path), batch_size=2, sequence_length=length, epochs=2)
        for batch in batches:
            for origin, row, valid in zip(batch.origins, batch.tokens, batch.valid, strict=True):
                if origin is not None:
                    owners = [owner[t] for t in row[valid].tolist()]
                    named = [a for a, b in zip(owners, [None, *owners], strict=False) if a != b]
                    found = batches.documents(origin)
                    assert [a for a, b in zip(found, [None, *found], strict=False) if a != b] == named


@PROPERTY
@given(recipes(), st.integers(1, 4))
def test_prefetching_changes_nothing(recipe, depth):
    folder, data = made(recipe)
    with folder:

        def batches():
            return Batches(Dataset(data.path), batch_size=2, sequence_length=4, epochs=2)

        plain = batches()
        ahead = list(prefetch(batches(), depth))
        assert len(ahead) == len(list(batches()))
        for batch, state in ahead:
            assert np.array_equal(batch.tokens, next(plain).tokens)
            assert state == plain.state()


@given(st.integers(0, 300), st.integers(0, (1 << 64) - 1))
def test_a_permutation_has_every_number_once(count, key):
    assert sorted(permutation(count, key).tolist()) == list(range(count))
