"""Clusters from components: chains are cut into stars, so that every member of a cluster is verified against its centre.

A connected component says only that its members hang together by some chain; marin's held 743,779 documents. Here each
component is cut by the greedy rule: the text with most verified neighbours that are still free is a centre, they are its
star, and the rest goes on. Jaccard distance is a metric, so two members of a star whose edges are at least t are at
least 2 t - 1 alike: .6 at the default .8, without another comparison. Equal texts (exact edges) are one text throughout.

Ties are broken by doc_id, so the result depends on the edges alone. A star of more than `max_texts` texts is taken for a
template until its members prove otherwise: it is cut again, by edges of at least `GUARD_SIMILARITY` only, and reported.
Linear in the edges for each round; rounds were 2 to 6 on real graphs. All edges of a component meet on one worker:
`MAX_PARTITION_EDGES` refuses more, loudly.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.dedup.components import component_labels

# An edge as one of its ends sees it; `root` is that of the end's component, so both halves of an edge must agree.
HALF = np.dtype([("root", "<u8"), ("place", "<u8"), ("other", "<u8"), ("similarity", "<f4"), ("exact", "u1")])

GUARD_SIMILARITY = 0.95
MAX_PARTITION_EDGES = 50_000_000  # 29 bytes a half edge, some 300 bytes an edge at work: 15 GB


class BrokenComponentsError(Exception):
    """A verified edge does not lie inside one component: a fault of the pipeline, never of its input."""


class TooManyEdgesError(Exception):
    """The edges of one partition's components do not fit one worker."""


@dataclass(frozen=True, slots=True)
class Stars:
    """The star of each document. Shapes (documents,), in the order of the documents that were given.

    `centre` is the index of a document of the star's central text; `similarity` and `exact` are of the document's
    best edge inside its star, 0 where it has none: such a document is alone. `guarded` lists a doc_id and the number of
    texts of each star that was cut again; `components` and `cut` count components, and those that became more than one star.
    """

    centre: NDArray[np.int64]
    similarity: NDArray[np.float32]
    exact: NDArray[np.uint8]
    guarded: tuple[tuple[str, int], ...]
    components: int
    largest_component: int
    cut: int


def half_edges(edges: NDArray[np.void]) -> NDArray[np.void]:
    """Both halves of every edge (dtype EDGE), dtype HALF, roots not yet known."""
    halves = np.zeros(2 * len(edges), HALF)
    halves["place"] = np.concatenate([edges["a"], edges["b"]])
    halves["other"] = np.concatenate([edges["b"], edges["a"]])
    for name in ("similarity", "exact"):
        halves[name] = np.tile(edges[name], 2)
    return halves


def rooted(halves: NDArray[np.void], members: NDArray[np.void]) -> NDArray[np.void]:
    """The halves of one split with the roots of its members (dtype MEMBER, sorted by place).

    Raises:
        BrokenComponentsError: a document has edges, but is in no component.

    """
    known = halves.copy()
    known["root"] = members["root"][_found(members["place"], halves["place"])]
    return known


def whole_edges(halves: NDArray[np.void]) -> NDArray[np.void]:
    """Each edge once, place < other, sorted, after checking that both of its halves came, with one root.

    Raises:
        BrokenComponentsError: an edge joins two components, or half of it is missing.
        TooManyEdgesError: more than MAX_PARTITION_EDGES.

    """
    if len(halves) > 2 * MAX_PARTITION_EDGES:
        raise TooManyEdgesError(
            f"{len(halves) // 2} verified pairs in one partition of clusters; at most {MAX_PARTITION_EDGES} fit one worker: "
            "raise duplicates.threshold, or lower duplicates.max_bucket"
        )
    forward = halves[halves["place"] < halves["other"]]
    backward = halves[halves["place"] > halves["other"]]
    forward = forward[np.lexsort((forward["other"], forward["place"]))]
    backward = backward[np.lexsort((backward["place"], backward["other"]))]
    if (
        len(forward) != len(backward)
        or (forward["place"] != backward["other"]).any()
        or (forward["other"] != backward["place"]).any()
        or (forward["root"] != backward["root"]).any()
    ):
        raise BrokenComponentsError(
            "a verified pair of duplicates lies in two components: the run's clusters are wrong"
        )
    return forward


def cut_into_stars(
    places: NDArray[np.uint64],
    doc_ids: NDArray[np.bytes_],
    halves: NDArray[np.void],
    max_texts: int,
    *,
    released: NDArray[np.bool_] | None = None,
    withdrawn: NDArray[np.bool_] | None = None,
) -> Stars:
    """The stars of all components of one partition.

    Args:
        places: of all their documents, unique, in any order.
        doc_ids: of the documents, dtype S32.
        halves: dtype HALF, all halves of their edges, in any order.
        max_texts: distinct texts of a star above which it is guarded.
        released: documents of earlier snapshots that these keep: their texts are centres before all others.
        withdrawn: those that these do not keep: a text that only they hold is nobody's neighbour.

    """
    edges = whole_edges(halves)
    order = np.argsort(places)
    left, right = (order[_found(places[order], edges[side])] for side in ("place", "other"))
    rank = _ranks(doc_ids)
    count = len(places)
    same = edges["exact"] > 0
    text = component_labels(left[same], right[same], count)
    texts = int(text.max(initial=-1)) + 1
    text_rank = np.zeros(texts, np.int64)
    np.maximum.at(text_rank, text, rank)
    u, v = text[left[~same]], text[right[~same]]
    u, v, alike = _unique_edges(u, v, edges["similarity"][~same])
    fixed, present = np.zeros(texts, bool), np.zeros(texts, bool)
    fixed[text[_mask(released, count)]] = True
    present[text[~_mask(withdrawn, count)]] = True
    both = present[u] & present[v]
    u, v, alike = u[both], v[both], alike[both]
    centre = _stars(u, v, alike, text_rank, fixed)
    sizes = np.bincount(centre, minlength=texts)
    guarded = np.flatnonzero(sizes > max_texts)
    if len(guarded):
        suspect = np.isin(centre, guarded)
        close = suspect[u] & (centre[u] == centre[v]) & (alike >= np.float32(GUARD_SIMILARITY))
        again = _stars(u[close], v[close], alike[close], text_rank, fixed)
        centre = np.where(suspect, again, centre)
    star = centre[text]
    inside = star[left] == star[right]
    similarity, exact = np.zeros(count, np.float32), np.zeros(count, np.uint8)
    for side in (left, right):
        np.maximum.at(similarity, side[inside], edges["similarity"][inside])
        np.maximum.at(exact, side[inside], edges["exact"][inside])
    document = np.argsort(rank)[text_rank]  # of each text, its document of the highest rank
    whole = component_labels(left, right, count)
    members = np.bincount(whole) if count else np.empty(0, np.int64)
    stars_of = np.bincount(np.unique(np.stack([whole, star]), axis=1)[0]) if count else np.empty(0, np.int64)
    return Stars(
        centre=document[star],
        similarity=similarity,
        exact=exact,
        guarded=tuple(sorted((doc_ids[document[c]].decode(), int(sizes[c])) for c in guarded)),
        components=len(members),
        largest_component=int(members.max(initial=0)),
        cut=int((stars_of > 1).sum()),
    )


def _stars(
    u: NDArray[np.int64],
    v: NDArray[np.int64],
    alike: NDArray[np.float32],
    rank: NDArray[np.int64],
    fixed: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """The centre of each node: `fixed` nodes are centres, each other node goes to the most similar of those that it has an
    edge to (the highest rank among equals), and the rest is cut by the greedy rule.
    """
    across = fixed[u] != fixed[v]
    node, anchor = (np.where(fixed[u] == side, u, v)[across] for side in (False, True))
    order = np.lexsort((-rank[anchor], -alike[across], node))
    taken, first = np.unique(node[order], return_index=True)
    settled = fixed.copy()
    settled[taken] = True
    free = ~(settled[u] | settled[v])
    centre = greedy_stars(len(rank), u[free], v[free], rank)
    centre[taken] = anchor[order][first]
    return centre


def _mask(documents: NDArray[np.bool_] | None, count: int) -> NDArray[np.bool_]:
    return np.zeros(count, bool) if documents is None else documents


def greedy_stars(nodes: int, u: NDArray[np.int64], v: NDArray[np.int64], rank: NDArray[np.int64]) -> NDArray[np.int64]:
    """The centre of each node, shape (nodes,); a node without a star is its own.

    The same as: again and again, take the free node with most free neighbours (the highest rank among equals) and its
    free neighbours. Nodes that are the first of all within two steps are taken at once: they cannot touch each other.

    Args:
        nodes: their number.
        u: one end of each edge; every edge once.
        v: its other end.
        rank: a different number for each node, below `nodes` times any degree.

    """
    centre = np.arange(nodes)
    source, target = np.concatenate([u, v]), np.concatenate([v, u])
    order = np.argsort(source, kind="stable")
    source, target = source[order], target[order]
    while len(source):
        ends, starts = np.unique(source, return_index=True)
        degree = np.diff(np.append(starts, len(source)))
        first = np.full(nodes, -1, np.int64)
        first[ends] = degree * (int(rank.max()) + 1) + rank[ends]
        own = first[ends]
        for _ in range(2):
            reached = np.maximum.reduceat(first[target], starts)
            first[ends] = np.maximum(first[ends], reached)
        chosen = np.zeros(nodes, bool)
        chosen[ends[first[ends] == own]] = True
        rays = chosen[source]
        centre[target[rays]] = source[rays]
        chosen[target[rays]] = True
        left = ~(chosen[source] | chosen[target])
        source, target = source[left], target[left]
    return centre


def _found(known: NDArray[np.uint64], wanted: NDArray[np.uint64]) -> NDArray[np.int64]:
    index = np.minimum(np.searchsorted(known, wanted), max(len(known) - 1, 0))
    if len(wanted) and (not len(known) or (known[index] != wanted).any()):
        raise BrokenComponentsError("a verified pair names a document that is in no component")
    return index


def _ranks(doc_ids: NDArray[np.bytes_]) -> NDArray[np.int64]:
    """A different number for each document, by a hash of its id: ids that count upwards would make rounds many."""
    halves = np.ascontiguousarray(doc_ids).view("<u8").reshape(-1, 4)
    mixed = halves[:, 0].copy()
    for column in (1, 2, 3):
        mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0x9E3779B97F4A7C15) + halves[:, column]
    mixed = (mixed ^ (mixed >> np.uint64(32))) * np.uint64(0x9E3779B97F4A7C15)
    rank = np.empty(len(doc_ids), np.int64)
    rank[np.lexsort((doc_ids, mixed))] = np.arange(len(doc_ids))
    return rank


def _unique_edges(
    u: NDArray[np.int64], v: NDArray[np.int64], similarity: NDArray[np.float32]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Each edge between two texts once, with its largest similarity."""
    low, high = np.minimum(u, v), np.maximum(u, v)
    order = np.lexsort((-similarity, high, low))
    low, high, similarity = low[order], high[order], similarity[order]
    new = np.concatenate([[True], (low[1:] != low[:-1]) | (high[1:] != high[:-1])])[: len(low)] & (low != high)
    return low[new], high[new], similarity[new]
