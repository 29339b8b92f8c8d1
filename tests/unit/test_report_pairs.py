"""The sampled pairs of the report: a second measure, a stated interval, and the same rows for any cut into partitions."""

import pyarrow as pa
import pytest

from pipeline.dedup.candidates import HOT_BUCKETS
from pipeline.dedup.verify import PAIRS
from pipeline.report.pairs import SHOWN, pair_report, wilson
from pipeline.snapshot import Snapshot

WORDS = [f"word{n}" for n in range(200)]
SAME, EDITED = " ".join(WORDS), " ".join([*WORDS[:190], *"nine other words stand here at the very end".split()])
SHUFFLED = " ".join(
    " ".join(WORDS[n : n + 10]) for n in (150, 40, 90, 0, 180, 110, 20, 70, 160, 30, 120, 60, 10, 130, 80, 50)
)


def pair(a, b, similarity, *, exact=False, b_part="p"):
    columns = {"a_id": a, "a_part": "p", "b_id": b, "b_part": b_part, "similarity": similarity, "exact": exact}
    rows = {"a_row": int(a, 16), "b_row": int(b, 16), "containment": 1.0, "estimated": False}
    return columns | rows


@pytest.fixture
def stored(tmp_path):
    def write(cuts):
        snapshot = Snapshot(str(tmp_path / str(len(cuts))))
        texts = [SAME, EDITED, SHUFFLED]
        ids = [f"{n:032x}" for n in range(3)]
        tables = {"documents": pa.table({"doc_id": ids, "text": texts})}
        snapshot.commit(stage="read", part="p", fingerprint="f", tables=tables, counts={})
        for number, rows in enumerate(cuts):
            hot = [
                {"bucket": f"{number:016x}", "texts": 100 + n, "documents": 200, "compared": 9, "samples": ids}
                for n in (0, 9)
            ]
            made = {
                "pairs": pa.Table.from_pylist(rows, schema=PAIRS),
                "hot_buckets": pa.Table.from_pylist(hot, schema=HOT_BUCKETS),
            }
            snapshot.commit(stage="pairs", part=f"part-{number}", fingerprint="f", tables=made, counts={})
        return snapshot, snapshot.parts("pairs")

    return write


A, B, C = (f"{n:032x}" for n in range(3))
ROWS = [
    pair(A, B, 0.9),
    pair(A, C, 0.85),
    pair(B, C, 0.6),  # below the threshold
    pair(A, B, 1.0, exact=True),
    pair(A, C, 0.9, b_part="/gone#p"),  # the text of an earlier snapshot that is no longer stored
]


def test_pairs_that_agree_in_order_are_told_from_those_that_only_share_shingles(stored):
    report = pair_report(*stored([ROWS]), 0.8, 0)
    assert (report["precision"]["sampled"], report["precision"]["agree"]) == (2, 1)
    worst, best = report["least"]
    assert (worst["b"], best["b"]) == (C, B)
    assert worst["in_order"] < 0.8 < best["in_order"]


def test_the_cut_into_partitions_does_not_matter_but_for_buckets(stored):
    whole, cut = (pair_report(*stored(cuts), 0.8, 7) for cuts in ([ROWS, []], [ROWS[3:], ROWS[:3], []]))
    assert whole["precision"] == cut["precision"]
    assert whole["least"] == cut["least"]
    assert [row["texts"] for row in cut["hot_buckets"]] == [109, 109, 109, 100, 100, 100]
    assert len(whole["hot_buckets"]) <= SHOWN


@pytest.mark.parametrize(
    ("hits", "number", "interval"),
    [(0, 0, (None, None)), (50, 50, (0.9287, 1.0)), (0, 50, (0.0, 0.0713)), (45, 50, (0.7864, 0.9565))],
)
def test_wilsons_interval(hits, number, interval):
    assert wilson(hits, number) == interval
