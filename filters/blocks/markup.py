"""Pieces of markup: names, formulas, what the head says, white space; for the walk of filters/blocks/walk.py.

Pure functions of an element, of its attributes or of text.
"""

import re
from collections.abc import Iterable

from lxml.etree import _Element

# Parsers take quadratic time for a tag's attributes (200,000 of them: minutes), so giant tags lose theirs: only data URIs
# and state for scripts are that long.
_GIANT_BYTES = 50_000
_GIANT_TAG = re.compile(rb"<([A-Za-z][A-Za-z0-9]{0,20})\s[^<>]{50000,}>?")
NAMING = ("class", "id", "role", "itemprop")
_MAX_NAME_CHARS = 200  # of an element's class, id and role
# The permalink behind each heading of Sphinx, MkDocs, PostgreSQL and others, and the way back from Sphinx's listings.
PERMALINK = re.compile(r"(?:^| )(?:headerlink|anchorjs-link|hash-link|id_link|viewcode-back)(?: |$)")
# What assistive technology or browsers without MathML get: the same formula once more.
_FORMULA_TWIN = re.compile(r"(?:^| )(?:katex-html|mathjax_preview|mathjax_svg|mathjax_chtml|mwe-math-fallback)")
LINE_BREAK = "\x01"  # stands for a `br`; a page's own is no text either
_CJK = "\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef"
_WRAPPED_CJK = re.compile(f"(?<=[{_CJK}])[ \t]{{0,200}}\r?\n[ \t\r\n]{{0,200}}(?=[{_CJK}])")
MAX_TITLE_CHARS = 300
# Names of <meta>, best first, for what is kept of a page's head.
_META = {
    "author": ("author", "article:author", "dc.creator", "byl"),
    "date": (
        "article:published_time",
        "datepublished",
        "pubdate",
        "publishdate",
        "date",
        "dc.date",
        "og:published_time",
    ),
    "site_name": ("og:site_name", "application-name"),
}


def without_giant_tags(html: bytes) -> bytes:
    """The page, as UTF-8, with the attributes of tags of 50,000 bytes and more removed."""
    window = _GIANT_BYTES // 2  # a giant tag holds a whole window without brackets; the expression itself costs .5 ms
    for start in range(0, len(html) - window, window):
        if html.find(b">", start, start + window) < 0 and html.find(b"<", start, start + window) < 0:
            return _GIANT_TAG.sub(rb"<\1>", html)
    return html


def name_of(values: Iterable[str | None]) -> str:
    """The values of NAMING as one string in lower case."""
    return " ".join(filter(None, values)).lower()[:_MAX_NAME_CHARS]


def is_formula_twin(name: str | None) -> bool:
    """Whether an element of that class shows a formula once more."""
    return name is not None and ("ath" in name or "atex" in name) and _FORMULA_TWIN.search(name.lower()) is not None


def said_in_head(head: _Element) -> dict[str, str]:
    """What the head says of author, date and site, without addresses of profiles."""
    said: dict[str, str] = {}
    for element in head.iterchildren("meta"):
        attrib = element.attrib
        name = attrib.get("property") or attrib.get("name") or attrib.get("itemprop")
        content = attrib.get("content")
        if name and content and not content.startswith("http"):
            said.setdefault(name.lower(), content[:MAX_TITLE_CHARS])
    found = {key: next((said[name] for name in names if name in said), None) for key, names in _META.items()}
    return {key: value for key, value in found.items() if value}


def tex_of(math: _Element) -> str:
    """The formula's own TeX where the page carries it, else its characters."""
    source = math.find(".//annotation[@encoding='application/x-tex']")
    tex = (source.text if source is not None else None) or math.get("alttext") or ""
    return f"${' '.join(tex.split())}$" if tex.strip() else " ".join("".join(math.itertext()).split())


def collapsed(text: str, *, keep: bool) -> str:
    """White space of the source collapsed, but for preformatted text; lines that wrap between two CJK characters joined."""
    if keep:
        return "" if text.isspace() else text.replace(LINE_BREAK, "\n").strip("\r\n").rstrip()
    if "\n" in text and not text.isascii():
        text = _WRAPPED_CJK.sub("", text)
    if LINE_BREAK not in text:
        return " ".join(text.split())
    return "\n".join(filter(None, (" ".join(line.split()) for line in text.split(LINE_BREAK))))
