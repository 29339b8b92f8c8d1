"""Two fastText models asked together: which language a text is in.

Reads a text that is not Chinese, Japanese or Korean (those are told by their characters: filters/language.py); returns
labels with probabilities. lid.176 knows 176 languages, but no code, and calls what it does not know English; `lid.own`,
trained by pipeline/train/language.py on a few hundred sentences a language, knows code ("zxx") and that a language is
none of its own ("und"). Their weighted product is better than either: docs/language.md has the figures.
"""

import re
from collections.abc import Callable

import fasttext

from filters.assets import asset, resolve

Probabilities = list[tuple[str, float]]

# lid.176's "no" stands beside its "nn": it is Bokmål. Its Serbo-Croatian, which no other label has, is written as Serbian.
_RENAMED = {"no": "nb", "sh": "sr"}
_TOLD_BY_SCRIPT = frozenset({"zh", "wuu", "yue", "ja", "ko"})
_PREFIX = len("__label__")
_PARTS, _PART_CHARS = 5, 120
SAMPLE_CHARS = _PARTS * _PART_CHARS
"""A shorter text is seen whole, of a longer one five evenly spaced parts."""
_BEST = 8  # labels of each model
_SURE = 0.9  # where both models give one label that much, the rest cannot matter
# The weights below were chosen on fold 0 of data/lid, and on unseen paragraphs of the Declaration and translations of Django.
_OWN_WEIGHT = 0.6  # of 1: at .5, macro-F1 is .013 lower; at 1 (lid.own alone), .03
_FLOOR = 1e-3  # probability that a model gives any label that it knows: none can veto
# What a model is taken to say of a label that it does not know.
_UNKNOWN_TO_OWN, _UNKNOWN_TO_176, _UND_TO_176 = 1e-3, 1e-2, 3e-3
_MARK = re.compile(r"([^\w\s])")
_NAMES = re.compile(r"https?://\S{1,200}|www\.\S{1,200}|[@#]\w{2,40}|&#?\w{1,8};")  # a tweet of them looks like code
_CJK = re.compile(
    "[\u1100-\u11ff\u3005-\u312f\u3130-\u318f\u31a0-\u31ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff66-\uff9f]+"
)


def one_line(text: str) -> str:
    """Without line breaks, NULs, lone surrogates, CJK characters, and what has no language: addresses, names, entities."""
    clean = text.encode("utf-8", "ignore").decode("utf-8").replace("\0", " ")
    clean = _NAMES.sub(" ", clean)
    return " ".join((clean if clean.isascii() else _CJK.sub(" ", clean)).split())


def spaced(line: str) -> str:
    """As lid.own reads it: lower case, every mark a word of its own, so that `f(x):` has the same words as `g(y):`."""
    return " ".join(_MARK.sub(r" \1 ", line.lower()).split())


def open_models(model: str) -> Callable[[str], Probabilities]:
    """Loads lid.176 and `model`, an asset's name or a path (20 ms); the function takes .2 ms for 600 characters.

    It returns the best labels first, by the weighted product of both models' probabilities, normalised; none for no words.
    """
    wide, own = fasttext.load_model(str(asset("lid.176"))), fasttext.load_model(str(resolve(model).path))
    of_wide = {_RENAMED.get(label[_PREFIX:], label[_PREFIX:]) for label in wide.get_labels()}
    unknown = {"und": _UND_TO_176}
    of_own = {label[_PREFIX:] for label in own.get_labels()}

    def predict(text: str) -> Probabilities:
        if not (line := one_line(_sample(text))):
            return []
        wider = wide.f.predict(line + "\n", _BEST, 0.0, "strict")
        owner = own.f.predict(spaced(line) + "\n", _BEST, 0.0, "strict")
        if wider[0][1] == owner[0][1] and wider[0][0] > _SURE and owner[0][0] > _SURE:
            return [(wider[0][1][_PREFIX:], 1.0)]
        theirs: dict[str, float] = {}
        for score, label in wider:
            name = label[_PREFIX:]
            if name not in _TOLD_BY_SCRIPT:
                name = _RENAMED.get(name, name)
                theirs[name] = theirs.get(name, 0.0) + score
        ours = {label[_PREFIX:]: score for score, label in owner}
        pooled = {
            label: (ours.get(label, 0.0) + _FLOOR if label in of_own else _UNKNOWN_TO_OWN) ** _OWN_WEIGHT
            * (theirs.get(label, 0.0) + _FLOOR if label in of_wide else unknown.get(label, _UNKNOWN_TO_176))
            ** (1 - _OWN_WEIGHT)
            for label in theirs.keys() | ours.keys()
        }
        total = sum(sorted(pooled.values()))
        best = sorted(pooled.items(), key=lambda item: (-item[1], item[0]))
        return [(label, value / total) for label, value in best]

    return predict


def _sample(text: str) -> str:
    if len(text) <= SAMPLE_CHARS:
        return text
    step = (len(text) - _PART_CHARS) / (_PARTS - 1)
    return " ".join(text[int(index * step) : int(index * step) + _PART_CHARS] for index in range(_PARTS))
