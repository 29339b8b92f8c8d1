"""Captures that carry one payload: known before extraction, so that one of them alone is extracted.

For a recipe with `duplicates.payloads = "newest"`. Of equal payloads the newest capture stays (then the smallest doc_id,
then the smallest location hash). Equal means: the body, and all that decides how it is read. Reads no text.
"""

import hashlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from pipeline.dedup.arrays import place
from schemas.records import Page

# One capture: its digest of 128 bits in two halves, and what chooses among equals.
PAYLOAD = np.dtype(
    [
        ("digest", "<u8"),
        ("other", "<u8"),
        ("place", "<u8"),
        ("fetched_at", "<i8"),
        ("doc_id", "S32"),
        ("location", "<u8"),
    ]
)
COPY = np.dtype([("place", "<u8"), ("of", "S32")])
_UNKNOWN = np.iinfo(np.int64).min


def payloads(split: int, pages: Iterable[tuple[int, Page]]) -> NDArray[np.void]:
    """The captures of one split, dtype PAYLOAD; `pages` with their number among the split's records."""
    rows = [
        (
            *_halves(_digest(page)),
            int(place(split, np.array([number]))[0]),
            int(page.fetched_at.timestamp()) if page.fetched_at else _UNKNOWN,
            page.doc_id.encode("ascii"),
            _halves(_hash(f"{page.location.file}\n{page.location.offset}".encode("utf-8", "surrogatepass")))[0],
        )
        for number, page in pages
    ]
    return np.array(rows, PAYLOAD)


def copies(found: NDArray[np.void]) -> NDArray[np.void]:
    """All captures but the one that stays of each payload, dtype COPY; all captures of a payload must be present."""
    keys = (found["location"], found["doc_id"], ~found["fetched_at"], found["other"], found["digest"])
    ordered = found[np.lexsort(keys)]
    first = np.ones(len(ordered), bool)
    first[1:] = (ordered["digest"][1:] != ordered["digest"][:-1]) | (ordered["other"][1:] != ordered["other"][:-1])
    kept = ordered["doc_id"][np.flatnonzero(first)][np.cumsum(first) - 1]
    others = np.zeros(int((~first).sum()), COPY)
    others["place"], others["of"] = ordered["place"][~first], kept[~first]
    return others


def _digest(page: Page) -> bytes:
    head = (page.media, page.header("content-type") or "", page.language or "")
    return _hash(page.payload, "\n".join(head).encode("utf-8", "surrogatepass"))


def _hash(*parts: bytes) -> bytes:
    made = hashlib.blake2b(digest_size=16)
    for part in parts:
        made.update(len(part).to_bytes(8, "little"))
        made.update(part)
    return made.digest()


def _halves(digest: bytes) -> tuple[int, int]:
    return int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little")
