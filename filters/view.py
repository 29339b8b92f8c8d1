"""One look at a document's text that every measure shares: lines, words and key are made once."""

from dataclasses import dataclass

from filters.segment import words


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


def make_view(text: str, key: str, language: str, script: str) -> TextView:
    """The view of one document. Lines end at line feeds alone, as the stored text has no other line ends."""
    return TextView(
        text=text,
        key=key,
        lines=tuple(filter(None, map(str.strip, text.split("\n")))),
        words=words(text, language, script),
        language=language,
        script=script,
    )
