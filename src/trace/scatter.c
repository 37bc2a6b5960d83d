/* SPDX-License-Identifier: Apache-2.0 */
/* How much the runs of one region differ: each run is one observation. */
#include <math.h>
#include <stdlib.h>
#include "trace/summary.h"

/* All counted devices. NAN: not known. */
static double run_energy(const erg_trace *trace, const erg_region *run,
                         const erg_pick picks[], size_t pick_count)
{
    double sum_j = 0;
    for (size_t i = 0; i < pick_count; i++) {
        erg_energy one;
        if (!picks[i].counted)
            continue;
        if (!erg_trace_energy(trace, picks[i].channel,
                              (erg_span){ run->begin_ns, run->end_ns }, &one, NULL))
            return NAN;
        sum_j += one.energy_j;
    }
    return sum_j / (run->runs > 0 ? run->runs : 1);
}

bool erg_runs_scatter(const erg_trace *trace, const char *region, const erg_pick picks[],
                      size_t pick_count, erg_interval *out)
{
    const erg_region_names *names = erg_region_names_of(trace, NULL);
    erg_namesakes runs = names ? erg_namesakes_of(names, region) : (erg_namesakes){ 0 };
    double *energies = calloc(runs.count + 1, sizeof(*energies));
    size_t count = 0;

    for (size_t i = 0; energies && i < runs.count; i++) {
        const erg_region *run = erg_trace_region(trace, runs.at[i]);
        if (run->end_ns == INT64_MAX)
            continue;
        double energy_j = run_energy(trace, run, picks, pick_count);
        if (isfinite(energy_j))
            energies[count++] = energy_j;
    }
    bool good = count >= 2 && erg_interval_of(energies, count, 1, out);
    free(energies);
    return good;
}
