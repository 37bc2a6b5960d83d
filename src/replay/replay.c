/* SPDX-License-Identifier: Apache-2.0 */
/* A replay in memory: nothing of it known at first, all of it freed at last. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "replay/files.h"

erg_replay *erg_replay_new(erg_error *err)
{
    erg_replay *replay = calloc(1, sizeof *replay);
    if (!replay) {
        erg_fail(err, ERG_NO_MEMORY, "no memory for a replay");
        return NULL;
    }
    replay->whole = (erg_whole_timing){
        .time_s = NAN, .min_s = NAN, .max_s = NAN, .median_s = NAN, .low_s = NAN,
        .high_s = NAN, .runs = NAN, .energy_j = NAN, .energy_u_j = NAN,
        .modelled_j = NAN, .mean_w = NAN, .traced_s = NAN, .traced_share = NAN,
        .updates = NAN, .system_j = NAN, .system_u_j = NAN,
    };
    replay->steps = replay->base_w = replay->base_u_w = replay->gain_u = NAN;
    replay->runs = replay->predicted_s = replay->stated_j = NAN;
    replay->channel = replay->system = -1;
    return replay;
}

void erg_replay_free(erg_replay *replay)
{
    if (!replay) return;
    erg_replay_plan_free(replay->plan);
    erg_trace_free(replay->trace);
    for (size_t i = 0; i < replay->kernel_count; i++)
        json_decref(replay->kernels[i].kept);
    free(replay->kernels);
    free(replay->notes);
    erg_comparison_free(replay->comparison);
    erg_kernel_energies_free(replay->energies);
    for (size_t i = 0; i < ERG_COUNT(replay->kept); i++)
        json_decref(replay->kept[i]);
    free(replay);
}

bool erg_replay_sees_node(const erg_trace *trace, int channel)
{
    const erg_channel_info *info = erg_trace_channel(trace, channel);
    const erg_device_info *device = erg_trace_device(trace, info->device);

    return info->scope == ERG_SCOPE_NODE || device->scope == ERG_SCOPE_NODE
        || device->wired_to[0];
}

bool erg_replay_is_modelled(const erg_replay *replay)
{
    return replay->trace && replay->channel >= 0
           && erg_trace_channel(replay->trace, replay->channel)->method == ERG_METHOD_MODEL;
}

bool erg_replay_note(erg_replay *replay, erg_error *err, const char *format, ...)
{
    va_list arguments;

    if (!erg_grow((void **)&replay->notes, &replay->note_capacity, replay->note_count,
                  sizeof(replay->notes[0]), err))
        return false;
    va_start(arguments, format);
    vsnprintf(replay->notes[replay->note_count++], sizeof(replay->notes[0]), format,
              arguments);
    va_end(arguments);
    return true;
}

bool erg_replay_put_notes(const erg_replay *replay, erg_result *result, erg_error *err)
{
    bool ok = true;

    for (size_t i = 0; ok && i < replay->note_count; i++)
        ok = erg_result_note(result, err, "%s", replay->notes[i]);
    return ok;
}
