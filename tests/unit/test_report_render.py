"""The page: hostile text stays text, unsafe text stays away, every chart is drawn, and nothing is loaded."""

import base64
import hashlib
import json
import re
import unicodedata

import altair as alt
import pytest
from lxml import etree, html

from pipeline.report import charts, svg
from pipeline.report.algebra import canonical, key
from pipeline.report.histograms import BARS, histogram
from pipeline.report.profile import empty, merge, profile_split
from pipeline.report.render import _rule_lines, render, render_json
from pipeline.report.summary import summarise
from pipeline.report.visible import visible
from schemas.rules import Rule
from tests.unit.test_report_snapshot import BAD_EN, BAD_ZH, RULES, SIGNALS, UNSAFE, snapshot

ATTACKS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style><style>body{display:none}</style>",
    "' onmouseover='alert(1)",
    "{{ 7*7 }}{% raw %}",
    "javascript:alert(1)",
    "</blockquote></article></main><h1>owned",
    "&lt;b&gt;",
    "abc\u202egnp.exe\u2066x\u200bz\0\x1b[31m\x85\u2028",
)
DATASET = {
    "order": {"seed": 7},
    "tokenizer": {"name": ATTACKS[0]},
    "dtype": "uint16",
    "documents": 9,
    "tokens": 1_234_567,
    "content_hash": "00",
    "counts": {
        "language": {ATTACKS[1]: {"documents": 1, "tokens": 1_000_000}, "en": {"documents": 1, "tokens": 234_567}}
    },
    "shards": [{"name": "shard-00000.parquet", "documents": 9, "tokens": 1_234_567, "bytes": 12, "sha256": "aa"}],
}


@pytest.fixture(scope="module")
def profile():
    return profile_split(*snapshot(300).tables(), RULES, 1, unsafe=UNSAFE)


@pytest.fixture(scope="module")
def small():
    return profile_split(*snapshot(12).tables(), RULES, 1, unsafe=UNSAFE)


@pytest.fixture(scope="module")
def page(profile):
    audit = [{"kind": "near duplicate", "planted": 40, "found": 38, "missed": ["https://example.org/near/12"]}]
    manifest = {"name": "sample", "counts": {"records": 1}, "recipe": {"dedup": {"threshold": 0.75}}}
    return render(profile, manifest, DATASET, audit, signals=SIGNALS)


@pytest.fixture(scope="module")
def hostile():
    """Every attack in every place that data can reach."""
    made = snapshot(len(ATTACKS), seed=3)
    rows = {
        "url": ATTACKS,
        "text": ATTACKS,
        "language": ATTACKS,
        "script": ATTACKS,
        "source": ATTACKS,
        "extractor": ATTACKS,
    }
    for row in range(len(ATTACKS)):
        made = made.with_text(row, **{column: values[row] for column, values in rows.items()})
    decisions = made.decisions.to_pylist()
    ledger = made.ledger.to_pylist()
    for row, attack in enumerate(ATTACKS):
        verdict = {"verdict": "drop", "reasons": [attack], "values": [1.0], "thresholds": [2.0]}
        decisions[row] = {**decisions[row], **(verdict if row % 2 else {"verdict": "keep", "reasons": []})}
        ledger[row + 20] = {**ledger[row + 20], "stage": attack, "reason": attack, "url": attack, "detail": attack}
    names = [ATTACKS[1] if name == "decode_charset" else name for name in made.signals.column_names]
    rules = (Rule(reason=ATTACKS[0], signal=ATTACKS[1], low=1, languages=(ATTACKS[2],), citation=ATTACKS[3]),)
    profile = profile_split(
        made.documents,
        made.signals.rename_columns(names),
        made.ledger.from_pylist(ledger, schema=made.ledger.schema),
        made.decisions.from_pylist(decisions, schema=made.decisions.schema),
        made.duplicates,
        rules,
        1,
    )
    manifest = {"name": ATTACKS[0], ATTACKS[1]: {ATTACKS[2]: ATTACKS[3]}, "recipe": {"list": list(ATTACKS)}}
    audit = [{"kind": ATTACKS[0], "planted": 1, "found": 0, "missed": list(ATTACKS)}]
    return render(profile, manifest, DATASET, audit, previous=profile)


def test_hostile_values_make_no_element_and_no_attribute(hostile, page):
    tree, clean = html.document_fromstring(hostile), html.document_fromstring(page)
    assert {element.tag for element in tree.iter(etree.Element)} <= {
        element.tag for element in clean.iter(etree.Element)
    } | {"b"}
    assert len(tree.findall(".//script")) == 1
    assert len(tree.findall(".//style")) == 1
    assert not tree.xpath("//img | //iframe | //object | //form | //a[not(starts-with(@href, '#'))]")
    assert not [name for element in tree.iter(etree.Element) for name in element.attrib if name.startswith("on")]
    assert not tree.xpath("//@href[contains(., 'javascript')] | //@src")
    assert "49" not in tree.xpath("string(//blockquote[contains(., '7*7')])")


def test_hostile_values_are_still_there_to_read(hostile):
    text = html.document_fromstring(hostile).text_content()
    for attack in ATTACKS:
        assert visible(attack) in text


def test_hidden_and_reordering_characters_are_shown_as_codes(hostile):
    assert not re.search("[\0-\x08\x0b-\x1f\x7f-\x9f\u200b\u2028\u202a-\u202e\u2066-\u2069\ud800-\udfff]", hostile)
    assert "abc⟨U+202E⟩gnp.exe⟨U+2066⟩x⟨U+200B⟩z␀␛[31m⟨U+0085⟩⟨U+2028⟩" in hostile


def test_visible_covers_every_hidden_character_of_unicode():
    kept = set("\t\n\u200c\u200d")
    hidden = [
        chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
    ]
    assert not [f"{ord(c):x}" for c in hidden if c not in kept and visible(c) == c]
    for harmless in ("，。？（）「」", "क्‍ष", "👩‍🚀", "é", "\u3000", "a\tb\nc", "x²½"):
        assert visible(harmless) == harmless


def test_lone_surrogates_can_be_written(small):
    text = render(small, {"name": "\ud800"})
    assert "⟨U+D800⟩" in text
    text.encode("utf-8")


def test_unsafe_text_is_withheld_and_its_address_shown(page):
    for bad in (BAD_ZH, BAD_EN):
        assert bad not in page
    tree = html.document_fromstring(page)
    withheld = tree.xpath("//article[.//p[contains(@class, 'withheld')]]")
    assert withheld
    assert not [article for article in withheld if article.xpath(".//blockquote")]
    assert all(article.xpath("string(.//div[@class='url'])").startswith("https://") for article in withheld)


def test_the_policy_forbids_loading_and_names_the_script(page):
    tree = html.document_fromstring(page)
    policy = tree.xpath("string(//meta[@http-equiv='Content-Security-Policy']/@content)")
    digest = base64.b64encode(hashlib.sha256(tree.find(".//script").text.encode()).digest()).decode()
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:;")
    assert f"script-src 'sha256-{digest}';" in policy
    assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org/)", page.split("<style>")[1].split("</style>")[0])
    svg_sources = re.findall(r"<svg[^>]*>", page)
    assert svg_sources
    assert not [source for source in svg_sources if "http" in source.replace("http://www.w3.org/2000/svg", "")]


def test_every_section_has_its_link(page):
    tree = html.document_fromstring(page)
    targets = {link.lstrip("#") for link in tree.xpath("//nav/a/@href")}
    assert len(targets) == 13
    assert targets == set(tree.xpath("//header/@id | //h2/@id"))


def test_a_sum_that_does_not_hold_is_marked(page, small):
    assert 'title="does not hold"' in page
    assert 'role="alert"' in page
    counts = summarise(small)["totals"]
    whole = render(small, {"counts": {"records": counts["records"], "documents": counts["documents"]}})
    assert 'title="does not hold"' not in whole
    assert 'role="alert"' not in whole
    assert whole.count('title="holds"') == 2


def test_the_page_is_the_same_every_time_and_shows_what_changed(page, small):
    again = render(small, {}, previous=merge(small, empty(RULES, UNSAFE)))
    assert again == render(small, {}, previous=small)
    assert "unchanged" in again
    assert "unchanged" not in page


def test_empty_and_single_document_snapshots_render():
    assert "No document was kept." in render(empty((), frozenset()), {})
    one = profile_split(*snapshot(1).tables(), RULES, 1)
    assert "Dataset quality report" in render(one, {})


def test_report_json_is_strict_json_with_the_rates(profile):
    plain = json.loads(
        render_json(profile, {"name": "x"}, DATASET, [{"kind": "k", "planted": 1, "found": 1}]),
        parse_constant=pytest.fail,
    )
    assert plain["summary"]["totals"]["documents"] == 300
    assert 0 < plain["summary"]["totals"]["kept_per_document"] < 1
    assert BAD_EN not in json.dumps(plain, ensure_ascii=False)


def test_every_signal_has_its_chart_and_every_threshold_its_line(page):
    tree = html.document_fromstring(page)
    for rule in RULES:
        card = tree.xpath(f"//div[contains(@class, 'signal')][h3 = '{rule.signal}']")[0]
        labels = "".join(card.xpath(".//*[local-name() = 'svg']")[0].itertext())
        for cut in (rule.low, rule.high):
            if cut is not None:
                assert charts.short(cut) in labels or f"{cut:,.4g}" in labels


def test_histograms_are_valid_vega_lite_and_lose_no_document(profile):
    for signal in summarise(profile)["signals"]:
        chart = histogram(signal["bars"], signal["rules"]) if "bars" in signal else None
        if chart is not None:
            if signal["name"] in {"perplexity", "safety_toxic_score"}:  # a second each
                alt.VConcatChart.from_dict(chart)
            for row, bars in zip(chart["vconcat"], signal["bars"].values(), strict=True):
                drawn = sum(value["y2"] - value["y"] for value in row["layer"][0]["data"]["values"])
                assert drawn == sum(bar[verdict] for bar in bars for verdict in ("keep", "drop", "quarantine"))
                assert len({value["x"] for value in row["layer"][0]["data"]["values"]}) <= BARS + 1


@pytest.mark.parametrize(
    "places",
    [[(0, 1), (5, 1)], [(300, 9), (330, 2)], [(0, 1), (383, 1)], [(192, 5), (292, 5)], [(100, 1), (192, 1), (350, 1)]],
)
def test_extreme_histograms_can_be_drawn(places):
    table = {key("zh", "keep", place): (count,) for place, count in places}
    sums = {"signals": {key("s", "float", "zh"): (2, 0, 2, 0)}, key("histogram", "s"): table}
    signal = summarise(canonical((), frozenset(), sums, {}))["signals"][0]
    drawn = svg.draw({"s": ("s", histogram(signal["bars"], [{"low": -5.0, "high": 1e12, "languages": ()}]))})["s"]
    assert drawn.startswith("<svg")


def test_only_shapes_and_text_leave_the_renderer():
    bad = b'<svg xmlns="http://www.w3.org/2000/svg" onload="x"><script>1</script><image href="http://a"/><g style="a"><path d="M0.123456,1" fill="#fff" onclick="y"/></g><g/></svg>'
    assert svg._plain(etree.fromstring(bad), "a<b") == (
        '<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="a&lt;b"><g><path d="M0.12,1" fill="#fff"/></g></svg>'
    )


def test_rules_that_differ_in_language_or_threshold_share_a_line():
    rule = {"reason": "r", "signal": "s", "verdict": "drop", "citation": "c", "low": None}
    rules = [
        {**rule, "high": 0.25, "languages": ("zh",)},
        {**rule, "high": 0.25, "languages": ("yue",)},
        {**rule, "high": 5000.0, "low": 2.0, "languages": ()},
    ]
    assert [line["when"] for line in _rule_lines(rules)] == ["> 0.25 (zh, yue), < 2 or > 5,000"]
