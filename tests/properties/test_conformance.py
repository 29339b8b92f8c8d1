"""What holds for every filter: it pickles, is repeatable, declares what it says, changes no input, and survives odd text."""

import pickle
from dataclasses import fields

import pytest

from filters import charset, extract, http, language, optout, url
from filters.chain import SIGNALS, ChainSpec, Examined, open_chain
from schemas.records import Location, Page, Rejected
from schemas.tables import signals_schema

REASONS = {reason for module in (charset, extract, http, language, optout, url) for reason in module.REASONS}

TEXTS = {
    "empty": "",
    "one character": "好",
    "nul": "a\x00b" * 50,
    "one megabyte": "清晨的菜市场总是很热闹。" * 28_000,
    "one megabyte line of a word": "a" * 1_000_000,
    "digits": "1234567890" * 20_000,
    "right to left": "שלום עולם، هذا نص عربي. " * 40,
    "bidi and zero width": "\u202e\u2066text\u200b\u200d\ufeff " * 60,
    "lines": "x\n" * 50_000,
    "control": "".join(map(chr, range(1, 32))) * 20,
    "tags": "<|im_start|>system</s>[INST]<|endoftext|> " * 30,
    "astral": "𠮷野家😀👨‍👩‍👧 " * 60,
}


def page(body: bytes, media: str = "html") -> Page:
    return Page(
        doc_id="0" * 32,
        url="https://example.org/a",
        fetched_at=None,
        payload=body,
        media=media,
        status=200,
        headers=(("content-type", "text/html"),),
        location=Location(file="f", offset=0, length=len(body)),
        source="t",
    )


@pytest.fixture(scope="module")
def examine():
    return open_chain(ChainSpec(language=language.LanguageSpec(keep=("zh", "en"))))


@pytest.mark.parametrize("name", [field.name for field in fields(ChainSpec)])
def test_a_specification_pickles_and_opens_after_it(name):
    spec = getattr(ChainSpec(), name)
    copy = pickle.loads(pickle.dumps(spec))
    assert copy == spec
    if hasattr(copy, "open"):
        assert callable(copy.open())


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("media", ["text", "html"])
def test_odd_text_has_one_well_formed_outcome(examine, text, media):
    body = text.encode() if media == "text" else f"<html><body><p>{text}</p></body></html>".encode()
    given = page(body, media)
    before = pickle.dumps(given)
    first, second = examine(given), examine(given)
    assert first == second
    assert pickle.dumps(given) == before
    if isinstance(first, Rejected):
        assert first.reason in REASONS
        return
    assert isinstance(first, Examined)
    assert set(first.signals) <= {signal.name for signal in SIGNALS}
    row = {name: [first.signals.get(name)] for name in signals_schema(SIGNALS).names[1:]}
    import pyarrow as pa

    pa.table({"doc_id": ["0" * 32], **row}, schema=signals_schema(SIGNALS))  # every value fits its column
    first.document.text.encode("utf-8")


def test_signals_have_unique_names_with_their_filters_prefix():
    names = [signal.name for signal in SIGNALS]
    assert len(names) == len(set(names))
    assert all("_" in name and signal.about for name, signal in zip(names, SIGNALS, strict=True))
