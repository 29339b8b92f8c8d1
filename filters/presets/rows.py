"""What a reason means: one signal, one side. Every preset states its thresholds against these, so that a reason means
the same in all of them and a recipe can override it by name.
"""

from typing import Final, Literal

from schemas.rules import Rule

# reason: (signal, the side on which a document fails). "low" fails below the threshold, "high" above it.
CONDITIONS: Final[dict[str, tuple[str, Literal["low", "high"]]]] = {
    # size
    "too_few_chars": ("text_chars", "low"),
    "too_many_chars": ("text_chars", "high"),
    "too_few_words": ("text_words", "low"),
    "too_many_words": ("text_words", "high"),
    "too_few_sentences": ("text_sentences", "low"),
    "too_few_c4_sentences": ("text_c4_sentences", "low"),
    "too_few_tfds_sentences": ("text_c4_tfds_sentences", "low"),
    # words
    "words_too_short": ("text_mean_word_chars", "low"),
    "words_too_long": ("text_mean_word_chars", "high"),
    "one_word_too_long": ("text_max_word_chars", "high"),
    "too_few_words_with_letters": ("text_alpha_word_ratio", "low"),
    "too_few_published_stop_words": ("text_published_stop_words", "low"),
    "too_few_function_words": ("text_stop_word_ratio", "low"),
    "too_little_variety": ("text_entropy", "low"),
    "one_word_too_often": ("text_top_word_ratio", "high"),
    "stuffed_with_keywords": ("text_top10_word_ratio", "high"),
    "broken_phrases": ("text_broken_phrase_ratio", "high"),
    "sentences_without_end": ("text_mean_sentence_words", "high"),
    "too_many_contacts": ("text_contact_ratio", "high"),
    # characters
    "too_few_distinct_chars": ("text_unique_char_ratio", "low"),
    "too_few_letters_and_digits": ("text_alphanumeric_ratio", "low"),
    "too_little_han": ("text_han_ratio", "low"),
    "too_many_digits": ("text_digit_ratio", "high"),
    "too_many_symbols": ("text_symbol_ratio", "high"),
    "too_many_capitals": ("text_upper_ratio", "high"),
    "too_many_spaces": ("text_space_ratio", "high"),
    "too_many_parentheses": ("text_parenthesis_ratio", "high"),
    "too_many_separators": ("text_separator_ratio", "high"),
    "too_much_in_brackets": ("text_bracket_ratio", "high"),
    "too_many_links": ("text_url_ratio", "high"),
    "no_punctuation": ("text_punctuation_ratio", "low"),
    "doubled_marks": ("text_doubled_mark_ratio", "high"),
    "broken_clauses": ("text_broken_clause_ratio", "high"),
    "curly_brackets": ("text_curly_brackets", "high"),
    "too_many_hashes": ("text_hash_word_ratio", "high"),
    "too_many_ellipses": ("text_ellipsis_word_ratio", "high"),
    # lines
    "too_few_line_ends": ("text_line_end_ratio", "low"),
    "too_many_short_lines": ("text_short_line_ratio", "high"),
    "mostly_fragments": ("text_fragment_char_ratio", "high"),
    "too_many_new_lines": ("text_newline_word_ratio", "high"),
    "too_many_bullet_lines": ("text_bullet_line_ratio", "high"),
    "too_many_ellipsis_lines": ("text_ellipsis_line_ratio", "high"),
    "too_many_navigation_lines": ("text_navigation_line_ratio", "high"),
    "too_many_policy_lines": ("text_policy_line_ratio", "high"),
    "too_many_tags": ("text_tag_list_ratio", "high"),
    "lorem_ipsum": ("text_lorem_ipsum", "high"),
    "too_many_words_removed": ("repair_dclm_word_ratio", "high"),
    # repetition
    "duplicate_lines": ("repetition_line_ratio", "high"),
    "duplicate_line_chars": ("repetition_line_char_ratio", "high"),
    "duplicate_paragraphs": ("repetition_paragraph_ratio", "high"),
    "duplicate_paragraph_chars": ("repetition_paragraph_char_ratio", "high"),
    **{f"frequent_{n}gram": (f"repetition_top_{n}gram_char_ratio", "high") for n in (2, 3, 4)},
    **{f"duplicate_{n}grams": (f"repetition_duplicate_{n}gram_char_ratio", "high") for n in (5, 6, 7, 8, 9, 10)},
    "duplicate_13_chars": ("repetition_char_13gram_ratio", "high"),
}


Threshold = float | tuple[float, str]


def rows(citation: str, /, **thresholds: Threshold) -> tuple[Rule, ...]:
    """One rule for each reason: its threshold, or threshold and a note (source or deviation) that joins the citation."""
    return tuple(_row(reason, citation, value) for reason, value in thresholds.items())


def _row(reason: str, citation: str, value: Threshold) -> Rule:
    threshold, note = value if isinstance(value, tuple) else (value, "")
    signal, side = CONDITIONS[reason]
    text = f"{citation}; {note}" if note else citation
    if side == "low":
        return Rule(reason=reason, signal=signal, low=threshold, citation=text)
    return Rule(reason=reason, signal=signal, high=threshold, citation=text)
