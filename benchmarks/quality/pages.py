"""Web pages through recipes/annotate.toml: main text, charsets, duplicate pairs."""

import csv
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.quality.figures import DATA, ROOT, Figure, f_score, rows, share
from benchmarks.quality.snapshots import Tables, run
from filters.charset import CharsetSpec

RECIPE = ROOT / "recipes" / "annotate.toml"
_GOLD = DATA / "gold-extraction"
_CRAWL = DATA / "crawl-small"
_TOKEN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_]+")
_MIN_GOLD_TOKENS = 10
_TYPED = ("magic-html", "wcxb")  # sets with several types of page


def measure(scratch: Path) -> Iterator[Figure]:
    """Run the pipeline over every set of pages and score what came out."""
    inputs = [
        *sorted(_GOLD.glob("pages-*.warc.gz")),
        DATA / "encodings" / "pages.warc.gz",
        *sorted(_CRAWL.glob("*.warc.gz")),
    ]
    tables = run(RECIPE, inputs, scratch / "pages", settings=["source.split_bytes=1MiB"])
    texts = {(document["file"], document["url"]): document for document in tables.documents}
    yield from extraction(texts)
    yield from decoding(texts, tables)
    yield from duplicates(tables)


def tokens(text: str) -> list[str]:
    """Single CJK characters, kana and Hangul syllables, and other runs of letters and digits; NFKC, lower case."""
    return _TOKEN.findall(unicodedata.normalize("NFKC", text).lower())


def shingles(text: str) -> Counter[tuple[str, ...]]:
    """Multiset of 4-grams of tokens; a shorter text is one shingle."""
    found = tokens(text)
    return Counter(tuple(found[i : i + 4]) for i in range(max(1, len(found) - 3))) if found else Counter()


def text_f1(gold: str, found: str) -> float:
    """F1 of shingles."""
    wanted, got = shingles(gold), shingles(found)
    common = (wanted & got).total()
    return f_score(common, got.total() - common, wanted.total() - common)


def flat(text: str) -> str:
    """NFKC without white space."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def extraction(texts: dict[tuple[str, str], dict[str, Any]]) -> Iterator[Figure]:
    """Mean F1 by set, language and page type; F of the snippets. A page that is no document counts as empty."""
    scores = defaultdict(list)
    snippets = Counter[str]()
    pages = 0
    for path in sorted(_GOLD.glob("gold-*.jsonl.gz")):
        name = path.name.removeprefix("gold-").removesuffix(".jsonl.gz")
        for row in rows(f"gold-extraction/{path.name}"):
            document = texts.get((f"pages-{name}.warc.gz", row["url"]))
            text = document["text"] if document else ""
            if row["kind"] == "snippets":
                squeezed = flat(text)
                pages += 1
                found = sum(flat(part) in squeezed for part in row.get("with", ()))
                snippets["found"] += found
                snippets["missing"] += len(row.get("with", ())) - found
                snippets["false"] += sum(flat(part) in squeezed for part in row.get("without", ()))
            elif len(tokens(row["gold"])) >= _MIN_GOLD_TOKENS:
                score = text_f1(row["gold"], text)
                keys = {"all", row["lang"], name, f"{name}, {row['page_type']}" if name in _TYPED else name}
                for key in keys:
                    scores[key].append((score, row["url"]))
    for key in ("all", "zh", "en", *sorted(key for key in scores if len(key) > 2 and key not in ("all", "und"))):
        worst = [url for _, url in sorted(scores[key])[:5]]
        mean = sum(score for score, _ in scores[key]) / len(scores[key])
        yield Figure(group="extraction", name=key, value=mean, count=len(scores[key]), detail=worst)
    value = f_score(snippets["found"], snippets["false"], snippets["missing"])
    yield Figure(group="extraction", name="trafilatura snippets", value=value, count=pages)


def decoding(texts: dict[tuple[str, str], dict[str, Any]], tables: Tables) -> Iterator[Figure]:
    """Page accuracy by variant; garbled pages are dropped by the charset stage, or flagged beyond its default limits."""
    dropped = {row["url"] for row in tables.ledger if row["file"] == "pages.warc.gz" and row["stage"] == "charset"}
    right: dict[str, list[tuple[bool, str]]] = defaultdict(list)
    for row in rows("encodings/truth.jsonl.gz"):
        document = texts.get(("pages.warc.gz", row["url"]))
        if row["kind"] == "garbled":
            right["garbled"].append((row["url"] in dropped or _flagged(document), row["url"]))
            continue
        text = document["text"] if document else ""
        hit = any(flat(part) in flat(text) for part in row["must_contain"]) and "\ufffd" not in text
        right[f"{row['kind']}: {row['variant']}"].append((hit, row["url"]))
        right["all pages with text"].append((hit, row["url"]))
    for variant, found in sorted(right.items()):
        yield share("decoding", variant, (hit for hit, _ in found), detail=[url for hit, url in found if not hit])


def _flagged(document: dict[str, Any] | None) -> bool:
    if document is None:
        return False
    limits, signals = CharsetSpec(), document["signals"]
    return bool(
        signals["charset_replaced_ratio"] > limits.max_replaced_ratio
        or (signals["charset_mojibake_ratio"] or 0.0) > limits.max_mojibake_ratio
    )


def duplicates(tables: Tables) -> Iterator[Figure]:
    """Pairs of crawl-small that share a cluster: recall of exact and near, false merges of the others."""
    ids = {row["url"]: row["doc_id"] for row in tables.documents if row["file"].startswith("SMALL-")}
    clusters = {row["doc_id"]: row["cluster_id"] for row in tables.duplicates}
    merged: dict[str, list[tuple[bool, str]]] = defaultdict(list)
    with (_CRAWL / "duplicates.tsv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            a, b = (clusters.get(ids.get(row[key], "")) for key in ("url_a", "url_b"))
            merged[row["kind"]].append(
                (a is not None and a == b, f"{row['url_a']} {row['url_b']} {row['jaccard_main_text']}")
            )
    for kind in ("exact", "near"):
        missed = [pair for together, pair in merged[kind] if not together]
        yield share("duplicates", f"recall, {kind}", (together for together, _ in merged[kind]), detail=missed)
    for kind in ("template only", "related"):
        wrong = [pair for together, pair in merged[kind] if together]
        count = len(merged[kind])
        yield Figure(
            group="duplicates",
            name=f"false merges, {kind}",
            value=len(wrong),
            count=count,
            better="lower",
            whole=True,
            detail=wrong,
        )
