"""Text to words, once per document; words to numbers, once per document.

Reads stored text; returns words in order, without punctuation, space and symbols, in their stored form. Drops nothing
and decides nothing. Chinese (zh, yue) is cut by jieba's dictionary without its hidden Markov model (rjieba: the same
words as jieba with `HMM=False`, 17 times as fast; the model invents words such as 日去); Traditional text is cut along
its Simplified form, because the dictionary holds few Traditional words. Japanese is cut where the character class
changes (kanji, hiragana, katakana, other letters): cheap, without a dictionary, and enough for repetition and counts;
it does not split a run of hiragana into particles and endings. Every other language: runs of letters, marks and
digits, joined by an inner apostrophe; Han and kana inside count one word per character. Thai, Lao, Khmer and Burmese
have no spaces: a word there is a phrase. Linear in the text.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import filterfalse

import numpy as np
import numpy.typing as npt
import opencc

from filters.languages import profile

# jieba keeps a table for each run of Han; 64 Ki characters bound its memory on a line of 10 MB. A cut inside a word
# costs at most two wrong words in 64 Ki characters.
_PIECE_CHARS = 1 << 16
_HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufa6d\ufa70-\ufad9\U00020000-\U0003ffff"
_HIRAGANA = "\u3041-\u3096\u309d-\u309f"  # without voicing marks alone: the stored text is composed
_KATAKANA = "\u30a1-\u30fa\u30fc-\u30ff\uff66-\uff9f"
_LETTERS = rf"[^\W_{_HAN}{_HIRAGANA}{_KATAKANA}]"  # and digits


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """Words as numbers: `number` of each distinct word, in order of first occurrence; `ids` int64 (words,), the number
    of each word; `counts` and `chars` int64 (distinct,), occurrences and length in code points of each distinct word.
    """

    number: Mapping[str, int]
    ids: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]
    chars: npt.NDArray[np.int64]


def words(text: str, language: str, script: str = "") -> tuple[str, ...]:
    """The words of a text, in order. `script` "Hant" asks for segmentation along the Simplified form.

    A lone surrogate never is part of a word.
    """
    segmentation = profile(language).segmentation
    if segmentation == "dictionary":
        return _dictionary_words(text, traditional=script == "Hant")
    if segmentation == "kana":
        return tuple(_kana_pattern().findall(text))
    latin, beyond = _latin_patterns()
    return tuple((_spaces_pattern() if beyond.search(text) else latin).findall(text))


def index_words(tokens: Sequence[str]) -> Vocabulary:
    """Number the words by first occurrence."""
    number = dict(zip(distinct := dict.fromkeys(tokens), range(len(distinct)), strict=True))
    ids = np.fromiter(map(number.__getitem__, tokens), dtype=np.int64, count=len(tokens))
    return Vocabulary(
        number=number,
        ids=ids,
        counts=np.bincount(ids, minlength=len(number)).astype(np.int64, copy=False),
        chars=np.fromiter(map(len, number), dtype=np.int64, count=len(number)),
    )


def _dictionary_words(text: str, *, traditional: bool) -> tuple[str, ...]:
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode("utf-8")  # rjieba refuses lone surrogates; here they become "?"
    tokens: list[str] = []
    for start in range(0, len(text), _PIECE_CHARS):
        piece = text[start : start + _PIECE_CHARS]
        tokens += _traditional_tokens(piece) if traditional else _cut(piece)
    others = {token for token in dict.fromkeys(tokens) if not (token.isalnum() or any(map(str.isalnum, token)))}
    return tuple(filterfalse(others.__contains__, tokens))


def _cut(text: str) -> list[str]:
    import rjieba  # loads its dictionary: .1 s that the command line need not wait for

    words: list[str] = rjieba.cut(text, False)
    return words


def _traditional_tokens(text: str) -> list[str]:
    simplified = _simplifier().convert(text)
    if len(simplified) != len(text):  # a phrase of another length: its words cannot be laid over the text
        return _cut(text)
    tokens: list[str] = []
    start = 0
    for token in _cut(simplified):
        end = start + len(token)
        tokens.append(text[start:end])
        start = end
    return tokens


@cache
def _simplifier() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


@cache
def _kana_pattern() -> re.Pattern[str]:
    return re.compile(rf"[{_HAN}]+|[{_HIRAGANA}]+|[{_KATAKANA}]+|{_LETTERS}+")


@cache
def _spaces_pattern() -> re.Pattern[str]:
    # Python's \w leaves out combining marks, which would cut Hindi, Thai and pointed Hebrew inside words. Marks beyond
    # the basic plane would make the class slow (five times, on English), and their scripts are nearly unseen.
    marks = "".join(chr(code) for code in range(0x300, 0x10000) if unicodedata.category(chr(code)).startswith("M"))
    run = rf"{_LETTERS}+(?:[{marks}]+{_LETTERS}*)*"
    return re.compile(rf"{run}(?:['’]{run})*|[{_HAN}{_HIRAGANA}{_KATAKANA}]")


@cache
def _latin_patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """The words of `_spaces_pattern` in a text of Latin letters and no marks, twice as fast; and what such a text lacks."""
    letter = re.compile(_LETTERS)
    run = f"[{''.join(re.escape(chr(code)) for code in range(0x2C2) if letter.match(chr(code)))}]+"
    # ASCII to U+02C1, general punctuation, currency, arrows, mathematical operators, box drawing: no other letters.
    beyond = "[^\x00-\u02c1\u2000-\u206f\u20a0-\u20cf\u2190-\u23ff\u2500-\u25ff]"
    return re.compile(rf"{run}(?:['’]{run})*"), re.compile(beyond)
