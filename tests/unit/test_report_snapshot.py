"""A small made-up snapshot that the tests of the report share: Chinese and English pages, some of them bad.

All text is our own. `snapshot` is a pure function of its arguments.
"""

import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from schemas.records import document_id
from schemas.rules import Rule
from schemas.signals import Signal
from schemas.tables import DECISIONS, DOCUMENTS, DUPLICATES, LEDGER, signals_schema, table_of

SIGNALS = (
    Signal("words_count", "int", "words", "Words of the text, punctuation left out."),
    Signal("lines_duplicate_ratio", "float", "ratio", "Share of lines that repeat an earlier line."),
    Signal("perplexity", "float", "perplexity", "Per character, of the language's model."),
    Signal("language_score", "float", "ratio", "Probability of the label."),
    Signal("safety_toxic_score", "float", "ratio", "Probability that the page is toxic."),
    Signal("safety_spam_score", "float", "ratio", "Probability of gambling, loans or SEO spam."),
    Signal("privacy_emails_count", "int", "count", "E-mail addresses that were redacted."),
    Signal("privacy_phones_count", "int", "count", "Telephone numbers that were redacted."),
    Signal("page_truncated", "bool", "flag", "The capture was cut."),
    Signal("decode_charset", "str", "name", "The charset that the page was decoded with."),
)
RULES = (
    Rule(reason="too_few_words", signal="words_count", low=50, citation="Gopher, table A1"),
    Rule(reason="too_many_words", signal="words_count", high=100_000, citation="Gopher, table A1"),
    Rule(reason="repeated_lines", signal="lines_duplicate_ratio", high=0.3, citation="Gopher, table A1"),
    Rule(reason="improbable_text", signal="perplexity", high=1950, languages=("zh",), citation="CCNet"),
    Rule(reason="improbable_text", signal="perplexity", high=520, languages=("en",), citation="CCNet"),
    Rule(reason="templated_text", signal="perplexity", low=20),
    Rule(reason="unsure_language", signal="language_score", low=0.65),
    Rule(reason="toxic", signal="safety_toxic_score", high=0.8, verdict="quarantine"),
    Rule(reason="spam", signal="safety_spam_score", high=0.7),
)
UNSAFE = frozenset({"toxic", "spam", "adult", "personal_data_dump"})
ZH = (
    "老城的清晨从豆浆铺开始,炉火刚旺,街上只有扫地的声音。",
    "图书馆在周三延长开放时间,读者可以在三楼查阅地方志。",
    "这种茶树生长在海拔八百米以上的山坡,采摘期不到二十天。",
    "工程师把旧桥的每一块石料编号,拆下后按原样重建。",
    "潮水退去以后,孩子们在滩涂上寻找小蟹和贝壳。",
    "统计数据显示,去年这座城市的公共交通客运量增长了百分之六。",
)
EN = (
    "The ferry leaves at seven, and by eight the harbour is quiet again.",
    "Readers asked how the figures were made, so we publish the whole method.",
    "A good map leaves out almost everything, and says what it left out.",
    "The river was measured twice a day for eleven years by the same family.",
    "Nobody expected the old press to work, but it printed a page at noon.",
    "Bread rises slowly in a cold kitchen, which improves its taste.",
)
OTHER = {
    "ja": "港の朝は静かで、魚市場の声だけが聞こえる。",
    "fr": "La bibliothèque ouvre plus tard le mercredi.",
    "ru": "Утром на рынке тихо.",
}
BAD_ZH, BAD_EN = "澳门娱乐城注册送彩金,点击立即领取!", "BEST CASINO BONUS click here click here"
CHARSETS = {"zh": ("utf-8", "utf-8", "gb18030", "big5"), "en": ("utf-8", "utf-8", "windows-1252")}
LEDGER_ROWS = (
    ("source", "not_a_capture", 2.1, None),
    ("source", "damaged_member", 0.01, "gzip: invalid block type at offset 18231"),
    ("source", "truncated_file", 0.005, "the file ends inside a record"),
    ("http", "bad_status", 0.22, "404"),
    ("http", "not_html", 0.12, "application/pdf"),
    ("url", "blocked_url", 0.04, "gambling"),
    ("opt_out", "noai", 0.03, "meta name=robots content=noai"),
    ("language", "unwanted_language", 0.18, "vi"),
    ("extract", "no_text", 0.08, None),
    ("supervisor", "record_timeout", 0.005, "killed after 30 s"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    documents: pa.Table
    signals: pa.Table
    ledger: pa.Table
    decisions: pa.Table
    duplicates: pa.Table

    def tables(self) -> tuple[pa.Table, ...]:
        return self.documents, self.signals, self.ledger, self.decisions, self.duplicates

    def part(self, ids: set[str], ledger_rows: list[int]) -> "Snapshot":
        """The rows of these documents, and these rows of the ledger."""

        def chosen(table: pa.Table) -> pa.Table:
            return table.filter(pa.array([i in ids for i in table["doc_id"].to_pylist()], pa.bool_()))

        return Snapshot(
            documents=chosen(self.documents),
            signals=chosen(self.signals),
            ledger=self.ledger.take(pa.array(ledger_rows, pa.int64())),
            decisions=chosen(self.decisions),
            duplicates=chosen(self.duplicates),
        )

    def with_text(self, row: int, **columns: str) -> "Snapshot":
        """The same, with other values in one row of documents/."""
        rows = self.documents.to_pylist()
        rows[row] = {**rows[row], **columns}
        return replace(self, documents=table_of(rows, DOCUMENTS))


def snapshot(size: int = 300, seed: int = 1) -> Snapshot:
    """`size` documents with everything that belongs to them, and about three ledger rows a document."""
    dice = random.Random(seed)
    documents, signals, decisions = [], [], []
    for number in range(size):
        document, signal = _page(dice, number)
        documents.append(document)
        signals.append({"doc_id": document["doc_id"], **signal})
        decisions.append(_decision(document, signal))
    duplicates = _duplicates(dice, documents, decisions)
    return Snapshot(
        documents=table_of(documents, DOCUMENTS),
        signals=table_of(signals, signals_schema(SIGNALS)),
        ledger=_ledger(dice, size),
        decisions=table_of(decisions, DECISIONS),
        duplicates=table_of(duplicates, DUPLICATES) if duplicates else DUPLICATES.empty_table(),
    )


def _page(dice: random.Random, number: int) -> tuple[dict, dict]:
    language = dice.choices(["zh", "en", *OTHER], [50, 40, 4, 3, 3])[0]
    spam, length = dice.random() < 0.07, max(1, int(dice.lognormvariate(2.6, 1.0)))
    lines = {"zh": ZH, "en": EN}.get(language) or (OTHER[language],)
    bad = BAD_ZH if language == "zh" else BAD_EN
    text = "\n".join(dice.choice(lines) for _ in range(length)) if not spam else "\n".join([bad] * length)
    host = f"{dice.choice(['news', 'bbs', 'blog', 'www'])}.example{min(9, int(dice.expovariate(0.4)))}.{'cn' if language == 'zh' else 'org'}"
    day = datetime(2025, 11, 3, 8, tzinfo=UTC) + timedelta(days=int(dice.triangular(0, 300, 280)))
    document = {
        "doc_id": document_id(f"urn:uuid:{number}"),
        "url": f"https://{host}/{'archives' if dice.random() < 0.5 else 'a'}/{number}.html",
        "text": text,
        "title": text[:18],
        "language": language,
        "script": {"zh": "Hans" if dice.random() < 0.8 else "Hant", "ja": "Jpan", "ru": "Cyrl"}.get(language, "Latn"),
        "source": dice.choice(["cc-main", "cc-news"]),
        "fetched_at": None if dice.random() < 0.02 else day,
        "location": {"file": f"crawl/{number % 4:05d}.warc.gz", "offset": number * 9_113, "length": 9_000},
        "extractor": dice.choices(["trafilatura", "fallback"], [9, 1])[0],
        "metadata": "{}",
    }
    perplexity = dice.lognormvariate(6.6 if language == "zh" else 5.2, 0.5)
    signal = {
        "words_count": length * (14 if language == "zh" else 11),
        "lines_duplicate_ratio": 1 - 1 / length if spam else dice.betavariate(1, 8),
        "perplexity": perplexity if language in {"zh", "en"} else None,
        "language_score": dice.betavariate(12, 1),
        "safety_toxic_score": dice.betavariate(0.5, 9) if dice.random() < 0.98 else 0.93,
        "safety_spam_score": dice.betavariate(9, 1) if spam else dice.betavariate(1, 14),
        "privacy_emails_count": dice.choices([0, 1, 2, 9], [90, 7, 2, 1])[0],
        "privacy_phones_count": dice.choices([0, 1, 4], [92, 6, 2])[0],
        "page_truncated": dice.random() < 0.03,
        "decode_charset": dice.choice(CHARSETS.get(language, ("utf-8",))),
    }
    return document, signal


def _decision(document: dict, signal: dict) -> dict:
    """Every rule that fails, as `decide` does it."""
    failed = []
    for rule in RULES:
        value = signal[rule.signal]
        if value is None or (rule.languages and document["language"] not in rule.languages):
            continue
        if rule.low is not None and value < rule.low:
            failed.append((rule, value, rule.low))
        elif rule.high is not None and value > rule.high:
            failed.append((rule, value, rule.high))
    verdicts = {rule.verdict for rule, _, _ in failed}
    return {
        "doc_id": document["doc_id"],
        "verdict": "quarantine" if "quarantine" in verdicts else "drop" if verdicts else "keep",
        "reasons": [rule.reason for rule, _, _ in failed],
        "values": [float(value) for _, value, _ in failed],
        "thresholds": [threshold for _, _, threshold in failed],
        "representative": None,
        "representative_snapshot": None,
    }


def _duplicates(dice: random.Random, documents: list[dict], decisions: list[dict]) -> list[dict]:
    rows, start = [], 0
    while start + 2 <= len(documents):
        size = min(len(documents) - start, 2 + int(dice.expovariate(0.5)))
        if dice.random() < 0.25:
            members = sorted(document["doc_id"] for document in documents[start : start + size])
            kept = [d["doc_id"] for d in decisions[start : start + size] if d["verdict"] == "keep"]
            representative = min(kept, default=members[0])
            exact = dice.random() < 0.4
            rows += [
                {
                    "doc_id": member,
                    "cluster_id": members[0],
                    "representative": representative,
                    "representative_snapshot": None,
                    "similarity": 1.0 if exact else round(dice.uniform(0.75, 0.99), 3),
                    "kind": "exact" if exact else "near",
                    "cluster_size": size,
                }
                for member in members
            ]
            for decision in decisions[start : start + size]:
                if decision["doc_id"] != representative:
                    decision["reasons"].append("duplicate")
                    decision["values"].append(0.9)
                    decision["thresholds"].append(0.75)
                    decision["verdict"] = "drop" if decision["verdict"] == "keep" else decision["verdict"]
                    decision["representative"] = representative
        start += size
    return rows


def _ledger(dice: random.Random, size: int) -> pa.Table:
    rows = []
    for stage, reason, share, detail in LEDGER_ROWS:
        for number in range(max(1, round(size * share))):
            capture = reason != "not_a_capture"
            rows.append(
                {
                    "doc_id": document_id(f"{reason}{number}") if capture and stage != "source" else None,
                    "url": f"https://example{number % 7}.org/{reason}/{number}" if capture else None,
                    "location": {
                        "file": f"crawl/{number % 4:05d}.warc.gz",
                        "offset": dice.randrange(10**8),
                        "length": 500,
                    },
                    "stage": stage,
                    "reason": reason,
                    "value": 404.0 if reason == "bad_status" else None,
                    "threshold": None,
                    "detail": detail,
                }
            )
    return pa.Table.from_pylist(rows, schema=LEDGER)


@pytest.mark.parametrize("size", [0, 1, 60])
def test_the_tables_are_those_of_a_snapshot(size):
    made = snapshot(size)
    assert made.documents.schema == DOCUMENTS
    assert made.decisions.schema == DECISIONS
    assert made.documents.num_rows == made.decisions.num_rows == made.signals.num_rows == size
    assert set(made.duplicates["doc_id"].to_pylist()) <= set(made.documents["doc_id"].to_pylist())
