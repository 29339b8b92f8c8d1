"""Inputs into splits: names, kinds, lists of paths, and independence of the order in which they are named."""

import gzip
import pickle
import re

import pytest

from pipeline import storage
from pipeline.sources.spec import InputError, SourceSpec, parse_bytes
from pipeline.splits import kind_of, plan_splits


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, size in {
        "in/a.warc.gz": 1000,
        "in/b.wet.gz": 10,
        "in/c.jsonl": 350,
        "in/d.jsonl.gz": 900,
        "in/e.parquet": 200,
    }.items():
        storage.write_bytes(name, bytes(size))
    storage.write_bytes("in/_SUCCESS", b"")
    return tmp_path


def plan(*paths, **options):
    return plan_splits(SourceSpec(paths=paths, **options))


def test_splits_cover_each_file_once(here):
    splits = plan("in", split_bytes=100)
    ranges = {}
    for split in splits:
        ranges.setdefault(split.uri, []).append((split.start, split.end))
        assert split.file_size == storage.size(split.uri)
    assert {uri: len(found) for uri, found in ranges.items()} == {
        "in/a.warc.gz": 10,
        "in/b.wet.gz": 1,
        "in/c.jsonl": 4,
        "in/d.jsonl.gz": 1,  # gzip cannot be entered in the middle of a line
        "in/e.parquet": 2,
    }
    for uri, found in ranges.items():
        assert [start for start, _ in found] == [0, *(end for _, end in found[:-1])]
        assert found[-1][1] == storage.size(uri)


def test_names_are_sorted_unique_safe_and_depend_on_the_split_alone(here):
    storage.write_bytes("in/odd na\u00efme %&.warc.gz", bytes(10))
    splits = plan("in", split_bytes=100)
    names = [split.name for split in splits]
    assert names == sorted(set(names))
    assert all(re.fullmatch(r"[A-Za-z0-9._-]{1,120}", name) for name in names)
    assert plan("in/a.warc.gz", split_bytes=100) == [split for split in splits if split.uri == "in/a.warc.gz"]
    assert plan("in/a.warc.gz")[0].name not in names
    assert plan("in/a.warc.gz")[0].name.startswith("a-000000000000-")


def test_order_and_repetition_do_not_matter(here):
    once = plan("in/a.warc.gz", "in/c.jsonl", split_bytes=100)
    assert plan("in/c.jsonl", "in/a.warc.gz", "./in/*.warc.gz", f"{here}/in/c.jsonl", split_bytes=100) != []
    again = plan("in/c.jsonl", "./in/a.warc.gz", "in/../in/*.gz", "in/a.warc.gz", split_bytes=100)
    assert [split for split in again if split.uri in ("in/a.warc.gz", "in/c.jsonl")] == once
    both = plan(f"{here}/in/c.jsonl", "in/c.jsonl", split_bytes=100)
    assert len(both) == 4
    assert both == plan("in/c.jsonl", f"{here}/in/c.jsonl", split_bytes=100)


def test_an_empty_file_is_one_split(here):
    storage.write_bytes("empty.warc.gz", b"")
    (split,) = plan("empty.warc.gz")
    assert (split.start, split.end, split.file_size) == (0, 0, 0)


@pytest.mark.parametrize("name", ["warc.paths", "warc.paths.gz", "list.txt"])
def test_lists_of_paths(here, name):
    lines = "in/a.warc.gz\r\n\n# a comment\n  in/b.wet.gz  \nin/a.warc.gz\n" + str(here / "in/c.jsonl")
    data = lines.encode()
    storage.write_bytes(name, gzip.compress(data) if name.endswith(".gz") else data)
    assert [split.uri for split in plan(name)] == ["in/a.warc.gz", "in/b.wet.gz", f"{here}/in/c.jsonl"]
    storage.write_bytes(f"lists/{name}", b"a.warc.gz")
    assert [split.uri for split in plan(f"lists/{name}", paths_base="in/")] == ["in/a.warc.gz"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("CC-MAIN-1.warc.gz", "warc"),
        ("x.warc", "warc"),
        ("x.WARC.GZ", "warc"),
        ("x.warc.lz4", "warc"),
        ("x.warc.zst", "warc"),
        ("x.arc.gz", "warc"),
        ("x.warc.wat.gz", "warc"),
        ("x.warc.wet.gz", "wet"),
        ("x.jsonl", "jsonl"),
        ("x.ndjson.zst", "jsonl"),
        ("x.json.gz", "jsonl"),
        ("x.parquet", "parquet"),
    ],
)
def test_kinds_by_name(name, kind):
    assert kind_of(name, SourceSpec()) == kind
    assert kind_of(name, SourceSpec(kind="jsonl")) == "jsonl"


@pytest.mark.parametrize(
    ("paths", "sentence"),
    [
        ((), "no input is named: set source.paths in the recipe or pass --input"),
        (("none/*.gz",), "no input file matches none/*.gz"),
        (("in/a.warc.gz", "gone"), "no input file matches gone"),
        (
            ("odd.bin",),
            'the name odd.bin does not tell its kind: set source.kind to "warc", "wet", "jsonl" or "parquet"',
        ),
        (("bad.paths",), "gone.warc.gz, listed in bad.paths, does not exist"),
        (("bad.paths.gz",), "bad.paths.gz is not a list of paths, one a line, in UTF-8"),
    ],
)
def test_what_is_wrong_with_the_inputs_is_one_sentence(here, paths, sentence):
    storage.write_bytes("odd.bin", b"x")
    storage.write_bytes("bad.paths", b"in/a.warc.gz\ngone.warc.gz\n")
    storage.write_bytes("bad.paths.gz", b"\x1f\x8bnot gzip")
    with pytest.raises(InputError) as error:
        plan(*paths)
    assert str(error.value) == sentence


@pytest.mark.parametrize(
    ("text", "size"),
    [("64MiB", 64 << 20), ("10 MB", 10_000_000), ("4096", 4096), (" 1 gib ", 1 << 30), ("8k", 8000), (77, 77)],
)
def test_sizes_with_units(text, size):
    assert parse_bytes(text) == size
    assert SourceSpec(split_bytes=text).split_bytes == size


@pytest.mark.parametrize("wrong", ["64 apples", "-1", "1.5MiB", "", 0, -5, None])
def test_sizes_that_are_none(wrong):
    with pytest.raises(ValueError, match="split_bytes"):
        SourceSpec(split_bytes=wrong)


def test_splits_and_spec_travel():
    spec = SourceSpec(paths=("a.warc.gz",), split_bytes="1MiB")
    assert pickle.loads(pickle.dumps(spec)) == spec
