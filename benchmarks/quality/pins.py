"""benchmarks/quality.toml: what each figure must reach. Read with tomllib, changed line by line so that comments stay.

A pin has a `floor` (or a `ceiling`, where less is better), and may have a `peer`: what another tool, or the baseline
of data/README.md, reaches on the same rows. Falling below the peer fails as well, by more than `within` where that is given.
"""

import math
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.quality.figures import Figure

PATH = Path(__file__).resolve().parent.parent / "quality.toml"
_STEPS = 1000  # pins have three decimals: a figure may move by less than .001 between machines (fastText's sums)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """Bounds of one figure; None is no bound."""

    floor: float | None = None
    ceiling: float | None = None
    peer: float | None = None
    within: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A figure beside its pin. `fault` is empty, or says in a few words what is wrong."""

    group: str
    name: str
    figure: Figure | None
    pin: Pin | None
    fault: str


Pins = Mapping[tuple[str, str], Pin]


def load(path: Path = PATH) -> dict[tuple[str, str], Pin]:
    """The pins by group and name."""
    values = tomllib.loads(path.read_text(encoding="utf-8"))
    return {(group, name): Pin(**pin) for group, pins in values.items() for name, pin in pins.items()}


def check(figures: Sequence[Figure], pins: Pins, groups: Iterable[str]) -> list[Checked]:
    """Every figure, in order, then the pins of those groups that nothing was measured for, which is a fault."""
    found = {(figure.group, figure.name): figure for figure in figures}
    rows = [_checked(figure, pins.get(key)) for key, figure in found.items()]
    wanted = set(groups)
    for key, pin in pins.items():
        if key[0] in wanted and key not in found:
            rows.append(Checked(group=key[0], name=key[1], figure=None, pin=pin, fault="not measured"))
    return rows


def _checked(figure: Figure, pin: Pin | None) -> Checked:
    fault = ""
    if pin is None:
        fault = "no pin"
    elif pin.floor is not None and figure.value < pin.floor:
        fault = "below its floor"
    elif pin.ceiling is not None and figure.value > pin.ceiling:
        fault = "above its ceiling"
    elif pin.peer is not None and _worse_than_peer(figure, pin.peer, pin.within):
        fault = "worse than the peer"
    return Checked(group=figure.group, name=figure.name, figure=figure, pin=pin, fault=fault)


def _worse_than_peer(figure: Figure, peer: float, within: float) -> bool:
    allowed = round(peer - within if figure.better == "higher" else peer + within, 3)  # peers have three decimals
    return _worse(round(figure.value, 3), allowed, figure)


def _worse(value: float, other: float, figure: Figure) -> bool:
    return value < other if figure.better == "higher" else value > other


def bound(figure: Figure) -> float:
    """The pin that a figure earns: itself, rounded towards what is worse."""
    if figure.better == "higher":
        return math.floor(round(figure.value * _STEPS, 6)) / _STEPS
    return math.ceil(round(figure.value * _STEPS, 6)) / _STEPS


def update(text: str, figures: Sequence[Figure], *, allow_regression: bool) -> tuple[str, list[str]]:
    """The TOML with better bounds, and what was refused: a bound becomes worse only when that is allowed.

    A figure without a pin gets a line at the end of its group.
    """
    pins = {(group, name): pin for group, name, pin in _lines(text)}
    refused = []
    for figure in figures:
        key, new = (figure.group, figure.name), bound(figure)
        side = "floor" if figure.better == "higher" else "ceiling"
        old = getattr(pins[key], side) if key in pins else None
        worse = old is not None and _worse(new, old, figure)
        if worse and not allow_regression:
            refused.append(f"{figure.group}, {figure.name}: {side} {old:g} stays, {figure.value:.4f} was measured")
        elif key not in pins:
            text = _added(text, figure.group, f'"{figure.name}" = {{ {side} = {new:g} }}')
        elif new != old:
            text = _changed(text, figure.group, figure.name, side, new)
    return text, refused


def _lines(text: str) -> list[tuple[str, str, Pin]]:
    return [(group, name, Pin(**pin)) for group, pins in tomllib.loads(text).items() for name, pin in pins.items()]


def _section(text: str, group: str) -> tuple[int, int] | None:
    """Start and end of a table's lines, the header left out."""
    header = re.search(rf'(?m)^\[(?:"{re.escape(group)}"|{re.escape(group)})\][^\n]*\n', text)
    if header is None:
        return None
    following = re.compile(r"(?m)^\[").search(text, header.end())
    return header.end(), following.start() if following else len(text)


def _added(text: str, group: str, line: str) -> str:
    section = _section(text, group)
    if section is None:
        return f'{text.rstrip()}\n\n["{group}"]\n{line}\n'
    start, end = section
    return f"{text[:start]}{text[start:end].rstrip()}\n{line}\n{text[end - 1 : end] if end < len(text) else ''}{text[end:]}"


def _changed(text: str, group: str, name: str, side: str, new: float) -> str:
    section = _section(text, group)
    assert section is not None, group
    start, end = section
    pattern = rf'(?m)^("{re.escape(name)}"\s*=\s*\{{[^}}\n]*?\b{side}\s*=\s*)[0-9.]+'
    changed = re.sub(pattern, lambda match: f"{match[1]}{new:g}", text[start:end], count=1)
    return text[:start] + changed + text[end:]
