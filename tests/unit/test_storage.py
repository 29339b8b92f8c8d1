"""Local files and gs:// (against a small server that speaks its JSON interface). s3:// has its own file."""

import json
import os
import resource
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from pipeline import object_stores, storage
from pipeline.storage import FileInfo, StorageError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def tree(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in (
        "a/x.gz",
        "a/b/y.gz",
        "a/b/c/z.gz",
        "a/b/note.txt",
        "a/.hidden/h.gz",
        "a/b/.part.gz",
        "top.gz",
        "a/[1].gz",
    ):
        storage.write_bytes(name, name.encode())
    return tmp_path


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("a/x.gz", ["a/x.gz"]),
        ("a", ["a/[1].gz", "a/b/c/z.gz", "a/b/note.txt", "a/b/y.gz", "a/x.gz"]),
        ("a/b/", ["a/b/c/z.gz", "a/b/note.txt", "a/b/y.gz"]),
        ("*.gz", ["top.gz"]),
        ("a/*.gz", ["a/[1].gz", "a/x.gz"]),
        ("a/*/*.gz", ["a/b/y.gz"]),
        ("a/**/*.gz", ["a/[1].gz", "a/b/c/z.gz", "a/b/y.gz", "a/x.gz"]),
        ("**", ["a/[1].gz", "a/b/c/z.gz", "a/b/note.txt", "a/b/y.gz", "a/x.gz", "top.gz"]),
        ("a/b/[!n]*", ["a/b/y.gz"]),
        ("a/?.gz", ["a/x.gz"]),
        ("a/[w-z].gz", ["a/x.gz"]),
        ("a/[1].gz", ["a/[1].gz"]),  # a file of that very name
        ("nothing/*", []),
        ("nothing", []),
    ],
)
def test_listing(tree, pattern, found):
    assert [file.uri for file in storage.list_files(pattern)] == found
    absolute = [file.uri for file in storage.list_files(f"{tree}/{pattern}")]
    assert absolute == [f"{tree}/{name}" for name in found]


def test_sizes_and_names(tree):
    assert storage.list_files("top.gz") == [FileInfo("top.gz", 6)]
    assert storage.size("top.gz") == 6
    assert (storage.exists("top.gz"), storage.exists("a"), storage.exists("none")) == (True, False, False)
    assert storage.list_names("a/b") == ["note.txt", "y.gz"]
    assert storage.list_names("none") == []


def test_links_between_folders_do_not_go_round(tree):
    (tree / "a/b/up").symlink_to(tree / "a")
    (tree / "a/more").symlink_to(tree / "elsewhere")
    (tree / "elsewhere").mkdir()
    (tree / "elsewhere/e.gz").write_bytes(b"")
    found = [file.uri for file in storage.list_files("a/**/*.gz")]
    assert found == ["a/[1].gz", "a/b/c/z.gz", "a/b/y.gz", "a/more/e.gz", "a/x.gz"]


def test_ranges(tmp_path):
    uri = str(tmp_path / "x")
    data = bytes(range(256)) * 20_000
    storage.write_bytes(uri, data)
    assert storage.read_bytes(uri) == data
    assert storage.read_bytes(uri, 5_000_000, 10) == data[5_000_000:5_000_010]
    assert storage.read_bytes(uri, len(data) - 3, 10) == data[-3:]
    assert storage.read_bytes(uri, len(data) + 9, 10) == storage.read_bytes(uri, 0, 0) == b""
    with storage.open_range(uri, 100, 3_000_000) as file:
        assert file.read(3) == data[100:103]
        assert file.seek(-2, os.SEEK_END) == 2_999_898
        assert file.read() == data[2_999_998:3_000_000]
        file.seek(0)
        assert file.read() == data[100:3_000_000]


def test_writes_are_whole_and_leave_nothing_behind(tmp_path):
    uri = str(tmp_path / "new/folder/x")
    assert storage.write_new(uri, b"first")
    assert not storage.write_new(uri, b"second")
    assert storage.read_bytes(uri) == b"first"
    storage.write_bytes(uri, b"third")
    assert storage.read_bytes(uri) == b"third"
    assert os.listdir(tmp_path / "new/folder") == ["x"]  # noqa: PTH208
    umask = os.umask(0)
    os.umask(umask)
    assert Path(uri).stat().st_mode & 0o777 == 0o666 & ~umask
    storage.delete(uri)
    storage.delete(uri)
    assert not storage.exists(uri)


def test_what_a_killed_writer_left_is_removed_and_nothing_else(tmp_path):
    (tmp_path / "sets").mkdir()
    left = tmp_path / "sets" / ".split-000002.sets.f17cc01b2dae694b.part"
    others = [tmp_path / "sets" / "a.part", tmp_path / "sets" / ".mine.part", tmp_path / "sets" / "b.json"]
    for path in [left, *others]:
        path.write_bytes(b"x")
    storage.delete_unfinished(str(tmp_path))
    assert not left.exists()
    assert all(path.exists() for path in others)
    storage.delete_unfinished(str(tmp_path / "nothing here"))


def test_a_full_disk_is_one_sentence_and_leaves_the_old_file(tmp_path):
    uri = str(tmp_path / "x")
    storage.write_bytes(uri, b"old")
    code = (
        "import sys; from pipeline import storage\n"
        "try: storage.write_bytes(sys.argv[1], bytes(1 << 20))\n"
        "except storage.StorageError as error: print(error)\n"
    )

    def limited():  # the kernel refuses in the middle of the write, as it does on a full disk
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16))

    command = [sys.executable, "-c", code, uri]
    said = subprocess.run(command, cwd=ROOT, preexec_fn=limited, check=True, capture_output=True, text=True)
    assert said.stdout == f"cannot write {uri}: file too large\n"
    assert os.listdir(tmp_path) == ["x"]  # noqa: PTH208
    assert storage.read_bytes(uri) == b"old"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_no_space_left_is_said():
    with (
        pytest.raises(StorageError, match=r"^cannot write x: no space left on device$"),
        storage._local_errors("write", "x"),
    ):
        Path("/dev/full").write_bytes(b"x")


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (lambda: storage.read_bytes("none"), "cannot read none: no such file or directory"),
        (lambda: storage.size("none"), "cannot read none: no such file"),
        (lambda: storage.open_range("none"), "cannot read none: no such file"),
        (lambda: storage.read_bytes("a"), "cannot read a: is a directory"),
        (lambda: storage.write_bytes("top.gz/x", b""), "cannot write top.gz/x: file exists"),
        (lambda: storage.write_bytes("a", b""), "cannot write a: is a directory"),
        (lambda: storage.exists("https://example.org/x"), "cannot use https://example.org/x: only local paths, s3:// and gs:// are known, not https://"),
        (lambda: storage.exists("s3:///x"), "cannot use s3:///x: it names no bucket"),
    ],
)  # fmt: skip
def test_failures_are_one_sentence(tree, act, sentence):
    with pytest.raises(StorageError) as error:
        act()
    assert str(error.value) == sentence


def test_join_and_folders(tmp_path):
    assert storage.join("s3://b", "x", "y") == storage.join("s3://b/", "x", "y") == "s3://b/x/y"
    assert (storage.join("", "x"), storage.join("/", "x"), storage.join("a/", "x")) == ("x", "/x", "a/x")
    assert storage.local_path("a/b") == Path("a/b")
    assert storage.local_path("s3://b/x") is None
    storage.make_folder(str(tmp_path / "p/q"))
    assert (tmp_path / "p/q").is_dir()
    storage.make_folder("s3://b/x")


def test_object_stores_are_imported_only_when_they_are_used(tmp_path):
    code = (
        "import sys; from pipeline import storage\n"
        "storage.write_bytes(sys.argv[1], b'x'); storage.list_files(sys.argv[1])\n"
        "print([name for name in ('boto3', 'google.cloud.storage', 'pipeline.object_stores') if name in sys.modules])\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "x")]
    assert subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout == "[]\n"


class _Gcs(BaseHTTPRequestHandler):
    """The part of the JSON interface of Google Cloud Storage that the client uses here; one bucket, "b"."""

    files: dict[str, bytes]

    def do_GET(self):
        url = urlsplit(self.path)
        query = parse_qs(url.query)
        _, _, rest = url.path.partition("/b/")
        bucket, _, name = rest.partition("/o")
        name = unquote(name.removeprefix("/"))
        if bucket != "b" or (name and name not in self.files):
            self._answer(404, {"error": {"code": 404, "message": "not found"}})
        elif not name:
            found = sorted(key for key in self.files if key.startswith(query.get("prefix", [""])[0]))
            self._answer(200, {"items": [self._resource(key) for key in found]})
        elif "media" in query.get("alt", ()):
            self._media(self.files[name])
        else:
            self._answer(200, self._resource(name))

    def do_POST(self):
        query = parse_qs(urlsplit(self.path).query)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        boundary = self.headers["Content-Type"].partition("boundary=")[2].strip('"').encode()
        _, meta, media, _ = body.split(b"--" + boundary)
        name = json.loads(meta.partition(b"\r\n\r\n")[2])["name"]
        if query.get("ifGenerationMatch") == ["0"] and name in self.files:
            self._answer(412, {"error": {"code": 412, "message": "conditionNotMet"}})
            return
        self.files[name] = media.partition(b"\r\n\r\n")[2][:-2]
        self._answer(200, self._resource(name))

    def do_DELETE(self):
        gone = self.files.pop(unquote(urlsplit(self.path).path.partition("/o/")[2]), None)
        self._answer(404 if gone is None else 204, {"error": {"code": 404, "message": "not found"}})

    def _resource(self, name):
        return {
            "kind": "storage#object",
            "name": name,
            "bucket": "b",
            "size": str(len(self.files[name])),
            "generation": "1",
        }

    def _media(self, data):
        start, _, end = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")
        if int(start) >= len(data):
            self._answer(416, {})
            return
        part = data[int(start) : int(end) + 1 if end else None]
        self._answer(206 if "Range" in self.headers else 200, part)

    def _answer(self, status, content):
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data) if status != 204 else 0))
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        if status != 204:
            self.wfile.write(data)

    def log_message(self, *args):
        pass


@pytest.fixture
def gcs(monkeypatch):
    handler = type("Handler", (_Gcs,), {"files": {}})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{server.server_port}")
    object_stores._gcs_client.cache_clear()
    yield handler.files
    object_stores._gcs_client.cache_clear()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.filterwarnings("ignore:Please install grpcio-status:ImportWarning")
def test_google_cloud_storage(gcs):
    storage.write_bytes("gs://b/in/x.gz", b"0123456789")
    assert storage.write_new("gs://b/in/y.gz", b"y")
    assert not storage.write_new("gs://b/in/y.gz", b"z")
    assert gcs == {"in/x.gz": b"0123456789", "in/y.gz": b"y"}
    assert storage.list_files("gs://b/in/*.gz") == [FileInfo("gs://b/in/x.gz", 10), FileInfo("gs://b/in/y.gz", 1)]
    assert storage.list_names("gs://b/in") == ["x.gz", "y.gz"]
    assert storage.read_bytes("gs://b/in/x.gz") == b"0123456789"
    assert storage.read_bytes("gs://b/in/x.gz", 3, 4) == b"3456"
    assert storage.read_bytes("gs://b/in/x.gz", 30, 4) == b""
    assert storage.open_range("gs://b/in/x.gz", 2).read() == b"23456789"
    assert (storage.exists("gs://b/in/none"), storage.exists("gs://b/in/x.gz")) == (False, True)
    storage.delete("gs://b/in/x.gz")
    storage.delete("gs://b/in/x.gz")
    assert not storage.exists("gs://b/in/x.gz")
    for act in (lambda: storage.read_bytes("gs://b/none"), lambda: storage.list_files("gs://other/*")):
        with pytest.raises(StorageError, match=r"^cannot (read|list) gs://\S+: no such file or bucket$"):
            act()
