"""Which language a text is in: two models asked together, checked against the characters themselves.

Reads text; returns `Language` (ISO 639-1 code, "yue", "zxx" for code, or "und"; ISO 15924 script; score; shares).
Decides nothing on a text: `rules` compares the signals later. Only `open_prescreen`, which looks at the plain text of a
whole page before the costly extraction, drops, and only what is clearly in none of the languages to keep.

The script check (reference/chinese_safety.md, A3): more than 5 % kana is Japanese, and so are more than 5 % characters
that only Japan writes (東京駅); Hangul is Korean; Cantonese characters and words above 3 % of Han make "yue"; characters
that t2s would change above 5 % of Han make Hant; other Han text is Chinese, whatever a model says (fairseq#5438: 北京大观园
is no Vietnamese). A script that one language alone uses names it. What is left is for the models (filters/lid.py), which
see five places of a long text: "zxx" only where hardly any of it is prose, since a page of documentation is half code.

It does not know dialects of Chinese but Cantonese, or Japanese in characters that China has too (東京都). A language
that no model knows is "und"; its score is that of the best name, so low.
"""

from collections.abc import Callable
from dataclasses import dataclass as plain_dataclass
from dataclasses import replace

from pydantic.dataclasses import dataclass

from filters.glance import glance, long_lines, wanted_letters
from filters.lid import SAMPLE_CHARS, Probabilities, open_models
from filters.script import HAN_WEIGHT, Scripts, cantonese_words, scripts, scripts_and_shares
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
        "probability of the language: the models', or the script's share where the script decides",
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
_MIN_LABEL_SCORE = 0.3
"""Below it, the label is "und": on data/lid as many of the labels below it are wrong as are right."""
_MIN_CODE_SCORE, _MIN_PROSE_SCORE = 0.2, 0.2
"""Probabilities. A longer text with so much prose is not code, unless it is laid out as code and that much of it is: a
docstring is English, the function around it is not."""
_MAX_SNIPPET_CHARS = 2_000  # of a text that may be code with less than half the probability: a function, not a page
_MIN_KEPT_PROSE_SCORE = 0.05
"""Probability of a kept language above which code is kept for the prose in it."""
_MIN_CJK_RATIO = 0.2
"""Of weighted letters: a text in which the models see code, or nothing, is Chinese with so much Han: it is documentation."""
_MIN_SCORE_AMID_CJK = 0.5
"""Below it, so much Han decides against any other language too: an article with a list of English songs."""
_INDENTED, _CODE_ENDS = ("  ", "\t"), tuple(";{}()[]:,=>\\")
_MIN_CANTONESE_RATIO = 0.03  # of Han characters (chinese_safety.md, A3)
_MIN_HANT_RATIO = 0.05  # of Han characters (the same)


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
    """Language codes to keep ("zh", "en", "yue", "zxx" for program text and markup); none keeps all. "zh" does not include
    "yue". Code with some prose in a language to keep is kept as well."""

    min_score: float = 0.4
    """Probability. MAP-NEO keeps 0.4 and more of fastText's score, CCNet 0.5; Chinese, Japanese and Korean, told by
    script, score near 1."""

    min_letters: int = 4
    """Letters, Han, kana and Hangul counted three times, below which a text is "und": `OK` is no language."""

    model: str = "lid.own"
    """Asked beside lid.176: a pinned asset, or the path of a model that `train language` has made."""

    prescreen_score: float = 0.7
    """Probability above which the plain text of a page drops it unextracted when its language is not to be kept.
    Loses 2 of 971 wanted pages of data/crawl-small and gold-extraction with keep = zh, en, and none with zh."""

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
        """Load the models (20 ms) and return the function: .5 ms for a document."""
        predict = _models(self.model)

        def identify(text: str) -> Language:
            counted, shares = scripts_and_shares(text)
            found = _identify(text, counted, predict, self.min_letters)
            letters = sum(counted.letters.values())
            han = counted.count("Hani")
            return Language(
                language=found.language,
                script=found.script,
                score=found.score,
                kept=not self.keep
                or found.language in self.keep
                or (found.language == "zxx" and found.prose in self.keep),
                han_ratio=han / letters if letters else None,
                latin_ratio=counted.count("Latn") / letters if letters else None,
                hant_ratio=counted.traditional / han if han else None,
                cjk_paragraph_ratio=shares[0] if shares else None,
                latin_paragraph_ratio=shares[1] if shares else None,
            )

        return identify

    def open_glance(self) -> Callable[[str], bool]:
        """Whether a few runs of text in a page's HTML tell that the whole plain text would not drop it, and need not be asked.

        They do where they are in a language to keep, code, or nothing: of 760 such pages of Debian's documentation in 30
        languages a look at everything drops 2, and takes as long as a tenth of an extraction.
        """
        predict = _models(self.model)
        count_wanted = wanted_letters(self.keep)

        def sure(page: str) -> bool:
            if not (text := glance(page)):
                return False
            counted = scripts(text)
            if HAN_WEIGHT * count_wanted(counted) > self.prescreen_share * counted.weight:
                return True
            return _identify(text, counted, predict, self.min_letters).language in ("und", "zxx", *self.keep)

        return sure

    def open_prescreen(self) -> Callable[[str], Decision] | None:
        """A cautious look at the plain text of a page, menus and all; None where every language is kept.

        Menus are often English where the article is not, so the page is dropped only when the whole and its long
        lines alike are surely in another language. Code never drops a page: the prose may be elsewhere.
        """
        if not self.keep:
            return None
        predict = _models(self.model)
        count_wanted = wanted_letters(self.keep)

        def look(plain: str) -> Decision:
            worst = 1.0
            for part in (plain, long_lines(plain)):
                counted = scripts(part)
                if HAN_WEIGHT * count_wanted(counted) > self.prescreen_share * counted.weight:
                    return KEEP
                found = _identify(part, counted, predict, self.min_letters)
                # Japanese amid code: the main text may be English.
                mixed = counted.dominant()[0] == "Latn" != found.script
                if mixed or found.language in ("und", "zxx", *self.keep) or (found.score or 0.0) < self.prescreen_score:
                    return KEEP
                worst = min(worst, found.score or 0.0)
            return Drop("unwanted_language", worst, self.prescreen_score, found.language)

        return look


@plain_dataclass(frozen=True, slots=True, kw_only=True)
class _Label:
    language: str
    script: str
    score: float | None
    prose: str | None = None


def _models(model: str) -> Callable[[str], Probabilities]:
    scripts("")  # makes its tables now, not within the first document's deadline
    return open_models(model)


def _identify(text: str, counted: Scripts, predict: Callable[[str], Probabilities], min_letters: int) -> _Label:
    script, share = counted.dominant()
    if counted.weight < min_letters:
        return _Label(language="und", script=_script_code(script, counted), score=None)
    if script == "Jpan":
        return _Label(language="ja", script=script, score=share)
    if script == "Hang":
        return _Label(language="ko", script="Kore", score=share)
    if script == "Hani":
        cantonese = counted.cantonese + cantonese_words(text) > _MIN_CANTONESE_RATIO * counted.count("Hani")
        return _Label(language="yue" if cantonese else "zh", script=_script_code(script, counted), score=share)
    if len(_SOLE.get(script, ())) == 1:
        return _Label(language=_SOLE[script][0], script=script, score=share)
    return _by_models(text, counted, script, share, predict)


def _by_models(
    text: str, counted: Scripts, script: str, share: float, predict: Callable[[str], Probabilities]
) -> _Label:
    found = dict(predict(text))
    if script in _SOLE:
        return _Label(language=max(_SOLE[script], key=lambda label: found.get(label, 0.0)), script=script, score=share)
    code, other = found.pop("zxx", 0.0), found.pop("und", 0.0)
    best, score = next(iter(found.items()), ("und", 0.0))
    cjk = HAN_WEIGHT * counted.cjk / counted.weight
    told = False
    if _is_code(text, code, score):
        prose = best if score >= _MIN_KEPT_PROSE_SCORE else None
        label = _Label(language="zxx", script=script, score=code, prose=prose)
    else:
        if len(text) > SAMPLE_CHARS:
            score += code  # the code amid prose does not speak against its language
        told = score >= max(other, _MIN_LABEL_SCORE)
        label = _Label(language=best if told else "und", script=script, score=score)
    if cjk < _MIN_CJK_RATIO or (told and score >= _MIN_SCORE_AMID_CJK):
        return label
    letters = {name: counted.count(name) for name in ("Hani", "Kana", "Hang", "Bopo")}
    inner = _identify("", replace(counted, letters=letters), predict, 0)
    return replace(inner, score=cjk + (1 - cjk) * (code + other))


def _is_code(text: str, code: float, prose: float) -> bool:
    if code < _MIN_CODE_SCORE:
        return False
    if code > prose and (len(text) <= SAMPLE_CHARS or prose < _MIN_PROSE_SCORE):
        return True
    return (code > prose or len(text) <= _MAX_SNIPPET_CHARS) and _laid_out_as_code(text)


def _script_code(script: str, counted: Scripts) -> str:
    if script == "Hani":
        return "Hant" if counted.traditional > _MIN_HANT_RATIO * counted.count("Hani") else "Hans"
    return {"Hang": "Kore"}.get(script, script)


def _laid_out_as_code(text: str) -> bool:
    """Two lines or more, and more than half of their characters in lines that are indented, or end as statements do."""
    lines = [line.rstrip() for line in text.split("\n") if line.strip()]
    code = sum(len(line) for line in lines if line.startswith(_INDENTED) or line.endswith(_CODE_ENDS))
    return len(lines) > 1 and 2 * code > sum(map(len, lines))
