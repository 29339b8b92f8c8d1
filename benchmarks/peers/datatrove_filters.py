"""datatrove 0.10.1's quality filters on texts, rule by rule and as chains, in its own environment, on one core.

    build/datatrove-venv/bin/python benchmarks/peers/datatrove_filters.py TEXTS [untimed]

TEXTS is JSON lines with `text` and `language` (en, zh, ja). Thresholds are those of datatrove_run.py: Gopher's, C4's and
FineWeb's for English, FineWeb-2's for Chinese and Japanese. Prints one JSON object:

- failed: for each text the rules that fail, each asked alone;
- seconds: CPU by language and step, of filters and MinHash signatures as shipped: datatrove keeps the words of
  the last five texts, so the filters of one text share them.
  "early" stops at the first filter that drops, with signatures of what is kept, as datatrove runs; "all" runs every
  filter and signature on every text, as we measure.
"""

import json
import sys
import time
from collections import defaultdict
from functools import lru_cache
from pathlib import Path
from typing import Any

from datatrove.data import Document
from datatrove.pipeline.dedup import MinhashDedupSignature
from datatrove.pipeline.dedup.minhash import MinhashConfig
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
    fineweb_quality_filter,
    gopher_quality_filter,
    gopher_repetition_filter,
)
from datatrove_run import BUCKETS, FINEWEB2, LANGUAGES, NGRAMS, filters_of

_GOPHER = {"dup_line": 0.3, "dup": (0.15, 0.14, 0.13, 0.12, 0.11, 0.1), "top": (0.2, 0.18, 0.16), "alpha": 0.8}
_QUALITY = {  # reason: the parameter that sets it; None turns a rule off
    "too_few_words": ("min_doc_words", 50),
    "too_many_words": ("max_doc_words", 100_000),
    "words_too_short": ("min_avg_word_length", 3),
    "words_too_long": ("max_avg_word_length", 10),
    "too_many_hashes or too_many_ellipses": ("max_symbol_word_ratio", 0.1),
    "too_many_bullet_lines": ("max_bullet_lines_ratio", 0.9),
    "too_many_ellipsis_lines": ("max_ellipsis_lines_ratio", 0.3),
    "too_few_words_with_letters": ("max_non_alpha_words_ratio", 0.8),
    "too_few_published_stop_words": ("min_stop_words", 2),
}
_FINEWEB = {  # reason: parameter, threshold, value that never fails
    "too_few_line_ends": ("line_punct_thr", 0.12, 0),
    "too_many_short_lines": ("short_line_thr", 0.67, 999),
    "duplicate_line_chars (FineWeb)": ("char_duplicates_ratio", 0.01, 999),
    "too_many_new_lines": ("new_line_ratio", 0.3, 1e9),
}
_REPETITION_OFF: dict[str, Any] = {
    "dup_line_frac": 0, "dup_para_frac": 0, "dup_line_char_frac": 0, "dup_para_char_frac": 0,
    "top_n_grams": (), "dup_n_grams": (),
}  # fmt: skip


def rules_of(language: str) -> dict[str, Any]:
    """A filter for each rule of the language's published sets, every other rule off."""
    name, limits = LANGUAGES[language], FINEWEB2.get(language)
    repetition: dict[str, dict[str, Any]] = {
        f"frequent_{n}gram": {"top_n_grams": ((n, limit),)}
        for n, limit in zip((2, 3, 4), (limits or _GOPHER)["top"], strict=True)
    }
    repetition |= {
        f"duplicate_{n}grams": {"dup_n_grams": ((n, limit),)}
        for n, limit in zip(NGRAMS, (limits or _GOPHER)["dup"], strict=True)
    }
    repetition["duplicate_lines"] = {"dup_line_frac": (limits or _GOPHER)["dup_line"]}
    quality = dict(_QUALITY)
    fineweb = dict(_FINEWEB)
    stop_words = None
    if limits is None:
        repetition["duplicate_paragraphs"] = {"dup_para_frac": 0.3}
        repetition["duplicate_line_chars (Gopher)"] = {"dup_line_char_frac": 0.2}
        repetition["duplicate_paragraph_chars"] = {"dup_para_char_frac": 0.2}
    else:
        quality |= {
            "words_too_short": ("min_avg_word_length", 1),
            "words_too_long": ("max_avg_word_length", 5),
            "too_few_words_with_letters": ("max_non_alpha_words_ratio", limits["alpha"]),
        }
        fineweb = {
            "too_few_line_ends": ("line_punct_thr", limits["punct"], 0),
            "duplicate_line_chars (FineWeb)": ("char_duplicates_ratio", 0.1, 999),
            "too_many_new_lines": ("new_line_ratio", limits["newline"], 1e9),
        }
        stop_words = limits["stop"].split()
    off = {parameter: None for parameter, _ in _QUALITY.values()}
    never = {parameter: value for parameter, _, value in _FINEWEB.values()}
    rules: dict[str, Any] = {
        reason: GopherRepetitionFilter(language=name, **_REPETITION_OFF | change)
        for reason, change in repetition.items()
    }
    rules |= {
        reason: GopherQualityFilter(language=name, stop_words=stop_words, **off | {parameter: value})
        for reason, (parameter, value) in quality.items()
    }
    rules |= {
        reason: FineWebQualityFilter(language=name, **never | {parameter: value})
        for reason, (parameter, value, _) in fineweb.items()
    }
    if limits is None:
        rules["c4_paper"] = C4QualityFilter(language=name)
    return rules


def failed(row: dict[str, str], rules: dict[str, Any]) -> list[str]:
    """The rules that the text fails."""
    return [reason for reason, rule in rules.items() if not _passes(rule, row["text"])]


def _passes(rule: Any, text: str) -> bool:
    found = rule.filter(Document(text=text, id="0"))
    return found if isinstance(found, bool) else bool(found[0])


def timed(rows: list[dict[str, str]]) -> dict[str, dict[str, float]]:
    """CPU seconds by language and step."""
    seconds: dict[str, dict[str, float]] = {}
    for language, name in LANGUAGES.items():
        texts = [row["text"] for row in rows if row["language"] == language]
        if not texts:
            continue
        filters = filters_of(language)
        signature = MinhashDedupSignature("unused", config=MinhashConfig(num_buckets=BUCKETS), language=name)

        def sign(text: str, signature: MinhashDedupSignature = signature) -> None:
            shingles = signature.get_shingles(text)
            if len(shingles):
                signature.get_signature(shingles)

        for text in texts[:5]:  # tokenizers and dictionaries load on first use
            sign(text)
            [_passes(one, text) for one in filters]
        spent: dict[str, float] = defaultdict(float)
        for kind in ("early", "all"):  # two passes, so that nothing kept of a text serves it twice
            for text in texts:
                start = time.process_time()
                results = (_passes(one, text) for one in filters)
                kept = all(results) if kind == "early" else all(list(results))
                middle = time.process_time()
                if kept or kind == "all":
                    sign(text)
                spent[kind] += time.process_time() - start
                spent[f"filters, {kind}"] += middle - start
        seconds[language] = dict(spent)
    return seconds


def main() -> None:
    """Time first, unless told otherwise, then ask rule by rule."""
    with Path(sys.argv[1]).open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    seconds = {} if "untimed" in sys.argv[2:] else timed(rows)
    for module in (fineweb_quality_filter, gopher_quality_filter, gopher_repetition_filter):
        module.split_into_words = lru_cache(maxsize=4)(module.split_into_words)
    rules = {language: rules_of(language) for language in LANGUAGES}
    print(json.dumps({"seconds": seconds, "failed": [failed(row, rules[row["language"]]) for row in rows]}))


if __name__ == "__main__":
    main()
