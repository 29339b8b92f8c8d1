"""Writes made-up spam to train on, and honest text with the same words, from the fragments in templates/.

Returns samples with a label (gambling, adult, advert; clean for `benign`). There is no free labelled set of Chinese web
spam. Everything is drawn from a generator with a fixed seed: the same call gives the same texts. It imitates the
disguises of real spam (symbols between characters, look-alike characters, full width, Traditional forms, numbers as
characters), because a list of words misses those.
"""

import random
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import opencc

from pipeline.train.texts import Sample

_TEMPLATES = Path(__file__).with_name("templates")
FRAGMENTS = _TEMPLATES / "spam.toml"
PAGES = tuple(
    _TEMPLATES / f"{name}.toml"
    for name in ("pages", "adverts", "commerce", "goods", "services", "quiet", "whole", "niche", "honest")
)
_COUNTS, _PAGE_COUNTS = (1, 2, 3, 4, 6, 9), (1, 2, 3, 4, 6, 9, 14, 20)  # fragments of a document
_ONE_SUBJECT, _SUBJECTS = 0.5, frozenset({"goods", "services", "city"})  # share of pages that speak of one thing alone
_JOINTS = {
    "zh": ("，", "，", "！", " ", "_", "|", "-", "【】", "、", "\n", "✅", "~"),
    "en": (", ", ". ", "! ", " | ", " - ", "\n", " "),
}
_TRADITIONAL = 0.2  # share of honest Chinese documents; spam is disguised so, and the script alone must tell nothing
_DIGITS = "零一二三四五六七八九"
_DISGUISES = {
    "微信": ("薇信", "威信", "薇❤信", "微.信", "V信", "维信", "徽信"),
    "彩": ("採", "彩"),
    "赌": ("堵",),
    "贷款": ("贷.款", "贷 款"),
    "发票": ("发*票", "發票", "f票"),
    "博彩": ("菠菜", "博.彩"),
    "加": ("+", "伽", "家"),
    "约": ("約", "yue"),
}


def page_samples(language: str) -> Iterator[Sample]:
    """What the quality models learn: 12,000 documents of each kind of spam by all templates, 36,000 honest ones."""
    return spam_samples(language, per_label=12_000, seed=2, more=PAGES, honest=3)


def spam_samples(
    language: str, *, per_label: int, seed: int, path: Path = FRAGMENTS, more: Sequence[Path] = (), honest: int = 2
) -> Iterator[Sample]:
    """`per_label` documents for each kind of spam of one language ("zh", "en"), and `honest` times as many honest ones.

    `more`: further files (PAGES), whose fragments, words and slots are added to those of the first.
    """
    table = _read(path)[language]
    for label, added in (item for other in more for item in _read(other)[language].items()):
        for key, values in added.items():
            table[label][key] = table[label].get(key, []) + values
    slots = table["slots"]
    for label in sorted(set(table) - {"slots"}):
        draw = random.Random(f"{seed}/{language}/{label}")  # noqa: S311 - repeatable text, no secret
        for number in range(per_label * (honest if label == "benign" else 1)):
            text = _document(table[label], slots, language, label, pages=bool(more), draw=draw)
            kind = "clean" if label == "benign" else label
            yield Sample(text=text, language=language, source="templates", group=f"{label}/{number}", label=kind)


def _read(path: Path) -> dict[str, Any]:
    with path.open("rb") as stream:
        return tomllib.load(stream)


def _document(
    table: Mapping[str, Any],
    slots: Mapping[str, Any],
    language: str,
    label: str,
    *,
    pages: bool,
    draw: random.Random,
) -> str:
    count = draw.choice(_PAGE_COUNTS if pages else _COUNTS)
    if pages and draw.random() < _ONE_SUBJECT:
        slots = {name: [draw.choice(values)] if name in _SUBJECTS else values for name, values in slots.items()}
    filled = [_fill(fragment, slots, draw) for fragment in draw.sample(table["fragments"], count)]
    if label == "benign":
        text = ("。" if language == "zh" else ". ").join(filled)
        return _to_traditional(text) if language == "zh" and draw.random() < _TRADITIONAL else text
    stuffing = draw.sample(table["words"], draw.choice((0, 4, 8, 16)))
    parts = [*filled, *stuffing] if draw.random() < 0.7 or not stuffing else stuffing
    draw.shuffle(parts)
    text = draw.choice(_JOINTS[language]).join(parts)
    return _disguise(text, draw) if language == "zh" and draw.random() < 0.35 else text


def _fill(fragment: str, slots: Mapping[str, Any], draw: random.Random) -> str:
    for _ in range(2):  # a slot may hold slots itself
        for name, values in slots.items():
            while f"{{{name}}}" in fragment:
                fragment = fragment.replace(f"{{{name}}}", draw.choice(values), 1)
    while "{id}" in fragment:
        letters = "".join(draw.choices("abcdefghijklmnopqrstuvwxyz", k=draw.randint(2, 6)))
        fragment = fragment.replace("{id}", letters + str(draw.randint(1, 9999)), 1)
    while "{num}" in fragment:
        fragment = fragment.replace("{num}", str(draw.randint(10**4, 10**9)), 1)
    while "{small}" in fragment:
        fragment = fragment.replace("{small}", str(draw.randint(2, 90)), 1)
    while "{phone}" in fragment:
        fragment = fragment.replace("{phone}", f"1{draw.randint(3, 9)}{draw.randint(10**8, 10**9 - 1)}", 1)
    return fragment


def _disguise(text: str, draw: random.Random) -> str:
    way = draw.randrange(5)
    if way == 0:
        for plain, forms in _DISGUISES.items():
            text = text.replace(plain, draw.choice(forms))
        return text
    if way == 1:  # symbols between characters; the key drops them again
        mark = draw.choice("·.*-☆♥_ ")
        return "".join(c + mark if draw.random() < 0.4 else c for c in text)
    if way == 2:
        return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)
    if way == 3:
        return str(_to_traditional(text))
    return "".join(_DIGITS[int(c)] if c.isascii() and c.isdigit() and draw.random() < 0.7 else c for c in text)


def _to_traditional(text: str) -> str:
    return str(_converter().convert(text))


@cache
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("s2t")  # reads its tables for 10 ms
