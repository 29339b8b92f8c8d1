"""Blocks: what the walk makes of markup, what the forest answers, how chosen blocks are written."""

import numpy as np
import pytest

from filters.blocks.features import measure_blocks
from filters.blocks.layout import write_blocks
from filters.blocks.model import (
    Forest,
    ModelMismatchError,
    best_part,
    choose,
    load_model,
    save_model,
    without_contents,
)
from filters.blocks.parts import PART_NAMES, measure_parts, parts_of
from filters.blocks.walk import read_blocks
from filters.blocks.words import in_comments


def texts(html, **options):
    return read_blocks(html, **options).texts


def written(html, **options):
    blocks = read_blocks(html)
    return write_blocks(blocks, np.ones(len(blocks.texts), bool), **options)


def test_a_block_is_the_text_of_one_block_level_element():
    assert texts("<div>One <b>bold</b> <a href=x>link</a><p>Two</p>three</div>") == ["One bold link", "Two", "three"]


def test_two_line_breaks_end_a_block_and_one_does_not():
    assert texts("<td>第一段<br>同段<br>\n<br>第二段") == ["第一段\n同段", "第二段"]


def test_source_line_ends_are_white_space_and_vanish_between_cjk():
    assert texts("<p>这是一\n   句话。\nThis is\none.") == ["这是一句话。 This is one."]


def test_scripts_controls_and_permalinks_are_no_text():
    html = "<h2>Title<a class=headerlink href=#t>¶</a><a class=id_link href=#t>§</a></h2><script>x</script><select><option>a</select><button>Buy</button>"
    assert texts(html) == ["Title"]


@pytest.mark.parametrize("how", ["hidden", "style='display:none'", "style='VISIBILITY: hidden'"])
def test_hidden_text_is_left_out_but_not_a_page_that_a_script_reveals(how):
    long = "A page has a text of some length. " * 5
    assert texts(f"<p>{long}<p {how}>secret") == [long.strip()]
    assert texts(f"<p>{long}<span {how}>secret</span> end") == [f"{long}end"]
    assert texts(f"<p>Title<div {how}><p>{long}") == ["Title", long.strip()]
    assert "secret" in texts(f"<p>{long}<p {how}>secret", drop_hidden=False)


def test_an_inline_element_that_hides_the_page_until_a_script_reveals_it_is_read():
    long = "what a reader is to see " * 9
    assert texts(f"<main><span style='visibility:hidden'><p>{long}<div>{long}</div></span><p>after</main>") == [
        long.strip(),
        long.strip(),
        "after",
    ]
    assert texts(f"<main><p>{long * 9}</p><span hidden><p>secret</p>too</span><p>after</main>") == [
        (long * 9).strip(),
        "after",
    ]


def test_nested_hidden_elements_hide_no_more_than_the_outermost():
    long = "what a reader is to see " * 9
    assert texts(f"<main>{'<span hidden>' * 1_000}<p>{long}</main>") == [long.strip()]


@pytest.mark.parametrize("how", ["hidden", "style='display:none'"])
def test_a_hidden_link_is_left_out(how):
    assert texts(f"<p>seen <a href=x {how}>casino</a> text") == ["seen text"]
    assert texts(f"<p>seen <a href=x {how}>casino</a> text", drop_hidden=False) == ["seen casino text"]


def test_a_hidden_block_leaves_the_ranges_of_elements_right():
    blocks = read_blocks(f"<div><p>{'long text ' * 9}<p hidden>x<p>last</div><p>after")
    div = blocks.tags.index("div")
    assert (blocks.first[div], blocks.last[div]) == (0, 2)


def test_formulas_become_tex_once():
    katex = (
        "<span class=katex><span class=katex-mathml><math><semantics><mi>x</mi>"
        "<annotation encoding='application/x-tex'>x^2</annotation></semantics></math></span>"
        "<span class=katex-html>x2</span></span>"
    )
    assert texts(f"<p>Let {katex} be.") == ["Let $x^2$ be."]
    assert texts("<p>Let <script type='math/tex'>a+b</script>.") == ["Let $a+b$."]


def test_head_gives_title_and_what_is_said_of_the_page():
    head = (
        "<head><title> A \n title </title><meta property=og:site_name content=Site><meta name=author content=Ann>"
        "<meta property='article:published_time' content='2024-05-01'></head><p>x"
    )
    blocks = read_blocks(head)
    assert (blocks.title, blocks.meta) == ("A title", {"author": "Ann", "date": "2024-05-01", "site_name": "Site"})


@pytest.mark.parametrize(
    "html",
    [
        "",
        " ",
        "x",
        "<b>x",
        "<frameset><frame></frameset>",
        "</p></p>",
        "\x01",
        "<!-- -->",
        "<title>t",
        "<math>",
        "<table><td>",
    ],
)
def test_odd_pages_have_blocks_or_none(html):
    blocks = read_blocks(html)
    assert blocks.last[0] == len(blocks.texts)
    if blocks.texts:
        assert np.isfinite(measure_blocks(blocks).features).all()


def test_every_block_lies_in_its_element_and_all_ancestors():
    blocks = read_blocks("<body><div><ul><li>a<li>b<p>c</p></ul>d</div><table><tr><td>e<td>f</table>g</body>")
    for index, own in enumerate(blocks.node.tolist()):
        node = own
        while node >= 0:
            assert blocks.first[node] <= index < blocks.last[node]
            node = blocks.parent[node]


def test_features_do_not_depend_on_what_was_measured_before():
    pages = [f"<div class=c{i}><p>{'word ' * i}</p><a href=x>{i}</a></div>" for i in range(1, 30)]
    once = [measure_blocks(read_blocks(page)).features.tobytes() for page in pages]
    again = [measure_blocks(read_blocks(page)).features.tobytes() for page in reversed(pages)]
    assert once == again[::-1]


def test_a_forest_answers_as_its_trees_do_row_by_row():
    rng = np.random.default_rng(5)
    forest = Forest(
        rng.integers(0, 9, (3, 40)).astype(np.int32),
        (rng.integers(1, 5, (3, 40)) / 5).astype(np.float32),  # most questions are asked by several trees
        rng.standard_normal((40, 8)).astype(np.float32),
        0.25,
    )
    rows = rng.random((5000, 9), np.float32)
    margins = [
        sum(
            forest.leaves[tree, sum((row[forest.features[i, tree]] > forest.borders[i, tree]) << i for i in range(3))]
            for tree in range(40)
        )
        for row in rows[::500]
    ]
    assert np.allclose(forest.probabilities(rows)[::500], 1 / (1 + np.exp(-np.array(margins) - 0.25)), atol=1e-5)


def test_the_threshold_is_that_of_the_best_expected_f1():
    probabilities, tokens = np.array([0.9, 0.4, 0.1, 0.8], np.float32), np.array([100, 50, 30, 80], np.float32)
    judged = choose(probabilities, tokens)
    f1 = {
        kept: 2 * (probabilities[list(kept)] @ tokens[list(kept)]) / (tokens[list(kept)].sum() + probabilities @ tokens)
        for kept in [(0,), (0, 3), (0, 3, 1), (0, 3, 1, 2), (3,), (1,)]
    }
    best = max(f1, key=f1.get)
    assert set(np.flatnonzero(judged.keep)) == set(best)
    assert judged.expected_f1 == pytest.approx(f1[best])


def _thread():
    """Three posts of ten words with a heading, and the page around them."""
    post = "<div class=post><h2>Title</h2><p>" + "word " * 10 + "</p></div>"
    return read_blocks(
        f"<body><div id=menu><a href=x>Home</a></div><main><div id=thread>{post * 3}</div></main></body>"
    )


def test_parts_are_the_elements_that_hold_a_good_share_of_what_is_kept():
    blocks = _thread()
    measured, keep = measure_blocks(blocks), np.array([False] + [True] * 6)
    parts = parts_of(blocks, measured.tokens, keep)
    found = [
        (first, last, blocks.tags[node]) for first, last, node in zip(parts.first, parts.last, parts.inner, strict=True)
    ]
    # Each post holds 11 of 33 tokens, too few alone: 15 are asked for; body and main hold all, which is no choice.
    assert found == []
    longer = read_blocks(
        f"<body><div class=post><p>{'word ' * 40}</p></div><div class=post><p>{'other ' * 20}</p></div></body>"
    )
    measured, keep = measure_blocks(longer), np.array([True, True])
    parts = parts_of(longer, measured.tokens, keep)
    assert parts.first.tolist() == [0, 1]
    assert [longer.tags[node] for node in parts.inner] == ["p", "p"]
    assert [longer.tags[node] for node in parts.outer] == ["div", "div"]
    rows = measure_parts(longer, measured, np.array([0.9, 0.4], np.float32), keep, parts)
    pages = [name for name in measured.names if name.startswith("page_")]
    assert rows.shape == (2, len(PART_NAMES) + len(pages))
    column = dict(zip(PART_NAMES, rows[0].tolist(), strict=False))
    assert column["share"] == pytest.approx(40 / 60)
    assert (column["mean"], column["mean_outside"]) == (pytest.approx(0.9), pytest.approx(0.4))
    assert (column["siblings"], column["sibling"], column["share_after"]) == (2, 0, pytest.approx(20 / 60))
    assert column["outer_post"] == 1


def test_a_part_is_chosen_only_where_it_promises_a_gain():
    blocks = read_blocks(f"<body><div><p>{'word ' * 40}</p></div><div><p>{'other ' * 20}</p></div></body>")
    measured, keep = measure_blocks(blocks), np.array([True, True])
    share = PART_NAMES.index("share")

    def forest(low, high):
        leaves = np.array([[low, high]], np.float32)  # of parts with half of the tokens or less, and of others
        return Forest(np.array([[share]], np.int32), np.array([[0.5]], np.float32), leaves, 0.0)

    probabilities = np.array([0.9, 0.4], np.float32)
    assert best_part(blocks, measured, probabilities, keep, forest(-0.5, 0.2)).tolist() == [True, False]
    assert best_part(blocks, measured, probabilities, keep, forest(0.2, -0.5)).tolist() == [False, True]
    assert best_part(blocks, measured, probabilities, keep, forest(-0.5, -0.5)).tolist() == [True, True]


def test_a_page_of_nested_elements_has_few_parts():
    html = "".join(f"<div><p>{'word ' * 5}</p>" for _ in range(1500))
    blocks = read_blocks(html)
    measured = measure_blocks(blocks)
    assert len(parts_of(blocks, measured.tokens, np.ones(len(blocks.texts), bool)).first) == 64


def test_a_model_of_other_features_is_refused(tmp_path):
    forest = Forest(np.zeros((1, 1), np.int32), np.zeros((1, 1), np.float32), np.zeros((1, 2), np.float32), 0.0)
    save_model(tmp_path / "m.npz", ("other",), (forest, forest, forest))
    with pytest.raises(ModelMismatchError, match="other features"):
        load_model(tmp_path / "m.npz")(read_blocks("<p>x"))


PAGE = (
    "<h2>Heading</h2><p>Para<br>graph</p><ul><li>one<li><p>two</p></ul><ol><li>a<li>b</ol><pre>x = 1\n  y</pre>"
    "<table><tr><th>k<th>v<tr><td>1<td>2</table><blockquote>said</blockquote>"
)


def test_plain_layout():
    assert written(PAGE) == ("Heading\nPara\ngraph\n- one\n- two\n1. a\n2. b\nx = 1\n  y\nk | v\n1 | 2\nsaid")
    assert "k | v" not in written(PAGE, tables=False)


def test_markdown_layout():
    assert written(PAGE, style="markdown") == (
        "## Heading\n\nPara  \ngraph\n\n- one\n- two\n1. a\n2. b\n\n```\nx = 1\n  y\n```\n\n"
        "| k | v |\n| --- | --- |\n| 1 | 2 |\n\n> said"
    )


def test_comments_are_found_by_the_names_of_their_elements():
    blocks = read_blocks("<p>text<div id=comments><h3>Two</h3><div><p>nice</p></div></div><p>after")
    assert in_comments(blocks).tolist() == [False, True, True, False]


def test_a_table_of_contents_beside_text_goes_and_a_list_of_links_alone_stays():
    keep, tokens = np.ones(60, bool), np.full(60, 20, np.float32)
    links = np.arange(60) >= 15
    assert without_contents(keep, links, tokens).tolist() == [True] * 15 + [False] * 45
    assert without_contents(keep, np.arange(60) >= 25, tokens).all()  # 35 links
    assert without_contents(keep, np.ones(60, bool), tokens).all()
