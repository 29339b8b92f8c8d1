"""Secrets: keys, tokens and passwords that a page publishes by mistake, replaced by `<SECRET>`. A rewriter.

Reads a text; returns it with its secrets replaced, and their count; the document is kept. Only the count leaves this
module. The patterns are our own, written from the formats that each issuer documents (named in the table), in the
spirit of gitleaks: a keyword first, then the exact form, then entropy and the habits of documentation (EXAMPLE, xxxx,
your_api_key) that tell a specimen from a secret.

It does not decode base64, does not ask the issuer whether a key is live, and does not find a password in prose.
"""

import math
import re
from collections import Counter
from collections.abc import Callable

from pydantic.dataclasses import dataclass

from filters.redaction import Finder, Redacted, Span, open_finders
from filters.spec import SPEC
from schemas.signals import Signal

SIGNALS = (Signal("secrets_count", "int", "count", "keys, tokens and passwords replaced"),)

# Bits per character. Of 20,000 random strings one in a thousand is below 2.9 (16 of base32, AWS), 2.8 (12 of base62,
# Alibaba), 3.1 (32 of hexadecimal), 3.2 (16 of base62); a word or counted-up digits in a key's place have less.
_TOKEN_ENTROPY = 2.4
_ASSIGNED_ENTROPY = 3.0

# Words of five letters and more, or anchored: shorter ones occur in random base62 by chance.
_SPECIMEN = re.compile(
    r"example|sample|placeholder|change.?me|dummy|redacted|insert|replace|your.?(?:api|key|token|secret|access|pass|own)"
    r"|^your|^my[_-]|^test|^todo|^null$|^none$|xxxxx|\*\*\*|\.\.\.|0000000|1234567|abcdefg|<|>|\$\{|\{\{"
    r"|^eyjhbgcioijiuzi1niisinr5cci6ikpxvcj9\.eyjzdwiioiixmjm0nty3odkw",  # the token that jwt.io shows
    re.IGNORECASE,
)


def entropy(text: str) -> float:
    """Shannon entropy in bits per character; 0 for an empty text."""
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())


def _token(match: re.Match[str]) -> Span | None:
    """The group `value` or all, unless it is a specimen."""
    value = match["value"] if "value" in match.re.groupindex else match.group()
    if _SPECIMEN.search(value) or entropy(value) < _TOKEN_ENTROPY:
        return None
    return match.span("value") if "value" in match.re.groupindex else match.span()


def _assigned(match: re.Match[str]) -> Span | None:
    """A value that a name such as api_key is given: digits and letters (words have none), and near to random."""
    value = match["value"]
    mixed = any(map(str.isdecimal, value)) and any(map(str.isalpha, value))
    if not mixed or _SPECIMEN.search(value) or entropy(value) < _ASSIGNED_ENTROPY:
        return None
    return match.span("value")


def _password(match: re.Match[str]) -> Span | None:
    """A password in a connection string: anything but a specimen, a variable or the word itself."""
    value = match["value"]
    return (
        None
        if _VARIABLE.match(value) or value.lower() in _PASSWORD_WORDS or _SPECIMEN.search(value)
        else match.span("value")
    )


_VARIABLE = re.compile(r"[${\[(]|%s$|%\w+%$|[A-Z_]+$")  # $PASS, {pass}, %s, %PASS%, PASS
_PASSWORD_WORDS = frozenset(
    "password passwd pass pwd secret token user username postgres root admin guest mysql redis mongo test key 密码".split()
)


def _setting(match: re.Match[str]) -> Span | None:
    """A password in a list of settings: `password=something` is a specimen, so not letters alone."""
    return None if match["value"].isalpha() else _password(match)


def _key_block(match: re.Match[str]) -> Span | None:
    """A PEM block with a body of at least 60 base64 characters (the shortest, Ed25519, has 64)."""
    return match.span() if len(re.sub(r"[^A-Za-z0-9+/]", "", match["body"])) >= 60 else None


def _row(keyword: str, pattern: str, span: Callable[[re.Match[str]], Span | None] = _token) -> Finder:
    return Finder(
        signals=("secrets_count",),
        placeholder="<SECRET>",
        sieve=keyword,
        pattern=re.compile(pattern, re.ASCII),
        span=span,
    )


def _prefixed(prefix: str, body: str) -> Finder:
    """A token that its issuer marks with a prefix; the keyword is the prefix with four characters of the body."""
    first = body[: body.index("]") + 1] + "{4}" if body.endswith("}") and body.startswith("[") else ""
    return _row(rf"\b(?:{prefix}){first}", rf"(?<![A-Za-z0-9_])(?:{prefix}){body}(?![A-Za-z0-9_])")


_NAMES = (
    r"(?:api|access|secret|private|auth|client|app|account|encryption|master|session|signing|consumer|bot|service)"
    r"[_.-]?(?:access[_.-]?)?(?:key|token|secret|pwd|password)(?:[_.-]?(?:secret|id))?|apikey|secret|token|password|passwd|pwd"
)
_SCHEMES = (
    "postgres(?:ql)?|mysql|mariadb|mongodb(?:\\+srv)?|rediss?|amqps?|mssql|sqlserver|clickhouse|ldaps?|s?ftps?|smtps?|https?"
    "|kafka|nats|cockroachdb|oracle"
)

_FINDERS = (
    # Keys in PEM (RFC 7468), OpenSSH and PGP (RFC 4880) armour; age-encryption.org
    _row(
        r"-----BEGIN [A-Z ]*PRIVATE KEY",
        r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY(?: BLOCK)?-----(?P<body>(?:[^-]|-(?!-)){0,20000})(?:-----END [A-Z ]{0,30}-----)?",
        _key_block,
    ),
    _prefixed("AGE-SECRET-KEY-1", "[0-9A-Z]{58}"),
    # Clouds: AWS IAM identifiers; Alibaba, Tencent, Volcengine, Baidu access keys; Google API and OAuth; Azure storage
    _prefixed("AKIA|ASIA|ABIA|ACCA", "[A-Z2-7]{16}"),
    _prefixed("LTAI", "[A-Za-z0-9]{12,26}"),
    _prefixed("AKID", "[A-Za-z0-9]{32}"),
    _prefixed("AKLT", "[A-Za-z0-9]{28,60}"),
    _prefixed("ALTAK", "[A-Za-z0-9]{21}"),
    _prefixed("AIza", "[A-Za-z0-9_-]{35}"),
    _prefixed("GOCSPX-", "[A-Za-z0-9_-]{28}"),
    _prefixed(r"ya29\.", "[A-Za-z0-9_-]{60,300}"),
    _row(r"AccountKey=", r"AccountKey=(?P<value>[A-Za-z0-9+/]{86}==)"),
    _prefixed("do[opr]_v1_", "[0-9a-f]{64}"),
    # Code and packages: GitHub, GitLab, npm, PyPI, RubyGems, Docker Hub, HashiCorp, Databricks, Grafana, Sentry, ...
    _prefixed("gh[pousr]_", "[A-Za-z0-9]{36}"),
    _prefixed("github_pat_", "[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"),
    _prefixed("gl(?:pat|dt|rt|ptt|cbt|soat|ft|agent)-", "[A-Za-z0-9_-]{20,50}"),
    _prefixed("npm_", "[A-Za-z0-9]{36}"),
    _prefixed("pypi-AgEIcHlwaS5vcmc", "[A-Za-z0-9_-]{50,200}"),
    _prefixed("rubygems_", "[0-9a-f]{48}"),
    _prefixed("dckr_pat_", "[A-Za-z0-9_-]{27}"),
    _prefixed(r"hv[sb]\.", "[A-Za-z0-9_-]{24,200}"),
    _row(r"\.atlasv1\.", r"(?<![A-Za-z0-9])[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{60,70}"),
    _prefixed("dapi", "[0-9a-f]{32}"),
    _prefixed("glsa_", "[A-Za-z0-9]{32}_[0-9A-Fa-f]{8}"),
    _prefixed("sntry[su]_", "[A-Za-z0-9+/=_-]{40,300}"),
    _prefixed("dp\\.pt\\.", "[A-Za-z0-9]{43}"),
    _prefixed("NRAK-", "[A-Z0-9]{27}"),
    _prefixed("PMAK-", "[0-9a-f]{24}-[0-9a-f]{34}"),
    _prefixed("sbp_", "[0-9a-f]{40}"),
    _prefixed("pscale_(?:tkn|pw|oauth)_", "[A-Za-z0-9_.-]{32,64}"),
    _prefixed("ATATT3", "[A-Za-z0-9_=-]{180,200}"),
    # Models: OpenAI, Anthropic, DeepSeek and others with sk-, Hugging Face, Replicate, Groq, xAI, Perplexity
    _row(r"\bsk-[A-Za-z0-9_-]{32}", r"(?<![A-Za-z0-9_])sk-[A-Za-z0-9_-]{32,220}(?![A-Za-z0-9_-])"),
    _prefixed("hf_", "[A-Za-z]{34}"),
    _prefixed("r8_", "[A-Za-z0-9]{37}"),
    _prefixed("gsk_", "[A-Za-z0-9]{52}"),
    _prefixed("xai-", "[A-Za-z0-9]{80}"),
    _prefixed("pplx-", "[A-Za-z0-9]{48}"),
    # Messages and money: Slack, Telegram, Discord, Stripe, Square, SendGrid, Mailgun, Mailchimp, Twilio, Shopify, ...
    _prefixed("xox[abeoprs]-", "[A-Za-z0-9-]{24,250}"),
    _prefixed("xapp-", "[0-9]-[A-Z0-9]{8,14}-[0-9]{10,14}-[a-z0-9]{60,70}"),
    _row(r"hooks\.slack\.com/", r"hooks\.slack\.com/(?:services|workflows)/(?P<value>[A-Za-z0-9+/]{40,60})"),
    _row(r"\d:AA", r"(?<![A-Za-z0-9])\d{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])"),
    _row(r"/api/webhooks/\d", r"discord(?:app)?\.com/api/webhooks/(?P<value>\d{17,20}/[A-Za-z0-9_-]{60,70})"),
    _row(
        r"[?&](?:access_token|key)=",
        r"(?:oapi\.dingtalk\.com|qyapi\.weixin\.qq\.com)/[a-z/]{1,40}\?(?:access_token|key)=(?P<value>[0-9a-f-]{36,64})",
    ),
    _row(r"/bot/v2/hook/", r"/open-apis/bot/v2/hook/(?P<value>[0-9a-f-]{36})"),
    _prefixed("(?:sk|rk)_(?:live|test)_|whsec_", "[A-Za-z0-9]{16,247}"),
    _prefixed("sq0(?:atp|csp)-", "[A-Za-z0-9_-]{22,43}"),
    _row(r"\bSG\.", r"(?<![A-Za-z0-9])SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])"),
    _prefixed("key-", "[0-9a-f]{32}"),
    _row(r"[0-9a-f]-us\d", r"(?<![A-Za-z0-9])[0-9a-f]{32}-us\d{1,2}(?![A-Za-z0-9])"),
    _row(r"(?i)twilio", r"(?<![A-Za-z0-9])SK[0-9a-f]{32}(?![A-Za-z0-9])"),
    _prefixed("shp(?:at|ca|pa|ss)_", "[0-9a-fA-F]{32}"),
    _prefixed("lin_api_", "[A-Za-z0-9]{40}"),
    _prefixed("ntn_", "[A-Za-z0-9]{46}"),
    _prefixed("figd_", "[A-Za-z0-9_-]{40}"),
    _row(r"\bpat[A-Za-z0-9]{14}\.", r"(?<![A-Za-z0-9])pat[A-Za-z0-9]{14}\.[0-9a-f]{64}(?![0-9a-f])"),
    _prefixed("EAA", "[A-Za-z0-9]{90,300}"),
    # JSON web tokens (RFC 7519): two JSON objects begin with eyJ
    _row(
        r"eyJ[A-Za-z0-9_-]",
        r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{10,8000}\.[A-Za-z0-9_-]{10,1000}",
    ),
    # Passwords in addresses (RFC 3986 userinfo) and in ADO and JDBC connection strings
    _row(
        rf"(?i)(?:{_SCHEMES})://[^\s:/@]*:[^\s/@]",
        rf"(?i)(?<![A-Za-z])(?:{_SCHEMES})://[^\s:/@\"'<>]{{0,64}}:(?P<value>[^\s/@\"'<>]{{3,128}})@(?=[A-Za-z0-9\[])",
        _password,
    ),
    _row(
        r"(?i)(?:password|pwd) ?= ?[^\s;]",
        r"(?i)(?:server|data source|host|jdbc:[a-z]{2,12}|user id|uid|user)[^\n]{1,200}?[;?& ](?:password|pwd) ?= ?(?P<value>[^;\s\"'&<>]{4,64})",
        _setting,
    ),
    # Names and headers that are given a value
    _row(
        r"(?i)authorization[\"']?\s*[:=]",
        r"(?i)authorization[\"']?\s{0,4}[:=]\s{0,4}[\"']?(?:bearer|basic|token)\s{1,4}(?P<value>[A-Za-z0-9._~+/=-]{20,2000})",
        _assigned,
    ),
    _row(
        rf"(?i)(?:{_NAMES})[\"']?\s*(?::=|=>|[:=])\s*[\"']?[A-Za-z0-9]",
        rf"(?i)(?:{_NAMES})[\"']?\s{{0,4}}(?::=|=>|[:=])\s{{0,4}}(?P<quote>[\"'`]?)(?P<value>[A-Za-z0-9+/=_.~!@#$%^&*-]{{16,200}})(?P=quote)(?![A-Za-z0-9+/(\[])",
        _assigned,
    ),
)


@dataclass(frozen=True, kw_only=True, config=SPEC)
class SecretsSpec:
    """Whether to replace secrets."""

    enabled: bool = True
    """Off: nothing is looked for, and `secrets_count` is null."""

    def finders(self) -> tuple[Finder, ...]:
        """All rows, in order of precedence."""
        return _FINDERS if self.enabled else ()

    def open(self) -> Callable[[str], Redacted]:
        """The function that replaces secrets in a text. Loads no asset."""
        return open_finders(self.finders())
