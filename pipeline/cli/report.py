"""`report`: build the report of a finished snapshot again from its stored statistics."""

from rich.console import Console

from pipeline.cli.errors import UsageError
from pipeline.report.write import write_report
from pipeline.report_tasks import merged_profile
from pipeline.snapshot import Snapshot


def report(snapshot_uri: str) -> int:
    """Write report/ and say where it is."""
    snapshot = Snapshot(snapshot_uri)
    manifest, dataset = snapshot.read_json("manifest.json"), snapshot.read_json("dataset", "dataset.json")
    if manifest is None or dataset is None:
        raise UsageError(f"{snapshot_uri} is not a finished snapshot: it has no manifest.json")
    profile = merged_profile(snapshot, manifest["splits"])
    write_report(snapshot, profile, manifest, dataset, manifest["audit"])
    Console().print(f"Report: {snapshot.path('report', 'index.html')}", soft_wrap=True, markup=False, highlight=False)
    return 0
