"""`duplicates.payloads = "newest"`: one capture of each payload is extracted, and the dataset is the same."""

import pyarrow.compute as pc
import pyarrow.dataset as ds
import pytest

from tests.command import command

pytestmark = pytest.mark.slow

NEWEST = ("--set", 'duplicates.payloads="newest"', "--set", "gates.self_audit=false")


@pytest.fixture(scope="module")
def newest(run, crawl):
    made = run("recipes/sample.toml", "--input", crawl, *NEWEST, "--workers", "2")
    assert made.code == 0, made.output
    return made


def test_copies_are_in_the_ledger_and_the_dataset_is_that_of_clusters(run, crawl, newest):
    all_of_them = run("recipes/sample.toml", "--input", crawl, "--set", "gates.self_audit=false", "--workers", "2")
    ledger = ds.dataset(newest.folder / "ledger").to_table()
    copies = ledger.filter(pc.equal(ledger["reason"], "same_payload")).to_pylist()
    documents = set(ds.dataset(newest.folder / "documents").to_table(["doc_id"])["doc_id"].to_pylist())
    assert len(copies) > 2
    assert all(row["detail"].removeprefix("its payload is that of ") in documents for row in copies)
    assert not documents & {row["doc_id"] for row in copies}
    counts, other = newest.manifest["counts"], all_of_them.manifest["counts"]
    assert counts["records"] == other["records"]
    assert counts["documents"] == other["documents"] - len(copies)
    assert (counts["kept"], counts["tokens"]) == (other["kept"], other["tokens"])
    assert list((newest.folder / "survey").iterdir()) == []


@pytest.mark.parametrize("options", [("--workers", "0"), ("--set", 'source.split_bytes="40KiB"')], ids=" ".join)
def test_content_hashes(run, crawl, newest, options):
    made = run("recipes/sample.toml", "--input", crawl, *NEWEST, *options)
    assert made.contents == newest.contents


def test_decide_does_not_survey_again(newest):
    code, output = command("decide", newest.folder, "recipes/sample.toml", *NEWEST, "--set", "duplicates.threshold=0.9")
    assert code == 0, output
    assert not list((newest.folder / "commits" / "survey").iterdir())
