"""The statistics of one split, made to be merged: the report of a billion documents is the merge of its splits' profiles.

Reads one split's tables (schemas/tables.py). Returns a `Profile`, which holds two kinds of statistics only:

- *sums*: tables of integers, which merge by addition;
- *samples*: the k rows of the smallest rank, which merge by taking the k smallest again. The rank is a keyed hash
  (a uniform sample that does not depend on order or workers) or, for the largest clusters, the size.

Histograms share one fixed grid of bins (`counts.EDGES`), so they add up as well. Text of a document that failed one of
the `unsafe` reasons never enters a profile. Does not read files, decide or draw: rates are made in summary.py, the page
in render.py.
"""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.report.algebra import Profile, canonical, empty, from_json, merge, merge_all, to_json
from pipeline.report.counts import (
    COUNTED,
    cluster_sums,
    failed_reasons,
    frame,
    grouped,
    reason_sums,
    removed_sums,
    signal_sums,
)
from pipeline.report.samples import cluster_sample, document_samples, draw, host_sample, ledger_samples
from schemas.rules import Rule

__all__ = ["Profile", "empty", "from_json", "merge", "merge_all", "profile_split", "to_json"]


def profile_split(  # noqa: PLR0917  the tables in the order of the snapshot
    documents: pa.Table,
    signals: pa.Table,
    ledger: pa.Table,
    decisions: pa.Table,
    duplicates: pa.Table,
    rules: tuple[Rule, ...],
    seed: int,
    *,
    unsafe: frozenset[str] = frozenset(),
    domains: Sequence[str] | None = None,
) -> Profile:
    """The profile of one split. `signals` and `decisions` must hold a row for each document, in any order;
    `duplicates` the rows of these documents. `seed` draws the samples: equal for all splits of a run. `domains` names the
    data domain of each document, "" by default.

    Raises:
        ValueError: a document without signals or decision, or the reverse.

    """
    ids = documents["doc_id"].combine_chunks()
    signals, decisions = _aligned(signals, ids, "signals"), _aligned(decisions, ids, "decisions")
    rows = frame(documents, decisions)
    reasons, failed = failed_reasons(decisions)
    hash_key = f"report:{seed}"
    drawn = draw(ids.to_pylist(), hash_key)
    sums = {
        "verdicts": grouped(rows, ["verdict"], "chars"),
        **{f"{column}s": grouped(rows, [column, "verdict"], "chars") for column in COUNTED},
        "ledger": grouped(ledger, ["stage", "reason"]),
        "duplicates": grouped(duplicates, ["kind"]),
        "clusters": cluster_sums(duplicates),
        "removed": removed_sums(documents["language"], domains, decisions, duplicates),
        **reason_sums(reasons, failed, rows),
        **signal_sums(signals, rows),
    }
    samples = {
        **document_samples(documents, decisions, drawn, reasons=reasons, failed=failed, unsafe=unsafe),
        **ledger_samples(ledger, hash_key, unsafe),
        "hosts": host_sample(documents, rows, drawn),
        "clusters": cluster_sample(documents, duplicates, decisions, unsafe),
    }
    return canonical(rules, unsafe, sums, samples)


def _aligned(table: pa.Table, ids: pa.Array, name: str) -> pa.Table:
    own = table["doc_id"].combine_chunks()
    if own.equals(ids):
        return table
    rows = pc.index_in(ids, value_set=own)
    if len(own) != len(ids) or rows.null_count:
        raise ValueError(f"{name}: {len(own)} rows do not match the {len(ids)} documents of the split")
    return table.take(rows)
