"""The profile of the parts, merged in any order, is the profile of the whole."""

from functools import lru_cache, reduce

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.report.profile import empty, from_json, merge, merge_all, profile_split, to_json
from tests.unit.test_report_snapshot import RULES, UNSAFE, Snapshot, snapshot

SIZE = 60
LEDGER_SIZE = snapshot(SIZE).ledger.num_rows


@lru_cache
def whole() -> Snapshot:
    return snapshot(SIZE)


def profiled(made: Snapshot):
    return profile_split(*made.tables(), RULES, 3, unsafe=UNSAFE)


@settings(max_examples=25, deadline=None)
@given(
    places=st.lists(st.integers(0, 4), min_size=SIZE, max_size=SIZE),
    records=st.lists(st.integers(0, 4), min_size=LEDGER_SIZE, max_size=LEDGER_SIZE),
    order=st.permutations(range(5)),
)
def test_parts_in_any_order_merge_to_the_whole(places, records, order):
    ids = whole().documents["doc_id"].to_pylist()
    parts = [
        profiled(
            whole().part(
                {doc_id for doc_id, place in zip(ids, places, strict=True) if place == part},
                [row for row, place in enumerate(records) if place == part],
            )
        )
        for part in range(5)
    ]
    expected = profiled(whole())
    shuffled = [parts[i] for i in order]
    assert merge_all(shuffled) == expected
    assert reduce(lambda done, part: merge(part, done), shuffled) == expected
    assert merge(merge(shuffled[0], shuffled[1]), merge_all(shuffled[2:])) == expected
    assert to_json(merge_all(shuffled)) == to_json(expected)


@settings(max_examples=10, deadline=None)
@given(size=st.integers(0, 30), seed=st.integers(0, 5))
def test_the_empty_profile_is_neutral_and_json_loses_nothing(size, seed):
    profile = profiled(snapshot(size, seed))
    nothing = empty(RULES, UNSAFE)
    assert merge(profile, nothing) == merge(nothing, profile) == profile == from_json(to_json(profile))


def test_the_order_of_rows_is_irrelevant():
    made = whole()
    backwards = Snapshot(**{name: _reversed(getattr(made, name)) for name in made.__slots__})
    assert profiled(backwards) == profiled(made)


def _reversed(table):
    return table.take(list(range(table.num_rows - 1, -1, -1)))
