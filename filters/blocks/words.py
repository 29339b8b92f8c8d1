"""Words that hint at what a block is: in the names of its elements, and in its text.

The lists are ours, from the pages of data/gold-extraction and general knowledge; the model learns what they are worth.
"""

from functools import lru_cache

import numpy as np
import re2
from numpy.typing import NDArray

from filters.blocks.walk import Blocks

# Kinds of names (class, id, role, itemprop), each with what its names look like.
_NAME_KINDS = (
    (
        "content",
        r"article|artical|content|(?:^|[^a-z])(?:text|body|cont(?:$|[^a-z]))|entry|main|story|detail|neirong|zhengwen|正文",
    ),
    ("post", r"post|thread|topic|message|msg|reply|replies|answer|question|discuss|floor|forum|bbs"),
    ("comment", r"comment|disqus|(?:^|[^a-z])cmt|pinglun|respond|review"),
    ("nav", r"nav|menu|crumb|pager|paginat|toolbar|topbar|tabs?(?:$|[^a-z])|toc|skip"),
    ("foot", r"foot|copyright|bottom|legal|colophon|disclaimer|cookie|consent|gdpr|privacy"),
    ("head", r"header|(?:^|[^a-z])(?:head|top)|masthead|logo|banner|hero"),
    ("side", r"side|widget|(?:^|[^a-z])(?:right|left)|rail|column"),
    (
        "related",
        r"relat|recommend|more|also|trending|popular|(?:^|[^a-z])hot|latest|recent|suggest|similar|archive|list|rank|"
        "xiangguan|tuijian",
    ),
    (
        "social",
        r"share|social|follow|like|subscribe|newsletter|signup|login|register|weixin|wechat|weibo|qrcode",
    ),
    (
        "meta",
        r"meta|date|time|author|byline|tag|categor|label|source|info|credit|user|avatar|profile|signature|stat|count|vote",
    ),
    (
        "ad",
        r"(?:^|[^a-z])ads?(?:$|[^a-z])|advert|promo|sponsor|popup|modal|overlay|dialog|alert|notice|search|form|button|btn|cta",
    ),
    ("title", r"title|headline|heading|subject|(?:^|[^a-z])h1"),
    (
        "desc",
        r"desc|summary|intro|abstract|lead|excerpt|caption|paragraph|rich|markdown|prose|wysiwyg|product|spec|feature",
    ),
)
NAME_KINDS = tuple(kind for kind, _ in _NAME_KINDS)


def _name_set() -> "re2.Set":
    patterns = re2.Set.SearchSet()
    for _, words in _NAME_KINDS:
        patterns.Add(words)
    patterns.Compile()
    return patterns


_NAME_SET = _name_set()  # all kinds at once: 2 microseconds a name, where `re` takes 15

# What menus, footers, share boxes and bylines say, in short blocks.
CHROME_WORDS = re2.compile(
    (
        "(?i)"
        "copyright|©|all rights reserved|cookie|privacy|terms of|subscribe|newsletter|sign up|sign in|log ?in|register|"
        "share|print|email|facebook|twitter|previous|next|related|recommend|read more|comments?|reply|posted|advertis|"
        "sponsored|report|views|likes|tags?:|home|contact|about us|download|search|menu|back to top|add to cart|price|"
        "in stock|faq|help|disclaimer|sitemap|links|"
        "版权所有|版權|备案|icp|登录|登錄|注册|分享|转发|收藏|打印|微博|微信|扫一扫|二维码|上一篇|下一篇|上一页|下一页|相关|"
        "推荐|更多|热门|排行|编辑[:：]|来源[:：]|本报讯|作者[:：]|点击|阅读|浏览|评论|回复|发表于|楼主|广告|举报|标签|首页|联系|关于我们|"
        "下载|客户端|搜索|菜单|返回|加入购物车|价格|帮助|客服|免责|声明|投稿|网站地图|友情链接"
    ).encode()
)


@lru_cache(maxsize=50_000)  # a pure function of the name; names repeat on the pages of a site
def name_kinds(name: str) -> int:
    """Which of NAME_KINDS an element's name hints at: bit i for kind i."""
    return sum(1 << kind for kind in _NAME_SET.Match(name) or ()) if name else 0


def in_comments(blocks: Blocks) -> NDArray[np.bool_]:
    """Blocks that stand in an element named as readers' comments, shape (n,)."""
    kind = NAME_KINDS.index("comment")
    named = np.array([name_kinds(name) >> kind & 1 for name in blocks.names], np.bool_)[blocks.name]
    inside = np.zeros(len(blocks.texts) + 1, np.int64)
    np.add.at(inside, blocks.first[named], 1)
    np.add.at(inside, blocks.last[named], -1)
    return np.cumsum(inside)[:-1] > 0
