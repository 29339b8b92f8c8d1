"""The folder `dataset/` of a snapshot: its description, and row groups of its shards on demand.

Reads dataset.json when opened; the footer of a shard and the columns of a row group when they are asked for. Local
paths are memory-mapped; `s3://` and `gs://` addresses go through pyarrow's own file systems. Changes nothing.
"""

import hashlib
import json
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

from schemas.tables import DATASET_VERSION, ROW_GROUPS

# Open shards with their footers (some hundred kilobytes each). Streams of a mixture rarely stand in more than two each.
_OPEN_SHARDS = 16
_HASH_BYTES = 1 << 22


class DatasetError(Exception):
    """The dataset is missing, damaged, of another version, or not the one that a state belongs to."""


class Dataset:
    """An opened dataset. Not safe to share between threads; cheap to open again.

    Attributes: `path`; `documents` and `tokens`, totals; `vocabulary_size`; `eos_id`, None when documents have no end
    token; `dtype` of stored ids (uint16 or uint32); `content_hash`; `shards`, their entries in order; `counts`, by
    column ("language", "domain", "source"), value, and "documents" or "tokens"; `description`, all of dataset.json.
    """

    def __init__(self, path: str | Path) -> None:
        """Read dataset.json. Raises DatasetError when there is none or when its version is not understood."""
        self.path = str(path)
        self._files, self._root = _file_system(self.path)
        self.description: dict[str, Any] = self._describe()
        self.documents: int = self.description["documents"]
        self.tokens: int = self.description["tokens"]
        self.vocabulary_size: int = self.description["tokenizer"]["vocabulary_size"]
        self.eos_id: int | None = (
            self.description["tokenizer"]["eos_id"] if self.description["tokenizer"]["append_eos"] else None
        )
        self.dtype = np.dtype(self.description["dtype"])
        self.content_hash: str = self.description["content_hash"]
        self.shards: list[dict[str, Any]] = self.description["shards"]
        self.counts: dict[str, dict[str, dict[str, int]]] = self.description["counts"]
        self._open: OrderedDict[int, tuple[pq.ParquetFile, list[dict[str, Any]]]] = OrderedDict()

    def row_groups(self, shard: int) -> list[dict[str, Any]]:
        """The index of a shard: documents, tokens, first and last order key, tokens by column and value."""
        return self._shard(shard)[1]

    def read(self, shard: int, row_group: int, columns: list[str]) -> pa.Table:
        """Those columns of one row group."""
        file, _ = self._shard(shard)
        try:
            return file.read_row_group(row_group, columns=columns, use_threads=False)
        except (pa.ArrowInvalid, OSError) as error:
            raise DatasetError(f"{self._name(shard)} is damaged in row group {row_group}: {error}") from error

    def verify(self) -> list[str]:
        """Compare every shard with dataset.json: presence, size, sha256, rows. One sentence per problem; none is good.

        Reads every byte: a minute for some ten gigabytes.
        """
        return [problem for shard in range(len(self.shards)) if (problem := self._problem(shard)) is not None]

    def close(self) -> None:
        """Close the open shards; reading opens them again."""
        for file, _ in self._open.values():
            file.close(force=True)
        self._open.clear()

    def _describe(self) -> dict[str, Any]:
        name = f"{self._root}/dataset.json"
        try:
            with self._files.open_input_stream(name) as stream:
                description = json.loads(stream.read())
        except OSError as error:
            raise DatasetError(
                f"{self.path} holds no dataset.json: not a dataset, or not finished ({error})"
            ) from error
        except ValueError as error:
            raise DatasetError(f"{self.path}/dataset.json is not JSON: {error}") from error
        if not isinstance(description, dict) or description.get("format") != "millrace-dataset":
            raise DatasetError(f"{self.path}/dataset.json does not describe a Millrace dataset")
        if description.get("version") != DATASET_VERSION:
            raise DatasetError(
                f"{self.path} has format version {description.get('version')}; this loader reads {DATASET_VERSION}"
            )
        return description

    def _name(self, shard: int) -> str:
        return f"{self.path}/{self.shards[shard]['name']}"

    def _shard(self, shard: int) -> tuple[pq.ParquetFile, list[dict[str, Any]]]:
        if shard not in self._open:
            self._open[shard] = self._open_shard(shard)
            if len(self._open) > _OPEN_SHARDS:
                self._open.popitem(last=False)[1][0].close(force=True)
        self._open.move_to_end(shard)
        return self._open[shard]

    def _open_shard(self, shard: int) -> tuple[pq.ParquetFile, list[dict[str, Any]]]:
        name = f"{self._root}/{self.shards[shard]['name']}"
        local = isinstance(self._files, fs.LocalFileSystem)
        try:
            source = pa.memory_map(name) if local else self._files.open_input_file(name)
            file = pq.ParquetFile(source, pre_buffer=not local)
        except (pa.ArrowInvalid, OSError) as error:
            raise DatasetError(f"{self._name(shard)} cannot be read: {error}") from error
        metadata = file.metadata.metadata or {}
        index = json.loads(metadata.get(ROW_GROUPS, b"null"))
        if index is None or len(index) != file.num_row_groups:
            raise DatasetError(f"{self._name(shard)} has no index of its row groups: not written by Millrace")
        if sum(entry["tokens"] for entry in index) != self.shards[shard]["tokens"]:
            raise DatasetError(f"{self._name(shard)} is not the file that dataset.json describes")
        return file, index

    def _problem(self, shard: int) -> str | None:
        entry = self.shards[shard]
        digest = hashlib.sha256()
        size = 0
        try:
            with self._files.open_input_stream(f"{self._root}/{entry['name']}") as stream:
                while block := stream.read(_HASH_BYTES):
                    digest.update(block)
                    size += len(block)
        except OSError as error:
            return f"{self._name(shard)} cannot be read: {error}"
        if size != entry["bytes"]:
            return f"{self._name(shard)} has {size} bytes, not {entry['bytes']}"
        if digest.hexdigest() != entry["sha256"]:
            return f"{self._name(shard)} does not match its sha256"
        try:
            index = self.row_groups(shard)
        except DatasetError as error:
            return str(error)
        documents = sum(group["documents"] for group in index)
        if documents != entry["documents"]:
            return f"{self._name(shard)} has {documents} documents, not {entry['documents']}"
        return None


def _file_system(path: str) -> tuple[fs.FileSystem, str]:
    if "://" not in path:
        return fs.LocalFileSystem(), path.rstrip("/")
    try:
        files, root = fs.FileSystem.from_uri(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise DatasetError(f"{path} is not an address that pyarrow understands: {error}") from error
    return files, root.rstrip("/")
