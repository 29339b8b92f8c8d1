"""Early exit on where a page comes from: lists of domains and URLs, by category.

Reads a page's URL; returns `Keep`, or `Drop` with one of REASONS and the category as its detail. A listed domain takes
its subdomains with it, at label boundaries (`ads.com` never matches `nads.com`); a listed URL takes what lies below its
path. Both sides are brought to one spelling first: case, percent-encoding, user name, port, trailing dots, IDN and
punycode, full-width letters and dots, addresses written as one number.

The lists are the user's own files, in the format of UT1 (dsi.ut-capitole.fr): `<category>.domains` with a domain a line,
`<category>.urls` with host and path. Hosts files (`0.0.0.0 domain`) and `#` comments are read too. An entry costs nine
bytes of memory, as lists have millions. It resolves nothing and follows no redirect.
"""

import ipaddress
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass as plain_dataclass
from hashlib import blake2b
from pathlib import Path
from urllib.parse import unquote

import numpy as np
from pydantic.dataclasses import dataclass

from filters.spec import SPEC
from schemas.decisions import KEEP, Decision, Drop
from schemas.records import Page

REASONS = ("blocked_domain", "blocked_url", "blocked_word")

_MAX_URL_CHARS = 4_096  # what is longer is cut: servers refuse it, and prefixes of it would cost a square
_MAX_PREFIXES = 64
_SCHEME = re.compile(r"(?i)(?:(?:https?|ftp):[/\\]*|[a-z][a-z0-9+.-]*:[/\\]+|[/\\]+)")
_AUTHORITY_END = re.compile(r"[/\\?#]")
_PORT = re.compile(r":[0-9]*$")
_WWW = re.compile(r"www[0-9]{0,2}\.(?=[^.]+\.)")
_DOTS = str.maketrans("。．｡", "...")
_BOUNDARY = re.compile(r"[/?&]")
_TOKEN = re.compile(r"[^\W_]+")


@dataclass(frozen=True, kw_only=True, config=SPEC)
class UrlSpec:
    """Which sites never enter. Every path is the user's; nothing is blocked by default."""

    lists: tuple[str, ...] = ()
    """Folders with `<category>.domains` and `<category>.urls`."""

    categories: tuple[str, ...] = ()
    """Categories of `lists` to use; none uses all."""

    blocked_domains: tuple[str, ...] = ()
    """Files with a domain a line; the file's stem is the category."""

    blocked_urls: tuple[str, ...] = ()
    """Files with a URL a line, with or without scheme; the file's stem is the category."""

    allowed_domains: tuple[str, ...] = ()
    """Files with a domain a line that no list blocks, subdomains included."""

    blocked_words: tuple[str, ...] = ()
    """Words of host or path (between punctuation; Chinese words anywhere) that block. Off by default: words in
    addresses say little (`sussex`, `/news/porn-law`), and a page's text is judged later."""

    def files(self) -> tuple[Path, ...]:
        """Every file that `open` reads, in its order: for the recipe's fingerprint."""
        return tuple(path for _, _, path in self._sources()) + tuple(map(Path, self.allowed_domains))

    def open(self) -> Callable[[Page], Decision]:
        """Read the lists (about 1 s for 300,000 lines) and return the check: some 10 microseconds for a page.

        Raises OSError for a file that cannot be read, ValueError for a folder without lists.
        """
        blocked = _index((kind, path.stem, path) for kind, _, path in self._sources())
        allowed = _index(("domain", "", Path(path)) for path in self.allowed_domains)
        words = frozenset(_fold(word) for word in self.blocked_words)

        def check(page: Page) -> Decision:
            host, path = canonical(page.url)
            domains = tuple(_domains(host))
            if allowed.size and any(allowed.category(domain) is not None for domain in domains):
                return KEEP
            for domain in domains:
                if (category := blocked.category(domain)) is not None:
                    return Drop("blocked_domain", detail=category)
            for prefix in _prefixes(_WWW.sub("", host, count=1), path):
                if (category := blocked.category(prefix)) is not None:
                    return Drop("blocked_url", detail=category)
            if words and (word := _blocked_word(words, f"{_unicode_host(host)} {path}")) is not None:
                return Drop("blocked_word", detail=word)
            return KEEP

        return check

    def _sources(self) -> Iterator[tuple[str, str, Path]]:
        """Kind, category and path of every list, sorted by category within a folder."""
        for folder in self.lists:
            paths = sorted(path for path in Path(folder).iterdir() if path.suffix in {".domains", ".urls"})
            if not paths:
                raise ValueError(f"{folder} holds no <category>.domains and no <category>.urls")
            for path in paths:
                if not self.categories or path.stem in self.categories:
                    yield path.suffix[1:-1], path.stem, path
        for kind, names in (("domain", self.blocked_domains), ("url", self.blocked_urls)):
            for name in names:
                yield kind, Path(name).stem, Path(name)


def canonical(url: str) -> tuple[str, str]:
    """Host (ASCII where IDNA can say it, no port, no trailing dot) and path with query (decoded, case-folded).

    Never raises: what cannot be parsed keeps its spelling. Without a host both are "".
    """
    url = re.sub(r"[\x00-\x20\x7f]", "", url[:_MAX_URL_CHARS])
    scheme = _SCHEME.match(url)
    rest = url[scheme.end() :] if scheme else url
    end = _AUTHORITY_END.search(rest)
    authority, path = (rest[: end.start()], rest[end.start() :]) if end else (rest, "")
    return _host(_PORT.sub("", authority.rsplit("@", 1)[-1])), _path(path)


def _host(host: str) -> str:
    host = _fold(unquote(host)).translate(_DOTS).strip(".")
    if host.startswith("["):
        return host
    if re.fullmatch(r"0x[0-9a-f]{1,8}|[0-9]{8,10}", host):  # an IPv4 address as one number
        number = int(host, 0) if host.startswith("0x") else int(host)
        return str(ipaddress.IPv4Address(number)) if number < 1 << 32 else host
    return host if host.isascii() else ".".join(map(_ascii_label, host.split(".")))


def _ascii_label(label: str) -> str:
    try:
        return label.encode("idna").decode("ascii")
    except UnicodeError:  # too long, or characters that no domain may have
        return label


def _unicode_host(host: str) -> str:
    if "xn--" not in host:
        return host
    try:
        return host.encode("ascii").decode("idna")
    except UnicodeError:
        return host


def _path(path: str) -> str:
    path = path.split("#", 1)[0].replace("\\", "/").replace("&amp;", "&")
    for _ in range(2):  # twice, as an address in an address is encoded twice
        if "%" in path:
            path = unquote(path, errors="replace")
    path = re.sub(r"/{2,}", "/", _fold(path).replace("/./", "/")).replace("/?", "?")
    return path.rstrip("/ ")


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()


def _domains(host: str) -> Iterator[str]:
    """The host and the domains above it; an address has none."""
    yield host
    if host.startswith("[") or host.replace(".", "").isdigit():
        return
    labels = host.split(".")[-_MAX_PREFIXES:]
    for start in range(1, len(labels)):
        yield ".".join(labels[start:])


def _prefixes(host: str, path: str) -> Iterator[str]:
    """The URL and what lies above it, cut at boundaries. The bare host is the domain lists' matter."""
    if not path:
        return
    yield host + path
    cuts = [match.start() for match in _BOUNDARY.finditer(path) if match.start()]
    for cut in cuts[:_MAX_PREFIXES]:
        yield host + path[:cut]


def _blocked_word(words: frozenset[str], text: str) -> str | None:
    found = [token for token in _TOKEN.findall(text) if token in words]
    return found[0] if found else next((word for word in sorted(words) if not word.isascii() and word in text), None)


@plain_dataclass(frozen=True, slots=True)
class _Index:
    """Sorted 64-bit hashes of entries, and the category of each."""

    hashes: np.ndarray[tuple[int], np.dtype[np.uint64]]
    kinds: np.ndarray[tuple[int], np.dtype[np.uint8]]
    names: tuple[str, ...]

    @property
    def size(self) -> int:
        return self.hashes.size

    def category(self, entry: str) -> str | None:
        digest = np.uint64(_hash(entry))
        place = int(self.hashes.searchsorted(digest))
        found = place < self.size and self.hashes[place] == digest
        return self.names[self.kinds[place]] if found else None


def _hash(entry: str) -> int:
    return int.from_bytes(blake2b(entry.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def _index(sources: Iterable[tuple[str, str, Path]]) -> _Index:
    """Of an entry in several lists the first list names the category."""
    names: list[str] = []
    hashes: list[np.ndarray[tuple[int], np.dtype[np.uint64]]] = []
    for kind, category, path in sources:
        with path.open(encoding="utf-8", errors="replace") as lines:
            hashes.append(np.fromiter((_hash(entry) for entry in _entries(lines, kind)), np.uint64))
        names.append(category)
    if not names:
        return _Index(np.empty(0, np.uint64), np.empty(0, np.uint8), ())
    if len(names) > 256:
        raise ValueError(f"{len(names)} lists; at most 256 can be told apart")
    kinds = np.repeat(np.arange(len(names), dtype=np.uint8), [part.size for part in hashes])
    unique, first = np.unique(np.concatenate(hashes), return_index=True)
    return _Index(unique, kinds[first], tuple(names))


def _entries(lines: Iterable[str], kind: str) -> Iterator[str]:
    """Canonical entries. A URL without a path is a domain."""
    for line in lines:
        entry = line.strip()
        if not entry or entry.startswith(("#", "!")):
            continue
        if kind == "domain":  # the last word: hosts files put an address before it; a dot or star means subdomains
            host, path = canonical(entry.split("#", 1)[0].split()[-1].removeprefix("*").removeprefix("."))
            yield host
            continue
        host, path = canonical(entry)
        yield _WWW.sub("", host, count=1) + path if path else host
