/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The workloads of a sweep as variants of one command: {} stands for one word of a list, as
 * the tile of a kernel, an algorithm's number, or the program itself.
 */
#include <stdlib.h>
#include <string.h>
#include "sweep_jobs.h"

enum { VARIANTS_MOST = 64 };
static const char place[] = "{}";

static bool refuse(const char *list, erg_error *err)
{
    return erg_fail(err, ERG_BAD_INPUT,
                    "--variant %.60s is 2 to %d words, each once, with {} in the command "
                    "where they go, as in --variant 16,32,64 -- ./bench --tile {}", list,
                    VARIANTS_MOST);
}

static size_t count_places(const char *word)
{
    size_t count = 0;

    while ((word = strstr(word, place))) {
        count++;
        word += sizeof(place) - 1;
    }
    return count;
}

static char *replaced(const char *word, const char *by, size_t size)
{
    char *text = malloc(strlen(word) + count_places(word) * size + 1), *to = text;

    while (text && *word) {
        bool is_place = strncmp(word, place, sizeof(place) - 1) == 0;
        memcpy(to, is_place ? by : word, is_place ? size : 1);
        to += is_place ? size : 1;
        word += is_place ? sizeof(place) - 1 : 1;
    }
    if (text)
        *to = '\0';
    return text;
}

void cli_variant_free(char **words)
{
    for (size_t i = 0; words && words[i]; i++)
        free(words[i]);
    free(words);
}

static char **words_of(const cli *call, const char *by, size_t size)
{
    char **words = calloc((size_t)call->argc + 1, sizeof(*words));

    for (int i = 0; words && i < call->argc; i++) {
        words[i] = replaced(call->argv[i], by, size);
        if (!words[i]) {
            cli_variant_free(words);
            return NULL;
        }
    }
    return words;
}

static bool is_told(const char *list, const char *from, size_t size)
{
    for (const char *at = list; at < from; at += strcspn(at, ",") + 1)
        if (strcspn(at, ",") == size && memcmp(at, from, size) == 0)
            return true;
    return false;
}

static bool has_place(const cli *call)
{
    size_t places = 0;

    for (int i = 0; i < call->argc; i++)
        places += count_places(call->argv[i]);
    return places > 0;
}

bool cli_jobs_of_variants(const cli *call, const char *list, cli_jobs *jobs, erg_error *err)
{
    *jobs = (cli_jobs){ 0 };
    jobs->items = calloc(VARIANTS_MOST, sizeof(*jobs->items));
    jobs->variants = calloc(VARIANTS_MOST, sizeof(*jobs->variants));
    if (!jobs->items || !jobs->variants)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    for (const char *from = has_place(call) ? list : NULL; from;) {
        size_t size = strcspn(from, ",");
        if (size == 0 || jobs->count == VARIANTS_MOST || is_told(list, from, size))
            return refuse(list, err);
        char **words = words_of(call, from, size);
        if (!words)
            return erg_fail(err, ERG_NO_MEMORY, "out of memory");
        jobs->variants[jobs->count] = words;
        jobs->items[jobs->count++] = (erg_sweep_job){ .argv = words };
        from = from[size] ? from + size + 1 : NULL;
    }
    return jobs->count > 1 || refuse(list, err);
}
