"""Which article becomes what: the whole sample, as tables."""

from collections.abc import Iterator

from tools.sample import defects, pages, wire
from tools.sample.articles import load
from tools.sample.pages import Texts
from tools.sample.sites import SITES, number_of
from tools.sample.truth import Planted

DUPLICATES = {
    "exact_duplicate": ("zh-002", "zh-025", "zh-058", "zh-038", "en-004", "en-026", "en-021", "hant-001", "en-e05"),
    "near_duplicate": (
        "zh-004",
        "zh-013",
        "zh-033",
        "zh-050",
        "zh-056",
        "zh-024",
        "zh-048",
        "en-011",
        "en-002",
        "en-022",
        "en-018",
        "en-034",
        "hant-007",
    ),
    "mirror": (
        "zh-008",
        "zh-041",
        "zh-062",
        "zh-065",
        "zh-021",
        "zh-035",
        "zh-052",
        "en-007",
        "en-013",
        "en-016",
        "en-032",
        "en-031",
        "en-039",
        "hant-002",
        "hant-012",
        "ja-001",
    ),
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
MISLABELLED = (
    ("zh-016", "gbk", "utf-8"),
    ("zh-005", "utf-8", "gb2312"),
    ("hant-003", "big5", "gb2312"),
    ("ja-009", "shift_jis", "utf-8"),
)
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
HIDDEN = (
    ("en-001", "display"),
    ("zh-031", "display"),
    ("zh-060", "visibility"),
    ("en-027", "offscreen"),
    ("zh-022", "zero"),
)
DAMAGED = "en-030"
SPAM_REASONS = ("spam", "safety_spam", "safety_spam_review")  # filters/toxicity.py
TOXIC_REASONS = ("toxic", "safety_toxic", "safety_toxic_review")
PLANTED_TEXTS = {  # kind -> articles, acceptable reasons
    "spam": (("zh-spam-1", "zh-spam-2", "zh-spam-3", "zh-spam-4"), (*SPAM_REASONS, *TOXIC_REASONS)),
    "keyword_stuffing": (("zh-seo-1", "zh-seo-2", "en-seo-1", "en-seo-2"), ("*rule*", *SPAM_REASONS)),
    "toxic": (("zh-toxic-1", "zh-toxic-2", "en-toxic-1"), (*TOXIC_REASONS, *SPAM_REASONS)),
    "contaminated": (("en-leak-1", "zh-leak-1", "zh-leak-2"), ("contaminated", "contamination")),
}
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

# Made-up or published examples, never of a person: GB 11643-1999 prints the first id, the second
# has a county that does not exist; 13800138000 is China Mobile's service
# line; the cards are test numbers of a payment company; the telephone is Ofcom's for drama; no top-level domain zz can
# exist (ISO 3166 user-assigned). Keys are split, so that no scanner takes this file for a leak.
VALUES = {  # value, and the placeholder that filters/privacy.py or filters/secrets.py puts in its place
    "idcard": ("11010519491231002X", "<ID_NUMBER>"),
    "idcard2": ("440599195001010002", "<ID_NUMBER>"),
    "mobile": ("13800138000", "<PHONE_NUMBER>"),
    "card": ("6200000000000005", "<CARD_NUMBER>"),
    "email": ("zhou.shufa@qingteng-shequ.zz", "<EMAIL>"),
    "email2": ("denghuo@shanlu-pengyou.zz", "<EMAIL>"),
    "email3": ("secretary@allotment-society.zz", "<EMAIL>"),
    "phone": ("+44 20 7946 0958", "<PHONE_NUMBER>"),
    "visa": ("4111 1111 1111 1111", "<CARD_NUMBER>"),
    "iban": ("GB82 WEST 1234 5698 7654 32", "<IBAN_NUMBER>"),
    "aws": ("AKIA" + "Q3EGLZKWP7TX5NRB", "<SECRET>"),
    "awssecret": ("uYb3kQ7Zr1xN" + "V0sLwE9tGhJ4mCpA6fDiOqT2eRzK", "<SECRET>"),
    "ghtoken": ("ghp_" + "Zk3vQ9sLx2Tn7RbYp5WmCe8HdJf1Ug4Aio0T", "<SECRET>"),
    "slack": ("xoxb-" + "274819305561-3948207715624-Hq7TzWm3RkXb9LcVdYp2NsGf", "<SECRET>"),
}
SYNDICATED = ("zh-064", "zh-032", "en-036", "en-017")  # on three hosts


def captures() -> list[Planted]:
    """Every capture of the sample, in the order of the crawl: steady, and mixed by the hash of its URL."""
    texts = Texts(articles=load())
    found = [*_kept(texts), *_refused(texts), *_dropped(texts), *wire.everything()]
    used = {planted.truth.article for planted in found}
    clean = [pages.page(texts, key, "clean") for key in texts.articles if key not in used]
    found += clean
    found += [wire.to_https(one) for one in clean[::4]]
    found.append(wire.revisit(clean[0]))
    urls = [(one.capture.url, one.capture.number) for one in found]
    if len(set(urls)) != len(urls):
        raise ValueError(f"twice: {sorted({url for url in urls if urls.count(url) > 1})}")
    return sorted(found, key=lambda one: number_of(one.capture.url) + one.capture.number)


def _kept(texts: Texts) -> Iterator[Planted]:
    for kind, keys in DUPLICATES.items():
        for key in keys:
            yield from pages.duplicates(texts, key, kind)
    for key in SYNDICATED:
        yield from pages.duplicates(texts, key, "mirror", hosts=3)
    yield from (pages.legacy(texts, *row) for row in LEGACY)
    yield from (pages.mislabelled(texts, *row) for row in MISLABELLED)
    yield from (pages.cut(texts, key) for key in CUT)
    yield from (pages.gzipped(texts, key, chunks=chunks) for key, chunks in GZIPPED)
    yield from (pages.only_chunked(texts, key) for key in CHUNKED)
    yield from (pages.plain_text(texts, *row) for row in PLAIN_TEXT)
    yield from (pages.redacted(texts, key, kind, VALUES) for kind, keys in REDACTED.items() for key in keys)
    yield from (pages.page(texts, key, "chat_template") for key in CHAT_TEMPLATE)
    yield from (defects.hidden(texts, key, HIDDEN_SPAM[key[:2]], how) for key, how in HIDDEN)


def _refused(texts: Texts) -> Iterator[Planted]:
    yield from (defects.mojibake(texts, *row) for row in MOJIBAKE)
    yield from (defects.replacement(texts, key) for key in REPLACEMENT)
    yield from (defects.opt_out(texts, *row) for row in OPT_OUT)
    yield from (defects.unwanted(texts, key) for key, one in texts.articles.items() if one.language in UNWANTED)
    yield defects.damaged(texts, DAMAGED)


def _dropped(texts: Texts) -> Iterator[Planted]:
    for kind, (keys, reasons) in PLANTED_TEXTS.items():
        yield from (defects.planted_text(texts, key, kind, reasons) for key in keys)
    yield from (defects.short(*row) for row in TOO_SHORT)
    for language in (("zh", "Hans"), ("zh", "Hant"), ("en", "Latn"), ("ja", "Jpan")):
        for number in range(3):
            yield defects.navigation(texts, SITES[language][number], language, number)
