"""A snapshot: a folder of Parquet tables, cut into parts, with one commit marker for each stage and part.

A part's files are written first and its marker last; a part without a valid marker does not exist. Names depend on the
part alone, so that the same command writes the same files again. Reads and writes only through pipeline/storage.py.
"""

import hashlib
import io
import json
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline import storage
from schemas.tables import hash_text, rows_hash

# Rows of a row group: `why` reads one group for one document; 512 documents are about 2 MB of text.
_ROW_GROUP_ROWS = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFile:
    """One committed file of a table. `content` is the hash of its rows (schemas.tables.rows_hash)."""

    name: str
    rows: int
    bytes: int
    sha256: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """A file that its stage has already made: name, bytes, rows, and the content hash of these."""

    name: str
    data: bytes
    rows: int
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """The marker of one finished part of a stage."""

    stage: str
    part: str
    fingerprint: str
    files: Mapping[str, TableFile]
    counts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Paths and reads of one snapshot; `uri` is a local folder, s3:// or gs://."""

    uri: str

    def path(self, *names: str) -> str:
        """The uri of something in the snapshot."""
        return storage.join(self.uri, *names)

    def commit(
        self,
        *,
        stage: str,
        part: str,
        fingerprint: str,
        tables: Mapping[str, pa.Table | Blob],
        counts: Mapping[str, Any],
    ) -> Commit:
        """Write the part's tables, then its marker.

        Raises:
            StorageError: in one sentence; the part is then not committed.

        """
        files = {table: self._write(table, part, rows) for table, rows in tables.items()}
        commit = Commit(stage=stage, part=part, fingerprint=fingerprint, files=files, counts=counts)
        storage.write_bytes(self.path("commits", stage, f"{part}.json"), _to_json(asdict(commit)))
        return commit

    def committed(self, stage: str, part: str, fingerprint: str | None = None) -> Commit | None:
        """The part's commit, or None where it is missing, was made with other parameters, or lost a file."""
        uri = self.path("commits", stage, f"{part}.json")
        if not storage.exists(uri):
            return None
        raw = json.loads(storage.read_bytes(uri))
        files = {table: TableFile(**file) for table, file in raw.pop("files").items()}
        commit = Commit(files=files, **raw)
        if fingerprint is not None and commit.fingerprint != fingerprint:
            return None
        for table, file in files.items():
            path = self.path(table, file.name)
            if not storage.exists(path) or storage.size(path) != file.bytes:
                return None
        return commit

    def parts(self, stage: str) -> list[str]:
        """Names of the committed parts of a stage, sorted."""
        names = storage.list_names(self.path("commits", stage))
        return sorted(name.removesuffix(".json") for name in names if name.endswith(".json"))

    def commits(self, stage: str) -> list[Commit]:
        """All commits of a stage, sorted by part; read side by side, since each is a request on an object store."""
        with ThreadPoolExecutor(16) as readers:
            found = readers.map(lambda part: self.committed(stage, part), self.parts(stage))
            return [commit for commit in found if commit is not None]

    def discard(self, stage: str, part: str) -> None:
        """Remove a part, where it is committed: its marker first, then the files that this names."""
        marker = self.read_json("commits", stage, f"{part}.json")
        if marker is None:
            return
        storage.delete(self.path("commits", stage, f"{part}.json"))
        for table, file in marker["files"].items():
            storage.delete(self.path(table, file["name"]))

    def read(self, table: str, part: str, columns: Sequence[str] | None = None) -> pa.Table:
        """The rows of one part."""
        data = storage.read_bytes(self.path(table, f"{part}.parquet"))
        return pq.read_table(pa.BufferReader(data), columns=list(columns) if columns else None)

    def read_rows(self, table: str, part: str, rows: Sequence[int], columns: Sequence[str] | None = None) -> pa.Table:
        """A part of which only the row groups that hold `rows` are read; all other rows are null, so numbers stay."""
        with storage.open_range(self.path(table, f"{part}.parquet")) as source:
            file = pq.ParquetFile(source)
            schema = file.schema_arrow
            if columns is not None:
                schema = pa.schema([schema.field(name) for name in columns])
            pieces, start = [schema.empty_table()], 0
            wanted = sorted(rows)
            for group in range(file.num_row_groups):
                end = start + file.metadata.row_group(group).num_rows
                if bisect_left(wanted, start) < bisect_left(wanted, end):
                    pieces.append(file.read_row_group(group, columns=schema.names))
                else:
                    pieces.append(pa.table([pa.nulls(end - start, field.type) for field in schema], schema=schema))
                start = end
        return pa.concat_tables(pieces)

    def read_column(self, table: str, part: str, column: str) -> pa.ChunkedArray:
        """One column of a part; only its bytes are read."""
        with storage.open_range(self.path(table, f"{part}.parquet")) as source:
            return pq.read_table(source, columns=[column])[column]

    def write_json(self, value: Mapping[str, Any], *names: str) -> None:
        """Write a JSON file, keys sorted, so that the same value gives the same bytes."""
        storage.write_bytes(self.path(*names), _to_json(value))

    def read_json(self, *names: str) -> dict[str, Any] | None:
        """A JSON file of the snapshot, or None where there is none."""
        uri = self.path(*names)
        if not storage.exists(uri):
            return None
        value: dict[str, Any] = json.loads(storage.read_bytes(uri))
        return value

    def _write(self, table: str, part: str, rows: pa.Table | Blob) -> TableFile:
        blob = rows if isinstance(rows, Blob) else _blob(part, rows)
        storage.write_bytes(self.path(table, blob.name), blob.data)
        return TableFile(
            name=blob.name,
            rows=blob.rows,
            bytes=len(blob.data),
            sha256=hashlib.sha256(blob.data).hexdigest(),
            content=blob.content,
        )


def _blob(part: str, rows: pa.Table) -> Blob:
    return Blob(
        name=f"{part}.parquet", data=parquet_bytes(rows), rows=rows.num_rows, content=hash_text(rows_hash(rows))
    )


def parquet_bytes(rows: pa.Table) -> bytes:
    """The table as a Parquet file, made whole in memory: an object store commits what an interrupted stream wrote."""
    sink = io.BytesIO()
    pq.write_table(rows, sink, compression="zstd", row_group_size=_ROW_GROUP_ROWS, write_page_index=True)
    return sink.getvalue()


def _to_json(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1) + "\n").encode("utf-8")
