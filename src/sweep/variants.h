/* SPDX-License-Identifier: Apache-2.0 */
/* A command in two variants: "variant=A:B", and {} in its words. */
#ifndef ERG_SWEEP_VARIANTS_H
#define ERG_SWEEP_VARIANTS_H

#include "base/base.h"

typedef struct erg_variants {
    char text[2][160]; /* A, B; may be empty: the word is then left out */
} erg_variants;

bool erg_variants_are(const char *change);
/* ERG_BAD_INPUT: not of that form, both the same, or no word of argv has a {}. */
bool erg_variants_parse(const char *change, char *const argv[], erg_variants *out,
                        erg_error *err);
/* argv with {} replaced; erg_words_free it. */
char **erg_variants_words(const erg_variants *of, bool is_second, char *const argv[],
                          erg_error *err);
void erg_words_free(char **words);

#endif
