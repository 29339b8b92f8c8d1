"""Check digits and structure of identity and account numbers: pure predicates on bare strings, no context.

Each takes the number without separators, letters in upper case, and says whether it is well formed. They read nothing
else, keep nothing and do not say whose number it is; filters/privacy_evidence.py adds boundaries and context.
"""

from datetime import date

# GB/T 2260: what the first two digits of a Chinese resident id name. 81 to 83: residence permits of Hong Kong, Macao
# and Taiwan residents (2018 measures of the State Council).
_PROVINCES = frozenset(
    "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83".split()
)
_WITHOUT_PREFECTURE = frozenset("46 71 81 82 83".split())  # 4600 is old Hainan
_MUNICIPALITIES = frozenset("11 12 31 50".split())
_DIRECT_COUNTIES = frozenset("41 42 46 65".split())  # ..90: counties directly under the province
_BIRTH_YEARS = range(1900, 2030)

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"
_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_TAIWAN_LETTERS = "ABCDEFGHJKLMNPQRSTUVXYWZIO"  # the n-th letter stands for n + 10

# Total length by country: SWIFT IBAN registry, release 97.
IBAN_LENGTHS = {
    entry[:2]: int(entry[2:])
    for entry in (
        "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 "
        "ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 "
        "LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 "
        "QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20"
    ).split()
}


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1 annex B: the check digit of payment cards. Ten per cent of random digits pass."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def resident_id(number: str, *, known_area: bool = True) -> bool:
    """GB 11643-1999: 18 characters: area (6), birth date (8), sequence (3), check character (ISO 7064 MOD 11-2).

    `known_area` also holds digits three and four against the numbering scheme of GB/T 2260, not only the province:
    it lets .4 rather than 1.5 of 100,000 random 18-digit strings pass. Turn it off where the context says 身份证.
    """
    if len(number) != 18 or not number[:17].isdecimal() or not number.isascii():
        return False
    if number[:2] not in _PROVINCES or (known_area and not _area(number)) or not _birth_date(number[6:14]):
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_ID_WEIGHTS, number, strict=False))
    return number[17] == _ID_CHECKS[total % 11]


def old_resident_id(number: str) -> bool:
    """The 15-digit id issued until 1999: no check digit, so only of use beside the word 身份证."""
    return (
        len(number) == 15
        and number.isdecimal()
        and number[:2] in _PROVINCES
        and _area(number)
        and _birth_date("19" + number[6:12])
    )


def _area(number: str) -> bool:
    """GB/T 2260 numbering: 01-20 cities, 21-34 prefectures (and since-abolished ones), 51-53 cities of Guangdong,
    40-43 prefectures of Xinjiang, 90 counties under the province. County 00 is the city itself (Dongguan, Zhongshan).
    """
    province, prefecture = number[:2], int(number[2:4])
    if prefecture == 0:
        return province in _WITHOUT_PREFECTURE or number[4:6] == "00"
    if province in _MUNICIPALITIES:
        return prefecture <= 3
    return (
        prefecture <= 34
        or (prefecture == 90 and province in _DIRECT_COUNTIES)
        or (51 <= prefecture <= 53 and province == "44")
        or (40 <= prefecture <= 43 and province == "65")
    )


def _birth_date(digits: str) -> bool:
    year, month, day = int(digits[:4]), int(digits[4:6]), int(digits[6:])
    if year not in _BIRTH_YEARS or not 1 <= month <= 12:
        return False
    last = (date(year + month // 12, month % 12 + 1, 1) - date(year, month, 1)).days
    return 1 <= day <= last


def social_credit_code(code: str) -> bool:
    """GB 32100-2015: the 18 characters that name an organisation (USCC). Not personal data."""
    if len(code) != 18 or any(character not in _USCC_ALPHABET for character in code) or not code[2:8].isdecimal():
        return False
    total = sum(w * _USCC_ALPHABET.index(character) for w, character in zip(_USCC_WEIGHTS, code, strict=False))
    return code[17] == _USCC_ALPHABET[-total % 31]


def hong_kong_id(number: str) -> bool:
    """One or two letters, six digits, check character, modulo 11 (letters count from A = 10, a missing one 36)."""
    letters, digits, check = number[:-7], number[-7:-1], number[-1:]
    if len(letters) not in (1, 2) or not letters.isalpha() or not letters.isascii() or not digits.isdecimal():
        return False
    values = [36] * (2 - len(letters)) + [ord(letter) - 55 for letter in letters] + [int(digit) for digit in digits]
    total = sum(weight * value for weight, value in zip(range(9, 1, -1), values, strict=True))
    return check == "0123456789A"[-total % 11]


def taiwan_id(number: str) -> bool:
    """A letter, sex or residence digit, seven digits, check digit (also the resident certificates since 2021)."""
    if len(number) != 10 or number[0] not in _TAIWAN_LETTERS or not number[1:].isdecimal() or number[1] not in "1289":
        return False
    letter = _TAIWAN_LETTERS.index(number[0]) + 10
    digits = [letter // 10, letter % 10, *map(int, number[1:])]
    return sum(w * digit for w, digit in zip((1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1), digits, strict=True)) % 10 == 0


def iban(number: str) -> bool:
    """ISO 13616: the length of its country and a remainder of 1 modulo 97 (ISO 7064)."""
    if IBAN_LENGTHS.get(number[:2]) != len(number) or not number.isascii() or not number.isalnum():
        return False
    return int("".join(str(int(character, 36)) for character in number[4:] + number[:4])) % 97 == 1


def us_social_security_number(digits: str) -> bool:
    """Nine digits: area not 000, 666 or 9xx, group not 00, serial not 0000 (Social Security Administration, 2011).

    Also leaves out the two published in advertisements (078-05-1120, 219-09-9999).
    """
    return (
        len(digits) == 9
        and digits[:3] not in ("000", "666")
        and digits[0] != "9"
        and digits[3:5] != "00"
        and digits[5:] != "0000"
        and digits not in ("078051120", "219099999")
    )
