"""The bare loop: fastwarc and trafilatura, and nothing else, over the pages that need extraction.

    python -m benchmarks.peers.bare IDS WORKERS FILE...

IDS is a JSON list of document ids (`schemas.records.document_id`): the records that the pipeline extracts. Each of the
worker processes takes a file at a time. Prints one JSON object: pages, characters.
"""

import json
import sys
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import trafilatura
from fastwarc.warc import ArchiveIterator, WarcRecordType
from resiliparse.parse.encoding import bytes_to_str, detect_encoding

from schemas.records import document_id


def read(wanted: frozenset[str], path: str) -> tuple[int, int]:
    """Pages and characters of one file."""
    pages = characters = 0
    with Path(path).open("rb") as file:
        for record in ArchiveIterator(file, record_types=WarcRecordType.response, parse_http=True):
            if document_id(record.record_id.strip("<>")) not in wanted:
                continue
            body = record.reader.read()
            html = bytes_to_str(body, detect_encoding(body))
            pages += 1
            characters += len(trafilatura.extract(html, fast=True) or "")
    return pages, characters


def main() -> None:
    """Read every file and print the sums."""
    wanted = frozenset(json.loads(Path(sys.argv[1]).read_text()))
    with get_context("fork").Pool(int(sys.argv[2])) as pool:
        found = list(pool.imap_unordered(partial(read, wanted), sys.argv[3:]))
    pages, characters = map(sum, zip(*found, strict=True))
    print(json.dumps({"pages": pages, "characters": characters}))


if __name__ == "__main__":
    main()
