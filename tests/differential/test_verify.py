"""True similarity of many pairs at once, against Python's own sets."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filters.fingerprint import FingerprintSpec, shingle_hashes
from filters.key import make_fold
from pipeline.dedup import verify
from pipeline.dedup.arrays import PAIR, RANGE, gather, place
from pipeline.dedup.verify import (
    REQUEST,
    ShingleSets,
    answers,
    name_requests,
    overlaps,
    requests,
    unpack,
    verified_pairs,
)

SETS = st.lists(st.frozensets(st.integers(0, 40), max_size=25), min_size=1, max_size=12)


def packed(sets):
    counts = np.array([len(s) for s in sets], np.int64)
    hashes = np.array([h for s in sets for h in sorted(s)], np.uint32)
    ids = np.frombuffer(b"".join(n.to_bytes(16, "big") for n in range(len(sets))), "V16")
    return ShingleSets(np.arange(len(sets), dtype=np.uint64), ids, np.cumsum(counts) - counts, counts, hashes)


def near_pairs(rows):
    pairs = np.zeros(len(rows), PAIR)
    for index, (a, b, exact) in enumerate(rows):
        pairs[index] = (a, b, exact)
    return pairs


@given(SETS, st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=40), st.integers(1, 60))
@settings(derandomize=True, max_examples=300, deadline=None)
def test_overlaps_equal_those_of_sets_whatever_the_batch(sets, pairs, batch):
    left, right = (np.array([pair[i] % len(sets) for pair in pairs], np.int64) for i in (0, 1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verify, "_BATCH", batch)
        found = overlaps(packed(sets), left, right)
    assert found.tolist() == [len(sets[a] & sets[b]) for a, b in zip(left, right, strict=True)]


@given(SETS, st.sampled_from([0.0, 0.5, 0.8]), st.sampled_from([None, 0.7, 1.0]))
@settings(derandomize=True, max_examples=200, deadline=None)
def test_verified_pairs_are_those_of_brute_force(sets, floor, containment):
    rows = [(a, b, 0) for a in range(len(sets)) for b in range(a + 1, len(sets))]
    table = verified_pairs(near_pairs(rows), packed(sets), ["p"], floor, containment)
    expected = []
    for a, b, _ in rows:
        common, either = len(sets[a] & sets[b]), len(sets[a] | sets[b])
        small = min(len(sets[a]), len(sets[b]))
        jaccard, contained = common / max(either, 1), common / max(small, 1)
        if jaccard >= floor or (containment is not None and contained >= containment):
            expected.append((a, b, jaccard, contained))
    found = zip(*(table[name].to_pylist() for name in ("a_row", "b_row", "similarity", "containment")), strict=True)
    assert sorted(found) == expected


def test_exact_pairs_need_no_sets():
    table = verified_pairs(near_pairs([(0, 1, 1)]), packed([frozenset(), frozenset()]), ["p"], 0.5)
    assert table.select(["a_id", "b_id", "similarity", "exact"]).to_pylist() == [
        {"a_id": "0" * 32, "b_id": "0" * 31 + "1", "similarity": 1.0, "exact": True}
    ]


def test_sets_arrive_from_the_files_of_their_splits():
    texts = [
        ["今天天气很好我们去公园散步吧", "the quick brown fox jumps over it", "短"],
        ["另一篇完全不同的文章", "x y"],
    ]
    languages = [["zh", "en", "zh"], ["zh", "en"]]
    tables = [
        pa.table({"doc_id": [f"{split:02x}{row:030x}" for row in range(len(t))], "text": t, "language": spoken})
        for split, (t, spoken) in enumerate(zip(texts, languages, strict=True))
    ]
    at = {(s, r): int(place(s, np.array([r]))[0]) for s in range(2) for r in range(len(texts[s]))}
    near = near_pairs([(at[0, 0], at[1, 0], 0), (at[0, 1], at[1, 1], 0), (at[0, 0], at[0, 2], 1)])
    messages = {0: [], 1: []}
    for target, pairs in ((4, near), (9, near[:1])):
        for split, asked in [*requests(pairs, target), *name_requests(np.array([at[1, 1]] * 2, np.uint64), target)]:
            messages[split].append(asked)
    spec = FingerprintSpec()
    blocks = {4: [], 9: []}
    for split in (0, 1):
        parts = messages[split]
        data, ranges = answers(split, gather(parts, REQUEST), tables[split], spec)
        assert answers(split, gather(parts[::-1], REQUEST), tables[split], spec) == (data, ranges)
        for target, where in ranges:
            _, start, length = gather([where], RANGE)[0]
            blocks[target].append(data[start : start + length])
    fold = make_fold()
    for target, with_sets in ((4, {(0, 0), (1, 0), (0, 1), (1, 1)}), (9, {(0, 0), (1, 0)})):
        sets = unpack(blocks[target])
        assert unpack(blocks[target][::-1]).places.tolist() == sets.places.tolist() == sorted(sets.places.tolist())
        for (split, row), where in at.items():
            if (split, row) not in with_sets and (target, split, row) not in {(4, 0, 2), (9, 1, 1)}:
                with pytest.raises(KeyError):
                    sets.index(np.array([where], np.uint64))
                continue
            (index,) = sets.index(np.array([where], np.uint64))
            start, count = sets.starts[index], sets.counts[index]
            key = fold(texts[split][row])
            wanted = np.unique(shingle_hashes(key, languages[split][row], spec)) if (split, row) in with_sets else []
            assert sets.hashes[start : start + count].tolist() == list(wanted)
            assert sets.names(np.array([index])).to_pylist() == [f"{split:02x}{row:030x}"]
