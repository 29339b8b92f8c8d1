"""The report: one HTML file that works offline and without scripts, and report.json with the same figures.

Reads a merged `Profile`, the manifest, dataset.json and the self-audit; returns text. Everything from the data passes
through `visible` (nothing hidden, nothing that reorders a line) and Jinja's autoescape. A strict content security policy
forbids the page to load anything; URLs are text, never links. Writes nothing; measures nothing.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pipeline.report import charts
from pipeline.report.algebra import Profile
from pipeline.report.charts import short
from pipeline.report.histograms import LANGUAGES, histogram, number
from pipeline.report.summary import checks, summarise
from pipeline.report.svg import Chart, Charts, draw
from pipeline.report.visible import visible
from schemas.signals import Signal

SAFETY_SIGNALS = ("privacy_", "secrets_", "safety_", "contamination_", "optout_")
"""Signals that the section on safety and privacy lists, by the filter's name."""
SAFETY_STAGES = ("url", "optout")
"""Stages whose exits that section lists."""
_FOLDER = Path(__file__).parent
COLUMNS = ("language", "domain", "source")

Json = Mapping[str, Any]
Draw = Callable[[Charts], dict[str, str]]


def render_json(
    profile: Profile,
    manifest: Json,
    dataset: Json | None = None,
    audit: Sequence[Json] | None = None,
    *,
    previous: Profile | None = None,
) -> str:
    """The content of report.json: everything that the page shows, as plain JSON. Arguments as for `render`."""
    return json.dumps(
        _content(profile, manifest, dataset, audit, previous),
        ensure_ascii=False,
        indent=1,
        sort_keys=True,
        allow_nan=False,
    )


def render(
    profile: Profile,
    manifest: Json,
    dataset: Json | None = None,
    audit: Sequence[Json] | None = None,
    *,
    previous: Profile | None = None,
    signals: Sequence[Signal] = (),
    draw_charts: Draw = draw,
) -> str:
    """The content of report/index.html.

    Args:
        profile: of the whole snapshot.
        manifest: `counts` (`records`, `documents`, flat or below `read`) is checked; `name`, `recipe`, `versions`,
            `assets`, `tables` and whatever else it holds are shown as provenance.
        dataset: dataset/dataset.json (pipeline/shards.py), or None where no tokens were made.
        audit: one mapping for each kind of planted page: kind, planted, found, and optionally missed (examples).
        previous: the profile of an earlier snapshot, to show what changed.
        signals: the declared signals, for their units and explanations.
        draw_charts: makes SVG of charts, as svg.draw does, which takes some three seconds.

    """
    content = _content(profile, manifest, dataset, audit, previous)
    summary, before = content["summary"], content["previous"]
    script = (_FOLDER / "sort.js").read_text(encoding="utf-8")
    return (
        _environment()
        .get_template("page.html")
        .render(
            **content,
            s=summary,
            before=before,
            reasons_before={row["reason"]: row["per_document"] for row in before["reasons"]} if before else {},
            charts={name: Markup(svg) for name, svg in draw_charts(_charts(summary, dataset)).items()},  # noqa: S704  allow-listed SVG
            signals={signal.name: signal for signal in signals},
            safety=[row for row in summary["signals"] if row["name"].startswith(SAFETY_SIGNALS)],
            safety_stages=SAFETY_STAGES,
            rows=lambda value: list(_flat(value)),
            rule_lines=_rule_lines,
            failed_text=_failed_text,
            groups=LANGUAGES,
            columns=COLUMNS,
            css=Markup((_FOLDER / "page.css").read_text(encoding="utf-8")),  # noqa: S704  our own file
            script=Markup(script),  # noqa: S704  our own file
            script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        )
    )


@cache
def _environment() -> Environment:
    """Compiling the template takes .3 s, so it is done once."""
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(n=_count, pct=_percent, short=short, number=_value, points=_points, lang=_lang)
    return environment


def _content(
    profile: Profile, manifest: Json, dataset: Json | None, audit: Sequence[Json] | None, previous: Profile | None
) -> dict[str, Any]:
    summary = summarise(profile)
    earlier = summarise(previous) if previous is not None else None
    return {
        "summary": summary,
        "checks": checks(summary["totals"], manifest, dataset),
        "manifest": dict(manifest),
        "dataset": None if dataset is None else dict(dataset),
        "audit": None if audit is None else [dict(row) for row in audit],
        "previous": earlier and {"totals": earlier["totals"], "reasons": earlier["reasons"]},
    }


def _charts(summary: Json, dataset: Json | None) -> dict[str, tuple[str, Chart | None]]:
    named: dict[str, tuple[str, Chart | None]] = {
        "flow": ("From records to kept documents", charts.flow(summary)),
        "reasons": ("Documents that fail for each reason, and for no other", charts.reasons(summary["reasons"])),
        "overlap": ("Which reasons coincide", charts.overlap(summary["overlap"])),
        "languages": ("Documents by language and verdict", charts.by_verdict(summary["languages"])),
        "scripts": ("Documents by script and verdict", charts.by_verdict(summary["scripts"])),
        "months": ("Documents by month of the fetch", charts.months(summary["months"])),
        "lengths": ("Documents by length in characters", histogram(summary["lengths"])),
        "sizes": ("Clusters of duplicates by size", charts.sizes(summary["duplicates"]["sizes"])),
    }
    for column in COLUMNS:
        counts = ((dataset or {}).get("counts") or {}).get(column) or {}
        named[f"tokens_{column}"] = (f"Tokens by {column}", charts.tokens(counts))
    for signal in summary["signals"]:
        if "bars" in signal and signal["type"] != "bool":
            name = signal["name"]
            named[f"signal_{name}"] = (f"Distribution of {name}", histogram(signal["bars"], signal["rules"]))
    return named


def _harmless(value: Any) -> Any:
    """Applied to every value that the template writes; our own markup passes."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _count(value: float | None) -> str:
    return "–" if value is None else f"{value:,}"


def _percent(value: float | None) -> str:
    """With enough digits that a small share is not 0."""
    if value is None:
        return "–"
    percent = 100 * value
    digits = 0 if percent in {0, 100} else 1 if percent >= 1 else 2
    return f"{percent:.{digits}f} %" if percent == 0 or percent >= 0.01 else "< 0.01 %"


def _points(now: float | None, before: float | None) -> str:
    """The change of a share in percentage points."""
    if now is None or before is None:
        return "–"
    change = round(100 * (now - before), 1)
    return f"{change:+.1f} points".replace("-", "−") if change else "unchanged"


def _value(value: float | None) -> str:
    """Three digits, as a quantile read off a histogram deserves."""
    return "–" if value is None else number(float(f"{value:.3g}"))


def _lang(language: str, script: str = "") -> str:
    """A BCP 47 tag for the lang attribute, or nothing where the parts are no codes."""
    parts = [part for part in (language, script) if part.isascii() and part.isalpha() and 2 <= len(part) <= 4]
    return "-".join(parts) if language in parts else ""


def _rule_lines(rules: Sequence[Json]) -> list[dict[str, str]]:
    """Rules that differ only in threshold or language on one line: `> 35 (en), > 5,000 (zh)`."""
    lines: dict[tuple[str, ...], dict[str, list[str]]] = {}
    for rule in rules:
        sides = [
            f"{sign} {number(rule[side])}" for side, sign in (("low", "<"), ("high", ">")) if rule[side] is not None
        ]
        line = lines.setdefault(tuple(rule[name] for name in ("reason", "signal", "verdict", "citation")), {})
        line.setdefault(" or ".join(sides), []).extend(rule["languages"])
    return [
        {
            **dict(zip(("reason", "signal", "verdict", "citation"), key, strict=True)),
            "when": ", ".join(f"{text} ({', '.join(where)})" if where else text for text, where in line.items()),
        }
        for key, line in lines.items()
    ]


def _failed_text(reason: Json) -> str:
    """What was measured against what: `37 < 50`."""
    value, threshold = reason["value"], reason["threshold"]
    if value is None:
        return ""
    if threshold is None:
        return number(value)
    return f"{number(value)} {'<' if value < threshold else '>'} {number(threshold)}"


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """A nested value as rows of (dotted path, value)."""
    if isinstance(value, Mapping) and value:
        for name in sorted(value, key=str):
            yield from _flat(value[name], f"{path}.{name}" if path else str(name))
    elif (
        isinstance(value, Sequence) and not isinstance(value, str) and any(isinstance(part, Mapping) for part in value)
    ):
        for index, part in enumerate(value):
            yield from _flat(part, f"{path}[{index}]")
    else:
        yield path, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
