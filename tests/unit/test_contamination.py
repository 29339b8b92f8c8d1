"""filters/contamination.py on an index of a few questions of its own: what is found, what must not be."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.contamination import ContaminationSpec, Rolling, Scorer
from filters.key import fold
from filters.view import TextView
from pipeline.train.contamination import STOP_ITEMS, build_index

CLEAN = (
    "图书馆上周末重新开放，读者在门口排起了长队。馆长说新增的座位主要在二楼靠窗的一侧，晚间开放时间也延长了一个小时。",
    "The library reopened last weekend, and readers queued at the door for more than an hour before it opened at nine.",
)
LONG = "某同学在显微镜下观察洋葱鳞片叶外表皮细胞的质壁分离现象时所用的蔗糖溶液浓度为"
ENGLISH = "A baker sells 14 loaves on Monday and three times as many on Tuesday; how many loaves does he sell in all?"
ITEMS: tuple[Mapping[str, object], ...] = (
    {
        "benchmark": "B",
        "id": "long",
        "lang": "zh",
        "question": LONG,
        "choices": ["0.1 g/mL", "0.3 g/mL", "0.5 g/mL", "1 g/mL"],
    },
    {
        "benchmark": "B",
        "id": "short",
        "lang": "zh",
        "question": "属于犬科的是",
        "choices": ["灰狼", "猞猁", "棕熊", "水獭"],
    },
    {
        "benchmark": "B",
        "id": "labelled",
        "lang": "zh",
        "question": "最轻的金属",
        "choices": ["(A)锂元素", "(B)钠元素", "(C)铁元素"],
    },
    {"benchmark": "B", "id": "english", "lang": "en", "question": ENGLISH, "choices": []},
    {"benchmark": "B", "id": "tiny", "lang": "zh", "question": "2+2=", "choices": ["3", "4"]},
    *(
        {
            "benchmark": "B",
            "id": f"stock{i}",
            "lang": "zh",
            "question": f"下列关于中国历史的说法不正确的是{tail}",
            "choices": ["甲", "乙"],
        }
        for i, tail in enumerate(["唐代的赋税制度改革先后经历了哪些", *"一二三四五"])
    ),
)


@pytest.fixture(scope="module")
def measure(tmp_path_factory: pytest.TempPathFactory) -> Scorer:
    path = tmp_path_factory.mktemp("index") / "own.npz"
    counts = build_index(ITEMS, [], path)
    assert counts["not_indexed"] == 1  # "2+2=" has two letters and digits
    return ContaminationSpec(index=str(path)).open()


def view(text: str, language: str = "zh") -> TextView:
    return TextView(text=text, key=fold(text), lines=(), words=(), language=language, script="")


def planted(text: str) -> TextView:
    return view(f"{CLEAN[0]}\n{text}\n{CLEAN[1]}")


@pytest.mark.parametrize(
    "leak",
    [
        LONG,
        LONG + "（ ）\nA. 0.1 g/mL\nB. 0.3 g/mL",
        "、".join([LONG[:12], LONG[12:24], LONG[24:]]),
        "某同學在顯微鏡下觀察洋蔥鱗片葉外表皮細胞的質壁分離現象時所用的蔗糖溶液濃度為",
        LONG[:26],  # two thirds of it
    ],
)
def test_a_long_question_is_found_in_every_form(measure: Scorer, leak: str) -> None:
    found = measure(planted(leak))
    assert found["contamination_coverage"] > 0.5  # type: ignore[operator]
    assert (found["contamination_benchmark"], found["contamination_item"]) == ("B", "long")
    assert found["contamination_items"] == 1


def test_a_third_of_a_question_is_reported_but_not_held(measure: Scorer) -> None:
    found = measure(planted(LONG[:20]))
    assert 0.2 < found["contamination_coverage"] < 0.5  # type: ignore[operator]
    assert (found["contamination_items"], found["contamination_benchmark"]) == (0, None)


@pytest.mark.parametrize(
    ("leak", "item"),
    [
        ("1. 属于犬科的是（ ）A.灰狼 B.猞猁 C.棕熊 D.水獭", "short"),
        ("属于犬科的是\nA、水獭\nB、棕熊\nC、灰狼\nD、猞猁\n答案：C", "short"),
        ("最轻的金属 ① 铁元素 ② 锂元素 ③ 钠元素", "labelled"),
        (ENGLISH.upper().replace(",", " —"), "english"),
    ],
)
def test_a_short_question_with_its_options_and_an_english_one_are_found(measure: Scorer, leak: str, item: str) -> None:
    found = measure(planted(leak))
    assert (found["contamination_coverage"], found["contamination_item"]) == (1.0, item)


@pytest.mark.parametrize(
    "text",
    [
        "动物园里属于犬科的是灰狼和赤狐，它们住在北边的山坡上。",  # a short question needs its options
        "灰狼、猞猁、棕熊和水獭都住在这片森林里。",
        "A baker sells 14 loaves on Sunday and four times as many on Friday; how many rolls are left in all?",
        "下列关于中国历史的说法不正确的是哪一项呢？",  # a stock phrase of many items
        "",
        "字",
        "\x00\ud800" * 40,
    ],
)
def test_what_is_no_leak_is_not_held(measure: Scorer, text: str) -> None:
    found = measure(planted(text))
    assert found["contamination_coverage"] <= 0.5  # type: ignore[operator]
    assert found["contamination_items"] == 0


def test_an_empty_text_holds_nothing(measure: Scorer) -> None:
    assert measure(view("")) == {
        "contamination_coverage": 0.0,
        "contamination_items": 0,
        "contamination_benchmark": None,
        "contamination_item": None,
    }


def test_a_stock_phrase_of_clean_text_is_left_out(tmp_path: Path) -> None:
    phrase = "中华人民共和国全国人民代表大会常务委员会"
    items = [{"benchmark": "B", "id": "1", "lang": "zh", "question": f"{phrase}的任期是几年", "choices": []}]
    build_index(items, [], tmp_path / "naive.npz")
    build_index(items, [f"{phrase}昨日开会。", f"他在{phrase}工作。"], tmp_path / "stop.npz")
    page = planted(f"{phrase}的组成人员由选举产生。")
    naive, stop = (ContaminationSpec(index=str(tmp_path / name)).open()(page) for name in ("naive.npz", "stop.npz"))
    assert naive["contamination_coverage"] > 0.5  # type: ignore[operator]
    assert stop["contamination_coverage"] < 0.5  # type: ignore[operator]
    assert STOP_ITEMS > 1


def test_the_index_is_the_same_bytes_twice_and_holds_no_text(tmp_path: Path) -> None:
    for name in ("a.npz", "b.npz"):
        build_index(ITEMS, CLEAN, tmp_path / name)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    with np.load(tmp_path / "a.npz", allow_pickle=False) as arrays:
        assert {arrays[name].dtype.kind for name in arrays.files} <= {"u", "i"}
        assert "洋葱" not in arrays["names"].tobytes().decode("utf-8")


@given(st.text(min_size=1, max_size=60), st.text(max_size=30), st.data())
def test_the_hash_of_a_stretch_does_not_depend_on_where_it_stands(text: str, before: str, data: st.DataObject) -> None:
    key = "".join(text.split(" ")) or "x"
    before = "".join(before.split(" "))
    start = data.draw(st.integers(0, len(key) - 1))
    length = data.draw(st.integers(1, len(key) - start))
    alone = Rolling(key[start : start + length])
    inside = Rolling(before + key)
    expected = alone.grams(length)[0]
    assert inside.grams(length)[len(before) + start] == expected
    one = inside.hash(np.array([len(before) + start, inside.size]), np.array([length, 1]))
    assert one[0] == expected
    assert one[1] == 0  # past the end
