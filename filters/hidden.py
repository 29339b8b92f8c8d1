"""Text that a page carries but does not show: elements that their own attributes hide.

Edits a parsed tree in place. `display: none`, `visibility: hidden` and the hidden attribute count; style sheets are not
read, and aria-hidden hides from screen readers only. An element that holds much of the page's text stays: WeChat
articles (mp.weixin.qq.com) and other pages that a script reveals arrive with their whole body hidden.
"""

import re
from collections.abc import Mapping

from lxml.etree import XPath
from lxml.html import HtmlElement

_HIDING = re.compile(r"(?i)(?:display\s{0,4}:\s{0,4}none|visibility\s{0,4}:\s{0,4}hidden)")
MAX_RATIO = 0.2  # of the page's text; spoilers, pop-ups, share boxes and word salad for search engines are below
_MAX_ELEMENTS = 1_000  # each look costs the element's size
KEPT_TAGS = frozenset({"html", "body", "head", "main", "article"})


# Plain strings: lxml's "smart" ones, which know their parent, cost three times as much.
_TEXT = XPath(".//text()[not(parent::script or parent::style or parent::noscript)]", smart_strings=False)
_STYLED = XPath("//*[@hidden or @style]")


def remove_hidden(tree: HtmlElement) -> int:
    """Remove hidden elements; return how many. Their following text stays."""
    removed, page_chars = 0, -1
    for element in [element for element in _STYLED(tree) if hides(element.attrib)][:_MAX_ELEMENTS]:
        if element.tag in KEPT_TAGS or element.getparent() is None:
            continue
        chars = _chars(element)
        if chars and page_chars < 0:
            page_chars = _chars(tree)
        if chars <= MAX_RATIO * page_chars or not chars:
            element.drop_tree()
            removed += 1
    return removed


def hides(attrib: Mapping[str, str]) -> bool:
    """Whether an element's own attributes hide it."""
    # "until-found" shows the text to a search in the page: it is folded, not hidden.
    if "hidden" in attrib and attrib["hidden"] != "until-found":
        return True
    style = attrib.get("style")
    return style is not None and _HIDING.search(style) is not None


def _chars(element: HtmlElement) -> int:
    """Characters of visible text, scripts and white space left out."""
    return sum(len(word) for part in _TEXT(element) for word in part.split())
