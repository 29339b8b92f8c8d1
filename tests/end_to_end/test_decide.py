"""`decide` says what it will do, and then does exactly that; a dry run and a sweep write nothing."""

import hashlib
import re
import shutil

import pytest

from pipeline.cli.decide import _stored_rules
from pipeline.effect import effects
from pipeline.recipe import load_recipe
from pipeline.snapshot import Snapshot
from tests.command import command

RECIPE = "recipes/sample.toml"
SETTINGS = [
    "rules.thresholds.every.too_few_chars=400",
    'duplicates.prefer=["shortest"]',
    'rules.off=["mostly_fragments"]',
]


@pytest.fixture
def snapshot(sample, tmp_path):
    shutil.copytree(sample.folder, tmp_path / "s")
    return tmp_path / "s"


def files(folder):
    return {
        path.relative_to(folder): hashlib.sha256(path.read_bytes()).digest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def foreseen(folder, settings):
    stored, recipe = Snapshot(str(folder)), load_recipe(RECIPE, settings)
    manifest = stored.read_json("manifest.json")
    known = frozenset(rule.reason for rule in _stored_rules(manifest))
    variants = [(recipe.every_rule(), recipe.duplicates)]
    return effects(stored, manifest["splits"], variants, known=known, details=True)[0]


def test_it_writes_what_it_foresaw(snapshot):
    wanted = foreseen(snapshot, SETTINGS)
    arguments = [part for setting in SETTINGS for part in ("--set", setting)]
    code, output = command("decide", snapshot, RECIPE, "--workers", "1", *arguments)
    assert code in {0, 3}, output  # the sample's self-audit is a gate
    assert output.index("What changes in") < output.index("records read")
    found = Snapshot(str(snapshot))
    manifest = found.read_json("manifest.json")
    counts = {verdict: manifest["counts"][name] for verdict, name in (("keep", "kept"), ("drop", "dropped"))}
    assert {verdict: wanted.documents(verdict) for verdict in counts} == counts
    assert wanted.moved[:2, 2].sum() > 0  # some are kept that were dropped,
    assert wanted.moved[2, :2].sum() > 0  # and some dropped that were kept
    reasons = [
        reason
        for part in manifest["splits"]
        for each in found.read("decisions", part)["reasons"].to_pylist()
        for reason in each
    ]
    by_reason = {}
    for rule, count in zip(wanted.rules, wanted.fails.tolist(), strict=True):
        by_reason[rule.reason] = by_reason.get(rule.reason, 0) + count
    assert {reason: reasons.count(reason) for reason in by_reason} == by_reason
    # Decided again by the same rules, nothing moves: every document, also the chosen copies.
    again = foreseen(snapshot, SETTINGS)
    assert again.moved.sum() == again.moved.trace()
    code, output = command("decide", snapshot, RECIPE, "--workers", "1", *arguments)
    assert "What changes" not in output
    assert "Nothing to do" in output


def test_a_dry_run_shows_and_writes_nothing(snapshot):
    before = files(snapshot)
    code, output = command("decide", snapshot, RECIPE, "--set", SETTINGS[0], "--dry-run", "--rule", "mostly_fragments")
    assert code == 0, output
    assert "nothing is written" in output
    assert re.search(r"too_few_chars +>= 50 -> >= 400 ", output)
    assert re.search(r"keep -> drop +\d+", output)
    cut = output.partition("Nearest to the cut: mostly_fragments")[2]
    assert len(re.findall(r"^  (?:fails|passes) ", cut, re.MULTILINE)) == 10
    assert files(snapshot) == before


def test_a_sweep_has_a_line_for_each_value_and_writes_nothing(snapshot):
    before = files(snapshot)
    code, output = command("decide", snapshot, RECIPE, "--set", "rules.thresholds.every.too_few_chars=50,200:300")
    assert code == 2  # neither a list nor a range
    code, output = command("decide", snapshot, RECIPE, "--set", "rules.thresholds.every.too_few_chars=0:600:200")
    assert code == 0, output
    lines = [
        [int(cell.replace(",", "")) for cell in line.split()] for line in output.split("\n") if re.match(r" +\d", line)
    ]
    assert [line[0] for line in lines] == [0, 200, 400, 600]
    assert all(line[1] + line[2] + line[3] == lines[0][1] + lines[0][2] + lines[0][3] for line in lines)
    assert [line[1] for line in lines] == sorted((line[1] for line in lines), reverse=True)
    for value, kept, *_ in lines:
        effect = foreseen(snapshot, [f"rules.thresholds.every.too_few_chars={value}"])
        assert kept == effect.documents("keep")
    assert lines[-1][-2] > lines[0][-2]
    assert files(snapshot) == before


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--rule", "nothing", "-n"], "no rule of the recipe gives that reason"),
        (["--set", "http.max_page_bytes=1000,2000"], "measures other things"),
        (["--set", "rules.thresholds.every.too_few_chars=1:2:0"], "a step of 0"),
        (["--set", "rules.thresholds.every.few=1,2"], "few"),
    ],
)
def test_mistakes_are_one_sentence(sample, arguments, sentence):
    code, output = command("decide", sample.folder, RECIPE, *arguments)
    assert code == 2
    assert sentence in output
    assert "Traceback" not in output


def test_what_is_no_finished_snapshot(tmp_path):
    code, output = command("decide", tmp_path, RECIPE, "--dry-run")
    assert code == 2
    assert "is not a snapshot" in output
