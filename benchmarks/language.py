"""`python -m benchmarks.language`: which language, every row of data/lid by a model that has not seen it, beside peers.

Five folds over the texts: each trains a model as pipeline/train/shipped.py does, but for the fold (about a minute each), and
labels the rows of the fold; rows of sources that may not train (UD, HKCanCor, XQuAD) are labelled in their folds too.
Peers: lid.176 alone, and py3langid and lingua where they are installed (`pip install py3langid lingua-language-detector`).
Prints macro-F1 over 78 labels, accuracy by length, and F1 of the labels that matter here or are confused most.
"""

import importlib.util
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import fasttext

from benchmarks.quality.figures import rows
from benchmarks.quality.languages import label_f1, label_of
from filters.assets import asset
from filters.language import LanguageSpec
from filters.script import scripts
from pipeline.train.language import train_language
from pipeline.train.shipped import language_samples
from pipeline.train.texts import fold_of

_FOLDS = 5
_SIZES = {"under 20": (0, 20), "20 to 59": (20, 60), "60 and more": (60, 10**9)}
_SHOWN = (
    "zh-Hans",
    "zh-Hant",
    "yue",
    "en",
    "ja",
    "ko",
    "zxx",
    "nb",
    "nn",
    "da",
    "bs",
    "hr",
    "sr",
    "id",
    "ms",
    "xh",
    "zu",
)


def main() -> None:
    """Measure and print."""
    found = list(rows("lid/lid.jsonl.gz"))
    table: dict[str, Sequence[str]] = {"ours": by_folds(found)}
    for name, identify in peers().items():
        table[name] = [identify(row["text"]) for row in found]
    print(f"{'':16}" + "".join(f"{name:>12}" for name in table))
    for line, values in figures(found, table).items():
        print(f"{line:16}" + "".join(f"{value:12.3f}" for value in values))


def by_folds(found: Sequence[Mapping[str, Any]]) -> list[str]:
    """Each row's label, from a model trained without its fold."""
    labels = [""] * len(found)
    samples = list(language_samples())
    with tempfile.TemporaryDirectory() as scratch:
        for fold in range(_FOLDS):
            path = Path(scratch) / f"{fold}.ftz"
            train_language(samples, path, held_out=lambda sample, fold=fold: _fold(sample.text) == fold)
            identify = LanguageSpec(model=str(path)).open()
            for index, row in enumerate(found):
                if _fold(row["text"]) == fold:
                    labels[index] = label_of(identify(row["text"]))
    return labels


def _fold(text: str) -> int:
    return fold_of(text) % _FOLDS


def peers() -> dict[str, Callable[[str], str]]:
    """lid.176, with the script of Chinese counted for it, and what else is installed."""
    model = fasttext.load_model(str(asset("lid.176")))

    def lid176(text: str) -> str:
        line = " ".join(text.replace("\0", " ").split())
        return _scripted(model.predict(line)[0][0].removeprefix("__label__"), text)

    found: dict[str, Callable[[str], str]] = {"lid.176": lid176}
    if importlib.util.find_spec("py3langid"):
        import py3langid

        found["py3langid"] = lambda text: _scripted(py3langid.classify(text)[0], text)
    if importlib.util.find_spec("lingua"):
        from lingua import LanguageDetectorBuilder

        detector = LanguageDetectorBuilder.from_all_languages().with_low_accuracy_mode().build()

        def lingua(text: str) -> str:
            best = detector.detect_language_of(text)
            return _scripted(best.iso_code_639_1.name.lower(), text) if best else "und"

        found["lingua"] = lingua
    return found


def _scripted(label: str, text: str) -> str:
    if label == "zh":
        counted = scripts(text)
        return "zh-Hant" if counted.traditional > 0.05 * counted.count("Hani") else "zh-Hans"
    return {"no": "nb", "wuu": "zh-Hans"}.get(label, label)


def figures(found: Sequence[Mapping[str, Any]], table: Mapping[str, Sequence[str]]) -> dict[str, list[float]]:
    """Lines of the table: a value for each identifier."""
    wanted = [row["lang"] for row in found]
    scores = [label_f1(list(zip(wanted, labels, strict=True))) for labels in table.values()]
    lines = {"macro-F1": [sum(score.values()) / len(score) for score in scores]}
    for name, (least, below) in {"accuracy": (0, 10**9), **_SIZES}.items():
        part = [index for index, row in enumerate(found) if least <= len(row["text"]) < below]
        lines[name] = [sum(labels[i] == wanted[i] for i in part) / len(part) for labels in table.values()]
    counts = Counter(wanted)
    return lines | {f"F1 {label} {counts[label]:>5}": [score[label] for score in scores] for label in _SHOWN}


if __name__ == "__main__":
    main()
