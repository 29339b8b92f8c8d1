"""`decide`: say what another recipe would change in a snapshot, then change it; or only say it, for one or many thresholds.

    decide SNAPSHOT RECIPE --set rules.thresholds.every.too_few_chars=200              shows the effect, then writes
    decide SNAPSHOT RECIPE --set rules.thresholds.every.too_few_chars=200 --dry-run    shows it, with samples at the cut
    decide SNAPSHOT RECIPE --set rules.thresholds.every.too_few_chars=50,100,200       one line a value; writes nothing
    decide SNAPSHOT RECIPE --set rules.thresholds.zh.frequent_2gram=0.1:0.3:0.05       the same, from:to:step

Text of documents is shown with what is invisible escaped, and that of unsafe documents not at all.
"""

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.cli.errors import UsageError
from pipeline.cli.run import execute, stored_plan
from pipeline.effect import VERDICTS, Effect, Near, effects
from pipeline.plan import RunPlan, unsafe_reasons
from pipeline.recipe import Recipe, load_recipe, read_parameters, resolved
from pipeline.report.visible import visible
from pipeline.snapshot import Snapshot
from schemas.rules import Rule

_NUMBER = r"-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?"
_LIST = re.compile(rf"{_NUMBER}(?:,{_NUMBER})+")
_RANGE = re.compile(rf"({_NUMBER}):({_NUMBER}):({_NUMBER})")
_MAX_VARIANTS = 100
_TEXT_CHARS, _URL_CHARS = 160, 100
_SHOWN_RULES = 3  # whose samples are shown unasked
_FILE_WIDTH = 160
_CHOOSES_ONLY = ("enabled", "prefer", "source_trust", "repeat")  # of [duplicates]: clusters stay as they are
_UNSAFE_SIGNALS = ("safety_", "privacy_")
_PARTNERS = 2  # rules that fail together with one, named beside it


@dataclass(frozen=True, slots=True)
class _Sweep:
    """Settings that are the same throughout, and the values of those that are swept."""

    fixed: tuple[str, ...]
    swept: Mapping[str, tuple[str, ...]]


def decide(
    snapshot_uri: str,
    recipe_path: str,
    *,
    workers: int | None,
    settings: Sequence[str],
    dry_run: bool,
    reasons: Sequence[str],
) -> int:
    """Show the effect, and write it unless it is a dry run or a sweep; returns the exit code."""
    sweep = _sweep(settings)
    variants = [
        (values, load_recipe(recipe_path, [*sweep.fixed, *_settings(sweep, values)]))
        for values in itertools.product(*sweep.swept.values())
    ]
    plan = stored_plan(snapshot_uri, recipe_path, variants[0][1], workers=workers)
    snapshot, manifest = plan.snapshot, plan.snapshot.read_json("manifest.json")
    if sweep.swept or dry_run:
        if manifest is None:
            raise UsageError(f"{snapshot_uri} is not a finished snapshot: run or decide it first")
        if sweep.swept:
            _refuse_other_measures(variants)
            _print_sweep(sweep, variants, snapshot, manifest)
        else:
            _print_effect(plan, manifest, reasons, title=f"What would change in {snapshot_uri}; nothing is written")
        return 0
    if manifest is not None and manifest["fingerprints"]["decide"] != plan.fingerprints.decide:
        _print_effect(plan, manifest, reasons, title=f"What changes in {snapshot_uri}")
    return execute(plan, [])


def _sweep(settings: Sequence[str]) -> _Sweep:
    fixed: list[str] = []
    swept: dict[str, tuple[str, ...]] = {}
    for setting in settings:
        name, _, raw = setting.partition("=")
        raw = raw.replace(" ", "")
        if _LIST.fullmatch(raw):
            swept[name] = tuple(raw.split(","))
        elif match := _RANGE.fullmatch(raw):
            swept[name] = _range(setting, *map(Decimal, match.groups()))
        else:
            fixed.append(setting)
    count = 1
    for values in swept.values():
        count *= len(values)
    if count > _MAX_VARIANTS:
        raise UsageError(f"--set asks for {count:,} combinations; {_MAX_VARIANTS} are the most")
    return _Sweep(tuple(fixed), swept)


def _range(setting: str, start: Decimal, stop: Decimal, step: Decimal) -> tuple[str, ...]:
    if step == 0 or (stop - start) / step < 0:
        raise UsageError(f"--set {setting}: a step of {step} does not lead from {start} to {stop}")
    count = int((stop - start) / step) + 1
    if count > _MAX_VARIANTS:
        raise UsageError(f"--set {setting} asks for {count:,} values; {_MAX_VARIANTS} are the most")
    return tuple(str(start + step * index) for index in range(count))


def _settings(sweep: _Sweep, values: Sequence[str]) -> list[str]:
    return [f"{name}={value}" for name, value in zip(sweep.swept, values, strict=True)]


def _refuse_other_measures(variants: Sequence[tuple[tuple[str, ...], Recipe]]) -> None:
    first = read_parameters(variants[0][1])
    for _, recipe in variants[1:]:
        if read_parameters(recipe) != first:
            raise UsageError("--set: these values change what is measured, so they cannot be tried on stored signals")


def _stored_rules(manifest: Mapping[str, Any]) -> tuple[Rule, ...]:
    return tuple(Rule(**{**rule, "languages": tuple(rule["languages"])}) for rule in manifest["rules"])


def _effects(
    recipes: Iterable[Recipe], snapshot: Snapshot, manifest: Mapping[str, Any], *, details: bool
) -> list[Effect]:
    """Those of the stored rules first, then of each recipe."""
    stored = _stored_rules(manifest)
    recipes = list(recipes)
    variants = [(stored, recipes[0].duplicates), *((recipe.every_rule(), recipe.duplicates) for recipe in recipes)]
    known = frozenset(rule.reason for rule in stored)
    return effects(snapshot, manifest["splits"], variants, known=known, details=details)


def _print_sweep(
    sweep: _Sweep,
    variants: Sequence[tuple[tuple[str, ...], Recipe]],
    snapshot: Snapshot,
    manifest: Mapping[str, Any],
) -> None:
    stored, *found = _effects([recipe for _, recipe in variants], snapshot, manifest, details=False)
    unforeseen = dict.fromkeys(sentence for _, recipe in variants for sentence in _unforeseen(recipe, manifest))
    console = _console()
    console.print(f"{snapshot.uri}; nothing is written", markup=False, highlight=False, style="bold", soft_wrap=True)
    table = Table(box=None, pad_edge=False)
    names = [name.rpartition(".")[2] for name in sweep.swept]
    for name in (*names, "kept", "dropped", "quarantined", "kept chars", "newly kept", "no longer", "fail", "only"):
        table.add_column(name, justify="right", no_wrap=True)
    changed = {reason for effect in found for reason in _changed_reasons(stored, effect)}
    kept = VERDICTS.index("keep")
    for (values, _), effect in zip(variants, found, strict=True):
        rows = [index for index, rule in enumerate(effect.rules) if rule.reason in changed]
        counts = [effect.documents(verdict) for verdict in ("keep", "drop", "quarantine")]
        fail, only = (f"{int(numbers[rows].sum()):,}" for numbers in (effect.fails, effect.only))
        gained = int(effect.moved[:kept, kept].sum())
        lost = int(effect.moved[kept, :kept].sum())
        chars = int(effect.chars[:, kept].sum())
        numbers_shown = (*(f"{count:,}" for count in counts), f"{chars:,}", f"{gained:,}", f"{lost:,}")
        table.add_row(*values, *numbers_shown, fail, only)
    console.print(table)
    for sentence in unforeseen:
        console.print(sentence, markup=False, highlight=False, soft_wrap=True)
    console.print(
        "newly kept, no longer: against the stored decisions. fail, only: of the rules that change; what nothing else drops.",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


def _print_effect(plan: RunPlan, manifest: Mapping[str, Any], reasons: Sequence[str], *, title: str) -> None:
    stored, effect = _effects([plan.recipe], plan.snapshot, manifest, details=True)
    known = {rule.reason for rule in effect.rules}
    for reason in reasons:
        if reason not in known:
            raise UsageError(f"--rule {reason}: no rule of the recipe gives that reason")
    console = _console()
    console.print(title, markup=False, highlight=False, style="bold", soft_wrap=True)
    _print_moves(console, effect)
    _print_rules(console, stored, effect)
    for sentence in _unforeseen(plan.recipe, manifest):
        console.print(sentence, markup=False, highlight=False, soft_wrap=True)
    shown = set(reasons) or _changed_reasons(stored, effect)
    numbers = [index for index, rule in enumerate(effect.rules) if rule.reason in shown and any(effect.cut[index])]
    left_out = numbers[_SHOWN_RULES:] if not reasons else []
    numbers = [index for index in numbers if index not in left_out]
    # Also what the stored rules call unsafe: a recipe that lets more pass must not show it.
    unsafe = {rule.reason for rule in stored.rules if rule.signal.startswith(_UNSAFE_SIGNALS)}
    texts = _Texts(plan.snapshot, unsafe_reasons(plan.recipe) | unsafe)
    texts.load(near for index in numbers for side in effect.cut[index] for near in side)
    texts.load(near for found in effect.changed.values() for near in found)
    for (old, new), found in sorted(effect.changed.items()):
        console.print(f"{old} -> {new}, for example:", highlight=False, markup=False)
        for near in found:
            texts.show(console, near, "")
    for index in numbers:
        rule = effect.rules[index]
        console.print(f"Nearest to the cut: {_name(rule)}, {_limit(rule)}", highlight=False, markup=False)
        for word, side in zip(("fails", "passes"), effect.cut[index], strict=True):
            for near in side:
                texts.show(console, near, f"{word} {near.value:g}", of=rule)
    if left_out:
        names = ", ".join(dict.fromkeys(effect.rules[index].reason for index in left_out))
        console.print(f"Samples of further changed rules: --rule {names}", highlight=False, markup=False)


def _unforeseen(recipe: Recipe, manifest: Mapping[str, Any]) -> Iterator[str]:
    """What the stored tables cannot tell, one sentence each."""
    wanted, stored = resolved(recipe)["duplicates"], manifest["recipe"]["duplicates"]
    moved = [f"duplicates.{name}" for name in wanted if wanted[name] != stored.get(name) and name not in _CHOOSES_ONLY]
    if moved:
        yield f"Not foreseen: what {', '.join(moved)} changes in clusters and captures is known after writing only."
    if wanted["urls"] == "newest" and not moved:
        yield "Not foreseen: captures of one address stay as they were decided; which is the newest to pass may change."


def _changed_reasons(stored: Effect, effect: Effect) -> set[str]:
    known = {_decides(rule) for rule in stored.rules}
    return {rule.reason for rule in effect.rules if _decides(rule) not in known}


def _decides(rule: Rule) -> Rule:
    return replace(rule, citation="")


def _console() -> Console:
    """As wide as the terminal; a pipe or a file gets lines that are not cut."""
    console = Console()
    return console if console.is_terminal else Console(width=_FILE_WIDTH)


def _print_moves(console: Console, effect: Effect) -> None:
    table = Table("", "documents", "", "characters", "", box=None, pad_edge=False)
    for verdict in reversed(VERDICTS):
        rank = VERDICTS.index(verdict)
        row = [verdict]
        for sums in (effect.moved, effect.chars):
            before, after = int(sums[rank].sum()), int(sums[:, rank].sum())
            row += [f"{before:,}" + (f" -> {after:,}" if before != after else ""), _signed(after - before)]
        table.add_row(*row)
    for old, new in itertools.permutations(range(len(VERDICTS)), 2):
        if count := int(effect.moved[old, new]):
            table.add_row(f"  {VERDICTS[old]} -> {VERDICTS[new]}", f"{count:,}", "", f"{int(effect.chars[old, new]):,}")
    console.print(table)


def _print_rules(console: Console, stored: Effect, effect: Effect) -> None:
    before = {(rule.reason, rule.languages): index for index, rule in enumerate(stored.rules)}
    table = Table(box=None, pad_edge=False)
    for name in ("rule", "limit"):
        table.add_column(name, no_wrap=True, overflow="fold")
    for name in ("fail", "", "only it", ""):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("of these fail too", no_wrap=True, overflow="ellipsis")
    for index, rule in enumerate(effect.rules):
        old = before.pop((rule.reason, rule.languages), None)
        fails, only = int(effect.fails[index]), int(effect.only[index])
        was = (0, 0) if old is None else (int(stored.fails[old]), int(stored.only[old]))
        changed = old is None or _decides(stored.rules[old]) != _decides(rule)
        if not fails and not was[0] and not changed:
            continue
        limit = _limit(rule)
        if changed:
            limit = f"new: {limit}" if old is None else f"{_limit(stored.rules[old])} -> {limit}"
        shown = (f"{fails:,}", _signed(fails - was[0]), f"{only:,}", _signed(only - was[1]))
        row = (Text(_name(rule)), limit, *shown, _partners(effect, index))  # "[zh]" is markup in a plain string
        table.add_row(*row, style="bold" if changed else "")
    for (reason, languages), old in before.items():
        if fails := int(stored.fails[old]):
            gone = (_signed(-fails), "0", _signed(-int(stored.only[old])))
            table.add_row(Text(_named(reason, languages)), "no longer a rule", "0", *gone, "", style="bold")
    console.print(table)


def _partners(effect: Effect, index: int) -> str:
    together = effect.overlap[index].copy()
    together[index] = 0
    order = [int(other) for other in together.argsort(kind="stable")[::-1][:_PARTNERS] if together[other]]
    fails = int(effect.fails[index])
    return ", ".join(f"{effect.rules[other].reason} {together[other] / fails:.0%}" for other in order)


def _name(rule: Rule) -> str:
    return _named(rule.reason, rule.languages)


def _named(reason: str, languages: Sequence[str]) -> str:
    return f"{reason} [{', '.join(languages)}]" if languages else reason


def _limit(rule: Rule) -> str:
    limits = [f">= {rule.low:g}" if rule.low is not None else "", f"<= {rule.high:g}" if rule.high is not None else ""]
    hold = " (quarantine)" if rule.verdict == "quarantine" else ""
    return f"{' and '.join(filter(None, limits))}{hold}"


def _signed(number: int) -> str:
    return f"({number:+,})" if number else ""


class _Texts:
    """Addresses and first lines of the documents shown, each part read once."""

    def __init__(self, snapshot: Snapshot, unsafe: frozenset[str]) -> None:
        self.snapshot, self.unsafe = snapshot, unsafe
        self.found: dict[tuple[str, int], tuple[str, str, list[str]]] = {}

    def load(self, wanted: Iterable[Near]) -> None:
        """Read what is not yet known."""
        places = sorted({(near.part, near.row) for near in wanted} - self.found.keys())
        for part, group in itertools.groupby(places, key=lambda place: place[0]):
            rows = [row for _, row in group]
            documents = self.snapshot.read("documents", part, ["url", "text"]).take(rows).to_pylist()
            stored = self.snapshot.read("decisions", part, ["reasons"])["reasons"].take(rows).to_pylist()
            for row, document, reasons in zip(rows, documents, stored, strict=True):
                self.found[part, row] = (document["url"] or "", document["text"][: 4 * _TEXT_CHARS], reasons)

    def show(self, console: Console, near: Near, words: str, of: Rule | None = None) -> None:
        """One line of what it is, one of its text."""
        url, text, stored = self.found[near.part, near.row]
        others = [reason for reason in near.reasons if of is None or reason != of.reason]
        why = f"; {'also ' if of else ''}{', '.join(others)}" if others else ""
        words = f"{words:<18}" if words else ""
        console.print(
            f"  {words}{near.doc_id} {_line(url, _URL_CHARS)}{why}", markup=False, highlight=False, soft_wrap=True
        )
        unsafe = not self.unsafe.isdisjoint((*near.reasons, *stored, of.reason if of else ""))
        shown = "(text withheld)" if unsafe else _line(text, _TEXT_CHARS)
        console.print(f"      {shown}", markup=False, highlight=False, soft_wrap=True, style="dim")


def _line(text: str, size: int) -> str:
    line = " ".join(text.split())
    return visible(line[:size]) + ("..." if len(line) > size else "")
