"""From bytes to text: a rewriter that says which charset it took, why, and what it lost.

Reads a `Page`; returns `Decoded`, or `Drop` with one of REASONS. The order: byte-order mark, UTF-16, UTF-32 and ISO-2022-JP
by their own marks, UTF-8 (cut at the end or with a few stray bytes it still is UTF-8), then the charset that the
HTTP header or a meta element declares unless its reading is clearly less likely than another one, then the likeliest.
Undecodable bytes become U+FFFD; a page with more than `max_replaced_ratio` of them is dropped, as is mojibake: text
that another program once decoded with the wrong charset. Mojibake is never repaired by guess: UTF-8 read as GBK has
lost bytes (reference/chinese_safety.md, A3: ftfy repairs 0 %).

It does not unescape entities and does not clean text: filters/normalize.py.
"""

import codecs
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass as plain_dataclass

import re2
from pydantic.dataclasses import dataclass
from resiliparse.parse.encoding import map_encoding_to_html5

from filters.charset_detect import Priced, ranking, sample
from filters.mojibake import mojibake
from filters.spec import SPEC
from schemas.decisions import Drop
from schemas.records import Page
from schemas.signals import Signal

REASONS = ("too_many_replacement_chars", "mojibake")

SIGNALS = (
    Signal("charset_name", "str", "codec", "Python codec that the page was decoded with"),
    Signal(
        "charset_method", "str", "name", "what decided: bom, utf-16, utf-32, utf-8, escapes, header, meta, detector"
    ),
    Signal("charset_replaced_ratio", "float", "ratio", "characters of the page that are U+FFFD"),
    Signal(
        "charset_mojibake_ratio", "float", "ratio", "visible characters in sequences that only wrong decoding makes"
    ),
)

# WHATWG encoding names (as resiliparse spells them) to the Python codecs that hold the superset; the first codec that
# decodes without error is taken, else the first. HKSCS lacks a few of Microsoft's Big5 characters and vice versa.
_CODECS = {
    "gbk": ("gb18030",),
    "gb18030": ("gb18030",),
    "big5": ("big5hkscs", "cp950"),
    "shift_jis": ("cp932", "shift_jis_2004"),
    "euc_jp": ("euc_jp", "euc_jis_2004"),
    "euc_kr": ("cp949",),
    "iso8859-11": ("cp874",),
}
# Labels outside the WHATWG table that pages use.
_LABELS = {
    "cp936": "gbk",
    "ms936": "gbk",
    "gb2312-80": "gbk",
    "euc-cn": "gbk",
    "cp950": "big5",
    "big-5": "big5",
    "cp932": "shift_jis",
    "sjis": "shift_jis",
    "cp949": "euc_kr",
    "uhc": "euc_kr",
    "utf8mb4": "utf-8",
    "hz-gb-2312": "hz",
    "hz": "hz",
}
_WEAK = frozenset({"cp1252", "utf-8", "utf-16-le", "utf-16-be"})  # what servers declare without knowing
_HEAD_BYTES = 64 << 10  # WHATWG asks for 1,024; pages of data/encodings declare behind that
_META = re2.compile(rb"""(?i)<(?:meta|\?xml)[^>]{0,500}?(?:charset|encoding)[\s"']{0,4}=[\s"']{0,8}([\w:.-]{2,40})""")
_LANG = re2.compile(rb"""(?i)<html[^>]{0,500}?\slang\s{0,4}=[\s"']{0,8}([a-z]{2})""")
_HEADER = re2.compile(r"""(?i)charset\s*=[\s"']*([\w:.-]{2,40})""")
_ISO_2022_JP = re2.compile(rb"\x1b\$[@B]|\x1b\(J")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MARGIN_NATS, _MARGIN_SAMPLE_NATS = 0.2, 12.0
"""Nats per byte, and for the whole sample, by which a declared charset may read worse than the likeliest one: the
second lets a declaration decide where there is little to read. On data/encodings the right charset always is the
likeliest (2.8 to 4.3 nats per byte); one of another script costs .3 to 2.2 more. A weak declaration (_WEAK) gets
a quarter."""

_PRECEDENCE_NATS = 0.1
"""Nats per byte by which a meta element must read better than the header to be preferred to it; twice that where it is
weak and the header is not."""
_MAX_ERRORS = 0.1
"""Share of undecodable characters above which a declaration is wrong. Damage that a page may have is far below
(max_replaced_ratio); two-byte codecs fail on a third or more of what is Latin."""

_HIGH = bytes(range(0x80, 0x100))
_MAX_STRAY_RATIO = 0.002  # of high bytes in a page of seven bits: they are damage, and max_replaced_ratio judges it
_MIN_WIDE_NULS, _MIN_WIDE_TEXT_RATIO = 3, 0.95
_WIDE_TEXT = re.compile("[\t\r\n -~\u2010-\u2026\u3000-\u30ff\u4e00-\u9fff\uff00-\uff65]")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")


@plain_dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """`text` without byte-order mark; `replaced` counts U+FFFD in it; `mojibake_ratio` is null without such text."""

    text: str
    charset: str
    method: str
    replaced: int
    mojibake_ratio: float | None = None

    def signals(self) -> dict[str, object]:
        """The values of SIGNALS."""
        return {
            "charset_name": self.charset,
            "charset_method": self.method,
            "charset_replaced_ratio": self.replaced / len(self.text) if self.text else None,
            "charset_mojibake_ratio": self.mojibake_ratio,
        }


@dataclass(frozen=True, kw_only=True, config=SPEC)
class CharsetSpec:
    """How much damage a page may have."""

    max_replaced_ratio: float = 0.001
    """Ratio of characters that are U+FFFD. Design, section 5; broken text has .09 to .73 (chinese_safety.md, A3)."""

    max_mojibake_ratio: float = 0.02
    """Ratio of visible characters in mojibake sequences. Measured: garbled pages of data/encodings .025 (question
    marks), .14 and more; 1,263 pages of gold-extraction and crawl-small at most .014 (English pages whose quotation
    marks were garbled by their authors: worth keeping)."""

    min_mojibake_chars: int = 8
    """Characters in such sequences below which a page is not called mojibake: a lone `Ã©` may be quoted."""

    def open(self) -> Callable[[Page], Decoded | Drop]:
        """The decoder: linear in the body; about .1 ms for a UTF-8 page of 100 KB, 5 ms more for an undeclared one."""

        def decode(page: Page) -> Decoded | Drop:
            text, charset, method = _decode(page)
            replaced = text.count("\ufffd")
            if replaced > self.max_replaced_ratio * len(text):
                return Drop("too_many_replacement_chars", replaced / len(text), self.max_replaced_ratio, charset)
            broken, ratio = mojibake(text, page.payload if charset == "utf-8" else None)
            if ratio is not None and ratio > self.max_mojibake_ratio and broken >= self.min_mojibake_chars:
                return Drop("mojibake", ratio, self.max_mojibake_ratio, charset)
            return Decoded(text=text, charset=charset, method=method, replaced=replaced, mojibake_ratio=ratio)

        return decode


def _decode(page: Page) -> tuple[str, str, str]:
    """Text, Python codec and method."""
    body = page.payload
    for mark, codec in _BOMS:
        if body.startswith(mark):
            return _replace(body[len(mark) :], codec), codec, "bom"
    if (wide := _wide_without_bom(body)) is not None:
        return _replace(body, wide), wide, wide[:6]
    text = _utf8(body)
    if text is None:
        if _ISO_2022_JP.search(body) is not None and _high_bytes(body) <= _MAX_STRAY_RATIO * len(body):
            return _replace(body, "iso2022_jp_ext"), "iso2022_jp_ext", "escapes"
        return _legacy(body, list(_declared(page)))
    if text.isascii() and (b"\x1b" in body or b"~{" in body):
        return _seven_bit(body, page) or (text, "utf-8", "utf-8")
    return text, "utf-8", "utf-8"


def _seven_bit(body: bytes, page: Page) -> tuple[str, str, str] | None:
    """ISO-2022-JP by its escapes, HZ only where it is declared: `~{` occurs in code."""
    if _ISO_2022_JP.search(body) is not None:
        return _replace(body, "iso2022_jp_ext"), "iso2022_jp_ext", "escapes"
    methods = [method for name, method in _declared(page) if name == "hz"]
    return (_replace(body, "hz"), "hz", methods[0]) if methods else None


def _high_bytes(body: bytes) -> int:
    return len(body) - len(body.translate(None, _HIGH))


def _legacy(body: bytes, declared: list[tuple[str, str]]) -> tuple[str, str, str]:
    """By what is declared, where its reading is nearly as likely as the likeliest; of two such, the likelier one.

    A declaration is judged by what the bytes say alone: that a codec is rare counts where nothing declares it.
    """
    found = _LANG.search(body[:_HEAD_BYTES])
    part = sample(body)
    prices = ranking(part, found.group(1).decode("ascii").lower() if found else "")
    best = prices[0] if prices else Priced("cp1252", 0.0, 0.0, 0.0)
    known = {priced.codec: priced for priced in prices}
    margin = _MARGIN_NATS + _MARGIN_SAMPLE_NATS / (len(part) + 1)
    named = []
    for order, (codec, method) in enumerate(declared):
        priced, weak = known.get(_first(codec)), codec in _WEAK
        if priced is None or priced.errors > max(_MAX_ERRORS, best.errors):
            continue
        excess = priced.evidence - best.evidence
        if excess <= (margin / 4 if weak else margin):
            named.append((excess + _PRECEDENCE_NATS * (order + 2 * weak), codec, method))
    if not named:
        return *_read(body, best.codec), "detector"
    _, codec, method = min(named)
    return *_read(body, codec), method


def _declared(page: Page) -> Iterator[tuple[str, str]]:
    """WHATWG names (or "hz") that the header and the head of the body declare, in order."""
    seen = set()
    labels = [(label, "header") for label in _HEADER.findall(page.header("content-type") or "")]
    labels += [(label.decode("ascii", "ignore"), "meta") for label in _META.findall(page.payload[:_HEAD_BYTES])]
    for label, method in labels:
        name = _LABELS.get(label.lower()) or map_encoding_to_html5(label, False)
        if name is not None and name not in seen:
            seen.add(name)
            yield name, method


def _first(name: str) -> str:
    return _CODECS.get(name, (name,))[0]


def _read(body: bytes, name: str) -> tuple[str, str]:
    """Text and codec, of the codecs for that name the first with the fewest errors."""
    best: tuple[str, str] | None = None
    for codec in _CODECS.get(name, (name,)):
        text = _replace(body, codec)
        if "\ufffd" not in text:
            return text, codec
        if best is None or text.count("\ufffd") < best[0].count("\ufffd"):
            best = (text, codec)
    assert best is not None
    return best


def _replace(body: bytes, codec: str) -> str:
    """Decoded with replacement; a character that the end cuts in two is left out without being counted."""
    return codecs.getincrementaldecoder(codec)("replace").decode(body, False)


def _utf8(body: bytes) -> str | None:
    """UTF-8, strictly; else with replacement where the valid characters outnumber the errors by four.

    In pages of another charset errors outnumber them: GB2312 text has one accidental UTF-8 pair in ten.
    """
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        text = _replace(body, "utf-8")
    errors = text.count("\ufffd")
    valid = sum(map(len, _NOT_ASCII.findall(text))) - errors
    return text if errors * 4 <= valid else None


def _wide_without_bom(body: bytes) -> str | None:
    """UTF-16 and UTF-32 give themselves away: their ASCII characters have NULs at every second byte, or at three of four.

    Chinese without markup has few of those (Korean has its spaces); then what comes out must be Chinese or Japanese text.
    """
    head = body[:4096]
    if b"\0" not in head:
        return None
    even, odd = head[::2].count(0), head[1::2].count(0)
    most, least = max(even, odd), min(even, odd)
    quarter = len(head) // 4
    if most + least > 2 * quarter:
        zeros = [head[place::4].count(0) * 10 > 9 * quarter for place in range(4)]
        if zeros[2] and zeros[3] and not zeros[0]:
            return "utf-32-le"
        if zeros[0] and zeros[1] and not zeros[3]:
            return "utf-32-be"
    wide = "utf-16-be" if even > odd else "utf-16-le"
    if most * 20 >= len(head) and least * 4 <= most:
        return wide
    if most + least >= _MIN_WIDE_NULS:  # those of 一, U+4E00, are on the other side than those of ASCII
        for codec in ("utf-16-le", "utf-16-be"):
            if len(_WIDE_TEXT.findall(head.decode(codec, "replace"))) >= _MIN_WIDE_TEXT_RATIO * len(head) / 2:
                return codec
    return None
