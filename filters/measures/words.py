"""Measures over the words of a text: lengths, function words, variety, the commonest word, ways to reach somebody.

Reads the view's words, numbered once (`filters.segment.Vocabulary`), so that each distinct word is looked at once.
Punctuation is no word here; in datatrove it is, so its shares of words are a little smaller than these.
"""

from collections.abc import Mapping
from functools import cache

import numpy as np

from filters.languages import Profile, profile
from filters.measures.characters import ratio
from filters.segment import Vocabulary
from filters.view import TextView
from schemas.signals import Signal

SIGNALS = (
    Signal("text_words", "int", "words", "Words (Chinese by dictionary; see filters.segment)."),
    Signal("text_mean_word_chars", "float", "chars", "Mean length of a word."),
    Signal("text_max_word_chars", "int", "chars", "Length of the longest word."),
    Signal("text_hash_word_ratio", "float", "per word", "Characters # / words."),
    Signal("text_ellipsis_word_ratio", "float", "per word", "Ellipses (... or …) / words."),
    Signal("text_newline_word_ratio", "float", "per word", "Line feeds / words."),
    Signal("text_alpha_word_ratio", "float", "ratio", "Words with a letter of any script / words."),
    Signal("text_unique_word_ratio", "float", "ratio", "Distinct words / words; falls with length."),
    Signal("text_entropy", "float", "nats", "Entropy of the distribution of words; rises with length."),
    Signal("text_stop_words", "int", "count", "Distinct function words of the language; null without a list."),
    Signal("text_stop_word_ratio", "float", "ratio", "Function words / words; null without a list."),
    Signal("text_published_stop_words", "int", "count", "Distinct stop words of the published rule set; else null."),
    Signal("text_top_word_ratio", "float", "ratio", "The commonest content word / words; null below 50 words."),
    Signal("text_top10_word_ratio", "float", "ratio", "The ten commonest content words / words; null below 100 words."),
    Signal(
        "text_contact_ratio",
        "float",
        "ratio",
        "Words that label a way to reach somebody, at most two for each number or mail address, and 7 digits up / words.",
    ),
    Signal(
        "text_broken_phrase_ratio", "float", "ratio", "Determiners or prepositions that nothing follows / all such."
    ),
)

_MIN_OPENERS = 10  # fewer say nothing: one odd phrase in five would be a fifth
_MIN_TOPIC_WORDS = 50  # an exam question of 30 words names its subject six times
_PHONE_DIGITS = 7  # the shortest subscriber number in use in China or the United States


def measure_words(view: TextView, vocabulary: Vocabulary) -> dict[str, float | int | bool | None]:
    """The signals of this module."""
    language = profile(view.language)
    text, count, counts = view.text, len(view.words), vocabulary.counts
    number = vocabulary.number
    stop = _numbers(number, language.stop_words)
    stop_count = int(counts[stop].sum())
    alpha = np.fromiter(map(str.isalpha, number), dtype=bool, count=len(counts))
    distinct = tuple(number)
    for index in np.flatnonzero(~alpha).tolist():
        alpha[index] = not distinct[index].isdecimal() and any(map(str.isalpha, distinct[index]))
    shares = counts / count if count else counts
    return {
        "text_words": count,
        "text_mean_word_chars": ratio(int(counts @ vocabulary.chars), count),
        "text_max_word_chars": int(vocabulary.chars.max(initial=0)),
        "text_hash_word_ratio": ratio(text.count("#"), count),
        "text_ellipsis_word_ratio": ratio(text.count("...") + text.count("…"), count),
        "text_newline_word_ratio": ratio(text.count("\n"), count),
        "text_alpha_word_ratio": ratio(int(counts[alpha].sum()), count),
        "text_unique_word_ratio": ratio(len(counts), count),
        "text_entropy": float(-(shares * np.log(shares)).sum()) + 0.0 if count else None,
        "text_stop_words": _distinct(number, language.stop_words),
        "text_stop_word_ratio": ratio(stop_count, count) if language.stop_words else None,
        "text_published_stop_words": _distinct(number, language.published_stop_words),
        "text_top_word_ratio": _top_ratio(vocabulary, stop, language, 1, _MIN_TOPIC_WORDS),
        "text_top10_word_ratio": _top_ratio(vocabulary, stop, language, 10, 2 * _MIN_TOPIC_WORDS),
        "text_contact_ratio": _contact_ratio(vocabulary, language, text.count("@")),
        "text_broken_phrase_ratio": _broken_phrase_ratio(vocabulary, language),
    }


def _numbers(number: Mapping[str, int], listed: frozenset[str]) -> list[int]:
    """The words of a list that occur, as written, capitalised or in capitals."""
    return sorted([number[word] for word in _forms(listed) if word in number])


@cache
def _forms(listed: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(listed | {form(word) for word in listed for form in (str.capitalize, str.upper)}))


def _distinct(number: Mapping[str, int], listed: frozenset[str]) -> int | None:
    if not listed:
        return None
    return sum(word in number or word.capitalize() in number for word in listed)


def _top_ratio(vocabulary: Vocabulary, stop: list[int], language: Profile, top: int, min_words: int) -> float | None:
    """Share of the `top` commonest words of two characters or more (three with spaces) that are no function words."""
    size = len(vocabulary.ids)
    if size < min_words:
        return None
    content = vocabulary.chars >= (3 if language.spaced else 2)
    content[stop] = False
    counts = vocabulary.counts[content]
    counts.sort()
    return ratio(int(counts[-top:].sum()), size) if len(counts) else None


def _contact_ratio(vocabulary: Vocabulary, language: Profile, mails: int) -> float | None:
    distinct, counts = tuple(vocabulary.number), vocabulary.counts
    labels = int(counts[_numbers(vocabulary.number, language.contacts)].sum())
    if labels:  # what they label has digits, or is a mail address: the manual of a fax program has neither
        numbers = [i for i, word in enumerate(distinct) if not word.isalpha() and any(map(str.isdigit, word))]
        labels = min(labels, 2 * int(counts[numbers].sum()) + mails)
    long = [i for i in np.flatnonzero(vocabulary.chars >= _PHONE_DIGITS).tolist() if distinct[i].isdecimal()]
    return ratio(labels + int(counts[long].sum()), len(vocabulary.ids))


def _broken_phrase_ratio(vocabulary: Vocabulary, language: Profile) -> float | None:
    number = vocabulary.number
    opener, never = np.zeros((2, len(number)), dtype=bool)
    opener[_numbers(number, language.openers)] = True
    never[[number[word] for word in sorted(language.never_after & number.keys())]] = True
    at = opener[vocabulary.ids[:-1]]
    openers = int(at.sum())
    return ratio(int((at & never[vocabulary.ids[1:]]).sum()), openers) if openers >= _MIN_OPENERS else None
