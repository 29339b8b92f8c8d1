"""`why`: everything known of one document, or of the record that did not become one."""

from collections.abc import Mapping
from typing import Any

import pyarrow.compute as pc
from rich.console import Console
from rich.table import Table

from pipeline.cli.cluster import find_rows, print_cluster
from pipeline.cli.errors import UsageError
from pipeline.snapshot import Snapshot
from schemas.text import printable

_TEXT_CHARS = 2_000


def why(snapshot_uri: str, wanted: str, *, show_text: bool, other: str | None = None) -> int:
    """Print it; exit code 2 where the snapshot knows nothing of it. `other` is a member of its cluster to compare it with."""
    snapshot = Snapshot(snapshot_uri)
    manifest = snapshot.read_json("manifest.json")
    if manifest is None:
        raise UsageError(f"{snapshot_uri} is not a finished snapshot: it has no manifest.json")
    console = Console()
    found = 0
    column = "doc_id" if len(wanted) == 32 and set(wanted) <= set("0123456789abcdef") else "url"
    for part, row in find_rows(snapshot, manifest["splits"], "documents", column, wanted):
        found += 1
        _print_document(console, snapshot, manifest, part, row, other=other, show_text=show_text)
    for part, row in find_rows(snapshot, manifest["splits"], "ledger", column, wanted):
        found += 1
        entry = snapshot.read("ledger", part).slice(row, 1).to_pylist()[0]
        if entry["reason"] == "not_a_capture":  # requests and metadata bear the URL of their page
            continue
        console.print(f"[bold]Not a document[/]: {entry['reason']} (stage {entry['stage']})", highlight=False)
        _print_fields(console, {**entry, "location": _place(entry["location"])})
    if not found:
        raise UsageError(f"{snapshot_uri} knows no {column} {printable(wanted)}")
    return 0


def _print_document(
    console: Console,
    snapshot: Snapshot,
    manifest: Mapping[str, Any],
    part: str,
    row: int,
    *,
    other: str | None,
    show_text: bool,
) -> None:
    document = _row(snapshot, "documents", part, row)
    signals = _row(snapshot, "signals", part, row)
    decision = _row(snapshot, "decisions", part, row)
    colour = {"keep": "green", "drop": "red", "quarantine": "yellow"}[decision["verdict"]]
    console.print(f"[bold {colour}]{decision['verdict']}[/]", highlight=False)
    failed = zip(decision["reasons"], decision["values"], decision["thresholds"], strict=True)
    for reason, value, threshold in failed:
        limit = "" if threshold is None else f", threshold {threshold:g}"
        of = _named(decision) if reason in ("duplicate", "superseded") else ""
        console.print(f"  {reason}{of}: {'' if value is None else f'{value:g}'}{limit}", markup=False, highlight=False)
    text = document["text"]
    fields = {name: value for name, value in document.items() if name != "text"}
    _print_fields(console, {**fields, "location": _place(document["location"]), "characters": len(text), "part": part})
    _print_signals(console, manifest, signals, document)
    unsafe = frozenset[str]() if show_text else _unsafe(manifest)
    print_cluster(console, snapshot, manifest, document, other, unsafe=unsafe)
    if decision["verdict"] == "keep":
        console.print(_dataset_place(snapshot, document["doc_id"]), markup=False, highlight=False)
    if show_text:
        console.print(printable(text[:_TEXT_CHARS]), markup=False, highlight=False)


def _row(snapshot: Snapshot, table: str, part: str, row: int) -> dict[str, Any]:
    value: dict[str, Any] = snapshot.read_rows(table, part, [row]).slice(row, 1).to_pylist()[0]
    return value


def _named(decision: Mapping[str, Any]) -> str:
    where = decision["representative_snapshot"]
    return f" of {decision['representative']}{'' if where is None else f' in {printable(where)}'}"


def _unsafe(manifest: Mapping[str, Any]) -> frozenset[str]:
    """Reasons of the safety and privacy tables, by the signals of their rules."""
    return frozenset(rule["reason"] for rule in manifest["rules"] if rule["signal"].startswith(("safety_", "privacy_")))


def _print_fields(console: Console, fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        if value is not None:
            console.print(f"  {name:<16} {printable(str(value))}", markup=False, highlight=False, soft_wrap=True)


def _print_signals(
    console: Console, manifest: Mapping[str, Any], signals: Mapping[str, Any], document: Mapping[str, Any]
) -> None:
    tags = {document["language"], f"{document['language']}-{document['script']}"}
    rules: dict[str, list[Mapping[str, Any]]] = {}
    for rule in manifest["rules"]:
        if not rule["languages"] or tags & set(rule["languages"]):
            rules.setdefault(rule["signal"], []).append(rule)
    table = Table("signal", "value", "rules of this recipe", box=None, pad_edge=False)
    for name, value in signals.items():
        if name == "doc_id" or value is None:
            continue
        shown = f"{value:g}" if isinstance(value, float) else printable(str(value))
        table.add_row(name, shown, "; ".join(_rule_text(rule, value) for rule in rules.get(name, ())))
    console.print(table)


def _rule_text(rule: Mapping[str, Any], value: Any) -> str:
    low, high = rule["low"], rule["high"]
    number = float(value)
    broken = (low is not None and number < low) or (high is not None and number > high)
    limits = [f"at least {low:g}" if low is not None else "", f"at most {high:g}" if high is not None else ""]
    return f"{'FAILS' if broken else 'ok'}: {rule['reason']} ({' and '.join(filter(None, limits))})"


def _dataset_place(snapshot: Snapshot, doc_id: str) -> str:
    dataset = snapshot.read_json("dataset", "dataset.json")
    for shard in dataset["shards"] if dataset else ():
        ids = snapshot.read("dataset", shard["name"].removesuffix(".parquet"), ["doc_id", "token_count"])
        for row in pc.indices_nonzero(pc.equal(ids["doc_id"], doc_id)).to_pylist():
            return f"  dataset/{shard['name']}, row {row}, {ids['token_count'][row].as_py()} tokens"
    return "  kept, but not in the dataset"


def _place(location: Mapping[str, Any]) -> str:
    return f"{location['file']}, offset {location['offset']}, length {location['length']}"
