"""`python -m benchmarks.quality`: measure, print one table, fail below the pins.

Exit codes: 0 every figure holds its pin, or ../shared/data is absent; 1 one does not, or has none, or a run failed; 2 a wrong command.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.quality import decoding, functions, hostile, languages, near, pages, pins, texts, wording
from benchmarks.quality.figures import DATA, Figure
from benchmarks.quality.pins import Checked, Pin
from benchmarks.quality.snapshots import RunError

# What is measured together, and the groups of figures that it yields.
MEASURES: Mapping[str, tuple[Callable[[Path], Iterator[Figure]], tuple[str, ...]]] = {
    "pages": (pages.measure, ("extraction", "decoding", "duplicates")),
    "decoding": (decoding.measure, (decoding.GROUP,)),
    "texts": (texts.measure, ("clean text kept", "garbage dropped", "unseen garbage", "toxicity", "hostile files")),
    "hostile": (hostile.measure, (hostile.GROUP,)),
    "near": (near.measure, (near.GROUP,)),
    "wording": (wording.measure, wording.GROUPS),
    "languages": (languages.measure, ("language", "language pre-screen")),
    "functions": (functions.measure, ("URL lists", "perplexity AUC", "leaks")),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code."""
    options = _options(arguments)
    if not DATA.is_dir():
        print(f"Skipped: the gate measures on {DATA}, which is not there.")
        return 0
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="millrace-quality-") as temporary:
        scratch = Path(options.scratch or temporary)
        scratch.mkdir(parents=True, exist_ok=True)
        try:
            figures = [figure for name in options.only for figure in MEASURES[name][0](scratch)]
        except RunError as error:
            print(error)
            return 1
    if options.update:
        return _update(figures, allow_regression=options.allow_regression)
    groups = [group for name in options.only for group in MEASURES[name][1]]
    rows = pins.check(figures, pins.load(), groups)
    print(table(rows))
    if options.json:
        Path(options.json).write_text(_as_json(rows), encoding="utf-8")
    failed = sum(bool(row.fault) for row in rows)
    print(f"{len(rows) - failed} of {len(rows)} figures hold, {failed} fail; {time.monotonic() - start:.0f} s.")
    return 1 if failed else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--only", nargs="+", choices=MEASURES, default=list(MEASURES), help="measure these alone")
    parser.add_argument("--json", metavar="PATH", help="write every figure, with the worst cases, as JSON")
    parser.add_argument(
        "--scratch", metavar="FOLDER", help="keep the snapshots there: a second run reads what is unchanged"
    )
    parser.add_argument("--update", action="store_true", help="raise the pins to what is measured")
    parser.add_argument(
        "--allow-regression", action="store_true", help="with --update: lower pins too; say why in the commit"
    )
    return parser.parse_args(arguments)


def _update(figures: Sequence[Figure], *, allow_regression: bool) -> int:
    text, refused = pins.update(pins.PATH.read_text(encoding="utf-8"), figures, allow_regression=allow_regression)
    pins.PATH.write_text(text, encoding="utf-8")
    for line in refused:
        print(line)
    if refused:
        print(f"{len(refused)} pins would become worse: mend the product, or pass --allow-regression and say why.")
    return 1 if refused else 0


def table(rows: Sequence[Checked]) -> str:
    """One line a figure, under the name of its group."""
    width = max(len(row.name) for row in rows) + 2
    lines = [f"{'':{width}}{'figure':>9}{'pin':>10}{'peer':>8}{'rows':>8}"]
    group = ""
    for row in rows:
        if row.group != group:
            group = row.group
            lines.append(group)
        lines.append(f"  {row.name:{width}}{_cells(row)}  {f'FAIL: {row.fault}' if row.fault else 'ok'}")
    return "\n".join(lines)


def _cells(row: Checked) -> str:
    figure, pin = row.figure, row.pin or Pin()
    form = "{:.0f}" if figure is not None and figure.whole else "{:.3f}"
    value = "-" if figure is None else form.format(figure.value)
    limit = (
        "-" if row.pin is None else form.format(pin.floor) if pin.ceiling is None else "<= " + form.format(pin.ceiling)
    )
    peer = "" if pin.peer is None else form.format(pin.peer)
    return f"{value:>7}{limit:>10}{peer:>8}{'' if figure is None else figure.count:>8}"


def _as_json(rows: Sequence[Checked]) -> str:
    values = [
        {
            **(asdict(row.figure) if row.figure else {"group": row.group, "name": row.name}),
            "pin": asdict(row.pin) if row.pin else None,
            "fault": row.fault,
        }
        for row in rows
    ]
    return json.dumps(values, ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    sys.exit(main())
