/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ERG_QUALITY_ROUGE_H
#define ERG_QUALITY_ROUGE_H

#include "quality/words.h"

typedef enum erg_rouge_kind {
    ERG_ROUGE_1 = 1, ERG_ROUGE_2 = 2, ERG_ROUGE_L, ERG_ROUGE_LSUM
} erg_rouge_kind;

typedef struct erg_rouge { double precision, recall, f; } erg_rouge;

bool erg_rouge_pair(erg_lexicon *lexicon, erg_rouge_kind kind, const char *output,
                    const char *reference, erg_rouge *out, erg_error *err);

#endif
