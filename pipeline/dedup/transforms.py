"""Deduplication as Beam transforms: what is asked in which order, and what travels between workers."""

from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
import numpy as np
from apache_beam.pvalue import PCollection, TaggedOutput

from pipeline.decide import failures
from pipeline.dedup.against import by_sketch
from pipeline.dedup.arrays import EDGE, MEMBER, PAIR, gather, row_of, scatter, split_of, spread
from pipeline.dedup.candidates import HOT, MAX_HOT_STORED, unique_pairs
from pipeline.dedup.clusters import (
    CANDIDATE,
    choose,
    clustered,
    earlier_candidates,
    edges_of,
    location_hashes,
    members_of,
    preference_scores,
)
from pipeline.dedup.components import forest
from pipeline.dedup.stars import HALF, half_edges, rooted
from pipeline.dedup.tasks import commit_clusters, pairs_part
from pipeline.dedup.urls import CAPTURE, SUPERSEDED, captures, superseded
from pipeline.dedup.verify import name_requests, requests
from pipeline.plan import RunPlan
from pipeline.run_tasks import Keyed, RunTasks, first_of, result_of

_FAN_IN = 8  # forests merged at once: reference/beam.md C measured 4 to 8 as the best


class FindDuplicates(beam.PTransform[Any, Any]):
    """Numbers of read splits -> numbers of committed partitions of verified pairs."""

    def __init__(self, plan: RunPlan) -> None:
        super().__init__()
        self.plan = plan

    def expand(self, read: PCollection[Any]) -> PCollection[Any]:
        """Bands meet, through files, by range of their hash; pairs by their documents; shingle sets come to the pairs."""
        plan = self.plan
        every = read.pipeline | "Every partition" >> beam.Create([(i, b"") for i in range(plan.partitions)])
        earlier = read.pipeline | "Earlier snapshots" >> beam.Create(range(len(plan.splits), plan.numbers))
        found = (
            (read, earlier)
            | "Fingerprinted" >> beam.Flatten()
            | "Unless paired" >> beam.Filter(lambda _: not plan.pairs_ready)
            | "After the last" >> beam.Reshuffle()  # a child that makes bands has to let the models of Read go
            | "Bands" >> RunTasks(plan.workers, plan.bands_task, result_of)
            | "Spread bands" >> beam.FlatMap(lambda messages: messages).with_output_types(Keyed)
            | "Group bands" >> beam.GroupByKey()
            | "Candidates" >> RunTasks(plan.workers, plan.candidates_task, _keyed_result)
            | "Spread candidates" >> beam.FlatMapTuple(_candidates).with_outputs("hot", main="pairs")
        )
        pairs = (
            (found.pairs, every)
            | "All candidates" >> beam.Flatten()
            | "Group pairs" >> beam.GroupByKey()
            | "Unique pairs" >> beam.Map(_unique, plan).with_output_types(Keyed)
        )
        asked = (
            pairs | "Ask for shingles" >> beam.FlatMap(_requests).with_output_types(Keyed),
            found.hot | "Ask for names" >> beam.FlatMap(_name_requests).with_output_types(Keyed),
        )
        sets = (
            asked
            | "All requests" >> beam.Flatten()
            | "Group requests" >> beam.GroupByKey()
            | "Join requests" >> beam.MapTuple(lambda split, parts: (split, b"".join(parts))).with_output_types(Keyed)
            | "Shingles" >> RunTasks(plan.workers, plan.answer_task, result_of)
            | "Spread shingles" >> beam.FlatMap(lambda messages: messages).with_output_types(Keyed)
        )
        verified: PCollection[Any] = (
            {"pairs": pairs, "sets": sets, "hot": found.hot}
            | "Meet" >> beam.CoGroupByKey()
            | "Verify" >> RunTasks(plan.workers, plan.verify_task, first_of)
        )
        return verified


class ChooseRepresentatives(beam.PTransform[Any, Any]):
    """Numbers of partitions of verified pairs -> (split, (packed CHOICE, packed SUPERSEDED)) for every split."""

    def __init__(self, plan: RunPlan) -> None:
        super().__init__()
        self.plan = plan

    def expand(self, partitions: PCollection[Any]) -> PCollection[Any]:
        """Edges -> forests merged in a tree -> members per split -> components -> stars -> choices per split."""
        plan = self.plan
        edges = partitions | "Edges" >> beam.FlatMap(_edges, plan).with_outputs("halves", main="forests")
        forests = edges.forests
        width, level = plan.partitions, 0
        while width > 1:
            width, level = -(-width // _FAN_IN), level + 1
            forests = (
                forests
                | f"Group forests {level}" >> beam.GroupByKey()
                | f"Merge forests {level}" >> beam.MapTuple(_merge).with_output_types(Keyed)
            )
        members = (
            forests
            | "Group last forests" >> beam.GroupByKey()
            | "Members" >> beam.FlatMapTuple(_members).with_output_types(Keyed)
        )
        superseded = (
            partitions
            | "Captures" >> beam.FlatMap(_captures, plan).with_output_types(Keyed)
            | "Group captures" >> beam.GroupByKey()
            | "Superseded" >> beam.FlatMapTuple(_superseded).with_output_types(Keyed)
        )
        every = partitions.pipeline | "Every split" >> beam.Create([(i, b"") for i in range(len(plan.splits))])
        met = (
            {"members": members, "halves": edges.halves, "superseded": superseded}
            | "Meet members" >> beam.CoGroupByKey()
            | "Candidates of clusters"
            >> beam.FlatMap(_cluster_candidates, plan).with_outputs("halves", main="candidates")
        )
        choices = (
            {"candidates": met.candidates, "halves": met.halves}
            | "Group clusters" >> beam.CoGroupByKey()
            | "Choose" >> beam.FlatMap(_choices, plan).with_output_types(Keyed)
        )
        joined: PCollection[Any] = (
            {"choices": choices, "superseded": superseded, "every": every}
            | "Group choices" >> beam.CoGroupByKey()
            | "Join choices" >> beam.MapTuple(_joined)
        )
        return joined


def _keyed_result(element: tuple[int, Any], result: Any) -> Any:
    return element[0], result


def _candidates(partition: int, found: tuple[list[Keyed], bytes]) -> Iterator[Any]:
    pairs, hot = found
    if hot:
        yield TaggedOutput("hot", (partition, hot))
    yield from pairs


def _name_requests(group: Keyed) -> Iterator[Keyed]:
    yield from name_requests(gather([group[1]], HOT)[:MAX_HOT_STORED]["samples"].ravel(), group[0])


def _unique(group: tuple[int, Iterable[bytes]], plan: RunPlan) -> Keyed:
    pairs = unique_pairs(gather(group[1], PAIR))
    return group[0], by_sketch(pairs, plan.gone(), plan.numbers).tobytes()


def _requests(group: Keyed) -> Iterator[Keyed]:
    yield from requests(gather([group[1]], PAIR), group[0])


def _edges(partition: int, plan: RunPlan) -> Iterator[Any]:
    numbers = {name: number for number, name in enumerate(plan.names())}
    spec = plan.recipe.duplicates
    stored = plan.snapshot.read("pairs", pairs_part(partition))
    edges = edges_of(stored, numbers, spec.threshold, spec.containment)
    yield partition // _FAN_IN, _packed(*forest(edges["a"], edges["b"]))
    halves = half_edges(edges)
    yield from (TaggedOutput("halves", keyed) for keyed in scatter(halves, split_of(halves["place"])))


def _packed(a: Any, b: Any) -> bytes:
    edges = np.zeros(len(a), EDGE)
    edges["a"], edges["b"] = a, b
    return edges.tobytes()


def _merge(group: int, parts: Iterable[bytes]) -> Keyed:
    edges = gather(parts, EDGE)
    return group // _FAN_IN, _packed(*forest(edges["a"], edges["b"]))


def _members(_group: int, parts: Iterable[bytes]) -> Iterator[Keyed]:
    edges = gather(parts, EDGE)
    members = members_of(edges["a"], edges["b"])
    yield from scatter(members, split_of(members["place"]))


def _cluster_candidates(group: tuple[int, dict[str, Iterable[bytes]]], plan: RunPlan) -> Iterator[Any]:
    split, met = group
    members = np.sort(gather(met["members"], MEMBER), order="place")
    halves = rooted(gather(met["halves"], HALF), members)
    if split >= len(plan.splits):
        candidates = earlier_candidates(members, *plan.place_of(split), plan.owner(split))
        yield from _with_halves(candidates, halves, plan)
        return
    if not len(members):  # captures of one address only
        return
    part = plan.splits[split].name
    documents = plan.snapshot.read(
        "documents", part, ["doc_id", "language", "script", "source", "fetched_at", "location"]
    )
    signals = plan.snapshot.read("signals", part)
    rows = row_of(members["place"])
    candidates = np.zeros(len(members), CANDIDATE)
    candidates["root"], candidates["place"] = members["root"], members["place"]
    candidates["doc_id"] = np.array(documents["doc_id"].to_pylist(), "S32")[rows]
    candidates["location"] = location_hashes(documents)[rows]
    ranks = failures(documents, signals, plan.rules).ranks()
    ranks[row_of(gather(met["superseded"], SUPERSEDED)["place"])] = 0
    candidates["rank"] = ranks[rows]
    candidates["score"] = preference_scores(documents, signals, plan.recipe.duplicates)[rows]
    yield from _with_halves(candidates, halves, plan)


def _captures(partition: int, plan: RunPlan) -> Iterator[Keyed]:
    """Of every split whose number belongs to the partition: so that captures wait for the read stage, and are spread."""
    if plan.recipe.duplicates.urls == "all":
        return
    for split in range(partition, len(plan.splits), plan.partitions):
        columns = ["doc_id", "url", "language", "script", "fetched_at", "location"]
        documents = plan.snapshot.read("documents", plan.splits[split].name, columns)
        signals = plan.snapshot.read("signals", plan.splits[split].name)
        ranks = failures(documents, signals, plan.rules).ranks()
        found = captures(split, documents, ranks, location_hashes(documents))
        yield from scatter(found, spread(found["address"], plan.partitions))


def _superseded(_partition: int, parts: Iterable[bytes]) -> Iterator[Keyed]:
    others = superseded(gather(parts, CAPTURE))
    yield from scatter(others, split_of(others["place"]))


def _joined(split: int, met: dict[str, Iterable[bytes]]) -> tuple[int, tuple[bytes, bytes]]:
    return split, (b"".join(sorted(met["choices"])), b"".join(sorted(met["superseded"])))


def _with_halves(candidates: Any, halves: Any, plan: RunPlan) -> Iterator[Any]:
    yield from scatter(candidates, spread(candidates["root"], plan.partitions))
    yield from (TaggedOutput("halves", keyed) for keyed in scatter(halves, spread(halves["root"], plan.partitions)))


def _choices(group: tuple[int, dict[str, Iterable[bytes]]], plan: RunPlan) -> Iterator[Keyed]:
    partition, met = group
    members, found = clustered(
        gather(met["candidates"], CANDIDATE), gather(met["halves"], HALF), plan.recipe.duplicates.max_cluster
    )
    choices = choose(members)
    commit_clusters(plan.snapshot, pairs_part(partition), plan.fingerprints.decide, found, choices)
    yield from scatter(choices, split_of(choices["place"]))
