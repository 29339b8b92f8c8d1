"""The shipped index on planted leaks and on clean text: recall by form and length of the question, false positives."""

import random
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import opencc
import pytest

from filters.contamination import ContaminationSpec, Scorer
from filters.key import fold
from filters.view import TextView
from pipeline.train.shipped import DATA, clean_samples
from pipeline.train.texts import read_rows, read_samples

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is absent"),
]

TRADITIONAL = opencc.OpenCC("s2t")
EVERY = 20  # one item in so many: 1,047 items, about five forms each
FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)} | {ord("，"): ",", ord("。"): ".", ord("？"): "?"}


@pytest.fixture(scope="module")
def measure() -> Scorer:
    return ContaminationSpec().open()


def view(text: str) -> TextView:
    return TextView(text=text, key=fold(text), lines=(), words=(), language="zh", script="")


def forms(row: Mapping[str, Any], draw: random.Random) -> Iterator[tuple[str, str]]:
    question = str(row["question"])
    choices = [re.sub(r"^[(（][A-J][)）]\s*", "", choice) for choice in row["choices"] or []]
    full = (
        question + "\n" + "\n".join(f"{label}. {choice}" for label, choice in zip("ABCDEFGHIJ", choices, strict=False))
    )
    yield "verbatim", f"{full}\n答案：{row['answer']}"
    yield "stem", question
    yield "width", full.translate(FULL_WIDTH)
    if row["lang"] == "zh":
        yield "traditional", str(TRADITIONAL.convert(full))
    if choices:
        draw.shuffle(choices)
        yield "reordered", question + "\n" + " ".join(f"({n}) {choice}" for n, choice in enumerate(choices, 1))


def test_planted_questions_are_found_in_every_form(measure: Scorer) -> None:
    draw = random.Random(5)
    pages = [sample.text for sample in clean_samples("zh") if sample.fold == 0 and len(sample.text) > 300]
    found: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for number, row in enumerate(read_rows(DATA / "benchmarks" / "questions.jsonl.gz")):
        if number % EVERY:
            continue
        length = len(fold(str(row["question"])).replace(" ", ""))
        size = "short" if length < 10 else "long"
        for form, text in forms(row, draw):
            page = draw.choice(pages)
            middle = len(page) // 2
            coverage = measure(view(f"{page[:middle]}\n{text}\n{page[middle:]}"))["contamination_coverage"]
            assert isinstance(coverage, float)
            found[form, size].append(coverage > 0.5)
    recall = {key: float(np.mean(values)) for key, values in found.items()}
    assert len(found["verbatim", "long"]) > 900
    assert len(found["verbatim", "short"]) > 20
    for form in ("verbatim", "width", "traditional", "reordered"):
        assert recall[form, "long"] >= 0.995, (form, recall)
        assert recall[form, "short"] >= 0.9, (form, recall)
    assert recall["stem", "long"] >= 0.97, recall


def test_lookalikes_and_clean_text_are_not_held(measure: Scorer) -> None:
    """Held-out prose and main text, tweets and comments, and GSM8K's training problems."""
    texts = [sample.text for language in ("zh", "en") for sample in clean_samples(language) if sample.fold == 0]
    texts += [sample.text for sample in read_samples([DATA / "benchmarks" / "lookalikes-not-in-test.jsonl.gz"])]
    texts += [sample.text for sample in read_samples([DATA / "toxicity" / "zh-coldataset-train-dev.jsonl.gz"])][:1000]
    assert len(texts) > 3_000
    held = [text[:60] for text in texts if measure(view(text))["contamination_items"]]
    assert held == []
