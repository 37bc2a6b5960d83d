/* SPDX-License-Identifier: Apache-2.0 */
/* Timings of kernels: what is known of one, and which of them are added up. */
#include <math.h>
#include <string.h>
#include "format/json.h"
#include "replay/replay.h"

erg_kernel_timing erg_kernel_timing_unknown(void)
{
    return (erg_kernel_timing){
        .kernel = -1, .count = NAN, .time_s = NAN, .low_s = NAN, .high_s = NAN,
        .median_s = NAN, .min_s = NAN, .max_s = NAN, .empty_s = NAN, .drift = NAN,
        .runs_requested = NAN, .runs_executed = NAN, .runs_used = NAN, .lost_s = NAN,
        .clock_hz = NAN, .flop = NAN, .bytes = NAN, .gross_j = NAN, .gross_u_j = NAN,
        .dynamic_j = NAN, .dynamic_u_j = NAN,
        .updates = NAN, .mean_w = NAN, .system_j = NAN,
    };
}

bool erg_kernel_is_metered(const erg_kernel_timing *kernel)
{
    return !isnan(kernel->gross_j)
           && (strcmp(kernel->method, "measured") == 0
               || strcmp(kernel->method, "simulated") == 0);
}

bool erg_kernel_is_summed(const erg_replay *replay, const erg_kernel_timing *kernel)
{
    if (kernel->state != ERG_STATE_COLD)
        return true;
    for (size_t i = 0; i < replay->kernel_count; i++)
        if (replay->kernels[i].state != ERG_STATE_COLD)
            return false;
    return true;
}

double erg_replay_steps_or_one(const erg_replay *replay)
{
    return replay->steps > 0 ? replay->steps : 1;
}

bool erg_replay_add(erg_replay *replay, const erg_kernel_timing *kernel, erg_error *err)
{
    if (!erg_grow((void **)&replay->kernels, &replay->kernel_capacity, replay->kernel_count,
                  sizeof *kernel, err)) {
        json_decref(kernel->kept);
        return false;
    }
    replay->kernels[replay->kernel_count++] = *kernel;
    return true;
}
