import pickle

import pytest
from pydantic import TypeAdapter

from filters.chain import SIGNALS
from filters.presets import PRESETS
from filters.presets.rows import CONDITIONS
from filters.rules import RulesSpec


def by_reason(spec, languages):
    return {rule.reason: rule for rule in spec.rules() if rule.languages == languages}


def test_every_rule_names_a_signal_one_bound_and_a_source():
    names = {signal.name for signal in SIGNALS}
    for preset in PRESETS.values():
        for rule in preset:
            assert rule.signal in names
            assert (rule.low is None) != (rule.high is None)
            assert rule.citation
            assert CONDITIONS[rule.reason] == (rule.signal, "high" if rule.low is None else "low")


def test_no_reason_stands_twice_in_a_preset():
    for name, preset in PRESETS.items():
        assert len({rule.reason for rule in preset}) == len(preset), name


def test_every_condition_is_used():
    assert set(CONDITIONS) == {rule.reason for preset in PRESETS.values() for rule in preset}


def test_published_thresholds_are_verbatim():
    gopher = {rule.reason: rule.high if rule.low is None else rule.low for rule in PRESETS["gopher"]}
    assert [gopher[f"duplicate_{n}grams"] for n in range(5, 11)] == [0.15, 0.14, 0.13, 0.12, 0.11, 0.10]
    assert [gopher[f"frequent_{n}gram"] for n in (2, 3, 4)] == [0.20, 0.18, 0.16]
    assert (gopher["too_few_words"], gopher["too_many_words"]) == (50, 100_000)
    zh = {rule.reason: rule.high if rule.low is None else rule.low for rule in PRESETS["fineweb2_cmn"]}
    assert [zh[f"duplicate_{n}grams"] for n in range(5, 11)] == [0.198, 0.182, 0.167, 0.154, 0.14, 0.127]
    assert (zh["too_few_line_ends"], zh["too_many_new_lines"], zh["words_too_long"]) == (0.106, 0.178, 5)
    assert "too_many_short_lines" not in zh
    assert "duplicate_paragraphs" not in zh


def test_languages_and_order():
    spec = RulesSpec(presets={"every": ("c4_paper",), "zh": ("fineweb2_cmn", "chinese")})
    rules = spec.rules()
    assert [rule.languages for rule in rules] == sorted((rule.languages for rule in rules), key=len)
    assert set(by_reason(spec, ("zh",))) == {r.reason for p in ("fineweb2_cmn", "chinese") for r in PRESETS[p]}


def test_a_later_preset_replaces_the_same_reason():
    spec = RulesSpec(presets={"zh": ("mapneo_zh", "fineweb2_cmn")})
    assert by_reason(spec, ("zh",))["words_too_long"].high == 5
    assert by_reason(spec, ("zh",))["too_few_chars"].low == 50


def test_a_threshold_of_the_recipe_says_what_it_replaced():
    spec = RulesSpec(thresholds={"zh": {"too_little_han": 0.3}, "every": {"doubled_marks": 0.2}})
    rule = by_reason(spec, ("zh",))["too_little_han"]
    assert (rule.low, rule.high) == (0.3, None)
    assert rule.citation.startswith("recipe, instead of 0.01 (")
    assert by_reason(spec, ())["doubled_marks"].high == 0.2
    assert by_reason(spec, ("yue",))["too_little_han"].low == 0.01


def test_off_holds_in_every_language():
    assert "too_few_function_words" not in {rule.reason for rule in RulesSpec(off=("too_few_function_words",)).rules()}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"presets": {"zh": ("fineweb2_cm",)}}, "no preset of zh 'fineweb2_cm'; did you mean 'fineweb2_cmn'?"),
        ({"off": ("curly_bracket",)}, "no reason 'curly_bracket'; did you mean 'curly_brackets'?"),
        ({"thresholds": {"zh": {"too_litle_han": 1}}}, "did you mean 'too_little_han'?"),
        ({"thresholds": {"zh": {"curly_brackets": 1}}}, "no reason in the presets of zh 'curly_brackets'"),
        ({"thresholds": {"fr": {}}}, "no language with presets 'fr'; known: en, every, yue, zh"),
        ({"preset": {}}, "preset"),
    ],
)
def test_mistakes_are_explained(change, message):
    with pytest.raises(ValueError) as error:
        TypeAdapter(RulesSpec).validate_python(change)
    assert message in str(error.value)


def test_the_spec_pickles():
    assert pickle.loads(pickle.dumps(RulesSpec())).rules() == RulesSpec().rules()
