"""Pages that must be kept: articles in the frame of a site, their copies, their charsets and their transport."""

import gzip
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from tools.sample.articles import Article
from tools.sample.chrome import WORDS
from tools.sample.sites import Site, number_of, other_sites, pick_site, render, url_of
from tools.sample.truth import Planted, Truth, probes
from tools.sample.warc import Capture


@dataclass(frozen=True, kw_only=True)
class Texts:
    """All articles, and the titles of each language for lists of related articles."""

    articles: Mapping[str, Article]

    @cached_property
    def titles(self) -> dict[tuple[str, str], tuple[str, ...]]:
        """Titles by language and script; those of planted texts are left out."""
        found: dict[tuple[str, str], list[str]] = {}
        for article in self.articles.values():
            if not article.topic.startswith("planted"):
                found.setdefault((article.language, article.script), []).append(article.title)
        return {key: tuple(value) for key, value in found.items()}

    def neighbours(self, article: Article) -> tuple[str, ...]:
        """Titles of the same language, its own left out."""
        return tuple(t for t in self.titles.get((article.language, article.script), ()) if t != article.title)


def truth_of(article: Article, kind: str, more: Mapping[str, Any]) -> Truth:
    """The truth of an article that is kept, unless `more` says otherwise. Menus and banners must be gone."""
    words = WORDS[article.language, article.script]
    base = Truth(
        kind=kind,
        language=article.language,
        script=article.script,
        must_contain=probes(article),
        must_not_contain=(words.cookie, words.footer),
        origin=article.origin,
        licence=article.licence,
        article=article.key,
    )
    return replace(base, **more)


def page(
    texts: Texts,
    article: str | Article,
    kind: str,
    *,
    site: Site | None = None,
    charset: str = "utf-8",
    declared: str | None = None,
    header: str | None = "same",
    headers: tuple[tuple[str, str], ...] = (),
    finish: Callable[[bytes], bytes] = bytes,
    head: str = "",
    body: str | None = None,
    capture: Mapping[str, Any] | None = None,
    truth: Mapping[str, Any] | None = None,
) -> Planted:
    """One article as a page. `charset` encodes it; `declared` is what meta says, `header` what HTTP says (None: naught)."""
    article = texts.articles[article] if isinstance(article, str) else article
    site = site or pick_site(article)
    declared = declared or charset
    markup = render(site, article, texts.neighbours(article), charset=declared, head=head, body=body)
    named = declared if header == "same" else header
    made = Capture(
        url=url_of(site, article),
        headers=(
            ("Content-Type", f"text/html; charset={named}" if named else "text/html"),
            ("Server", "nginx"),
            *headers,
        ),
        body=finish(markup.encode(charset, "xmlcharrefreplace")),
    )
    return Planted(capture=replace(made, **(capture or {})), truth=truth_of(article, kind, truth or {}))


# --- duplicates -----------------------------------------------------------------------------------------------------

SYNONYMS = {
    "zh": "因为/由于 很多/许多 常常/经常 可以/能够 立刻/马上 非常/十分 如果/假如 因為/由於 許多/很多 通常/一般 多數/大部分",
    "en": "often/frequently many/numerous almost/nearly enough/sufficient usually/generally nobody/no_one large/big then/next",
}
MAX_EDITS = 3


def edited(article: Article) -> Article:
    """The article with at most three words exchanged for synonyms and another title: a near duplicate."""
    pairs = [pair.replace("_", " ").split("/") for pair in SYNONYMS[article.language].split()]
    blocks, left = list(article.blocks), MAX_EDITS
    for index, block in enumerate(blocks):
        for old, new in pairs:
            if left and old in block and not block.startswith("```"):
                block = block.replace(old, new, 1)  # noqa: PLW2901
                left -= 1
        blocks[index] = block
    if left == MAX_EDITS:
        raise ValueError(f"{article.key}: no word to exchange")
    mark = {"zh": "【转】", "en": "Re: "}[article.language]
    return replace(article, blocks=tuple(blocks), title=mark + article.title)


def duplicates(texts: Texts, key: str, kind: str, hosts: int = 2) -> list[Planted]:
    """The page and its copies, as one cluster. kind: exact_duplicate | near_duplicate | mirror (on so many hosts)."""
    ends = {"cluster": f"{kind}-{key}", "verdicts": ("keep", "drop"), "reasons": ("duplicate",)}
    first = page(texts, key, kind, truth=ends)
    article = texts.articles[key]
    if kind == "exact_duplicate":
        url = first.capture.url
        again = url + ("&" if "?" in url else "?") + "utm_source=weekly&utm_medium=mail"
        if number_of(key) % 2:
            again = url.replace("https://", "http://")
        return [first, replace(first, capture=replace(first.capture, url=again))]
    changed = edited(article) if kind == "near_duplicate" else article
    others = other_sites(article, pick_site(article).host)[: hosts - 1]
    return [first, *(page(texts, changed, kind, site=site, truth=ends) for site in others)]


# --- encodings and transport ----------------------------------------------------------------------------------------


def legacy(texts: Texts, key: str, charset: str, declared: str, where: str) -> Planted:
    """A page in a legacy charset, declared rightly in `where`: header | meta | both."""
    header = None if where == "meta" else declared

    def finish(body: bytes) -> bytes:
        return re.sub(rb"(?i)<meta [^>]*charset[^>]*>\n", b"", body) if where == "header" else body

    return page(texts, key, f"charset_{declared}", charset=charset, declared=declared, header=header, finish=finish)


def mislabelled(texts: Texts, key: str, charset: str, declared: str) -> Planted:
    """Bytes in one charset; header and meta say another."""
    note = {"note": f"{charset}, says {declared}"}
    return page(texts, key, "charset_mislabelled", charset=charset, declared=declared, truth=note)


def cut(texts: Texts, key: str) -> Planted:
    """The body ends in the middle of a character near the end of the text, as a crawler's size limit cuts it."""
    article = texts.articles[key]

    def finish(body: bytes) -> bytes:
        return body[: body.index(article.paragraphs()[-1][-12:].encode()) + 1]  # one byte of three remains

    ends = {"must_contain": probes(article)[:2]}
    return page(texts, key, "cut_in_character", finish=finish, capture={"truncated": "length"}, truth=ends)


def gzipped(texts: Texts, key: str, *, chunks: bool) -> Planted:
    """Content-Encoding gzip, and with `chunks` Transfer-Encoding chunked around it, as the wire had it."""
    headers: tuple[tuple[str, str], ...] = (("Content-Encoding", "gzip"),)
    if chunks:
        headers += (("Transfer-Encoding", "chunked"),)

    def finish(body: bytes) -> bytes:
        packed = gzip.compress(body, 6, mtime=0)
        return chunked(packed, 1000) if chunks else packed

    return page(texts, key, "gzip_chunked" if chunks else "gzip", headers=headers, finish=finish)


def only_chunked(texts: Texts, key: str) -> Planted:
    """Transfer-Encoding chunked without compression."""
    headers = (("Transfer-Encoding", "chunked"),)
    return page(texts, key, "chunked", headers=headers, finish=lambda body: chunked(body, 1460))


def chunked(data: bytes, size: int) -> bytes:
    """HTTP/1.1 chunks."""
    parts = [data[i : i + size] for i in range(0, len(data), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def plain_text(texts: Texts, key: str, host: str) -> Planted:
    """text/plain: the text as it is, no markup."""
    article = texts.articles[key]
    body = "\n\n".join([article.title, *article.blocks]) + "\n"
    url = f"https://{host}/texts/{key}.txt"
    made = Capture(url=url, headers=(("Content-Type", "text/plain; charset=utf-8"),), body=body.encode())
    return Planted(capture=made, truth=truth_of(article, "plain_text", {"must_not_contain": ()}))


def redacted(texts: Texts, key: str, kind: str, values: Mapping[str, tuple[str, str]]) -> Planted:
    """A page with personal data or secrets: `{name}` in its text stands for a value, which must not be stored.

    values: name -> value, placeholder that takes its place in the stored text.
    """
    article = texts.articles[key]

    def fill(text: str) -> str:
        return re.sub(r"\{(\w+)\}", lambda m: values[m[1]][0] if m[1] in values else m[0], text)

    used = [value for name, value in values.items() if any("{" + name + "}" in block for block in article.blocks)]
    whole = replace(article, blocks=tuple(block for block in article.blocks if "{" not in block))
    ends = {
        "must_contain": (*probes(whole), *sorted({placeholder for _, placeholder in used})),
        "must_not_contain": (*truth_of(article, kind, {}).must_not_contain, *(value for value, _ in used)),
    }
    return page(texts, replace(article, blocks=tuple(map(fill, article.blocks))), kind, truth=ends)
