"""Every charset, declared rightly, wrongly or not at all; cut, damaged and garbled pages."""

import random

import pytest

from filters.charset import REASONS, SIGNALS, CharsetSpec, Decoded
from filters.charset_detect import ranking, sample
from filters.mojibake import mojibake
from schemas.decisions import Drop
from schemas.records import Location, Page

decode = CharsetSpec().open()

# Own sentences, long enough to have a language's usual characters.
TEXTS = {
    "zh": "今天上午我们在北京的一家小饭馆里吃了早饭，然后去公园散步。天气很好，许多老人在那里打太极拳，孩子们在湖边放风筝。"
    "中午回家的时候，我在路上遇到了一位多年没有见面的朋友，我们谈了很久，说到了过去的学校生活和现在的工作。",
    "zh-tw": "今天上午我們在台北的一家小飯館裡吃了早飯，然後去公園散步。天氣很好，許多老人在那裡打太極拳，孩子們在湖邊放風箏。"
    "中午回家的時候，我在路上遇到了一位多年沒有見面的朋友，我們談了很久，說到了過去的學校生活和現在的工作。",
    "ja": "今日の午前中は東京の小さな食堂で朝ご飯を食べて、それから公園を散歩しました。天気がとてもよくて、たくさんの人が歩いていました。"
    "昼に家へ帰る途中で、長い間会っていなかった友達に会って、学校の思い出と今の仕事について話しました。",
    "ko": "오늘 아침에 우리는 서울의 작은 식당에서 밥을 먹고 공원을 걸었습니다. 날씨가 아주 좋아서 많은 사람들이 나와 있었습니다. "
    "점심때 집으로 돌아오는 길에 오랫동안 만나지 못한 친구를 만나서 학교 시절과 지금 하는 일에 대해 이야기했습니다.",
    "ru": "Сегодня утром мы позавтракали в маленьком кафе в Москве, а потом пошли гулять в парк. Погода была очень хорошая, и на улице было много людей.",
    "el": "Σήμερα το πρωί φάγαμε σε ένα μικρό εστιατόριο στην Αθήνα και μετά πήγαμε για περίπατο στο πάρκο. Ο καιρός ήταν πολύ καλός.",
    "ar": "هذا الصباح تناولنا الفطور في مطعم صغير في المدينة ثم ذهبنا إلى الحديقة. كان الجو جميلا جدا وكان هناك الكثير من الناس.",
    "he": "הבוקר אכלנו ארוחת בוקר במסעדה קטנה בעיר ואחר כך הלכנו לטייל בפארק. מזג האוויר היה טוב מאוד והיו שם הרבה אנשים.",
    "th": "เช้านี้เรากินข้าวที่ร้านอาหารเล็กๆ ในกรุงเทพฯ แล้วไปเดินเล่นที่สวนสาธารณะ อากาศดีมากและมีคนเยอะ",
    "de": "Heute früh haben wir in einem kleinen Café in München gefrühstückt und sind später über die Brücke in den schönen Park gegangen. Es war heiß.",
    "fr": "Ce matin nous avons déjeuné dans un petit café près de la cathédrale, puis nous sommes allés à la forêt. Il a fait très beau, c’était agréable.",
    "pl": "Dziś rano zjedliśmy śniadanie w małej kawiarni w Łodzi, a później poszliśmy na spacer. Było bardzo ładnie i przyszło dużo ludzi, także sąsiedzi.",
    "lt": "Šį rytą pusryčiavome mažoje kavinėje Vilniuje, paskui nuėjome į parką. Oras buvo labai gražus, žmonių buvo daug, ąžuolai žaliavo.",
    "hu": "Ma reggel egy kis kávézóban reggeliztünk, később elmentünk a kertbe. Az idő nagyon szép volt, és sok ember ült a fűben a tölgyek alatt.",
    "uk": "Сьогодні вранці ми поснідали в маленькій кав'ярні у Києві, а потім пішли гуляти до парку. Погода була чудова, її всі хвалили, і людей було багато.",
    # Tones as combining marks, as windows-1258 has them.
    "vi": "Sa\u0301ng nay chu\u0301ng tôi ăn sa\u0301ng ơ\u0309 mô\u0323t qua\u0301n nho\u0309, sau đo\u0301 đi da\u0323o trong công viên. Trơ\u0300i râ\u0301t đe\u0323p va\u0300 co\u0301 nhiê\u0300u ngươ\u0300i.",
    "tr": "Bu sabah İstanbul'da küçük bir kafede kahvaltı yaptık, sonra parka gittik. Hava çok güzeldi ve dışarıda birçok insan vardı, ağaçlar yeşildi.",
}
CODECS = [
    *[
        ("zh", codec)
        for codec in (
            "utf-8",
            "gb2312",
            "gbk",
            "gb18030",
            "utf-16",
            "utf-16-le",
            "utf-16-be",
            "utf-8-sig",
            "utf-32",
            "utf-32-le",
            "utf-32-be",
        )
    ],
    *[("zh-tw", codec) for codec in ("utf-8", "big5", "cp950", "big5hkscs", "gb18030")],
    *[("ja", codec) for codec in ("shift_jis", "cp932", "euc_jp", "iso2022_jp", "utf-8")],
    *[("ko", codec) for codec in ("euc_kr", "cp949", "utf-8")],
    *[("ru", codec) for codec in ("cp1251", "koi8-r", "iso8859-5", "cp866", "utf-8")],
    *[("el", codec) for codec in ("cp1253", "iso8859-7")],
    *[("ar", codec) for codec in ("cp1256", "iso8859-6")],
    *[("he", "cp1255"), ("th", "cp874"), ("de", "cp1252"), ("de", "iso8859-15"), ("fr", "cp1252")],
    *[
        ("pl", "cp1250"),
        ("pl", "iso8859-2"),
        ("tr", "cp1254"),
        ("lt", "cp1257"),
        ("lt", "iso8859-13"),
        ("vi", "cp1258"),
    ],
    *[("hu", "cp1250"), ("hu", "iso8859-2"), ("uk", "cp1251"), ("uk", "koi8-u"), ("fr", "iso8859-15")],
]


def body(language, meta=""):
    paragraphs = "".join(f"<p>{TEXTS[language]}</p>\n" for _ in range(3))
    return f"<html><head><title>t</title>{meta}</head><body>{paragraphs}</body></html>"


def page(payload, charset=None, media="html"):
    content_type = "text/html" if charset is None else f"text/html; charset={charset}"
    where = Location(file="a", offset=0, length=1)
    return Page(
        doc_id="0" * 32, url="https://example.org/", fetched_at=None, payload=payload, media=media,
        location=where, source="test", status=200, headers=(("content-type", content_type),),
    )  # fmt: skip


def encoded(language, codec, meta=""):
    return body(language, meta).encode(codec, "ignore")


def text_of(payload, charset=None):
    decoded = decode(page(payload, charset))
    assert isinstance(decoded, Decoded), decoded
    return decoded.text


@pytest.mark.parametrize(("language", "codec"), CODECS)
def test_nothing_declared(language, codec):
    payload = encoded(language, codec)
    assert text_of(payload) == payload.decode(codec)


@pytest.mark.parametrize(("language", "codec"), CODECS)
@pytest.mark.parametrize("wrong", ["utf-8", "iso-8859-1", "gb2312", "big5", "shift_jis", "euc-kr", "windows-1251"])
def test_a_wrong_declaration_is_seen_through(language, codec, wrong):
    payload = encoded(language, codec)
    assert text_of(payload, wrong) == payload.decode(codec)


@pytest.mark.parametrize(
    ("label", "codec"),
    [
        *[(label, "gb18030") for label in ("gb2312", "GBK", "x-gbk", "gb_2312-80", "cp936", '"gb18030"')],
        *[(label, "big5hkscs") for label in ("big5", "Big5-HKSCS", "x-x-big5", "cp950")],
    ],
)
def test_labels(label, codec):
    language = "zh" if codec == "gb18030" else "zh-tw"
    decoded = decode(page(encoded(language, codec), label))
    assert (decoded.charset, decoded.method, decoded.replaced) == (codec, "header", 0)


def test_gb2312_means_gb18030():
    text = body("zh") + "<p>朱镕基，€，𠮷</p>"
    assert text_of(text.encode("gb18030"), "gb2312") == text


@pytest.mark.parametrize(
    "meta",
    [
        '<meta charset="gbk">',
        "<META HTTP-EQUIV=Content-Type CONTENT='text/html; charset=GB2312'>",
        "<!--" + " " * 3_000 + '--><meta charset="gb18030">',
    ],
)
def test_meta(meta):
    decoded = decode(page(encoded("zh", "gb18030", meta)))
    assert (decoded.charset, decoded.method) == ("gb18030", "meta")


def test_a_header_that_servers_add_does_not_beat_the_meta():
    decoded = decode(page(encoded("pl", "iso8859-2", '<meta charset="iso-8859-2">'), "ISO-8859-1"))
    assert (decoded.charset, decoded.method) == ("iso8859-2", "meta")


@pytest.mark.parametrize(
    "label",
    [
        "utf8",
        "UTF-8,UTF-8",
        "none",
        "x-user-defined",
        "utf-7",
        "utf8mb4",
        "unicode",
        "ASCII",
        "utf-99",
        "",
        "iso-8859-1; charset=utf-8",
        "gb2312",
    ],
)
def test_utf8_under_odd_labels(label):
    decoded = decode(page(encoded("zh", "utf-8"), label))
    assert (decoded.text, decoded.charset, decoded.method) == (body("zh"), "utf-8", "utf-8")


def test_methods_and_signals():
    assert decode(page(encoded("zh", "utf-16"))).method == "bom"
    assert decode(page(encoded("zh", "utf-16-be"))).method == "utf-16"
    assert decode(page(encoded("zh", "utf-32-le"))).method == "utf-32"
    assert decode(page(encoded("ja", "iso2022_jp"))).method == "escapes"
    assert decode(page(encoded("zh", "gbk"))).method == "detector"
    signals = decode(page(encoded("zh", "gbk"), "gbk")).signals()
    assert signals == {
        "charset_name": "gb18030",
        "charset_method": "header",
        "charset_replaced_ratio": 0.0,
        "charset_mojibake_ratio": 0.0,
    }
    assert list(signals) == [signal.name for signal in SIGNALS]


def test_hz_only_where_it_is_declared():
    payload = encoded("zh", "hz")
    assert text_of(payload, "hz-gb-2312") == body("zh")
    assert text_of(payload) == payload.decode("ascii")


def test_no_text_has_null_ratios():
    assert decode(page(b"")).signals()["charset_replaced_ratio"] is None
    assert decode(page(b"")).signals()["charset_mojibake_ratio"] is None


@pytest.mark.parametrize(("language", "codec"), CODECS)
def test_a_page_cut_anywhere_keeps_its_charset(language, codec):
    payload = encoded(language, codec)
    rng = random.Random(1)
    for _ in range(5):
        cut = rng.randrange(len(payload) * 2 // 3, len(payload))
        assert payload.decode(codec).startswith(text_of(payload[:cut]))


@pytest.mark.parametrize("codec", ["utf-8", "gb18030"])
def test_a_stray_byte_is_counted_and_kept(codec):
    payload = bytearray((body("zh") * 20).encode(codec))
    payload[len(payload) // 2] = 0xFF
    decoded = decode(page(bytes(payload), "gb2312"))
    assert decoded.charset == codec
    assert 1 <= decoded.replaced <= 3
    assert decoded.signals()["charset_replaced_ratio"] == decoded.replaced / len(decoded.text)


def test_a_stray_byte_does_not_hide_iso_2022_jp():
    payload = bytearray((body("ja") * 20).encode("iso2022_jp"))
    payload[len(payload) // 2] = 0xFF
    decoded = decode(page(bytes(payload)))
    assert (decoded.charset, decoded.replaced) == ("iso2022_jp_ext", 1)


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_utf_16_with_hardly_a_letter_of_ascii(codec):
    text = (TEXTS["zh"] + "\n") * 4
    assert text_of(text.encode(codec)) == text
    assert text_of(text.encode(codec), "utf-8") == text


def test_nuls_in_other_text_are_not_utf_16():
    assert text_of(("正文" * 50).encode("gbk") + b"\0a" * 4, "gbk") == "正文" * 50 + "\0a" * 4
    assert text_of(b"<p>a\0b\0c" + b"text " * 50) == "<p>a\0b\0c" + "text " * 50


@pytest.mark.parametrize("wrong", ["gb2312", "big5", "shift_jis", "euc-kr", "windows-1251"])
@pytest.mark.parametrize(
    "text", ["Ora è già più tardi di così, però è bello.", "Het weer in België was mooi en ideeën kwamen."]
)
def test_a_few_accents_under_a_wrong_header(text, wrong):
    html = f'<meta charset="iso-8859-1"><p>{text}</p>'
    assert text_of(html.encode("latin-1"), wrong) == html


def test_many_stray_bytes_drop():
    payload = bytearray(body("zh").encode())
    for place in range(100, len(payload), 50):
        payload[place] = 0xFF
    decision = decode(page(bytes(payload)))
    assert isinstance(decision, Drop)
    assert (decision.reason, decision.threshold, decision.detail) == ("too_many_replacement_chars", 0.001, "utf-8")
    assert 0.05 < decision.value < 0.2


@pytest.mark.parametrize(
    ("language", "right", "wrong"),
    [
        ("zh", "utf-8", "latin-1"),
        ("zh", "utf-8", "cp1252"),
        ("zh", "utf-8", "gb18030"),
        ("zh", "gb18030", "latin-1"),
        ("zh-tw", "big5", "latin-1"),
        ("ja", "utf-8", "cp932"),
        ("ru", "utf-8", "cp1251"),
        ("ru", "cp1251", "latin-1"),
        ("fr", "utf-8", "cp1252"),
        ("zh", "gb18030", "utf-8"),
        ("zh", "utf-8", "ascii"),
        ("zh", "utf-8", "koi8-r"),
        ("zh", "gb18030", "cp1251"),
        ("zh", "gb18030", "big5"),
        ("zh-tw", "big5", "gb18030"),
        ("ja", "cp932", "gb18030"),
        ("pl", "utf-8", "cp1250"),
        ("ru", "koi8-r", "cp1251"),
        ("ar", "utf-8", "cp1256"),
    ],
)
def test_garbled_pages_drop(language, right, wrong):
    garbled = (TEXTS[language] * 3).encode(right, "ignore").decode(wrong, "replace")
    if wrong == "ascii":
        garbled = garbled.replace("\ufffd", "?")
    decision = decode(page(f"<html><body><p>{garbled}</p></body></html>".encode()))
    assert isinstance(decision, Drop)
    assert decision.reason in REASONS


@pytest.mark.parametrize("language", TEXTS)
def test_right_text_has_no_traces_of_mojibake(language):
    assert mojibake(TEXTS[language]) == (0, 0.0)


@pytest.mark.parametrize(
    "text",
    [
        "水很烫，他拷贝了一份，驻屯军，斤斤计较",
        "横浜の銀行",
        "區塊鏈",
        "Voilà » dit-il à « l’ami »",
        "SÃO PAULO",
        "什么？？？？？？",
        "naïve Ça Ñandú",
    ],
)
def test_words_that_look_like_mojibake(text):
    assert mojibake(text)[0] == 0


def test_markup_does_not_count():
    text = f"<p>{TEXTS['zh']}</p><script>var s = '{'锟斤拷' * 50}'</script><a href='?{'?' * 99}'>x</a>"
    assert mojibake(text) == (0, 0.0)


def test_the_detector_ranks_what_it_sees():
    assert ranking(sample(encoded("ko", "euc_kr")))[0].codec == "cp949"
    assert ranking(sample(b"<p>ascii only</p>")) == []
    german = sample(encoded("de", "cp1252"))
    assert ranking(german, "de")[0].price < ranking(german)[0].price


@pytest.mark.parametrize(
    "piece", [b"\xff", b"<\xe4", b"\x80\x81", b"<meta charset=", b"\x1b$B", b"\xa1<p>", b"\0", b"?", b"\xe4\xb8"]
)
def test_a_megabyte_of_anything_ends(piece):
    result = decode(page(piece * (1_000_000 // len(piece)), "x" * 1_000))
    assert isinstance(result, Decoded | Drop)
