"""Documents with near copies of every degree, and pages of templates with different content; the same each time.

Originals are cut from ../shared/data/lm-text (Simplified, Traditional, English, and both languages by turns) and from
the pages of crawl-small, 20 to 50,000 characters long, no two from the same text. Copies are made by inserting, deleting,
substituting, reordering, by the other script, by other width and punctuation, and by quoting the whole in a longer
page, as strongly as a wanted similarity asks. What the similarity really is, near.py measures.
"""

import itertools
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import opencc
from fastwarc.warc import ArchiveIterator, WarcRecordType
from resiliparse.extract.html2text import extract_plain_text

from benchmarks.quality.corpora import other_width
from benchmarks.quality.figures import DATA, rows

# Characters of an original: how many of them.
_LENGTHS = {20: 30, 50: 50, 120: 50, 300: 50, 800: 40, 2000: 24, 6000: 8, 20_000: 3, 50_000: 1}
_CORPORA = ("zh", "zh-Hant", "en", "mixed")
_WANTED = (1.0, 0.97, 0.93, 0.9, 0.87, 0.84, 0.81, 0.79, 0.75, 0.7, 0.6, 0.5, 0.4, 0.3)
_COPIES = 4  # of an original
_TEMPLATES = ((0.3, 300), (0.5, 300), (0.65, 600), (0.7, 600), (0.75, 2500))  # wanted similarity, characters of a page
_TEMPLATE_PAGES = 40
_HOT_SIMILARITY = 0.7  # in the mean: no two pages of a template may reach .8, or they are copies by definition
_HOT_PAGES = 300  # of one template: more than duplicates.max_bucket
_CRAWL_PAGES = 80
_SHINGLE = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class NearRow:
    """One document. `family` names its original or its template; `form` says how it was made."""

    corpus: str
    family: str
    form: str
    text: str


def near_rows() -> Iterator[NearRow]:
    """All of them: originals and their copies, then the templates."""
    material = {corpus: _Material(corpus) for corpus in _CORPORA}
    foreign = {corpus: _Material(corpus, back=True) for corpus in _CORPORA}
    turn = 0
    for corpus in _CORPORA:
        for length, count in _LENGTHS.items():
            for index in range(count if corpus != "mixed" else (count + 1) // 2):
                family = f"{corpus}-{length}-{index}"
                turn += _COPIES
                yield from _family(corpus, family, material[corpus].take(length), foreign[corpus], turn)
    for index, text in enumerate(_crawl()):
        turn += _COPIES
        yield from _family("crawl", f"crawl-{index}", text, foreign["mixed"], turn)
    for corpus in ("zh", "en"):
        for wanted, length in _TEMPLATES:
            yield from _template(corpus, wanted, length, _TEMPLATE_PAGES, foreign[corpus])
        yield from _template(corpus, _HOT_SIMILARITY, 400, _HOT_PAGES, foreign[corpus])


class _Material:
    """Text to cut from, each part once; when it is used up, from its beginning with the words of each line turned round."""

    def __init__(self, corpus: str, *, back: bool = False) -> None:
        self._parts = _paragraphs(corpus, back)
        self._text, self._at, self._round = "\n".join(self._parts), 0, 0

    def take(self, length: int) -> str:
        """The next characters."""
        if self._at + length > len(self._text):
            self._round += 1
            rng = random.Random(self._round)
            self._text = "\n".join(_shuffled(part, rng) for part in self._parts)
            self._at = 0
        self._at += length
        return self._text[self._at - length : self._at]


def _shuffled(text: str, rng: random.Random) -> str:
    units = _units(text)
    return _joined(rng.sample(units, len(units)))


@cache
def _paragraphs(corpus: str, back: bool) -> tuple[str, ...]:
    """Paragraphs of a corpus: the first two thirds, or (`back`) the rest."""
    if corpus == "mixed":
        chinese, english = _paragraphs("zh", not back)[::-1], _paragraphs("en", not back)[::-1]
        return tuple(part for pair in zip(chinese, english[: len(chinese)], strict=False) for part in pair)
    found = [
        row["text"]
        for row in rows(f"lm-text/{corpus[:2]}.jsonl.gz")
        if (row.get("script") == "Hant") == (corpus == "zh-Hant") and len(row["text"]) > 40
    ]
    cut = len(found) * 2 // 3
    return tuple(found[cut:] if back else found[:cut])


def _crawl() -> Iterator[str]:
    """Main text of some pages of crawl-small."""
    taken = 0
    with (DATA / "crawl-small" / "SMALL-20250308000000-00000.warc.gz").open("rb") as stream:
        for index, record in enumerate(ArchiveIterator(stream, record_types=WarcRecordType.response)):
            text = extract_plain_text(record.reader.read().decode("utf-8", "replace"), main_content=True)
            if index % 2 == 0 and 200 <= len(text) <= 20_000:
                yield text
                taken += 1
                if taken == _CRAWL_PAGES:
                    return


def _family(corpus: str, family: str, text: str, foreign: _Material, turn: int) -> Iterator[NearRow]:
    yield NearRow(corpus=corpus, family=family, form="original", text=text)
    rng = random.Random(family)
    names = list(_FORMS)
    for copy in range(_COPIES):
        name, wanted = names[(turn + copy) % len(names)], _WANTED[(turn + copy) * 5 % len(_WANTED)]
        made = _FORMS[name](text, wanted, foreign, rng)
        yield NearRow(corpus=corpus, family=family, form=name, text=made)


def _units(text: str) -> list[str]:
    """Characters of Chinese and Japanese, words of other scripts, with what follows them."""
    return re.findall(r"[\u3040-\u30ff\u3400-\u9fff][^\w]*|[^\W\u3040-\u30ff\u3400-\u9fff]+[^\w]*|^[^\w]+", text)


def _joined(units: list[str]) -> str:
    return "".join(units)


def _inserted(text: str, wanted: float, foreign: _Material, rng: random.Random) -> str:
    units = _units(text)
    block = _units(foreign.take(round(len(text) * (1 / wanted - 1)) + 1))[: round(len(units) * (1 / wanted - 1))]
    at = rng.randrange(len(units) + 1)
    return _joined([*units[:at], *block, *units[at:]])


def _deleted(text: str, wanted: float, _foreign: _Material, rng: random.Random) -> str:
    units = _units(text)
    count = round(len(units) * (1 - wanted))
    at = rng.randrange(len(units) - count + 1)
    return _joined([*units[:at], *units[at + count :]])


def _substituted(text: str, wanted: float, foreign: _Material, rng: random.Random) -> str:
    """Single units here and there: each breaks five shingles."""
    units = _units(text)
    count = round(len(units) * (1 - wanted) / (1 + wanted) / _SHINGLE)
    others = _units(foreign.take(count * 12 + 12))
    for index, at in enumerate(rng.sample(range(len(units)), count)):
        units[at] = others[index % len(others)]
    return _joined(units)


def _reordered(text: str, wanted: float, _foreign: _Material, rng: random.Random) -> str:
    """Blocks in another order: each seam breaks four shingles."""
    units = _units(text)
    seams = max(1, round(len(units) * (1 - wanted) / (1 + wanted) / (_SHINGLE - 1)))
    cuts = [0, *sorted(rng.sample(range(1, len(units)), min(seams, len(units) - 1))), len(units)]
    blocks = [units[a:b] for a, b in itertools.pairwise(cuts)]
    rng.shuffle(blocks)
    return _joined([unit for block in blocks for unit in block])


def _other_script(text: str, _wanted: float, _foreign: _Material, _rng: random.Random) -> str:
    """Traditional for Simplified, or the other way round: which of the two changes more."""
    return max((_converter(name).convert(text) for name in ("s2t", "t2s")), key=lambda made: _differences(made, text))


def _differences(one: str, other: str) -> int:
    return sum(a != b for a, b in zip(one, other, strict=False))


def _other_marks(text: str, _wanted: float, _foreign: _Material, _rng: random.Random) -> str:
    return other_width(text)


def _respaced(text: str, _wanted: float, _foreign: _Material, rng: random.Random) -> str:
    """Punctuation left out or doubled, line breaks moved, capitals; words stay apart."""
    out = [re.sub(r"[^\w]+", rng.choice((" ", "\n", " - ", "……")), unit) for unit in _units(text)]
    return _joined(out).upper() if rng.random() < 0.5 else _joined(out)


def _quoted(text: str, wanted: float, foreign: _Material, rng: random.Random) -> str:
    """The whole inside a longer page: at most half of the page."""
    around = round(len(text) * (1 / min(wanted, 0.6) - 1))
    before = rng.randrange(around + 1)
    return f"{foreign.take(before)}\n{text}\n{foreign.take(around - before)}"


_FORMS: dict[str, Callable[[str, float, _Material, random.Random], str]] = {
    "inserted": _inserted,
    "substituted": _substituted,
    "other script": _other_script,
    "deleted": _deleted,
    "reordered": _reordered,
    "other width and marks": _other_marks,
    "quoted": _quoted,
    "respaced": _respaced,
    "substituted again": _substituted,
}


def _template(corpus: str, wanted: float, length: int, pages: int, foreign: _Material) -> Iterator[NearRow]:
    """Pages of one frame: two of them share the frame's shingles, and each has its own."""
    frame_length = round(length * 2 * wanted / (1 + wanted))
    frame = foreign.take(frame_length)
    head, foot = frame[: frame_length // 3], frame[frame_length // 3 :]
    for _ in range(pages):
        text = f"{head}\n{foreign.take(length - frame_length)}\n{foot}"
        yield NearRow(corpus=corpus, family=f"template-{corpus}-{wanted}-{length}", form="template", text=text)


@cache
def _converter(name: str) -> opencc.OpenCC:
    return opencc.OpenCC(name)
