"""Runners that are not Beam's local one: Prism, and a small server in the place of Dataflow."""

import json
import os
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.command import ROOT
from tests.small_crawl import write_crawl

JOB = "2025-03-08_01_02_03-42"


@pytest.fixture(scope="session")
def prism():
    """The Prism binary: MILLRACE_PRISM, build/prism, on PATH, or built with Go."""
    known = [os.environ.get("MILLRACE_PRISM"), ROOT / "build" / "prism", shutil.which("prism")]
    for path in known:
        if path and Path(path).is_file():
            return Path(path)
    if shutil.which("go") is None:
        pytest.skip("Prism is not on this machine, and there is no Go to build it with (set MILLRACE_PRISM)")
    # Seconds with a warm cache of Go, 80 s on two idle cores without, 400 s when they are busy.
    target = "github.com/apache/beam/sdks/v2/go/cmd/prism@v2.77.0"
    environment = {**os.environ, "GOBIN": str(ROOT / "build")}
    done = subprocess.run(
        ["go", "install", target], env=environment, capture_output=True, text=True, check=False, timeout=900
    )
    if done.returncode:
        pytest.skip(f"Prism could not be built: {done.stderr.strip().splitlines()[-1]}")
    return ROOT / "build" / "prism"


@pytest.fixture(scope="module")
def crawl(tmp_path_factory):
    return write_crawl(tmp_path_factory.mktemp("crawl") / "in.warc.gz")


class Service(BaseHTTPRequestHandler):
    """Records jobs; each then fails as a job does whose worker could not write."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.jobs.append((self.path, json.loads(body)))
        self.answer({"id": JOB, "currentState": "JOB_STATE_PENDING"})

    def do_GET(self):
        told = "Traceback (most recent call last):\n  ...\npipeline.storage.StorageError: cannot write gs://x/y: access denied [while running 'Read']"
        message = {"id": "1", "time": "2025-03-08T01:02:03Z", "messageText": told, "messageImportance": 4}  # ERROR
        self.answer(
            {"jobMessages": [message]} if "messages" in self.path else {"id": JOB, "currentState": "JOB_STATE_FAILED"}
        )

    def answer(self, value):
        data = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def dataflow(crawl):
    """Dataflow's side, with the input on S3."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    server.jobs = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    store = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    store.start()
    host, port = store.get_host_and_port()
    server.environment = {
        **os.environ,
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
    client = boto3.client("s3", endpoint_url=server.environment["AWS_ENDPOINT_URL"], **keys)
    client.create_bucket(Bucket="crawl")
    client.put_object(Bucket="crawl", Key="in.warc.gz", Body=crawl.read_bytes())
    yield server
    server.shutdown()
    server.server_close()
    store.stop()


@pytest.fixture(scope="module")
def staging(tmp_path_factory):
    """Local staging: the runner writes there as it would to gs://."""
    folder = tmp_path_factory.mktemp("staging")
    (folder / "temp").mkdir()
    return folder
