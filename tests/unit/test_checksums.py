"""Check digits against published specimens and against every single-digit error."""

import string

import pytest

from filters import checksums

SPECIMENS = [
    (checksums.luhn, "79927398713"),  # ISO/IEC 7812-1 annex B
    (checksums.luhn, "4111111111111111"),
    (checksums.luhn, "378282246310005"),
    (checksums.resident_id, "11010519491231002X"),  # GB 11643-1999, its own example
    (checksums.resident_id, "440524188001010014".replace("1880", "1980").replace("0014", "0013")),
    (checksums.social_credit_code, "91350100M000100Y43"),  # GB 32100-2015, annex
    (checksums.hong_kong_id, "A1234563"),
    (checksums.hong_kong_id, "G123456A"),
    (checksums.hong_kong_id, "AB9876543"),
    (checksums.iban, "DE89370400440532013000"),  # SWIFT IBAN registry examples
    (checksums.iban, "GB29NWBK60161331926819"),
    (checksums.iban, "FR1420041010050500013M02606"),
]


@pytest.mark.parametrize(("check", "number"), SPECIMENS)
def test_specimens_pass_and_any_wrong_digit_fails(check, number):
    assert check(number)
    for place, character in enumerate(number):
        if character in string.digits:
            others = [number[:place] + digit + number[place + 1 :] for digit in string.digits if digit != character]
            assert not any(map(check, others)), (number, place)


@pytest.mark.parametrize(
    "number",
    [
        "",
        "1101051949123100",
        "00010519491231002X",  # no such province
        "11010519490231002X",  # 31 February
        "11010517491231002X",  # 18th century
        "１１０１０５１９４９１２３１００２X",  # digits, but not ASCII
        "11010519491231002\ud800",
    ],
)
def test_not_a_resident_id(number):
    assert not checksums.resident_id(number)
    assert not checksums.resident_id(number, known_area=False)


def _with_check(body):
    return next(body + check for check in "0123456789X" if checksums.resident_id(body + check, known_area=False))


@pytest.mark.parametrize(
    ("area", "known"),
    [
        ("110105", True),
        ("310230", True),
        ("469003", True),  # a county directly under Hainan
        ("460001", True),  # Hainan before 1988 had no prefectures
        ("441900", True),  # Dongguan has no counties
        ("445102", True),
        ("659001", True),
        ("830000", True),
        ("119999", False),
        ("330012", False),
        ("335512", False),
    ],
)
def test_area_numbering(area, known):
    number = _with_check(area + "19900307" + "001")
    assert checksums.resident_id(number) is known


def test_leap_day():
    assert checksums.resident_id(_with_check("11010520000229001"))
    assert not any(checksums.resident_id("11010519000229001" + check) for check in "0123456789X")


def test_taiwan_id_has_one_check_digit_for_each_body():
    # Weights are even modulo 10, so single wrong digits elsewhere can pass: that is why a cue is asked for.
    assert [digit for digit in string.digits if checksums.taiwan_id("A12345678" + digit)] == ["9"]
    assert not checksums.taiwan_id("A323456789")


def test_old_id_needs_a_date():
    assert checksums.old_resident_id("110105491231002")
    assert not checksums.old_resident_id("110105491331002")
    assert not checksums.old_resident_id("110105")


@pytest.mark.parametrize(
    ("digits", "valid"),
    [
        ("123456789", True),
        ("000456789", False),
        ("666456789", False),
        ("900456789", False),
        ("123006789", False),
        ("123450000", False),
        ("078051120", False),
        ("12345678", False),
    ],
)
def test_us_social_security_number(digits, valid):
    assert checksums.us_social_security_number(digits) is valid


@pytest.mark.parametrize(
    "check", [checksums.hong_kong_id, checksums.taiwan_id, checksums.iban, checksums.social_credit_code]
)
@pytest.mark.parametrize("text", ["", "A", "\ud800" * 10, "ABC123456", "DE", "Ａ123456789", "A" * 18])
def test_malformed_numbers_are_not_valid(check, text):
    assert not check(text)
