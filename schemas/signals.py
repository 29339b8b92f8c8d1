"""A signal: one named, typed measurement of a document, stored once and decided upon later."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Signal:
    """`name` is `<filter>_<measure>`; `unit` is "ratio" (in [0, 1]), "chars", "words", "count", "score", ...

    A float that cannot be measured (an empty text, no model for the language) is null, never 0.
    """

    name: str
    type: Literal["float", "int", "bool", "str"]
    unit: str
    about: str
