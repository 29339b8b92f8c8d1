"""From bytes to text: a rewriter that says which charset it took, why, and what it lost.

Reads a `Page`; returns `Decoded`, or `Drop` with one of REASONS. The order: byte-order mark, UTF-16 and ISO-2022-JP
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

from filters.charset_detect import ranking, sample
from filters.spec import SPEC
from schemas.decisions import Drop
from schemas.records import Page
from schemas.signals import Signal

REASONS = ("too_many_replacement_chars", "mojibake")

SIGNALS = (
    Signal("charset_name", "str", "codec", "Python codec that the page was decoded with"),
    Signal("charset_method", "str", "name", "what decided: bom, utf-16, utf-8, escapes, header, meta, detector"),
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
_MARGIN_NATS, _MARGIN_SAMPLE_NATS = 0.2, 40.0
"""Nats per byte, and for the whole sample, by which a declared charset may read worse than the likeliest one: the
second lets a declaration decide where there is little to read. On data/encodings the right charset always is the
likeliest (2.8 to 4.3 nats per byte); one of another script costs .3 to 2.2 more. A weak declaration (_WEAK) gets
a quarter."""

# What wrong decoding leaves behind. UTF-8 read as GBK: 鈥 锛 銆 (punctuation) and 鐨 涓 鏄 (的 一 是 ...) with neighbours
# of the same lead bytes; of the usual list 浜 is left out (横浜), as are 鏈 (區塊鏈) and 璇 (names). UTF-8 read as
# Shift_JIS: 縺 繧 繝 (kana). GBK read as UTF-8 and written again: 锟斤拷, in Korean 占쏙옙; uninitialised memory: 烫烫 屯屯
# (alone, 烫 屯 拷 are words). Any charset read as Latin-1: four letters with diacritics or controls in a row, or Â, Ã
# before a control or sign. UTF-8 read as windows-1251: Р and С before signs.
_CONTINUATION = "\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
_CONTINUATION_1251 = "ЂЃ‚ѓ„…†‡€‰Љ‹ЊЌЋЏђ‘’“”•–—™љ›њќћџ\u00a0ЎўЈ¤Ґ¦§Ё©Є«¬\u00ad®Ї°±Ііґµ¶·ё№є»јЅѕї"
_MOJIBAKE = re2.compile(
    "[鈥銆锛鐨涓鏄鍜鍦鐢鍙缁鎴绗鏂鎬閫鍒鍥鍚鎹縺繧繝]|锟斤拷|斤拷锟|烫烫烫|屯屯屯|占쏙옙|\ufffd"
    f"|[\u00c0-\u00ff][{_CONTINUATION}\u00c0-\u00ff]{{3,}}|[\u00c2\u00c3][\u0080-\u00bf]|[\u0080-\u009f]{{2,}}"
    f"|[РС][{_CONTINUATION_1251}][РС][{_CONTINUATION_1251}][РС][{_CONTINUATION_1251}]"
)
_LOST = "??????"
_QUESTION_MARKS = re2.compile(r"\?{6,}")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_MARKUP = re2.compile(r"(?is)<script\b[^>]*>.*?</script\s*>|<style\b[^>]*>.*?</style\s*>|<!--.*?-->|<[^<>]*>")


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
            broken, ratio = mojibake(text)
            if ratio is not None and ratio > self.max_mojibake_ratio and broken >= self.min_mojibake_chars:
                return Drop("mojibake", ratio, self.max_mojibake_ratio, charset)
            return Decoded(text=text, charset=charset, method=method, replaced=replaced, mojibake_ratio=ratio)

        return decode


def mojibake(text: str) -> tuple[int, float | None]:
    """Characters in mojibake sequences outside markup, and their share of the visible characters (None without any).

    Visible means outside tags, scripts and styles, white space left out. Markup is cut away only from suspects.
    """
    if (text.isascii() or _MOJIBAKE.search(text) is None) and _LOST not in text:
        return 0, 0.0 if text else None
    text = _MARKUP.sub(" ", text)
    visible = sum(map(len, text.split()))
    if visible == 0:
        return 0, None
    broken = sum(len(match) for match in _MOJIBAKE.findall(text))
    broken += sum(match.count("?") for match in _QUESTION_MARKS.findall(text))
    return broken, broken / visible


def _decode(page: Page) -> tuple[str, str, str]:
    """Text, Python codec and method."""
    body = page.payload
    for mark, codec in _BOMS:
        if body.startswith(mark):
            return _replace(body[len(mark) :], codec), codec, "bom"
    if (wide := _utf16_without_bom(body)) is not None:
        return _replace(body, wide), wide, "utf-16"
    text = _utf8(body)
    if text is None:
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


def _legacy(body: bytes, declared: list[tuple[str, str]]) -> tuple[str, str, str]:
    found = _LANG.search(body[:_HEAD_BYTES])
    part = sample(body)
    prices = ranking(part, found.group(1).decode("ascii").lower() if found else "")
    best_codec, best = next(iter(prices.items()), ("cp1252", 0.0))
    for weak in (False, True):
        for codec, method in declared:
            margin = (_MARGIN_NATS + _MARGIN_SAMPLE_NATS / (len(part) + 1)) / (4 if weak else 1)
            if (codec in _WEAK) == weak and prices.get(_first(codec), float("inf")) <= best + margin:
                return *_read(body, codec), method
    return *_read(body, best_codec), "detector"


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


def _utf16_without_bom(body: bytes) -> str | None:
    """UTF-16 gives itself away: its ASCII characters have a NUL in every second byte, and few others do (U+4E00)."""
    head = body[:4096]
    even, odd = head[::2].count(0), head[1::2].count(0)
    if max(even, odd) * 20 < len(head) or min(even, odd) * 4 > max(even, odd):
        return None
    return "utf-16-be" if even > odd else "utf-16-le"
