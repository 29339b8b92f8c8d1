"""The extractors, the fall-back, hidden text, and pages made to break parsers."""

import time

import pytest

from filters.extract import REASONS, Extracted, ExtractSpec, plain_text
from schemas.decisions import Drop
from schemas.records import Location, Page

extract = ExtractSpec().open()

ARTICLE = "今天上午，我们在公园里散步，天气很好，孩子们在湖边放风筝。老人在树下下棋，年轻人在跑步，大家都很高兴。"
SPAM = "免费彩票娱乐城注册送彩金"
MENU = "<nav><ul><li><a href='/'>首页</a></li><li><a href='/news'>新闻</a></li><li><a href='/about'>关于我们</a></li></ul></nav>"


def page(content_type="text/html", media="html", payload=b"<html>"):
    where = Location(file="a", offset=0, length=1)
    return Page(
        doc_id="0" * 32, url="https://example.org/", fetched_at=None, payload=payload, media=media,
        location=where, source="test", status=200, headers=(("content-type", content_type),),
    )  # fmt: skip


def document(body, title="公园 &amp; 湖边"):
    return f"<html><head><title>{title}</title></head><body>{MENU}<article><h1>散步</h1>{body}</article><footer>版权所有</footer></body></html>"


PARAGRAPHS = "".join(f"<p>{ARTICLE}第{index}段。</p>" for index in range(5))


def text_of(html, **options):
    result = ExtractSpec(**options).open()(html, page())
    assert isinstance(result, Extracted), result
    return result.text


def test_an_article():
    result = extract(document(PARAGRAPHS), page())
    assert (result.title, result.extractor) == ("公园 & 湖边", "blocks")
    assert result.text.count(ARTICLE) == 5
    assert "首页" not in result.text
    assert "版权所有" not in result.text


@pytest.mark.parametrize("name", ["trafilatura", "resiliparse"])
def test_the_other_extractors(name):
    result = ExtractSpec(extractor=name).open()(document(PARAGRAPHS), page())
    assert result.extractor == name
    assert result.expected_f1 is None
    assert result.text.count(ARTICLE) == 5


def test_a_doubtful_page_goes_to_trafilatura():
    html = document("<p>短。</p>") + "<ul>" + "<li><a href=x>链接</a></li>" * 30 + "</ul>"
    sure, unsure = (ExtractSpec(doubt=doubt).open()(html, page()) for doubt in (0, 1))
    assert (sure.extractor, unsure.extractor) == ("blocks", "trafilatura")
    assert sure.expected_f1 == unsure.expected_f1 < 0.95


def test_too_many_blocks_are_a_reason():
    assert ExtractSpec(max_blocks=10).open()("<p>x" * 11, page()) == Drop("too_many_blocks", 11, 10)


def test_markdown_is_a_choice():
    body = "<h2>散步的路</h2>" + PARAGRAPHS
    assert "## 散步的路" in text_of(document(body), style="markdown")
    assert "## 散步的路" not in text_of(document(body))


def test_fall_back_where_trafilatura_finds_next_to_nothing():
    # 300 levels: beyond libxml2's limit, so trafilatura sees nothing
    result = ExtractSpec(extractor="trafilatura").open()(document("<div>" * 300 + PARAGRAPHS + "</div>" * 300), page())
    assert result.extractor == "resiliparse"
    assert result.text.count(ARTICLE) == 5


@pytest.mark.parametrize(
    "attribute",
    [
        "style='display:none'",
        'style="color:red; DISPLAY : None"',
        "style='visibility:hidden'",
        "hidden",
        "hidden='hidden'",
    ],
)
def test_hidden_text_goes(attribute):
    hidden = f"<div {attribute}><p>{SPAM}{SPAM}</p></div><p>{ARTICLE}后面</p>"
    assert SPAM not in text_of(document(PARAGRAPHS + hidden))
    assert "后面" in text_of(document(PARAGRAPHS + hidden))


def test_hidden_text_is_a_choice():
    hidden = f"<div hidden><p>{SPAM}{SPAM}</p></div><p>{ARTICLE}后面</p>"
    assert SPAM in text_of(document(PARAGRAPHS + hidden), drop_hidden=False, extractor="trafilatura")


@pytest.mark.parametrize("attribute", ["hidden='until-found'", "style='display:block'", "data-x='display:none'"])
def test_text_that_is_not_hidden_stays(attribute):
    assert "看得见" in text_of(
        document(PARAGRAPHS + f"<div {attribute}><p>{ARTICLE}看得见</p></div>"), extractor="trafilatura"
    )


def test_a_page_that_a_script_will_reveal_is_not_hidden():
    # WeChat serves its articles so: <div id="js_content" style="visibility: hidden;">
    assert text_of(document(f"<div style='visibility: hidden;'>{PARAGRAPHS}</div>")).count(ARTICLE) == 5


@pytest.mark.parametrize("joiner", ["\u200c", "&zwnj;", "&#8204;", "&#x200C;"])
def test_joiners_survive(joiner):
    spelled = f"می{joiner}خواهم 👩\u200d👩\u200d👧"
    assert "می\u200cخواهم 👩\u200d👩\u200d👧" in text_of(document(PARAGRAPHS + f"<p>{ARTICLE} {spelled}</p>"))


def test_tables_and_comments_are_choices():
    table = (
        "<table>"
        + "".join(f"<tr><td>湖名{index}</td><td>面积{index}平方公里</td></tr>" for index in range(5))
        + "</table>"
    )
    assert "面积3" in text_of(document(PARAGRAPHS + table))
    assert "面积3" not in text_of(document(PARAGRAPHS + table), tables=False)


def test_text_pages_are_as_they_are():
    assert extract(" a\n b", page("text/plain", payload=b" a\n b")) == Extracted(
        text=" a\n b", title=None, extractor="plain"
    )
    assert extract("一\n二", page(media="text")).extractor == "plain"
    assert extract(" \n", page(media="text")) == Drop("no_text", 0)


@pytest.mark.parametrize(
    "html",
    [
        "",
        " ",
        "<html></html>",
        "<script>var a = 1;</script>" * 9,
        "<frameset><frame src=a></frameset>",
        "<!-- -->",
        "\0",
        "\ud800",
    ],
)
def test_no_text(html):
    assert extract(html, page()) == Drop("no_text", 0)


@pytest.mark.parametrize(
    ("head", "title"),
    [
        ("<title> a\n b\u200b </title>", "a b"),
        ("<TITLE lang=zh>标题</TITLE>", "标题"),
        ("<title></title>", None),
        ("", None),
        ("<title>" + "长" * 999 + "</title>", "长" * 300),
    ],
)
def test_titles(head, title):
    assert extract(f"<html><head>{head}</head><body>{PARAGRAPHS}</body></html>", page()).title == title


def test_order_does_not_matter():
    pages = [document(PARAGRAPHS), document(PARAGRAPHS + f"<p>{SPAM}</p>"), document(f"<p>{ARTICLE}</p>" * 3)]
    forward = [text_of(html) for html in pages]
    assert [text_of(html) for html in reversed(pages)] == forward[::-1]


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 20_000 + PARAGRAPHS,
        "<p><font><b>" * 5_000 + PARAGRAPHS,
        f"<p {' '.join(f'a{index}=x' for index in range(200_000))}>{PARAGRAPHS}",
        f"<p title='{'x' * 3_000_000}'>{PARAGRAPHS}",
        "<p>" + "<" * 300_000 + PARAGRAPHS,
        PARAGRAPHS + "<!--" * 100_000,
        "<table><tr><td>" * 5_000 + PARAGRAPHS,
        "<p>" + "&amp;" * 100_000,
        "<div hidden>" * 900 + PARAGRAPHS + "</div>" * 900,
    ],
    ids=["deep", "deep inline", "attributes", "long attribute", "brackets", "comments", "tables", "entities", "hidden"],
)
def test_hostile_pages_end_soon(html):
    started = time.perf_counter()
    result = extract(html, page())
    plain_text(html)
    assert time.perf_counter() - started < 10  # measured .5 at most
    assert isinstance(result, Extracted) or result.reason in REASONS


def test_plain_text_has_menus_and_lines():
    lines = [line.strip() for line in plain_text(document(PARAGRAPHS)).split("\n") if line.strip()]
    assert any("首页" in line for line in lines)
    assert f"{ARTICLE}第0段。" in lines


def test_permalinks_behind_headings_are_no_text():
    heading = '<h2>Install<a class="headerlink" href="#install">¶</a></h2>'
    assert "¶" not in extract(document(heading + PARAGRAPHS), page()).text
