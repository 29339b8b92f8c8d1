"""One look at a document's text that every measure shares: lines, words and key are made once."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TextView:
    """`text` as stored; `key` folded (NFKC, lower case, Traditional to Simplified, punctuation and space folded);
    `lines` stripped and not empty; `words` by the language's segmentation, punctuation left out.
    """

    text: str
    key: str
    lines: tuple[str, ...]
    words: tuple[str, ...]
    language: str
    script: str
