"""The commands and their options; each calls its module and turns its errors into one sentence and an exit code.

Exit codes: 0 done; 1 the run failed; 2 the command or the recipe is wrong; 3 finished, but a gate of the recipe failed;
130 interrupted (run the same command again to resume).
"""

import sys
from collections.abc import Callable
from typing import Annotated

import typer

EXIT_FAILED, EXIT_USAGE, EXIT_GATE, EXIT_INTERRUPTED = 1, 2, 3, 130

app = typer.Typer(
    name="beam_runner.py",
    help="Millrace: from a web crawl to a tokenised dataset, with a reason for every document kept or dropped.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
train_app = typer.Typer(
    help="Make a language model, extractor, classifier, tokenizer or test-question index of your own.",
    no_args_is_help=True,
)
app.add_typer(train_app, name="train")

RecipeArgument = Annotated[str, typer.Argument(metavar="RECIPE", help="A recipe, e.g. recipes/sample.toml.")]
SnapshotArgument = Annotated[
    str, typer.Argument(metavar="SNAPSHOT", help="The folder of a finished run (local, s3:// or gs://).")
]
InputOption = Annotated[
    list[str] | None,
    typer.Option("--input", "-i", metavar="GLOB", help="Input files instead of the recipe's; may be repeated."),
]
OutputOption = Annotated[str, typer.Option("--output", "-o", metavar="SNAPSHOT", help="Where the snapshot is written.")]
WorkersOption = Annotated[
    int | None,
    typer.Option(
        "--workers",
        "-w",
        min=0,
        help="Child processes; 0 runs everything in this process, for a debugger. Default: one a core.",
    ),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="TABLE.KEY=VALUE", help="Change a parameter of the recipe; may be repeated."),
]


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": False})
def run(  # noqa: PLR0917 - a parameter is an option of the command
    context: typer.Context,
    recipe: RecipeArgument,
    output: OutputOption = "",
    inputs: InputOption = None,
    workers: WorkersOption = None,
    settings: SetOption = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace what another recipe or other inputs left in SNAPSHOT.")
    ] = False,
) -> None:
    """Read, deduplicate, decide, tokenize and report. Run it again to resume; options for Beam go after `--`."""
    from pipeline.cli import run as command

    _guarded(
        lambda: command.run(
            recipe,
            output=output,
            inputs=inputs or [],
            workers=workers,
            settings=settings or [],
            overwrite=overwrite,
            beam_options=context.args,
        )
    )


@app.command()
def plan(
    recipe: RecipeArgument,
    output: OutputOption = "",
    inputs: InputOption = None,
    workers: WorkersOption = None,
    settings: SetOption = None,
) -> None:
    """Check recipe, inputs, assets and credentials, try a sample, and estimate time, size and yield. Runs nothing."""
    from pipeline.cli import plan as command

    _guarded(lambda: command.plan(recipe, output=output, inputs=inputs or [], workers=workers, settings=settings or []))


@app.command()
def decide(  # noqa: PLR0917 - a parameter is an option of the command
    snapshot: SnapshotArgument,
    recipe: RecipeArgument,
    workers: WorkersOption = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="TABLE.KEY=VALUE",
            help="Change a parameter; may be repeated. Several numbers (1,2,5 or FROM:TO:STEP) are compared, and nothing is written.",
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Show what would change; write nothing.")] = False,
    rule: Annotated[
        list[str] | None,
        typer.Option("--rule", metavar="REASON", help="Show ten documents at this rule's cut; may be repeated."),
    ] = None,
) -> None:
    """Show what the recipe would change; decide, tokenize and report again from stored signals, without the crawl."""
    from pipeline.cli import decide as command

    _guarded(
        lambda: command.decide(
            snapshot, recipe, workers=workers, settings=settings or [], dry_run=dry_run, reasons=rule or []
        )
    )


@app.command()
def report(snapshot: SnapshotArgument) -> None:
    """Build the report again."""
    from pipeline.cli import report as command

    _guarded(lambda: command.report(snapshot))


@app.command()
def why(
    snapshot: SnapshotArgument,
    document: Annotated[str, typer.Argument(metavar="URL|ID", help="A document's URL or doc_id.")],
    text: Annotated[bool, typer.Option("--text", help="Show the stored text as well.")] = False,
    other: Annotated[
        str | None,
        typer.Option("--with", metavar="ID", help="Show the difference to this member of its cluster."),
    ] = None,
) -> None:
    """Everything known of one document: signals, thresholds, verdict, cluster with a difference, place in the dataset."""
    from pipeline.cli import why as command

    _guarded(lambda: command.why(snapshot, document, show_text=text, other=other))


@app.command()
def verify(snapshot: SnapshotArgument) -> None:
    """Check every checksum, every sum and every reference."""
    from pipeline.cli import verify as command

    _guarded(lambda: command.verify(snapshot))


InputsArgument = Annotated[
    list[str],
    typer.Argument(metavar="INPUT...", help="JSON lines, Parquet, text files, or a snapshot's documents/ folder."),
]
FileOption = Annotated[
    str, typer.Option("--output", "-o", metavar="FILE", help="The file to write; asset.toml beside it describes it.")
]
LanguageOption = Annotated[str, typer.Option("--language", "-l", help="Rows of this language only, e.g. zh.")]


@train_app.command("lm")
def train_lm(
    inputs: InputsArgument,
    output: FileOption,
    language: LanguageOption,
    order: Annotated[int, typer.Option(min=2, max=6, help="Longest n-gram of characters.")] = 5,
    prune: Annotated[
        int, typer.Option(min=0, help="Drop n-grams of four and more characters seen at most so often.")
    ] = 1,
) -> None:
    """A character language model for [perplexity]; needs KenLM's lmplz on PATH, or CMake and Boost to build it."""
    from pipeline.cli import train as command

    _guarded(lambda: command.lm(inputs, output, language=language, order=order, prune=prune))


@train_app.command("extractor")
def train_extractor(
    folder: Annotated[
        str,
        typer.Argument(
            metavar="FOLDER", help="Pages and their main text: pages-<set>.warc.gz and gold-<set>.jsonl.gz."
        ),
    ],
    output: FileOption,
) -> None:
    """Forests that tell main text from the rest, for [extract]; minutes for 700 pages. Needs catboost.

    A row of gold has the page's `url` and its text as `gold`, or `kind` = snippets with the lists `with` and `without`.
    """
    from pipeline.cli import train as command

    _guarded(lambda: command.extractor(folder, output))


@train_app.command("language")
def train_language(inputs: InputsArgument, output: FileOption) -> None:
    """A model that tells languages, for [language]; rows need a `language`, e.g. nb, zxx (code) or und (another one)."""
    from pipeline.cli import train as command

    _guarded(lambda: command.language(inputs, output))


@train_app.command("safety")
def train_safety(inputs: InputsArgument, output: FileOption, language: LanguageOption) -> None:
    """A classifier of abuse and spam for [safety]; rows need a `label`."""
    from pipeline.cli import train as command

    _guarded(lambda: command.safety(inputs, output, language=language))


@train_app.command("quality")
def train_quality(
    inputs: InputsArgument,
    output: FileOption,
    language: LanguageOption,
    against: Annotated[
        list[str],
        typer.Option(
            "--against",
            metavar="FILE",
            help="Raw text to tell it from, such as a snapshot's documents/ of a raw crawl; may be repeated.",
        ),
    ],
) -> None:
    """A model of reference text (INPUTS) against raw text for [quality]; spam is told apart as well."""
    from pipeline.cli import train as command

    _guarded(lambda: command.quality(inputs, output, language=language, against=against))


@train_app.command("order")
def train_order(inputs: InputsArgument, output: FileOption, language: LanguageOption) -> None:
    """A model of word order for [order], from clean text."""
    from pipeline.cli import train as command

    _guarded(lambda: command.order(inputs, output, language=language))


@train_app.command("tokenizer")
def train_tokenizer(
    inputs: InputsArgument,
    output: FileOption,
    vocabulary: Annotated[int, typer.Option(min=300, max=1_000_000, help="Number of tokens.")] = 32_768,
) -> None:
    """A byte-level BPE tokenizer for [tokenize]."""
    from pipeline.cli import train as command

    _guarded(lambda: command.tokenizer(inputs, output, vocabulary=vocabulary))


@train_app.command("contamination")
def train_contamination(
    inputs: InputsArgument,
    output: FileOption,
    clean: Annotated[
        list[str] | None, typer.Option(metavar="INPUT", help="Ordinary text: phrases that occur in it do not count.")
    ] = None,
) -> None:
    """An index of test questions for [contamination]; rows need `question`, `choices`, `benchmark`, `id`, `lang`."""
    from pipeline.cli import train as command

    _guarded(lambda: command.contamination(inputs, output, clean=clean or []))


def _guarded(command: Callable[[], int | None]) -> None:
    from pipeline.cli.errors import sentence_of

    try:
        code = command() or 0
    except KeyboardInterrupt:
        typer.secho("Interrupted. What is committed stays: run the same command again to resume.", err=True)
        raise typer.Exit(EXIT_INTERRUPTED) from None
    except Exception as error:
        known = sentence_of(error)
        if known is None:
            raise
        message, exit_code, traceback = known
        if traceback:
            typer.echo(f"{traceback}\nThis is a fault of Millrace, not of your input; please report it.", err=True)
        typer.secho(f"Error: {message}", err=True, fg="red")
        raise typer.Exit(exit_code) from None
    raise typer.Exit(code)


def main() -> None:
    """Run the command line and end the process at once."""
    from pipeline.cli.ending import end_process

    code: object = 0
    try:
        app()
    except SystemExit as ending:
        code = ending.code
    sys.stdout.flush()
    end_process(code if isinstance(code, int) else 0 if code is None else 1)
