"""What the report says of pairs: how many of a seeded sample agree by another measure, and the hottest buckets.

Reads pairs/ and hot_buckets/ a partition at a time, keeping the few rows that are shown, and the row groups of the sampled
texts. Returns plain JSON values without text. The sample is by keyed hash of the two ids: no worker or cut changes it.

Pairs were accepted by the Jaccard similarity of shingle sets, which knows no order beyond five units. Here the first
`_CHARS` characters of both keys are matched in order (twice their longest common subsequence / both lengths), and a pair
agrees where that ratio reaches the threshold of the recipe. So the share that agrees estimates precision by a measure that
did not make the decision.
"""

import heapq
import math
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow.compute as pc
from rapidfuzz.distance import Indel

from filters.key import make_fold
from pipeline import storage
from pipeline.snapshot import Snapshot
from schemas.records import keyed_hash

SAMPLED = 50
SHOWN = 10
_CHARS = 10_000  # 1 ms a pair
_HOT = "hot_buckets"


def pair_report(snapshot: Snapshot, partitions: Sequence[str], threshold: float, seed: int) -> dict[str, Any]:
    """Estimated precision with a 95 % interval, the sampled pairs that agree least, and the largest capped buckets."""
    drawn = heapq.nsmallest(SAMPLED, _ranked(snapshot, partitions, threshold, seed))
    measured = [(row, _in_order(snapshot, *row[4])) for row in drawn]
    checked = [(round(ratio, 4), row[1], row[2], row[3]) for row, ratio in measured if ratio is not None]
    agree = sum(ratio >= threshold for ratio, *_ in checked)
    low, high = wilson(agree, len(checked))
    hot = (row for part in partitions for row in snapshot.read(_HOT, part).to_pylist())
    return {
        "precision": {"sampled": len(checked), "agree": agree, "low": low, "high": high, "seed": seed},
        "least": [
            {"a": a, "b": b, "similarity": similarity, "in_order": ratio}
            for ratio, a, b, similarity in sorted(checked)[:SHOWN]
        ],
        "hot_buckets": heapq.nsmallest(SHOWN, hot, key=lambda row: (-row["texts"], row["bucket"])),
    }


def wilson(hits: int, number: int) -> tuple[float | None, float | None]:
    """Wilson's 95 % interval of a share; None for no observation."""
    if not number:
        return None, None
    z, share = 1.959964, hits / number
    centre, spread = share + z * z / (2 * number), z * math.sqrt(share * (1 - share) / number + (z / (2 * number)) ** 2)
    scale = 1 + z * z / number
    return round(max(0.0, (centre - spread) / scale), 4), round(min(1.0, (centre + spread) / scale), 4)


Ranked = tuple[int, str, str, float, tuple[str, int, str, int]]


def _ranked(snapshot: Snapshot, partitions: Sequence[str], threshold: float, seed: int) -> Iterator[Ranked]:
    """Near pairs at or above the threshold; `pairs` with equal ids in either order are one."""
    for part in partitions:
        pairs = snapshot.read("pairs", part)
        near = pc.and_(pc.invert(pairs["exact"]), pc.greater_equal(pairs["similarity"], threshold))
        for row in pairs.filter(near).to_pylist():
            sides = sorted((row[f"{side}_id"], str(row[f"{side}_part"]), row[f"{side}_row"]) for side in "ab")
            (a, a_part, a_row), (b, b_part, b_row) = sides
            yield keyed_hash(f"{a}{b}", f"pairs:{seed}"), a, b, row["similarity"], (a_part, a_row, b_part, b_row)


def _in_order(snapshot: Snapshot, a_part: str, a_row: int, b_part: str, b_row: int) -> float | None:
    texts = (_text(snapshot, a_part, a_row), _text(snapshot, b_part, b_row))
    if texts[0] is None or texts[1] is None:
        return None
    fold = make_fold()
    left, right = (fold(text[: 2 * _CHARS]).replace(" ", "")[:_CHARS] for text in texts if text is not None)
    return float(Indel.normalized_similarity(left, right))


def _text(snapshot: Snapshot, part: str, row: int) -> str | None:
    """None where an earlier snapshot's text is gone."""
    uri, mark, name = part.rpartition("#")
    source = Snapshot(uri) if mark else snapshot
    if not storage.exists(source.path("documents", f"{name}.parquet")):
        return None
    text: str = source.read_rows("documents", name, [row], ["text"])["text"][row].as_py()
    return text
