"""The words of the report on a small fixed snapshot, as a reader sees them: a change of the page shows up in review.

Charts are left out: their coordinates belong to the drawing library. To accept a change, delete the .txt and run the
test twice: the first run writes it anew and fails.
"""

import re
from pathlib import Path

from lxml import etree, html

from pipeline.report.profile import profile_split
from pipeline.report.render import render
from tests.unit.test_report_snapshot import RULES, SIGNALS, UNSAFE, snapshot

GOLDEN = Path(__file__).with_name("test_report_page.txt")


def test_the_words_of_the_page():
    made = snapshot(24, seed=11)
    profile = profile_split(*made.tables(), RULES, 1, unsafe=UNSAFE)
    manifest = {
        "name": "golden",
        "counts": {"records": made.documents.num_rows + made.ledger.num_rows, "documents": 24},
    }
    audit = [{"kind": "near duplicate", "planted": 4, "found": 3, "missed": ["https://example.org/near/12"]}]
    words = _words(render(profile, manifest, None, audit, signals=SIGNALS))
    if not GOLDEN.exists():
        GOLDEN.write_text(words, encoding="utf-8")
        raise AssertionError(f"{GOLDEN.name} was written: read it, then run again")
    assert words == GOLDEN.read_text(encoding="utf-8")


def _words(page: str) -> str:
    """One line for each heading, paragraph, row and item."""
    tree = html.document_fromstring(page)
    for element in tree.xpath("//*[local-name() = 'svg'] | //style | //script | //nav"):
        element.drop_tree()
    for element in tree.iter(etree.Element):
        if element.tag in {"td", "th"}:
            element.tail = " | "
        elif element.tag in {"h1", "h2", "h3", "p", "tr", "li", "div", "summary", "blockquote"}:
            element.tail = "\n" + (element.tail or "")
    lines = (re.sub(r"\s+", " ", line).strip(" |") for line in tree.text_content().split("\n"))
    return "\n".join(line for line in lines if line) + "\n"
