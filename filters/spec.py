"""The base of every filter's specification: a frozen dataclass that *is* its table of the recipe."""

from pydantic import ConfigDict

# Use: `@dataclass(frozen=True, kw_only=True, config=SPEC)` with `from pydantic.dataclasses import dataclass`.
SPEC = ConfigDict(extra="forbid", validate_default=True, use_attribute_docstrings=True)
