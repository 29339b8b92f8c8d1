"""Language and script of texts, the signals, the rules, and the pre-screen."""

import pytest

from filters.assets import ROOT, AssetError
from filters.glance import glance
from filters.language import SIGNALS, LanguageSpec
from schemas.decisions import KEEP, Drop

identify = LanguageSpec().open()

ENGLISH = "The weather was fine this morning, so we walked through the park and talked about our work. "
CHINESE = "今天上午天气很好，我们去公园散步，谈了很久，说到了过去的学校生活和现在的工作。"
GERMAN = "Heute Morgen war das Wetter sehr schön, deshalb sind wir im Park spazieren gegangen und haben lange geredet. "


@pytest.mark.parametrize(
    ("text", "language", "script"),
    [
        (CHINESE, "zh", "Hans"),
        ("今天上午天氣很好，我們去公園散步，談了很久，說到了過去的學校生活。", "zh", "Hant"),
        ("今日係星期六，我哋去咗公園行吓，啲小朋友喺度玩得好開心，唔想返屋企。", "yue", "Hant"),
        ("今日の午前中は天気がよくて、公園を散歩しました。", "ja", "Jpan"),
        ("오늘 아침에는 날씨가 좋아서 공원을 걸었습니다.", "ko", "Kore"),
        (ENGLISH, "en", "Latn"),
        (GERMAN, "de", "Latn"),
        ("Сегодня утром погода была очень хорошая, и мы пошли гулять в парк.", "ru", "Cyrl"),
        ("Σήμερα το πρωί ο καιρός ήταν πολύ καλός.", "el", "Grek"),
        ("ธุรกิจ", "th", "Thai"),
        ("Jeg vet ikke hva han gjør nå, men i morgen skal vi hjem til besteforeldrene våre.", "nb", "Latn"),
        ("Eg veit ikkje kva han gjer no, men i morgon skal me heim til besteforeldra våre.", "nn", "Latn"),
        ("Ngiyabonga kakhulu ngosizo lwakho, sizobonana kusasa ekuseni esikoleni.", "zu", "Latn"),
        ("東京駅前", "ja", "Jpan"),
        ("我而家返屋企", "yue", "Hans"),
        ("點解你未食飯？", "yue", "Hant"),
        ("今朝は雨", "ja", "Jpan"),
        ("北京大观园", "zh", "Hans"),
        ("开会。", "zh", "Hans"),
        ("污水", "zh", "Hans"),
        ("安装 Docker 之后，运行 docker compose up 命令启动全部服务，然后打开浏览器访问 localhost", "zh", "Hans"),
        (ENGLISH * 20 + "你好", "en", "Latn"),
        (
            "铺轨（Making Tracks）是一出由亚洲人演出的美国音乐剧，在美国也有一定的名声。主演员为杨呈伟，后来有发行CD，"
            "并更换部分演唱者。1.MAKING TRACKS2.MANY RIVERS3.THIS IS OUR DAY4.PICTURE PERFECT5.SO NOW I SEE YOU6.MEI GUO"
            "7.DANCE THE WORLD AWAY8.SHIKATAGANAI9.STARS10.THE LUCKY ONE11.I WILL WALK AWAY12.SATELLITE13.MUST BE THE MUSIC"
            "14.WINGS LIKE A DOVE",
            "zh",
            "Hans",
        ),
    ],
)
def test_languages(text, language, script):
    found = identify(text)
    assert (found.language, found.script) == (language, script)
    assert 0.4 < found.score <= 1
    assert found.kept


@pytest.mark.parametrize("text", ["", "OK", "12345 67890", "🔥🔥🔥", "\0\ud800", "№ 5"])
def test_too_little_to_tell(text):
    found = identify(text)
    assert found.language == "und"
    assert found.score is None


def test_word_salad_is_not_english():
    assert identify("xkq zvw pjd qqw zzk wvq jxk qzx vkw").language == "und"


# Hausa and Fijian (Universal Declaration, articles 5 and 9, not among the training paragraphs' languages by name).
@pytest.mark.parametrize(
    "text",
    [
        "Ba za a yi wa wani mutum azaba ko a yi masa wani horon rashin imani da ketare haddin mutunci ba.",
        "E sega ni dodonu me vakacacani e dua na tamata se me vakayacori vua na itovo kaukaua.",
    ],
)
def test_a_language_that_no_model_knows_is_not_english(text):
    found = identify(text)
    assert found.language == "und"


PYTHON = """def total(rows, key):
    result = 0
    for row in rows:
        if key in row and row[key] is not None:
            result += int(row[key])
    return result
"""
JAVA = """public final class Counter {
    private final Map<String, Integer> counts = new HashMap<>();

    public void add(String name) {
        counts.merge(name, 1, Integer::sum);
    }
}
"""
SQL = "SELECT c.name, COUNT(*) AS n\n  FROM customers c JOIN orders o ON o.customer_id = c.id\n GROUP BY c.name;\n"
YAML = "services:\n  web:\n    image: nginx:1.25\n    ports:\n      - '8080:80'\n    restart: always\n"
LOG = "2024-05-01 12:00:03,112 ERROR [main] c.e.app.Server:214 - java.io.IOException: EOF at 0x7f3a\n" * 6


@pytest.mark.parametrize("text", [PYTHON, JAVA, JAVA * 20, SQL, YAML])
def test_code_is_no_language(text):
    found = identify(text)
    assert found.language == "zxx"
    assert not LanguageSpec(keep=("zh",)).open()(text).kept
    assert LanguageSpec(keep=("zxx",)).open()(text).kept


@pytest.mark.parametrize("text", ["1 2 3 4\n5 6 7 8\n" * 50, "3.14, 2.71, 1.41\n" * 30])
def test_a_table_of_numbers_has_no_language(text):
    assert identify(text).language == "und"


def test_documentation_keeps_the_language_of_its_prose():
    english = f"{ENGLISH * 2}\n{PYTHON}\n{ENGLISH * 2}\n{JAVA}\n{ENGLISH}"
    assert identify(english).language == "en"
    chinese = f"{CHINESE}\n{JAVA}\n{CHINESE}\n{PYTHON}\n{CHINESE}"
    assert identify(chinese).language == "zh"
    assert identify(chinese).score > 0.5


def test_code_with_prose_of_a_kept_language_is_kept():
    text = 'def add(a, b):\n    """Return the sum of the two numbers that were given."""\n    return a + b\n'
    found = LanguageSpec(keep=("en",)).open()(text)
    assert found.kept
    assert not LanguageSpec(keep=("de",)).open()(text).kept


def test_chinese_amid_english_does_not_blur_it():
    found = identify((ENGLISH + "（这里是一句中文的说明）") * 8)
    assert found.language == "en"
    assert found.score > 0.9


def test_a_model_of_the_users_own():
    own = LanguageSpec(model=str(ROOT / "lid" / "own.ftz")).open()
    assert own(GERMAN) == identify(GERMAN)
    with pytest.raises(AssetError, match="neither a pinned asset"):
        LanguageSpec(model="no-such-model").open()


def test_long_texts_are_sampled_from_several_places():
    assert identify(GERMAN * 30 + ENGLISH * 200).language == "en"
    assert identify("a" * 1_000_000).language != ""
    assert identify(ENGLISH * 10_000) == identify(ENGLISH * 10_000)


def test_signals_of_a_mixed_page():
    found = identify(CHINESE + "\n" + ENGLISH)
    signals = found.signals()
    assert list(signals) == [signal.name for signal in SIGNALS]
    assert signals["language_cjk_paragraph_ratio"] + signals["language_latin_paragraph_ratio"] == pytest.approx(1)
    assert signals["language_han_ratio"] == pytest.approx(36 / (36 + 73), abs=0.02)
    assert signals["language_hant_ratio"] == 0
    assert identify("123").signals()["language_han_ratio"] is None
    assert identify(ENGLISH).signals()["language_hant_ratio"] is None


def test_what_is_kept():
    identify_zh = LanguageSpec(keep=("zh",)).open()
    assert identify_zh(CHINESE).kept
    assert not identify_zh(ENGLISH).kept
    assert not identify_zh("123").kept


def test_rules_name_signals_of_this_module():
    rules = LanguageSpec(min_score=0.6).rules()
    assert {rule.signal for rule in rules} <= {signal.name for signal in SIGNALS}
    assert [(rule.reason, rule.low) for rule in rules] == [("unwanted_language", 1), ("low_language_score", 0.6)]


@pytest.fixture(scope="module")
def look():
    return LanguageSpec(keep=("zh", "en")).open_prescreen()


def test_no_prescreen_without_a_choice():
    assert LanguageSpec().open_prescreen() is None


def test_prescreen_drops_what_is_surely_unwanted(look):
    decision = look(GERMAN * 20)
    assert isinstance(decision, Drop)
    assert (decision.reason, decision.threshold, decision.detail) == ("unwanted_language", 0.7, "de")
    assert decision.value > 0.7
    assert isinstance(look("今日の午前中は天気がよくて、公園を散歩しました。" * 20), Drop)
    assert isinstance(look("오늘 아침에는 날씨가 좋아서 공원을 걸었습니다. " * 20), Drop)


@pytest.mark.parametrize(
    "plain",
    [
        ENGLISH,
        CHINESE,
        "",
        "Startseite\nÜber uns\nKontakt\nImpressum\nDatenschutz\n" + ENGLISH * 3,
        GERMAN * 3 + "\n" + CHINESE * 2,
        "Menü\n" * 30 + "短文。今天天气很好。",
        "123\n456",
        PYTHON * 5,
        f"今日は天気がよくて、公園を散歩しました。\n{JAVA}" * 4,  # English may be the language of its main text
        f"{GERMAN}\n{PYTHON * 3}",
    ],
)
def test_prescreen_lets_pass_what_may_be_wanted(look, plain):
    assert look(plain) == KEEP


def html(*paragraphs, menu="Startseite"):
    return (
        f"<html><script>var x = '<p>this is not text that anyone should read'; f({{a: 1}});</script><div>{menu}</div>"
        + "".join(f'<p class="a">{text} <b>{text}</b>&amp;</p>' for text in paragraphs)
    )


def test_a_glance_sees_text_between_tags():
    text = glance(html(ENGLISH, ENGLISH, ENGLISH))
    assert text.count(ENGLISH[:30]) >= 4
    assert "<" not in text
    assert "class" not in text
    assert "should read" not in text
    assert glance(html("short", "also short")) == ""
    assert (
        glance("")
        == glance(">")
        == glance("<p>" * 100_000)
        == glance("> " * 100_000)
        == glance(">" + " " * 100_000)
        == ""
    )
    assert len(glance(html(*[ENGLISH] * 1_000))) <= 8 * 62


@pytest.mark.parametrize(
    ("page", "sure"),
    [
        (html(*[ENGLISH] * 10), True),
        (html(*[CHINESE] * 10), True),
        (html(*[GERMAN] * 10, menu=ENGLISH * 20), False),
        (html(*[GERMAN] * 5, *[CHINESE] * 5), True),
        (html(*["今日の午前中は天気がよくて、公園を散歩しました。" * 3] * 10), False),
        (f"<table>{f'<td>{ENGLISH}</td>' * 20}</table>", True),
        ("<li>Home</li><li>About us</li><li>Contact</li>" * 50, False),  # a menu: the whole plain text is looked at
        ("", False),
    ],
)
def test_a_glance_settles_what_is_surely_wanted(page, sure):
    assert LanguageSpec(keep=("zh", "en")).open_glance()(page) is sure


def test_prescreen_for_japanese():
    look = LanguageSpec(keep=("ja",)).open_prescreen()
    assert look("今日の午前中は天気がよくて、公園を散歩しました。" * 5) == KEEP
    assert isinstance(look(CHINESE * 5), Drop)
