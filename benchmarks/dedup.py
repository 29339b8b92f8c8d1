"""`make bench-dedup`: deduplication beside datatrove, datasketch and rensa, on the same generated documents, in one run.

    python -m benchmarks.dedup [--documents N] [--peer-documents N] [--quick] [--without PEER ...]

Prints the speed of signatures by language, one line for each step of each system, and the requirements; writes
build/bench/dedup.json. Exit code 1 when a requirement is missed. Wall times are of whole commands with two workers, start and
imports included; the peers get fewer documents, since their steps are linear: rates are compared, not seconds.
`--documents 5000000 --without datatrove datasketch rensa` is the run for memory at 5 M. docs/dedup.md has the figures.
"""

import argparse
import json
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.dedup_corpus import write
from benchmarks.dedup_ours import clusters_of, plan_of, read_part
from benchmarks.measure import CommandError, Usage, measure
from benchmarks.quality.figures import DATA, ROOT
from benchmarks.speed import Requirement, datatrove_python
from pipeline.recipe import Recipe
from pipeline.snapshot import Snapshot

_WORK = ROOT / "build" / "bench" / "dedup"
_WORKERS = 2
_PEERS = ("datatrove", "datasketch", "rensa")
_SPEED_DOCUMENTS = 2000  # of one language, for datatrove: 5 s
_GIGABYTES = {1_000_000: 3.0, 5_000_000: 10.0}
_QUICK = {"documents": 100_000, "peer_documents": 20_000}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write; returns the exit code."""
    options = _options(arguments)
    if not DATA.is_dir():
        print(f"Skipped: the documents are made from {DATA}, which is not there.")
        return 0
    _WORK.mkdir(parents=True, exist_ok=True)
    corpora = {count: _WORK / f"corpus-{count}" for count in (options.documents, options.peer_documents)}
    for count, folder in corpora.items():
        write(folder, count)
    try:
        results = _measure(corpora[options.documents], corpora[options.peer_documents], options)
    except CommandError as error:
        print(error, file=sys.stderr)
        return 1
    requirements = _requirements(results, options)
    results["requirements"] = [asdict(one) | {"met": one.met} for one in requirements]
    (_WORK.parent / "dedup.json").write_text(json.dumps(results, indent=1) + "\n")
    _print(results)
    for one in requirements:
        print(one)
    return 0 if all(one.met for one in requirements) else 1


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dedup", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--documents", type=int, default=1_000_000, help="for us (default: 1,000,000)")
    parser.add_argument("--peer-documents", type=int, default=200_000, help="for the peers (default: 200,000)")
    parser.add_argument("--quick", action="store_true", help="100,000 documents for us, 20,000 for the peers")
    parser.add_argument("--without", nargs="+", default=[], choices=_PEERS)
    options = parser.parse_args(arguments)
    if options.quick:
        vars(options).update(_QUICK)
    options.peer_documents = min(options.documents, options.peer_documents)
    return options


def _measure(corpus: Path, small: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Every command once, one after the other."""
    snapshot = _WORK / "snapshot"
    shutil.rmtree(snapshot, ignore_errors=True)
    ours: list[str | Path] = [sys.executable, "-m", "benchmarks.dedup_ours"]
    runs = {
        "ours: fingerprints": _run([*ours, "fingerprints", corpus, snapshot, str(_WORKERS)], options.documents),
        "ours: after fingerprints": _run([*ours, "clusters", snapshot, str(_WORKERS)], options.documents),
    }
    found = _planted(corpus, snapshot)
    shutil.rmtree(snapshot)
    speeds = _run([sys.executable, "-m", "benchmarks.peers.lsh", "speed", small], 0)
    if "datatrove" not in options.without:
        script = ROOT / "benchmarks" / "peers" / "datatrove_dedup.py"
        python, output = datatrove_python(), _WORK / "datatrove"
        shutil.rmtree(output, ignore_errors=True)
        theirs = _run([python, script, "speed", small, str(_SPEED_DOCUMENTS)], 0)
        for language in ("zh", "en"):
            speeds[language]["datatrove"] = theirs[language]
        runs["datatrove"] = _run([python, script, small, output, str(_WORKERS)], options.peer_documents)
        shutil.rmtree(output)
    for peer in ("datasketch", "rensa"):
        if peer not in options.without:
            command: list[str | Path] = [sys.executable, "-m", "benchmarks.peers.lsh", peer, small]
            runs[peer] = _run(command, options.peer_documents)
    signatures = {language: speeds[language] for language in ("zh", "en")}
    return {"cores": os.cpu_count(), "signatures": signatures, "runs": runs, "planted": found}


def _run(command: Sequence[str | Path], documents: int) -> dict[str, Any]:
    usage: Usage = measure(command, folder=ROOT, log=_WORK / "log")
    said: dict[str, Any] = json.loads(usage.output.splitlines()[-1])
    figures = {name: value for name, value in asdict(usage).items() if name != "output"}
    return {**figures, **said, "documents": documents}


def _planted(corpus: Path, snapshot: Path) -> dict[str, float]:
    """Share of the planted exact copies that are in the cluster of their original, and of documents removed."""
    plan = plan_of(Snapshot(str(snapshot)), Recipe(name="bench"), workers=0, partitions=1)
    clusters = clusters_of(plan)
    texts: dict[str, str] = {}
    exact = together = copies = count = 0
    for path in sorted(corpus.glob("part-*.jsonl")):
        for document in read_part(path):
            count += 1
            if (of := document.get("of")) is None:
                texts[document["id"]] = document["text"]
                continue
            copies += 1
            if texts[of] == document["text"]:
                exact += 1
                together += clusters.get(document["id"], ("", ""))[0] == clusters.get(of, ("none", ""))[0]
    removed = sum(doc_id != kept for doc_id, (_, kept) in clusters.items())
    return {"exact_found": together / max(exact, 1), "copies": copies / count, "removed": removed / count}


def _rate(run: dict[str, Any]) -> float:
    return float(run["documents"] / run["seconds"])


def _requirements(results: dict[str, Any], options: argparse.Namespace) -> list[Requirement]:
    runs, signatures = results["runs"], results["signatures"]
    fingerprints, after = runs["ours: fingerprints"], runs["ours: after fingerprints"]
    found = [Requirement(name="planted exact copies found", figure=results["planted"]["exact_found"], low=1)]
    if "datatrove" in runs:
        ratio = signatures["zh"]["ours"] / signatures["zh"]["datatrove"]
        total = options.documents / (fingerprints["seconds"] + after["seconds"])
        found += [
            Requirement(name="signatures of Chinese, where datatrove is 1", figure=ratio, low=5),
            Requirement(
                name="the whole, verified, where datatrove is 1", figure=total / _rate(runs["datatrove"]), low=3
            ),
        ]
    if options.documents in _GIGABYTES:
        memory = max(fingerprints["pss_bytes"], after["pss_bytes"]) / 1e9
        name = f"memory for {options.documents // 1_000_000} M documents, GB"
        found.append(Requirement(name=name, figure=memory, high=_GIGABYTES[options.documents]))
    return found


def _print(results: dict[str, Any]) -> None:
    print(f"\n{'signatures, documents a second and core':44}{'Chinese':>10}{'English':>10}")
    for system in ("ours", *_PEERS):
        speeds = [results["signatures"][language].get(system) for language in ("zh", "en")]
        if None not in speeds:
            print(f"  {system:42}{speeds[0]:10,.0f}{speeds[1]:10,.0f}")
    print(f"\n{'steps':44}{'documents':>10}{'wall s':>9}{'docs/s':>9}{'CPU s':>9}{'RSS GB':>8}{'PSS GB':>8}")
    for name, run in results["runs"].items():
        memory = f"{run['rss_bytes'] / 1e9:8.2f}{run['pss_bytes'] / 1e9:8.2f}"
        print(
            f"{name:44}{run['documents']:10,}{run['seconds']:9.1f}{_rate(run):9,.0f}{run['cpu_seconds']:9.1f}{memory}"
        )
        for step, seconds in run.get("steps", {}).items():
            print(f"  {step:42}{'':10}{seconds:9.1f}")
        for step, size in run.get("shuffled", {}).items():
            print(f"  {f'shuffled, bytes a document: {step}':42}{size / run['documents']:10.1f}")
    after, planted = results["runs"]["ours: after fingerprints"], results["planted"]
    print(
        f"{after['candidates']:,} candidate pairs, {after['verified']:,} verified, {after['hot_buckets']:,} hot buckets, "
        f"{after['clusters']:,} clusters, {after['components_cut']:,} components cut; "
        f"{planted['removed']:.3f} of the documents are removed, {planted['copies']:.3f} are copies\n"
    )


if __name__ == "__main__":
    sys.exit(main())
