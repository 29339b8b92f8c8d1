"""Sources: one split of an input as pages. `open_split` yields a `Page` or a `Rejected` for every record."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pipeline.sources.spec import SourceSpec
from schemas.records import Page, Rejected

if TYPE_CHECKING:
    from pipeline.splits import Split


def open_split(split: "Split", spec: SourceSpec) -> Iterator[Page | Rejected]:
    """Every record that begins in the split, as a page or as the reason why it is none.

    Reads lazily and holds one record at a time. Raises StorageError when the file cannot be read.
    """
    if split.kind == "jsonl":
        from pipeline.sources.jsonl import read_jsonl

        return read_jsonl(split, spec)
    if split.kind == "parquet":
        from pipeline.sources.parquet import read_parquet

        return read_parquet(split, spec)
    from pipeline.sources.warc_file import read_warc

    return read_warc(split, spec)
