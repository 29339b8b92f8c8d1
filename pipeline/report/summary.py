"""From sums to what a person reads: shares, ranks, quantiles, and the checks of the sums that must hold.

Reads a merged `Profile`, and the counts of the manifest and of dataset.json. Returns plain JSON values only: what
report.json holds, and all that the page shows. Every list is ordered by count, then by name.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from itertools import pairwise
from operator import itemgetter
from typing import Any

from pipeline.report.algebra import OVERFLOW, SEPARATOR, Counts, Profile
from pipeline.report.counts import CLUSTER_EDGES, EDGES, LANGUAGE_GROUPS, VERDICTS, language_group
from pipeline.report.samples import NOT_A_CAPTURE

OVERLAP_REASONS = 10
HOSTS = 15
QUANTILES = (0.05, 0.5, 0.95)

Json = dict[str, Any]


def summarise(profile: Profile) -> Json:
    """Everything that is known from the profile alone."""
    sums = profile.sums
    totals = _totals(profile)
    return {
        "totals": totals,
        "ledger": _ledger(sums.get("ledger", {}), totals),
        "reasons": _reasons(profile, totals["documents"]),
        "overlap": _overlap(profile),
        **{name: _by_verdict(sums.get(name, {})) for name in ("languages", "scripts", "sources", "extractors")},
        "months": sorted(_by_verdict(sums.get("months", {})), key=lambda row: str(row["value"])),
        "hosts": _hosts(profile, totals["documents"]),
        "lengths": _bars(sums.get("lengths", {}), whole=True),
        "signals": _signals(profile),
        "duplicates": _duplicates(profile),
        "samples": {
            "kept": _sample(profile, "kept"),
            "dropped": {n.split(SEPARATOR)[1]: _sample(profile, n) for n in profile.samples if n.startswith("dropped")},
            "ledger": [
                {"stage": stage, "reason": reason, "rows": [value for _, _, value in rows]}
                for name, rows in profile.samples.items()
                if name.startswith("ledger")
                for _, stage, reason in [name.split(SEPARATOR)]
            ],
        },
        "unsafe": list(profile.unsafe),
    }


def checks(totals: Mapping[str, int], manifest: Mapping[str, Any], dataset: Mapping[str, Any] | None) -> list[Json]:
    """The sums that must hold. `holds` is None where the other side is not known.

    `manifest["counts"]` may hold `records` (what the sources yielded) and `documents`, flat or below `read`; `dataset` is dataset.json.
    """
    counts = manifest.get("counts") or {}
    counts = counts.get("read", counts)
    judged = totals["kept"] + totals["dropped"] + totals["quarantined"]
    rows: list[tuple[str, int | None, int | None]] = [
        ("records read = documents + ledger", counts.get("records"), totals["documents"] + totals["rejected"]),
        ("documents = kept + dropped + quarantined", counts.get("documents", totals["documents"]), judged),
    ]
    if dataset is not None:
        repeated = counts.get("repeated", 0)
        name = (
            "documents kept + repeated = rows of the dataset"
            if repeated
            else "documents kept = documents in the dataset"
        )
        rows.append((name, totals["kept"] + repeated, dataset.get("documents")))
        rows += [
            (f"tokens = sum of tokens by {column}", dataset.get("tokens"), sum(row["tokens"] for row in table.values()))
            for column, table in sorted((dataset.get("counts") or {}).items())
        ]
        shards = sum(shard["tokens"] for shard in dataset.get("shards") or ())
        rows.append(("tokens = sum of tokens of the shards", dataset.get("tokens"), shards))
    return [
        {"sum": name, "left": left, "right": right, "holds": None if left is None or right is None else left == right}
        for name, left, right in rows
    ]


def share(part: float, whole: float) -> float | None:
    """`part` / `whole`; None for a whole of 0."""
    return part / whole if whole else None


def _totals(profile: Profile) -> Json:
    verdicts = profile.sums.get("verdicts", {})
    kept, dropped, quarantined = (verdicts.get(verdict, (0, 0)) for verdict in VERDICTS)
    documents = sum(row[0] for row in verdicts.values())
    ledger = profile.sums.get("ledger", {})
    rejected = sum(count for (count,) in ledger.values())
    others = sum(count for name, (count,) in ledger.items() if name.split(SEPARATOR)[-1] == NOT_A_CAPTURE)
    characters = sum(row[1] for row in verdicts.values())
    captures = documents + rejected - others
    return {
        "records": documents + rejected,
        "not_captures": others,
        "captures": captures,
        "rejected": rejected,
        "documents": documents,
        "kept": kept[0],
        "dropped": dropped[0],
        "quarantined": quarantined[0],
        "characters": characters,
        "kept_characters": kept[1],
        "documents_per_capture": share(documents, captures),
        "kept_per_document": share(kept[0], documents),
        "kept_per_capture": share(kept[0], captures),
        "kept_per_character": share(kept[1], characters),
    }


def _parts(name: str, width: int) -> list[str]:
    """The parts of a key; a table that overflowed has one row, named so."""
    return ["(too many different values)"] * width if name == OVERFLOW else name.split(SEPARATOR)


def _ledger(table: Counts, totals: Mapping[str, int]) -> list[Json]:
    rows = [(count, _parts(name, 2)) for name, (count,) in table.items()]
    return [
        {"stage": stage, "reason": reason, "records": count, "per_capture": share(count, totals["captures"])}
        for count, (stage, reason) in sorted(rows, key=lambda row: (-row[0], row[1]))
        if reason != NOT_A_CAPTURE
    ]


def _by_verdict(table: Counts) -> list[Json]:
    """(value, verdict) -> documents[, characters] as one row for each value."""
    found: dict[str, Json] = {}
    for name, row in table.items():
        value, verdict = _parts(name, 2)
        counts = found.setdefault(value, {"value": value, "documents": 0, "characters": 0, "kept_characters": 0})
        characters = row[1] if len(row) > 1 else 0
        counts["documents"] += row[0]
        counts["characters"] += characters
        counts["kept_characters"] += characters if verdict == "keep" else 0
        counts[verdict] = counts.get(verdict, 0) + row[0]
    for counts in found.values():
        counts.update({verdict: counts.get(verdict, 0) for verdict in VERDICTS})
        counts["kept_per_document"] = share(counts["keep"], counts["documents"])
    return sorted(found.values(), key=lambda row: (-row["documents"], row["value"]))


def _reasons(profile: Profile, documents: int) -> list[Json]:
    rules: dict[str, list[Json]] = {}
    for rule in profile.rules:
        rules.setdefault(rule.reason, []).append(asdict(rule))
    found = {reason: _reason(reason) for reason in rules}
    for name, row in profile.sums.get("reasons", {}).items():
        reason, language = _parts(name, 2)
        entry = found.setdefault(reason, _reason(reason))
        for field, count in zip(("any", "characters", "only", "only_characters"), row, strict=True):
            entry[field] += count
        entry["languages"][language] = {"any": row[0], "only": row[2]}
        entry["groups"][language_group(language)] += row[0]
    for reason, entry in found.items():
        entry["per_document"], entry["only_per_document"] = (share(entry[n], documents) for n in ("any", "only"))
        entry["rules"] = rules.get(reason, [])
        entry["unsafe"] = reason in profile.unsafe
        entry["languages"] = dict(sorted(entry["languages"].items(), key=lambda item: (-item[1]["any"], item[0])))
    return sorted(found.values(), key=lambda row: (-row["any"], row["reason"]))


def _reason(reason: str) -> Json:
    return {
        "reason": reason,
        "any": 0,
        "only": 0,
        "characters": 0,
        "only_characters": 0,
        "languages": {},
        "groups": dict.fromkeys(LANGUAGE_GROUPS, 0),
    }


def _overlap(profile: Profile) -> Json:
    """For the commonest reasons, how many documents failed for both; on the diagonal, for that one."""
    single: Counter[str] = Counter()
    for name, row in profile.sums.get("reasons", {}).items():
        single[_parts(name, 2)[0]] += row[0]
    both = {tuple(_parts(name, 2)): count for name, (count,) in profile.sums.get("overlap", {}).items()}
    top = [reason for reason, _ in sorted(single.items(), key=lambda item: (-item[1], item[0]))[:OVERLAP_REASONS]]
    matrix = [[single[a] if a == b else both.get((min(a, b), max(a, b)), 0) for b in top] for a in top]
    return {"reasons": top, "documents": matrix}


def _hosts(profile: Profile, documents: int) -> Json:
    """Exact while every document is in the sample, else estimates for the whole: scaled, and so marked."""
    rows = [value for _, _, value in profile.samples.get("hosts", ())]
    found: dict[str, Json] = {}
    for host, characters, verdict in rows:
        entry = found.setdefault(host, {"host": host, "documents": 0, "characters": 0, "kept": 0})
        entry["documents"] += 1
        entry["characters"] += characters
        entry["kept"] += verdict == "keep"
    scale = documents / len(rows) if rows else 1
    for entry in found.values():
        entry["kept_per_document"] = share(entry.pop("kept"), entry["documents"])
        entry.update({measure: round(entry[measure] * scale) for measure in ("documents", "characters")})
    by_name = sorted(found.values(), key=itemgetter("host"))
    return {
        "sampled": len(rows),
        "exact": len(rows) == documents,
        "hosts": len(found),
        **{
            f"by_{measure}": sorted(by_name, key=itemgetter(measure), reverse=True)[:HOSTS]
            for measure in ("documents", "characters")
        },
    }


def _signals(profile: Profile) -> list[Json]:
    found: dict[str, Json] = {}
    for name, (measured, null, positive, total) in profile.sums.get("signals", {}).items():
        signal, kind, group = _parts(name, 3)
        entry = found.setdefault(signal, {"name": signal, "type": kind, "groups": {}})
        entry["groups"][group] = {"measured": measured, "null": null, "positive": positive, "sum": total}
    for signal, entry in found.items():
        entry["groups"] = {group: entry["groups"][group] for group in LANGUAGE_GROUPS if group in entry["groups"]}
        entry["rules"] = [asdict(rule) for rule in profile.rules if rule.signal == signal]
        if entry["type"] == "string":
            entry["values"] = _by_verdict(profile.sums.get(f"values{SEPARATOR}{signal}", {}))
        else:
            table = profile.sums.get(f"histogram{SEPARATOR}{signal}", {})
            entry["bars"] = _bars(table, whole=entry["type"] != "float")
            for group, bars in entry["bars"].items():
                entry["groups"][group]["quantiles"] = _quantiles(bars, whole=entry["type"] != "float")
    return sorted(found.values(), key=lambda entry: (not entry["rules"], entry["name"]))


def _bars(table: Counts, *, whole: bool) -> dict[str, list[Json]]:
    """Language group -> bins in order: low, high (exclusive, None at the open ends), documents by verdict. For whole
    numbers the limits are rounded up and bins that hold no whole number vanish: that loses nothing.
    """
    groups: dict[str, dict[tuple[float, float], Counter[str]]] = {}
    limits = [-math.inf, *(float(edge) for edge in EDGES), math.inf]
    for name, (count,) in table.items():
        group, verdict, place = _parts(name, 3)
        low, high = limits[int(place)], limits[int(place) + 1]
        if whole:
            low, high = (limit if math.isinf(limit) else float(math.ceil(limit)) for limit in (low, high))
        groups.setdefault(group, {}).setdefault((low, high), Counter())[verdict] += count
    return {
        group: [
            {"low": _finite(low), "high": _finite(high), **{verdict: counts[verdict] for verdict in VERDICTS}}
            for (low, high), counts in sorted(groups[group].items())
        ]
        for group in LANGUAGE_GROUPS
        if group in groups
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _quantiles(bars: Sequence[Mapping[str, Any]], *, whole: bool) -> list[float | None]:
    """By linear interpolation inside a bin: right to the width of the bin. The open bins give their finite limit."""
    counts = [sum(bar[verdict] for verdict in VERDICTS) for bar in bars]
    result: list[float | None] = []
    for quantile in QUANTILES:
        wanted, index = quantile * sum(counts), 0
        while wanted > counts[index]:
            wanted -= counts[index]
            index += 1
        low, high = bars[index]["low"], bars[index]["high"]
        if low is None or high is None:
            result.append(high if low is None else low)
        else:
            value = low + (high - low) * wanted / counts[index]
            result.append(max(low, math.ceil(value) - 1) if whole else round(value, 9))
    return result


def _duplicates(profile: Profile) -> Json:
    clusters: list[Json] = [
        {"from": low, "to": high - 1 if high else None, "clusters": row[0], "documents": row[1]}
        for low, high in pairwise((*CLUSTER_EDGES, 0))
        for row in [profile.sums.get("clusters", {}).get(str(low), (0, 0))]
    ]
    found = sum(row["clusters"] for row in clusters)
    members = sum(count for (count,) in profile.sums.get("duplicates", {}).values())
    return {
        "kinds": {kind: count for kind, (count,) in profile.sums.get("duplicates", {}).items()},
        "clusters": found,
        "documents": members,
        "surplus": members - found,
        "removed": _removed(profile),
        "sizes": clusters,
        "largest": [{"cluster_id": cluster, **value} for _, cluster, value in profile.samples.get("clusters", ())],
    }


def _removed(profile: Profile) -> Json:
    """Documents removed for another one, by kind, language and domain, each with those that an earlier snapshot released."""
    tables: dict[str, dict[str, Json]] = {"kinds": {}, "languages": {}, "domains": {}}
    total = earlier = 0
    for name, (count,) in profile.sums.get("removed", {}).items():
        kind, released, language, domain = _parts(name, 4)
        total += count
        earlier += count if released == "earlier" else 0
        for table, value in (("kinds", kind), ("languages", language), ("domains", domain)):
            row = tables[table].setdefault(value, {"value": value, "documents": 0, "released": 0})
            row["documents"] += count
            row["released"] += count if released == "earlier" else 0
    ranked = {
        table: sorted(rows.values(), key=lambda row: (-row["documents"], row["value"]))
        for table, rows in tables.items()
    }
    return {"documents": total, "released": earlier, **ranked}


def _sample(profile: Profile, name: str) -> list[Json]:
    return [{"doc_id": doc_id, **value} for _, doc_id, value in profile.samples.get(name, ())]


def language_groups(rule_languages: Iterable[str]) -> set[str]:
    """The groups in which a rule holds at least in part: "zh-Hant" is part of zh, "fr" of other; none means all."""
    named = {language.partition("-")[0] for language in rule_languages}
    return {name if name in LANGUAGE_GROUPS[:2] else "other" for name in named} or set(LANGUAGE_GROUPS)
