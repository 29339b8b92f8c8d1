"""The rules of the house: imports point one way, modules stay short, generated pages are current, nothing names a host."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# What each package may import of the project.
ALLOWED = {
    "schemas": {"schemas"},
    "filters": {"schemas", "filters"},
    "pipeline": {"schemas", "filters", "pipeline"},
    "loader": {"schemas", "loader"},
}
PACKAGES = (*ALLOWED, "benchmarks", "tools", "tests")
MAX_LINES = 336  # "about 300"


def modules(package):
    return sorted((ROOT / package).rglob("*.py"))


def imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


@pytest.mark.parametrize("package", ALLOWED)
def test_imports_point_one_way(package):
    wrong = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules(package)
        for name in imported(path)
        if name in PACKAGES and name not in ALLOWED[package]
    }
    assert wrong == set()


@pytest.mark.parametrize("package", ["schemas", "filters", "loader"])
def test_beam_stays_in_the_pipeline(package):
    assert [str(path) for path in modules(package) if "apache_beam" in set(imported(path))] == []


def test_the_loader_needs_numpy_and_pyarrow_only():
    names = {name for path in modules("loader") for name in imported(path)}
    assert names - set(sys.stdlib_module_names) <= {"numpy", "pyarrow", "schemas", "loader"}


@pytest.mark.parametrize("package", ALLOWED)
def test_modules_are_short_and_say_what_they_do(package):
    long = {
        str(p.relative_to(ROOT)): n
        for p in modules(package)
        if (n := p.read_text(encoding="utf-8").count("\n")) > MAX_LINES
    }
    assert long == {}
    silent = [
        str(p.relative_to(ROOT))
        for p in modules(package)
        if p.stat().st_size and not ast.get_docstring(ast.parse(p.read_text(encoding="utf-8")))
    ]
    assert silent == []


def test_no_bare_except():
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for package in ALLOWED
        for path in modules(package)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ExceptHandler) and node.type is None
    ]
    assert wrong == []


def test_no_file_names_a_registry_or_a_path_of_a_machine():
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    pattern = re.compile(
        "|".join(
            [
                "/wo" + "rk/",
                "/ro" + "ot/",
                "pypi" + r"\.org",
                "files\\.python" + "hosted",
                "registry\\.npm" + "js",
                "proxy\\.go" + "lang",
                "crates" + r"\.io/",
            ]
        )
    )
    wrong = []
    for name in filter(None, files):
        path = ROOT / name
        if (
            path.is_file()
            and path.suffix in {".py", ".toml", ".md", ".txt", ".cfg", ".json", ".yaml", ".yml", ""}
            and path.stat().st_size < 1 << 20
        ):
            text = path.read_text(encoding="utf-8", errors="replace")
            wrong += [f"{name}: {match.group()}" for match in pattern.finditer(text)]
    assert wrong == []


@pytest.mark.parametrize("module", ["tools.recipe_docs", "tools.make_sample"])
def test_what_is_generated_is_current(module):
    done = subprocess.run(
        [sys.executable, "-m", module, "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"run python -m {module}\n{done.stderr}"
