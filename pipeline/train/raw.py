"""The raw text of web pages around their main text: what a quality model tells reference text from.

Reads the pages and gold texts of ../shared/data/gold-extraction; yields one sample per page: the lines of its whole
text that are not in its gold text (menus, teasers, comments, notices). Pages whose gold is only snippets are left out.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from fastwarc.warc import ArchiveIterator, WarcRecordType

from filters.charset import CharsetSpec
from filters.extract import plain_text
from filters.key import fold
from pipeline.train.texts import Sample, read_rows
from schemas.decisions import Drop
from schemas.records import Location, Page

_MIN_KEY = 2  # characters; a shorter line is in every text


def raw_samples(folder: Path, languages: Iterable[str]) -> Iterator[Sample]:
    """One sample, label "raw", for each page of the languages that has text outside its gold text."""
    wanted = frozenset(languages)
    decode = CharsetSpec().open()
    for gold in sorted(folder.glob("gold-*.jsonl.gz")):
        rows = {
            row["url"]: row
            for row in read_rows(gold)
            if row["kind"] != "snippets" and row["lang"].split("-")[0] in wanted
        }
        if not rows:
            continue
        archive = gold.with_name(gold.name.replace("gold-", "pages-").replace(".jsonl.gz", ".warc.gz"))
        with archive.open("rb") as stream:
            for record in ArchiveIterator(stream, record_types=WarcRecordType.response, parse_http=True):
                url = record.headers.get("WARC-Target-URI") or ""
                if url not in rows:
                    continue
                content_type = (record.http_headers.get("Content-Type") if record.http_headers else None) or ""
                found = decode(_page(url, record.reader.read(), content_type))
                if isinstance(found, Drop):
                    continue
                row = rows[url]
                text = _outside(plain_text(found.text), fold(row["gold"]))
                if text:
                    yield Sample(
                        text=text,
                        language=row["lang"].split("-")[0],
                        source=row["source"],
                        group=urlsplit(url).hostname or url,
                        label="raw",
                    )


def _outside(plain: str, gold_key: str) -> str:
    lines = (line.strip() for line in plain.split("\n"))
    keys = ((line, fold(line)) for line in lines)
    return "\n".join(line for line, key in keys if len(key) >= _MIN_KEY and key not in gold_key)


def _page(url: str, payload: bytes, content_type: str) -> Page:
    place = Location(file="", offset=0, length=0)
    headers = (("content-type", content_type),) if content_type else ()
    return Page(
        doc_id="", url=url, fetched_at=None, payload=payload, media="html", location=place, source="", headers=headers
    )
