"""Measures over the lines of a text: ends, lengths, bullets, navigation, lists of tags, the lines that C4 would keep.

Reads the stripped, not empty lines of the view; returns shares of them. Removes no line. Linear: a line is matched
against phrases only while it is short.
"""

import re
from collections import Counter
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import re2

from filters.languages import Profile, profile
from filters.measures.characters import code_points, ratio
from filters.view import TextView
from schemas.signals import Signal

SIGNALS = (
    Signal("text_lines", "int", "count", "Lines that are not blank."),
    Signal("text_mean_line_chars", "float", "chars", "Mean length of a line."),
    Signal("text_max_line_chars", "int", "chars", "Length of the longest line."),
    Signal("text_short_line_ratio", "float", "ratio", "Lines of at most 30 characters (zh 10, ja 12) / lines."),
    Signal("text_bullet_line_ratio", "float", "ratio", "Lines that start with a bullet, hyphen or asterisk / lines."),
    Signal("text_ellipsis_line_ratio", "float", "ratio", "Lines that end in ... or … / lines."),
    Signal(
        "text_line_end_ratio", "float", "ratio", "Lines that end as sentences do, CJK marks and quotes too / lines."
    ),
    Signal(
        "text_sentences",
        "int",
        "count",
        "Runs of 。！？!?… and . (other scripts too), but for a . before a letter or digit.",
    ),
    Signal("text_mean_sentence_words", "float", "words", "Words / (sentence ends + lines without one)."),
    Signal(
        "text_c4_sentences", "int", "count", "Sentence ends in the lines that the C4 paper keeps (3 words or more)."
    ),
    Signal("text_c4_tfds_sentences", "int", "count", "The same for the C4 code of TFDS (5 words or more)."),
    Signal("text_javascript_line_ratio", "float", "ratio", "Lines with the word javascript / lines."),
    Signal("text_policy_line_ratio", "float", "ratio", "Lines on cookies, privacy or terms (C4's phrases) / lines."),
    Signal("text_lorem_ipsum", "bool", "flag", "The text holds 'lorem ipsum'."),
    Signal(
        "text_fragment_char_ratio",
        "float",
        "ratio",
        "Characters of lines of at most 60 bytes (20 of zh) without an end mark, formula, code or name and value / of all lines, of 10 or more: titles, menus, dates.",
    ),
    Signal("text_navigation_line_ratio", "float", "ratio", "Short lines with a phrase of navigation / lines."),
    Signal("text_navigation_char_ratio", "float", "ratio", "Characters of such lines / characters of all lines."),
    Signal(
        "text_tag_list_ratio", "float", "ratio", "Characters of lines that are lists of short entries / of all lines."
    ),
)

_BULLETS = tuple("•-*·●○■□◆◇★☆▪▸►▶※‣–")
_ELLIPSES = ("...", "…")
# Sentence ends with the quotes and brackets that may close them (chinese_safety.md A3: 91 to 96 % of clean lines).
_LINE_ENDS = frozenset(".!?\"'。！？｡．…”’」』；;：:）)】》〉؟۔।॥።။៕‽")
_OPEN_ENDS = frozenset(",，、~～-—")  # the sentence goes on in the next line, as in verse
_SENTENCE_ENDS = "。！？｡!?…؟۔।॥።။៕."
_END, _WORD, _SEPARATOR, _BARRED = 1, 2, 4, 8  # what a character may be
_DOT, _LINE_FEED = map(ord, ".\n")
_LAST_CODE = 0x3FFFF
_ENTRY_SEPARATORS = re.compile(r"[|｜丨_>»›·•‧/,，、;；\t]+")
# White space parts entries of CJK, not the words of an English phrase beside them.
_CJK_ENTRY_SEPARATORS = re.compile(r"[|｜丨_>»›·•‧/,，、;；\t]+|(?<![A-Za-z0-9\s])\s+|\s+(?![A-Za-z0-9\s])")
_NO_TAGS = re.compile(r"[。！？｡!?…؟۔।॥።။៕.$\\=(){}\[\]（）<`]")  # a sentence, a formula, code, markup
_DATED = re.compile(r"\d[-/.月]\d{1,2}日?[\])）]?$")  # and so a title on a list, whatever stands in it
_NO_TITLE = re.compile(r"[\\={};<`$]|\w[:：] ?(?=[^\W\d])")  # a formula, code, markup; a name and its value
_MIN_ENTRIES = 4
_FRAGMENT_BYTES = (
    66  # of UTF-8: 66 Latin letters, 22 Han, or a mixture as long; titles on lists reach it with their dates
)
_LIST_LINES = 10  # fewer lines are no list: a question and its choices have five
_NAVIGATION_LINES = 3  # a line of navigation is at most so many short lines long
_SAME_PHRASE = 4  # lines of navigation with one phrase that count: a table of a chip's registers is none
_C4_WORDS, _C4_TFDS_WORDS = 3, 5
_CJK_WORD_CHARS = 2  # a Chinese word with its share of punctuation (1.75 + .25; chinese_safety.md A3)
# tensorflow/datasets text/c4_utils.py `_POLICY_SUBSTRINGS`, and what Chinese pages say.
_POLICY = (
    "terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies",
    "隐私政策", "隐私权政策", "使用条款", "使用 cookie", "使用cookie", "隱私權政策", "使用條款",
)  # fmt: skip


def measure_lines(view: TextView) -> dict[str, float | int | bool | None]:
    """The signals of this module."""
    lines, language = view.lines, profile(view.language)
    count = len(lines)
    lengths = list(map(len, lines))
    last = [line[-1] for line in lines]
    total = sum(lengths)
    folded = view.text.lower()
    navigation = _navigation(lines, language)
    sentences, lists = _marks_by_line(lines, language)
    javascript = _lines_with(lines, folded, ("javascript",))
    policy = _lines_with(lines, folded, _POLICY)
    barred = javascript | policy
    ends = sum(sentences)
    unfinished = sum(not found for found in sentences)
    return {
        "text_lines": count,
        "text_mean_line_chars": ratio(total, count),
        "text_max_line_chars": max(lengths, default=0),
        "text_short_line_ratio": ratio(sum(length <= language.short_line_chars for length in lengths), count),
        "text_bullet_line_ratio": ratio(sum(line.startswith(_BULLETS) for line in lines), count),
        "text_ellipsis_line_ratio": ratio(sum(line.endswith(_ELLIPSES) for line in lines), count),
        "text_line_end_ratio": ratio(sum(mark in _LINE_ENDS for mark in last), count),
        "text_sentences": ends,
        "text_mean_sentence_words": ratio(len(view.words), ends + unfinished),
        "text_c4_sentences": _c4_sentences(lines, sentences, barred, language, _C4_WORDS),
        "text_c4_tfds_sentences": _c4_sentences(lines, sentences, barred, language, _C4_TFDS_WORDS),
        "text_javascript_line_ratio": ratio(len(javascript), count),
        "text_policy_line_ratio": ratio(len(policy), count),
        "text_lorem_ipsum": "lorem ipsum" in folded,
        "text_fragment_char_ratio": ratio(_fragment_chars(lines, lengths, last), total)
        if count >= _LIST_LINES
        else None,
        "text_navigation_line_ratio": ratio(len(navigation), count),
        "text_navigation_char_ratio": ratio(sum(navigation), total),
        "text_tag_list_ratio": ratio(
            sum(lengths[index] for index in lists if _is_tag_list(lines[index], language)), total
        ),
    }


def _marks_by_line(lines: tuple[str, ...], language: Profile) -> tuple[list[int], list[int]]:
    """Of each line the sentence ends, and which lines may be lists of tags: separators enough, no character of _NO_TAGS.

    Sentence ends are runs of end marks, less the dots before a letter or digit (3.5, example.org).
    """
    codes = np.minimum(code_points("\n".join(lines)), _LAST_CODE)
    kinds = _mark_table(language.spaced)[codes]
    last = np.zeros(len(codes), dtype=np.bool_)  # a run of end marks is over here
    is_end = (kinds & _END) != 0
    last[:-1] = is_end[:-1] & ~is_end[1:] & ~((codes[:-1] == _DOT) & (kinds[1:] & _WORD != 0))
    last[-1:] = is_end[-1:]
    breaks = np.flatnonzero(codes == _LINE_FEED)
    ends, separators, barred = (
        np.bincount(np.searchsorted(breaks, np.flatnonzero(found)), minlength=len(lines))
        for found in (last, kinds & _SEPARATOR, kinds & _BARRED)
    )
    return ends.tolist(), np.flatnonzero((separators >= _MIN_ENTRIES - 1) & (barred == 0)).tolist()


@cache
def _mark_table(spaced: bool) -> npt.NDArray[np.uint8]:
    """Of each code point: does it end a sentence, is it a letter, digit or _, does it part entries, does it bar a list
    of tags; uint8 (262144,), bits.
    """
    table = np.fromiter(map(str.isalnum, map(chr, range(_LAST_CODE + 1))), np.bool_, _LAST_CODE + 1) * np.uint8(_WORD)
    table[ord("_")] |= _WORD
    separators = _ENTRY_SEPARATORS if spaced else _CJK_ENTRY_SEPARATORS
    for code in range(_LAST_CODE + 1 if not spaced else 0x10000):
        if (table[code] == 0 or code == ord("_")) and separators.match(chr(code)):
            table[code] |= _SEPARATOR
    for code in range(0x10000):
        if _NO_TAGS.match(chr(code)):
            table[code] |= _BARRED
    table[list(map(ord, _SENTENCE_ENDS))] |= _END
    table.setflags(write=False)
    return table


def _c4_sentences(lines: tuple[str, ...], sentences: list[int], barred: set[int], language: Profile, words: int) -> int:
    """Sentence ends in lines that end one (not in an ellipsis), have enough words and are not barred.

    Words are white space words; where a language has none, two characters each.
    """
    return sum(
        max(sentences[index], 1)
        for index, line in enumerate(lines)
        if index not in barred
        and line[-1] in _LINE_ENDS
        and not line.endswith(_ELLIPSES)
        and (len(line.split(None, words)) if language.spaced else len(line) / _CJK_WORD_CHARS) >= words
    )


def _fragment_chars(lines: tuple[str, ...], lengths: list[int], last: list[str]) -> int:
    return sum(
        length
        for line, length, mark in zip(lines, lengths, last, strict=True)
        if length <= _FRAGMENT_BYTES
        and mark not in _LINE_ENDS
        and mark not in _OPEN_ENDS
        and len(line.removeprefix("- ").encode("utf-8", "surrogatepass")) <= _FRAGMENT_BYTES
        and (not _NO_TITLE.search(line) or _DATED.search(line))
    )


def _lines_with(lines: tuple[str, ...], folded: str, phrases: tuple[str, ...]) -> set[int]:
    ascii_only = folded.isascii()
    present = [phrase for phrase in phrases if (not ascii_only or phrase.isascii()) and phrase in folded]
    return (
        {i for i, line in enumerate(lines) if any(phrase in line.lower() for phrase in present)} if present else set()
    )


def _navigation(lines: tuple[str, ...], language: Profile) -> list[int]:
    """The lengths of the lines of navigation.

    One pass of RE2 over all short lines names those that hold a phrase, and only these are matched exactly: 60
    alternatives with word boundaries cost 2.2 ms a page in `re`, this .04 ms.
    """
    limit = _NAVIGATION_LINES * language.short_line_chars
    short = [line.lower() for line in lines if len(line) <= limit]
    if not short:
        return []
    sieve, exact = _navigation_patterns(language.navigation)
    data = "\n".join(short).encode("utf-8", "surrogatepass")
    starts = [match.start() for match in sieve.finditer(data)]
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n"))
    found = [short[index] for index in np.searchsorted(ends, starts).tolist()]
    seen = Counter[str]()
    lengths = []
    for line in found:
        if (match := exact.search(line)) and seen[match.group()] < _SAME_PHRASE:
            seen[match.group()] += 1
            lengths.append(len(line))
    return lengths


@cache
def _navigation_patterns(phrases: tuple[str, ...]) -> tuple[Any, re.Pattern[str]]:
    """The rest of a line from any phrase on; and a phrase, one of Latin letters only as whole words ("home", not "homeland")."""
    sieve = re2.compile(("(?:" + "|".join(map(re.escape, phrases)) + r")[^\n]*").encode())
    parts = (rf"\b{re.escape(phrase)}\b" if phrase.isascii() else re.escape(phrase) for phrase in phrases)
    return sieve, re.compile("|".join(parts))


def _is_tag_list(line: str, language: Profile) -> bool:
    """Four entries or more between separators, short on average."""
    separators = _ENTRY_SEPARATORS if language.spaced else _CJK_ENTRY_SEPARATORS
    entries = [entry for entry in separators.split(line) if entry.strip()]
    return len(entries) >= _MIN_ENTRIES and sum(map(len, entries)) <= language.tag_chars * len(entries)
