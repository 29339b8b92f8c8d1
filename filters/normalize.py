r"""Stored text: what a reader sees, in one spelling, and nothing that he does not see.

Reads extracted text; returns it with the characters removed, counted by kind. NFC; full-width ASCII letters and
digits narrowed; every space but the tab is U+0020; line ends are "\n", no white space before them, at most one blank
line. Removed: controls, zero-width and bidirectional controls, tags, private use, lone surrogates, noncharacters.

Joiners that shape what is read stay: ZWJ in emoji and after a letter of an Arabic, Indic or Mongolian script, ZWNJ
between two such letters (Persian می‌خواهم), ZWSP between letters of scripts without spaces (Thai, Khmer), one variation
selector behind its base. The tags of flag emoji are removed with all others: they can hide whole instructions.

It is never NFKC, never changes punctuation or quotation marks, never converts script: `，。（）x²½「」` stay
(reference/chinese_safety.md, A3: NFKC and ftfy's defaults damage every clean Chinese article).
"""

import re
import unicodedata

_NARROW = {full: full - 0xFEE0 for full in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}
_SPACES = dict.fromkeys((0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000), " ")
_LINE_ENDS = dict.fromkeys((0x0B, 0x0C, 0x85, 0x2028, 0x2029), "\n")
_MAPPED: dict[int, int | str] = {**_NARROW, **_SPACES, **_LINE_ENDS}
_MAPPED_CLASS = (
    "\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\u000b\u000c\u0085\u2028\u2029"
)
_MAPPED_ANY = re.compile(f"[{_MAPPED_CLASS}]")

# Scripts whose letters change shape with joiners, and scripts written without spaces.
_JOINING = "\u0600-\u06ff\u0700-\u07ff\u0840-\u08ff\u0900-\u0dff\u1000-\u109f\u1780-\u18af\ufb50-\ufdcf\ufdf0-\ufdff\ufe70-\ufefc"
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
_EMOJI = "\u00a9\u00ae\u2190-\u21ff\u2300-\u27bf\u2b00-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"

_SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"

# Three passes, because whether a selector or a joiner stays depends on what the pass before leaves beside it.
# Runs are one match, so that a megabyte of one character costs one call.
_ALWAYS = {
    "control": "[\u0000-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f]+",
    "zero_width": "[\u00ad\u034f\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0]+",
    "bidi": "[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+",
    "tag": "[\U000e0000-\U000e00ff]+",
    "private_use": "[\ue000-\uf8ff\U000f0000-\U0010ffff]+",
    "surrogate": "[\ud800-\udfff]+",
    "nonchar": "[\ufdd0-\ufdef\ufff0-\ufffc\ufffe\uffff]+",
}
KINDS = tuple(_ALWAYS)
_PASSES = (
    re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _ALWAYS.items())),
    re.compile(f"(?P<zero_width>(?<=[{_SELECTORS}\u200b-\u200d\t\n ])[{_SELECTORS}]+|\\A[{_SELECTORS}]+)"),
    re.compile(
        f"(?P<zero_width>(?<![{_UNSPACED}])\u200b|\u200b(?![{_UNSPACED}])"
        f"|(?<![{_JOINING}])\u200c|\u200c(?![{_JOINING}])"
        f"|(?<![{_JOINING}{_EMOJI}\ufe0f])\u200d|(?<=[{_EMOJI}\ufe0f])\u200d(?![{_EMOJI}]))"
    ),
)
# One cheap look that most texts pass: every character that a pass can touch.
_SUSPECT = re.compile(
    "[\u0000-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f\u00ad\u034f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ud800-\uf8ff\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffc\ufffe\uffff\U000e0000-\U0010ffff]"
)
_TRAILING = re.compile(r"[ \t]+\n")
_BLANK_LINES = re.compile(r"\n{3,}")


def normalize(text: str) -> tuple[str, dict[str, int]]:
    """The stored form of `text`, and how many characters of each kind of KINDS were removed (kinds without any left out).

    Linear in the text; idempotent.
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if _MAPPED_ANY.search(text) is not None:
        text = text.translate(_MAPPED)
    removed: dict[str, int] = {}
    if _SUSPECT.search(text) is not None:
        text = _remove(text, removed)
    if not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text)
    if " \n" in text or "\t\n" in text:
        text = _TRAILING.sub("\n", text)
    if "\n\n\n" in text:
        text = _BLANK_LINES.sub("\n\n", text)
    return text.rstrip(" \t\n").lstrip("\n"), removed


def _remove(text: str, removed: dict[str, int]) -> str:
    def count(match: re.Match[str]) -> str:
        kind = match.lastgroup or ""
        removed[kind] = removed.get(kind, 0) + match.end() - match.start()
        return ""

    for pattern in _PASSES:
        text = pattern.sub(count, text)
    return text
