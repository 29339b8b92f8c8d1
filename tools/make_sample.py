"""Makes assets/sample: WARC files and their truth, from the texts beside them. The same bytes each time.

    python -m tools.make_sample           write the files
    python -m tools.make_sample --check   write nothing; exit 1 if the committed files are others

Reads assets/sample/texts, writes crawl-0000N.warc.gz, truth.jsonl and the table of counts in README.md. Needs no
network and no other data. The bytes are those of zlib 1.2.13 and 1.3; a fork of zlib may compress otherwise: compare
what the members hold then.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path

from tools.sample.plan import captures
from tools.sample.truth import Planted, line
from tools.sample.warc import warc_file

SAMPLE = Path(__file__).resolve().parents[1] / "assets" / "sample"
FILES = 3
BEGIN, END = "<!-- counts: made by tools/make_sample.py -->", "<!-- end of counts -->"


def build() -> dict[str, bytes]:
    """File name -> bytes, of every file that is made."""
    planted = captures()
    size = -(-len(planted) // FILES)
    made: dict[str, bytes] = {}
    lines: list[str] = []
    for number in range(FILES):
        name = f"crawl-{number:05d}.warc.gz"
        part = planted[number * size : (number + 1) * size]
        made[name] = warc_file(name, [one.capture for one in part], number * size)
        lines += [line(one, name) for one in part]
    made["truth.jsonl"] = ("\n".join(lines) + "\n").encode()
    readme = SAMPLE / "README.md"
    if readme.exists():
        before, _, rest = readme.read_text(encoding="utf-8").partition(BEGIN)
        made["README.md"] = f"{before}{BEGIN}\n\n{counts(planted)}\n{END}{rest.partition(END)[2]}".encode()
    return made


def counts(planted: list[Planted]) -> str:
    """A Markdown table: captures of each kind, with the verdicts that are right."""
    table = Counter((one.truth.kind, " or ".join(one.truth.verdicts)) for one in planted)
    rows = [f"| {kind} | {number} | {verdict} |" for (kind, verdict), number in sorted(table.items())]
    return "\n".join([f"{len(planted)} captures.", "", "| kind | captures | right |", "|---|---|---|", *rows, ""])


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare with the committed files, write nothing")
    options = parser.parse_args()
    made = build()
    different = [
        name for name, data in made.items() if not (SAMPLE / name).exists() or (SAMPLE / name).read_bytes() != data
    ]
    if options.check:
        print("\n".join(f"differs: {name}" for name in different) or "assets/sample is as the script makes it")
        return 1 if different else 0
    for name in different:
        (SAMPLE / name).write_bytes(made[name])
    print(f"{sum(map(len, made.values())):,} bytes in {len(made)} files, {len(different)} written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
