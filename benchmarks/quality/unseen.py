"""Garbage from templates that no model was trained on and no threshold was set by, and spoilt prose of other kinds.

`pages` fills the sites of unseen.toml to unseen_4.toml, each by another author. The figures of the first three were
watched while limits and training texts were chosen, those of the fourth were not. `stuffed` repeats a subject as search
spam does, alone or in between the sentences of clean prose; `spoilt` shuffles and garbles unseen prose in other ways
than corpora.spoil (models of word order are trained on such shuffles, of other texts). Drawn with fixed seeds: the same
texts each time. It changes nothing; corpora.py gives the rows their addresses.
"""

import random
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from filters.segment import words

PATH = Path(__file__).with_name("unseen.toml")
SETS = {
    "": PATH,
    ", second set": PATH.with_stem("unseen_2"),
    ", third set": PATH.with_stem("unseen_3"),
    ", fourth set": PATH.with_stem("unseen_4"),
}
_SLOT = re.compile(r"\{(\w+)\}")
_SENTENCE = re.compile(r"[^。！？!?.\n]*(?:[。！？!?]|\.(?=\s)|\n|\Z)")
_CHINESE_MARKS = "，。、；：？！"
_CHUNK = (2, 3)  # words that stay together


@cache
def _tables(path: Path) -> Mapping[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def pages(language: str, kind: str, count: int, path: Path = PATH) -> Iterator[str]:
    """`count` pages of "gambling" or "adverts" in "zh" or "en": at least half of a site's lines, in their order."""
    table = _tables(path)[language]
    draw = random.Random(f"{path.stem} {language} {kind}")
    for number in range(count):
        site = table[kind][number % len(table[kind])]
        lines = site["lines"]
        chosen = sorted(draw.sample(range(len(lines)), draw.randint((len(lines) + 1) // 2, len(lines))))
        whole = [site["title"], *(lines[i] for i in chosen), *([site["tail"]] if draw.random() < 0.5 else [])]
        fixed = {
            name: draw.choice(table["slots"][name])
            for name in ("site", "town", "goods", "illness", "ill")
            if name in table["slots"]
        }
        yield "\n".join(_fill(line, fixed, table["slots"], draw) for line in whole)


def _fill(line: str, fixed: Mapping[str, str], slots: Mapping[str, Sequence[str]], draw: random.Random) -> str:
    while _SLOT.search(line):  # a slot's values may hold slots
        line = _SLOT.sub(lambda found: fixed.get(found[1]) or draw.choice(slots[found[1]]), line)
    return line


def stuffed(language: str, prose: Sequence[str], count: int) -> Iterator[tuple[str, str]]:
    """Form and text: pages about one subject only, and clean prose with such a sentence behind every second of its own."""
    table = _tables(PATH)[language]
    parts, towns = table["stuffing"], table["slots"]["town"]
    draw = random.Random(f"stuffed {language}")
    for number in range(count):
        subject, town = draw.choice(parts["subjects"]), draw.choice(towns)

        def sentence(subject: str = subject, town: str = town) -> str:
            filled = draw.choice(parts["sentences"]).replace("{s}", subject).replace("{t}", town)
            return re.sub(r"\{a\}", lambda _: draw.choice(parts["around"]), filled)

        yield (
            "keyword stuffing",
            ("\n" if draw.random() < 0.5 else " ").join(sentence() for _ in range(draw.randint(6, 14))),
        )
        own = [piece for piece in _SENTENCE.findall(prose[number % len(prose)]) if piece.strip()]
        mixed = [piece if i % 2 else piece + sentence() for i, piece in enumerate(own)]
        yield "keywords in prose", "".join(mixed)


def spoilt(language: str, prose: Sequence[str], count: int) -> Iterator[tuple[str, str]]:
    """Form and text: `count` clean texts of "zh", "zh-Hant" or "en", each spoilt in every way."""
    draw = random.Random(f"spoilt {language}")
    script = {"zh": "Hans", "zh-Hant": "Hant", "en": "Latn"}[language]
    tokens = {text: list(words(text, language[:2], script)) for text in prose}
    pool = [word for found in tokens.values() for word in found]
    space = " " if language == "en" else ""
    marks = ", . ; ".split() if language == "en" else list(_CHINESE_MARKS[:2])
    for text in prose[:: max(1, len(prose) // count)][:count]:
        own = tokens[text]
        size = draw.choice(_CHUNK)
        chunks = [own[i : i + size] for i in range(0, len(own), size)]
        yield "words shuffled in chunks", space.join(space.join(chunk) for chunk in draw.sample(chunks, len(chunks)))
        yield "words shuffled in sentences", _each_sentence(text, language, script, draw)
        yield "words backwards", space.join(reversed(own))
        yield "words of other texts", _punctuated(draw.choices(pool, k=len(own)), space, marks, draw)
        if language == "en":
            yield "letters shuffled in words", " ".join("".join(draw.sample(word, len(word))) for word in own)
            continue
        yield "mojibake: UTF-8 as windows-1252", text.encode().decode("cp1252", "replace")
        yield "mojibake: GB18030 as Latin-1", text.encode("gb18030").decode("latin-1")
        yield "mojibake: GB18030 as Big5", text.encode("gb18030").decode("big5", "replace")
        yield "mojibake: UTF-8 as Big5", text.encode().decode("big5hkscs", "replace")


def _each_sentence(text: str, language: str, script: str, draw: random.Random) -> str:
    """The words of each sentence in random order, its last mark in place."""
    space = " " if language == "en" else ""
    out = []
    for piece in _SENTENCE.findall(text):
        found = list(words(piece, language[:2], script))
        if found:
            end = piece.rstrip()[-1:]
            out.append(space.join(draw.sample(found, len(found))) + (end if not end.isalnum() else ""))
    return space.join(out)


def _punctuated(found: Sequence[str], space: str, marks: Sequence[str], draw: random.Random) -> str:
    return space.join(word + (draw.choice(marks) if draw.random() < 0.1 else "") for word in found)
