"""What each stage of a run depends on: code, parameters, assets, inputs, and the stage before."""

from dataclasses import dataclass

from filters.assets import AssetError, sha256_of
from pipeline.decide import DUPLICATE, SUPERSEDED
from pipeline.dedup.against import Earlier
from pipeline.recipe import Recipe, code_hash, fingerprint, read_parameters, resolved
from pipeline.splits import Split


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprints:
    """What each stage depends on; a stage whose fingerprint is unchanged is not run again."""

    read: str
    pairs: str
    decide: str
    tokens: str


def asset_names(recipe: Recipe) -> tuple[str, ...]:
    """Assets, pinned names or paths, that the recipe uses."""
    return (*measuring_assets(recipe), recipe.tokenize.tokenizer)


def measuring_assets(recipe: Recipe) -> tuple[str, ...]:
    """Those that shape documents and signals."""
    named = {"lid.176", recipe.language.model, recipe.contamination.index, *recipe.spun.weights.values()}
    for spec in (recipe.perplexity, recipe.order, recipe.quality, recipe.safety):
        named.update(spec.models.values())
    return tuple(sorted(named | ({recipe.extract.model} if recipe.extract.extractor == "blocks" else set())))


def stage_fingerprints(
    recipe: Recipe, splits: tuple[Split, ...], assets: dict[str, str], earlier: tuple[Earlier, ...]
) -> Fingerprints:
    """Of one run; `assets` are their SHA-256 by name."""
    values = resolved(recipe)
    duplicates = values["duplicates"]
    measured_by = {name: assets[name] for name in measuring_assets(recipe)} | _list_hashes(recipe)
    inputs = [(split.name, split.uri, split.start, split.end, split.file_size) for split in splits]
    # Which capture of a payload is extracted depends on all inputs.
    surveyed = inputs if recipe.duplicates.payloads == "newest" else ()
    read = fingerprint("read", code_hash("read"), read_parameters(recipe), measured_by, surveyed)
    searched = {name: duplicates[name] for name in ("floor", "max_bucket", "containment")}
    compared = [(before.uri, before.fingerprints, before.gone) for before in earlier]
    pairs = fingerprint("pairs", code_hash("decide"), read, inputs, searched, compared)
    rules = [str(rule) for rule in recipe.every_rule()]
    released = [before.decisions for before in earlier]
    decide = fingerprint(
        "decide", pairs, rules, duplicates, values["report"], (DUPLICATE, SUPERSEDED), released, values["domains"]
    )
    tokens = fingerprint(
        "tokens", code_hash("tokens"), decide, values["tokenize"], values["repeats"], values["domains"], assets
    )
    return Fingerprints(read=read, pairs=pairs, decide=decide, tokens=tokens)


def _list_hashes(recipe: Recipe) -> dict[str, str]:
    """SHA-256 of every URL list: another list is another recipe."""
    try:
        return {str(path): sha256_of(path) for path in recipe.url.files()}
    except OSError as error:
        raise AssetError(f"the URL list {error.filename} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise AssetError(f"url.lists: {error}") from error
