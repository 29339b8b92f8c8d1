"""`python -m benchmarks.extraction`: main text by every extractor, side by side in one run, on data/gold-extraction.

Prints F1 by set, page type and language, the snippets' F, and milliseconds of CPU a page, for ours (each page by the model
that has not seen its host), ours on the same pages without class and id, trafilatura (fast and full), resiliparse,
justext and, where it is installed, readability (`pip install --no-deps readability-lxml==0.9`; pip 23 cannot install it
beside our pinned lxml). All get the same decoded text. `--sources` trains without each source in turn (each forest
once, which takes a third of the time) and prints how ours does on it beside trafilatura: a quarter of an hour.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import justext
import lxml.html
import trafilatura
from resiliparse.extract.html2text import extract_plain_text

from benchmarks.quality.figures import DATA
from benchmarks.quality.figures import rows as rows_of
from benchmarks.quality.pages import SNIPPETS, scores_of
from filters.extract import Extracted, ExtractSpec
from pipeline.train.extractor import fold_of, read_gold, train_extractor
from schemas.records import Location, Page

_STOPLISTS = {
    "zh": None,
    "ja": None,
    "de": "German",
    "fr": "French",
    "ru": "Russian",
    "pt": "Portuguese",
    "tr": "Turkish",
}
_WARM = 20  # pages before the clock starts: models are loaded, those of all folds
Extractor = Callable[[str, Mapping[str, Any]], str]


@dataclass(frozen=True, slots=True)
class Case:
    """A page, decoded, and what is known of it."""

    html: str
    row: Mapping[str, Any]


def cases() -> Iterator[Case]:
    """Every page of the gold sets."""
    folder = DATA / "gold-extraction"
    gold = {
        row["url"]: row
        for path in sorted(folder.glob("gold-*.jsonl.gz"))
        for row in rows_of(f"gold-extraction/{path.name}")
    }
    for page in read_gold(folder):
        yield Case(page.html, gold[page.url])


def _page(url: str) -> Page:
    where = Location(file="", offset=0, length=0)
    return Page(doc_id="0" * 32, url=url, fetched_at=None, payload=b"", media="html", location=where, source="gold")


@cache
def _opened(model: str) -> Callable[..., Any]:
    return ExtractSpec(model=model).open()


def ours(html: str, row: Mapping[str, Any]) -> str:
    """By the model of the page's fold."""
    found = _opened(f"extractor-fold-{fold_of(row['url'])}")(html, _page(row["url"]))
    return found.text if isinstance(found, Extracted) else ""


def without_names(html: str) -> str:
    """The page without class and id attributes."""
    tree = lxml.html.fromstring(
        html.encode("utf-8", "ignore") or b"<p></p>", parser=lxml.html.HTMLParser(encoding="utf-8")
    )
    for element in tree.iter():
        for name in ("class", "id"):
            element.attrib.pop(name, None)
    text: str = lxml.html.tostring(tree, encoding="unicode")
    return text


def _readability(html: str, _row: Mapping[str, Any]) -> str:
    import readability

    try:
        text: str = lxml.html.fromstring(readability.Document(html).summary()).text_content()
    except (readability.readability.Unparseable, lxml.etree.ParserError, ValueError):
        return ""
    return text


def _justext(html: str, row: Mapping[str, Any]) -> str:
    name = _STOPLISTS.get(row["lang"], "English")
    words = justext.get_stoplist(name) if name else frozenset()
    options = {} if name else {"stopwords_low": 0, "stopwords_high": 0}  # it cuts words at spaces: no list fits Chinese
    try:
        found = justext.justext(html, words, **options)
    except (lxml.etree.ParserError, ValueError):
        return ""
    return "\n".join(paragraph.text for paragraph in found if not paragraph.is_boilerplate)


EXTRACTORS: Mapping[str, Extractor] = {
    "ours": ours,
    "trafilatura fast": lambda html, _: trafilatura.extract(html, fast=True, deduplicate=False) or "",
    "trafilatura full": lambda html, _: trafilatura.extract(html, deduplicate=False) or "",
    "resiliparse": lambda html, _: extract_plain_text(html, main_content=True),
    "justext": _justext,
} | ({"readability": _readability} if find_spec("readability") else {})


def score(texts: Sequence[str], pages: Sequence[Case]) -> dict[str, float]:
    """Mean F1 by group, and the F of the snippets."""
    found = scores_of((case.row, text) for text, case in zip(texts, pages, strict=True))
    return {group: sum(value for value, _ in values) / len(values) for group, values in found.items()}


def compare(pages: Sequence[Case]) -> None:
    """Print the table."""
    table: dict[str, dict[str, float]] = {}
    spent: dict[str, float] = {}
    bare = [without_names(case.html) for case in pages]
    for name, extractor in EXTRACTORS.items():
        for case in pages[:_WARM]:
            extractor(case.html, case.row)
        start = time.process_time()
        texts = [extractor(case.html, case.row) for case in pages]
        spent[name] = (time.process_time() - start) / len(pages) * 1000
        table[name] = score(texts, pages)
    table["ours, no names"] = score([ours(html, case.row) for html, case in zip(bare, pages, strict=True)], pages)
    groups = ["all", "zh", "en", *sorted(set(table["ours"]) - {"all", "zh", "en"})]
    print(f"{'':28}" + "".join(f"{name:>18}" for name in table))
    for group in groups:
        print(f"{group:28}" + "".join(f"{values.get(group, float('nan')):18.3f}" for values in table.values()))
    print(f"{'ms of CPU a page':28}" + "".join(f"{spent.get(name, float('nan')):18.2f}" for name in table))


def leave_sources_out(pages: Sequence[Case]) -> None:
    """Train without each source in turn; print ours and trafilatura on it."""
    gold = list(read_gold(DATA / "gold-extraction"))
    for source in sorted({case.row["source"] for case in pages}):
        inside = [case for case in pages if case.row["source"] == source]
        urls = {case.row["url"] for case in inside}
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / "model.npz"
            train_extractor((page for page in gold if page.url not in urls), path, trainings=1)
            extract = ExtractSpec(model=str(path)).open()
            mine = [extract(case.html, _page(case.row["url"])) for case in inside]
        texts = [found.text if isinstance(found, Extracted) else "" for found in mine]
        theirs = [EXTRACTORS["trafilatura fast"](case.html, case.row) for case in inside]
        name = SNIPPETS if inside[0].row["kind"] == "snippets" else "all"
        print(
            f"{source:16} {len(inside):4} pages  ours {score(texts, inside)[name]:.3f}  trafilatura {score(theirs, inside)[name]:.3f}",
            flush=True,
        )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.extraction", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--sources", action="store_true", help="train without each source in turn as well")
    options = parser.parse_args()
    pages = list(cases())
    compare(pages)
    if options.sources:
        leave_sources_out(pages)


if __name__ == "__main__":
    main()
