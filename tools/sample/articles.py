"""The texts of the sample: read from assets/sample/texts/*.md, turned into HTML blocks.

An article starts with a line `%% <id> | <topic> | <origin> | <licence>` and a line `# <title>`. Blocks are divided by
empty lines: paragraphs, `### heading`, `- list item`, `1. item`, `| cell | cell |`, `> verse` (each line is a line of
verse) and fenced code. Inside a paragraph nothing is marked up. The file's name gives the language.
"""

import html
from dataclasses import dataclass
from pathlib import Path

TEXTS = Path(__file__).resolve().parents[2] / "assets" / "sample" / "texts"

# file stem -> (ISO 639-1, ISO 15924); the others are named after their language and are Latn, Cyrl, Hang ...
SCRIPTS = {
    "zh": "Hans",
    "en": "Latn",
    "ja": "Jpan",
    "ko": "Kore",
    "de": "Latn",
    "fr": "Latn",
    "es": "Latn",
    "ru": "Cyrl",
    "pt": "Latn",
    "it": "Latn",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One text: `blocks` as written, in order. `licence` is an SPDX name or "public domain"; "own" marks our writing."""

    key: str
    topic: str
    origin: str
    licence: str
    title: str
    blocks: tuple[str, ...]
    language: str
    script: str

    def paragraphs(self) -> tuple[str, ...]:
        """The plain paragraphs only: what must come out of any extractor."""
        return tuple(b for b in self.blocks if not b.startswith(("#", "- ", "1. ", "|", ">", "```")))


def load() -> dict[str, Article]:
    """Every article by its key; a key that is used twice is an error."""
    found: dict[str, Article] = {}
    for path in sorted(TEXTS.glob("*.md")):
        language, _, script = path.stem.split(".")[0].partition("-")
        for article in parse(path.read_text(encoding="utf-8"), language, script.capitalize() or SCRIPTS[language]):
            if article.key in found:
                raise ValueError(f"{path.name}: the key {article.key} is used twice")
            found[article.key] = article
    return found


def parse(text: str, language: str, script: str) -> list[Article]:
    """The articles of one file."""
    articles = []
    for part in text.split("\n%% ")[1:]:
        head, _, body = part.partition("\n")
        key, topic, origin, licence = (field.strip() for field in head.split("|"))
        title, *blocks = _blocks(body)
        articles.append(
            Article(
                key=key,
                topic=topic,
                origin=origin,
                licence=licence,
                title=title.removeprefix("# "),
                blocks=tuple(blocks),
                language=language,
                script=script,
            )
        )
    return articles


def _blocks(body: str) -> list[str]:
    blocks: list[str] = []
    fenced = False
    for piece in body.strip("\n").split("\n\n"):
        if fenced:  # an empty line inside a fence belongs to the code
            blocks[-1] += "\n\n" + piece
        elif piece.strip():
            blocks.append(piece.strip("\n"))
        fenced ^= piece.count("```") % 2 == 1
    return blocks


def block_html(block: str) -> str:  # noqa: PLR0911 - one return a kind of block
    """One block as HTML, escaped."""
    lines = block.split("\n")
    if block.startswith("```"):
        return f"<pre><code>{html.escape(chr(10).join(lines[1:-1]))}</code></pre>"
    if block.startswith("### "):
        return f"<h2>{html.escape(block[4:])}</h2>"
    if block.startswith("> "):
        return "<p>" + "<br>\n".join(html.escape(line.removeprefix("> ")) for line in lines) + "</p>"
    if block.startswith("- "):
        return "<ul>\n" + "\n".join(f"<li>{html.escape(line[2:])}</li>" for line in lines) + "\n</ul>"
    if block.startswith("1. "):
        return "<ol>\n" + "\n".join(f"<li>{html.escape(line.partition('. ')[2])}</li>" for line in lines) + "\n</ol>"
    if block.startswith("|"):
        rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
        head = "".join(f"<th>{html.escape(cell)}</th>" for cell in rows[0])
        rest = "\n".join("<tr>" + "".join(f"<td>{html.escape(c)}</td>" for c in row) + "</tr>" for row in rows[1:])
        return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rest}\n</tbody>\n</table>"
    return f"<p>{html.escape(' '.join(lines) if block.isascii() else block.replace(chr(10), ''))}</p>"
