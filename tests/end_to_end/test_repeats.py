"""A crawl with [repeats] on: lines that a host repeats leave the dataset and nothing else, whatever the workers and splits."""

import json
from collections import Counter

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tokenizers import Tokenizer

from filters.assets import asset
from pipeline.repeats import without
from tests.command import command
from tests.end_to_end.test_across import recipe  # noqa: F401 - a fixture
from tests.end_to_end.test_across import text as random_text

pytestmark = pytest.mark.slow
NOTICE = "本站文章均为会员原创，欢迎在注明出处的前提下转载与讨论。"
MENU = "Latest articles from the harbour and the market"


@pytest.fixture(scope="module")
def crawl(tmp_path_factory):
    """One host whose pages share a notice in the middle, one with a menu on top, one of two pages with the same notice."""
    import random

    dice = random.Random(11)
    rows = []
    for host, count, shared in (("tea", 24, NOTICE), ("harbour", 24, MENU), ("small", 2, NOTICE)):
        for number in range(count):
            chinese = host != "harbour"
            first, second = random_text(dice, chinese), random_text(dice, chinese)
            lines = [shared, first, second] if shared == MENU else [first, shared, second]
            rows.append({"id": f"{host}-{number}", "url": f"https://{host}.example/{number}", "text": "\n".join(lines)})
    path = tmp_path_factory.mktemp("crawl") / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def made(recipe, crawl, tmp_path_factory):  # noqa: F811
    """Snapshots with and without, the first with other workers and splits as well."""
    root = tmp_path_factory.mktemp("repeats")

    def go(name, *options):
        code, output = command("run", recipe, "--input", crawl, "--output", root / name, *options)
        assert code == 0, output
        return root / name

    on = ("--set", "repeats.enabled=true")
    return {
        "off": go("off", "--workers", "2"),
        "on": go("on", "--workers", "2", *on),
        "again": go("again", "--workers", "0", *on, "--set", "source.split_bytes=1MiB"),
    }


def rows(folder, table):
    return [row for path in sorted((folder / table).glob("*.parquet")) for row in pq.read_table(path).to_pylist()]


def texts_of(folder):
    """The dataset's texts by doc_id, decoded."""
    tokenizer = Tokenizer.from_file(str(asset("tokenizer")))
    return {
        row["doc_id"]: tokenizer.decode(list(row["tokens"]), skip_special_tokens=True)
        for row in rows(folder, "dataset")
    }


def test_what_a_host_repeats_is_left_out_of_the_dataset_and_stays_in_documents(made):
    stored = {row["doc_id"]: row for row in rows(made["on"], "documents")}
    removed = {row["doc_id"]: row for row in rows(made["on"], "repeats")}
    found = texts_of(made["on"])
    assert len(found) == len(removed) == 50
    hosts = Counter()
    for doc_id, text in found.items():
        document, gone = stored[doc_id], removed[doc_id]
        host = document["url"].split("/")[2]
        shared = MENU if host == "harbour.example" else NOTICE
        assert shared in document["text"]
        assert text.strip() == without(document["text"], gone["spans"]).strip()
        assert (shared in text) == (host == "small.example")
        assert gone["removed_bytes"] == len(document["text"].encode()) - len(text.strip().encode()) or not gone["spans"]
        hosts[host] += gone["host_lines"]
    assert hosts == {"tea.example": 24, "harbour.example": 24, "small.example": 0}


def test_the_counts_are_in_the_manifest_and_everything_else_is_as_without(made):
    manifests = {name: json.loads((folder / "manifest.json").read_text()) for name, folder in made.items()}
    assert manifests["on"]["repeats"]["host_lines"] == 48
    assert manifests["on"]["repeats"]["changed"] == 48
    assert manifests["off"]["repeats"] == {}
    for table in ("documents", "signals", "fingerprints", "decisions", "duplicates"):
        assert manifests["on"]["tables"][table]["content"] == manifests["off"]["tables"][table]["content"], table
    assert manifests["on"]["counts"]["tokens"] < manifests["off"]["counts"]["tokens"]
    whole = texts_of(made["off"])
    assert all(
        text.strip() == row["text"].strip() for row in rows(made["off"], "documents") for text in [whole[row["doc_id"]]]
    )


def test_workers_and_splits_do_not_show(made):
    one, other = (json.loads((made[name] / "manifest.json").read_text())["tables"] for name in ("on", "again"))
    assert one["dataset"]["content"] == other["dataset"]["content"]
    assert one["repeats"]["content"] == other["repeats"]["content"]
    both = [
        pa.Table.from_pylist(sorted(rows(made[name], "repeats"), key=lambda row: row["doc_id"]))
        for name in ("on", "again")
    ]
    assert both[0].equals(both[1])
    code, output = command("verify", made["on"])
    assert code == 0, output
