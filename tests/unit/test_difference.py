"""The difference that `why` shows: changed pieces, marked characters, and nothing that a terminal would obey."""

import time

import pytest

from pipeline.cli.difference import difference


def plain(left, right):
    return [line.plain for line in difference(left, right)]


def test_equal_texts_have_none():
    assert plain("一样。\nthe same", "一样。\nthe same") == []


def test_a_changed_sentence_is_shown_between_its_neighbours():
    assert plain("甲。乙。丙三。丁。戊。", "甲。乙。丙四。丁。戊。") == [
        "@ piece 2 / 2",
        "  乙。",
        "- 丙三。",
        "+ 丙四。",
        "  丁。",
    ]


def test_only_the_characters_that_differ_are_marked():
    _, old, new = difference("价格是三百元", "价格是五百元")
    marked = [
        [line.plain[span.start : span.end] for span in line.spans if span.style == "reverse"] for line in (old, new)
    ]
    assert marked == [["三"], ["五"]]


def test_what_a_terminal_would_obey_is_shown_as_its_code():
    lines = plain("safe", "\x1b[31mred\x07 \u202egnp.exe \ud800 [bold]x[/]")
    assert not {"\x1b", "\x07", "\u202e", "\ud800"} & set("".join(lines))
    assert "[bold]x[/]" in lines[-1]


@pytest.mark.parametrize(
    ("left", "right"),
    [("a" * 200_000, "a" * 199_999 + "b"), ("x\n" * 50_000, "y\n" * 50_000), ("", "。" * 100_000), ("\n" * 90_000, "")],
)
def test_any_text_takes_less_than_a_second(left, right):
    start = time.perf_counter()
    list(difference(left, right))
    assert time.perf_counter() - start < 2  # a loaded machine
