import math

from hypothesis import example, given, settings
from hypothesis import strategies as st

from filters.measures import SIGNALS, measure
from filters.rules import RulesSpec
from filters.segment import words
from filters.view import make_view

TYPES = {"float": float, "int": int, "bool": bool}
# The commonest n-gram is counted where it overlaps itself and with its spaces, so its share may exceed 1.
UNBOUNDED = {f"repetition_top_{n}gram_char_ratio" for n in (2, 3, 4)}

any_text = st.text(st.characters(), max_size=300)  # lone surrogates and NUL too
words_of_text = st.lists(
    st.sampled_from(["市场", "的", "，", "。", "the ", "of ", "fish ", "\n", "\n\n", "- ", "…", "Home ", "7 "]),
    max_size=120,
)
texts = st.one_of(any_text, words_of_text.map("".join))
languages = st.sampled_from([("zh", "Hans"), ("zh", "Hant"), ("en", "Latn"), ("ja", "Jpan"), ("und", "Zyyy")])


@settings(deadline=None, derandomize=True)
@given(texts, languages)
def test_signals_are_typed_finite_bounded_and_repeatable(text, language):
    view = make_view(text, "", *language)
    found = measure(view)
    assert found == measure(view)
    for signal in SIGNALS:
        value = found[signal.name]
        if value is None:
            assert signal.type != "bool"
            continue
        assert type(value) is TYPES[signal.type], signal.name
        assert math.isfinite(value)
        assert value >= 0
        if signal.unit == "ratio" and signal.name not in UNBOUNDED:
            assert value <= 1, signal.name


@settings(deadline=None, derandomize=True)
@given(texts, languages)
@example("\ufada", ("en", "Latn"))  # no character, in the block of compatibility ideographs
def test_words_lie_in_the_text_in_order(text, language):
    position = 0
    for word in words(text, *language):
        assert any(map(str.isalnum, word)) or word >= "\U00020000"  # Han newer than Python's tables
        position = text.index(word, position) + len(word)


@settings(deadline=None, derandomize=True, max_examples=50)
@given(texts, languages, st.floats(0, 1), st.floats(0, 1))
def test_a_stricter_threshold_keeps_a_subset(text, language, one, other):
    found = measure(make_view(text, "", *language))

    def keeps(threshold):
        rule = next(
            rule
            for rule in RulesSpec(thresholds={"every": {"duplicate_lines": threshold}}).rules()
            if rule.reason == "duplicate_lines"
        )
        value = found[rule.signal]
        return value is None or value <= rule.high

    assert keeps(max(one, other)) or not keeps(min(one, other))
