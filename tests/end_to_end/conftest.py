"""One run of the sample crawl for all tests that look at it, through the command line as a user has it."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.command import ROOT, command

SAMPLE = "assets/sample/crawl-*.warc.gz"


@dataclass(frozen=True)
class Run:
    """A finished command."""

    code: int
    output: str
    folder: Path

    @property
    def manifest(self):
        return json.loads((self.folder / "manifest.json").read_text(encoding="utf-8"))

    @property
    def contents(self):
        """Content hash of every table."""
        return {table: entry["content"] for table, entry in self.manifest["tables"].items()}


@pytest.fixture(scope="session")
def run(tmp_path_factory):
    """Run a recipe into a folder of its own, or into the given one."""

    def start(recipe, *options, folder=None):
        folder = folder or tmp_path_factory.mktemp("snapshot") / "s"
        code, output = command("run", recipe, "--output", folder, *options)
        return Run(code, output, folder)

    return start


@pytest.fixture(scope="session")
def sample(run):
    """The sample crawl, run once with two workers."""
    return run("recipes/sample.toml", "--workers", "2")


@pytest.fixture(scope="session")
def crawl():
    """A part of the sample crawl without pages that hang: for runs that are compared or killed."""
    return ROOT / "assets/sample/crawl-00001.warc.gz"
