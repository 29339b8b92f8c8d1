"""`plan`: check everything that a run needs, try a few records of a few splits, and estimate. Writes nothing."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from rich.console import Console
from rich.table import Table

from filters.chain import ChainSpec, Examined, open_chain
from pipeline.cli.run import with_inputs
from pipeline.cli.submit import cores
from pipeline.decide import failures
from pipeline.plan import RunPlan, make_plan
from pipeline.pool import Announce, Fault, Pool, TaskFailedError
from pipeline.read import READ_FAMILY
from pipeline.recipe import load_recipe
from pipeline.rows import stored_tables
from pipeline.snapshot import Snapshot
from pipeline.sources import open_split
from pipeline.sources.spec import SourceSpec
from pipeline.splits import Split, plan_splits
from schemas.records import Rejected
from schemas.rules import Rule

_SPLITS = 4  # tried, spread evenly over the input
_RECORDS = 300  # of each
# Tokens a character: the shipped tokenizer on clean text (make quality prints it); another tokenizer differs.
_TOKENS_A_CHARACTER = {"zh": 0.75, "ja": 0.9}
_OTHER_TOKENS_A_CHARACTER = 0.27


@dataclass(frozen=True, slots=True)
class Tried:
    """What a few records of one split came to. `covered` bytes of the input took `seconds`."""

    records: int
    covered: int
    seconds: float
    ledger: Counter[str]
    documents: int
    kept: int
    reasons: Counter[str]
    tokens: float


@dataclass(frozen=True, slots=True)
class TryTask:
    """Examine the first records of a split and judge them by the rules; duplicates are not looked for."""

    split: Split
    source: SourceSpec
    chain: ChainSpec
    rules: tuple[Rule, ...]
    deadline_seconds: float
    memory_bytes: int
    family: str = READ_FAMILY

    def run(self, announce: Announce) -> Tried:
        """Count verdicts and time."""
        announce(0, 0.0)
        examine = open_chain(self.chain)
        kept: list[Examined] = []
        ledger: Counter[str] = Counter()
        last, count = self.split.start, 0
        start = time.perf_counter()
        for record in islice(open_split(self.split, self.source), _RECORDS):
            count += 1
            announce(count, count / _RECORDS)
            outcome = record if isinstance(record, Rejected) else examine(record)
            last = max(last, record.location.offset + record.location.length)
            if isinstance(outcome, Rejected):
                ledger[outcome.reason] += 1
            else:
                kept.append(outcome)
        seconds = time.perf_counter() - start
        failed = failures(*stored_tables(kept), self.rules)
        passes = failed.ranks() == 2 if kept else np.empty(0, bool)
        reasons = Counter({rule.reason: int(failed.matrix[i].sum()) for i, rule in enumerate(self.rules)})
        tokens = sum(_tokens(item) for item, ok in zip(kept, passes, strict=True) if ok)
        covered = last - self.split.start if count == _RECORDS else self.split.end - self.split.start
        return Tried(count, covered, seconds, ledger, len(kept), int(passes.sum()), +reasons, tokens)

    def after_fault(self, fault: Fault) -> "TryTask":
        """A sample is not worth a second try."""
        raise TaskFailedError(f"record {fault.step}: {fault.detail}")


def plan(recipe_path: str, *, output: str, inputs: Sequence[str], workers: int | None, settings: Sequence[str]) -> int:
    """Print the plan; returns the exit code."""
    recipe = with_inputs(load_recipe(recipe_path, settings), inputs)
    splits = tuple(plan_splits(recipe.source))
    count = cores() if workers is None else workers
    made = make_plan(recipe, splits, Snapshot(output or f"out/{recipe.name}"), count)
    console = Console()
    total = sum(split.end - split.start for split in splits)
    console.print(
        f"{recipe.name}: {len({s.uri for s in splits})} files, {total / 1e6:,.1f} MB, {len(splits)} splits",
        highlight=False,
    )
    console.print(f"assets verified: {', '.join(made.assets)}", markup=False, highlight=False)
    _print_earlier(console, made)
    tried = list(_try(console, made, max(1, count)))
    if not tried:
        console.print("no record could be read: see above", style="red")
        return 1
    _print_estimate(console, tried, total, max(1, count))
    return 0


def _print_earlier(console: Console, made: RunPlan) -> None:
    """The snapshots that the run is compared with, and those that they were compared with themselves."""
    for before in made.earlier:
        gone = "; some of its documents are gone: compared by their sketches" if before.gone else ""
        line = f"compared with {before.uri}: {before.released:,} released documents{gone}"
        console.print(line, markup=False, highlight=False, soft_wrap=True)
        for uri in before.against:
            if uri not in made.recipe.duplicates.against:
                line = f"  which was compared with {uri}: name it in duplicates.against too, if it was released"
                console.print(line, markup=False, highlight=False, soft_wrap=True, style="yellow")


def _try(console: Console, made: RunPlan, workers: int) -> Iterator[Tried]:
    """Try a few splits, side by side; a split that fails says so and yields nothing."""
    splits, limits = made.splits, made.recipe.limits
    chosen = [splits[i] for i in sorted({len(splits) * i // _SPLITS for i in range(_SPLITS)})]
    pool = Pool(workers)
    try:
        futures = [
            pool.submit(
                TryTask(
                    split,
                    made.recipe.source,
                    made.recipe.chain(),
                    made.rules,
                    limits.record_seconds,
                    limits.record_memory_bytes,
                )
            )
            for split in chosen
        ]
        for split, future in zip(chosen, futures, strict=True):
            try:
                yield future.result()
            except TaskFailedError as error:
                console.print(f"{split.name}: {str(error).splitlines()[0]}", markup=False, style="yellow")
    finally:
        pool.close()


def _print_estimate(console: Console, tried: Sequence[Tried], total: int, workers: int) -> None:
    records, covered = sum(t.records for t in tried), sum(t.covered for t in tried)
    seconds, documents = sum(t.seconds for t in tried), sum(t.documents for t in tried)
    kept, tokens = sum(t.kept for t in tried), sum(t.tokens for t in tried)
    scale = total / max(1, covered)
    table = Table("", "in the sample", "estimated for all", title=f"{records:,} records tried", box=None)
    rows: list[tuple[str, float, str]] = [
        ("records", records, ""),
        ("documents", documents, ""),
        ("kept, before duplicates", kept, ""),
        ("tokens, before duplicates", tokens, ""),
    ]
    for name, value, _ in rows:
        table.add_row(name, f"{value:,.0f}", f"{value * scale:,.0f}")
    table.add_row("core-hours of reading", f"{seconds / 3600:.4f}", f"{seconds * scale / 3600:,.2f}")
    table.add_row(f"time with {workers} workers", "", f"{seconds * scale / workers / 60:,.1f} min")
    console.print(table)
    causes = sum((t.ledger for t in tried), Counter()) + sum((t.reasons for t in tried), Counter())
    for reason, number in causes.most_common(12):
        console.print(f"  {reason:<32} {number:>8,}", markup=False, highlight=False)


def _tokens(item: Examined) -> float:
    return len(item.document.text) * _TOKENS_A_CHARACTER.get(item.document.language, _OTHER_TOKENS_A_CHARACTER)
