"""The crawl that the speed benchmark reads: found, or built by ../shared/tools/make_debian_warc.py, and cut to size.

A cut is the first N responses of the crawl (whose pages are in random order already), with the requests and metadata
records between them, copied gzip member by gzip member into files of a few megabytes, so that two workers share it well.
The same N gives the same bytes. A cut that is there is not made again.
"""

import json
import os
import shutil
import subprocess
import sys
import venv
import zlib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOL = ROOT.parent / "shared" / "tools" / "make_debian_warc.py"
DEFAULT = ROOT / "build" / "crawl"
_FILE_BYTES = 2 << 20  # stored bytes of a file of a cut: about 330 responses, 7 s of work for one worker
_HEAD_BYTES = 200  # WARC-Type is the first or second header of every record that the tool writes


class CrawlError(Exception):
    """One sentence: why there is no crawl to measure on."""


def find_crawl(given: str | None) -> Path:
    """The folder of WARC files: the one given (--crawl or MILLRACE_CRAWL), else build/crawl, built where it is missing.

    Raises:
        CrawlError: it is not there and cannot be built.
    """
    if given:
        folder = Path(given)
        if not any(folder.glob("*.warc.gz")):
            raise CrawlError(f"{folder} holds no *.warc.gz")
        return folder
    if not (DEFAULT / "SHA256SUMS").exists():  # the last file that the tool writes
        _build(DEFAULT)
    return DEFAULT


def _build(folder: Path) -> None:
    if not TOOL.exists():
        raise CrawlError(
            "the tool that builds the crawl, ../shared/tools/make_debian_warc.py, is not there: pass --crawl DIR"
        )
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        raise CrawlError("the crawl is built from Debian packages, and this machine has no apt-get: pass --crawl DIR")
    work = folder.with_name(folder.name + "-work")
    print(f"Building a crawl of 42,000 pages in {folder} (1.3 GB of packages, about ten minutes, once) ...", flush=True)
    environment = work / "venv"
    venv.create(environment, with_pip=True)
    python = environment / "bin" / "python"
    steps: tuple[list[str | Path], ...] = (
        [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "warcio"],
        [python, TOOL, "--out", folder, "--work", work],
    )
    for step in steps:
        if subprocess.run(step, check=False).returncode:
            raise CrawlError(
                f"building the crawl failed: {' '.join(map(str, step))} (it needs `apt-get update`, and mandoc); or pass --crawl DIR"
            )
    shutil.rmtree(work)


def cut(crawl: Path, responses: int, folder: Path) -> list[Path]:
    """The files of the first `responses` responses of the crawl, in `folder`, made where they are missing.

    Raises:
        CrawlError: the crawl holds fewer.
    """
    done = folder / "cut.json"
    made = {"crawl": str(crawl.resolve()), "responses": responses, "file_bytes": _FILE_BYTES}
    if done.exists() and json.loads(done.read_text()) == made:
        return sorted(folder.glob("*.warc.gz"))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    left, number, output = responses, 0, None
    for member, is_response in _members(crawl):
        if left == 0:
            break
        if output is None:
            output = (folder / f"cut-{number:05d}.warc.gz").open("wb")
            number += 1
        output.write(member)
        left -= is_response
        if output.tell() >= _FILE_BYTES and is_response:
            output.close()
            output = None
    if output is not None:
        output.close()
    if left:
        raise CrawlError(f"{crawl} has {responses - left:,} responses, {responses:,} are asked for")
    done.write_text(json.dumps(made))
    return sorted(folder.glob("*.warc.gz"))


def _members(crawl: Path) -> Iterator[tuple[bytes, bool]]:
    """Every gzip member of the crawl as stored, and whether it is a response."""
    for file in sorted(crawl.glob("*.warc.gz")):
        data, start = file.read_bytes(), 0
        while start < len(data):
            inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)
            record = inflater.decompress(memoryview(data)[start : start + (4 << 20)])
            end = min(start + (4 << 20), len(data)) - len(inflater.unused_data)
            if not inflater.eof:
                raise CrawlError(
                    f"{file}: the gzip member at byte {start} is damaged, or longer than any page of this crawl"
                )
            yield data[start:end], b"WARC-Type: response" in record[:_HEAD_BYTES]
            start = end


def given_crawl(argument: str | None) -> str | None:
    """The argument, or the environment variable MILLRACE_CRAWL."""
    return argument or os.environ.get("MILLRACE_CRAWL")


if __name__ == "__main__":
    sys.exit("import this module from benchmarks.speed")
