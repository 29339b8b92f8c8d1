"""Whole pages from bytes to stored text, key and signals: exactly what the front of the chain makes of them.

The pages and their texts are made up.
"""

from filters.charset import CharsetSpec
from filters.extract import ExtractSpec, plain_text
from filters.http import HttpSpec
from filters.key import fold
from filters.language import LanguageSpec
from filters.normalize import normalize
from filters.optout import OptOutSpec
from filters.url import UrlSpec
from schemas.decisions import KEEP
from schemas.records import Location, Page

NEWS = """<html><head><meta http-equiv="Content-Type" content="text/html; charset=gb2312">
<meta name="robots" content="noarchive"><title>城南新桥通车_城南晚报</title></head><body>
<div id="nav"><a href="/">首页</a> | <a href="/news/">新闻</a> | <a href="/bbs/">论坛</a></div>
<div style="display:none">免费彩票娱乐城注册送彩金</div>
<div id="content"><h1>城南新桥通车</h1>
<p>　　本报讯　经过１８个月的施工，城南新桥于昨日上午正式通车。新桥全长１.２公里，双向六车道，总投资约３亿元。</p>
<p>　　市民朱先生说：“以前过河要绕路四十分钟，现在只要五分钟，我们都很高兴。”据了解，老桥将保留，改为步行桥。</p>
<p>　　记者在现场看到，桥面两侧设有宽约３米的人行道和自行车道，许多市民前来散步、拍照。</p></div>
<div id="footer">版权所有 城南晚报 ICP备00000000号</div></body></html>"""

NEWS_TEXT = """城南新桥通车
本报讯 经过18个月的施工，城南新桥于昨日上午正式通车。新桥全长1.2公里，双向六车道，总投资约3亿元。
市民朱先生说：“以前过河要绕路四十分钟，现在只要五分钟，我们都很高兴。”据了解，老桥将保留，改为步行桥。
记者在现场看到，桥面两侧设有宽约3米的人行道和自行车道，许多市民前来散步、拍照。"""

FORUM = """<!DOCTYPE html><html lang="en"><head><title>Stiff gate hinge &#8211; Workshop Forum</title></head><body>
<nav><a href="/">Home</a> <a href="/new">New posts</a></nav>
<main><h1>Stiff gate hinge</h1>
<section><p>The hinge on our garden gate has been stiff since the winter. I took it apart, cleaned it with
white spirit and greased it, but it still squeaks when it\u2019s cold. Has anyone found a bet\u00adter way?</p></section>
<section><p>Grease gets thick below 5\u00a0\u00b0C. Use a light machine oil instead, and put a nylon washer between the two
leaves; mine has been silent for three years\u200b.</p></section></main>
<footer>Powered by nothing</footer></body></html>"""

FORUM_TEXT = """Stiff gate hinge
The hinge on our garden gate has been stiff since the winter. I took it apart, cleaned it with white spirit and greased it, but it still squeaks when it’s cold. Has anyone found a better way?
Grease gets thick below 5 °C. Use a light machine oil instead, and put a nylon washer between the two leaves; mine has been silent for three years."""


def run(payload, content_type):
    where = Location(file="a", offset=0, length=1)
    page = Page(
        doc_id="0" * 32, url="https://example.org/a", fetched_at=None, payload=payload, media="html",
        location=where, source="test", status=200, headers=(("content-type", content_type),),
    )  # fmt: skip
    assert HttpSpec().open()(page) == KEEP
    assert UrlSpec().open()(page) == KEEP
    decision, wishes = OptOutSpec().open()(page)
    assert decision == KEEP
    decoded = CharsetSpec().open()(page)
    spec = LanguageSpec(keep=("zh", "en"))
    assert spec.open_prescreen()(plain_text(decoded.text)) == KEEP
    extracted = ExtractSpec().open()(decoded.text, page)
    text, removed = normalize(extracted.text)
    signals = {**wishes, **decoded.signals(), **spec.open()(text).signals()}
    rounded = {name: round(value, 3) if isinstance(value, float) else value for name, value in signals.items()}
    return extracted, text, removed, {name: value for name, value in rounded.items() if value not in (False, 0.0, None)}


def test_a_chinese_news_page_in_gbk_that_the_server_calls_latin():
    extracted, text, removed, signals = run(NEWS.encode("gbk"), "text/html; charset=ISO-8859-1")
    assert (extracted.title, extracted.extractor) == ("城南新桥通车_城南晚报", "blocks")
    assert text == NEWS_TEXT
    assert removed == {}
    assert signals == {
        "optout_noarchive": True,
        "charset_name": "gb18030",
        "charset_method": "meta",
        "language_score": 1.0,
        "language_kept": True,
        "language_han_ratio": 1.0,
        "language_cjk_paragraph_ratio": 1.0,
    }
    assert fold(text).startswith(
        "城南新桥通车本报讯经过18个月的施工城南新桥于昨日上午正式通车新桥全长1 2公里双向六车道"
    )


def test_an_english_forum_page():
    extracted, text, removed, signals = run(FORUM.encode(), "text/html")
    assert (extracted.title, extracted.extractor) == ("Stiff gate hinge – Workshop Forum", "blocks")
    assert text == FORUM_TEXT
    assert removed == {"zero_width": 2}
    assert signals == {
        "charset_name": "utf-8",
        "charset_method": "utf-8",
        "language_score": 1.0,
        "language_kept": True,
        "language_latin_ratio": 1.0,
        "language_latin_paragraph_ratio": 1.0,
    }
    assert "grease gets thick below 5 c use a light machine oil" in fold(text)
