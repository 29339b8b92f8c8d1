"""The graph runs anywhere: under Prism, in worker processes of their own, and as a job that Dataflow is sent.

The service of Dataflow is a server of ours that records the job; what it was sent is then run for real.
"""

import json
import re
import subprocess
import sys
import zlib
from dataclasses import replace

import boto3
import psutil
import pytest
import yaml
from apache_beam.portability.api import beam_runner_api_pb2

from pipeline.recipe import load_recipe
from tests.beam.conftest import JOB
from tests.command import ROOT, command
from tests.small_crawl import contents, manifest_of, run

pytestmark = pytest.mark.slow

LOCAL = "apache_beam.runners.portability.fn_api_runner.FnApiRunner"
STEPS = {
    "Splits",
    "Read",
    "Find duplicates",
    "Choose representatives",
    "Decide",
    "Tokenize",
    "Sum tokens",
    "Cut shards",
    "Spread shards",
    "Shards",
    "Count shards",
    "Finish",
}


@pytest.fixture(scope="module")
def reference(crawl, tmp_path_factory):
    """What the default runner makes of it."""
    folder = tmp_path_factory.mktemp("reference") / "s"
    code, output = run(crawl, folder)
    assert code == 0, output
    manifest = manifest_of(folder)
    assert manifest["counts"]["kept"] > 10
    assert manifest["counts"]["verified_pairs"] > 0
    assert len(manifest["splits"]) > 4
    return manifest


def test_prism(crawl, reference, prism, tmp_path):
    before = servers(prism)
    code, output = run(crawl, tmp_path / "s", beam=("--runner=PrismRunner", f"--prism_location={prism}"))
    assert code == 0, output
    assert contents(manifest_of(tmp_path / "s")) == contents(reference)
    assert servers(prism) <= before, "Prism's server outlives the command"


def servers(prism):
    """Processes that run Prism."""
    return {
        process.pid
        for process in psutil.process_iter(["cmdline", "status"])
        if str(prism) in (process.info["cmdline"] or ()) and process.info["status"] != psutil.STATUS_ZOMBIE
    }


PROCESSES = (f"--runner={LOCAL}", "--direct_running_mode=multi_processing", "--direct_num_workers=2")


def test_workers_in_other_processes(crawl, reference, tmp_path):
    code, output = run(crawl, tmp_path / "s", beam=PROCESSES)
    assert code == 0, output
    assert contents(manifest_of(tmp_path / "s")) == contents(reference)


def test_an_error_of_another_process_is_a_sentence(crawl, tmp_path):
    (tmp_path / "signals").touch()  # where a folder must be
    code, output = run(crawl, tmp_path, beam=(*PROCESSES[:2], "--direct_num_workers=1"))
    assert code == 1
    last = output.strip().split("\n")[-1]
    assert last.startswith(f"Error: cannot write {tmp_path}/signals/")
    assert "while running" not in last
    assert not (tmp_path / "manifest.json").exists()


def dataflow_options(server, staging):
    return (
        "--runner=DataflowRunner",
        f"--dataflow_endpoint=http://localhost:{server.server_port}",
        "--no_auth",
        "--project=millrace-test",
        "--region=europe-west4",
        "--job_name=millrace-nightly",
        "--sdk_container_image=europe-docker.pkg.dev/millrace-test/pipeline/millrace:1",
        "--sdk_location=container",
        f"--staging_location={staging}",
        f"--temp_location={staging}/temp",
        "--machine_type=n2-standard-8",
        "--autoscaling_algorithm=THROUGHPUT_BASED",
        "--max_num_workers=40",
        "--number_of_worker_harness_threads=2",
        "--disk_size_gb=60",
    )


@pytest.fixture(scope="module")
def submitted(dataflow, staging):
    """The job as the service got it, and the graph as it was staged."""
    options = (*dataflow_options(dataflow, staging), "--no_wait_until_finish")
    code, output = run("s3://crawl/in.warc.gz", "s3://crawl/out", beam=options, environment=dataflow.environment)
    assert code == 0, output
    assert f"dataflow/jobs/europe-west4/{JOB}?project=millrace-test" in output
    assert "beam_runner.py verify s3://crawl/out" in output
    ((path, job),) = dataflow.jobs
    assert path.startswith("/v1b3/projects/millrace-test/locations/europe-west4/jobs")
    return job, staged_graph(staging)


def staged_graph(staging):
    return beam_runner_api_pb2.Pipeline.FromString((staging / "pipeline.pb").read_bytes())


def test_dataflow_gets_the_worker_options(submitted, staging):
    job, _ = submitted
    assert job["name"] == "millrace-nightly"
    environment = job["environment"]
    assert environment["sdkPipelineOptions"]["options"]["number_of_worker_harness_threads"] == 2
    (pool,) = environment["workerPools"]
    assert pool["machineType"] == "n2-standard-8"
    assert pool["autoscalingSettings"]["maxNumWorkers"] == 40
    assert pool["autoscalingSettings"]["algorithm"] in (2, "AUTOSCALING_ALGORITHM_BASIC")
    assert pool["numThreadsPerWorker"] == 2
    assert pool["diskSizeGb"] == 60
    (image,) = pool["sdkHarnessContainerImages"]
    assert image["containerImage"] == "europe-docker.pkg.dev/millrace-test/pipeline/millrace:1"
    assert image["useSingleCorePerContainer"]  # one process a core, so one child a process


def test_dataflow_gets_the_whole_graph_and_no_data(submitted):
    _, graph = submitted
    names = {transform.unique_name for transform in graph.components.transforms.values()}
    assert names >= STEPS
    payloads = [transform.spec.payload for transform in graph.components.transforms.values()]
    assert max(map(len, payloads)) < 16_384  # a pickled plan is 7 kB
    assert graph.ByteSize() < 500_000


RUN_STAGED = """
import sys
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability.api import beam_runner_api_pb2
from apache_beam.portability.python_urns import EMBEDDED_PYTHON
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
graph = beam_runner_api_pb2.Pipeline.FromString(open(sys.argv[1], "rb").read())
for environment in graph.components.environments.values():
    environment.urn, environment.payload = EMBEDDED_PYTHON, b""
    del environment.dependencies[:]
state = FnApiRunner().run_via_runner_api(graph, PipelineOptions()).wait_until_finish()
sys.exit(state != "DONE")
"""


def test_what_dataflow_got_needs_nothing_of_the_submitter(dataflow, submitted, reference, staging):
    """Another process that has the project, the staged graph and the storage, and nothing else, finishes the run."""
    done = subprocess.run(
        [sys.executable, "-c", RUN_STAGED, str(staging / "pipeline.pb")],
        cwd=ROOT,
        env=dataflow.environment,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    code, output = command("verify", "s3://crawl/out", environment=dataflow.environment)
    assert code == 0, output
    client = boto3.client(
        "s3",
        endpoint_url=dataflow.environment["AWS_ENDPOINT_URL"],
        aws_access_key_id="test",
        aws_secret_access_key="test",
        region_name="us-east-1",
    )
    manifest = json.load(client.get_object(Bucket="crawl", Key="out/manifest.json")["Body"])
    assert manifest["counts"] == reference["counts"]
    assert contents(manifest)["dataset"] == contents(reference)["dataset"]


def test_a_failed_job_is_a_sentence(dataflow, staging):
    options = dataflow_options(dataflow, staging)
    code, output = run("s3://crawl/in.warc.gz", "s3://crawl/failed", beam=options, environment=dataflow.environment)
    assert code == 1, output
    assert output.strip().split("\n")[-1] == "Error: cannot write gs://x/y: access denied"
    assert "Traceback" not in output


def test_a_dry_run_starts_nothing_and_writes_nothing(dataflow, staging):
    before = len(dataflow.jobs)
    options = (*dataflow_options(dataflow, staging), "--dry_run=True")
    code, output = run("s3://crawl/in.warc.gz", "s3://crawl/dry", beam=options, environment=dataflow.environment)
    assert code == 0, output
    assert "nothing was started" in output
    assert len(dataflow.jobs) == before
    code, output = command("verify", "s3://crawl/dry", environment=dataflow.environment)
    assert (code, "is not a finished snapshot" in output) == (2, True)


def flex_parameters():
    """The template's metadata as the service reads it: unknown or missing fields are errors."""
    from google.cloud.dataflow_v1beta3.types import TemplateMetadata

    return TemplateMetadata.from_json((ROOT / "deploy/flex_template.json").read_text()).parameters


def test_the_flex_template_builds_the_same_job(dataflow, staging, tmp_path):
    given = {
        "recipe": "recipes/sample.toml",
        "output": "s3://crawl/flex",
        "input": "s3://crawl/in.warc.gz, s3://crawl/*.warc.gz",
        "settings": "gates.self_audit=false; source.split_bytes=16384",
        "overwrite": "false",
        "sdk_container_image": "europe-docker.pkg.dev/millrace-test/pipeline/millrace:1",
        "sdk_location": "container",
        "number_of_worker_harness_threads": "2",
    }
    parameters = {parameter.name: parameter for parameter in flex_parameters()}
    assert parameters.keys() == given.keys()
    for name, value in given.items():
        assert all(re.search(regex, value) for regex in parameters[name].regexes), name
    # What the launcher adds to the parameters: where the job is to be written instead of sent.
    launcher = [*dataflow_options(dataflow, staging), f"--template_location={tmp_path}/job.json"]
    before = len(dataflow.jobs)
    done = subprocess.run(
        [sys.executable, ROOT / "deploy/flex_template.py", *(f"--{k}={v}" for k, v in given.items()), *launcher],
        cwd=ROOT,
        env=dataflow.environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len(dataflow.jobs) == before
    job = json.loads((tmp_path / "job.json").read_text())
    (pool,) = job["environment"]["workerPools"]
    assert pool["sdkHarnessContainerImages"][0]["containerImage"] == given["sdk_container_image"]
    names = {transform.unique_name for transform in staged_graph(staging).components.transforms.values()}
    assert names >= STEPS


def test_the_nightly_workflow_passes_parameters_of_the_template():
    steps = yaml.safe_load((ROOT / "deploy/nightly.workflow.yaml").read_text())["main"]["steps"]
    (launch,) = [step["launch"] for step in steps if "launch" in step]
    passed = launch["args"]["body"]["launchParameter"]["parameters"]
    parameters = {parameter.name: parameter for parameter in flex_parameters()}
    assert {name for name, parameter in parameters.items() if not parameter.is_optional} <= passed.keys()
    assert passed.keys() <= parameters.keys()
    settings = passed["settings"].split(";")
    assert load_recipe(str(ROOT / passed["recipe"]), settings).gates.min_kept_ratio > 0


def test_the_image_has_what_a_worker_needs():
    """Everything that the image copies exists, the code and assets of every layer are in it, and versions agree."""
    lines = (ROOT / "deploy/Dockerfile").read_text().split("\n")
    copied = {
        part for line in lines if line.startswith("COPY ") and "--from" not in line for part in line.split()[1:-1]
    }
    assert not [name for name in copied if not (ROOT / name).exists()]
    allowed = (ROOT / "deploy/Dockerfile.dockerignore").read_text().split("\n")
    assert {line[1:] for line in allowed if line.startswith("!")} == copied
    assert {"schemas", "filters", "pipeline", "assets", "recipes", "beam_runner.py"} <= copied
    beam = next(line for line in (ROOT / "requirements.txt").read_text().split("\n") if line.startswith("apache-beam"))
    assert f"beam_python3.11_sdk:{beam.partition('==')[2]}" in "\n".join(lines)


def test_local_paths_are_refused_where_workers_cannot_see_them(crawl, tmp_path):
    code, output = run(crawl, tmp_path / "s", beam=("--runner=DataflowRunner", "--project=p", "--region=r"))
    assert code == 2
    assert "cannot see" in output
    assert not (tmp_path / "s").exists()


def test_the_graph_does_not_grow_with_the_input(crawl):
    """Ten thousand splits cost two bytes each: the plan's list of them stays in the snapshot."""
    import apache_beam as beam

    from pipeline.graph import build
    from pipeline.plan import make_plan
    from pipeline.snapshot import Snapshot
    from pipeline.splits import plan_splits
    from pipeline.stored_splits import StoredSplits

    recipe = load_recipe(str(ROOT / "recipes/sample.toml"), [f'source.paths=["{crawl}"]'])
    snapshot = Snapshot("nowhere")
    split, *_ = plan_splits(recipe.source)
    plan = make_plan(recipe, (split,), snapshot, 1)
    sizes = []
    for count in (1, 10_000):
        many = [replace(split, name=f"crawl-{i:012d}-{zlib.crc32(b'%d' % i):08x}") for i in range(count)]
        pipeline = beam.Pipeline(LOCAL)
        build(pipeline, replace(plan, splits=StoredSplits(snapshot, many)))
        sizes.append(pipeline.to_runner_api().ByteSize())
    assert sizes[1] - sizes[0] < 100_000
