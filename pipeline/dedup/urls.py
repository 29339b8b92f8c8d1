"""Captures of one address: where the recipe asks for the newest alone, the others are superseded, whatever they say.

Of the captures that pass every rule the newest stays (then the smallest doc_id, then the smallest location hash); where
none passes, none is superseded: they are dropped for their own reasons. An address is host without case, path and query as
they are; scheme, port and fragment do not count. Rows without a host are nobody's other capture. Reads no text.
"""

import hashlib

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.decide import KEEP, RANKS
from pipeline.dedup.arrays import place
from pipeline.domains import host_of

CAPTURE = np.dtype(
    [("address", "<u8"), ("place", "<u8"), ("fetched_at", "<i8"), ("doc_id", "S32"), ("location", "<u8")]
)
SUPERSEDED = np.dtype([("place", "<u8"), ("by", "S32")])


def captures(
    split: int, documents: pa.Table, ranks: NDArray[np.int64], locations: NDArray[np.uint64]
) -> NDArray[np.void]:
    """The captures of one split that pass every rule, dtype CAPTURE.

    Args:
        split: its number in this run.
        documents: columns doc_id, url, fetched_at.
        ranks: of their verdicts.
        locations: `clusters.location_hashes` of them.

    """
    addresses = np.array([_address(url) for url in documents["url"].to_pylist()], np.uint64)
    rows = np.flatnonzero((ranks == RANKS[KEEP]) & (addresses != 0))
    found = np.zeros(len(rows), CAPTURE)
    found["address"], found["place"] = addresses[rows], place(split, rows)
    times = documents["fetched_at"].cast(pa.int64()).fill_null(np.iinfo(np.int64).min)
    found["fetched_at"] = times.to_numpy()[rows]
    found["doc_id"] = np.array(documents["doc_id"].to_pylist(), "S32")[rows]
    found["location"] = locations[rows]
    return found


def superseded(found: NDArray[np.void]) -> NDArray[np.void]:
    """All captures but the one that stays, dtype SUPERSEDED; all captures of an address must be present.

    Copies of one record (equal doc_ids) do not supersede each other: `decide` keeps one of them anyway.
    """
    keys = (found["location"], found["doc_id"], ~found["fetched_at"], found["address"])
    ordered = found[np.lexsort(keys)]
    first = np.concatenate([[True], ordered["address"][1:] != ordered["address"][:-1]])[: len(ordered)]
    newest = ordered["doc_id"][np.flatnonzero(first)][np.cumsum(first) - 1]
    rest = ordered["doc_id"] != newest
    others = np.zeros(int(rest.sum()), SUPERSEDED)
    others["place"], others["by"] = ordered["place"][rest], newest[rest]
    return others


def _address(url: str | None) -> int:
    host = host_of(url or "")
    if not host:
        return 0
    rest = (url or "").split("#", 1)[0].split("://", 1)[-1].partition("/")[2]
    key = f"{host}/{rest}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(key, digest_size=8).digest(), "little") or 1
