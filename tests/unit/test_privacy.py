"""Each kind of personal data in the forms that pages use, and what looks like it and must stay."""

import pytest
from pydantic import ValidationError

from filters import privacy, redaction, secrets
from filters.privacy import PrivacySpec

redact = PrivacySpec().open()

REPLACED = [
    # e-mail
    ("联系邮箱：zhang.san@163.com，谢谢", "联系邮箱：<EMAIL>，谢谢"),
    ("write to <J.Doe+news@mail.example.co.uk>.", "write to <<EMAIL>>."),
    ("邮箱ｚｓ@qq.com", "邮箱ｚｓ@qq.com"),  # full-width letters have been narrowed before: filters/normalize.py
    ("邮箱zs＠qq.com", "邮箱<EMAIL>"),
    ("john (at) uni-bonn (dot) de", "<EMAIL>"),
    ("john[at]uni-bonn.de", "<EMAIL>"),
    ("mail me@site.com.Sarah is", "mail <EMAIL>.Sarah is"),
    ("13812345678@qq.com", "<EMAIL>"),
    ("me@x.org-李", "<EMAIL>-李"),
    # network addresses
    ("ping 8.8.8.8 now", "ping <IP_ADDRESS> now"),
    ("from 114.92.13.7:8080", "from <IP_ADDRESS>:8080"),
    ("http://5.6.7.8/a", "http://<IP_ADDRESS>/a"),
    ("来自2001:da8:215:3c0a::12的访问", "来自<IP_ADDRESS>的访问"),
    # ids
    ("身份证号码：11010519491231002X。", "身份证号码：<ID_NUMBER>。"),
    ("11010519491231002x", "<ID_NUMBER>"),
    ("110105 19491231 002X", "<ID_NUMBER>"),
    ("110105-1949-1231-002X", "<ID_NUMBER>"),
    ("110 105 1949 1231 002X", "<ID_NUMBER>"),
    ("110105 1949 12 31 002X", "<ID_NUMBER>"),
    ("1101 0519 4912 3100 2X", "<ID_NUMBER>"),
    ("１１０１０５１９４９１２３１００２Ｘ", "<ID_NUMBER>"),
    ("身分證字號 110105491231002", "身分證字號 <ID_NUMBER>"),
    ("HKID: A123456(3)", "HKID: <ID_NUMBER>"),
    ("身份證號碼 A1234563", "身份證號碼 <ID_NUMBER>"),
    ("身分證字號：A123456789", "身分證字號：<ID_NUMBER>"),
    ("护照号E12345678", "护照号<PASSPORT_NUMBER>"),
    ("Passport No. EA1234567", "Passport No. <PASSPORT_NUMBER>"),
    ("護照：G12345678", "護照：<PASSPORT_NUMBER>"),
    ("her SSN is 123-45-6789.", "her SSN is <SSN_NUMBER>."),
    # accounts
    ("IBAN DE89 3704 0044 0532 0130 00 BANK", "IBAN <IBAN_NUMBER> BANK"),
    ("GB29NWBK60161331926819", "<IBAN_NUMBER>"),
    ("工行卡号6222 0212 3456 7890 128 张三", "工行卡号<CARD_NUMBER> 张三"),
    ("銀行帳號 6222021234567890128", "銀行帳號 <CARD_NUMBER>"),
    ("Visa card 4111-1111-1111-1111 2027", "Visa card <CARD_NUMBER> 2027"),
    ("Amex card 3782 822463 10005", "Amex card <CARD_NUMBER>"),
    # telephones
    ("手机：13812345678", "手机：<PHONE_NUMBER>"),
    ("手機１３８１２３４５６７８", "手機<PHONE_NUMBER>"),
    ("138-1234-5678", "<PHONE_NUMBER>"),
    ("138 1234 5678", "<PHONE_NUMBER>"),
    ("138‑1234‑5678", "<PHONE_NUMBER>"),
    ("138\u00a01234\u00a05678", "<PHONE_NUMBER>"),
    ("+86 138 1234 5678", "<PHONE_NUMBER>"),
    ("(+86)13812345678", "<PHONE_NUMBER>"),
    ("8613812345678", "<PHONE_NUMBER>"),
    ("13812345678/13912345679", "<PHONE_NUMBER>/<PHONE_NUMBER>"),
    ("tel13812345678转", "tel<PHONE_NUMBER>转"),
    ("手機：0912-345-678", "手機：<PHONE_NUMBER>"),
    ("电话010-62785001", "电话<PHONE_NUMBER>"),
    ("(021)5555 6666", "<PHONE_NUMBER>"),
    ("传真：0571 87951111", "传真：<PHONE_NUMBER>"),
    ("電話：02-2345-6789", "電話：<PHONE_NUMBER>"),
    ("電話：2345 6789", "電話：<PHONE_NUMBER>"),
    ("0755-26001234转8001", "<PHONE_NUMBER>"),
    ("+49 (0)30 1234567", "<PHONE_NUMBER>"),
    ("+14155552671", "<PHONE_NUMBER>"),
    ("Call 415-555-2671!", "Call <PHONE_NUMBER>!"),
    ("(415) 555-2671", "<PHONE_NUMBER>"),
    # messengers, plates, houses
    ("微信：abc_123def", "微信：<WECHAT_ID>"),
    ("加微信 zhang12345 咨询", "加微信 <WECHAT_ID> 咨询"),
    ("微信號liming-hk", "微信號<WECHAT_ID>"),
    ("我的号是wxid_a1b2c3d4e5f6g7", "我的号是<WECHAT_ID>"),
    ("VX: lily_2020", "VX: <WECHAT_ID>"),
    ("也可以加v15832628550。", "也可以加v<WECHAT_ID>。"),
    ("QQ：123456789", "QQ：<QQ_NUMBER>"),
    ("QQ群号 12345678", "QQ群号 <QQ_NUMBER>"),
    ("京A12345", "<PLATE_NUMBER>"),
    ("粤B·D12345", "<PLATE_NUMBER>"),
    ("车牌号沪AXY1Z2", "车牌号<PLATE_NUMBER>"),
    ("粤BD12345", "<PLATE_NUMBER>"),
    ("他住在杭州市西湖区文三路478号。", "他住在<STREET_ADDRESS>。"),
    ("地址：浙江省杭州市西湖区文三路478号华星时代广场A座1201室", "地址：<STREET_ADDRESS>"),
    ("地址：绍兴市胜利路12号", "地址：<STREET_ADDRESS>"),
    ("臺北市信義區市府路1號", "<STREET_ADDRESS>"),
]

KEPT = [
    "user@example.com and a@b.test",
    "logo@2x.png git@github.com:apache/beam.git",
    "@app.route('/') x@ @ a@b",
    "Chrome/1.2.3.4 version 1.2.3.4, v9.8.7.6",
    "5.2.3.1 Scope",
    "192.168.1.1 10.0.0.1 127.0.0.1 255.255.255.0 192.0.2.7 256.1.1.1",
    "1.3.6.1.4.1.311",
    "Server: openresty/1.9.7.1",
    "2001:db8::1 fe80::1 std::vector a::b 12:30:45 00:11:22:33:44:55 17-May-2018::18:31:06",
    "统一社会信用代码：91350100M000100Y43",
    "11010519491231002 110105194912310021 订单号110105194912310029",
    "1101051949123100211",
    "3.110105194912310021",
    "110105491231002",  # 15 digits without a cue
    "A123456789 A1234563",
    "E12345678",
    "123-45-6789",
    "订单号6222021234567890128",  # a card number without a cue
    "银行卡号6222021234567890127",  # Luhn fails
    "DE88370400440532013000",
    "12345678901 11812345678 138123456789 a13812345678 0.13812345678",
    "https://weibo.com/u/13812345678",
    "13812345678元 ¥13812345678",
    "2020-2021 2024-01-01 20240101 第12-34567890条",
    "+1 +12 +1234567890123456789",
    "911-555-2671 ext. 415-555-2671",
    "公众号：xinhua_news 微信公众号：xinhua_news gh_1234567890ab",
    "微信 Android 版",
    "http://t.co/vxADs6boHa",
    "Lucee CFML 5.3.6.61, dental formula 1-3.1.4.2",
    "QQ2011 QQ 1234",
    "新GTX770显卡 新A380客机 阿里云ECS20240",
    "《长安十二时辰》第12号 中山路 3号线",
    "上海道14号",
    "",
]


@pytest.mark.parametrize(("text", "expected"), REPLACED)
def test_replaced(text, expected):
    assert redact(text).text == expected


@pytest.mark.parametrize("text", KEPT)
def test_kept(text):
    redacted = redact(text)
    assert redacted.text == text
    assert not any(redacted.counts.values())


def test_an_organisations_code_that_is_also_a_valid_id_stays_beside_its_cue():
    # 18 digits that satisfy GB 11643 and GB 32100; found by search.
    code = next(
        number
        for sequence in range(1000)
        for check in "0123456789"
        if privacy.evidence.checksums.resident_id(number := f"51010719900307{sequence:03}{check}")
        and privacy.evidence.checksums.social_credit_code(number)
    )
    assert redact(f"统一社会信用代码：{code}").text.endswith(code)
    assert redact(f"法人身份证号：{code}").text == "法人身份证号：<ID_NUMBER>"
    assert redact(code).text == "<ID_NUMBER>"


def test_counts_name_every_signal():
    counts = redact("a@b.cn c@d.cn 13812345678 11010519491231002X 11010519491231002X").counts
    assert set(counts) == {signal.name for signal in privacy.SIGNALS}
    assert {name: n for name, n in counts.items() if n} == {
        "privacy_email": 2,
        "privacy_mobile": 1,
        "privacy_resident_id": 2,
        "privacy_total": 5,
        "privacy_distinct_ids": 1,
    }


def test_clean_text_is_returned_as_it_is():
    text = "今天天气很好。" * 100
    assert redact(text).text is text


def test_only_the_chosen_kinds():
    only = PrivacySpec(redact=("email",)).open()("a@b.cn 13812345678")
    assert only.text == "<EMAIL> 13812345678"
    assert set(only.counts) == {"privacy_email", "privacy_total"}
    nothing = PrivacySpec(redact=()).open()("a@b.cn")
    assert (nothing.text, nothing.counts) == ("a@b.cn", {})


def test_unknown_kind_is_refused():
    with pytest.raises(ValidationError):
        PrivacySpec(redact=("names",))


def test_rule_is_on_a_declared_signal():
    (rule,) = PrivacySpec(max_valid_ids=3).rules()
    assert (rule.reason, rule.high) == ("personal_data_dump", 3)
    assert rule.signal in {signal.name for signal in privacy.SIGNALS}


def test_one_pass_over_both_equals_secrets_then_privacy():
    both = redaction.open_finders(secrets.SecretsSpec().finders() + PrivacySpec().finders())
    text = "mysql://app:p4ssw0rd!@db.corp.cn/x zs@163.com 手机13812345678"
    first = secrets.SecretsSpec().open()(text)
    second = redact(first.text)
    assert both(text).text == second.text == "mysql://app:<SECRET>@db.corp.cn/x <EMAIL> 手机<PHONE_NUMBER>"
    assert both(text).counts == first.counts | second.counts


def test_no_placeholder_is_a_find():
    text = " ".join(finder.placeholder for finder in PrivacySpec().finders())
    assert redact(text).text == text


@pytest.mark.parametrize("text", ["\ud800 a@b.cn \udfff", "\0a@b.cn\0", "\u202ea@b.cn", "\U0001f600a@b.cn\ud800"])
def test_hostile_characters_stay(text):
    assert redact(text).text == text.replace("a@b.cn", "<EMAIL>")
