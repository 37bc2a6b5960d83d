/* SPDX-License-Identifier: Apache-2.0 */
/*
 * May this loop run at 275 W, and what did the sensor see of it? ergd holds the cap where
 * it governs; else the reason is told and the loop runs as ever.
 *
 *     cc hints.c $(pkg-config --cflags --libs erg) && ./a.out [SENSOR]
 */
#include <math.h>
#include <stdio.h>
#include <time.h>
#include <erg/record.h>

static double work(void)
{
    double sum = 0;
    for (int i = 1; i < 30000000; i++)
        sum += sin(i) / i;
    return sum;
}

static long long now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

int main(int argc, char *argv[])
{
    const char *sensors[] = { argc > 1 ? argv[1] : NULL };
    erg_error err = { 0 };
    erg_power_samples samples;
    erg_delivery how;
    erg_recorder *rec = erg_recorder_start(NULL, &(erg_record_options){
        .sensors = sensors, .sensor_count = argc > 1 }, &err);

    if (!rec) {
        fprintf(stderr, "nothing is recorded: %s\n", err.text);
        return 1;
    }
    long long begin_ns = now_ns();
    erg_region_token region = erg_region_begin(rec, "work");
    if (!erg_region_hint(rec, region, &(erg_hint){ .power_cap_w = 275 }, &err))
        printf("not held to 275 W: %s\n", err.text);
    double sum = work();
    erg_region_end(rec, region);
    if (erg_power_trace(rec, NULL, begin_ns, now_ns(), &samples, &how, &err)) {
        printf("%zu samples, one in %.3g s, %lld missed; the sensor's own: %.3g s\n",
               samples.count, how.interval_s, (long long)how.missed, how.update_s);
        erg_power_samples_free(&samples);
    } else
        printf("no power: %s\n", err.text);
    erg_mark(rec, "sum", sum);
    erg_recorder_free(rec);
    return 0;
}
