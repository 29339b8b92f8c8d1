"""Text to tokens to shards to a trained model: the program of docs/examples on this project's own files."""

import importlib.util
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from loader import Dataset
from pipeline.row_groups import merge_shard, write_rows
from pipeline.shards import dataset_json, shard_count, tokenize_split
from pipeline.tokens import TokenizeSpec
from schemas.records import document_id
from schemas.tables import dataset_schema

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "train_ngram.py"


@pytest.fixture(scope="module")
def dataset_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("snapshot")
    paths = sorted(
        path for name in ("filters", "loader", "pipeline", "schemas") for path in (ROOT / name).rglob("*.py")
    )
    texts = [path.read_text(encoding="utf-8") for path in paths]
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trained.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=1000, special_tokens=["<|endoftext|>"], initial_alphabet=alphabet, show_progress=False
    )
    trained.train_from_iterator(texts, trainer)
    trained.save(str(folder / "tokenizer.json"))
    spec = TokenizeSpec(tokenizer=str(folder / "tokenizer.json"), shard_tokens=100_000)
    tokenizer = spec.open()
    files = []
    for split in (slice(0, None, 3), slice(1, None, 3), slice(2, None, 3)):
        part = texts[split]
        columns = {
            "doc_id": [document_id(str(path.relative_to(ROOT))) for path in paths[split]],
            "text": part,
            "language": ["en"] * len(part),
            "domain": ["code"] * len(part),
            "source": [path.relative_to(ROOT).parts[0] for path in paths[split]],
        }
        files.append(write_rows(tokenize_split(pa.table(columns), tokenizer, seed=spec.seed)))
    tokens = sum(ids.size for ids in tokenizer.encode(texts))
    shards = shard_count(tokens, spec.shard_tokens)
    assert shards > 1
    described = []
    schema = dataset_schema(tokenizer.vocabulary_size)
    target = folder / "dataset"
    target.mkdir()
    for number in range(shards):
        data, shard = merge_shard(map(io.BytesIO, files), shard=number, shards=shards, schema=schema)
        (target / shard.name).write_bytes(data)
        described.append(shard)
    (target / "dataset.json").write_text(json.dumps(dataset_json(described, tokenizer, seed=spec.seed)))
    assert Dataset(target).tokens == tokens
    return target


def test_the_example_learns_and_resumes(dataset_folder):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    result = subprocess.run(
        [sys.executable, str(EXAMPLE), str(dataset_folder), "--max-tokens", "120000", "--batch-size", "4"],
        capture_output=True, text=True, check=True, timeout=60, env=environment,
    )  # fmt: skip
    losses = [float(loss) for loss in re.findall(r"^loss ([\d.]+)", result.stdout, re.MULTILINE)]
    assert len(losses) == 10
    assert losses[0] < np.log(1000)  # better than knowing nothing
    assert max(losses[-3:]) < losses[0] - 1
    half = 120_000 // (2 * 4 * 256)
    assert f"restored at sample {4 * half}\n" in result.stdout


def test_an_interrupted_run_learns_the_same_model(dataset_folder, tmp_path):
    spec = importlib.util.spec_from_file_location("train_ngram", EXAMPLE)
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    dataset = Dataset(dataset_folder)
    size = {"batch_size": 2, "sequence_length": 128}
    whole = example.train(dataset, tmp_path / "whole.npz", 30, **size)
    parts = [example.train(dataset, tmp_path / "parts.npz", steps, **size) for steps in (7, 1, 22)]
    assert [loss for part in parts for loss in part] == whole
    with np.load(tmp_path / "whole.npz") as one, np.load(tmp_path / "parts.npz") as other:
        assert np.array_equal(one["counts"], other["counts"])
        assert one["state"].item() == other["state"].item()
