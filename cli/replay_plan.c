/* SPDX-License-Identifier: Apache-2.0 */
/* erg replay plan: whatever names kernels, as unique kernels with counts. */
#include <stdlib.h>
#include <string.h>
#include "replay.h"

static bool make_dims(const cli_list *typed, erg_dim *dims, char names[][64],
                      erg_error *err)
{
    for (size_t i = 0; i < typed->count; i++) {
        const char *equals = strchr(typed->items[i], '=');
        size_t count = equals ? (size_t)(equals - typed->items[i]) : 0;
        char *end = NULL;
        long long value = equals ? strtoll(equals + 1, &end, 10) : 0;
        if (count == 0 || count >= 64 || !end || *end || value < 1)
            return erg_fail(err, ERG_BAD_INPUT, "--dim: '%s' is not as in batch=8",
                            typed->items[i]);
        memcpy(names[i], typed->items[i], count);
        names[i][count] = '\0';
        dims[i] = (erg_dim){ names[i], value };
    }
    return true;
}

static bool make_options(const replay_options *typed, erg_replay_plan_options *options,
                         erg_error *err)
{
    bool drops = typed->comm && strcmp(typed->comm, "drop") == 0;

    *options = (erg_replay_plan_options){
        .steps = typed->steps, .step_mark = typed->step_mark, .device = typed->device,
        .step_kind = typed->step_kind,
        .drop_collectives = drops, .keep_stream = typed->keep_stream,
        .graph = { .batch = typed->batch, .seq = typed->seq,
                   .dim_count = typed->dims.count },
    };
    if (typed->comm && !drops && strcmp(typed->comm, "keep") != 0)
        return erg_fail(err, ERG_BAD_INPUT, "--comm is keep or drop, not '%s'",
                        typed->comm);
    return !typed->precision
        || erg_precision_parse(typed->precision, &options->graph.precision)
        || erg_fail(err, ERG_BAD_INPUT,
                    "--precision: '%s' is none of fp64 fp32 tf32 fp16 bf16 "
                    "fp8 int8 int4", typed->precision);
}

static bool save(const void *what, const void *how, FILE *out, erg_error *err)
{
    (void)how;
    return erg_replay_plan_save(what, out, err);
}

/* The plan on stdout leaves no room for the table. */
static int tell(const cli *call, const erg_replay_plan *plan)
{
    const replay_options *typed = call->options;
    bool is_stdout = typed->output && strcmp(typed->output, "-") == 0;
    erg_error err = { 0 };
    int status = typed->output
        ? cli_put(call, save, plan, NULL, typed->output, stdout) : CLI_DONE;

    if (status != CLI_DONE || is_stdout
        || (typed->output && call->common.quiet)) return status;
    erg_result *result = erg_replay_plan_table(plan, &err);
    status = result ? cli_write(call, result, NULL, stdout) : cli_failed(call, &err);
    erg_result_free(result);
    return status;
}

erg_replay_plan *replay_plan_read(const cli *call, int *status)
{
    const replay_options *typed = call->options;
    erg_dim dims[CLI_LIST_MOST];
    char names[CLI_LIST_MOST][64];
    erg_replay_plan_options options;
    erg_error err = { 0 };

    if (call->argc < 2) {
        *status = cli_misused(call, "%s needs a file, or zoo:NAME", call->argv[0]);
        return NULL;
    }
    if (!make_options(typed, &options, &err)
        || !make_dims(&typed->dims, dims, names, &err)) {
        *status = cli_misused(call, "%s", err.text);
        return NULL;
    }
    options.graph.dims = dims;
    erg_replay_plan *plan = erg_replay_plan_load((const char *const *)call->argv + 1,
                                                 (size_t)call->argc - 1, &options, &err);
    if (!plan) *status = cli_refused(call, &err);
    return plan;
}

int replay_plan(const cli *call)
{
    int status = CLI_DONE;
    erg_replay_plan *plan = replay_plan_read(call, &status);

    if (plan) status = tell(call, plan);
    erg_replay_plan_free(plan);
    return status;
}
