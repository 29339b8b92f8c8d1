"""Pages with planted defects in their text or their terms: what must be dropped, refused or cleaned."""

from collections.abc import Iterable
from dataclasses import replace

from tools.sample.articles import block_html
from tools.sample.chrome import WORDS
from tools.sample.pages import Texts, page
from tools.sample.sites import Site, number_of
from tools.sample.truth import Planted, Truth
from tools.sample.warc import Capture

HTML = (("Content-Type", "text/html; charset=utf-8"), ("Server", "nginx"))
NO_TEXT = {"must_contain": (), "must_not_contain": ()}
GARBLED = {"verdicts": ("ledger", "drop"), "reasons": ("mojibake", "too_many_replacement_chars"), **NO_TEXT}


def mojibake(texts: Texts, key: str, read_as: str) -> Planted:
    """UTF-8 that a program once read as another charset and stored again."""
    article = texts.articles[key]

    def garble(text: str) -> str:
        return text.encode().decode(read_as, "replace").replace("\ufffd", "?")

    broken = replace(article, title=garble(article.title), blocks=tuple(map(garble, article.blocks)))
    return page(texts, broken, "mojibake", truth={**GARBLED, "note": f"UTF-8 read as {read_as}"})


def replacement(texts: Texts, key: str) -> Planted:
    """GBK bytes that a careless converter turned into U+FFFD."""
    article = texts.articles[key]
    blocks = tuple(b.encode("gbk", "ignore").decode("utf-8", "replace") for b in article.blocks)
    return page(texts, replace(article, blocks=blocks), "replacement_characters", truth=GARBLED)


def opt_out(texts: Texts, key: str, how: str) -> Planted:
    """A good page whose publisher reserved it. how: header-noai | meta-noai | header-tdm | meta-tdm."""
    headers = {"header-noai": (("X-Robots-Tag", "noai, noimageai"),), "header-tdm": (("tdm-reservation", "1"),)}
    head = {
        "meta-noai": '<meta name="robots" content="index, noai">\n',
        "meta-tdm": '<meta name="tdm-reservation" content="1">\n',
    }
    reason = "optout_tdm" if how.endswith("tdm") else "optout_noai"
    ends = {"verdicts": ("ledger",), "reasons": (reason,), "note": how, **NO_TEXT}
    return page(texts, key, "opt_out", headers=headers.get(how, ()), head=head.get(how, ""), truth=ends)


def damaged(texts: Texts, key: str) -> Planted:
    """A good page whose compressed record is damaged in its middle: only its neighbours can be read."""
    ends = {"verdicts": ("ledger",), "reasons": ("damaged_bytes",), **NO_TEXT}
    return page(texts, key, "damaged_member", capture={"damage": True}, truth=ends)


def hidden(texts: Texts, key: str, spam: str, how: str) -> Planted:
    """Spam that no reader sees, in a clean article. how: display | visibility | offscreen | zero."""
    style = {
        "display": "display:none",
        "visibility": "visibility: hidden",
        "offscreen": "position:absolute;left:-9999px;top:-9999px",
        "zero": "font-size:0;color:#fff",
    }[how]
    blocks = [block_html(block) for block in texts.articles[key].blocks]
    blocks.insert(1, f'<div style="{style}"><p>{spam}</p></div>')
    body = "\n".join(blocks)
    if how in ("offscreen", "zero"):  # a known gap: neither trafilatura nor filters/hidden.py recognises these two
        gap = {
            "verdicts": ("keep", "drop"),
            "reasons": ("quality_spam", "safety_gambling", "safety_spam"),
            "must_not_contain": (),
            "note": f"{how}: a known gap, the spam may be in the text, and then cost the page",
        }
        return page(texts, key, "hidden_by_position", body=body, truth=gap)
    ends = {"must_not_contain": (spam[:20].strip(), spam[-20:].strip()), "note": how}
    return page(texts, key, "hidden_text", body=body, truth=ends)


def planted_text(texts: Texts, key: str, kind: str, reasons: Iterable[str]) -> Planted:
    """A page whose text is itself the defect: dropped or quarantined."""
    ends = {"verdicts": ("drop", "quarantine"), "reasons": tuple(reasons), **NO_TEXT}
    return page(texts, key, kind, truth=ends)


def unwanted(texts: Texts, key: str) -> Planted:
    """A good page in a language that the sample recipe does not keep."""
    ends = {"verdicts": ("ledger", "drop"), "reasons": ("unwanted_language", "language_not_wanted"), **NO_TEXT}
    return page(texts, key, "unwanted_language", truth=ends)


def navigation(texts: Texts, site: Site, language: tuple[str, str], number: int) -> Planted:
    """A list of articles: nothing but links."""
    titles = texts.titles[language] * 2
    words = WORDS[language]
    start = number * 7 % len(titles)
    rows = "".join(
        f'<li><a href="/p/{i}.html">{title}</a> <span>03-{i % 28 + 1:02d}</span></li>'
        for i, title in enumerate(titles[start : start + 18])
    )
    menu = "".join(f'<a href="/c/{i}">{entry}</a> ' for i, entry in enumerate(words.menu + words.links))
    markup = (
        f'<!DOCTYPE html>\n<html><head><meta charset="utf-8"><title>{site.name}</title></head><body>\n'
        f'<div class="nav">{menu}</div>\n<div class="list"><h3>{words.popular}</h3><ul>{rows}</ul></div>\n'
        f'<div class="pager">1 2 3 4 5 {words.following}</div>\n<div class="nav">{menu}</div>'
        f'<div class="footer">{words.footer}</div></body></html>\n'
    )
    made = Capture(url=f"https://{site.host}/list_{number}.html", headers=HTML, body=markup.encode())
    reasons = ("*rule*", "too_few_chars", "no_text", "duplicate")
    return Planted(capture=made, truth=_dropped("navigation_only", reasons, language))


def short(host: str, language: tuple[str, str], text: str) -> Planted:
    """A page with one sentence."""
    words = WORDS[language]
    markup = (
        f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>{words.home}</title></head><body>'
        f"<main><article><p>{text}</p></article></main><footer>{words.footer}</footer></body></html>"
    )
    made = Capture(url=f"https://{host}/note/{number_of(text)}", headers=HTML, body=markup.encode())
    reasons = ("too_few_chars", "no_text", "*rule*", "unwanted_language", "language_not_wanted")
    return Planted(capture=made, truth=_dropped("too_short", reasons, language))


def _dropped(kind: str, reasons: tuple[str, ...], language: tuple[str, str]) -> Truth:
    return Truth(kind=kind, verdicts=("drop", "ledger"), reasons=reasons, language=language[0], script=language[1])
