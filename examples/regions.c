/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many joules did this function take? Works under `erg run` (the answer is in
 * the run file) and alone (a sampler thread in this process answers).
 *
 *     cc regions.c $(pkg-config --cflags --libs erg) && ./a.out
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <erg/record.h>

static double work(void)
{
    double sum = 0;
    for (int i = 1; i < 100000000; i++)
        sum += sin(i) / i;
    return sum;
}

int main(void)
{
    erg_error err = { 0 };
    erg_energy energy;
    erg_env env = { .ring = getenv("ERG_RING") };
    erg_recorder *rec = erg_recorder_join(&env, NULL);

    if (!rec)
        rec = erg_recorder_start(&env, NULL, &err);
    if (!rec)
        fprintf(stderr, "nothing is recorded: %s\n", err.text);

    erg_region_token region = erg_region_begin(rec, "work");
    double sum = work();
    erg_region_end(rec, region);
    erg_mark(rec, "sum", sum);

    if (rec && erg_region_energy(rec, region, NULL, &energy, &err))
        printf("work: %.3g J +- %.2g J (%s, %s)\n", energy.energy_j, energy.spread_j,
               erg_method_name(energy.method), erg_quality_name(energy.quality));
    else
        printf("work: n/a (%s)\n", rec ? err.text : "no recorder");
    erg_recorder_free(rec);
    return 0;
}
