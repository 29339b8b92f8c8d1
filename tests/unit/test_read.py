"""One split: what faults cost, what the spool saves, and when the error budget ends a run."""

import json
from pathlib import Path

import pytest

from filters.chain import Chain, ChainSpec, open_chain
from pipeline import read
from pipeline.pool import Fault, TaskFailedError
from pipeline.read import LimitsSpec, ReadTask
from pipeline.snapshot import Snapshot
from pipeline.sources.spec import SourceSpec
from pipeline.splits import plan_splits
from pipeline.spool import claimed, spool_path, spooled

TEXTS = [f"第{n}个清晨，菜市场里的老人把水桶摆在门口，一边剥豆子一边和邻居说今年的雨水。" * 2 for n in range(6)]


@pytest.fixture
def task(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text(
        "".join(json.dumps({"id": str(n), "text": text}) + "\n" for n, text in enumerate(TEXTS)), encoding="utf-8"
    )
    source = SourceSpec(paths=(str(path),))
    return ReadTask(
        split=plan_splits(source)[0],
        source=source,
        chain=ChainSpec(),
        limits=LimitsSpec(),
        snapshot=Snapshot(str(tmp_path / "snapshot")),
        fingerprint="f",
        spool=str(tmp_path / "spool"),
    )


def run(task):
    steps = []
    commit = task.run(lambda step, _fraction: steps.append(step))
    ledger = task.snapshot.read("ledger", task.split.name).to_pylist()
    return commit.counts, ledger, steps


def test_every_record_is_announced_and_counted(task):
    counts, ledger, steps = run(task)
    assert (counts["records"], counts["documents"], counts["ledger"]) == (6, 6, 0)
    assert ledger == []
    assert steps == list(range(7))  # the last one finds the end


def test_the_second_fault_at_a_record_quarantines_it_and_only_it(task):
    once = task.after_fault(Fault("timeout", 2, "no result within 20 s"))
    assert run(once)[0]["documents"] == 6
    task.snapshot.discard("read", task.split.name)
    assert task.snapshot.committed("read", task.split.name) is None
    twice = once.after_fault(Fault("crash", 2, "the process ended with signal SIGSEGV"))
    counts, ledger, _ = run(twice)
    assert (counts["documents"], counts["quarantined"]) == (5, 1)
    assert [(row["reason"], row["detail"]) for row in ledger] == [
        ("quarantined_crash", "the process ended with signal SIGSEGV")
    ]
    assert ledger[0]["doc_id"] is not None


def test_where_even_reading_past_a_record_fails_the_rest_is_given_up_and_named(task):
    faulty = task
    for _ in range(3):
        faulty = faulty.after_fault(Fault("timeout", 4, "no result"))
    counts, ledger, _ = run(faulty)
    assert (counts["records"], counts["documents"]) == (5, 4)
    assert ledger[0]["location"]["length"] > 0
    assert "the rest of the split cannot be read" in ledger[0]["detail"]


def test_records_measured_together_come_out_as_each_alone_and_in_order(task, monkeypatch):
    together = list(task._outcomes(lambda *_: None))
    monkeypatch.setattr(read, "_TOGETHER", 1)
    Path(task.spool).unlink()
    alone = list(task._outcomes(lambda *_: None))
    assert [outcome.document.text for outcome in together] == TEXTS
    assert together == alone


def test_a_record_that_cannot_be_measured_costs_itself_and_not_those_beside_it(task, monkeypatch):
    chain = open_chain(task.chain)

    def measure(batch):
        if any(found.text == TEXTS[3] for found in batch):
            raise ValueError("a trap")
        return chain.measure(batch)

    monkeypatch.setattr(read, "opened_chain", lambda *_: Chain(chain.find, measure))
    counts, ledger, _ = run(task)
    assert (counts["documents"], counts["quarantined"]) == (5, 1)
    assert [(row["reason"], row["detail"]) for row in ledger] == [("quarantined_error", "ValueError: a trap")]
    assert task.snapshot.read("documents", task.split.name)["text"].to_pylist() == TEXTS[:3] + TEXTS[4:]


def test_after_a_crash_over_records_measured_together_each_is_announced_before_it_is_measured(task, monkeypatch):
    chain = open_chain(task.chain)
    seen = []
    monkeypatch.setattr(
        read,
        "opened_chain",
        lambda *_: Chain(chain.find, lambda batch: seen.append(len(batch)) or chain.measure(batch)),
    )
    run(task)
    assert seen == [6]
    task.snapshot.discard("read", task.split.name)
    again = task.after_fault(Fault("crash", 5, "the process ended with signal SIGSEGV"))
    seen.clear()
    announced = []
    list(again._outcomes(lambda step, _fraction: announced.append((step, len(seen)))))
    assert announced == [(n, n) for n in range(7)]


def test_a_fault_of_ours_is_not_retried_and_a_kill_before_the_first_record_is(task):
    with pytest.raises(TaskFailedError, match="ValueError: x"):
        task.after_fault(Fault("error", 3, "ValueError: x"))
    assert task.after_fault(Fault("crash", -1, "signal SIGKILL")) == task


def test_the_spool_saves_finished_records_and_a_cut_frame_costs_one(task, tmp_path):
    finished = list(task._outcomes(lambda *_: None))
    spool = tmp_path / "spool"
    whole = spool.read_bytes()
    spool.write_bytes(whole[:-7])
    with claimed(str(spool)) as file:
        assert list(spooled(file)) == finished[:5]
    counts, _, _ = run(task)
    assert counts["documents"] == 6
    assert not spool.exists()


def test_two_attempts_at_a_split_do_not_share_a_spool(tmp_path):
    path = str(tmp_path / "spool")
    with claimed(path) as first, claimed(path) as second:
        first.write(b"a")
        second.write(b"b")
    assert (tmp_path / "spool").read_bytes() == b"a"


def test_the_spools_folder_is_the_users_alone(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    path = spool_path("a", 1)
    assert path == spool_path("a", 1) != spool_path("a", 2)
    folder = next(tmp_path.iterdir())
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o777)
    with pytest.raises(TaskFailedError, match="open to other users"):
        spool_path("a", 1)


def test_a_split_that_goes_wrong_as_a_whole_ends_the_run(task):
    from dataclasses import replace

    faults = tuple((n, "timeout", "no result") for n in range(4) for _ in range(2))
    strict = replace(task, limits=LimitsSpec(error_minimum=1, error_budget=0.1), faults=faults)
    with pytest.raises(TaskFailedError, match="4 of 6 records were quarantined"):
        run(strict)
