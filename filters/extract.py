"""Main text of a page: learned blocks (filters/blocks), with trafilatura and resiliparse as second opinions.

Reads decoded HTML (or text that is final already); returns `Extracted`, which names the extractor that won, or `Drop`
with one of REASONS. `python -m benchmarks.quality` prints all of them side by side, on hosts that no model was trained on.

Hidden text goes first (filters/hidden.py). It does not decode (filters/charset.py), does not clean characters
(filters/normalize.py) and keeps no state between pages: trafilatura's `deduplicate` has a process-wide cache.
"""

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass as plain_dataclass
from dataclasses import field, replace
from typing import Literal

import numpy as np
import re2
from pydantic import Field
from pydantic.dataclasses import dataclass
from resiliparse.extract.html2text import extract_plain_text

from filters.assets import resolve
from filters.blocks.layout import write_blocks
from filters.blocks.markup import without_giant_tags
from filters.blocks.model import Judged, load_model
from filters.blocks.walk import Blocks, read_blocks
from filters.blocks.words import in_comments
from filters.http import media_of
from filters.normalize import normalize
from filters.spec import SPEC
from schemas.decisions import Drop
from schemas.records import Page
from schemas.signals import Signal

REASONS = ("no_text", "markup_too_deep", "too_many_blocks")
SIGNALS = (
    Signal(
        "extract_expected_f1", "float", "0 to 1", "what the block model expects its choice to be worth; null for others"
    ),
)

_TAG = re2.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)")
# Elements without an end tag, or whose end tag HTML lets authors leave out.
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"}
    | {"p", "li", "td", "tr", "th", "option", "dt", "dd"}
)
_JOINER_ENTITY = re.compile(r"(?i)&(?:zwn?j|#820[45]|#x200[cd]);")
_TITLE = re.compile(r"(?is)<title[^>]{0,500}>([^<]{0,2000})")
_MAX_TITLE_CHARS = 300


@plain_dataclass(frozen=True, slots=True, kw_only=True)
class Extracted:
    """Main text as the extractor laid it out; `title` is the page's <title>, `metadata` its author, date and site_name."""

    text: str
    title: str | None
    extractor: str
    expected_f1: float | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)

    def signals(self) -> Mapping[str, float | None]:
        """Values of SIGNALS."""
        return {"extract_expected_f1": self.expected_f1}


@dataclass(frozen=True, kw_only=True, config=SPEC)
class ExtractSpec:
    """Which extractor, and what counts as main text."""

    extractor: Literal["blocks", "trafilatura", "resiliparse"] = "blocks"
    """First choice. Seconds and scores of each: docs/extraction.md."""

    model: str = "extractor"
    """Pinned asset, or path of a model made by `train extractor`; for `blocks`."""

    style: Literal["text", "markdown"] = "text"
    """How `blocks` lays out headings, lists, tables and code."""

    doubt: float = Field(default=0.5, ge=0, le=1)
    """Expected F1 below which `blocks` asks trafilatura: 1 % of gold-extraction's pages, whose F1 rises from .09 to .41."""

    max_blocks: int = Field(default=50_000, ge=1)
    """Blocks above which a page is dropped: 40 MB of features. The largest of gold-extraction has 6,000."""

    comments: bool = True
    """Keep readers' comments. trafilatura finds most forum posts as comments."""

    tables: bool = True
    """Keep tables."""

    drop_hidden: bool = True
    """Remove what `display: none`, `visibility: hidden` or the hidden attribute hides."""

    min_share: float = Field(default=0.2, ge=0)
    """Ratio of trafilatura's characters to resiliparse's main content below which the latter is taken: trafilatura then
    chose one box of a product, service or forum page. F1 is .841, .838, .841, .842 at .2, .3, .4, .5; above .2 sets of
    articles lose."""

    max_depth: int = 5_000
    """Nested elements above which a page that trafilatura cannot read is dropped: the second extractor takes time with
    the square of it (4,000: .3 s; 8,000: 1.2 s; 100,000: minutes). Real pages have under 100."""

    def open(self) -> Callable[[str, Page, str | None], Extracted | Drop]:
        """The extractor: 15 to 25 ms for a page of 128 KB. `page` says how to read the text, by its type and media; the
        third argument is `plain_text` of it, where the caller has that already.
        """
        judge = load_model(resolve(self.model).path) if self.extractor == "blocks" else None

        def extract(text: str, page: Page, plain: str | None = None) -> Extracted | Drop:
            if media_of(page) == "text":
                return Extracted(text=text, title=None, extractor="plain") if text.strip() else Drop("no_text", 0)
            first: Extracted | None = None
            if judge is not None:
                found = self._blocks(text, judge)
                if isinstance(found, Drop) or (found.text and (found.expected_f1 or 0) >= self.doubt):
                    return found
                first = found
            other = self._others(_safe(text), plain)
            if first is None or (isinstance(other, Drop) and not first.text):
                return other
            return first if isinstance(other, Drop) else replace(first, text=other.text, extractor=other.extractor)

        return extract

    def _blocks(self, text: str, judge: Callable[[Blocks], Judged]) -> Extracted | Drop:
        blocks = read_blocks(text, drop_hidden=self.drop_hidden)
        if len(blocks.texts) > self.max_blocks:
            return Drop("too_many_blocks", len(blocks.texts), self.max_blocks)
        judged = judge(blocks)
        keep = judged.keep if self.comments else judged.keep & ~in_comments(blocks)
        return Extracted(
            text=write_blocks(blocks, keep, style=self.style, tables=self.tables),
            title=_normalized(blocks.title),
            extractor="blocks",
            expected_f1=judged.expected_f1,
            metadata={key: kept for key, value in blocks.meta.items() if (kept := _normalized(value))},
        )

    def _others(self, text: str, plain: str | None) -> Extracted | Drop:
        """trafilatura, and resiliparse where that leaves next to nothing of what the latter calls main content."""
        deep = _too_deep(text, self.max_depth)
        name = "trafilatura"
        found = self._trafilatura(text) if self.extractor != "resiliparse" else ""
        chars = _chars(found)
        # The second opinion is part of the plain text: against enough of that it cannot win, and need not be asked.
        if not deep and (plain is None or chars <= self.min_share * _chars(plain)):
            second = extract_plain_text(text, main_content=True, comments=self.comments)
            if chars <= self.min_share * _chars(second):
                found, name = second, "resiliparse"
        if not found.strip():
            return Drop("markup_too_deep", threshold=self.max_depth) if deep else Drop("no_text", 0)
        return Extracted(text=found, title=_title(text), extractor=name)

    def _trafilatura(self, text: str) -> str:
        from filters.by_trafilatura import main_text  # .1 s of every start, for a page in a hundred

        return main_text(text, drop_hidden=self.drop_hidden, comments=self.comments, tables=self.tables)


def plain_text(text: str) -> str:
    """All text of an HTML page, menus included, one line for each block: .5 to 1.5 ms, for a first look."""
    return extract_plain_text(_safe(text), preserve_formatting=True)


def _safe(text: str) -> str:
    """Text that resiliparse and trafilatura take: no lone surrogates, no NULs, no giant tags, joiners as characters."""
    text = without_giant_tags(text.encode("utf-8", "ignore").replace(b"\0", b"")).decode("utf-8")
    if "&zw" in text or "&#820" in text or "&#x200" in text:
        text = _JOINER_ENTITY.sub(lambda match: html.unescape(match.group()), text)
    return text


def _too_deep(text: str, limit: int) -> bool:
    """Whether more elements are open at once than `limit`; tags that need no end do not count."""
    # A bound first, in numpy, that takes every start tag for one that needs an end: on pages of thousands of tags the
    # exact scan costs 80 ms, and only hostile pages pass the bound.
    codes = np.frombuffer(text.encode("utf-8"), np.uint8)
    after = codes[np.flatnonzero(codes[:-1] == ord("<")) + 1]
    letters = ((after | 32) >= ord("a")) & ((after | 32) <= ord("z"))
    depths = np.cumsum(np.where(after == ord("/"), -1, letters.astype(np.int64)))
    lowest = np.minimum(np.minimum.accumulate(depths), 0)
    if int((depths - lowest).max(initial=0)) <= limit:
        return False
    depth = 0
    for slash, name in _TAG.findall(text):
        if slash:
            depth = max(0, depth - 1)
        elif name.lower() not in _VOID:
            depth += 1
            if depth > limit:
                return True
    return False


def _title(text: str) -> str | None:
    match = _TITLE.search(text)
    return _normalized(html.unescape(match.group(1))) if match else None


def _normalized(text: str | None) -> str | None:
    return " ".join(normalize(text)[0].split())[:_MAX_TITLE_CHARS] or None if text else None


def _chars(text: str) -> int:
    return sum(map(len, text.split()))
