"""What makes a form personal data: check digits, numbering plans and the words around it.

One function for each kind: it takes the match of an expression of filters/privacy.py and returns the span to replace,
or None. A form that random text has too (eleven digits, nine digits, a word) needs a second witness: check digits or
a cue, in Simplified or Traditional Chinese or English. Pure; looks at most 120 characters to the left and 16 to the
right. It does not know names, and public figures' names are never touched.

Sources: GB 11643, GB 32100, GB/T 2260 (ids); MIIT numbering plan (telephones); ITU-T E.164; NANP; GA 36-2018 (plates);
ISO/IEC 7812 (cards); ISO 13616 (IBAN); RFC 2606, RFC 5321 (e-mail); the IANA registries in `ipaddress`.
"""

import ipaddress
import re

from filters import checksums
from filters.redaction import Span

Match = re.Match[str]

_CUE_CHARS = 40  # how far before a number its cue may stand (own choice: one line of a form or the header of a table)


def _cue(*words: str) -> re.Pattern[str]:
    """Latin words whole, in any case (so that the placeholder <PHONE_NUMBER> is no cue); Chinese words anywhere."""
    latin = "|".join(word for word in words if word.isascii())
    chinese = "|".join(word for word in words if not word.isascii())
    return re.compile(rf"\b(?:{latin})\b|{chinese}", re.ASCII | re.IGNORECASE)


_ID = _cue("id", "idcard", "identity card", "sfz", "证件", "證件", "身份", "身分", "公民")
_ORGANISATION = _cue("uscc", "信用代码", "信用代碼", "纳税人", "納稅人", "税号", "稅號", "注册号", "註冊號")
_HONG_KONG_TAIWAN_ID = _cue("hkid", "id", "identity card", "身份证", "身份證", "身分證", "居留證", "統一證號")
_CARD = _cue(
    *("card", "cards", "visa", "mastercard", "amex", "credit", "debit", "unionpay", "bank", "account", "acct", "卡"),
    *("账号", "账户", "帐号", "帐户", "帳號", "帳戶", "賬號", "賬戶", "银行", "銀行", "银联", "銀聯", "汇款", "匯款"),
    *("转账", "轉帳", "转帐", "轉賬", "收款", "打款", "工行", "农行", "建行", "招行", "中行"),
)
_PASSPORT = _cue("passport", "passports", "护照", "護照", "通行证", "通行證")
_PHONE = _cue(
    *("phone", "phones", "tel", "telephone", "call", "fax", "mobile", "cell", "contact", "hotline", "whatsapp", "dial"),
    *("电话", "電話", "手机", "手機", "传真", "傳真", "热线", "熱線", "座机", "联系", "聯繫", "聯絡", "致电", "致電"),
    *("拨打", "撥打", "咨询", "諮詢", "☎", "📞", "📱"),
)
_SSN = _cue("ssn", "ssns", "social security", "社会安全号", "社会保险号", "社會安全")
_PLATE = _cue("plate", "plates", "车牌", "車牌", "号牌", "號牌", "牌照", "车号", "车辆", "轿车", "車輛", "转让车")
_HOME = _cue(
    *("address", "addr", "地址", "住址", "住所", "家住", "居住", "户籍", "戶籍", "收货", "收貨", "邮寄", "郵寄"),
    *("住在", "寄到", "寄至", "通讯处"),
)
_IP = _cue("ip", "ipv4", "host", "hostname", "server", "client", "ping", "dns", "address", "地址", "服务器", "伺服器")
_VERSION = re.compile(
    r"(?:\b(?:v|ver|versions?|released?|build|firmware|driver|updated?|upgraded?|patch|rev|revision|section|sections|sec"
    r"|clause|chapter|table|figure|fig|oid|api|sdk|chrome|edge|firefox|safari|opera|windows|android|ios|jdk|php)\b"
    r"|版本|版|驱动|固件|升级到|更新到|章|节|節|条|條|表|图|圖|§)[^\n\d]{0,8}$",
    re.ASCII | re.IGNORECASE,
)


_PRODUCT = re.compile(r"[A-Za-z_]/$")  # "openresty/1.9.7.1"


def _near(cue: re.Pattern[str], match: Match, before: int = _CUE_CHARS, after: int = 0) -> bool:
    start, end, text = match.start(), match.end(), match.string
    return cue.search(text, max(0, start - before), start) is not None or (
        after > 0 and cue.search(text, end, end + after) is not None
    )


def _digits(text: str) -> str:
    return "".join(filter(str.isdecimal, text))


_PRINTABLE = "".join(map(chr, range(33, 127)))


def _in_url(match: Match) -> bool:
    """Whether the match is a part of a web address, where long numbers are names of pages."""
    before = match.string[max(0, match.start() - 120) : match.start()]
    token = before[len(before.rstrip(_PRINTABLE)) :]
    return "://" in token or "www." in token


# --- addresses of the network ---------------------------------------------------------------------------------------

_LOCAL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._%+'-"
_RESERVED = re.compile(r"(?:^|\.)(?:example\.(?:com|net|org|edu|cn)|example|test|invalid|localhost|local)$")
_NEXT_SENTENCE = re.compile(r"(?<=[a-z]{2})\.[A-Z][a-z]+$")  # "me@site.com.Sarah is ..."
_FILES = frozenset(
    "png jpg jpeg gif svg webp bmp ico js ts css html htm json xml yml yaml txt pdf gz mp4 dll exe jar".split()
)


def email(match: Match) -> Span | None:
    """Not the reserved domains of RFC 2606, file names (icon@2x.png) and the `git@` of repositories."""
    text, start = match.string, match.start()
    before = text[max(0, start - 65) : start]  # RFC 5321: a local part has 64 octets at most
    local = before[len(before.rstrip(_LOCAL)) :].lstrip(".'-%")
    end = match.end()
    if joined := _NEXT_SENTENCE.search(match["domain"]):
        end -= len(joined.group())
    domain = re.sub(r"[ (\[（]+(?:dot|DOT)[)\]） ]+", ".", text[match.start("domain") : end]).lower()
    if not 1 <= len(local) <= 64 or not local.strip("._%+'-") or local in ("git", "hg", "svn"):
        return None
    if _RESERVED.search(domain) or domain.rpartition(".")[2] in _FILES:
        return None
    return start - len(local), end


def ipv4(match: Match) -> Span | None:
    """Public addresses. Four small numbers are also versions, headings and dental formulas: those need a cue close by
    ("CFML 5.3.6.61", "5.2.13.1 Scope"). They are .05 % of random addresses; 8.8.8.8 and its like are told by repetition.
    """
    text, start = match.string, match.start()
    try:
        address = ipaddress.IPv4Address(match.group())
    except ValueError:
        return None
    if not address.is_global or address.is_multicast:
        return None
    before = text[max(0, start - 24) : start]
    if _PRODUCT.search(before) or _VERSION.search(before):
        return None
    cued = before.endswith(("://", "@")) or _near(_IP, match, 12)
    small = max(address.packed[:3]) <= 20 and len(set(address.packed)) > 1
    return match.span() if cued or not small else None


_TIME = re.compile(r"::[0-2]\d:[0-5]\d:[0-5]\d$")  # "17-May-2018::18:31:06"


def ipv6(match: Match) -> Span | None:
    """Addresses of 2000::/3, all that IANA has given out, less the documentation prefixes; times are none."""
    if _TIME.search(match.group()):
        return None
    try:
        address = ipaddress.IPv6Address(match.group())
    except ValueError:
        return None
    return match.span() if address.is_global and int(address) >> 125 == 1 else None


# --- identity numbers and accounts ----------------------------------------------------------------------------------


def resident_id(match: Match) -> Span | None:
    """18 digits by checksum, birth date and area; 15 only beside a cue; an organisation's code beside its cue is none."""
    number = "".join(filter(str.isalnum, match.group())).upper()
    if len(number) == 15:
        return match.span() if checksums.old_resident_id(number) and _near(_ID, match) else None
    if not checksums.resident_id(number, known_area=False):
        return None
    if checksums.social_credit_code(number) and _near(_ORGANISATION, match, 16) and not _near(_ID, match, 8):
        return None
    return match.span() if checksums.resident_id(number) or _near(_ID, match) else None


def hong_kong_id(match: Match) -> Span | None:
    valid = checksums.hong_kong_id("".join(filter(str.isalnum, match.group())))
    return match.span() if valid and (match.group().endswith(")") or _near(_HONG_KONG_TAIWAN_ID, match)) else None


def taiwan_id(match: Match) -> Span | None:
    return match.span() if checksums.taiwan_id(match.group()) and _near(_HONG_KONG_TAIWAN_ID, match) else None


def passport(match: Match) -> Span | None:
    return match.span() if _near(_PASSPORT, match, 24) else None


def ssn(match: Match) -> Span | None:
    return match.span() if checksums.us_social_security_number(_digits(match.group())) and _near(_SSN, match) else None


# Issuer ranges and lengths: UnionPay 62, Visa, Mastercard, American Express, Diners, Discover, JCB, older Chinese debit cards.
_ISSUERS = re.compile(
    r"62\d{14,17}|4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|3[068]\d{12}|35\d{14}|6(?:011|[45]\d\d)\d{12}"
    r"|9558\d{15}|60\d{14,17}"
)


def bank_card(match: Match) -> Span | None:
    """Issuer range, Luhn and a cue. A last group that does not belong (the year of expiry) is left."""
    value = match.group()
    while value:
        digits = _digits(value)
        if _ISSUERS.fullmatch(digits) and checksums.luhn(digits):
            return (match.start(), match.start() + len(value)) if _near(_CARD, match, after=16) else None
        value = value[: max(value.rfind(" "), value.rfind("-"), 0)]
    return None


def iban(match: Match) -> Span | None:
    """As long as its country says; what follows belongs to the sentence."""
    value, length = match.group(), checksums.IBAN_LENGTHS.get(match.group()[:2], 0)
    places = [place for place, character in enumerate(value) if character != " "]
    if not 0 < length <= len(places):
        return None
    end = places[length - 1] + 1
    whole = not value[end : end + 1].isalnum() and checksums.iban(value[:end].replace(" ", ""))
    return (match.start(), match.start() + end) if whole else None


# --- telephones -----------------------------------------------------------------------------------------------------

_AMOUNT = re.compile(r" ?(?:[元万亿萬億个個人次吨噸只件股份户戶]|[%％‰]|美元|bytes|[KMG]B|km|kg)", re.ASCII)
_CURRENCY = re.compile(r"[$€£¥￥] ?$")


def mobile(match: Match) -> Span | None:
    """By form, unless it is a sum or a part of a web address; the form is China's alone (MIIT: 13x to 19x)."""
    text, start = match.string, match.start()
    amount = _AMOUNT.match(text, match.end()) or _CURRENCY.search(text[max(0, start - 2) : start])
    return match.span() if _near(_PHONE, match, 12) or not (amount or _in_url(match)) else None


def landline(match: Match) -> Span | None:
    """By form where the area code is set off by a dash or brackets, else by a cue."""
    formed = "(" in match.group() or match["dash"] is not None
    return match.span() if (formed and not _in_url(match)) or _near(_PHONE, match, 24) else None


def cued_value(match: Match) -> Span | None:
    """The group `value`; the cue is part of the expression."""
    return None if _AMOUNT.match(match.string, match.end()) else match.span("value")


# ITU-T E.164 country codes: of one, two and three digits (assigned or reserved).
_COUNTRY = re.compile(
    r"1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|(?:2[1-689]|3[578]|42|5[09]|6[789]|8[0578]|9[679])\d"
)


def international(match: Match) -> Span | None:
    digits = _digits(match.group())
    if not _COUNTRY.match(digits) or _AMOUNT.match(match.string, match.end()):
        return None
    grouped = len(digits) < len(match.group()) - 1
    return match.span() if grouped or len(digits) >= 10 or _near(_PHONE, match, 24) else None


def us_phone(match: Match) -> Span | None:
    """NANP: neither area nor exchange is a service code (N11); a bracketed area code or a cue."""
    digits = _digits(match.group())[-10:]
    service = digits[1:3] == "11" or digits[4:6] == "11"
    return match.span() if not service and ("(" in match.group() or _near(_PHONE, match, 24)) else None


# --- messengers, plates, houses -------------------------------------------------------------------------------------


def wechat(match: Match) -> Span | None:
    """6 to 20 characters (Tencent's rule). Without a mark (号, ID, a colon) it must have a digit or an underscore:
    "微信 Android" is no account. Official accounts (gh_...) are public.
    """
    value = match["value"].lower()
    if match.string.startswith(("://", ".", "@"), match.end()) or value in ("wechat", "weixin") or value[:3] == "gh_":
        return None
    left = match.string[match.start() : match.start("value")][-1:]
    if value[0].isalpha() and left.isascii() and left.isalpha():
        return None  # the cue runs on: "t.co/vxADs6boHa"
    if not match["mark"] and not any(character.isdecimal() or character == "_" for character in value):
        return None
    return match.span("value")


def plate(match: Match) -> Span | None:
    """At most two letters after the first (GA 36-2018). 新 and 云 also end words, so they want digits only or a cue."""
    text, start, rest = match.string, match.start(), match["rest"]
    letters = sum(map(str.isupper, rest))
    if match["dot"] or _near(_PLATE, match, 24, 8):
        return match.span() if len(_digits(rest)) >= 2 else None
    word = text[start] in "新云" and (letters > 0 or text[max(0, start - 1) : start].isalpha())
    return None if letters > 2 or word else match.span()


_PROVINCE = re.compile(
    "北京|上海|天津|重庆|重慶|河北|山西|辽宁|遼寧|吉林|黑龙江|黑龍江|江苏|江蘇|浙江|安徽|福建|江西|山东|山東|河南|湖北|湖南"
    "|广东|廣東|海南|四川|贵州|貴州|云南|雲南|陕西|陝西|甘肃|甘肅|青海|台湾|台灣|臺灣|内蒙古|內蒙古|广西|廣西|西藏|宁夏|寧夏"
    "|新疆|香港|澳门|澳門|[台臺][北中南]|新北|高雄|桃園"
)
_LEVEL = re.compile("[省市县縣区區州盟旗镇鎮乡鄉]")
_LEAD = re.compile("[在于於到至從从住址为為是往去及和与與]")
_RUN = re.compile(r"[㐀-鿿A-Za-z0-9（）()·]*$")


def address(match: Match) -> Span | None:
    """A street and house number with two levels of 省 市 县 区 镇 before them, or one and a cue (地址, 住在).

    Starts at the last name of a province, else at most four characters before the first level; ends with the room.
    """
    text, stop = match.string, match.start()
    left = max(0, stop - 40)
    run = _RUN.search(text[left:stop])
    left += run.start() if run else 0
    levels = [level.start() for level in _LEVEL.finditer(text, left, stop)]
    if not levels:
        return None
    provinces = [
        name for name in _PROVINCE.finditer(text, left, stop) if name.start() < levels[-1]
    ]  # 上海道 is a street
    named = bool(provinces) and text[provinces[-1].end()] not in "省市"
    if len(levels) + named < 2 and not _near(_HOME, match):
        return None
    if provinces:
        return provinces[-1].start(), match.end()
    leads = [lead.end() for lead in _LEAD.finditer(text, left, levels[0])]
    return max(left, levels[0] - 4, *leads), match.end()
