"""Runners that are not Beam's local one: Prism, and a small server in the place of Dataflow."""

import json
import os
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def prism():
    """The Prism binary: MILLRACE_PRISM, build/prism, on PATH, or built with Go."""
    known = [os.environ.get("MILLRACE_PRISM"), ROOT / "build" / "prism", shutil.which("prism")]
    for path in known:
        if path and Path(path).is_file():
            return Path(path)
    if shutil.which("go") is None:
        pytest.skip("Prism is not on this machine, and there is no Go to build it with (set MILLRACE_PRISM)")
    target = "github.com/apache/beam/sdks/v2/go/cmd/prism@v2.77.0"
    environment = {**os.environ, "GOBIN": str(ROOT / "build")}
    done = subprocess.run(
        ["go", "install", target], env=environment, capture_output=True, text=True, check=False, timeout=600
    )
    if done.returncode:
        pytest.skip(f"Prism could not be built: {done.stderr.strip().splitlines()[-1]}")
    return ROOT / "build" / "prism"


@pytest.fixture
def dataflow(tmp_path):
    """A server that takes a job as the Dataflow service does, says that it is done, and keeps what it was sent."""
    jobs = []

    class Service(BaseHTTPRequestHandler):
        def do_POST(self):
            jobs.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.answer({"id": "job-1", "projectId": "p1", "currentState": "JOB_STATE_PENDING", "location": "r1"})

        def do_GET(self):
            messages = "messages" in self.path
            self.answer({"jobMessages": []} if messages else {"id": "job-1", "currentState": "JOB_STATE_DONE"})

        def answer(self, value):
            data = json.dumps(value).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://localhost:{server.server_port}", jobs, tmp_path
    server.shutdown()
    thread.join()
    server.server_close()
