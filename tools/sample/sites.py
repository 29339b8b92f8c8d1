"""The hosts of the sample: invented names under .example and .test (RFC 2606), each with one template."""

import hashlib
from dataclasses import dataclass
from urllib.parse import quote

from tools.sample.articles import Article, block_html
from tools.sample.chrome import WORDS
from tools.sample.layouts import LAYOUTS, Frame


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A host, its name, its template, the heading of its section, and the topics that it prefers (empty: any)."""

    host: str
    name: str
    layout: str
    section: str
    topics: tuple[str, ...] = ()


def _sites(*rows: tuple[str, str, str, str, str]) -> tuple[Site, ...]:
    return tuple(Site(host=h, name=n, layout=x, section=s, topics=tuple(t.split())) for h, n, x, s, t in rows)


SITES: dict[tuple[str, str], tuple[Site, ...]] = {
    ("zh", "Hans"): _sites(
        ("www.jiangcheng-ribao.example", "江城日报", "news", "社会", ""),
        ("news.beihu.example", "北湖新闻网", "news", "要闻", "environment economy society"),
        ("blog.qingshi.example", "青石笔记", "blog", "随笔", "travel culture literature poetry education"),
        ("bbs.laocha.example", "老茶馆论坛", "forum", "生活闲谈", "cooking sport travel life"),
        ("docs.xiaoluo.example", "小螺文档", "documentation", "教程", "technology"),
        ("wenda.zhixing.example", "知行问答", "questions", "全部问题", "medicine law finance technology exam"),
        ("baike.wanxiang.example", "万象百科", "encyclopedia", "百科分类", "science history nature geography"),
        ("shop.nanshan.example", "南山好物", "shop", "商品介绍", "product"),
        ("www.linhe-gov.example", "临河县人民政府", "government", "政务公开", "law notice medicine"),
        ("m.kandian.example", "看点", "modern", "推荐", ""),
        ("www.gujin-wenhua.test", "古今文化网", "tables", "文史", "history culture literature poetry"),
        ("edu.mingde.test", "明德教育", "government", "备考", "education exam"),
        ("kepu.tiankong.test", "天空科普", "blog", "科普", "science nature environment astronomy"),
    ),
    ("zh", "Hant"): _sites(
        ("www.dadao-news.example", "大稻新聞", "news", "生活", ""),
        ("blog.hekou.example", "河口慢慢走", "blog", "隨筆", "travel culture cooking"),
        ("forum.shanhai.example", "山海討論區", "forum", "閒聊", "sport technology life"),
        ("wiki.baodao.test", "寶島百科", "encyclopedia", "條目", "science history nature geography"),
        ("www.xinan-library.test", "新安圖書館", "government", "館藏介紹", "law medicine education notice"),
        ("docs.yunduan.test", "雲端手冊", "documentation", "手冊", "technology"),
    ),
    ("en", "Latn"): _sites(
        ("www.harbour-gazette.example", "The Harbour Gazette", "news", "Features", ""),
        ("slow-kettle.example", "The Slow Kettle", "blog", "Notes", "cooking travel culture education sport"),
        ("board.fenland.example", "Fenland Board", "forum", "General", "sport life cooking"),
        ("docs.tinware.example", "Tinware Handbook", "documentation", "Guide", "technology"),
        ("ask.lanternhelp.example", "Lantern Help", "questions", "Questions", "law medicine finance technology"),
        ("www.openatlas.test", "Open Atlas", "encyclopedia", "Articles", "science history nature astronomy geography"),
        ("shop.birchmill.test", "Birch Mill", "shop", "Catalogue", "product"),
        ("www.county-hall.test", "County Hall", "government", "Public notices", "law notice medicine"),
        ("www.widefield.test", "Widefield", "modern", "Read", ""),
        ("home.oldpages.test", "Old Pages", "tables", "Reading room", "history culture literature"),
    ),
    ("ja", "Jpan"): _sites(
        ("www.minato-shimbun.example", "みなと新聞", "news", "くらし", ""),
        ("blog.yamabiko.example", "やまびこ日記", "blog", "日記", "travel cooking culture"),
        ("docs.kigumi.test", "きぐみ文書", "documentation", "手引き", "technology"),
        ("www.furuhon.test", "古本の部屋", "tables", "読み物", "literature history"),
    ),
    ("de", "Latn"): _sites(("www.talblatt.example", "Talblatt", "news", "Magazin", "")),
    ("fr", "Latn"): _sites(("www.lacolline.example", "La Colline", "blog", "Carnets", "")),
    ("es", "Latn"): _sites(("www.elfaro.example", "El Faro del Sur", "modern", "Reportajes", "")),
    ("ru", "Cyrl"): _sites(("www.rechnoy.example", "Речной вестник", "news", "Общество", "")),
    ("ko", "Kore"): _sites(("www.gangbyeon.example", "강변신문", "government", "생활", "")),
}

AUTHORS = {
    "zh": ("南窗", "一苇", "老周", "小满", "拾穗人", "林间客", "阿禾"),
    "en": ("M. Hale", "Rosa Finch", "T. Okafor", "J. Lindqvist", "Editor", "Ann Mercer"),
    "ja": ("みどり", "編集部", "佐久間"),
}


def number_of(text: str) -> int:
    """A steady number from 10,000 to 909,999."""
    return 10_000 + int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") % 900_000


def pick_site(article: Article, salt: str = "") -> Site:
    """The article's host: one that prefers its topic, else one without preference."""
    sites = SITES[article.language, article.script]
    fitting = [s for s in sites if article.topic in s.topics] or [s for s in sites if not s.topics] or list(sites)
    return fitting[number_of(article.key + salt) % len(fitting)]


def other_sites(article: Article, taken: str) -> list[Site]:
    """The other hosts of the language with other templates, for mirrors; the first differs from article to article."""
    sites = SITES[article.language, article.script]
    here = next(site for site in sites if site.host == taken)
    rest = [site for site in sites if site.layout not in (here.layout, "shop")]
    start = number_of("mirror " + article.key) % len(rest)
    return rest[start:] + rest[:start]


def url_of(site: Site, article: Article) -> str:
    """An address in the manner of the template."""
    n = number_of(article.key + site.host)
    paths = {
        "news": f"/2026/02/{1 + n % 28:02d}/{n}.html",
        "blog": f"/archives/{n}",
        "forum": f"/thread-{n}-1-1.html",
        "documentation": f"/guide/{article.key}.html",
        "questions": f"/questions/{n}",
        "encyclopedia": f"/wiki/{quote(article.title.replace(' ', '_'))}",
        "shop": f"/product/{n}.html",
        "government": f"/art/2026/1/{1 + n % 28}/art_{n}.html",
        "modern": f"/a/{n}?from=feed",
        "tables": f"/html/{n}.htm",
    }
    return f"https://{site.host}{paths[site.layout]}"


def render(
    site: Site,
    article: Article,
    neighbours: tuple[str, ...],
    *,
    charset: str = "utf-8",
    head: str = "",
    extra: str = "",
    body: str | None = None,
) -> str:
    """The whole page. `neighbours` are titles for the lists of related articles; `body` replaces the article's own."""
    n = number_of(article.key + site.host)
    words = WORDS[article.language, article.script]
    authors = AUTHORS.get(article.language, ("Red.",))
    start = n % max(1, len(neighbours) - 5)
    some = n % 3
    frame = Frame(
        title=article.title,
        body="\n".join(map(block_html, article.blocks)) if body is None else body,
        site=site.name,
        host=site.host,
        words=words,
        lang={"Hans": "zh-CN", "Hant": "zh-TW"}.get(article.script, article.language),
        charset=charset,
        date=f"2026-0{1 + n % 2}-{1 + n % 28:02d}",
        author=authors[n % len(authors)],
        section=site.section,
        related=neighbours[start : start + 4],
        comments=tuple(words.comments[(n + 3 * i) % len(words.comments)] for i in range(some)),
        number=n,
        head=head,
        extra=extra,
    )
    return LAYOUTS[site.layout](frame)
