"""Personal data: recognised by form, checked by evidence, replaced by typed placeholders. A rewriter.

Reads a text; returns it with `<EMAIL>`, `<ID_NUMBER>`, ... in place of what it found, and counts. Only counts leave
this module, never a value. One rule: a page with more than `max_valid_ids` distinct checked numbers is a leak.
The table is in order of precedence: an e-mail before the telephone number in it, an id before a bank card.

It does not find names, birthdays, health, what a person describes in words, or other countries' papers (telephones,
IBAN and US SSN excepted). Organisations' numbers (统一社会信用代码) stay.
"""

import re
from collections.abc import Callable
from typing import Literal

from pydantic.dataclasses import dataclass

from filters import privacy_evidence as evidence
from filters.redaction import Finder, Redacted, Span, open_finders
from filters.spec import SPEC
from schemas.rules import Rule
from schemas.signals import Signal

Kind = Literal[
    "email", "ip", "resident_id", "passport", "ssn", "iban", "bank_card", "mobile", "landline", "intl_phone", "us_phone",
    "wechat", "qq", "plate", "address",
]  # fmt: skip

# Latin words inside a placeholder stand beside an underscore, so that they are no cue for what follows.
_PLACEHOLDERS: dict[Kind, str] = {
    "email": "<EMAIL>",
    "ip": "<IP_ADDRESS>",
    "resident_id": "<ID_NUMBER>",
    "passport": "<PASSPORT_NUMBER>",
    "ssn": "<SSN_NUMBER>",
    "iban": "<IBAN_NUMBER>",
    "bank_card": "<CARD_NUMBER>",
    "mobile": "<PHONE_NUMBER>",
    "landline": "<PHONE_NUMBER>",
    "intl_phone": "<PHONE_NUMBER>",
    "us_phone": "<PHONE_NUMBER>",
    "wechat": "<WECHAT_ID>",
    "qq": "<QQ_NUMBER>",
    "plate": "<PLATE_NUMBER>",
    "address": "<STREET_ADDRESS>",
}
_ABOUT: dict[Kind, str] = {
    "email": "e-mail addresses outside the reserved domains",
    "ip": "public IPv4 and IPv6 addresses",
    "resident_id": "resident ids of China, Hong Kong and Taiwan with valid check digits",
    "passport": "passport and travel permit numbers beside a cue",
    "ssn": "US social security numbers beside a cue",
    "iban": "bank accounts with valid check digits",
    "bank_card": "payment card numbers of a known issuer with a valid check digit beside a cue",
    "mobile": "mobile telephone numbers of China and Taiwan",
    "landline": "landline telephone numbers of China, Hong Kong and Taiwan",
    "intl_phone": "telephone numbers with + and country code",
    "us_phone": "telephone numbers of North America",
    "wechat": "WeChat accounts beside a cue",
    "qq": "QQ numbers beside a cue",
    "plate": "vehicle plates",
    "address": "street addresses with a house number",
}

SIGNALS = (
    *(Signal(f"privacy_{kind}", "int", "count", f"{about}, replaced") for kind, about in _ABOUT.items()),
    Signal("privacy_total", "int", "count", "pieces of personal data replaced"),
    Signal("privacy_distinct_ids", "int", "count", "distinct resident ids, cards, IBAN and SSN replaced"),
)


@dataclass(frozen=True, kw_only=True, config=SPEC)
class PrivacySpec:
    """Which personal data to replace, and when a page is a leak of it."""

    redact: tuple[Kind, ...] = tuple(_PLACEHOLDERS)
    """Kinds to look for and replace; the signal of a kind left out is null."""

    max_valid_ids: int = 10
    """Distinct checked numbers in a document; more is a leak. Own choice: no clean document measured has one."""

    def finders(self) -> tuple[Finder, ...]:
        """The rows of the kinds to redact, in order of precedence."""
        return tuple(finder for kind, finder in _FINDERS if kind in self.redact)

    def open(self) -> Callable[[str], Redacted]:
        """The function that replaces personal data in a text. Loads no asset."""
        return open_finders(self.finders())

    def rules(self) -> tuple[Rule, ...]:
        """One: the document is a leak of personal data."""
        return (
            Rule(
                reason="personal_data_dump",
                signal="privacy_distinct_ids",
                high=self.max_valid_ids,
                citation="TC260-003 6.3: personal information needs a legal basis; the number is our own choice",
            ),
        )


def _finder(
    kind: Kind,
    sieve: str,
    pattern: str,
    span: Callable[[re.Match[str]], Span | None],
    *,
    any_case: bool = False,
    identity: bool = False,
) -> tuple[Kind, Finder]:
    flags = re.ASCII | (re.IGNORECASE if any_case else 0)
    finder = Finder(
        signals=(f"privacy_{kind}", "privacy_total"),
        placeholder=_PLACEHOLDERS[kind],
        sieve=f"(?i){sieve}" if any_case else sieve,
        pattern=re.compile(pattern, flags),
        span=span,
        distinct="privacy_distinct_ids" if identity else None,
    )
    return kind, finder


# In RE2 and here, \b \d \w are ASCII: a Chinese character beside a number is a boundary. `s` below: one separator.
_AT = r"(?:@| ?[\[(（](?:at|AT|@)[\])）] ?)"
_DOT = r"(?:\.| ?[\[(（](?:dot|DOT)[\])）] ?)"
_ID = (
    r"(?:[1-8]\d{5}(?:\d{11}[\dXx]|s\d{8}s?\d{3}[\dXx]|s\d{4}s\d{4}s\d{3}[\dXx]|s\d{4}s\d\ds\d\ds\d{3}[\dXx])"
    r"|[1-8]\d\ds\d{3}s\d{4}s\d{4}s\d{3}[\dXx]|[1-8]\d{3}(?:s\d{4}){3}s\d[\dXx]|[1-8]\d{14})"
).replace("s", "[ -]")
_CARD = r"(?:[2-69]\d{3}(?:s?\d{4}){2,3}(?:s?\d{1,4})?|3\d{3}s\d{6}s\d{4,5}|62\d{4}s\d{10,13})".replace("s", "[ -]")
_IBAN = r"[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?"
_MOBILE = r"1[3-9]\d(?:\d{8}|s\d{4}s?\d{4}|\d{4}s\d{4}|\ds\d{3}s\d{4})".replace("s", "[ -]")
_AREA = r"(?:10|2\d|[3-9]\d\d|[2-8])"  # two and three digits: the mainland; one: Taiwan
_LANDLINE = rf"(?:(?:(?:00)?86-)?(?:\(0{_AREA}\) ?-?|0{_AREA}(?:(?P<dash>-)| )?)[2-9]\d{{2,3}}[ -]?\d{{4}})"
_LOCAL_CUE = r"(?:电话|電話|手机|手機|传真|傳真|\btel|\bphone|\bfax|\bmobile)"
_US = r"(?:\([2-9]\d\d\) ?|[2-9]\d\d[ .-])[2-9]\d\d[ .-]\d{4}"
_PROVINCES = "[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤粵青藏川宁琼使领]"
_PLATE = r"[A-HJK][A-HJ-NP-Z0-9]\d{4}|\d{5}[A-HJK]|[A-HJ-NP-Z0-9]{4}[A-HJ-NP-Z0-9挂学警港澳]"
_WECHAT_CUE = r"(?:微信|薇信|威信|\bweixin|\bwechat|\bvx|\bwx|v信|加v|加微|加薇)"
_WECHAT_MARK = r"(?:(?:号码|號碼|号|號| ?id|账号|帳號)(?: ?[:：是为為])? ?| ?[:：] ?)"
_QQ_CUE = r"(?:\bqq|扣扣|企鹅号|群号|群號|q群)(?:交流群|群|号码|號碼|号|號){0,2}[:：是为為 ]{0,3}"
_HOUSE = (
    r"(?:[路街道巷弄里村段庄莊组組坊條条]|胡同)(?:[一二三四五六七八九十东南西北中]段)? ?\d{1,5}(?:[-之]\d{1,4})? ?[号號]"
    r"|(?:小区|小區|花园|花園|家园|公寓|新村|社区|苑|城)[A-Z]?\d{1,3}(?:号楼|號樓|栋|棟|幢)"
)
_ROOM = (
    r"(?:之\d{1,3})?院?(?:[一-鿿]{0,10}(?:大厦|大廈|广场|廣場|小区|小區|中心|大楼|大樓|花园|公寓))?"
    r"(?: ?(?:[A-Za-z]\d{0,4}|\d{1,4})(?:号楼|號樓|栋|棟|幢|座|单元|單元|室|楼|樓|层|層|号|號|门|門)){0,4}"
)

_FINDERS = (
    _finder(
        "email",
        rf"[a-z0-9._%+'-]{_AT}[a-z0-9-]+{_DOT}[a-z0-9]",
        rf"{_AT}(?P<domain>(?:[a-z0-9-]{{1,63}}{_DOT}){{1,8}}[a-z]{{2,24}})(?![a-z0-9]|-[a-z0-9])",
        evidence.email,
        any_case=True,
    ),
    _finder(
        "ip",
        r"\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b",
        r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\w|\.\d|-[A-Za-z])",
        evidence.ipv4,
    ),
    _finder(
        "ip",
        r"\b2[0-9a-f]{3}:[0-9a-f]{0,4}:",
        r"(?<![\w:.])[23][0-9a-f]{3}(?::[0-9a-f]{0,4}){2,7}(?![\w:])",
        evidence.ipv6,
        any_case=True,
    ),
    _finder(
        "resident_id",
        rf"(?:^|[^0-9]){_ID}\b",
        rf"(?<!\d)(?<!\d\.){_ID}(?![0-9A-Za-z_])",
        evidence.resident_id,
        identity=True,
    ),
    _finder(
        "resident_id",
        r"\b[A-Z]{1,2}\d{6} ?\(?[\dA]\b",
        r"(?<![\w.-])[A-Z]{1,2}\d{6}(?: ?\([\dA]\)|[\dA](?!\w))",
        evidence.hong_kong_id,
        identity=True,
    ),
    _finder(
        "resident_id", r"\b[A-Z][1289]\d{8}\b", r"(?<![\w.-])[A-Z][1289]\d{8}(?!\w)", evidence.taiwan_id, identity=True
    ),
    _finder(
        "passport",
        r"(?:passport|护照|護照|通行证|通行證)",
        r"(?<![A-Za-z0-9])(?:[EGDSPHM]\d{8}|E[A-HJ-NP-Z]\d{7}|[CHM]\d{10}|[A-Z]{1,2}\d{6,8}|\d{9})(?![A-Za-z0-9])",
        evidence.passport,
        any_case=True,
    ),
    _finder(
        "ssn",
        r"(?:\bssn|social security|社会安全号|社会保险号|社會安全)",
        r"(?<![\w-])\d{3}[ -]?\d{2}[ -]?\d{4}(?![\w-])",
        evidence.ssn,
        any_case=True,
        identity=True,
    ),
    _finder("iban", rf"\b{_IBAN}\b", rf"(?<![A-Za-z0-9]){_IBAN}(?![A-Za-z0-9])", evidence.iban, identity=True),
    _finder(
        "bank_card",
        rf"\b{_CARD}\b",
        rf"(?<![\w.])(?<!\d-){_CARD}(?!\w|[.-]\d)",
        evidence.bank_card,
        identity=True,
    ),
    _finder(
        "mobile",
        rf"(?:\b|tel|vx|wx|qq)(?:(?:00)?86)?{_MOBILE}\b",
        r"(?:(?<![\w+])|(?<=tel)|(?<=vx)|(?<=wx)|(?<=qq))(?<!\d\.)(?:\(?\+?(?:00)?86\)?[ -]?)?"
        + _MOBILE
        + r"(?!\w|\.\d)",
        evidence.mobile,
        any_case=True,
    ),
    _finder("mobile", r"\b09\d\d-\d{3}-\d{3}\b", r"(?<![\w-])09\d\d-\d{3}-\d{3}(?![\w-])", evidence.mobile),
    _finder(
        "intl_phone",
        r"\+[1-9](?:[ ().-]{0,3}\d){7}",
        r"(?<![\w+])\+[1-9](?:[ ().-]{0,3}\d){7,14}(?!\w|\.\d)",
        evidence.international,
    ),
    _finder(
        "landline",
        _LANDLINE.replace("?P<dash>", "") + r"\b",
        rf"(?<!\w)(?<!\d[.-]){_LANDLINE}(?:(?:-|转|轉| ?ext\.? ?)\d{{1,5}})?(?!\w|[.-]\d)",
        evidence.landline,
    ),
    _finder(
        "landline",
        rf"{_LOCAL_CUE}[^0-9\n]{{0,6}}[2-9]\d{{3}}[ -]?\d{{4}}\b",
        rf"{_LOCAL_CUE}[^0-9\n]{{0,6}}(?<!\d)(?P<value>(?!20)[2-9]\d{{3}}[ -]?\d{{4}})(?!\w|[.-]\d)",
        evidence.cued_value,
        any_case=True,
    ),
    _finder("us_phone", _US, rf"(?<![\w.+-])(?:\+?1[ .-]?)?{_US}(?!\w|[.-]\d)", evidence.us_phone),
    _finder(
        "wechat",
        rf"{_WECHAT_CUE}{_WECHAT_MARK}?[ a-z0-9]|\bwxid_",
        rf"(?:(?<!\w)(?=wxid_)|{_WECHAT_CUE}(?P<mark>{_WECHAT_MARK})? ?)"
        r"(?P<value>[a-z][a-z0-9_-]{5,19}|(?<![ 信])[1-9]\d{5,10})(?![a-z0-9_-])",
        evidence.wechat,
        any_case=True,
    ),
    _finder(
        "qq",
        rf"{_QQ_CUE}[1-9]\d{{4}}",
        rf"{_QQ_CUE}(?P<value>[1-9]\d{{4,10}})(?!\w|\.\d)",
        evidence.cued_value,
        any_case=True,
    ),
    _finder(
        "plate",
        rf"{_PROVINCES}[A-HJ-NP-Z][·•・ -]?(?:{_PLATE})",
        rf"{_PROVINCES}[A-HJ-NP-Z](?:(?P<dot>[·•・])|[ -])?(?P<rest>{_PLATE})(?![A-Za-z0-9_])",
        evidence.plate,
    ),
    _finder("address", _HOUSE, rf"(?:{_HOUSE}){_ROOM}", evidence.address),
)
