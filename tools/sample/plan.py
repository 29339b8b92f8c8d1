"""Which article becomes what: the whole sample, as tables."""

from collections.abc import Iterator

from tools.sample import planting as p
from tools.sample import wire
from tools.sample.articles import Article, load
from tools.sample.planting import Texts
from tools.sample.sites import SITES, number_of
from tools.sample.truth import Planted

DUPLICATES = {
    "exact_duplicate": ("zh-002", "zh-025", "zh-058", "en-004", "en-021", "hant-001", "en-e05"),
    "near_duplicate": ("zh-004", "zh-013", "zh-033", "zh-050", "zh-056", "en-011", "en-018", "en-034", "hant-007"),
    "mirror": ("zh-008", "zh-041", "zh-062", "zh-065", "en-007", "en-031", "en-039", "hant-012", "ja-001"),
}
# article, codec, declared, where
LEGACY = (
    ("zh-003", "gb2312", "gb2312", "both"),
    ("zh-015", "gbk", "gbk", "meta"),
    ("zh-018", "gb18030", "gb18030", "header"),
    ("zh-023", "gb2312", "gb2312", "meta"),
    ("zh-034", "gbk", "gb2312", "both"),
    ("zh-040", "gb18030", "gb18030", "meta"),
    ("zh-046", "gbk", "gbk", "header"),
    ("hant-004", "big5", "big5", "both"),
    ("hant-006", "big5", "big5", "meta"),
    ("hant-010", "big5", "big5", "header"),
    ("hant-015", "big5", "big5", "meta"),
    ("ja-004", "shift_jis", "shift_jis", "both"),
    ("ja-006", "shift_jis", "shift_jis", "meta"),
    ("ja-008", "euc_jp", "euc-jp", "header"),
)
MISLABELLED = (("zh-016", "gbk", "utf-8"), ("zh-005", "utf-8", "gb2312"), ("hant-003", "big5", "gb2312"), ("ja-009", "shift_jis", "utf-8"))
CUT = ("zh-006", "zh-043", "hant-009", "ja-007")
GZIPPED = (("zh-007", True), ("en-003", False), ("hant-008", True), ("en-020", True), ("zh-030", False))
CHUNKED = ("en-006", "zh-026")
PLAIN_TEXT = (("en-005", "home.oldpages.test"), ("zh-012", "www.gujin-wenhua.test"), ("zh-039", "kepu.tiankong.test"))
MOJIBAKE = (("zh-001", "gbk"), ("zh-011", "latin-1"), ("zh-049", "gbk"), ("hant-005", "gbk"))
REPLACEMENT = ("zh-009", "zh-055")
OPT_OUT = (
    ("zh-010", "header-noai"),
    ("en-010", "meta-noai"),
    ("zh-017", "header-tdm"),
    ("en-008", "meta-tdm"),
    ("hant-011", "meta-noai"),
    ("zh-053", "header-noai"),
    ("en-024", "header-tdm"),
    ("ja-005", "meta-tdm"),
)
HIDDEN = (("en-001", "display"), ("zh-031", "display"), ("zh-060", "visibility"), ("en-027", "offscreen"), ("zh-022", "zero"))
DAMAGED = "en-030"
SPAM = ("zh-spam-1", "zh-spam-2", "zh-spam-3", "zh-spam-4")
STUFFED = ("zh-seo-1", "zh-seo-2", "en-seo-1", "en-seo-2")
TOXIC = ("zh-toxic-1", "zh-toxic-2", "en-toxic-1")
LEAKED = ("en-leak-1", "zh-leak-1", "zh-leak-2")
HIDDEN_SPAM = {
    "zh": "新金鼎娱乐城注册送88元彩金，真人百家乐，时时彩平台，提款三分钟到账，信誉第一，欢迎加客服微信领取体验金。",
    "en": "Best online casino bonus, no deposit free spins, instant payday loans, replica watches with free shipping worldwide.",
}
REDACTED = {
    "personal_data": ("zh-pii-1", "zh-pii-2", "en-pii-1"),
    "secrets": ("zh-secret-1", "en-secret-1"),
}
CHAT_TEMPLATE = ("zh-chat-1", "en-chat-1")
UNWANTED = ("ko", "ru", "de", "fr", "es")  # every article in these languages
TOO_SHORT = (
    ("m.kandian.example", ("zh", "Hans"), "图片加载中，请稍候。"),
    ("bbs.laocha.example", ("zh", "Hans"), "楼主，这个帖子还有后续吗？"),
    ("www.widefield.test", ("en", "Latn"), "Photo of the day."),
    ("board.fenland.example", ("en", "Latn"), "Thanks, that worked for me."),
    ("forum.shanhai.example", ("zh", "Hant"), "請問這款還有貨嗎？"),
    ("www.linhe-gov.example", ("zh", "Hans"), "该栏目正在建设中。"),
    ("slow-kettle.example", ("en", "Latn"), "This post has been removed by its author."),
    ("blog.yamabiko.example", ("ja", "Jpan"), "写真を追加しました。"),
)

# Made-up or published examples, never of a person: GB 11643-1999 prints the ids; 13800138000 is China Mobile's service
# line; the cards are test numbers of a payment company; the telephone is Ofcom's for drama; no top-level domain zz can
# exist (ISO 3166 user-assigned). Keys are split, so that no scanner takes this file for a leak.
VALUES = {
    "idcard": "11010519491231002X",
    "idcard2": "440524188001010014",
    "mobile": "13800138000",
    "card": "6200000000000005",
    "email": "zhou.shufa@qingteng-shequ.zz",
    "email2": "denghuo@shanlu-pengyou.zz",
    "email3": "secretary@allotment-society.zz",
    "phone": "+44 20 7946 0958",
    "visa": "4111 1111 1111 1111",
    "iban": "GB82 WEST 1234 5698 7654 32",
    "aws": "AKIA" + "Q3EGLZKWP7TX5NRB",
    "awssecret": "uYb3kQ7Zr1xN" + "V0sLwE9tGhJ4mCpA6fDiOqT2eRzK",
    "ghtoken": "ghp_" + "Zk3vQ9sLx2Tn7RbYp5WmCe8HdJf1Ug4Aio0T",
    "slack": "xoxb-" + "274819305561-3948207715624-Hq7TzWm3RkXb9LcVdYp2NsGf",
}
PLACEHOLDERS: dict[str, tuple[str, ...]] = {}


def captures() -> list[Planted]:
    """Every capture of the sample, in the order of the crawl: steady, and mixed by the hash of its URL."""
    texts = Texts(articles=load())
    found = [*_planted(texts), *_raw()]
    used = {planted.truth.article for planted in found}
    clean = [
        p.page(texts, key, "clean") for key, article in texts.articles.items() if key not in used and _plain(article)
    ]
    found += clean
    found.append(wire.revisit(clean[0]))
    urls = [(f.capture.url, f.capture.number) for f in found]
    if len(set(urls)) != len(urls):
        raise ValueError(f"twice: {sorted({u for u in urls if urls.count(u) > 1})}")
    return sorted(found, key=lambda f: number_of(f.capture.url) + f.capture.number)


def _plain(article: Article) -> bool:
    return not article.topic.startswith("planted")


def _planted(texts: Texts) -> Iterator[Planted]:
    for kind, keys in DUPLICATES.items():
        for key in keys:
            yield from p.duplicates(texts, key, kind)
    yield from (p.legacy(texts, *row) for row in LEGACY)
    yield from (p.mislabelled(texts, *row) for row in MISLABELLED)
    yield from (p.cut(texts, key) for key in CUT)
    yield from (p.gzipped(texts, key, chunks=chunks) for key, chunks in GZIPPED)
    yield from (p.only_chunked(texts, key) for key in CHUNKED)
    yield from (p.plain_text(texts, *row) for row in PLAIN_TEXT)
    yield from (p.mojibake(texts, *row) for row in MOJIBAKE)
    yield from (p.replacement(texts, key) for key in REPLACEMENT)
    yield from (p.opt_out(texts, *row) for row in OPT_OUT)
    for key, how in HIDDEN:
        yield p.hidden(texts, key, HIDDEN_SPAM[texts.articles[key].language], how)
    for key in SPAM:
        yield p.planted_text(texts, key, "spam", ("drop", "quarantine"), ("spam", "*rule*", "toxic"))
    for key in STUFFED:
        yield p.planted_text(texts, key, "keyword_stuffing", ("drop", "quarantine"), ("*rule*", "spam"))
    for key in TOXIC:
        yield p.planted_text(texts, key, "toxic", ("drop", "quarantine"), ("toxic", "spam", "*rule*"))
    for key in LEAKED:
        yield p.planted_text(texts, key, "contaminated", ("drop", "quarantine"), ("contaminated", "*rule*"))
    for kind, keys in REDACTED.items():
        yield from (p.redacted(texts, key, kind, VALUES) for key in keys)
    yield from (p.page(texts, key, "chat_template") for key in CHAT_TEMPLATE)
    yield from (p.unwanted(texts, key) for key, article in texts.articles.items() if article.language in UNWANTED)
    yield p.damaged(texts, DAMAGED)
    yield from (p.short(*row) for row in TOO_SHORT)
    for language in (("zh", "Hans"), ("zh", "Hant"), ("en", "Latn"), ("ja", "Jpan")):
        for number in range(3):
            yield p.navigation(texts, SITES[language][number], language, number)


def _raw() -> Iterator[Planted]:
    yield from wire.redirects()
    yield from wire.errors()
    yield from wire.other_formats()
    yield from wire.empty()
    yield wire.bomb()
    yield from wire.hostile()
