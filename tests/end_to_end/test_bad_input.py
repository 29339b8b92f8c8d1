"""What a user can get wrong ends with one sentence and the right exit code, and writes nothing."""

import pytest

from tests.command import ROOT, command

pytestmark = pytest.mark.slow

GOOD = 'name = "t"\n[source]\npaths = ["assets/sample/crawl-00001.warc.gz"]\n'


@pytest.mark.parametrize(
    ("recipe", "options", "code", "sentence"),
    [
        (GOOD + "[langage]\n", (), 2, "r.toml:4: unknown key 'langage'; did you mean 'language'?"),
        (GOOD + "[limits]\nrecord_seconds = -1\n", (), 2, "r.toml:5: limits.record_seconds"),
        (GOOD, ("--set", "duplicates.threshold=high"), 2, "duplicates.threshold"),
        (GOOD, ("--input", "nothing/*.warc.gz"), 2, "no input file matches nothing/*.warc.gz"),
        (GOOD, ("--input", "README.md"), 2, "README.md does not tell its kind"),
        (GOOD, ("--set", "tokenize.tokenizer=no.json"), 2, "no.json"),
        (GOOD, ("--set", 'perplexity.models={zh = "no.bin"}'), 2, "no.bin"),
        (GOOD, ("--set", 'url.blocked_domains=["no.domains"]'), 2, "no.domains"),
        (GOOD, ("--set", 'rules.presets={zh = ["fineweb3"]}'), 2, "fineweb3"),
        (GOOD, ("--set", 'duplicates.prefer=["highest:beauty"]'), 2, "beauty"),
        (GOOD, ("--workers", "100000"), 2, "--workers 100000 is too many"),
    ],
)
def test_one_sentence_and_nothing_written(tmp_path, recipe, options, code, sentence):
    path = tmp_path / "r.toml"
    path.write_text(recipe, encoding="utf-8")
    output = tmp_path / "out"
    got, said = command("run", path, "--output", output, *options)
    assert got == code, said
    assert sentence in said
    assert said.startswith("Error: ")
    assert said.count("\n") == 1
    assert not output.exists()


def test_an_output_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("in the way")
    code, said = command("run", "recipes/sample.toml", "--output", tmp_path / "file" / "out")
    assert code == 1, said
    assert said.startswith("Error: ")
    assert "Traceback" not in said


def test_an_altered_asset_stops_the_run_before_it_begins(tmp_path):
    import shutil

    copy = tmp_path / "project"
    names = ("schemas", "filters", "pipeline", "assets", "recipes", "beam_runner.py")
    for name in names:
        place = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy.mkdir(exist_ok=True)
        place(ROOT / name, copy / name)
    model = copy / "assets/lid/lid.176.ftz"
    model.write_bytes(model.read_bytes()[:-1] + b"x")
    import subprocess
    import sys

    arguments = [sys.executable, "beam_runner.py", "run", "recipes/sample.toml", "--output", str(tmp_path / "out")]
    done = subprocess.run(arguments, cwd=copy, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert "Asset lid.176 was altered" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["why", "verify", "report"])
def test_commands_on_what_is_no_snapshot(tmp_path, name):
    code, said = command(name, tmp_path, *(["https://example.org/"] if name == "why" else []))
    assert code == 2, said
    assert "is not a finished snapshot" in said


def test_another_recipe_is_not_mixed_into_a_snapshot(sample):
    code, said = command("run", "recipes/sample.toml", "--output", sample.folder, "--set", 'language.keep=["zh"]')
    assert code == 2, said
    assert "was read with another recipe" in said
