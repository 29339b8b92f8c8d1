"""Which data domain a document belongs to: the unit that a trainer mixes (web, encyclopedia, code, ...).

By the document's source first, then by its host; no text is looked at. A model of topics may come later.
"""

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from pydantic import Field
from pydantic.dataclasses import dataclass

from filters.spec import SPEC


@dataclass(frozen=True, kw_only=True, config=SPEC)
class DomainsSpec:
    """Recipe table `[domains]`."""

    default: str = "web"
    """Domain of everything that nothing below names."""
    sources: Mapping[str, str] = Field(default_factory=dict)
    """Domain by source name."""
    hosts: Mapping[str, str] = Field(default_factory=dict)
    """Domain by host or parent domain: `"docs.python.org" = "code"`; the longest match counts."""

    def open(self) -> Callable[[str, str], str]:
        """A function of (source, url)."""
        hosts = {host.lower().strip("."): domain for host, domain in self.hosts.items()}

        def domain_of(source: str, url: str) -> str:
            if source in self.sources:
                return self.sources[source]
            labels = host_of(url).split(".")
            parents = (".".join(labels[start:]) for start in range(len(labels)))
            return next((hosts[parent] for parent in parents if parent in hosts), self.default)

        return domain_of


def host_of(url: str) -> str:
    """The host of a url in lower case, without port; empty where there is none."""
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:  # an unfinished IPv6 bracket
        return ""
