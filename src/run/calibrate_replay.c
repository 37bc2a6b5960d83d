/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What replayed kernels of this processor sustain: products hot, streams cold. Hot
 * streams would tell of a cache and not of memory.
 */
#include <math.h>
#include <string.h>
#include "erg/replay.h"
#include "replay/meter.h"

/* Large enough that neither a launch nor a cache is what is timed. */
static const double PRODUCT_FLOP = 1e7, PRODUCT_FLOP_PER_BYTE = 20;
static const double STREAM_BYTES = 1 << 20, STREAM_FLOP_PER_BYTE = 1;

typedef struct rate { double work, time_s, low, high; size_t kernels; } rate;

static void add(rate *to, double count, double work, double time_s)
{
    to->work += count * work;
    to->time_s += count * time_s;
    to->low = fmin(to->low, work / time_s);
    to->high = fmax(to->high, work / time_s);
    to->kernels++;
}

static double bytes_of(const erg_signature *s)
{
    return s->in_bytes == ERG_NONE || s->out_bytes == ERG_NONE
               ? NAN : (double)(s->in_bytes + s->out_bytes);
}

static bool is_product(const erg_kernel_timing *kernel, const erg_signature *s)
{
    double flop = (double)s->flop;

    return kernel->state != ERG_STATE_COLD && s->m > 0 && s->precision == ERG_FP32
        && s->flop != ERG_NONE && flop >= PRODUCT_FLOP
        && flop >= PRODUCT_FLOP_PER_BYTE * bytes_of(s);
}

static bool is_stream(const erg_kernel_timing *kernel, const erg_signature *s)
{
    return kernel->state == ERG_STATE_COLD && s->m == 0 && s->flop != ERG_NONE
        && bytes_of(s) >= STREAM_BYTES
        && (double)s->flop <= STREAM_FLOP_PER_BYTE * bytes_of(s);
}

static void sum_up(const erg_replay *replay, rate *products, rate *streams)
{
    for (size_t i = 0; i < replay->kernel_count; i++) {
        const erg_kernel_timing *kernel = &replay->kernels[i];
        bool known = replay->plan && kernel->kernel >= 0 && !kernel->launch_bound
                  && (size_t)kernel->kernel < replay->plan->kernel_count
                  && kernel->time_s > 0 && kernel->count > 0;
        if (!known)
            continue;
        const erg_signature *s = &replay->plan->kernels[kernel->kernel].signature;
        if (is_product(kernel, s))
            add(products, kernel->count, (double)s->flop, kernel->time_s);
        else if (is_stream(kernel, s))
            add(streams, kernel->count, bytes_of(s), kernel->time_s);
    }
}

static double sustained(const rate *of)
{
    return of->kernels ? of->work / of->time_s : NAN;
}

static bool say_missing(const rate *of, const char *what, erg_result *result,
                        erg_error *err)
{
    return of->kernels
           || erg_result_note(result, err,
                              "the replay has no %s: that figure stays as it was", what);
}

erg_result *erg_replay_calibrate_cpu(const erg_env *env, const erg_catalog *catalog,
                                     const erg_replay *replay, const char *source,
                                     erg_error *err)
{
    rate products = { .low = INFINITY }, streams = { .low = INFINITY };
    char date[16] = "";

    sum_up(replay, &products, &streams);
    if (!products.kernels && !streams.kernels) {
        erg_fail(err, ERG_NO_DATA,
                 "no kernel of the replay is a large fp32 product or a cold stream "
                 "of known shape: it says nothing of this processor");
        return NULL;
    }
    if (replay->written_ns > 0)
        erg_utc_format(replay->written_ns, 0, date, sizeof(date));
    date[10] = '\0';
    erg_cpu_rates rates = {
        .flop_per_s = sustained(&products),
        .flop_low = products.low,
        .flop_high = products.high,
        .bytes_per_s = sustained(&streams),
        .bytes_low = streams.low,
        .bytes_high = streams.high,
        .source = source,
        .date = date[0] ? date : NULL,
    };
    erg_result *result = erg_hardware_keep_cpu(env, catalog, &rates, err);
    bool ok = result
              && say_missing(&products, "large fp32 product that ran hot", result, err)
              && say_missing(&streams, "cold stream of 1 MiB or more", result, err);
    if (ok)
        return result;
    erg_result_free(result);
    return NULL;
}
