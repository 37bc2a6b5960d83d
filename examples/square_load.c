/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long does a sensor look? A load for erg devices --check: works and rests in turn
 * and marks when it worked.
 *
 *     erg devices --check -- square_load 0.537 30
 *
 * The period (s) should be no simple ratio of the sensor's update period; its working
 * halves begin at whole periods of CLOCK_MONOTONIC. Put your GPU's work into work().
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <erg/erg.h>

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void work_until(double until_s)
{
    volatile double value = 1;
    while (now_s() < until_s)
        for (int i = 0; i < 1000; i++)
            value = value * 1.0000001 + 1e-9;
}

static void rest_until(double until_s)
{
    double left_s = until_s - now_s();
    struct timespec left = { .tv_sec = (time_t)left_s,
                             .tv_nsec = (long)(1e9 * (left_s - (double)(time_t)left_s)) };
    if (left_s > 0)
        nanosleep(&left, NULL);
}

int main(int argc, char *argv[])
{
    double period_s = argc > 1 ? strtod(argv[1], NULL) : 0.537;
    double for_s = argc > 2 ? strtod(argv[2], NULL) : 30;
    erg_env env = { .ring = getenv("ERG_RING") };
    erg_recorder *rec = erg_recorder_join(&env, NULL);

    if (!(period_s > 0.001) || !(for_s > 0))
        return fprintf(stderr, "square_load PERIOD_S FOR_S\n"), 2;
    long first = (long)(now_s() / period_s) + 1, last = first + (long)(for_s / period_s);
    for (long i = first; i < last; i++) {
        rest_until((double)i * period_s);
        erg_region_token high = erg_region_begin(rec, "high");
        work_until(((double)i + 0.5) * period_s);
        erg_region_end(rec, high);
    }
    erg_recorder_free(rec);
    return 0;
}
