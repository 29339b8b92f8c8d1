"""A figure of the gate, and the arithmetic that several of them share."""

import gzip
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from scipy.stats import rankdata

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table. `count` is how many pages, rows or pairs it is taken over; `whole`: a number, not a share.

    `detail` goes to JSON only.
    """

    group: str
    name: str
    value: float
    count: int
    better: Literal["higher", "lower"] = "higher"
    whole: bool = False
    detail: Any = None


def share(group: str, name: str, hits: Iterable[bool], **more: Any) -> Figure:
    """The share of hits; at least one value is needed."""
    found = list(hits)
    return Figure(group=group, name=name, value=sum(found) / len(found), count=len(found), **more)


def f_score(true_positives: float, false_positives: float, false_negatives: float) -> float:
    """2TP / (2TP + FP + FN); 0 where there is nothing to find and nothing found."""
    total = 2 * true_positives + false_positives + false_negatives
    return 2 * true_positives / total if total else 0.0


def auc(negatives: Sequence[float], positives: Sequence[float]) -> float:
    """Probability that a positive scores above a negative, ties half: the area under the ROC curve."""
    ranks = rankdata([*negatives, *positives])
    n, m = len(negatives), len(positives)
    return float((np.sum(ranks[n:]) - m * (m + 1) / 2) / (n * m))


def rows(name: str) -> Iterator[dict[str, Any]]:
    """Rows of a JSON-lines file below data/, split at line feeds only."""
    with gzip.open(DATA / name, "rb") as lines:
        for line in lines:
            yield json.loads(line)
