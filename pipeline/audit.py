"""Self-audit: what became of planted defects, against their truth table.

The truth table is JSON lines, one capture a line: `url`, `doc_id`, `kind` (clean or the defect), `verdicts` (those that are
right: keep, drop, quarantine, or ledger for what must not become a document), `reasons` (any of them;
`*` accepts every reason, `*rule*` every rule on a signal), `must_contain` and `must_not_contain` for the stored text.
Reads documents/, decisions/ and ledger/; the table is small, so its documents are looked up one split at a time.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline import storage
from pipeline.plan import RunPlan
from pipeline.snapshot import Snapshot

_SHOWN_MISSED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one record."""

    verdict: str
    reasons: tuple[str, ...]
    text: str | None = None


def self_audit(plan: RunPlan) -> dict[str, Any] | None:
    """Compare the snapshot with the recipe's truth table; None where the recipe has none.

    Returns:
        planted, missed, and for each kind: kind, planted, found, missed (sentences, the first ten).

    """
    if plan.recipe.report.truth is None:
        return None
    lines = storage.read_bytes(plan.recipe.report.truth).decode("utf-8").split("\n")
    truth = [json.loads(line) for line in lines if line]
    rules = frozenset(rule.reason for rule in plan.rules)
    outcomes = dict(_outcomes(plan.snapshot, [split.name for split in plan.splits], {row["doc_id"] for row in truth}))
    kinds: dict[str, dict[str, Any]] = {}
    for row in truth:
        kind = kinds.setdefault(row["kind"], {"kind": row["kind"], "planted": 0, "found": 0, "missed": []})
        kind["planted"] += 1
        miss = mismatch(row, outcomes.get(row["doc_id"]), rules)
        if miss is None:
            kind["found"] += 1
        elif len(kind["missed"]) < _SHOWN_MISSED:
            kind["missed"].append(f"{row['url']}: {miss}")
    planted, found = (sum(kind[name] for kind in kinds.values()) for name in ("planted", "found"))
    return {"planted": planted, "missed": planted - found, "kinds": [kinds[name] for name in sorted(kinds)]}


def mismatch(row: Mapping[str, Any], outcome: Outcome | None, rules: frozenset[str]) -> str | None:
    """How the outcome differs from the row of the truth table, or None."""
    if outcome is None:
        return "no trace of it in the snapshot"
    verdicts = row["verdicts"]
    if outcome.verdict not in verdicts:
        return f"expected {' or '.join(verdicts)}, got {outcome.verdict} ({', '.join(outcome.reasons) or 'no reason'})"
    wanted = set(row.get("reasons") or ())
    if outcome.verdict != "keep" and wanted and "*" not in wanted:
        accepted = wanted | (rules if "*rule*" in wanted else frozenset())
        if not accepted.intersection(outcome.reasons):
            return f"{outcome.verdict} for {', '.join(outcome.reasons)}, expected {', '.join(sorted(wanted))}"
    if outcome.text is not None and outcome.verdict == "keep":
        for needle in row.get("must_contain") or ():
            if needle not in outcome.text:
                return f"its text lacks {needle[:40]!r}"
        for needle in row.get("must_not_contain") or ():
            if needle in outcome.text:
                return f"its text still holds {needle[:40]!r}"
    return None


def _outcomes(snapshot: Snapshot, parts: list[str], wanted: set[str]) -> Iterator[tuple[str, Outcome]]:
    for part in parts:
        ledger = snapshot.read("ledger", part, ["doc_id", "reason"])
        for doc_id, reason in zip(ledger["doc_id"].to_pylist(), ledger["reason"].to_pylist(), strict=True):
            if doc_id in wanted:
                yield doc_id, Outcome(verdict="ledger", reasons=(reason,))
        decisions = snapshot.read("decisions", part, ["doc_id", "verdict", "reasons"]).to_pylist()
        rows = [row for row, decision in enumerate(decisions) if decision["doc_id"] in wanted]
        texts = snapshot.read("documents", part, ["text"])["text"].take(rows).to_pylist() if rows else []
        for row, text in zip(rows, texts, strict=True):
            decision = decisions[row]
            yield (
                decision["doc_id"],
                Outcome(verdict=decision["verdict"], reasons=tuple(decision["reasons"]), text=text),
            )
