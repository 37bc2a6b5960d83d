/* SPDX-License-Identifier: Apache-2.0 */
/* How a sweep was asked for, in its file: so that it can be gone on with. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "sweep/sweep_inside.h"

enum { WORDS_BYTES_MOST = 1 << 16 };

char *erg_sweep_words_text(const char *const words[], size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; list && i < count; i++)
        json_array_append_new(list, json_string(words[i]));
    char *text = list ? json_dumps(list, JSON_COMPACT) : NULL;
    json_decref(list);
    return text;
}

/* The pointers and what they point to, in one piece. */
static char **pack(const json_t *list, size_t *count, erg_error *err)
{
    size_t bytes = 0, words = json_array_size(list);

    for (size_t i = 0; i < words; i++)
        bytes += json_string_length(json_array_get(list, i)) + 1;
    char **packed = malloc((words + 1) * sizeof(*packed) + bytes);
    if (!packed) {
        erg_fail(err, ERG_NO_MEMORY, "out of memory for a sweep's words");
        return NULL;
    }
    char *at = (char *)(packed + words + 1);
    for (size_t i = 0; i < words; i++) {
        packed[i] = at;
        at = stpcpy(at, json_string_value(json_array_get(list, i))) + 1;
    }
    packed[words] = NULL;
    *count = words;
    return packed;
}

char **erg_sweep_words(const char *path, size_t *count, erg_error *err)
{
    char *text = malloc(WORDS_BYTES_MOST);
    char **words = NULL;
    json_t *list = NULL;

    if (!text) {
        erg_fail(err, ERG_NO_MEMORY, "out of memory for a sweep's words");
        return NULL;
    }
    bool good = erg_sweep_meta(path, "sweep", text, WORDS_BYTES_MOST, err);
    if (good)
        list = json_loads(text, 0, NULL);
    bool all = json_is_array(list);
    for (size_t i = 0; all && i < json_array_size(list); i++)
        all = json_is_string(json_array_get(list, i));
    if (all)
        words = pack(list, count, err);
    else if (good)
        erg_fail(err, ERG_BAD_INPUT,
                 "%s does not say how its sweep was asked for: it cannot "
                 "be resumed",
                 path);
    json_decref(list);
    free(text);
    return words;
}
