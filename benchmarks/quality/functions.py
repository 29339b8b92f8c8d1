"""Single filters on labelled rows: URL lists, perplexity, leaks of test questions."""

import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.quality import corpora
from benchmarks.quality.figures import DATA, Figure, auc, rows, share
from filters.contamination import ContaminationSpec
from filters.key import make_fold
from filters.perplexity import PerplexitySpec
from filters.url import UrlSpec
from filters.view import TextView, make_view
from schemas.decisions import Drop
from schemas.records import Location, Page

_SCRIPTS = {"zh": "Hans", "zh-Hant": "Hant", "en": "Latn"}


def measure(_scratch: Path) -> Iterator[Figure]:
    """All of them; nothing is written."""
    yield from url_lists()
    yield from perplexity()
    yield from leaks()


def url_lists() -> Iterator[Figure]:
    """With list/ configured: distinct URLs to block that are found, and those to allow that are blocked."""
    check = UrlSpec(lists=(str(DATA / "url-filter" / "list"),)).open()
    labels = defaultdict(set)
    for row in rows("url-filter/labelled-urls.jsonl.gz"):
        labels[row["label"]].add(row["url"])
    blocked = {url for url in labels["block"] | labels["allow"] if isinstance(check(_page(url)), Drop)}
    missed = sorted(labels["block"] - blocked)
    yield share("URL lists", "recall", (url in blocked for url in labels["block"]), detail=missed[:20])
    wrong = sorted(blocked & labels["allow"])
    yield Figure(
        group="URL lists",
        name="false alarms",
        value=len(wrong),
        count=len(labels["allow"]),
        better="lower",
        whole=True,
        detail=wrong,
    )


def _page(url: str) -> Page:
    place = Location(file="", offset=0, length=0)
    return Page(doc_id="", url=url, fetched_at=None, payload=b"", media="html", location=place, source="")


def perplexity() -> Iterator[Figure]:
    """AUC of clean prose, unseen by the models, against garbage made from it.

    By perplexity_score; for shuffled words, whose characters are as likely as before, by perplexity_order as well.
    """
    score, fold = PerplexitySpec().open(), make_fold()
    for corpus in _SCRIPTS:
        rng = random.Random(f"perplexity {corpus}")
        texts = corpora.unseen_prose(corpus)[:150]
        spoilt: dict[str, list[str]] = defaultdict(list)
        for text in texts:
            for form, bad in corpora.spoil(text, corpus, texts, rng).items():
                spoilt[form].append(bad)
        good = _signals(texts, corpus, score, fold)
        for form, bad_texts in spoilt.items():
            spoilt_signals = _signals(bad_texts, corpus, score, fold)
            yield _area(corpus, form, "perplexity_score", good, spoilt_signals, sign=1)
            if form in ("words shuffled", "word salad") and corpus != "en":  # English has wording.order
                yield _area(corpus, form, "perplexity_order", good, spoilt_signals, sign=-1)


def _signals(
    texts: list[str], corpus: str, score: Callable[[TextView], object], fold: Callable[[str], str]
) -> list[dict[str, float | None]]:
    views = (make_view(text, fold(text), corpus[:2], _SCRIPTS[corpus]) for text in texts)
    return [dict(score(view)) for view in views]  # type: ignore[call-overload]


def _area(
    corpus: str,
    form: str,
    signal: str,
    good: list[dict[str, float | None]],
    bad: list[dict[str, float | None]],
    *,
    sign: int,
) -> Figure:
    """AUC of one signal; texts too short for it are left out on both sides."""
    negatives, positives = (
        [sign * value for found in side if (value := found[signal]) is not None] for side in (good, bad)
    )
    name = f"{corpus}, {form}, by {signal.removeprefix('perplexity_')}"
    return Figure(
        group="perplexity AUC", name=name, value=auc(negatives, positives), count=len(negatives) + len(positives)
    )


def leaks() -> Iterator[Figure]:
    """Recall of planted test questions by form and by benchmark, short Chinese ones apart; alarms on other text."""
    spec, fold = ContaminationSpec(), make_fold()
    cover = spec.open()

    def flagged(text: str) -> bool:
        view = TextView(text=text, key=fold(text), lines=(), words=(), language="", script="")
        coverage = cover(view)["contamination_coverage"]
        return coverage is not None and float(coverage) > spec.max_coverage

    found: dict[str, list[bool]] = defaultdict(list)
    alarms: dict[str, list[bool]] = defaultdict(list)
    for row in corpora.leaks():
        hit = flagged(row.text)
        if row.kind == "lookalikes":
            alarms["lookalikes"].append(hit)
        elif row.corpus == "short":
            found[f"short Chinese, {row.form}"].append(hit)
        else:
            found[f"all, {row.form}"].append(hit)
            found[row.corpus].append(hit)
    for row in corpora.clean():
        alarms["gold pages" if row.corpus.startswith("gold") else "prose"].append(flagged(row.text))
    for name, hits in sorted(found.items()):
        yield share("leaks", f"recall, {name}", hits)
    for name, hits in sorted(alarms.items()):
        yield Figure(
            group="leaks", name=f"alarms, {name}", value=sum(hits), count=len(hits), better="lower", whole=True
        )
