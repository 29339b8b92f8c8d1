"""Millrace's own rules, the default: they drop what is no text, and keep poems, exam questions, tables and lists.

Thresholds lie beyond what was measured on clean text (`tests/quality/test_measures.py` pins the keep rates): Chinese
and English encyclopaedia, fiction, science and manuals, the gold texts of 524 web pages, and 3,313 exam questions with
their formulas. Published sets are stricter: FineWeb-2's Chinese rules keep 48 % of AGIEval's and 64 % of GAOKAO's Chinese questions.
Word order is not their matter (`filters.perplexity` has it), nor is harm.
"""

from filters.presets.rows import rows

_CLEAN = "Millrace; clean text, 99.5 % or more"

MILLRACE = rows(
    _CLEAN,
    too_few_chars=(50, "MAP-NEO"),
    too_many_chars=(1_000_000, "a novel has half of it; beyond are logs and dumps"),
    one_word_too_long=(1000, "C4; encoded data, minified code"),
    lorem_ipsum=(0, "C4"),
    duplicate_lines=(0.5, "Gopher .3, FineWeb-2 zh .287; gold pages reach .50"),
    duplicate_line_chars=(0.45, "Gopher .2; gold pages reach .39"),
    duplicate_13_chars=(0.55, "ChineseWebText .5; gold pages reach .51"),
    frequent_2gram=(0.3, "Gopher .2; exam questions reach .28"),
    frequent_3gram=(0.33, "Gopher .18; exam questions reach .32"),
    frequent_4gram=(0.35, "Gopher .16; exam questions reach .32"),
    duplicate_5grams=(0.4, "Gopher .15; gold pages reach .34"),
    duplicate_10grams=(0.35, "Gopher .1; gold pages reach .29"),
    too_little_variety=(2.0, "nats, MAP-NEO 3; exam questions go down to 2.1"),
    too_few_letters_and_digits=(0.3, "exam questions go down to .32"),
    too_many_symbols=(0.4, "exam questions reach .34"),
    too_many_digits=(0.4, "MAP-NEO .3; exam questions reach .35"),
    too_many_links=(0.4, "NeMo Curator .2; gold pages reach .32"),
    too_many_separators=(0.15, "| > · and the like; gold pages reach .08"),
    too_many_tags=(0.6, "gold pages reach .31"),
    too_many_hashes=(0.3, "Gopher .1; a gold page has .25"),
    too_many_ellipses=(0.15, "Gopher .1; a gold page has .12"),
    mostly_fragments=(
        0.78,
        "lists of titles and dates start at .79; gold pages of listings, formulas and code stay below",
    ),
    too_many_new_lines=(0.9, "FineWeb .3; a gold page has .89"),
    doubled_marks=(0.08, "marks in random places; encyclopaedia with gaps reaches .05"),
)

MILLRACE_ZH = rows(
    _CLEAN,
    too_little_han=(0.01, "ChineseWebText .3 drops questions of mathematics, which go down to .01"),
    too_few_function_words=(0.01, "of words; ROOTS asks .17; news goes down to .02"),
    too_many_navigation_lines=(0.3, "MAP-NEO .3, with more phrases; gold pages reach .17"),
    too_many_short_lines=(0.9, "10 characters; questions with choices reach .89"),
    one_word_too_often=(0.28, "questions reach .27"),
    stuffed_with_keywords=(0.58, "questions reach .56"),
    too_many_contacts=(0.06, "gold pages reach .02"),
    too_much_in_brackets=(0.25, "MAP-NEO .1; news pages reach .19"),
    broken_phrases=(0.25, "1 opener in 150 in clean text"),
    broken_clauses=(0.055, "prose reaches .041, questions .06; shuffled paragraphs .08 at the median"),
    sentences_without_end=(150, "words; clean text reaches 144"),
    words_too_short=(1.05, "characters; shuffled characters have 1.06 at the median, formulas go down to 1.08"),
)

MILLRACE_EN = rows(
    _CLEAN,
    too_few_words=(15, "Gopher 50; exam questions have 15 and more"),
    too_few_function_words=(0.03, "of words; tables on gold pages go down to .05"),
    too_many_navigation_lines=(0.3, "gold pages reach .25"),
    too_many_short_lines=(0.95, "30 characters, FineWeb .67; gold pages reach .94"),
    one_word_too_often=(0.17, "questions reach .16"),
    stuffed_with_keywords=(0.6, "a gold page has .59"),
    too_many_contacts=(0.08, "a paragraph on how to reach the authors has .08"),
    too_many_capitals=(0.5, "of letters; a gold page has .32"),
    broken_phrases=(0.2, "1 determiner in 200 in clean text, 1 in 3 in shuffled"),
    broken_clauses=(0.055, "clean text reaches .03; shuffled paragraphs .1 at the median"),
    sentences_without_end=(150, "words; prose of 1776 reaches 92 in 99.5 %"),
    words_too_long=(12, "characters, Gopher 10; clean text reaches 7.3"),
)
