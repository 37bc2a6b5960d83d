/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was metered alone as the guide's data set for learning: a row a kernel, in a window
 * of its own. As CSV it is what `erg replay recompose --method nnls` reads.
 */
#include <math.h>
#include "replay/meter.h"
#include "replay/recompose.h"

static const erg_column columns[] = {
    { "model", ERG_TEXT, "what was replayed" },
    { "module_name", ERG_TEXT, "of the window: the kernel in its plan, and the state" },
    { "kernel_name", ERG_TEXT, "as its source calls it" },
    { "invocation_count", ERG_REAL, "runs in the window" },
    { "input_bytes", ERG_INTEGER, "of one run" },
    { "output_bytes", ERG_INTEGER, "of one run" },
    { "gpu_energy_j", ERG_REAL, "of the window, gross: the device; no feature of itself" },
    { "latency_us", ERG_REAL, "of the window; no feature of its energy" },
    { "system_energy_j", ERG_REAL, "of the window, gross: of all the machine" },
};

static const char *const states[ERG_STATES] = { "", ":hot", ":cold" };

static bool put_bytes(const erg_replay *replay, const erg_kernel_timing *k,
                      erg_table *table, erg_error *err)
{
    const erg_replay_plan *plan = replay->plan;

    if (!plan || k->kernel < 0 || (size_t)k->kernel >= plan->kernel_count)
        return true;
    const erg_signature *is = &plan->kernels[k->kernel].signature;
    return (is->in_bytes < 0 || erg_table_integer(table, "input_bytes", is->in_bytes, err))
        && (is->out_bytes < 0
            || erg_table_integer(table, "output_bytes", is->out_bytes, err));
}

static bool put_row(const erg_replay *replay, size_t at, erg_table *table, erg_error *err)
{
    const erg_kernel_timing *k = &replay->kernels[at];
    const char *workload = replay->plan ? replay->plan->workload : "";
    char window[32];

    snprintf(window, sizeof(window), "k%zu%s", k->kernel >= 0 ? (size_t)k->kernel : at,
             states[k->state]);
    return erg_table_row(table, err)
        && erg_table_text(table, "model", *workload ? workload : "model", err)
        && erg_table_text(table, "module_name", window, err)
        && erg_table_text(table, "kernel_name", k->name, err)
        && erg_table_real(table, "invocation_count", k->runs_used, err)
        && put_bytes(replay, k, table, err)
        && erg_table_real(table, "gpu_energy_j", k->gross_j * k->runs_used, err)
        && erg_table_real(table, "latency_us", 1e6 * erg_replay_window_s(k), err)
        && erg_table_real(table, "system_energy_j", k->system_j * k->runs_used, err);
}

bool erg_recompose_data_set(const erg_replay *replay, erg_result *result, erg_error *err)
{
    erg_table *table =
        erg_result_add(result, "data_set", columns, ERG_COUNT(columns), err);
    bool ok = table != NULL;

    for (size_t i = 0; ok && i < replay->kernel_count; i++)
        if (erg_kernel_is_metered(&replay->kernels[i]))
            ok = put_row(replay, i, table, err);
    return ok;
}
