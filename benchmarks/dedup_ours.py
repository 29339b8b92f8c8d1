"""Our side of `make bench-dedup`: fingerprints of generated documents, then the pipeline's own graph of deduplication.

    python -m benchmarks.dedup_ours fingerprints CORPUS SNAPSHOT WORKERS
    python -m benchmarks.dedup_ours clusters SNAPSHOT WORKERS

The tables are those that the read stage writes, made from text without a crawl. `clusters` runs FindDuplicates and
ChooseRepresentatives of pipeline/dedup/transforms.py, on the local runner, as `run` does. Both print one JSON object.
"""

import json
import logging
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa
from apache_beam.metrics import Metrics, MetricsFilter
from apache_beam.options.pipeline_options import PipelineOptions

from filters.chain import SIGNALS
from filters.fingerprint import FingerprintSpec
from filters.key import make_fold
from filters.view import TextView
from pipeline.dedup.arrays import gather, row_of
from pipeline.dedup.clusters import CHOICE
from pipeline.dedup.transforms import ChooseRepresentatives, FindDuplicates
from pipeline.fingerprints import Fingerprints
from pipeline.plan import RunPlan
from pipeline.pool import running_pool
from pipeline.recipe import Recipe
from pipeline.snapshot import Snapshot
from pipeline.splits import Split
from schemas.tables import DOCUMENTS, FINGERPRINTS, signals_schema

_FINGERPRINT = "bench"
_PART_PER_PARTITION = 1  # 10,000 documents for each partition, as a run has them
_CHOICES = "choices"
_SHUFFLED, _COUNT = "shuffled_bytes", "Count for "
_INNER = frozenset({"GroupByKey", "CoGroupByKeyImpl", "ReshufflePerKey", "Reshuffle", "MaybeReshuffle"})  # Beam's own


def fingerprint_rows(documents: Sequence[dict[str, Any]], spec: FingerprintSpec) -> list[dict[str, Any]]:
    """Rows of fingerprints/ of documents with `id`, `text`, `language`; what the read stage does from the stored text on."""
    fold, fingerprint = make_fold(), spec.open()
    made = []
    for document in documents:
        key = fold(document["text"])
        view = TextView(text="", key=key, lines=(), words=(), language=document["language"], script="")
        found = fingerprint(view)
        made.append(
            {
                "doc_id": document["id"],
                "digest": found.digest,
                "bands": found.bands,
                "shingles": found.shingles,
            }
        )
    return made


def write_part(snapshot: Snapshot, part: str, documents: Sequence[dict[str, Any]], spec: FingerprintSpec) -> float:
    """Commit the tables of one part; returns the CPU seconds that the fingerprints took."""
    make_fold()
    before = time.process_time()
    prints = fingerprint_rows(documents, spec)
    seconds = time.process_time() - before
    count = len(documents)
    filled: dict[str, Any] = {
        "doc_id": [d["id"] for d in documents],
        "text": [d["text"] for d in documents],
        "language": [d["language"] for d in documents],
        "source": ["bench"] * count,
        "location": [{"file": part, "offset": row, "length": 1} for row in range(count)],
    }
    empty = [None] * count
    tables = {
        "documents": pa.table({name: filled.get(name, empty) for name in DOCUMENTS.names}, schema=DOCUMENTS),
        "signals": _signals(filled["doc_id"], [len(d["text"]) for d in documents]),
        "fingerprints": pa.Table.from_pylist(prints, schema=FINGERPRINTS),
    }
    snapshot.commit(stage="read", part=part, fingerprint=_FINGERPRINT, tables=tables, counts={})
    return seconds


def _signals(doc_ids: Sequence[str], lengths: Sequence[int]) -> pa.Table:
    schema = signals_schema(SIGNALS)
    known = {"doc_id": doc_ids, "text_chars": lengths}
    return pa.table({name: known.get(name, [None] * len(doc_ids)) for name in schema.names}, schema=schema)


def plan_of(snapshot: Snapshot, recipe: Recipe, *, workers: int, partitions: int) -> RunPlan:
    """A plan over the parts that the snapshot has."""
    parts = snapshot.parts("read")
    return RunPlan(
        recipe=recipe,
        rules=(),
        splits=tuple(Split(part, "jsonl", part, 0, 1, 1) for part in parts),
        snapshot=snapshot,
        workers=workers,
        partitions=partitions,
        fingerprints=Fingerprints(read=_FINGERPRINT, pairs=_FINGERPRINT, decide=_FINGERPRINT, tokens=_FINGERPRINT),
        assets={},
        read_ready=True,
        pairs_ready=False,
    )


def run_graph(plan: RunPlan) -> dict[str, int]:
    """Find duplicates and choose; the choices of each split go to a file. Returns the bytes that each step shuffled."""
    options = PipelineOptions(["--runner=apache_beam.runners.portability.fn_api_runner.FnApiRunner"])
    pipeline = beam.Pipeline(options=options)
    with _counting_shuffles():
        _ = (
            pipeline
            | beam.Create(range(len(plan.splits)))
            | FindDuplicates(plan)
            | ChooseRepresentatives(plan)
            | beam.Map(_store, plan.snapshot.uri)
        )
        result = pipeline.run()
    result.wait_until_finish()
    if (pool := running_pool()) is not None:
        pool.close()
    found = result.metrics().query(MetricsFilter().with_name(_SHUFFLED))["counters"]
    sizes: Counter[str] = Counter()
    for metric in found:
        names = metric.key.step.replace(_COUNT, "").split("/")
        sizes[next(name for name in reversed(names) if name not in _INNER)] += metric.committed
    return {name: size for name, size in sizes.items() if size}


@contextmanager
def _counting_shuffles() -> Iterator[None]:
    """Graphs built inside count what goes into each grouping."""
    plain = beam.Pipeline.apply

    def counted(self: Any, transform: Any, values: Any = None, label: str | None = None) -> Any:
        # Not inside of it, which the runner replaces by its own; with a label, apply calls itself without.
        if isinstance(transform, beam.GroupByKey) and label is None:
            values |= f"{_COUNT}{transform.label}" >> beam.ParDo(_Count()).with_output_types(values.element_type)
        return plain(self, transform, values, label)

    beam.Pipeline.apply = counted
    try:
        yield
    finally:
        beam.Pipeline.apply = plain


class _Count(beam.DoFn):
    def __init__(self) -> None:
        self.shuffled = Metrics.counter("bench", _SHUFFLED)

    def process(self, element: Any) -> Iterator[Any]:
        self.shuffled.inc(_size(element))
        yield element


def _size(value: Any) -> int:
    """Bytes of the keys and packed arrays of an element; numbers count 8."""
    if isinstance(value, bytes):
        return len(value)
    return sum(map(_size, value)) if isinstance(value, tuple) else 8


def _store(chosen: tuple[int, tuple[bytes, bytes]], uri: str) -> None:
    split, (choices, _superseded) = chosen
    folder = Path(uri) / _CHOICES
    folder.mkdir(exist_ok=True)
    (folder / f"{split:05d}").write_bytes(choices)


def clusters_of(plan: RunPlan) -> dict[str, tuple[str, str]]:
    """The cluster and the representative of each clustered document, by id."""
    found = {}
    for number, split in enumerate(plan.splits):
        choices = gather([(Path(plan.snapshot.uri) / _CHOICES / f"{number:05d}").read_bytes()], CHOICE)
        ids = np.array(plan.snapshot.read("fingerprints", split.name, ["doc_id"])["doc_id"].to_pylist())
        for doc_id, choice in zip(ids[row_of(choices["place"])].tolist(), choices, strict=True):
            found[doc_id] = (choice["cluster_id"].decode(), choice["representative"].decode())
    return found


def read_part(path: Path) -> list[dict[str, Any]]:
    """Documents of one file of the corpus."""
    with path.open("rb") as lines:
        return [json.loads(line) for line in lines]


def _fingerprint_file(job: tuple[Path, str]) -> tuple[int, float]:
    path, uri = job
    documents = read_part(path)
    return len(documents), write_part(Snapshot(uri), path.stem, documents, FingerprintSpec())


def _fingerprints(corpus: str, uri: str, workers: int) -> dict[str, Any]:
    with ProcessPoolExecutor(workers) as pool:
        done = list(pool.map(_fingerprint_file, [(path, uri) for path in sorted(Path(corpus).glob("part-*"))]))
    count, seconds = (sum(values) for values in zip(*done, strict=True))
    return {"documents": count, "per_second_and_core": count / seconds}


def _clusters(uri: str, workers: int) -> dict[str, Any]:
    snapshot = Snapshot(uri)
    parts = len(snapshot.parts("read"))
    plan = plan_of(snapshot, Recipe(name="bench"), workers=workers, partitions=max(4, parts // _PART_PER_PARTITION))
    begun = time.time()
    shuffled = run_graph(plan)
    ended = time.time()
    times = {stage: _times(uri, stage) for stage in ("sets", "pairs", "clusters")}
    steps = {
        "bands and candidates": min(times["sets"]) - begun,
        "shingle sets": max(times["sets"]) - min(times["sets"]),
        "verification": max(times["pairs"]) - max(times["sets"]),
        "components, stars, choice": ended - max(times["pairs"]),
    }
    pairs = snapshot.commits("pairs")
    totals = {name: sum(commit.counts[name] for commit in pairs) for name in ("candidates", "verified", "hot_buckets")}
    sets = sum(commit.files["sets"].bytes for commit in snapshot.commits("sets"))
    done = snapshot.commits("clusters")
    counts = {name: sum(commit.counts[name] for commit in done) for name in ("clusters", "components_cut")}
    return {"steps": steps, "shuffled": shuffled, "sets_bytes": sets, **totals, **counts}


def _times(uri: str, stage: str) -> Iterable[float]:
    return [marker.stat().st_mtime for marker in (Path(uri) / "commits" / stage).glob("*.json")]


if __name__ == "__main__":
    logging.getLogger("apache_beam").setLevel(logging.ERROR)
    command, *arguments = sys.argv[1:]
    function = {"fingerprints": _fingerprints, "clusters": _clusters}[command]
    print(json.dumps(function(*arguments[:-1], int(arguments[-1]))))
