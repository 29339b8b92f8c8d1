"""What the language pre-screen looks at: a few runs of text, the lines that may be sentences, the letters that count.

`glance` reads decoded HTML without parsing it and returns some of the text between its tags, or "" where there is little:
.05 ms a page, where the plain text of a whole page takes 1.2 ms. Nothing here drops: LanguageSpec.open_prescreen does.
"""

import html
import re
from collections.abc import Callable
from itertools import islice

from filters.script import Scripts

_PLACES = 8
_MIN_CHARS = 120  # of text, all places together; less is as likely a menu
# Text between two tags that is long for an item of a menu. Bounded, and each ">" is tried once: linear.
_RUN = re.compile(r">\s*([^<>\s][^<>]{30,60})")
_TRIES, _SCRIPT = 4, re.compile(r"[{}=;|\\]")  # at each place; marks of a script, which is no text
_JAPANESE_KANA_RATIO = 0.2  # of Han and kana: Japanese text has .4 and more, a Chinese page about Japan has less


def glance(page: str) -> str:
    """A run of text from each of eight evenly spaced places; "" where they are short."""
    parts: list[str] = []
    end = 0
    for index in range(_PLACES):
        end = max(end, len(page) * index // _PLACES)
        for run in islice(_RUN.finditer(page, end), _TRIES):
            end = run.end()
            if not _SCRIPT.search(text := html.unescape(run[1])):
                parts.append(" ".join(text.split()))
                break
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
