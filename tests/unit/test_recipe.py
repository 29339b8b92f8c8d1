"""Recipes: every mistake is one sentence with file and line; fingerprints follow what a stage depends on."""

import re

import pytest

from pipeline.recipe import load_recipe, read_parameters, resolved
from pipeline.recipe_file import RecipeError

GOOD = 'name = "t"\n\n[source]\npaths = ["x.warc.gz"]\n\n[language]\nkeep = ["zh"]\n'


@pytest.fixture
def recipe(tmp_path):
    def write(text, *settings):
        path = tmp_path / "r.toml"
        path.write_text(text, encoding="utf-8")
        return load_recipe(str(path), settings)

    return write


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD + "kepp = 1\n", r"r.toml:8: unknown key 'language.kepp'; did you mean 'keep'\?"),
        (GOOD + "\n[langage]\n", r"r.toml:9: unknown key 'langage'; did you mean 'language'\?"),
        (GOOD + '\n[limits]\nrecord_seconds = "soon"\n', r"r.toml:10: limits.record_seconds: .*number"),
        (
            GOOD + "\n[limits]\n# a comment\nrecord_seconds = -1\n",
            r"r.toml:11: limits.record_seconds: .*greater than 0",
        ),
        (GOOD + "\n[duplicates]\nthreshold = 1.5\n", r"r.toml:10: duplicates.threshold: .*less than or equal to 1"),
        (GOOD + '\n[duplicates]\nprefer = ["best"]\n', r"r.toml:10: duplicates.prefer: unknown preference 'best'"),
        (GOOD + '\n[duplicates]\nprefer = ["highest:beauty"]\n', r"no filter measures 'beauty'"),
        (
            GOOD + '\n[rules.presets]\nzh = ["fineweb3"]\n',
            r"r.toml:9: rules: there is no preset of zh 'fineweb3'; did you mean",
        ),
        ("[source]\npaths = []\n", r"r.toml: name: "),
        ("name = \n", r"r.toml: not valid TOML: .*line 1"),
    ],
)
def test_a_mistake_is_one_sentence_with_its_line(recipe, text, message):
    with pytest.raises(RecipeError) as caught:
        recipe(text)
    assert re.search(message, str(caught.value)), str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_recipe_is_one_sentence():
    with pytest.raises(RecipeError, match=r"no\.toml: cannot read the recipe: No such file"):
        load_recipe("no.toml")


def test_set_changes_a_parameter_with_the_type_of_toml(recipe):
    made = recipe(GOOD, "duplicates.threshold=.9".replace("=.9", "=0.9"), 'language.keep=["en"]', "source.name=news")
    assert (made.duplicates.threshold, made.language.keep, made.source.name) == (0.9, ("en",), "news")


@pytest.mark.parametrize("setting", ["threshold", "=1", "duplicates.threshold.x=1"])
def test_a_wrong_set_is_one_sentence(recipe, setting):
    with pytest.raises(RecipeError):
        recipe(GOOD + "\n[duplicates]\nthreshold = 0.9\n", setting)


@pytest.mark.parametrize(
    ("setting", "reads_again"),
    [
        ("duplicates.threshold=0.9", False),
        ("perplexity.max_score.zh=1", False),
        ("safety.max_toxic_score=0.1", False),
        ("language.min_score=0.1", False),
        ("privacy.max_valid_ids=1", False),
        ('rules.off=["too_few_chars"]', False),
        ("source.split_bytes=1000", False),
        ('language.keep=["en"]', True),
        ("fingerprint.seed=2", True),
        ("extract.tables=false", True),
        ("source.name=other", True),
    ],
)
def test_only_what_shapes_documents_and_signals_reads_again(recipe, setting, reads_again):
    changed = recipe(GOOD, setting)
    assert resolved(changed) != resolved(recipe(GOOD))
    assert (read_parameters(changed) != read_parameters(recipe(GOOD))) == reads_again


@pytest.mark.parametrize(
    ("repeat", "expected"),
    [
        ('"once"', [1, 1, 1, 1, 1, 1, 1]),
        ('"fineweb2"', [1, 2, 3, 5, 5, 8, 1]),
        ("{ 2 = 3 }", [1, 3, 3, 3, 3, 3, 3]),
    ],
)
def test_how_often_a_document_occurs_by_the_size_of_its_cluster(recipe, repeat, expected):
    spec = recipe(GOOD + f"\n[duplicates]\nrepeat = {repeat}\n").duplicates
    assert [spec.copies(size) for size in (1, 2, 3, 5, 99, 999, 1000)] == expected


@pytest.mark.parametrize("repeat", ['"twice"', "{ 0 = 1 }", "{ 2 = 0 }", "{ 2 = 101 }"])
def test_a_repetition_that_cannot_be(recipe, repeat):
    with pytest.raises(RecipeError, match="repeat"):
        recipe(GOOD + f"\n[duplicates]\nrepeat = {repeat}\n")
