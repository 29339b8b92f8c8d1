"""Captures of one payload: the newest stays, and what decides how a payload is read is part of it."""

import datetime as dt
import json

import numpy as np
import pytest

from filters.chain import ChainSpec
from filters.url import UrlSpec
from pipeline.dedup.arrays import gather, place
from pipeline.dedup.payloads import COPY, PAYLOAD, copies, payloads
from pipeline.pool import Fault
from pipeline.read import LimitsSpec, ReadTask
from pipeline.snapshot import Snapshot
from pipeline.sources.spec import SourceSpec
from pipeline.splits import plan_splits
from pipeline.survey import SURVEY_STAGE, SurveyTask
from schemas.records import Location, Page, document_id

DAY = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)


def page(name, body=b"<p>one</p>", day=1, media="html", content_type="text/html"):
    return Page(
        doc_id=document_id(name),
        url=f"http://{name}.org/",
        fetched_at=None if day is None else DAY.replace(day=day),
        payload=body,
        media=media,
        location=Location(file="f", offset=len(name), length=1),
        source="crawl",
        headers=(("content-type", content_type),),
    )


def copies_of(*splits):
    found = [payloads(number, enumerate(pages)) for number, pages in enumerate(splits)]
    ids = {int(place(n, np.array([i]))[0]): p.doc_id for n, pages in enumerate(splits) for i, p in enumerate(pages)}
    told = {
        frozenset((ids[int(c["place"])], c["of"].decode()) for c in copies(np.concatenate(f)))
        for f in (found, found[::-1])
    }
    assert len(told) == 1, "the order of the splits must not matter"
    return told.pop()


def pair(other, kept):
    return (document_id(other), document_id(kept))


@pytest.mark.parametrize(
    ("splits", "expected"),
    [
        (([page("a", day=1)], [page("b", day=2)]), {pair("a", "b")}),
        (([page("a", day=None), page("b", day=1)],), {pair("a", "b")}),
        (([page("a")], [page("b", b"<p>two</p>")]), set()),
        (([page("a")], [page("b", content_type="text/html; charset=gbk")]), set()),  # the same bytes, another text
        (([page("a")], [page("b", media="text")]), set()),
        (([page("a", day=3), page("b", day=9)], [page("c", day=5)]), {pair("a", "b"), pair("c", "b")}),
        (([page("a"), page("b")],), {pair(*sorted("ab", key=document_id, reverse=True))}),
        (([page("a")], [page("a")]), {pair("a", "a")}),  # one record in two files: once
        (([], []), set()),
    ],
)
def test_the_newest_of_a_payload_stays(splits, expected):
    assert copies_of(*splits) == expected


ROWS = [
    ("1", "alpha", "http://good.org/1"),
    ("2", "beta", "http://good.org/2"),
    ("3", "alpha", "http://bad.org/3"),
    ("4", "alpha", "http://good.org/4"),
]


@pytest.fixture
def task(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text(
        "".join(json.dumps({"id": i, "text": t * 30, "url": u}) + "\n" for i, t, u in ROWS), encoding="utf-8"
    )
    (tmp_path / "bad.txt").write_text("bad.org\n")
    source = SourceSpec(paths=(str(path),))
    return SurveyTask(
        split=plan_splits(source)[0],
        number=3,
        source=source,
        chain=ChainSpec(url=UrlSpec(blocked_domains=(str(tmp_path / "bad.txt"),))),
        limits=LimitsSpec(),
        snapshot=Snapshot(str(tmp_path / "snapshot")),
        fingerprint="f",
        partitions=4,
    )


def surveyed(task):
    steps = []
    found = gather([message for _, message in task.run(lambda step, _fraction: steps.append(step))], PAYLOAD)
    return sorted((found["place"] & 0xFFFFFFFF).tolist()), steps


def test_what_an_early_exit_rejects_is_nobodys_original(task):
    rows, steps = surveyed(task)
    assert rows == [0, 1, 3]
    assert steps == [0, 1, 2, 3, 4]


def test_a_survey_that_is_committed_is_not_made_again(task):
    first, _ = surveyed(task)
    assert surveyed(task) == (first, [])
    task.snapshot.discard(SURVEY_STAGE, task.split.name)
    assert surveyed(task)[1]


def test_a_record_that_kills_twice_ends_the_survey_of_its_split(task):
    once = task.after_fault(Fault("crash", 1, "SIGSEGV"))
    assert surveyed(once)[0] == [0, 1, 3]
    task.snapshot.discard(SURVEY_STAGE, task.split.name)
    assert surveyed(once.after_fault(Fault("timeout", 1, "no result")))[0] == [0]


def test_a_copy_is_a_row_of_the_ledger_and_no_document(task, tmp_path):
    same = np.array([(place(3, np.array([3]))[0], document_id("1").encode())], COPY)
    read = ReadTask(
        split=task.split,
        source=task.source,
        chain=task.chain,
        limits=task.limits,
        snapshot=task.snapshot,
        fingerprint="copies",  # of this chain: a process keeps the one that it opened by its fingerprint
        spool=str(tmp_path / "spool"),
        copies=same.tobytes(),
    )
    commit = read.run(lambda _step, _fraction: None)
    rows = [(row["reason"], row["detail"]) for row in task.snapshot.read("ledger", task.split.name).to_pylist()]
    assert (commit.counts["records"], commit.counts["documents"]) == (4, 2)
    assert rows[1] == ("same_payload", f"its payload is that of {document_id('1')}")
