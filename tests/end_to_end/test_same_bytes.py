"""The same input gives the same content, whatever the workers, the order of the inputs and the size of the splits."""

import pytest

from tests.end_to_end.conftest import ROOT

pytestmark = pytest.mark.slow

QUIET = ("--set", "limits.record_seconds=120", "--set", "gates.self_audit=false", "--set", 'report.truth="assets/sample/truth.jsonl"')


@pytest.fixture(scope="module")
def inputs(crawl):
    return ("--input", crawl, "--input", ROOT / "assets/sample/crawl-00002.warc.gz")


@pytest.fixture(scope="module")
def reference(run, inputs):
    made = run("recipes/sample.toml", *inputs, *QUIET, "--workers", "1")
    assert made.code == 0, made.output
    assert made.manifest["counts"]["kept"] > 50
    return made


@pytest.mark.parametrize(
    "options",
    [("--workers", "2"), ("--workers", "4"), ("--workers", "0"), ("--set", 'source.split_bytes="40KiB"'), ("--set", 'source.split_bytes="64MiB"')],
    ids=lambda options: " ".join(options),
)
def test_content_hashes(run, inputs, reference, options):
    made = run("recipes/sample.toml", *inputs, *QUIET, *options)
    assert made.code == 0, made.output
    assert made.contents == reference.contents


def test_inputs_in_another_order(run, inputs, reference):
    made = run("recipes/sample.toml", *inputs[2:], *inputs[:2], *QUIET, "--workers", "2")
    assert made.contents == reference.contents
    assert made.manifest["splits"] == reference.manifest["splits"]
