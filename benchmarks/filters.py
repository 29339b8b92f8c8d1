"""The rules and the chain around them beside datatrove's filters, on 1,000 real pages, one core each.

    python -m benchmarks.filters [--pages N]

Prints two tables and writes build/bench/filters.json: CPU milliseconds a page of our chain (words, measures, rules,
language, perplexity, fingerprint) and of datatrove's filters with MinHash; and, rule by rule, on how many pages the
published thresholds give the same verdict. Pages are those of ../shared/data/gold-extraction and crawl-small, extracted
as the pipeline does. Exit code 1 when a requirement on speed is missed. Needs build/datatrove-venv, which
`python -m benchmarks.speed` makes.
"""

import argparse
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from fastwarc.warc import ArchiveIterator, WarcRecordType
from resiliparse.parse.encoding import bytes_to_str, detect_encoding

from filters.extract import ExtractSpec, plain_text
from filters.fingerprint import FingerprintSpec
from filters.key import make_fold
from filters.language import LanguageSpec
from filters.measures import measure
from filters.normalize import normalize
from filters.perplexity import PerplexitySpec
from filters.presets import PRESETS
from filters.rules import RulesSpec
from filters.view import make_view
from schemas.decisions import Drop
from schemas.records import Location, Page
from schemas.rules import Rule

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data"
DATATROVE = ROOT / "build" / "datatrove-venv" / "bin" / "python"
LANGUAGES = ("en", "zh", "ja")
REQUIRED = {"zh": 8.0, "en": 4.0}  # times datatrove's speed
# The presets that hold the thresholds which datatrove_filters.py asks for; a later one replaces an earlier reason's row.
_PUBLISHED = {"en": ("gopher", "c4_paper", "fineweb"), "zh": ("fineweb2_cmn",), "ja": ("fineweb2_jpn",)}
_TOGETHER = 16  # pages, as pipeline/read.py gathers them
_SYMBOLS = "too_many_hashes or too_many_ellipses"


def pages(count: int) -> list[dict[str, str]]:
    """`count` extracted pages in the three languages, evenly spaced over the data: text, language, script."""
    extract, identify = ExtractSpec().open(), LanguageSpec().open()
    found = []
    for file in sorted((*DATA.glob("gold-extraction/pages-*.warc.gz"), *DATA.glob("crawl-small/*.warc.gz"))):
        for url, body in _bodies(file):
            html = bytes_to_str(body, detect_encoding(body))
            page = Page(
                doc_id="0" * 32, url=url, fetched_at=None, payload=body, media="html", status=200, headers=(),
                location=Location(file=file.name, offset=0, length=1), source="benchmark",
            )  # fmt: skip
            extracted = extract(html, page, plain_text(html))
            text = "" if isinstance(extracted, Drop) else normalize(extracted.text)[0]
            if text and (spoken := identify(text)).language in LANGUAGES:
                found.append({"text": text, "language": spoken.language, "script": spoken.script})
    return [found[index * len(found) // count] for index in range(min(count, len(found)))]


def _bodies(file: Path) -> Iterator[tuple[str, bytes]]:
    with file.open("rb") as stream:
        for record in ArchiveIterator(stream, record_types=WarcRecordType.response, parse_http=True):
            body = record.reader.read()
            if body and "html" in (record.http_headers.get("content-type") or "html"):
                yield record.headers.get("WARC-Target-URI", ""), body


def failed(row: dict[str, str]) -> set[str]:
    """The rules of the published presets that a page fails, under the names of datatrove_filters.py."""
    signals = measure(make_view(row["text"], "", row["language"], row["script"]))
    names = set()
    for preset in _PUBLISHED[row["language"]]:
        for rule in PRESETS[preset]:
            if _fails(rule, signals[rule.signal]):
                names.add(_name(rule.reason, preset))
    return names


def _name(reason: str, preset: str) -> str:
    if preset == "c4_paper":
        return "c4_paper"
    if reason in ("too_many_hashes", "too_many_ellipses"):
        return _SYMBOLS
    if reason == "duplicate_line_chars":
        return f"{reason} ({'Gopher' if preset == 'gopher' else 'FineWeb'})"
    return reason


def _fails(rule: Rule, value: float | None) -> bool:
    return value is not None and (
        (rule.low is not None and value < rule.low) or (rule.high is not None and value > rule.high)
    )


def asked(rows: Sequence[dict[str, str]], work: Path, *options: str) -> dict[str, Any]:
    """What datatrove_filters.py says of the pages."""
    work.mkdir(parents=True, exist_ok=True)
    texts = work / "filters-texts.jsonl"
    texts.write_text("".join(json.dumps(row) + "\n" for row in rows))
    program = str(ROOT / "benchmarks" / "peers" / "datatrove_filters.py")
    done = subprocess.run([str(DATATROVE), program, str(texts), *options], capture_output=True, text=True, check=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def verdicts(rows: Sequence[dict[str, str]], theirs: Sequence[Sequence[str]]) -> dict[str, Counter[str]]:
    """For each rule, on how many pages both agree, only we fail it, only datatrove does."""
    table: dict[str, Counter[str]] = {}
    for row, other in zip(rows, theirs, strict=True):
        ours = failed(row)
        for name in ours | set(other):
            kind = "both" if name in ours and name in other else "ours" if name in ours else "datatrove"
            table.setdefault(f"{row['language']} {name}", Counter())[kind] += 1
    return table


def open_chain() -> Callable[[Sequence[dict[str, str]]], object]:
    """Language, words, measures, perplexity, fingerprint and the default rules of a batch of texts, step by step.

    So the read stage takes them: docs/decisions/0013.
    """
    identify, perplexity = LanguageSpec().open(), PerplexitySpec().open()
    fingerprint, fold, rules = FingerprintSpec().open(), make_fold(), RulesSpec().rules()

    def run(batch: Sequence[dict[str, str]]) -> object:
        texts = [row["text"] for row in batch]
        spoken = [identify(text) for text in texts]
        views = [
            make_view(text, fold(text), found.language, found.script) for text, found in zip(texts, spoken, strict=True)
        ]
        measured = [measure(view) for view in views]
        signals = [{**found, **perplexity(view)} for view, found in zip(views, measured, strict=True)]
        reasons = [
            [
                rule.reason
                for rule in rules
                if (not rule.languages or view.language in rule.languages) and _fails(rule, found.get(rule.signal))
            ]
            for view, found in zip(views, signals, strict=True)
        ]
        return reasons, [fingerprint(view) for view in views]

    return run


def seconds(rows: Sequence[dict[str, str]]) -> dict[str, float]:
    """CPU seconds of our chain by language."""
    run = open_chain()
    spent: dict[str, float] = {}
    for language in LANGUAGES:
        texts = [row for row in rows if row["language"] == language]
        run(texts[:5])  # tables and dictionaries load on first use
        start = time.process_time()
        for first in range(0, len(texts), _TOGETHER):
            run(texts[first : first + _TOGETHER])
        spent[language] = time.process_time() - start
    return spent


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=1000)
    if not DATA.is_dir() or not DATATROVE.is_file():
        print("needs ../shared/data and build/datatrove-venv (python -m benchmarks.speed makes it)", file=sys.stderr)
        return 2
    rows = pages(parser.parse_args().pages)
    ours = seconds(rows)
    theirs = asked(rows, ROOT / "build" / "bench")
    print(
        f"{'':4}{'pages':>6}{'ours':>8}{'datatrove':>11}{'times':>7}{'early exit':>12}{'times':>7}   ms of CPU a page"
    )
    missed = False
    for language in LANGUAGES:
        count = sum(row["language"] == language for row in rows)
        if not count:
            continue
        every, early = (1000 * theirs["seconds"][language][kind] / count for kind in ("all", "early"))
        own = 1000 * ours[language] / count
        print(f"{language:4}{count:6d}{own:8.2f}{every:11.2f}{every / own:7.1f}{early:12.2f}{early / own:7.1f}")
        missed |= every / own < REQUIRED.get(language, 0)
    table = verdicts(rows, theirs["failed"])
    print(f"\n{'rule':45}{'both':>6}{'ours':>6}{'datatrove':>11}   pages that fail it; all others pass in both")
    for name, counts in sorted(table.items()):
        print(f"{name:45}{counts['both']:6d}{counts['ours']:6d}{counts['datatrove']:11d}")
    result = {"seconds": {"ours": ours, "datatrove": theirs["seconds"]}, "verdicts": table}
    (ROOT / "build" / "bench" / "filters.json").write_text(json.dumps(result, indent=1))
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
