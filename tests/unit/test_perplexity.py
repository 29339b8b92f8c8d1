"""filters/perplexity.py on real prose, poems and garbage: each rule has a text that it drops and one that it keeps."""

import random
from collections.abc import Mapping

import pytest

from filters.key import fold
from filters.perplexity import SIGNALS, PerplexitySpec, Scorer, characters
from filters.segment import words
from filters.view import TextView

# 桃花源记 (Tao Yuanming, 421) and poems of the Tang: public domain, and none of them in the training sample.
PEACH = (
    "晋太元中，武陵人捕鱼为业。缘溪行，忘路之远近。忽逢桃花林，夹岸数百步，中无杂树，芳草鲜美，落英缤纷，渔人甚异之。"
    "复前行，欲穷其林。林尽水源，便得一山，山有小口，仿佛若有光。便舍船，从口入。初极狭，才通人。复行数十步，豁然开朗。"
)
POEMS = (
    "岭外音书断，经冬复历春。近乡情更怯，不敢问来人。\n移舟泊烟渚，日暮客愁新。野旷天低树，江清月近人。\n"
    "中岁颇好道，晚家南山陲。兴来每独往，胜事空自知。行到水穷处，坐看云起时。偶然值林叟，谈笑无还期。"
)
NEWS = (
    "记者近日从市交通运输局获悉，今年以来全市新建和改造农村公路三百二十公里，沿线十二个乡镇的村民出行更加方便。"
    "据介绍，工程总投资约一点八亿元，预计明年年底全部完成。当地居民表示，以前去县城要走两个多小时，现在只需四十分钟，"
    "孩子上学、老人看病都省了不少时间，村里的水果也能更快地运到外面的市场上去。"
)
ENGLISH = (
    "The committee met on Tuesday to discuss the proposal for a new library in the centre of the town. Several members "
    "said that the building would bring more visitors to the shops nearby, while others were worried about the cost. "
    "A final decision is expected before the end of the month, after residents have had a chance to read the plans."
)
SALAD = (
    "鞋子 男 新款 减肥 黄金 价格 手机 苹果 租房 北京 考研 培训 汽车 二手 旅游 三亚 酒店 预订 小说 免费 下载 电影 在线 游戏 攻略 股票 "
    "行情 贷款 办理 医院 男科 装修 公司 月嫂 空调 维修 代写 论文 注册 商标 物流 查询 彩票 开奖 面膜 补水 驾校 报名 招聘 信息 搬家 电话"
)


def view(text: str, language: str) -> TextView:
    return TextView(
        text=text,
        key=fold(text),
        lines=tuple(line for line in text.split("\n") if line.strip()),
        words=words(text, language),
        language=language,
        script="",
    )


@pytest.fixture(scope="module")
def score() -> Scorer:
    return PerplexitySpec().open()


def failed(signals: Mapping[str, float | None], language: str) -> set[str]:
    reasons = set()
    for rule in PerplexitySpec().rules():
        value = signals[rule.signal]
        if value is not None and language in rule.languages:
            low = rule.low is not None and value < rule.low
            if low or (rule.high is not None and value > rule.high):
                reasons.add(rule.reason)
    return reasons


def shuffled(parts: list[str], joint: str) -> str:
    random.Random(7).shuffle(parts)
    return joint.join(parts)


@pytest.mark.parametrize(("text", "language"), [(NEWS, "zh"), (PEACH, "zh"), (POEMS, "zh"), (ENGLISH, "en")])
def test_prose_and_poems_are_kept(score: Scorer, text: str, language: str) -> None:
    assert failed(score(view(text, language)), language) == set()


@pytest.mark.parametrize(
    ("text", "language", "reason"),
    [
        (NEWS.encode().decode("gb18030", "replace"), "zh", "perplexity_too_high"),
        (shuffled(list(ENGLISH), ""), "en", "perplexity_too_high"),
        (NEWS * 8 + NEWS.encode().decode("gb18030", "replace") * 8, "zh", "perplexity_worst_too_high"),
        ("2019年12月31日" * 60, "zh", "perplexity_too_low"),
        (SALAD, "zh", "perplexity_no_word_order"),
        (shuffled(list(NEWS), ""), "zh", "perplexity_no_word_order"),
    ],
)
def test_garbage_is_dropped(score: Scorer, text: str, language: str, reason: str) -> None:
    assert reason in failed(score(view(text, language)), language)


def test_traditional_and_width_do_not_matter(score: Scorer) -> None:
    simplified = score(
        view(
            "电脑网络的发展改变了人们的生活方式，也带来了许多新的问题和挑战，社会各界对此看法不一，讨论十分热烈。", "zh"
        )
    )
    traditional = score(
        view("電腦網絡的發展改變了人們的生活方式,也帶來了許多新的問題和挑戰,社會各界對此看法不一,討論十分熱烈。", "zh")
    )
    assert traditional["perplexity_score"] == simplified["perplexity_score"]


def test_the_percentile_follows_the_calibration(score: Scorer) -> None:
    news, poems = score(view(NEWS, "zh")), score(view(POEMS, "zh"))
    assert 0.01 < news["perplexity_percentile"] < 0.9  # type: ignore[operator]
    assert poems["perplexity_percentile"] == 0.99  # the last quantile that was measured


def test_only_three_windows_of_a_long_text_are_read(score: Scorer) -> None:
    once, middle = NEWS * 4, "锟斤拷" * 400
    assert len(once) > 500
    clean, hidden = score(view(once * 40, "zh")), score(view(once * 15 + middle + once * 25, "zh"))
    assert hidden["perplexity_worst"] < 3 * clean["perplexity_worst"]  # type: ignore[operator]
    central = score(view(once * 20 + middle + once * 20, "zh"))
    assert central["perplexity_worst"] > 3 * clean["perplexity_worst"]  # type: ignore[operator]


@pytest.mark.parametrize(
    ("text", "language"),
    [("", "zh"), ("字", "zh"), ("too short", "en"), ("これは日本語の文章です。" * 20, "ja"), (NEWS, "und")],
)
def test_what_cannot_be_measured_is_null(score: Scorer, text: str, language: str) -> None:
    assert score(view(text, language)) == {signal.name: None for signal in SIGNALS}


def test_characters_are_tokens() -> None:
    assert characters("第12章 a") == "第 0 0 章 ▁ a".encode()
    assert characters("a\ud800b") == b"a ? b"
    assert characters("") == b""


def test_an_own_model_by_path_brings_its_calibration() -> None:
    from filters.assets import ROOT

    own = PerplexitySpec(models={"zh": str(ROOT / "lm-zh" / "zh.4gram.bin")}).open()
    assert own(view(NEWS, "zh")) == PerplexitySpec().open()(view(NEWS, "zh"))
    assert own(view(ENGLISH, "en"))["perplexity_score"] is None
