"""Fingerprints against datasketch, bit for bit, and against brute force."""

import re

import numpy as np
import pytest
from datasketch import MinHash
from hypothesis import given, settings
from hypothesis import strategies as st

from filters.fingerprint import (
    PRESETS,
    FingerprintSpec,
    band_hashes,
    jaccard,
    shingle_hash,
    shingle_hashes,
    signature,
    units_of,
)
from filters.han import code_points
from filters.key import fold
from filters.view import TextView

ZH = "今天天气很好我们去公园散步吧明天也许会下雨所以记得带伞出门之前先看一看天气预报"
EN = "the quick brown fox jumps over the lazy dog while the cat sleeps near the warm stove in winter"


def hash_characters(shingle: bytes) -> int:
    return shingle_hash(np.frombuffer(shingle, "<u4").astype(np.uint64))


@pytest.mark.parametrize("seed", [1, 7])
@pytest.mark.parametrize("permutations", [16, 112])
@pytest.mark.parametrize("key", [ZH, ZH * 40, "短", "四个汉字"])
def test_signatures_equal_datasketch(key, permutations, seed):
    ours = shingle_hashes(key, "zh", FingerprintSpec())
    theirs = MinHash(num_perm=permutations, seed=seed, hashfunc=hash_characters)
    size = min(5, len(key))
    theirs.update_batch({key[i : i + size].encode("utf-32-le") for i in range(len(key) - size + 1)})
    assert np.array_equal(signature(ours, theirs.permutations), theirs.hashvalues)


@pytest.mark.parametrize("preset", [None, "fineweb", "olmo3", "datajuicer"])
@pytest.mark.parametrize(
    ("key", "language"), [(ZH * 9, "zh"), (EN * 3, "en"), ("我用 wifi 上网 and then 下线了", "zh")]
)
def test_presets_equal_datasketch_bit_for_bit(key, language, preset):
    """Bands too: the same minima in the same rows."""
    spec = FingerprintSpec(preset=preset)
    pattern = r"[^\s]" if language in spec.letters else r"[\u4e00-\u9fff]|[^\s\u4e00-\u9fff]+"
    units = re.findall(pattern, key)
    numbers = {u: ord(u) if len(u) == 1 and (u > "\u4e00" or language in spec.letters) else word(u) for u in units}
    size = spec.shingle
    shingles = {tuple(numbers[u] for u in units[i : i + size]) for i in range(len(units) - size + 1)}
    theirs = MinHash(
        num_perm=spec.bands * spec.rows, seed=spec.seed, hashfunc=lambda s: shingle_hash(np.array(s, np.uint64))
    )
    theirs.update_batch(shingles)
    ours = signature(shingle_hashes(key, language, spec), theirs.permutations)
    assert np.array_equal(ours, theirs.hashvalues)
    made = spec.open()(TextView(text=key, key=key, lines=(), words=(), language=language, script="Hans"))
    assert made.bands == band_hashes(theirs.hashvalues, spec.bands).tobytes()
    assert len(set(np.frombuffer(made.bands, "<u8").tolist())) == spec.bands


def word(text):
    """The unit of one word alone."""
    (unit,) = units_of(code_points(text)).tolist()
    return unit


def test_presets_have_the_published_shape():
    shapes = {name: (s.bands, s.rows, s.shingle) for name in PRESETS for s in [FingerprintSpec(preset=name)]}
    assert shapes == {"fineweb": (14, 8, 5), "olmo3": (26, 11, 5), "datajuicer": (25, 10, 5)}
    assert FingerprintSpec(preset="olmo3", bands=20).bands == 20
    with pytest.raises(ValueError, match="unknown preset 'x': use fineweb, olmo3, datajuicer"):
        FingerprintSpec(preset="x")


@given(st.lists(st.sampled_from(["天", "ab", "a", "ไ", "b1", "é", "한국", "カ"]), max_size=30))
@settings(derandomize=True, max_examples=200, deadline=None)
def test_units_are_characters_and_words(parts):
    key = fold(" ".join(parts))
    units = units_of(code_points(key)).tolist()
    assert units == [ord(p) if p in "天ไカ" else word(p) for p in parts]
    words = {p: word(p) for p in parts if p not in "天ไカ"}
    assert len(set(words.values())) == len(words)


def test_hashes_of_words_do_not_collide():
    words = [f"{a}{b}{c}" for a in "abcdefghij0123456789" for b in "abcdefghij0123456789" for c in ("", *"abcdefghij")]
    found = units_of(code_points(" ".join(words)))
    assert len(np.unique(found)) == len(words)
    assert len(np.unique(found.astype(np.uint32))) > len(words) - 3
    assert word("a" * 5000) != word("a" * 4999)


def test_a_wrong_language_label_changes_nothing():
    spec = FingerprintSpec()
    for key in (ZH, EN, "我用 wifi 上网"):
        assert np.array_equal(shingle_hashes(key, "zh", spec), shingle_hashes(key, "en", spec))
    other = FingerprintSpec(shingle_of={"zh": 13})
    assert len(shingle_hashes(ZH, "zh", other)) == len(ZH) - 12
    assert len(shingle_hashes(ZH, "ja", other)) == len(ZH) - 4


def test_no_shingles_is_datasketchs_empty_signature():
    empty = MinHash(num_perm=16)
    assert np.array_equal(signature(np.empty(0, np.uint32), empty.permutations), empty.hashvalues)


def test_blocks_of_the_permutation_loop_do_not_show():
    hashes = np.random.default_rng(0).integers(0, 1 << 32, 40_000, dtype=np.uint32)
    permutations = MinHash(num_perm=8).permutations
    parts = np.minimum(signature(hashes[:20_000], permutations), signature(hashes[20_000:], permutations))
    assert np.array_equal(signature(hashes, permutations), parts)


@given(
    st.text(alphabet="天地人和大小", min_size=1, max_size=60), st.text(alphabet="天地人和大小", min_size=1, max_size=60)
)
@settings(derandomize=True, max_examples=200)
def test_jaccard_of_hashes_equals_that_of_the_shingles(left, right):
    spec = FingerprintSpec()
    sets = [{t[i : i + min(5, len(t))] for i in range(len(t) - min(5, len(t)) + 1)} for t in (left, right)]
    true = len(sets[0] & sets[1]) / len(sets[0] | sets[1])
    ours = jaccard(*(np.unique(shingle_hashes(t, "zh", spec)) for t in (left, right)))
    assert ours == pytest.approx(true)


def test_words_are_the_units_of_english_and_characters_those_of_chinese():
    spec = FingerprintSpec()
    assert len(shingle_hashes(EN, "en", spec)) == len(EN.split()) - 4
    assert len(shingle_hashes(ZH, "zh", spec)) == len(ZH) - 4


def test_equal_minima_in_another_band_give_another_hash():
    hashes = band_hashes(np.zeros(112, np.uint32), 14)
    assert len(set(hashes.tolist())) == 14


@pytest.mark.parametrize("text", ["", "a", "\x00", "\ud800", "ب" * 100])
def test_odd_keys(text):
    fingerprint = FingerprintSpec().open()
    view = TextView(text=text, key=text, lines=(), words=(), language="zh", script="Hans")
    made = fingerprint(view)
    assert len(made.bands) == 14 * 8
    assert made == fingerprint(view)
    assert (made.shingles == 0) == (text == "")
