"""The sums of one split: counts of documents and records by everything that the report shows.

Vectorised with Arrow and numpy. Reads tables in memory, returns tables of integers (algebra.py names them).
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.report.algebra import added, key

VERDICTS = ("keep", "drop", "quarantine")
LANGUAGE_GROUPS = ("zh", "en", "other")

_DECADE = np.array([1, 1.25, 1.6, 2, 2.5, 3.15, 4, 5, 6.3, 8])  # Renard's R10 series (ISO 3), ten bins a decade
_OUTER = np.concatenate([_DECADE * 10.0**power for power in range(9)] + [np.array([1e9])])
_EXACT = np.nextafter(np.array([0.0, 1.0]), 2)  # just above 0 and 1, so that these two have bins of their own
EDGES: npt.NDArray[np.float64] = np.sort(np.concatenate([-_OUTER, np.arange(-99, 100) / 100, _OUTER, _EXACT]))
"""One grid for every signal: steps of .01 in [-1, 1], exactly 0, exactly 1, and ten per decade up to ±1e9. Bin i is
[EDGES[i-1], EDGES[i]); bin 0 lies below, bin len(EDGES) above. Units need not be known, and a ratio, a count and a
perplexity all find a resolution of 1 % of their range or 25 % of their size."""
COUNTED = ("language", "script", "source", "extractor", "month")
CLUSTER_EDGES = (2, 3, 4, 5, 7, 10, 20, 50, 100, 1_000, 10_000, 100_000)
_MONTHS = (np.datetime64("1990-01", "M"), np.datetime64("2100-01", "M"))

Table = dict[str, tuple[int, ...]]


def language_group(language: str) -> str:
    """zh, en or other: the groups whose histograms are kept apart."""
    return language if language in LANGUAGE_GROUPS[:2] else "other"


def frame(documents: pa.Table, decisions: pa.Table) -> pa.Table:
    """What documents are counted by, one row each."""
    seconds = documents["fetched_at"].cast(pa.timestamp("s", tz="UTC"), safe=False).cast(pa.int64())
    months = seconds.fill_null(0).to_numpy().astype("datetime64[s]").astype("datetime64[M]")
    plausible = (months >= _MONTHS[0]) & (months < _MONTHS[1])
    month = np.where(pc.is_null(seconds).to_numpy(), "unknown", np.where(plausible, months.astype(str), "implausible"))
    return pa.table(
        {
            **{column: documents[column].fill_null("") for column in COUNTED[:4]},
            "month": pa.array(month, pa.string()),
            "verdict": decisions["verdict"],
            "chars": pc.utf8_length(documents["text"]).cast(pa.int64()).fill_null(0),
        }
    )


def grouped(table: pa.Table, by: list[str], weight: str | None = None) -> Table:
    """Rows, and the sum of `weight`, for each combination of `by`."""
    wanted = [([], "count_all"), *([(weight, "sum")] if weight else [])]
    total: Table = {}
    for group in table.group_by(by, use_threads=False).aggregate(wanted).to_pylist():
        counts = (group["count_all"], *([group[f"{weight}_sum"]] if weight else []))
        name = key(*(group[column] or "" for column in by))
        total.update(added({name: total[name]} if name in total else {}, {name: counts}))
    return total


def failed_reasons(decisions: pa.Table) -> tuple[list[str], npt.NDArray[np.bool_]]:
    """The reasons, and for each document and reason whether it failed for it: bool (documents, reasons)."""
    lists = decisions["reasons"].combine_chunks()
    encoded = pc.list_flatten(lists).dictionary_encode()
    matrix = np.zeros((len(lists), len(encoded.dictionary)), np.bool_)
    matrix[pc.list_parent_indices(lists).to_numpy(), encoded.indices.to_numpy()] = True
    return encoded.dictionary.to_pylist(), matrix


def reason_sums(reasons: list[str], failed: npt.NDArray[np.bool_], rows: pa.Table) -> dict[str, Table]:
    """How many documents and characters fail for each reason, at all and alone, and which reasons coincide."""
    chars = rows["chars"].to_numpy()
    encoded = rows["language"].combine_chunks().dictionary_encode()
    languages, codes = encoded.dictionary.to_pylist(), encoded.indices.to_numpy()
    single = failed.sum(axis=1) == 1
    counts: Table = {}
    for column, reason in enumerate(reasons):
        any_rule = failed[:, column]
        only = any_rule & single
        for code in np.unique(codes[any_rule]):
            here, alone = any_rule & (codes == code), only & (codes == code)
            sums = (here.sum(), chars[here].sum(), alone.sum(), chars[alone].sum())
            counts[key(reason, languages[code])] = tuple(map(int, sums))
    both = failed.astype(np.float64).T @ failed.astype(np.float64)  # exact below 2**53
    pairs: Table = {
        key(*sorted((reasons[i], reasons[j]))): (int(both[i, j]),)
        for i, j in zip(*np.nonzero(np.triu(both, 1)), strict=True)
    }
    return {"reasons": counts, "overlap": pairs}


def signal_sums(signals: pa.Table, rows: pa.Table) -> dict[str, Table]:
    """Histograms of numbers, counts of strings, and how often each signal could be measured."""
    language = pc.fill_null(pc.index_in(rows["language"], pa.array(LANGUAGE_GROUPS)), 2).to_numpy()
    groups = language * len(VERDICTS) + pc.index_in(rows["verdict"], pa.array(VERDICTS)).to_numpy()
    tables: dict[str, Table] = {"signals": {}, "lengths": _histogram(rows["chars"], groups)}
    for name in signals.drop_columns("doc_id").column_names:
        column = signals[name]
        kind = str(column.type).rstrip("0123456789").replace("double", "float")
        for code, group in enumerate(LANGUAGE_GROUPS):
            part = column.filter(pa.array(language == code))
            if len(part):
                tables["signals"][key(name, kind, group)] = _column_sums(part, kind)
        if kind == "string":
            values = pa.table({"value": column, "verdict": rows["verdict"]}).drop_null()
            tables[key("values", name)] = grouped(values, ["value", "verdict"])
        else:
            tables[key("histogram", name)] = _histogram(column, groups)
    return tables


def _column_sums(part: pa.ChunkedArray, kind: str) -> tuple[int, ...]:
    """Measured, null, above zero, sum. NaN counts as null; a sum of floats would depend on their order and is 0."""
    if kind == "float":
        part = pc.if_else(pc.is_nan(part), None, part)
    measured = len(part) - part.null_count
    if kind == "string":
        return measured, part.null_count, measured, 0
    positive = pc.sum(pc.greater(part.cast(pa.float64()), 0.0)).as_py() or 0
    return measured, part.null_count, positive, 0 if kind == "float" else pc.sum(part).as_py() or 0


def _histogram(column: pa.ChunkedArray, groups: npt.NDArray[np.int64]) -> Table:
    """Documents in each bin of EDGES, for each language group and verdict; nulls and NaN are in no bin."""
    values = column.cast(pa.float64(), safe=False).to_numpy()
    measured = ~np.isnan(values)
    bins = len(EDGES) + 1
    cells = groups[measured] * bins + np.searchsorted(EDGES, values[measured], side="right")
    counts = np.bincount(cells)
    table: Table = {}
    for cell in np.nonzero(counts)[0]:
        group, bin_ = divmod(int(cell), bins)
        language, verdict = divmod(group, len(VERDICTS))
        table[key(LANGUAGE_GROUPS[language], VERDICTS[verdict], bin_)] = (int(counts[cell]),)
    return table


def cluster_sums(duplicates: pa.Table) -> Table:
    """A cluster is counted where its first member is, whose id it bears: once in the whole snapshot."""
    sizes = first_members(duplicates)["cluster_size"].to_numpy()
    bins = np.searchsorted(CLUSTER_EDGES, sizes, side="right") - 1
    return {
        str(edge): (int((bins == i).sum()), int(sizes[bins == i].sum()))
        for i, edge in enumerate(CLUSTER_EDGES)
        if (bins == i).any()
    }


def removed_sums(
    languages: pa.ChunkedArray, domains: Sequence[str] | None, decisions: pa.Table, duplicates: pa.Table
) -> Table:
    """Documents that were removed for another one: by kind, whether an earlier snapshot released that, language, domain.

    `superseded` is a kind too. `languages`, `domains` and `decisions` are aligned.
    """
    kinds = dict(zip(duplicates["doc_id"].to_pylist(), duplicates["kind"].to_pylist(), strict=True))
    named = domains if domains is not None else [""] * decisions.num_rows
    total: Counter[str] = Counter()
    columns = (decisions[name].to_pylist() for name in ("doc_id", "reasons", "representative_snapshot"))
    for doc_id, reasons, snapshot, language, domain in zip(*columns, languages.to_pylist(), named, strict=True):
        if "duplicate" in reasons or "superseded" in reasons:
            kind = kinds[doc_id] if "duplicate" in reasons else "superseded"
            total[key(kind, "" if snapshot is None else "earlier", language or "", domain)] += 1
    return {name: (count,) for name, count in total.items()}


def first_members(duplicates: pa.Table) -> pa.Table:
    """The rows of the documents that gave their cluster its id."""
    return duplicates.filter(pc.equal(duplicates["doc_id"], duplicates["cluster_id"]))
