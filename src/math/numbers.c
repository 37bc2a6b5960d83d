/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The k-th smallest by its digits: each pass counts the next 16 bits of those numbers that
 * begin as it does. Readings have few different values, so three passes mostly do.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/numbers.h"
#include "math/stats.h"

enum { DIGIT_BITS = 16, DIGITS = 1 << DIGIT_BITS, KEY_BITS = 64, FEW = 1 << 15 };

/* Orders as the number does; both zeros are one. */
static uint64_t key_of(double x)
{
    uint64_t bits;

    x += 0.0;
    memcpy(&bits, &x, sizeof(bits));
    return bits >> (KEY_BITS - 1) ? ~bits : bits | UINT64_C(1) << (KEY_BITS - 1);
}

static double number_of(uint64_t key)
{
    uint64_t bits = key >> (KEY_BITS - 1) ? key ^ UINT64_C(1) << (KEY_BITS - 1) : ~key;
    double x;

    memcpy(&x, &bits, sizeof(x));
    return x;
}

typedef struct search {
    const erg_numbers *of;
    uint64_t begin;             /* the first `known` bits of the one that is sought */
    int known;
    size_t rank;                /* of it, among those that begin so */
    size_t same;                /* that begin so */
    size_t *counts;             /* by the next digit */
    uint64_t least, most;       /* of those that begin so */
} search;

static void count_digits(void *self, const double x[], size_t n)
{
    search *with = self;

    for (size_t i = 0; i < n; i++) {
        uint64_t key = key_of(x[i]);
        if (with->known && key >> (KEY_BITS - with->known) != with->begin)
            continue;
        with->counts[key >> (KEY_BITS - DIGIT_BITS - with->known) & (DIGITS - 1)]++;
        with->least = key < with->least ? key : with->least;
        with->most = key > with->most ? key : with->most;
    }
}

static bool find(search *with, erg_error *err)
{
    while (with->known < KEY_BITS) {
        memset(with->counts, 0, DIGITS * sizeof(*with->counts));
        with->least = UINT64_MAX;
        with->most = 0;
        if (!with->of->each(with->of->self, count_digits, with, err))
            return false;
        if (with->least == with->most) {
            with->begin = with->least;
            return true;
        }
        uint64_t digit = 0;
        for (; digit + 1 < DIGITS && with->rank >= with->counts[digit]; digit++)
            with->rank -= with->counts[digit];
        with->begin = with->begin << DIGIT_BITS | digit;
        with->known += DIGIT_BITS;
        with->same = with->counts[digit];
    }
    return true;
}

typedef struct next { uint64_t behind, key; } next;

static void find_next(void *self, const double x[], size_t n)
{
    next *to = self;

    for (size_t i = 0; i < n; i++) {
        uint64_t key = key_of(x[i]);
        if (key > to->behind && key < to->key)
            to->key = key;
    }
}

static bool between(search *with, double share, double *out, erg_error *err)
{
    next above = { with->begin, UINT64_MAX };
    double low = number_of(with->begin);

    *out = low;
    if (share <= 0 || with->rank + 1 < with->same)
        return true;
    if (!with->of->each(with->of->self, find_next, &above, err))
        return false;
    *out = low + share * (number_of(above.key) - low);
    return true;
}

static void gather(void *self, const double x[], size_t n)
{
    double **to = self;

    memcpy(*to, x, n * sizeof(*x));
    *to += n;
}

static bool of_few(const erg_numbers *of, double q, double *out, erg_error *err)
{
    double *x = malloc((of->count + 1) * sizeof(*x)), *end = x;
    bool good = x ? of->each(of->self, gather, &end, err)
                  : erg_fail(err, ERG_NO_MEMORY, "out of memory");

    if (good)
        *out = erg_quantile(x, of->count, q);
    free(x);
    return good;
}

bool erg_quantile_of(const erg_numbers *of, double q, double *out, erg_error *err)
{
    *out = NAN;
    if (of->count <= FEW)
        return of_few(of, q, out, err);
    double last = (double)(of->count - 1), place = fmin(fmax(q * last, 0), last);
    search with = { .of = of, .rank = (size_t)place, .same = of->count,
                    .counts = malloc(DIGITS * sizeof(*with.counts)) };
    double share = place - (double)with.rank;
    bool good = with.counts ? find(&with, err) && between(&with, share, out, err)
                            : erg_fail(err, ERG_NO_MEMORY, "out of memory");

    free(with.counts);
    return good;
}
