"""Pages with planted defects: for each kind a function that makes captures and says what must become of them."""

import gzip
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from tools.sample.articles import Article, block_html
from tools.sample.chrome import WORDS
from tools.sample.sites import Site, number_of, other_site, pick_site, render, url_of
from tools.sample.truth import Planted, Truth, probes
from tools.sample.warc import Capture

HTML = (("Content-Type", "text/html; charset=utf-8"), ("Server", "nginx"))


@dataclass(frozen=True, kw_only=True)
class Texts:
    """All articles, and the titles of each language for lists of related articles."""

    articles: Mapping[str, Article]

    @cached_property
    def titles(self) -> dict[tuple[str, str], tuple[str, ...]]:
        found: dict[tuple[str, str], list[str]] = {}
        for a in self.articles.values():
            if "leak" not in a.topic and "planted" not in a.topic:
                found.setdefault((a.language, a.script), []).append(a.title)
        return {key: tuple(value) for key, value in found.items()}

    def neighbours(self, article: Article) -> tuple[str, ...]:
        """Titles of the same language, its own left out."""
        return tuple(t for t in self.titles.get((article.language, article.script), ()) if t != article.title)


def truth_of(article: Article, kind: str, **more: object) -> Truth:
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
    return replace(base, **more)  # type: ignore[arg-type]


def page(
    texts: Texts,
    key: str,
    kind: str,
    *,
    site: Site | None = None,
    article: Article | None = None,
    charset: str = "utf-8",
    declared: str | None = None,
    header: str | None = "same",
    headers: tuple[tuple[str, str], ...] = (),
    finish: Callable[[bytes], bytes] = bytes,
    url: str | None = None,
    head: str = "",
    extra: str = "",
    body: str | None = None,
    capture: Mapping[str, object] | None = None,
    **truth: object,
) -> Planted:
    """One article as a page. `charset` encodes it, `declared` is what meta says, `header` what HTTP says (None: naught)."""
    article = article or texts.articles[key]
    site = site or pick_site(article)
    declared = declared or charset
    markup = render(site, article, texts.neighbours(article), charset=declared, head=head, extra=extra, body=body)
    named = declared if header == "same" else header
    media = "text/html" + (f"; charset={named}" if named else "")
    made = Capture(
        url=url or url_of(site, article),
        headers=(("Content-Type", media), ("Server", "nginx"), *headers),
        body=finish(markup.encode(charset, "xmlcharrefreplace")),
    )
    return Planted(capture=replace(made, **(capture or {})), truth=truth_of(article, kind, **truth))  # type: ignore[arg-type]


# --- duplicates -----------------------------------------------------------------------------------------------------

SYNONYMS = {
    "zh": "因为/由于 很多/许多 常常/经常 可以/能够 立刻/马上 非常/十分 如果/假如 因為/由於 許多/很多 通常/一般 多數/大部分",
    "en": "often/frequently many/numerous almost/nearly enough/sufficient usually/generally nobody/no_one large/big then/next",
}
MAX_EDITS = 4


def edited(article: Article) -> Article:
    """The article with at most four words exchanged for synonyms and another title: a near duplicate."""
    blocks, left = list(article.blocks), MAX_EDITS
    for index, block in enumerate(blocks):
        for old, new in (pair.replace("_", " ").split("/") for pair in SYNONYMS[article.language].split()):
            if left and old in block and not block.startswith("```"):
                block = block.replace(old, new, 1)  # noqa: PLW2901
                left -= 1
        blocks[index] = block
    if left == MAX_EDITS:
        raise ValueError(f"{article.key}: no word to exchange")
    return replace(
        article,
        blocks=tuple(blocks),
        title={"zh": "【转】", "en": "Re: "}[article.language] + article.title,
    )


def duplicates(texts: Texts, key: str, kind: str) -> list[Planted]:
    """The page and its copy, as one cluster. kind: exact_duplicate | near_duplicate | mirror."""
    ends = {"cluster": f"{kind}-{key}", "verdicts": ("keep", "drop"), "reasons": ("duplicate",)}
    first = page(texts, key, kind, **ends)
    article = texts.articles[key]
    if kind == "exact_duplicate":
        url = first.capture.url
        again = url + ("&" if "?" in url else "?") + "utm_source=weekly&utm_medium=mail"
        if number_of(key) % 2:
            again = url.replace("https://", "http://")
        return [first, replace(first, capture=replace(first.capture, url=again))]
    other = other_site(article, pick_site(article).host)
    changed = edited(article) if kind == "near_duplicate" else article
    second = page(texts, key, kind, site=other, article=changed, **ends)
    return [first, second]


# --- encodings and transport ----------------------------------------------------------------------------------------


def legacy(texts: Texts, key: str, charset: str, declared: str, where: str) -> Planted:
    """A page in a legacy charset, declared rightly in `where`: header | meta | both."""
    header = None if where == "meta" else declared
    meta = "utf-8" if where == "header" else declared  # a template's meta that nobody changed
    made = page(texts, key, f"charset_{declared}", charset=charset, declared=meta, header=header)
    if where == "header":
        body = re.sub(rb"(?i)<meta [^>]*charset[^>]*>\n", b"", made.capture.body)
        made = replace(made, capture=replace(made.capture, body=body))
    return made


def mislabelled(texts: Texts, key: str, charset: str, declared: str) -> Planted:
    """Bytes in one charset, header and meta say another."""
    return page(
        texts, key, "charset_mislabelled", charset=charset, declared=declared, note=f"{charset}, says {declared}"
    )


def cut(texts: Texts, key: str) -> Planted:
    """The body ends in the middle of a character of the last third of the text, as a crawler's size limit cuts it."""

    def finish(body: bytes) -> bytes:
        article = texts.articles[key]
        last = article.paragraphs()[-1][-12:].encode()
        at = body.index(last) + 1
        return body[:at]  # one byte of a three-byte character remains

    probe = probes(texts.articles[key])[:2]
    return page(texts, key, "cut_in_character", finish=finish, capture={"truncated": "length"}, must_contain=probe)


def gzipped(texts: Texts, key: str, *, chunks: bool) -> Planted:
    """Content-Encoding gzip, and with `chunks` Transfer-Encoding chunked around it, as the wire had it."""
    headers = (("Content-Encoding", "gzip"),) + ((("Transfer-Encoding", "chunked"),) if chunks else ())

    def finish(body: bytes) -> bytes:
        packed = gzip.compress(body, 6, mtime=0)
        return chunked(packed, 1000) if chunks else packed

    return page(texts, key, "gzip_chunked" if chunks else "gzip", headers=headers, finish=finish)


def chunked(data: bytes, size: int) -> bytes:
    """HTTP/1.1 chunks."""
    parts = [data[i : i + size] for i in range(0, len(data), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def only_chunked(texts: Texts, key: str) -> Planted:
    """Transfer-Encoding chunked without compression."""
    return page(texts, key, "chunked", headers=(("Transfer-Encoding", "chunked"),), finish=lambda b: chunked(b, 1460))


def plain_text(texts: Texts, key: str, host: str) -> Planted:
    """text/plain: the text as it is, no markup."""
    article = texts.articles[key]
    body = "\n\n".join([article.title, *article.blocks]) + "\n"
    url = f"https://{host}/texts/{key}.txt"
    made = Capture(url=url, headers=(("Content-Type", "text/plain; charset=utf-8"),), body=body.encode())
    return Planted(capture=made, truth=truth_of(article, "plain_text", must_not_contain=()))


def mojibake(texts: Texts, key: str, read_as: str) -> Planted:
    """UTF-8 that a program once read as another charset and stored again."""
    article = texts.articles[key]

    def garble(text: str) -> str:
        return text.encode().decode(read_as, "replace").replace("\ufffd", "?" if read_as != "utf-8" else "\ufffd")

    broken = replace(article, title=garble(article.title), blocks=tuple(garble(b) for b in article.blocks))
    return page(
        texts, key, "mojibake", article=broken, verdicts=("ledger", "drop"), reasons=("mojibake", "too_many_replacement_chars"),
        must_contain=(), must_not_contain=(), note=f"UTF-8 read as {read_as}",
    )  # fmt: skip


def replacement(texts: Texts, key: str) -> Planted:
    """GBK bytes that a careless converter turned into U+FFFD."""
    article = texts.articles[key]
    blocks = tuple(b.encode("gbk", "ignore").decode("utf-8", "replace") for b in article.blocks)
    broken = replace(article, blocks=blocks)
    ends = {"verdicts": ("ledger", "drop"), "reasons": ("mojibake", "too_many_replacement_chars")}
    return page(texts, key, "replacement_characters", article=broken, must_contain=(), must_not_contain=(), **ends)


# --- what the publisher said ----------------------------------------------------------------------------------------


def opt_out(texts: Texts, key: str, how: str) -> Planted:
    """A good page whose publisher reserved it. how: header-noai | meta-noai | header-tdm | meta-tdm."""
    headers = {"header-noai": (("X-Robots-Tag", "noai, noimageai"),), "header-tdm": (("tdm-reservation", "1"),)}.get(
        how, ()
    )
    head = {
        "meta-noai": '<meta name="robots" content="index, noai">\n',
        "meta-tdm": '<meta name="tdm-reservation" content="1">\n',
    }.get(how, "")
    reason = "optout_tdm" if how.endswith("tdm") else "optout_noai"
    ends = {"verdicts": ("ledger",), "reasons": (reason,), "must_contain": (), "must_not_contain": (), "note": how}
    return page(texts, key, "opt_out", headers=headers, head=head, **ends)


def damaged(texts: Texts, key: str) -> Planted:
    """A good page whose compressed record is damaged in its middle: only its neighbours can be read."""
    ends = {"verdicts": ("ledger",), "reasons": ("damaged_bytes",), "must_contain": (), "must_not_contain": ()}
    note = "the row of the ledger may name no url"
    return page(texts, key, "damaged_member", capture={"damage": True}, note=note, **ends)


def hidden(texts: Texts, key: str, spam: str, how: str) -> Planted:
    """Spam that no reader sees, in a clean article. how: display | visibility | offscreen | zero."""
    style = {
        "display": "display:none",
        "visibility": "visibility: hidden",
        "offscreen": "position:absolute;left:-9999px;top:-9999px",
        "zero": "font-size:0;color:#fff",
    }[how]
    blocks = [block_html(b) for b in texts.articles[key].blocks]
    blocks.insert(1, f'<div style="{style}"><p>{spam}</p></div>')
    return page(texts, key, "hidden_text", body="\n".join(blocks), must_not_contain=(spam[:20], spam[-20:]), note=how)


# --- planted texts --------------------------------------------------------------------------------------------------


def planted_text(texts: Texts, key: str, kind: str, verdicts: Iterable[str], reasons: Iterable[str]) -> Planted:
    """A page whose text is itself the defect."""
    return page(
        texts, key, kind, verdicts=tuple(verdicts), reasons=tuple(reasons), must_contain=(), must_not_contain=()
    )


def navigation(texts: Texts, site: Site, language: tuple[str, str], number: int) -> Planted:
    """A front page or a list: nothing but links."""
    titles = texts.titles[language] * 2
    words = WORDS[language]
    start = number * 7 % len(titles)
    rows = "".join(
        f'<li><a href="/p/{i}.html">{t}</a> <span>03-{i % 28 + 1:02d}</span></li>'
        for i, t in enumerate(titles[start : start + 18])
    )
    menu = "".join(f'<a href="/c/{i}">{m}</a> ' for i, m in enumerate(words.menu + words.links))
    markup = (
        f'<!DOCTYPE html>\n<html><head><meta charset="utf-8"><title>{site.name}</title></head><body>\n<div class="nav">{menu}</div>\n'
        f'<div class="list"><h3>{words.popular}</h3><ul>{rows}</ul></div>\n<div class="pager">1 2 3 4 5 {words.following}</div>\n'
        f'<div class="nav">{menu}</div><div class="footer">{words.footer}</div></body></html>\n'
    )
    made = Capture(url=f"https://{site.host}/list_{number}.html", headers=HTML, body=markup.encode())
    truth = Truth(
        kind="navigation_only",
        verdicts=("drop", "ledger"),
        reasons=("*rule*", "too_few_chars", "no_text", "spam", "duplicate"),
        language=language[0],
        script=language[1],
    )
    return Planted(capture=made, truth=truth)


def short(host: str, language: tuple[str, str], text: str) -> Planted:
    """A page with one sentence."""
    words = WORDS[language]
    markup = (
        f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>{words.home}</title></head><body><nav>{" ".join(words.menu)}'
        f"</nav><main><article><p>{text}</p></article></main><footer>{words.footer}</footer></body></html>"
    )
    made = Capture(url=f"https://{host}/note/{number_of(text)}", headers=HTML, body=markup.encode())
    reasons = ("too_few_chars", "no_text", "*rule*", "language_not_wanted")
    truth = Truth(
        kind="too_short", verdicts=("drop", "ledger"), reasons=reasons, language=language[0], script=language[1]
    )
    return Planted(capture=made, truth=truth)


def unwanted(texts: Texts, key: str) -> Planted:
    """A good page in a language that the sample recipe does not keep."""
    ends = {"verdicts": ("ledger", "drop"), "reasons": ("language_not_wanted",)}
    return page(texts, key, "unwanted_language", must_contain=(), must_not_contain=(), **ends)


def redacted(texts: Texts, key: str, kind: str, values: Mapping[str, str]) -> Planted:
    """A page with personal data or secrets: `{name}` in its text stands for a value, which must not be stored."""
    article = texts.articles[key]

    def fill(text: str) -> str:
        return re.sub(r"\{(\w+)\}", lambda m: values.get(m[1], m[0]), text)

    used = tuple(v for k, v in values.items() if any("{" + k + "}" in b for b in article.blocks))
    filled = replace(article, blocks=tuple(map(fill, article.blocks)))
    safe = tuple(p for p in probes(replace(article, blocks=tuple(b for b in article.blocks if "{" not in b))))
    base = truth_of(article, kind).must_not_contain
    return page(texts, key, kind, article=filled, must_contain=safe, must_not_contain=base + used)
