"""What a profile is, and how profiles are merged: sums of integers, and the k rows of smallest rank.

Merging is associative, commutative and exact: the profiles of any parts, merged in any order, give the profile of the
whole. Nothing is a floating-point sum. Reads and drops nothing; the measuring is in counts.py and samples.py.
"""

import heapq
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import reduce
from itertools import islice
from typing import Any

from schemas.rules import Rule

SEPARATOR = "\x1f"
"""Joins the parts of a key; never part of one."""
OVERFLOW = "\x1e"
"""The only key of a table that grew beyond KEY_LIMIT keys: its rows are then counted together."""
KEY_LIMIT = 20_000
"""Keys per table, so that hostile values cannot inflate a profile (about 2 MB a table)."""

DROPPED_SAMPLES = 10
KEPT_SAMPLES = 20
LEDGER_SAMPLES = 10
CLUSTER_SAMPLES = 20
HOST_SAMPLES = 16_384
"""Documents whose host is kept: host counts are exact up to this many documents, beyond it they are estimates with a
standard error of at most .4 percentage points (sqrt(.25 / 16384)) of all documents, .08 for a host with 1 %."""
VALUE_CHARS = 80

Counts = Mapping[str, tuple[int, ...]]
Sums = Mapping[str, Counts]
Row = tuple[str, str, Any]  # rank, id, JSON value
Samples = Mapping[str, tuple[Row, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """`sums`: table -> key -> counts. `samples`: name -> rows in the order of (rank, id). `rules` and `unsafe` are the
    recipe's; profiles of different recipes cannot be merged.

    Tables (parts of keys are joined by SEPARATOR):
        verdicts, languages, scripts, sources, extractors, months: (value, verdict) -> documents, characters
        ledger: (stage, reason) -> records
        reasons: (reason, language) -> documents, characters, documents that fail for no other reason, their characters
        overlap: (reason, reason) -> documents that failed both
        signals: (signal, type, language group) -> measured, null, above zero, sum (0 for floats)
        lengths; histogram SEPARATOR signal: (language group, verdict, bin) -> documents
        values SEPARATOR signal: (value, verdict) -> documents; of string signals
        removed: (kind, "earlier" or "", language, domain) -> documents removed for another one
        duplicates: kind -> documents; clusters: smallest size of the bin -> clusters, documents
    Samples: kept; dropped SEPARATOR reason; ledger SEPARATOR stage SEPARATOR reason; hosts; clusters.
    """

    rules: tuple[Rule, ...]
    unsafe: tuple[str, ...]
    sums: Sums
    samples: Samples


def empty(rules: tuple[Rule, ...], unsafe: frozenset[str] = frozenset()) -> Profile:
    """The profile of no split: the neutral element of `merge`."""
    return canonical(rules, unsafe, {}, {})


def merge(left: Profile, right: Profile) -> Profile:
    """The profile of both together: associative and commutative.

    Raises:
        ValueError: they were made with different rules.

    """
    if (left.rules, left.unsafe) != (right.rules, right.unsafe):
        raise ValueError("profiles of different rules cannot be merged")
    sums = {name: added(left.sums.get(name, {}), right.sums.get(name, {})) for name in {*left.sums, *right.sums}}
    samples = {
        name: tuple(heapq.merge(left.samples.get(name, ()), right.samples.get(name, ()), key=order))
        for name in {*left.samples, *right.samples}
    }
    return canonical(left.rules, frozenset(left.unsafe), sums, samples)


def merge_all(profiles: Iterable[Profile]) -> Profile:
    """The profile of all of them (at least one)."""
    return reduce(merge, profiles)


def to_json(profile: Profile) -> bytes:
    """The profile as JSON, equal for equal profiles; `from_json` reads it back."""
    return json.dumps(asdict(profile), ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode("ascii")


def from_json(data: bytes) -> Profile:
    """The profile that `to_json` wrote."""
    plain = json.loads(data)
    return Profile(
        rules=tuple(Rule(**{**rule, "languages": tuple(rule["languages"])}) for rule in plain["rules"]),
        unsafe=tuple(plain["unsafe"]),
        sums={name: {parts: tuple(row) for parts, row in table.items()} for name, table in plain["sums"].items()},
        samples={name: tuple((r, i, value) for r, i, value in rows) for name, rows in plain["samples"].items()},
    )


def key(*parts: object) -> str:
    """One key of its parts; what could be mistaken for a separator is replaced, what is too long is cut."""
    clean = (str(part).replace(SEPARATOR, "\ufffd").replace(OVERFLOW, "\ufffd")[:VALUE_CHARS] for part in parts)
    return SEPARATOR.join(clean)


def canonical(rules: tuple[Rule, ...], unsafe: frozenset[str], sums: Sums, samples: Samples) -> Profile:
    """In canonical form: bounded, sorted, without empty tables."""
    return Profile(
        rules=rules,
        unsafe=tuple(sorted(unsafe)),
        sums={name: dict(sorted(_bounded(sums[name]).items())) for name in sorted(sums) if sums[name]},
        samples={name: tuple(islice(samples[name], _size(name))) for name in sorted(samples) if samples[name]},
    )


def added(a: Counts, b: Counts) -> dict[str, tuple[int, ...]]:
    """The sum of two tables, key by key."""
    total = dict(a)
    for name, row in b.items():
        old = total.get(name)
        total[name] = row if old is None else tuple(map(sum, zip(old, row, strict=True)))
    return total


def _bounded(table: Counts) -> Counts:
    if len(table) <= KEY_LIMIT and (OVERFLOW not in table or len(table) == 1):
        return table
    return {OVERFLOW: tuple(map(sum, zip(*table.values(), strict=True)))}


def _size(sample: str) -> int:
    sizes = {"kept": KEPT_SAMPLES, "hosts": HOST_SAMPLES, "clusters": CLUSTER_SAMPLES, "ledger": LEDGER_SAMPLES}
    return sizes.get(sample.split(SEPARATOR, maxsplit=1)[0], DROPPED_SAMPLES)


def order(row: Row) -> tuple[str, str]:
    """Samples keep the smallest."""
    return row[0], row[1]
