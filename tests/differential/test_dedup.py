"""Deduplication's array steps against brute force and scipy-free references."""

from collections import defaultdict
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dedup.arrays import BAND, KINDS, gather, hash_ranges, place, row_of, scatter, split_of
from pipeline.dedup.candidates import PIVOTS, bands_of_split, candidate_pairs, hot_buckets
from pipeline.dedup.clusters import CANDIDATE, choose, edges_of
from pipeline.dedup.components import ForestTooLargeError, forest, roots
from pipeline.dedup.verify import PAIRS

RECORDS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 9)), max_size=40)


def band_records(rows):
    records = np.zeros(len(rows), BAND)
    records["hash"] = [row[0] for row in rows]
    records["digest"] = [row[1] for row in rows]
    records["place"] = range(len(rows))
    return records


def reference_components(edges):
    parent = {}

    def find(node):
        while parent.setdefault(node, node) != node:
            node = parent[node]
        return node

    for a, b in edges:
        parent[find(a)] = find(b)
    groups = defaultdict(set)
    for node in list(parent):
        groups[find(node)].add(node)
    return {frozenset(group) for group in groups.values()}


@given(RECORDS)
@settings(derandomize=True, max_examples=300)
def test_pairs_connect_exactly_the_documents_that_share_a_band(rows):
    pairs = candidate_pairs(band_records(rows), max_bucket=100).pairs
    shared = [(i, j) for i, j in combinations(range(len(rows)), 2) if rows[i][0] == rows[j][0]]
    assert reference_components(pairs[["a", "b"]].tolist()) == reference_components(shared)
    assert all(a < b for a, b in pairs[["a", "b"]].tolist())
    assert len(set(pairs[["a", "b"]].tolist())) == len(pairs)
    for a, b, exact in pairs.tolist():
        assert bool(exact) == (rows[a][1] == rows[b][1])


@given(RECORDS, st.randoms(use_true_random=False))
@settings(derandomize=True, max_examples=100)
def test_pairs_do_not_depend_on_the_order_of_records(rows, random):
    records = band_records(rows)
    shuffled = records[random.sample(range(len(rows)), len(rows))]
    assert np.array_equal(candidate_pairs(records, 3).pairs, candidate_pairs(shuffled, 3).pairs)


def test_distinct_texts_of_a_bucket_are_compared_all_with_all():
    pairs = candidate_pairs(band_records([(1, digest) for digest in range(6)]), max_bucket=6).pairs
    assert len(pairs) == 15


def test_a_hot_bucket_costs_linear_pairs_and_is_reported():
    found = candidate_pairs(band_records([(1, digest) for digest in range(1000)]), max_bucket=64)
    pivots = sum(1000 - pivot - 2 for pivot in range(PIVOTS))
    assert (len(found.pairs), len(found.hot), found.largest_bucket) == (999 + pivots, 1, 1000)
    named = hot_buckets(found.hot, [f"{place:032x}" for place in found.hot["samples"].ravel().tolist()])
    assert named.to_pylist() == [
        {
            "bucket": f"{1:016x}",
            "texts": 1000,
            "documents": 1000,
            "compared": len(found.pairs),
            "samples": [f"{place:032x}" for place in range(3)],
        }
    ]


@pytest.mark.parametrize("texts", [3, 4, 5, 6, 7])
def test_small_buckets_that_are_cut_lose_pairs_only_beyond_the_pivots(texts):
    found = candidate_pairs(band_records([(1, digest) for digest in range(texts)]), max_bucket=2)
    everything = set(combinations(range(texts), 2))
    missing = everything - set(found.pairs[["a", "b"]].tolist())
    assert missing == {(a, b) for a, b in everything if a >= PIVOTS and b > a + 1}


def test_hot_buckets_come_largest_first_and_copies_count_as_documents():
    rows = [(1, digest) for digest in range(4)] + [(2, digest) for digest in range(6)] + [(2, 0)] * 3
    found = candidate_pairs(band_records(rows), max_bucket=3)
    assert found.hot[["hash", "texts", "documents"]].tolist() == [(2, 6, 9), (1, 4, 4)]


def test_a_million_copies_of_one_text_are_a_star():
    records = np.zeros(1_000_000, BAND)
    records["place"] = np.arange(len(records))
    found = candidate_pairs(records, max_bucket=64)
    assert len(found.pairs) == len(records) - 1
    assert len(found.hot) == 0
    assert found.pairs["exact"].all()


def test_documents_without_shingles_have_no_bands():
    bands = [np.arange(3, dtype="<u8").tobytes()] * 2
    records = bands_of_split(7, ["0" * 32, "1" * 32], [b"0123456789abcdef"] * 2, bands, np.array([0, 4]))
    assert set(split_of(records["place"]).tolist()) == {7}
    assert row_of(records["place"]).tolist() == [0, 1, 1, 1, 1, 1]  # both ids; three LSH bands and the exact one


def test_a_record_in_two_files_meets_itself_whatever_its_text():
    bands = [np.array([n, n + 1], "<u8").tobytes() for n in (10, 20)]
    records = [bands_of_split(n, ["ab" * 16], [bytes([n] * 16)], [bands[n]], np.array([n * 4])) for n in (0, 1)]
    pairs = candidate_pairs(np.concatenate(records), 64).pairs
    assert pairs.tolist() == [(0, 1 << 32, 1)]


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=60), st.integers(1, 5))
@settings(derandomize=True, max_examples=300)
def test_forests_merged_in_parts_give_the_components(pairs, parts):
    a, b = (np.array([pair[i] for pair in pairs], np.uint64) for i in (0, 1))
    contracted = [forest(a[part::parts], b[part::parts]) for part in range(parts)]
    merged = [np.concatenate([part[i] for part in contracted]) for i in (0, 1)]
    nodes, root = roots(*merged)
    groups = defaultdict(set)
    for node, name in zip(nodes.tolist(), root.tolist(), strict=True):
        groups[name].add(node)
    assert {frozenset(group) for group in groups.values() if len(group) > 1} == {
        group for group in reference_components(pairs) if len(group) > 1
    }
    assert all(name == min(group) for name, group in groups.items())


def test_a_graph_beyond_the_memory_limit_is_refused(monkeypatch):
    monkeypatch.setattr("pipeline.dedup.components.MAX_FOREST_EDGES", 2)
    with pytest.raises(ForestTooLargeError, match="3 duplicate pairs"):
        roots(np.arange(3, dtype=np.uint64), np.arange(1, 4, dtype=np.uint64))


@given(st.lists(st.integers(0, (1 << 64) - 1), max_size=50), st.integers(1, 9))
@settings(derandomize=True, max_examples=100)
def test_scatter_and_gather_lose_nothing(hashes, partitions):
    records = np.zeros(len(hashes), BAND)
    records["hash"] = np.array(hashes, np.uint64)
    targets = hash_ranges(records["hash"], partitions)
    assert ((targets >= 0) & (targets < partitions)).all()
    messages = dict(scatter(records, targets))
    back = gather(list(messages.values()), BAND)
    assert sorted(back["hash"].tolist()) == sorted(hashes)
    for target, message in messages.items():
        assert (hash_ranges(gather([message], BAND)["hash"], partitions) == target).all()


def test_stored_pairs_become_edges_with_their_kind():
    import pyarrow as pa

    rows = [
        ("aa", "p", 0, "bb", "q", 1, 0.8, 0.9, False),
        ("aa", "p", 0, "cc", "q", 2, 1.0, 1.0, True),
        ("aa", "p", 0, "aa", "q", 3, 1.0, 1.0, True),
        ("bb", "q", 1, "dd", "p", 5, 0.79, 0.95, False),
    ]
    pairs = pa.Table.from_pylist([dict(zip(PAIRS.names, (*row, False), strict=True)) for row in rows], schema=PAIRS)
    edges = edges_of(pairs, {"p": 0, "q": 1}, threshold=0.8)
    assert [KINDS[kind] for kind in edges["exact"]] == ["near", "exact", "same_record"]
    assert edges["b"].tolist() == [(1 << 32) + row for row in (1, 2, 3)]
    assert len(edges_of(pairs, {"p": 0, "q": 1}, threshold=0.8, containment=0.95)) == 4
    assert len(edges_of(pairs, {"p": 0, "q": 1}, threshold=0.8, containment=0.96)) == 3


def candidates(rows):
    made = np.zeros(len(rows), CANDIDATE)
    for index, (root, doc_id, rank, score, location) in enumerate(rows):
        made[index]["root"], made[index]["place"], made[index]["doc_id"] = root, place(0, np.array([index]))[0], doc_id
        made[index]["rank"], made[index]["location"] = rank, location
        made[index]["score"][: len(score)] = score
    return made


@pytest.mark.parametrize(
    ("rows", "chosen"),
    [
        ([(1, b"a", 0, [9.0], 0), (1, b"b", 2, [1.0], 0)], 1),  # a passing member wins over a better one that fails
        ([(1, b"a", 2, [1.0], 0), (1, b"b", 2, [2.0], 0)], 1),  # then the recipe's order
        ([(1, b"a", 2, [1.0, 5.0], 0), (1, b"b", 2, [1.0, 6.0], 0)], 1),
        ([(1, b"b", 2, [1.0], 0), (1, b"a", 2, [1.0], 0)], 1),  # then the smallest id
        ([(1, b"a", 2, [1.0], 9), (1, b"a", 2, [1.0], 3)], 1),  # one record in two files: by location
        ([(1, b"a", 2, [-np.inf], 0), (1, b"b", 2, [0.0], 0)], 1),  # an unknown value loses
        ([(1, b"b", 1, [1.0], 0), (1, b"a", 0, [1.0], 0)], 0),
    ],
)
def test_the_representative(rows, chosen):
    for order in (rows, rows[::-1]):
        picked = [c for c in choose(candidates(order)) if c["chosen"]]
        assert [(p["representative"], int(row_of(picked[0]["place"][None])[0])) for p in picked] == [
            (rows[chosen][1], order.index(rows[chosen]))
        ]


def test_every_cluster_gets_one_representative_its_size_and_its_smallest_id():
    rows = [
        (1, b"c", 2, [1.0], 0),
        (1, b"a", 0, [1.0], 0),
        (5, b"z", 2, [1.0], 0),
        (5, b"y", 2, [2.0], 0),
        (5, b"x", 2, [0.0], 0),
    ]
    made = choose(candidates(rows))
    assert {(c["cluster_id"], c["representative"], int(c["size"])) for c in made} == {(b"a", b"c", 2), (b"x", b"y", 3)}
    assert sum(int(c["chosen"]) for c in made) == 2
