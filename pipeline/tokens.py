"""Text to token ids.

Reads: a tokenizer.json of Hugging Face `tokenizers` (any model type) and the texts of kept documents. Returns: one
array of ids for each text, with the end-of-document id behind it. Drops nothing: an empty text is the end id alone.

Text never becomes a control token. A page that shows `<|endoftext|>`, `<|im_start|>`, `</s>` or `[INST]` is tokenised
as the characters that it consists of; control ids are only ever appended as ids. Two steps make this hold for any
tokenizer: added control tokens are not matched in text, and where the model itself can still form one (Unigram and
WordLevel models hold `</s>` as an ordinary entry), its id is replaced by the ids of its characters.

Does not: add a begin-of-document id, cut or pack documents (the loader packs), or decide which documents are kept.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass as plain_dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass
from tokenizers import Tokenizer as RustTokenizer

from filters.assets import resolve
from filters.spec import SPEC

Ids = NDArray[np.unsignedinteger[Any]]

# Tokens that end a document, by the convention of the models that use them: GPT-2, Qwen, OLMo; Llama 1 and 2, T5,
# Mistral; Llama 3; Gemma; DeepSeek; ChatGLM. tokenizer.json does not say which of its tokens plays this part.
END_TOKENS = ("<|endoftext|>", "</s>", "<|end_of_text|>", "<eos>", "<｜end▁of▁sentence｜>", "<eop>")

# An added token in brackets is markup of a chat or tool template even where its author did not flag it as special:
# DeepSeek's <｜User｜> and Qwen's <tool_call> are not. Runs of spaces (GPT-NeoX) and added words stay ordinary.
_BRACKETED = re.compile(r"[<\[【].*[>\]】]", re.DOTALL)

_BATCH_CHARS = 1 << 20  # per call into Rust: amortises the call, bounds the offsets and strings held at once


class TokenizerError(ValueError):
    """The tokenizer cannot be used as the recipe asks; the message is one sentence for a user."""


@dataclass(frozen=True, kw_only=True, config=SPEC)
class TokenizeSpec:
    """Table `[tokenize]` of the recipe."""

    tokenizer: str = "tokenizer"
    """Name of a pinned asset, or a path to a tokenizer.json."""

    append_eos: bool = True
    """Append the end-of-document id to each document. Without it, only `starts` of the loader tells documents apart."""

    eos_token: str | None = None
    """Text of the end-of-document token. Default: the first of END_TOKENS that the tokenizer has."""

    shard_tokens: Annotated[int, Field(ge=1, le=1 << 29)] = 64 << 20
    """Target tokens per shard. 64 Mi are about 100 MB (1.44 bytes a token, measured); Arrow's 32-bit list offsets
    and the memory of one merge set the upper bound."""

    seed: Annotated[int, Field(ge=0)] = 0
    """Of the global order; another seed is another permutation of the same documents."""

    def open(self) -> "Tokenizer":
        """Load the tokenizer. Raises AssetError when it is missing or altered, TokenizerError when it is unfit."""
        data = resolve(self.tokenizer).path.read_bytes()
        return open_tokenizer(data, name=self.tokenizer, append_eos=self.append_eos, eos_token=self.eos_token)


@plain_dataclass(frozen=True, slots=True, kw_only=True)
class Tokenizer:
    """An opened tokenizer; make one with `open_tokenizer` or `TokenizeSpec.open`.

    `vocabulary_size` is the highest id plus one. `control` maps each id that text must not produce to the ids of its
    characters. `sha256` is of the tokenizer.json as given.
    """

    name: str
    sha256: str
    vocabulary_size: int
    append_eos: bool
    eos_id: int | None
    eos_token: str | None
    control: Mapping[int, tuple[int, ...]]
    model: RustTokenizer

    @property
    def dtype(self) -> np.dtype[np.unsignedinteger[Any]]:
        """The smallest type that holds every id."""
        return np.dtype(np.uint16 if self.vocabulary_size <= 1 << 16 else np.uint32)

    def encode(self, texts: Sequence[str]) -> list[Ids]:
        """One array of ids per text, in order. Lone surrogates, which UTF-8 cannot hold, are read as U+FFFD."""
        return [ids for part in _parts(texts) for ids in self._encode(part)]

    def decode(self, ids: Ids) -> str:
        """The text of ids; control tokens, the end id among them, are left out."""
        return str(self.model.decode([i for i in ids.tolist() if i not in self.control], skip_special_tokens=False))

    def _encode(self, texts: list[str]) -> Iterator[Ids]:
        forbidden = np.zeros(self.vocabulary_size, dtype=bool)
        forbidden[list(self.control)] = True
        end = [self.eos_id] if self.append_eos else []
        for encoding in self.model.encode_batch_fast(texts, add_special_tokens=False):
            ids = np.array(encoding.ids + end, dtype=self.dtype)
            text_ids = ids[: ids.size - len(end)]
            if forbidden[text_ids].any():
                spelled = [part for i in text_ids.tolist() for part in self.control.get(i, (i,))]
                ids = np.array(spelled + end, dtype=self.dtype)
            yield ids


def open_tokenizer(data: bytes, *, name: str, append_eos: bool = True, eos_token: str | None = None) -> Tokenizer:
    """A tokenizer from the bytes of a tokenizer.json. Raises TokenizerError when it is not one or lacks the end token.

    Turns off the threads of `tokenizers` for this process (TOKENIZERS_PARALLELISM): the pipeline already runs one
    worker per core. Truncation and padding, which some files carry from training an encoder, are switched off.
    """
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    try:
        description: dict[str, Any] = json.loads(data)
        added: list[dict[str, Any]] = description.get("added_tokens") or []
        for token in added:
            token["special"] = bool(token["special"]) or is_control(token["content"])
        model = RustTokenizer.from_buffer(json.dumps(description).encode())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise TokenizerError(
            f"tokenizer {name!r} is not a tokenizer.json of Hugging Face tokenizers: {error}"
        ) from error
    model.encode_special_tokens = True
    model.no_truncation()
    model.no_padding()
    vocabulary: dict[str, int] = model.get_vocab(with_added_tokens=True)
    end = _end_token(vocabulary, name, eos_token) if append_eos else eos_token
    # Whatever the file says of it, what ends a document must not come out of text. The unknown token may, unless it is
    # the end token too: the model emits it for what it cannot represent.
    names = {token["content"] for token in added if token["special"]} | {end, *END_TOKENS} - {None}
    unknown = _unknown_token(description.get("model") or {})
    control = {vocabulary[text] for text in names - ({unknown} - {end}) if text in vocabulary}
    return Tokenizer(
        name=name,
        sha256=hashlib.sha256(data).hexdigest(),
        vocabulary_size=max(vocabulary.values(), default=-1) + 1,
        append_eos=append_eos,
        eos_id=None if end is None else vocabulary[end],
        eos_token=end,
        control={i: _spelling(model, vocabulary, control, i, unknown) for i in sorted(control)},
        model=model,
    )


def is_control(content: str) -> bool:
    """Whether an added token that is not flagged special is markup all the same: text in brackets."""
    return _BRACKETED.fullmatch(content) is not None


def _end_token(vocabulary: Mapping[str, int], name: str, wanted: str | None) -> str:
    if wanted is not None:
        if wanted not in vocabulary:
            raise TokenizerError(
                f"tokenizer {name!r} has no token {wanted!r}; set tokenize.eos_token to one that it has"
            )
        return wanted
    found = next((token for token in END_TOKENS if token in vocabulary), None)
    if found is None:
        raise TokenizerError(f"tokenizer {name!r} has none of {', '.join(END_TOKENS)}: set tokenize.eos_token")
    return found


def _unknown_token(model: Mapping[str, Any]) -> str | None:
    if model.get("type") == "Unigram":
        index = model.get("unk_id")
        return None if index is None else str(model["vocab"][index][0])
    return model.get("unk_token")


def _spelling(
    model: RustTokenizer, vocabulary: Mapping[str, int], control: set[int], index: int, unknown: str | None
) -> tuple[int, ...]:
    """The ids of a control token's characters: each an entry of its own, else its bytes, else unknown, else nothing."""
    ids: list[int] = []
    for character in str(model.id_to_token(index)):
        encoded = [f"<0x{byte:02X}>" for byte in character.encode("utf-8")]
        for pieces in ([character], encoded, [unknown]):
            found = [vocabulary[piece] for piece in pieces if piece is not None and piece in vocabulary]
            if len(found) == len(pieces) and not control.intersection(found):
                ids.extend(found)
                break
    return tuple(ids)


def _parts(texts: Sequence[str]) -> Iterator[list[str]]:
    part: list[str] = []
    chars = 0
    for text in texts:
        part.append(_valid(text))
        chars += len(text)
        if chars >= _BATCH_CHARS:
            yield part
            part, chars = [], 0
    if part:
        yield part


def _valid(text: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
