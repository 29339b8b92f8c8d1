"""Records that flow from the crawl to the tables: frozen, keyword-only, cheap.

A source yields one `Page` or one `Rejected` for every record that it meets, so that
`records read = documents + ledger` can be checked.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Where a record lies in the input.

    For WARC and WET: byte offset and length in the stored (compressed) file. For JSONL: byte offset and length of
    the line in the uncompressed stream. For Parquet: row number and 1.
    """

    file: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One captured response, or one row that already is text.

    `payload` is the body as the server meant it: transfer and content encodings are already undone.
    `media` is "html" for markup that needs an extractor and "text" for text that is final in its layout
    (WET, JSONL `text`, text/plain). `headers` keeps order and repetition, names in lower case.
    """

    doc_id: str
    url: str
    fetched_at: datetime | None
    payload: bytes
    media: str
    location: Location
    source: str
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    truncated: bool = False
    language: str | None = None
    metadata: Mapping[str, object] = field(default_factory=dict)

    def header(self, name: str) -> str | None:
        """The first header of that (lower-case) name, or None."""
        return next((value for key, value in self.headers if key == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A record, or a stretch of damaged bytes, that cannot become a document: one row of the ledger."""

    stage: str
    reason: str
    location: Location
    url: str | None = None
    doc_id: str | None = None
    value: float | None = None
    threshold: float | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The text of a page, as it is stored. `script` is an ISO 15924 code ("Hans", "Hant", "Latn", ...)."""

    doc_id: str
    url: str
    text: str
    language: str
    script: str
    source: str
    fetched_at: datetime | None
    location: Location
    title: str | None = None
    extractor: str = ""
    metadata: Mapping[str, object] = field(default_factory=dict)


def document_id(identity: str) -> str:
    """32 hexadecimal digits from the record's own identity (WARC-Record-ID, or source name and the row's id).

    Hashed even when the identity is a UUID, because crafted ids are neither uniform nor of one length.
    """
    return hashlib.blake2b(identity.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def keyed_hash(doc_id: str, key: str) -> int:
    """A uniform 64-bit number for sampling, splits and order: the same for every run, engine and worker."""
    digest = hashlib.blake2b(doc_id.encode("ascii"), digest_size=8, key=key.encode("utf-8")[:64]).digest()
    return int.from_bytes(digest, "big")
