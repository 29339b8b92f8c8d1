"""The charts of the report, as Vega-Lite specifications made with altair; svg.py draws them.

Reads the plain values of summary.py. Every chart is WIDTH pixels wide, so that it fits a telephone; the page sets them
side by side. Colours are those of the light theme; page.css replaces them by name for the dark one.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from pipeline.report.counts import VERDICTS
from pipeline.report.svg import Chart
from pipeline.report.visible import visible

WIDTH = 372
LABEL_CHARS = 26
KEEP, DROP, QUARANTINE = "#2563a8", "#d97a2b", "#8a5cc2"
INK, MUTED, GRID, CUT, PLAIN = "#1d2733", "#5b6875", "#d8dee5", "#c0182f", "#6f8296"
VERDICT_SCALE = alt.Scale(domain=list(VERDICTS), range=[KEEP, DROP, QUARANTINE])
CONFIG = alt.Config(
    background="transparent",
    font="system-ui, sans-serif",
    view=alt.ViewConfig(stroke="transparent"),
    axis=alt.AxisConfig(
        labelColor=MUTED, titleColor=MUTED, gridColor=GRID, domainColor=GRID, tickColor=GRID,
        labelFontSize=11, labelPadding=6, titleFontSize=11, titleFontWeight="normal", labelLimit=150,
    ),
    text=alt.MarkConfig(color=INK, fontSize=11),
    title=alt.TitleConfig(color=INK, fontSize=11, fontWeight="normal", anchor="start", offset=4),
).to_dict()  # fmt: skip
Json = Mapping[str, Any]


def flow(summary: Json) -> Chart | None:
    """From records to kept documents: what came in, and where the rest went."""
    totals = summary["totals"]
    if not totals["records"]:
        return None
    lost: dict[str, int] = {}
    for row in summary["ledger"]:
        lost[row["stage"]] = lost.get(row["stage"], 0) + row["records"]
    steps = [("Records read", 0, totals["records"], "total"), ("no captures", -totals["not_captures"], 0, "lost")]
    steps.append(("Captures", 0, totals["captures"], "total"))
    steps += [(stage, -count, 0, "lost") for stage, count in sorted(lost.items(), key=lambda item: (-item[1], item[0]))]
    steps.append(("Documents", 0, totals["documents"], "total"))
    steps += [("dropped", -totals["dropped"], 0, "drop"), ("quarantined", -totals["quarantined"], 0, "quarantine")]
    steps.append(("Kept", 0, totals["kept"], "keep"))
    values, level = [], 0
    for name, change, total, kind in steps:
        start, level = (0, total) if total else (level, level + change)
        if start != level or total:
            label = f"{total:,}" if total else f"−{-change:,}"
            values.append(
                {
                    "step": _label(name),
                    "from": start,
                    "to": level,
                    "top": max(start, level),
                    "kind": kind,
                    "label": label,
                }
            )
    base = _chart(values).encode(y=alt.Y("step:N", sort=None, axis=alt.Axis(title=None, ticks=False, domain=False)))
    limit = totals["records"] * 1.22  # leaves room for the label of the longest bar
    x = alt.X("from:Q", scale=alt.Scale(domain=[0, limit]), axis=None)
    colours = alt.Scale(
        domain=["total", "lost", "drop", "quarantine", "keep"], range=[PLAIN, GRID, DROP, QUARANTINE, KEEP]
    )
    bars = base.mark_bar(cornerRadius=2).encode(x=x, x2="to:Q", color=alt.Color("kind:N", scale=colours, legend=None))
    text = base.mark_text(align="left", dx=5).encode(x=alt.X("top:Q", axis=None), text="label:N")
    return _sized(bars + text, 24 * len(values))


def reasons(rows: Sequence[Json]) -> Chart | None:
    """Documents that fail for each reason, and those that fail for no other."""
    shown = [row for row in rows if row["any"]][:20]
    if not shown:
        return None
    values = [
        {"reason": _label(r["reason"]), "any": r["any"], "only": r["only"], "label": f"{r['any']:,}"} for r in shown
    ]
    base = _chart(values).encode(y=alt.Y("reason:N", sort=None, axis=alt.Axis(title=None, ticks=False, domain=False)))
    x = alt.X("any:Q", axis=None, scale=alt.Scale(domain=[0, shown[0]["any"] * 1.2]))
    return _sized(
        base.mark_bar(color=DROP, opacity=0.35, cornerRadius=2).encode(x=x)
        + base.mark_bar(color=DROP, cornerRadius=2).encode(x="only:Q")
        + base.mark_text(align="left", dx=4).encode(x="any:Q", text="label:N"),
        22 * len(shown),
    )


def by_verdict(rows: Sequence[Json], *, limit: int = 15) -> Chart | None:
    """Documents of each value, stacked by verdict."""
    shown = rows[:limit]
    if not shown:
        return None
    values = [
        {"value": _label(row["value"] or "(none)"), "verdict": verdict, "order": order, "documents": row[verdict]}
        for row in shown
        for order, verdict in enumerate(VERDICTS)
    ]
    bars = (
        _chart(values)
        .mark_bar(cornerRadius=1)
        .encode(
            y=alt.Y("value:N", sort=None, axis=alt.Axis(title=None, ticks=False, domain=False)),
            x=alt.X("documents:Q", axis=_counts(max(row["documents"] for row in shown))),
            color=_verdict_colour(),
            order="order:Q",
        )
    )
    return _sized(bars, 22 * len(shown))


def months(rows: Sequence[Json]) -> Chart | None:
    """Documents by month of the fetch, stacked by verdict; without those whose date is unknown or implausible."""
    shown = [row for row in rows if row["value"][:1].isdigit()]
    if not shown:
        return None
    values = [
        {"month": row["value"], "verdict": verdict, "order": -order, "documents": row[verdict]}
        for row in shown
        for order, verdict in enumerate(VERDICTS)
    ]
    axis = alt.Axis(title=None, labelAngle=-45, ticks=False, labelOverlap=True)
    bars = (
        _chart(values)
        .mark_bar(cornerRadius=1)
        .encode(
            x=alt.X("month:O", axis=axis),
            y=alt.Y("documents:Q", axis=_counts(max(row["documents"] for row in shown))),
            color=_verdict_colour(),
            order="order:Q",
        )
    )
    return _sized(bars, 150)


def overlap(table: Json) -> Chart | None:
    """Of the documents that fail for the row's reason, the share that fails for the column's as well."""
    names = table["reasons"]
    if len(names) < 2:
        return None
    values = [
        {"row": _label(a), "column": _label(b), "share": count / own, "label": f"{round(100 * count / own)}"}
        for i, a in enumerate(names)
        for j, b in enumerate(names)
        if i != j
        for count, own in [(table["documents"][i][j], table["documents"][i][i])]
        if own
    ]
    order = [_label(name) for name in names]
    base = _chart(values).encode(
        y=alt.Y("row:N", sort=order, axis=alt.Axis(title=None, ticks=False, domain=False)),
        x=alt.X("column:N", sort=order, axis=alt.Axis(title=None, labelAngle=-45, ticks=False, domain=False)),
    )
    cells = base.mark_rect(color=DROP, cornerRadius=2).encode(
        opacity=alt.Opacity("share:Q", scale=alt.Scale(domain=[0, 1], range=[0.04, 0.9]), legend=None)
    )
    return _sized(cells + base.mark_text(fontSize=10).encode(text="label:N"), 22 * len(names))


def sizes(rows: Sequence[Json]) -> Chart | None:
    """Clusters by their size."""
    shown = [row for row in rows if row["clusters"]]
    if not shown:
        return None
    values = [
        {"size": _size(row["from"], row["to"]), "clusters": row["clusters"], "label": f"{row['clusters']:,}"}
        for row in shown
    ]
    base = _chart(values).encode(
        y=alt.Y("size:N", sort=None, axis=alt.Axis(title="documents in the cluster", ticks=False, domain=False))
    )
    x = alt.X("clusters:Q", axis=None, scale=alt.Scale(domain=[0, max(row["clusters"] for row in shown) * 1.2]))
    return _sized(
        base.mark_bar(color=PLAIN, cornerRadius=2).encode(x=x)
        + base.mark_text(align="left", dx=4).encode(x="clusters:Q", text="label:N"),
        22 * len(shown),
    )


def tokens(table: Mapping[str, Mapping[str, int]], *, limit: int = 12) -> Chart | None:
    """Tokens of each value of one column of the dataset."""
    shown = sorted(table.items(), key=lambda item: (-item[1]["tokens"], item[0]))[:limit]
    if not shown or not shown[0][1]["tokens"]:
        return None
    values = [{"value": _label(name), "tokens": row["tokens"], "label": short(row["tokens"])} for name, row in shown]
    base = _chart(values).encode(y=alt.Y("value:N", sort=None, axis=alt.Axis(title=None, ticks=False, domain=False)))
    x = alt.X("tokens:Q", axis=None, scale=alt.Scale(domain=[0, shown[0][1]["tokens"] * 1.25]))
    return _sized(
        base.mark_bar(color=KEEP, cornerRadius=2).encode(x=x)
        + base.mark_text(align="left", dx=4).encode(x="tokens:Q", text="label:N"),
        22 * len(shown),
    )


def short(count: float) -> str:
    """1234567 as 1.23 M."""
    for size, unit in ((1e12, " T"), (1e9, " G"), (1e6, " M"), (1e4, " k")):
        if abs(count) >= size:
            scaled = count / (1e3 if unit == " k" else size)
            return f"{scaled:.3g}{unit}" if scaled < 1000 else f"{scaled:.0f}{unit}"
    return f"{count:,.0f}" if float(count).is_integer() else f"{count:.3g}"


def _chart(values: Sequence[Json]) -> alt.Chart:
    return alt.Chart(alt.InlineData(values=list(values)))


def _verdict_colour() -> alt.Color:
    return alt.Color("verdict:N", scale=VERDICT_SCALE, legend=None)


def _counts(largest: int) -> alt.Axis:
    """1,500 rather than 1.5k, as long as there is room."""
    form = ",d" if largest < 100_000 else "~s"
    return alt.Axis(title="documents", format=form, tickCount=4, tickMinStep=1, domain=False)


def _label(text: str) -> str:
    shown = visible(text)
    return shown if len(shown) <= LABEL_CHARS else shown[: LABEL_CHARS - 1] + "…"


def _size(low: int, high: int | None) -> str:
    return f"{low:,}+" if high is None else f"{low:,}" if low == high else f"{low:,}–{high:,}"


def _sized(chart: alt.Chart | alt.LayerChart, height: int) -> Chart:
    """WIDTH pixels wide with its labels."""
    fitted = alt.AutoSizeParams(type="fit-x", contains="padding")
    drawn: Chart = chart.properties(width=WIDTH, height=height, autosize=fitted).configure(**CONFIG).to_dict()
    return drawn
