"""Rates, ranks and checks, against figures worked out by hand."""

import pyarrow as pa
import pytest

from pipeline.report import summary
from pipeline.report.algebra import HOST_SAMPLES, OVERFLOW, Profile, canonical, key
from pipeline.report.profile import empty, profile_split
from pipeline.report.summary import checks, language_groups, summarise
from schemas.rules import Rule
from tests.unit.test_report_snapshot import RULES, UNSAFE, snapshot


def made(sums=None, samples=None, rules=()) -> Profile:
    return canonical(tuple(rules), frozenset(), sums or {}, samples or {})


VERDICTS = {"verdicts": {"keep": (6, 600), "drop": (3, 200), "quarantine": (1, 200)}}
LEDGER = {
    "ledger": {key("source", "not_a_capture"): (20,), key("http", "bad_status"): (5,), key("url", "blocked_url"): (5,)}
}


def test_totals_and_rates():
    totals = summarise(made({**VERDICTS, **LEDGER}))["totals"]
    assert totals == {
        "records": 40,
        "not_captures": 20,
        "captures": 20,
        "rejected": 30,
        "documents": 10,
        "kept": 6,
        "dropped": 3,
        "quarantined": 1,
        "characters": 1000,
        "kept_characters": 600,
        "documents_per_capture": 0.5,
        "kept_per_document": 0.6,
        "kept_per_capture": 0.3,
        "kept_per_character": 0.6,
    }


def test_an_empty_snapshot_has_no_rates():
    found = summarise(empty(RULES, UNSAFE))
    assert found["totals"]["documents"] == 0
    assert found["totals"]["kept_per_document"] is None
    assert [row["any"] for row in found["reasons"]] == [0] * len({rule.reason for rule in RULES})


@pytest.mark.parametrize(
    ("manifest", "dataset", "holds"),
    [
        ({}, None, [None, True]),
        ({"counts": {"records": 40, "documents": 10}}, None, [True, True]),
        ({"counts": {"read": {"records": 40, "documents": 10}}}, None, [True, True]),
        ({"counts": {"records": 41, "documents": 11}}, None, [False, False]),
        (
            {},
            {"documents": 6, "tokens": 9, "counts": {}, "shards": [{"tokens": 4}, {"tokens": 5}]},
            [None, True, True, True],
        ),
        (
            {},
            {"documents": 5, "tokens": 9, "counts": {"language": {"zh": {"tokens": 8}}}, "shards": []},
            [None, True, False, False, False],
        ),
    ],
)
def test_the_sums_that_must_hold(manifest, dataset, holds):
    totals = summarise(made({**VERDICTS, **LEDGER}))["totals"]
    assert [row["holds"] for row in checks(totals, manifest, dataset)] == holds


def test_reasons_are_ranked_and_know_their_rules():
    rules = [Rule(reason="short", signal="words", low=50), Rule(reason="never", signal="words", high=9)]
    sums = {
        **VERDICTS,
        "reasons": {
            key("short", "zh"): (2, 20, 1, 10),
            key("short", "fr"): (1, 5, 0, 0),
            key("long", "en"): (4, 4, 4, 4),
        },
    }
    rows = summarise(made(sums, rules=rules))["reasons"]
    assert [(row["reason"], row["any"], row["only"]) for row in rows] == [
        ("long", 4, 4),
        ("short", 3, 1),
        ("never", 0, 0),
    ]
    assert rows[1]["groups"] == {"zh": 2, "en": 0, "other": 1}
    assert rows[1]["per_document"] == 0.3
    assert [rule["low"] for rule in rows[1]["rules"]] == [50]


def test_overlap_is_symmetric_and_holds_the_reason_itself_on_the_diagonal():
    sums = {"reasons": {key("a", "zh"): (5, 0, 0, 0), key("b", "zh"): (4, 0, 0, 0)}, "overlap": {key("a", "b"): (3,)}}
    assert summarise(made(sums))["overlap"] == {"reasons": ["a", "b"], "documents": [[5, 3], [3, 4]]}


def test_hosts_are_exact_for_a_small_snapshot_and_scaled_for_a_large_one():
    rows = tuple(
        (f"{n:016x}", f"{n:032x}", ["a.org" if n % 4 else "b.org", 10, "keep" if n % 2 else "drop"]) for n in range(8)
    )
    exact = summarise(made({"verdicts": {"keep": (4, 40), "drop": (4, 40)}}, {"hosts": rows}))["hosts"]
    assert exact["exact"]
    assert [(row["host"], row["documents"], row["kept_per_document"]) for row in exact["by_documents"]] == [
        ("a.org", 6, 4 / 6),
        ("b.org", 2, 0.0),
    ]
    scaled = summarise(made({"verdicts": {"keep": (8_000, 40)}}, {"hosts": rows}))["hosts"]
    assert not scaled["exact"]
    assert [row["documents"] for row in scaled["by_documents"]] == [6_000, 2_000]
    assert HOST_SAMPLES > 8


def test_whole_numbers_lose_the_bins_that_hold_none():
    profile = profile_split(*snapshot(200).tables(), RULES, 1, unsafe=UNSAFE)
    signals = {row["name"]: row for row in summarise(profile)["signals"]}
    emails = [bar for bars in signals["privacy_emails_count"]["bars"].values() for bar in bars]
    assert {(bar["low"], bar["high"]) for bar in emails} <= {(0, 1), (1, 2), (2, 3), (8, 10)}
    assert {(bar["low"], bar["high"]) for bar in emails} >= {(0, 1), (1, 2)}
    total = sum(bar[verdict] for bar in emails for verdict in ("keep", "drop", "quarantine"))
    assert total == 200


def test_quantiles_lie_within_a_bin_of_the_true_ones():
    profile = profile_split(*snapshot(400).tables(), RULES, 1, unsafe=UNSAFE)
    made_ = snapshot(400)
    scores = sorted(
        s["language_score"]
        for s, d in zip(made_.signals.to_pylist(), made_.documents.to_pylist(), strict=True)
        if d["language"] == "zh"
    )
    row = next(row for row in summarise(profile)["signals"] if row["name"] == "language_score")
    for wanted, found in zip(summary.QUANTILES, row["groups"]["zh"]["quantiles"], strict=True):
        assert found == pytest.approx(scores[int(wanted * len(scores))], abs=0.011)


def test_a_table_that_overflowed_is_named_so():
    rows = summarise(made({"languages": {OVERFLOW: (5, 50)}}))["languages"]
    assert [(row["value"], row["documents"]) for row in rows] == [("(too many different values)", 5)]


@pytest.mark.parametrize(
    ("languages", "groups"),
    [((), {"zh", "en", "other"}), (("zh-Hant",), {"zh"}), (("en", "fr"), {"en", "other"}), (("ja",), {"other"})],
)
def test_the_language_groups_of_a_rule(languages, groups):
    assert language_groups(languages) == groups


def test_quantiles_of_whole_numbers_are_whole():
    places = {key("zh", "keep", 191): (90,), key("zh", "drop", 292): (6,), key("zh", "drop", 296): (4,)}  # 0, 1, 2
    sums = {"signals": {key("n", "int", "zh"): (100, 0, 10, 14)}, key("histogram", "n"): places}
    assert summarise(made(sums))["signals"][0]["groups"]["zh"]["quantiles"] == [0, 0, 1]


def test_shares_of_exactly_nothing_and_everything_are_told_from_their_neighbours():
    made_ = snapshot(20)
    column = pa.array([0.0] * 8 + [1.0] * 12)
    place = made_.signals.schema.get_field_index("lines_duplicate_ratio")
    exact = made_.signals.set_column(place, "lines_duplicate_ratio", column)
    profile = profile_split(made_.documents, exact, made_.ledger, made_.decisions, made_.duplicates, RULES, 1)
    row = next(row for row in summarise(profile)["signals"] if row["name"] == "lines_duplicate_ratio")
    assert {value for group in row["groups"].values() for value in group["quantiles"]} == {0, 1}
