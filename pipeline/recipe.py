"""A recipe: every parameter of a run, each in one place, as `recipes/*.toml` writes it.

The tables of the per-document filters come from filters/chain.py; this module adds those of the pipeline, and makes the
fingerprints that say which stages an altered recipe can reuse.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import field, fields
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter
from pydantic.dataclasses import dataclass

from filters.chain import SIGNALS, ChainSpec
from filters.rules import RulesSpec
from filters.spec import SPEC
from pipeline.dedup.clusters import DuplicatesSpec
from pipeline.domains import DomainsSpec
from pipeline.read import LimitsSpec
from pipeline.recipe_file import RecipeError, load
from pipeline.repeats import RepeatsSpec
from pipeline.sources.spec import SourceSpec
from pipeline.tokens import TokenizeSpec
from schemas.rules import Rule

_ROOT = Path(__file__).resolve().parent.parent
# Fields that only `rules()` of their table reads: a change decides again, without reading the crawl.
_DECIDE_ONLY = {
    "language": {"min_score"},
    "perplexity": {"max_score", "max_worst", "min_score", "min_order"},
    "order": {"max_garbled_score"},
    "quality": {"max_spam_score", "max_refrain_score", "min_score"},
    "spun": {"max_score"},
    "safety": {"max_toxic_score", "quarantine_toxic_score", "max_spam_score", "quarantine_spam_score"},
    "contamination": {"max_coverage"},
    "privacy": {"max_valid_ids"},
}
# Code whose change can change documents and signals, and code that can change decisions.
_READ_CODE = (
    "schemas",
    "filters",
    "pipeline/sources",
    "pipeline/read.py",
    "pipeline/splits.py",
    "pipeline/survey.py",
    "pipeline/dedup/payloads.py",
)
_DECIDE_CODE = (
    "schemas",
    "pipeline/decide.py",
    "pipeline/dedup",
    "pipeline/stages.py",
    "pipeline/part_task.py",
    "pipeline/report",
)
_TOKEN_CODE = (
    "schemas",
    "pipeline/repeats.py",
    "pipeline/repeats_tasks.py",
    "pipeline/tokens.py",
    "pipeline/shards.py",
    "pipeline/domains.py",
)


@dataclass(frozen=True, kw_only=True, config=SPEC)
class ReportSpec:
    """Recipe table `[report]`."""

    seed: Annotated[int, Field(ge=0)] = 0
    """Of the samples that the report shows."""
    truth: str | None = None
    """A JSON-lines truth table of planted defects, for the self-audit."""


@dataclass(frozen=True, kw_only=True, config=SPEC)
class GatesSpec:
    """Recipe table `[gates]`: what the finished dataset must reach; a failed gate ends the run with exit code 3."""

    min_documents: Annotated[int, Field(ge=0)] = 0
    """Documents kept."""
    min_tokens: Annotated[int, Field(ge=0)] = 0
    """Tokens in the dataset."""
    min_kept_ratio: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Kept documents of all documents."""
    max_quarantined_ratio: Annotated[float, Field(ge=0, le=1)] = 1.0
    """Records that had to be quarantined, of all records."""
    self_audit: bool = False
    """Every planted defect of report.truth must end as the truth table says."""


@dataclass(frozen=True, kw_only=True, config=SPEC)
class Recipe(ChainSpec):
    """The tables of a recipe file."""

    name: str
    """Name of the recipe, shown in the report."""
    source: SourceSpec = field(default_factory=SourceSpec)
    limits: LimitsSpec = field(default_factory=LimitsSpec)
    rules: RulesSpec = field(default_factory=RulesSpec)
    duplicates: DuplicatesSpec = field(default_factory=DuplicatesSpec)
    repeats: RepeatsSpec = field(default_factory=RepeatsSpec)
    domains: DomainsSpec = field(default_factory=DomainsSpec)
    tokenize: TokenizeSpec = field(default_factory=TokenizeSpec)
    report: ReportSpec = field(default_factory=ReportSpec)
    gates: GatesSpec = field(default_factory=GatesSpec)

    def chain(self) -> ChainSpec:
        """The filters' tables alone: what a child needs."""
        return ChainSpec(**{f.name: getattr(self, f.name) for f in fields(ChainSpec)})

    def every_rule(self) -> tuple[Rule, ...]:
        """The rules of every table, in the order of the tables; reasons are unique per language.

        Raises:
            ValueError: a rule names a signal that no filter declares.

        """
        specs = (
            self.language,
            self.rules,
            self.perplexity,
            self.order,
            self.quality,
            self.spun,
            self.safety,
            self.contamination,
            self.privacy,
        )
        rules = tuple(rule for spec in specs for rule in spec.rules())
        known = {signal.name for signal in SIGNALS}
        for rule in rules:
            if rule.signal not in known:
                raise ValueError(f"rule {rule.reason!r} needs the signal {rule.signal!r}, which no filter measures")
        return rules


def load_recipe(path: str, settings: Sequence[str] = ()) -> Recipe:
    """Read, check and complete a recipe.

    Raises:
        RecipeError: one sentence with file and line.

    """
    recipe = load(Path(path), Recipe, settings)
    try:
        recipe.every_rule()
    except ValueError as error:
        raise RecipeError(f"{path}: {error}") from error
    signals = {signal.name for signal in SIGNALS}
    for name in recipe.duplicates.prefer:
        signal = name.partition(":")[2]
        if signal and signal not in signals:
            raise RecipeError(f"{path}: duplicates.prefer: no filter measures {signal!r}")
    return recipe


def resolved(recipe: Recipe) -> dict[str, Any]:
    """The recipe with every default filled in, as plain JSON values."""
    values: dict[str, Any] = TypeAdapter(Recipe).dump_python(recipe, mode="json")
    return values


def read_parameters(recipe: Recipe) -> dict[str, Any]:
    """What shapes documents and signals: the filters' tables without the thresholds that only rules use."""
    values = resolved(recipe)
    chosen = {}
    for spec_field in fields(ChainSpec):
        table, decide_only = values[spec_field.name], _DECIDE_ONLY.get(spec_field.name, set())
        chosen[spec_field.name] = {key: value for key, value in table.items() if key not in decide_only}
    source = {k: v for k, v in values["source"].items() if k not in ("paths", "paths_base", "split_bytes")}
    return {**chosen, "source": source, "limits": values["limits"]}


def fingerprint(*parts: Any) -> str:
    """32 hexadecimal digits of everything that a stage depends on."""
    data = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def code_hash(stage: str) -> str:
    """A hash of the code whose change can change what the stage writes ("read", "decide" or "tokens")."""
    names = {"read": _READ_CODE, "decide": _DECIDE_CODE, "tokens": _TOKEN_CODE}[stage]
    digest = hashlib.blake2b(digest_size=16)
    for name in names:
        path = _ROOT / name
        files = sorted(p for p in path.rglob("*") if p.suffix in (".py", ".toml")) if path.is_dir() else [path]
        for file in files:
            digest.update(str(file.relative_to(_ROOT)).encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()
