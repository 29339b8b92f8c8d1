"""What is done to one page, in order: this module is the table of contents of filters/.

    cheap exits:  HTTP status and type -> size -> URL lists -> opt-outs -> charset -> language of a cheap plain text
    text:         main text -> normalised -> furniture lines removed -> language -> personal data and secrets redacted
    signals:      one segmentation, one pass of measures, perplexity, word order, quality, spinning, safety,
                  contamination -> fingerprint

Reads a `Page`; returns `Examined` (a document with every signal and its fingerprint) or `Rejected` (a ledger row with
the stage and reason of the exit). Decides nothing that a signal can decide later: see pipeline/decide.py.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass as plain_dataclass
from dataclasses import field, replace
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
from filters.extract import Extracted, ExtractSpec, plain_text
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
from filters.redaction import Redacted, open_finders
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


@plain_dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A page whose main text was found, as `Chain.find` leaves it; `page` without its payload."""

    page: Page
    text: str
    extracted: Extracted
    signals: Mapping[str, Any]


@plain_dataclass(frozen=True, slots=True)
class Chain:
    """All filters, in two halves; `chain(page)` is both.

    `find` has every exit. `measure` cannot reject, and takes several texts filter by filter, each while its tables are in
    the processor's cache: sixteen at once take a sixth less time than one by one, with the same results.
    """

    find: Callable[[Page], Found | Rejected]
    measure: Callable[[Sequence[Found]], list[Examined]]

    def __call__(self, page: Page) -> Examined | Rejected:
        """What becomes of one page."""
        found = self.find(page)
        return found if isinstance(found, Rejected) else self.measure([found])[0]


def open_chain(spec: ChainSpec) -> Chain:
    """Load every asset once."""
    return Chain(_open_find(spec), _open_measure(spec))


def open_accept(spec: ChainSpec) -> Callable[[Page], Mapping[str, Any] | Rejected]:
    """The exits that look at no text: HTTP status and type, size, URL lists, opt-outs; the signals of a page that stays."""
    accept_response, accept_url, check_optout = spec.http.open(), spec.url.open(), spec.optout.open()

    def accept(page: Page) -> Mapping[str, Any] | Rejected:
        if isinstance(decision := accept_response(page), Drop):
            return _rejected(page, "http", decision)
        if isinstance(decision := accept_url(page), Drop):
            return _rejected(page, "url", decision)
        decision, signals = check_optout(page)
        return _rejected(page, "optout", decision) if isinstance(decision, Drop) else signals

    return accept


def _open_find(spec: ChainSpec) -> Callable[[Page], Found | Rejected]:
    accept = open_accept(spec)
    decode, look, find_text = spec.charset.open(), open_look(spec.language), spec.extract.open()

    def find(page: Page) -> Found | Rejected:
        accepted = accept(page)
        if isinstance(accepted, Rejected):
            return accepted
        decoded = decode(page)
        if isinstance(decoded, Drop):
            return _rejected(page, "charset", decoded)
        plain, decision = look(decoded.text, page)
        if isinstance(decision, Drop):
            return _rejected(page, "language", decision)
        extracted = find_text(decoded.text, page, plain)
        if isinstance(extracted, Drop):
            return _rejected(page, "extract", extracted)
        text, removed = normalize(extracted.text)
        if not text:
            return _rejected(page, "extract", Drop("no_text", value=0))
        signals = {**accepted, **decoded.signals(), **extracted.signals(), "normalize_removed": sum(removed.values())}
        return Found(page=replace(page, payload=b""), text=text, extracted=extracted, signals=signals)

    return find


def _open_measure(spec: ChainSpec) -> Callable[[Sequence[Found]], list[Examined]]:
    mend, identify = spec.repair.open(), spec.language.open()
    redact = open_finders(spec.secrets.finders() + spec.privacy.finders())
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

    def measure(batch: Sequence[Found]) -> list[Examined]:
        mended = [mend(found.text) for found in batch]
        spoken = [identify(one.text) for one in mended]
        redacted = [redact(one.text) for one in mended]
        keys = [fold(one.text) for one in redacted]
        views = [
            make_view(one.text, key, said.language, said.script)
            for one, key, said in zip(redacted, keys, spoken, strict=True)
        ]
        signals: list[dict[str, Any]] = [
            {**found.signals, **line.signals(), **one.signals(), **said.signals()}
            for found, line, one, said in zip(batch, mended, redacted, spoken, strict=True)
        ]
        for meter in meters:
            for known, view in zip(signals, views, strict=True):
                known.update(meter(view))
        prints = [fingerprint(view) for view in views]
        return [
            Examined(document=_document(found, view.text, said, redact), signals=known, fingerprint=made)
            for found, view, said, known, made in zip(batch, views, spoken, signals, prints, strict=True)
        ]

    return measure


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


def _document(found: Found, text: str, spoken: Language, redact: Callable[[str], Redacted]) -> Document:
    page, extracted = found.page, found.extracted
    return Document(
        doc_id=page.doc_id,
        url=page.url,
        text=text,
        title=redact(normalize(extracted.title)[0]).text if extracted.title else None,
        language=spoken.language,
        script=spoken.script,
        source=page.source,
        fetched_at=page.fetched_at,
        location=page.location,
        extractor=extracted.extractor,
        metadata={**page.metadata, **{key: redact(value).text for key, value in extracted.metadata.items()}},
    )
