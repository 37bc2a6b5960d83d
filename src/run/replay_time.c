/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include "math/stats.h"
#include "run/replay_time.h"

enum { ESTIMATE_RUNS = 10, BATCHES_LEAST = 10, LOOK_EVERY = 16, BATCHES_MOST = 1 << 20 };
static const double stands = 0.01;    /* of two batches in a row */
static const double kept_least = 0.2; /* of batches, else none is left out */

static bool asked(const erg_time_rule *rule, erg_error *err)
{
    return rule->ask_stop && *rule->ask_stop
           && !erg_fail(err, ERG_REFUSED,
                        "the replay was stopped: nothing of it is reported");
}

static double clock_s(const erg_env *env) { return erg_s_from_ns(erg_env_now_ns(env)); }

/* How often the system has taken the core away from this thread. */
static long interruptions(void)
{
    struct rusage usage;

    return getrusage(RUSAGE_THREAD, &usage) == 0 ? usage.ru_nivcsw : 0;
}

double erg_time_core_s(void)
{
    struct timespec had;

    return clock_gettime(CLOCK_THREAD_CPUTIME_ID, &had) == 0
               ? (double)had.tv_sec + 1e-9 * (double)had.tv_nsec : NAN;
}

typedef struct batch {
    double run_s, core_s; /* of one run: by the clock, and on the core */
    bool is_interrupted;
} batch;

/* How many a batch holds; 0: it cannot be made ready. */
static size_t make_ready(const erg_timed_work *work, size_t count, erg_error *err)
{
    return work->ready ? work->ready(work->self, count, err) : count;
}

static bool run_batch(const erg_env *env, const erg_timed_work *work, size_t first,
                      size_t count, batch *out, erg_error *err)
{
    long before = interruptions();
    double had_s = erg_time_core_s();
    int64_t begin_ns = erg_env_now_ns(env);

    if (!work->run(work->self, first, count, err))
        return false;
    int64_t end_ns = erg_env_now_ns(env);
    *out = (batch){ erg_s_from_ns(end_ns - begin_ns) / (double)count,
                    (erg_time_core_s() - had_s) / (double)count,
                    interruptions() != before };
    if (work->device_s)
        *out = (batch){ work->device_s(work->self) / (double)count, NAN, false };
    return true;
}

/* ---- warming up ------------------------------------------------------------------ */

double erg_time_warm(const erg_env *env, const erg_time_rule *rule,
                     const erg_timed_work *work, erg_error *err)
{
    double begin_s = clock_s(env), last_s = INFINITY;
    size_t count = rule->warmup > 0 ? (size_t)rule->warmup : 1, done = 0;
    batch seen;

    /* The first ones compile and fault pages in: they are in no figure. */
    if (asked(rule, err) || (count = make_ready(work, count, err)) == 0
        || !run_batch(env, work, 0, count, &seen, err))
        return NAN;
    for (done = count;; done += count) {
        if (asked(rule, err))
            return NAN;
        double most = seen.run_s > 0 ? ceil(10 * rule->batch_s / seen.run_s) : 1;
        count = most > ESTIMATE_RUNS         ? (size_t)most
                : seen.run_s > rule->batch_s ? 1
                                             : ESTIMATE_RUNS;
        if ((count = make_ready(work, count, err)) == 0
            || !run_batch(env, work, done, count, &seen, err))
            return NAN;
        if (fabs(seen.run_s - last_s) <= stands * seen.run_s
            || clock_s(env) - begin_s >= rule->warmup_s)
            break;
        last_s = seen.run_s;
    }
    return seen.run_s > 0 ? seen.run_s : 1e-9;
}

/* ---- measuring ------------------------------------------------------------------- */

typedef struct batches {
    batch *all;
    size_t count, capacity, interrupted;
    bool on_core;
} batches;

/* fmin leaves out what is not known. */
static double time_of(const batches *seen, const batch *of)
{
    return seen->on_core && of->is_interrupted ? fmin(of->core_s, of->run_s) : of->run_s;
}

/* Those that count: without the interrupted ones, while enough are left. */
static size_t keep(const batches *seen, double values[])
{
    size_t left = seen->count - seen->interrupted, count = 0;
    bool drops = left >= BATCHES_LEAST && (double)left >= kept_least * (double)seen->count;

    for (size_t i = 0; i < seen->count; i++)
        if (!drops || !seen->all[i].is_interrupted)
            values[count++] = time_of(seen, &seen->all[i]);
    return count;
}

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

double erg_time_centre(double values[], size_t count)
{
    size_t left_out = count / 4;

    qsort(values, count, sizeof(*values), by_value);
    return erg_mean(values + left_out, count - 2 * left_out);
}

/* All batches are of as many runs. */
static double lost_s(const batches *seen, const erg_timed *of)
{
    double sum_s = 0;

    for (size_t i = 0; i < seen->count; i++)
        sum_s += seen->all[i].run_s;
    return (sum_s / (double)seen->count - of->centre_s) * of->executed;
}

static bool summarise(const batches *seen, erg_timed *out, erg_error *err)
{
    double *sorted = malloc((seen->count + 1) * sizeof(*sorted));
    erg_interval interval = { .half_width = NAN };

    out->values = malloc((seen->count + 1) * sizeof(*out->values));
    if (!sorted || !out->values) {
        free(sorted);
        return erg_fail(err, ERG_NO_MEMORY, "no memory for %zu times", seen->count);
    }
    out->count = keep(seen, out->values);
    memcpy(sorted, out->values, out->count * sizeof(*sorted));
    out->mean_s = erg_mean(out->values, out->count);
    if (erg_interval_of(out->values, out->count, 1, &interval)) {
        out->low_s = out->mean_s - interval.half_width;
        out->high_s = out->mean_s + interval.half_width;
    } else {
        out->low_s = out->high_s = NAN;
    }
    out->median_s = erg_median(sorted, out->count);
    out->min_s = erg_quantile(sorted, out->count, 0);
    out->max_s = erg_quantile(sorted, out->count, 1);
    out->centre_s = erg_time_centre(sorted, out->count);
    out->dropped = (double)(seen->count - out->count) / (double)seen->count;
    out->lost_s = lost_s(seen, out);
    free(sorted);
    return true;
}

static bool is_narrow(const batches *seen, const erg_time_rule *rule, erg_error *err)
{
    erg_timed now = { 0 };
    bool good = summarise(seen, &now, err);
    bool narrow = good && now.count >= BATCHES_LEAST
                  && now.high_s - now.mean_s <= rule->half_width * now.mean_s;

    erg_timed_free(&now);
    return narrow || !good;
}

static bool is_enough(const batches *seen, const erg_time_rule *rule, const erg_timed *out,
                      double elapsed_s, erg_error *err)
{
    /* What was estimated on a busy moment asks for too few runs. */
    if (out->executed < out->requested || elapsed_s < rule->least_s)
        return false;
    if (!(rule->half_width > 0) || elapsed_s >= rule->most_s)
        return true;
    return seen->count % LOOK_EVERY == 0 && is_narrow(seen, rule, err);
}

bool erg_time_measure(const erg_env *env, const erg_time_rule *rule,
                      const erg_timed_work *work, double run_s, erg_timed *out,
                      erg_error *err)
{
    double requested = fmax(rule->runs, ceil(rule->least_s / run_s));
    double per_batch = fmax(ceil(rule->batch_s / run_s), ceil(requested / BATCHES_MOST));
    size_t count = make_ready(work, per_batch > 1 ? (size_t)per_batch : 1, err), first = 0;
    batches seen = { .on_core = rule->on_core };
    bool good = count > 0, enough = false;

    *out = (erg_timed){ .requested = requested };
    out->span.begin_ns = erg_env_now_ns(env);
    while (good && !enough) {
        good =
            !asked(rule, err)
            && erg_grow((void **)&seen.all, &seen.capacity, seen.count, sizeof(batch), err)
            && run_batch(env, work, first, count, &seen.all[seen.count], err);
        if (!good)
            break;
        seen.interrupted += seen.all[seen.count++].is_interrupted;
        first += count;
        out->executed = (double)first;
        out->span.end_ns = erg_env_now_ns(env);
        enough = is_enough(&seen, rule, out,
                           erg_s_from_ns(out->span.end_ns - out->span.begin_ns), err);
    }
    good = good && summarise(&seen, out, err);
    free(seen.all);
    if (!good)
        erg_timed_free(out);
    return good;
}

void erg_timed_free(erg_timed *timed)
{
    free(timed->values);
    timed->values = NULL;
    timed->count = 0;
}

/* ---- drift ----------------------------------------------------------------------- */

bool erg_drift_add(erg_drift *drift, double at_s, double time_s, erg_error *err)
{
    if (!erg_grow((void **)&drift->points, &drift->capacity, drift->count,
                  sizeof(*drift->points), err))
        return false;
    drift->points[drift->count++] = (erg_drift_point){ at_s, time_s };
    return true;
}

static double smooth_at(const erg_drift *drift, size_t i)
{
    enum { EACH_SIDE = 4 };
    double near_s[2 * EACH_SIDE + 1];
    size_t count = 0, from = i > EACH_SIDE ? i - EACH_SIDE : 0;

    for (size_t at = from; at < drift->count && at <= i + EACH_SIDE; at++)
        near_s[count++] = drift->points[at].time_s;
    return erg_quantile(near_s, count, 0.25);
}

/* The first that is not before at_s. */
static size_t find_point(const erg_drift *drift, double at_s)
{
    size_t low = 0, high = drift->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (drift->points[middle].at_s < at_s)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

double erg_drift_at(const erg_drift *drift, double at_s)
{
    size_t i = find_point(drift, at_s);

    if (drift->count == 0)
        return NAN;
    if (i == 0 || i == drift->count)
        return smooth_at(drift, i == 0 ? 0 : drift->count - 1);
    double from_s = drift->points[i - 1].at_s, span_s = drift->points[i].at_s - from_s;
    double a_s = smooth_at(drift, i - 1), b_s = smooth_at(drift, i);
    return span_s > 0 ? a_s + (b_s - a_s) * (at_s - from_s) / span_s : b_s;
}

double erg_drift_level(const erg_drift *drift, double until_s)
{
    double *times = malloc((drift->count + 1) * sizeof(*times));
    size_t count = 0;

    for (; times && count < drift->count && drift->points[count].at_s <= until_s; count++)
        times[count] = smooth_at(drift, count);
    double level_s = count > 0 ? erg_quantile(times, count, 0.25) : NAN;
    free(times);
    return level_s;
}

void erg_drift_free(erg_drift *drift)
{
    free(drift->points);
    *drift = (erg_drift){ 0 };
}
