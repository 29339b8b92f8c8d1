"""The report's two files, from the values that a run has just made or that were read back."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from filters.chain import SIGNALS
from pipeline import storage
from pipeline.report.profile import Profile
from pipeline.report.render import Draw, render, render_json
from pipeline.report.svg import draw
from pipeline.snapshot import Snapshot


def write_report(
    snapshot: Snapshot,
    profile: Profile,
    manifest: Mapping[str, Any],
    dataset: Mapping[str, Any],
    audit: Mapping[str, Any] | None,
    *,
    draw_charts: Draw = draw,
) -> None:
    """report/index.html and report/report.json; the same page whether the values were just made or read back."""
    manifest, dataset = (json.loads(json.dumps(value, sort_keys=True)) for value in (manifest, dataset))
    kinds = None if audit is None else audit["kinds"]
    with ThreadPoolExecutor(1) as meanwhile:  # children may draw for two seconds
        as_json = meanwhile.submit(render_json, profile, manifest, dataset, kinds)
        page = render(profile, manifest, dataset, kinds, signals=SIGNALS, draw_charts=draw_charts)
        storage.write_bytes(snapshot.path("report", "index.html"), page.encode("utf-8", "replace"))
        storage.write_bytes(snapshot.path("report", "report.json"), as_json.result().encode())
