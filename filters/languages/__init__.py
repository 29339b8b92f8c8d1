"""What a language needs to be measured: one TOML file per language beside this module, read once, never changed.

Reads `<code>.toml`; a code without a file gets `und.toml`. Holds no thresholds: those are rules (`filters.presets`).
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

_FOLDER = Path(__file__).parent
Segmentation = Literal["dictionary", "kana", "spaces"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One language. Word lists are in stored form: a measure never folds a word that it looks up, except its case.

    `segmentation`: "dictionary" (jieba), "kana" (runs of one Japanese character class), "spaces" (runs of letters).
    `short_line_chars`: a line of at most so many characters is short. `tag_chars`: mean length of the entries of a
    line that is a list of tags or links. `stop_words`: function words of ordinary prose. `published_stop_words`: the
    list of the published rule set for the language, verbatim. `navigation`: phrases of lines that steer and do not
    tell, lower case. `contacts`: words that label a way to reach somebody, lower case. `openers` are words that must
    be followed by the head of a phrase, `never_after` words that cannot be one: the pair is a sign of word salad.
    `particles` cannot follow a mark.
    """

    segmentation: Segmentation
    short_line_chars: int
    tag_chars: int
    stop_words: frozenset[str]
    published_stop_words: frozenset[str]
    navigation: tuple[str, ...]
    contacts: frozenset[str]
    openers: frozenset[str]
    never_after: frozenset[str]
    particles: frozenset[str]

    @property
    def spaced(self) -> bool:
        """Whether the language puts spaces between words."""
        return self.segmentation == "spaces"


@cache
def profile(language: str) -> Profile:
    """The profile of an ISO 639-1 code, or that of "und" where there is none.

    ValueError: the file lacks a key, has an unknown one, or an unknown segmentation.
    """
    path = _FOLDER / f"{language}.toml"
    if not language.isalnum() or not path.is_file():
        path = _FOLDER / "und.toml"
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    if set(table) != set(Profile.__slots__):
        raise ValueError(f"{path.name}: keys {sorted(set(table) ^ set(Profile.__slots__))} are missing or unknown")
    if table["segmentation"] not in ("dictionary", "kana", "spaces"):
        raise ValueError(f"{path.name}: segmentation must be dictionary, kana or spaces")
    return Profile(
        segmentation=table["segmentation"],
        short_line_chars=table["short_line_chars"],
        tag_chars=table["tag_chars"],
        stop_words=frozenset(table["stop_words"]),
        published_stop_words=frozenset(table["published_stop_words"]),
        navigation=tuple(table["navigation"]),
        contacts=frozenset(table["contacts"]),
        openers=frozenset(table["openers"]),
        never_after=frozenset(table["never_after"]),
        particles=frozenset(table["particles"]),
    )
