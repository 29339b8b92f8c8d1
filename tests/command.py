"""The command line, run as a user does: for tests of whole commands."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def command(*arguments, environment=None, timeout=300):
    """Run beam_runner.py from the root of the project, as a user does; exit code and output."""
    done = subprocess.run(
        [sys.executable, "beam_runner.py", *map(str, arguments)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr
