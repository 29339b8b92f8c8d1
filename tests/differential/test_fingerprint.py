"""Fingerprints against datasketch, bit for bit, and against brute force."""

import numpy as np
import pytest
from datasketch import MinHash
from hypothesis import given, settings
from hypothesis import strategies as st

from filters.fingerprint import FingerprintSpec, band_hashes, jaccard, shingle_hash, shingle_hashes, signature
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
