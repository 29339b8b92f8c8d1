"""What publishers ask for, in headers and markup, and what does not count."""

import time

import pytest

from filters.optout import REASONS, SIGNALS, OptOutSpec
from schemas.decisions import KEEP, Drop
from schemas.records import Location, Page

check = OptOutSpec().open()


def page(*headers, body=b"<html><p>x", media="html"):
    where = Location(file="a", offset=0, length=1)
    return Page(
        doc_id="0" * 32, url="https://example.org/", fetched_at=None, payload=body, media=media,
        location=where, source="test", status=200, headers=headers,
    )  # fmt: skip


def found(*headers, **options):
    return [name.removeprefix("optout_") for name, value in check(page(*headers, **options))[1].items() if value]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("noai", ["noai"]),
        ("NoAI, noimageai", ["noai", "noimageai"]),
        ("noindex, nofollow", ["noindex"]),
        ("none", ["noindex"]),
        ("all", []),
        ("googlebot: noai", []),
        ("noindex, googlebot: noai, noimageai", ["noindex"]),
        ("CCBot: noai", ["noai"]),
        ("*: noai", ["noai"]),
        ("unavailable_after: 25 Jun 2010 15:00:00 PST, noai", ["noai"]),
        ("max-snippet: 20, noarchive", ["noarchive"]),
        ("", []),
    ],
)
def test_robots_headers(value, expected):
    assert found(("x-robots-tag", value)) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'<meta name="robots" content="noai, noimageai">', ["noai", "noimageai"]),
        (b"<META CONTENT='NOAI' NAME=Robots />", ["noai"]),
        (b"<meta name=robots content=noindex>", ["noindex"]),
        (b'<meta\n name = "robots"\n content = "nosnippet">', ["nosnippet"]),
        (b'<meta name="ccbot" content="noai">', ["noai"]),
        (b'<meta name="googlebot" content="noai">', []),
        (b'<meta name="tdm-reservation" content="1">', ["tdm"]),
        (b'<meta name="tdm-reservation" content="0">', []),
        (b'<meta name="description" content="a > b, robots"><meta name="robots" content="noai">', ["noai"]),
        (b'<!-- <meta name="robots" content="noai"> -->', []),
        (b'<script>x = \'<meta name="robots" content="noai">\'</script>', []),
        ('<meta name="tdm-reservation" content="1">'.encode("utf-16"), ["tdm"]),
        (b"<p>the robots of noai</p>", []),
        (b" " * 70_000 + b'<meta name="robots" content="noai">', []),
    ],
)
def test_meta_elements(body, expected):
    assert found(body=body) == expected


def test_reservation_headers():
    assert found(("tdm-reservation", " 1 ")) == ["tdm"]
    assert found(("tdm-reservation", "0")) == []


def test_what_drops_by_default():
    assert check(page(("x-robots-tag", "noai")))[0] == Drop("optout_noai")
    assert check(page(("tdm-reservation", "1")))[0] == Drop("optout_tdm")
    assert check(page(("x-robots-tag", "noindex, noarchive, nosnippet, noimageai")))[0] == KEEP


def test_what_drops_is_the_recipes():
    assert OptOutSpec(honour=("noindex",)).open()(page(("x-robots-tag", "noindex, noai")))[0] == Drop("optout_noindex")
    assert OptOutSpec(honour=()).open()(page(("x-robots-tag", "noai")))[0] == KEEP
    assert OptOutSpec(agents=("gptbot",)).open()(page(body=b'<meta name="gptbot" content="noai">'))[0] == Drop(
        "optout_noai"
    )


def test_text_rows_have_null_signals():
    decision, signals = check(page(body=b"text", media="text"))
    assert decision == KEEP
    assert signals == {signal.name: None for signal in SIGNALS}
    assert tuple(signals) == REASONS


def test_hostile_heads_are_linear():
    started = time.perf_counter()
    for piece in (b"<meta ", b"<meta name='robots", b"<!--", b"<script", b'robots"', b"<meta robots=robots "):
        check(page(body=piece * (65_536 // len(piece))))
    assert time.perf_counter() - started < 2
