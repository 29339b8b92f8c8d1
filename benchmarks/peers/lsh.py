"""datasketch's own LSH and rensa's, from the same generated documents to the pairs that they call similar.

    python -m benchmarks.peers.lsh datasketch|rensa|speed CORPUS

One process each: neither has workers. Both get our shingles (hashes of 32 bits), which their own tokenising would only
make slower; 112 permutations, 14 bands of 8. datasketch hashes with `update_batch` and is asked for every document;
rensa has its fastest path, a matrix of digests and one shot of flags. Neither verifies pairs by the texts' true
similarity. Prints one JSON object.
"""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from datasketch import MinHash, MinHashLSH
from numpy.typing import NDArray
from rensa import RMinHash, RMinHashLSH

from benchmarks.dedup_ours import fingerprint_rows, read_part
from filters.fingerprint import FingerprintSpec, shingle_hashes
from filters.key import make_fold

_BANDS, _ROWS, _THRESHOLD = 14, 8, 0.8


def sets(path: Path) -> Iterator[NDArray[np.uint32]]:
    """Shingle sets of the documents of one file."""
    return sets_of(read_part(path))


def sets_of(documents: list[dict[str, Any]]) -> Iterator[NDArray[np.uint32]]:
    """Shingle sets."""
    fold, spec = make_fold(), FingerprintSpec()
    for document in documents:
        yield np.unique(shingle_hashes(fold(document["text"]), document["language"], spec))


def datasketch(files: list[Path]) -> dict[str, Any]:
    """MinHash, then LSH with a query before each insertion: those that meet a similar one are duplicates."""
    lsh = MinHashLSH(num_perm=_BANDS * _ROWS, params=(_BANDS, _ROWS))
    count, duplicates = 0, 0
    steps = {"shingles": 0.0, "signatures": 0.0, "index and queries": 0.0}
    for file in files:
        made = _timed(steps, "shingles", lambda file=file: list(sets(file)))
        signatures = _timed(steps, "signatures", lambda made=made: datasketch_signatures(made))
        begun = time.monotonic()
        for signature in signatures:
            duplicates += bool(lsh.query(signature))
            lsh.insert(count, signature, check_duplication=False)
            count += 1
        steps["index and queries"] += time.monotonic() - begun
    return {"steps": steps, "documents": count, "duplicates": duplicates}


def rensa(files: list[Path]) -> dict[str, Any]:
    """Digests of each file's documents in one call from a flat buffer, then flags in one call, inserted as they come."""
    lsh = RMinHashLSH(threshold=_THRESHOLD, num_perm=_BANDS * _ROWS, num_bands=_BANDS)
    steps = {"shingles": 0.0, "signatures": 0.0, "index and queries": 0.0}
    count, duplicates = 0, 0
    for file in files:
        made = _timed(steps, "shingles", lambda file=file: list(sets(file)))
        begun = time.monotonic()
        matrix = rensa_digests(made)
        steps["signatures"] += time.monotonic() - begun
        begun = time.monotonic()
        duplicates += sum(lsh.insert_matrix_and_query_duplicate_flags(matrix, count))
        steps["index and queries"] += time.monotonic() - begun
        count += len(made)
    return {"steps": steps, "documents": count, "duplicates": duplicates}


def rensa_digests(made: list[NDArray[np.uint32]]) -> Any:
    """Its matrix of digests."""
    offsets = np.cumsum([0, *map(len, made)]).astype(np.uint64)
    return RMinHash.digest_matrix_from_flat_token_hashes(
        np.concatenate(made).astype(np.uint64), offsets, _BANDS * _ROWS, 1
    )


def datasketch_signatures(made: list[NDArray[np.uint32]]) -> list[MinHash]:
    """Its signatures, with permutations that are drawn once."""
    first = MinHash(num_perm=_BANDS * _ROWS, hashfunc=int)
    signatures = []
    for hashes in made:
        signature = MinHash(num_perm=_BANDS * _ROWS, hashfunc=int, permutations=first.permutations, scheme="affine32")
        signature.update_batch(hashes.tolist())
        signatures.append(signature)
    return signatures


def speed(path: Path, language: str) -> dict[str, float]:
    """Documents a second of CPU time, from text to signature: ours, datasketch with our shingles, rensa with our shingles."""
    documents = [document for document in read_part(path) if document["language"] == language]
    made = list(sets_of(documents))  # loads the tables too
    before = time.process_time()
    fingerprint_rows(documents, FingerprintSpec())
    ours = time.process_time() - before
    before = time.process_time()
    made = list(sets_of(documents))
    shingles = time.process_time() - before
    found = {"ours": len(documents) / ours}
    for name, function in (("datasketch", datasketch_signatures), ("rensa", rensa_digests)):
        before = time.process_time()
        function(made)
        found[name] = len(documents) / (shingles + time.process_time() - before)
    return found


def _timed(steps: dict[str, float], name: str, function: Any) -> Any:
    begun = time.monotonic()
    result = function()
    steps[name] += time.monotonic() - begun
    return result


if __name__ == "__main__":
    files = sorted(Path(sys.argv[2]).glob("part-*.jsonl"))
    if sys.argv[1] == "speed":
        print(json.dumps({language: speed(files[0], language) for language in ("zh", "en")}))
    else:
        print(json.dumps({"datasketch": datasketch, "rensa": rensa}[sys.argv[1]](files)))
