import numpy as np
import pytest

from filters import repetition
from filters.measures import measure
from filters.view import make_view


def signals(text, language="en"):
    return measure(make_view(text, "", language, ""))


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("line_ratio", "a\nb\n\na \na", 2 / 4),
        ("line_char_ratio", "ab\ncd\nab", 2 / 8),
        ("paragraph_ratio", "a\n\n\nb\n\na", 1 / 3),
        ("paragraph_char_ratio", "ab\n\ncd\n\nab", 2 / 10),
        ("top_2gram_char_ratio", "a b a b", 6 / 7),  # "a b", twice
        ("top_2gram_char_ratio", "aa b c", 4 / 6),  # none repeats: the first, once
        ("top_2gram_char_ratio", "x yyy z a b c a b c", 6 / 19),  # ties go to the earliest
        ("top_2gram_char_ratio", "a", None),
        ("top_3gram_char_ratio", "a b c d a b c", 10 / 13),
        ("duplicate_5gram_char_ratio", "a b c d e f a b c d e", 5 / 21),
        ("duplicate_5gram_char_ratio", "a b c d e a b c d e a b c d e", 10 / 29),  # none counted twice
        ("duplicate_5gram_char_ratio", "a a a a a a a a a a a", 10 / 21),  # overlaps are repeats too, from position 1
        ("duplicate_10gram_char_ratio", "a b c", None),
        ("char_13gram_ratio", "abcdefghijklm", 0.0),
        ("char_13gram_ratio", "abcdefghijkl", None),
        ("char_13gram_ratio", "a b\nc" * 13, 1 - 3 / 27),  # white space left out: 39 characters, 27 grams, 3 distinct
    ],
)
def test_definition(name, text, expected):
    assert signals(text)[f"repetition_{name}"] == (expected if expected is None else pytest.approx(expected))


def test_chinese_repetition_is_seen_in_words_and_characters():
    found = signals("市场热闹，老人卖鱼，孩子上学。" * 6, "zh")
    assert found["repetition_char_13gram_ratio"] > 0.7
    assert found["repetition_duplicate_5gram_char_ratio"] > 0.5
    assert found["repetition_line_ratio"] == 0.0


def test_a_text_too_long_to_pack_is_sorted_alike():
    keys = np.array([7, 3, 7, 0, 3, 3, 9], dtype=np.int64)
    for bits in (4, 40):  # packed, and not
        order, ranked = repetition._sorted(keys, bits)
        assert order.tolist() == [3, 1, 4, 5, 0, 2, 6]
        assert ranked.tolist() == [0, 3, 3, 3, 7, 7, 9]
