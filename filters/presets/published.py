"""Rule sets as published, thresholds verbatim. Words never hold punctuation here (see filters.segment), which makes
shares of words a little larger and n-gram shares a little smaller than in the references; other deviations stand in
the citations. A threshold that the reference leaves off is absent. Rules that remove lines, not documents, are absent:
these signals measure the document as it is. DCLM's are the
choice `dclm` of `filters.repair`.
"""

from dataclasses import replace

from filters.presets.rows import Threshold, rows

_GOPHER = "Gopher, arXiv 2112.11446"

GOPHER_QUALITY = rows(
    f"{_GOPHER}, app. A1.1",
    too_few_words=50,
    too_many_words=100_000,
    words_too_short=3,
    words_too_long=10,
    too_many_hashes=0.1,
    too_many_ellipses=0.1,
    too_many_bullet_lines=(0.9, "datatrove knows the bullets • and - alone"),
    too_many_ellipsis_lines=0.3,
    too_few_words_with_letters=0.8,
    too_few_published_stop_words=(2, "capitalised forms count too; null where the language has no published list"),
)

GOPHER_REPETITION = rows(
    f"{_GOPHER}, table A1",
    duplicate_lines=0.3,
    duplicate_paragraphs=0.3,
    duplicate_line_chars=0.2,
    duplicate_paragraph_chars=0.2,
    frequent_2gram=0.2,
    frequent_3gram=0.18,
    frequent_4gram=0.16,
    duplicate_5grams=0.15,
    duplicate_6grams=0.14,
    duplicate_7grams=0.13,
    duplicate_8grams=0.12,
    duplicate_9grams=0.11,
    duplicate_10grams=0.1,
)

# baselines_configs/dclm_baseline_refinedweb.yaml of mlfoundations/dclm: Gopher's rules, then line rules that may remove
# little. Its page_length_filter, word_length_filter and massive_web_repetition_filters have Gopher's thresholds.
_DCLM = "DCLM, arXiv 2406.11794, dclm_baseline_refinedweb.yaml"
DCLM = (
    *(replace(rule, citation=f"{_DCLM}; {rule.citation}") for rule in GOPHER_QUALITY + GOPHER_REPETITION),
    *rows(
        _DCLM,
        too_many_words_removed=(
            0.05,
            "needs `dclm = true` in [repair], else null; measured after the lines are gone here",
        ),
    ),
)

_C4_LINES = "counted in the lines that the reference keeps; those lines stay in the text here"
_C4: dict[str, Threshold] = {
    "curly_brackets": 0,
    "lorem_ipsum": 0,
    "one_word_too_long": (1000, "the reference removes the line alone"),
}

C4_PAPER = rows("C4, JMLR 21 (20-074), sec. 2.2", too_few_c4_sentences=(5, _C4_LINES), **_C4)

C4_TFDS = rows(
    "C4 as in tensorflow/datasets text/c4_utils.py, which differs from the paper",
    too_few_tfds_sentences=(3, _C4_LINES),
    too_many_chars=190_000,
    **_C4,
)

_FINEWEB_CHARS = "the reference divides by the characters that are not line feeds"

FINEWEB = rows(
    "FineWeb, arXiv 2406.17557, sec. 3.6; datatrove FineWebQualityFilter",
    too_few_line_ends=(0.12, "closing quotes, brackets, colons count as ends too: Chinese needs them"),
    too_many_short_lines=(0.67, "30 characters; other lengths for Chinese and Japanese"),
    duplicate_line_chars=(0.01, f"code; the paper says 0.1; {_FINEWEB_CHARS}"),
    too_many_new_lines=0.3,
)

# What fineweb-2-pipeline.py sets for every language: defaults of the Gopher filters, and these.
_FINEWEB2: dict[str, Threshold] = {
    "too_few_words": 50,
    "too_many_words": 100_000,
    "too_many_hashes": 0.1,
    "too_many_ellipses": 0.1,
    "too_many_bullet_lines": 0.9,
    "too_many_ellipsis_lines": 0.3,
    "too_few_published_stop_words": 2,
    "duplicate_line_chars": (0.1, _FINEWEB_CHARS),
    "words_too_short": 1,
    "words_too_long": 5,
}

FINEWEB2_CMN = rows(
    "FineWeb-2, arXiv 2506.20920, configs/cmn_Hani.yml",
    too_few_line_ends=0.106,
    too_many_new_lines=0.178,
    too_few_words_with_letters=(0.735, "set as max_non_alpha_words_ratio, compared as a minimum"),
    duplicate_lines=0.287,
    frequent_2gram=0.256,
    frequent_3gram=0.201,
    frequent_4gram=0.171,
    duplicate_5grams=0.198,
    duplicate_6grams=0.182,
    duplicate_7grams=0.167,
    duplicate_8grams=0.154,
    duplicate_9grams=0.14,
    duplicate_10grams=0.127,
    **_FINEWEB2,
)

FINEWEB2_JPN = rows(
    "FineWeb-2, arXiv 2506.20920, configs/jpn_Jpan.yml; words are runs of one character class here, spaCy's there",
    too_few_line_ends=0.167,
    too_many_new_lines=0.162,
    too_few_words_with_letters=0.759,
    duplicate_lines=0.375,
    frequent_2gram=0.121,
    frequent_3gram=0.129,
    frequent_4gram=0.145,
    duplicate_5grams=0.307,
    duplicate_6grams=0.283,
    duplicate_7grams=0.264,
    duplicate_8grams=0.248,
    duplicate_9grams=0.234,
    duplicate_10grams=0.223,
    **_FINEWEB2,
)

MAPNEO_ZH = rows(
    "MAP-NEO, Matrix/chinese_data_clean_pipeline/filter, which never applies its repetition rules",
    too_few_chars=50,
    too_many_chars=10_000,
    too_few_sentences=(2, "more than one"),
    words_too_short=1.3,
    words_too_long=10,
    too_many_hashes=0.1,
    too_many_ellipses=0.1,
    too_many_digits=(0.3, "of the characters that are not white space"),
    too_much_in_brackets=0.1,
    too_many_navigation_lines=(0.3, "its pattern is 展开|更多|readmore at the end of a line"),
    too_many_bullet_lines=0.9,
    no_punctuation=(1e-9, "more than none"),
    too_few_distinct_chars=0.1,
    too_little_variety=(3, "nats"),
    frequent_2gram=(0.2, "of words, its own of characters"),
    frequent_3gram=0.18,
    frequent_4gram=0.16,
    duplicate_5grams=(0.6, "its own measure cannot reach this"),
    duplicate_6grams=0.6,
    duplicate_7grams=0.6,
    duplicate_8grams=0.6,
    duplicate_9grams=0.6,
    duplicate_10grams=0.6,
)

NEMO_EN = rows(
    "NeMo Curator heuristic_filter_en, stages/text/filters/heuristic/string.py",
    too_few_letters_and_digits=(0.72, "there: at most .25 are none of a-z, 0-9, line feed and ?!,. (.03 of English)"),
    too_many_hashes=0.1,
    too_many_digits=(0.15, "of the characters that are not white space"),
    too_many_links=0.2,
    too_many_bullet_lines=0.9,
    too_many_spaces=0.25,
    too_many_parentheses=(0.1, "its set has {}[]⟨⟩ too, and no full-width ones"),
    too_few_words=50,
    too_many_words=100_000,
    words_too_short=3,
    words_too_long=10,
    too_many_policy_lines=(0.4, "of lines, its own of paragraphs"),
    too_few_line_ends=(0.15, "at most .85 of sentences without an end mark; of lines here"),
    too_many_ellipsis_lines=0.3,
    too_few_words_with_letters=0.8,
    too_few_published_stop_words=2,
)
