"""Which language a text is in: lid.176's label, checked against the characters themselves.

Reads text; returns `Language` (ISO 639-1 code, "yue", or "und"; ISO 15924 script; score; shares). Decides nothing on a
text: `rules` compares the signals later. Only `open_prescreen`, which looks at the plain text of a whole page before
the costly extraction, drops, and only what is clearly in none of the languages to keep.

The script check (reference/chinese_safety.md, A3): more than 5 % kana is Japanese; Hangul is Korean; Cantonese characters
above 3 % of Han make "yue"; characters that t2s would change above 5 % of Han make Hant; other Han text is Chinese,
whatever the model says (fairseq#5438: 北京大观园 is no Vietnamese). A script that one language alone uses names it.

It does not know code, dialects of Chinese but Cantonese, or languages outside lid.176; of these it says a wrong name
with a low score.
"""

from collections.abc import Callable
from dataclasses import dataclass as plain_dataclass

import fasttext
from pydantic.dataclasses import dataclass

from filters.assets import asset
from filters.script import HAN_WEIGHT, Scripts, scripts, scripts_and_shares, table
from filters.spec import SPEC
from schemas.decisions import KEEP, Decision, Drop
from schemas.rules import Rule
from schemas.signals import Signal

REASONS = ("unwanted_language",)

SIGNALS = (
    Signal(
        "language_score",
        "float",
        "ratio",
        "probability of the language: the model's, or the script's share where the script decides",
    ),
    Signal("language_kept", "bool", "bool", "the language is one of those to keep (always, where none are named)"),
    Signal("language_han_ratio", "float", "ratio", "Han characters among letters"),
    Signal("language_latin_ratio", "float", "ratio", "Latin letters among letters"),
    Signal("language_hant_ratio", "float", "ratio", "Traditional characters among Han characters"),
    Signal(
        "language_cjk_paragraph_ratio",
        "float",
        "ratio",
        "letters in paragraphs of mostly Chinese, Japanese or Korean script",
    ),
    Signal("language_latin_paragraph_ratio", "float", "ratio", "letters in paragraphs of mostly Latin script"),
)

# Scripts that one large language uses alone, with the others that lid.176 knows.
_SOLE = {
    "Grek": ("el",),
    "Thai": ("th",),
    "Geor": ("ka", "xmf"),
    "Armn": ("hy",),
    "Gujr": ("gu",),
    "Guru": ("pa",),
    "Taml": ("ta",),
    "Telu": ("te",),
    "Knda": ("kn", "tcy"),
    "Mlym": ("ml",),
    "Sinh": ("si",),
    "Orya": ("or",),
    "Laoo": ("lo",),
    "Khmr": ("km",),
    "Tibt": ("bo", "dz"),
    "Mymr": ("my",),
    "Hebr": ("he", "yi"),
    "Beng": ("bn", "as", "bpy"),
    "Ethi": ("am", "ti"),
    "Thaa": ("dv",),
}
_CJK_LABELS = frozenset({"zh", "wuu", "yue", "ja", "ko"})  # told by script alone
_JAPANESE_KANA_RATIO = 0.2  # of Han and kana: Japanese text has .4 and more, a Chinese page about Japan has less
_MIN_LABEL_SCORE = 0.2
"""Below it, the model's label is "und". On data/lid .7 % of the right labels of Latin script score less, and 35 % of the wrong
ones: half of the sentences in languages that the model does not know, which it calls English."""
_MIN_CANTONESE_RATIO = 0.03  # of Han characters (chinese_safety.md, A3)
_MIN_HANT_RATIO = 0.05  # of Han characters (the same)
_SAMPLE_CHARS, _SAMPLE_PARTS = 1_000, 5  # the model takes .25 ms for them


@plain_dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """What is known of a text's language. Shares are None where there is nothing to share."""

    language: str
    script: str
    score: float | None
    kept: bool
    han_ratio: float | None
    latin_ratio: float | None
    hant_ratio: float | None
    cjk_paragraph_ratio: float | None
    latin_paragraph_ratio: float | None

    def signals(self) -> dict[str, object]:
        """The values of SIGNALS."""
        return {
            "language_score": self.score,
            "language_kept": self.kept,
            "language_han_ratio": self.han_ratio,
            "language_latin_ratio": self.latin_ratio,
            "language_hant_ratio": self.hant_ratio,
            "language_cjk_paragraph_ratio": self.cjk_paragraph_ratio,
            "language_latin_paragraph_ratio": self.latin_paragraph_ratio,
        }


@dataclass(frozen=True, kw_only=True, config=SPEC)
class LanguageSpec:
    """Which languages to keep, and how sure to be."""

    keep: tuple[str, ...] = ()
    """Language codes to keep ("zh", "en", "yue"); none keeps all. "zh" does not include "yue"."""

    min_score: float = 0.4
    """Probability. MAP-NEO keeps 0.4 and more of fastText's score, CCNet 0.5; Chinese, Japanese and Korean, told by
    script, score near 1."""

    min_letters: int = 4
    """Letters, Han, kana and Hangul counted three times, below which a text is "und": `OK` is no language."""

    prescreen_score: float = 0.7
    """Probability above which the plain text of a page drops it unextracted when its language is not to be kept.
    Measured on data/crawl-small and gold-extraction with keep = zh, en: see tests/quality/test_language.py."""

    prescreen_share: float = 0.1
    """Share of (weighted) letters in the script of a kept language above which the page is extracted in any case."""

    def rules(self) -> tuple[Rule, ...]:
        """The rules on SIGNALS."""
        return (
            Rule(reason="unwanted_language", signal="language_kept", low=1),
            Rule(
                reason="low_language_score",
                signal="language_score",
                low=self.min_score,
                citation="MAP-NEO ccnet_rules, 0.4; there the label is not checked",
            ),
        )

    def open(self) -> Callable[[str], Language]:
        """Load the model (10 ms) and return the function: .3 ms for a document."""
        predict = _model()

        def identify(text: str) -> Language:
            counted, shares = scripts_and_shares(text)
            language, script, score = _identify(text, counted, predict, self.min_letters)
            letters = sum(counted.letters.values())
            han = counted.count("Hani")
            return Language(
                language=language,
                script=script,
                score=score,
                kept=not self.keep or language in self.keep,
                han_ratio=han / letters if letters else None,
                latin_ratio=counted.count("Latn") / letters if letters else None,
                hant_ratio=counted.traditional / han if han else None,
                cjk_paragraph_ratio=shares[0] if shares else None,
                latin_paragraph_ratio=shares[1] if shares else None,
            )

        return identify

    def open_prescreen(self) -> Callable[[str], Decision] | None:
        """A cautious look at the plain text of a page, menus and all; None where every language is kept.

        Menus are often English where the article is not, so the page is dropped only when the whole and its long
        lines alike are surely in another language.
        """
        if not self.keep:
            return None
        predict = _model()
        wanted_letters = _wanted_letters(self.keep)

        def look(plain: str) -> Decision:
            worst = 1.0
            for part in (plain, _long_lines(plain)):
                counted = scripts(part)
                if HAN_WEIGHT * wanted_letters(counted) > self.prescreen_share * counted.weight:
                    return KEEP
                language, _, score = _identify(part, counted, predict, self.min_letters)
                if language == "und" or language in self.keep or score is None or score < self.prescreen_score:
                    return KEEP
                worst = min(worst, score)
            return Drop("unwanted_language", worst, self.prescreen_score, language)

        return look


def _model() -> Callable[[str], tuple[str, float]]:
    model = fasttext.load_model(str(asset("lid.176")))
    table()

    def predict(line: str) -> tuple[str, float]:
        """lid.176's best label for a line that is not Han, kana or Hangul; no line breaks, NULs or surrogates in it."""
        for score, label in model.f.predict(line, 3, 0.0, "strict"):
            if (language := label.removeprefix("__label__")) not in _CJK_LABELS:
                return language, min(1.0, score)
        return "und", 0.0

    return predict


def _identify(
    text: str, counted: Scripts, predict: Callable[[str], tuple[str, float]], min_letters: int
) -> tuple[str, str, float | None]:
    """Language, script, score."""
    script, share = counted.dominant()
    if counted.weight < min_letters:
        return "und", _script_code(script, counted), None
    if script == "Jpan":
        return "ja", script, share
    if script == "Hang":
        return "ko", "Kore", share
    if script == "Hani":
        cantonese = counted.cantonese > _MIN_CANTONESE_RATIO * counted.count("Hani")
        return "yue" if cantonese else "zh", _script_code(script, counted), share
    language, score = predict(_sample(text))
    if script in _SOLE and language not in _SOLE[script]:
        return _SOLE[script][0], script, share
    return (language if score >= _MIN_LABEL_SCORE else "und"), script, score


def _script_code(script: str, counted: Scripts) -> str:
    if script == "Hani":
        return "Hant" if counted.traditional > _MIN_HANT_RATIO * counted.count("Hani") else "Hans"
    return {"Hang": "Kore"}.get(script, script)


def _sample(text: str) -> str:
    """At most _SAMPLE_CHARS characters from evenly spaced places, on one line, fit for the model."""
    if len(text) > _SAMPLE_CHARS:
        size = _SAMPLE_CHARS // _SAMPLE_PARTS
        step = (len(text) - size) / (_SAMPLE_PARTS - 1)
        text = " ".join(text[int(index * step) : int(index * step) + size] for index in range(_SAMPLE_PARTS))
    return " ".join(text.encode("utf-8", "ignore").decode("utf-8").replace("\0", " ").split())


def _wanted_letters(keep: tuple[str, ...]) -> Callable[[Scripts], int]:
    """How many letters only kept languages write: Han for Chinese (unless amid kana), kana for Japanese, Hangul."""

    def count(counted: Scripts) -> int:
        han, kana = counted.count("Hani"), counted.count("Kana")
        total = counted.count("Hang") if "ko" in keep else 0
        if "ja" in keep:
            total += kana
        if not {"zh", "yue"}.isdisjoint(keep) and kana < _JAPANESE_KANA_RATIO * (han + kana):
            total += han
        return total

    return count


def _long_lines(plain: str) -> str:
    """Lines that may be sentences: 40 letters, or 20 characters that are not ASCII."""
    return "\n".join(line for line in plain.split("\n") if len(line) >= 40 or (len(line) >= 20 and not line.isascii()))
