"""Counting scripts."""

import pytest

from filters.script import Scripts, paragraph_shares, scripts, table


@pytest.mark.parametrize(
    ("text", "dominant"),
    [
        ("今天天气很好", "Hani"),
        ("今天 hello", "Hani"),  # 2 Han characters count as 6 letters
        ("日 hello", "Latn"),
        ("東京タワーへ行く", "Jpan"),
        ("中文文章提到了" * 10 + "の", "Hani"),
        ("한국어 漢字", "Hang"),
        ("Привет мир", "Cyrl"),
        ("Γειά σου", "Grek"),
        ("हिन्दी", "Deva"),
        ("สวัสดี", "Thai"),
        ("ᏣᎳᎩ", "Cher"),
        ("ⲁⲃⲅ", "Zzzz"),
    ],
)
def test_dominant_script(text, dominant):
    code, share = scripts(text).dominant()
    assert code == dominant
    assert 0.5 < share <= 1


def test_counts():
    assert scripts("臺灣人 abc 嘅係 かな 한 ㄅ 1，!") == Scripts(
        letters={"Hani": 5, "Kana": 2, "Hang": 1, "Bopo": 1, "Latn": 3}, traditional=3, cantonese=1
    )


@pytest.mark.parametrize("text", ["", "123 !?", "🔥\0\ud800"])
def test_no_letters(text):
    assert scripts(text).letters == {}
    assert scripts(text).dominant() == ("Zyyy", 0.0)
    assert paragraph_shares(text) is None


def test_paragraphs_of_two_languages():
    assert paragraph_shares("今天天气\nit was fine today\n") == pytest.approx((12 / 26, 14 / 26))
    assert paragraph_shares("使用 API 的方法\n然后 run") == (1.0, 0.0)
    assert paragraph_shares("Привет\n") == (0.0, 0.0)


def test_the_table_is_read_only():
    assert table() is table()
    with pytest.raises(ValueError, match="read-only"):
        table()[0] = 1
