"""The part of `why` that shows a cluster: its members, how similar each is to the document, and how two of them differ.

Reads duplicates/ and pairs/ of the snapshot (columns, side by side), and the row groups of the two texts. A
representative of an earlier snapshot is read there, where its text still exists.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline import storage
from pipeline.cli.difference import difference
from pipeline.cli.errors import UsageError
from pipeline.snapshot import Snapshot
from schemas.text import printable

_SHOWN = 20
_DIFFERENCE_LINES = 40
_READERS = 16


def print_cluster(
    console: Console,
    snapshot: Snapshot,
    manifest: Mapping[str, Any],
    document: Mapping[str, Any],
    other: str | None,
    *,
    unsafe: frozenset[str],
) -> None:
    """Print it, and the difference between the document and `other`, by default its representative.

    Args:
        console: where to.
        snapshot: with its manifest.
        manifest: of the snapshot.
        document: its row of documents/.
        other: doc_id of a member, or None.
        unsafe: reasons whose documents' text is withheld, this one's or the other's; none to show it.

    Raises:
        UsageError: `other` is no member.

    """
    parts, doc_id = manifest["splits"], document["doc_id"]
    mine = _matching(snapshot, "duplicates", parts, lambda rows: pc.equal(rows["doc_id"], doc_id))
    if not mine.num_rows:
        console.print("  not in a cluster of duplicates", highlight=False)
        if other is not None:
            raise UsageError(f"{doc_id} has no duplicates to compare it with")
        return
    own = mine.to_pylist()[0]
    members = _matching(snapshot, "duplicates", parts, lambda rows: pc.equal(rows["cluster_id"], own["cluster_id"]))
    rows = sorted(members.to_pylist(), key=lambda row: (row["doc_id"] != row["representative"], row["doc_id"]))
    elsewhere = own["representative_snapshot"]
    console.print(f"  cluster {own['cluster_id']} of {own['cluster_size']}:", highlight=False)
    table = Table("", "doc_id", "kind", "in the cluster", "to this document", box=None, pad_edge=False)
    alike = _similarities(snapshot, doc_id)
    if elsewhere is not None:
        table.add_row("*", own["representative"], "released", "", _measured(alike, own["representative"]))
    for row in rows[:_SHOWN]:
        keeper = "*" if elsewhere is None and row["doc_id"] == row["representative"] else ""
        measured = "this" if row["doc_id"] == doc_id else _measured(alike, row["doc_id"])
        table.add_row(keeper, row["doc_id"], row["kind"], f"{row['similarity']:.4f}", measured)
    console.print(table)
    if len(rows) > _SHOWN:
        console.print(f"    and {len(rows) - _SHOWN:,} more", highlight=False)
    where = "" if elsewhere is None else f", which {printable(elsewhere)} released"
    console.print(f"  * representative{where}", markup=False, highlight=False, soft_wrap=True)
    ids = [row["doc_id"] for row in rows]
    if other is not None and other not in (*ids, own["representative"]):
        raise UsageError(f"{printable(other)} is not in the cluster of {doc_id}")
    against = other or (own["representative"] if own["representative"] != doc_id or elsewhere else _next(ids, doc_id))
    if against is not None:
        source = elsewhere if elsewhere is not None and against == own["representative"] else None
        _print_difference(console, snapshot, parts, document, other=against, elsewhere=source, unsafe=unsafe)


def _next(ids: Sequence[str], doc_id: str) -> str | None:
    return next((name for name in ids if name != doc_id), None)


def _measured(alike: Mapping[str, tuple[float, bool]], doc_id: str) -> str:
    if doc_id not in alike:
        return "not compared"
    similarity, estimated = alike[doc_id]
    return f"{similarity:.4f}{' by sketch' if estimated else ''}"


def _similarities(snapshot: Snapshot, doc_id: str) -> dict[str, tuple[float, bool]]:
    """Similarity of every verified pair of the document, and whether it is an estimate."""

    def names_it(rows: pa.Table) -> pa.ChunkedArray:
        return pc.or_(pc.equal(rows["a_id"], doc_id), pc.equal(rows["b_id"], doc_id))

    columns = ["a_id", "b_id", "similarity", "estimated"]
    pairs = _matching(snapshot, "pairs", snapshot.parts("pairs"), names_it, columns)
    return {
        row["b_id"] if row["a_id"] == doc_id else row["a_id"]: (row["similarity"], row["estimated"])
        for row in pairs.to_pylist()
    }


def _print_difference(
    console: Console,
    snapshot: Snapshot,
    parts: Sequence[str],
    document: Mapping[str, Any],
    *,
    other: str,
    elsewhere: str | None,
    unsafe: frozenset[str],
) -> None:
    withheld = _is_unsafe(snapshot, parts, document["doc_id"], unsafe)
    if elsewhere is not None:
        snapshot = Snapshot(elsewhere)
        parts = (snapshot.read_json("manifest.json") or {"splits": ()})["splits"]
    console.print(f"  difference to {other}, - there, + here:", highlight=False)
    if withheld or _is_unsafe(snapshot, parts, other, unsafe):
        console.print("    withheld: one of the two is unsafe; --text shows it", highlight=False)
        return
    if (text := text_of(snapshot, parts, other)) is None:
        console.print("    its text is gone", highlight=False)
        return
    lines = difference(text, document["text"])
    shown = list(islice(lines, _DIFFERENCE_LINES + 1))
    for line in shown[:_DIFFERENCE_LINES]:
        console.print(Text("    ").append_text(line), soft_wrap=True)
    if not shown:
        console.print("    none: the texts are equal", highlight=False)
    elif len(shown) > _DIFFERENCE_LINES:
        console.print("    ...", highlight=False)


def _is_unsafe(snapshot: Snapshot, parts: Sequence[str], doc_id: str, unsafe: frozenset[str]) -> bool:
    found = find_rows(snapshot, parts, "decisions", "doc_id", doc_id) if unsafe else ()
    return any(
        not unsafe.isdisjoint(snapshot.read_rows("decisions", part, [row], ["reasons"])["reasons"][row].as_py() or ())
        for part, row in found
    )


def text_of(snapshot: Snapshot, parts: Sequence[str], doc_id: str) -> str | None:
    """The stored text of a document; None where it is not, or no longer, stored."""
    for part, row in find_rows(snapshot, parts, "documents", "doc_id", doc_id):
        text: str = snapshot.read_rows("documents", part, [row], ["text"])["text"][row].as_py()
        return text
    return None


def find_rows(
    snapshot: Snapshot, parts: Sequence[str], table: str, column: str, wanted: str
) -> Iterator[tuple[str, int]]:
    """(part, row) of every row whose column has the value; parts that do not exist have none."""

    def look(part: str) -> list[int]:
        if not storage.exists(snapshot.path(table, f"{part}.parquet")):
            return []
        values = snapshot.read_column(table, part, column)
        found: list[int] = pc.indices_nonzero(pc.fill_null(pc.equal(values, wanted), fill_value=False)).to_pylist()
        return found

    with ThreadPoolExecutor(_READERS) as readers:
        for part, rows in zip(parts, readers.map(look, parts), strict=True):
            yield from ((part, row) for row in rows)


def _matching(
    snapshot: Snapshot,
    table: str,
    parts: Sequence[str],
    wanted: Callable[[pa.Table], pa.ChunkedArray],
    columns: Sequence[str] | None = None,
) -> pa.Table:
    def look(part: str) -> pa.Table:
        rows = snapshot.read(table, part, columns)
        return rows.filter(wanted(rows))

    with ThreadPoolExecutor(_READERS) as readers:
        return pa.concat_tables(list(readers.map(look, parts)))
