"""The rows of documents/, signals/, fingerprints/ and ledger/ that the read stage writes."""

import json
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from filters.chain import SIGNALS, Examined
from schemas.records import Location, Rejected
from schemas.tables import DOCUMENTS, FINGERPRINTS, LEDGER, signals_schema, table_of

SIGNALS_TABLE = signals_schema(SIGNALS)


def tables_of(kept: Sequence[Examined], rejected: Sequence[Rejected]) -> dict[str, pa.Table]:
    """The four tables of these records, by name.

    Raises:
        ValueError: a filter measures what it does not declare.

    """
    documents, signals = stored_tables(kept)
    return {
        "documents": documents,
        "signals": signals,
        "fingerprints": table_of([_fingerprint_row(item) for item in kept], FINGERPRINTS),
        "ledger": table_of([_ledger_row(item) for item in rejected], LEDGER),
    }


def _location(location: Location) -> dict[str, Any]:
    return {"file": location.file, "offset": location.offset, "length": location.length}


def _document_row(item: Examined) -> dict[str, Any]:
    document = item.document
    return {
        "doc_id": document.doc_id,
        "url": document.url,
        "text": document.text,
        "title": document.title,
        "language": document.language,
        "script": document.script,
        "source": document.source,
        "fetched_at": document.fetched_at,
        "location": _location(document.location),
        "extractor": document.extractor,
        "metadata": json.dumps(document.metadata, ensure_ascii=False, sort_keys=True, default=str),
    }


def stored_tables(kept: Sequence[Examined]) -> tuple[pa.Table, pa.Table]:
    """The rows of documents/ and signals/ of these documents.

    Raises:
        ValueError: a filter measures what it does not declare.

    """
    columns: dict[str, list[Any]] = {"doc_id": [item.document.doc_id for item in kept]}
    for item in kept[:1]:
        if unknown := set(item.signals) - set(SIGNALS_TABLE.names):
            raise ValueError(f"signals that no filter declares: {sorted(unknown)}")
    for name in SIGNALS_TABLE.names[1:]:
        columns[name] = [item.signals.get(name) for item in kept]
    documents = table_of([_document_row(item) for item in kept], DOCUMENTS)
    return documents, pa.table(columns, schema=SIGNALS_TABLE)


def _fingerprint_row(item: Examined) -> dict[str, Any]:
    fingerprint = item.fingerprint
    return {
        "doc_id": item.document.doc_id,
        "digest": fingerprint.digest,
        "bands": fingerprint.bands,
        "shingles": fingerprint.shingles,
        "sketch": fingerprint.sketch,
    }


def _ledger_row(item: Rejected) -> dict[str, Any]:
    return {
        "doc_id": item.doc_id,
        "url": item.url,
        "location": _location(item.location),
        "stage": item.stage,
        "reason": item.reason,
        "value": item.value,
        "threshold": item.threshold,
        "detail": item.detail,
    }
