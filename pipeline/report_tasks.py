"""The work of the report that the pool's children can do: sums, pairs, charts.

Like the tasks of pipeline/stages.py, they hold names and small values; unlike them they commit nothing, for it is the
end of the run that writes the report.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from filters.fingerprint import FingerprintSpec
from pipeline import storage
from pipeline.dedup.against import probe
from pipeline.part_task import WholeTask
from pipeline.pool import Announce
from pipeline.report.pairs import pair_report
from pipeline.report.profile import Profile, from_json, merge_all
from pipeline.snapshot import Snapshot
from pipeline.stages import PROFILES, forget_tokenizer

if TYPE_CHECKING:
    from pipeline.report.svg import Charts

BLANK: dict[str, Any] = {"data": {"values": []}, "mark": "point"}
"""A chart of nothing: the first one takes .4 s more than others, whatever is on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairReportTask(WholeTask):
    """What the report says of pairs."""

    snapshot: Snapshot
    partitions: tuple[str, ...]
    threshold: float
    seed: int

    def run(self, announce: Announce) -> dict[str, Any]:
        """As pipeline/report/pairs.py measures it."""
        announce(0, 0.0)
        return pair_report(self.snapshot, self.partitions, self.threshold, self.seed)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeTask(WholeTask):
    """How this environment makes fingerprints."""

    spec: FingerprintSpec

    def run(self, announce: Announce) -> str:
        """As pipeline/dedup/against.py probes it."""
        announce(0, 0.0)
        return probe(self.spec)


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeTask(WholeTask):
    """The profile of some parts: 30 ms for a part of 350 documents, most of it for reading the JSON."""

    snapshot: Snapshot
    parts: tuple[str, ...]

    def run(self, announce: Announce) -> Profile:
        """As `merged_profile`."""
        announce(0, 0.0)
        return merged_profile(self.snapshot, self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawTask(WholeTask):
    """Some charts of the report, drawn to SVG."""

    charts: "Charts"

    def run(self, announce: Announce) -> dict[str, str]:
        """SVG by name. The tokenizer is let go: the renderer takes as much memory."""
        announce(0, 0.0)
        forget_tokenizer()
        from pipeline.report.svg import draw  # the renderer: only where it is needed

        return draw(self.charts)


def merged_profile(snapshot: Snapshot, parts: Iterable[str]) -> Profile:
    """The profile of the whole, from those of its parts, one at a time: memory does not grow with their number."""
    return merge_all(from_json(storage.read_bytes(snapshot.path(PROFILES, f"{part}.json"))) for part in parts)
