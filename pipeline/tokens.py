"""Text to token ids.

Reads: a tokenizer.json of Hugging Face `tokenizers` (any model type) and the texts of kept documents. Returns: one
array of ids for each text, with the end-of-document id behind it. Drops nothing: an empty text is the end id alone.

Text never becomes a control token. A page that shows `<|endoftext|>`, `<|im_start|>`, `</s>` or `[INST]` is tokenised
as the characters that it consists of; control ids are only ever appended as ids. Two steps make this hold for any
tokenizer: added control tokens are not matched in text, and where the model itself can still form one (Unigram and
WordLevel models hold `</s>` as an ordinary entry), its id is replaced by the ids of its characters.

A tokenizer of ours gets words, once each, since they repeat; others get texts whole.

Does not: add a begin-of-document id, cut or pack documents (the loader packs), or decide which documents are kept.
"""

import hashlib
import json
import os
import re
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass as plain_dataclass
from dataclasses import field
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass
from tokenizers import Tokenizer as RustTokenizer

from filters.assets import resolve
from filters.spec import SPEC
from pipeline.train.tokenizer import PATTERN

Ids = NDArray[np.unsignedinteger[Any]]

# Tokens that end a document, by the convention of the models that use them: GPT-2, Qwen, OLMo; Llama 1 and 2, T5,
# Mistral; Llama 3; Gemma; DeepSeek; ChatGLM. tokenizer.json does not say which of its tokens plays this part.
END_TOKENS = ("<|endoftext|>", "</s>", "<|end_of_text|>", "<eos>", "<｜end▁of▁sentence｜>", "<eop>")

# An added token in brackets is markup of a chat or tool template even where its author did not flag it as special:
# DeepSeek's <｜User｜> and Qwen's <tool_call> are not. Runs of spaces (GPT-NeoX) and added words stay ordinary.
_BRACKETED = re.compile(r"[<\[【].*[>\]】]", re.DOTALL)

_BATCH_CHARS = 1 << 18  # at once: bounds the stretches, offsets and strings that are held
_CALL_PIECES = 256  # per call into Rust: amortises the call; more of its small objects at once cost malloc 15 %
_KNOWN_PIECES = 1 << 16  # remembered: about 12 MB
_KNOWN_CHARS = 24  # of one that is remembered: longer ones hardly occur twice

# PATTERN has no look-behind, so a text may be cut wherever one of its pieces must end. Pieces end behind a line feed that
# only spaces part from the next character: `\s*[\r\n]+` ends at the last line feed of white space.
_LINES = re.compile(r"(?:[^\n]++|\n(?! *+\S))++\n?+|\n")
# In ASCII these are the pieces themselves: PATTERN with its classes written out, \p{L} as A-Za-z, \s as [\t-\r ].
_ASCII_PIECES = re.compile(
    r"'(?:[sStTmMdD]|[rR][eE]|[vV][eE]|[lL][lL])|[^\r\nA-Za-z0-9]?[A-Za-z]+|[0-9]| ?[^\t-\r A-Za-z0-9]+[\r\n]*"
    r"|[\t-\r ]*[\r\n]+|[\t-\r ]+(?![^\t-\r ])|[\t-\r ]+"
)
# Elsewhere they end before a space that follows anything but white space: no alternative matches across (only line ends
# may follow punctuation). What Python takes for white space beyond Oniguruma's, U+001C to 1F, means fewer ends.
_STRETCHES = re.compile(r"\s*+\S++(?:(?! |\n++ *+\S)\s++\S*+)*+(?:\n++(?= *+\S))?|\s++")


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

    `vocabulary_size` is the highest id plus one. `known` remembers the ids of pieces of text, packed; None where texts
    cannot be cut. `control` maps each id that text must not produce to the ids of its
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
    known: dict[str, bytes] | None = field(default=None, compare=False)

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
        end = array(self._code, [self.eos_id] if self.append_eos and self.eos_id is not None else []).tobytes()
        for packed in self._packed(texts):
            ids = np.frombuffer(packed + end, dtype=self.dtype)
            text_ids = ids[: len(packed) // ids.itemsize]
            if forbidden[text_ids].any():
                spelled = array(self._code, [part for i in text_ids.tolist() for part in self.control.get(i, (i,))])
                ids = np.frombuffer(spelled.tobytes() + end, dtype=self.dtype)
            yield ids

    def _packed(self, texts: list[str]) -> Iterator[bytes]:
        """The model's ids of each text, in the bytes of `dtype`."""
        known = self.known
        if known is None:
            yield from self._model_ids(texts)
            return
        if len(known) > _KNOWN_PIECES:
            known.clear()
        cut = [_pieces(text) for text in texts]
        new = list(set().union(*cut) - known.keys())
        for start in range(0, len(new), _CALL_PIECES):
            some = new[start : start + _CALL_PIECES]
            known.update(zip(some, self._model_ids(some), strict=True))
        for pieces in cut:
            yield b"".join(map(known.__getitem__, pieces))
        for piece in new:
            if len(piece) > _KNOWN_CHARS:
                del known[piece]

    def _model_ids(self, texts: list[str]) -> Iterator[bytes]:
        code = self._code
        for encoding in self.model.encode_batch_fast(texts, add_special_tokens=False):
            yield array(code, encoding.ids).tobytes()

    @property
    def _code(self) -> str:
        """The type code of `dtype` for `array`, which packs a list several times as fast as numpy."""
        return self.dtype.char


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
        known={} if _can_cut(description) else None,
    )


def is_control(content: str) -> bool:
    """Whether an added token that is not flagged special is markup all the same: text in brackets."""
    return _BRACKETED.fullmatch(content) is not None


def _can_cut(description: Mapping[str, Any]) -> bool:
    """Whether the ids of a text are those of its stretches: a BPE of ours, behind PATTERN and nothing else."""
    split = {"type": "Split", "pattern": {"Regex": PATTERN}, "behavior": "Isolated", "invert": False}
    by_bytes = {"type": "ByteLevel", "add_prefix_space": False, "use_regex": False}
    given: list[dict[str, Any]] = (description.get("pre_tokenizer") or {}).get("pretokenizers") or []
    model = description.get("model") or {}
    return (
        len(given) == 2
        and given[0] == split
        and {name: given[1].get(name) for name in by_bytes} == by_bytes
        and description.get("normalizer") is None
        and model.get("type") == "BPE"
        and not model.get("dropout")
        and all(token["special"] for token in description.get("added_tokens") or ())  # others are looked for first
    )


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


def _pieces(text: str) -> list[str]:
    """The text, cut where PATTERN ends a piece whatever follows."""
    if text.isascii():
        return _ASCII_PIECES.findall(text)
    return [
        piece
        for line in _LINES.findall(text)
        for piece in (_ASCII_PIECES if line.isascii() else _STRETCHES).findall(line)
    ]


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
