"""datatrove 0.10.1 on the same files, WARC to tokens, in its own environment, as fast as it goes with N workers.

    build/datatrove-venv/bin/python benchmarks/peers/datatrove_run.py CRAWL OUTPUT WORKERS LID_MODEL TOKENIZER [fast]

Extraction is FineWeb's (trafilatura 1.11 with its fallbacks), filters and thresholds are FineWeb's for English and
FineWeb-2's for Chinese and Japanese (which have no C4 filter there). What differs makes it faster, or possible offline:

- with `fast`, trafilatura without its fallbacks (`no_fallback=True`), as we and the bare loop call it, and without its
  process-wide deduplication: half the time a page, other texts than FineWeb's;
- language: lid.176.ftz from our assets, with our threshold, since the .bin that datatrove downloads is not there offline;
- one pass for extraction, filters and signatures, each document by its language's filters, where the recipes write the
  documents of each language and read them again;
- no URL filter (its lists are downloads; ours has none by default either), no reformatting of personal data;
- words by spaCy's blank tokenizers, with jieba and Sudachi: datatrove's own choice for these languages;
- 20 s a page, as we allow, instead of 1 s, which loses pages on a loaded machine;
- worker processes are forked, so that imports are paid once; intermediate files are not compressed.

It imports nothing of the project, which its environment does not have. Prints one JSON object, the last line: documents
and tokens of the result, and seconds of each stage.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from datatrove.data import Document, DocumentsPipeline
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.base import PipelineStep
from datatrove.pipeline.dedup import MinhashDedupCluster, MinhashDedupFilter, MinhashDedupSignature
from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupBuckets
from datatrove.pipeline.extractors import Trafilatura
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
    LanguageFilter,
)
from datatrove.pipeline.filters.base_filter import BaseFilter
from datatrove.pipeline.readers import JsonlReader, WarcReader
from datatrove.pipeline.tokens import DocumentTokenizer
from datatrove.pipeline.writers.jsonl import JsonlWriter
from datatrove.utils.lid import FT176LID
from datatrove.utils.word_tokenizers import WordTokenizer, load_word_tokenizer

# lid.176's code: datatrove's. Chinese is "cmn": "zho" alone means its Latin script there, cut at white space.
LANGUAGES = {"en": "eng", "zh": "cmn", "ja": "jpn"}
MIN_LANGUAGE_SCORE = 0.4  # filters/language.py
BUCKETS = 14  # of 8 rows; words in fives: datatrove's defaults, FineWeb's and ours
NGRAMS = (5, 6, 7, 8, 9, 10)
# huggingface/fineweb-2, configs/cmn_Hani.yml and jpn_Jpan.yml
FINEWEB2: dict[str, dict[str, Any]] = {
    "zh": {
        "dup_line": 0.287,
        "dup": (0.198, 0.182, 0.167, 0.154, 0.14, 0.127),
        "top": (0.256, 0.201, 0.171),
        "punct": 0.106,
        "alpha": 0.735,
        "newline": 0.178,
        "stop": "的 年 在 月 是 和 日 了 於 · 為 有 被 人 中 为 他 與 後 也 而 由",
    },
    "ja": {
        "dup_line": 0.375,
        "dup": (0.307, 0.283, 0.264, 0.248, 0.234, 0.223),
        "top": (0.121, 0.129, 0.145),
        "punct": 0.167,
        "alpha": 0.759,
        "newline": 0.162,
        "stop": "の に を は た て が と で 年 し ・ 月 れ さ",
    },
}


class LocalLID(FT176LID):
    """lid.176 from a file."""

    def __init__(self, languages: list[str], path: str) -> None:
        super().__init__(languages)
        self.path = path

    @property
    def model(self) -> Any:
        """The model, loaded on first use."""
        if self._model is None:
            from fasttext.FastText import _FastText

            self._model = _FastText(self.path)
        return self._model


def filters_of(language: str) -> list[BaseFilter]:
    """The quality filters of one language, in the recipes' order."""
    name = LANGUAGES[language]
    if language == "en":
        return [
            GopherRepetitionFilter(language=name),
            GopherQualityFilter(language=name),
            C4QualityFilter(filter_no_terminal_punct=False, language=name),
            FineWebQualityFilter(language=name),
        ]
    limits = FINEWEB2[language]
    return [
        GopherRepetitionFilter(
            dup_line_frac=limits["dup_line"],
            dup_para_frac=0,
            dup_line_char_frac=0,
            dup_para_char_frac=0,
            top_n_grams=tuple(zip((2, 3, 4), limits["top"], strict=True)),
            dup_n_grams=tuple(zip(NGRAMS, limits["dup"], strict=True)),
            language=name,
        ),
        FineWebQualityFilter(
            short_line_thr=999,
            char_duplicates_ratio=0.1,
            line_punct_thr=limits["punct"],
            new_line_ratio=limits["newline"],
            language=name,
        ),
        GopherQualityFilter(
            min_avg_word_length=1,
            max_avg_word_length=5,
            max_non_alpha_words_ratio=limits["alpha"],
            stop_words=limits["stop"].split(),
            language=name,
        ),
    ]


class FiltersByLanguage(PipelineStep):
    """Each document through the filters of its language."""

    type, name = "FILTER", "by language"

    def __init__(self) -> None:
        super().__init__()
        self.filters = {language: filters_of(language) for language in LANGUAGES}

    def run(self, data: DocumentsPipeline, rank: int = 0, world_size: int = 1) -> DocumentsPipeline:  # noqa: ARG002
        """The documents that pass."""
        for document in data:
            if all(_passes(one, document) for one in self.filters.get(document.metadata["language"], ())):
                yield document


def _passes(one: BaseFilter, document: Document) -> bool:
    found = one.filter(document)
    return found if isinstance(found, bool) else found[0]


class WordsByScript(WordTokenizer):
    """The word tokenizer of the language that a text's characters show: a signature step has one tokenizer only."""

    def __init__(self) -> None:
        super().__init__()
        self.tokenizers = {language: load_word_tokenizer(name) for language, name in LANGUAGES.items()}

    def word_tokenize(self, text: str) -> list[str]:
        """Words of the text."""
        head = text[:2000]
        kana = sum("\u3040" <= c <= "\u30ff" for c in head)
        han = sum("\u4e00" <= c <= "\u9fff" for c in head)
        language = "en" if 10 * (kana + han) < len(head) else "ja" if 20 * kana > kana + han else "zh"
        return self.tokenizers[language].word_tokenize(text)

    def sent_tokenize(self, text: str) -> list[str]:
        """Not needed."""
        raise NotImplementedError

    def span_tokenize(self, text: str) -> list[tuple[int, int]]:
        """Not needed."""
        raise NotImplementedError


def main() -> None:
    """Run the four stages one after the other."""
    crawl, output, workers, lid, tokenizer, *fast = sys.argv[1:]
    count, folder = int(workers), Path(output)
    config = MinhashConfig(num_buckets=BUCKETS)
    language = LanguageFilter(list(LANGUAGES), language_threshold=MIN_LANGUAGE_SCORE)
    language.model = LocalLID(list(LANGUAGES), lid)
    signature = MinhashDedupSignature(str(folder / "signatures"), config=config, language=LANGUAGES["en"])
    signature.word_tokenizer = WordsByScript()
    seconds: dict[str, float] = {}

    def execute(name: str, steps: list[PipelineStep], tasks: int) -> None:
        start, logs = time.monotonic(), str(folder / "logs" / name)
        LocalPipelineExecutor(
            steps, tasks=tasks, workers=min(count, tasks), logging_dir=logs, start_method="fork"
        ).run()
        seconds[name] = time.monotonic() - start

    extract = [
        WarcReader(crawl, glob_pattern="*.warc.gz"),
        Trafilatura(timeout=20, deduplicate=False, no_fallback=True) if fast else Trafilatura(timeout=20),
        language,
        FiltersByLanguage(),
        JsonlWriter(str(folder / "documents"), compression=None),
        signature,
    ]
    execute("extract", extract, count)
    buckets = MinhashDedupBuckets(str(folder / "signatures"), str(folder / "buckets"), config=config)
    execute("buckets", [buckets], BUCKETS)
    execute("cluster", [MinhashDedupCluster(str(folder / "buckets"), str(folder / "remove"), config=config)], 1)
    tokens = [
        JsonlReader(str(folder / "documents")),
        MinhashDedupFilter(str(folder / "remove")),
        DocumentTokenizer(
            str(folder / "tokens"), tokenizer, local_working_dir=str(folder / "work"), eos_token="<|endoftext|>", seed=0
        ),
    ]
    execute("tokens", tokens, count)
    ends = [file.read_bytes() for file in sorted((folder / "tokens").glob("*.index"))]
    sums = {
        "documents": sum(len(end) // 8 for end in ends),
        "tokens": sum(int.from_bytes(end[-8:], "little") for end in ends),
        "stages": {name: round(value, 2) for name, value in seconds.items()},
    }
    print(json.dumps(sums))


if __name__ == "__main__":
    os.environ["TOKENIZERS_PARALLELISM"] = "false"  # the workers are the parallelism
    main()
