"""Ten site templates: each puts the same article into another frame of menus, side bars, banners and scripts."""

import html
import json
from collections.abc import Callable
from dataclasses import dataclass

from tools.sample.chrome import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What a template needs. `body` is HTML; `head` is put into <head>, `extra` at the end of the article."""

    title: str
    body: str
    site: str
    host: str
    words: Words
    lang: str
    charset: str
    date: str
    author: str
    section: str
    related: tuple[str, ...]
    comments: tuple[str, ...]
    number: int
    head: str = ""
    extra: str = ""


Layout = Callable[[Frame], str]


def _head(f: Frame, style: str, more: str = "") -> str:
    return (
        f'<head>\n<meta charset="{f.charset}">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(f.title)} - {html.escape(f.site)}</title>\n"
        f'<meta property="og:site_name" content="{html.escape(f.site)}">\n{f.head}{more}'
        f'<link rel="stylesheet" href="/static/css/main.{f.number % 97:02x}.css">\n<style>{style}</style>\n'
        "<script>window.dataLayer=window.dataLayer||[];function gtag(){dataLayer.push(arguments)}"
        f"gtag('js',new Date());gtag('config','X-{f.number:06d}');</script>\n</head>"
    )


def _menu(f: Frame, separator: str = "") -> str:
    return separator.join(f'<a href="/c/{i}">{html.escape(w)}</a>' for i, w in enumerate(f.words.menu, 1))


def _items(f: Frame, titles: tuple[str, ...]) -> str:
    return "".join(f'<li><a href="/p/{f.number + i}.html">{html.escape(t)}</a></li>' for i, t in enumerate(titles, 3))


def _links(f: Frame, separator: str = " | ") -> str:
    return separator.join(f'<a href="/info/{i}">{html.escape(w)}</a>' for i, w in enumerate(f.words.links))


def news(f: Frame) -> str:
    """A newspaper: HTML5 elements, JSON-LD, a side bar with two lists, a cookie banner, comments."""
    w = f.words
    data = json.dumps(
        {"@context": "https://schema.org", "@type": "NewsArticle", "headline": f.title, "datePublished": f.date},
        ensure_ascii=False,
    )
    comments = "".join(
        f'<li class="comment"><b>user{f.number * 7 + i}</b><p>{c}</p></li>' for i, c in enumerate(f.comments)
    )
    return f"""<!DOCTYPE html>
<html lang="{f.lang}">
{_head(f, "body{margin:0;font:16px/1.6 serif}.wrap{max-width:1180px;margin:auto}", f'<script type="application/ld+json">{data}</script>')}
<body class="article-page">
<div id="cookie-banner" class="cookie-consent" role="dialog"><p>{w.cookie}</p><button>{w.accept}</button></div>
<header class="site-header"><a class="logo" href="/">{f.site}</a><form action="/search"><input placeholder="{w.search}"></form><a href="/login">{w.login}</a></header>
<nav class="main-nav"><ul>{"".join(f'<li><a href="/c/{i}">{m}</a></li>' for i, m in enumerate(w.menu))}</ul></nav>
<div class="wrap">
<div class="breadcrumb"><a href="/">{w.home}</a> &gt; <a href="/c/1">{f.section}</a></div>
<main><article class="story">
<h1>{html.escape(f.title)}</h1>
<div class="byline"><span class="author">{w.by} {f.author}</span> <time datetime="{f.date}">{f.date}</time></div>
<div class="article-body">
{f.body}
{f.extra}</div>
<div class="share-buttons">{w.share}</div>
</article>
<section class="related"><h3>{w.related}</h3><ul>{_items(f, f.related)}</ul></section>
<section id="comments" class="comments"><h3>{w.remarks} ({len(f.comments)})</h3><ul>{comments}</ul></section>
</main>
<aside class="sidebar"><h3>{w.popular}</h3><ol>{_items(f, f.related[::-1])}</ol><div class="newsletter">{w.newsletter}</div></aside>
</div>
<footer class="site-footer"><p>{w.footer}</p><p>{_links(f)}</p></footer>
<script src="/static/js/app.js"></script>
</body>
</html>
"""


def blog(f: Frame) -> str:
    """A personal blog in the manner of WordPress."""
    w = f.words
    comments = "".join(
        f'<li class="comment depth-1" id="comment-{i}"><div class="comment-author vcard"><cite class="fn">{f.author}{i}</cite></div>'
        f'<div class="comment-content"><p>{c}</p></div><a class="comment-reply-link" href="#respond">{w.reply}</a></li>'
        for i, c in enumerate(f.comments)
    )
    return f"""<!DOCTYPE html>
<html lang="{f.lang}">
{_head(f, ".site{max-width:760px;margin:0 auto}.entry-content p{margin:1em 0}")}
<body class="single single-post postid-{f.number}">
<div id="page" class="site">
<header id="masthead"><p class="site-title"><a href="/" rel="home">{f.site}</a></p><nav id="site-navigation">{_menu(f)}</nav></header>
<div id="primary" class="content-area"><main id="main" class="site-main">
<article id="post-{f.number}" class="post type-post hentry">
<header class="entry-header"><h1 class="entry-title">{html.escape(f.title)}</h1><div class="entry-meta">{w.published} <time class="entry-date" datetime="{f.date}">{f.date}</time></div></header>
<div class="entry-content">
{f.body}
{f.extra}</div>
<footer class="entry-footer"><span class="cat-links"><a rel="category tag" href="/category/{f.number % 9}">{f.section}</a></span></footer>
</article>
<nav class="post-navigation"><div class="nav-previous"><a href="/{f.number - 1}">{w.previous}</a></div><div class="nav-next"><a href="/{f.number + 1}">{w.following}</a></div></nav>
<div id="comments" class="comments-area"><h2 class="comments-title">{w.remarks}</h2><ol class="comment-list">{comments}</ol></div>
</main></div>
<aside id="secondary" class="widget-area"><section class="widget widget_search"><input type="search" placeholder="{w.search}"></section>
<section class="widget widget_recent_entries"><h2>{w.popular}</h2><ul>{_items(f, f.related)}</ul></section></aside>
<footer id="colophon"><div class="site-info">{f.site} {w.footer}</div></footer>
</div>
<script>document.documentElement.className+=' js';</script>
</body></html>
"""


def forum(f: Frame) -> str:
    """A discussion board: the first post is the text, the others are short answers."""
    w = f.words
    answers = "".join(
        f'<div class="post reply" id="pid{f.number + i}"><div class="post-author"><a href="/u/{i}">member_{(f.number * 31 + i) % 9973}</a>'
        f'<span>#{i + 1}</span></div><div class="post-body">{c}</div><div class="post-tools"><a href="#">{w.reply}</a></div></div>\n'
        for i, c in enumerate(f.comments, 1)
    )
    return f"""<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml">
{_head(f, "#postlist .post{border-top:1px solid #ccc}.avatar{width:48px}")}
<body id="nv_forum">
<div id="toptb"><a href="/member.php?mod=logging">{w.login}</a></div>
<div id="hd"><h2><a href="/">{f.site}</a></h2><div id="nv">{_menu(f, " ")}</div></div>
<div id="pt" class="bm"><a href="/">{w.home}</a> &rsaquo; <a href="/forum-{f.number % 40}-1.html">{f.section}</a></div>
<div id="ct" class="wp">
<h1 class="ts"><span id="thread_subject">{html.escape(f.title)}</span></h1>
<div id="postlist">
<div class="post first" id="pid{f.number}"><div class="post-author"><a href="/u/{f.number % 999}">{f.author}</a><span>{w.views} {f.number * 13 % 4000}</span></div>
<div class="post-body article-content">
{f.body}
{f.extra}</div><div class="post-tools">{w.published} {f.date} <a href="#">{w.reply}</a></div></div>
{answers}</div>
<div class="pg"><a href="?page=1">1</a><a href="?page=2">2</a><a href="?page=2">{w.following}</a></div>
</div>
<div id="ft"><p>{_links(f)}</p><p>{w.footer}</p></div>
</body></html>
"""


def documentation(f: Frame) -> str:
    """A manual: a long tree of chapters at the left, the text in the middle."""
    w = f.words
    tree = "".join(
        f'<li class="toctree-l1"><a href="{i}.html">{html.escape(t)}</a></li>' for i, t in enumerate(f.related * 3, 1)
    )
    return f"""<!DOCTYPE html>
<html lang="{f.lang}" data-theme="light">
{_head(f, ".sphinxsidebar{float:left;width:230px}")}
<body>
<div class="related" role="navigation"><ul><li class="right"><a href="next.html">{w.following}</a> |</li><li class="right"><a href="prev.html">{w.previous}</a> |</li><li><a href="index.html">{f.site}</a> &raquo;</li></ul></div>
<div class="document">
<div class="sphinxsidebar" role="navigation" aria-label="main navigation"><div class="sphinxsidebarwrapper"><h3><a href="index.html">{f.section}</a></h3><ul>{tree}</ul><div id="searchbox"><input placeholder="{w.search}"></div></div></div>
<div class="documentwrapper"><div class="bodywrapper"><div class="body" role="main">
<section id="s{f.number}">
<h1>{html.escape(f.title)}<a class="headerlink" href="#s{f.number}">&para;</a></h1>
{f.body}
{f.extra}</section>
</div></div></div>
<div class="clearer"></div></div>
<div class="footer" role="contentinfo">{w.footer} {_links(f)}</div>
</body>
</html>
"""


def questions(f: Frame) -> str:
    """A question-and-answer page: the title asks, the accepted answer is the text."""
    w = f.words
    answers = "".join(
        f'<div class="comment-text">{c} <a href="/u/{i}">{f.author}{i}</a></div>' for i, c in enumerate(f.comments)
    )
    return f"""<!DOCTYPE html>
<html lang="{f.lang}">
{_head(f, ".vote{float:left}.accepted{color:green}")}
<body class="question-page">
<header class="top-bar"><a href="/">{f.site}</a> {_menu(f, " ")} <a href="/users/login">{w.login}</a></header>
<div class="container"><div id="left-sidebar"><ol class="nav-links"><li>{w.home}</li><li>{w.popular}</li></ol></div>
<div id="content" itemscope itemtype="https://schema.org/QAPage">
<div id="question-header"><h1 itemprop="name">{html.escape(f.title)}</h1></div>
<div class="answer accepted-answer" itemprop="acceptedAnswer" itemscope itemtype="https://schema.org/Answer">
<div class="vote"><span>{f.number * 17 % 240}</span></div>
<div class="answer-body post-text" itemprop="text">
{f.body}
{f.extra}</div>
<div class="user-info">{w.by} {f.author} <span>{f.date}</span></div>
<div class="comments-list">{answers}</div></div>
</div>
<div id="sidebar"><h4>{w.related}</h4><ul>{_items(f, f.related)}</ul></div></div>
<div class="js-consent-banner"><p>{w.cookie}</p><button>{w.accept}</button></div>
<footer id="footer">{_links(f, " ")} <p>{w.footer}</p></footer>
</body></html>
"""


def encyclopedia(f: Frame) -> str:
    """An encyclopedia: edit links, an info box, a navigation box, categories."""
    w = f.words
    return f"""<!DOCTYPE html>
<html class="client-nojs" lang="{f.lang}" dir="ltr">
{_head(f, ".infobox{float:right;width:22em}.navbox{clear:both;font-size:88%}")}
<body class="mediawiki ltr ns-0 ns-subject skin-vector">
<div id="mw-page-base" class="noprint"></div>
<div id="content" class="mw-body" role="main">
<h1 id="firstHeading" class="firstHeading">{html.escape(f.title)}</h1>
<div id="bodyContent" class="vector-body"><div id="siteSub" class="noprint">{f.site}</div>
<div id="mw-content-text" class="mw-body-content"><div class="mw-parser-output">
{f.body}
{f.extra}
<div class="navbox" role="navigation"><table><tbody><tr><th>{w.related}</th><td>{" · ".join(f'<a href="/wiki/{i}">{html.escape(t)}</a>' for i, t in enumerate(f.related))}</td></tr></tbody></table></div>
</div></div>
<div id="catlinks" class="catlinks"><a href="/wiki/Special:Categories">{f.section}</a></div></div></div>
<div id="mw-navigation"><div id="mw-panel"><nav class="vector-menu"><ul>{"".join(f'<li><a href="/w/{i}">{m}</a></li>' for i, m in enumerate(w.menu))}</ul></nav></div><div id="p-search"><input placeholder="{w.search}"></div></div>
<footer id="footer" class="mw-footer"><ul id="footer-info"><li>{w.footer}</li></ul><ul id="footer-places">{"".join(f"<li>{m}</li>" for m in w.links)}</ul></footer>
</body></html>
"""


def shop(f: Frame) -> str:
    """A shop's page: price, basket, stars, and the text as the description."""
    w = f.words
    return f"""<!doctype html>
<html lang="{f.lang}">
{_head(f, ".price{color:#c00}.grid{display:grid;grid-template-columns:1fr 1fr}")}
<body>
<div class="announcement">{w.newsletter}</div>
<header><a href="/" class="brand">{f.site}</a><ul class="menu">{"".join(f"<li>{m}</li>" for m in w.menu)}</ul><a href="/cart" class="cart">0</a></header>
<div class="crumbs"><a href="/">{w.home}</a> / <a href="/shop">{f.section}</a></div>
<div class="grid"><div class="gallery"><img src="/img/{f.number}.jpg" alt="{html.escape(f.title)}"><img src="/img/{f.number}b.jpg" alt=""></div>
<div class="product-info"><h1>{html.escape(f.title)}</h1><div class="price">&#165;{f.number * 7 % 900 + 19}.00</div><select><option>S</option><option>M</option><option>L</option></select><button class="add">+</button></div></div>
<div class="product-description" id="description">
{f.body}
{f.extra}</div>
<div class="recommend"><h3>{w.related}</h3><div class="cards">{"".join(f'<a class="card" href="/p/{i}"><img src="/t/{i}.jpg" alt=""><span>{html.escape(t)}</span></a>' for i, t in enumerate(f.related))}</div></div>
<div class="social">{w.share}</div>
<footer><div>{_links(f, " &middot; ")}</div><small>{w.footer}</small></footer>
<script>var cart={{items:[],currency:"CNY"}};</script>
</body></html>
"""


def government(f: Frame) -> str:
    """A public office: a plain frame, a reference number, a line of print and close links."""
    w = f.words
    return f"""<!DOCTYPE html>
<html lang="{f.lang}">
{_head(f, ".header{background:#a00;color:#fff}.TRS_Editor p{text-indent:2em}")}
<body>
<div class="header"><h2>{f.site}</h2></div>
<div class="nav-box"><ul>{"".join(f'<li><a href="/col{i}/index.html">{m}</a></li>' for i, m in enumerate(w.menu))}</ul></div>
<div class="location"><a href="/">{w.home}</a> &gt; <a href="/col1/">{f.section}</a></div>
<div class="content-box"><h1 class="article-title">{html.escape(f.title)}</h1>
<div class="info"><span>{w.published}: {f.date}</span> <span>{w.views}: {f.number * 29 % 9000}</span></div>
<div class="TRS_Editor" id="zoom">
{f.body}
{f.extra}</div>
<div class="share">{w.share}</div></div>
<div class="footer bottom"><p>{_links(f)}</p><p>{w.footer}</p></div>
</body></html>
"""


def modern(f: Frame) -> str:
    """A page built by a framework: nothing but <div> with hashed class names, and its state as JSON."""
    w = f.words
    h = f"{f.number * 2654435761 % 16**6:06x}"
    state = json.dumps(
        {"page": {"id": f.number, "title": f.title, "ads": [1, 2, 3]}, "menu": w.menu}, ensure_ascii=False
    )
    return f"""<!DOCTYPE html><html lang="{f.lang}">{_head(f, f".css-{h}{{display:flex}}")}<body><div id="__next">
<div class="css-{h}1"><div class="css-{h}2"><a href="/">{f.site}</a></div><div role="navigation" class="css-{h}3">{_menu(f)}</div></div>
<div class="css-{h}4"><div class="css-{h}5"><h1 class="css-{h}6">{html.escape(f.title)}</h1><div class="css-{h}7"><span>{f.author}</span><span>{f.date}</span></div>
<div class="css-{h}8 rich-text">
{f.body}
{f.extra}</div></div>
<div class="css-{h}9" role="complementary"><div>{w.popular}</div>{"".join(f'<div class="css-{h}a"><a href="/a/{i}">{html.escape(t)}</a></div>' for i, t in enumerate(f.related))}</div></div>
<div role="contentinfo" class="css-{h}b">{_links(f, " ")}<span>{w.footer}</span></div>
</div><script id="__NEXT_DATA__" type="application/json">{state.replace("</", "<" + chr(92) + "/")}</script></body></html>
"""


def tables(f: Frame) -> str:
    """A page of about 2003: layout by tables, fonts, upper-case tags, no class names worth the name."""
    w = f.words
    return f"""<HTML>
<HEAD><META HTTP-EQUIV="Content-Type" CONTENT="text/html; charset={f.charset}">
<TITLE>{html.escape(f.title)}_{f.site}</TITLE>
{f.head}<STYLE TYPE="text/css">td{{font-size:12px}}</STYLE></HEAD>
<BODY BGCOLOR="#ffffff" TOPMARGIN="0">
<TABLE WIDTH="760" BORDER="0" ALIGN="center"><TR><TD><IMG SRC="/images/logo.gif" ALT="{f.site}"></TD><TD ALIGN="right">{_menu(f, " | ")}</TD></TR></TABLE>
<TABLE WIDTH="760" BORDER="0" ALIGN="center"><TR>
<TD WIDTH="160" VALIGN="top" BGCOLOR="#eeeeee"><B>{w.popular}</B><BR>{"<BR>".join(f'<A HREF="{f.number + i}.htm">{html.escape(t)}</A>' for i, t in enumerate(f.related))}</TD>
<TD VALIGN="top"><H1><FONT COLOR="#003366">{html.escape(f.title)}</FONT></H1><CENTER>{f.date} {f.site}</CENTER><HR>
<DIV ID="content">
{f.body}
{f.extra}</DIV><HR></TD></TR></TABLE>
<TABLE WIDTH="760" ALIGN="center"><TR><TD ALIGN="center">{_links(f)}<BR>{w.footer}</TD></TR></TABLE>
</BODY></HTML>
"""


LAYOUTS: dict[str, Layout] = {
    "news": news,
    "blog": blog,
    "forum": forum,
    "documentation": documentation,
    "questions": questions,
    "encyclopedia": encyclopedia,
    "shop": shop,
    "government": government,
    "modern": modern,
    "tables": tables,
}
