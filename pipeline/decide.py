"""Decide: compare stored signals with the recipe's rules. Reads documents/ and signals/ of one split, writes decisions/.

Every rule that fails is recorded, with the value and the threshold; nothing is measured here. Vectorised: some
60 rules over 10,000 documents take about 10 ms.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from schemas.rules import Rule
from schemas.tables import DECISIONS, DUPLICATES

DUPLICATE, SUPERSEDED = "duplicate", "superseded"
KEEP, QUARANTINE, DROP = "keep", "quarantine", "drop"
# Rank of a verdict when a cluster's representative is chosen: what can be kept comes first.
RANKS = {KEEP: 2, QUARANTINE: 1, DROP: 0}


@dataclass(frozen=True, slots=True)
class Failures:
    """`matrix[rule, row]` is True where the rule fails; `values` what it measured. Both of shape (rules, rows)."""

    rules: tuple[Rule, ...]
    matrix: NDArray[np.bool_]
    values: NDArray[np.float64]

    def ranks(self) -> NDArray[np.int64]:
        """RANKS of the verdicts, shape (rows,)."""
        return ranks(self.rules, self.matrix)


def ranks(rules: Sequence[Rule], matrix: NDArray[np.bool_]) -> NDArray[np.int64]:
    """RANKS of the verdicts, shape (rows,): drop where a dropping rule fails, keep where none does."""
    drops = matrix[[i for i, rule in enumerate(rules) if rule.verdict == "drop"]].any(axis=0)
    return np.where(drops, RANKS[DROP], np.where(matrix.any(axis=0), RANKS[QUARANTINE], RANKS[KEEP]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """A clustered row's place in its cluster."""

    cluster_id: str
    representative: str
    snapshot: str | None = None
    """The earlier snapshot that released the representative; None for this one."""
    chosen: bool
    size: int
    similarity: float
    kind: str


def failures(documents: pa.Table, signals: pa.Table, rules: Sequence[Rule]) -> Failures:
    """Evaluate every rule on every row.

    Args:
        documents: columns language and script of the split.
        signals: its signals, row-aligned.
        rules: those of the recipe. A rule for "zh-Hant" holds for that script only.

    Raises:
        KeyError: a rule names a signal that the snapshot does not hold.

    """
    rows = signals.num_rows
    speaking = spoken(documents, rules)
    matrix = np.zeros((len(rules), rows), np.bool_)
    values = np.full((len(rules), rows), np.nan)
    columns: dict[str, NDArray[np.float64]] = {}
    for index, rule in enumerate(rules):
        if rule.signal not in columns:
            columns[rule.signal] = _floats(signals[rule.signal])
        value = values[index] = columns[rule.signal]
        failed = np.zeros(rows, np.bool_)
        if rule.low is not None:
            failed |= value < rule.low  # False for null: NaN compares false
        if rule.high is not None:
            failed |= value > rule.high
        if rule.languages:
            failed &= speaking[rule.languages]
        matrix[index] = failed
    return Failures(tuple(rules), matrix, values)


def decisions(
    doc_ids: Sequence[str],
    failed: Failures,
    members: dict[int, Membership],
    superseded: Mapping[int, str] = MappingProxyType({}),
    *,
    drop_duplicates: bool,
) -> tuple[pa.Table, pa.Table]:
    """The tables decisions/ (row-aligned with documents/) and duplicates/ (members of clusters) of one split.

    `superseded` names for rows the newer capture of the same address.
    """
    rows, copies = [], []
    for row, doc_id in enumerate(doc_ids):
        broken = np.flatnonzero(failed.matrix[:, row]).tolist()
        rules = [failed.rules[index] for index in broken]
        reasons = [rule.reason for rule in rules]
        values: list[float | None] = [float(failed.values[index, row]) for index in broken]
        thresholds: list[float | None] = [_threshold(rule, value) for rule, value in zip(rules, values, strict=True)]
        verdict = DROP if any(r.verdict == "drop" for r in rules) else QUARANTINE if rules else KEEP
        representative = snapshot = None
        if row in superseded:
            verdict, representative = DROP, superseded[row]
            reasons.append(SUPERSEDED)
            values.append(None)
            thresholds.append(None)
        member = members.get(row)
        if member is not None:
            copies.append(
                {
                    "doc_id": doc_id,
                    "cluster_id": member.cluster_id,
                    "representative": member.representative,
                    "representative_snapshot": member.snapshot,
                    "similarity": member.similarity,
                    "kind": member.kind,
                    "cluster_size": member.size,
                }
            )
            # One record in two input files is one document even where copies are kept: a doc_id occurs once in a dataset.
            if not member.chosen and (drop_duplicates or member.kind == "same_record"):
                verdict, representative, snapshot = DROP, member.representative, member.snapshot
                reasons.append(DUPLICATE)
                values.append(member.similarity)
                thresholds.append(None)
        rows.append(
            {
                "doc_id": doc_id,
                "verdict": verdict,
                "reasons": reasons,
                "values": values,
                "thresholds": thresholds,
                "representative": representative,
                "representative_snapshot": snapshot,
            }
        )
    return pa.Table.from_pylist(rows, schema=DECISIONS), pa.Table.from_pylist(copies, schema=DUPLICATES)


def _threshold(rule: Rule, value: float | None) -> float | None:
    if rule.low is not None and value is not None and value < rule.low:
        return rule.low
    return rule.high


def spoken(documents: pa.Table, rules: Sequence[Rule]) -> dict[tuple[str, ...], NDArray[np.bool_]]:
    """The rows that each rule's `languages` mean, by these; "zh-Hant" means that script only, no language means all."""
    language, script = documents["language"], documents["script"]
    tags = pc.binary_join_element_wise(language, script, "-")
    found: dict[tuple[str, ...], NDArray[np.bool_]] = {(): np.ones(documents.num_rows, np.bool_)}
    for wanted in dict.fromkeys(rule.languages for rule in rules if rule.languages):
        names = pa.array(wanted, pa.string())
        either = pc.or_(pc.is_in(language, names), pc.is_in(tags, names))
        found[wanted] = either.to_numpy().astype(np.bool_)
    return found


def _floats(column: pa.ChunkedArray) -> NDArray[np.float64]:
    values: NDArray[np.float64] = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
    return values
