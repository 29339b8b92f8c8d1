"""Gopher's measures against a literal reading of datatrove's filters, and against datatrove itself where it is installed.

Texts are words between single spaces, so that both sides see the same words. datatrove compares duplicate n-grams
joined without a space; the literal reading here compares lists of words (`filters.repetition` says why that differs).
"""

import random
from collections import Counter

import pytest

from filters.measures import measure
from filters.segment import words
from filters.view import make_view

NO_PEER = "datatrove is not installed: it needs trafilatura below 1.12, hence its own environment"


def top_ngram_chars(tokens, n):
    grams = [" ".join(tokens[i : i + n]) for i in range(len(tokens) - n + 1)]
    if not grams:
        return None
    gram, count = Counter(grams).most_common(1)[0]
    return len(gram) * count


def duplicate_ngram_chars(tokens, n):
    seen, chars, at = set(), 0, 0
    while at < len(tokens) - n + 1:
        gram = tuple(tokens[at : at + n])
        if gram in seen:
            chars += len("".join(gram))
            at += n
        else:
            seen.add(gram)
            at += 1
    return chars


def duplicates(parts):
    seen, count, chars = set(), 0, 0
    for part in parts:
        if part in seen:
            count, chars = count + 1, chars + len(part)
        seen.add(part)
    return count, chars


def random_text(seed):
    """Words from a small vocabulary, with copied stretches; sometimes in lines and paragraphs."""
    rng = random.Random(seed)
    size = rng.choice([1, 2, 5, 9, 40, 300])
    vocabulary = ["".join(rng.choices("abcd", k=rng.randint(1, 4))) for _ in range(rng.choice([1, 3, 20, 200]))]
    tokens = rng.choices(vocabulary, k=size)
    for _ in range(rng.randint(0, 6)):
        start = rng.randrange(len(tokens))
        tokens += tokens[start : start + rng.randint(1, 30)]
    return "".join(token + rng.choice([" ", " ", " ", "\n", "\n\n"]) for token in tokens).strip()


def chinese_text(seed):
    rng = random.Random(seed)
    parts = ["市场很热闹", "老人在门口卖鱼", "孩子们上学去了", "今年雨水多", "他说价钱没有涨", "，", "。", "\n"]
    return "".join(rng.choices(parts, k=rng.choice([3, 20, 150])))


@pytest.mark.parametrize("seed", range(150))
@pytest.mark.parametrize(("language", "make"), [("en", random_text), ("zh", chinese_text)])
def test_repetition_equals_the_literal_reading(seed, language, make):
    text = make(seed)
    found = measure(make_view(text, "", language, ""))
    tokens = words(text, language)
    for n in (2, 3, 4):
        chars = top_ngram_chars(tokens, n)
        assert found[f"repetition_top_{n}gram_char_ratio"] == (None if chars is None else chars / len(text))
    for n in range(5, 11):
        expected = duplicate_ngram_chars(tokens, n) / len(text) if len(tokens) >= n else None
        assert found[f"repetition_duplicate_{n}gram_char_ratio"] == expected
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    count, chars = duplicates(lines)
    assert found["repetition_line_ratio"] == count / len(lines)
    assert found["repetition_line_char_ratio"] == chars / len(text)
    compact = "".join(text.split())
    grams = [compact[i : i + 13] for i in range(len(compact) - 12)]
    expected = (len(grams) - len(set(grams))) / len(grams) if grams else None
    assert found["repetition_char_13gram_ratio"] == expected


@pytest.mark.parametrize("seed", range(60))
def test_gopher_equals_datatrove(seed):
    repetition = pytest.importorskip("datatrove.pipeline.filters.gopher_repetition_filter", reason=NO_PEER)
    text = random_text(seed).replace("\n\n\n", "\n\n")
    tokens = text.split()
    found = measure(make_view(text, "", "en", "Latn"))
    assert words(text, "en") == tuple(tokens)
    for n in (2, 3, 4):
        if grams := repetition.get_n_grams(tokens, n):
            assert found[f"repetition_top_{n}gram_char_ratio"] == repetition.find_top_duplicate(grams) / len(text)
    for n in range(5, 11):
        joined = repetition.find_all_duplicate(tokens, n) / len(text)
        ours = found[f"repetition_duplicate_{n}gram_char_ratio"] or 0.0
        if any(len(token) != 1 for token in tokens):  # joined, "ab c" equals "a bc": datatrove may find more
            assert ours <= joined + 1e-12
        else:
            assert ours == joined
    paragraphs = repetition.GopherRepetitionFilter().paragraph_exp.split(text.strip())
    count, chars = repetition.find_duplicates(paragraphs)
    assert found["repetition_paragraph_ratio"] == count / len(paragraphs)
    assert found["repetition_paragraph_char_ratio"] == chars / len(text)


@pytest.mark.parametrize("limit", [0.0, 0.05, 0.1, 0.2, 0.4])
@pytest.mark.parametrize("seed", range(30))
def test_gopher_quality_decides_as_datatrove(seed, limit, monkeypatch):
    quality = pytest.importorskip("datatrove.pipeline.filters.gopher_quality_filter", reason=NO_PEER)
    monkeypatch.setattr(quality, "split_into_words", lambda text, _: words(text, "en"))
    rng = random.Random(seed)
    text = "\n".join(
        rng.choice(["", "- ", "• "])
        + " ".join(rng.choices(["the", "fish", "12", "of", "# x", "y ..."], k=8))
        + rng.choice(["", "...", "…"])
        for _ in range(12)
    )
    found = measure(make_view(text, "", "en", "Latn"))
    document = type("Document", (), {"text": text})()

    def accepts(**change):
        off = dict.fromkeys(
            ("min_doc_words", "max_doc_words", "min_avg_word_length", "max_avg_word_length", "max_symbol_word_ratio",
             "max_bullet_lines_ratio", "max_ellipsis_lines_ratio", "max_non_alpha_words_ratio", "min_stop_words")
        )  # fmt: skip
        return quality.GopherQualityFilter(**(off | change)).filter(document) is True

    symbols = max(found["text_hash_word_ratio"], found["text_ellipsis_word_ratio"])
    bullets, ellipses = found["text_bullet_line_ratio"], found["text_ellipsis_line_ratio"]
    if limit:  # datatrove takes 0 for "off"
        assert accepts(max_symbol_word_ratio=limit) == (symbols <= limit)
        assert accepts(max_bullet_lines_ratio=limit) == (bullets <= limit)
        assert accepts(max_ellipsis_lines_ratio=limit) == (ellipses <= limit)
        assert accepts(max_non_alpha_words_ratio=limit + 0.5) == (found["text_alpha_word_ratio"] >= limit + 0.5)
    assert accepts(min_doc_words=found["text_words"])
    assert not accepts(min_doc_words=found["text_words"] + 1)
    assert accepts(min_stop_words=found["text_published_stop_words"])
    assert not accepts(min_stop_words=found["text_published_stop_words"] + 1)
    assert accepts(
        min_avg_word_length=found["text_mean_word_chars"] - 1e-9,
        max_avg_word_length=found["text_mean_word_chars"] + 1e-9,
    )
