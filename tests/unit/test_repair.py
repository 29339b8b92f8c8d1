"""Lines of furniture go, and are counted to the byte; prose, code and lists that look like them stay. Texts are our own."""

import time

import pytest

from filters.measures import measure
from filters.repair import SIGNALS, RepairSpec
from filters.repair_lines import KINDS, LINES, MAX_CHARS
from filters.rules import RulesSpec
from filters.view import make_view

REPAIR = RepairSpec().open()
ZH = "清晨的菜市场总是很热闹，卖鱼的老人把水桶摆在门口。"
ZH2 = "他说今年雨水多，河里的鱼比去年肥，可是价钱没有涨多少。"
EN = "The market opens before sunrise, and by seven the square is full of people."
EN2 = "An old man sells fish from two buckets near the gate, as he always did."

CERTAIN = {
    "navigation": [
        "上一篇：春天的故事", "下一篇：无", "上一页 下一页", "返回顶部", "查看全部243条评论 >",
        "当前位置：首页 > 新闻 > 本地", "| 首页>>人物>>2005 |", "Back to top", "Skip to main content",
        "Next post: The sea »", "← Previous article", "Load more comments", "Home » News » Local", "ページの先頭へ戻る",
    ],
    "sharing": [
        "分享到：微信 微博 QQ空间", "分享让更多人看到", "扫一扫在手机打开当前页", "长按识别二维码关注我们", "欢迎关注官方微信公众号：菜场",
        "【打印本页】【关闭窗口】", "字号：【大 中 小】", "Share on other sites", "Share this article on Facebook", "Pin It on Pinterest",
        "Follow us on Facebook, Twitter and YouTube.", "Subscribe to our free newsletter",
    ],
    "credits": ["责任编辑：王小明", "【责任编辑:王小明", "（编辑：小王）", "返回搜狐，查看更多", "（编辑：小何）返回搜狐，查看更多", "[責任編輯：陳大文]", "责任编辑：支全明 SF099"],
    "rights": [
        "© 2024 Example News. All rights reserved.", "版权所有 菜场日报社", "京ICP备12345678号-1", "京公网安备 11010502030143号",
        "未经授权，任何单位不得转载本网内容。", "声明：本文由入驻作者撰写，观点仅代表作者本人，平台仅提供信息存储服务。",
        "图片来自网络，如有侵权，请联系我们删除。",
    ],
    "prompts": [
        "发表评论", "请先 登录 后发表评论～", "共 12 条评论", "最新评论", "Leave a Reply", "Sign in to leave a comment",
        "You must be logged in to post a comment.", "Already have an account? Sign in here.",
        "Your email address will not be published. Required fields are marked *",
    ],
    "counters": ["阅读数：1024", "浏览次数：88 次", "1,204 likes", "3.4K views"],
    "notices": [
        "This website uses cookies to improve your experience. Read our policy.", "Accept all cookies",
        "We and our 832 partners use cookies to store information on a device.", "本网站使用 cookie 以改善您的体验。",
        "JavaScript is disabled in your browser. Please enable it.", "Please enable JavaScript to view the comments.",
    ],
}  # fmt: skip

# Lines that begin as furniture does, or hold its words, and are content.
CONTENT = [
    "上一篇文章里我们讲到了菜场的由来。", "下一章开始讲述老人的一生，那是一段漫长的岁月。", "版权所有者可以授权他人使用作品。",
    "责任编辑的工作是核对事实、统一体例，并对稿件的最终质量负责。", "请先洗净双手，再处理生鱼。", "分享到这里就结束了，谢谢大家！",
    "扫一扫二维码就能付款的时候，老人还不会用手机。", "登录界面的设计要点如下：", "更多的人选择在清晨买菜。", "阅读数以百计的旧报纸之后，他明白了。",
    "最新评论显示，读者对结局并不满意。", "第一条 为了保护消费者的合法权益，制定本法。", "第二条 经营者应当保证其提供的商品符合要求。",
    "Back to top form after an injury, she won the race.", "Share on the basis of need, not of wealth.",
    "We use cookies to bake bread in this recipe? No: we use flour.", "Copyright law protects authors for life plus seventy years.",
    "The next article of the constitution concerns the courts.", "Home is where the heart is.", "3 likes were enough for him to go on.",
    "Cookies are small files that a site stores in the browser.", "def login(username, password):", "git checkout -b feature-login",
    "| JavaScript | 108ms |", "const home = document.querySelector('#home');", "- Register a post-hook to be run after the module is called.",
]  # fmt: skip


def gone(text):
    """Counts of removed lines by kind, none left out that is not zero."""
    counts = REPAIR(text).counts
    return {kind: counts[f"repair_{kind}_lines"] for kind in KINDS if counts[f"repair_{kind}_lines"]}


@pytest.mark.parametrize(("kind", "line"), [(kind, line) for kind, lines in CERTAIN.items() for line in lines])
def test_a_certain_line_goes_from_the_middle_of_a_text(kind, line):
    found = REPAIR(f"{ZH}\n{line}\n{ZH2}")
    assert found.text == f"{ZH}\n{ZH2}"
    assert gone(f"{ZH}\n{line}\n{ZH2}") == {kind: 1}
    assert found.counts["repair_removed_bytes"] == len(line.encode()) + 1


def test_every_kind_has_cases():
    assert set(CERTAIN) == set(LINES) == set(MAX_CHARS) - {"related"}


@pytest.mark.parametrize("line", CONTENT)
def test_content_stays_at_the_start_in_the_middle_and_at_the_end(line):
    for text in (f"{line}\n{EN}\n{ZH}", f"{EN}\n{line}\n{ZH}", f"{EN}\n{ZH}\n{line}"):
        assert REPAIR(text).text == text


def test_a_likely_line_goes_at_the_edge_beside_a_certain_one_and_three_in_a_row_only():
    assert REPAIR(f"登录\n{ZH}\n{ZH2}").text == f"{ZH}\n{ZH2}"
    assert REPAIR(f"{EN}\n{EN2}\nLog in\n").text == f"{EN}\n{EN2}"
    assert REPAIR(f"{ZH}\n登录\n{ZH2}").text == f"{ZH}\n登录\n{ZH2}"
    assert REPAIR(f"{ZH}\n注册\n登录\n{ZH2}").text == f"{ZH}\n注册\n登录\n{ZH2}"
    assert REPAIR(f"{ZH}\n登录\n返回顶部\n{ZH2}").text == f"{ZH}\n{ZH2}"
    assert REPAIR(f"{EN}\nHome\nSearch\nMenu\n{EN2}").text == f"{EN}\n{EN2}"
    assert REPAIR(f"{EN}\n- Home\n- Search\n- Menu\n{EN2}").text == f"{EN}\n- Home\n- Search\n- Menu\n{EN2}"


def test_closing_words_go_from_the_end_of_the_last_paragraph():
    for closing in ("返回搜狐，查看更多", "（责任编辑：小王）", "【编辑:刘欢】 返回搜狐，查看更多"):
        assert REPAIR(f"{ZH}\n{ZH2}{closing}").text == f"{ZH}\n{ZH2}"
        assert gone(f"{ZH}\n{ZH2}{closing}") == {"credits": 1}
    kept = f"{ZH}\n他递来一封信（编辑：这是他的旧职，他在那里一直干到了六十岁，后来又回到了菜市场卖鱼，卖了整整二十年）"
    assert REPAIR(kept).text == kept


def test_a_list_of_related_pages_goes_from_the_end_only():
    titles = "\n".join(f"老人与鱼的第{n}个故事" for n in range(5))
    assert REPAIR(f"{ZH}\n" * 8 + f"相关阅读：\n{titles}").text == "\n".join([ZH] * 8)
    assert gone(f"{EN}\n" * 8 + "You may also like:\nThe fish\nThe sea") == {"related": 3}
    for text in (
        f"相关阅读：\n{titles}\n{ZH}",
        f"{ZH}\n" * 8 + f"相关阅读：\n{titles}\n{ZH}",
        f"Related articles\n{EN}\n{EN2}",
    ):
        assert "related" not in gone(text)


def test_code_stays():
    code = "```python\nBack to top\nLog in\n```"
    assert REPAIR(f"{EN}\n{code}\n{EN2}").text == f"{EN}\n{code}\n{EN2}"


def test_furniture_alone_stays_for_the_rules_to_see():
    page = "首页 > 新闻\n返回顶部\n上一篇：无\n下一篇：无\n登录"
    found = REPAIR(page)
    assert found.text == page
    assert all(not value for value in found.counts.values())
    signals = measure(make_view(page, "", "zh", "Hans"))
    assert signals["text_navigation_line_ratio"] > 0.3


def test_blank_lines_are_closed_and_every_byte_is_counted():
    text = f"{ZH}\n\n返回顶部\n\n{ZH2}\n\n分享到：微信\n"
    found = REPAIR(text)
    assert found.text == f"{ZH}\n\n{ZH2}"
    assert len(text.encode()) - len(found.text.encode()) == found.counts["repair_removed_bytes"]
    assert found.counts["repair_removed_char_ratio"] == pytest.approx(1 - len(found.text) / len(text))


def test_a_short_news_item_is_no_longer_dropped_for_its_portals_footer():
    item = f"{ZH}{ZH2}旁边的年轻人听了就笑，说等到秋天再看吧。太阳慢慢升起来，街上的人也多了，孩子们背着书包跑过去。"
    footer = "责任编辑：小王\n返回搜狐，查看更多\n分享到：微信 微博\n上一篇：春天\n下一篇：秋天\n版权所有 菜场日报社"
    item = f"市场的早晨\n{item}\n{footer}"

    def failed(text):
        signals = measure(make_view(text, "", "zh", "Hans"))
        rules = [rule for rule in RulesSpec().rules() if not rule.languages or "zh" in rule.languages]
        return {
            rule.reason
            for rule in rules
            if (value := signals.get(rule.signal)) is not None
            and ((rule.low is not None and value < rule.low) or (rule.high is not None and value > rule.high))
        }

    assert "too_many_navigation_lines" in failed(item)
    assert failed(REPAIR(item).text) == set()


def test_what_is_not_asked_for_stays():
    text = f"{ZH}\n返回顶部\n责任编辑：小王\n{ZH2}（编辑：小王）"
    assert RepairSpec(remove=()).open()(text).text == text
    assert RepairSpec(remove=("navigation",)).open()(text).text == text.replace("返回顶部\n", "")
    assert RepairSpec(remove=("credits",)).open()(text).text == f"{ZH}\n返回顶部\n{ZH2}"


# line: what DCLM's modifiers leave of it (mlfoundations/dclm, baselines/mappers/modifiers.py)
DCLM = {
    "BREAKING NEWS TODAY": None,
    "Half UPPER": None,
    "2024": None,
    "12,345 views": None,
    "3 Likes!": None,
    "3 bananas": "3 bananas",
    "Word": None,
    "Two words": "Two words",
    "You have 3 items in cart": "You have 3",
    "The fish swam away. Read more...": "The fish swam away.",
    "Read more...": None,
    "Sign-in to the market": "to the market",
    "": "",
    "市场很热闹": "市场很热闹",  # the reference removes it: one word between white space
}


@pytest.mark.parametrize(("line", "expected"), DCLM.items())
def test_dclm_line_rules(line, expected):
    found = RepairSpec(remove=(), dclm=True).open()(f"{EN}\n{line}\n{EN2}")
    assert found.text == (f"{EN}\n{EN2}" if expected is None else f"{EN}\n{expected}\n{EN2}")
    assert found.counts["repair_dclm_lines"] == (expected != line)
    words = len(f"{EN} {line} {EN2}".split())
    left = len(f"{EN} {expected or ''} {EN2}".split())
    assert found.counts["repair_dclm_word_ratio"] == (words - left) / words


def test_dclm_is_off_by_default_and_its_signals_null():
    counts = REPAIR("BREAKING NEWS TODAY\nWord").counts
    assert counts["repair_dclm_lines"] is counts["repair_dclm_word_ratio"] is None
    assert RepairSpec(dclm=True).open()("2024\n2025").text == "2024\n2025"  # nothing would be left


@pytest.mark.parametrize("text", ["", "\n", "\ud800 返回顶部", "a\x00b\n返回顶部", "好", "\u202eשלום\nBack to top"])
@pytest.mark.parametrize("dclm", [False, True])
def test_odd_text(text, dclm):
    found = RepairSpec(dclm=dclm).open()(text)
    assert list(found.counts) == [signal.name for signal in SIGNALS]
    before, after = (len(one.encode("utf-8", "surrogatepass")) for one in (text, found.text))
    assert before - after == found.counts["repair_removed_bytes"]


@pytest.mark.parametrize(
    "line", ["返回顶部\n", "登录\n市场。\n", "（编辑：", "[ | ", "相关阅读\n", "未经授权转载", "© ", " \t", "```\n"]
)
def test_time_is_linear(line):
    short, long = (line * (size // len(line)) for size in (50_000, 400_000))

    def seconds(text):
        best = 1e9
        for _ in range(3):
            start = time.thread_time()
            REPAIR(text)
            best = min(best, time.thread_time() - start)
        return best

    seconds(short)
    assert seconds(long) < 8 * 3 * seconds(short) + 0.05


@pytest.mark.parametrize(
    "line",
    [
        "All rights reserved. Use of this site constitutes acceptance of our User Agreement and Privacy Statement.",
        "掲載の記事・写真の無断転載を禁じます。すべての内容は著作権法によって保護されています。",
    ],
)
def test_long_claims_of_rights_go(line):
    text = "The council met on Monday and spoke about the bridge for two hours.\nNobody left early."
    assert RepairSpec().open()(f"{text}\n{line}").text == text
