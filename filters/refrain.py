"""What stands around the phrases that a text repeats most: pages for search engines strew one phrase into honest prose.

Reads a TextView; returns runs of its words, one for each of the commonest pairs of words: the words around every occurrence,
within its sentence. What they are is for the caller to say (filters/quality.py): around a name that an article repeats
stand the words of the article, around a strewn phrase those of an advert. Linear in the text.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from filters.view import TextView

_BEFORE, _AFTER = (
    6,
    7,
)  # words around an occurrence; 10 and 12, or whole sentences, part clean and strewn text no better
_PHRASES = 6  # 12 find no more
_MIN_OCCURRENCES = 3  # twice is a coincidence: at the same loss of clean text, half of what 3 finds
_MIN_CHARS = {"zh": 3, "en": 6}  # of both words: what is shorter is grammar ("of the")
_MAX_SHARE = 0.8  # of the text's words: more is the text itself, which is judged as a whole
_MAX_WORDS = 3_000  # of a text: what is strewn is strewn everywhere
_SENTENCE_END = re.compile(r"[.!?。！？；;\n]")


def refrains(view: TextView) -> list[Sequence[str]]:
    """Words around each phrase that occurs 3 times or more, at most 6 phrases, the commonest first."""
    words = view.words[:_MAX_WORDS]
    folded = [word.lower() for word in words]
    pairs = list(pairwise(folded))
    # Most texts repeat nothing long enough, and need no sentences.
    common = [
        pair
        for pair, count in Counter(pairs).most_common()
        if count >= _MIN_OCCURRENCES and _is_phrase("".join(pair), view.language)
    ]
    if not common:
        return []
    sentence = _sentences(view.text, words)
    found: Counter[tuple[str, str]] = Counter()
    places: dict[tuple[str, str], list[int]] = {pair: [] for pair in common}
    for place, pair in enumerate(pairs):
        if pair in places and sentence[place] == sentence[place + 1]:
            places[pair].append(place)
            found[pair] += 1
    made: list[Sequence[str]] = []
    for pair, count in found.most_common(_PHRASES):
        if count < _MIN_OCCURRENCES:
            break
        around = {
            other
            for place in places[pair]
            for other in range(max(0, place - _BEFORE), min(len(words), place + 2 + _AFTER))
            if sentence[other] == sentence[place]
        }
        if len(around) <= _MAX_SHARE * len(words):
            made.append([words[place] for place in sorted(around)])
    return made


def _is_phrase(pair: str, language: str) -> bool:
    """Whether it can be what a page is made to be found by; ASCII in a Chinese text is mostly code."""
    return len(pair) >= _MIN_CHARS.get(language, 0) and not (language == "zh" and pair.isascii())


def _sentences(text: str, words: Sequence[str]) -> list[int]:
    """The number of each word's sentence."""
    ends = [match.start() for match in _SENTENCE_END.finditer(text)]
    numbers, start = [], 0
    for word in words:
        place = text.find(word, start)
        numbers.append(bisect_left(ends, max(place, start)))
        start = max(place, start) + len(word)
    return numbers
