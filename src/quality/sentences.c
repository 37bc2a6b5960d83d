/* SPDX-License-Identifier: Apache-2.0 */
/* Sentences of an answer whose record does not list them. */
#include <string.h>
#include "quality/items_inside.h"

/* Quotes and brackets that may stand behind the mark. */
static const char *const closings[] = { "\"", "'", ")", "]", "\xe2\x80\x99",
                                        "\xe2\x80\x9d", "\xc2\xbb" };

static size_t closing(const char *at)
{
    for (size_t i = 0; i < ERG_COUNT(closings); i++)
        if (strncmp(at, closings[i], strlen(closings[i])) == 0)
            return strlen(closings[i]);
    return 0;
}

static bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/* Behind the sentence that begins at text: a mark, what closes, then white space; or a
 * line's end. */
static const char *end_of(const char *text)
{
    for (const char *at = text; *at; at++) {
        if (*at == '\n')
            return at;
        if (!strchr(".!?", *at))
            continue;
        const char *behind = at + 1;
        for (size_t count; (count = closing(behind)) > 0;)
            behind += count;
        if (!*behind || is_blank(*behind))
            return behind;
    }
    return text + strlen(text);
}

/* The next sentence of *at, which moves behind it; NULL: none is left. */
static const char *next(const char **at, size_t *count)
{
    while (is_blank(**at))
        ++*at;
    const char *begin = *at;
    if (!*begin)
        return NULL;
    *at = end_of(begin);
    *count = (size_t)(*at - begin);
    return begin;
}

static bool cut(erg_items *items, erg_item *item, erg_error *err)
{
    const char *at = item->output, *begin;
    size_t count, sentences = 0;

    while (next(&at, &count))
        sentences++;
    item->sentences = erg_arena_take(items->arena, sentences * sizeof(char *), err);
    at = item->output;
    while (item->sentences && (begin = next(&at, &count))) {
        char *one = erg_arena_take(items->arena, count + 1, err);
        if (!one)
            return false;
        memcpy(one, begin, count);
        item->sentences[item->sentence_count++] = one;
    }
    return item->sentences != NULL;
}

bool erg_items_cut(erg_items *items, erg_error *err)
{
    for (size_t i = 0; i < items->count; i++)
        if (!items->items[i].sentences && items->items[i].output
            && !cut(items, &items->items[i], err))
            return false;
    return true;
}
