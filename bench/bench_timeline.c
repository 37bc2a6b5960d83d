/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ten million kernels shared among a million readings of a sensor, in one thread, from one
 * stream and from eight at once; the floor reads every kernel and every step once.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "bench.h"
#include "math/xoshiro.h"
#include "timeline/timeline.h"

enum { KERNELS = 10000000, STEPS = 1000000, CLASSES = 300, ROUNDS = 3 };

static void *room(size_t count, size_t size)
{
    void *made = calloc(count, size);

    if (!made)
        exit(1);
    return made;
}

/* Kernels fill nine tenths of each stream's time. */
static void lay_out(erg_work works[], int streams, int64_t span_ns)
{
    erg_xoshiro random = erg_xoshiro_of(1, (uint64_t)streams);
    double each_ns = (double)span_ns / KERNELS;

    for (size_t i = 0; i < KERNELS; i++) {
        int64_t begin_ns = (int64_t)(each_ns * (double)i);
        double length_ns = each_ns * streams * (0.4 + erg_xoshiro_uniform(&random));
        works[i] = (erg_work){ begin_ns, begin_ns + (int64_t)length_ns,
                               (uint32_t)(CLASSES * pow(erg_xoshiro_uniform(&random), 3)),
                               0 };
    }
}

static double floor_s(const erg_work works[], const erg_sensor_step steps[])
{
    double begin_s = bench_now_s(CLOCK_THREAD_CPUTIME_ID);
    volatile int64_t sum = 0;
    int64_t own = 0;

    for (size_t i = 0; i < KERNELS; i++)
        own += works[i].end_ns - works[i].begin_ns + works[i].class;
    for (size_t i = 0; i < STEPS; i++)
        own += steps[i].end_ns - steps[i].look_ns;
    sum = own;
    (void)sum;
    return bench_now_s(CLOCK_THREAD_CPUTIME_ID) - begin_s;
}

static void bench(const char *name, const erg_work works[], const erg_sensor_step steps[])
{
    double times_s[ROUNDS], floors_s[ROUNDS];
    erg_part *parts = room(CLASSES + 1, sizeof(*parts));
    erg_prior prior = { .free_w = NAN };

    for (int i = 0; i < ROUNDS; i++) {
        erg_sharing out;
        double begin_s = bench_now_s(CLOCK_THREAD_CPUTIME_ID);
        if (!erg_share_energy(&(erg_work_list){ works, KERNELS, CLASSES },
                              &(erg_step_list){ steps, STEPS }, &prior, parts, &out, NULL))
            exit(1);
        times_s[i] = bench_now_s(CLOCK_THREAD_CPUTIME_ID) - begin_s;
        floors_s[i] = floor_s(works, steps);
    }
    free(parts);
    bench_print(&(bench_row){ .name = name, .unit = "s", .n = KERNELS, .limit = 1,
                              .value = bench_median(times_s, ROUNDS),
                              .floor = bench_median(floors_s, ROUNDS) });
}

/* 200 names of 50,000 begins each, and as many spikes as are tried. */
static double shifts_s(double reach_s)
{
    enum { NAMES = 200, EACH = KERNELS / NAMES, SPIKES = 2000 };
    static int64_t begins[EACH], spikes[SPIKES];
    const int64_t span_ns = STEPS * (100 * ERG_NS_PER_MS);
    erg_reach reach = { { 0, span_ns }, erg_ns_from_s(reach_s), 0, ERG_SHIFTS };
    erg_xoshiro random = erg_xoshiro_of(2, 0);
    double begin_s = bench_now_s(CLOCK_THREAD_CPUTIME_ID);

    for (int64_t i = 0; i < SPIKES; i++)
        spikes[i] =
            (int64_t)(((double)i + erg_xoshiro_uniform(&random)) * (double)span_ns
                      / SPIKES);
    for (int name = 0; name < NAMES; name++) {
        erg_lift out;
        for (int64_t i = 0; i < EACH; i++)
            begins[i] =
                (int64_t)(((double)i + erg_xoshiro_uniform(&random)) * (double)span_ns
                          / EACH);
        if (!erg_lift_of(&(erg_moments){ begins, EACH }, &(erg_moments){ spikes, SPIKES },
                         &reach, 0, &out, NULL))
            exit(1);
    }
    return bench_now_s(CLOCK_THREAD_CPUTIME_ID) - begin_s;
}

static void bench_shifts(const char *name, double reach_s)
{
    bench_print(&(bench_row){ .name = name, .unit = "s", .n = KERNELS, .limit = 1,
                              .floor = NAN, .value = shifts_s(reach_s) });
}

int main(void)
{
    static const int64_t step_ns = 100 * ERG_NS_PER_MS;
    erg_sensor_step *steps = room(STEPS, sizeof(*steps));
    erg_work *works = room(KERNELS, sizeof(*works));

    for (size_t i = 0; i < STEPS; i++) {
        int64_t at_ns = (int64_t)i * step_ns;
        double w = 200 + (double)(i % 7);
        steps[i] = (erg_sensor_step){ at_ns, at_ns + step_ns - 25 * ERG_NS_PER_MS,
                                      at_ns + step_ns, w, w * erg_s_from_ns(step_ns) };
    }
    lay_out(works, 1, STEPS * step_ns);
    bench("share: 10M kernels of one stream, 1M readings", works, steps);
    lay_out(works, 8, STEPS * step_ns);
    bench("share: 10M kernels of eight streams, 1M readings", works, steps);
    free(steps);
    free(works);
    bench_shifts("1000 shifts of 10M begins, each near 5 % of the time", 0.1);
    bench_shifts("1000 shifts of 10M begins, each near half of the time", 1.4);
    return 0;
}
