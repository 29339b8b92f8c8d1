"""Snapshots one after the other: what an earlier one released is not released again, and what it takes back comes back."""

import hashlib
import json
import random
import shutil
from collections import defaultdict
from itertools import combinations
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from filters.fingerprint import FingerprintSpec, shingle_hashes
from filters.key import make_fold
from pipeline.dedup.stars import _ranks
from tests.differential.test_stars import plain_stars
from tests.end_to_end.conftest import command

pytestmark = pytest.mark.slow

RECIPE = """
name = "across"
[source]
split_bytes = "24KiB"
[language]
keep = []
min_score = 0.0
[rules.presets]
every = ["millrace"]
[rules]
off = {off}
[perplexity]
max_score = {{}}
max_worst = {{}}
min_score = {{}}
min_order = {{}}
[safety]
max_toxic_score = 1.0
quarantine_toxic_score = 1.0
max_spam_score = 1.0
quarantine_spam_score = 1.0
max_gambling_terms = 100.0
max_offer_terms = 100.0
[order]
max_garbled_score = {{}}
[quality]
max_spam_score = {{}}
max_refrain_score = {{}}
"""
THRESHOLD = 0.8
ZH = "山水风云雨雪春夏秋冬东西南北天地人心日月星光花草树木鸟鱼虫石路桥城门书画诗歌茶酒米面红黄蓝白黑远近高低大小多少来去上下前后左右男女老少"
EN = "river market letter winter garden window bridge teacher morning silver engine forest harbour village summer mountain"
"""Words enough that two random texts share no five-gram."""


def text(dice, chinese):
    if chinese:
        return "。".join("".join(dice.choices(ZH, k=24)) for _ in range(16)) + "。"
    return " ".join(" ".join(dice.choices(EN.split(), k=14)).capitalize() + "." for _ in range(14))


def edited(dice, original, share):
    """A near copy: a word or character in `share` of them is another."""
    units, joiner = (original.split(" "), " ") if " " in original else (list(original), "")
    pool = EN.split() if joiner else list(ZH)
    for _ in range(max(1, round(share * len(units)))):
        units[dice.randrange(len(units))] = dice.choice(pool)
    return joiner.join(units)


@pytest.fixture(scope="module")
def crawls(tmp_path_factory):
    """Three crawls of 60 rows: new texts, exact and near copies of their own and of earlier crawls', and chains."""
    dice = random.Random(4)
    folder = tmp_path_factory.mktemp("crawls")
    seen, files = [], []
    for number in range(3):
        rows = []
        for row in range(60):
            kind = dice.random() if seen else 0.0
            if kind < 0.55:
                made = text(dice, chinese=row % 2 == 0)
            elif kind < 0.75:
                made = dice.choice(seen)
            else:
                made = edited(dice, dice.choice(seen), dice.choice([0.003, 0.006, 0.2]))
            seen.append(made)
            rows.append({"id": f"{number}-{row}", "text": made, "url": f"https://host{row % 7}.example/{number}/{row}"})
        rows.append({"id": "0-0", "text": seen[0] + "。", "url": "https://host0.example/again"})  # one record, thrice
        files.append(folder / f"crawl-{number}.jsonl")
        files[-1].write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return files


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    """Every rule off but the length: what passes is then known."""
    from filters.presets import PRESETS

    off = sorted({row.reason for row in PRESETS["millrace"] if row.reason not in ("too_few_chars", "too_many_chars")})
    path = tmp_path_factory.mktemp("recipe") / "across.toml"
    path.write_text(RECIPE.format(off=json.dumps(off)), encoding="utf-8")
    return path


def table(folder, name, columns=None):
    parts = json.loads((folder / "manifest.json").read_text())["splits"]
    return pa.concat_tables(pq.read_table(folder / name / f"{part}.parquet", columns=columns) for part in parts)


def kept(folder):
    return {row["doc_id"] for row in table(folder, "decisions").to_pylist() if row["verdict"] == "keep"}


def tree_hash(folder):
    files = sorted(path for path in Path(folder).rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def go(recipe, crawl, folder, *earlier, options=(), verb="run"):
    against = ("--set", f"duplicates.against={json.dumps([str(path) for path in earlier])}") if earlier else ()
    places = (folder, recipe) if crawl is None else (recipe, "--output", folder, "--input", crawl)
    code, output = command(verb, *places, "--workers", "2", *against, *options)
    assert code == 0, output
    return output


@pytest.fixture(scope="module")
def three(recipe, crawls, tmp_path_factory):
    root = tmp_path_factory.mktemp("three")
    folders = [root / f"s{number}" for number in range(3)]
    hashes = []
    for number, folder in enumerate(folders):
        go(recipe, crawls[number], folder, *folders[:number])
        hashes.append(tree_hash(folder))
    return folders, hashes


def by_policy(folder, *earlier):
    """What is kept, by brute force: copies are one text; what resembles a released text goes; the rest are stars."""
    fold, spec = make_fold(), FingerprintSpec()
    rows = [
        (place, row)
        for place in (*earlier, folder)
        for row in table(place, "documents", ["doc_id", "text", "language"]).to_pylist()
    ]
    sets = [frozenset(shingle_hashes(fold(row["text"]), row["language"], spec).tolist()) for _, row in rows]
    owns = [place == folder for place, _ in rows]
    keeps = {place: kept(place) for place in earlier}
    released = [place != folder and row["doc_id"] in keeps[place] for place, row in rows]
    text, edges = list(range(len(rows))), set()
    for a, b in combinations(range(len(rows)), 2):
        same_record = rows[a][1]["doc_id"] == rows[b][1]["doc_id"] and (owns[a] or owns[b])
        if sets[a] == sets[b] or same_record:
            text = [text[a] if name == text[b] else name for name in text]
        elif (owns[a] or owns[b]) and len(sets[a] & sets[b]) / len(sets[a] | sets[b]) >= THRESHOLD:
            edges.add((a, b))
    standing = {text[n] for n in range(len(rows)) if released[n]}
    present = {text[n] for n in range(len(rows)) if owns[n] or released[n]}
    edges = {tuple(sorted((text[a], text[b]))) for a, b in edges if text[a] != text[b]}
    matched = {a for a, b in edges | {(b, a) for a, b in edges} if b in standing} - standing
    free = present - standing - matched
    ranks = _ranks(np.array([row["doc_id"] for _, row in rows], "S32")).tolist()
    rank = [max((ranks[n] for n in range(len(rows)) if text[n] == name), default=-1) for name in range(len(rows))]
    centre = plain_stars(len(rows), {(a, b) for a, b in edges if a in free and b in free}, rank)
    groups = defaultdict(list)
    for n, (_, row) in enumerate(rows):
        if owns[n] and text[n] in free:
            groups[centre[text[n]]].append((-len(row["text"]), row["doc_id"]))
    return {min(members)[1] for members in groups.values()}


def test_the_kept_sets_are_those_of_the_policy(three):
    folders, _ = three
    for number, folder in enumerate(folders):
        wanted = by_policy(folder, *folders[:number])
        assert kept(folder) == wanted
        assert 10 < len(wanted) < 59


def test_every_match_names_a_released_document_and_its_snapshot(three):
    folders, _ = three
    released = {str(folder): kept(folder) for folder in folders}
    names = set()
    for folder in folders[1:]:
        duplicates = [row for row in table(folder, "duplicates").to_pylist() if row["representative_snapshot"]]
        dropped = {row["doc_id"]: row for row in table(folder, "decisions").to_pylist() if row["verdict"] == "drop"}
        assert duplicates
        for row in duplicates:
            assert row["representative"] in released[row["representative_snapshot"]]
            assert dropped[row["doc_id"]]["representative_snapshot"] == row["representative_snapshot"]
            assert dropped[row["doc_id"]]["representative"] == row["representative"]
            assert row["cluster_size"] > 1
            names.add((row["representative_snapshot"], row["kind"]))
    assert {name for name, _ in names} == {str(folder) for folder in folders[:2]}
    assert {kind for _, kind in names} == {"near", "exact", "same_record"}


def test_earlier_snapshots_do_not_change_and_all_verify(three):
    folders, hashes = three
    for folder, before in zip(folders, hashes, strict=True):
        assert tree_hash(folder) == before
        code, output = command("verify", folder)
        assert code == 0, output


def test_the_same_content_for_other_workers_and_splits(three, recipe, crawls, tmp_path):
    folders, _ = three
    options = ("--workers", "1", "--set", 'source.split_bytes="64MiB"')
    go(recipe, crawls[2], tmp_path / "again", *folders[:2], options=options)
    first, second = (
        {name: entry["content"] for name, entry in json.loads((folder / "manifest.json").read_text())["tables"].items()}
        for folder in (folders[2], tmp_path / "again")
    )
    assert first == second


def test_plan_and_repeated_runs_know_the_earlier_snapshots(three, recipe, crawls):
    folders, _ = three
    output = go(recipe, crawls[2], folders[2], *folders[:2])
    assert "Nothing to do" in output
    shown = go(recipe, crawls[2], folders[2], *folders[:2], verb="plan").replace("\n", "")
    for folder in folders[:2]:
        assert f"compared with {folder}: {len(kept(folder))} released" in shown
    shown = go(recipe, crawls[2], folders[2], folders[1], verb="plan").replace("\n", "")
    assert f"compared with {folders[0]}: name it" in shown  # which the recipe no longer names


def test_what_an_earlier_snapshot_takes_back_comes_back_by_deciding_again(recipe, crawls, tmp_path):
    """The earlier snapshot drops some keepers: without reading anything, the next best copies of the later one return."""
    first, second = tmp_path / "first", tmp_path / "second"
    go(recipe, crawls[0], first)
    go(recipe, crawls[1], second, first)
    released, before = kept(first), kept(second)
    stood = {r["representative"] for r in table(second, "duplicates").to_pylist() if r["representative_snapshot"]}
    texts = {row["doc_id"]: row["text"] for row in table(first, "documents", ["doc_id", "text"]).to_pylist()}
    limit = sorted(len(texts[doc_id]) for doc_id in stood)[len(stood) // 2]
    go(recipe, None, first, verb="decide", options=("--set", f"rules.thresholds.every.too_many_chars={limit}"))
    taken = released - kept(first)
    assert taken & stood

    code, output = command("verify", second)
    assert code == 1, output
    assert "has changed since" in output
    pairs = {path: path.stat().st_mtime_ns for path in (second / "pairs").iterdir()}
    go(recipe, None, second, first, verb="decide")
    assert {path: path.stat().st_mtime_ns for path in (second / "pairs").iterdir()} == pairs
    assert before < kept(second)
    assert kept(second) == by_policy(second, first)
    assert command("verify", second)[0] == 0


@pytest.mark.parametrize("gone", ["the documents", "the manifest", "comparable fingerprints"])
def test_an_earlier_snapshot_of_which_something_is_missing(three, recipe, crawls, tmp_path, gone):
    folders, _ = three
    earlier = tmp_path / "earlier"
    shutil.copytree(folders[0], earlier)
    options = ()
    if gone == "the documents":
        shutil.rmtree(earlier / "documents")
    elif gone == "the manifest":
        (earlier / "manifest.json").unlink()
    else:
        options = ("--set", "fingerprint.bands=13")
    folder, names = tmp_path / "new", json.dumps([str(earlier)])
    code, output = command(
        "run", recipe, "--output", folder, "--input", crawls[1], "--set", f"duplicates.against={names}", *options
    )
    if gone != "the documents":
        assert code == 2, output
        assert str(earlier) in output.replace("\n", "")
        assert not (folder / "manifest.json").exists()
        return
    assert code == 0, output
    across = [row for row in table(folder, "duplicates").to_pylist() if row["representative_snapshot"]]
    assert {row["kind"] for row in across} == {"estimated", "exact", "same_record"}
    with_text = {row["doc_id"] for row in table(folders[1], "duplicates").to_pylist() if row["representative_snapshot"]}
    by_sketch = {row["doc_id"] for row in across}
    assert len(with_text & by_sketch) >= 0.9 * len(with_text | by_sketch)


def test_captures_of_one_address_and_documents_that_many_have_copied(recipe, tmp_path):
    """The newest capture stays, though another differs; and a text with three copies occurs three times in the dataset."""
    dice = random.Random(9)
    copied, first, later, other = (text(dice, chinese=n % 2 == 0) for n in range(4))
    rows = [
        *({"id": f"copy-{n}", "text": copied, "url": f"https://{n}.example/"} for n in range(3)),
        {"id": "old", "text": first, "url": "https://page.example/a", "date": "2024-01-01"},
        {"id": "new", "text": later, "url": "http://PAGE.example/a#top", "date": "2025-01-01"},
        {"id": "short", "text": "…", "url": "https://page.example/a", "date": "2026-01-01"},
        {"id": "other", "text": other, "url": "https://page.example/b", "date": "2023-01-01"},
    ]
    crawl = tmp_path / "rows.jsonl"
    crawl.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    options = ("--set", "duplicates.urls=newest", "--set", "duplicates.repeat=fineweb2")
    go(recipe, crawl, tmp_path / "s", options=options)
    texts = {row["doc_id"]: row["text"] for row in table(tmp_path / "s", "documents", ["doc_id", "text"]).to_pylist()}
    assert sorted(texts[doc_id] for doc_id in kept(tmp_path / "s")) == sorted([copied, later, other])
    superseded = [r for r in table(tmp_path / "s", "decisions").to_pylist() if "superseded" in r["reasons"]]
    assert [(texts[row["doc_id"]], texts[row["representative"]]) for row in superseded] == [(first, later)]
    shards = json.loads((tmp_path / "s" / "dataset" / "dataset.json").read_text())["shards"]
    ids = [i for s in shards for i in pq.read_table(tmp_path / "s" / "dataset" / s["name"])["doc_id"].to_pylist()]
    assert sorted(map(texts.get, ids)) == sorted([copied] * 3 + [later, other])
    assert command("verify", tmp_path / "s")[0] == 0
