"""Text from the web, made harmless to look at: what is invisible or reorders a line is shown as its code.

Escaping for HTML is the template's (autoescape). This module sees to the rest: control characters, bidirectional
overrides, zero-width and tag characters, lone surrogates. It loses nothing: every character stays recognisable.
"""

import re

_CONTROL_PICTURES = 0x2400  # U+2400 pictures U+0000, and so on; U+2421 pictures DEL
# Categories Cc (but tab and line feed), Cf, Cs, Zl and Zp, the noncharacters of the BMP and the Hangul fillers, as one
# class of one character: the search is linear. ZWNJ and ZWJ stay: Persian, Indic scripts and emoji need them.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u180e\u200b\u200e\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufdd0-\ufdef\ufeff\uffa0\ufff9-\ufffb\ufffe\uffff"
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
)


def visible(text: str) -> str:
    """`text` with each hidden character replaced by its picture (␀) or its code (⟨U+202E⟩)."""
    return _HIDDEN.sub(_shown, text)


def _shown(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x20:
        return chr(_CONTROL_PICTURES + code)
    return "␡" if code == 0x7F else f"⟨U+{code:04X}⟩"
