"""Beam's side of `run`: its options, where the workers are, submission, waiting; a runner's failure as one sentence.

Workers are *here* when the runner keeps them in this process (FnApiRunner, or any runner with LOOPBACK workers): then
the pool of children is this process's, and it is as large as the machine. Anywhere else a process has one child, since
there the runner starts a process for each core; progress is then read from the commits in the snapshot.
"""

import logging
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pipeline import storage
from pipeline.cli.ending import end_process
from pipeline.cli.errors import RunFailedError, UsageError
from pipeline.cli.progress import meanwhile, watching
from pipeline.dedup.tasks import PAIRS_STAGE
from pipeline.plan import RunPlan
from pipeline.pool import running_pool
from pipeline.stages import DATASET_STAGE, DECIDE_STAGE, TOKENS_STAGE

# By name: plain DirectRunner first tries to download another runner, so what runs would depend on the network.
_LOCAL_RUNNER = "apache_beam.runners.portability.fn_api_runner.FnApiRunner"
_MOST_A_CORE = 16  # a child takes .4 GB: a typing error must not fill the memory of the machine
_COMMIT_SECONDS = 30.0  # one request for a list of names at each look: nothing beside what the workers ask for
_STAGES = (
    ("read", "Reading"),
    (PAIRS_STAGE, "Verifying duplicates"),
    (DECIDE_STAGE, "Deciding"),
    (TOKENS_STAGE, "Tokenising"),
    (DATASET_STAGE, "Writing shards"),
)
# How a worker in another process tells of an error that has a sentence: in the traceback that the runner passes on.
_TOLD = re.compile(
    r"\b(?:TaskFailedError|StorageError|AssetError|PlanChangedError): (.+?)"
    r"(?: \[while running [^\n]*?)?(?:\\n|\n|$)"
)


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def children(workers: int | None, beam_options: Sequence[str]) -> int:
    """Child processes of each worker process: as asked, else one a core here and one elsewhere.

    Raises:
        UsageError: far more than this machine has cores.

    """
    here = workers_are_here(beam_options)
    if workers is None:
        return cores() if here else 1
    if here and workers > (most := _MOST_A_CORE * cores()):
        raise UsageError(f"--workers {workers} is too many for {cores()} cores: at most {most}, and one a core is best")
    return workers


def workers_are_here(beam_options: Sequence[str]) -> bool:
    """Whether the runner keeps its workers in this process."""
    runner = _value(beam_options, "runner") or _LOCAL_RUNNER
    environment = _value(beam_options, "environment_type")
    name = runner.rpartition(".")[2].lower()
    if name in ("fnapirunner", "directrunner"):
        return _value(beam_options, "direct_running_mode") != "multi_processing"
    return environment == "LOOPBACK" or (environment is None and name == "prismrunner")


def check_places(plan: RunPlan, beam_options: Sequence[str]) -> None:
    """Refuse local paths where the workers are other machines.

    Raises:
        UsageError: naming the first such path.

    """
    if not _is_dataflow(beam_options):
        return
    for uri in (plan.snapshot.uri, *plan.recipe.duplicates.against, *(split.uri for split in plan.splits)):
        if storage.local_path(uri) is not None:
            raise UsageError(
                f"workers of Dataflow cannot see {uri}: inputs, --output and duplicates.against must be on gs:// or s3://"
            )


def submit(plan: RunPlan, beam_options: Sequence[str], prepare: Callable[[RunPlan], None]) -> bool:
    """Run the graph; True when it has ended, False when it was only submitted, or only built (dry run, template).

    `prepare` is called once the options are known to be good and before anything runs; not for a dry run.

    Raises:
        UsageError, RunFailedError: one sentence.

    """
    logging.getLogger().setLevel(logging.ERROR)  # importing Beam warns of clients that are not used here
    import apache_beam as beam
    from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions, TestOptions

    from pipeline.graph import build

    # Beam logs the traceback of whatever it then raises; the command line says it once, in a sentence.
    for name in ("", "apache_beam", "PrismRunner", "pipeline"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    logging.getLogger("apache_beam.options").setLevel(logging.WARNING)  # an option with a typing error
    given = list(beam_options) if _value(beam_options, "runner") else [f"--runner={_LOCAL_RUNNER}", *beam_options]
    here = workers_are_here(given)
    options = PipelineOptions(given)
    try:
        pipeline = beam.Pipeline(options=options)
        build(pipeline, plan)
        if not options.view_as(TestOptions).dry_run:
            prepare(plan)
        with watching(len(plan.splits)) if here else _watching_commits(plan):
            result = pipeline.run()
            if _only_built(result, given):
                _say("The job is built; nothing was started.")
                return False
            _announce(result, given)
            if options.view_as(StandardOptions).no_wait_until_finish:
                _say(f"When it has ended: beam_runner.py verify {plan.snapshot.uri}")
                return False
            state = result.wait_until_finish()
    except _runner_errors() as error:
        sentence = _sentence(error)
        if sentence is None:
            raise
        raise sentence from error
    if state not in (None, "DONE"):
        raise RunFailedError(f"the job ended as {state}")
    return True


def stop_on_signals(what_remains: str) -> None:
    """End at once on Ctrl-C and SIGTERM, with every child: all commits are atomic, so nothing half done can remain."""

    def stop(number: int, _frame: Any) -> None:
        pool = running_pool()
        if pool is not None:
            pool.kill()
        word = "Interrupted" if number == signal.SIGINT else "Terminated"
        sys.stderr.write(f"\x1b[?25h\n{word}. {what_remains}\n")
        end_process(128 + number)

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)


def _runner_errors() -> tuple[type[Exception], ...]:
    """What runners raise for what happened elsewhere; errors of workers in this process come as they are."""
    from apache_beam.runners.dataflow.dataflow_runner import DataflowRuntimeException
    from apache_beam.utils.retry import PermanentException
    from google.api_core.exceptions import GoogleAPICallError
    from google.auth.exceptions import GoogleAuthError
    from requests.exceptions import RequestException

    service = (DataflowRuntimeException, PermanentException, GoogleAPICallError, GoogleAuthError, RequestException)
    return (RuntimeError, ValueError, *service)


def _sentence(error: Exception) -> UsageError | RunFailedError | None:
    """What a user can act on, or None for a fault of ours."""
    text = str(error)
    if told := _TOLD.search(text):
        return RunFailedError(told[1])
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if isinstance(error, ValueError) and "validations errors" in text:  # Beam's own words
        return UsageError(" ".join(lines))
    if isinstance(error, RuntimeError | ValueError):
        return None
    shown = " ".join(dict.fromkeys((lines[0], lines[-1]))).removesuffix(", Error: None")
    return RunFailedError(shown if shown.startswith("Dataflow") else f"Dataflow: {shown}")


def _announce(result: Any, given: Sequence[str]) -> None:
    """Where a submitted job is to be seen, and what Ctrl-C does not do to it."""
    if not _is_dataflow(given):
        return
    job, region, project = result.job_id(), _value(given, "region"), _value(given, "project")
    _say(f"Job {job}: https://console.cloud.google.com/dataflow/jobs/{region}/{job}?project={project}")
    cancel = f"gcloud dataflow jobs cancel {job} --region={region} --project={project}"
    stop_on_signals(f"The job goes on; to end it: {cancel}")


def _only_built(result: Any, given: Sequence[str]) -> bool:
    return _is_dataflow(given) and not getattr(result, "has_job", False)


def _is_dataflow(beam_options: Sequence[str]) -> bool:
    return (_value(beam_options, "runner") or "").rpartition(".")[2].lower() == "dataflowrunner"


def _value(beam_options: Sequence[str], name: str) -> str | None:
    """The last value of a Beam option, in either spelling, `--name=value` or `--name value`."""
    found = None
    for option, following in zip(beam_options, [*beam_options[1:], ""], strict=False):
        if option == f"--{name}":
            found = following
        elif option.startswith(f"--{name}="):
            found = option.partition("=")[2]
    return found


@contextmanager
def _watching_commits(plan: RunPlan) -> Iterator[None]:
    """Say now and then, on standard error, how many parts of which stage are committed."""
    said = ""

    def look() -> None:
        nonlocal said
        if (now := _committed(plan)) != said:
            _say(said := now)

    with meanwhile(look, _COMMIT_SECONDS):
        yield


def _committed(plan: RunPlan) -> str:
    wanted = {"read": len(plan.splits), PAIRS_STAGE: plan.partitions, DATASET_STAGE: 0}
    try:
        for stage, words in reversed(_STAGES):
            if done := len(plan.snapshot.parts(stage)):
                of = wanted.get(stage, len(plan.splits))
                return f"{words}: {done:,} of {of:,} parts" if of else f"{words}: {done:,} parts"
    except storage.StorageError as error:
        return f"No news: {error}"
    return "Waiting for the first part"


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
