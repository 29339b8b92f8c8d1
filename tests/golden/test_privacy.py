"""Whole pages with their exact redaction and counts. The texts, people and numbers are made up."""

import random
import string

from filters import redaction
from filters.privacy import PrivacySpec
from filters.secrets import SecretsSpec

redact = redaction.open_finders(SecretsSpec().finders() + PrivacySpec().finders())


def _counts(text):
    return {name: n for name, n in redact(text).counts.items() if n}


FORUM = """求购二手显卡 RTX 4090，预算 12000 元，版本号 1.2.3.4 以上。
本人在浙江省杭州市西湖区文三路478号2幢301室，自提也行。
联系人小王，手机 138-1234-5678（微信同号），微信：wang_hz88，QQ 123456789。
公司：杭州某某有限公司，统一社会信用代码 91350100M000100Y43，客服 400-800-8800。
发票寄到 wang.hz@163.com，打款到工行卡号 6222 0212 3456 7890 128。
车停在地库，浙A·12345。身份证 11010519491231002X，请勿外传。"""

FORUM_REDACTED = """求购二手显卡 RTX 4090，预算 12000 元，版本号 1.2.3.4 以上。
本人在<STREET_ADDRESS>，自提也行。
联系人小王，手机 <PHONE_NUMBER>（微信同号），微信：<WECHAT_ID>，QQ <QQ_NUMBER>。
公司：杭州某某有限公司，统一社会信用代码 91350100M000100Y43，客服 400-800-8800。
发票寄到 <EMAIL>，打款到工行卡号 <CARD_NUMBER>。
车停在地库，<PLATE_NUMBER>。身份证 <ID_NUMBER>，请勿外传。"""


def test_forum_post():
    assert redact(FORUM).text == FORUM_REDACTED
    assert _counts(FORUM) == {
        "privacy_address": 1,
        "privacy_mobile": 1,
        "privacy_wechat": 1,
        "privacy_qq": 1,
        "privacy_email": 1,
        "privacy_bank_card": 1,
        "privacy_plate": 1,
        "privacy_resident_id": 1,
        "privacy_total": 8,
        "privacy_distinct_ids": 2,
    }


def test_readme_with_a_key():
    token = "ghp_" + "".join(random.Random(7).choices(string.ascii_letters + string.digits, k=36))  # none in this file
    page = """# Deploy

Run `export GITHUB_TOKEN={}`, then `scp app root@114.92.13.7:/srv`.
The database is postgres://app:{}@10.0.0.5/app (docs: postgres://user:password@host/db).
Questions: ops@widgets.io or +44 20 7946 0958. See version 2.10.3.1 and 192.168.0.1.
"""
    assert redact(page.format(token, "tr0ub4dor&3")).text == page.format("<SECRET>", "<SECRET>").replace(
        "114.92.13.7", "<IP_ADDRESS>"
    ).replace("ops@widgets.io", "<EMAIL>").replace("+44 20 7946 0958", "<PHONE_NUMBER>")
    assert _counts(page.format(token, "tr0ub4dor&3")) == {
        "secrets_count": 2,
        "privacy_ip": 1,
        "privacy_email": 1,
        "privacy_intl_phone": 1,
        "privacy_total": 3,
    }


def _valid_ids(n):
    from filters import checksums

    bodies = (f"440305199001{day:02}{sequence:03}" for day in range(1, 29) for sequence in range(3))
    return [
        next(b + c for c in "0123456789X" if checksums.resident_id(b + c))
        for b, _ in zip(bodies, range(n), strict=False)
    ]


def test_a_list_of_people_is_a_leak_and_a_contract_is_none():
    (rule,) = PrivacySpec().rules()
    leak = "\n".join(f"张三{n},{number}" for n, number in enumerate(_valid_ids(30)))
    contract = "\n".join(f"甲方身份证 {number}" for number in _valid_ids(2) * 20)
    assert redact(leak).counts[rule.signal] == 30 > rule.high
    assert redact(contract).counts[rule.signal] == 2 <= rule.high


def test_encyclopedia_stays_as_it_is():
    text = """故宫博物院建立于1925年10月10日，占地面积72万平方米，馆藏1807558件（套），2019年接待1933万人次。
圆周率约为3.14159265358979323846，光速为299792458米每秒，ISBN 978-7-302-12345-6，GB 11643-1999。
G1234次列车 08:00—12:28，地铁10号线，北京时间20:00:00，汇率6.8976，比分3:2。
The Apollo 11 mission (AS-506) lasted 8 days; IPv4 192.168.0.1; Python 3.11.9.1; RFC 2606; 1914-1918."""
    assert redact(text).text is text
