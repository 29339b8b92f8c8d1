"""One split of a Parquet file as pages: the row groups whose first page lies in the split's bytes.

Rows are decoded a few at a time; a row group is never held whole. A file that is no Parquet, or is damaged, is one
`Rejected` (from the damage on: rows before it came out).
"""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline import storage
from pipeline.sources import rows
from pipeline.sources.capture import STAGE
from pipeline.sources.spec import SourceSpec
from pipeline.splits import Split
from schemas.records import Location, Page, Rejected

REASONS = ("damaged_file", "empty_file", *rows.REASONS)

_BATCH_ROWS = 16  # each of up to max_record_bytes, and a dictionary repeats a long one for nothing
_BUFFER_BYTES = 1 << 20


def read_parquet(split: Split, spec: SourceSpec) -> Iterator[Page | Rejected]:
    """The pages of the rows of the split's row groups. Locations are row numbers in the file, with length 1."""
    if split.file_size == 0:
        yield _damaged(split, "empty_file", 0, "the file has no bytes")
        return
    number = 0
    with storage.open_range(split.uri, 0, split.file_size) as stored:
        try:
            file = pq.ParquetFile(stored, pre_buffer=False, buffer_size=_BUFFER_BYTES)
            for group in range(file.num_row_groups):
                size = file.metadata.row_group(group).num_rows
                if split.start <= _first_byte(file, group) < split.end:
                    for row in _rows(file, group):
                        location = Location(file=split.uri, offset=number, length=1)
                        yield rows.to_page(row, location, spec)
                        number += 1
                else:
                    number += size
        except (pa.ArrowException, OSError, EOFError) as error:
            if split.start == 0 or number:
                detail = " ".join(str(error).split())[:200]
                yield _damaged(split, "damaged_file", number, detail)


def _first_byte(file: pq.ParquetFile, group: int) -> int:
    columns = file.metadata.row_group(group)
    offsets = [columns.column(i).data_page_offset for i in range(columns.num_columns)]
    offsets += [d for i in range(columns.num_columns) if (d := columns.column(i).dictionary_page_offset)]
    return min(offsets, default=0)


def _rows(file: pq.ParquetFile, group: int) -> Iterator[dict[str, object]]:
    for batch in file.iter_batches(batch_size=_BATCH_ROWS, row_groups=[group], use_threads=False):
        columns = [_values(column) for column in batch.columns]
        for values in zip(*columns, strict=True):
            yield dict(zip(batch.schema.names, values, strict=True))


def _values(column: pa.Array) -> list[object]:
    try:
        return list(column.to_pylist())
    except UnicodeDecodeError:  # a string column is not checked for UTF-8 when it is written
        raw = column.cast(pa.large_binary()).to_pylist()
        return [None if value is None else value.decode("utf-8", "replace") for value in raw]


def _damaged(split: Split, reason: str, row: int, detail: str) -> Rejected:
    location = Location(file=split.uri, offset=row, length=0)
    return Rejected(stage=STAGE, reason=reason, location=location, value=float(split.file_size), detail=detail)
