/* SPDX-License-Identifier: Apache-2.0 */
/* Words of a command in which {} stands for one of two texts,
 * as in find(1) and xargs(1). */
#include <stdlib.h>
#include <string.h>
#include "sweep/variants.h"

static const char lead[] = "variant=", place[] = "{}";

bool erg_variants_are(const char *change)
{
    return strncmp(change, lead, sizeof(lead) - 1) == 0;
}

static bool has_place(char *const argv[])
{
    for (size_t i = 0; argv[i]; i++)
        if (strstr(argv[i], place))
            return true;
    return false;
}

bool erg_variants_parse(const char *change, char *const argv[], erg_variants *out,
                        erg_error *err)
{
    const char *first = change + sizeof(lead) - 1, *colon = strchr(first, ':');
    size_t count = colon ? (size_t)(colon - first) : 0;

    if (!colon || strchr(colon + 1, ':') || count >= sizeof(out->text[0])
        || strlen(colon + 1) >= sizeof(out->text[1]))
        return erg_fail(err, ERG_BAD_INPUT,
                        "--intervene %.60s is not of the form variant=A:B, "
                        "as in variant=fp32:fp16", change);
    erg_text_put(out->text[0], count + 1, first);
    erg_text_put(out->text[1], sizeof(out->text[1]), colon + 1);
    if (strcmp(out->text[0], out->text[1]) == 0)
        return erg_fail(err, ERG_BAD_INPUT, "--intervene %.60s: both variants are one",
                        change);
    return has_place(argv)
        || erg_fail(err, ERG_BAD_INPUT,
                    "--intervene %.60s: say with {} where the variant goes, "
                    "as in -- python3 train.py --precision {}", change);
}

static char *replaced(const char *word, const char *by)
{
    erg_text text = { 0 };
    const char *at;

    for (; (at = strstr(word, place)); word = at + sizeof(place) - 1)
        erg_text_add(&text, "%.*s%s", (int)(at - word), word, by);
    erg_text_add(&text, "%s", word);
    return erg_text_take(&text);
}

char **erg_variants_words(const erg_variants *of, bool is_second, char *const argv[],
                          erg_error *err)
{
    const char *by = of->text[is_second ? 1 : 0];
    size_t count = 0, kept = 0;

    while (argv[count])
        count++;
    char **words = calloc(count + 1, sizeof(*words));
    for (size_t i = 0; words && i < count; i++) {
        if (!by[0] && strcmp(argv[i], place) == 0)
            continue;
        words[kept] = replaced(argv[i], by);
        if (!words[kept++]) {
            erg_words_free(words);
            words = NULL;
        }
    }
    if (!words)
        erg_fail(err, ERG_NO_MEMORY, "out of memory for the words of a command");
    return words;
}

void erg_words_free(char **words)
{
    for (size_t i = 0; words && words[i]; i++)
        free(words[i]);
    free(words);
}
