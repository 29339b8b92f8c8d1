"""Trains a byte-level BPE tokenizer on Chinese and English in equal parts.

Reads samples (see texts.py); writes Hugging Face's `tokenizer.json`. Every byte has a token, so that any text round-trips
exactly and nothing is unknown. Text is not normalised. Digits stand alone (numbers of one length get one number of
tokens), and so does each mark of CJK punctuation (no merges like 。” that would tie a word to its sentence's end).
Training has no randomness; the library sorts ties, so that the same texts give the same file.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from pipeline.train.texts import Sample, TrainingError

END_OF_TEXT = "<|endoftext|>"
PADDING = "<|padding|>"

# GPT-4's pattern (cl100k) with three changes: one digit at a time; Han, kana and Hangul apart from other letters, so
# that "用Python写" is three pieces; CJK punctuation one mark at a time. Possessive quantifiers are dropped: Oniguruma
# reads them differently.
PATTERN = (
    r"(?i:'(?:s|t|re|ve|m|ll|d))"
    r"|[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]+"
    r"|[\x{3000}-\x{303f}\x{ff00}-\x{ffef}\x{2018}-\x{201d}\x{2014}\x{2026}]"
    r"|[^\r\n\p{L}\p{N}\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\x{3000}-\x{303f}\x{ff00}-\x{ffef}]?"
    r"(?:(?![\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}])[\p{L}\p{M}])+"
    r"|\p{N}"
    r"| ?[^\s\p{L}\p{N}\x{3000}-\x{303f}\x{ff00}-\x{ffef}\x{2018}-\x{201d}\x{2014}\x{2026}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def train_tokenizer(samples: Iterable[Sample], output: Path, *, vocabulary: int) -> Mapping[str, object]:
    """Writes `tokenizer.json` to `output`; returns characters trained on, by language.

    `vocabulary`: number of tokens, the 256 bytes and the two special tokens among them (ids 0 and 1). Each language
    gives the same number of characters: as many as the one with the least text.
    """
    balanced = _balanced(list(samples))
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PATTERN), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[END_OF_TEXT, PADDING],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        min_frequency=2,
        max_token_length=24,  # bytes; longer tokens were sentences that repeat in the training text
        show_progress=False,
    )
    tokenizer.train_from_iterator((text for texts in balanced.values() for text in texts), trainer)
    tokenizer.save(str(output))
    return {
        "vocabulary": tokenizer.get_vocab_size(),
        "characters": {language: sum(map(len, texts)) for language, texts in balanced.items()},
    }


def characters_per_token(tokenizer: Tokenizer, texts: Sequence[str]) -> float:
    """Compression: code points of the texts over tokens."""
    tokens = sum(len(encoding.ids) for encoding in tokenizer.encode_batch(list(texts), add_special_tokens=False))
    return sum(map(len, texts)) / max(1, tokens)


def _balanced(samples: Sequence[Sample]) -> Mapping[str, Sequence[str]]:
    by_language: dict[str, list[str]] = {}
    for sample in samples:
        if sample.fold:
            by_language.setdefault(sample.language, []).append(sample.text)
    if not by_language:
        raise TrainingError("There is no text to train on: one text in ten is left out, and no other has any text.")
    limit = min(sum(map(len, texts)) for texts in by_language.values())
    return {language: list(_spread(texts, limit)) for language, texts in sorted(by_language.items())}


def _spread(texts: Sequence[str], limit: int) -> Iterator[str]:
    """Every n-th text, so that each source keeps its share, until about `limit` characters."""
    total = sum(map(len, texts))
    taken = seen = 0
    for text in texts:
        seen += len(text)
        if taken + len(text) / 2 <= limit * seen / total:
            taken += len(text)
            yield text
