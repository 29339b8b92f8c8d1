"""A WARC record as a `Page`, or as the reason why it is none.

Pages are: `response` records with an HTTP response, `resource` records of an address that was fetched (http, https,
ftp, file), and `conversion` records (WET), whose text is final. Status and type are not judged here. Rejected: records
that are no capture, revisits, captures without an address or an HTTP head, and payloads above the cap.
"""

import hashlib
import re
from datetime import UTC, datetime

from pipeline.sources.http import Headers, Response, parse_response
from pipeline.sources.warc import Record
from schemas.records import Location, Page, Rejected, document_id

STAGE = "read"
_SHOWN_CHARS = 100  # of a record's type in the ledger
_FETCHED = re.compile(r"(?:https?|ftps?|file):", re.IGNORECASE)
_FOURTEEN_DIGITS = re.compile(
    r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)", re.ASCII
)  # as ARC files and some tools write it
# What a crawler found out itself, kept for the rules: WARC header -> key of Page.metadata.
_KEPT_HEADERS = (
    ("warc-identified-payload-type", "identified_payload_type"),
    ("warc-identified-content-language", "identified_content_language"),
)


def to_page(record: Record, location: Location, source: str, cap: int) -> Page | Rejected:
    """The record as a page whose decoded payload has at most `cap` bytes, or the reason why not."""
    headers = record.headers
    kind = headers.get("warc-type", "").lower()
    url = address(headers)
    doc_id = record_identity(headers)
    refused = _refused(kind, url)
    value: float | None = None
    response: Response | None = None
    if refused is None:
        response = _response(record, kind, cap)
        if response is None:
            start = record.data[record.begin : min(record.end, record.begin + 20)]
            refused = ("not_http", f"the content begins with {start!r}")
        elif response.body is None:
            refused, value = ("payload_too_large", None), float(cap + 1 if record.kept else record.length)
    if refused is not None or response is None or response.body is None:
        reason, detail = refused or ("", None)
        return Rejected(
            stage=STAGE,
            reason=reason,
            location=location,
            url=url or None,
            doc_id=doc_id,
            value=value,
            threshold=None if value is None else float(cap),
            detail=detail,
        )
    date = headers.get("warc-date", "")
    return Page(
        doc_id=doc_id or _fallback_id(url, date, response.body),
        url=url,
        fetched_at=parse_date(date),
        payload=response.body,
        media="text" if kind == "conversion" or _is_plain_text(response.headers) else "html",
        location=location,
        source=source,
        status=response.status,
        headers=response.headers,
        truncated=response.truncated or "warc-truncated" in headers or "warc-segment-number" in headers,
        metadata={key: headers[name] for name, key in _KEPT_HEADERS if name in headers},
    )


def address(headers: dict[str, str]) -> str:
    """The record's WARC-Target-URI without brackets and raw spaces, or ""."""
    uri = headers.get("warc-target-uri", "").strip("<> \t")
    return uri.replace(" ", "%20") if " " in uri else uri


def record_identity(headers: dict[str, str]) -> str | None:
    """The document id that the record's WARC-Record-ID gives, None where it has none."""
    identity = headers.get("warc-record-id", "").strip("<> \t")
    return document_id(identity) if identity else None


def _refused(kind: str, url: str) -> tuple[str, str | None] | None:
    """Reason and detail why a record of that type and address is no page, None when it may be one."""
    if kind == "revisit":
        return "revisit", "the server sent again what an earlier record holds"
    if kind not in ("response", "resource", "conversion"):
        return "not_a_capture", kind[:_SHOWN_CHARS] or "a record without WARC-Type"
    if not url:
        return "no_target_uri", kind
    if kind == "resource" and not _FETCHED.match(url):
        return "not_a_capture", f"resource of {url.partition(':')[0][:_SHOWN_CHARS]}"
    if kind == "response" and url[:4].lower() == "dns:":
        return "not_a_capture", "dns"
    return None


def _response(record: Record, kind: str, cap: int) -> Response | None:
    """What was captured; its body is None above the cap. None where an HTTP response should be and is not."""
    content_type = record.headers.get("content-type", "")
    http_headers: Headers = (("content-type", content_type),) if content_type else ()
    if not record.kept:
        return Response(None, http_headers, None, truncated=False)
    if kind == "response" or content_type[:16].lower() == "application/http":
        return parse_response(record.data, record.begin, record.end, cap)
    body = record.data[record.begin : record.end] if record.end - record.begin <= cap else None
    return Response(None, http_headers, body, truncated=False)


def parse_date(text: str) -> datetime | None:
    """An ISO 8601 date and time (or 14 digits) in UTC, in whole seconds; without a zone it is taken for UTC."""
    try:
        digits = _FOURTEEN_DIGITS.fullmatch(text)
        date = datetime(*map(int, digits.groups())) if digits else datetime.fromisoformat(text.upper())  # type: ignore[arg-type]  # noqa: DTZ001
        utc = date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return utc.replace(microsecond=0)


def _fallback_id(url: str, date: str, payload: bytes) -> str:
    digest = hashlib.blake2b(payload, digest_size=16).hexdigest()
    return document_id(f"{url}\n{date}\n{digest}")


def _is_plain_text(headers: Headers) -> bool:
    value = next((value for name, value in headers if name == "content-type"), "")
    return value.partition(";")[0].strip().lower() == "text/plain"
