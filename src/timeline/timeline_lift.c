/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Do spikes come after the begins of a class more often than by chance?
 *
 * Chance is the same train of begins at another time: shifted in a circle it keeps its own
 * rhythm, which independent draws would not. A train that is strictly periodic has few
 * different shifts, and its p cannot be small.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/search.h"
#include "math/xoshiro.h"
#include "timeline/timeline.h"

/* A cover with what thousands of shifts need to look into it. */
typedef struct circle {
    const erg_span *spans;      /* and one behind the circle */
    size_t count;
    int64_t length_ns, covered_ns;
    uint32_t *first;  /* span that ends behind the begin of each cell of 2^bits ns */
    int bits;
} circle;

/* ---- what is covered ---------------------------------------------------------------- */

void erg_cover_free(erg_cover *cover)
{
    free(cover->spans.items);
    *cover = (erg_cover){ 0 };
}

/* A begin b is in reach of the moments [b - after, b + before]. */
bool erg_cover_add(erg_cover *cover, int64_t t_ns, const erg_reach *reach, erg_error *err)
{
    int64_t at_ns = t_ns - reach->span.begin_ns;
    int64_t begin_ns = at_ns > reach->after_ns ? at_ns - reach->after_ns : 0;
    int64_t end_ns = at_ns + reach->before_ns + 1;
    size_t count = cover->spans.count;
    erg_span *last = count ? (erg_span *)cover->spans.items + count - 1 : NULL;

    cover->begins++;
    if (last && begin_ns <= last->end_ns) {
        last->end_ns = end_ns > last->end_ns ? end_ns : last->end_ns;
        return true;
    }
    const erg_span more[] = { { begin_ns, end_ns }, { INT64_MAX, INT64_MAX } };
    bool good = erg_rows_add(&cover->spans, more, 2, sizeof(*more), err);
    cover->spans.count -= good;         /* the one that ends never is written over */
    return good;
}

bool erg_cover_holds(const erg_cover *cover, int64_t t_ns)
{
    const erg_span *spans = cover->spans.items;
    const erg_timed_rows ends = { spans, cover->spans.count, sizeof(*spans),
                                  offsetof(erg_span, end_ns) };
    size_t first = erg_first_after(ends, t_ns);

    return first < cover->spans.count && spans[first].begin_ns <= t_ns;
}

void erg_tally_add(erg_tally *tally, int64_t t_ns, const erg_reach *reach,
                   const erg_moments *spikes)
{
    int64_t at_ns = t_ns - reach->span.begin_ns, origin_ns = reach->span.begin_ns;
    int64_t begin_ns = at_ns > reach->after_ns ? at_ns - reach->after_ns : 0;
    int64_t end_ns = at_ns + reach->before_ns + 1;
    int64_t length_ns = reach->span.end_ns - origin_ns;

    tally->begins++;
    begin_ns = begin_ns > tally->end_ns ? begin_ns : tally->end_ns;
    if (end_ns <= begin_ns)
        return;
    tally->end_ns = end_ns;
    end_ns = end_ns < length_ns ? end_ns : length_ns;
    tally->covered_ns += end_ns > begin_ns ? end_ns - begin_ns : 0;
    for (; tally->next < spikes->count; tally->next++) {
        int64_t spike_ns = spikes->items[tally->next] - origin_ns;
        if (spike_ns >= end_ns)
            break;
        tally->near += spike_ns >= begin_ns;
    }
}

erg_lift erg_lift_of_tally(const erg_tally *tally, const erg_moments *spikes,
                           const erg_reach *reach)
{
    erg_lift out = { .begins = tally->begins, .near = tally->near, .lift = NAN,
                     .p_value = NAN };
    double length_s = erg_s_from_ns(reach->span.end_ns - reach->span.begin_ns);

    if (tally->covered_ns > 0 && spikes->count > 0)
        out.lift = (double)tally->near / (double)spikes->count
                 / (erg_s_from_ns(tally->covered_ns) / length_s);
    return out;
}

static circle circle_of(const erg_cover *cover, const erg_reach *reach)
{
    circle of = { .spans = cover->spans.items, .count = cover->spans.count,
                  .length_ns = reach->span.end_ns - reach->span.begin_ns };

    for (size_t i = 0; i < of.count; i++) {
        int64_t end_ns = of.spans[i].end_ns;
        end_ns = end_ns < of.length_ns ? end_ns : of.length_ns;
        of.covered_ns += end_ns - of.spans[i].begin_ns;
    }
    return of;
}

/* ---- by chance ---------------------------------------------------------------------- */

/* So many cells that most hold one edge:
 * a thousand shifts of two thousand spikes look here. */
static bool make_cells(circle *of, erg_error *err)
{
    size_t span = 0;

    for (of->bits = 0; of->length_ns >> of->bits > 2 * (int64_t)of->count;)
        of->bits++;
    int64_t cells = (of->length_ns >> of->bits) + 1;
    of->first = malloc((size_t)cells * sizeof(*of->first));
    if (!of->first)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    for (int64_t i = 0; i < cells; i++) {
        while (of->spans[span].end_ns <= i << of->bits)
            span++;
        of->first[i] = (uint32_t)span;
    }
    return true;
}

/* Whether that many spikes, so many to a step, are in the shifted cover. */
static bool has_near(const circle *of, const int64_t at_ns[], size_t count,
                     int64_t shift_ns, size_t wanted)
{
    enum { STEP = 32 };
    size_t near = 0;

    for (size_t done = 0; near < wanted && near + (count - done) >= wanted;) {
        size_t end = done + STEP < count ? done + STEP : count;
        for (; done < end; done++) {
            int64_t t_ns = at_ns[done] - shift_ns;
            t_ns += t_ns < 0 ? of->length_ns : 0;
            const erg_span *span = &of->spans[of->first[t_ns >> of->bits]];
            while (span->end_ns <= t_ns)
                span++;
            near += span->begin_ns <= t_ns;
        }
    }
    return near >= wanted;
}

/* Once so many shifts did as well as what was seen, chance explains it, and p is known to a
 * seventh: p = enough/shifts tried is as uniform as the p of all of them (Besag and
 * Clifford 1991, Biometrika 78). A p below 0.05 comes of all 1000. */
static double chance_of(const circle *of, const int64_t at_ns[], size_t count,
                        const erg_reach *reach, uint64_t key, size_t seen)
{
    enum { ENOUGH = 50 };
    erg_xoshiro random = erg_xoshiro_of(key, 0);
    int as_well = 0;

    for (int i = 0; i < reach->shifts; i++) {
        double share = erg_xoshiro_uniform(&random);
        int64_t shift_ns = (int64_t)(share * (double)of->length_ns);
        as_well += has_near(of, at_ns, count, shift_ns, seen);
        if (as_well == ENOUGH)
            return (double)ENOUGH / (1 + i);
    }
    return (1.0 + as_well) / (1.0 + reach->shifts);
}

/* at_ns: the spikes on the circle. */
static bool find_chance(circle *of, const int64_t at_ns[], size_t count,
                        const erg_reach *reach, uint64_t key, erg_lift *out, erg_error *err)
{
    bool is_certain = out->near == 0 || of->covered_ns == of->length_ns;

    out->p_value = 1;
    if (is_certain)             /* whatever the shift */
        return true;
    if (!make_cells(of, err))
        return false;
    out->p_value = chance_of(of, at_ns, count, reach, key, out->near);
    free(of->first);
    return true;
}

static bool count_near(const erg_cover *begins, const erg_moments *spikes,
                       const erg_reach *reach, uint64_t key, erg_lift *out, erg_error *err)
{
    circle of = circle_of(begins, reach);
    int64_t *at_ns = malloc(spikes->count * sizeof(*at_ns));
    bool good = at_ns != NULL || erg_fail(err, ERG_NO_MEMORY, "out of memory");

    for (size_t i = 0; good && i < spikes->count; i++) {
        at_ns[i] = spikes->items[i] - reach->span.begin_ns;
        out->near += at_ns[i] < of.length_ns && erg_cover_holds(begins, at_ns[i]);
    }
    if (good && of.covered_ns > 0)
        out->lift = (double)out->near / (double)spikes->count
                  / ((double)of.covered_ns / (double)of.length_ns);
    good = good && (reach->shifts <= 0
                    || find_chance(&of, at_ns, spikes->count, reach, key, out, err));
    free(at_ns);
    return good;
}

bool erg_lift_of_cover(const erg_cover *begins, const erg_moments *spikes,
                       const erg_reach *reach, uint64_t key, erg_lift *out, erg_error *err)
{
    *out = (erg_lift){ .begins = begins->begins, .lift = NAN, .p_value = NAN };
    return !begins->begins || !spikes->count || reach->span.end_ns <= reach->span.begin_ns
        || count_near(begins, spikes, reach, key, out, err);
}

bool erg_lift_of(const erg_moments *begins, const erg_moments *spikes,
                 const erg_reach *reach, uint64_t key, erg_lift *out, erg_error *err)
{
    erg_cover cover = { 0 };
    bool good = true;

    for (size_t i = 0; good && i < begins->count; i++)
        good = erg_cover_add(&cover, begins->items[i], reach, err);
    good = good && erg_lift_of_cover(&cover, spikes, reach, key, out, err);
    erg_cover_free(&cover);
    return good;
}
