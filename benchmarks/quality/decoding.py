"""The decoder on its own, by what is visible on the page: no extractor stands between the bytes and the verdict.

Two sets of pages. data/encodings as it is, cut, mislabelled, and with damaged bytes; and sentences of data/lid and
data/lm-text that no table of the detector was counted on, written anew in every codec of their language. From the latter
also mojibake, made by reading one codec's bytes as another's. Everything is drawn with fixed seeds.

Mislabelled: what the page says of its charset is removed, and one of WRONG is sent as the header.
"""

import dataclasses
import random
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.quality.corpora import unseen_prose
from benchmarks.quality.figures import DATA, Figure, rows, share
from filters.charset import CharsetSpec, Decoded
from filters.extract import plain_text
from pipeline.sources import open_split
from pipeline.sources.spec import SourceSpec
from pipeline.splits import Split
from pipeline.train.texts import fold_of
from schemas.decisions import Drop
from schemas.records import Location, Page

GROUP = "decoding of bytes"
WRONG = ("utf-8", "iso-8859-1", "gb2312", "big5", "shift_jis", "euc-kr", "windows-1251", None)
_CUTS = 2  # a page
_DAMAGED_RATIO = 0.0002  # of the bytes; at least one. Beyond max_replaced_ratio a page is dropped, and should be
_PAGE_CHARS, _PAGES = 600, 6  # of a language, written anew
_RIGHT = re.compile("header(?: only|\\+meta)|meta only|meta after|meta right|utf-8-sig|utf-16le-bom")
_LABEL = re.compile(rb"""(charset|encoding)\s*=\s*["']?[\w:-]+["']?""")

_WEST, _CENTRE = ("cp1252", "iso8859-15"), ("cp1250", "iso8859-2")
CODECS: Mapping[str, Sequence[str]] = {
    "zh-Hans": ("gb2312", "gbk", "gb18030"),
    "zh-Hant": ("big5", "cp950", "big5hkscs", "gb18030"),
    "yue": ("big5hkscs",),
    "ja": ("cp932", "euc_jp", "iso2022_jp"),
    "ko": ("euc_kr", "cp949"),
    "ru": ("cp1251", "koi8-r", "iso8859-5", "cp866"),
    "uk": ("cp1251", "koi8-u"),
    **dict.fromkeys(("bg", "sr"), ("cp1251", "iso8859-5")),
    **dict.fromkeys(("be", "mk"), ("cp1251",)),
    "el": ("cp1253", "iso8859-7"),
    "ar": ("cp1256", "iso8859-6"),
    **dict.fromkeys(("fa", "ur"), ("cp1256",)),
    "he": ("cp1255", "iso8859-8"),
    "th": ("cp874",),
    "vi": ("cp1258",),
    "tr": ("cp1254", "iso8859-9"),
    **dict.fromkeys(("pl", "cs", "sk", "hu", "hr", "sl"), _CENTRE),
    "ro": ("cp1250",),
    "lt": ("cp1257", "iso8859-13"),
    "lv": ("cp1257",),
    "et": ("cp1257", "cp1252"),
    **dict.fromkeys(("de", "fr", "es", "it", "pt", "ca", "nl", "sv", "da", "nb", "fi", "is", "eu", "af"), _WEST),
}
"""Codecs that the web has used for a language. ISO-8859-16 and Mac's are left out: a page in them says so."""
LABELS = {"cp949": "euc-kr", "cp950": "big5", "cp932": "shift_jis", "cp874": "windows-874", "iso2022_jp": "iso-2022-jp"}

GARBLED: Mapping[str, tuple[tuple[str, str], ...]] = {
    "zh-Hans": (
        *(("utf-8", wrong) for wrong in ("gb18030", "big5", "cp932", "cp949", "latin-1", "cp1252", "cp1251", "koi8-r")),
        *(("gb18030", wrong) for wrong in ("utf-8", "big5", "cp932", "cp949", "latin-1", "cp1252", "cp1251", "ascii")),
    ),
    "zh-Hant": (
        *(("utf-8", wrong) for wrong in ("gb18030", "big5", "cp932", "latin-1", "cp1252")),
        *(("big5", wrong) for wrong in ("utf-8", "gb18030", "cp932", "latin-1", "cp1252")),
    ),
    "ja": (
        *(("utf-8", wrong) for wrong in ("gb18030", "cp932", "latin-1", "cp1252")),
        *(("cp932", wrong) for wrong in ("utf-8", "gb18030", "latin-1")),
        *(("euc_jp", wrong) for wrong in ("utf-8", "gb18030", "latin-1")),
    ),
    "ko": (("utf-8", "cp949"), ("utf-8", "cp1252"), ("cp949", "utf-8"), ("cp949", "gb18030"), ("cp949", "latin-1")),
    "ru": (("utf-8", "cp1251"), ("utf-8", "cp1252"), ("utf-8", "gb18030"), ("cp1251", "koi8-r"), ("koi8-r", "cp1251")),
    "ar": (("utf-8", "cp1256"), ("utf-8", "cp1252"), ("cp1256", "latin-1")),
}
"""Language: (codec of the bytes, codec they were read with)."""


def measure(_scratch: Path) -> Iterator[Figure]:
    """All of them; nothing is written."""
    decode = CharsetSpec().open()
    yield from stored(decode)
    yield from written(decode)
    yield from garbled(decode)
    yield from clean(decode)


Decode = Callable[[Page], Decoded | Drop]
_Hits = dict[str, list[tuple[bool, str]]]


def stored(decode: Decode) -> Iterator[Figure]:
    """data/encodings."""
    hits: _Hits = defaultdict(list)
    rng = random.Random("decoding")
    for page, row in encodings():
        if row["kind"] == "garbled":
            hits["encodings: garbled, dropped"].append((isinstance(decode(page), Drop), page.url))
            continue
        named = f"{row['encoding']} {page.url}"
        right = row["kind"] == "natural" or _RIGHT.search(row["variant"]) is not None
        hits[f"encodings: {'header or meta right' if right else 'neither right'}"].append(
            (_shows(decode(page), row), named)
        )
        codec = "utf-16" if row["encoding"] == "utf-16le-bom" else row["encoding"]
        bare = page.payload if b"\0" in page.payload[:64] else _LABEL.sub(rb"\1=", page.payload)
        for label in WRONG:
            body = dataclasses.replace(page, payload=bare, headers=_header(label))
            hits["encodings: mislabelled"].append((_shows(decode(body), row), f"as {label} {named}"))
        for _ in range(_CUTS):
            end = rng.randrange(len(page.payload) * 2 // 5, len(page.payload))
            label = rng.choice(WRONG)
            # A string that was cut off proves nothing.
            if _has(page.payload[:end].decode(codec, "ignore"), row):
                cut = dataclasses.replace(page, payload=page.payload[:end])
                hits["encodings: cut"].append((_shows(decode(cut), row), f"at {end} {named}"))
            if _has(bare[:end].decode(codec, "ignore"), row):
                cut = dataclasses.replace(page, payload=bare[:end], headers=_header(label))
                hits["encodings: cut and mislabelled"].append((_shows(decode(cut), row), f"at {end} {label} {named}"))
        damaged = _damaged(page.payload, rng)
        found = decode(dataclasses.replace(page, payload=damaged))
        counted = isinstance(found, Decoded) and (found.replaced > 0 or not _fails(damaged, found.charset))
        hits["encodings: damaged, recovered"].append((counted and _shows(found, row, holes=True), named))
    yield from _shares(hits)


def written(decode: Decode) -> Iterator[Figure]:
    """Sentences in every codec of their language: the whole text must come out, character for character."""
    hits: _Hits = defaultdict(list)
    rng = random.Random("written")
    for language, codec, text in _texts():
        for name, head, label in (
            ("header right", "", _label(codec)),
            ("meta right", f'<meta charset="{_label(codec)}">', None),
            ("meta right, header wrong", f'<meta charset="{_label(codec)}">', rng.choice(WRONG)),
            ("neither", "", None),
            ("mislabelled", "", rng.choice(WRONG)),
        ):
            html = f"<html><head><title>t</title>{head}</head><body>{text}</body></html>"
            body = html.encode(codec)
            found = decode(_page(body, label))
            right = isinstance(found, Decoded) and found.text == html
            hits[f"written anew: {name}"].append((right, f"{language} {codec} {label}"))
            if name in ("header right", "mislabelled"):
                part = body[: rng.randrange(len(body) // 2, len(body))]
                found = decode(_page(part, label))
                right = isinstance(found, Decoded) and _begins(html, found.text, part, codec)
                hits[f"written anew: {name}, cut"].append((right, f"{language} {codec} {label}"))
    yield from _shares(hits)


def garbled(decode: Decode) -> Iterator[Figure]:
    """Mojibake dropped, by language, of every pair of codecs in GARBLED."""
    hits: _Hits = defaultdict(list)
    for language, pairs in GARBLED.items():
        for text in _pages_of(language):
            for right, wrong in pairs:
                spoilt = text.encode(right, "ignore").decode(wrong, "replace")
                if wrong == "ascii":  # what databases write for what they cannot say
                    spoilt = spoilt.replace("\ufffd", "?")
                dropped = isinstance(decode(_page(spoilt.encode(), "utf-8")), Drop)
                hits[f"mojibake dropped: {language[:2]}"].append((dropped, f"{language} {right} as {wrong}"))
    yield from _shares(hits)


def clean(decode: Decode) -> Iterator[Figure]:
    """Rows of text in all languages and pages of the other sets: none is mojibake."""
    texts = [row["text"] for row in rows("lid/lid.jsonl.gz")]
    texts += [row["text"] for name in ("zh", "en") for row in rows(f"lm-text/{name}.jsonl.gz")]
    lost = [text[:80] for text in texts if isinstance(decode(_page(text.encode("utf-8", "replace"), None)), Drop)]
    yield _count("clean texts dropped", lost, len(texts))
    pages = [
        page for folder in ("gold-extraction", "crawl-small") for path in _captures(folder) for page in _captured(path)
    ]
    lost = [page.url for page in pages if isinstance(decode(page), Drop)]
    yield _count("clean pages dropped", lost, len(pages))


@cache
def encodings() -> list[tuple[Page, dict[str, Any]]]:
    """(page, its truth), in the order of the file."""
    truth = {row["url"]: row for row in rows("encodings/truth.jsonl.gz")}
    return [(page, truth[page.url]) for path in _captures("encodings") for page in _captured(path)]


def flat(text: str) -> str:
    """NFKC without white space."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def _has(text: str, row: Mapping[str, Any], *, holes: bool = False) -> bool:
    seen = flat(plain_text(text))
    return (holes or "\ufffd" not in seen) and any(flat(string) in seen for string in row["must_contain"])


def _shows(found: Decoded | Drop, row: Mapping[str, Any], *, holes: bool = False) -> bool:
    return isinstance(found, Decoded) and _has(found.text, row, holes=holes)


def _damaged(body: bytes, rng: random.Random) -> bytes:
    """Some bytes behind the head overwritten with ones that end or begin nothing."""
    damaged = bytearray(body)
    for _ in range(max(1, int(len(body) * _DAMAGED_RATIO))):
        damaged[rng.randrange(len(body) // 4, len(body))] = 0xFF
    return bytes(damaged)


def _fails(body: bytes, codec: str) -> bool:
    try:
        body.decode(codec)
    except UnicodeDecodeError:
        return True
    return False


def _begins(whole: str, found: str, part: bytes, codec: str) -> bool:
    """Whether `found` is all of `whole` that `part` holds, but for a character that was cut."""
    return whole.startswith(found) and len(found) >= len(part.decode(codec, "ignore")) - 1


def _texts() -> Iterator[tuple[str, str, str]]:
    """Language, codec, paragraphs that the codec can say and that are not all ASCII."""
    for language, codecs in CODECS.items():
        for text in _pages_of(language):
            for codec in codecs:
                said = _vietnamese(text) if codec == "cp1258" else text
                said = said.encode(codec, "ignore").decode(codec)
                if len(said) >= 0.98 * len(text) and not said.isascii():
                    yield language, codec, said


@cache
def _pages_of(language: str) -> list[str]:
    """Up to _PAGES texts of about _PAGE_CHARS characters, of rows that the detector's tables were not counted on."""
    if language in ("zh-Hans", "zh-Hant"):
        texts = unseen_prose(language.removesuffix("-Hans"))
    else:
        texts = [row["text"] for row in rows("lid/lid.jsonl.gz") if row["lang"] == language]
        if unseen := [text for text in texts if fold_of(text) == 0]:
            texts = unseen
    # Some rows of data/lid are themselves wrongly decoded: controls where quotation marks were.
    texts = [text for text in texts if not re.search("[\x80-\x9f\ufffd]", text)]
    random.Random(language).shuffle(texts)
    pages, page = [], ""
    for text in texts:
        page += f"<p>{unicodedata.normalize('NFC', re.sub('[<&]', ' ', text))}</p>\n"
        if len(page) >= _PAGE_CHARS:
            pages.append(page)
            page = ""
    return (pages or [page])[:_PAGES]


def _vietnamese(text: str) -> str:
    """Tones as combining marks, as windows-1258 has them."""
    tones = "\u0300\u0301\u0303\u0309\u0323"
    said = []
    for letter in text:
        parts = unicodedata.normalize("NFD", letter)
        if len(parts) == 3 or (len(parts) == 2 and not letter.encode("cp1258", "ignore")):
            tone = "".join(mark for mark in parts if mark in tones)
            said.append(unicodedata.normalize("NFC", "".join(mark for mark in parts if mark not in tones)) + tone)
        else:
            said.append(letter)
    return "".join(said)


def _label(codec: str) -> str:
    return LABELS.get(codec, re.sub(r"^cp(125\d)$", r"windows-\1", codec))


def _header(label: str | None) -> tuple[tuple[str, str], ...]:
    return (("content-type", "text/html" if label is None else f"text/html; charset={label}"),)


def _page(body: bytes, label: str | None) -> Page:
    return Page(
        doc_id="0" * 32, url="https://quality.invalid/", fetched_at=None, payload=body, media="html", source="",
        location=Location(file="", offset=0, length=0), status=200, headers=_header(label),
    )  # fmt: skip


def _captures(folder: str) -> list[Path]:
    return sorted((DATA / folder).glob("*.warc.gz"))


def _captured(path: Path) -> list[Page]:
    size = path.stat().st_size
    split = Split("part", "warc", str(path), 0, size, size)
    return [item for item in open_split(split, SourceSpec(paths=(str(path),), kind="warc")) if isinstance(item, Page)]


def _shares(hits: _Hits) -> Iterable[Figure]:
    for name, found in hits.items():
        missed = [detail for hit, detail in found if not hit]
        yield share(GROUP, name, (hit for hit, _ in found), detail=missed)


def _count(name: str, lost: list[str], count: int) -> Figure:
    return Figure(group=GROUP, name=name, value=len(lost), count=count, better="lower", whole=True, detail=lost)
