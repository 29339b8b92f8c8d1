"""Repeated lines: what counts as common, what goes, and what never does."""

import numpy as np
import pytest

from pipeline.dedup.arrays import gather
from pipeline.repeats import COMMON, LINE, RepeatsSpec, common, counted, lines_of, repeats, without

NAVIGATION, NOTICE = "首页 | 新闻 | 关于我们", "All rights reserved. Terms of use apply."


def page(n):
    body = f"第{n}篇的正文只在这一页出现，讲的是编号{n}的事情。" * 4
    return f"{NAVIGATION}\n{body}\n\n{NOTICE}\n"


def removed(texts, urls, splits=1, **spec):
    """The rows of all documents, in their order, for any cut into splits."""
    spec = RepeatsSpec(enabled=True, **spec)
    lines = [counted(n, texts[n::splits], urls[n::splits]) for n in range(splits)]
    told = dict(common(np.concatenate(lines[::-1]), spec.min_documents))
    rows = {}
    for n in range(splits):
        mine = list(range(len(texts)))[n::splits]
        table = repeats(
            [str(i) for i in mine], texts[n::splits], urls[n::splits], gather([told.get(n, b"")], COMMON), spec
        )
        rows |= {int(row["doc_id"]): row for row in table.to_pylist()}
    return [rows[i] for i in range(len(texts))]


def urls(count, host="site.example"):
    return [f"https://{host}/{n}" for n in range(count)]


def test_lines_that_many_documents_of_a_host_share_go_and_every_byte_is_counted():
    texts = [page(n) for n in range(12)]
    for text, row in zip(texts, removed(texts, urls(12)), strict=True):
        left = without(text, row["spans"])
        assert NAVIGATION not in left
        assert NOTICE not in left
        assert left == text.split("\n")[1]
        assert row["host_lines"] == 2
        assert row["removed_bytes"] == len(text.encode()) - len(left.encode())
        assert (row["inner_lines"], row["spared"]) == (0, False)


@pytest.mark.parametrize("splits", [2, 3, 12])
def test_the_cut_into_splits_does_not_matter(splits):
    texts, places = [page(n) for n in range(12)], urls(12)
    assert removed(texts, places, splits) == removed(texts, places)


def test_width_case_script_and_marks_do_not_make_another_line():
    variants = ["關於我們 ＡＢＣ", "关于我们：abc", "关于我们 Abc!"]
    texts = [f"{variants[n % 3]}\n{page(n).splitlines()[1]}" for n in range(12)]
    assert all(row["host_lines"] == 1 for row in removed(texts, urls(12)))


@pytest.mark.parametrize(
    ("texts", "places", "spec"),
    [
        ([page(n) for n in range(9)], urls(9), {}),  # too few documents
        ([page(n) for n in range(12)], [f"https://{n}.example/" for n in range(12)], {}),  # other hosts
        ([page(n) for n in range(12)], [None] * 12, {}),  # no host
        ([page(n) if n < 10 else f"{n} 正文" for n in range(40)], urls(40), {}),  # a quarter of the host's documents
        (["\n".join(["```", "import numpy", "```", page(n).splitlines()[1]]) for n in range(12)], urls(12), {}),  # code
        (["***\n---\n" + page(n).splitlines()[1] for n in range(12)], urls(12), {}),  # no word in it
        ([""] * 12, urls(12), {}),
        (["警告\nWarning\n" + page(n).splitlines()[1] for n in range(12)], urls(12), {}),  # headings
    ],
)
def test_what_does_not_go(texts, places, spec):
    for row in removed(texts, [place or "" for place in places], **spec):
        assert row["spans"] == []
        assert row["removed_bytes"] == 0


def test_a_document_that_would_lose_more_than_half_stays_whole_and_is_counted():
    texts = [page(n) for n in range(11)] + [f"{NAVIGATION}\n{NOTICE}\n短"]
    rows = removed(texts, urls(12))
    assert [row["spared"] for row in rows] == [False] * 11 + [True]
    assert rows[-1]["spans"] == []
    assert rows[-1]["host_lines"] == 0


def test_a_passage_repeated_inside_one_document_stays_once_and_a_refrain_stays():
    passage = "这一段话在同一篇文章里出现了三次，长度超过四十个字，所以后面的两次都是重复的内容，应该去掉才对。"
    other = (
        "A different paragraph keeps the document long enough that half of it remains after the removal of copies. " * 3
    )
    text = "\n".join([passage, "副歌", other, passage, "副歌", passage.replace("，", "。")])
    (row,) = removed([text], urls(1), inner_chars=40)
    left = without(text, row["spans"])
    assert left == f"{passage}\n副歌\n{other}\n副歌"
    assert row["inner_lines"] == 2
    assert removed([text], urls(1), inner_chars=0)[0]["spans"] == []


def test_copies_that_a_run_keeps_apart_are_each_counted_once():
    lines = counted(0, [f"{NOTICE}\n{NOTICE}\n{NOTICE}"] * 2, urls(2))
    assert lines["count"].tolist() == [2, 2]  # the line and the host


@pytest.mark.parametrize("text", ["", "\n", "a", "\n\n\n", "\0", "\ud800\nx", "x" * 100_000, "\u202e\u05d0\n\r\n"])
def test_lines_of_odd_text_are_spans_of_it(text):
    for line in lines_of(text, "h"):
        assert 0 <= line.start < line.end <= len(text)
        assert "\n" not in text[line.start : line.end - 1]
    assert counted(0, [text], ["https://h/"]).dtype == LINE
