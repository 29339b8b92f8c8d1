"""The quality gate as `make quality` runs it, its arithmetic, and how its pins are raised."""

import json
import re
import tomllib
from collections import Counter

import pytest

from benchmarks.quality import __main__ as gate
from benchmarks.quality import pages, pins, snapshots
from benchmarks.quality.corpora import forms
from benchmarks.quality.figures import DATA, Figure, auc, f_score, share
from pipeline.train.extractor import FOLDS

shared = [
    pytest.mark.shared,
    pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data beside the repository"),
]

# README's columns for trafilatura, in their order, and the names of our figures.
PEERS = (
    "magic-html",
    "cwced",
    "aeb",
    "wcxb",
    "readability",
    "newspaper4k",
    "llm-webkit",
    "zh",
    "en",
    "trafilatura snippets",
)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    return tmp_path_factory.mktemp("quality")


@pytest.fixture(scope="module")
def measured(scratch):
    """Exit code and figures of the whole gate: about 90 seconds on two cores."""
    path = scratch / "figures.json"
    code = gate.main(["--scratch", str(scratch), "--json", str(path)])
    return code, json.loads(path.read_bytes())


@pytest.mark.slow
class TestGate:
    pytestmark = shared

    def test_every_figure_holds_its_pin(self, measured):
        code, figures = measured
        assert [(row["group"], row["name"], row["fault"]) for row in figures if row["fault"]] == []
        assert code == 0
        assert len(figures) == len(pins.load())

    def test_annotate_keeps_every_document_and_measures_it(self, measured, scratch):
        every = [snapshots.Tables(scratch / name) for name in ("pages", *(f"gold-{fold}" for fold in range(FOLDS)))]
        documents = [document for tables in every for document in tables.documents]
        assert {document["verdict"] for document in documents} == {"keep"}
        assert all(not document["reasons"] for document in documents)
        # What has no text: seven garbled pages, one of holes only, three forum pages that are scripts.
        stages = Counter(row["stage"] for tables in every for row in tables.ledger if row["reason"] != "not_a_capture")
        assert stages == {"charset": 8, "extract": 3}
        for name in ("language_score", "text_chars", "optout_noai", "contamination_coverage", "charset_name"):
            assert all(document["signals"][name] is not None for document in documents), name
        assert any(document["signals"]["perplexity_score"] is not None for document in documents)
        assert len(every[0].duplicates) > 50

    def test_every_record_is_accounted_for(self, measured, scratch):
        for name in ("pages", "texts"):
            tables = snapshots.Tables(scratch / name)
            totals = Counter()
            for marker in sorted((scratch / name / "commits" / "read").glob("*.json")):
                totals.update({k: v for k, v in json.loads(marker.read_bytes())["counts"].items() if k == "records"})
            assert totals["records"] == len(tables.documents) + len(tables.ledger) > 1000


@pytest.mark.parametrize("part", [pytest.param("peers", marks=shared)])
def test_the_peer_of_extraction_is_the_readme_s(part):
    line = next(line for line in (DATA / "README.md").read_text().split("\n") if line.startswith("| trafilatura 2."))
    figures = [float(cell) for cell in re.findall(r"\| (\.\d{3}) ", line)]
    assert [pins.load()["extraction", name].peer for name in PEERS] == figures


def test_without_data_it_says_so_and_passes(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(gate, "DATA", tmp_path / "absent")
    assert gate.main([]) == 0
    assert capsys.readouterr().out.startswith("Skipped:")


def test_a_failed_run_is_one_sentence_and_exit_code_1(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(gate, "DATA", tmp_path)
    monkeypatch.setattr(pages, "RECIPE", tmp_path / "absent.toml")
    monkeypatch.setattr(
        gate, "MEASURES", {"pages": (lambda scratch: iter([snapshots.run(pages.RECIPE, [], scratch)]), ())}
    )
    assert gate.main(["--only", "pages"]) == 1
    printed = capsys.readouterr().out
    assert "exit code 2" in printed
    assert "cannot read the recipe" in printed
    assert "Traceback" not in printed


def test_text_f1_is_that_of_four_token_shingles():
    assert pages.tokens_of("Ｈello, 世界 foo2") == ["hello", "世", "界", "foo2"]
    assert pages.text_f1("一二三四五", "一二三四五") == 1
    assert pages.text_f1("一二三四五", "一二三四") == pytest.approx(2 / 3)  # one shingle of one, one of two
    assert pages.text_f1("a b c d", "") == 0
    assert pages.text_f1("a a a a a", "a a a a") == pytest.approx(2 / 3)  # a multiset


def test_f_score_and_area():
    assert f_score(2, 1, 1) == pytest.approx(2 / 3)
    assert f_score(0, 0, 0) == 0
    assert auc([0, 1], [2, 3]) == 1
    assert auc([2, 3], [0, 1]) == 0
    assert auc([1], [1]) == 0.5
    assert auc([0, 2], [1, 3]) == 0.75
    assert share("g", "n", [True, False, True, True]).value == 0.75


def test_forms_of_a_question_differ_where_they_should():
    import random

    question = {"question": "中国的首都在哪里？", "context": "", "choices": ["北京", "上海", "广州"], "lang": "zh"}
    made = forms(question, random.Random(0))
    assert made["verbatim"] == "中国的首都在哪里？\nA. 北京\nB. 上海\nC. 广州"
    assert made["without choices"] == "中国的首都在哪里？"
    assert made["traditional"] == "中國的首都在哪裏？\nA. 北京\nB. 上海\nC. 廣州"
    assert made["punctuation and width"] == "中国的首都在哪里?\nＡ． 北京\nＢ． 上海\nＣ． 广州"
    assert sorted(made["choices reordered"]) == sorted(made["verbatim"])


TOML = """# about
[plain]
"a" = { floor = 0.5, peer = 0.4 }  # why

["two words"]
"b" = { ceiling = 3 }  # why too
"""


def figure(group, name, value, better="higher"):
    return Figure(group=group, name=name, value=value, count=10, better=better)


def load(tmp_path, text):
    path = tmp_path / "pins.toml"
    path.write_text(text)
    return pins.load(path)


@pytest.mark.parametrize(
    ("value", "pin", "fault"),
    [
        (0.5, "floor = 0.5", ""),
        (0.4999, "floor = 0.5", "below its floor"),
        (0.8439, "floor = 0.5, peer = 0.844", ""),  # the peer is rounded
        (0.8434, "floor = 0.5, peer = 0.844", "worse than the peer"),
        (0.834, "floor = 0.5, peer = 0.844, within = 0.01", ""),
        (0.833, "floor = 0.5, peer = 0.844, within = 0.01", "worse than the peer"),
    ],
)
def test_a_figure_beside_its_pin(tmp_path, value, pin, fault):
    found = load(tmp_path, f'[g]\n"n" = {{ {pin} }}\n')
    assert [row.fault for row in pins.check([figure("g", "n", value)], found, ["g"])] == [fault]


def test_ceilings_missing_figures_and_missing_pins_fail(tmp_path):
    found = load(tmp_path, TOML)
    rows = pins.check([figure("two words", "b", 4, "lower"), figure("plain", "new", 1)], found, ["plain", "two words"])
    assert {row.name: row.fault for row in rows} == {"b": "above its ceiling", "new": "no pin", "a": "not measured"}
    assert [row.name for row in pins.check([], found, ["plain"])] == ["a"]  # groups not measured are not missed
    assert "FAIL: above its ceiling" in gate.table(rows)


def test_update_raises_and_keeps_comments():
    text, refused = pins.update(
        TOML, [figure("plain", "a", 0.61276), figure("two words", "b", 2, "lower")], allow_regression=False
    )
    assert refused == []
    assert text == TOML.replace("floor = 0.5", "floor = 0.612").replace("ceiling = 3", "ceiling = 2")


def test_update_does_not_lower_unless_told():
    worse = [figure("plain", "a", 0.45), figure("two words", "b", 5, "lower")]
    text, refused = pins.update(TOML, worse, allow_regression=False)
    assert text == TOML
    assert [line.partition(":")[0] for line in refused] == ["plain, a", "two words, b"]
    text, refused = pins.update(TOML, worse, allow_regression=True)
    assert refused == []
    assert text == TOML.replace("floor = 0.5", "floor = 0.45").replace("ceiling = 3", "ceiling = 5")


def test_update_adds_figures_to_their_group():
    text, _ = pins.update(
        TOML,
        [figure("plain", "c", 1), figure("two words", "d", 0, "lower"), figure("third", "e, f", 0.25)],
        allow_regression=False,
    )
    assert tomllib.loads(text) == {
        "plain": {"a": {"floor": 0.5, "peer": 0.4}, "c": {"floor": 1}},
        "two words": {"b": {"ceiling": 3}, "d": {"ceiling": 0}},
        "third": {"e, f": {"floor": 0.25}},
    }
    assert "# why\n" in text
    assert "# why too\n" in text
