"""A run whose input and output are on S3 (moto's server), the commands on its snapshot, and failures as one sentence."""

import io
import json
import os
import socket
import urllib.request

import boto3
import pyarrow.parquet as pq
import pytest
from moto import settings as moto_settings
from moto.core.authorization import ActionAuthenticatorMixin
from moto.server import ThreadedMotoServer

from tests.command import command
from tests.small_crawl import RECIPE, contents, manifest_of, run, write_crawl

pytestmark = pytest.mark.slow

# Where a record was read is part of these two tables, and an s3:// URI is another place; all others hold no place.
PLACED = {"documents", "ledger"}


@pytest.fixture(scope="module")
def server():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    _forget(endpoint)  # moto's buckets belong to the process: other tests' servers have left theirs
    yield endpoint
    _forget(endpoint)
    server.stop()


def _forget(endpoint):
    with urllib.request.urlopen(urllib.request.Request(f"{endpoint}/moto-api/reset", method="POST", data=b"")):
        pass


@pytest.fixture(scope="module")
def environment(server):
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
    return {**os.environ, **keys, "AWS_ENDPOINT_URL": server, "AWS_MAX_ATTEMPTS": "1"}


@pytest.fixture(scope="module")
def bucket(server):
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
    client = boto3.client("s3", endpoint_url=server, **keys)
    client.create_bucket(Bucket="crawl")
    return client


@pytest.fixture(scope="module")
def snapshot(bucket, environment, tmp_path_factory):
    """The small crawl from S3 to S3, and the same locally."""
    folder = tmp_path_factory.mktemp("s3")
    crawl = write_crawl(folder / "in.warc.gz")
    bucket.put_object(Bucket="crawl", Key="in/in.warc.gz", Body=crawl.read_bytes())
    code, output = run("s3://crawl/in/*.warc.gz", "s3://crawl/out", environment=environment)
    assert code == 0, output
    code, output = run(crawl, folder / "s")
    assert code == 0, output
    return folder / "s"


def keys_of(bucket, prefix):
    pages = bucket.get_paginator("list_objects_v2").paginate(Bucket="crawl", Prefix=prefix)
    return sorted(entry["Key"] for page in pages for entry in page.get("Contents", ()))


def read(bucket, key):
    return bucket.get_object(Bucket="crawl", Key=key)["Body"].read()


def rows_without_place(blobs):
    """Every row of a table, `location` without its file, in an order of its own."""
    rows = [row for blob in blobs for row in pq.read_table(blob).to_pylist()]
    for row in rows:
        del row["location"]["file"]
    return sorted(rows, key=lambda row: json.dumps(row, default=str, sort_keys=True))


def test_the_same_content_as_locally(bucket, snapshot):
    there, here = json.loads(read(bucket, "out/manifest.json")), manifest_of(snapshot)
    assert there["counts"] == here["counts"]
    assert there["counts"]["kept"] > 10
    for table in contents(here).keys() - PLACED:
        assert contents(there)[table] == contents(here)[table], table
    for table in PLACED:
        parts = [io.BytesIO(read(bucket, key)) for key in keys_of(bucket, f"out/{table}/")]
        assert rows_without_place(parts) == rows_without_place((snapshot / table).glob("*.parquet"))


def test_objects_are_named_as_files_are(bucket, snapshot):
    """Parts are named after their place, so their names differ; folders and everything else do not."""
    folders = {key.split("/")[1] for key in keys_of(bucket, "out/")}
    assert folders == {path.name for path in snapshot.iterdir() if path.is_file() or any(path.iterdir())}
    assert not [key for key in keys_of(bucket, "out/") if "/." in key or key.endswith((".part", ".tmp"))]
    assert read(bucket, "out/dataset/dataset.json") == (snapshot / "dataset/dataset.json").read_bytes()
    (shard,) = (snapshot / "dataset").glob("*.parquet")
    assert read(bucket, f"out/dataset/{shard.name}") == shard.read_bytes()


def test_commands_on_the_snapshot(bucket, environment, snapshot):
    code, output = command("verify", "s3://crawl/out", environment=environment)
    assert code == 0, output
    report = read(bucket, "out/report/index.html")
    code, output = command("report", "s3://crawl/out", environment=environment)
    assert code == 0, output
    assert read(bucket, "out/report/index.html") == report
    part = next((snapshot / "documents").glob("*.parquet"))
    url = pq.read_table(part, columns=["url"])["url"][0].as_py()
    code, output = command("why", "s3://crawl/out", url, environment=environment)
    assert code == 0, output
    assert "s3://crawl/in/in.warc.gz, offset" in output


def test_the_same_command_again_does_nothing(bucket, environment, snapshot):
    before = bucket.head_object(Bucket="crawl", Key="out/manifest.json")["LastModified"]
    code, output = run("s3://crawl/in/*.warc.gz", "s3://crawl/out", environment=environment)
    assert code == 0
    assert "Nothing to do" in output
    assert bucket.head_object(Bucket="crawl", Key="out/manifest.json")["LastModified"] == before


def test_decide_on_the_snapshot(bucket, environment, snapshot):
    read_before = {key: read(bucket, key) for key in keys_of(bucket, "out/commits/read/")}
    settings = ("--set", "gates.self_audit=false", "--set", "limits.record_seconds=120")
    looser = ("--set", "duplicates.threshold=0.5")
    code, output = command("decide", "s3://crawl/out", RECIPE, *settings, *looser, environment=environment)
    assert code == 0, output
    assert {key: read(bucket, key) for key in keys_of(bucket, "out/commits/read/")} == read_before
    manifest = json.loads(read(bucket, "out/manifest.json"))
    assert manifest["recipe"]["duplicates"]["threshold"] == 0.5


def test_a_damaged_object_is_found(bucket, environment, snapshot):
    key = next(key for key in keys_of(bucket, "out/decisions/"))
    good = read(bucket, key)
    bucket.put_object(Bucket="crawl", Key=key, Body=good[:-9] + bytes(9))  # of the same length
    code, output = command("verify", "s3://crawl/out", environment=environment)
    bucket.put_object(Bucket="crawl", Key=key, Body=good)
    assert code == 1
    assert key in output


def refused_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.mark.parametrize(
    ("output", "changed", "cause"),
    [
        ("s3://no-such-bucket/out", {}, "no such bucket"),
        ("s3://crawl/refused", {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{refused_port()}"}, "could not connect"),
        (
            "s3://crawl/nobody",
            {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None, "AWS_EC2_METADATA_DISABLED": "true"},
            "no complete credentials",
        ),
    ],
    ids=["bucket", "refused", "credentials"],
)
def test_failures_are_one_sentence(bucket, environment, snapshot, tmp_path, output, changed, cause):  # noqa: PLR0917
    home = {"HOME": str(tmp_path), "AWS_CONFIG_FILE": str(tmp_path / "none")}
    changed = {**environment, **home, **changed}
    changed = {name: value for name, value in changed.items() if value is not None}
    code, said = run(snapshot.parent / "in.warc.gz", output, environment=changed)
    assert code == 1, said
    assert "Traceback" not in said
    last = said.strip().split("\n")[-1]
    assert last.startswith("Error: cannot ")
    assert cause in last
    if output.startswith("s3://crawl/"):
        assert keys_of(bucket, output.removeprefix("s3://crawl/")) == []


def test_keys_that_end_during_the_run(bucket, environment, snapshot, monkeypatch):
    """Access is refused after some requests: one sentence, no manifest, and the next run goes on to the same content."""
    crawl = snapshot.parent / "in.warc.gz"
    with monkeypatch.context() as refusing:
        refusing.setattr(moto_settings, "INITIAL_NO_AUTH_ACTION_COUNT", 25)
        refusing.setattr(ActionAuthenticatorMixin, "request_count", 0)
        code, said = run(crawl, "s3://crawl/half", environment=environment)
    assert code == 1, said
    assert "Traceback" not in said
    last = said.strip().split("\n")[-1]
    assert last.startswith("Error: cannot ")
    assert "access" in last
    left = keys_of(bucket, "half/")
    assert "half/run.json" in left
    assert "half/manifest.json" not in left
    for key in left:  # whatever is there is whole
        if key.endswith(".parquet"):
            pq.read_table(io.BytesIO(read(bucket, key)))
    code, said = run(crawl, "s3://crawl/half", environment=environment)
    assert code == 0, said
    assert contents(json.loads(read(bucket, "half/manifest.json"))) == contents(manifest_of(snapshot))
