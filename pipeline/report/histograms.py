"""Histograms of a signal with its cut lines: one row for each language group, on a common axis.

The bins of the profile are finer than a page can show: they are joined, never split, so every bar is an exact count.
Signals within [-1, 1] get a linear axis. All others get one that is linear up to ±1 and logarithmic beyond, on which
[0, 1] is as wide as a decade.

These charts are written as Vega-Lite, not through altair's classes: those cost 100 ms for each of some 70 charts, the
drawing 35 ms (a test checks the specifications against altair's schema).
"""

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from pipeline.report.charts import CONFIG, CUT, DROP, KEEP, QUARANTINE, WIDTH, short
from pipeline.report.counts import EDGES, LANGUAGE_GROUPS, VERDICTS
from pipeline.report.summary import language_groups

BARS = 50
"""Bars of a histogram at most."""
BAR_SHARE = 0.94
"""Of the width of its bin; the rest is the gap."""
HEADROOM = 1.3
"""Height of a row over its highest bar, so that the labels of thresholds stay free."""
ROW_HEIGHT = 66
PADDING = 10
SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
LANGUAGES = {"zh": "Chinese", "en": "English", "other": "Other"}

Json = Mapping[str, Any]
Spec = dict[str, Any]


def histogram(bars: Mapping[str, Sequence[Json]], rules: Sequence[Json] = ()) -> Spec | None:
    """Documents by value and verdict. None when there are fewer than two different bins."""
    if len({bar["low"] for row in bars.values() for bar in row}) < 2:
        return None
    edges = {edge for row in bars.values() for bar in row for edge in (bar["low"], bar["high"]) if edge is not None}
    cuts = {edge for rule in rules for edge in (rule["low"], rule["high"]) if edge is not None}
    whole = all(edge == math.floor(edge) for edge in edges) and max(edges) > 1
    limits = _limits(edges | cuts, whole=whole)
    groups = [group for group in LANGUAGE_GROUPS if group in bars]
    rows = []
    for group in groups:
        own = [rule for rule in rules if group in language_groups(rule["languages"])]
        lines = sorted({cut for rule in own for cut in (rule["low"], rule["high"]) if cut is not None})
        rows.append(_row(LANGUAGES[group], bars[group], limits, lines, labels=group == groups[-1]))
    padding = {"left": PADDING, "right": PADDING, "top": 2, "bottom": 2}
    return {"$schema": SCHEMA, "vconcat": rows, "spacing": 4, "padding": padding, "config": CONFIG}


def _row(title: str, bars: Sequence[Json], limits: Sequence[float], cuts: Sequence[float], *, labels: bool) -> Spec:
    place = _linear if _is_linear(limits) else _logarithmic
    counts = [dict.fromkeys(VERDICTS, 0) for _ in limits[1:]]
    for bar in bars:
        low = limits[0] if bar["low"] is None else bar["low"]
        index = min(max(bisect_right(limits, low) - 1, 0), len(counts) - 1)
        for verdict in VERDICTS:
            counts[index][verdict] += bar[verdict]
    values: list[Spec] = []
    for (low, high), count in zip(pairwise(limits), counts, strict=True):
        left, base = place(low), 0
        right = left + (place(high) - left) * BAR_SHARE
        for verdict in VERDICTS:
            if count[verdict]:
                top = base + count[verdict]
                values.append({"x": left, "x2": right, "y": base, "y2": top, "verdict": verdict})
                base = top
    peak = max((value["y2"] for value in values), default=1)
    ends = [place(limits[0]), place(limits[-1])]
    x = {"field": "x", "type": "quantitative", "scale": {"domain": ends, "nice": False, "zero": False}}
    colours = {"domain": list(VERDICTS), "range": [KEEP, DROP, QUARANTINE]}
    layers: list[Spec] = [
        {
            "data": {"values": values},
            "mark": {"type": "rect"},
            "encoding": {
                "x": {**x, "axis": _axis(limits, place, labels=labels)},
                "x2": {"field": "x2"},
                "y": {"field": "y", "type": "quantitative", "axis": None, "scale": {"domain": [0, peak * HEADROOM]}},
                "y2": {"field": "y2"},
                "color": {"field": "verdict", "type": "nominal", "scale": colours, "legend": None},
            },
        }
    ]
    for cut in cuts:
        right_half = place(cut) > sum(ends) / 2
        side = {"align": "right", "dx": -4} if right_half else {"align": "left", "dx": 4}
        text = {"type": "text", "color": CUT, "baseline": "top", "fontWeight": "bold", "text": number(cut), **side}
        layers += [
            {
                "data": {"values": [{"x": place(cut)}]},
                "mark": {"type": "rule", "color": CUT, "strokeDash": [4, 3], "strokeWidth": 1.4},
                "encoding": {"x": x},
            },
            {"data": {"values": [{"x": place(cut)}]}, "mark": text, "encoding": {"x": x, "y": {"value": 0}}},
        ]
    total = sum(sum(count.values()) for count in counts)
    return {"layer": layers, "width": WIDTH - 2 * PADDING, "height": ROW_HEIGHT, "title": f"{title} · {total:,}"}


def number(value: float) -> str:
    """A threshold or a tick as a person writes it."""
    return short(value) if abs(value) >= 1e4 else f"{value:,.4g}"


def _linear(value: float) -> float:
    return value


def _logarithmic(value: float) -> float:
    """0 to 10 for [0, 1], then 10 for each decade."""
    return 10 * value if abs(value) <= 1 else math.copysign(10 + 10 * math.log10(abs(value)), value)


def _is_linear(limits: Sequence[float]) -> bool:
    return limits[0] >= -1 and limits[-1] <= 1.05


def _limits(wanted: set[float], *, whole: bool) -> list[float]:
    """Limits of at most BARS bars that hold all of `wanted`, taken from the bins of the profile."""
    edges = sorted(
        {float(math.ceil(edge)) if whole else round(float(edge), 9) for edge in EDGES}
    )  # 0 and 1 join their neighbours
    first = max(bisect_right(edges, min(wanted)) - 1, 0)
    last = next((i for i, edge in enumerate(edges) if edge >= max(wanted)), len(edges) - 1)
    limits = edges[first : last + 1]
    if limits[0] >= -1 and max(wanted) < 1.01:  # a bin for 1 itself, drawn as wide as the others
        limits = [edge for edge in limits if edge <= 1] + ([1.01] if limits[-1] > 1 else [])
        step = math.ceil((len(limits) - 1) / BARS)
    else:
        limits = [low for low, high in pairwise(limits) if abs(low) >= 1 or round(low * 100) % 10 == 0] + [limits[-1]]
        step = math.ceil((len(limits) - 1) / BARS)
    limits = limits if step <= 1 else [*limits[:-1:step], limits[-1]]
    beyond = max(wanted) > limits[-1] > 1.01  # a threshold outside the grid
    return [*([min(wanted)] if min(wanted) < limits[0] else []), *limits, *([max(wanted)] if beyond else [])]


def _axis(limits: Sequence[float], place: Any, *, labels: bool) -> Spec:
    ticks = _linear_ticks(limits) if _is_linear(limits) else _decades(limits)
    names = {f"{place(tick):.6f}": number(tick) for tick in ticks}
    pairs = ", ".join(f"'{position}': '{name}'" for position, name in names.items())
    return {
        "title": None,
        "values": [float(position) for position in names],
        "labels": labels,
        "labelExpr": f"({{{pairs}}})[format(datum.value, '.6f')]",
        "grid": False,
        "labelOverlap": True,
        "labelFlush": True,
    }


def _linear_ticks(limits: Sequence[float]) -> list[float]:
    span = limits[-1] - limits[0]
    step = next((s for s in (0.01, 0.02, 0.05, 0.1, 0.2) if span / s <= 7), 0.5)
    first, last = math.ceil(limits[0] / step - 1e-9), math.floor(limits[-1] / step + 1e-9)
    return [round(i * step, 6) for i in range(first, last + 1)]


def _decades(limits: Sequence[float]) -> list[float]:
    ends = [0.0, *(sign * 10.0**power for power in range(10) for sign in (-1, 1))]
    ticks = sorted(tick for tick in ends if limits[0] <= tick <= limits[-1])
    if len(ticks) < 3:  # less than two decades: every joint of the grid that reads well
        ticks = sorted(
            {
                *ticks,
                *(t * d for t in (1.0, 10.0**3, 10.0**2, 10.0) for d in (2, 5) if limits[0] <= t * d <= limits[-1]),
            }
        )
    return ticks
