"""Replaces what a set of finders recognises by typed placeholders: the engine that privacy and secrets share.

Reads a text, returns the text with its edits and their counts. Drops nothing and keeps nothing of what it replaced.
Most documents contain nothing: one scan of one RE2 set says which finders may have something to do. Only those then
run an ordinary expression with its exact boundaries, in their order, each on what the earlier ones left. A text that
was changed is looked at again, so that redacting twice equals redacting once.

Time is linear in the text: RE2 is, every finder's expression is bounded (tests/properties/test_privacy.py), and the
number of passes is fixed. It does not understand the text: no names, no pictures, no words for digits.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import re2

Span = tuple[int, int]

# A replacement can bring a cue into reach of another number; more than two rounds were never seen outside of tests.
_PASSES = 4

# Read like their narrow forms, one for one, so that offsets stay those of the text; the text itself is not narrowed.
_DASHES = "‐‑‒–—―−"
_SPACES = "\u00a0\u2002\u2003\u2009\u202f\u3000"
_NARROW = (
    {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
    | dict.fromkeys(map(ord, _DASHES), "-")
    | dict.fromkeys(map(ord, _SPACES), " ")
)
_WIDE = (
    rf"[０-９＠]|[0-9][{_DASHES}{_SPACES}][0-9]{{3,4}}[{_DASHES}{_SPACES}][0-9]{{4}}|[0-9]{{3}}[{_DASHES}][0-9]{{7}}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Redacted:
    """`text` with placeholders; `counts`: replacements by signal name, every signal that was sought present."""

    text: str
    counts: dict[str, int]

    def signals(self) -> dict[str, int]:
        """The counts: every edit of a redaction is a signal."""
        return self.counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Finder:
    """One form of one kind of thing to replace.

    signals: counted under each of these names.
    sieve: RE2 expression that occurs wherever `pattern` does, loose and cheap.
    pattern: the exact place, with its boundaries; linear.
    span: what to replace of a match, or None to leave it: checksums and context go here.
    distinct: name under which distinct values are counted, where a value names one person or account by itself.
    """

    signals: tuple[str, ...]
    placeholder: str
    sieve: str
    pattern: re.Pattern[str]
    span: Callable[[re.Match[str]], Span | None]
    distinct: str | None = None


def open_finders(finders: tuple[Finder, ...]) -> Callable[[str], Redacted]:
    """One function that applies `finders` in order. Raises ValueError where a sieve is not an expression of RE2."""
    sieve, wide = _sieve(finders)
    none_found = dict.fromkeys(name for finder in finders for name in (*finder.signals, finder.distinct) if name)

    def redact(text: str) -> Redacted:
        counts = dict.fromkeys(none_found, 0)
        seen: set[tuple[str, str]] = set()
        for _ in range(_PASSES):
            encoded = text.encode("utf-8", "replace")  # a lone surrogate becomes one "?": lengths stay equal
            found = sieve.Match(encoded)
            if not found:
                break
            view = encoded.decode()
            if wide in found:
                view = view.translate(_NARROW)
                found = sieve.Match(view.encode()) or ()
            before = text
            for index in sorted(found):
                if index != wide:
                    text, view = _replace(finders[index], text, view, counts, seen)
            if text is before:
                break
        return Redacted(text=text, counts=counts)

    return redact


def _sieve(finders: tuple[Finder, ...]) -> tuple[Any, int]:
    """The set of all sieves, numbered like the finders, and the number of the one for full-width forms."""
    options = re2.Options()
    options.max_mem = 64 << 20  # bytes of DFA cache, an upper limit: a set that runs out of it finds nothing
    options.log_errors = False
    sieve = re2.Set.SearchSet(options)
    for finder in finders:
        sieve.Add(finder.sieve)
    wide = sieve.Add(_WIDE)
    sieve.Compile()
    return sieve, wide


def _replace(
    finder: Finder, text: str, view: str, counts: dict[str, int], seen: set[tuple[str, str]]
) -> tuple[str, str]:
    """Text and view with the finder's matches replaced in both; adds to `counts` and `seen`."""
    texts: list[str] = []
    views: list[str] = []
    done = 0
    for match in finder.pattern.finditer(view):
        span = finder.span(match)
        if span is None or span[0] < done:
            continue
        start, end = span
        for name in finder.signals:
            counts[name] += 1
        value = (finder.distinct or "", "".join(filter(str.isalnum, view[start:end])).upper())
        if finder.distinct and value not in seen:
            seen.add(value)
            counts[finder.distinct] += 1
        texts += (text[done:start], finder.placeholder)
        views += (view[done:start], finder.placeholder)
        done = end
    if not texts:
        return text, view
    return "".join([*texts, text[done:]]), "".join([*views, view[done:]])
