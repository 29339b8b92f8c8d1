"""The whole pipeline on one screen: read this file first.

    splits -> ([Survey]) -> [Read] -> [Find duplicates] -> [Choose representatives] -> [Decide] -> ([Find repeats])
           -> [Tokenize] -> [Shards] -> [Finish]

Every bracket reads committed files and commits its own; those in parentheses are there when the recipe asks for them.
What travels between workers are numbers of splits and packed arrays of keys (`tuple[int, bytes]`), never text. Parts
that are already committed with the same parameters are skipped inside the steps, so the same graph resumes a run. Any
Beam runner can take it; nothing is shared between workers but the storage.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import PCollection
from apache_beam.transforms.combiners import Count

from pipeline.dedup.arrays import gather, scatter, split_of
from pipeline.dedup.payloads import PAYLOAD, copies
from pipeline.dedup.transforms import ChooseRepresentatives, FindDuplicates
from pipeline.finish import finish
from pipeline.plan import RunPlan
from pipeline.repeats import LINE, common
from pipeline.run_tasks import Keyed, RunTasks, element_of, first_of, result_of
from pipeline.shards import shard_count
from pipeline.snapshot import Commit


def build(root: beam.Pipeline, plan: RunPlan) -> None:
    """Add the stages of the plan to an empty pipeline."""
    splits = root | "Splits" >> beam.Create(range(len(plan.splits)))
    if plan.recipe.duplicates.payloads == "newest":
        splits = splits | "Survey" >> Survey(plan)
    else:
        splits = splits | "No copies" >> beam.Map(lambda split: (split, ()))
    read = splits | "Read" >> RunTasks(plan.workers, plan.read_task, first_of)
    pairs = read | "Find duplicates" >> FindDuplicates(plan)
    choices = pairs | "Choose representatives" >> ChooseRepresentatives(plan)
    decided = choices | "Decide" >> RunTasks(plan.workers, plan.decide_task, first_of)
    if plan.recipe.repeats.enabled:
        decided = decided | "Find repeats" >> FindRepeats(plan)
    tokens = decided | "Tokenize" >> RunTasks(plan.workers, plan.tokenize_task, _tokens)
    shards = (
        tokens
        | "Sum tokens" >> beam.CombineGlobally(sum)
        | "Cut shards"
        >> beam.FlatMap(lambda total: [(i, n) for n in [shard_count(total, plan.shard_tokens)] for i in range(n)])
        | "Spread shards" >> beam.Reshuffle()
        | "Shards" >> RunTasks(plan.workers, plan.shard_task, element_of)
    )
    _ = shards | "Count shards" >> Count.Globally() | "Finish" >> beam.Map(lambda n: finish(plan, n))


class Survey(beam.PTransform[Any, Any]):
    """Numbers of splits -> (split, packed COPY): the captures whose payload another one carries."""

    def __init__(self, plan: RunPlan) -> None:
        super().__init__()
        self.plan = plan

    def expand(self, splits: PCollection[Any]) -> PCollection[Any]:
        """Payloads meet by range of their digest."""
        plan = self.plan
        told = (
            splits
            | "Unless read" >> beam.Filter(lambda _: not plan.read_ready)
            | "Payloads" >> RunTasks(plan.workers, plan.survey_task, result_of)
            | "Spread payloads" >> beam.FlatMap(lambda messages: messages).with_output_types(Keyed)
            | "Group payloads" >> beam.GroupByKey()
            | "Copies" >> beam.FlatMapTuple(_copies).with_output_types(Keyed)
        )
        every = splits | "All splits" >> beam.Map(lambda split: (split, b"")).with_output_types(Keyed)
        met: PCollection[Any] = (
            (told, every) | "Copies and splits" >> beam.Flatten() | "Group copies" >> beam.GroupByKey()
        )
        return met


class FindRepeats(beam.PTransform[Any, Any]):
    """Numbers of decided splits -> the same, once repeats/ are committed."""

    def __init__(self, plan: RunPlan) -> None:
        super().__init__()
        self.plan = plan

    def expand(self, decided: PCollection[Any]) -> PCollection[Any]:
        """Lines meet by range of their hash; each split learns which of its own are common."""
        plan = self.plan
        told = (
            decided
            | "Lines" >> RunTasks(plan.workers, plan.count_task, result_of)
            | "Spread lines" >> beam.FlatMap(lambda messages: messages).with_output_types(Keyed)
            | "Group lines" >> beam.GroupByKey()
            | "Common lines" >> beam.FlatMap(_common, plan).with_output_types(Keyed)
        )
        every = decided | "Decided splits" >> beam.Map(lambda split: (split, b"")).with_output_types(Keyed)
        committed: PCollection[Any] = (
            (told, every)
            | "Lines and splits" >> beam.Flatten()
            | "Group common lines" >> beam.GroupByKey()
            | "Repeats" >> RunTasks(plan.workers, plan.repeats_task, first_of)
        )
        return committed


def _tokens(_element: Any, commit: Commit) -> int:
    tokens: int = commit.counts["tokens"]
    return tokens


def _copies(_partition: int, parts: Iterable[bytes]) -> Iterator[Keyed]:
    others = copies(gather(parts, PAYLOAD))
    yield from scatter(others, split_of(others["place"]))


def _common(group: tuple[int, Iterable[bytes]], plan: RunPlan) -> Iterator[Keyed]:
    yield from common(gather(group[1], LINE), plan.recipe.repeats.min_documents)
