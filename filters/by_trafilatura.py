"""Main text by trafilatura, on the tree that it parses itself.

Reads HTML without lone surrogates and NULs; returns text, empty where trafilatura finds none. Hidden text goes first
(filters/hidden.py). In a module of its own because its import takes .1 s: 15 to 25 ms a page of 128 KB.
"""

import trafilatura
from lxml.etree import ElementDefaultClassLookup, XPath
from lxml.html import HtmlComment, HtmlElement, HtmlEntity, HtmlProcessingInstruction
from trafilatura.utils import HTML_PARSER, load_html

from filters.hidden import remove_hidden

# trafilatura drops every format character, and with it Persian spelling and joined emoji: joiners go through it as
# letters that no page has (Linear A).
_JOINERS = (("\u200c", "\U00010600"), ("\u200d", "\U00010601"))
# The "¶" behind each heading of Sphinx, MkDocs and others: a link to the heading itself.
_PERMALINKS = XPath("//a[@class='headerlink' or @class='anchorjs-link' or @class='hash-link']")

# One Python class for all elements: lxml.html's look-up by tag is a call for each element, 1 of 12 ms a page.
HTML_PARSER.set_element_class_lookup(
    ElementDefaultClassLookup(element=HtmlElement, comment=HtmlComment, pi=HtmlProcessingInstruction, entity=HtmlEntity)
)


def main_text(html: str, *, drop_hidden: bool, comments: bool, tables: bool) -> str:
    """What trafilatura's fast mode finds. Most forum posts are "comments" to it."""
    for joiner, letter in _JOINERS:
        html = html.replace(joiner, letter)
    tree = load_html(html)
    if tree is None:
        return ""
    if drop_hidden:
        remove_hidden(tree)
    for mark in _PERMALINKS(tree):
        mark.drop_tree()
    found: str | None = trafilatura.extract(
        tree, fast=True, deduplicate=False, include_comments=comments, include_tables=tables
    )
    found = found or ""
    for joiner, letter in _JOINERS:
        found = found.replace(letter, joiner)
    return found
