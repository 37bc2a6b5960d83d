/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernels of several streams overlap: their times do not add. Launches come in the order of
 * their starts, so one pass over them is enough.
 */
#include <math.h>
#include <stdlib.h>
#include "replay/recompose.h"

typedef struct path {
    const erg_replay_plan *plan;
    double *time_s;             /* of each kernel of the plan */
    double *stream_s, *tensor_s;        /* when the last one on it ends */
    size_t streams;
} path;

static size_t streams_of(const erg_replay_plan *plan)
{
    int32_t last = 0;

    for (size_t i = 0; i < plan->launch_count; i++)
        last = plan->launches[i].stream > last ? plan->launches[i].stream : last;
    return (size_t)last + 1;
}

static void time_kernels(const erg_replay *replay, erg_replay_state state, path *p)
{
    for (size_t i = 0; i < p->plan->kernel_count; i++)
        p->time_s[i] = NAN;
    for (size_t i = 0; i < replay->kernel_count; i++) {
        const erg_kernel_timing *kernel = &replay->kernels[i];
        if (kernel->state == state && kernel->kernel >= 0
            && (size_t)kernel->kernel < p->plan->kernel_count)
            p->time_s[kernel->kernel] = kernel->time_s;
    }
}

static double run(path *p, const erg_replay_launch *launch)
{
    const erg_signature *signature = &p->plan->kernels[launch->kernel].signature;
    double begin_s = p->stream_s[launch->stream];

    for (int i = 0; i < ERG_SIGNATURE_TENSORS; i++)
        if (launch->tensors[i] >= 0)
            begin_s = fmax(begin_s, p->tensor_s[launch->tensors[i]]);
    double end_s = begin_s + p->time_s[launch->kernel];
    for (int i = signature->input_count; i < ERG_SIGNATURE_TENSORS; i++)
        if (launch->tensors[i] >= 0)
            p->tensor_s[launch->tensors[i]] = end_s;
    p->stream_s[launch->stream] = end_s;
    return end_s;
}

double erg_recompose_path_s(const erg_replay *replay, erg_replay_state state,
                            erg_error *err)
{
    path p = { .plan = replay->plan };
    double longest_s = 0;

    if (!p.plan || !p.plan->launch_count || (p.streams = streams_of(p.plan)) < 2)
        return NAN;
    p.time_s = calloc(p.plan->kernel_count, sizeof(double));
    p.stream_s = calloc(p.streams, sizeof(double));
    p.tensor_s = calloc((size_t)p.plan->tensor_count + 1, sizeof(double));
    if (!p.time_s || !p.stream_s || !p.tensor_s) {
        erg_fail(err, ERG_NO_MEMORY, "no memory for %zu launches", p.plan->launch_count);
        longest_s = NAN;
    } else {
        time_kernels(replay, state, &p);
        for (size_t i = 0; i < p.plan->launch_count && !isnan(longest_s); i++) {
            double end_s = run(&p, &p.plan->launches[i]);
            longest_s = isnan(end_s) ? NAN : fmax(longest_s, end_s);
        }
    }
    free(p.time_s);
    free(p.stream_s);
    free(p.tensor_s);
    return longest_s;
}
