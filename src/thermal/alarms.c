/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Alarms against what followed. An alarm that is on all the time hits everything; the same
 * alarms moved to any other time tell how much of that is luck.
 */
#include <math.h>
#include <stdlib.h>
#include "math/random.h"
#include "math/stats.h"
#include "thermal/alarms.h"

enum { SHIFTS = 1000 };
#define P_MOST 0.05

typedef struct scene {
    const erg_alarm_train *train;
    size_t *onset, *head;  /* rows where it gets hot; the first that could warn of it */
    size_t onsets;
    size_t *sum;                /* alarms before row i, for every i <= n */
} scene;

static void find_onsets(scene *of)
{
    const erg_alarm_train *train = of->train;
    size_t head = 0;

    for (size_t i = 1; i < train->n; i++) {
        if (!train->hot[i] || train->hot[i - 1])
            continue;
        while (train->t_s[i] - train->t_s[head] > train->horizon_s)
            head++;
        of->head[of->onsets] = head;
        of->onset[of->onsets++] = i;
    }
}

static void add_up(scene *of)
{
    const erg_alarm_train *train = of->train;

    of->sum[0] = 0;
    for (size_t i = 0; i < train->n; i++)
        of->sum[i + 1] = of->sum[i] + (train->alarm[i] && !train->hot[i]);
}

/* Alarms in [begin, end) when all of them come `shift` rows later, in a circle. */
static size_t alarms_in(const scene *of, size_t begin, size_t end, size_t shift)
{
    size_t n = of->train->n, from = (begin + n - shift) % n, count = end - begin;

    if (from + count <= n)
        return of->sum[from + count] - of->sum[from];
    return of->sum[n] - of->sum[from] + of->sum[from + count - n];
}

static int64_t hits_of(const scene *of, size_t shift)
{
    int64_t hits = 0;

    for (size_t i = 0; i < of->onsets; i++)
        hits += alarms_in(of, of->head[i], of->onset[i], shift) > 0;
    return hits;
}

/* Runs of alarms after whose beginning it does not get hot within the horizon. */
static void count_false(const scene *of, erg_alarm_score *out)
{
    const erg_alarm_train *train = of->train;
    double calm_s = 0;
    size_t next = 0;

    for (size_t i = 0; i < train->n; i++) {
        bool on = train->alarm[i] && !train->hot[i];
        bool was_on = i && train->alarm[i - 1] && !train->hot[i - 1];
        calm_s += i && !train->hot[i] ? train->t_s[i] - train->t_s[i - 1] : 0;
        while (next < of->onsets && of->onset[next] <= i)
            next++;
        bool comes_true = next < of->onsets
            && train->t_s[of->onset[next]] - train->t_s[i] <= train->horizon_s;
        out->false_alarms += on && !was_on && !comes_true;
    }
    out->false_per_hour = calm_s > 0 ? 3600 * (double)out->false_alarms / calm_s : NAN;
}

static double median_lead(const scene *of, double scratch[])
{
    const erg_alarm_train *train = of->train;
    size_t count = 0;

    for (size_t i = 0; i < of->onsets; i++)
        for (size_t k = of->head[i]; k < of->onset[i]; k++)
            if (train->alarm[k] && !train->hot[k]) {
                scratch[count++] = train->t_s[of->onset[i]] - train->t_s[k];
                break;
            }
    return erg_median(scratch, count);
}

static void compare_with_luck(const scene *of, erg_alarm_score *out)
{
    erg_random luck = { .state = 1 };
    int64_t as_good = 0, sum = 0;

    for (size_t i = 0; i < SHIFTS; i++) {
        size_t shift = 1 + (size_t)erg_random_below(&luck, of->train->n - 1);
        int64_t hits = hits_of(of, shift);
        sum += hits;
        as_good += hits >= out->hits;
    }
    out->shifted_hits = (double)sum / SHIFTS;
    out->p_value = (double)(1 + as_good) / (SHIFTS + 1);
    out->warns = out->onsets > 0 && out->p_value < P_MOST;
}

bool erg_alarms_score(const erg_alarm_train *of, erg_alarm_score *out)
{
    size_t n = of->n > 1 ? of->n : 2;
    scene all = { .train = of, .onset = calloc(n, sizeof(*all.onset)),
                  .head = calloc(n, sizeof(*all.head)),
                  .sum = calloc(n + 1, sizeof(*all.sum)) };
    double *scratch = calloc(n, sizeof(*scratch));
    bool good = all.onset && all.head && all.sum && scratch;

    *out = (erg_alarm_score){ .lead_s = NAN, .false_per_hour = NAN, .shifted_hits = NAN,
                              .p_value = NAN };
    if (good && of->n > 1) {
        find_onsets(&all);
        add_up(&all);
        out->onsets = (int64_t)all.onsets;
        out->hits = hits_of(&all, 0);
        out->misses = out->onsets - out->hits;
        out->lead_s = median_lead(&all, scratch);
        count_false(&all, out);
        compare_with_luck(&all, out);
    }
    free(all.onset);
    free(all.head);
    free(all.sum);
    free(scratch);
    return good;
}
