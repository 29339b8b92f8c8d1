"""Killed at any moment, the same command finishes the job with the same content, and no child outlives its parent."""

import os
import random
import signal
import subprocess
import sys
import time

import psutil
import pytest

from tests.command import ROOT
from tests.end_to_end.conftest import Run

pytestmark = pytest.mark.slow

OPTIONS = (
    "--workers",
    "2",
    "--set",
    "gates.self_audit=false",
    "--set",
    'source.split_bytes="64KiB"',
    "--set",
    "limits.record_seconds=120",
)


@pytest.fixture(scope="module")
def inputs(crawl):
    return ("--input", crawl)


@pytest.fixture(scope="module")
def reference(run, inputs):
    start = time.monotonic()
    made = run("recipes/sample.toml", *inputs, *OPTIONS)
    assert made.code == 0, made.output
    return made, time.monotonic() - start


def start(folder, inputs):
    arguments = ["beam_runner.py", "run", "recipes/sample.toml", "--output", folder, *inputs, *OPTIONS]
    return subprocess.Popen(
        [sys.executable, *map(str, arguments)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def children_of(pid):
    try:
        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def wait_for_children(process, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = [pid for pid in children_of(process.pid) if "pipeline.child" in " ".join(psutil.Process(pid).cmdline())]
        if len(found) == 2:
            return found
        time.sleep(0.05)
    pytest.fail("the run started no children")


def all_gone(pids, seconds=5):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        alive = [pid for pid in pids if psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE]
        if not alive:
            return True
        time.sleep(0.05)
    return False


def test_kill_9_of_the_runner_at_random_moments(run, reference, inputs, tmp_path):
    made, seconds = reference
    draw = random.Random(5)
    folder = tmp_path / "s"
    for _ in range(5):
        process = start(folder, inputs)
        pids = []
        end = time.monotonic() + draw.uniform(0.2, 1.0) * seconds
        while time.monotonic() < end and process.poll() is None:
            pids = sorted(set(pids) | set(children_of(process.pid)))
            time.sleep(0.02)
        process.kill()
        process.communicate()
        assert all_gone(pids), "a child outlived the runner"
    again = run("recipes/sample.toml", *inputs, *OPTIONS, folder=folder)
    assert again.code == 0, again.output
    assert again.contents == made.contents


@pytest.mark.parametrize("stage", ["bands", "sets", "pairs", "clusters"])
def test_kill_9_in_the_middle_of_deduplication(run, reference, inputs, tmp_path, stage):
    """Killed as soon as the stage has committed its first part; the second run finds some parts there."""
    made, seconds = reference
    folder = tmp_path / "s"
    process = start(folder, inputs)
    markers = folder / "commits" / stage
    deadline = time.monotonic() + 10 * seconds + 60
    while not (markers.is_dir() and any(markers.glob("*.json"))):
        assert process.poll() is None, "the run ended before it was killed"
        assert time.monotonic() < deadline
        time.sleep(0.002)
    pids = children_of(process.pid)
    process.kill()
    process.communicate()
    assert all_gone(pids), "a child outlived the runner"
    assert not (folder / "manifest.json").exists()
    # A writer that is killed between its first byte and the rename leaves this; now and then one is.
    (folder / "bands" / ".split-000002.bands.f17cc01b2dae694b.part").write_bytes(b"half of a f")
    again = run("recipes/sample.toml", *inputs, *OPTIONS, folder=folder)
    assert again.code == 0, again.output
    assert again.contents == made.contents
    assert again.manifest["counts"] == made.manifest["counts"]
    assert [*(folder / "bands").iterdir(), *(folder / "sets").iterdir()] == []
    assert list(folder.rglob("*.part")) == []


def test_kill_9_of_a_child_costs_nothing_but_time(reference, inputs, tmp_path):
    made, _ = reference
    folder = tmp_path / "s"
    process = start(folder, inputs)
    draw = random.Random(7)
    for _ in range(5):
        try:
            victims = [
                pid for pid in children_of(process.pid) if "pipeline.child" in " ".join(psutil.Process(pid).cmdline())
            ]
            if victims:
                os.kill(draw.choice(victims), signal.SIGKILL)
        except (psutil.NoSuchProcess, ProcessLookupError):
            pass
        time.sleep(draw.uniform(0.5, 2.0))
        if process.poll() is not None:
            break
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    assert Run(0, output, folder).contents == made.contents


def test_ctrl_c_ends_at_once_and_says_how_to_resume(inputs, tmp_path):
    process = start(tmp_path / "s", inputs)
    pids = wait_for_children(process)
    process.send_signal(signal.SIGINT)
    begun = time.monotonic()
    output, _ = process.communicate(timeout=20)
    assert time.monotonic() - begun < 5
    assert process.returncode == 130
    assert "run the same command again to resume" in output
    assert "Traceback" not in output
    assert all_gone(pids)
