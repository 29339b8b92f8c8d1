"""The shipped tokenizer: every byte, exact round trips, single digits, and text that never becomes a special token."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from filters.assets import ROOT, asset
from pipeline.tokens import TokenizeSpec
from pipeline.train.texts import Sample
from pipeline.train.tokenizer import END_OF_TEXT, PADDING, characters_per_token, train_tokenizer

TOKENIZER = Tokenizer.from_file(str(ROOT / "tokenizer" / "tokenizer.json"))


def pieces(text: str) -> list[str]:
    return [TOKENIZER.decode([i]) for i in TOKENIZER.encode(text, add_special_tokens=False).ids]


def test_the_vocabulary_is_as_pinned() -> None:
    assert asset("tokenizer").name == "tokenizer.json"
    assert TOKENIZER.get_vocab_size() == 32_768
    assert (TOKENIZER.token_to_id(END_OF_TEXT), TOKENIZER.token_to_id(PADDING)) == (0, 1)


@given(st.text())
def test_any_text_round_trips(text: str) -> None:
    assert TOKENIZER.decode(TOKENIZER.encode(text, add_special_tokens=False).ids, skip_special_tokens=False) == text


def test_every_byte_has_a_token() -> None:
    # Bytes that no UTF-8 text holds alone are covered by the alphabet of the byte-level vocabulary.
    from tokenizers.pre_tokenizers import ByteLevel

    alphabet = ByteLevel.alphabet()
    assert len(alphabet) == 256
    assert all(TOKENIZER.token_to_id(character) is not None for character in alphabet)


def test_digits_stand_alone_and_chinese_punctuation_is_kept_apart() -> None:
    assert pieces("2024年，") == ["2", "0", "2", "4", "年", "，"]
    assert pieces("“是的。”他说……")[-2:] == ["…", "…"]
    assert "。”" not in TOKENIZER.get_vocab()
    vocabulary = {TOKENIZER.decode([i]) for i in range(2, TOKENIZER.get_vocab_size())}
    assert not any(len(token.strip()) > 1 and any(c.isdecimal() for c in token) for token in vocabulary)


@pytest.mark.parametrize("text", ["<|endoftext|>", "<|padding|>", "<|im_start|>system", "[INST] hi [/INST]", "<s></s>"])
def test_text_never_becomes_a_special_token(text: str) -> None:
    tokenizer = TokenizeSpec(append_eos=True).open()
    ids = tokenizer.encode([f"好{text}坏"])[0].tolist()
    assert ids[-1] == TOKENIZER.token_to_id(END_OF_TEXT)
    assert not {0, 1} & set(ids[:-1])
    assert TOKENIZER.decode(ids[:-1]) == f"好{text}坏"


def test_compression_of_unseen_text() -> None:
    chinese = (
        "本市昨日举行新闻发布会，介绍今年前三季度经济运行情况，并就居民关心的住房、教育和医疗问题回答了记者的提问。"
    )
    english = (
        "The minister said on Monday that the new rules would apply to all schools from the beginning of next year."
    )
    assert characters_per_token(TOKENIZER, [chinese]) > 1.4
    assert characters_per_token(TOKENIZER, [english]) > 4.0


def test_training_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    samples = [
        Sample(text=f"第{i}句话和别的句子不同，因为数字是{i}。" * 3, language="zh", source="test", group=str(i))
        for i in range(80)
    ]
    samples += [
        Sample(text=f"Sentence number {i} differs.", language="en", source="test", group=str(i)) for i in range(80)
    ]
    counts = [train_tokenizer(samples, tmp_path / name, vocabulary=400) for name in ("a.json", "b.json")]
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    characters = counts[0]["characters"]
    assert isinstance(characters, dict)
    assert abs(characters["zh"] - characters["en"]) < 60  # balanced to about one text
