"""The sample crawl: every planted defect ends as its truth table says, the sums hold, and the commands explain it."""

import json
from html.parser import HTMLParser

import pyarrow.parquet as pq
import pytest

from tests.command import ROOT, command
from tests.end_to_end.conftest import Run

pytestmark = pytest.mark.slow


def rows(run: Run, table: str) -> list[dict]:
    return [row for file in sorted((run.folder / table).glob("*.parquet")) for row in pq.read_table(file).to_pylist()]


def test_every_planted_defect_ends_as_the_truth_table_says(sample):
    audit = sample.manifest["audit"]
    assert [(kind["kind"], kind["missed"]) for kind in audit["kinds"] if kind["missed"]] == []
    truth = (ROOT / "assets/sample/truth.jsonl").read_text(encoding="utf-8").split("\n")
    assert audit["planted"] == sum(bool(line) for line in truth)
    assert sample.code == 0, sample.output


def test_every_clean_page_is_kept(sample):
    verdicts = {row["doc_id"]: row for row in rows(sample, "decisions")}
    truth = [
        json.loads(line)
        for line in (ROOT / "assets/sample/truth.jsonl").read_text(encoding="utf-8").split("\n")
        if line
    ]
    clean = [row for row in truth if row["kind"] == "clean"]
    assert len(clean) > 100
    lost = {
        row["url"]: verdicts.get(row["doc_id"])
        for row in clean
        if verdicts.get(row["doc_id"], {}).get("verdict") != "keep"
    }
    assert lost == {}


def test_the_sums_hold_in_the_tables_themselves(sample):
    counts = sample.manifest["counts"]
    documents, ledger, decisions = (rows(sample, table) for table in ("documents", "ledger", "decisions"))
    assert counts["records"] == len(documents) + len(ledger)
    assert [row["doc_id"] for row in documents] == [row["doc_id"] for row in decisions]
    verdicts = [row["verdict"] for row in decisions]
    assert (counts["kept"], counts["dropped"], counts["quarantined"]) == tuple(
        verdicts.count(v) for v in ("keep", "drop", "quarantine")
    )
    kept = {row["doc_id"] for row in decisions if row["verdict"] == "keep"}
    assert {row["doc_id"] for row in rows(sample, "dataset")} == kept


def test_a_duplicate_names_a_representative_that_is_kept_or_failed_for_itself(sample):
    decisions = {row["doc_id"]: row for row in rows(sample, "decisions")}
    named = [row for row in decisions.values() if "duplicate" in row["reasons"]]
    assert named
    for row in named:
        keeper = decisions[row["representative"]]
        assert "duplicate" not in keeper["reasons"]
        others_pass = set(row["reasons"]) == {"duplicate"}
        assert keeper["verdict"] == "keep" or not others_pass


def test_the_text_of_unsafe_pages_is_withheld_from_the_report(sample):
    page = (sample.folder / "report" / "index.html").read_text(encoding="utf-8")
    texts = {row["doc_id"]: row["text"] for row in rows(sample, "documents")}
    unsafe = [
        row["doc_id"] for row in rows(sample, "decisions") if any(r.startswith("safety_") for r in row["reasons"])
    ]
    assert unsafe
    for doc_id in unsafe:
        line = max(texts[doc_id].split("\n"), key=len)[:40]
        assert line not in page


def test_the_report_loads_nothing_and_runs_no_script_of_the_crawl(sample):
    loads = []

    class Loads(HTMLParser):
        def handle_starttag(self, tag, attributes):
            values = dict(attributes)
            loads.extend(
                v for k in ("src", "href", "action") if (v := values.get(k)) and not v.startswith(("#", "data:"))
            )
            assert not [k for k in values if k.startswith("on")]

    Loads().feed((sample.folder / "report" / "index.html").read_text(encoding="utf-8"))
    assert loads == []
    json.loads((sample.folder / "report" / "report.json").read_text(encoding="utf-8"))


def test_a_second_run_has_nothing_to_do(sample, run):
    again = run("recipes/sample.toml", "--workers", "2", folder=sample.folder)
    assert "Nothing to do" in again.output
    assert again.code == 0


def test_verify_holds_and_finds_a_flipped_bit(sample, tmp_path):
    import shutil

    code, output = command("verify", sample.folder)
    assert (code, "every checksum, sum and reference holds" in output) == (0, True), output
    copy = shutil.copytree(sample.folder, tmp_path / "copy")
    victim = min((copy / "signals").glob("*.parquet"))
    data = bytearray(victim.read_bytes())
    data[len(data) // 2] ^= 1
    victim.write_bytes(bytes(data))
    code, output = command("verify", copy)
    assert (code, "checksum differs" in output) == (1, True), output


def test_why_explains_a_kept_a_dropped_and_a_rejected_record(sample):
    decisions = rows(sample, "decisions")
    dropped = next(row for row in decisions if row["reasons"] and "duplicate" not in row["reasons"])
    kept = next(row for row in decisions if row["verdict"] == "keep")
    refused = next(row for row in rows(sample, "ledger") if row["reason"] == "redirect")
    for wanted, needles in (
        (dropped["doc_id"], ["drop", dropped["reasons"][0], "text_chars"]),
        (kept["doc_id"], ["keep", "dataset/shard-"]),
        (refused["url"], ["redirect", "stage http"]),
    ):
        code, output = command("why", sample.folder, wanted)
        assert code == 0
        assert [needle for needle in needles if needle not in output] == []
    assert command("why", sample.folder, "https://nowhere.example/")[0] == 2


def test_decide_changes_a_threshold_without_reading(sample, tmp_path):
    import shutil

    copy = shutil.copytree(sample.folder, tmp_path / "copy")
    before = {file.name: file.stat().st_mtime_ns for file in (copy / "documents").iterdir()}
    code, output = command(
        "decide",
        copy,
        "recipes/sample.toml",
        "--set",
        "gates.self_audit=false",
        "--set",
        "rules.thresholds.every.too_few_chars=600",
    )
    assert code == 0, output
    assert {file.name: file.stat().st_mtime_ns for file in (copy / "documents").iterdir()} == before
    changed = Run(code, output, copy)
    assert changed.manifest["counts"]["kept"] < sample.manifest["counts"]["kept"]
    assert changed.contents["signals"] == sample.contents["signals"]
    assert command("verify", copy)[0] == 0
