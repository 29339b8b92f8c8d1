"""The graph runs anywhere: under Prism, in worker processes of their own, and as a job that Dataflow is sent.

The service of Dataflow is a server of ours that records the job; what it was sent is then run for real.
"""

import json
import subprocess
import sys
import zlib
from dataclasses import replace

import boto3
import pytest

from tests.beam.conftest import JOB
from tests.small_crawl import ROOT, command, contents, manifest_of, run

pytestmark = pytest.mark.slow

LOCAL = "apache_beam.runners.portability.fn_api_runner.FnApiRunner"
STEPS = [
    "Splits",
    "Read",
    "Find_duplicates",
    "Choose_representatives",
    "Decide",
    "Tokenize",
    "Sum_tokens",
    "Cut_shards",
    "Spread_shards",
    "Shards",
    "Count_shards",
    "Finish",
]


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
    code, output = run(crawl, tmp_path / "s", beam=("--runner=PrismRunner", f"--prism_location={prism}"))
    assert code == 0, output
    assert contents(manifest_of(tmp_path / "s")) == contents(reference)


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
    from apache_beam.portability.api import beam_runner_api_pb2

    options = (*dataflow_options(dataflow, staging), "--no_wait_until_finish")
    code, output = run("s3://crawl/in.warc.gz", "s3://crawl/out", beam=options, environment=dataflow.environment)
    assert code == 0, output
    assert f"dataflow/jobs/europe-west4/{JOB}?project=millrace-test" in output
    assert "beam_runner.py verify s3://crawl/out" in output
    ((path, job),) = dataflow.jobs
    assert path.startswith("/v1b3/projects/millrace-test/locations/europe-west4/jobs")
    return job, beam_runner_api_pb2.Pipeline.FromString((staging / "pipeline.pb").read_bytes())


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


def test_dataflow_gets_the_whole_graph_and_no_data(submitted, crawl):
    _, graph = submitted
    names = {transform.unique_name for transform in graph.components.transforms.values()}
    assert {step.replace("_", " ") for step in STEPS} <= names
    payloads = [transform.spec.payload for transform in graph.components.transforms.values()]
    assert max(map(len, payloads)) < 16_384  # a pickled plan is 7 kB
    assert graph.ByteSize() < 500_000
    assert not any(b"WARC/1.0" in payload or crawl.read_bytes()[:64] in payload for payload in payloads)


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


def test_a_dry_run_and_a_template_start_nothing(dataflow, staging, tmp_path):
    before = len(dataflow.jobs)
    for options in (("--dry_run=True",), (f"--template_location={tmp_path}/template.json",)):
        code, output = run(
            "s3://crawl/in.warc.gz",
            "s3://crawl/dry",
            beam=(*dataflow_options(dataflow, staging), *options),
            environment=dataflow.environment,
        )
        assert code == 0, output
        assert "nothing was started" in output
    assert len(dataflow.jobs) == before
    assert json.loads((tmp_path / "template.json").read_text())["environment"]["workerPools"]


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
    from pipeline.recipe import load_recipe
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
