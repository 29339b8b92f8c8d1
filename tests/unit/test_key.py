"""The key: what two spellings share, and that it is the same for a part as in the whole."""

import re
import unicodedata

import numpy as np
import opencc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filters.han import HAN_RANGES, simplified
from filters.key import fold, make_fold


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("「乾淨」的 Wi-Fi，１２３ ㎡!", "干净的wi fi 123 m2"),
        ("台灣，臺北；裡面／後面", "台湾台北里面后面"),
        ("第１章　绪论（一）", "第1章绪论一"),
        ("Hello,   World! it's_me", "hello world it s me"),
        ("한국어 문장 입니다.", "한국어 문장 입니다"),
        ("東京 タワー と ｶﾀｶﾅ", "东京タワーとカタカナ"),
        ("हिन्दी में", "हिन्दी में"),
        ("e\u0301té ÉTÉ", "été été"),
        ("x²+½", "x2 1 2"),
        ("soft\u00adhyphen\u200bzero", "softhyphenzero"),
        ("a\0b\ud800c", "a b c"),
        ("中 文 abc 字", "中文abc字"),
        ("!!! …… ，，", ""),
        ("", ""),
        (" a ", "a"),
    ],
)
def test_keys(text, key):
    assert fold(text) == key
    assert make_fold()(text) == key


def test_the_key_of_a_part_is_a_part_of_the_key():
    text = "乾隆年間，乾淨的衣服後面有著名的頭髮髮型"
    assert fold(text) == "".join(fold(character) for character in text)


def test_the_table_is_openccs_for_single_characters():
    converter = opencc.OpenCC("t2s")
    table = simplified()
    for character in "臺灣頭髮裡後乾著雲龍麵鐘隻準衝鬱籲讓這個國學體製":
        assert chr(table[ord(character)]) == converter.convert(character)
    changed = np.flatnonzero(table != np.arange(table.size))
    assert 2_500 < changed.size < 6_000
    assert all(any(start <= code < end for start, end in HAN_RANGES) for code in changed.tolist())


def slow_fold(text):
    """The definition, character by character."""
    table = simplified()
    text = "".join(chr(table[ord(character)]) for character in unicodedata.normalize("NFKC", text).lower())
    text = "".join(character for character in text if unicodedata.category(character) != "Cf")
    text = "".join(character if unicodedata.category(character)[0] in "LMN" else " " for character in text)
    cjk = "[\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af]"
    return re.sub(f"(?<={cjk}) | (?={cjk})", "", re.sub(" +", " ", text)).strip()


@pytest.mark.parametrize(
    "text",
    [
        "， a，b 中 ， c。。",
        "中，。a",
        "a中",
        " 、 ",
        "１ ２ 三",
        "あ い a ｳ",
        "a\u0301 \u0301b",
        "𠮷 野 家",
        "a" * 10 + " " * 10 + "中",
    ],
)
def test_equals_the_definition(text):
    assert fold(text) == slow_fold(text)


@given(st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=("Cs",)), max_size=30))
@settings(derandomize=True, max_examples=1000, deadline=None)
def test_the_short_way_is_normalize_and_lower(text):
    """A character of another plane makes the whole take the long way; as a word of its own it changes nothing else."""
    assert fold(f"x {text}。") == fold(f"x {text}。\U0001f600")


@pytest.mark.parametrize(
    "text", ["e\u0301", "ΑΣ", "ΑΣ ", "각", "\u1100\u1161\u11a8", "ｶﾞ", "か\u3099", "ﬁ", "½", "İ", "①", "ê\u0323", "ொ"]
)
def test_characters_that_their_neighbours_change(text):
    assert fold(text) == fold(text + "\U0001f600")
