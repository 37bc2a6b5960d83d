/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each pair is tested, tested again without what utilisation and clock explain, and set
 * beside times in which no coupling can be.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/draws.h"
#include "math/regression.h"
#include "math/stats.h"
#include "thermal/couple_inside.h"

#define LAG_MOST_S 3.0
#define AFTER_NS ERG_NS_PER_S
#define PLACEBO_LEAST_S 30.0
#define PLACEBO_FILLED 0.8      /* of a window that must have values */
#define PLACEBO_COST 6e7        /* products that the placebos of a pair may take */
#define DELAY_UNSURE_S 0.25
enum { PLACEBO_DRAWS_LEAST = 1, DRIVEN_DRAWS = 500 };

static const double *run_of(const erg_joint *joint, int channel)
{
    return erg_joint_run(joint, &joint->channels[channel]);
}

/* Its own chance for each pair, whatever others are studied beside it. */
static uint64_t key_of(const erg_joint *joint, const erg_joint_pair *pair)
{
    const char *texts[] = { pair->device < 0 ? "" : joint->devices[pair->device].log->name,
                            joint->channels[pair->x].name, joint->channels[pair->y].name };
    uint64_t use = 0;

    for (size_t i = 0; i < ERG_COUNT(texts); i++) {
        for (const char *at = texts[i]; *at; at++)
            use = erg_random_mix(use ^ (unsigned char)*at);
        use = erg_random_mix(use);
    }
    return erg_key(joint->options->key, use);
}

static erg_detrend detrend_of(const erg_couple_options *options)
{
    if (!options->detrend || strcmp(options->detrend, "linear") == 0)
        return ERG_DETREND_LINEAR;
    return strcmp(options->detrend, "diff") == 0 ? ERG_DETREND_DIFF : ERG_DETREND_NONE;
}

static erg_pair_options options_of(const erg_joint *joint, const erg_joint_pair *pair)
{
    const erg_couple_options *options = joint->options;
    double most_s = options->lag_max_s > 0 ? options->lag_max_s : LAG_MOST_S;
    double bins = floor(most_s / joint->dt_s + 1e-9), half = (double)erg_joint_n(joint) / 4;

    return (erg_pair_options){ .lags = (size_t)fmax(1, fmin(bins, half)),
                               .detrend = detrend_of(options), .draws = options->draws,
                               .key = key_of(joint, pair), .alpha = options->alpha };
}

/* ---- drivers ----------------------------------------------------------------------- */

typedef struct driver { const char *name; bool of_log; } driver;

enum { DRIVERS_MOST = 4 };
/* Power is on the way from training to heat: only Granger's test is asked beside it. */
static const driver common[] = {
    { "use", false }, { "clock", false }, { "lr", true }, { "power", false },
};
enum { NOT_POWER = 3 };

static size_t drivers_of(const erg_joint *joint, erg_joint_pair *pair, size_t asked,
                         const double *drivers[DRIVERS_MOST])
{
    const driver *known = common;
    size_t count = 0;

    for (size_t i = 0; i < asked; i++) {
        const erg_joint_channel *of =
            erg_joint_find(joint, known[i].of_log ? -1 : pair->device, known[i].name);
        if (!of || of->is_void || of->count == 0)
            continue;
        pair->has_drivers = pair->has_drivers || (!known[i].of_log && pair->device >= 0);
        if (of != &joint->channels[pair->x] && of != &joint->channels[pair->y])
            drivers[count++] = erg_joint_run(joint, of);
    }
    return count;
}

/* A driver is excluded where the same association still stands without its share. */
static bool test_drivers(erg_joint *joint, erg_joint_pair *pair, erg_error *err)
{
    const double *drivers[DRIVERS_MOST];
    erg_pair_options how = options_of(joint, pair);
    size_t n = erg_joint_n(joint), count = drivers_of(joint, pair, NOT_POWER, drivers);
    double alpha = joint->options->alpha > 0 ? joint->options->alpha : 0.05;

    if (!(pair->test.p_value < alpha))
        return true;
    double *x = calloc(2 * n, sizeof(*x));
    bool is_same = false;
    erg_pair rest;
    if (!x)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    how.key = erg_key(how.key, 2);
    if (count > 0 && erg_regress_out(run_of(joint, pair->x), drivers, count, n, how.lags, x)
        && erg_regress_out(run_of(joint, pair->y), drivers, count, n, how.lags, x + n)
        && erg_pair_test(x, x + n, n, &how, &rest, NULL)) {
        pair->driven_p = rest.p_value;
        is_same = rest.r * pair->test.r > 0 && abs(rest.lag - pair->test.lag) <= 1;
        erg_pair_free(&rest);
    }
    bool stands = count == 0 || (pair->driven_p < alpha && is_same);
    pair->is_drivers_excluded = pair->has_drivers && stands;
    free(x);
    return true;
}

/* Granger's test of what use, clock, rate and power of the same and earlier bins leave. */
static bool ask_beside_drivers(erg_joint *joint, erg_joint_pair *pair,
                               const erg_granger_options *how, erg_error *err)
{
    const double *drivers[DRIVERS_MOST];
    size_t n = erg_joint_n(joint);
    size_t count = drivers_of(joint, pair, ERG_COUNT(common), drivers);
    erg_granger_options beside = *how;
    erg_error why = { 0 };

    if (count == 0)
        return true;
    double *x = calloc(2 * n, sizeof(*x));
    if (!x)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    beside.draws = DRIVEN_DRAWS;
    beside.key = erg_key(how->key, 1);
    pair->has_granger_driven =
        erg_regress_out(run_of(joint, pair->x), drivers, count, n, pair->granger.order, x)
        && erg_regress_out(run_of(joint, pair->y), drivers, count, n,
                           pair->granger.order, x + n)
        && erg_granger_test(x, x + n, n, &beside, &pair->granger_driven, &why);
    free(x);
    return erg_can_do_without(&why, err);
}

/* ---- placebos ---------------------------------------------------------------------- */

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
    return (double)n >= PLACEBO_FILLED * (double)of->n && n > 2
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
    pair->placebos[pair->placebo_count++] = (erg_placebo){ at->shift_s, r, NAN };
    return true;
}

/* Every whole-bin shift that fits; where none does, the longest stretch off the run with as
 * much of the run's begin. */
static bool list_placebos(erg_joint *joint, erg_joint_pair *pair, size_t *length,
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
        && (double)some * joint->dt_s >= PLACEBO_LEAST_S) {
        window one = window_at(joint, pair, longest.begin, some);
        *length = some;
        ok = add_placebo(pair, &capacity, &one, room, err);
    }
    free(room);
    return ok;
}

/* The run at the lag that its test found, each placebo as it lies: one r against one. The
 * residuals picked that lag and know nothing of trends: the pick does not favour the run.
 * The best of all lags on both sides favours placebos: slow series agree somewhere, and
 * their best grows more than that of a coupling, which has its lag. */
static void weigh_placebos(erg_joint_pair *pair, double sizes[])
{
    const erg_pair *test = &pair->test;

    for (size_t i = 0; i < pair->placebo_count; i++)
        sizes[i] = fabs(pair->placebos[i].r);
    pair->placebo_median_r = erg_median(sizes, pair->placebo_count);
    pair->placebo_run_r = fabs(test->ccf[(int)test->lags + test->lag]);
}

static bool test_placebos(erg_joint *joint, erg_joint_pair *pair, erg_error *err)
{
    erg_pair_options how = options_of(joint, pair);
    size_t n;

    if (!list_placebos(joint, pair, &n, err))
        return false;
    if (pair->placebo_count == 0)
        return true;
    double *sizes = calloc(pair->placebo_count, sizeof(*sizes));
    if (!sizes)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    double cost =
        (double)n * (double)(2 * how.lags + 1) * (double)(how.draws ? how.draws : 2000);
    size_t tests = (size_t)fmax(PLACEBO_DRAWS_LEAST, PLACEBO_COST / cost);
    size_t stride = (pair->placebo_count + tests - 1) / tests;
    for (size_t i = 0; i < pair->placebo_count; i++) {
        erg_placebo *one = &pair->placebos[i];
        erg_pair test;
        size_t begin =
            (size_t)((int64_t)joint->run_begin + llround(one->shift_s / joint->dt_s));
        window at = window_at(joint, pair, begin, n);
        how.key = erg_key(how.key, 3 + i);
        if (i % stride == 0 && erg_pair_test(at.x, at.y, at.n, &how, &test, NULL)) {
            one->p_value = test.p_value;
            erg_pair_free(&test);
        }
    }
    weigh_placebos(pair, sizes);
    free(sizes);
    return true;
}

/* ---- the pair ---------------------------------------------------------------------- */

static bool is_smoothed(const erg_joint_channel *of)
{
    return of->device >= 0
        && (of->value == ERG_MONITOR_RLE_SMOOTHED || of->value == ERG_MONITOR_RLE_NORM
            || of->value == ERG_MONITOR_PEAK || of->is_smoothed);
}

static double u_lag(const erg_joint *joint, const erg_joint_pair *pair)
{
    const erg_joint_channel *x = &joint->channels[pair->x], *y = &joint->channels[pair->y];
    bool one_clock = x->device == y->device || joint->is_one_clock;
    double delay = pair->device >= 0 && joint->devices[pair->device].delay_s > 0
        ? DELAY_UNSURE_S : 0;

    return joint->dt_s / 2 + (one_clock ? 0 : joint->half_width_s)
         + fabs(x->window_s - y->window_s) / 2 + delay;
}

static bool is_feedback(const erg_pair *test)
{
    bool early = false, late = false;

    for (int k = 1; k <= (int)test->lags; k++) {
        early = early || fabs(test->ccf_residual[(int)test->lags - k]) > test->band;
        late = late || fabs(test->ccf_residual[(int)test->lags + k]) > test->band;
    }
    return early && late;
}

static bool test_pair(erg_joint *joint, erg_joint_pair *pair, erg_error *err)
{
    erg_error why = { 0 };
    const double *x = run_of(joint, pair->x), *y = run_of(joint, pair->y);
    size_t n = erg_joint_n(joint);
    const erg_pair_options how = options_of(joint, pair);
    const erg_granger_options granger = { .detrend = how.detrend,
                                          .key = erg_key(how.key, 1),
                                         .draws = (joint->options->draws + 1) / 2 };

    pair->key = how.key;
    pair->detrend = how.detrend;
    pair->hits[ERG_CHECK_SMOOTHED] = is_smoothed(&joint->channels[pair->x])
                                  || is_smoothed(&joint->channels[pair->y]);
    pair->u_lag_s = u_lag(joint, pair);
    pair->is_tested = n > 0 && erg_pair_test(x, y, n, &how, &pair->test, &why);
    if (!pair->is_tested) {
        erg_text_put(pair->why, sizeof(pair->why),
                     n > 0 ? why.text : "no bin is of the run");
        return erg_can_do_without(&why, err);
    }
    pair->is_feedback = is_feedback(&pair->test);
    pair->has_granger = !pair->hits[ERG_CHECK_SMOOTHED]
                     && erg_granger_test(x, y, n, &granger, &pair->granger, &why);
    if (!pair->has_granger && !erg_can_do_without(&why, err))
        return false;
    return test_drivers(joint, pair, err)
        && (!pair->has_granger || ask_beside_drivers(joint, pair, &granger, err))
        && test_placebos(joint, pair, err);
}

bool erg_joint_test_pairs(erg_joint *joint, erg_error *err)
{
    for (size_t i = 0; i < joint->pair_count; i++)
        if (!test_pair(joint, &joint->pairs[i], err))
            return false;
    return true;
}
