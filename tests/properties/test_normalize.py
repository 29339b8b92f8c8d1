"""What must hold of stored text and keys for any text at all."""

import re
import unicodedata

from hypothesis import example, given, settings
from hypothesis import strategies as st

from filters.key import make_fold
from filters.normalize import normalize

fold = make_fold()
steady = settings(deadline=None, derandomize=True)  # the machine may be busy; a failure must come back

# Characters that the rules look at, in small texts, so that most texts mix them.
UNSEEN = "\u200b\u200c\u200d\ufe0f\U000e0100\ufeff\u00ad\u202e\U000e0041\ue000\ud800\udfff\ufffe\0\x1b"
PIECES = st.sampled_from([*UNSEEN, *"ab中文한ｱＡ１がé\u0303 \t\n\r\v\f\x85\u2028\u3000\u00a0，。🔥👩کक्ทက乾²½ﬁİ"])
TEXTS = st.one_of(st.lists(PIECES, max_size=30).map("".join), st.text(st.characters(), max_size=60))
FORBIDDEN = re.compile(
    "[\0-\x08\x0b-\x1f\x7f-\x9f\u00ad\u202a-\u202e\u2066-\u2069\ufeff\ud800-\uf8ff\ufffe\uffff\U000e0000-\U000e007f\U000f0000-\U0010ffff]"
)


@steady
@given(TEXTS)
@example(" \ufe0f\u200d🔥")
@example("\x00\ufe0f")
@example("က\u200c\u200bက")
def test_storing_twice_is_storing_once(text):
    stored, _ = normalize(text)
    assert normalize(stored) == (stored, {})


@steady
@given(TEXTS)
def test_stored_text_holds_nothing_unseen(text):
    stored, removed = normalize(text)
    assert FORBIDDEN.search(stored) is None
    assert unicodedata.is_normalized("NFC", stored)
    assert "\n\n\n" not in stored
    assert not re.search(r"[ \t]\n|\s\Z|\A\n", stored)
    assert all(count > 0 for count in removed.values())
    stored.encode("utf-8")


@steady
@given(TEXTS)
def test_letters_and_marks_of_meaning_survive(text):
    visible = [
        c
        for c in unicodedata.normalize("NFC", text)
        if unicodedata.category(c)[0] in "LNPS" and c not in "\u3164\uffa0"
    ]
    kept = [c for c in normalize(text)[0] if unicodedata.category(c)[0] in "LNPS"]
    narrow = {
        full: chr(full - 0xFEE0) for full in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))
    }
    if not normalize(text)[1]:  # a removed character may have kept two others from composing
        assert [c.translate(narrow) for c in visible] == kept


@steady
@given(TEXTS)
def test_keys_hold_letters_digits_marks_and_single_spaces(text):
    key = fold(text)
    assert all(character == " " or unicodedata.category(character)[0] in "LMN" for character in key)
    assert "  " not in key
    assert key == key.strip()
    assert re.search(r"[\u3400-\u9fff] | [\u3400-\u9fff]", key) is None


@steady
@given(TEXTS, st.sampled_from(["，", " ", "！？", "\n", "…… "]))
def test_punctuation_and_width_do_not_change_chinese_keys(text, between):
    han = "".join(re.findall("[\u4e00-\u9fff]", text)) or "中文"
    assert fold(between.join(han)) == fold(han)
    assert fold(between + han + between) == fold(han)


@steady
@given(st.text("abcXYZ019 ", max_size=30))
def test_full_width_and_ascii_share_a_key(text):
    wide = "".join(chr(ord(character) + 0xFEE0) if character != " " else "\u3000" for character in text)
    assert fold(wide) == fold(text)
