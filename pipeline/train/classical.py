"""Cuts a small sample of classical Chinese from the npm package `chinese-poetry` for the Chinese language model.

Reads the package's archive (`npm pack chinese-poetry@2.0.1`); writes JSON lines. Without it, a model of modern prose
takes Tang poems for shuffled text. The works are in the public domain; the collection is MIT (Copyright (c) 2016
JackeyGao).
"""

import gzip
import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_WHOLE = ("lunyu/lunyu", "sishuwujing/mengzi", "sishuwujing/daxue", "sishuwujing/zhongyong", "shijing/shijing")
_SAMPLED = (
    *((f"quantangshi/poet.tang.{n}", 200) for n in range(0, 55_000, 5_000)),
    *((f"songci/ci.song.{n}", 200) for n in range(0, 20_000, 5_000)),
)


def classical_sample(archive: Path, output: Path) -> int:
    """Writes one row per chapter or poem: `text`, `lang`, `source`; returns the number of rows."""
    rows = list(_rows(archive))
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0) as stream:
        stream.write(lines.encode("utf-8"))
    output.write_bytes(buffer.getvalue())
    return len(rows)


def _rows(archive: Path) -> Iterator[dict[str, str]]:
    with tarfile.open(archive) as tar:
        for name, limit in (*((name, 1_000) for name in _WHOLE), *_SAMPLED):
            member = tar.extractfile(f"package/dist/{name}.json")
            assert member is not None, name
            entries: Any = json.load(member)
            for entry in (entries if isinstance(entries, list) else [entries])[:limit]:
                lines = entry.get("paragraphs") or entry.get("content") or []
                text = "\n".join(line.strip() for line in lines)
                if len(text) >= 20:
                    yield {"text": text, "lang": "zh", "source": f"chinese-poetry/{name.split('/')[0]}"}
