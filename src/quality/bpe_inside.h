/* SPDX-License-Identifier: Apache-2.0 */
/* A tokenizer as it was read, and text as it is cut. */
#ifndef ERG_QUALITY_BPE_INSIDE_H
#define ERG_QUALITY_BPE_INSIDE_H

#include <jansson.h>
#include "quality/bpe.h"

enum { ERG_BPE_BYTES = 256, ERG_BPE_NONE = -1 };

/* left and right become joined; those of the lowest rank go first. */
typedef struct erg_merge { int32_t left, right, joined, rank; } erg_merge;

struct erg_bpe {
    json_t *all;                        /* owns the vocabulary */
    const json_t *vocab;                /* token: id */
    erg_merge *merges;                  /* by left, then right */
    size_t merge_count;
    const char *suffix;                 /* of the last symbol of a word */
    int32_t within[ERG_BPE_BYTES], last[ERG_BPE_BYTES];     /* ids of single bytes */
    int32_t start, end, pad, unknown;   /* unknown: or ERG_BPE_NONE */
};

const erg_merge *erg_bpe_merge(const erg_bpe *bpe, int32_t left, int32_t right);
/* A byte as vocabularies write it: a character that can be seen, in UTF-8. */
size_t erg_bpe_glyph(unsigned char byte, char to[4]);

/* Text as CLIP cuts it: composed, in lower case; free() it. */
char *erg_bpe_normal(const char *what, const char *text, erg_error *err);
/* The next word from *at on, which moves behind it; NULL: there is none. */
const char *erg_bpe_word(const char **at, const char *end, size_t *count);

#endif
