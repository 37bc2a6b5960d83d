/* SPDX-License-Identifier: Apache-2.0 */
/* Words in a row: n-grams, common subsequences, edits. Memory is linear. */
#include <stdlib.h>
#include <string.h>
#include "quality/words.h"

static int compare(const void *a, const void *b)
{
    const erg_ngram *x = a, *y = b;

    if (x->high != y->high)
        return x->high < y->high ? -1 : 1;
    return x->low < y->low ? -1 : x->low > y->low;
}

size_t erg_ngrams_of(const erg_words *words, size_t n, erg_ngram to[])
{
    size_t count = words->count >= n ? words->count - n + 1 : 0;

    for (size_t i = 0; i < count; i++) {
        uint64_t part[4] = { 0 };
        for (size_t j = 0; j < n; j++)
            part[j] = words->ids[i + j];
        to[i] = (erg_ngram){ part[0] << 32 | part[1], part[2] << 32 | part[3] };
    }
    if (count > 1)
        qsort(to, count, sizeof(*to), compare);
    return count;
}

size_t erg_ngrams_shared(const erg_ngram a[], size_t a_count, const erg_ngram b[],
                         size_t b_count)
{
    size_t shared = 0;

    for (size_t i = 0, j = 0; i < a_count && j < b_count;) {
        int order = compare(&a[i], &b[j]);
        shared += order == 0;
        i += order <= 0;
        j += order >= 0;
    }
    return shared;
}

size_t erg_ngrams_most(const erg_ngram a[], size_t a_count, const erg_ngram b[],
                       size_t b_count, erg_ngram to[])
{
    size_t count = 0;

    for (size_t i = 0, j = 0; i < a_count || j < b_count;) {
        int order = i == a_count ? 1 : j == b_count ? -1 : compare(&a[i], &b[j]);
        to[count++] = order <= 0 ? a[i] : b[j];
        i += order <= 0;
        j += order >= 0;
    }
    return count;
}

size_t erg_ngrams_different(const erg_ngram sorted[], size_t count)
{
    size_t different = count > 0;

    for (size_t i = 1; i < count; i++)
        different += compare(&sorted[i - 1], &sorted[i]) != 0;
    return different;
}

static size_t *row_of(size_t count, erg_error *err)
{
    size_t *row = calloc(count + 1, sizeof(*row));
    if (!row)
        erg_fail(err, ERG_NO_MEMORY, "out of memory");
    return row;
}

bool erg_common_length(const erg_words *a, const erg_words *b, size_t *out, erg_error *err)
{
    size_t *row = row_of(b->count, err);

    if (!row)
        return false;
    for (size_t i = 0; i < a->count; i++)
        for (size_t j = 0, corner = 0; j < b->count; j++) {
            size_t above = row[j + 1];
            row[j + 1] = a->ids[i] == b->ids[j] ? corner + 1
                       : above > row[j] ? above : row[j];
            corner = above;
        }
    *out = row[b->count];
    free(row);
    return true;
}

bool erg_edit_distance(const erg_words *a, const erg_words *b, size_t *out, erg_error *err)
{
    size_t *row = row_of(b->count, err);

    if (!row)
        return false;
    for (size_t j = 0; j <= b->count; j++)
        row[j] = j;
    for (size_t i = 0; i < a->count; i++) {
        size_t corner = row[0]++;
        for (size_t j = 0; j < b->count; j++) {
            size_t above = row[j + 1], best = corner + (a->ids[i] != b->ids[j]);
            best = above + 1 < best ? above + 1 : best;
            row[j + 1] = row[j] + 1 < best ? row[j] + 1 : best;
            corner = above;
        }
    }
    *out = row[b->count];
    free(row);
    return true;
}
