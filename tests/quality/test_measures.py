"""The default rules on clean text, which they must keep, and on garbage made from it, which they must drop.

Figures are pinned a little below what was measured; a lower one fails. Published presets are not gated: they drop
what they drop (fineweb2_cmn keeps .48 of AGIEval's Chinese questions, c4 .22).
"""

import gzip
import json
import random
import re
from functools import cache
from pathlib import Path

import pytest
import rjieba

from filters.measures import measure
from filters.rules import RulesSpec
from filters.segment import words
from filters.view import make_view

DATA = Path(__file__).parents[3] / "shared" / "data"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data beside the repository"),
]
SAMPLE = 300  # documents per corpus, evenly spaced
RULES = RulesSpec().rules()

# corpus: (language, lowest keep rate)
CLEAN = {
    "cmrc2018-dev": ("zh", 0.99),
    "cmrc2019": ("zh", 0.995),
    "drcd-dev": ("zh", 0.995),
    "wikitext-2-raw-test": ("en", 0.985),
    "standardebooks": ("en", 0.995),
    "the-turing-way": ("en", 0.975),
    "gold-zh": ("zh", 0.97),
    "gold-en": ("en", 0.98),
    "GAOKAO-Bench-zh": ("zh", 0.97),
    "AGIEval-zh": ("zh", 0.97),
    "GAOKAO-Bench-en": ("en", 0.98),
    "AGIEval-en": ("en", 0.985),
}
NAVIGATION = {
    "zh": [
        "首页",
        "新闻中心",
        "联系我们",
        "在线留言",
        "网站地图",
        "上一篇：无",
        "下一篇：关于调整营业时间的通知",
        "返回顶部",
        "更多>>",
        "展开全文",
        "登录",
        "注册",
        "加入收藏",
        "设为首页",
        "热门标签",
        "相关阅读",
        "版权所有",
        "京ICP备12345678号",
        "扫码关注",
        "责任编辑：小王",
        "客户端下载",
        "友情链接",
    ],
    "en": [
        "Home",
        "About us",
        "Contact us",
        "Log in",
        "Sign up",
        "Read more",
        "Next post",
        "Previous post",
        "Share on Facebook",
        "Privacy policy",
        "Terms of use",
        "Back to top",
        "Related posts",
        "Leave a comment",
        "Add to cart",
        "View all",
        "All rights reserved",
        "Main menu",
    ],
}
KEYWORDS = {
    "zh": ["棋牌游戏", "真人娱乐", "注册送彩金", "官方网站", "手机版下载", "投注平台", "信誉平台"],
    "en": ["cheap watches", "replica watches", "buy watches online", "best price", "discount watches", "free shipping"],
}
CONTACTS = {
    "zh": [
        "联系人：王经理",
        "电话：010-{}",
        "手机：138{}",
        "传真：021-{}",
        "邮箱：sales@example.com",
        "QQ：{}",
        "地址：某市某路{}号",
    ],
    "en": [
        "Phone: 555-{}",
        "Fax: 555-{}",
        "Email: sales@example.com",
        "Address: {} Example Street",
        "WhatsApp: +1 555 {}",
    ],
}
LOREM = "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore.\n"


def rows(path):
    with gzip.open(DATA / path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@cache
def texts(corpus):
    if corpus.startswith("gold-"):
        found = [
            row["gold"]
            for path in sorted((DATA / "gold-extraction").glob("gold-*.jsonl.gz"))
            for row in rows(path.relative_to(DATA))
            if row.get("gold") and row["lang"] == corpus[-2:]
        ]
    elif corpus.endswith(("-zh", "-en")):
        found = [
            "\n".join(filter(None, [row.get("context"), row["question"], *(row.get("choices") or ())]))
            for row in rows("benchmarks/questions.jsonl.gz")
            if row["benchmark"] == corpus[:-3] and row["lang"] == corpus[-2:]
        ]
    else:
        language = CLEAN[corpus][0]
        found = [row["text"] for row in rows(f"lm-text/{language}.jsonl.gz") if corpus in row["source"].lower()]
    assert len(found) >= 50, corpus
    return found[:: max(1, len(found) // SAMPLE)]


def reasons(text, language, script):
    found = measure(make_view(text, "", language, script))
    return [
        rule.reason
        for rule in RULES
        if (not rule.languages or language in rule.languages)
        and (value := found[rule.signal]) is not None
        and ((rule.low is not None and value < rule.low) or (rule.high is not None and value > rule.high))
    ]


def script_of(corpus):
    return {"drcd-dev": "Hant"}.get(corpus, {"zh": "Hans", "en": "Latn"}[CLEAN[corpus][0]])


@pytest.mark.parametrize("corpus", CLEAN)
def test_clean_text_is_kept(corpus):
    language, floor = CLEAN[corpus]
    dropped = [reasons(text, language, script_of(corpus)) for text in texts(corpus)]
    kept = sum(not found for found in dropped) / len(dropped)
    assert kept >= floor, sorted(reason for found in dropped for reason in found)


def tokens_with_marks(text, language):
    tokens = rjieba.cut(text, False) if language == "zh" else re.findall(r"\w+|[^\w\s]", text)
    return [token for token in tokens if token.strip()]


def in_place(text, language, rng):
    """The words in random order, between the marks as they were."""
    tokens = tokens_with_marks(text, language)
    places = [index for index, token in enumerate(tokens) if token[0].isalnum()]
    for index, word in zip(places, rng.sample([tokens[index] for index in places], len(places)), strict=True):
        tokens[index] = word
    return ("" if language == "zh" else " ").join(tokens)


def garbage(kind, language, rng):
    """One document of garbage."""
    source = texts("cmrc2019" if language == "zh" else "standardebooks")
    text = rng.choice([text for text in source if len(text) > 400])
    space = "" if language == "zh" else " "
    tokens = list(words(text, language))
    with_marks = tokens_with_marks(text, language)
    several = "\n".join(rng.sample(source, 5))
    return {
        "shuffled words without marks": lambda: space.join(rng.sample(tokens, len(tokens))),
        "shuffled words with marks": lambda: space.join(rng.sample(with_marks, len(with_marks))),
        "long shuffled words": lambda: space.join(rng.sample(long := list(words(several, language)), len(long))),
        "shuffled words, marks in place": lambda: in_place(several, language, rng),
        "navigation lines": lambda: "\n".join(rng.sample(NAVIGATION[language], 16)),
        "navigation and one paragraph": lambda: "\n".join([*rng.sample(NAVIGATION[language], 16), text[:150]]),
        "navigation on one line": lambda: rng.choice([" | ", " > ", " · "]).join(rng.sample(NAVIGATION[language], 16)),
        "keywords": lambda: rng.choice([" ", "_", "、", ",", "\n", "|"]).join(rng.choices(KEYWORDS[language], k=60)),
        "separators": lambda: rng.choice([" | ", " > ", "｜"]).join(rng.sample(tokens[:100], 60)),
        "contacts": lambda: "\n".join(
            c.format(rng.randint(10**6, 10**7)) for c in rng.choices(CONTACTS[language], k=12)
        ),
        "lorem ipsum": lambda: LOREM * 3 + text[:100],
        "repeated lines": lambda: "\n".join([text[:40]] * 15),
        "repeated paragraph": lambda: "\n\n".join([text[:300]] * 4),
        "one word": lambda: space.join([tokens[0]] * 200),
        "numbers": lambda: " ".join(str(rng.randint(0, 99_999)) for _ in range(200)),
        "links": lambda: "\n".join(f"https://www.example.com/{rng.randint(0, 10**9)}/page.html" for _ in range(20)),
    }[kind]()


# kind: lowest share dropped, Chinese and English. What is left of shuffled words is the matter of filters.perplexity.
DROPPED = {
    "shuffled words without marks": (1.0, 0.6),
    "shuffled words with marks": (0.65, 0.7),
    "long shuffled words": (1.0, 0.95),
    "shuffled words, marks in place": (0.85, 0.95),
    "navigation lines": (1.0, 1.0),
    "navigation and one paragraph": (1.0, 1.0),
    "navigation on one line": (1.0, 1.0),
    "keywords": (1.0, 1.0),
    "separators": (1.0, 1.0),
    "contacts": (1.0, 1.0),
    "lorem ipsum": (1.0, 1.0),
    "repeated lines": (1.0, 1.0),
    "repeated paragraph": (1.0, 1.0),
    "one word": (1.0, 1.0),
    "numbers": (1.0, 1.0),
    "links": (1.0, 1.0),
}


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("kind", DROPPED)
def test_garbage_is_dropped(kind, language):
    rng = random.Random(1)
    documents = [garbage(kind, language, rng) for _ in range(40)]
    kept = [text for text in documents if not reasons(text, language, "Hans" if language == "zh" else "Latn")]
    assert 1 - len(kept) / len(documents) >= DROPPED[kind][language == "en"], kept[:3]
