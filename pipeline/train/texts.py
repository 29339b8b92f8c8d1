"""Text to train on: JSON lines (plain, gzip or zstd), Parquet (a snapshot's `documents/`), or plain text files.

Yields one `Sample` per row with text; rows without text are left out. Order is the order of the files as given and of
the rows in them, so that training is repeatable.
"""

import gzip
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast
from urllib.parse import urlsplit

import pyarrow.parquet as pq
import zstandard

from filters.assets import AssetError

FOLDS = 10


class TrainingError(AssetError):
    """An asset cannot be made from this input or on this machine. One sentence, fit for a user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """`group` is what must not be cut between training and test: the host of a page, else the text itself."""

    text: str
    language: str
    source: str
    group: str
    label: str = ""

    @property
    def fold(self) -> int:
        """0 to 9, from a hash of the group: fold 0 is never trained on."""
        return fold_of(self.group)


def fold_of(group: str) -> int:
    """0 to 9, the same for ever."""
    digest = hashlib.blake2b(group.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") % FOLDS


def read_samples(paths: Iterable[Path], languages: Iterable[str] = ()) -> Iterator[Sample]:
    """Every row with text in `paths`; a folder stands for its `.parquet` files. `languages` keeps "zh", "en", ... only.

    A row's text is its `text` or `gold`; its language `language` or `lang`, cut at "-" ("zh-Hans" is "zh"), or that of
    the file's name ("zh.jsonl.gz", "zh-coldataset.jsonl.gz").
    """
    wanted = frozenset(languages)
    for path in paths:
        named = path.name.split(".")[0].split("-")[0]
        for row in read_rows(path):
            text = row.get("text") or row.get("gold")
            if not isinstance(text, str) or not text.strip():
                continue
            language = str(row.get("language") or row.get("lang") or named).split("-")[0]
            if wanted and language not in wanted:
                continue
            host = urlsplit(str(row["url"])).hostname if row.get("url") else None
            source = str(row.get("source") or path.name.split(".")[0])
            yield Sample(
                text=text, language=language, source=source, group=host or text, label=str(row.get("label", ""))
            )


def read_rows(path: Path) -> Iterator[Mapping[str, Any]]:
    """The rows of one file, or of the Parquet files of one folder; TrainingError for a line that is no JSON object."""
    if path.is_dir():
        for file in sorted(path.glob("*.parquet")):
            yield from read_rows(file)
    elif path.suffix == ".parquet":
        with pq.ParquetFile(path) as table:
            for batch in table.iter_batches(batch_size=1024):
                yield from batch.to_pylist()
    elif path.suffix == ".txt":
        with path.open(encoding="utf-8") as stream:
            yield from ({"text": line} for line in stream)
    else:
        with _open(path) as stream:
            for number, line in enumerate(stream, 1):  # binary: splits on "\n" only, never on U+2028
                try:
                    row = json.loads(line)
                except ValueError as error:
                    raise TrainingError(f"{path}: line {number} is not JSON: {error}.") from error
                if not isinstance(row, dict):
                    raise TrainingError(f"{path}: line {number} is not a JSON object.")
                yield row


def _open(path: Path) -> IO[bytes]:
    if path.suffix == ".gz":
        return cast("IO[bytes]", gzip.open(path, "rb"))
    if path.suffix == ".zst":
        return cast("IO[bytes]", zstandard.open(path, "rb"))
    return path.open("rb")
