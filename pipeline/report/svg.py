"""Vega-Lite specifications to static SVG, by vl-convert. No network, no browser.

What is returned holds shapes and text only: whatever the renderer wrote, only elements and attributes of an allow-list
pass. One chart takes about 25 ms, the first one .5 s more; vl-convert draws one at a time, whatever the number of threads.
"""

import re
from collections.abc import Mapping
from typing import Any

import vl_convert
from lxml import etree

from pipeline.report.visible import visible

_ELEMENTS = {"svg", "g", "path", "line", "text", "rect", "tspan"}
_ATTRIBUTES = {
    "viewBox", "width", "height", "d", "x", "y", "x1", "y1", "x2", "y2", "dx", "dy", "transform", "fill", "stroke", "text-anchor",
    "stroke-width", "stroke-dasharray", "stroke-opacity", "fill-opacity", "opacity", "font-size", "font-weight",
}  # fmt: skip
_DEFAULTS = {("opacity", "1"), ("stroke-width", "1"), ("transform", "translate(0,0)")}
_LONG_NUMBER = re.compile(r"\d+\.\d{3,}")
_SVG = "{http://www.w3.org/2000/svg}"

Chart = dict[str, Any]  # a Vega-Lite specification
Charts = Mapping[str, tuple[str, Chart | None]]  # name -> description, for those who cannot see it, and chart


def draw(charts: Charts) -> dict[str, str]:
    """SVG by name; a chart that is None gives an empty string."""
    return {name: _svg(*chart) for name, chart in charts.items()}


def _svg(description: str, chart: Chart | None) -> str:
    if chart is None:
        return ""
    drawn = vl_convert.vegalite_to_svg(chart, allowed_base_urls=[])
    return _plain(etree.fromstring(drawn.encode()), description)


def _rounded(match: re.Match[str]) -> str:
    """A hundredth of a pixel is enough, and halves the page."""
    return f"{float(match.group()):.2f}".rstrip("0").rstrip(".")


def _plain(root: etree._Element, description: str) -> str:
    """Only what is on the allow-list, and a description; sizes are left to the page."""
    for element in list(root.iter()):
        if not isinstance(element.tag, str) or element.tag.removeprefix(_SVG) not in _ELEMENTS:
            element.getparent().remove(element)
            continue
        for name, value in element.attrib.items():
            if name not in _ATTRIBUTES or (name, value) in _DEFAULTS:
                del element.attrib[name]
            elif name in {"d", "transform"}:
                element.set(name, _LONG_NUMBER.sub(_rounded, value))
        painted = element.get("fill") or element.get("stroke")
        if element.tag == f"{_SVG}path" and not painted:  # backgrounds without colour
            element.getparent().remove(element)
    for group in reversed(list(root.iter(f"{_SVG}g"))):
        if not len(group):
            group.getparent().remove(group)
    etree.cleanup_namespaces(root)
    root.set("role", "img")
    root.set("aria-label", visible(description))
    return str(etree.tostring(root, encoding="unicode"))
