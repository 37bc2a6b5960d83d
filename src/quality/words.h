/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text as words, and words as numbers: each metric cuts text by its own rule.
 *
 * A rule writes the text again with blanks between words; what is cut there are
 * runs of white space, as Python's str.split() sees it. All rules are linear.
 */
#ifndef ERG_QUALITY_WORDS_H
#define ERG_QUALITY_WORDS_H

#include "base/base.h"

typedef bool erg_word_rule(const char *text, size_t count, erg_text *to, erg_error *err);
erg_word_rule erg_words_plain;      /* as it is */
erg_word_rule erg_words_13a;        /* tokenizer 13a of mteval, as sacreBLEU 2 has it */
erg_word_rule erg_words_rouge;      /* a-z0-9 in lower case: Lin (2004) without stemmer */
erg_word_rule erg_words_spoken;     /* lower case, no punctuation but the apostrophe */

/* Equal words have equal numbers. */
typedef struct erg_lexicon erg_lexicon;
erg_lexicon *erg_lexicon_new(erg_error *err);
void erg_lexicon_free(erg_lexicon *lexicon);

typedef struct erg_words { uint32_t *ids; size_t count, capacity; } erg_words;
/* Replaces what words held. free(words->ids). */
bool erg_words_cut(erg_lexicon *lexicon, erg_word_rule *rule, const char *text,
                   size_t count, erg_words *words, erg_error *err);

/* The words of n-grams, at most 4: as many as fit, sorted. */
typedef struct erg_ngram { uint64_t high, low; } erg_ngram;
size_t erg_ngrams_of(const erg_words *words, size_t n, erg_ngram to[]);
/* Of sorted a, those in sorted b too, each as often as in both. */
size_t erg_ngrams_shared(const erg_ngram a[], size_t a_count, const erg_ngram b[],
                         size_t b_count);
/* Each as often as in that one of both which has more; to has room for a_count +
 * b_count. */
size_t erg_ngrams_most(const erg_ngram a[], size_t a_count, const erg_ngram b[],
                       size_t b_count, erg_ngram to[]);
size_t erg_ngrams_different(const erg_ngram sorted[], size_t count);

/* Length of the longest common subsequence; changes that turn a into b. False: no
 * memory. */
bool erg_common_length(const erg_words *a, const erg_words *b, size_t *out, erg_error *err);
bool erg_edit_distance(const erg_words *a, const erg_words *b, size_t *out, erg_error *err);

#endif
