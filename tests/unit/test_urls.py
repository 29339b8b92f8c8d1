"""Captures of one address: the newest that passes every rule stays."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from pipeline.dedup.urls import captures, superseded
from schemas.tables import TIMESTAMP


def newest(rows):
    """doc_id -> what supersedes it, for (doc_id, url, day, rank) rows in two splits."""
    found = []
    for split in (0, 1):
        mine = rows[split::2]
        days = [None if day is None else dt.datetime(2025, 1, day, tzinfo=dt.UTC) for _, _, day, _ in mine]
        documents = pa.table(
            {
                "doc_id": [row[0] for row in mine],
                "url": pa.array([row[1] for row in mine], pa.string()),
                "fetched_at": pa.array(days, TIMESTAMP),
            }
        )
        ranks = np.array([row[3] for row in mine], np.int64)
        found.append(captures(split, documents, ranks, np.arange(len(mine), dtype=np.uint64)))
    others = superseded(np.concatenate(found[::-1]))
    ids = {(split << 32) + n: row[0] for split in (0, 1) for n, row in enumerate(rows[split::2])}
    return {ids[int(other["place"])]: other["by"].decode() for other in others}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([("a", "http://x.org/p", 1, 2), ("b", "https://X.org:443/p#top", 2, 2)], {"a": "b"}),
        ([("a", "http://x.org/p", 1, 2), ("b", "http://x.org/p", 2, 0)], {}),  # the newer one fails a rule
        ([("a", "http://x.org/p", 1, 2), ("b", "http://x.org/P", 2, 2)], {}),  # paths keep their case
        ([("a", "http://x.org/?q=1", 1, 2), ("b", "http://x.org/?q=2", 2, 2)], {}),
        ([("a", "http://x.org/", None, 2), ("b", "http://x.org", 1, 2)], {"a": "b"}),  # an unknown date is the oldest
        ([("b", "http://x.org/p", 1, 2), ("a", "http://x.org/p", 1, 2)], {"b": "a"}),
        (
            [("a", "http://x.org/p", 1, 2), ("a", "http://x.org/p", 1, 2)],
            {},
        ),  # one record twice: the other stage's matter
        ([("a", None, 1, 2), ("b", None, 2, 2), ("c", "no address", 2, 2), ("d", "no address", 1, 2)], {}),
        ([(n, "http://x.org/p", day, 2) for n, day in (("a", 3), ("b", 9), ("c", 5))], {"a": "b", "c": "b"}),
        ([], {}),
    ],
)
def test_which_captures_are_superseded(rows, expected):
    assert newest(rows) == expected
