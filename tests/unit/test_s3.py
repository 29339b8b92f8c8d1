"""s3:// against a real HTTP server (moto's), and its failures as sentences."""

import socket

import boto3
import pytest
from moto.server import ThreadedMotoServer

from pipeline import object_stores, storage
from pipeline.sources import open_split
from pipeline.sources.spec import SourceSpec
from pipeline.splits import plan_splits
from pipeline.storage import FileInfo, StorageError
from tests.warc_files import http, member, noise, pages, record

BODIES = [noise(40_000, seed=number) for number in range(5)]


@pytest.fixture(scope="module")
def server():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(server, monkeypatch):
    for name, value in {
        "AWS_ENDPOINT_URL_S3": server,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_MAX_ATTEMPTS": "1",
    }.items():
        monkeypatch.setenv(name, value)
    object_stores._s3_client.cache_clear()
    client = boto3.client("s3")
    client.create_bucket(Bucket="crawl")
    yield client
    for page in client.get_paginator("list_objects_v2").paginate(Bucket="crawl"):
        for entry in page.get("Contents", ()):
            client.delete_object(Bucket="crawl", Key=entry["Key"])
    object_stores._s3_client.cache_clear()


def test_listing(s3, monkeypatch):
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "2")  # so that listings have several pages
    for number in range(7):
        s3.put_object(Bucket="crawl", Key=f"many/{number:04}", Body=b"")
    for key in ("in/x.gz", "in/deep/y.gz", "in/.part", "in/folder/"):
        s3.put_object(Bucket="crawl", Key=key, Body=key.encode())
    assert storage.list_files("s3://crawl/in/x.gz") == [FileInfo("s3://crawl/in/x.gz", 7)]
    assert [file.uri for file in storage.list_files("s3://crawl/in")] == [
        "s3://crawl/in/deep/y.gz",
        "s3://crawl/in/x.gz",
    ]
    assert [file.uri for file in storage.list_files("s3://crawl/in/*.gz")] == ["s3://crawl/in/x.gz"]
    assert [file.uri for file in storage.list_files("s3://crawl/**/y.gz")] == ["s3://crawl/in/deep/y.gz"]
    assert storage.list_files("s3://crawl/none/*") == storage.list_files("s3://crawl/none") == []
    assert storage.list_names("s3://crawl/in") == ["x.gz"]
    assert len(storage.list_files("s3://crawl/many")) == 7


def test_reads_and_writes(s3):
    uri = "s3://crawl/out/x"
    data = noise(9 << 20)
    storage.write_bytes(uri, data)
    assert storage.size(uri) == len(data)
    assert storage.read_bytes(uri) == data
    assert storage.read_bytes(uri, 1000, 10) == data[1000:1010]
    assert storage.read_bytes(uri, len(data) - 2, 10) == data[-2:]
    assert storage.read_bytes(uri, len(data), 10) == b""
    with storage.open_range(uri, 5, len(data) - 5) as file:
        assert file.read() == data[5:-5]
        assert (file.seek(-3, 2), file.read()) == (len(data) - 13, data[-8:-5])
    assert not storage.write_new(uri, b"other")
    assert storage.write_new("s3://crawl/out/y", b"")
    assert (storage.size(uri), storage.size("s3://crawl/out/y")) == (len(data), 0)
    storage.delete(uri)
    storage.delete(uri)
    assert not storage.exists(uri)


def test_reads_are_bounded_and_few(s3):
    storage.write_bytes("s3://crawl/x", bytes(20 << 20))
    ranges = []
    client = object_stores._s3()
    client.meta.events.register(
        "before-send.s3.GetObject", lambda request, **_: ranges.append(request.headers.get("Range"))
    )
    with storage.open_range("s3://crawl/x") as file:
        while file.read(10_000):
            pass
        file.seek(0)
        assert len(file.read()) == 20 << 20
    assert [extent.decode() if isinstance(extent, bytes) else extent for extent in ranges] == [
        f"bytes={n << 22}-{((n + 1) << 22) - 1}" for n in (*range(5), *range(5))
    ]


def test_a_crawl_is_read_from_a_bucket_however_it_is_cut(s3):
    data = b"".join(member(record(http(body), url=f"https://example.org/{n}")) for n, body in enumerate(BODIES))
    storage.write_bytes("s3://crawl/crawl-data/a.warc.gz", data)
    storage.write_bytes("s3://crawl/warc.paths", b"crawl-data/a.warc.gz\n")
    for split_bytes in (1 << 20, 30_000):
        spec = SourceSpec(paths=("s3://crawl/warc.paths",), split_bytes=split_bytes)
        splits = plan_splits(spec)
        found = pages([item for split in splits for item in open_split(split, spec)])
        assert sorted(page.payload for page in found) == sorted(BODIES)
    assert len(splits) == round(len(data) / 30_000)


ACTIONS = {
    "list": lambda uri: storage.list_files(f"{uri}/*"),
    "read": storage.read_bytes,
    "write": lambda uri: storage.write_bytes(uri, b"x"),
    "delete": storage.delete,
}


@pytest.mark.parametrize("action", ACTIONS)
def test_no_such_bucket(s3, action):
    with pytest.raises(StorageError, match=rf"^cannot {action} s3://none/x/?: no such bucket$"):
        ACTIONS[action]("s3://none/x")


def test_no_such_file(s3):
    with pytest.raises(StorageError, match=r"^cannot read s3://crawl/none: no such file$"):
        storage.read_bytes("s3://crawl/none")
    with pytest.raises(StorageError, match=r"^cannot read s3://crawl/none: no such file$"):
        storage.open_range("s3://crawl/none")


@pytest.mark.parametrize("action", ACTIONS)
def test_a_refused_connection(s3, monkeypatch, action):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{free.getsockname()[1]}")
    object_stores._s3_client.cache_clear()
    with pytest.raises(
        StorageError, match=rf"^cannot {action} s3://crawl/x/?: could not connect to the endpoint URL: .http://127"
    ):
        ACTIONS[action]("s3://crawl/x")


def test_an_endpoint_that_is_no_url(s3, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "nonsense")
    object_stores._s3_client.cache_clear()
    with pytest.raises(StorageError, match=r"^cannot read s3://crawl/x: invalid endpoint: nonsense$"):
        storage.read_bytes("s3://crawl/x")


def test_no_credentials(s3, monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    object_stores._s3_client.cache_clear()
    with pytest.raises(StorageError, match=r"^cannot read s3://crawl/x: no complete credentials are set"):
        storage.read_bytes("s3://crawl/x")


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("AccessDenied", "access denied"),
        ("InvalidAccessKeyId", "the access key is not known"),
        ("SignatureDoesNotMatch", "the secret key is wrong"),
        ("SlowDown", "SlowDown, please wait"),
    ],
)
def test_refusals_of_the_service(s3, code, cause):
    def refuse(**_):
        body = f"<Error><Code>{code}</Code><Message>please wait</Message></Error>".encode()
        return boto3_response(403, body)

    object_stores._s3().meta.events.register("before-send.s3.GetObject", refuse)
    with pytest.raises(StorageError, match=rf"^cannot read s3://crawl/x: {cause}$"):
        storage.read_bytes("s3://crawl/x")


def boto3_response(status, body):
    from io import BytesIO

    from botocore.awsrequest import AWSResponse

    raw = type("Raw", (BytesIO,), {"stream": lambda self, **_: iter([self.read()])})(body)
    return AWSResponse("http://127.0.0.1", status, {"Content-Type": "application/xml"}, raw)
