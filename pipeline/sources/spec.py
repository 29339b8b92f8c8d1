"""The recipe's table `[source]`: which files are read, as what, and how they are cut."""

import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field
from pydantic.dataclasses import dataclass

from filters.spec import SPEC

Kind = Literal["warc", "wet", "jsonl", "parquet"]

_UNITS = {"": 1, "k": 1000, "m": 1000**2, "g": 1000**3, "ki": 1 << 10, "mi": 1 << 20, "gi": 1 << 30}


class InputError(Exception):
    """One sentence for the user: what is wrong with the inputs that the recipe names."""


def parse_bytes(value: object) -> object:
    """`64MiB`, `10 MB`, `4096` as a number of bytes; anything else as it is, for pydantic to refuse."""
    if isinstance(value, str) and (match := re.fullmatch(r"\s*(\d{1,15})\s*(k|m|g|ki|mi|gi)?b?\s*", value.lower())):
        return int(match[1]) * _UNITS[match[2] or ""]
    return value


Bytes = Annotated[int, BeforeValidator(parse_bytes)]


@dataclass(frozen=True, kw_only=True, config=SPEC)
class SourceSpec:
    """Recipe table `[source]`."""

    kind: Literal["auto", "warc", "wet", "jsonl", "parquet"] = "auto"
    """What the files hold; "auto" goes by their names (`.warc.gz`, `.wet.gz`, `.jsonl`, `.parquet`, ...)."""
    paths: tuple[str, ...] = ()
    """Files, folders and globs (`*`, `**`), local, s3:// or gs://. A `*.paths`, `*.paths.gz`, `*.txt` or `*.txt.gz`
    file lists more of them, one a line, as Common Crawl's `warc.paths.gz` does."""
    paths_base: str | None = None
    """What relative lines of such a list begin with, e.g. "s3://commoncrawl"; default: the list's own folder."""
    split_bytes: Annotated[Bytes, Field(ge=1)] = 64 << 20
    """Stored bytes of one split: the unit of work and of output files. 64 MiB of Common Crawl WARC are about
    2,400 responses. A number, or a string with a unit: "64MiB"."""
    name: Annotated[str, Field(min_length=1)] = "crawl"
    """Label of the source, kept with every document; part of the id of rows, never of WARC records."""
    max_record_bytes: Annotated[Bytes, Field(ge=1)] = 16 << 20
    """Largest decoded payload; above it the record goes to the ledger as `payload_too_large`, unread. Common Crawl
    itself cuts at 1 MiB (5 MiB since 2025)."""
    text_field: str = "text"
    """Field of JSONL and Parquet rows with text whose layout is final."""
    html_field: str = "html"
    """Field with markup, used where there is no text."""
    id_field: str = "id"
    """Field with the row's own identity; without it the file's base name and the row's place in it are the identity."""
    url_field: str = "url"
    """Field with the address."""
    language_field: str = "language"
    """Field with the publisher's language label, a hint only."""
    date_field: str = "date"
    """Field with the date of capture (ISO 8601, or a timestamp column)."""
