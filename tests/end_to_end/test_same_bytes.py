"""The same input gives the same content, whatever the workers, the order of the inputs and the size of the splits."""

import zlib

import pytest

pytestmark = pytest.mark.slow

QUIET = ("--set", "limits.record_seconds=120", "--set", "gates.self_audit=false")


@pytest.fixture(scope="module")
def inputs(crawl, tmp_path_factory):
    """The crawl in two files, cut between two records."""
    data = crawl.read_bytes()
    cut = data.index(b"\x1f\x8b\x08", len(data) // 2)
    while not zlib.decompressobj(31).decompress(data[cut:], 8).startswith(b"WARC/1.0"):
        cut = data.index(b"\x1f\x8b\x08", cut + 1)
    folder = tmp_path_factory.mktemp("crawl")
    halves = [folder / "a.warc.gz", folder / "b.warc.gz"]
    for half, part in zip(halves, (data[:cut], data[cut:]), strict=True):
        half.write_bytes(part)
    return ("--input", halves[0], "--input", halves[1])


@pytest.fixture(scope="module")
def reference(run, inputs):
    made = run("recipes/sample.toml", *inputs, *QUIET, "--workers", "1")
    assert made.code == 0, made.output
    assert made.manifest["counts"]["kept"] > 50
    return made


@pytest.mark.parametrize(
    "options",
    [
        ("--workers", "2"),
        ("--workers", "4"),
        ("--workers", "0"),
        ("--set", 'source.split_bytes="40KiB"'),
        ("--set", 'source.split_bytes="64MiB"'),
    ],
    ids=" ".join,
)
def test_content_hashes(run, inputs, reference, options):
    made = run("recipes/sample.toml", *inputs, *QUIET, *options)
    assert made.code == 0, made.output
    assert made.contents == reference.contents


def test_inputs_in_another_order(run, inputs, reference):
    made = run("recipes/sample.toml", *inputs[2:], *inputs[:2], *QUIET, "--workers", "2")
    assert made.contents == reference.contents
    assert made.manifest["splits"] == reference.manifest["splits"]
