"""The beginning of the sample crawl, a hundred records or so in a few splits: for tests that run the whole pipeline."""

import json
import zlib

from tests.command import ROOT, command

RECIPE = "recipes/sample.toml"
# A loaded machine must not quarantine a page, the truth table speaks of the whole crawl, and eight splits are shared out.
SETTINGS = ("limits.record_seconds=120", "gates.self_audit=false", 'source.split_bytes="16KiB"')
_BYTES = 100_000


def write_crawl(path):
    """Whole gzip members of the sample crawl, at least `_BYTES` of them."""
    data = (ROOT / "assets/sample/crawl-00001.warc.gz").read_bytes()
    end = 0
    while end < _BYTES:
        member = zlib.decompressobj(31)
        member.decompress(data[end:])
        end = len(data) - len(member.unused_data)
    path.write_bytes(data[:end])
    return path


def run(crawl, output, *options, beam=(), environment=None):
    """Run the small crawl into `output`; exit code and output."""
    settings = [part for setting in SETTINGS for part in ("--set", setting)]
    return command(
        "run", RECIPE, "--input", crawl, "--output", output, *settings, *options, "--", *beam, environment=environment
    )


def contents(manifest):
    """Content hash of every table."""
    return {table: entry["content"] for table, entry in manifest["tables"].items()}


def manifest_of(folder):
    """The manifest of a local snapshot."""
    return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
