"""What spam says to a reader: offers of gambling, and the sales talk of adverts; how much of both a text has.

The expressions (RE2) are general knowledge, taken from no set that is measured here. Honest text about casinos or prices has
some of them, but not many at once: what counts is how many different ones stand in a stretch of 600 characters (200 of
Chinese, both some 100 words), in the lower median, so that one comment or injected paragraph does not condemn a page. They are matched against the folded key: lower case, Simplified, no punctuation.
Of other languages than English and Chinese it knows nothing.
"""

from collections.abc import Callable
from functools import cache
from statistics import median_low
from typing import Any, Final

import re2

from filters.view import TextView

_STRETCH: Final = {"en": 600, "zh": 200}  # characters of the key
_MAX_STRETCHES = 24  # evenly spread: .1 ms a page

# Gambling is told by its matter and an offer side by side: a history of roulette has the first, a bank the second.
_EN_GAMES = (
    r"(?:online |live |mobile |crypto )?casinos?", r"slots?(?: games?| machines?)", r"slots", r"jackpots?", r"roulette", r"black ?jack",
    r"baccarat", r"poker", r"bingo", r"sic bo", r"craps", r"(?:sports? ?|online |live )?betting", r"sports? ?books?", r"bookmakers?",
    r"bookies?", r"odds", r"bets?", r"wager(?:s|ing)?", r"gambl(?:e|ers?|ing)", r"lottery", r"lotto", r"scratch ?cards?", r"parlays?",
    r"handicaps?", r"tipsters?", r"punters?", r"high rollers?", r"dealers?", r"croupiers?", r"rtp", r"fish(?:ing)? games?",
    r"cock ?fight(?:ing)?", r"tables? games?", r"free spins?",
)  # fmt: skip
_EN_STAKES = (
    r"(?:welcome|deposit|sign ?up|first deposit|no deposit|reload|match|loyalty|casino) bonus(?:es)?", r"bonus(?:es)?", r"bonus codes?",
    r"free spins?", r"best odds", r"(?:place|place your|your) bets?", r"bet (?:now|on|with|online|small|big)", r"(?:first|minimum|no) deposit",
    r"deposit (?:now|today|and)", r"deposits?", r"rollover", r"rebates?", r"cash ?back", r"(?:fast|instant|quick|same day) (?:payouts?|withdrawals?|cash ?outs?)",
    r"payouts?", r"withdrawals?", r"cash ?out", r"real money", r"win (?:big|real|cash|money|now|more)", r"big wins?", r"winnings?", r"vips?",
    r"play (?:now|today|for real|and win)", r"register (?:now|today)", r"sign up(?: now| today)?", r"join (?:now|today|us)", r"agents? wanted", r"24 7",
    r"licen[sc]ed", r"lucky", r"promotions?", r"exclusive",
)  # fmt: skip
_EN_SALES = (
    r"(?:buy|order|shop|call|act|subscribe|enquire|apply|book|enrol{1,2}|download|click|start|try|get it|visit us|reserve|claim) (?:now|today|here|yours)",
    r"limited (?:time|offer|edition|stock|availability|spots?|places)", r"offer (?:ends|expires|valid)", r"special (?:offers?|price|deals?|discounts?)",
    r"(?:free|fast|express|next day|same day|worldwide) (?:shipping|delivery)", r"free (?:quotes?|trial|consultation|gift|samples?|estimate|bonus|returns?|installation)",
    r"(?:money back|satisfaction|lifetime|100|price match) guarantee[sd]?", r"guarantee[sd]?", r"no (?:obligation|risk|hidden (?:fees|costs|charges)|contract|questions asked|experience)",
    r"risk free", r"(?:lowest|best|unbeatable|affordable|cheap(?:est)?|competitive|wholesale|factory|low|great|discount(?:ed)?) (?:prices?|rates?|deals?|quality|value)",
    r"discounts?", r"\d+ off", r"half price", r"sale (?:ends|now|price)", r"clearance", r"promo(?:tion(?:s|al)?)? codes?", r"coupons?", r"vouchers?",
    r"save (?:up to|big|money|\d+|on)", r"up to \d+", r"only \d+", r"just \d+", r"from only", r"as low as", r"bargains?", r"hurry", r"don t (?:miss|wait|delay|hesitate)",
    r"while (?:stocks?|supplies) last", r"(?:selling|going) fast", r"last chance", r"today only", r"exclusive(?: offers?| deals?)?", r"best sell(?:er|ing)s?",
    r"contact us(?: now| today| for)?", r"call us", r"whats ?app", r"telegram", r"wechat", r"hotline", r"customer (?:service|support|reviews|satisfaction)",
    r"satisfied (?:customers|clients)", r"happy customers", r"testimonials?", r"trusted (?:by|since|supplier|partner)", r"one stop (?:shop|solution)",
    r"years (?:of )?experience", r"leading (?:manufacturer|supplier|provider|brand)", r"(?:manufacturer|supplier|wholesaler|dealer|distributor)s?", r"in stock", r"high(?:est)? quality",
    r"top quality", r"premium quality", r"warranty", r"add to cart", r"checkout", r"cash on delivery", r"payment (?:plans?|options)", r"easy (?:payments?|installments)",
    r"financing", r"earn (?:up to|money|extra|\d+)", r"make money", r"extra income", r"work from home", r"passive income", r"get (?:rich|paid|yours)", r"double your",
    r"lose weight", r"weight loss", r"miracle", r"clinically proven", r"doctors? recommend(?:ed)?", r"all natural", r"secrets?", r"amazing", r"incredible", r"revolutionary",
    r"instant(?:ly)?(?: approval| results)?", r"results? (?:guaranteed|in)", r"loans?", r"bad credit", r"no credit check", r"replicas?", r"followers", r"backlinks?", r"seo (?:services?|packages?)",
)  # fmt: skip
_ZH_GAMES = (
    "博彩", "赌博", "赌场", "赌钱", "赌城", "娱乐城", "娱乐场", "娱乐平台", "娱乐官网", "彩票", "时时彩", "六合彩", "双色球", "快三", "北京28", "幸运28", "飞艇", "大乐透", "福彩", "体彩",
    "百家乐", "老虎机", "轮盘", "二十一点", "21点", "德州扑克", "扑克", "牌九", "龙虎", "骰宝", "炸金花", "斗牛", "牛牛", "麻将", "捕鱼", "棋牌", "电子游艺", "电游", "真人视讯", "真人娱乐", "荷官",
    "体育投注", "体育博彩", "体育竞猜", "足球投注", "投注", "下注", "押注", "竞猜", "盘口", "赔率", "滚球", "串关", "开奖", "玩法", "葡京", "威尼斯人", "太阳城", "永利",
)  # fmt: skip
_ZH_STAKES = (
    "返水", "洗码", "返利", "反水", "流水", "打码", "首存", "首充", "存款", "充值", "提款", "提现", "出款", "取款", "到账", "秒到", "注册送", "送彩金", "彩金", "红利", "体验金", "优惠", "开户", "注册", "登录", "登入",
    "官网", "官方网站", "线上", "网上", "平台", "网址", "手机版", "app", "下载", "客服", "24小时", "代理", "佣金", "招商", "加盟", "总代", "会员", "贵宾", "vip", "大奖", "奖金", "头奖", "爆奖", "中奖", "必中", "稳赢", "稳赚",
    "包赢", "回血", "计划", "预测", "内部", "号码", "赢钱", "赢取", "盈利", "信誉", "正规", "牌照", "资金安全",
)  # fmt: skip
_ZH_SALES = (
    "特价", "特惠", "优惠", "打折", "折扣", "促销", "大促", "秒杀", "抢购", "限时", "限量", "包邮", "免费送货", "送货上门", "货到付款", "满减", "立减", "直降", "半价", "清仓", "甩卖", "亏本", "跳楼价", "最低价", "底价", "低价", "超值", "性价比",
    "立即购买", "立即抢购", "马上购买", "立即咨询", "点击咨询", "在线咨询", "免费咨询", "免费试用", "免费体验", "免费领取", "免费报价", "免费设计", "免费上门", "点击进入", "点击下载", "扫码", "加微信", "微信号", "加qq", "客服qq", "咨询热线",
    "服务热线", "订购热线", "热线电话", "咨询电话", "联系电话", "电话咨询", "来电", "欢迎来电", "欢迎咨询", "欢迎选购", "欢迎光临", "欢迎订购", "欢迎新老", "新老客户", "新老顾客", "广大客户", "厂家直销", "厂家", "厂价", "直销", "批发", "供应", "代理", "加盟",
    "招商", "一件代发", "货源", "现货", "库存", "报价", "价格优惠", "价格实惠", "价格合理", "价格", "实惠", "品质保证", "质量保证", "质量可靠", "正品", "原装", "假一赔", "无效退款", "退款", "包退", "包换", "三包", "售后", "保修", "质保", "诚信经营", "诚信",
    "信誉", "专业", "资深", "一对一", "量身", "一站式", "实力", "多年经验", "经验丰富", "技术精湛", "服务周到", "服务一流", "客户至上", "满意", "口碑", "好评", "热销", "畅销", "爆款", "新款", "款式", "高端", "品牌", "知名", "首选", "值得信赖", "放心", "省心",
    "机会", "错过", "赶快", "赶紧", "抓紧", "仅需", "只需", "只要", "元起", "名额", "活动", "礼品", "赠品", "红包", "优惠券", "代金券", "下单", "拍下", "旺旺", "淘宝", "天猫", "店铺", "购买", "选购", "订购", "预订", "预约", "报名", "办理", "代办", "贷款", "无抵押", "下款", "放款",
    "额度", "低息", "秒批", "办证", "发票", "代开", "刷单", "兼职", "日结", "月入", "日赚", "赚钱", "躺赚", "创业", "项目", "减肥", "瘦身", "丰胸", "美白", "祛斑", "祛痘", "增高", "壮阳", "根治", "疗效", "无副作用", "祖传", "秘方", "纯天然", "特效", "名医", "快速见效", "见效",
)  # fmt: skip

OFFERS: Final = {
    "en": {"games": _EN_GAMES, "stakes": _EN_STAKES, "sales": _EN_SALES},
    "zh": {"games": _ZH_GAMES, "stakes": _ZH_STAKES, "sales": _ZH_SALES},
}


def count_offers(view: TextView) -> dict[str, float] | None:
    """Different phrases in a stretch, in the median: `gambling`, and `offers` with sales talk; None for other languages.

    Gambling counts pairs: names of games and talk of stakes, the fewer of both.
    """
    if view.language not in OFFERS:
        return None
    patterns, size = _compiled(view.language), _STRETCH[view.language]
    starts = range(0, max(1, len(view.key) - size // 3), size)  # a short rest is left out
    step = -(-len(starts) // _MAX_STRETCHES)
    gambling: list[int] = []
    offers: list[int] = []
    for start in starts[::step]:
        stretch = view.key[start : start + size].encode("utf-8", "surrogatepass")
        games, stakes, sales = (len(set(find(stretch))) for find in patterns)
        gambling.append(min(games, stakes))
        offers.append(min(games, stakes) + sales)
    return {"gambling": float(median_low(gambling)), "offers": float(median_low(offers))}


@cache
def _compiled(language: str) -> tuple[Callable[[bytes], list[Any]], ...]:
    edge = r"\b" if language == "en" else ""  # Chinese has no spaces
    return tuple(
        re2.compile(f"{edge}(?:{'|'.join(sorted(phrases, key=len, reverse=True))}){edge}".encode()).findall
        for phrases in OFFERS[language].values()
    )
