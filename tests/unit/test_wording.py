"""Word order, quality and spun text: what each reads, what it says of plain examples, and bad assets."""

import json
import random
import re
from pathlib import Path

import pytest

from filters.assets import AssetError
from filters.key import fold_words
from filters.order import WINDOW_WORDS, OrderSpec, shape, windows
from filters.quality import MAX_WORDS, QualitySpec, line
from filters.refrain import refrains
from filters.segment import words
from filters.spun import SpunSpec
from filters.view import TextView

PROSE = {
    "zh": "这座小城坐落在两条河流的交汇处，每年春天，山上的雪水融化以后，河面会变得很宽。过去人们靠渡船来往，后来政府修了一座"
    "石桥，两岸的居民才可以在任何天气里走到对面去。桥头有一家茶馆，老板是一位退休的教师，他喜欢给客人讲这里的历史，"
    "也常常提醒孩子们不要在桥下游泳，因为那里的水流看起来平静，实际上却很急。到了秋天，附近的农民会把新收的粮食运到"
    "桥边的市场上出售，那是一年中最热闹的时候，连邻县的商人也会赶来。",
    "en": "The town stands where two rivers meet, and every spring, when the snow on the hills has melted, the water rises "
    "almost to the doors of the houses along the bank. People used to cross by boat, but after several accidents the "
    "council decided to build a bridge of stone, which has been repaired only twice since then. Near the bridge there "
    "is a small inn whose owner, a retired teacher, likes to tell his guests about the history of the place, and he "
    "warns the children that they should not swim there because the current is much stronger than it looks.",
}
ADVERT = {
    "zh": "本院专治各种疑难杂症，无效退款，点击咨询在线专家。祖传秘方，纯中药调理，一个疗程见效，永不复发。名额有限，前五十名"
    "免挂号费。急需用钱的朋友也可以联系我们，凭身份证当天放款，不看征信，黑户可做，加微信详谈。代开发票，代办证件，"
    "先看货后付款，诚信经营，欢迎来电。",
    "en": "Buy cheap pills online without a prescription, discreet worldwide shipping and a free bonus with every order. Make "
    "money from home, no experience needed, guaranteed profit, message us on whatsapp now. Buy followers and backlinks, "
    "first page of google guaranteed, limited offer, click here to claim your prize. Replica watches, mirror quality, "
    "lowest price, satisfaction guaranteed.",
}
LANGUAGES = ("zh", "en")


def view(text: str, language: str) -> TextView:
    return of(words(text, language), language, text)


def of(found: tuple[str, ...], language: str, text: str = "") -> TextView:
    return TextView(text=text, key="", lines=(), words=found, language=language, script="")


def shuffled(text: str, language: str) -> tuple[str, ...]:
    found = list(words(text, language))
    random.Random(1).shuffle(found)
    return tuple(found)


@pytest.mark.parametrize("language", LANGUAGES)
def test_prose_stands_in_order_and_shuffled_prose_does_not(language: str) -> None:
    spec = OrderSpec()
    score, limit = spec.open(), spec.max_garbled_score[language]
    natural = score(view(PROSE[language], language))["order_garbled_score"]
    garbled = score(of(shuffled(PROSE[language], language), language))["order_garbled_score"]
    assert natural is not None
    assert garbled is not None
    assert natural < 0.5
    assert garbled > limit > natural


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_advert_is_spam_and_prose_is_not(language: str) -> None:
    spec = QualitySpec()
    score, limit = spec.open(), spec.max_spam_score[language]
    prose, advert = (score(view(texts[language], language)) for texts in (PROSE, ADVERT))
    assert prose["quality_spam_score"] is not None
    assert advert["quality_spam_score"] is not None
    assert prose["quality_score"] is not None
    assert advert["quality_score"] is not None
    assert prose["quality_spam_score"] < limit < advert["quality_spam_score"]
    assert prose["quality_score"] > advert["quality_score"]


@pytest.mark.parametrize("spec", [OrderSpec(), QualitySpec(), SpunSpec()])
def test_short_texts_and_other_languages_get_nulls(spec: OrderSpec | QualitySpec | SpunSpec) -> None:
    score = spec.open()
    for page in (view("", "zh"), view("很短的文字", "zh"), view("Nur ein Satz. " * 100, "de")):
        assert set(score(page).values()) == {None}


def test_rules_name_one_language_each() -> None:
    spec = QualitySpec(max_spam_score={"zh": 0.3}, max_refrain_score={"en": 0.2}, min_score={"en": 0.1})
    assert [(rule.reason, rule.high, rule.low, rule.languages) for rule in spec.rules()] == [
        ("quality_spam", 0.3, None, ("zh",)),
        ("quality_refrain", 0.2, None, ("en",)),
        ("quality_too_low", None, 0.1, ("en",)),
    ]
    assert [rule.reason for rule in OrderSpec().rules()] == ["words_in_no_order"] * 2
    assert SpunSpec().rules() == ()
    assert [rule.high for rule in SpunSpec(max_score={"zh": 2.5}).rules()] == [2.5]


def test_words_are_folded() -> None:
    assert fold_words(("The", "漢語", "2024", "第3")) == ["the", "汉语", "0", "第3"]
    assert fold_words(()) == []


def test_a_long_document_gives_its_start_middle_and_end() -> None:
    found = tuple(f"w{number}" for number in range(10_000))
    given = line(found).split(" ")
    assert len(given) == MAX_WORDS // 3 * 3
    assert (given[0], given[-1]) == ("w0", "w9999")
    assert "w5000" in given
    assert line(found[:MAX_WORDS]).split(" ") == list(found[:MAX_WORDS])


def test_windows_are_spread_and_a_short_remainder_joins_the_last() -> None:
    found = tuple(map(str, range(WINDOW_WORDS * 2 + 10)))
    assert [len(part) for part in windows(found, 10)] == [WINDOW_WORDS, WINDOW_WORDS + 10]
    many = windows(tuple(map(str, range(WINDOW_WORDS * 100))), 10)
    assert len(many) == 10
    assert (many[0][0], many[-1][-1]) == ("0", str(WINDOW_WORDS * 100 - 1))
    assert len(windows(("one",), 10)) == 1


def test_the_shape_of_a_rare_word_is_its_length_and_end() -> None:
    assert shape("可能性") == "~3性"
    assert shape("中华人民共和国") == "~4国"
    assert shape("meandering") == "~ing"


def test_the_spun_score_is_the_mean_weight_times_100(tmp_path: Path) -> None:
    path = tmp_path / "weights.json"
    path.write_text(json.dumps({"怙恃": 3.0, "父母": -1.0}), encoding="utf-8")
    score = SpunSpec(weights={"zh": str(path)}).open()
    assert score(of(("怙恃", "父母", "怙恃", *["的"] * 97), "zh"))["spun_score"] == pytest.approx(5.0)


@pytest.mark.parametrize(
    ("content", "message"), [("{", "is not JSON"), ('["a"]', "not a JSON object"), ('{"a": "b"}', "not a JSON object")]
)
def test_bad_weights_are_one_sentence(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "weights.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(AssetError, match=message):
        SpunSpec(weights={"zh": str(path)}).open()


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (QualitySpec(models={"zh": "toxicity-zh"}), "not a quality model"),
        (OrderSpec(models={"zh": "toxicity-zh"}), "not a model of word order"),
    ],
)
def test_another_model_is_refused(spec: QualitySpec | OrderSpec, message: str) -> None:
    with pytest.raises(AssetError, match=message):
        spec.open()


STREWN = {
    "zh": "{}想找北京空气净化器，北京空气净化器就选我们，厂家直销，限时优惠，欢迎来电咨询！",
    "en": "{} Buy cheap leather sofas in London, order leather sofas now and save, free delivery, call us today!",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_phrase_strewn_into_prose_is_a_refrain_and_a_repeated_name_is_not(language: str) -> None:
    spec = QualitySpec()
    score, limit = spec.open(), spec.max_refrain_score[language]
    sentences = re.findall(r"[^.。！？!?]+[.。！？!?]+", PROSE[language] * 2)
    strewn = "".join(STREWN[language].format(sentence) for sentence in sentences)
    prose, stuffed = (score(view(text, language)) for text in ("".join(sentences), strewn))
    assert prose["quality_refrain_score"] is not None
    assert stuffed["quality_refrain_score"] is not None
    assert prose["quality_refrain_score"] < limit < stuffed["quality_refrain_score"]


def test_refrains_stay_inside_their_sentence() -> None:
    text = "Red leather sofas here. Nothing else matters. Old leather sofas there! More of it.\nGood leather sofas, too. Some more words to read."
    assert refrains(view(text, "en")) == [
        ["Red", "leather", "sofas", "here", "Old", "leather", "sofas", "there", "Good", "leather", "sofas", "too"]
    ]
    assert refrains(view("", "en")) == []
    assert refrains(view("of the " * 50, "en")) == []  # grammar, and all of the text
