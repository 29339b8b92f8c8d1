"""Counting scripts."""

import pytest

from filters.script import Scripts, cantonese_words, paragraph_shares, scripts, table


@pytest.mark.parametrize(
    ("text", "dominant"),
    [
        ("今天天气很好", "Hani"),
        ("今天 hello", "Hani"),  # 2 Han characters count as 6 letters
        ("日 hello", "Latn"),
        ("東京タワーへ行く", "Jpan"),
        ("中文文章提到了" * 10 + "の", "Hani"),
        ("東京駅", "Jpan"),  # no kana, but a character that Japan alone writes
        ("北京駅前旅館在東京都千代田区，中国人写的一篇很长的游记里只有一个日本字，其余的都不是", "Hani"),
        ("한국어 漢字", "Hang"),
        ("Привет мир", "Cyrl"),
        ("Γειά σου", "Grek"),
        ("हिन्दी", "Deva"),
        ("สวัสดี", "Thai"),
        ("យុវជន ok", "Khmr"),  # vowels are marks, and count
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
        letters={"Hani": 5, "Kana": 2, "Hang": 1, "Bopo": 1, "Latn": 3}, traditional=3, cantonese=1, japanese=0
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


def test_japanese_characters_are_those_that_chinese_lacks():
    assert scripts("気駅働込図広対").japanese == 7
    assert scripts("学会国来点体 灣灣 為爲裏裡啟啓 氣驛 囍").japanese == 0


def test_cantonese():
    assert scripts("佢哋喺度做咩㗎").cantonese == 5
    assert scripts("他们在这里做什么").cantonese == 0
    assert cantonese_words("而家返屋企，即係聽日") == 8
    assert cantonese_words("现在回家，就是明天。好好学习") == 0
    assert cantonese_words("屋企" * 151) == 0  # a long text has Cantonese characters


def test_marks_without_a_script_are_no_letters():
    assert scripts("e\u0301").letters == {"Latn": 1}
