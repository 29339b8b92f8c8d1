"""Profiles against plain counting, row by row."""

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest

from pipeline.report.algebra import KEY_LIMIT, OVERFLOW, SEPARATOR, canonical, key, merge
from pipeline.report.counts import EDGES
from pipeline.report.profile import empty, from_json, profile_split, to_json
from pipeline.report.samples import TEXT_CHARS
from schemas.rules import Rule
from tests.unit.test_report_snapshot import BAD_EN, BAD_ZH, RULES, UNSAFE, Snapshot, snapshot


def profiled(made: Snapshot, seed: int = 7, unsafe: frozenset[str] = UNSAFE):
    return profile_split(*made.tables(), RULES, seed, unsafe=unsafe)


@pytest.fixture(scope="module")
def made():
    return snapshot(400)


@pytest.fixture(scope="module")
def profile(made):
    return profiled(made)


def rows(made: Snapshot):
    return list(zip(*(t.to_pylist() for t in (made.documents, made.signals, made.decisions)), strict=True))


def test_documents_and_characters_by_language_and_verdict(made, profile):
    documents, characters = Counter(), Counter()
    for document, _, decision in rows(made):
        documents[key(document["language"], decision["verdict"])] += 1
        characters[key(document["language"], decision["verdict"])] += len(document["text"])
    assert profile.sums["languages"] == {name: (documents[name], characters[name]) for name in documents}


def test_months_are_those_of_the_fetch(made, profile):
    expected = Counter(
        key(f"{document['fetched_at']:%Y-%m}" if document["fetched_at"] else "unknown", decision["verdict"])
        for document, _, decision in rows(made)
    )
    assert {name: count for name, (count, _) in profile.sums["months"].items()} == expected


def test_the_ledger_by_stage_and_reason(made, profile):
    expected = Counter(key(row["stage"], row["reason"]) for row in made.ledger.to_pylist())
    assert {name: count for name, (count,) in profile.sums["ledger"].items()} == expected


def test_reasons_any_rule_and_only_this_rule(made, profile):
    any_rule, only, overlap = Counter(), Counter(), Counter()
    for document, _, decision in rows(made):
        failed = sorted(set(decision["reasons"]))
        for reason in failed:
            any_rule[key(reason, document["language"])] += 1
            only[key(reason, document["language"])] += len(failed) == 1
            overlap.update(key(reason, other) for other in failed if other > reason)
    assert {name: (row[0], row[2]) for name, row in profile.sums["reasons"].items()} == {
        name: (any_rule[name], only[name]) for name in any_rule
    }
    assert {name: count for name, (count,) in profile.sums["overlap"].items()} == overlap
    assert 0 < only.total() < any_rule.total()


@pytest.mark.parametrize("signal", ["perplexity", "words_count", "safety_spam_score", "page_truncated"])
def test_histograms_count_each_measured_value_once(made, profile, signal):
    expected = Counter()
    for document, measured, decision in rows(made):
        value = measured[signal]
        if value is not None:
            language = document["language"] if document["language"] in {"zh", "en"} else "other"
            place = next((i for i, edge in enumerate(EDGES) if value < edge), len(EDGES))
            expected[key(language, decision["verdict"], place)] += 1
    table = profile.sums[key("histogram", signal)]
    assert {name: count for name, (count,) in table.items()} == expected


def test_edges_rise_and_hold_the_exact_hundredths():
    assert (np.diff(EDGES) > 0).all()
    assert np.searchsorted(EDGES, 0.07, side="right") - 1 == np.flatnonzero(EDGES == 0.07)[0]


def test_signals_count_null_and_sum_only_whole_numbers(made, profile):
    emails = [m["privacy_emails_count"] for d, m, _ in rows(made) if d["language"] == "zh"]
    assert profile.sums["signals"][key("privacy_emails_count", "int", "zh")] == (
        len(emails),
        0,
        sum(value > 0 for value in emails),
        sum(emails),
    )
    unknown = sum(d["language"] not in {"zh", "en"} for d, _, _ in rows(made))
    assert profile.sums["signals"][key("perplexity", "float", "other")] == (0, unknown, 0, 0)


def test_nan_and_infinity_are_null_and_outermost_bin():
    made = snapshot(3)
    column = pa.array([float("nan"), float("inf"), float("-inf")])
    index = made.signals.schema.get_field_index("perplexity")
    odd = made.signals.set_column(index, "perplexity", column)
    profile = profile_split(made.documents, odd, made.ledger, made.decisions, made.duplicates, RULES, 7)
    measured = [row for name, row in profile.sums["signals"].items() if name.startswith("perplexity")]
    assert sum(row[0] for row in measured) == 2
    assert sum(row[1] for row in measured) == 1
    bins = {int(name.split(SEPARATOR)[2]) for name in profile.sums[key("histogram", "perplexity")]}
    assert bins == {0, len(EDGES)}


def test_clusters_are_counted_once_and_the_largest_listed(made, profile):
    sizes = {row["cluster_id"]: row["cluster_size"] for row in made.duplicates.to_pylist()}
    assert sum(clusters for clusters, _ in profile.sums["clusters"].values()) == len(sizes)
    assert sum(members for _, members in profile.sums["clusters"].values()) == sum(sizes.values())
    expected = sorted(sizes, key=lambda cluster: (-sizes[cluster], cluster))[:20]
    assert [cluster for _, cluster, _ in profile.samples["clusters"]] == expected
    assert all(value["url"] for _, _, value in profile.samples["clusters"])


def test_samples_show_value_threshold_and_the_start_of_the_text(made, profile):
    documents = {d["doc_id"]: (d, v) for d, _, v in rows(made)}
    sample = profile.samples[key("dropped", "too_few_words")]
    assert len(sample) == 10
    for _, doc_id, value in sample:
        document, decision = documents[doc_id]
        assert decision["verdict"] != "keep"
        place = decision["reasons"].index("too_few_words")
        shown = next(row for row in value["reasons"] if row["reason"] == "too_few_words")
        assert (shown["value"], shown["threshold"]) == (decision["values"][place], 50.0)
        assert value["withheld"] or value["text"] == document["text"][:TEXT_CHARS]
        assert value["characters"] == len(document["text"])
    assert len(profile.samples["kept"]) == 20


def test_no_text_of_an_unsafe_document_enters_the_profile(made, profile):
    unsafe = [d for d, _, v in rows(made) if not UNSAFE.isdisjoint(v["reasons"])]
    shown_elsewhere = [
        value
        for name, some in profile.samples.items()
        for _, _, value in some
        if name.startswith("dropped") and name.split(SEPARATOR)[1] not in UNSAFE and value["withheld"]
    ]
    assert unsafe
    assert shown_elsewhere, "an unsafe page that failed a harmless rule as well must be withheld there too"
    stored = to_json(profile).decode()
    open_profile = to_json(profiled(made, unsafe=frozenset())).decode()
    for bad in (BAD_ZH, BAD_EN):
        escaped = bad.encode("ascii", "backslashreplace").decode()
        assert escaped not in stored
        assert escaped in open_profile


def test_the_detail_of_an_unsafe_ledger_row_is_withheld(made):
    rejected = profiled(made, unsafe=frozenset({"blocked_url"}))
    sample = rejected.samples[key("ledger", "url", "blocked_url")]
    assert sample
    assert all(value["withheld"] and value["detail"] is None for _, _, value in sample)
    assert "gambling" not in to_json(rejected).decode()


def test_records_that_are_no_captures_are_counted_not_sampled(profile):
    assert profile.sums["ledger"][key("source", "not_a_capture")][0] > 0
    assert key("ledger", "source", "not_a_capture") not in profile.samples


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://News.Example.org:8443/a?b=//c", "news.example.org"),
        ("http://user:pass@example.org/", "example.org"),
        ("http://[2001:db8::1]:80/", "[2001:db8::1]"),
        ("https://例子.cn/页", "例子.cn"),
        ("not a url", ""),
        ("", ""),
        ("http://" + "a" * 100_000, "a" * 253),
    ],
)
def test_hosts(url, host):
    made = snapshot(1).with_text(0, url=url)
    assert profiled(made).samples["hosts"][0][2][0] == host


def test_rows_in_another_order_are_matched_by_id(made, profile):
    backwards = pa.array(range(made.signals.num_rows - 1, -1, -1))
    shuffled = Snapshot(
        documents=made.documents,
        signals=made.signals.take(backwards),
        ledger=made.ledger,
        decisions=made.decisions.take(backwards),
        duplicates=made.duplicates,
    )
    assert profiled(shuffled) == profile


def test_a_document_without_a_decision_is_an_error(made):
    with pytest.raises(ValueError, match="decisions: 399 rows do not match the 400 documents"):
        profile_split(made.documents, made.signals, made.ledger, made.decisions[:-1], made.duplicates, RULES, 7)


def test_profiles_of_different_rules_do_not_merge(profile):
    with pytest.raises(ValueError, match="different rules"):
        merge(profile, empty((Rule(reason="too_few_words", signal="words_count", low=40),), UNSAFE))


def test_hostile_text_and_keys():
    hostile = "a\0b\x1fc\x1ed\u202e" * 3
    made = snapshot(2).with_text(0, text=hostile * 1000, language=hostile, url=hostile, title=hostile)
    profile = profiled(made)
    assert from_json(to_json(profile)) == profile
    assert all(len(name.split(SEPARATOR)) == 2 for name in profile.sums["languages"])
    assert OVERFLOW not in profile.sums["languages"]


def test_a_table_that_grows_too_large_is_counted_as_one_row():
    few = {str(n): (1, 2) for n in range(KEY_LIMIT)}
    more = {str(n): (1, 2) for n in range(KEY_LIMIT // 2, 2 * KEY_LIMIT)}
    left, right = (canonical((), frozenset(), {"t": table}, {}) for table in (few, more))
    assert len(left.sums["t"]) == KEY_LIMIT
    total = len(few) + len(more)
    assert merge(left, right).sums["t"] == merge(right, left).sums["t"] == {OVERFLOW: (total, 2 * total)}
    assert merge(merge(left, right), left).sums["t"] == {OVERFLOW: (total + KEY_LIMIT, 2 * (total + KEY_LIMIT))}
