"""Deduplication as a whole, through Beam and committed files, against a plain program over all pairs.

Two thousand documents of the bench's generator, and copies upon copies of some, so that there are chains. The reference
knows no array: bands in a dict, similarity by Python's sets, components by union, stars by the greedy rule.
"""

import random
from collections import defaultdict
from itertools import combinations

import numpy as np
import pytest

from benchmarks.dedup_corpus import generate
from benchmarks.dedup_ours import clusters_of, fingerprint_rows, plan_of, run_graph, write_part
from benchmarks.quality.figures import DATA
from filters.fingerprint import FingerprintSpec, shingle_hashes
from filters.key import fold
from pipeline.dedup.clusters import DuplicatesSpec
from pipeline.recipe import Recipe
from pipeline.snapshot import Snapshot

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data beside the repository"),
]

SPEC = FingerprintSpec()


@pytest.fixture(scope="module")
def documents():
    made = list(generate(1500))
    rng = random.Random(3)
    for index in range(500):
        text = made[rng.randrange(len(made))]["text"] if index % 5 else made[-1]["text"]
        at = rng.randrange(max(1, len(text) - 20))
        changed = text if index % 7 == 0 else text[:at] + text[at + rng.randrange(1, 20) :]
        made.append({"id": f"{index + 2000:032x}", "text": changed, "language": "en" if changed.isascii() else "zh"})
    ids = [f"{n:032x}" for n in rng.sample(range(1 << 60), len(made))]
    return [{**document, "id": doc_id} for document, doc_id in zip(made, ids, strict=True)]


@pytest.fixture(scope="module")
def reference(documents):
    """Clusters as sets of ids."""
    prints = {row["doc_id"]: row for row in fingerprint_rows(documents, SPEC)}
    sets = {d["id"]: set(shingle_hashes(fold(d["text"]), d["language"], SPEC).tolist()) for d in documents}
    texts, buckets = defaultdict(list), defaultdict(set)
    for doc_id, row in prints.items():
        texts[row["digest"]].append(doc_id)
        for band in np.frombuffer(row["bands"], "<u8").tolist():
            buckets[band].add(row["digest"])
    assert max(map(len, buckets.values())) <= DuplicatesSpec().max_bucket
    around = defaultdict(set)
    for bucket in buckets.values():
        for a, b in combinations(sorted(bucket), 2):
            x, y = sets[texts[a][0]], sets[texts[b][0]]
            if len(x & y) / len(x | y) >= DuplicatesSpec().threshold:
                around[a].add(b)
                around[b].add(a)
    rank = ranks(sorted(prints))
    rank_of = {digest: max(rank[doc_id] for doc_id in same) for digest, same in texts.items()}
    free, clusters = set(texts), []
    while free:
        centre = max(free, key=lambda digest: (len(around[digest] & free), rank_of[digest]))
        star = {centre} | (around[centre] & free)
        free -= star
        clusters.append(frozenset(doc_id for digest in star for doc_id in texts[digest]))
    return {cluster for cluster in clusters if len(cluster) > 1}


def ranks(ids):
    """Order of ids by the same mixing as the product's, so that ties fall alike."""
    from pipeline.dedup.stars import _ranks

    return dict(zip(ids, _ranks(np.array(ids, "S32")).tolist(), strict=True))


def clusters(folder, documents, *, part, workers, partitions):
    """What the pipeline makes of them: clusters, and the representative of each."""
    snapshot = Snapshot(str(folder))
    for first in range(0, len(documents), part):
        write_part(snapshot, f"part-{first:05d}", documents[first : first + part], SPEC)
    plan = plan_of(snapshot, Recipe(name="test"), workers=workers, partitions=partitions)
    run_graph(plan)
    groups, kept = defaultdict(set), {}
    for doc_id, (cluster, representative) in clusters_of(plan).items():
        groups[cluster].add(doc_id)
        kept[cluster] = representative
    assert all(min(group) == cluster for cluster, group in groups.items())
    return {frozenset(group) for group in groups.values()}, kept, snapshot


@pytest.fixture(scope="module")
def made(documents, tmp_path_factory):
    return clusters(tmp_path_factory.mktemp("one"), documents, part=700, workers=0, partitions=4)


def test_clusters_equal_those_of_brute_force(made, reference):
    groups, kept, _ = made
    assert groups == reference
    assert len(groups) > 100
    assert all(kept[min(group)] in group for group in groups)


def test_some_component_was_cut(made):
    assert sum(commit.counts["components_cut"] for commit in made[2].commits("clusters")) > 0


def test_the_longest_member_stands_for_its_cluster(made, documents):
    """All else is equal here: trust, and dates that nobody knows."""
    length = {document["id"]: len(document["text"]) for document in documents}
    for group in made[0]:
        assert length[made[1][min(group)]] == max(length[doc_id] for doc_id in group)


@pytest.mark.parametrize(
    "how",
    [
        {"part": 100, "workers": 2, "partitions": 7},
        {"part": 2000, "workers": 1, "partitions": 1},
        {"part": 333, "workers": 0, "partitions": 64},
    ],
    ids=str,
)
def test_parts_workers_partitions_and_order_do_not_show(made, documents, tmp_path, how):
    shuffled = random.Random(how["part"]).sample(documents, len(documents))
    groups, kept, _ = clusters(tmp_path, shuffled, **how)
    assert groups == made[0]
    assert kept == made[1]
