/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes through each rule that cuts words: nothing grows out of bounds. */
#include <stdlib.h>
#include "quality/words.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    static erg_word_rule *const rules[] = { erg_words_plain, erg_words_13a, erg_words_rouge,
                                            erg_words_spoken };
    erg_lexicon *lexicon = erg_lexicon_new(NULL);
    erg_words words = { 0 };

    for (size_t i = 0; i < ERG_COUNT(rules); i++)
        if (!erg_words_cut(lexicon, rules[i], (const char *)bytes, size, &words, NULL)
            || words.count > 2 * size + 1)
            abort();
    free(words.ids);
    erg_lexicon_free(lexicon);
    return 0;
}
