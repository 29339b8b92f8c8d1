"""Decoding any bytes: it never fails, and it never loses a page that is what it says."""

from hypothesis import given, settings
from hypothesis import strategies as st

from filters.charset import CharsetSpec, Decoded
from filters.http import HttpSpec, media_of
from filters.optout import OptOutSpec
from schemas.decisions import Drop, Keep
from schemas.records import Location, Page

decode, accept, honour = CharsetSpec().open(), HttpSpec().open(), OptOutSpec().open()
steady = settings(deadline=None, derandomize=True)
HAN = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), max_size=80)
LABELS = st.sampled_from([None, "utf-8", "gbk", "big5", "iso-8859-1", "shift_jis", "hz-gb-2312", "utf-16", "x", '"'])
MARKUP = st.lists(
    st.sampled_from(
        [
            b"<",
            b">",
            b"<html lang=zh>",
            b"<meta charset=gbk>",
            b"<!--",
            b"-->",
            b"\x1b$B",
            b"~{",
            b"\xff\xfe",
            b"\xef\xbb\xbf",
            b"\0",
            b"\xb0\xa1",
            b"\xe4\xb8\xad",
            b"?????",
            b"a ",
        ]
    )
    | st.binary(max_size=8),
    max_size=30,
).map(b"".join)


def page(payload, label=None):
    content_type = "text/html" if label is None else f"text/html; charset={label}"
    where = Location(file="a", offset=0, length=1)
    return Page(
        doc_id="0" * 32, url="https://example.org/", fetched_at=None, payload=payload, media="html",
        location=where, source="test", status=200, headers=(("content-type", content_type),),
    )  # fmt: skip


@steady
@given(MARKUP, LABELS)
def test_any_bytes(payload, label):
    result = decode(page(payload, label))
    assert result == decode(page(payload, label))
    if isinstance(result, Decoded):
        assert result.replaced == result.text.count("\ufffd") <= 0.001 * len(result.text)
        result.text.encode("utf-8")
    else:
        assert isinstance(result, Drop)


@steady
@given(MARKUP, LABELS)
def test_the_other_exits_take_any_bytes(payload, label):
    assert isinstance(accept(page(payload, label)), Drop | Keep)
    assert media_of(page(payload, label)) == "html"
    assert isinstance(honour(page(payload, label))[0], Drop | Keep)


@steady
@given(HAN, LABELS)
def test_utf8_is_utf8_whatever_is_declared(text, label):
    if label == "hz-gb-2312":
        return
    assert decode(page(f"<p>{text}".encode(), label)).text == f"<p>{text}"


@steady
@given(HAN, st.integers(0, 3))
def test_utf8_cut_in_a_character_loses_that_character_only(text, cut):
    payload = f"<p>正文{text}".encode()
    result = decode(page(payload[: len(payload) - cut]))
    assert result.replaced == 0
    assert f"<p>正文{text}".startswith(result.text)
    assert len(text) + 5 - len(result.text) <= (cut > 0)


@steady
@given(HAN)
def test_a_right_declaration_is_right(text):
    html = "<p>这是一个用来测试的网页，我们的文章都在这里。" * 4 + text
    assert decode(page(html.encode("gb18030"), "gb2312")).text == html
