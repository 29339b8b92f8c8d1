"""What is done to one page, in order: this module is the table of contents of filters/.

    cheap exits:  HTTP status and type -> size -> URL lists -> opt-outs -> charset -> language of a cheap plain text
    text:         main text -> normalised -> furniture lines removed -> language -> personal data and secrets redacted
    signals:      one segmentation, one pass of measures, perplexity, word order, quality, spinning, safety,
                  contamination -> fingerprint

Reads a `Page`; returns `Examined` (a document with every signal and its fingerprint) or `Rejected` (a ledger row with
the stage and reason of the exit). Decides nothing that a signal can decide later: see pipeline/decide.py.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass as plain_dataclass
from dataclasses import field
from typing import Any

from pydantic.dataclasses import dataclass

from filters import (
    charset,
    contamination,
    extract,
    language,
    measures,
    optout,
    order,
    perplexity,
    privacy,
    quality,
    repair,
    secrets,
    spun,
    toxicity,
)
from filters.charset import CharsetSpec
from filters.contamination import ContaminationSpec
from filters.extract import ExtractSpec, plain_text
from filters.fingerprint import Fingerprint, FingerprintSpec
from filters.http import HttpSpec
from filters.key import make_fold
from filters.language import Language, LanguageSpec
from filters.normalize import normalize
from filters.optout import OptOutSpec
from filters.order import OrderSpec
from filters.perplexity import PerplexitySpec
from filters.privacy import PrivacySpec
from filters.quality import QualitySpec
from filters.redaction import open_finders
from filters.repair import RepairSpec
from filters.secrets import SecretsSpec
from filters.spec import SPEC
from filters.spun import SpunSpec
from filters.toxicity import SafetySpec
from filters.url import UrlSpec
from filters.view import make_view
from schemas.decisions import KEEP, Decision, Drop
from schemas.records import Document, Page, Rejected
from schemas.signals import Signal

NORMALIZE_SIGNALS = (
    Signal("normalize_removed", "int", "chars", "characters that the stored text must not hold, removed"),
)
SIGNALS: tuple[Signal, ...] = (
    *charset.SIGNALS,
    *optout.SIGNALS,
    *extract.SIGNALS,
    *NORMALIZE_SIGNALS,
    *repair.SIGNALS,
    *language.SIGNALS,
    *privacy.SIGNALS,
    *secrets.SIGNALS,
    *measures.SIGNALS,
    *perplexity.SIGNALS,
    *order.SIGNALS,
    *quality.SIGNALS,
    *spun.SIGNALS,
    *toxicity.SIGNALS,
    *contamination.SIGNALS,
)


@dataclass(frozen=True, kw_only=True, config=SPEC)
class ChainSpec:
    """Every filter's table: all that shapes documents and signals."""

    http: HttpSpec = field(default_factory=HttpSpec)
    url: UrlSpec = field(default_factory=UrlSpec)
    optout: OptOutSpec = field(default_factory=OptOutSpec)
    charset: CharsetSpec = field(default_factory=CharsetSpec)
    extract: ExtractSpec = field(default_factory=ExtractSpec)
    repair: RepairSpec = field(default_factory=RepairSpec)
    language: LanguageSpec = field(default_factory=LanguageSpec)
    privacy: PrivacySpec = field(default_factory=PrivacySpec)
    secrets: SecretsSpec = field(default_factory=SecretsSpec)
    perplexity: PerplexitySpec = field(default_factory=PerplexitySpec)
    order: OrderSpec = field(default_factory=OrderSpec)
    quality: QualitySpec = field(default_factory=QualitySpec)
    spun: SpunSpec = field(default_factory=SpunSpec)
    safety: SafetySpec = field(default_factory=SafetySpec)
    contamination: ContaminationSpec = field(default_factory=ContaminationSpec)
    fingerprint: FingerprintSpec = field(default_factory=FingerprintSpec)


@plain_dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """A document, its signals by name, and its fingerprint."""

    document: Document
    signals: Mapping[str, Any]
    fingerprint: Fingerprint


def open_chain(spec: ChainSpec) -> Callable[[Page], Examined | Rejected]:
    """Load every asset once and return the function for one page."""
    accept_response, accept_url, check_optout = spec.http.open(), spec.url.open(), spec.optout.open()
    decode, find_text, identify = spec.charset.open(), spec.extract.open(), spec.language.open()
    look = open_look(spec.language)
    mend, redact = spec.repair.open(), open_finders(spec.secrets.finders() + spec.privacy.finders())
    meters = (
        measures.measure,
        spec.perplexity.open(),
        spec.order.open(),
        spec.quality.open(),
        spec.spun.open(),
        spec.safety.open(),
        spec.contamination.open(),
    )
    fingerprint, fold = spec.fingerprint.open(), make_fold()

    def examine(page: Page) -> Examined | Rejected:  # noqa: PLR0911 - one return an exit: this is their list
        if isinstance(decision := accept_response(page), Drop):
            return _rejected(page, "http", decision)
        if isinstance(decision := accept_url(page), Drop):
            return _rejected(page, "url", decision)
        decision, signals = check_optout(page)
        if isinstance(decision, Drop):
            return _rejected(page, "optout", decision)
        decoded = decode(page)
        if isinstance(decoded, Drop):
            return _rejected(page, "charset", decoded)
        signals = {**signals, **decoded.signals()}
        plain, decision = look(decoded.text, page)
        if isinstance(decision, Drop):
            return _rejected(page, "language", decision)
        extracted = find_text(decoded.text, page, plain)
        if isinstance(extracted, Drop):
            return _rejected(page, "extract", extracted)
        text, removed = normalize(extracted.text)
        if not text:
            return _rejected(page, "extract", Drop("no_text", value=0))
        mended = mend(text)
        spoken = identify(mended.text)
        redacted = redact(mended.text)
        text = redacted.text
        signals = {**signals, **extracted.signals(), **mended.signals(), **redacted.signals()}
        signals |= {"normalize_removed": sum(removed.values())} | spoken.signals()
        view = make_view(text, fold(text), spoken.language, spoken.script)
        for meter in meters:
            signals |= meter(view)
        title = redact(normalize(extracted.title)[0]).text if extracted.title else None
        said = {key: redact(value).text for key, value in extracted.metadata.items()}
        document = _document(page, text, spoken, title=title, extractor=extracted.extractor, said=said)
        return Examined(document=document, signals=signals, fingerprint=fingerprint(view))

    return examine


def open_look(spec: LanguageSpec) -> Callable[[str, Page], tuple[str | None, Decision]]:
    """The page's plain text, where a glance at its HTML was not enough, and whether it is worth extracting."""
    prescreen = spec.open_prescreen()
    if prescreen is None:
        return lambda _text, _page: (None, KEEP)
    surely_wanted = spec.open_glance()

    def look(text: str, page: Page) -> tuple[str | None, Decision]:
        if page.media != "html" or surely_wanted(text):
            return None, KEEP
        plain = plain_text(text)
        return plain, prescreen(plain)

    return look


def _rejected(page: Page, stage: str, drop: Drop) -> Rejected:
    return Rejected(
        stage=stage,
        reason=drop.reason,
        location=page.location,
        url=page.url,
        doc_id=page.doc_id,
        value=drop.value,
        threshold=drop.threshold,
        detail=drop.detail,
    )


def _document(
    page: Page, text: str, spoken: Language, *, title: str | None, extractor: str, said: Mapping[str, str]
) -> Document:
    return Document(
        doc_id=page.doc_id,
        url=page.url,
        text=text,
        title=title,
        language=spoken.language,
        script=spoken.script,
        source=page.source,
        fetched_at=page.fetched_at,
        location=page.location,
        extractor=extractor,
        metadata={**page.metadata, **said},
    )
