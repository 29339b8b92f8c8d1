"""The graph on other runners: the same content under Prism; what is sent to Dataflow."""

import pytest
from apache_beam.portability.api import beam_runner_api_pb2

from tests.end_to_end.conftest import ROOT, command

pytestmark = pytest.mark.slow

CRAWL = ROOT / "assets/sample/crawl-00001.warc.gz"
RUN = ("run", "recipes/sample.toml", "--set", "gates.self_audit=false", "--set", "limits.record_seconds=120")


def contents(folder):
    import json

    tables = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["tables"]
    return {table: entry["content"] for table, entry in tables.items()}


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    folder = tmp_path_factory.mktemp("local") / "s"
    code, output = command(*RUN, "--input", CRAWL, "--output", folder, "--set", 'source.split_bytes="64KiB"')
    assert code == 0, output
    return folder


def test_prism_makes_the_same_content(local, prism, tmp_path):
    options = ("--", "--runner=PrismRunner", f"--prism_location={prism}")
    code, output = command(
        *RUN, "--input", CRAWL, "--output", tmp_path / "s", "--set", 'source.split_bytes="64KiB"', *options
    )
    assert code == 0, output
    assert contents(tmp_path / "s") == contents(local)


def test_workers_in_other_processes_make_the_same_content(local, tmp_path):
    options = ("--", "--runner=FnApiRunner", "--direct_running_mode=multi_processing", "--direct_num_workers=2")
    code, output = command(
        *RUN, "--input", CRAWL, "--output", tmp_path / "s", "--set", 'source.split_bytes="64KiB"', *options
    )
    assert code == 0, output
    assert contents(tmp_path / "s") == contents(local)


def dataflow_options(endpoint, folder, *more):
    for name in ("staging", "temp"):  # Beam does not make local ones, and tries for minutes
        (folder / name).mkdir()
    return (
        "--",
        "--runner=DataflowRunner",
        f"--dataflow_endpoint={endpoint}",
        "--no_auth",
        "--project=p1",
        "--region=us-central1",
        "--sdk_container_image=registry.example/millrace:1",
        "--sdk_location=container",
        f"--staging_location={folder / 'staging'}",
        f"--temp_location={folder / 'temp'}",
        "--machine_type=e2-standard-4",
        "--max_num_workers=40",
        "--number_of_worker_harness_threads=2",
        "--disk_size_gb=50",
        *more,
    )


def test_local_places_are_refused_before_anything_is_sent(dataflow):
    endpoint, jobs, folder = dataflow
    code, output = command(*RUN, "--input", CRAWL, "--output", folder / "out", *dataflow_options(endpoint, folder))
    assert code == 2, output
    assert "workers of Dataflow cannot see" in output
    assert jobs == []


@pytest.fixture
def bucket():
    """An S3 server with the crawl in a bucket."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
    client = boto3.client("s3", endpoint_url=endpoint, **keys)
    client.create_bucket(Bucket="crawl")
    client.upload_file(str(CRAWL), "crawl", "crawl-00001.warc.gz")
    yield {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    server.stop()


def test_a_dataflow_job_carries_the_graph_and_the_workers_options(dataflow, bucket, monkeypatch):
    endpoint, jobs, folder = dataflow
    for name, value in bucket.items():
        monkeypatch.setenv(name, value)
    code, output = command(
        *RUN,
        "--input",
        "s3://crawl/*.warc.gz",
        "--output",
        "s3://crawl/out",
        *dataflow_options(endpoint, folder, "--no_wait_until_finish"),
    )
    assert code == 0, output
    assert "Job job-1" in output
    (job,) = jobs
    (pool,) = job["environment"]["workerPools"]
    assert pool["machineType"] == "e2-standard-4"
    assert pool["diskSizeGb"] == 50
    assert pool["autoscalingSettings"]["maxNumWorkers"] == 40
    assert pool["numThreadsPerWorker"] == 2
    assert {image["containerImage"] for image in pool["sdkHarnessContainerImages"]} == {"registry.example/millrace:1"}
    graphs = list((folder / "staging").rglob("pipeline.pb"))
    graph = beam_runner_api_pb2.Pipeline.FromString(graphs[0].read_bytes())
    names = {t.unique_name for t in graph.components.transforms.values()}
    stages = {"Splits", "Read", "Find duplicates", "Choose representatives", "Decide", "Tokenize", "Shards", "Finish"}
    assert stages <= names
    # Nothing of the crawl travels in the graph: it names splits, and each step is a few kilobytes.
    assert max(len(t.spec.payload) for t in graph.components.transforms.values()) < 100_000


def test_a_run_on_s3_equals_a_local_one_and_its_commands_work(local, bucket, monkeypatch):
    for name, value in bucket.items():
        monkeypatch.setenv(name, value)
    places = ("--input", "s3://crawl/crawl-00001.warc.gz", "--output", "s3://crawl/out")
    code, output = command(*RUN, *places, "--set", 'source.split_bytes="64KiB"')
    assert code == 0, output
    code, output = command("verify", "s3://crawl/out")
    assert (code, "every checksum" in output) == (0, True), output
    import boto3

    body = boto3.client("s3").get_object(Bucket="crawl", Key="out/manifest.json")["Body"].read()
    import json

    tables = {table: entry["content"] for table, entry in json.loads(body)["tables"].items()}
    # Tables that hold the input's place differ by it; the others are the same.
    same = ("signals", "fingerprints", "decisions", "duplicates", "dataset")
    assert {table: tables[table] for table in same} == {table: contents(local)[table] for table in same}
    assert command("report", "s3://crawl/out")[0] == 0
    assert (
        command("decide", "s3://crawl/out", "recipes/sample.toml", *RUN[2:], "--set", "duplicates.threshold=0.9")[0]
        == 0
    )


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "s3://crawl"),
        ({}, "s3://nowhere"),
    ],
)
def test_storage_that_refuses_is_one_sentence(bucket, monkeypatch, change, sentence):
    for name, value in {**bucket, **change, "AWS_MAX_ATTEMPTS": "1"}.items():
        monkeypatch.setenv(name, value)
    code, output = command(*RUN, "--input", f"{sentence}/x.warc.gz", "--output", f"{sentence}/out")
    assert code in {1, 2}, output
    assert output.startswith("Error: "), output
    assert "Traceback" not in output
    assert sentence in output
