"""Other tools' files and made-up trouble through the whole run: nothing hangs, every file is accounted for."""

import json

import pyarrow.parquet as pq
import pytest

from tests.command import ROOT, command

DATA = ROOT.parent / "shared" / "data"
pytestmark = [pytest.mark.slow, pytest.mark.shared]


@pytest.fixture(scope="module")
def snapshot(run):
    if not DATA.is_dir():
        pytest.skip("../shared/data is not there")
    inputs = ("--input", DATA / "warc-samples/**/*.*arc*", "--input", DATA / "warc-hostile/*.warc*")
    options = ("--set", "source.kind=warc", "--set", "gates.self_audit=false", "--set", "limits.record_seconds=60")
    return run("recipes/annotate.toml", *inputs, *options)


def rows(snapshot, table, columns):
    return [
        row
        for file in (snapshot.folder / table).glob("*.parquet")
        for row in pq.read_table(file, columns=columns).to_pylist()
    ]


def test_every_file_is_accounted_for(snapshot):
    assert snapshot.code == 0, snapshot.output
    seen = {row["location"]["file"] for table in ("documents", "ledger") for row in rows(snapshot, table, ["location"])}
    files = {entry["file"] for entry in snapshot.manifest["inputs"]}
    assert len(files) > 60
    assert files - seen == set()


def test_broken_files_are_named_with_their_cause(snapshot):
    causes = {}
    for row in rows(snapshot, "ledger", ["location", "reason"]):
        causes.setdefault(row["location"]["file"].rpartition("/")[2], set()).add(row["reason"])
    expected = {
        "empty.warc.gz": "empty_file",
        "random.warc.gz": "not_warc",
        "html-not-warc.warc.gz": "not_warc",
        "example.arc": "arc_not_supported",
        "corrupt-member.warc.gz": "damaged_bytes",
        "bomb-content-encoding.warc.gz": "payload_too_large",
    }
    missing = {name: causes.get(name) for name, reason in expected.items() if reason not in causes.get(name, set())}
    assert missing == {}


def test_pages_of_the_hostile_files_come_out(snapshot):
    cases = (DATA / "warc-hostile/cases.jsonl").read_text(encoding="utf-8").split("\n")
    wanted = {url for case in cases if case for url in json.loads(case)["pages_that_must_come_out"]}
    found = {row["url"] for row in rows(snapshot, "documents", ["url"])}
    assert len(wanted) > 40
    assert wanted - found == set()


def test_the_snapshot_verifies(snapshot):
    code, output = command("verify", snapshot.folder)
    assert code == 0, output
