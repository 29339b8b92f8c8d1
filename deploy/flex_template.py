"""Entry file of the Dataflow Flex Template: its parameters, all of them `--name=value`, as a `run` command.

Parameters of the template's own are those of `metadata.json` (deploy/flex_template.json); whatever else the launcher
passes (runner, project, region, staging, template location, ...) is for Beam. Does nothing that `run` does not do.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))


def run_arguments(given: Sequence[str]) -> list[str]:
    """The arguments of `beam_runner.py` for the launcher's."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--recipe", required=True)
    parser.add_argument("--output", required=True)
    parser.add_argument("--input", default="", help="globs, separated by commas")
    parser.add_argument("--settings", default="", help="table.key=value, separated by semicolons")
    parser.add_argument("--overwrite", default="false", choices=["true", "false"])
    own, beam = parser.parse_known_args(given)
    inputs = [part for glob in own.input.split(",") if glob.strip() for part in ("--input", glob.strip())]
    settings = [part for item in own.settings.split(";") if item.strip() for part in ("--set", item.strip())]
    overwrite = ["--overwrite"] if own.overwrite == "true" else []
    return ["run", own.recipe, "--output", own.output, *inputs, *settings, *overwrite, "--", *beam]


if __name__ == "__main__":
    from pipeline.cli.app import app

    app(run_arguments(sys.argv[1:]))
