"""The cluster that `why` shows: who stands for it, how similar it is, the difference, and what is never shown."""

import io

import pyarrow as pa
import pytest
from rich.console import Console

from pipeline.cli.cluster import print_cluster
from pipeline.cli.errors import UsageError
from pipeline.dedup.verify import PAIRS
from pipeline.snapshot import Snapshot
from schemas.tables import DECISIONS, DUPLICATES

A, B, C = (f"{n:032x}" for n in range(3))
TEXTS = {A: "早上好。今天下雨。", B: "早上好。今天\x1b[2J下雪。", C: "另一篇。"}


def write(folder, ids, *, cluster=(), pairs=(), unsafe=()):
    snapshot = Snapshot(str(folder))
    duplicates = [
        {
            "cluster_id": A,
            "representative": A,
            "representative_snapshot": where,
            "similarity": 0.9,
            "kind": "near",
            "cluster_size": 2,
        }
        | {"doc_id": doc_id}
        for doc_id, where in cluster
    ]
    columns = {
        "a_part": "p",
        "a_row": 0,
        "b_part": "p",
        "b_row": 1,
        "containment": 1.0,
        "exact": False,
        "estimated": False,
    }
    rows = [{"a_id": a, "b_id": b, "similarity": s} | columns for a, b, s in pairs]
    decisions = [
        {"doc_id": i, "verdict": "keep", "reasons": ["toxic"] if i in unsafe else [], "values": [], "thresholds": []}
        for i in ids
    ]
    tables = {
        "documents": pa.table({"doc_id": ids, "text": [TEXTS[i] for i in ids]}),
        "duplicates": pa.Table.from_pylist(duplicates, schema=DUPLICATES),
        "decisions": pa.Table.from_pylist(decisions, schema=DECISIONS),
    }
    snapshot.commit(stage="read", part="p", fingerprint="f", tables=tables, counts={})
    made = {"pairs": pa.Table.from_pylist(rows, schema=PAIRS)}
    snapshot.commit(stage="pairs", part="part-0", fingerprint="f", tables=made, counts={})
    snapshot.write_json({"splits": ["p"]}, "manifest.json")
    return snapshot


def shown(snapshot, doc_id, other=None, unsafe=frozenset({"toxic"})):
    console = Console(record=True, width=160, file=io.StringIO())
    document = {"doc_id": doc_id, "text": TEXTS[doc_id]}
    print_cluster(console, snapshot, {"splits": ["p"]}, document, other, unsafe=unsafe)
    return console.export_text()


@pytest.fixture
def both(tmp_path):
    return write(tmp_path, [A, B], cluster=[(A, None), (B, None)], pairs=[(A, B, 0.87)])


def test_members_similarities_and_the_difference_to_the_representative(both):
    text = shown(both, B)
    assert "0.8700" in text
    assert next(line.split()[:2] for line in text.splitlines() if line.lstrip().startswith("*")) == ["*", A]
    assert "- 今天下雨。" in text
    assert "\\u001b[2J" in text
    assert "\x1b[2J" not in text


def test_the_representative_is_compared_with_another_member(both):
    assert f"difference to {B}" in shown(both, A)


@pytest.mark.parametrize("unsafe", [[A], [B]])
def test_a_text_that_was_dropped_as_unsafe_is_withheld_on_either_side_unless_it_is_asked_for(tmp_path, unsafe):
    snapshot = write(tmp_path, [A, B], cluster=[(A, None), (B, None)], pairs=[(A, B, 0.87)], unsafe=unsafe)
    assert "今天" not in shown(snapshot, B)
    assert "withheld" in shown(snapshot, B)
    assert "今天" in shown(snapshot, B, unsafe=frozenset())


@pytest.mark.parametrize("gone", [False, True])
def test_a_representative_of_an_earlier_snapshot_is_read_there_or_said_to_be_gone(tmp_path, gone):
    earlier = write(tmp_path / "earlier", [A])
    snapshot = write(tmp_path / "now", [B], cluster=[(B, earlier.uri)], pairs=[(B, A, 0.87)])
    if gone:
        (tmp_path / "earlier" / "documents" / "p.parquet").unlink()
    text = shown(snapshot, B)
    assert earlier.uri in text.replace("\n", "")
    assert ("its text is gone" if gone else "- 今天下雨。") in text


def test_a_document_that_is_no_member_is_refused(both):
    with pytest.raises(UsageError, match="not in the cluster"):
        shown(both, A, other=C)


def test_a_document_without_duplicates(tmp_path):
    assert "not in a cluster" in shown(write(tmp_path, [C]), C)
