"""Near duplicates: clusters of the pipeline against the similarity of all pairs, by brute force.

The pipeline reads the rows of near_rows.py as any others. The truth is the Jaccard similarity of the shingle sets of
every pair of stored texts, from one sparse product of documents and shingles: no signature, band or sample has a part
in it. A pair is found when both documents are in one cluster.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from benchmarks.quality.figures import ROOT, Figure, share
from benchmarks.quality.near_rows import NearRow, near_rows
from benchmarks.quality.snapshots import Tables, run
from filters.fingerprint import FingerprintSpec, shingle_hashes
from filters.key import fold
from pipeline.dedup.clusters import DuplicatesSpec

RECIPE = ROOT / "recipes" / "annotate.toml"
GROUP = "near duplicates"
_HOST = "https://near.invalid/"
_LEAST = 0.6  # of any two members of one cluster
_BLOCK = 500  # documents whose similarities are computed at once
_SHOWN = 20


def measure(scratch: Path) -> Iterator[Figure]:
    """Write the rows, run the pipeline over them, compare."""
    made = list(near_rows())
    path = scratch / "near.jsonl"
    lines = (
        json.dumps({"id": str(index), "url": f"{_HOST}{index}", "text": row.text}, ensure_ascii=False)
        for index, row in enumerate(made)
    )
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    tables = run(RECIPE, [path], scratch / "near", settings=["source.split_bytes=2MiB"])
    yield from compare(made, tables)


def compare(made: list[NearRow], tables: Tables) -> Iterator[Figure]:
    """The figures."""
    documents = sorted(tables.documents, key=lambda document: int(document["url"].removeprefix(_HOST)))
    rows = [made[int(document["url"].removeprefix(_HOST))] for document in documents]
    yield Figure(
        group=GROUP, name="documents lost", value=len(made) - len(rows), count=len(made), better="lower", whole=True
    )
    sets = [np.unique(shingle_hashes(fold(d["text"]), d["language"], FingerprintSpec())) for d in documents]
    left, right, alike = similar_pairs(sets, _LEAST - 0.1)
    threshold = DuplicatesSpec().threshold
    clusters = {row["doc_id"]: row["cluster_id"] for row in tables.duplicates}
    names = np.array([clusters.get(document["doc_id"], document["doc_id"]) for document in documents])
    found = names[left] == names[right]

    def wanted(low: float) -> NDArray[np.bool_]:
        chosen: NDArray[np.bool_] = alike >= low - 1e-12
        return chosen

    def recall(name: str, chosen: NDArray[np.bool_]) -> Figure:
        missed = [
            _shown(rows, int(a), int(b), float(s))
            for a, b, s in zip(left[chosen & ~found], right[chosen & ~found], alike[chosen & ~found], strict=True)
        ]
        return share(GROUP, name, found[chosen], detail=missed[:_SHOWN])

    yield recall("recall at .8", wanted(threshold))
    yield recall("recall at .9", wanted(0.9))
    corpora = np.array([row.corpus for row in rows])
    for corpus in ("zh", "zh-Hant", "en", "mixed", "crawl"):
        yield recall(f"recall at .8, {corpus}", wanted(threshold) & (corpora[left] == corpus))
    short = np.array([len(row.text) < 100 for row in rows])
    yield recall("recall at .8, below 100 characters", wanted(threshold) & short[left])
    forms = np.array([row.form for row in rows])
    for form in ("other script", "other width and marks", "respaced"):
        other = (forms[left] == "original") & (forms[right] == form)
        yield recall(f"recall at .8, {form}", wanted(threshold) & other)
    truth = {(int(a), int(b)): float(s) for a, b, s in zip(left, right, alike, strict=True)}
    yield from _precision(rows, documents, tables, names, truth)


def _precision(
    rows: list[NearRow],
    documents: list[dict[str, Any]],
    tables: Tables,
    names: NDArray[np.str_],
    truth: dict[tuple[int, int], float],
) -> Iterator[Figure]:
    threshold = DuplicatesSpec().threshold
    index = {document["doc_id"]: number for number, document in enumerate(documents)}
    stored = pq.read_table(tables.folder / "pairs", columns=["a_id", "b_id", "similarity"]).to_pylist()
    accepted = [tuple(sorted((index[p["a_id"]], index[p["b_id"]]))) for p in stored if p["similarity"] >= threshold]
    yield share(GROUP, "precision, accepted pairs", (truth.get(pair, 0.0) >= threshold for pair in accepted))
    together = list(_together(names))
    yield share(GROUP, "clustered pairs at or above .8", (truth.get(pair, 0.0) >= threshold for pair in together))
    loose = [pair for pair in together if truth.get(pair, 0.0) < _LEAST]
    yield _count(
        "clustered pairs below .6", [_shown(rows, *pair, truth.get(pair, 0.0)) for pair in loose], len(together)
    )
    chosen = [row for row in tables.duplicates if row["doc_id"] != row["representative"]]
    kept = [tuple(sorted((index[row["doc_id"]], index[row["representative"]]))) for row in chosen]
    yield share(GROUP, "removed, .7 or more like what is kept", (truth.get(pair, 0.0) >= 0.7 for pair in kept))
    merged = [pair for pair in together if all(rows[n].form == "template" for n in pair)]
    pages = sum(row.form == "template" for row in rows)
    yield _count("template pages merged", [_shown(rows, *pair, truth.get(pair, 0.0)) for pair in merged], pages)


def _count(name: str, cases: list[str], count: int) -> Figure:
    return Figure(
        group=GROUP, name=name, value=len(cases), count=count, better="lower", whole=True, detail=cases[:_SHOWN]
    )


def _shown(rows: list[NearRow], a: int, b: int, similarity: float) -> str:
    return f"{similarity:.3f} {rows[a].family} {rows[a].form} | {rows[b].family} {rows[b].form}"


def _together(names: NDArray[np.str_]) -> Iterator[tuple[int, int]]:
    order = np.argsort(names, kind="stable")
    _, starts = np.unique(names[order], return_index=True)
    for members in np.split(order, starts[1:]):
        ordered = sorted(members.tolist())
        yield from ((a, b) for at, a in enumerate(ordered) for b in ordered[at + 1 :])


def similar_pairs(
    sets: list[NDArray[np.uint32]], least: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """All pairs of sets at least `least` alike, by their true Jaccard similarity: left < right, and the similarity."""
    sizes = np.array([len(hashes) for hashes in sets])
    _, columns = np.unique(np.concatenate(sets), return_inverse=True)
    matrix = csr_matrix((np.ones(len(columns), np.int32), columns, np.concatenate([[0], np.cumsum(sizes)])))
    transposed = matrix.T.tocsr()
    found = []
    for first in range(0, len(sets), _BLOCK):
        common = (matrix[first : first + _BLOCK] @ transposed).tocoo()
        left, right = common.row + first, common.col
        similarity = common.data / (sizes[left] + sizes[right] - common.data)
        chosen = (left < right) & (similarity >= least)
        found.append((left[chosen].astype(np.int64), right[chosen].astype(np.int64), similarity[chosen]))
    return tuple(np.concatenate([part[i] for part in found]) for i in range(3))  # type: ignore[return-value]
