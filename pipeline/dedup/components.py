"""Connected components from edges, by spanning forests that are contracted and merged in a tree.

Each merge keeps at most one edge fewer than there are nodes, so what travels shrinks level by level; the last merge
holds one forest of the whole graph: about 16 bytes an edge in, 100 at work, so 100 M clustered documents need some
10 GiB (reference/beam.md C measured 175 bytes an edge in all). `MAX_FOREST_EDGES` refuses more, loudly.
"""

import numpy as np
from numpy.typing import NDArray

MAX_FOREST_EDGES = 100_000_000


class ForestTooLargeError(Exception):
    """The graph of duplicates does not fit one worker."""


def roots(a: NDArray[np.uint64], b: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Every node of the edges, sorted, and the smallest node of its component: two arrays of shape (nodes,)."""
    if len(a) > MAX_FOREST_EDGES:
        raise ForestTooLargeError(f"{len(a)} duplicate pairs in one merge; at most {MAX_FOREST_EDGES} fit one worker")
    nodes, indices = np.unique(np.concatenate([a, b]), return_inverse=True)
    left, right = indices[: len(a)], indices[len(a) :]
    labels = component_labels(left, right, len(nodes))
    smallest = np.zeros(labels.max(initial=-1) + 1, np.int64)
    smallest[labels[::-1]] = np.arange(len(nodes))[::-1]  # nodes are sorted: the first of a label is its smallest
    return nodes, nodes[smallest[labels]]


def component_labels(a: NDArray[np.int64], b: NDArray[np.int64], nodes: int) -> NDArray[np.int64]:
    """The number of each node's component, shape (nodes,); edges are pairs of indices below `nodes`."""
    from scipy.sparse import coo_matrix  # .2 s of every process that starts, and one of them needs it
    from scipy.sparse.csgraph import connected_components

    graph = coo_matrix((np.ones(len(a), np.int8), (a, b)), shape=(nodes, nodes))
    labels: NDArray[np.int64] = connected_components(graph, directed=False)[1].astype(np.int64)
    return labels


def forest(a: NDArray[np.uint64], b: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """A spanning forest with the same components: a star around each component's smallest node."""
    nodes, root = roots(a, b)
    member = nodes != root
    return root[member], nodes[member]
