"""Decoding on ../shared/data, by the figures of the gate: what issue 3 asks for, and that no figure is empty."""

import pytest

from benchmarks.quality import decoding
from benchmarks.quality.figures import DATA
from filters.charset import CharsetSpec

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data beside the repository"),
]
decode = CharsetSpec().open()


def figures(measure):
    return {figure.name: figure for figure in measure(decode)}


def test_stored_pages():
    found = figures(decoding.stored)
    assert {name: figure.count for name, figure in found.items()} == {
        "encodings: header or meta right": 117,
        "encodings: neither right": 20,
        "encodings: garbled, dropped": 8,
        "encodings: mislabelled": 1096,
        "encodings: cut": 208,
        "encodings: cut and mislabelled": 209,
        "encodings: damaged, recovered": 137,
    }
    for name, figure in found.items():
        wanted = 1.0 if "right" in name or "garbled" in name else 0.98
        assert figure.value >= wanted, (name, figure.detail)


def test_pages_written_anew():
    found = figures(decoding.written)
    assert len(found) == 7
    for name, figure in found.items():
        assert figure.count > 300
        assert figure.value >= (0.98 if "mislabelled" in name else 0.99), (name, figure.detail)


def test_clean_pages_are_not_called_mojibake():
    texts, pages = decoding.clean(decode)
    assert texts.value <= 1  # a row of data/lid that is mojibake
    assert pages.value == 0
    assert texts.count > 25_000
    assert pages.count > 1_200
