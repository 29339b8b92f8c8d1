"""Documents of about 500 characters, half of them Chinese, with a known share of duplicates: generated, the same each time.

    python -m benchmarks.dedup_corpus FOLDER DOCUMENTS

Clauses of ../shared/data/lm-text are drawn at random, so originals share a clause here and there and no more. Of all
documents a tenth are exact copies and a fifth near copies of an earlier original, with a sixteenth to all of a clause
changed in one to four places. Writes `part-00000.jsonl` and so on, 10,000 documents each, with `id`, `text`, `language`
and, for a copy, `of`.
"""

import itertools
import json
import random
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.quality.figures import rows

PART_DOCUMENTS = 10_000
EXACT, NEAR = 0.1, 0.2
_CHARACTERS = 500
_RECENT = 5000  # originals of each language that may be copied at any time: 1 M documents give clusters of a few


def generate(count: int) -> Iterator[dict[str, Any]]:
    """The documents, by number."""
    rng = random.Random(20)
    clauses = {language: _clauses(language) for language in ("zh", "en")}
    spaces = {"zh": "", "en": " "}
    recent: dict[str, list[tuple[int, list[str]]]] = {"zh": [], "en": []}
    for number in range(count):
        language = ("zh", "en")[number % 2]
        kind, of = rng.random(), None
        if kind < EXACT + NEAR and recent[language]:
            of, parts = rng.choice(recent[language])
            if kind >= EXACT:
                parts = _changed(parts, clauses[language], rng)
        else:
            parts, length = [], 0
            while length < _CHARACTERS:
                parts.append(rng.choice(clauses[language]))
                length += len(parts[-1])
            if len(recent[language]) < _RECENT:
                recent[language].append((number, parts))
            else:
                recent[language][rng.randrange(_RECENT)] = (number, parts)
        row = {"id": f"{number:032x}", "text": spaces[language].join(parts), "language": language}
        yield row if of is None else {**row, "of": f"{of:032x}"}


def _changed(parts: list[str], clauses: list[str], rng: random.Random) -> list[str]:
    parts = list(parts)
    for _ in range(rng.randrange(1, 5)):
        at = rng.randrange(len(parts))
        cut = round(len(parts[at]) * rng.choice((0.0, 0.5, 0.75, 0.9375)))
        parts[at] = parts[at][:cut] + rng.choice(clauses)[: len(parts[at]) - cut]
    return parts


def _clauses(language: str) -> list[str]:
    """Twenty to a hundred characters each, in their order, without repetition."""
    pattern = r"[^，。；！？\n]{8,60}[，。；！？]" if language == "zh" else r"[^,.;!?\n]{20,100}[,.;!?]"
    found = (
        match.strip() for row in rows(f"lm-text/{language}.jsonl.gz") for match in re.findall(pattern, row["text"])
    )
    return list(dict.fromkeys(found))


def write(folder: Path, count: int) -> list[Path]:
    """The files; what is already there whole is not made again."""
    folder.mkdir(parents=True, exist_ok=True)
    marker = folder / "ready"
    if not marker.exists():
        documents, part = generate(count), 0
        while lines := [json.dumps(row, ensure_ascii=False) for row in itertools.islice(documents, PART_DOCUMENTS)]:
            (folder / f"part-{part:05d}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
            part += 1
        marker.touch()
    return sorted(folder.glob("part-*.jsonl"))


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]))
