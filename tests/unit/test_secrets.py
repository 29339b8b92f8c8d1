"""Every token format is found in code, prose and settings; specimens of documentation stay.

All secrets are made at run time from a seed: none is in this file.
"""

import base64
import json
import random
import string

import pytest

from filters import secrets
from filters.secrets import SecretsSpec, entropy

redact = SecretsSpec().open()
B62 = string.ascii_letters + string.digits
URL64 = B62 + "-_"
HEX = "0123456789abcdef"
UPPER = string.ascii_uppercase + string.digits


def _jwt(r):
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'HS256'})}.{part({'sub': r(URL64, 12)})}.{r(URL64, 43)}"


TOKENS = {
    "aws": lambda r: "AKIA" + r(string.ascii_uppercase + "234567", 16),
    "alibaba": lambda r: "LTAI" + r(B62, 20),
    "alibaba-old": lambda r: "LTAI" + r(B62, 12),
    "tencent": lambda r: "AKID" + r(B62, 32),
    "volcengine": lambda r: "AKLT" + r(B62, 42),
    "baidu": lambda r: "ALTAK" + r(B62, 21),
    "google": lambda r: "AIza" + r(URL64, 34) + r(B62, 1),
    "google-oauth": lambda r: "GOCSPX-" + r(URL64, 27) + r(B62, 1),
    "google-access": lambda r: "ya29." + r(URL64, 150) + r(B62, 1),
    "digitalocean": lambda r: "dop_v1_" + r(HEX, 64),
    "github": lambda r: "ghp_" + r(B62, 36),
    "github-fine": lambda r: f"github_pat_{r(B62, 22)}_{r(B62, 59)}",
    "gitlab": lambda r: "glpat-" + r(B62, 20),
    "npm": lambda r: "npm_" + r(B62, 36),
    "pypi": lambda r: "pypi-AgEIcHlwaS5vcmc" + r(B62, 120),
    "rubygems": lambda r: "rubygems_" + r(HEX, 48),
    "docker": lambda r: "dckr_pat_" + r(B62, 27),
    "vault": lambda r: "hvs." + r(B62, 90),
    "terraform": lambda r: f"{r(B62, 14)}.atlasv1.{r(B62, 67)}",
    "databricks": lambda r: "dapi" + r(HEX, 32),
    "grafana": lambda r: f"glsa_{r(B62, 32)}_{r(HEX, 8)}",
    "newrelic": lambda r: "NRAK-" + r(UPPER, 27),
    "postman": lambda r: f"PMAK-{r(HEX, 24)}-{r(HEX, 34)}",
    "openai": lambda r: f"sk-{r(B62, 20)}T3BlbkFJ{r(B62, 20)}",
    "openai-project": lambda r: "sk-proj-" + r(URL64, 150) + r(B62, 1),
    "anthropic": lambda r: f"sk-ant-api03-{r(URL64, 93)}AA",
    "deepseek": lambda r: "sk-" + r(HEX, 32),
    "openrouter": lambda r: "sk-or-v1-" + r(HEX, 64),
    "huggingface": lambda r: "hf_" + r(string.ascii_letters, 34),
    "replicate": lambda r: "r8_" + r(B62, 37),
    "groq": lambda r: "gsk_" + r(B62, 52),
    "slack": lambda r: f"xoxb-{r(string.digits, 12)}-{r(string.digits, 12)}-{r(B62, 24)}",
    "telegram": lambda r: f"{r('123456789', 10)}:AA{r(B62, 33)}",
    "stripe": lambda r: "sk_live_" + r(B62, 24),
    "square": lambda r: "sq0atp-" + r(B62, 22),
    "sendgrid": lambda r: f"SG.{r(B62, 22)}.{r(B62, 43)}",
    "mailgun": lambda r: "key-" + r(HEX, 32),
    "mailchimp": lambda r: r(HEX, 32) + "-us12",
    "shopify": lambda r: "shpat_" + r(HEX, 32),
    "linear": lambda r: "lin_api_" + r(B62, 40),
    "notion": lambda r: "ntn_" + r(B62, 46),
    "figma": lambda r: "figd_" + r(B62, 40),
    "airtable": lambda r: f"pat{r(B62, 14)}.{r(HEX, 64)}",
    "facebook": lambda r: "EAA" + r(B62, 150),
    "age": lambda r: "AGE-SECRET-KEY-1" + r(UPPER, 58),
    "jwt": _jwt,
}
CONTEXTS = [
    "{}",
    'token = "{}"',
    "密钥：{}。",
    "export KEY={}\n",
    "我的key是{}，别外传",
    "curl -H 'X-Key: {}' https://api.test/",
    "`{}`",
    '{{"a": "{}"}}',
]


def _maker(seed):
    rng = random.Random(seed)
    return lambda alphabet, n: "".join(rng.choices(alphabet, k=n))


@pytest.mark.parametrize("name", TOKENS)
def test_every_format_is_found_in_every_context(name):
    r = _maker(name)
    for _ in range(20):
        for context in CONTEXTS:
            token = TOKENS[name](r)
            redacted = redact(context.format(token))
            assert redacted.text == context.format("<SECRET>"), token
            assert redacted.counts == {"secrets_count": 1}


# (before, made secret, after): only the secret is replaced.
PARTS = {
    "aws-secret": ("aws_secret_access_key = ", lambda r: r(B62 + "/+", 40), "\n"),
    "api-key": ('api_key: "', lambda r: r(B62, 31) + "5", '",'),
    "camel": ("const apiKey = '", lambda r: r(B62, 23) + "5", "';"),
    "alibaba-secret": ("accessKeySecret=", lambda r: r(B62, 29) + "5", " "),
    "wechat": ('"AppSecret": "', lambda r: r(HEX, 32), '"'),
    "bearer": ("Authorization: Bearer ", lambda r: r(B62, 40), "\n"),
    "azure": ("AccountName=a;AccountKey=", lambda r: r(B62 + "+/", 86) + "==", ";"),
    "postgres": ("postgresql://app:", lambda r: r(B62, 12), "@db.corp.cn:5432/x"),
    "mongodb": ("mongodb+srv://root:", lambda r: r(B62 + "!%", 10) + "9", "@c0.mongodb.net"),
    "redis": ("redis://:", lambda r: r(B62, 16), "@10.0.0.5:6379/0"),
    "url": ("https://bob:", lambda r: r(B62, 10), "@git.corp.cn/x.git"),
    "ado": ("Server=db;User Id=sa;Password=", lambda r: r(B62, 9) + "7", ";"),
    "jdbc": ("jdbc:mysql://h/x?user=app&password=", lambda r: r(B62, 9) + "7", "&ssl=1"),
    "slack-hook": ("https://hooks.slack.com/services/", lambda r: f"T{r(UPPER, 9)}/B{r(UPPER, 9)}/{r(B62, 24)}", ""),
    "feishu": ("https://open.feishu.cn/open-apis/bot/v2/hook/", lambda r: f"{r(HEX, 8)}-{r(HEX, 4)}-4{r(HEX, 3)}-a{r(HEX, 3)}-{r(HEX, 12)}", ""),
    "dingtalk": ("https://oapi.dingtalk.com/robot/send?access_token=", lambda r: r(HEX, 64), ""),
    "twilio": ("twilio key ", lambda r: "SK" + r(HEX, 32), ""),
}  # fmt: skip


@pytest.mark.parametrize("name", PARTS)
def test_only_the_secret_part_is_replaced(name):
    before, make, after = PARTS[name]
    r = _maker(name)
    for _ in range(50):
        assert redact(before + make(r) + after).text == before + "<SECRET>" + after


@pytest.mark.parametrize("label", ["RSA PRIVATE KEY", "PRIVATE KEY", "OPENSSH PRIVATE KEY", "PGP PRIVATE KEY BLOCK"])
@pytest.mark.parametrize("whole", [True, False])
def test_private_keys(label, whole):
    body = "\n".join(_maker(label)(B62 + "+/", 64) for _ in range(12))
    key = f"-----BEGIN {label}-----\n{body}" + (f"\n-----END {label}-----" if whole else "")
    assert redact(f"see\n{key}").text == "see\n<SECRET>"


SPECIMENS = [
    "AKIAIOSFODNN7EXAMPLE wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",  # AWS's documentation
    "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    'api_key = "your_api_key_goes_here_1"',
    'api_key = "xxxxxxxxxxxxxxxxxxxxxxxxxxxx1"',
    'api_key = "01234567890123456789"',
    "API_KEY=${API_KEY_FROM_ENVIRONMENT1}",
    'token = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa11"',
    "sk-" + "x" * 40,
    "ghp_" + "0" * 36,
    "postgres://user:password@host/db mysql://root:root@h/x http://user:pass@h/ ftp://u:$PASS@h redis://:{pw}@h",
    "Server=db;User Id=sa;Password=something; Password=<password>;",
    "-----BEGIN PRIVATE KEY-----\nMIIE...\n-----END PRIVATE KEY-----",
    "-----BEGIN PUBLIC KEY-----\n" + "A1b2" * 30 + "\n-----END PUBLIC KEY-----",
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",  # jwt.io
    "secret = get_secret_from_vault(name='x')  token: next_token_is_a_word",
    "The password: must have letters, digits and signs. 密码：至少八位",
    "key-value task-based risk-adjusted-return-of-the-portfolio-in-2020 sk-learn",
    "commit 4b825dc642cb6eb9a060e54bf8d69288fbee4904 sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "uuid 550e8400-e29b-41d4-a716-446655440000",
    "",
]  # fmt: skip


@pytest.mark.parametrize("text", SPECIMENS)
def test_specimens_and_words_stay(text):
    redacted = redact(text)
    assert redacted.text == text
    assert redacted.counts == {"secrets_count": 0}


def test_entropy():
    assert entropy("") == 0
    assert entropy("aaaa") == 0
    assert entropy("abcd") == 2


def test_off():
    off = SecretsSpec(enabled=False).open()("ghp_" + _maker(1)(B62, 36))
    assert off.text.startswith("ghp_")
    assert off.counts == {}


def test_signals_are_declared():
    assert set(redact("").counts) == {signal.name for signal in secrets.SIGNALS}
