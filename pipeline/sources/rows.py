"""A row of JSONL or Parquet as a `Page`: its text, or its markup, and what else the row says.

Text wins over markup; a row with neither is rejected. Fields that the recipe does not name ride along as metadata.
Lone surrogates and bytes that are not UTF-8 become U+FFFD, numbers that are not finite become null, so that whatever
a row holds can be stored.
"""

import math
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime

from pipeline.sources.capture import STAGE, parse_date
from pipeline.sources.spec import SourceSpec
from schemas.records import Location, Page, Rejected, document_id

REASONS = ("no_text_field", "bad_row", "payload_too_large")

_SURROGATE = re.compile("[\ud800-\udfff]")
_MAX_DEPTH = 64  # of metadata; deeper values are cut to null


def to_page(row: Mapping[str, object], location: Location, spec: SourceSpec) -> Page | Rejected:
    """The row as a page, or the reason why not."""
    url = _text(row.get(spec.url_field)) or ""
    media, field, content_type = "text", spec.text_field, "text/plain; charset=utf-8"
    if row.get(field) in (None, "") and row.get(spec.html_field) not in (None, ""):
        media, field, content_type = "html", spec.html_field, "text/html; charset=utf-8"
    value = row.get(field)
    if value is None:
        return _rejected("no_text_field", location, url, f"neither {spec.text_field} nor {spec.html_field} is there")
    if isinstance(value, bytes):
        payload, content_type = value, content_type.partition(";")[0]
    elif isinstance(value, str):
        payload = _clean(value).encode("utf-8")
    else:
        return _rejected("bad_row", location, url, f"{field} is a {type(value).__name__}, not a string")
    if len(payload) > spec.max_record_bytes:
        return _rejected("payload_too_large", location, url, value=len(payload), threshold=spec.max_record_bytes)
    used = {spec.text_field, spec.html_field, spec.id_field, spec.url_field, spec.language_field, spec.date_field}
    return Page(
        doc_id=document_id(_identity(row.get(spec.id_field), location, spec.name, payload)),
        url=url,
        fetched_at=_date(row.get(spec.date_field)),
        payload=payload,
        media=media,
        location=location,
        source=spec.name,
        headers=(("content-type", content_type),),
        language=_text(row.get(spec.language_field)),
        metadata={_clean(name): storable(value) for name, value in row.items() if name not in used},
    )


def storable(value: object, depth: int = 0) -> object:
    """The value as JSON can hold it."""
    if isinstance(value, Mapping) and depth < _MAX_DEPTH:
        return {_clean(str(name)): storable(item, depth + 1) for name, item in value.items()}
    if isinstance(value, list | tuple) and depth < _MAX_DEPTH:
        return [storable(item, depth + 1) for item in value]
    return _scalar(value)


def _scalar(value: object) -> object:
    plain: object = None
    if isinstance(value, str):
        plain = _clean(value)
    elif isinstance(value, float):
        plain = value if math.isfinite(value) else None
    elif isinstance(value, bytes):
        plain = value.decode("utf-8", "replace")
    elif isinstance(value, date):
        plain = value.isoformat()
    elif isinstance(value, bool | int):
        plain = value
    elif value is not None and not isinstance(value, Mapping | list | tuple):
        plain = str(value)  # Decimal, time, timedelta
    return plain


def _clean(text: str) -> str:
    return _SURROGATE.sub("\ufffd", text)


def _identity(row_id: object, location: Location, source: str, payload: bytes) -> str:
    """The row's own id; without one its file's base name, its place, and its content, for base names repeat."""
    if isinstance(row_id, str | int) and row_id != "":
        return f"{source}\n{row_id}"
    base = location.file.rpartition("/")[2]
    return f"{source}\n{base}\n{location.offset}\n{document_id(payload.decode('latin-1'))}"


def _text(value: object) -> str | None:
    return _clean(value) if isinstance(value, str) and value else None


def _date(value: object) -> datetime | None:
    if isinstance(value, datetime):
        utc = value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
        return utc.replace(microsecond=0)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return parse_date(value.strip()) if isinstance(value, str) else None


def _rejected(
    reason: str,
    location: Location,
    url: str,
    detail: str | None = None,
    *,
    value: float | None = None,
    threshold: float | None = None,
) -> Rejected:
    return Rejected(
        stage=STAGE,
        reason=reason,
        location=location,
        url=url or None,
        value=value,
        threshold=threshold,
        detail=detail,
    )
