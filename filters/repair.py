"""Removes the page's furniture from a text, line by line, so that a document is not dropped for its portal's footer.

Reads normalised text; returns it without lines that steer, share, credit the editor, claim rights or ask for a comment
(`filters.repair_lines`), and the counts of what went: lines by kind, and every byte. Drops no document: a text that is
furniture alone stays as it is, for the rules to see. Lines within ``` fences are code and stay.

`dclm` adds the line rules of DCLM's RefinedWeb reproduction (mlfoundations/dclm, baselines_configs/
dclm_baseline_refinedweb.yaml, mappers/modifiers.py): lines with more than half capitals, digits alone, counters such as
"3 likes", one word, "items in cart", "Read more...", "Sign-in". Two deviations: a line with Han or kana has a word for
every two characters, since white space would make each Chinese line one word; words removed are counted between white
space, by which the preset `dclm` drops above 5 % as the reference does.

Linear: RE2 over the text once, exact matching of the lines that it names. It knows no templates of sites, and does
not look at other documents: repeated lines across pages are the matter of deduplication.
"""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass as plain_dataclass
from typing import Any, Literal

import numpy as np
import re2
from pydantic.dataclasses import dataclass

from filters.repair_lines import CLOSING, KINDS, LINES, MAX_CHARS, MAX_CLOSING_CHARS, RELATED
from filters.spec import SPEC
from schemas.signals import Signal

Kind = Literal["navigation", "sharing", "credits", "rights", "prompts", "counters", "notices", "related"]

SIGNALS = (
    *(Signal(f"repair_{kind}_lines", "int", "lines", f"Lines of {kind} removed or shortened.") for kind in KINDS),
    Signal("repair_dclm_lines", "int", "lines", "Lines that DCLM's line rules removed or shortened; null when off."),
    Signal(
        "repair_dclm_word_ratio",
        "float",
        "ratio",
        "Words between white space that they removed / words; null when off.",
    ),
    Signal("repair_removed_bytes", "int", "bytes", "Bytes of UTF-8 by which the text became shorter, line feeds too."),
    Signal("repair_removed_char_ratio", "float", "ratio", "Characters by which it became shorter / characters."),
)

_DECORATION = r"[ \t|*•·▪>»【\[-]*"
_CLOSING_DECORATION = r"[ \t|*•·▪»>】\]]*"
_CLOSING_CUES = ("编辑", "編輯", "责编", "責編", "返回搜狐")
_MAX_CLOSING_BYTES = 3 * MAX_CLOSING_CHARS
_LONGEST = max(MAX_CHARS.values())
_BLANK_LINES = re.compile(r"\n{3,}")
_EDGE = 3  # so many likely lines in a row are furniture anywhere
_MAX_RELATED = 30  # lines behind a heading of related pages; more is content
_MAX_RELATED_CHARS = 90  # characters of a title in such a list; twice the longest headline of a gold page
_SENTENCE_END = tuple(".!?。！？…”」』；;")
_COUNTER = re.compile(
    r"^\W*\d(?:,|\.|\d)*[kmb]?\s+(?:likes|shares|comments|retweets|reposts|quotes|bookmarks|upvotes|downvotes"
    r"|downloads|views|followers)\W*$"
)
_CJK = re.compile("[\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_CJK_WORD_CHARS = 2
_DCLM_SUBSTRINGS = (r"\s?items in cart", r"\s?read more\.\.\.$", r"^sign-in\s?")  # "..." there is any three characters
_DCLM_SUBSTRING_WORDS = 10


@plain_dataclass(frozen=True, slots=True, kw_only=True)
class Repaired:
    """`text` without furniture; `counts`: every signal of this module, by name."""

    text: str
    counts: dict[str, int | float | None]

    def signals(self) -> dict[str, int | float | None]:
        """The counts: every edit is a signal."""
        return self.counts


@dataclass(frozen=True, kw_only=True, config=SPEC)
class RepairSpec:
    """Which lines to remove from a text before it is measured."""

    remove: tuple[Kind, ...] = (
        "navigation",
        "sharing",
        "credits",
        "rights",
        "prompts",
        "counters",
        "notices",
        "related",
    )
    """Kinds of lines to remove; none leaves texts as they are. Measured: tests/quality/test_repair.py."""

    dclm: bool = False
    """Apply DCLM's line rules too; the preset `dclm` then drops a document that loses more than 5 % of its words."""

    def open(self) -> Callable[[str], Repaired]:
        """Compile the expressions and return the rewriter."""
        furniture = _open_furniture(self.remove) if self.remove else None
        dclm = self.dclm

        def repair(text: str) -> Repaired:
            counts: dict[str, int | float | None] = dict.fromkeys(_NOTHING_REMOVED, 0)
            found, lines = furniture(text) if furniture else (text, Counter())
            for kind, count in lines.items():
                counts[f"repair_{kind}_lines"] = count
            counts["repair_dclm_lines"] = counts["repair_dclm_word_ratio"] = None
            if dclm:
                found, counts["repair_dclm_lines"], counts["repair_dclm_word_ratio"] = _apply_dclm(found)
            counts["repair_removed_bytes"] = _size(text) - _size(found) if found is not text else 0
            counts["repair_removed_char_ratio"] = (len(text) - len(found)) / len(text) if text else None
            return Repaired(text=found, counts=counts)

        return repair


_NOTHING_REMOVED = tuple(signal.name for signal in SIGNALS)


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def _open_furniture(kinds: Sequence[Kind]) -> Callable[[str], tuple[str, Counter[str]]]:
    sorts = [(kind, *LINES[kind]) for kind in kinds if kind in LINES]
    related = (("related", _compile(_whole(RELATED))),) if "related" in kinds else ()
    certain = tuple((kind, _compile(_whole(patterns))) for kind, patterns, _ in sorts if patterns)
    likely = tuple((kind, _compile(_whole(patterns))) for kind, _, patterns in sorts if patterns)
    every = [pattern for _, *both in sorts for patterns in both for pattern in patterns] + list(
        RELATED if related else ()
    )
    sieve = _compile(_whole(every), multiline=True)
    closing = _compile("|".join(CLOSING), multiline=True) if "credits" in kinds else None

    def remove(text: str) -> tuple[str, Counter[str]]:
        counts: Counter[str] = Counter()
        if closing is not None and any(cue in text for cue in _CLOSING_CUES):
            text = _shorten(text, closing, counts)
        lines = text.split("\n")
        short = [index for index, line in enumerate(lines) if 0 < len(line) <= _LONGEST]
        data = "\n".join([lines[index] for index in short]).encode("utf-8", "replace")  # a lone surrogate becomes "?"
        starts = [match.start() for match in sieve.finditer(data)]
        if not starts:
            return text, counts
        ends = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n"))
        inked = [index for index, line in enumerate(lines) if line.strip()]
        fenced = _fenced(lines) if "```" in text else frozenset()
        marked: dict[int, tuple[str, bool]] = {}  # by place among the inked lines: kind, certain
        for at in dict.fromkeys(np.searchsorted(ends, starts).tolist()):
            index = short[at]
            if index not in fenced and (mark := _mark(lines[index], certain, related, likely)):
                marked[bisect_right(inked, index) - 1] = mark
        gone = dict(_removable(marked, lines, inked))
        if not gone or len(gone) == len(inked):
            return text, counts
        dropped = {inked[place] for place in gone}
        counts.update(gone.values())
        kept = "\n".join([line for index, line in enumerate(lines) if index not in dropped])
        return _BLANK_LINES.sub("\n\n", kept).strip("\n"), counts

    return remove


def _compile(pattern: str, *, multiline: bool = False) -> Any:
    """RE2 over bytes, without regard to case."""
    options = re2.Options()
    options.max_mem = 64 << 20  # the default, 8 MiB, makes the automaton of some hundred phrases start again and again
    options.log_errors = False
    return re2.compile(f"(?i{'m' if multiline else ''}){pattern}".encode(), options)


def _whole(patterns: Sequence[str]) -> str:
    return f"^{_DECORATION}(?:{'|'.join(patterns)}){_CLOSING_DECORATION}$"


def _shorten(text: str, closing: Any, counts: Counter[str]) -> str:
    """The text without the closing words at the ends of lines, unless nothing else is there."""
    data = text.encode("utf-8", "surrogatepass")
    parts: list[bytes] = []
    start = 0
    for match in closing.finditer(data):
        whole_line = match.start() == 0 or data[match.start() - 1] == ord("\n")
        if not whole_line and match.end() - match.start() <= _MAX_CLOSING_BYTES:
            parts.append(data[start : match.start()])
            start = match.end()
    if not parts:
        return text
    shortened = b"".join([*parts, data[start:]]).decode("utf-8", "surrogatepass")
    if not shortened.strip():
        return text
    counts["credits"] += len(parts)
    return _BLANK_LINES.sub("\n\n", shortened).strip("\n")


_Patterns = tuple[tuple[str, Any], ...]


def _mark(line: str, certain: _Patterns, related: _Patterns, likely: _Patterns) -> tuple[str, bool] | None:
    """Kind of a line, and whether it is certain. Bullets are no decoration of a likely line: lists hold such words."""
    data = line.encode("utf-8", "replace")
    if kind := _first(certain, data, len(line)):
        return kind, True
    if kind := _first(related, data, len(line)):
        return kind, False
    if not line.lstrip().startswith(("-", "*", "•", "·", "▪")) and (kind := _first(likely, data, len(line))):
        return kind, False
    return None


def _first(patterns: _Patterns, data: bytes, chars: int) -> str | None:
    return next((kind for kind, pattern in patterns if chars <= MAX_CHARS[kind] and pattern.search(data)), None)


def _removable(marked: dict[int, tuple[str, bool]], lines: list[str], inked: list[int]) -> Iterator[tuple[int, str]]:
    """The places to remove and their kinds: runs of marked lines, and lists of related pages at the end."""
    tail = len(inked)
    for place in sorted((place for place, (kind, _) in marked.items() if kind == "related"), reverse=True):
        if tail - place > _MAX_RELATED + 1 or 2 * place < len(inked):
            break
        if not all(other in marked or _is_title(lines[inked[other]]) for other in range(place + 1, tail)):
            break
        yield from ((other, "related") for other in range(place, tail))
        tail = place
    run: list[int] = []
    for place in sorted(place for place in marked if place < tail):
        if run and place != run[-1] + 1:
            yield from _furniture(run, marked, tail)
            run = []
        run.append(place)
    yield from _furniture(run, marked, tail)


def _furniture(run: list[int], marked: dict[int, tuple[str, bool]], tail: int) -> Iterator[tuple[int, str]]:
    own = [place for place in run if marked[place][0] != "related"]  # such a heading is no sign by itself
    if own and (len(own) >= _EDGE or own[0] == 0 or own[-1] == tail - 1 or any(marked[place][1] for place in own)):
        yield from ((place, marked[place][0]) for place in run)


def _is_title(line: str) -> bool:
    return len(line) <= _MAX_RELATED_CHARS and not line.rstrip().endswith(_SENTENCE_END)


def _fenced(lines: list[str]) -> frozenset[int]:
    """The lines from a fence ``` to the next."""
    found, within = [], False
    for index, line in enumerate(lines):
        fence = line.lstrip().startswith("```")
        if within or fence:
            found.append(index)
        within ^= fence
    return frozenset(found)


def _apply_dclm(text: str) -> tuple[str, int, float | None]:
    """The text after DCLM's line rules, lines changed, and the ratio of words removed."""
    kept: list[str] = []
    changed = words = removed = 0
    for line in text.split("\n"):
        found = _dclm_line(line)
        count = len(line.split())
        words += count
        if found is None:
            changed, removed = changed + 1, removed + count
            continue
        if found != line:
            changed, removed = changed + 1, removed + count - len(found.split())
        kept.append(found)
    result = "\n".join(kept).strip()
    if not result:
        return text, 0, 0.0 if words else None
    return (result, changed, removed / words) if changed else (text, 0, 0.0 if words else None)


def _dclm_line(line: str) -> str | None:
    """The line as DCLM leaves it, or None."""
    if not line:
        return line
    words = line.split()
    count = max(len(words), len(line) // _CJK_WORD_CHARS if _CJK.search(line) else 0)
    if (
        2 * sum(map(str.isupper, line)) > len(line)
        or all(map(str.isdigit, line))
        or _COUNTER.match(line.lower())
        or count < 2
    ):
        return None
    if len(words) > _DCLM_SUBSTRING_WORDS:
        return line
    for pattern in _DCLM_PATTERNS:
        line = pattern.sub("", line)
    return line if line and not line.isspace() else None


_DCLM_PATTERNS = tuple(re.compile(pattern, re.IGNORECASE) for pattern in _DCLM_SUBSTRINGS)
