"""Every rule has a document that it must drop and one, near it, that it must keep. The texts are our own writing."""

import pytest

from filters.measures import measure
from filters.presets import PRESETS
from filters.repair import RepairSpec
from filters.rules import RulesSpec
from filters.view import make_view

ZH = (
    "清晨的菜市场总是很热闹。卖鱼的老人把水桶摆在门口，一边剥豆子一边和邻居说话。他说今年雨水多，河里的鱼比去年肥，"
    "可是价钱没有涨多少。旁边的年轻人听了就笑，说等到秋天再看吧。太阳慢慢升起来，街上的人也多了，孩子们背着书包从摊位"
    "之间跑过去，谁也没有注意到屋檐下的那只猫。"
)
EN = (
    "The market opens before sunrise, and by seven the square is already full of people. An old man sells fish from two "
    "buckets near the gate, and he talks with everybody who stops to look at them. He says that the river was high this "
    "year, so the fish are larger than they were, but the price has hardly changed. A girl who has heard it all before "
    "laughs and buys bread instead. When the sun comes over the roofs, the children run to school between the stalls."
)
LOREM = "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore."
NAVIGATION = "首页\n新闻中心\n联系我们\n上一篇：无\n下一篇：秋天\n返回顶部\n版权所有\n扫码关注"
LINES = "\n".join(part + "。" for part in ZH.split("。") if part)
NUMBERS = "、".join(str(number * 7919 % 10_007) for number in range(90))
NOUNS = [
    "菜场",
    "老人",
    "水桶",
    "门口",
    "豆子",
    "邻居",
    "雨水",
    "河水",
    "价钱",
    "秋天",
    "太阳",
    "孩子",
    "书包",
    "摊位",
    "屋檐",
    "小猫",
    "早晨",
    "清风",
]


def distinct_words(count):
    """That many different English-like words."""
    letters = "bcdfghklmnprst"
    return [a + "a" + b + "e" + c for a in letters for b in letters for c in letters][:count]


# reason, preset, language, text that fails, text that passes
CASES = [
    ("too_few_chars", "millrace", "zh", ZH[:49], ZH[:50]),
    ("too_many_chars", "millrace", "en", EN + " " * 1_000_000, EN),
    ("too_many_chars", "c4_tfds", "en", EN * 500, EN),
    ("one_word_too_long", "millrace", "en", EN + " " + "aGk" * 334, EN + " " + "aGk" * 333),
    ("lorem_ipsum", "millrace", "en", EN + " " + LOREM, EN),
    ("duplicate_lines", "millrace", "zh", (ZH + "\n") * 3, (ZH + "\n") * 2),
    ("duplicate_line_chars", "millrace", "en", EN + "\n" + EN, EN + "\n" + EN[:200] + "\n" + EN[:200]),
    ("duplicate_13_chars", "millrace", "zh", ZH * 3, ZH * 2),
    ("frequent_2gram", "millrace", "zh", "老人卖鱼，" * 6 + ZH[:20], ZH),
    ("frequent_3gram", "millrace", "zh", "老人卖鱼，" * 12 + ZH[:20], ZH),
    ("frequent_4gram", "millrace", "zh", "老人卖鱼豆子，" * 12 + ZH[:20], ZH),
    ("duplicate_5grams", "millrace", "zh", ZH + ZH, ZH + ZH[:50]),
    ("duplicate_10grams", "millrace", "en", EN + " " + EN, EN + " " + EN[:100]),
    ("too_little_variety", "millrace", "zh", "鱼，水。" * 20, ZH),
    ("too_few_letters_and_digits", "millrace", "zh", "※—◆！？" * 20 + "市场", "这道题：(1)＋(2)＝(3)，" * 6 + ZH[:30]),
    ("too_many_symbols", "millrace", "en", "buy ★★★★★★ now ★★★★ " * 6, EN),
    ("too_many_digits", "millrace", "zh", NUMBERS, ZH + NUMBERS[:60]),
    ("too_many_links", "millrace", "en", "\n".join(f"See https://example.org/page/{n}/index.html" for n in range(9)), EN + " https://example.org/"),
    ("too_many_separators", "millrace", "zh", "|".join(NOUNS * 2), ZH + "|".join(NOUNS)),
    ("too_many_tags", "millrace", "zh", "、".join(NOUNS * 3), ZH + "\n" + "、".join(NOUNS)),
    ("too_many_hashes", "millrace", "en", " #".join(distinct_words(60)), EN + " #fish #market"),
    ("too_many_ellipses", "millrace", "zh", "他说……鱼……水……很多……" * 6, ZH + "他说……鱼……"),
    ("too_many_new_lines", "millrace", "en", "\n".join(distinct_words(60)), "\n".join(f"{w} is here" for w in distinct_words(60))),
    ("mostly_fragments", "millrace", "zh", "\n".join(f"03-{n}\n市场里的老人与第{n}个秋天" for n in range(11, 20)), LINES + "\n" + LINES + "\n03-11\n市场里的老人"),
    ("mostly_fragments", "millrace", "zh", "\n".join(f"03-{n}\nApache 市场 {n} 版本，支持 Java 与 Docker" for n in range(11, 20)), LINES + "\n" + LINES),
    ("mostly_fragments", "millrace", "en", "\n".join(f"What the {w} saw at the market" for w in distinct_words(12)), ",\n".join((EN + " " + EN).split(", "))),
    ("mostly_fragments", "millrace", "en", "\n".join(f"What the {w} saw at the market" for w in distinct_words(12)), "\n".join(f"Stall {n}\nLength: {n} miles\nKeeper: Old man of the {w}" for n, w in enumerate(distinct_words(12)))),
    ("mostly_fragments", "millrace", "zh", "\n".join(f"市场里的老人与第{n}个秋天" for n in range(11, 25)), "\n".join(f"int fish_{n} = {n};\nreturn fish_{n};" for n in range(12))),
    ("doubled_marks", "millrace", "zh", "市场的热闹，。老人：、豆子和邻居说，；今年雨水，、很多。去年的鱼，；价钱没有涨，。街上的人多了，：", ZH),
    ("too_little_han", "millrace_zh", "zh", EN, "解方程 x^2+2x+1=0，并说明理由。" * 2),
    ("too_few_function_words", "millrace_zh", "zh", "棋牌游戏 真人娱乐 手机版下载 投注平台 " * 8, ZH),
    ("too_few_function_words", "millrace_en", "en", " ".join(distinct_words(80)), EN),
    ("too_many_navigation_lines", "millrace_zh", "zh", NAVIGATION + "\n" + ZH, LINES + "\n上一篇：无"),
    ("too_many_navigation_lines", "millrace_en", "en", "Home page\nLog in\nRead more\nContact us\n" + EN, EN.replace(". ", ".\n") + "\nRead more"),
    ("too_many_short_lines", "millrace_zh", "zh", "\n".join(NOUNS), LINES),
    ("too_many_short_lines", "millrace_en", "en", "\n".join(distinct_words(40)), EN.replace(". ", ".\n")),
    ("one_word_too_often", "millrace_zh", "zh", "彩票 网站 彩票 平台 彩票 的 " * 12, ZH),
    ("one_word_too_often", "millrace_en", "en", "watches cheap watches best watches and more " * 9, EN),
    ("stuffed_with_keywords", "millrace_zh", "zh", "棋牌游戏 真人娱乐 手机下载 投注平台 " * 20, ZH * 2),
    ("stuffed_with_keywords", "millrace_en", "en", "cheap watches replica watches discount price " * 20, EN * 2),
    ("too_many_contacts", "millrace_zh", "zh", "联系人：王经理，电话：01012345678，手机：13800000000，微信：abc，传真：02112345678，邮箱见首页", ZH + "电话：01012345678"),
    ("too_many_contacts", "millrace_en", "en", "Phone 5551234567 fax 5551234568 email sales or mobile 5551234569 or WhatsApp us, address below.", EN + " Phone: 5551234567"),
    ("too_much_in_brackets", "millrace_zh", "zh", "【推荐】【热门】【最新活动】市场里的人很多【置顶】【官方公告】老人卖鱼", "【市场】" + ZH),
    ("broken_phrases", "millrace_zh", "zh", "老人在的门口和了邻居，从就河里把也水桶，向的街上与及孩子。由都雨水被的太阳，为了，在和摊位，于是的屋檐，从而", ZH * 4),
    ("broken_phrases", "millrace_en", "en", "The of fish the and river a was their with gate the is old an to man every for people the by sun its they roof the have bread.", EN),
    ("broken_clauses", "millrace_zh", "zh", "市场的热闹，的老人在，门口和豆子，说话与。今年，雨水多，河里的鱼，价钱，涨了，街上，孩子，了水桶。", ZH),
    ("broken_clauses", "millrace_en", "en", "Fish the, river with a. Gate, old man, people, the sun, roof, bread, their! Buckets, price, girl, our, stalls.", EN * 2),
    ("sentences_without_end", "millrace_zh", "zh", (ZH.replace("。", "").replace("，", "")) * 3, ZH * 3),
    ("sentences_without_end", "millrace_en", "en", EN.replace(".", "").replace(",", "") * 2, EN * 2),
    ("words_too_short", "millrace_zh", "zh", "、".join("鱼水豆猫街门桶河人雨他说笑看听跑买卖吃喝") * 2, ZH),
    ("too_few_words", "millrace_en", "en", "Fish, bread, salt, oil.", EN),
    ("too_many_capitals", "millrace_en", "en", EN.upper(), EN),
    ("words_too_long", "millrace_en", "en", " ".join(w * 3 for w in distinct_words(60)), EN),
    ("too_few_words", "gopher", "en", " ".join(EN.split()[:49]), " ".join(EN.split()[:51])),
    ("too_many_words", "gopher", "en", "word " * 100_001, EN),
    ("words_too_short", "gopher", "en", "to be or not to be " * 10, EN),
    ("words_too_long", "gopher", "en", "internationalisation " * 60, EN),
    ("too_many_hashes", "gopher", "en", EN + " #" * 12, EN + " #" * 5),
    ("too_many_ellipses", "gopher", "en", EN + " ..." * 12, EN + " ..." * 5),
    ("too_many_bullet_lines", "gopher", "en", "- The fish\n• the bread\n" * 10, "- The fish\n• the bread\n" * 4 + EN),
    ("too_many_ellipsis_lines", "gopher", "en", "The fish...\nand the bread…\nof it\n", "The fish...\nand the bread\nof it\nis\n"),
    ("too_few_words_with_letters", "gopher", "en", EN + " 12" * 40, EN + " 12" * 10),
    ("too_few_published_stop_words", "gopher", "en", "the " + " ".join(distinct_words(60)), "The and " + " ".join(distinct_words(60))),
    ("duplicate_lines", "gopher", "en", "a\nb\na\n", "a\nb\nc\na\n"),
    ("duplicate_paragraphs", "gopher", "en", "a\n\nb\n\na", "a\n\nb\n\nc\n\na"),
    ("duplicate_line_chars", "gopher", "en", EN + "\n" + EN, EN + "\n" + EN[:50] + "\n" + EN[:50]),
    ("duplicate_paragraph_chars", "gopher", "en", EN + "\n\n" + EN, EN + "\n\n" + EN[:50] + "\n\n" + EN[:50]),
    ("frequent_2gram", "gopher", "en", "cheap watches here cheap watches now", EN),
    ("frequent_3gram", "gopher", "en", "cheap watches here now cheap watches here", EN),
    ("frequent_4gram", "gopher", "en", "buy cheap watches here now buy cheap watches here", EN),
    *(
        (f"duplicate_{n}grams", "gopher", "en", EN + " " + EN, EN + " " + " ".join(distinct_words(50)))
        for n in (5, 6, 7, 8, 9, 10)
    ),
    ("curly_brackets", "c4", "en", EN + " { }", EN),
    ("lorem_ipsum", "c4", "en", LOREM, EN),
    ("one_word_too_long", "c4", "en", "a" * 1001, EN),
    ("too_many_words_removed", "dclm", "en", EN + "\n" + "SALE\n3 likes\nShare\n" * 2, EN + "\nShare\nSALE"),
    ("too_few_c4_sentences", "c4", "zh", LINES[:60], LINES + "\n" + LINES),
    ("too_few_c4_sentences", "c4", "en", EN.replace(". ", "\n"), EN),
    ("too_few_tfds_sentences", "c4_tfds", "en", "We use cookies. Read on. It is so. Yes, we do.", EN),
    ("too_few_line_ends", "fineweb", "zh", "\n".join(NOUNS), LINES),
    ("too_many_short_lines", "fineweb", "zh", "\n".join(NOUNS) + "\n" + ZH, LINES),
    ("duplicate_line_chars", "fineweb", "zh", ZH + "\n" + ZH, ZH + "\n" + ZH[:50]),
    ("too_many_new_lines", "fineweb", "zh", "\n".join(NOUNS), LINES),
    ("too_many_digits", "mapneo_zh", "zh", NUMBERS, ZH + NUMBERS[:60]),
    ("too_few_sentences", "mapneo_zh", "zh", "没有结尾的一行", ZH),
    ("no_punctuation", "mapneo_zh", "zh", "没有标点的一行 也没有别的", ZH),
    ("too_few_distinct_chars", "mapneo_zh", "zh", "来来往往" * 30, ZH),
    ("too_little_variety", "mapneo_zh", "zh", "市场热闹，老人卖鱼。" * 10, ZH),
    ("too_many_spaces", "nemo_en", "en", "a  b   c   d", EN),
    ("too_many_parentheses", "nemo_en", "en", "(a) (b) (c)", EN),
    ("too_many_policy_lines", "nemo_en", "en", "We use cookies.\nRead the privacy policy.\nFish.", EN.replace(". ", ".\n") + "\nPrivacy policy"),
    ("too_few_letters_and_digits", "nemo_en", "en", "*** +++ --- fish ***", EN),
    ("too_many_links", "nemo_en", "en", "See https://example.org/a/long/path/to/nothing", EN + " https://example.org/"),
]  # fmt: skip
IDS = ["-".join(case[:3]) for case in CASES]


REPAIR = RepairSpec(remove=(), dclm=True).open()


def signals_of(text, language):
    """What is measured of the text as it is, and what DCLM's line rules would remove."""
    return REPAIR(text).signals() | measure(make_view(text, "", language, "Hans" if language == "zh" else "Latn"))


def fails(reason, preset, language, text):
    rule = next(rule for rule in PRESETS[preset] if rule.reason == reason)
    value = signals_of(text, language)[rule.signal]
    assert value is not None, f"{rule.signal} was not measured"
    return (rule.low is not None and value < rule.low) or (rule.high is not None and value > rule.high)


@pytest.mark.parametrize(("reason", "preset", "language", "text"), [case[:4] for case in CASES], ids=IDS)
def test_drops(reason, preset, language, text):
    assert fails(reason, preset, language, text)


@pytest.mark.parametrize(("reason", "preset", "language", "text"), [(*case[:3], case[4]) for case in CASES], ids=IDS)
def test_keeps(reason, preset, language, text):
    assert not fails(reason, preset, language, text)


def test_every_reason_has_a_case_and_every_default_rule_one_in_its_language():
    assert {case[0] for case in CASES} == {rule.reason for preset in PRESETS.values() for rule in preset}
    own = {(reason, preset) for reason, preset, *_ in CASES}
    for preset in ("millrace", "millrace_zh", "millrace_en"):
        assert {(rule.reason, preset) for rule in PRESETS[preset]} <= own


@pytest.mark.parametrize(("text", "language"), [(ZH, "zh"), (EN, "en"), (LINES, "zh")])
def test_the_default_keeps_plain_prose(text, language):
    signals = signals_of(text, language)
    for rule in RulesSpec().rules():
        if not rule.languages or language in rule.languages:
            value = signals[rule.signal]
            failed = value is not None and (
                (rule.low is not None and value < rule.low) or (rule.high is not None and value > rule.high)
            )
            assert not failed, rule.reason


def test_exact_signals_of_one_text():
    """Every signal of one text, worked out by hand."""
    text = "# 市场\n市场很热闹，老人卖鱼。\n- 上一篇：Home\n市场很热闹，老人卖鱼。"
    found = measure(make_view(text, "", "zh", "Hans"))
    expected = {
        "text_chars": 39,
        "text_lines": 4,
        "text_words": 16,
        "text_sentences": 2,
        "text_max_line_chars": 11,
        "text_max_word_chars": 4,
        "text_han_ratio": 23 / 34,
        "text_punctuation_ratio": 7 / 34,
        "text_space_ratio": 5 / 39,
        "text_bullet_line_ratio": 1 / 4,
        "text_line_end_ratio": 2 / 4,
        "text_short_line_ratio": 2 / 4,
        "text_navigation_line_ratio": 1 / 4,
        "text_newline_word_ratio": 3 / 16,
        "text_hash_word_ratio": 1 / 16,
        "repetition_line_ratio": 1 / 4,
        "repetition_line_char_ratio": 11 / 39,
        "repetition_paragraph_ratio": 0.0,
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected)
