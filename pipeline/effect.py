"""What other rules would do to a finished snapshot, told from what it stores: `decide` shows this before it writes.

Reads signals/, decisions/, duplicates/ and the columns of documents/ that rules and the choice of representatives need,
part by part, and writes nothing. Every distinct rule of all variants is evaluated once a part. In memory stay sums, the
few documents nearest to each cut, and some 200 bytes for each member of a cluster: which copy stays is known only when
all members are.

Clusters are those of the stored decisions; their representatives are chosen anew. What moves clusters (another
duplicates.threshold) this cannot foresee. What an outer cause decided (a newer capture of the address, a document that an
earlier snapshot released) stays.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.decide import DROP, DUPLICATE, KEEP, QUARANTINE, failures, ranks, spoken
from pipeline.dedup.clusters import CANDIDATE, DuplicatesSpec, choose, location_hashes, preference_scores
from pipeline.snapshot import Snapshot
from schemas.rules import Rule

SIDE_SAMPLES = 5
"""Documents shown on each side of a cut, and of each kind of change."""
VERDICTS = (DROP, QUARANTINE, KEEP)  # by rank
_CHARS = "text_chars"
_NO_VERDICT = len(VERDICTS)

Bools: TypeAlias = NDArray[np.bool_]
Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Near:
    """A document near a cut (`distance` of its value to the threshold) or one that changes (`distance` 0)."""

    distance: float
    doc_id: str
    part: str
    row: int
    value: float
    reasons: tuple[str, ...] = field(compare=False)
    """Every rule that it would fail, and `duplicate` where known."""


@dataclass(slots=True, kw_only=True)
class Effect:
    """What one variant of the rules does.

    `moved[old, new]` counts documents and `chars[old, new]` their characters, by the ranks of VERDICTS; `old` has one place
    more, for documents without a stored verdict. `fails`, `only` are of shape (rules,): documents that fail the rule, and
    those that no other dropping rule and no copy drops (of a quarantine rule: that nothing else drops or holds). `overlap` is of shape (rules, rules): documents that fail both.
    """

    rules: tuple[Rule, ...]
    moved: Ints
    chars: Ints
    fails: Ints
    only: Ints
    overlap: Ints
    cut: dict[int, tuple[list[Near], list[Near]]]
    """By number of the rule: the nearest that fail, the nearest that pass."""
    changed: dict[tuple[str, str], list[Near]]
    """By old and new verdict."""

    def documents(self, verdict: str) -> int:
        """How many end with that verdict."""
        return int(self.moved[:, VERDICTS.index(verdict)].sum())


@dataclass(frozen=True, slots=True)
class _Part:
    name: str
    documents: pa.Table
    signals: pa.Table
    decisions: pa.Table
    duplicates: pa.Table


@dataclass(frozen=True, slots=True)
class _Rows:
    """Some rows of a part: `matrix` of shape (distinct rules, rows), the rest of shape (rows,)."""

    part: str
    rows: Ints
    doc_ids: NDArray[np.object_]
    matrix: Bools
    old: Ints
    fixed: Bools
    chars: Ints

    def take(self, wanted: Bools) -> "_Rows":
        at = np.flatnonzero(wanted)
        return _Rows(
            self.part, self.rows[at], self.doc_ids[at], self.matrix[:, at], self.old[at], self.fixed[at], self.chars[at]
        )


def effects(
    snapshot: Snapshot,
    parts: Sequence[str],
    variants: Sequence[tuple[tuple[Rule, ...], DuplicatesSpec]],
    *,
    known: frozenset[str],
    details: bool,
) -> list[Effect]:
    """One Effect for each variant, in order.

    Args:
        snapshot: a finished one.
        parts: all its parts.
        variants: rules and the order of preference among copies.
        known: reasons that the stored decisions' rules can give; others stay as they are.
        details: overlaps and samples too; a sweep needs none.

    Raises:
        StorageError, KeyError: a table or a signal is missing.

    """
    distinct = list(dict.fromkeys(rule for rules, _ in variants for rule in rules))
    number = {rule: index for index, rule in enumerate(distinct)}
    chosen = [np.array([number[rule] for rule in rules], np.int64) for rules, _ in variants]
    found = [_empty(rules) for rules, _ in variants]
    clustered: list[tuple[_Rows, list[NDArray[np.void]], NDArray[np.object_], Bools]] = []
    columns = sorted({_CHARS, *(rule.signal for rule in distinct), *_preferred(variants)})
    for part in _read(snapshot, parts, columns):
        failed = failures(part.documents, part.signals, distinct)
        rows = _rows(part, failed.matrix, known)
        member = _members(part)
        if member.any():
            at = np.flatnonzero(member)
            candidates = []
            for index, (rules, spec) in zip(chosen, variants, strict=True):
                candidates.append(
                    _candidates(
                        part, at, np.where(rows.fixed[at], 0, ranks(rules, failed.matrix[np.ix_(index, at)])), spec
                    )
                )
            same = pc.equal(part.duplicates["kind"], "same_record").to_numpy(zero_copy_only=False)
            names = np.stack(
                [part.duplicates[name].to_numpy(zero_copy_only=False) for name in ("cluster_id", "representative")]
            )
            clustered.append((rows.take(member), candidates, names, same))
        alone = rows.take(~member)
        for effect, index in zip(found, chosen, strict=True):
            _count(effect, alone, index, np.zeros(len(alone.rows), np.bool_), details=details)
            if details:
                _nearest(effect, rows, failed.values, index, spoken(part.documents, effect.rules))
    for variant, (effect, index) in enumerate(zip(found, chosen, strict=True)):
        enabled = variants[variant][1].enabled
        for (rows, _, _, same), lost in zip(clustered, _losers(clustered, variant), strict=True):
            _count(effect, rows, index, lost & (same | enabled), details=details)
    return found


def _empty(rules: tuple[Rule, ...]) -> Effect:
    size = len(rules)
    return Effect(
        rules=rules,
        moved=np.zeros((_NO_VERDICT + 1, _NO_VERDICT), np.int64),
        chars=np.zeros((_NO_VERDICT + 1, _NO_VERDICT), np.int64),
        fails=np.zeros(size, np.int64),
        only=np.zeros(size, np.int64),
        overlap=np.zeros((size, size), np.int64),
        cut={index: ([], []) for index in range(size)},
        changed={},
    )


def _preferred(variants: Sequence[tuple[tuple[Rule, ...], DuplicatesSpec]]) -> Iterator[str]:
    for _, spec in variants:
        yield from (name.partition(":")[2] for name in spec.prefer if ":" in name)


def _read(snapshot: Snapshot, parts: Sequence[str], columns: list[str]) -> Iterator[_Part]:
    """The tables of each part, the next one read meanwhile."""

    def read(name: str) -> _Part:
        documents = ["doc_id", "language", "script", "source", "fetched_at", "location"]
        return _Part(
            name,
            snapshot.read("documents", name, documents),
            snapshot.read("signals", name, columns),
            snapshot.read("decisions", name, ["verdict", "reasons"]),
            snapshot.read("duplicates", name, ["doc_id", "cluster_id", "representative", "kind"]),
        )

    with ThreadPoolExecutor(1) as reader:
        waiting = [reader.submit(read, name) for name in parts[:1]]
        for _, following in pairwise([*parts, None]):
            part = waiting.pop().result()
            if following is not None:
                waiting.append(reader.submit(read, following))
            yield part


def _rows(part: _Part, matrix: Bools, known: frozenset[str]) -> _Rows:
    size = part.documents.num_rows
    verdicts = pc.index_in(part.decisions["verdict"], pa.array(VERDICTS)).fill_null(_NO_VERDICT)
    reasons = part.decisions["reasons"].combine_chunks()
    outer = pc.invert(pc.is_in(pc.list_flatten(reasons), pa.array(sorted({*known, DUPLICATE}), pa.string())))
    fixed = np.zeros(size, np.bool_)
    fixed[pc.list_parent_indices(reasons).filter(outer).to_numpy()] = True
    return _Rows(
        part.name,
        np.arange(size),
        part.documents["doc_id"].to_numpy(zero_copy_only=False),
        matrix,
        verdicts.to_numpy(zero_copy_only=False).astype(np.int64),
        fixed,
        part.signals[_CHARS].fill_null(0).to_numpy().astype(np.int64),
    )


def _members(part: _Part) -> Bools:
    """Rows of documents/ that duplicates/ lists, in the same order there."""
    member = pc.is_in(part.documents["doc_id"], part.duplicates["doc_id"].combine_chunks())
    found: Bools = member.to_numpy(zero_copy_only=False).astype(np.bool_)
    if int(found.sum()) != part.duplicates.num_rows:
        raise KeyError(f"duplicates/ of {part.name} does not match its documents/")
    return found


def _candidates(part: _Part, at: Ints, ranks: Ints, spec: DuplicatesSpec) -> NDArray[np.void]:
    documents, signals = part.documents.take(at), part.signals.take(at)
    candidates = np.zeros(len(at), CANDIDATE)
    candidates["doc_id"] = np.array(documents["doc_id"].to_pylist(), "S32")
    candidates["location"] = location_hashes(documents)
    candidates["rank"] = ranks
    candidates["score"] = preference_scores(documents, signals, spec)
    return candidates


def _losers(
    clustered: Sequence[tuple[_Rows, list[NDArray[np.void]], NDArray[np.object_], Bools]], variant: int
) -> list[Bools]:
    """Of each part's clustered rows, those that are not chosen."""
    if not clustered:
        return []
    together = np.concatenate([candidates[variant] for _, candidates, _, _ in clustered])
    clusters, representatives = np.concatenate([names for _, _, names, _ in clustered], axis=1)
    _, together["root"] = np.unique(clusters.astype("S64"), return_inverse=True)
    together["place"] = np.arange(len(together))
    lost = np.zeros(len(together), np.bool_)
    choices = choose(together)
    lost[choices["place"][choices["chosen"] == 0].astype(np.int64)] = True
    # A representative that is no member is a document of another snapshot: no member is chosen, whatever the rules say.
    lost |= ~np.isin(representatives.astype("S32"), together["doc_id"])
    edges = np.cumsum([len(rows.rows) for rows, _, _, _ in clustered])[:-1]
    return np.split(lost, edges)


def _count(effect: Effect, rows: _Rows, index: Ints, lost: Bools, *, details: bool) -> None:
    """Add these rows to the sums; `lost` are those that another copy replaces."""
    gone = lost | rows.fixed
    failed = rows.matrix[index]
    new = np.where(gone, 0, ranks(effect.rules, failed))
    np.add.at(effect.moved, (rows.old, new), 1)
    np.add.at(effect.chars, (rows.old, new), rows.chars)
    some = np.flatnonzero(failed.any(axis=0))  # most documents fail nothing
    broken, stays = failed[:, some], ~gone[some]
    drops = np.array([rule.verdict == "drop" for rule in effect.rules], np.bool_)
    effect.fails += np.count_nonzero(broken, axis=1)
    for kind, others in ((drops, broken[drops]), (~drops, broken)):
        alone = (others.sum(axis=0, dtype=np.int32) == 1) & stays
        effect.only[kind] += np.count_nonzero(broken[kind][:, alone], axis=1)
    if not details:
        return
    numbers = broken.astype(np.float32)  # exact up to 16 million rows a part
    effect.overlap += (numbers @ numbers.T).astype(np.int64)
    moves = np.where(rows.old == new, -1, rows.old * _NO_VERDICT + new)
    for move in np.unique(moves[(moves >= 0) & (rows.old != _NO_VERDICT)]):
        key = VERDICTS[move // _NO_VERDICT], VERDICTS[move % _NO_VERDICT]
        here = np.flatnonzero(moves == move)
        for at in here[np.argsort(rows.doc_ids[here].astype("S32"), kind="stable")][:SIDE_SAMPLES]:
            reasons = _reasons(effect.rules, failed[:, at]) + ((DUPLICATE,) if lost[at] else ())
            near = Near(
                distance=0.0,
                doc_id=rows.doc_ids[at],
                part=rows.part,
                row=int(rows.rows[at]),
                value=0.0,
                reasons=reasons,
            )
            effect.changed[key] = sorted([*effect.changed.get(key, ()), near])[:SIDE_SAMPLES]


def _nearest(
    effect: Effect, rows: _Rows, values: Floats, index: Ints, speaking: Mapping[tuple[str, ...], Bools]
) -> None:
    """Merge the documents of a part that are nearest to each cut into those that were."""
    for place, (rule, at) in enumerate(zip(effect.rules, index, strict=True)):
        value, failed = values[at], rows.matrix[at]
        distance = np.full(len(value), np.inf)
        for bound in (rule.low, rule.high):
            if bound is not None:
                distance = np.fmin(distance, np.abs(value - bound))
        for side, wanted in zip(effect.cut[place], (failed, speaking[rule.languages] & ~failed), strict=True):
            here = np.flatnonzero(wanted & np.isfinite(distance))
            if len(side) == SIDE_SAMPLES:
                here = here[distance[here] <= side[-1].distance]
            if len(here) > SIDE_SAMPLES:
                limit = np.partition(distance[here], SIDE_SAMPLES - 1)[SIDE_SAMPLES - 1]
                here = here[distance[here] <= limit]
            here = here[np.lexsort((rows.doc_ids[here].astype("S32"), distance[here]))][:SIDE_SAMPLES]
            side += [
                Near(
                    distance=float(distance[row]),
                    doc_id=rows.doc_ids[row],
                    part=rows.part,
                    row=int(row),
                    value=float(value[row]),
                    reasons=_reasons(effect.rules, rows.matrix[index, row]),
                )
                for row in here
            ]
            side.sort()
            del side[SIDE_SAMPLES:]


def _reasons(rules: Sequence[Rule], failed: Bools) -> tuple[str, ...]:
    return tuple(dict.fromkeys(rules[index].reason for index in np.flatnonzero(failed).tolist()))
