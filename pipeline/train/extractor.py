"""Trains the forests of filters/blocks/model.py on pages whose main text is known.

Reads pages with their gold text; writes one .npz. A block's label is the share of its tokens that lie in a run of four
tokens of the gold text, over the page's tokens in a row: so short blocks belong where they stand between long ones, and a
menu's "Home" does not. Every page weighs about alike. The second forest learns from what first forests say of pages that
they were not trained on (folds by host), the third from what each part of such a choice would gain; the same folds give
the honest figures. Needs catboost, which only training needs.
"""

import hashlib
import json
import re
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from filters.blocks.context import measure_context
from filters.blocks.features import Measured, measure_blocks
from filters.blocks.model import Forest, best_part, choose, save_model
from filters.blocks.parts import measure_parts, parts_of
from filters.blocks.text import Floats
from filters.blocks.walk import Blocks, read_blocks
from pipeline.train.texts import TrainingError

FOLDS = 5
_TOKEN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_]+")
_GRAM = 4
_MIN_GOLD_TOKENS = 10
# A page's weight is spread over its blocks by (tokens + 1)**.75: by tokens alone, menus are not learnt.
_EVENNESS = 0.75
_MIN_GOLD = 30  # tokens; below, a page of three words would outweigh others
_PAGE_SHARE = 0.25  # of a page's other tokens in its weight
_MIN_SNIPPET_CHARS = 8
_TREES, _DEPTH, _RATE = 300, 6, 0.1
# A forest is the mean of three trainings: F1 by folds .877 to .880, of the hard types .748 to .761, for .8 ms a page.
_TRAININGS = 3
_PART_TREES, _PART_RATE = 250, 0.05  # 2,000 parts teach little: F1 is .8787 with 150, .8800 with 250
_SECOND_LEVEL_DOMAINS = frozenset({"com", "co", "org", "net", "gov", "edu", "ac", "or", "ne"})


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldPage:
    """A page to learn from: `gold` is its main text, or None where only `wanted` and `unwanted` snippets are known."""

    url: str
    html: str
    gold: str | None
    wanted: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    fold: int
    blocks: Blocks
    measured: Measured
    labels: Floats
    weights: Floats
    tokens: list[list[str]]
    gold: Counter[tuple[str, ...]] | None


def train_extractor(
    pages: Iterable[GoldPage], output: Path, *, folds: Path | None = None, trainings: int = _TRAININGS
) -> Mapping[str, float]:
    """Writes the model, and with `folds` one model for each fold of hosts (`fold-0.npz` ...), trained without it.

    `trainings`: how many each forest is the mean of. Returns figures on the folds: `f1` the mean over pages, `pages`, `blocks`.
    """
    known = [page for gold in pages if (page := _measure(gold)) is not None]
    if len({page.fold for page in known}) < FOLDS:
        raise TrainingError("The extractor needs pages of many hosts with their main text: a hundred or more.")
    features = [page.measured.features for page in known]
    firsts = [_fit(*_without(fold, known, features), trainings) for fold in range(FOLDS)]
    first_seen = [firsts[page.fold].probabilities(row) for page, row in zip(known, features, strict=True)]
    contexts = [measure_context(page.blocks, page.measured, seen) for page, seen in zip(known, first_seen, strict=True)]
    seconds = [_fit(*_without(fold, known, contexts), trainings) for fold in range(FOLDS)]
    seen = [seconds[page.fold].probabilities(context) for page, context in zip(known, contexts, strict=True)]
    choices = [_parts(page, probabilities) for page, probabilities in zip(known, seen, strict=True) if page.gold]
    names, scores = known[0].measured.names, []
    for fold in range(FOLDS):
        part = _fit_parts([choice for choice in choices if choice.page.fold != fold], trainings)
        scores += [_score(choice, part) for choice in choices if choice.page.fold == fold]
        if folds is not None:
            save_model(folds / f"fold-{fold}.npz", names, (firsts[fold], seconds[fold], part))
    whole = (_fit(known, features, trainings), _fit(known, contexts, trainings), _fit_parts(choices, trainings))
    save_model(output, names, whole)
    return {
        "f1": round(float(np.mean(scores)), 4),
        "pages": len(known),
        "blocks": sum(len(page.labels) for page in known),
    }


def fold_of(url: str) -> int:
    """The fold of a page's registered domain, 0 to FOLDS - 1: pages of one site never lie on both sides."""
    host = urlsplit(url).hostname or ""
    parts = host.split(".")
    kept = 3 if len(parts) > 2 and parts[-2] in _SECOND_LEVEL_DOMAINS and len(parts[-1]) == 2 else 2
    site = host if host.endswith(".invalid") else ".".join(parts[-kept:])
    return int.from_bytes(hashlib.blake2b(site.encode(), digest_size=8).digest(), "big") % FOLDS


def tokens_of(text: str) -> list[str]:
    """Single CJK characters, kana and Hangul syllables, and other runs of letters and digits; NFKC, lower case."""
    return _TOKEN.findall(unicodedata.normalize("NFKC", text).lower())


def shingles(tokens: Sequence[str]) -> Counter[tuple[str, ...]]:
    """Multiset of runs of four tokens; a shorter text is one run."""
    runs = range(max(1, len(tokens) - _GRAM + 1))
    return Counter(tuple(tokens[i : i + _GRAM]) for i in runs) if tokens else Counter()


def _measure(page: GoldPage) -> _Page | None:
    blocks = read_blocks(page.html)
    if not blocks.texts or (page.gold is not None and len(tokens_of(page.gold)) < _MIN_GOLD_TOKENS):
        return None
    tokens = [tokens_of(text) for text in blocks.texts]
    sizes = np.array([len(words) for words in tokens], np.float32)
    if page.gold is None:
        labels, main = _snippet_labels(page, blocks.texts), 300.0  # tokens: no more is known
    else:
        labels = _labels(tokens, tokens_of(page.gold))
        main = float(sizes @ labels)
    weights = ((sizes + 1) / (max(main, _MIN_GOLD) + _PAGE_SHARE * float((sizes + 1).sum()))) ** _EVENNESS
    return _Page(
        fold=fold_of(page.url),
        blocks=blocks,
        measured=measure_blocks(blocks),
        labels=labels,
        weights=(100 * weights).astype(np.float32),
        tokens=tokens,
        gold=None if page.gold is None else shingles(tokens_of(page.gold)),
    )


def _labels(tokens: list[list[str]], gold: list[str]) -> Floats:
    known = {tuple(gold[i : i + _GRAM]) for i in range(len(gold) - _GRAM + 1)}
    stream = [token for block in tokens for token in block]
    covered = np.zeros(len(stream), np.bool_)
    for start in range(len(stream) - _GRAM + 1):
        if tuple(stream[start : start + _GRAM]) in known:
            covered[start : start + _GRAM] = True
    stops = np.cumsum([len(block) for block in tokens])
    parts = np.split(covered, stops[:-1])
    return np.array([part.mean() if len(part) else 0 for part in parts], np.float32)


def _snippet_labels(page: GoldPage, texts: Sequence[str]) -> Floats:
    labels = np.full(len(texts), np.nan, np.float32)
    for value, snippets in ((0, page.unwanted), (1, page.wanted)):
        flat = [_flat(snippet) for snippet in snippets]
        for index, text in enumerate(map(_flat, texts)):
            if any(part in text or (len(text) > _MIN_SNIPPET_CHARS and text in part) for part in flat):
                labels[index] = value
    return labels


def _flat(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def _without(fold: int, pages: Sequence[_Page], rows: Sequence[Floats]) -> tuple[Sequence[_Page], Sequence[Floats]]:
    rest = [index for index, page in enumerate(pages) if page.fold != fold]
    return [pages[index] for index in rest], [rows[index] for index in rest]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Choice:
    """The parts of a page and what each would gain: `rows` of shape (k, columns), `gains` of F1, shape (k,)."""

    page: _Page
    probabilities: Floats
    keep: NDArray[np.bool_]
    rows: Floats
    gains: Floats


def _parts(page: _Page, probabilities: Floats) -> _Choice:
    keep = choose(probabilities, page.measured.tokens).keep
    parts = parts_of(page.blocks, page.measured.tokens, keep)
    whole = _f1(page, keep)
    gains = [_f1(page, parts.kept(part, keep)) - whole for part in range(len(parts.first))]
    rows = measure_parts(page.blocks, page.measured, probabilities, keep, parts)
    return _Choice(page=page, probabilities=probabilities, keep=keep, rows=rows, gains=np.array(gains, np.float32))


def _score(choice: _Choice, part: Forest) -> float:
    page = choice.page
    return _f1(page, best_part(page.blocks, page.measured, choice.probabilities, choice.keep, part))


def _f1(page: _Page, keep: NDArray[np.bool_]) -> float:
    got = shingles([token for block, kept in zip(page.tokens, keep, strict=True) if kept for token in block])
    wanted = page.gold or Counter()
    common = (wanted & got).total()
    return 2 * common / (wanted.total() + got.total()) if common else 0.0


def _fit(pages: Sequence[_Page], rows: Sequence[Floats], trainings: int) -> Forest:
    labels = np.concatenate([page.labels for page in pages])
    known = ~np.isnan(labels)
    weights = np.concatenate([page.weights for page in pages])
    return _trained(
        np.concatenate(rows)[known], labels[known], weights[known], trainings,
        loss_function="CrossEntropy", iterations=_TREES, learning_rate=_RATE,
    )  # fmt: skip


def _fit_parts(choices: Sequence[_Choice], trainings: int) -> Forest:
    """Each page weighs as the root of its number of parts."""
    some = [choice for choice in choices if len(choice.gains)]
    weights = np.concatenate([np.full(len(choice.gains), len(choice.gains) ** -0.5) for choice in some])
    return _trained(
        np.concatenate([choice.rows for choice in some]), np.concatenate([choice.gains for choice in some]), weights,
        trainings, loss_function="RMSE", iterations=_PART_TREES, learning_rate=_PART_RATE,
    )  # fmt: skip


def _trained(rows: Floats, targets: Floats, weights: Floats, trainings: int, **options: Any) -> Forest:
    try:
        from catboost import CatBoost
    except ImportError as error:
        raise TrainingError("Training an extractor needs catboost: pip install -r requirements-dev.txt") from error
    given = {
        "depth": _DEPTH, "l2_leaf_reg": 5, "border_count": 64, "rsm": 0.3, "bootstrap_type": "Bernoulli", "subsample": 0.7,
        "thread_count": 2, "allow_writing_files": False, "verbose": False, **options,
    }  # fmt: skip
    models = [CatBoost(given | {"random_seed": seed}) for seed in range(1, trainings + 1)]
    for model in models:
        model.fit(rows, targets, sample_weight=weights)
    return _mean([_forest(model) for model in models])


def _mean(forests: Sequence[Forest]) -> Forest:
    """One forest whose value is the mean of theirs."""
    return Forest(
        features=np.concatenate([forest.features for forest in forests], axis=1),
        borders=np.concatenate([forest.borders for forest in forests], axis=1),
        leaves=(np.concatenate([forest.leaves for forest in forests]) / len(forests)).astype(np.float32),
        bias=float(np.mean([forest.bias for forest in forests])),
    )


def _forest(model: Any) -> Forest:
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "model.json"
        model.save_model(str(path), format="json")
        described = json.loads(path.read_text(encoding="utf-8"))
    trees = described["oblivious_trees"]
    features = np.zeros((_DEPTH, len(trees)), np.int32)
    borders = np.full((_DEPTH, len(trees)), np.inf, np.float32)  # a shallower tree never goes right there
    leaves = np.zeros((len(trees), 1 << _DEPTH), np.float32)
    for index, tree in enumerate(trees):
        for level, split in enumerate(tree["splits"]):
            features[level, index] = split["float_feature_index"]
            borders[level, index] = split["border"]
        leaves[index, : len(tree["leaf_values"])] = tree["leaf_values"]
    scale, (bias,) = described["scale_and_bias"]
    return Forest(features, borders, leaves * np.float32(scale), float(bias))


def read_gold(folder: Path) -> Iterator[GoldPage]:
    """Pages of a folder with `pages-<set>.warc.gz` and `gold-<set>.jsonl.gz`, joined by address."""
    from filters.charset import CharsetSpec, Decoded
    from pipeline.sources import open_split
    from pipeline.sources.spec import SourceSpec
    from pipeline.splits import plan_splits
    from pipeline.train.texts import read_rows
    from schemas.records import Page

    decode = CharsetSpec().open()
    for path in sorted(folder.glob("pages-*.warc.gz")):
        gold_path = path.with_name(path.name.replace("pages-", "gold-").replace(".warc.gz", ".jsonl.gz"))
        gold = {row["url"]: row for row in read_rows(gold_path)}
        spec = SourceSpec(paths=(str(path),))
        for split in plan_splits(spec):
            for page in open_split(split, spec):
                decoded = decode(page) if isinstance(page, Page) else None
                if not isinstance(page, Page) or not isinstance(decoded, Decoded) or page.url not in gold:
                    continue
                row = gold[page.url]
                yield GoldPage(
                    url=page.url,
                    html=decoded.text,
                    gold=row.get("gold") if row["kind"] != "snippets" else None,
                    wanted=tuple(row.get("with", ())),
                    unwanted=tuple(row.get("without", ())),
                )
