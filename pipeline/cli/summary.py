"""The table at the end of a run."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from pipeline.snapshot import Snapshot

_GATE_FAILED = 3


def print_summary(snapshot: Snapshot, manifest: Mapping[str, Any], seconds: float | None) -> int:
    """Print what the run made and where; returns 3 where a gate failed, else 0."""
    console = Console()
    counts = manifest["counts"]
    table = Table(title=f"{manifest['name']}", title_justify="left", show_header=False, box=None, padding=(0, 2))
    table.add_column()
    table.add_column(justify="right")
    rows = [
        ("records read", counts["records"]),
        ("  not documents (ledger)", counts["ledger"]),
        ("    of them quarantined", counts["records_quarantined"]),
        ("documents", counts["documents"]),
        ("  kept", counts["kept"]),
        ("  dropped", counts["dropped"]),
        ("  quarantined", counts["quarantined"]),
        ("verified duplicate pairs", counts["verified_pairs"]),
        ("tokens", counts["tokens"]),
        ("shards", counts["shards"]),
    ]
    for name, value in rows:
        table.add_row(name, f"{value:,}")
    audit = manifest["audit"]
    if audit is not None:
        table.add_row("planted cases found", f"{audit['planted'] - audit['missed']:,} of {audit['planted']:,}")
    if seconds is not None:
        table.add_row("time", f"{seconds:,.1f} s, {counts['records'] / max(seconds, 1e-9):,.0f} records/s")
    console.print(table)
    for gate in manifest["gates"]:
        console.print(f"Gate failed: {gate}", style="red", markup=False)
    console.print(f"Report: {snapshot.path('report', 'index.html')}", soft_wrap=True, markup=False, highlight=False)
    return _GATE_FAILED if manifest["gates"] else 0
