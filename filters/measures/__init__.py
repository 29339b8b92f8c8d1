"""Every ratio of a text, computed once: signals named text_* and repetition_*.

Reads a `TextView`; returns one value for each of SIGNALS. Decides nothing: thresholds are `filters.rules`. A float is
null where there is nothing to measure (no words, no lines, no list for the language), never 0 and never NaN. Rules
treat null as passing; an empty text fails by its counts, which never are null.
"""

from filters.measures import characters, lines, marks, words
from filters.repetition import SIGNALS as REPETITION_SIGNALS
from filters.repetition import measure_repetition
from filters.segment import index_words
from filters.view import TextView
from schemas.signals import Signal

SIGNALS: tuple[Signal, ...] = characters.SIGNALS + lines.SIGNALS + words.SIGNALS + marks.SIGNALS + REPETITION_SIGNALS


def measure(view: TextView) -> dict[str, float | int | bool | None]:
    """The value of every signal of SIGNALS, by name, in their order."""
    vocabulary = index_words(view.words)
    return {
        **characters.measure_characters(view),
        **lines.measure_lines(view),
        **words.measure_words(view, vocabulary),
        **marks.measure_marks(view),
        **measure_repetition(view, vocabulary),
    }
