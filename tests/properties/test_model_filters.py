"""What holds of every filter that reads a trained asset, on any text: declared signals, repeatable, bounded, linear."""

import pickle
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filters import contamination, order, perplexity, quality, spun, toxicity
from filters.key import fold
from filters.segment import words
from filters.view import TextView

SPECS: tuple[tuple[Any, Any], ...] = (
    (perplexity.PerplexitySpec(), perplexity.SIGNALS),
    (order.OrderSpec(), order.SIGNALS),
    (quality.QualitySpec(), quality.SIGNALS),
    (spun.SpunSpec(), spun.SIGNALS),
    (toxicity.SafetySpec(), toxicity.SIGNALS),
    (contamination.ContaminationSpec(), contamination.SIGNALS),
)
OPENED: tuple[Callable[[TextView], Mapping[str, object]], ...] = tuple(spec.open() for spec, _ in SPECS)
TYPES = {"float": float, "int": int, "str": str, "bool": bool}
NASTY = st.text(
    st.characters() | st.sampled_from("的是一在不了\x00\ud800\u202e\u200d◌\U000e0041１ａ ,。\n"), max_size=400
)


def view(text: str, language: str) -> TextView:
    return TextView(text=text, key=fold(text), lines=(), words=words(text, language), language=language, script="")


@settings(deadline=None)
@given(NASTY, st.sampled_from(["zh", "en", "ja", "und"]))
def test_any_text_gives_the_declared_signals_twice(text: str, language: str) -> None:
    page = view(text, language)
    for measure, (_, signals) in zip(OPENED, SPECS, strict=True):
        found = measure(page)
        assert measure(page) == found
        assert list(found) == [signal.name for signal in signals]
        for signal in signals:
            value = found[signal.name]
            assert value is None or type(value) is TYPES[signal.type], signal
            if signal.unit == "ratio" and isinstance(value, float):
                assert 0 <= value <= 1.0001, signal


@pytest.mark.parametrize("unit", ["汉字", "word ", "1", "🙂", "\x00", "下列关于中国的说法正确的是"])
def test_a_megabyte_takes_no_longer_than_linear(unit: str) -> None:
    """3 s of processor time for all three; a quadratic step on a million characters takes minutes."""
    text = unit * (1_000_000 // len(unit))
    pages = [view(text, language) for language in ("zh", "en")]
    begin = time.process_time()
    for page in pages:
        for measure in OPENED:
            measure(page)
    assert time.process_time() - begin < 3


@pytest.mark.parametrize(("spec", "signals"), SPECS)
def test_specs_pickle_and_rules_name_declared_signals(spec: Any, signals: Any) -> None:
    assert pickle.loads(pickle.dumps(spec)) == spec
    names = {signal.name for signal in signals}
    assert {rule.signal for rule in spec.rules()} <= names
    assert all((rule.low is None) != (rule.high is None) and rule.citation for rule in spec.rules())
