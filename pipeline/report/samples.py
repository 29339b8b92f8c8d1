"""The samples of one split: rows that a person can read, drawn by the smallest keyed hash.

Text and detail are left out for every row that bears an unsafe reason, whatever it is shown for. Titles are never
shown: they are not redacted.
"""

import heapq
import json
import math
from dataclasses import dataclass
from hashlib import blake2b
from itertools import zip_longest
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.report.algebra import (
    CLUSTER_SAMPLES,
    DROPPED_SAMPLES,
    HOST_SAMPLES,
    KEPT_SAMPLES,
    LEDGER_SAMPLES,
    Row,
    key,
    order,
)
from pipeline.report.counts import first_members
from schemas.records import keyed_hash

TEXT_CHARS = 400
CLUSTER_CHARS = 160
HOST_CHARS = 253
"""The longest name that DNS knows."""
NOT_A_CAPTURE = "not_a_capture"
_HOST = r"^[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#@]*@)?(?P<host>\[[^\]]*\]|[^/?#:@]*)"
_MOST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Draw:
    """A random order of the documents of a split that no worker and no order of rows changes: `rows[i]` is the row
    of the i-th document, `ranks[i]` and `ids[i]` are its rank and id.
    """

    rows: npt.NDArray[np.int64]
    ranks: list[str]
    ids: list[str]


def draw(ids: list[str], hash_key: str) -> Draw:
    """By keyed hash, ties by id."""
    ranked = sorted((f"{keyed_hash(doc_id, hash_key):016x}", doc_id, row) for row, doc_id in enumerate(ids))
    return Draw(np.array([row for _, _, row in ranked], np.int64), [r for r, _, _ in ranked], [i for _, i, _ in ranked])


def document_samples(
    documents: pa.Table,
    decisions: pa.Table,
    drawn: Draw,
    *,
    reasons: list[str],
    failed: npt.NDArray[np.bool_],
    unsafe: frozenset[str],
) -> dict[str, tuple[Row, ...]]:
    """Kept documents, and for each reason documents that were not kept and failed for it (among others)."""
    kept = pc.equal(decisions["verdict"], "keep").to_numpy()[drawn.rows]
    places = {"kept": np.nonzero(kept)[0][:KEPT_SAMPLES]}
    for column, reason in enumerate(reasons):
        places[key("dropped", reason)] = np.nonzero(failed[drawn.rows, column] & ~kept)[0][:DROPPED_SAMPLES]
    wanted = sorted({int(place) for some in places.values() for place in some})
    rows = pa.array(drawn.rows[wanted])
    pages = documents.select(["url", "language", "script", "text"]).take(rows).to_pylist()
    verdicts = decisions.select(["verdict", "reasons", "values", "thresholds"]).take(rows).to_pylist()
    shown = {place: _shown(page, verdict, unsafe) for place, page, verdict in zip(wanted, pages, verdicts, strict=True)}
    return {
        name: tuple((drawn.ranks[place], drawn.ids[place], shown[place]) for place in map(int, some))
        for name, some in places.items()
    }


def _shown(page: dict[str, Any], decision: dict[str, Any], unsafe: frozenset[str]) -> dict[str, Any]:
    text = page["text"] or ""
    reasons = decision["reasons"] or []
    withheld = not unsafe.isdisjoint(reasons)
    return {
        "url": page["url"],
        "language": page["language"],
        "script": page["script"],
        "verdict": decision["verdict"],
        "reasons": [
            {"reason": reason, "value": _finite(value), "threshold": _finite(threshold)}
            for reason, value, threshold in zip_longest(
                reasons, (decision["values"] or [])[: len(reasons)], (decision["thresholds"] or [])[: len(reasons)]
            )
        ],
        "characters": len(text),
        "withheld": withheld,
        "text": None if withheld else text[:TEXT_CHARS],
    }


def _finite(value: float | None) -> float | None:
    """JSON has no NaN and no infinity."""
    return value if value is not None and math.isfinite(value) else None


def ledger_samples(ledger: pa.Table, hash_key: str, unsafe: frozenset[str]) -> dict[str, tuple[Row, ...]]:
    """Records of each stage and reason. Those that are no captures (requests, metadata) are many and alike: they are
    counted only.
    """
    found: dict[str, list[Row]] = {}
    for row in ledger.filter(pc.invert(pc.equal(ledger["reason"], NOT_A_CAPTURE)), "emit_null").to_pylist():
        whole = json.dumps(row, sort_keys=True).encode("ascii")
        rank = blake2b(whole, digest_size=16, key=hash_key.encode()).hexdigest()
        withheld = row["reason"] in unsafe
        value = {
            "url": row["url"],
            "location": row["location"],
            "value": _finite(row["value"]),
            "threshold": _finite(row["threshold"]),
            "withheld": withheld,
            "detail": None if withheld else (row["detail"] or "")[:TEXT_CHARS],
        }
        found.setdefault(key("ledger", row["stage"], row["reason"]), []).append((rank, row["doc_id"] or "", value))
    return {name: tuple(heapq.nsmallest(LEDGER_SAMPLES, some, key=order)) for name, some in found.items()}


def host_sample(documents: pa.Table, frame: pa.Table, drawn: Draw) -> tuple[Row, ...]:
    """[host, characters, verdict] of uniformly drawn documents."""
    rows = drawn.rows[:HOST_SAMPLES]
    urls = documents["url"].take(pa.array(rows)).fill_null("")
    hosts = pc.struct_field(pc.extract_regex(urls, _HOST), "host").fill_null("")
    hosts = pc.utf8_lower(pc.utf8_slice_codeunits(hosts, 0, HOST_CHARS)).to_pylist()
    chars, verdicts = frame["chars"].take(pa.array(rows)).to_pylist(), frame["verdict"].take(pa.array(rows)).to_pylist()
    values = zip(drawn.ranks, drawn.ids, hosts, chars, verdicts, strict=False)  # the sample is a prefix of the draw
    return tuple((rank, doc_id, [host, count, verdict]) for rank, doc_id, host, count, verdict in values)


def cluster_sample(
    documents: pa.Table, duplicates: pa.Table, decisions: pa.Table, unsafe: frozenset[str]
) -> tuple[Row, ...]:
    """The largest clusters, each where its first member is: a cluster appears once in the whole snapshot."""
    ids = documents["doc_id"].combine_chunks()
    first = first_members(duplicates)
    places = pc.index_in(first["doc_id"], value_set=ids).to_pylist()
    names = ("cluster_id", "cluster_size", "representative", "representative_snapshot")
    ranked = (
        (f"{_MOST - size:019d}", cluster, {"size": size, "representative": keeper, "snapshot": snapshot, "row": row})
        for cluster, size, keeper, snapshot, row in zip(*(first[c].to_pylist() for c in names), places, strict=True)
    )
    largest = heapq.nsmallest(CLUSTER_SAMPLES, ranked, key=order)
    return tuple((rank, cluster, _beginning(documents, decisions, value, unsafe)) for rank, cluster, value in largest)


def _beginning(
    documents: pa.Table, decisions: pa.Table, value: dict[str, Any], unsafe: frozenset[str]
) -> dict[str, Any]:
    row = value.pop("row")
    withheld = not unsafe.isdisjoint(decisions["reasons"][row].as_py() or ())
    text = None if withheld else (documents["text"][row].as_py() or "")[:CLUSTER_CHARS]
    return {**value, "url": documents["url"][row].as_py(), "withheld": withheld, "text": text}
