"""Makes the index of test items that filters/contamination.py reads: hashes and item ids, never text.

Reads items (JSON lines with `benchmark`, `id`, `lang`, `question`, `choices`) and clean text; writes one `.npz`. An
n-gram that stands in several clean documents or in several items is a stock phrase (中华人民共和国…, "which of the
following is") and is left out. The same input gives the same bytes.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from filters.contamination import ANCHOR, CHINESE, OTHER, Codes, Rolling
from filters.key import fold
from pipeline.train.texts import TrainingError

STOP_DOCUMENTS = 2  # clean documents that make an n-gram a stock phrase: one of them may quote the question itself
STOP_ITEMS = 6  # distinct questions that do so
_MOST_ITEMS = 65_536  # uint16
SKETCH = 48  # n-grams kept per item, those with the smallest hashes: a fixed sample of a long one


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    name: str
    table: str  # "zh" or "other"
    stem: Rolling
    options: tuple[Rolling, ...]


def build_index(rows: Iterable[Mapping[str, Any]], clean: Iterable[str], output: Path) -> Mapping[str, object]:
    """Writes the index to `output`; returns counts of items, n-grams, and items that cannot be indexed.

    A question too short for an n-gram, or of stock phrases alone, is indexed whole and needs two or more options; it is
    not indexed when it has none or is shorter than the anchor of five characters.
    """
    items = [_item(row, number) for number, row in enumerate(rows, 1)]
    if not items:
        raise TrainingError("There are no test items: each row needs benchmark, id and question.")
    if len(items) > _MOST_ITEMS:
        raise TrainingError(f"{len(items):,} test items do not fit into one index: it numbers {_MOST_ITEMS:,} of them.")
    grams = [np.unique(item.stem.grams(CHINESE if item.table == "zh" else OTHER)) for item in items]
    stop = _stock_phrases(items, grams, clean)
    kept = [np.sort(own[~np.isin(own, stop)])[:SKETCH] for own in grams]
    short = [
        not len(own) and len(item.options) > 1 and item.stem.size >= ANCHOR
        for item, own in zip(items, kept, strict=True)
    ]
    anchors = [
        item.stem.grams(ANCHOR)[:1] if alone else np.zeros(0, np.uint64)
        for item, alone in zip(items, short, strict=True)
    ]
    options = [item.options if alone else () for item, alone in zip(items, short, strict=True)]
    arrays: dict[str, npt.NDArray[Any]] = {
        "names": np.frombuffer("\n".join(item.name for item in items).encode("utf-8"), dtype=np.uint8),
        "totals": np.array([len(own) for own in kept], dtype=np.uint16),
        "stem_hashes": np.array([_whole(item.stem) for item in items], dtype=np.uint64),
        "stem_lengths": np.array([min(item.stem.size, 65_535) for item in items], dtype=np.uint16),
        "option_hashes": np.array([_whole(option) for own in options for option in own], dtype=np.uint64),
        "option_lengths": np.array([min(option.size, 65_535) for own in options for option in own], dtype=np.uint16),
        "option_ends": np.cumsum([0, *map(len, options)], dtype=np.int32),
    }
    for name in ("zh", "other"):
        chosen = [own if item.table == name else own[:0] for item, own in zip(items, kept, strict=True)]
        arrays |= _postings(name, chosen)
    arrays |= _postings("anchor", anchors)
    np.savez_compressed(output, allow_pickle=False, **arrays)
    indexed = sum(bool(len(own)) or alone for own, alone in zip(kept, short, strict=True))
    return {
        "items": len(items),
        "short_items": sum(short),
        "not_indexed": len(items) - indexed,
        "grams": len(arrays["zh_hashes"]) + len(arrays["other_hashes"]),
        "stock_phrases": len(stop),
    }


def _item(row: Mapping[str, Any], number: int) -> _Item:
    if missing := [name for name in ("benchmark", "id", "question") if name not in row]:
        raise TrainingError(f"Test item {number} has no {' and no '.join(missing)}.")
    key = fold(str(row["question"]))
    han = sum("\u4e00" <= character <= "\u9fff" for character in key)
    options = (Rolling(fold(_without_label(str(choice)))) for choice in row.get("choices") or [])
    return _Item(
        name=f"{row['benchmark']}/{row['id']}",
        table="zh" if han * 3 >= len(key) else "other",
        stem=Rolling(key),
        options=tuple(option for option in options if option.size),
    )


def _without_label(choice: str) -> str:
    """`(A)狼` is 狼: labels change when options are reordered."""
    return choice[3:] if choice[:1] in "(（" and choice[2:3] in (")", "）") else choice


def _stock_phrases(items: Sequence[_Item], grams: Sequence[Codes], clean: Iterable[str]) -> Codes:
    """uint64, sorted: n-grams of items that are common in clean documents or among different questions."""
    every = np.unique(np.concatenate(grams))
    in_documents = np.zeros(len(every), np.int32)
    for text in clean:
        rolling = Rolling(fold(text))
        for length in (CHINESE, OTHER):
            own = np.unique(rolling.grams(length))
            places = np.minimum(np.searchsorted(every, own), len(every) - 1)
            in_documents[places[every[places] == own]] += 1
    stems: dict[int, Codes] = {}
    for item, own in zip(items, grams, strict=True):
        stems.setdefault(_whole(item.stem), own)  # a question that two benchmarks share counts once
    in_items = Counter(int(gram) for own in stems.values() for gram in own)
    common = np.array([in_items[int(gram)] >= STOP_ITEMS for gram in every], dtype=np.bool_)
    return every[common | (in_documents >= STOP_DOCUMENTS)]


def _whole(text: Rolling) -> int:
    return int(text.grams(text.size)[0]) if text.size else 0


def _postings(name: str, chosen: Sequence[Codes]) -> dict[str, npt.NDArray[Any]]:
    hashes = np.concatenate(chosen)
    items = np.repeat(np.arange(len(chosen), dtype=np.uint16), [len(own) for own in chosen])
    order = np.lexsort((items, hashes))
    return {f"{name}_hashes": hashes[order], f"{name}_items": items[order]}
