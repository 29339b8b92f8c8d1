"""filters/toxicity.py: windows, aggregation over a document, and texts that each rule must drop or keep."""

import pytest

from filters.assets import ROOT, AssetError
from filters.key import fold
from filters.toxicity import RISKS, SIGNALS, SafetySpec, Scorer, spread, windows
from filters.view import TextView
from pipeline.train.spam import spam_samples

SPEC = SafetySpec()
GAMBLING = (
    "鸿运国际娱乐城，注册即送彩金八十八元，真人百家乐、时时彩、六合彩在线投注，赔率全网最高，提款秒到账，诚招代理，"
    "加薇❤信领取红包，备用网址常年更新，新会员首存翻倍，老虎机爆大奖！"
)
ARTICLE = (
    "市图书馆上周末重新开放。馆长介绍，改造工程历时八个月，新增座位三百个，儿童阅览区扩大了一倍，并且延长了晚间开放的时间。"
    "许多读者在开门前就来排队，他们说家附近终于又有了一个安静的去处。馆方还计划每月举办两场讲座，邀请本地作者谈写作。"
)
RUDE = "你们这些外地人都是垃圾，没素质，滚回老家去吧，真恶心。"


def view(text: str, language: str = "zh") -> TextView:
    return TextView(text=text, key=fold(text), lines=(), words=(), language=language, script="")


@pytest.fixture(scope="module")
def score() -> Scorer:
    return SPEC.open()


def failed(score: Scorer, text: str, language: str = "zh") -> dict[str, str]:
    signals = score(view(text, language))
    found = {}
    for rule in SPEC.rules():
        value = signals[rule.signal]
        if value is not None and rule.high is not None and value > rule.high:
            found[rule.reason] = rule.verdict
    return found


def test_gambling_is_dropped_and_named(score: Scorer) -> None:
    assert failed(score, GAMBLING)["safety_spam"] == "drop"
    signals = score(view(GAMBLING))
    assert signals["safety_gambling_score"] > 0.5  # type: ignore[operator]
    assert signals["safety_adult_score"] < 0.1  # type: ignore[operator]


@pytest.mark.parametrize("disguise", ["·".join, lambda t: t.translate({ord("乐"): "樂", ord("赔"): "賠"})])
def test_symbols_and_traditional_characters_do_not_hide_it(score: Scorer, disguise: object) -> None:
    assert "safety_spam" in failed(score, disguise(GAMBLING))  # type: ignore[operator]


def test_abuse_is_dropped_but_an_article_that_quotes_it_is_kept(score: Scorer) -> None:
    assert failed(score, RUDE * 3)["safety_toxic"] == "drop"
    assert failed(score, ARTICLE * 3 + "有网友留言说：" + RUDE + ARTICLE * 3) == {}


def test_clean_articles_are_kept(score: Scorer) -> None:
    assert failed(score, ARTICLE) == {}
    english = "The library reopened last weekend after eight months of work, with three hundred new seats for readers."
    assert failed(score, english, "en") == {}


def test_abuse_in_english_is_found(score: Scorer) -> None:
    assert "safety_toxic" in failed(score, "shut the fuck up you stupid bitch, nobody likes a dumb ass hoe", "en")


@pytest.mark.parametrize(("text", "language"), [("", "zh"), ("短", "zh"), (GAMBLING, "ja"), (GAMBLING, "und")])
def test_what_cannot_be_measured_is_null(score: Scorer, text: str, language: str) -> None:
    assert score(view(text, language)) == {signal.name: None for signal in SIGNALS}


@pytest.mark.parametrize("text", ["1" * 5000, "\x00" * 50 + "字" * 50, "\ud800" * 30 + "字" * 30, "a b c " * 99])
def test_odd_text_gives_numbers(score: Scorer, text: str) -> None:
    for language in ("zh", "en"):
        signals = score(view(text, language))
        assert all(value is None or 0 <= value <= 1.0001 for value in signals.values())


def test_a_model_with_other_labels_is_refused() -> None:
    with pytest.raises(AssetError, match="is not a safety model: its labels af, als, am"):
        SafetySpec(models={"zh": str(ROOT / "lid" / "lid.176.ftz")}).open()


def test_windows_cover_every_token_once() -> None:
    key = fold("汉" * 130)
    assert [len(part.split()) for part in windows(key, "zh")] == [60, 70]  # the rest of 10 joins the window before
    assert [len(part.split()) for part in windows("字" * 141, "zh")] == [60, 60, 21]
    assert windows("加vx123 微信 wechat 88 元", "zh") == ["加 微 信 wechat 元"]
    assert windows("call 555 now x2", "en") == ["call now"]
    assert windows("12345", "zh") == [""]


def test_a_long_document_is_sampled_evenly_with_both_ends() -> None:
    assert spread(list("abcdefghij"), 4) == ["a", "d", "g", "j"]
    assert spread(["a"], 4) == ["a"]


def test_every_risk_names_a_signal() -> None:
    assert set(RISKS) <= {signal.name for signal in SIGNALS}


def test_made_up_spam_is_repeatable_and_filled() -> None:
    first = [sample.text for sample in spam_samples("zh", per_label=40, seed=1)]
    assert first == [sample.text for sample in spam_samples("zh", per_label=40, seed=1)]
    assert first != [sample.text for sample in spam_samples("zh", per_label=40, seed=2)]
    assert len(set(first)) > 0.95 * len(first)
    assert not any("{" in text for text in first)
    assert {sample.label for sample in spam_samples("en", per_label=1, seed=1)} == {
        "gambling",
        "adult",
        "advert",
        "clean",
    }
