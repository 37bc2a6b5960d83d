/* SPDX-License-Identifier: Apache-2.0 */
/* Words as numbers: bytes are joined, the pair that was learned first before others. */
#include <stdlib.h>
#include <string.h>
#include "quality/bpe_inside.h"

/* Joining looks at all pairs of a word each time. */
enum { WORD_BYTES_MOST = 1024 };

typedef struct word {
    int32_t ids[WORD_BYTES_MOST];
    const erg_merge *merges[WORD_BYTES_MOST];   /* of each with the next; NULL: none */
    size_t count;
} word;

static bool spell(const erg_bpe *bpe, const char *what, const char *text, size_t count,
                  word *to, erg_error *err)
{
    if (count > WORD_BYTES_MOST)
        return erg_fail(err, ERG_BAD_INPUT, "%s: a word of %zu bytes; at most %d are read",
                        what, count, WORD_BYTES_MOST);
    for (size_t i = 0; i < count; i++) {
        unsigned char byte = (unsigned char)text[i];
        to->ids[i] = i + 1 < count ? bpe->within[byte] : bpe->last[byte];
        if (to->ids[i] == ERG_BPE_NONE)
            to->ids[i] = bpe->unknown;
        if (to->ids[i] == ERG_BPE_NONE)
            return erg_fail(err, ERG_BAD_INPUT, "%s: the tokenizer has no token for byte "
                            "%d of \"%.*s\", and none for the unknown", what, byte,
                            (int)(count < 40 ? count : 40), text);
    }
    to->count = count;
    return true;
}

static void look(const erg_bpe *bpe, word *in, size_t at)
{
    in->merges[at] = at + 1 < in->count
        ? erg_bpe_merge(bpe, in->ids[at], in->ids[at + 1]) : NULL;
}

/* The leftmost of the pairs that were learned first; count: none. */
static size_t next_merge(const word *in)
{
    size_t best = in->count;

    for (size_t i = 0; i < in->count; i++)
        if (in->merges[i]
            && (best == in->count || in->merges[i]->rank < in->merges[best]->rank))
            best = i;
    return best;
}

static void join(const erg_bpe *bpe, word *in)
{
    for (size_t i = 0; i < in->count; i++)
        look(bpe, in, i);
    for (size_t at; (at = next_merge(in)) < in->count;) {
        in->ids[at] = in->merges[at]->joined;
        in->count--;
        for (size_t i = at + 1; i < in->count; i++) {
            in->ids[i] = in->ids[i + 1];
            in->merges[i] = in->merges[i + 1];
        }
        look(bpe, in, at);
        if (at > 0)
            look(bpe, in, at - 1);
    }
}

bool erg_bpe_encode(const erg_bpe *bpe, const char *what, const char *text, int64_t to[],
                    size_t room, size_t *used, erg_error *err)
{
    char *normal = erg_bpe_normal(what, text, err);
    const char *at = normal, *end = normal ? normal + strlen(normal) : NULL, *begin;
    word *one = malloc(sizeof(*one));
    size_t count;
    bool ok = normal && (one || erg_fail(err, ERG_NO_MEMORY, "out of memory"));

    to[0] = bpe->start;
    *used = 1;
    while (ok && *used + 1 < room && (begin = erg_bpe_word(&at, end, &count))) {
        ok = spell(bpe, what, begin, count, one, err);
        if (!ok)
            break;
        join(bpe, one);
        for (size_t i = 0; i < one->count && *used + 1 < room; i++)
            to[(*used)++] = one->ids[i];
    }
    to[(*used)++] = bpe->end;
    for (size_t i = *used; i < room; i++)
        to[i] = bpe->pad;
    free(one);
    free(normal);
    return ok;
}
