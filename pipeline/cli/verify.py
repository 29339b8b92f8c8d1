"""`verify`: every checksum, every sum and every reference of a finished snapshot."""

import hashlib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from rich.console import Console

from pipeline import storage
from pipeline.cli.errors import RunFailedError, UsageError
from pipeline.finish import SumsError, check_sums
from pipeline.repeats_tasks import REPEATS_STAGE
from pipeline.shards import Shard, content_hash
from pipeline.snapshot import Commit, Snapshot
from schemas.tables import combine_hashes, hash_text, rows_hash

_STAGES = ("read", "decide")


def verify(snapshot_uri: str) -> int:
    """Print what was checked; raises RunFailedError with the first problems otherwise."""
    snapshot = Snapshot(snapshot_uri)
    manifest = snapshot.read_json("manifest.json")
    if manifest is None:
        raise UsageError(f"{snapshot_uri} is not a finished snapshot: it has no manifest.json")
    problems = list(_problems(snapshot, manifest))
    if problems:
        more = f" (and {len(problems) - 1} more problems)" if len(problems) > 1 else ""
        for problem in problems[1:20]:
            Console(stderr=True).print(problem, markup=False)
        raise RunFailedError(f"{snapshot_uri}: {problems[0]}{more}")
    tables = ", ".join(f"{table} {entry['rows']:,}" for table, entry in manifest["tables"].items())
    Console().print(
        f"{snapshot_uri}: every checksum, sum and reference holds (rows: {tables})", markup=False, soft_wrap=True
    )
    return 0


def _problems(snapshot: Snapshot, manifest: Mapping[str, Any]) -> Iterator[str]:
    yield from _check_sums(manifest)
    contents: dict[str, list[int]] = {}
    damaged = False
    repeats = [(REPEATS_STAGE, "tokens")] if REPEATS_STAGE in manifest["tables"] else []
    for stage, made_by in (*((stage, stage) for stage in _STAGES), *repeats):
        for part in manifest["splits"]:
            commit = snapshot.committed(stage, part, manifest["fingerprints"][made_by])
            if commit is None:
                yield f"{stage}/{part}: a file is missing, or was made with other parameters"
                damaged = True
                continue
            for table, problem, content in _check_files(snapshot, commit):
                if problem:
                    yield problem
                    damaged = True
                else:
                    contents.setdefault(table, []).append(content)
    if damaged:  # such files may not even be Parquet, and references between the others would fail for that reason
        return
    changed = list(_check_earlier(manifest))
    yield from changed
    if changed:  # its references are as old as that
        return
    yield from _check_rows(snapshot, manifest)
    yield from _check_dataset(snapshot, manifest, contents)
    for table, entry in manifest["tables"].items():
        if table in contents and hash_text(combine_hashes(contents[table])) != entry["content"]:
            yield f"{table}: the content hash differs from the manifest's"


def _check_sums(manifest: Mapping[str, Any]) -> Iterator[str]:
    try:
        check_sums(manifest["counts"])
    except SumsError as error:
        yield f"sums: {error}"


def _check_earlier(manifest: Mapping[str, Any]) -> Iterator[str]:
    """The snapshots that this one was compared with still say what they said then."""
    for entry in manifest.get("against", ()):  # none in snapshots of earlier versions
        now = Snapshot(entry["snapshot"]).read_json("manifest.json")
        if now is None:
            yield f"{entry['snapshot']}, which this was compared with, is not a finished snapshot any more"
        elif now["tables"]["decisions"]["content"] != entry["decisions"]:
            yield f"{entry['snapshot']}, which this was compared with, has changed since: run decide again"


@lru_cache(maxsize=64)
def _released(uri: str) -> frozenset[str]:
    earlier = Snapshot(uri)
    manifest = earlier.read_json("manifest.json")
    parts = manifest["splits"] if manifest else ()
    decided = (earlier.read("decisions", part, ["doc_id", "verdict"]).to_pylist() for part in parts)
    return frozenset(row["doc_id"] for rows in decided for row in rows if row["verdict"] == "keep")


def _check_files(snapshot: Snapshot, commit: Commit) -> Iterator[tuple[str, str | None, int]]:
    for table, file in commit.files.items():
        path = snapshot.path(table, file.name)
        if hashlib.sha256(storage.read_bytes(path)).hexdigest() != file.sha256:
            yield table, f"{path}: the checksum differs from the commit's", 0
            continue
        if not file.content:  # no table: the report's share of the part
            continue
        rows = snapshot.read(table, file.name.removesuffix(".parquet"))
        content = rows_hash(rows)
        wrong = hash_text(content) != file.content or rows.num_rows != file.rows
        yield table, f"{path}: its rows differ from the commit's" if wrong else None, content


def _check_rows(snapshot: Snapshot, manifest: Mapping[str, Any]) -> Iterator[str]:
    """documents/, signals/, fingerprints/ and decisions/ name the same documents; duplicates and representatives exist."""
    known: set[str] = set()
    named: list[tuple[str, str]] = []
    for part in manifest["splits"]:
        ids = snapshot.read("documents", part, ["doc_id"])["doc_id"].to_pylist()
        known.update(ids)
        for table in ("signals", "fingerprints", "decisions"):
            if snapshot.read(table, part, ["doc_id"])["doc_id"].to_pylist() != ids:
                yield f"{table}/{part}: not the documents of documents/{part}"
        copies = snapshot.read("duplicates", part, ["doc_id", "representative", "representative_snapshot"])
        named += [(part, doc_id) for doc_id in copies["doc_id"].to_pylist()]
        for doc_id, where in zip(*(copies[name].to_pylist() for name in copies.column_names[1:]), strict=True):
            if where is None:
                named.append((part, doc_id))
            elif doc_id not in _released(where):
                yield f"duplicates/{part}: names {doc_id}, which {where} did not release"
    for part, doc_id in named:
        if doc_id not in known:
            yield f"duplicates/{part}: names {doc_id}, which is not a document"


def _check_dataset(snapshot: Snapshot, manifest: Mapping[str, Any], contents: dict[str, list[int]]) -> Iterator[str]:
    dataset = snapshot.read_json("dataset", "dataset.json")
    if dataset is None:
        yield "dataset/dataset.json is missing"
        return
    kept = set()
    for part in manifest["splits"]:
        decided = snapshot.read("decisions", part, ["doc_id", "verdict"]).to_pylist()
        kept |= {row["doc_id"] for row in decided if row["verdict"] == "keep"}
    seen: set[str] = set()
    for entry in dataset["shards"]:
        shard = Shard(**entry)
        path = snapshot.path("dataset", shard.name)
        if not storage.exists(path) or hashlib.sha256(storage.read_bytes(path)).hexdigest() != shard.sha256:
            yield f"{path}: missing, or its checksum differs from dataset.json's"
            continue
        rows = snapshot.read("dataset", shard.name.removesuffix(".parquet"))
        seen |= set(rows["doc_id"].to_pylist())
        contents.setdefault("dataset", []).append(content_hash(rows))
    if seen != kept:
        yield f"dataset/: {len(kept - seen)} kept documents are missing, {len(seen - kept)} are there that were not kept"
