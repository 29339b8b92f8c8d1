"""Writes docs/recipes.md from the specifications: every table and key of a recipe, with default, meaning and source.

Use: python -m tools.recipe_docs [--check]
"""

import sys
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from pipeline.recipe import Recipe

TARGET = Path(__file__).resolve().parent.parent / "docs" / "recipes.md"
HEAD = """# Recipes

A recipe is a TOML file; each table belongs to one stage or filter, and every key has a default. The shipped recipes are in
`recipes/`. `beam_runner.py plan RECIPE` checks one; `--set table.key=value` changes a key for one run. This page is made from
the code by `python -m tools.recipe_docs`.

"""


def page() -> str:
    """The text of docs/recipes.md."""
    parts = [HEAD]
    recipe = Recipe(name="")
    for spec in fields(Recipe):
        value = getattr(recipe, spec.name)
        if not is_dataclass(value):
            parts.append(f"## `{spec.name}`\n\nName of the recipe, shown in the report. Required.\n\n")
            continue
        kind = type(value)
        about = (kind.__doc__ or "").strip()
        about = "" if about.startswith(f"{kind.__name__}(") else about
        parts.append(f"## `[{spec.name}]`\n\n{about}\n\n| key | default | meaning |\n|---|---|---|\n")
        described = TypeAdapter(kind).json_schema().get("properties", {})
        plain: dict[str, Any] = TypeAdapter(kind).dump_python(value, mode="json")
        for key, default in plain.items():
            meaning = " ".join(str(described.get(key, {}).get("description", "")).split()).replace("|", "\\|")
            parts.append(f"| `{key}` | `{_shown(default)}` | {meaning} |\n")
        parts.append("\n")
    return "".join(parts).rstrip() + "\n"


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_shown(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_shown(inner) for inner in value) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)


def main() -> int:
    """Write the page, or with --check say whether it is current."""
    if "--check" in sys.argv[1:]:
        return int(TARGET.read_text(encoding="utf-8") != page())
    TARGET.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
