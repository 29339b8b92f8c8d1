"""Clusters as stars, against a greedy rule written plainly."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dedup import stars
from pipeline.dedup.arrays import EDGE
from pipeline.dedup.components import roots
from pipeline.dedup.stars import (
    BrokenComponentsError,
    TooManyEdgesError,
    cut_into_stars,
    greedy_stars,
    half_edges,
    rooted,
    whole_edges,
)

EDGES = st.sets(st.tuples(st.integers(0, 14), st.integers(0, 14)).filter(lambda e: e[0] < e[1]), max_size=40)


def plain_stars(nodes, edges, rank):
    centre, free = list(range(nodes)), set(range(nodes))
    around = {node: {b if a == node else a for a, b in edges if node in (a, b)} for node in free}
    while True:
        best = max(free, key=lambda node: (len(around[node] & free), rank[node]), default=None)
        if best is None or not around[best] & free:
            return centre
        for node in around[best] & free:
            centre[node] = best
        free -= around[best] | {best}


@given(EDGES, st.permutations(range(15)))
@settings(derandomize=True, max_examples=500, deadline=None)
def test_rounds_give_what_one_at_a_time_gives(edges, rank):
    u, v = (np.array([edge[i] for edge in sorted(edges)], np.int64) for i in (0, 1))
    assert greedy_stars(15, u, v, np.array(rank)).tolist() == plain_stars(15, edges, rank)


def halves_of(rows):
    """Halves with the roots of their components."""
    edges = np.zeros(len(rows), EDGE)
    for index, row in enumerate(rows):
        edges[index] = row
    halves = half_edges(edges)
    nodes, root = roots(edges["a"], edges["b"])
    halves["root"] = root[np.searchsorted(nodes, halves["place"])]
    return halves


def stars_of(rows, names, max_texts=1000):
    """Names of the members of each star, and what was found."""
    halves = halves_of(rows)
    places = np.unique(halves["place"])
    ids = np.array([names[place].rjust(32, "0") for place in places.tolist()], "S32")
    found = cut_into_stars(places, ids, halves, max_texts)
    groups = {}
    for index, place in enumerate(places.tolist()):
        if found.similarity[index] > 0:
            groups.setdefault(int(found.centre[index]), set()).add(names[place])
    return {frozenset(group) for group in groups.values()}, found


NAMES = dict(enumerate("abcdefghijklmnopqrstuvwxyz"))


def test_a_chain_is_cut_into_stars():
    made, found = stars_of([(n, n + 1, 0.85, 0) for n in range(6)], NAMES)
    assert found.components == 1
    assert found.cut == 1
    assert found.largest_component == 7
    assert sorted(map(len, made)) in ([2, 2, 3], [3, 3])
    assert all(ord(max(group)) - ord(min(group)) < 3 for group in made)


def test_copies_belong_to_their_texts_star_and_do_not_count_as_neighbours():
    rows = [(0, 1, 1.0, 1), (0, 2, 1.0, 1), (0, 3, 0.9, 0), (3, 4, 0.85, 0), (3, 5, 0.85, 0)]
    made, found = stars_of(rows, NAMES)
    assert made == {frozenset("abcdef")}
    assert found.cut == 0
    assert found.similarity.tolist() == pytest.approx([1.0, 1.0, 1.0, 0.9, 0.85, 0.85])
    assert found.exact.tolist() == [1, 1, 1, 0, 0, 0]


def test_a_text_that_lost_its_star_is_alone():
    made, found = stars_of([(0, 1, 0.8, 0), (0, 2, 0.8, 0), (0, 3, 0.8, 0), (3, 4, 0.8, 0)], NAMES)
    assert made == {frozenset("abcd")}
    assert found.similarity[4] == 0


@given(EDGES, st.permutations(range(15)), st.permutations(range(15)), st.sampled_from([2, 4, 1000]))
@settings(derandomize=True, max_examples=300, deadline=None)
def test_stars_depend_on_ids_and_edges_alone(edges, places, others, max_texts):
    """The same graph with its documents in other places, hence with other roots and another order."""
    names = {node: f"{node * 2654435761 % 2**32:08x}" for node in range(15)}
    made = []
    for where in (places, others):
        rows = []
        for a, b in edges:
            similarity, exact = (1.0, 1) if (a + b) % 5 == 0 else (0.8 + (a * b % 20) / 100, 0)
            rows.append((min(where[a], where[b]), max(where[a], where[b]), similarity, exact))
        groups, found = stars_of(rows, {where[node]: name for node, name in names.items()}, max_texts)
        made.append((groups, found.guarded, found.cut))
    assert made[0] == made[1]


@given(st.lists(st.frozensets(st.integers(0, 25), min_size=8), min_size=2, max_size=14, unique=True))
@settings(derandomize=True, max_examples=300, deadline=None)
def test_no_cluster_has_a_pair_below_twice_the_threshold_less_one(sets):
    threshold = 0.6
    rows = []
    for a in range(len(sets)):
        for b in range(a + 1, len(sets)):
            alike = len(sets[a] & sets[b]) / len(sets[a] | sets[b])
            if alike >= threshold:
                rows.append((a, b, alike, 0))
    if not rows:
        return
    made, _ = stars_of(rows, NAMES)
    number = {name: index for index, name in NAMES.items()}
    for group in made:
        members = [sets[number[name]] for name in group]
        worst = min(len(x & y) / len(x | y) for x in members for y in members)
        assert worst >= 2 * threshold - 1 - 1e-9


def test_a_template_does_not_swallow_a_site():
    """Two hundred pages around one frame, .85 alike, five of them real copies: only these stay together."""
    site = {n: f"{n:04d}" for n in range(200)}
    rows = [(0, n, 0.85, 0) for n in range(1, 200)]
    rows += [(a, b, 0.97, 0) for a in range(10, 15) for b in range(a + 1, 15)]
    made, found = stars_of(rows, site, max_texts=100)
    assert made == {frozenset(f"{n:04d}" for n in range(10, 15))}
    assert found.guarded == (("0" * 32, 200),)
    assert stars_of(rows, site, max_texts=200)[0] == {frozenset(site.values())}


def test_a_broken_component_is_loud():
    halves = halves_of([(1, 2, 0.9, 0), (2, 3, 0.9, 0)])
    assert len(whole_edges(halves)) == 2
    for broken in (halves[1:], np.concatenate([halves, halves[:1]])):
        with pytest.raises(BrokenComponentsError):
            whole_edges(broken)
    other = halves.copy()
    other["root"][0] = 99
    with pytest.raises(BrokenComponentsError, match="two components"):
        whole_edges(other)
    with pytest.raises(BrokenComponentsError, match="no component"):
        rooted(halves, np.zeros(0, [("place", "<u8"), ("root", "<u8")]))


def test_more_edges_than_fit_one_worker_are_refused(monkeypatch):
    monkeypatch.setattr(stars, "MAX_PARTITION_EDGES", 1)
    with pytest.raises(TooManyEdgesError, match="2 verified pairs"):
        whole_edges(halves_of([(1, 2, 0.9, 0), (2, 3, 0.9, 0)]))


def test_no_documents_at_all():
    found = cut_into_stars(np.empty(0, np.uint64), np.empty(0, "S32"), halves_of([])[:0], 5)
    assert (found.components, found.cut, len(found.centre)) == (0, 0, 0)


def standing(rows, released=(), withdrawn=()):
    """The stars where some documents are of earlier snapshots."""
    halves = halves_of(rows)
    places = np.unique(halves["place"])
    ids = np.array([NAMES[place].rjust(32, "0") for place in places.tolist()], "S32")
    found = cut_into_stars(
        places, ids, halves, 1000, released=np.isin(places, released), withdrawn=np.isin(places, withdrawn)
    )
    alone = {NAMES[place] for place, like in zip(places.tolist(), found.similarity, strict=True) if not like}
    return {NAMES[place]: NAMES[places[c]] for place, c in zip(places.tolist(), found.centre, strict=True)}, alone


def test_what_resembles_a_released_text_is_its_star_whatever_else_it_resembles():
    hub = [(1, n, 0.95, 0) for n in (2, 3, 4)]
    centre, alone = standing([(0, 1, 0.81, 0), *hub], released=[0])
    assert centre["b"] == "a"  # not the hub that it is without a released neighbour
    assert alone == {"c", "d", "e"}
    assert standing([(0, 1, 0.81, 0), *hub])[0]["a"] == "b"


def test_of_two_released_texts_the_more_similar_one_is_the_centre():
    centre, _ = standing([(0, 1, 0.85, 0), (1, 2, 0.9, 0)], released=[0, 2])
    assert centre == {"a": "a", "b": "c", "c": "c"}


def test_a_withdrawn_text_joins_nothing_unless_a_copy_of_it_stands():
    near = [(0, 1, 0.9, 0), (0, 2, 0.9, 0)]
    assert standing(near, withdrawn=[0])[1] == {"a", "b", "c"}
    centre, alone = standing([*near, (0, 3, 1.0, 1)], released=[3], withdrawn=[0])
    assert alone == set()
    assert centre["b"] == centre["c"]
