"""Earlier snapshots: their stored fingerprints meet those of this run, and their released documents take precedence.

Their parts are numbered behind the splits of the run, so that a place says whose document it is. Reads of an earlier
snapshot its manifest, fingerprints/ and decisions/, and of documents/ only what a candidate pair needs; where documents/
of a part are gone, the stored sketch stands for the text, and the pair is marked `estimated`. Writes nothing there.

What was released is read at decide time: after a takedown, `decide` again finds the next best copy.
"""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from filters.fingerprint import FingerprintSpec
from filters.key import make_fold
from filters.view import make_view
from pipeline import storage
from pipeline.dedup.arrays import split_of
from pipeline.snapshot import Snapshot
from pipeline.sources.spec import InputError

# Texts whose fingerprints tell whether two snapshots were fingerprinted alike: both kinds of shingles, and the folding.
_PROBES = (
    ("zh", "Hant", "這個頁面說明（ＡＢＣ１２３）如何比對兩個版本的指紋，繁體與全形都要折疊。"),
    ("en", "Latn", "The quick brown Fox jumps over the lazy dog, then reads fingerprints of an EARLIER snapshot."),
    ("en", "Latn", "short"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """A finished snapshot that this run is compared with. The hashes are what its manifest said when the run was planned.

    `gone` is a hash of the names of the parts whose documents/ no longer exist, "" for none; `against` is what it was
    compared with itself.
    """

    uri: str
    parts: int
    input_bytes: int
    released: int
    fingerprints: str
    decisions: str
    gone: str
    against: tuple[str, ...]

    @property
    def snapshot(self) -> Snapshot:
        """To read from."""
        return Snapshot(self.uri)


def open_earlier(uris: Sequence[str], output: str, spec: FingerprintSpec) -> tuple[Earlier, ...]:
    """The earlier snapshots that a recipe names, checked.

    Raises:
        InputError: one is not finished, is the output itself, or was fingerprinted otherwise; one sentence.

    """
    wanted = probe(spec) if uris else ""
    return tuple(_open(uri, output, wanted) for uri in uris)


def _open(uri: str, output: str, wanted: str) -> Earlier:
    if _place(uri) == _place(output):
        raise InputError(f"duplicates.against names {uri}, which this run writes")
    snapshot = Snapshot(uri)
    manifest = snapshot.read_json("manifest.json")
    if manifest is None:
        raise InputError(f"duplicates.against: {uri} is not a finished snapshot: it has no manifest.json")
    if manifest.get("fingerprinting") != wanted:
        raise InputError(
            f"duplicates.against: {uri} was fingerprinted with other parameters or another version of Millrace: "
            "its fingerprints cannot be compared with this recipe's"
        )
    gone = _gone(snapshot, manifest["splits"])
    return Earlier(
        uri=uri,
        parts=len(manifest["splits"]),
        input_bytes=sum(entry["bytes"] for entry in manifest["inputs"]),
        released=manifest["counts"]["kept"],
        fingerprints=manifest["tables"]["fingerprints"]["content"],
        decisions=manifest["tables"]["decisions"]["content"],
        gone=hashlib.blake2b(str(gone).encode(), digest_size=16).hexdigest() if gone else "",
        against=tuple(entry["snapshot"] for entry in manifest["against"]),
    )


def _gone(snapshot: Snapshot, parts: Sequence[str]) -> list[int]:
    stored = set(storage.list_names(snapshot.path("documents")))
    return [number for number, part in enumerate(parts) if f"{part}.parquet" not in stored]


def _place(uri: str) -> str:
    return uri.rstrip("/") if "://" in uri else os.path.realpath(uri)


@lru_cache(maxsize=64)
def part_names(earlier: Earlier) -> tuple[str, ...]:
    """Its parts in their order; read once a process.

    Raises:
        InputError: it has changed since the run was planned.

    """
    manifest = earlier.snapshot.read_json("manifest.json")
    if manifest is None or manifest["tables"]["decisions"]["content"] != earlier.decisions:
        raise InputError(f"{earlier.uri} has changed since this run was planned: run the same command again")
    return tuple(manifest["splits"])


@lru_cache(maxsize=64)
def gone_parts(earlier: Earlier) -> tuple[int, ...]:
    """Which of its parts have no documents/ any more; read once a process."""
    return tuple(_gone(earlier.snapshot, part_names(earlier))) if earlier.gone else ()


def probe(spec: FingerprintSpec) -> str:
    """A hash of the fingerprints of fixed texts: equal where two snapshots' fingerprints can be compared."""
    fingerprint, fold = spec.open(), make_fold()
    digest = hashlib.blake2b(digest_size=16)
    for language, script, text in _PROBES:
        made = fingerprint(make_view(text, fold(text), language, script))
        digest.update(made.digest + made.bands + made.sketch + made.shingles.to_bytes(8, "little"))
    return digest.hexdigest()


def touched(records: NDArray[np.void], own: int) -> NDArray[np.void]:
    """The records (dtype BAND) of buckets that hold a document of this run; `own` splits come first in the numbering."""
    mine = split_of(records["place"]) < own
    if mine.all():
        return records
    hashes = np.unique(records["hash"][mine])
    if not len(hashes):
        return records[:0]
    at = np.minimum(np.searchsorted(hashes, records["hash"]), len(hashes) - 1)
    met: NDArray[np.void] = records[hashes[at] == records["hash"]]
    return met


def by_sketch(pairs: NDArray[np.void], gone: Sequence[int], numbers: int) -> NDArray[np.void]:
    """The pairs (dtype PAIR), of which those with a text that is gone name the sketches of both sides.

    The sketches of split n are numbered n + `numbers`, as if they were another split: so they are asked for, sent and
    compared as shingle sets are (`verify`).
    """
    if not len(gone):
        return pairs
    lost = np.isin(split_of(pairs["a"]), gone) | np.isin(split_of(pairs["b"]), gone)
    lost &= pairs["exact"] == 0
    named = pairs.copy()
    for side in ("a", "b"):
        named[side][lost] += np.uint64(numbers) << np.uint64(32)
    return named


def asked_now(pairs: NDArray[np.void], own: int) -> NDArray[np.void]:
    """The pairs (dtype PAIR) without those between two different texts of earlier snapshots: nobody asks for these.

    Copies of one text stay: only one of them stands for it in a bucket, and it need not be the one that was released.
    """
    new = np.minimum(split_of(pairs["a"]), split_of(pairs["b"])) < own
    asked: NDArray[np.void] = pairs[new | (pairs["exact"] == 1)]
    return asked
