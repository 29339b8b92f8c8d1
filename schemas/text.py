"""Text from the crawl, made safe to show on a terminal or in a log."""

import unicodedata

_LINE_ENDS = {"\n", "\t"}


def printable(text: str) -> str:
    """The text with control, format, private-use and unassigned characters (escape sequences, bidirectional overrides) escaped."""
    if text.isprintable():
        return text
    return "".join(
        c if c in _LINE_ENDS or c.isprintable() or unicodedata.category(c)[0] in "LMNPSZ" else f"\\u{ord(c):04x}"
        for c in text
    )
