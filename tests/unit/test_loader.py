"""Shapes, masks, shares, reads and the errors of the loader, on a dataset of some hundred small documents."""

import io
import json
import subprocess
import sys
from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from loader import Batches, Dataset, DatasetError, prefetch
from loader.mixture import mixture
from loader.streams import permutation
from pipeline.row_groups import merge_range, write_rows
from pipeline.shards import dataset_json, describe, measure, shard_bounds, shard_name, tokenize_split
from pipeline.tokens import open_tokenizer
from schemas.records import document_id

SHARDS = 3
PINNED_DRAWS = [1, 0, 0, 1, 0, 0, 1, 0, 1, 0, 0, 1]
PINNED_PERMUTATION = [4, 3, 7, 0, 1, 5, 6, 2]
WORDS = ("tea", "水", "rain", "山", "stone", "月")


def text_of(number):
    return " ".join(WORDS[(number * k) % 6] for k in range(1, 2 + number % 40))


@pytest.fixture(scope="module")
def tokenizer():
    vocabulary = {text: i for i, text in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    built = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    built.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    built.decoder = decoders.ByteLevel()
    built.add_special_tokens(["<|endoftext|>"])
    return open_tokenizer(built.to_str().encode(), name="bytes")


@pytest.fixture(scope="module")
def texts():
    return {document_id(str(number)): text_of(number) for number in range(300)}


def write(folder, texts, tokenizer):
    columns = {
        "doc_id": list(texts),
        "text": list(texts.values()),
        "language": ["zh" if n % 2 else "en" for n in range(len(texts))],
        "domain": ["code" if n % 10 == 0 else "web" for n in range(len(texts))],
        "source": ["crawl"] * len(texts),
    }
    rows = tokenize_split(pa.table(columns), tokenizer, seed=0)
    file = io.BytesIO(write_rows(rows))
    shards = []
    for shard in range(SHARDS):
        part = merge_range([file], *shard_bounds(shard, SHARDS), rows.schema)
        data = write_rows(part, row_group_tokens=1000)
        (folder / shard_name(shard, SHARDS)).write_bytes(data)
        shards.append(describe(shard_name(shard, SHARDS), [measure(part)], data))
    (folder / "dataset.json").write_text(json.dumps(dataset_json(shards, tokenizer, seed=0)))
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory, texts, tokenizer):
    return write(tmp_path_factory.mktemp("dataset"), texts, tokenizer)


@pytest.fixture
def damaged(tmp_path, texts, tokenizer):
    """A copy to spoil."""
    return write(tmp_path, texts, tokenizer)


@pytest.fixture
def dataset(folder):
    return Dataset(folder)


def test_what_a_dataset_tells(dataset, texts):
    assert dataset.documents == 300
    assert dataset.tokens == sum(len(text.encode()) + 1 for text in texts.values())
    assert (dataset.vocabulary_size, dataset.eos_id, dataset.dtype) == (257, 256, np.uint16)
    assert dataset.counts["domain"]["code"]["documents"] == 30
    assert sum(len(dataset.row_groups(shard)) for shard in range(SHARDS)) > 10
    assert dataset.verify() == []


def test_documents_come_back_as_text(dataset, texts, tokenizer):
    (batch,) = Batches(dataset, batch_size=1, sequence_length=dataset.tokens, epochs=1)
    tokens = batch.tokens[batch.valid]
    ends = (tokens == dataset.eos_id).nonzero()[0]
    found = [tokenizer.decode(part[:-1]) for part in np.split(tokens, ends + 1)[:-1]]
    ids = Batches(dataset, batch_size=1, sequence_length=dataset.tokens, epochs=1).documents(("", 0))
    assert found == [texts[doc_id] for doc_id in ids]
    assert sorted(ids) == sorted(texts)


def test_masks_of_a_row(dataset):
    batch = next(Batches(dataset, batch_size=1, sequence_length=600))
    starts = batch.starts[0, :-1].nonzero()[0]
    assert starts.size > 3
    assert batch.inputs[0, starts[1:] - 1].tolist() == [dataset.eos_id] * (starts.size - 1)
    expected = np.repeat(np.arange(starts.size), np.diff([*starts, 600]))
    assert batch.segments[0].tolist() == expected.tolist()
    assert batch.positions[0].tolist() == (np.arange(600) - starts[expected]).tolist()
    assert batch.loss_mask.all()
    assert np.array_equal(batch.inputs[0, 1:], batch.targets[0, :-1])


def test_a_row_in_the_middle_of_a_document_starts_its_own_count(dataset):
    batch = next(Batches(dataset, batch_size=4, sequence_length=7))
    row = (~batch.starts[:, 0]).argmax()
    assert not batch.starts[row, 0]
    assert (batch.segments[row, 0], batch.positions[row, 0]) == (0, 0)


def test_the_last_step_is_padded_or_left_out(dataset):
    options = {"batch_size": 4, "sequence_length": 100, "epochs": 1, "world_size": 2}
    steps = -(-(dataset.tokens - 1) // 800)
    padded = [list(Batches(dataset, rank=rank, **options)) for rank in (0, 1)]
    assert [len(batches) for batches in padded] == [steps, steps]
    last = padded[1][-1]
    assert last.origins[-1] is None
    assert not last.valid[-1].any()
    assert set(last.tokens[~last.valid].tolist()) == {dataset.eos_id}
    assert set(last.segments[-1].tolist()) == {-1}
    assert sum(batch.loss_mask.sum() for batches in padded for batch in batches) == dataset.tokens - 1
    left_out = list(Batches(dataset, rank=1, drop_last=True, **options))
    assert len(left_out) == steps - 1
    assert all(batch.valid.all() for batch in left_out)


def test_a_run_that_ended_stays_ended(dataset):
    options = {"batch_size": 4, "sequence_length": 100, "epochs": 1}
    ended = Batches(dataset, **options)
    count = sum(1 for _ in ended)
    assert list(ended) == []
    assert list(Batches(dataset, **options).restore(ended.state())) == []
    more = Batches(dataset, **{**options, "epochs": 2}).restore(ended.state())  # and may be made longer
    assert abs(sum(1 for _ in more) - count) <= 1
    assert ended.epoch == {"": pytest.approx(1, abs=1e-3)}


def test_later_epochs_are_reshuffled_by_the_seed(dataset):
    def epochs(seed):
        batches = Batches(dataset, batch_size=1, sequence_length=dataset.tokens, epochs=3, seed=seed)
        return [batches.documents(("", n * dataset.tokens))[:-1] for n in range(2)]

    (first, second), (other_first, other_second) = epochs(0), epochs(1)
    assert first == other_first
    assert second != first
    assert other_second != second
    assert abs(len(second) - len(first)) <= 1
    same = Batches(dataset, batch_size=1, sequence_length=dataset.tokens, seed=None)
    assert np.array_equal(next(same).tokens[0, :-1], next(same).tokens[0, :-1])


@pytest.mark.parametrize("weights", [{"code": 0.3, "web": 0.7}, {"code": 3, "web": 7}])
def test_shares_of_a_mixture(dataset, weights):
    batches = Batches(dataset, batch_size=10, sequence_length=16, weights=weights)
    shares = [Counter(origin[0] for origin in next(batches).origins) for _ in range(50)]
    assert sum(shares, Counter())["code"] == pytest.approx(150, abs=2)
    assert all(1 <= share["code"] <= 5 for share in shares)  # even within a batch


def test_any_run_of_a_mixture_has_its_shares():
    drawn = mixture({"a": 0.5, "b": 0.31, "c": 0.19}, 0).draw(10_000, 5000, seed=3)
    for width in (10, 100, 1000):
        runs = np.lib.stride_tricks.sliding_window_view(drawn, width)
        for index, weight in enumerate((0.5, 0.31, 0.19)):
            assert np.abs((runs == index).sum(axis=1) - weight * width).max() < 3


def test_the_same_weights_again_change_nothing(dataset):
    one, other = (Batches(dataset, batch_size=7, sequence_length=8, weights={"code": 1, "web": 2}) for _ in range(2))
    for step in range(10):
        if step % 3 == 1:
            other.set_weights({"code": 2, "web": 4})
        assert next(one).origins == next(other).origins


def test_draws_and_permutations_are_pinned():
    """Other values would break the resumption of every run with a mixture, or past its first epoch."""
    assert mixture({"a": 2, "b": 1}, 0).draw(1000, 12, seed=0).tolist() == PINNED_DRAWS
    assert permutation(8, 1).tolist() == PINNED_PERMUTATION


def test_a_mixture_by_language_changes_at_a_sample(dataset):
    batches = Batches(dataset, batch_size=8, sequence_length=16, weights={"zh": 1}, by="language")
    batches.set_weights({"en": 1}, sample=20)
    drawn = [origin[0] for _ in range(4) for origin in next(batches).origins]
    assert drawn == ["zh"] * 20 + ["en"] * 12
    batches.set_weights({"zh": 1})
    assert {origin[0] for origin in next(batches).origins} == {"zh"}
    assert next(batches).origins[0] == ("zh", 28 * 16)  # it went on where it stopped
    assert batches.state()["mixtures"] == [{"since": 32, "weights": {"zh": 1.0}}]


def test_a_stream_that_is_used_up_starts_its_next_epoch(dataset):
    tokens = dataset.counts["domain"]["code"]["tokens"]
    batches = Batches(dataset, batch_size=1, sequence_length=tokens, weights={"code": 1, "web": 0})
    for _ in range(3):
        batch = next(batches)
        assert batch.starts[0, :-1].sum() == dataset.counts["domain"]["code"]["documents"]
    assert batches.epoch == {"code": 3.0}


def test_restoring_reads_only_what_it_needs(dataset, monkeypatch):
    batches = Batches(dataset, batch_size=2, sequence_length=50)
    for _ in range(200):  # several epochs
        batch = next(batches)
    state = batches.state()
    following = next(batches)
    fresh = Dataset(dataset.path)
    read = []
    original = Dataset.read
    monkeypatch.setattr(Dataset, "read", lambda self, *place: read.append(place) or original(self, *place))
    resumed = Batches(fresh, batch_size=2, sequence_length=50).restore(state)
    assert read == []
    assert np.array_equal(next(resumed).tokens, following.tokens)
    assert not np.array_equal(batch.tokens, following.tokens)
    assert len(read) <= 2


def test_row_groups_are_decoded_once(dataset, monkeypatch):
    read = []
    original = Dataset.read
    monkeypatch.setattr(Dataset, "read", lambda self, *place: read.append(place[:2]) or original(self, *place))
    list(Batches(dataset, batch_size=2, sequence_length=50, epochs=1))
    assert read == [(shard, group) for shard in range(SHARDS) for group in range(len(dataset.row_groups(shard)))]


def test_uint64_is_not_forced_on_a_trainer(dataset):
    assert next(Batches(dataset, batch_size=1, sequence_length=4)).tokens.dtype == np.int32
    assert next(Batches(dataset, batch_size=1, sequence_length=4, dtype=np.int64)).tokens.dtype == np.int64


def test_an_address_with_a_scheme(folder):
    dataset = Dataset(folder.as_uri())
    one, other = (next(Batches(d, batch_size=2, sequence_length=9)) for d in (dataset, Dataset(folder)))
    assert np.array_equal(one.tokens, other.tokens)
    assert dataset.verify() == []


def test_closing_is_not_the_end(dataset):
    batches = Batches(dataset, batch_size=1, sequence_length=5000)
    next(batches)
    dataset.close()
    next(batches)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"batch_size": 0}, "batch_size 0"),
        ({"rank": 2, "world_size": 2}, "rank 2 of world_size 2"),
        ({"weights": {"web": 1}, "epochs": 1}, "no common epoch"),
        ({"weights": {"web": 1}, "by": "url"}, "by is one of language, domain, source"),
        ({"weights": {"web": -1}}, "weight of 'web' is -1"),
        ({"weights": {"web": float("nan")}}, "weight of 'web' is nan"),
        ({"weights": {"web": 0}}, "no stream has a positive weight"),
        ({"weights": {}}, "no stream has a positive weight"),
        ({"epochs": 0}, "epochs is 0"),
        ({"dtype": np.int8}, "dtype int8 cannot hold ids up to 256"),
    ],
)
def test_senseless_arguments(dataset, options, said):
    with pytest.raises(ValueError, match=said):
        Batches(dataset, **{"batch_size": 1, "sequence_length": 8, **options})


def test_weights_of_nothing(dataset):
    with pytest.raises(DatasetError, match="no tokens with domain 'poems'; it has code, web"):
        Batches(dataset, batch_size=1, sequence_length=8, weights={"web": 0.5, "poems": 0.5})
    plain = Batches(dataset, batch_size=1, sequence_length=8)
    with pytest.raises(ValueError, match="made without weights"):
        plain.set_weights({"web": 1})
    mixed = Batches(dataset, batch_size=1, sequence_length=8, weights={"web": 1})
    next(mixed)
    with pytest.raises(ValueError, match="sample 0 is already taken"):
        mixed.set_weights({"web": 1}, sample=0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"dataset": "0" * 64}, "the state has dataset"),
        ({"seed": 4}, "the state has seed 4, these batches have 0"),
        ({"by": "domain"}, "the state has by 'domain'"),
        ({"version": 9}, "the state has version 9"),
    ],
)
def test_a_state_of_something_else_is_refused(dataset, change, said):
    batches = Batches(dataset, batch_size=1, sequence_length=8)
    with pytest.raises(DatasetError, match=said):
        batches.restore({**batches.state(), **change})


def test_no_dataset(tmp_path):
    with pytest.raises(DatasetError, match=r"holds no dataset\.json"):
        Dataset(tmp_path)
    for content, said in (("{", "not JSON"), ("[]", "does not describe"), ('{"format": "x"}', "does not describe")):
        (tmp_path / "dataset.json").write_text(content)
        with pytest.raises(DatasetError, match=said):
            Dataset(tmp_path)
    (tmp_path / "dataset.json").write_text('{"format": "millrace-dataset", "version": 99}')
    with pytest.raises(DatasetError, match="format version 99; this loader reads 1"):
        Dataset(tmp_path)
    with pytest.raises(DatasetError, match="not an address"):
        Dataset("nonsense://x")


def test_damage_is_found_and_named(damaged):
    first, second, third = sorted(damaged.glob("shard-*"))
    data = bytearray(first.read_bytes())
    data[len(data) // 3] ^= 1
    first.write_bytes(data)
    second.write_bytes(second.read_bytes()[:-5])
    third.unlink()
    problems = Dataset(damaged).verify()
    assert [path.name in problem for path, problem in zip((first, second, third), problems, strict=True)] == [True] * 3
    assert "sha256" in problems[0]
    assert "bytes, not" in problems[1]
    assert "cannot be read" in problems[2]


def test_a_truncated_or_foreign_shard_stops_reading(damaged):
    first, second, _ = sorted(damaged.glob("shard-*"))
    whole = first.read_bytes()
    first.write_bytes(whole[:-5])
    with pytest.raises(DatasetError, match=rf"{first.name} cannot be read"):
        next(Batches(Dataset(damaged), batch_size=1, sequence_length=8))
    first.write_bytes(second.read_bytes())
    with pytest.raises(DatasetError, match=rf"{first.name} is not the file that dataset.json describes"):
        next(Batches(Dataset(damaged), batch_size=1, sequence_length=8))


def test_an_error_comes_through_the_thread_after_the_batches_before_it(damaged):
    first, second, _ = sorted(damaged.glob("shard-*"))
    second.unlink()
    dataset = Dataset(damaged)
    good = (dataset.shards[0]["tokens"] - 1) // 100
    ahead = prefetch(Batches(dataset, batch_size=1, sequence_length=100), depth=3)
    for _ in range(good):
        next(ahead)
    with pytest.raises(DatasetError, match=second.name):
        next(ahead)
    assert first.exists()


def test_the_loader_needs_numpy_and_pyarrow_only():
    allowed = {"numpy", "pyarrow", "loader", "schemas"}
    code = "import sys; before = set(sys.modules); import loader; print(*{m.split('.')[0] for m in set(sys.modules) - before})"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    imported = set(result.stdout.split()) - set(sys.stdlib_module_names)
    assert {name for name in imported if not name.startswith("_")} - {"cython_runtime"} == allowed
