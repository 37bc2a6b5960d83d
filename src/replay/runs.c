/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include "replay/meter.h"

/* A loop has a first call and an end: window / single is a little more than runs. */
static const double LOOP_SHARE = 0.005;
/* Ratios of one limit scatter by less. */
static const double AGREE_SHARE = 0.05;

double erg_replay_stated_runs(const erg_kernel_timing *kernel)
{
    return isnan(kernel->runs_executed) ? kernel->runs_requested : kernel->runs_executed;
}

double erg_replay_window_s(const erg_kernel_timing *kernel)
{
    int64_t ns = kernel->span.end_ns - kernel->span.begin_ns;
    return ns > 0 ? erg_s_from_ns(ns) : NAN;
}

double erg_replay_single_s(const erg_kernel_timing *kernel)
{
    return kernel->drift > 0 ? kernel->time_s / kernel->drift : kernel->time_s;
}

double erg_replay_runs_error(const erg_kernel_timing *kernel)
{
    double window_s = erg_replay_window_s(kernel);
    double lost_s = kernel->lost_s > 0 ? kernel->lost_s : 0;

    if (!(kernel->time_s > 0))      /* a time that was not measured: no runs can be told */
        return NAN;
    return fabs(window_s - lost_s
                - erg_replay_stated_runs(kernel) * erg_replay_single_s(kernel))
           / window_s;
}

/* Runs that were counted are what they are:
 * a window may also hold what others took of it. */
static bool fails(const erg_kernel_timing *kernel)
{
    return isnan(kernel->runs_executed) && erg_replay_runs_error(kernel) > ERG_RUNS_SLACK;
}

static double ratio_of(const erg_kernel_timing *kernel)
{
    return erg_replay_window_s(kernel) / erg_replay_single_s(kernel);
}

static bool is_alike(const erg_kernel_timing *a, const erg_kernel_timing *b)
{
    return a->tier == b->tier && erg_replay_stated_runs(a) == erg_replay_stated_runs(b);
}

/* A limit is typed by a person: the number with the fewest digits between the two. */
static double roundest_between(double low, double high)
{
    double unit = pow(10, floor(log10(high))), middle = 0.5 * (low + high);

    while (unit >= 1) {
        double near = round(middle / unit) * unit;
        if (near >= low && near <= high)
            return near;
        unit /= 10;
    }
    return round(middle);
}

typedef struct range { double low, high; } range;

static range range_of_alike(const erg_replay *replay, const erg_kernel_timing *like)
{
    range all = { INFINITY, 0 };

    for (size_t i = 0; i < replay->kernel_count; i++) {
        const erg_kernel_timing *kernel = &replay->kernels[i];
        if (!is_alike(kernel, like) || !fails(kernel))
            continue;
        all.low = fmin(all.low, ratio_of(kernel));
        all.high = fmax(all.high, ratio_of(kernel));
    }
    return all;
}

static double found_runs(const erg_replay *replay, const erg_kernel_timing *kernel)
{
    range all = range_of_alike(replay, kernel);
    bool shared = all.high < (1 + AGREE_SHARE) * all.low;
    double low = shared ? all.low : ratio_of(kernel);
    double high = shared ? all.high : low;

    return roundest_between(low * (1 - LOOP_SHARE), high * (1 + LOOP_SHARE));
}

size_t erg_replay_repair_runs(erg_replay *replay)
{
    size_t repaired = 0;

    for (size_t i = 0; i < replay->kernel_count; i++) {
        erg_kernel_timing *kernel = &replay->kernels[i];
        bool wrong = fails(kernel);
        kernel->runs_used =
            wrong ? found_runs(replay, kernel) : erg_replay_stated_runs(kernel);
        repaired += wrong;
    }
    return repaired;
}
