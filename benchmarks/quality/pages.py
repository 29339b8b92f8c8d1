"""Web pages through recipes/annotate.toml: main text, charsets, duplicate pairs."""

import csv
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.quality.figures import DATA, ROOT, Figure, f_score, rows, share
from benchmarks.quality.snapshots import Tables, run
from filters.charset import CharsetSpec
from pipeline.sources import open_split
from pipeline.sources.spec import SourceSpec
from pipeline.splits import plan_splits
from pipeline.train.extractor import FOLDS, fold_of, shingles, tokens_of
from schemas.records import Page

RECIPE = ROOT / "recipes" / "annotate.toml"
_GOLD = DATA / "gold-extraction"
_CRAWL = DATA / "crawl-small"
_MIN_GOLD_TOKENS = 10
SNIPPETS = "trafilatura snippets"  # the set of which only parts of the main text are known
_HARD = frozenset({"forum", "product", "service", "listing"})
_TYPED = ("magic-html", "wcxb")  # sets with several types of page


def measure(scratch: Path) -> Iterator[Figure]:
    """Run the pipeline over every set of pages and score what came out."""
    inputs = [DATA / "encodings" / "pages.warc.gz", *sorted(_CRAWL.glob("*.warc.gz"))]
    tables = run(RECIPE, inputs, scratch / "pages", settings=["source.split_bytes=1MiB"])
    texts = {(document["file"], document["url"]): document for document in tables.documents}
    yield from extraction(scratch)
    yield from decoding(texts, tables)
    yield from duplicates(tables)


def text_f1(gold: str, found: str) -> float:
    """F1 of shingles."""
    wanted, got = shingles(tokens_of(gold)), shingles(tokens_of(found))
    common = (wanted & got).total()
    return f_score(common, got.total() - common, wanted.total() - common)


def flat(text: str) -> str:
    """NFKC without white space."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def groups_of(row: Mapping[str, Any]) -> set[str]:
    """The groups that a gold page counts in: all, its language, set, type, and the types that extractors find hard."""
    kind = row.get("page_type")
    groups = {
        "all",
        row["lang"],
        row["source"],
        f"{row['source']}, {kind}" if row["source"] in _TYPED else row["source"],
    }
    return groups | ({"forum, product, service, listing"} if kind in _HARD else set())


def extraction(scratch: Path) -> Iterator[Figure]:
    """Mean F1 by set, language and page type; F of the snippets. A page that is no document counts as empty.

    Each page is read by the model that has not seen its host: one run for each fold, over the records of its hosts.
    """
    texts: dict[str, str] = {}
    for fold in range(FOLDS):
        cut = scratch / f"gold-{fold}.warc.gz"
        cut.write_bytes(b"".join(_records_of(fold)))
        settings = [f"extract.model=extractor-fold-{fold}"]
        tables = run(RECIPE, [cut], scratch / f"gold-{fold}", settings=settings)
        texts |= {document["url"]: document["text"] for document in tables.documents}
    gold = [row for path in sorted(_GOLD.glob("gold-*.jsonl.gz")) for row in rows(f"gold-extraction/{path.name}")]
    scores = scores_of((row, texts.get(row["url"], "")) for row in gold)
    snippets = scores.pop(SNIPPETS)
    for key in ("all", "zh", "en", *sorted(key for key in scores if len(key) > 2 and key not in ("all", "und"))):
        worst = [url for _, url in sorted(scores[key])[:5]]
        mean = sum(score for score, _ in scores[key]) / len(scores[key])
        yield Figure(group="extraction", name=key, value=mean, count=len(scores[key]), detail=worst)
    pages = sum(row["kind"] == "snippets" for row in gold)
    yield Figure(group="extraction", name=SNIPPETS, value=snippets[0][0], count=pages)


def scores_of(pairs: Iterable[tuple[Mapping[str, Any], str]]) -> dict[str, list[tuple[float, str]]]:
    """(F1, URL) of each gold row and what was found of it, by group; under SNIPPETS one F of all wanted and unwanted."""
    scores = defaultdict(list)
    snippets = Counter[str]()
    for row, text in pairs:
        if row["kind"] == "snippets":
            squeezed = flat(text)
            found = sum(flat(part) in squeezed for part in row.get("with", ()))
            snippets["found"] += found
            snippets["missing"] += len(row.get("with", ())) - found
            snippets["false"] += sum(flat(part) in squeezed for part in row.get("without", ()))
        elif len(tokens_of(row["gold"])) >= _MIN_GOLD_TOKENS:
            score = text_f1(row["gold"], text)
            for key in groups_of(row):
                scores[key].append((score, row["url"]))
    scores[SNIPPETS].append((f_score(snippets["found"], snippets["false"], snippets["missing"]), ""))
    return dict(scores)


def _records_of(fold: int) -> Iterator[bytes]:
    """The stored gzip members of the pages whose hosts are in the fold."""
    for path in sorted(_GOLD.glob("pages-*.warc.gz")):
        data = path.read_bytes()
        spec = SourceSpec(paths=(str(path),))
        for split in plan_splits(spec):
            for page in open_split(split, spec):
                if isinstance(page, Page) and fold_of(page.url) == fold:
                    yield data[page.location.offset : page.location.offset + page.location.length]


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
