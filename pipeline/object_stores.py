"""The s3:// and gs:// halves of pipeline/storage.py; imported when such a path is first used.

Clients are made once per process (each costs 200 to 400 ms; reference/beam.md, D) and keyed by the process id, since
their sockets must not be shared across a fork. Settings that matter:

- A host without a dot (localhost, minio) cannot have bucket.host names, so buckets go into the path there.
- Other services than Amazon's often know no checksum trailers, so those are sent to Amazon only.
"""

import functools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from pipeline.storage import FileInfo, StorageError

_CONNECT_SECONDS = 10
_READ_SECONDS = 60
_MISSING = ("404", "NoSuchKey", "NotFound")
_CAUSES = {
    "NoSuchBucket": "no such bucket",
    "NoSuchKey": "no such file",
    "404": "no such file or bucket",
    "AccessDenied": "access denied",
    "403": "access denied",
    "InvalidAccessKeyId": "the access key is not known",
    "SignatureDoesNotMatch": "the secret key is wrong",
    "ExpiredToken": "the credentials have expired",
    "InvalidToken": "the session token is not valid",
}


class _S3:
    def find(self, prefix: str, levels: int | None) -> Iterator[FileInfo]:
        bucket, key = _bucket_and_key(prefix)
        flat = {"Delimiter": "/"} if levels == 0 else {}
        with _s3_errors("list", prefix):
            for page in _s3().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key, **flat):
                for entry in page.get("Contents", ()):
                    if not entry["Key"].endswith("/"):  # consoles mark folders by empty objects
                        yield FileInfo(f"s3://{bucket}/{entry['Key']}", entry["Size"])

    def size(self, uri: str) -> int | None:
        bucket, key = _bucket_and_key(uri)
        if not key or key.endswith("/"):
            return None
        with _s3_errors("read", uri):
            try:
                return int(_s3().head_object(Bucket=bucket, Key=key)["ContentLength"])
            except _s3().exceptions.ClientError as error:
                if _code(error) in _MISSING:  # HEAD has no body: a missing bucket looks the same
                    return None
                raise

    def read(self, uri: str, start: int, end: int | None) -> bytes:
        bucket, key = _bucket_and_key(uri)
        whole = start == 0 and end is None
        extent = {} if whole else {"Range": f"bytes={start}-{'' if end is None else end - 1}"}
        with _s3_errors("read", uri):
            try:
                return bytes(_s3().get_object(Bucket=bucket, Key=key, **extent)["Body"].read())
            except _s3().exceptions.ClientError as error:
                if _code(error) in ("InvalidRange", "416"):  # behind the end
                    return b""
                raise

    def put(self, uri: str, data: bytes, *, new: bool) -> bool:
        bucket, key = _bucket_and_key(uri)
        condition = {"IfNoneMatch": "*"} if new else {}
        with _s3_errors("write", uri):
            try:
                _s3().put_object(Bucket=bucket, Key=key, Body=data, **condition)
            except _s3().exceptions.ClientError as error:
                if _code(error) in ("PreconditionFailed", "412"):
                    return False
                raise
        return True

    def delete(self, uri: str) -> None:
        bucket, key = _bucket_and_key(uri)
        with _s3_errors("delete", uri):
            _s3().delete_object(Bucket=bucket, Key=key)


class _Gcs:
    def find(self, prefix: str, levels: int | None) -> Iterator[FileInfo]:
        bucket, key = _bucket_and_key(prefix)
        with _gcs_errors("list", prefix):
            for blob in _gcs().list_blobs(bucket, prefix=key, delimiter="/" if levels == 0 else None):
                if not blob.name.endswith("/"):
                    yield FileInfo(f"gs://{bucket}/{blob.name}", blob.size)

    def size(self, uri: str) -> int | None:
        bucket, key = _bucket_and_key(uri)
        if not key or key.endswith("/"):
            return None
        with _gcs_errors("read", uri):
            blob = _gcs().bucket(bucket).get_blob(key)
            return None if blob is None else int(blob.size)

    def read(self, uri: str, start: int, end: int | None) -> bytes:
        from google.api_core.exceptions import RequestRangeNotSatisfiable

        bucket, key = _bucket_and_key(uri)
        with _gcs_errors("read", uri):
            try:
                blob = _gcs().bucket(bucket).blob(key)
                last = None if end is None else end - 1
                return bytes(blob.download_as_bytes(start=start or None, end=last, raw_download=True))
            except RequestRangeNotSatisfiable:
                return b""

    def put(self, uri: str, data: bytes, *, new: bool) -> bool:
        from google.api_core.exceptions import PreconditionFailed

        bucket, key = _bucket_and_key(uri)
        condition = {"if_generation_match": 0} if new else {}
        with _gcs_errors("write", uri):
            try:
                blob = _gcs().bucket(bucket).blob(key)
                blob.upload_from_string(data, content_type="application/octet-stream", **condition)
            except PreconditionFailed:
                return False
        return True

    def delete(self, uri: str) -> None:
        from google.api_core.exceptions import NotFound

        bucket, key = _bucket_and_key(uri)
        with _gcs_errors("delete", uri):
            try:
                _gcs().bucket(bucket).blob(key).delete()
            except NotFound as error:
                if "bucket" in str(error).lower() and key not in str(error):
                    raise


S3 = _S3()
GCS = _Gcs()


def _bucket_and_key(uri: str) -> tuple[str, str]:
    bucket, _, key = uri.partition("://")[2].partition("/")
    if not bucket:
        raise StorageError(f"cannot use {uri}: it names no bucket")
    return bucket, key


def _code(error: Exception) -> str:
    return str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))


@functools.lru_cache(maxsize=2)
def _s3_client(process: int) -> Any:  # noqa: ARG001 - the key of the cache
    import boto3
    from botocore.config import Config

    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    options: dict[str, Any] = {"connect_timeout": _CONNECT_SECONDS, "read_timeout": _READ_SECONDS}
    if endpoint:
        host = urlsplit(endpoint).hostname or ""
        if "." not in host:
            options["s3"] = {"addressing_style": "path"}
        if not host.endswith(".amazonaws.com"):
            options |= dict.fromkeys(("request_checksum_calculation", "response_checksum_validation"), "when_required")
    return boto3.session.Session().client("s3", config=Config(**options))


def _s3() -> Any:
    return _s3_client(os.getpid())


@contextmanager
def _s3_errors(action: str, uri: str) -> Iterator[None]:
    from botocore import exceptions as boto

    try:
        yield
    except boto.ClientError as error:
        cause = _CAUSES.get(_code(error)) or f"{_code(error)}, {error.response['Error'].get('Message', '')}"
        raise StorageError(f"cannot {action} {uri}: {cause}") from error
    except (boto.NoCredentialsError, boto.PartialCredentialsError) as error:
        cause = "no complete credentials are set (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile)"
        raise StorageError(f"cannot {action} {uri}: {cause}") from error
    except (boto.BotoCoreError, ValueError) as error:  # no connection, a bad name; ValueError: the endpoint is no URL
        raise StorageError(f"cannot {action} {uri}: {_one_line(error)}") from error


@functools.lru_cache(maxsize=2)
def _gcs_client(process: int) -> Any:  # noqa: ARG001 - the key of the cache
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import storage  # type: ignore[attr-defined]

    if os.environ.get("STORAGE_EMULATOR_HOST"):
        # Given outright: looking for credentials first took 24 to 39 s (reference/beam.md, D).
        return storage.Client(project="emulator", credentials=AnonymousCredentials())  # type: ignore[no-untyped-call]
    return storage.Client()


def _gcs() -> Any:
    return _gcs_client(os.getpid())


@contextmanager
def _gcs_errors(action: str, uri: str) -> Iterator[None]:
    from google.api_core.exceptions import Forbidden, GoogleAPIError, NotFound, Unauthorized
    from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError
    from requests.exceptions import RequestException

    try:
        yield
    except NotFound as error:
        raise StorageError(f"cannot {action} {uri}: no such file or bucket") from error
    except (Forbidden, Unauthorized) as error:
        raise StorageError(f"cannot {action} {uri}: access denied") from error
    except DefaultCredentialsError as error:
        cause = "no credentials are set (GOOGLE_APPLICATION_CREDENTIALS, or gcloud auth application-default login)"
        raise StorageError(f"cannot {action} {uri}: {cause}") from error
    except RequestException as error:
        raise StorageError(f"cannot {action} {uri}: no connection to the endpoint, {_one_line(error)}") from error
    except (GoogleAPIError, GoogleAuthError, OSError) as error:  # OSError: no project is set
        raise StorageError(f"cannot {action} {uri}: {_one_line(error)}") from error


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split())[:300]
    return text[:1].lower() + text[1:]
