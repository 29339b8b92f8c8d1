"""What must hold of redaction for any text: it ends, it is stable, it is linear, its fast path loses nothing."""

import re
import string
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from filters import redaction
from filters.privacy import PrivacySpec
from filters.redaction import open_finders
from filters.secrets import SecretsSpec

FINDERS = SecretsSpec().finders() + PrivacySpec().finders()
redact = open_finders(FINDERS)

# Pieces of what is sought, its cues and its separators, so that most texts have near misses and adjacent finds.
PIECES = [
    *("a@b.cn", "@", ".", "-", " ", "\n", "：", ":", "，", "/", "=", "(", ")", "+", "<", ">", '"', "&", "_", "·"),
    *("13812345678", "138-1234-5678", "+86", "010-62785001", "(021)", "5555 6666", "+1 (415) 555-2671", "415-555-2671"),
    *("11010519491231002X", "110105", "19491231", "110105491231002", "A123456(3)", "A123456789", "E12345678"),
    *("6222021234567890128", "4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00", "123-45-6789", "91350100M000100Y43"),
    *("8.8.8.8", "1.2.3.4", "2001:da8:215:3c0a::12", "京A12345", "粤B", "D12345", "abc_123def", "wxid_a1b2c3d4e5f6g7"),
    *(
        "微信",
        "微信号",
        "QQ",
        "身份证",
        "护照",
        "银行卡号",
        "电话",
        "card",
        "phone",
        "SSN",
        "version",
        "passport",
        "vx",
        "tel",
    ),
    *("浙江省", "杭州市", "西湖区", "文三路478号", "路", "1号", "A座", "1201室", "地址", "在", "省", "市", "区"),
    *(
        "AKIA2E7QKZJ5M3XWVB6T",
        "ghp_",
        "a8Fk3LmZ9qWx",
        "sk-",
        "eyJ",
        "api_key",
        "token=",
        "password=",
        "mysql://u:",
        "-----",
    ),
    *(
        "BEGIN PRIVATE KEY",
        "END PRIVATE KEY",
        "Authorization: Bearer ",
        "user id=",
        "１３８",
        "\u00a0",
        "‑",
        "\ud800",
        "\0",
    ),
    *(finder.placeholder for finder in FINDERS[::9]),
]
texts = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=30).map("".join)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(texts)
@example("卡号 " + "4111 1111 1111 1111\n" * 12)
@example("passport " + "E12345678," * 30)
@example("电话" + "2345 6789 " * 5)
@example("13812345678" + "-13812345678" * 20)
def test_redacting_twice_equals_redacting_once(text):
    once = redact(text)
    twice = redact(once.text)
    assert twice.text == once.text
    assert not any(twice.counts.values())


@settings(max_examples=500, deadline=None, derandomize=True)
@given(texts)
def test_redaction_only_puts_placeholders_in_place_of_text(text):
    """What is left between the placeholders stands in the text, in that order: nothing is changed or invented."""
    placeholders = {finder.placeholder for finder in FINDERS}
    place = 0
    for piece in re.split("|".join(map(re.escape, placeholders)), redact(text).text):
        place = text.index(piece, place) + len(piece)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(texts)
def test_the_sieve_loses_nothing(text):
    """Every finder finds alone what its expression accepts: its sieve is implied by it."""
    view = text.encode("utf-8", "replace").decode().translate(redaction._NARROW)
    for finder in FINDERS:
        if any(finder.span(match) for match in finder.pattern.finditer(view)):
            assert open_one(finder)(view).counts[finder.signals[0]] > 0, finder.pattern.pattern


OPENED = {finder.pattern: open_finders((finder,)) for finder in FINDERS}


def open_one(finder):
    return OPENED[finder.pattern]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(texts)
def test_counts_are_numbers_of_placeholders(text):
    counts = PrivacySpec().open()(text).counts
    kinds = {name: n for name, n in counts.items() if name not in ("privacy_total", "privacy_distinct_ids")}
    assert counts["privacy_total"] == sum(kinds.values())
    assert counts["privacy_distinct_ids"] <= counts["privacy_total"]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(alphabet=st.characters(codec=None), max_size=200))
def test_any_text_survives(text):
    assert isinstance(redact(text).text, str)


UNITS = [
    *(
        "1234567890",
        "13",
        "1 ",
        "@",
        "a.",
        "a@",
        "a@b.cn ",
        "13812345678 ",
        "路1号",
        "省市区路1号",
        "eyJ",
        "api_key=",
        'token="',
    ),
    *(
        "-----BEGIN PRIVATE KEY-----",
        "QQ1",
        "微信：",
        "http://a:",
        "1.",
        "+1-",
        "2001::",
        "(021)",
        "１",
        "user id=a; ",
        "sk-a",
    ),
    *("DE12 ABCD ", "passport 123456789 ", 'jdbc:mysql password = "', "4111 ", "京A", string.printable, "\ud800", "\0"),
]
TAIL = " a@b.cn 13812345678 微信：abc_1234 passport"  # so that the slow path is taken


@pytest.mark.parametrize("unit", UNITS)
def test_time_is_linear(unit):
    """Four times the text takes about four times the time; a quadratic expression takes sixteen."""

    def seconds(size):
        text = (unit * (size // len(unit) + 1))[:size] + TAIL
        start = time.process_time()
        redact(text)
        return time.process_time() - start

    small = min(seconds(25_000), seconds(25_000))
    assert seconds(100_000) < 10 * small + 0.05
