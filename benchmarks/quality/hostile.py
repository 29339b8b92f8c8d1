"""Pages made to cost time: each must end, as a document or with a reason, within the deadline of a record.

Two megabytes each (`python -m benchmarks.quality.hostile 8` prints seconds at another size), through the whole default
chain in this process: markup that parsers or extractors take quadratic time for, and text that regular expressions do.
"""

import random
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.quality.figures import Figure, share
from filters.chain import ChainSpec, open_chain
from pipeline.read import LimitsSpec
from schemas.records import Location, Page, Rejected

GROUP = "hostile pages"
_MEGABYTES = 2
_ZH = "今天的天气很好，我们一起去公园散步，看见许多人在湖边钓鱼。"
_EN = "The quick brown fox jumps over the lazy dog near the river bank today. "

# What each page repeats: as markup in its body, or as the text of one paragraph.
_MARKUP: Mapping[str, str] = {
    "nested div": "<div>",
    "nested inline": "<b>",
    "nested tables": "<table><tr><td>",
    "nested lists": "<ul><li>",
    "nested hidden": "<div style='display:none'>",
    "open tags": "<",
    "open comments": "<!--",
    "open CDATA": "<![CDATA[",
    "closed tags": "</p>",
    "line breaks": "a<br>",
    "list items": "<li>ab cd",
    "links": "<a href='x'>link text here</a> ",
    "formulas": "<math><mi>x</mi></math>",
    "styles": f"<p style='{'display :' * 10}'>ab</p>",
    "a hundred attributes a tag": f"<p {' '.join(f'a{n}=1' for n in range(100))}>x</p>",
    "charsets": "<meta charset=x>",
    "preformatted lines": "<pre>ab\nab\n</pre>",
}
_TEXT: Mapping[str, str] = {
    "one line of English": _EN,
    "one line of Chinese": _ZH,
    "one word": "a",
    "one Chinese character": "的",
    "digits": "1234567890",
    "almost phone numbers": "138 0013 8000 ",
    "at signs": "a@",
    "almost addresses of mail": "a.b-c_d+e@x.y-",
    "dots": ".",
    "spaces": " ",
    "no-break spaces": "&nbsp;",
    "zero width": "a\u200b",
    "combining marks": "\u0301",
    "joiners": "&zwj;&zwnj;",
    "addresses": "http://",
    "almost IP addresses": "1.2.3.",
    "hexadecimal": "deadbeef0123",
    "almost keys": "AKIAIOSFODNN7EXAMPLEabcd/+",
    "begins of private keys": "-----BEGIN RSA PRIVATE KEY-----",
    "begins of tokens": "eyJhbGciOi.",
    "open brackets": "([{（【",
    "entities": "&amp;",
    "numeric entities": "&#x4e00;",
    "mojibake": "ä½ å¥½ä¸\x96ç\x95\x8c",
    "menus": "首页 登录 注册 版权所有 ",
    "one phrase": "cheap leather sofas now. ",
}


def hostile_pages(megabytes: float) -> Iterator[tuple[str, str]]:
    """Name and HTML of each."""
    size = int(megabytes * 1e6)

    def filled(part: str) -> str:
        return part * (size // len(part.encode("utf-8", "surrogatepass")))

    for name, part in _MARKUP.items():
        yield name, _page(filled(part) + _EN)
    for name, part in _TEXT.items():
        yield name, _page(f"<p>a{filled(part)}b</p>")
    yield "attributes of one tag", _page(f"<p {' '.join(f'a{n}=1' for n in range(size // 10))}>{_EN * 100}</p>")
    yield "lines that differ", _page(f"<pre>{''.join(f'line {n}{chr(10)}' for n in range(size // 12))}</pre>")
    yield "line feeds", _page(f"<pre>{chr(10) * size}{_EN}</pre>")
    yield "script", _page(f"<script>{'x' * size}</script>{_EN * 50}")
    yield "noise", random.Random(1).randbytes(size // 2).decode("latin-1")


def measure(_scratch: Path) -> Iterator[Figure]:
    """Share of the pages that end in time; who does not, in `detail`."""
    limit = LimitsSpec().record_seconds
    late = {name: (seconds, said) for name, seconds, said in run(_MEGABYTES)}
    yield share(
        GROUP,
        f"end within {limit:g} s",
        (seconds <= limit for seconds, _ in late.values()),
        detail=sorted((round(seconds, 1), name, said) for name, (seconds, said) in late.items())[-5:],
    )


def run(megabytes: float) -> Iterator[tuple[str, float, str]]:
    """Name, seconds, and what became of each page."""
    chain = open_chain(ChainSpec())
    for name, html in hostile_pages(megabytes):
        start = time.monotonic()
        found = chain(_captured(html))
        said = found.reason if isinstance(found, Rejected) else f"document of {len(found.document.text)} characters"
        yield name, time.monotonic() - start, said


def _page(body: str) -> str:
    return f"<html><head><title>t</title></head><body>{body}</body></html>"


def _captured(html: str) -> Page:
    return Page(
        doc_id="0" * 32,
        url="http://hostile.test/",
        fetched_at=None,
        payload=html.encode("utf-8", "surrogatepass"),
        media="html",
        location=Location(file="", offset=0, length=0),
        source="",
        status=200,
        headers=(("content-type", "text/html; charset=utf-8"),),
    )


if __name__ == "__main__":
    for found in run(float(sys.argv[1]) if len(sys.argv) > 1 else _MEGABYTES):
        sys.stdout.write("{:30}{:8.2f} s  {}\n".format(*found))
