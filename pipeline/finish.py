"""The end of a run: sums are checked, the profiles of all splits merged, dataset.json, report and manifest written.

A run whose sums do not add up fails here, before it has a manifest; a snapshot without a manifest is not finished.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from pipeline.audit import self_audit
from pipeline.dedup.tasks import BANDS_STAGE, CLUSTERS_STAGE, PAIRS_STAGE, SETS_STAGE, pairs_part
from pipeline.plan import RunPlan
from pipeline.pool import current_pool
from pipeline.recipe import GatesSpec, resolved
from pipeline.repeats_tasks import REPEATS_STAGE
from pipeline.report.profile import merge_all
from pipeline.report_tasks import BLANK, DrawTask, MergeTask, PairReportTask, ProbeTask
from pipeline.shards import Shard, dataset_json
from pipeline.snapshot import Commit, Snapshot, TableFile
from pipeline.stages import DATASET_STAGE, DECIDE_STAGE, PROFILES, TOKENS_STAGE
from pipeline.survey import SURVEY_STAGE
from schemas.tables import combine_hashes, hash_text

if TYPE_CHECKING:
    from pipeline.report.svg import Charts

MANIFEST_VERSION = 1
# The packages whose version can change a result.
_PACKAGES = (
    "apache-beam",
    "datasketch",
    "fasttext-community",
    "kenlm",
    "pyarrow",
    "resiliparse",
    "tokenizers",
    "trafilatura",
)


class SumsError(Exception):
    """Records or documents are missing: a fault of the pipeline, never of its input."""


def finish(plan: RunPlan, shards: int) -> dict[str, Any]:
    """Write what describes the whole snapshot, the manifest last; returns the manifest."""
    snapshot, prints = plan.snapshot, plan.fingerprints
    parts = [split.name for split in plan.splits]
    read = _required(snapshot, "read", parts, prints.read)
    decided = _required(snapshot, DECIDE_STAGE, parts, prints.decide)
    pairs = _required(snapshot, PAIRS_STAGE, [pairs_part(i) for i in range(plan.partitions)], prints.pairs)
    merged = [commit for commit in snapshot.commits(DATASET_STAGE) if commit.fingerprint == prints.tokens]
    if len(merged) != shards:
        raise SumsError(f"{len(merged)} shards are committed, {shards} were made")
    clusters = [commit for commit in snapshot.commits(CLUSTERS_STAGE) if commit.fingerprint == prints.decide]
    totals = _totals(read, decided, pairs, clusters)
    repeats = _required(snapshot, REPEATS_STAGE, parts, prints.tokens) if plan.recipe.repeats.enabled else []
    check_sums(totals)
    pool = current_pool(plan.workers)
    pair_report = pool.submit(
        PairReportTask(
            snapshot=snapshot,
            partitions=tuple(commit.part for commit in pairs),
            threshold=plan.recipe.duplicates.threshold,
            seed=plan.recipe.report.seed,
        )
    )
    fingerprinting = pool.submit(ProbeTask(spec=plan.recipe.fingerprint))
    shares = min(max(1, plan.workers), len(parts))
    profiles = [pool.submit(MergeTask(snapshot=snapshot, parts=tuple(parts[share::shares]))) for share in range(shares)]
    dataset = dataset_json(
        [Shard(**commit.counts["shard"]) for commit in merged],
        plan.recipe.tokenize.open(),
        seed=plan.recipe.tokenize.seed,
    )
    if dataset["documents"] != totals["kept"] + totals["repeated"]:
        raise SumsError(
            f"the dataset has {dataset['documents']} rows, {totals['kept']} documents were kept and {totals['repeated']} repeated"
        )
    snapshot.write_json(dataset, "dataset", "dataset.json")
    from pipeline.report.write import write_report  # .3 s for the charting library, while the children merge

    profile = merge_all(pool.result(profile) for profile in profiles)
    pool.spread(DrawTask(charts={"": ("", BLANK)}))  # the renderer is warm when the charts are made
    audit = self_audit(plan)
    manifest = {
        "format": "millrace-snapshot",
        "version": MANIFEST_VERSION,
        "name": plan.recipe.name,
        "recipe": resolved(plan.recipe),
        "fingerprints": {name: getattr(prints, name) for name in ("read", "pairs", "decide", "tokens")},
        "inputs": [{"file": uri, "bytes": size} for uri, size in sorted({(s.uri, s.file_size) for s in plan.splits})],
        "splits": parts,
        "rules": [asdict(rule) for rule in plan.rules],
        "assets": plan.assets,
        "versions": {package: version(package) for package in _PACKAGES},
        "repeats": dict(sum((Counter(commit.counts) for commit in repeats), Counter())),
        "duplicates": pool.result(pair_report),
        "counts": totals | {"tokens": dataset["tokens"], "shards": shards},
        "tables": _tables([*read, *decided, *repeats])
        | {"dataset": {"rows": dataset["documents"], "files": shards, "content": dataset["content_hash"]}},
        "audit": audit,
        "fingerprinting": pool.result(fingerprinting),
        "against": [
            {"snapshot": before.uri, "fingerprints": before.fingerprints, "decisions": before.decisions}
            for before in plan.earlier
        ],
        "gates": failed_gates(plan.recipe.gates, totals, dataset["tokens"], audit),
    }
    write_report(
        snapshot, profile, manifest, dataset, audit, draw_charts=lambda charts: _draw_in_children(charts, plan.workers)
    )
    snapshot.write_json(manifest, "manifest.json")
    for part in parts:
        snapshot.discard(TOKENS_STAGE, part)
    for stage in (SURVEY_STAGE, BANDS_STAGE, SETS_STAGE):
        for part in snapshot.parts(stage):
            snapshot.discard(stage, part)
    return manifest


def _draw_in_children(charts: "Charts", workers: int) -> dict[str, str]:
    """As svg.draw; each child of the pool draws its share."""
    pool, shares = current_pool(workers), max(1, workers)
    names = list(charts)
    tasks = [DrawTask(charts={name: charts[name] for name in names[share::shares]}) for share in range(shares)]
    drawn: dict[str, str] = {}
    for running in [pool.submit(task) for task in tasks]:
        drawn |= pool.result(running)
    return {name: drawn[name] for name in names}


def check_sums(totals: Mapping[str, int]) -> None:
    """Records = documents + ledger; documents = kept + dropped + quarantined.

    Raises:
        SumsError: naming the sum that does not hold.

    """
    if totals["records"] != totals["documents"] + totals["ledger"]:
        raise SumsError(
            "{records} records were read, but {documents} documents + {ledger} in the ledger".format(**totals)
        )
    if totals["documents"] != totals["kept"] + totals["dropped"] + totals["quarantined"]:
        raise SumsError(
            "{documents} documents, but {kept} kept + {dropped} dropped + {quarantined} quarantined".format(**totals)
        )


def failed_gates(
    gates: GatesSpec, totals: Mapping[str, int], tokens: int, audit: Mapping[str, Any] | None
) -> list[str]:
    """One sentence for each gate that the dataset does not pass."""
    failed = []
    if totals["kept"] < gates.min_documents:
        failed.append(f"kept {totals['kept']} documents, gates.min_documents is {gates.min_documents}")
    if tokens < gates.min_tokens:
        failed.append(f"{tokens} tokens, gates.min_tokens is {gates.min_tokens}")
    if (ratio := totals["kept"] / max(1, totals["documents"])) < gates.min_kept_ratio:
        failed.append(f"{ratio:.4f} of the documents kept, gates.min_kept_ratio is {gates.min_kept_ratio}")
    bad = totals["records_quarantined"] / max(1, totals["records"])
    if bad > gates.max_quarantined_ratio:
        failed.append(
            f"{bad:.4f} of the records quarantined, gates.max_quarantined_ratio is {gates.max_quarantined_ratio}"
        )
    if gates.self_audit and (audit is None or audit["missed"]):
        missed = (
            "no truth table"
            if audit is None
            else f"{audit['missed']} of {audit['planted']} planted cases ended otherwise"
        )
        failed.append(f"self-audit: {missed}")
    return failed


def _totals(
    read: Sequence[Commit], decided: Sequence[Commit], pairs: Sequence[Commit], clusters: Sequence[Commit]
) -> dict[str, int]:
    def total(commits: Sequence[Commit], name: str) -> int:
        return sum(commit.counts[name] for commit in commits)

    return {
        "records": total(read, "records"),
        "documents": total(read, "documents"),
        "ledger": total(read, "ledger"),
        "records_quarantined": total(read, "quarantined"),
        "characters": total(read, "characters"),
        "kept": total(decided, "keep"),
        "dropped": total(decided, "drop"),
        "quarantined": total(decided, "quarantine"),
        "repeated": total(decided, "repeated"),
        "candidate_pairs": total(pairs, "candidates"),
        "verified_pairs": total(pairs, "verified"),
        "hot_buckets": total(pairs, "hot_buckets"),
        "components_cut": total(clusters, "components_cut"),
        "clusters": total(clusters, "clusters"),
        "clusters_guarded": sum(len(commit.counts["guarded"]) for commit in clusters),
    }


def _tables(commits: Iterable[Commit]) -> dict[str, dict[str, Any]]:
    by_table: dict[str, list[TableFile]] = {}
    for commit in commits:
        for table, file in commit.files.items():
            if table == PROFILES:  # no table, but the report's share of the part
                continue
            by_table.setdefault(table, []).append(file)
    return {
        table: {
            "rows": sum(file.rows for file in files),
            "files": len(files),
            "content": hash_text(combine_hashes(int(file.content, 16) for file in files)),
        }
        for table, files in sorted(by_table.items())
    }


def _required(snapshot: Snapshot, stage: str, parts: Iterable[str], fingerprint: str) -> list[Commit]:
    commits = {commit.part: commit for commit in snapshot.commits(stage) if commit.fingerprint == fingerprint}
    if missing := [part for part in parts if part not in commits]:
        raise SumsError(f"{stage}: {len(missing)} parts are not committed, {missing[0]} is the first")
    return [commits[part] for part in parts]
