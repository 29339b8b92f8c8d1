"""What the language pre-screen looks at: a few paragraphs, the lines that may be sentences, the letters that count.

`glance` reads decoded HTML without parsing it and returns the text behind some of its `<p` tags, or "" where there are few:
.03 ms a page, where the plain text of a whole page takes 1.3 ms. Nothing here drops: LanguageSpec.open_prescreen does.
"""

import html
import re
from collections.abc import Callable

from filters.script import Scripts

_PLACES, _PLACE_CHARS = 8, 500
_MIN_CHARS = 200  # of text, all places together; less is as likely a menu
_MIN_PARAGRAPH_CHARS = 40
_JAPANESE_KANA_RATIO = 0.2  # of Han and kana: Japanese text has .4 and more, a Chinese page about Japan has less
_TAG = re.compile(r"<[^<>]*>")


def glance(page: str) -> str:
    """Text of up to eight paragraphs from evenly spaced places; "" where it is short."""
    parts: list[str] = []
    seen = -1
    for index in range(_PLACES):
        start = page.find("<p", max(seen + 1, len(page) * index // _PLACES))
        if start < 0:
            break
        seen = start
        part = page[start : start + _PLACE_CHARS].partition("</p")[0]
        if part[2:3] not in (">", " "):
            continue
        text = " ".join(html.unescape(_TAG.sub(" ", part)).split())
        if len(text) >= _MIN_PARAGRAPH_CHARS and "<" not in text:
            parts.append(text)
    found = "\n".join(parts)
    return found if len(found) >= _MIN_CHARS else ""


def wanted_letters(keep: tuple[str, ...]) -> Callable[[Scripts], int]:
    """How many letters only kept languages write: Han for Chinese (unless amid kana), kana for Japanese, Hangul."""

    def count(counted: Scripts) -> int:
        han, kana = counted.count("Hani"), counted.count("Kana")
        total = counted.count("Hang") if "ko" in keep else 0
        if "ja" in keep:
            total += kana
        if not {"zh", "yue"}.isdisjoint(keep) and kana < _JAPANESE_KANA_RATIO * (han + kana):
            total += han
        return total

    return count


def long_lines(plain: str) -> str:
    """Lines that may be sentences: 40 letters, or 20 characters that are not ASCII."""
    return "\n".join(line for line in plain.split("\n") if len(line) >= 40 or (len(line) >= 20 and not line.isascii()))
