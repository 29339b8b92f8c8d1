"""A page's markup as blocks: one parse and one walk, nothing judged yet.

Reads decoded HTML; returns `Blocks`. Scripts, styles, form controls and embedded objects hold no text; what attributes
hide is left out where it is a small part of the page. A `br` is a line break inside a block, two in a row end it: pages of
the 2000s have no other paragraphs. Formulas become TeX. Neither attribute values nor style sheets are text.
"""

from array import array
from dataclasses import dataclass
from itertools import compress

import numpy as np
from lxml.etree import HTMLParser, XMLSyntaxError, _Element, fromstring, iterwalk
from numpy.typing import NDArray

from filters.blocks.markup import (
    LINE_BREAK,
    MAX_TITLE_CHARS,
    NAMING,
    PERMALINK,
    collapsed,
    is_formula_twin,
    name_of,
    said_in_head,
    tex_of,
    without_giant_tags,
)
from filters.hidden import KEPT_TAGS, MAX_RATIO, hides

_BLOCK, _PRE, _BREAK, _LINK, _INLINE, _SKIP, _HEAD, _MATH = range(8)  # the first two are blocks

# Bits of `Blocks.inside`.
INSIDE = ("nav", "header", "footer", "aside", "article", "main", "list", "table", "form", "figure", "quote", "heading")
_BIT_OF_TAG = {
    **{name: 1 << bit for bit, name in enumerate(INSIDE)},
    **dict.fromkeys(("ul", "ol", "dl", "menu"), 1 << INSIDE.index("list")),
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), 1 << INSIDE.index("heading")),
    "blockquote": 1 << INSIDE.index("quote"),
}
_KIND_OF_TAG = {
    **dict.fromkeys(
        # No text of the page, or text of its controls. noscript is a block: forums (Discourse) put the whole page there.
        "script style template svg canvas iframe object embed applet select option button input textarea audio video map "
        "area datalist dialog progress meter link meta base param source track colgroup col frame frameset".split(),
        _SKIP,
    ),
    **dict.fromkeys(
        "html body noscript address article aside blockquote center dd details dir div dl dt fieldset figcaption figure "
        "footer form h1 h2 h3 h4 h5 h6 header hgroup legend li main menu nav ol p section summary table caption tbody td "
        "tfoot th thead tr ul search".split(),
        _BLOCK,
    ),
    **dict.fromkeys(("pre", "listing", "xmp"), _PRE),
    "br": _BREAK,
    "hr": _BREAK,
    "a": _LINK,
    "head": _HEAD,
    "math": _MATH,
}
_EMPHASIS = frozenset({"b", "strong", "em", "i"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocks:
    """The page's n blocks and m block-level elements ("nodes"), both in page order.

    `title` is the text of <title>; `meta` what the head says of author, date and site_name. Of each block: `texts`, and arrays of shape (n,): `node` the element that it stands in,
    `linked` characters inside links, `anchors`, `images`, `emphasised` characters, `pre` inside
    preformatted text.
    Of each node, arrays of shape (m,): `parent` (-1 for the root), `first` and `last` (its blocks are [first, last)),
    `depth`, `name` (index into `names`), `inside` (bits of INSIDE, of itself and all ancestors), `number` (its place among
    the items of its list); and `tags`. `names` are distinct strings of class, id, role and itemprop, in lower case; [0] is "".
    """

    title: str | None
    meta: dict[str, str]
    texts: list[str]
    node: NDArray[np.int64]
    linked: NDArray[np.float32]
    anchors: NDArray[np.float32]
    images: NDArray[np.float32]
    emphasised: NDArray[np.float32]
    pre: NDArray[np.bool_]
    tags: list[str]
    parent: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    depth: NDArray[np.int64]
    name: NDArray[np.int64]
    inside: NDArray[np.int64]
    number: NDArray[np.int64]
    names: list[str]
    html_chars: int


def read_blocks(html: str, *, drop_hidden: bool = True, attributes: bool = True) -> Blocks:
    """Parse and walk: 2 to 3 ms for a page of 125 KB. `attributes=False` reads no class, id, role or itemprop (training)."""
    source = html.encode("utf-8", "ignore").replace(b"\0", b"")
    try:
        root = fromstring(without_giant_tags(source), parser=_parser())
    except XMLSyntaxError:  # nothing in it
        root = None
    if root is None:
        root = fromstring(b"<p></p>", parser=_parser())
    return _walk(root, len(html), drop_hidden=drop_hidden, attributes=attributes)


def _parser() -> HTMLParser:
    return HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, collect_ids=False, huge_tree=True)


def _walk(  # noqa: C901, PLR0912, PLR0915 - one loop over 1,500 events a page: calls would double its time
    root: _Element, html_chars: int, *, drop_hidden: bool, attributes: bool
) -> Blocks:
    title: str | None = None
    meta: dict[str, str] = {}
    texts: list[str] = []
    # Flat, for a list of tuples gives the garbage collector work: 7 numbers a block (see `flush`) and 7 a node (parent,
    # first, last, depth, name, inside, number).
    rows = array("q")
    tags: list[str] = []
    nodes = array("q")
    names: dict[str, int] = {"": 0}
    looks: dict[tuple[tuple[str, str], ...], tuple[int, bool]] = {}  # what attributes say: name and whether they hide
    parts: list[str] = []
    linked = emphasised = anchors = images = 0
    links = emphases = hidden = pre = inside = 0
    node = -1
    open_nodes: list[tuple[int, int, int]] = []
    items: dict[int, int] = {}
    after_break = False
    skipped: _Element | None = None
    hiders: list[_Element] = []  # the open inline element that hides blocks; inside it no other is asked

    def flush() -> None:
        nonlocal linked, emphasised, anchors, images
        text = collapsed("".join(parts), keep=pre > 0)
        if text:
            texts.append(text)
            rows.extend((max(node, 0), linked, anchors, images, emphasised, pre > 0, hidden > 0))
        parts.clear()
        linked = emphasised = anchors = images = 0

    walker = iterwalk(root, events=("start", "end"))
    for event, element in walker:
        tag = element.tag
        kind = _KIND_OF_TAG.get(tag, _INLINE)
        if event == "start":
            if kind <= _PRE:
                if parts:
                    flush()
                name = hiding = 0
                if pairs := element.items():  # one call of lxml, where each `get` is another
                    known = looks.get(key := tuple(pairs))
                    if known is None:
                        attrib = dict(pairs)
                        known = (
                            names.setdefault(name_of(map(attrib.get, NAMING)), len(names)) if attributes else 0,
                            drop_hidden and hides(attrib),
                        )
                        looks[key] = known
                    name, hiding = known
                    if hiding and tag in KEPT_TAGS:
                        hiding = 0
                number = 0
                if tag == "li":
                    number = items[node] = items.get(node, 0) + 1
                open_nodes.append((node, inside, hiding))
                inside |= _BIT_OF_TAG.get(tag, 0)
                hidden += hiding
                pre += kind == _PRE
                nodes.extend((node, len(texts), 0, len(open_nodes), name, inside, number))
                node = len(tags)
                tags.append(tag)
                after_break = False
            elif kind == _BREAK:
                if parts:
                    parts.append(LINE_BREAK)
                    if after_break and not pre:
                        flush()
                after_break = True
                continue
            elif kind == _LINK:
                named, style, folded = element.get("class"), element.get("style"), element.get("hidden")
                if (named and ("link" in named or "back" in named) and PERMALINK.search(named)) or (
                    drop_hidden and (style or folded is not None) and hides(element.attrib)
                ):
                    skipped = element
                    walker.skip_subtree()
                    continue
                links += 1
                anchors += 1
            elif kind == _INLINE:
                attrib = dict(element.items())
                hiding = drop_hidden and not hiders and ("style" in attrib or "hidden" in attrib) and hides(attrib)
                if hiding and any(_KIND_OF_TAG.get(child.tag) == _BLOCK for child in element.iterdescendants()):
                    if parts:  # a script reveals the page later: how much it hides decides, as for blocks
                        flush()
                    hidden += 1
                    hiders.append(element)
                elif hiding or (attrib and is_formula_twin(attrib.get("class"))):
                    skipped = element
                    if (math := element.find(".//math")) is not None:
                        parts.append(tex_of(math))
                    walker.skip_subtree()
                    continue
                elif tag == "img":
                    images += 1
                elif tag in _EMPHASIS:
                    emphases += 1
                elif tag == "title" and title is None:
                    title = element.text
            else:
                if kind == _HEAD:
                    title = element.findtext("title") or title
                    meta = said_in_head(element)
                elif kind == _MATH:
                    parts.append(tex_of(element))
                elif tag == "script" and (element.get("type") or "").startswith("math/tex"):
                    parts.append(f"${(element.text or '').strip()}$")
                walker.skip_subtree()
                continue
            text = element.text
        else:
            if kind <= _PRE:
                if parts:
                    flush()
                nodes[7 * node + 2] = len(texts)
                node, inside, hiding = open_nodes.pop()
                hidden -= hiding
                pre -= kind == _PRE
            elif element is skipped:
                skipped = None
            elif hiders and element is hiders[-1]:
                if parts:
                    flush()
                hidden -= 1
                hiders.pop()
            elif kind == _LINK:
                links -= 1
            elif tag in _EMPHASIS:
                emphases -= 1
            text = element.tail
        if text:
            if not text.isspace():
                after_break = False
                if links or emphases:
                    shown = len(text.strip())
                    linked += shown * (links > 0)
                    emphasised += shown * (emphases > 0)
                parts.append(text)
            elif parts:
                parts.append(text)
    if parts:
        flush()
    if not tags:  # a page whose root is no block-level element
        tags.append("html")
        nodes.extend((-1, 0, len(texts), 1, 0, 0, 0))
    return _blocks(title, meta, texts, rows, tags, nodes, list(names), html_chars)


def _blocks(  # noqa: PLR0917 - what the walk gathered
    title: str | None,
    meta: dict[str, str],
    texts: list[str],
    rows: "array[int]",
    tags: list[str],
    nodes: "array[int]",
    names: list[str],
    html_chars: int,
) -> Blocks:
    of_block = np.frombuffer(rows, np.int64).reshape(-1, 7)
    of_node = np.frombuffer(nodes, np.int64).reshape(-1, 7)
    first, last = of_node[:, 1], of_node[:, 2]
    hidden = of_block[:, 6] > 0
    if hidden.any():
        chars = np.fromiter(map(len, texts), np.int64, len(texts))
        if chars[hidden].sum() <= MAX_RATIO * chars.sum():
            shown = ~hidden
            texts, of_block = list(compress(texts, shown)), of_block[shown]
            before = np.concatenate([[0], np.cumsum(shown)])
            first, last = before[first], before[last]
    return Blocks(
        title=" ".join(title.split())[:MAX_TITLE_CHARS] or None if title else None,
        meta=meta,
        texts=texts,
        node=of_block[:, 0],
        linked=of_block[:, 1].astype(np.float32),
        anchors=of_block[:, 2].astype(np.float32),
        images=of_block[:, 3].astype(np.float32),
        emphasised=of_block[:, 4].astype(np.float32),
        pre=of_block[:, 5] > 0,
        tags=tags,
        parent=of_node[:, 0],
        first=first,
        last=last,
        depth=of_node[:, 3],
        name=of_node[:, 4],
        inside=of_node[:, 5],
        number=of_node[:, 6],
        names=names,
        html_chars=html_chars,
    )
