"""Early exit on what the publisher asked for: robots directives and text-and-data-mining reservations.

Reads a page's response headers and the meta elements in the first 64 KiB of its raw bytes, before any decoding; returns
a decision with one of REASONS and what was found, as signals that stay with the document.

    X-Robots-Tag: noai, noimageai          informal, since DeviantArt 2022; also <meta name="robots" content="noai">
    tdm-reservation: 1                     TDMRep, W3C Community Group report 2024; also <meta name="tdm-reservation">
    X-Robots-Tag: noindex                  about search results: recorded, not honoured by default

A directive for one agent (`googlebot: noindex`, <meta name="googlebot">) counts only for the agents of the recipe.
It does not read robots.txt or /.well-known/tdmrep.json, which are other records of the crawl: a crawler honours the
first before it fetches. Rows without headers and markup (WET, JSONL `text`) have null signals.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Literal

import re2
from pydantic.dataclasses import dataclass

from filters.spec import SPEC
from schemas.decisions import KEEP, Decision, Drop
from schemas.records import Page
from schemas.signals import Signal

Directive = Literal["noai", "noimageai", "tdm", "noindex", "noarchive", "nosnippet"]
_ABOUT: dict[Directive, str] = {
    "noai": "the publisher asks not to train models on the page",
    "noimageai": "the publisher asks not to train models on the page's images",
    "tdm": "rights for text and data mining are reserved (TDMRep)",
    "noindex": "the publisher asks not to list the page in search results",
    "noarchive": "the publisher asks not to show copies of the page",
    "nosnippet": "the publisher asks not to quote the page in search results",
}
SIGNALS = tuple(Signal(f"optout_{name}", "bool", "bool", about) for name, about in _ABOUT.items())
REASONS = tuple(f"optout_{name}" for name in _ABOUT)

_HEAD_BYTES = 64 << 10
_ELEMENT_BYTES = 2 << 10
_META = re2.compile(rb"""(?is)<!--.*?-->|<script\b.*?</script|(<meta\b(?:[^"'>]|"[^"]*"|'[^']*')*>)""")
_ATTRIBUTE = re2.compile(rb"""(?is)([a-z-]+)[\s]*=[\s]*("[^"]*"|'[^']*'|[^\s"'>]+)""")
_DIRECTIVE = re2.compile(r"[a-z_-]+")
# Directives of robots with a value of their own: their colon ends no agent's name.
_VALUED = frozenset({"max-snippet", "max-image-preview", "max-video-preview", "unavailable_after"})


@dataclass(frozen=True, kw_only=True, config=SPEC)
class OptOutSpec:
    """Which wishes drop a page. All are recorded."""

    honour: tuple[Directive, ...] = ("noai", "tdm")
    """Directives that drop. `tdm` has legal force in the EU (Directive 2019/790, article 4(3))."""

    agents: tuple[str, ...] = ("ccbot",)
    """User agents, lower case, whose scoped directives count as ours: the crawler that made the input."""

    def open(self) -> Callable[[Page], tuple[Decision, dict[str, object]]]:
        """The check: .05 ms, or .3 ms where the head names robots, an agent or TDM."""
        names = frozenset({"robots", *self.agents})
        needles = tuple(name.encode() for name in (*names, "tdm-reservation"))

        def check(page: Page) -> tuple[Decision, dict[str, object]]:
            if page.media == "text" and not page.headers:
                return KEEP, {signal.name: None for signal in SIGNALS}
            found = set(_from_headers(page.headers, names))
            if page.media != "text":
                head = page.payload[:_HEAD_BYTES].replace(b"\0", b"").lower()  # UTF-16 too
                last = max((head.rfind(needle) for needle in needles if needle in head), default=-1)
                if last >= 0:  # nothing behind the last needle but the rest of its element can matter
                    found.update(_from_meta(head[: last + _ELEMENT_BYTES], names))
            signals: dict[str, object] = {f"optout_{name}": name in found for name in _ABOUT}
            for name in self.honour:
                if name in found:
                    return Drop(f"optout_{name}"), signals
            return KEEP, signals

        return check


def _from_headers(headers: Iterable[tuple[str, str]], names: frozenset[str]) -> Iterator[str]:
    for key, value in headers:
        if key == "x-robots-tag":
            yield from _directives(value, names)
        elif key == "tdm-reservation" and value.strip() == "1":
            yield "tdm"


def _from_meta(head: bytes, names: frozenset[str]) -> Iterator[str]:
    """`head` in lower case."""
    for match in _META.finditer(head):
        if match.group(1) is None:
            continue
        attributes = {key: value.strip(b"\"' \t\r\n") for key, value in reversed(_ATTRIBUTE.findall(match.group(1)))}
        name = attributes.get(b"name", b"").decode("latin-1")
        content = attributes.get(b"content", b"").decode("latin-1")
        if name in names:
            yield from _directives(content, names)
        elif name == "tdm-reservation" and content == "1":
            yield "tdm"


def _directives(value: str, names: frozenset[str]) -> Iterator[str]:
    """Directives of a robots header or meta that are for everyone or for our agents; `none` is noindex, nofollow."""
    ours = True
    for part in value.lower().split(","):
        before, colon, after = part.partition(":")
        directive = part
        if colon and before.strip() not in _VALUED:
            ours, directive = before.strip() in names or before.strip() == "*", after
        if ours:
            for word in _DIRECTIVE.findall(directive):
                yield "noindex" if word == "none" else word
