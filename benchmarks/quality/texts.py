"""Rows of text and hostile files through the default recipe: what is kept, what is caught, what comes out.

Kept means that no rule fails; `duplicate` does not count, since the rows are made from each other.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.quality import corpora
from benchmarks.quality.corpora import LABELLED, Row
from benchmarks.quality.figures import DATA, Figure, f_score, share
from benchmarks.quality.snapshots import Tables, run
from filters.toxicity import SafetySpec
from schemas.rules import Rule

_HOSTILE = DATA / "warc-hostile"
_SHOWN = 20  # addresses in `detail`

Documents = Mapping[str, dict[str, Any]]


def measure(scratch: Path) -> Iterator[Figure]:
    """Run the default recipe, all of it defaults, over rows and hostile files, and score what came out."""
    path, rows = corpora.write(scratch / "rows")
    recipe = scratch / "default.toml"
    recipe.write_text('name = "default"\n', encoding="utf-8")
    inputs = [path, *sorted(_HOSTILE.glob("*.warc*"))]
    tables = run(recipe, inputs, scratch / "texts", settings=["source.split_bytes=2MiB"])
    documents = {document["url"]: document for document in tables.documents if document["file"] == path.name}
    yield from clean(rows, documents)
    yield from garbage(rows, documents)
    yield from garbage(rows, documents, kind="unseen", group="unseen garbage")
    yield from toxicity(rows, documents)
    yield from hostile(tables)


def _of(rows: Mapping[str, Row], kind: str) -> Iterator[tuple[str, Row]]:
    return ((url, row) for url, row in rows.items() if row.kind == kind)


def reasons(url: str, documents: Documents) -> list[str]:
    """Why the row would not be kept; a row in the ledger has one reason."""
    if url not in documents:
        return ["ledger"]
    return [reason for reason in documents[url]["reasons"] if reason != "duplicate"]


def clean(rows: Mapping[str, Row], documents: Documents) -> Iterator[Figure]:
    """Share of clean text kept: per corpus, and what no model was trained on."""
    kept: dict[str, list[tuple[bool, list[str]]]] = defaultdict(list)
    for url, row in _of(rows, "clean"):
        why = reasons(url, documents)
        kept[row.corpus].append((not why, why))
        if row.form == "prose" and row.unseen:
            kept[f"{row.corpus}, unseen"].append((not why, why))
    for corpus, found in sorted(kept.items()):
        causes = Counter(reason for _, why in found for reason in why)
        yield share("clean text kept", corpus, (ok for ok, _ in found), detail=dict(causes.most_common()))


def garbage(
    rows: Mapping[str, Row], documents: Documents, *, kind: str = "garbage", group: str = "garbage dropped"
) -> Iterator[Figure]:
    """Share of garbage that is not kept; `kind` "unseen": that which nothing was tuned on."""
    caught: dict[str, list[tuple[bool, list[str]]]] = defaultdict(list)
    for url, row in _of(rows, kind):
        why = reasons(url, documents)
        caught[f"{row.corpus}, {row.form}"].append((bool(why), why))
    for name, found in sorted(caught.items()):
        causes = Counter(reason for _, why in found for reason in why)
        yield share(group, name, (hit for hit, _ in found), detail=dict(causes.most_common()))


def toxicity(rows: Mapping[str, Row], documents: Documents) -> Iterator[Figure]:
    """F1 of the positive class at the threshold of review, precision at that of dropping, alarms on clean documents."""
    spec = SafetySpec()
    review, drop = spec.quarantine_toxic_score, spec.max_toxic_score
    for name in LABELLED:
        scored = [
            (_score(url, documents, "safety_toxic_score"), row.positive)
            for url, row in _of(rows, "comments")
            if row.corpus == name
        ]
        flagged = Counter((score > review, positive) for score, positive in scored)
        value = f_score(flagged[True, True], flagged[True, False], flagged[False, True])
        yield Figure(group="toxicity", name=f"F1, {name}", value=value, count=len(scored))
        dropped = [positive for score, positive in scored if score > drop]
        if dropped:
            yield share("toxicity", f"precision when dropped, {name}", dropped)
    for label, rule in _review_rules(spec.rules()):
        for language in ("zh", "en"):
            urls = [
                url
                for url, row in _of(rows, "clean")
                if row.unseen and row.corpus.removeprefix("gold-")[:2] == language
            ]
            alarms = [url for url in urls if _score(url, documents, rule.signal) > (rule.high or 0.0)]
            yield share(
                "toxicity",
                f"{label} alarms on clean {language}",
                (url in set(alarms) for url in urls),
                better="lower",
                detail=alarms[:_SHOWN],
            )


def _review_rules(rules: Iterable[Rule]) -> Iterator[tuple[str, Rule]]:
    for rule in rules:
        if rule.verdict == "quarantine":
            yield rule.reason.removeprefix("safety_").removesuffix("_review"), rule


def _score(url: str, documents: Documents, signal: str) -> float:
    """The signal; 0 where there is none, since nothing then acts on the row."""
    value = documents[url]["signals"][signal] if url in documents else None
    return 0.0 if value is None else float(value)


def hostile(tables: Tables) -> Iterator[Figure]:
    """Pages of the hostile files that must come out as documents; records that end nowhere."""
    came_out = {(document["file"], document["url"]) for document in tables.documents}
    wanted = []
    with (_HOSTILE / "cases.jsonl").open(encoding="utf-8", newline="\n") as lines:
        for case in map(json.loads, lines):
            wanted += [(case["file"], url) for url in case["pages_that_must_come_out"]]
    missing = [f"{file} {url}" for file, url in wanted if (file, url) not in came_out]
    yield share("hostile files", "pages come out", (page in came_out for page in wanted), detail=missing)
