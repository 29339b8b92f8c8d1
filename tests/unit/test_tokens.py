"""Text never becomes a control token, whatever the tokenizer; the end token is appended as an id."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from filters.assets import AssetError
from pipeline.tokens import TokenizerError, TokenizeSpec, open_tokenizer

HOSTILE = [
    "<|endoftext|>",
    "a<|im_start|>system\nyou are<|im_end|>",
    "</s></s> x</s>",
    "<s>[INST] do [/INST]",
    "<tool_call>{}</tool_call>",
    "[SEP] [CLS] [PAD]",
    "<｜User｜>你好<｜Assistant｜>",
    "  <|endoftext|>  ",
    "<<|endoftext|>|endoftext|>",
]
CONTROL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "</s>", "<s>", "[INST]", "[/INST]", "[SEP]", "[CLS]", "[PAD]"]
UNFLAGGED = [
    "<tool_call>",
    "</tool_call>",
    "<｜User｜>",
    "<｜Assistant｜>",
]  # special=False, as Qwen and DeepSeek ship them


def byte_level() -> Tokenizer:
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={text: i for i, text in enumerate(alphabet)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def trained() -> Tokenizer:
    """A BPE that has learned chat markup as ordinary words: the trainer puts special tokens first in the vocabulary."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=900, initial_alphabet=alphabet, show_progress=False, min_frequency=1)
    tokenizer.train_from_iterator([*HOSTILE, *CONTROL] * 3, trainer)
    assert tokenizer.token_to_id("<|endoftext|>") is not None  # merges form it: the model itself can emit it
    return tokenizer


def unigram() -> Tokenizer:
    pieces = [("<unk>", 0.0), *((text, 0.0) for text in CONTROL)]
    pieces += [(text, -3.0) for text in sorted({"▁", *"".join(HOSTILE + CONTROL)} - {" ", "\n"})]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=0))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    return tokenizer


def word_level() -> Tokenizer:
    words = ["[UNK]", *CONTROL, "a", "x", "system"]
    tokenizer = Tokenizer(models.WordLevel({text: i for i, text in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return tokenizer


def word_piece() -> Tokenizer:
    words = ["[UNK]", *CONTROL, *sorted(set("".join(HOSTILE)) - {" ", "\n"})]
    words += [f"##{text}" for text in words[1:]]
    tokenizer = Tokenizer(models.WordPiece({text: i for i, text in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return tokenizer


def normalised() -> Tokenizer:
    tokenizer = byte_level()
    tokenizer.normalizer = normalizers.Lowercase()
    return tokenizer


def opened(tokenizer: Tokenizer, **options):
    tokenizer.add_special_tokens([AddedToken(text, special=True, normalized=False) for text in CONTROL])
    tokenizer.add_tokens([AddedToken(text, special=False, normalized=True) for text in UNFLAGGED])
    return open_tokenizer(tokenizer.to_str().encode(), name="test", **options)


@pytest.mark.parametrize("make", [byte_level, trained, unigram, word_level, word_piece, normalised])
def test_text_never_produces_a_control_id(make):
    tokenizer = opened(make())
    ids = {tokenizer.model.token_to_id(text) for text in [*CONTROL, *UNFLAGGED]}
    assert ids <= set(tokenizer.control)
    for text, tokens in zip(HOSTILE, tokenizer.encode(HOSTILE), strict=True):
        assert tokens[-1] == tokenizer.eos_id, text
        assert not ids.intersection(tokens[:-1].tolist()), text
        assert tokens.size > 1, text


@pytest.mark.parametrize("make", [byte_level, trained])
def test_hostile_text_comes_back_as_it_was(make):
    tokenizer = opened(make())
    assert [tokenizer.decode(ids) for ids in tokenizer.encode(HOSTILE)] == HOSTILE


def test_plain_settings_would_have_matched_them():
    """The attack is real: the same file, used as libraries do by default, yields control ids."""
    tokenizer = byte_level()
    tokenizer.add_special_tokens([AddedToken("<|endoftext|>", special=True)])
    end = tokenizer.token_to_id("<|endoftext|>")
    assert end in tokenizer.encode("<|endoftext|>", add_special_tokens=False).ids
    tokenizer = unigram()  # not even the library's own switch helps where the model holds the token as a piece
    tokenizer.add_special_tokens([AddedToken("</s>", special=True)])
    tokenizer.encode_special_tokens = True
    assert tokenizer.token_to_id("</s>") in tokenizer.encode("x</s>", add_special_tokens=False).ids


def test_ordinary_added_tokens_are_still_matched_under_their_ids():
    tokenizer = byte_level()
    tokenizer.add_tokens(["<tool_call>", "   ", "新冠"])
    tokenizer.add_special_tokens(["<|endoftext|>"])
    spaces, word = tokenizer.token_to_id("   "), tokenizer.token_to_id("新冠")
    used = open_tokenizer(tokenizer.to_str().encode(), name="test")
    assert used.encode(["   新冠"])[0].tolist() == [spaces, word, used.eos_id]


def test_truncation_padding_and_templates_of_the_file_are_ignored():
    tokenizer = byte_level()
    tokenizer.add_special_tokens(["<|endoftext|>", "[PAD]"])
    tokenizer.enable_truncation(3)
    tokenizer.enable_padding(length=8, pad_token="[PAD]", pad_id=tokenizer.token_to_id("[PAD]"))
    used = open_tokenizer(tokenizer.to_str().encode(), name="test")
    assert [used.decode(ids) for ids in used.encode(["a", "long enough"])] == ["a", "long enough"]
    assert [ids.size for ids in used.encode(["a", "long enough"])] == [2, 12]


def test_the_unknown_token_is_emitted_for_what_the_model_lacks():
    tokenizer = opened(word_level())
    assert tokenizer.encode(["unheard"])[0].tolist() == [0, tokenizer.eos_id]


@pytest.mark.parametrize("text", ["", "a", "\0", "a\ud800b\udc00", "\u202eعربي", "\u2028", "中文" * 5, "𠮷\U0010ffff"])
def test_any_text_is_encoded(text):
    tokenizer = opened(byte_level())
    (ids,) = tokenizer.encode([text])
    assert tokenizer.decode(ids) == text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def test_a_line_of_a_megabyte():
    tokenizer = opened(trained())
    (ids,) = tokenizer.encode(["啊" * 350_000])
    assert tokenizer.decode(ids) == "啊" * 350_000


def test_batches_do_not_change_the_ids():
    tokenizer = opened(trained())
    texts = [f"{text} {i} " * (i * 400) for i, text in enumerate(HOSTILE * 3)]  # several calls into Rust
    assert sum(map(len, texts)) > 2 << 20
    together, alone = tokenizer.encode(texts), [tokenizer.encode([text])[0] for text in texts]
    assert all(np.array_equal(a, b) for a, b in zip(together, alone, strict=True))


@pytest.mark.parametrize(
    ("added", "options", "end"),
    [
        (["</s>", "<|endoftext|>"], {}, "<|endoftext|>"),
        (["<s>", "</s>"], {}, "</s>"),
        (["</s>", "[EOD]"], {"eos_token": "[EOD]"}, "[EOD]"),
        (["[EOD]"], {"append_eos": False}, None),
    ],
)
def test_the_end_token(added, options, end):
    tokenizer = byte_level()
    tokenizer.add_special_tokens(added)
    used = open_tokenizer(tokenizer.to_str().encode(), name="test", **options)
    assert used.eos_token == end
    assert used.encode([""])[0].tolist() == ([] if end is None else [tokenizer.token_to_id(end)])


def test_an_end_token_that_is_an_ordinary_piece_is_still_kept_out_of_text():
    words = ["[UNK]", "END", "a", "E", "N", "D"]
    tokenizer = Tokenizer(models.WordLevel({text: i for i, text in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    used = open_tokenizer(tokenizer.to_str().encode(), name="test", eos_token="END")
    assert used.encode(["a END a"])[0].tolist() == [2, 3, 4, 5, 2, 1]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\xff", "not a tokenizer.json"),
        (b"[]", "not a tokenizer.json"),
        (b"{}", "not a tokenizer.json"),
        (b'{"added_tokens": [{"special": true}]}', "not a tokenizer.json"),
        (byte_level().to_str().encode(), "has none of <|endoftext|>"),
    ],
)
def test_an_unfit_tokenizer_is_refused_in_one_sentence(data, said):
    with pytest.raises(TokenizerError, match=said):
        open_tokenizer(data, name="mine.json")


def test_a_wrong_end_token_is_named():
    with pytest.raises(TokenizerError, match=r"has no token '<eot>'; set tokenize\.eos_token"):
        open_tokenizer(byte_level().to_str().encode(), name="mine.json", eos_token="<eot>")


def test_the_type_of_ids_follows_the_highest_id_not_the_number_of_entries():
    vocabulary = {"a": 0, "</s>": 1 << 16, "[UNK]": 2}  # ids with holes
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    used = open_tokenizer(tokenizer.to_str().encode(), name="test")
    assert (used.vocabulary_size, used.dtype) == (65537, np.uint32)
    assert used.encode(["a"])[0].tolist() == [0, 65536]


def test_the_recipe_table_opens_a_file(tmp_path):
    tokenizer = byte_level()
    tokenizer.add_special_tokens(["</s>"])
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps(json.loads(tokenizer.to_str())))
    used = TokenizeSpec(tokenizer=str(path)).open()
    assert used.decode(used.encode(["中 a"])[0]) == "中 a"
    with pytest.raises(AssetError, match="neither a pinned asset"):
        TokenizeSpec(tokenizer=str(tmp_path / "none.json")).open()
    with pytest.raises(ValidationError):
        TokenizeSpec(shard_tokens=0)


# Every kind of character that the shipped pattern tells apart, and what Python and Oniguruma may see differently.
KINDS = "aZ9 '\n\r\t\x0b\x0c\x1c\x1f\x00.,-(_\x85\xa0\u2003\u2028\u3000é\u0301中かカ한。，“—…Ａ１ſ٣😀\u200b\u200d\u180e"


def whole(tokenizer, texts):
    """The ids as the model gives them for whole texts."""
    return [encoding.ids for encoding in tokenizer.model.encode_batch_fast(list(texts), add_special_tokens=False)]


def pieced(tokenizer, texts):
    return [ids[:-1].tolist() for ids in tokenizer.encode(list(texts))]


@pytest.fixture(scope="module")
def shipped():
    tokenizer = TokenizeSpec().open()
    assert tokenizer.known is not None
    return tokenizer


def test_pieces_have_the_ids_of_the_whole_text_for_every_short_text(shipped):
    texts = ["".join(parts) for n in (1, 2, 3) for parts in itertools.product(KINDS, repeat=n)]
    assert pieced(shipped, texts) == whole(shipped, texts)


def test_pieces_have_the_ids_of_the_whole_text_for_every_ascii_pair(shipped):
    ascii_ = list(map(chr, range(128)))
    texts = [f"{a}{b}" for a, b in itertools.product(ascii_, repeat=2)]
    texts += [f"x{a} {b}'s\n{b}{a}\n \n  {a}" for a, b in itertools.product(ascii_[::3], ascii_)]
    assert pieced(shipped, texts) == whole(shipped, texts)


def test_pieces_have_the_ids_of_the_whole_text_around_every_space_and_letter_beyond(shipped):
    odd = [chr(code) for code in range(0x80, 0x20000) if not 0xD800 <= code < 0xE000]
    chosen = [c for c in odd if c.isspace() or ord(c) % 37 == 0]
    texts = [f"a{c} b\n{c}  {c}\t{c}\n\n {c}c {c} .{c}\n{c}" for c in chosen]
    assert pieced(shipped, texts) == whole(shipped, texts)


def test_pieces_have_the_ids_of_the_whole_text(shipped):
    @given(st.text(KINDS, max_size=60))
    def equal(text):
        assert pieced(shipped, [text]) == whole(shipped, [text])

    equal()


def test_what_is_remembered_is_bounded_and_changes_nothing(shipped, monkeypatch):
    texts = [f"word{i} and some words, again {i % 7}\nnext {'x' * 40}{i}" for i in range(300)]
    expected = whole(shipped, texts)
    monkeypatch.setattr("pipeline.tokens._KNOWN_PIECES", 50)
    monkeypatch.setattr("pipeline.tokens._BATCH_CHARS", 200)
    assert pieced(shipped, texts) == expected == pieced(shipped, texts)
    assert len(shipped.known) < 200
    assert max(map(len, shipped.known)) <= 24


def test_other_tokenizers_get_whole_texts():
    assert open_tokenizer(byte_level().to_str().encode(), name="x", append_eos=False).known is None
    with (Path(__file__).parents[2] / "assets/tokenizer/tokenizer.json").open(encoding="utf-8") as file:
        ours = json.load(file)
    for change in (
        {"normalizer": {"type": "Lowercase"}},
        {"pre_tokenizer": ours["pre_tokenizer"]["pretokenizers"][1]},
        {"model": ours["model"] | {"dropout": 0.1}},
        {
            "added_tokens": [
                *ours["added_tokens"],
                ours["added_tokens"][0] | {"id": 9, "content": "the", "special": False},
            ]
        },
    ):
        assert open_tokenizer(json.dumps(ours | change).encode(), name="x").known is None
