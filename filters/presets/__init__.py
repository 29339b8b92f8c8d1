"""Rule presets by name: published sets verbatim, and Millrace's own. Data only; `filters.rules` resolves and overrides."""

from collections.abc import Mapping
from types import MappingProxyType

from filters.presets import millrace, published
from schemas.rules import Rule

PRESETS: Mapping[str, tuple[Rule, ...]] = MappingProxyType(
    {
        "millrace": millrace.MILLRACE,
        "millrace_zh": millrace.MILLRACE_ZH,
        "millrace_en": millrace.MILLRACE_EN,
        "chinese": millrace.MILLRACE_ZH,
        "gopher": published.GOPHER_QUALITY + published.GOPHER_REPETITION,
        "gopher_quality": published.GOPHER_QUALITY,
        "gopher_repetition": published.GOPHER_REPETITION,
        "c4": published.C4_PAPER,
        "c4_paper": published.C4_PAPER,
        "c4_tfds": published.C4_TFDS,
        "dclm": published.DCLM,
        "fineweb": published.FINEWEB,
        "fineweb2_cmn": published.FINEWEB2_CMN,
        "fineweb2_jpn": published.FINEWEB2_JPN,
        "mapneo_zh": published.MAPNEO_ZH,
        "nemo_en": published.NEMO_EN,
    }
)
