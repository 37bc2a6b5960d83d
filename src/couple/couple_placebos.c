/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each pair beside times in which no coupling can be: the sensor's values off the run, and
 * y of other sessions.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/draws.h"
#include "math/stats.h"
#include "couple/couple_inside.h"

#define AFTER_NS ERG_NS_PER_S
#define LEAST_S 30.0
#define FILLED 0.8              /* of a window that must have values */
#define COST 6e7                /* products that the placebos of a pair may take */
enum { TESTS_LEAST = 1, DRAWS = 2000, DRAWS_LEAST = 199, SHIFT_KEYS = 3,
       OTHER_KEYS = 1 << 30 };

/* ---- times off the run -------------------------------------------------------------- */

typedef struct off { size_t begin, end; } off;      /* bins */

static size_t off_times(const erg_joint *joint, off out[2])
{
    int64_t before = joint->start_ns - AFTER_NS - joint->origin_ns;
    int64_t after = joint->end_ns + AFTER_NS - joint->origin_ns;
    size_t count = 0,
           from = after > 0 ? (size_t)((after + joint->dt_ns - 1) / joint->dt_ns) : 0;

    if (before >= joint->dt_ns)
        out[count++] = (off){ 0, (size_t)(before / joint->dt_ns) };
    if (from < joint->bin_count)
        out[count++] = (off){ from, joint->bin_count };
    return count;
}

typedef struct window { const double *x, *y; size_t n; double shift_s; } window;

/* The channel of a sensor is moved: a training log has nothing outside of its run. */
static window window_at(const erg_joint *joint, const erg_joint_pair *pair, size_t begin,
                        size_t n)
{
    const erg_joint_channel *x = &joint->channels[pair->x], *y = &joint->channels[pair->y];
    bool moves_y = y->device >= 0;
    double shift_s = ((double)begin - (double)joint->run_begin) * joint->dt_s;

    return (window){ moves_y ? x->bins + joint->run_begin : x->bins + begin,
                     moves_y ? y->bins + begin : y->bins + joint->run_begin, n, shift_s };
}

static double correlation_of(const window *of, double *room)
{
    size_t n = 0;

    for (size_t i = 0; i < of->n; i++)
        if (!isnan(of->x[i]) && !isnan(of->y[i])) {
            room[n] = of->x[i];
            room[of->n + n++] = of->y[i];
        }
    return (double)n >= FILLED * (double)of->n && n > 2
        ? erg_correlation(room, room + of->n, n) : NAN;
}

static bool add_placebo(erg_joint_pair *pair, size_t *capacity, const window *at,
                        double *room, erg_error *err)
{
    double r = correlation_of(at, room);

    if (isnan(r))
        return true;
    if (!erg_grow((void **)&pair->placebos, capacity, pair->placebo_count,
                  sizeof(*pair->placebos), err))
        return false;
    pair->placebos[pair->placebo_count++] =
        (erg_placebo){ .shift_s = at->shift_s, .r = r, .p_value = NAN };
    return true;
}

/* Every whole-bin shift that fits; where none does, the longest stretch off the run with as
 * much of the run's begin. */
static bool list_placebos(const erg_joint *joint, erg_joint_pair *pair, size_t *length,
                          erg_error *err)
{
    size_t n = erg_joint_n(joint), capacity = 0;
    off offs[2], longest = { 0, 0 };
    size_t count = off_times(joint, offs);
    double *room = calloc(2 * n + 1, sizeof(*room));
    bool ok = room || erg_fail(err, ERG_NO_MEMORY, "out of memory");

    for (size_t i = 0; ok && i < count; i++) {
        for (size_t at = offs[i].begin; ok && at + n <= offs[i].end; at++) {
            window one = window_at(joint, pair, at, n);
            ok = add_placebo(pair, &capacity, &one, room, err);
        }
        if (offs[i].end - offs[i].begin > longest.end - longest.begin)
            longest = offs[i];
    }
    *length = n;
    size_t some = longest.end - longest.begin;
    if (ok && pair->placebo_count == 0 && some < n
        && (double)some * joint->dt_s >= LEAST_S) {
        window one = window_at(joint, pair, longest.begin, some);
        *length = some;
        ok = add_placebo(pair, &capacity, &one, room, err);
    }
    free(room);
    return ok;
}

/* p of some of them: the others cost too much. */
static void test_shifts(const erg_joint *joint, erg_joint_pair *pair, size_t n,
                        erg_pair_options how)
{
    double cost =
        (double)n * (double)(2 * how.lags + 1) * (double)(how.draws ? how.draws : DRAWS);
    size_t tests = (size_t)fmax(TESTS_LEAST, COST / cost);
    size_t stride = (pair->placebo_count + tests - 1) / tests;

    for (size_t i = 0; i < pair->placebo_count; i++) {
        erg_placebo *one = &pair->placebos[i];
        erg_pair test;
        size_t begin =
            (size_t)((int64_t)joint->run_begin + llround(one->shift_s / joint->dt_s));
        window at = window_at(joint, pair, begin, n);
        how.key = erg_key(how.key, SHIFT_KEYS + i);
        if (i % stride == 0 && erg_pair_test(at.x, at.y, at.n, &how, &test, NULL)) {
            one->p_value = test.p_value;
            erg_pair_free(&test);
        }
    }
}

/* ---- y of other sessions --------------------------------------------------------- */

/* Of the same name, in the log or in the device of the same name. */
static const erg_joint_channel *alike(const erg_joint *other, const erg_joint *joint,
                                      const erg_joint_channel *of)
{
    const erg_joint_channel *found = NULL;

    if (of->device < 0)
        found = erg_joint_find(other, -1, of->name);
    for (int d = 0; of->device >= 0 && d < (int)other->device_count && !found; d++)
        if (strcmp(other->devices[d].log->name, joint->devices[of->device].log->name) == 0)
            found = erg_joint_find(other, d, of->name);
    return found && found->count > 1 && !found->is_void ? found : NULL;
}

static bool drop_other(const erg_joint *joint, const erg_joint_pair *pair,
                       const erg_joint_other *other, const char *why, erg_error *err)
{
    return erg_result_note(joint->result, err, "%s is no placebo of %s:%s: %s", other->name,
                           joint->channels[pair->x].name, joint->channels[pair->y].name,
                           why);
}

/* Where x is the same, so is what it would do: a tie of x and y shows there, too. */
static bool add_other(const erg_joint *joint, erg_joint_pair *pair,
                      const erg_joint_other *other, const window *at,
                      const erg_pair_options *how, erg_error *err)
{
    const erg_joint_channel *x = &joint->channels[pair->x];
    const erg_joint_channel *their_x = alike(other->joint, joint, x);
    double *room = calloc(2 * at->n + 1, sizeof(*room));
    size_t capacity = pair->placebo_count, before = pair->placebo_count;
    erg_pair test;

    if (!room)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    bool ok = add_placebo(pair, &capacity, at, room, err);
    free(room);
    if (!ok || pair->placebo_count == before)
        return ok && drop_other(joint, pair, other, "too few values lie side by side", err);
    erg_placebo *one = &pair->placebos[before];
    one->session = other->name;
    one->is_same_x = their_x && erg_joint_is_same(x, their_x);
    if (erg_pair_test(at->x, at->y, at->n, how, &test, NULL)) {
        one->p_value = test.p_value;
        erg_pair_free(&test);
    }
    return true;
}

static bool ask_other(const erg_joint *joint, erg_joint_pair *pair,
                      const erg_joint_other *other, const erg_pair_options *how,
                      erg_error *err)
{
    const erg_joint_channel *x = &joint->channels[pair->x];
    const erg_joint_channel *y = alike(other->joint, joint, &joint->channels[pair->y]);
    size_t n = erg_joint_n(joint), theirs = 0;
    erg_error why = { 0 };
    double *values = y ? erg_joint_on_grid(other->joint, y, joint->dt_s, &theirs, &why)
                       : NULL;
    const window at = { erg_joint_run(joint, x), values, n < theirs ? n : theirs, 0 };
    bool ok;

    if (!y)
        ok = drop_other(joint, pair, other, "it has no such y", err);
    else if (!values)
        ok = erg_can_do_without(&why, err) && drop_other(joint, pair, other, why.text, err);
    else if (at.n < n && (double)at.n * joint->dt_s < LEAST_S)
        ok = drop_other(joint, pair, other, "it is shorter than 30 s", err);
    else
        ok = add_other(joint, pair, other, &at, how, err);
    free(values);
    return ok;
}

/* As many draws as their share of the cost allows. */
static bool ask_others(const erg_joint *joint, erg_joint_pair *pair, erg_pair_options how,
                       erg_error *err)
{
    double cost = (double)joint->other_count * (double)erg_joint_n(joint)
                * (double)(2 * how.lags + 1);
    double draws = fmin((double)(how.draws ? how.draws : DRAWS), COST / fmax(1, cost));
    uint64_t key = how.key;

    how.draws = (size_t)fmax(DRAWS_LEAST, draws);
    for (size_t i = 0; i < joint->other_count; i++) {
        how.key = erg_key(key, OTHER_KEYS + i);
        if (!ask_other(joint, pair, &joint->others[i], &how, err))
            return false;
    }
    return true;
}

/* ---- both ---------------------------------------------------------------------------- */

/* The run at the lag that its test found, each placebo as it lies: one r against one. The
 * residuals picked that lag and know nothing of trends: the pick does not favour the run.
 * The best of all lags on both sides favours placebos: slow series agree somewhere, and
 * their best grows more than that of a coupling, which has its lag. */
static bool weigh(erg_joint_pair *pair, erg_error *err)
{
    const erg_pair *test = &pair->test;
    double *sizes = calloc(pair->placebo_count + 1, sizeof(*sizes));
    size_t count = 0;

    if (!sizes)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < pair->placebo_count; i++)
        if (!pair->placebos[i].is_same_x)
            sizes[count++] = fabs(pair->placebos[i].r);
    pair->placebos_weighed = count;
    if (count) {
        pair->placebo_median_r = erg_median(sizes, count);
        pair->placebo_run_r = fabs(test->ccf[(int)test->lags + test->lag]);
    }
    free(sizes);
    return true;
}

bool erg_joint_test_placebos(const erg_joint *joint, erg_joint_pair *pair,
                             const erg_pair_options *how, erg_error *err)
{
    size_t n;

    if (!list_placebos(joint, pair, &n, err))
        return false;
    if (pair->placebo_count)
        test_shifts(joint, pair, n, *how);
    return ask_others(joint, pair, *how, err) && weigh(pair, err);
}
