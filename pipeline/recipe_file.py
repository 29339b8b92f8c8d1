"""Reading a recipe file: TOML to typed values, and every mistake as one sentence with file and line.

Knows nothing of what a recipe contains; pipeline/recipe.py does.
"""

import dataclasses
import difflib
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter, ValidationError

RecipeT = TypeVar("RecipeT")

_HEADER = re.compile(r"^\s*\[\[?\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""^\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=""")


class RecipeError(Exception):
    """What is wrong with a recipe, in one sentence that names the file and, where there is one, the line."""


def load(path: Path, recipe_type: type[RecipeT], settings: Sequence[str] = ()) -> RecipeT:
    """Read and check a recipe.

    Args:
        path: the TOML file.
        recipe_type: a pydantic dataclass.
        settings: `table.key=value` of the command line; the value is TOML, or a bare string.

    Raises:
        RecipeError: the file cannot be read, is not TOML, or has a wrong key, type or value.

    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise RecipeError(f"{path}: cannot read the recipe: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise RecipeError(f"{path}: the recipe is not UTF-8") from error
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"{path}: not valid TOML: {error}") from error
    for setting in settings:
        _apply(values, setting)
    try:
        return TypeAdapter(recipe_type).validate_python(values)
    except ValidationError as error:
        raise RecipeError(_sentence(path, text, error, recipe_type, values)) from error


def _apply(values: dict[str, Any], setting: str) -> None:
    name, equals, raw = setting.partition("=")
    keys = [key.strip() for key in name.split(".")]
    if not equals or not all(keys):
        raise RecipeError(f"--set {setting}: write table.key=value")
    try:
        value = tomllib.loads(f"x = {raw}")["x"]
    except tomllib.TOMLDecodeError:
        value = raw
    table = values
    for key in keys[:-1]:
        inner = table.setdefault(key, {})
        if not isinstance(inner, dict):
            raise RecipeError(f"--set {setting}: {key} is not a table")
        table = inner
    table[keys[-1]] = value


def _sentence(path: Path, text: str, error: ValidationError, recipe_type: type, values: Mapping[str, Any]) -> str:
    first = error.errors(include_url=False)[0]
    location = [str(part) for part in first["loc"]]
    keys = _toml_keys(location, values)
    line = _line_of(text, keys)
    where = f"{path}:{line}" if line else str(path)
    name = ".".join(keys)
    if first["type"] in ("unexpected_keyword_argument", "extra_forbidden"):
        close = difflib.get_close_matches(keys[-1], _fields(recipe_type, keys[:-1]), n=1)
        hint = (
            f"; did you mean {close[0]!r}?" if close else f"; known here: {', '.join(_fields(recipe_type, keys[:-1]))}"
        )
        return f"{where}: unknown key {name!r}{hint}"
    message = first["msg"].removeprefix("Value error, ")
    got = first.get("input")
    shown = f", not {got!r}" if isinstance(got, str | int | float | bool) and "Value error" not in first["msg"] else ""
    return f"{where}: {name}: {message[:1].lower()}{message[1:]}{shown}"


def _toml_keys(location: Sequence[str], values: Mapping[str, Any]) -> list[str]:
    """The part of pydantic's location that names keys of the file: branches of unions and list indices are left out."""
    keys: list[str] = []
    here: Any = values
    for part in location:
        if isinstance(here, Mapping) and part in here:
            keys.append(part)
            here = here[part]
    return keys or list(location)


def _line_of(text: str, keys: Sequence[str]) -> int | None:
    """The first line that shares the most of a key's path, counted from 1."""
    table: list[str] = []
    best, best_line = 0, None
    for number, line in enumerate(text.split("\n"), 1):
        if header := _HEADER.match(line):
            table = path = _split(header.group(1))
        elif key := _KEY.match(line):
            path = table + _split(key.group(1))
        else:
            continue
        shared = next(
            (i for i, (a, b) in enumerate(zip(keys, path, strict=False)) if a != b), min(len(keys), len(path))
        )
        if shared > best:
            best, best_line = shared, number
    return best_line


def _split(dotted: str) -> list[str]:
    return [part.strip().strip("\"'") for part in re.findall(r""""[^"]*"|'[^']*'|[^.]+""", dotted)]


def _fields(recipe_type: Any, keys: Sequence[str]) -> list[str]:
    """Field names of the dataclass that the keys lead to."""
    here = recipe_type
    for key in keys:
        here = _dataclass_in(get_type_hints(here).get(key)) if dataclasses.is_dataclass(here) else None
    return [field.name for field in dataclasses.fields(here)] if dataclasses.is_dataclass(here) else []


def _dataclass_in(hint: Any) -> Any:
    if dataclasses.is_dataclass(hint):
        return hint
    found = (_dataclass_in(arg) for arg in get_args(hint)) if get_origin(hint) else ()
    return next((inner for inner in found if inner is not None), None)
