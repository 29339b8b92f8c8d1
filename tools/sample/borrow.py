"""Takes the freely licensed texts of the sample from ../shared: run once, its result is committed.

    python -m tools.sample.borrow

Reads ../shared/data/crawl-small (rows under Apache-2.0, MIT, PostgreSQL, PSF-2, CC BY and in the public domain) and
lm-text/en.jsonl.gz (Standard Ebooks, CC0). Writes assets/sample/texts/<language>.borrowed.md. Keeps whole paragraphs
of prose, 300 to 1,500 characters of each page, the most prosaic pages first; a part of the Chinese ones is converted
to Traditional characters (OpenCC s2twp), which counts as a change and is said in the origin. Of data/benchmarks it takes sixteen questions of
GSM8K (MIT), AGIEval (MIT) and GAOKAO-Bench (Apache-2.0) for the pages that must be found to be leaks.
"""

import csv
import gzip
import html
import json
import re
from collections.abc import Iterator
from pathlib import Path

import opencc
import trafilatura
from fastwarc.warc import ArchiveIterator, WarcRecordType

from tools.sample.articles import TEXTS

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
LICENCES = {"Apache-2.0", "MIT", "PostgreSQL", "PSF-2", "public domain", "CC BY 3.0", "CC BY 4.0"}
TAKE = {"zh": 52, "en": 14, "ja": 9}
TRADITIONAL_EVERY = 2  # every second Chinese page
BOOKS = {
    "standardebooks/adam-smith_the-wealth-of-nations": "The Wealth of Nations",
    "standardebooks/charles-darwin_the-origin-of-species": "On the Origin of Species",
    "standardebooks/jane-austen_pride-and-prejudice": "Pride and Prejudice",
}
PASSAGES = 16  # of each book
LEAKS = (
    ("en-leak-1", "GSM8K", "MIT", "openai/grade-school-math", "Word problems with answers for Friday", ("test/0", "test/3", "test/6", "test/8", "test/11", "test/12")),
    ("zh-leak-1", "AGIEval", "MIT", "ruixiangcui/AGIEval", "法律知识竞赛练习题（一）", ("jec-qa-kd/9", "jec-qa-kd/15", "jec-qa-kd/24", "jec-qa-kd/27", "jec-qa-kd/30")),
    ("zh-leak-2", "GAOKAO-Bench", "Apache-2.0", "OpenLMLab/GAOKAO-Bench", "历年生物选择题汇总", ("2010-2022_Biology_MCQs/3", "2010-2022_Biology_MCQs/4", "2010-2022_Biology_MCQs/5", "2010-2022_Biology_MCQs/6", "2010-2022_Biology_MCQs/10")),
)  # fmt: skip
LIMITS = (300, 1500)
HAN = re.compile("[\u4e00-\u9fff]")
KANA = re.compile("[\u3040-\u30ff]")


def excerpt(text: str, language: str) -> list[str]:
    """Consecutive paragraphs of prose, at least LIMITS[0] and at most LIMITS[1] characters, or nothing."""
    chosen: list[str] = []
    size = 0
    for line in (" ".join(row.split()) for row in text.split("\n")):
        mark = HAN if language == "zh" else KANA if language == "ja" else re.compile("[a-z ]")
        prose = len(mark.findall(line)) >= (0.8 if language == "en" else 0.5 if language == "zh" else 0.35) * len(line)
        ends = line.endswith("." if language == "en" else "。")
        if (
            not (prose and ends and len(line) >= {"zh": 45, "ja": 30, "en": 60}[language])
            or line[0] in "|#ə/(（"
            or "..." in line
            or line.startswith("说明")
            or line in chosen
        ):
            continue
        if size + len(line) > LIMITS[1]:
            break
        chosen.append(line.removeprefix("- "))
        size += len(line)
        if size > LIMITS[1] * 0.6:
            break
    return chosen if size >= LIMITS[0] and len(chosen) > 1 else []


def crawl() -> Iterator[tuple[str, str, str, str, str, list[str]]]:
    """url, language, licence, origin, title and paragraphs of every usable page, in the order of the files."""
    with (DATA / "crawl-small" / "index.tsv").open(encoding="utf-8") as handle:
        index = {row[0]: row for row in csv.reader(handle, delimiter="\t", quoting=csv.QUOTE_NONE)}
    for path in sorted((DATA / "crawl-small").glob("*.warc.gz")):
        with path.open("rb") as stream:
            for record in ArchiveIterator(stream, record_types=WarcRecordType.response):
                url = record.headers["WARC-Target-URI"]
                row = index.get(url)
                if not row or row[3] not in LICENCES or "same bytes" in row[4]:
                    continue
                language = row[1][:2]
                markup = record.reader.read().decode("utf-8", "replace")
                found = trafilatura.extract(markup, fast=True)
                heading = re.search(r"<h1(?![^>]*menu-title)[^>]*>(.{2,200}?)</h1>", markup, re.DOTALL)
                if language not in TAKE or not found or not heading:
                    continue
                paragraphs = excerpt(found, language)
                if paragraphs:
                    title = " ".join(html.unescape(re.sub(r"<[^>]*>", "", heading[1])).split()).strip("¶#\u200b ")
                    yield url, language, row[3], row[4].partition(":")[0] or row[4], title, paragraphs


def books() -> Iterator[tuple[str, str, list[str]]]:
    """Source, title and consecutive paragraphs of passages of Standard Ebooks, from places far apart."""
    with gzip.open(DATA / "lm-text" / "en.jsonl.gz", "rt", encoding="utf-8", newline="\n") as handle:
        rows = [json.loads(line) for line in handle.read().split("\n") if line]
    for source, name in BOOKS.items():
        texts = [row["text"] for row in rows if row["source"] == source]
        for part in range(PASSAGES):
            chosen: list[str] = []
            for text in texts[len(texts) * (2 * part + 1) // (2 * PASSAGES) :]:
                if sum(map(len, chosen)) + len(text) > LIMITS[1]:
                    break
                chosen.append(" ".join(text.split()))
            if sum(map(len, chosen)) >= LIMITS[0]:
                yield source, f"{name}: a passage from part {part + 1}", chosen


def leaks() -> Iterator[tuple[str, str, str]]:
    """Language, key and article of each page of test questions."""
    with gzip.open(DATA / "benchmarks" / "questions.jsonl.gz", "rt", encoding="utf-8", newline="\n") as handle:
        rows = {(r["benchmark"], r["id"]): r for line in handle.read().split("\n") if line for r in [json.loads(line)]}
    for key, benchmark, licence, origin, title, ids in LEAKS:
        blocks = []
        for number, name in enumerate(ids, 1):
            row = rows[benchmark, name]
            lines = [" ".join(line.split()) for line in (row["question"], *row["choices"])]
            blocks.append(
                "\n\n".join([f"{number}．{lines[0]}" if key[:2] == "zh" else f"{number}) {lines[0]}", *lines[1:]])
            )
        yield (
            key[:2],
            key,
            f"%% {key} | planted-leak | {origin} ({benchmark}) | {licence}\n# {title}\n\n" + "\n\n".join(blocks) + "\n",
        )


def main() -> None:
    """Writes the files."""
    traditional = opencc.OpenCC("s2twp")
    out: dict[str, list[str]] = {"zh.borrowed": [], "zh-hant.borrowed": [], "en.borrowed": [], "ja.borrowed": []}
    taken = dict.fromkeys(TAKE, 0)
    titles: set[str] = set()
    for url, language, licence, origin, title, paragraphs in crawl():
        if taken[language] >= TAKE[language] or title in titles:
            continue
        titles.add(title)
        taken[language] += 1
        number = taken[language]
        body = "\n\n".join(paragraphs)
        if language == "zh" and number % TRADITIONAL_EVERY == 0:
            head = f"%% hant-b{number:02d} | technology | {origin}, {url}, converted to Traditional | {licence}"
            out["zh-hant.borrowed"].append(f"{head}\n# {traditional.convert(title)}\n\n{traditional.convert(body)}\n")
        else:
            head = f"%% {language}-b{number:02d} | technology | {origin}, {url} | {licence}"
            out[f"{language}.borrowed"].append(f"{head}\n# {title}\n\n{body}\n")
    for number, (source, title, paragraphs) in enumerate(books(), 1):
        body = "\n\n".join(paragraphs)
        out["en.borrowed"].append(f"%% en-e{number:02d} | literature | {source} | CC0-1.0\n# {title}\n\n{body}\n")
    for language, _, text in leaks():
        out[f"{language}.borrowed"].append(text)
    for name, parts in out.items():
        lead = (
            "Excerpts of freely licensed pages; each names its origin and licence. Made by tools/sample/borrow.py.\n\n"
        )
        (TEXTS / f"{name}.md").write_text(lead + "\n".join(parts), encoding="utf-8")
        print(name, len(parts))


if __name__ == "__main__":
    main()
