"""Rules against signals: every failure is recorded, null never fails, languages and scripts limit a rule."""

import pyarrow as pa
import pytest

from pipeline.decide import Membership, decisions, failures
from schemas.rules import Rule


def tables(rows):
    documents = pa.table({"language": [r[0] for r in rows], "script": [r[1] for r in rows]})
    signals = pa.table(
        {
            "doc_id": [str(i) for i in range(len(rows))],
            "chars": pa.array([r[2] for r in rows], pa.int64()),
            "flag": pa.array([r[3] for r in rows], pa.bool_()),
        }
    )
    return documents, signals


ROWS = [("zh", "Hans", 10, True), ("zh", "Hant", 200, False), ("en", "Latn", None, None), ("en", "Latn", 50, False)]


def failed(*rules):
    return failures(*tables(ROWS), rules)


@pytest.mark.parametrize(
    ("rule", "rows"),
    [
        (Rule(reason="few", signal="chars", low=50), [0]),  # 50 itself passes
        (Rule(reason="many", signal="chars", high=50), [1]),
        (Rule(reason="between", signal="chars", low=20, high=100), [0, 1]),
        (Rule(reason="few", signal="chars", low=500, languages=("en",)), [3]),
        (Rule(reason="few", signal="chars", low=500, languages=("zh-Hant",)), [1]),
        (Rule(reason="few", signal="chars", low=500, languages=("zh-Hant", "en")), [1, 3]),
        (Rule(reason="flagged", signal="flag", high=0), [0]),
    ],
)
def test_which_rows_a_rule_fails(rule, rows):
    assert failed(rule).matrix[0].nonzero()[0].tolist() == rows


def test_a_rule_on_an_unknown_signal_is_an_error():
    with pytest.raises(KeyError):
        failed(Rule(reason="x", signal="nothing", low=1))


def test_all_failed_rules_are_recorded_with_value_and_threshold():
    rules = (
        Rule(reason="few", signal="chars", low=50),
        Rule(reason="flagged", signal="flag", high=0),
        Rule(reason="fine", signal="chars", high=1000),
    )
    table, _ = decisions(["a", "b", "c", "d"], failed(*rules), {}, drop_duplicates=True)
    first = table.to_pylist()[0]
    assert first == {
        "doc_id": "a",
        "verdict": "drop",
        "reasons": ["few", "flagged"],
        "values": [10.0, 1.0],
        "thresholds": [50.0, 0.0],
        "representative": None,
        "representative_snapshot": None,
    }
    assert table["verdict"].to_pylist() == ["drop", "keep", "keep", "keep"]


def test_a_quarantine_rule_holds_and_a_dropping_rule_wins():
    hold = Rule(reason="review", signal="chars", low=100, verdict="quarantine")
    table, _ = decisions(
        list("abcd"), failed(hold, Rule(reason="few", signal="chars", low=20)), {}, drop_duplicates=True
    )
    assert table["verdict"].to_pylist() == ["drop", "keep", "keep", "quarantine"]
    assert failed(hold, Rule(reason="few", signal="chars", low=20)).ranks().tolist() == [0, 2, 2, 1]


def member(chosen, kind="near"):
    return Membership(cluster_id="a", representative="a", chosen=chosen, size=2, similarity=0.9, kind=kind)


def test_one_record_in_two_files_is_kept_once_even_where_copies_are_kept():
    table, _ = decisions(
        list("aacd"), failed(), {0: member(True, "same_record"), 1: member(False, "same_record")}, drop_duplicates=False
    )
    assert table["verdict"].to_pylist() == ["keep", "drop", "keep", "keep"]


@pytest.mark.parametrize("drop", [True, False])
def test_a_copy_is_dropped_and_names_its_representative(drop):
    table, duplicates = decisions(list("abcd"), failed(), {0: member(True), 1: member(False)}, drop_duplicates=drop)
    assert table["verdict"].to_pylist() == ["keep", "drop" if drop else "keep", "keep", "keep"]
    assert table["representative"].to_pylist() == [None, "a" if drop else None, None, None]
    assert duplicates["doc_id"].to_pylist() == ["a", "b"]
    assert duplicates["kind"].to_pylist() == ["near", "near"]


def test_a_superseded_capture_is_dropped_and_names_the_newer_one_unless_a_duplicate_names_its_representative():
    table, _ = decisions(list("abcd"), failed(), {1: member(False)}, {0: "z", 1: "z"}, drop_duplicates=True)
    rows = table.to_pylist()
    assert [row["reasons"] for row in rows] == [["superseded"], ["superseded", "duplicate"], [], []]
    assert [row["representative"] for row in rows] == ["z", "a", None, None]
    assert [row["verdict"] for row in rows] == ["drop", "drop", "keep", "keep"]
