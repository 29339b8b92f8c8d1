import math
import time

import pytest

from filters.measures import SIGNALS, measure
from filters.view import make_view


def signals(text, language="zh", script="Hans"):
    return measure(make_view(text, "", language, script))


def test_every_signal_is_measured_in_the_declared_order():
    assert list(signals("市场很热闹。")) == [signal.name for signal in SIGNALS]
    assert len({signal.name for signal in SIGNALS}) == len(SIGNALS)
    assert all(signal.name.startswith(("text_", "repetition_")) for signal in SIGNALS)


@pytest.mark.parametrize("text", ["", "\n \t\n"])
@pytest.mark.parametrize("language", ["zh", "en", "ja", "und"])
def test_nothing_to_measure_is_null_and_counts_are_zero(text, language):
    found = signals(text, language)
    kinds = {signal.name: signal.type for signal in SIGNALS}
    measurable = {"text_chars", "text_unique_char_ratio", "text_space_ratio", "text_alphanumeric_ratio"}
    for name, value in found.items():
        if kinds[name] == "float":
            assert value is None or (text and (name in measurable or name.startswith("repetition_")))
    assert found["text_words"] == found["text_lines"] == found["text_sentences"] == 0
    assert found["text_lorem_ipsum"] is False


@pytest.mark.parametrize(
    "text", ["\x00" * 50, "\ud800中文\udfff", "a", "中", "。", "\U0010ffff", "مرحبا بالعالم", "{" * 500, "【" * 500]
)
@pytest.mark.parametrize("language", ["zh", "en", "ja", "und"])
def test_hostile_text_has_finite_signals(text, language):
    for value in signals(text, language).values():
        assert value is None or math.isfinite(value)


@pytest.mark.parametrize(
    ("name", "text", "language", "expected"),
    [
        ("text_han_ratio", "中文〇㐀 ab", "zh", 4 / 6),
        ("text_digit_ratio", "12 中文", "zh", 2 / 4),
        ("text_upper_ratio", "ABc中", "zh", 2 / 4),
        ("text_upper_ratio", "12。", "zh", None),
        ("text_punctuation_ratio", "中，文。", "zh", 2 / 4),
        ("text_symbol_ratio", "a+b", "en", 1 / 3),
        ("text_separator_ratio", "首页 | 新闻 > 体育", "zh", 2 / 8),
        ("text_separator_ratio", "____", "zh", 0.0),  # a blank to fill in
        ("text_bracket_ratio", "【推荐】市场", "zh", 4 / 6),
        ("text_bracket_ratio", "【推荐", "zh", 0.0),
        ("text_url_ratio", "见https://a.cn/b。", "zh", 14 / 16),
        ("text_url_ratio", "www.a.cn", "en", 1.0),
        ("text_longest_run_chars", "哈哈哈，啊  \n   ", "zh", 3),
        ("text_unique_char_ratio", "aab", "en", 2 / 3),
        ("text_unique_char_ratio", "", "en", None),
        ("text_sentences", "真的吗？！是。3.5 e.g. end.", "zh", 4),
        ("text_sentences", "一……二。\n三", "zh", 2),
        ("text_mean_sentence_words", "One two. Three four\nfive six", "en", 3.0),
        ("text_line_end_ratio", "他说：“好。”\n（完）\n【注】\n没有", "zh", 3 / 4),
        ("text_ellipsis_line_ratio", "他……\n说...\n好。", "zh", 2 / 3),
        ("text_bullet_line_ratio", "• 一\n· 二\n- 三\n四", "zh", 3 / 4),
        ("text_short_line_ratio", "十个字的一行正好是十\n十一个字的一行不是短的了吧", "zh", 1 / 2),
        ("text_short_line_ratio", "x" * 30 + "\n" + "x" * 31, "en", 1 / 2),
        ("text_c4_sentences", "One two three.\nNo end\nToo few.\nIt uses cookies now.\nNeeds JavaScript to run.", "en", 1),
        ("text_c4_sentences", "市场很热闹。\n好。\n没有结尾的", "zh", 1),
        ("text_c4_tfds_sentences", "One two three.\nOne two three four five. Six!", "en", 2),
        ("text_policy_line_ratio", "Terms of Use\nfish", "en", 1 / 2),
        ("text_javascript_line_ratio", "Enable JavaScript\nfish", "en", 1 / 2),
        ("text_lorem_ipsum", "LOREM IPSUM dolor", "en", True),
        ("text_navigation_line_ratio", "Homeland\nLog in\nA long line that says how to log in to the server when the network is down, and what to do then.", "en", 1 / 3),
        ("text_navigation_line_ratio", "上一篇：无\n京ICP备123号\n他上一篇文章写得好，编辑们讨论了很久也没有决定要不要登在头版的位置上。", "zh", 2 / 3),
        ("text_navigation_line_ratio", "\n".join(f"0x{n} Inbound Register {n}" for n in range(10)), "en", 4 / 10),
        ("text_navigation_char_ratio", "Log in\nfishes", "en", 1 / 2),
        ("text_tag_list_ratio", "语文 数学 英语 物理\n他在这里", "zh", 11 / 15),
        ("text_tag_list_ratio", "语文、数学、英语、物理。", "zh", 0.0),
        ("text_tag_list_ratio", "Choose Slide and then click the Background tab\n在此处", "zh", 0.0),
        ("text_tag_list_ratio", "f(1, 2, 3, 4)", "en", 0.0),
        ("text_doubled_mark_ratio", "他说，。好", "zh", 1 / 2),
        ("text_doubled_mark_ratio", "是，   。填空", "zh", 0.0),
        ("text_doubled_mark_ratio", "he , ; said", "en", 1 / 2),
        ("text_broken_clause_ratio", "我们在，" * 5 + "存在，" * 5, "zh", 1 / 2),
        ("text_broken_clause_ratio", "他说，的确，的，" * 4, "zh", 4 / 12),
        ("text_broken_clause_ratio", "答案是在   ，" * 10, "zh", 0.0),
        ("text_broken_clause_ratio", "he breathe, the, " * 5, "en", 1 / 2),
        ("text_broken_clause_ratio", "在，" * 9, "zh", None),
        ("text_broken_clause_ratio", "le, " * 20, "fr", None),
        ("text_doubled_mark_ratio", "真的？！好！！a::b etc., so", "zh", 0.0),
        ("text_words", "我们去北京。", "zh", 3),
        ("text_mean_word_chars", "我们去北京。", "zh", 5 / 3),
        ("text_max_word_chars", "a bcd", "en", 3),
        ("text_newline_word_ratio", "a\nb\n", "en", 1.0),
        ("text_hash_word_ratio", "#a #b", "en", 1.0),
        ("text_ellipsis_word_ratio", "a… b...", "en", 1.0),
        ("text_alpha_word_ratio", "a1 22 北京", "en", 3 / 4),
        ("text_unique_word_ratio", "a b a b", "en", 1 / 2),
        ("text_entropy", "a b a b", "en", math.log(2)),
        ("text_entropy", "a a a a", "en", 0.0),
        ("text_stop_words", "The fish and the river", "en", 2),
        ("text_stop_word_ratio", "The fish and the river", "en", 3 / 5),
        ("text_stop_word_ratio", "le poisson", "fr", None),
        ("text_published_stop_words", "The fish is of it", "en", 2),
        ("text_published_stop_words", "老人的鱼和水", "zh", 2),
        ("text_top_word_ratio", "fish the " * 30, "en", 1 / 2),
        ("text_top_word_ratio", "fish the " * 24, "en", None),
        ("text_top10_word_ratio", "fish the " * 50, "en", 1 / 2),
        ("text_top10_word_ratio", "of the " * 50, "en", None),
        ("text_contact_ratio", "Phone 5551234567 fish 123", "en", 2 / 4),
        ("text_contact_ratio", "电话：我们 88", "zh", 1 / 3),
        ("text_contact_ratio", "Fax Wizard: sender and fax recipient", "en", 0.0),
        ("text_broken_phrase_ratio", "the of " * 5 + "the fish " * 5, "en", 1 / 2),
        ("text_broken_phrase_ratio", "the of " * 9, "en", None),
    ],
)  # fmt: skip
def test_definition(name, text, language, expected):
    assert signals(text, language)[name] == (expected if expected is None else pytest.approx(expected))


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("line", ["市场，", "word ", "| ", "。", "【", "https://a.cn/", ".", "# a ", "a\n"])
def test_time_is_linear(line, language):
    short, long = (make_view(line * (size // len(line)), "", language, "") for size in (40_000, 320_000))
    measure(short)
    start = time.perf_counter()
    measure(short)
    middle = time.perf_counter()
    measure(long)
    assert time.perf_counter() - middle < 40 * (middle - start) + 0.2  # 8 times the text; 64 times were quadratic


def test_dated_titles_are_fragments_whatever_stands_in_them():
    titles = [f"- 請益：老公寓頂樓防水第{number}次還是漏 03-{number}" for number in range(10, 25)]
    facts = [f"- 產地：臺東縣成功鎮第{number}村" for number in range(10, 25)]
    dated, plain = (
        measure(make_view("\n".join(lines), "\n".join(lines), "zh", "Hant"))["text_fragment_char_ratio"]
        for lines in (titles, facts)
    )
    assert dated == 1
    assert plain == 0
