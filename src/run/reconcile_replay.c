/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replayed kernels beside an estimate: a kernel is the subgraphs of its operator with the
 * same FLOP and bytes. Fused subgraphs are no kernel of a replay: they find none.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "replay/meter.h"
#include "replay/recompose.h"
#include "run/reconcile.h"

static const char *const state_names[] = {
    [ERG_STATE_UNKNOWN] = NULL, [ERG_STATE_HOT] = "hot", [ERG_STATE_COLD] = "cold",
};

typedef struct joining {
    const erg_replay *replay;
    const erg_table *summary, *parts;
    size_t row;                 /* of the summary */
} joining;

static const erg_signature *signature_of(const erg_replay *replay,
                                         const erg_kernel_timing *of)
{
    bool known = replay->plan && of->kernel >= 0
              && (size_t)of->kernel < replay->plan->kernel_count;
    return known ? &replay->plan->kernels[of->kernel].signature : NULL;
}

static bool is_alike(const erg_signature *a, const erg_signature *b)
{
    return a && b && a->op == b->op && a->flop == b->flop
        && a->in_bytes + a->out_bytes == b->in_bytes + b->out_bytes;
}

/* Two shapes may have the same FLOP and bytes: they share the subgraphs by their counts. */
static double launches_alike(const joining *in, const erg_kernel_timing *kernel)
{
    const erg_signature *own = signature_of(in->replay, kernel);
    double sum = 0;

    for (size_t i = 0; i < in->replay->kernel_count; i++) {
        const erg_kernel_timing *other = &in->replay->kernels[i];
        if (other->state == kernel->state && is_alike(own, signature_of(in->replay, other)))
            sum += erg_recompose_count(in->replay, other);
    }
    return sum;
}

static bool is_of(const joining *in, size_t at, const erg_signature *signature)
{
    const char *kind = erg_table_find(in->parts, at, "kind").text;

    return kind && strcmp(kind, erg_op_kinds[signature->op].name) == 0
        && erg_table_find(in->parts, at, "flop").integer == signature->flop
        && erg_table_find(in->parts, at, "bytes").integer
               == signature->in_bytes + signature->out_bytes
        && erg_reconcile_is_same_case(in->parts, at, in->summary, in->row);
}

/* Of one launch. */
static erg_estimated_part estimated_of(const joining *in, const erg_kernel_timing *kernel)
{
    const erg_signature *signature = signature_of(in->replay, kernel);
    erg_estimated_part sum = { .matched = NULL };

    for (size_t i = 0; signature && i < erg_table_row_count(in->parts); i++) {
        if (!is_of(in, i, signature))
            continue;
        sum.matched = "kernel";
        sum.time_s += erg_table_find(in->parts, i, "latency_s").real;
        sum.energy_j += erg_table_find(in->parts, i, "energy_j").real;
        sum.low_j += erg_table_find(in->parts, i, "energy_low_j").real;
        sum.high_j += erg_table_find(in->parts, i, "energy_high_j").real;
    }
    if (!sum.matched)
        return (erg_estimated_part){ NULL, NAN, NAN, NAN, NAN };
    double n = launches_alike(in, kernel);
    return (erg_estimated_part){ "kernel", sum.time_s / n, sum.energy_j / n, sum.low_j / n,
                                 sum.high_j / n };
}

static bool put_kernel(const joining *in, const erg_kernel_timing *kernel, erg_table *table,
                       bool *matched, erg_error *err)
{
    const erg_signature *signature = signature_of(in->replay, kernel);
    double n = erg_recompose_count(in->replay, kernel), half_j = 2 * kernel->gross_u_j;
    double gross_j = erg_kernel_is_metered(kernel) ? kernel->gross_j : NAN;
    erg_estimated_part estimated = estimated_of(in, kernel);
    erg_text name = { 0 };

    *matched = *matched || estimated.matched;
    erg_text_add(&name, "%s ", kernel->name);
    if (signature)
        erg_signature_say(&name, signature);
    erg_measured_part part = {
        .region = name.data, .track = state_names[kernel->state], .count = llround(n),
        .time_s = n * kernel->time_s, .energy_j = n * gross_j,
        .low_j = n * (gross_j - half_j), .high_j = n * (gross_j + half_j),
    };
    bool ok = !name.failed || erg_fail(err, ERG_NO_MEMORY, "no memory for a table");
    ok = ok && erg_reconcile_put(table, &part, &estimated, err);
    erg_text_free(&name);
    return ok;
}

static bool put_whole(const joining *in, erg_table *table, erg_error *err)
{
    const erg_whole_timing *whole = &in->replay->whole;
    erg_measured_part part = { "full_model", NULL, 1, whole->time_s, whole->energy_j,
                               whole->energy_j - 2 * whole->energy_u_j,
                               whole->energy_j + 2 * whole->energy_u_j };
    erg_estimated_part estimated = erg_reconcile_whole(in->summary, in->row);

    return isnan(whole->time_s) || erg_reconcile_put(table, &part, &estimated, err);
}

static bool put_all(const joining *in, erg_result *estimate, erg_table *table,
                    erg_error *err)
{
    bool matched = false, ok = put_whole(in, table, err);

    for (size_t i = 0; i < in->replay->kernel_count && ok; i++)
        ok = put_kernel(in, &in->replay->kernels[i], table, &matched, err);
    if (ok && !matched)
        ok = erg_result_note(
            estimate, err,
            "No kernel of the replay has the operator, FLOP and bytes of "
            "a subgraph: batch, precision or length differ, or subgraphs are "
            "fused (--runtime eager keeps them apart).");
    return ok;
}

bool erg_study_reconcile_replay(erg_result *estimate, erg_replay *replay, erg_error *err)
{
    erg_table *table = erg_reconcile_table(estimate, err);
    const erg_table *summary = erg_result_find(estimate, "summary");

    if (!table)
        return false;
    if (!(replay->steps > 0))
        return erg_fail(err, ERG_BAD_INPUT,
                        "the replay does not say how many steps its counts cover");
    joining in = { replay, summary, erg_result_find(estimate, "subgraphs"),
                   erg_reconcile_row(summary) };
    erg_replay_repair_runs(replay);
    return erg_replay_meter(replay, err) && put_all(&in, estimate, table, err);
}
