"""`run`: from a recipe to a finished snapshot; and what `decide` shares with it."""

import time
from collections.abc import Sequence
from dataclasses import asdict, replace

from rich.console import Console

from pipeline import storage
from pipeline.cli.errors import RunFailedError, UsageError
from pipeline.cli.submit import check_places, children, stop_on_signals, submit, workers_are_here
from pipeline.cli.summary import print_summary
from pipeline.dedup.tasks import PAIRS_STAGE
from pipeline.plan import RunPlan, make_plan
from pipeline.pool import current_pool, running_pool
from pipeline.read import STAGE as READ_STAGE
from pipeline.recipe import Recipe, load_recipe
from pipeline.repeats_tasks import REPEATS_STAGE
from pipeline.snapshot import Snapshot
from pipeline.splits import Split, plan_splits
from pipeline.stages import DATASET_STAGE, DECIDE_STAGE, TOKENS_STAGE, WarmTask
from pipeline.stored_splits import RUN_FILE, StoredSplits


def run(
    recipe_path: str,
    *,
    output: str,
    inputs: Sequence[str],
    workers: int | None,
    settings: Sequence[str],
    overwrite: bool,
    beam_options: Sequence[str],
) -> int:
    """Run a recipe; returns the exit code."""
    recipe = with_inputs(load_recipe(recipe_path, settings), inputs)
    splits = tuple(plan_splits(recipe.source))
    snapshot = Snapshot(output or f"out/{recipe.name}")
    plan = make_plan(recipe, splits, snapshot, children(workers, beam_options))
    check_places(plan, beam_options)
    _refuse_mixture(plan, overwrite=overwrite)
    return execute(plan, beam_options)


def stored_plan(snapshot_uri: str, recipe_path: str, recipe: Recipe, *, workers: int | None) -> RunPlan:
    """The plan that decides again over a snapshot's stored signals.

    Raises:
        UsageError: there is no such snapshot, or the recipe measures something else than it holds.

    """
    snapshot = Snapshot(snapshot_uri)
    made = snapshot.read_json(RUN_FILE)
    if made is None:
        raise UsageError(f"{snapshot_uri} is not a snapshot: it has no {RUN_FILE}")
    recipe = with_inputs(recipe, made["paths"])
    splits = tuple(Split(**split) for split in made["splits"])
    plan = make_plan(recipe, splits, snapshot, children(workers, ()))
    if plan.fingerprints.read != made["read"]:
        raise UsageError(
            f"{recipe_path} measures other things than {snapshot_uri} holds (filters, models or code differ): use run with another --output"
        )
    return plan


def with_inputs(recipe: Recipe, inputs: Sequence[str]) -> Recipe:
    """The recipe with other input paths, where any are given."""
    if not inputs:
        return recipe
    return replace(recipe, source=replace(recipe.source, paths=tuple(inputs)))


def _refuse_mixture(plan: RunPlan, *, overwrite: bool) -> None:
    snapshot = plan.snapshot
    storage.make_folder(snapshot.uri)
    made = snapshot.read_json(RUN_FILE)
    if made is None or not snapshot.parts("read"):
        return
    stale = sorted({split["name"] for split in made["splits"]} - {split.name for split in plan.splits})
    other = made["read"] != plan.fingerprints.read
    if (stale or other) and not overwrite:
        what = (
            "was read with another recipe, models or code"
            if other
            else f"holds {len(stale)} parts of inputs that are not among these"
        )
        raise UsageError(f"{snapshot.uri} {what}: choose another --output, or replace it with --overwrite")
    for part in stale:
        for stage in ("read", DECIDE_STAGE, TOKENS_STAGE):
            snapshot.discard(stage, part)


def execute(plan: RunPlan, beam_options: Sequence[str]) -> int:
    """Do what is left to do of a plan, and print what came of it; returns the exit code."""
    console = Console(stderr=True)
    snapshot = plan.snapshot
    manifest = snapshot.read_json("manifest.json")
    if manifest is not None and manifest["fingerprints"] == {
        name: getattr(plan.fingerprints, name) for name in manifest["fingerprints"]
    }:
        console.print("Nothing to do: the snapshot is finished and nothing has changed.")
        return print_summary(snapshot, manifest, None)
    start = time.monotonic()
    # Before Beam is imported, for seconds in which the children live already: once, the exception that Python raises for
    # Ctrl-C did not end a run.
    stop_on_signals("What is committed stays: run the same command again to resume.")
    if workers_are_here(beam_options):
        _warm(plan)  # while this process imports Beam: they are ready a second or two sooner
    if not submit(replace(plan, splits=StoredSplits(snapshot, plan.splits)), beam_options, prepare=_prepare):
        return 0
    pool = running_pool()
    if pool is not None:
        pool.close()
    manifest = snapshot.read_json("manifest.json")
    if manifest is None:
        raise RunFailedError(f"the run ended, but {snapshot.uri} has no manifest")
    return print_summary(snapshot, manifest, time.monotonic() - start)


def _warm(plan: RunPlan) -> None:
    """Let the children load what they need, the models only where something is left to read."""
    unread = {split.name for split in plan.splits}.difference(plan.snapshot.parts(READ_STAGE))
    chain = plan.recipe.chain() if unread else None
    current_pool(plan.workers).spread(WarmTask(fingerprint=plan.fingerprints.read, chain=chain))


def _prepare(plan: RunPlan) -> None:
    """Mark the snapshot as unfinished, write what it is made of, and remove what other parameters made of later stages."""
    snapshot = plan.snapshot
    storage.delete(snapshot.path("manifest.json"))
    storage.delete_unfinished(snapshot.uri)
    snapshot.write_json(
        {
            "read": plan.fingerprints.read,
            "paths": list(plan.recipe.source.paths),
            "splits": [asdict(split) for split in plan.splits],
        },
        RUN_FILE,
    )
    tokens = plan.fingerprints.tokens
    wanted = {PAIRS_STAGE: plan.fingerprints.pairs, REPEATS_STAGE: tokens, DATASET_STAGE: tokens}
    for stage, fingerprint in wanted.items():
        for commit in snapshot.commits(stage):
            if commit.fingerprint != fingerprint:
                snapshot.discard(stage, commit.part)
