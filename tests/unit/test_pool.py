"""The pool: what a child does to itself costs one task a fault, never the others."""

import os
import time
from types import SimpleNamespace

import psutil
import pytest

from pipeline.cli import run
from pipeline.pool import Pool, TaskFailedError
from tests.unit.pool_tasks import Allocate, Misbehave, Pid


@pytest.fixture
def pool():
    made = Pool(2)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("way", "cause"), [("loop", "timeout"), ("gil", "timeout"), ("crash", "crash"), ("exit", "crash")]
)
def test_a_fault_names_its_step_and_the_task_goes_on_in_a_new_child(pool, way, cause):
    faults = []

    task = Misbehave(way)
    original = Misbehave.after_fault

    def note(self, fault):
        faults.append(fault)
        return original(self, fault)

    try:
        Misbehave.after_fault = note
        others = [pool.submit(Misbehave("")) for _ in range(3)]
        assert pool.submit(task).result() == list(range(6))
        assert [other.result() for other in others] == [list(range(6))] * 3
    finally:
        Misbehave.after_fault = original
    assert [(fault.cause, fault.step) for fault in faults] == [(cause, 3)]


def test_an_exception_that_the_task_does_not_forgive_fails_it_with_its_cause(pool):
    with pytest.raises(TaskFailedError, match="ValueError: a fault of ours") as caught:
        pool.result(pool.submit(Misbehave("raise")))
    assert pool.failure is caught.value
    assert pool.submit(Misbehave("")).result() == list(range(6))  # the child was not lost


def test_memory_beyond_the_limit_is_refused(pool):
    assert pool.submit(Allocate()).result() == "refused"
    assert pool.submit(Allocate(memory_bytes=0)).result() == str(1 << 29)


def test_killing_the_pool_leaves_no_child(pool):
    child = pool.submit(Pid()).result()
    assert psutil.pid_exists(child)
    pool.kill()
    pool.kill()  # a second signal in the handler of the first
    deadline = time.monotonic() + 5
    while psutil.Process(child).status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline:
        time.sleep(0.01)
    with pytest.raises(TaskFailedError, match="stopped"):
        pool.submit(Pid()).result()
    pool.close()
    assert not psutil.pid_exists(child)


def test_a_task_of_another_family_gets_a_new_process():
    pool = Pool(1)
    try:
        first = pool.submit(Pid(family="read")).result()
        assert pool.submit(Pid(family="read")).result() == first
        second = pool.submit(Pid(family="parts")).result()
        assert second != first
        assert not psutil.pid_exists(first)
        assert pool.submit(Pid(family="parts")).result() == second
    finally:
        pool.close()


def test_spread_reaches_every_child_and_its_faults_hurt_nobody(pool):
    start = time.monotonic()
    pool.spread(Misbehave("loop", deadline_seconds=60.0))
    assert len(pool._children) <= 2
    pool.kill()  # while the children are being made
    pool.close()
    assert time.monotonic() - start < 30, "a child that was being made outlived the pool by its deadline"
    fresh = Pool(2)
    try:
        fresh.spread(Misbehave("raise"))
        assert fresh.submit(Misbehave("")).result() == list(range(6))
        assert fresh.failure is None
    finally:
        fresh.close()


def test_size_0_runs_in_this_process():
    assert Pool(0).submit(Pid()).result() == os.getpid()


def test_signals_are_answered_for_before_children_start_and_beam_is_imported(monkeypatch):
    order = []

    class Reached(Exception):
        pass

    def warm(_plan):
        order.append("children")
        raise Reached

    monkeypatch.setattr(run, "stop_on_signals", lambda _what: order.append("signals"))
    monkeypatch.setattr(run, "_warm", warm)
    plan = SimpleNamespace(snapshot=SimpleNamespace(read_json=lambda _name: None))
    with pytest.raises(Reached):
        run.execute(plan, [])
    assert order == ["signals", "children"]
