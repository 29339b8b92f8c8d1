import time

import pytest

from filters import segment
from filters.languages import profile
from filters.segment import index_words, words
from filters.view import make_view


@pytest.mark.parametrize(
    ("text", "language", "script", "expected"),
    [
        ("她说：“我们去北京大观园。”", "zh", "Hans", "她 说 我们 去 北京 大观园"),
        ("日去北京", "zh", "Hans", "日 去 北京"),  # the hidden Markov model makes 日去 a word
        ("2023年涨3.5%，C++与don't", "zh", "Hans", "2023 年 涨 3 5 C++ 与 don t"),
        ("馬英九在臺灣總統府談話", "zh", "Hant", "馬英九 在 臺灣 總統府 談話"),
        ("佢哋喺香港", "yue", "Hant", "佢 哋 喺 香港"),
        ("私は学校に行くカタカナABC、", "ja", "Jpan", "私 は 学校 に 行 く カタカナ ABC"),
        ("She's “well-known”, isn’t she?", "en", "Latn", "She's well known isn’t she"),
        ("हिन्दी भाषा", "hi", "Deva", "हिन्दी भाषा"),
        ("snow ❤️ 北京 x_y", "en", "Latn", "snow 北 京 x y"),
        ("", "zh", "Hans", ""),
        ("。，！", "zh", "Hans", ""),
        ("a\ud800b", "en", "Latn", "a b"),
        ("中\ud800文\x00字", "zh", "Hans", "中 文 字"),
    ],
)
def test_words(text, language, script, expected):
    assert words(text, language, script) == tuple(expected.split())


def test_traditional_words_are_as_long_as_simplified_ones():
    hans, hant = "后来总统府发表谈话，经济发展计划顺利", "後來總統府發表談話，經濟發展計劃順利"
    assert [len(w) for w in words(hant, "zh", "Hant")] == [len(w) for w in words(hans, "zh", "Hans")]


def test_a_piece_border_changes_at_most_the_words_across_it():
    text = "我们在北京大学学习。" * 10_000  # 100,000 characters, longer than one piece
    assert abs(len(words(text, "zh")) - 10_000 * len(words("我们在北京大学学习。", "zh"))) <= 2


@pytest.mark.parametrize(
    ("line", "language"), [("我们在北京", "zh"), ("word ", "en"), ("的", "zh"), ("'", "en"), ("\u0301", "en")]
)
def test_time_is_linear_on_one_long_line(line, language):
    short, long = (line * (size // len(line)) for size in (100_000, 800_000))
    words(short, language)
    start = time.perf_counter()
    words(short, language)
    middle = time.perf_counter()
    words(long, language)
    assert time.perf_counter() - middle < 40 * (middle - start) + 0.2  # 8 times the text; 64 times were quadratic


def test_words_are_numbered_by_first_occurrence():
    indexed = index_words(("b", "aa", "b", "c"))
    assert dict(indexed.number) == {"b": 0, "aa": 1, "c": 2}
    assert indexed.ids.tolist() == [0, 1, 0, 2]
    assert indexed.counts.tolist() == [2, 1, 1]
    assert indexed.chars.tolist() == [1, 2, 1]
    assert index_words(()).ids.tolist() == []


def test_view():
    view = make_view(" 第一行 \n\n\t\n第二行。\x0b", "key", "zh", "Hans")
    assert view.lines == ("第一行", "第二行。")
    assert view.words == words(view.text, "zh")
    assert (view.text, view.key, view.language, view.script) == (" 第一行 \n\n\t\n第二行。\x0b", "key", "zh", "Hans")


@pytest.mark.parametrize("language", ["zh", "yue", "en", "ja", "und"])
def test_a_profile_is_consistent(language):
    found = profile(language)
    assert all(phrase == phrase.lower() for phrase in found.navigation)
    assert all(word == word.lower() for word in found.contacts)
    assert found.short_line_chars > 0
    assert found.tag_chars > 0


def test_an_unknown_language_has_the_default_profile():
    assert profile("xx") == profile("und")
    assert profile("../en") == profile("und")


def test_latin_text_has_the_words_of_the_general_pattern():
    latin, beyond = segment._latin_patterns()
    general = segment._spaces_pattern()
    plain = [chr(code) for code in range(0x30000) if not beyond.match(chr(code))]
    assert len(plain) > 0x2C1
    for character in plain:
        for text in (character, f"a{character}b", f"{character}'{character}", f"é{character}’1"):
            assert latin.findall(text) == general.findall(text)
    assert words("naïve café’s 3,5 kg_x", "en") == ("naïve", "café’s", "3", "5", "kg", "x")
    assert words("naïve cafe\u0301 日本", "en") == ("naïve", "cafe\u0301", "日", "本")


@pytest.mark.parametrize("language", ["en", "ja", "zh"])
def test_no_word_is_without_a_letter_or_a_digit(language):
    chars = (chr(code) for code in range(0x20000) if not 0xD800 <= code < 0xE000)
    assert [found for char in chars for found in words(char, language) if not any(map(str.isalnum, found))] == []
