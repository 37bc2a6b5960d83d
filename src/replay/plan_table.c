/* SPDX-License-Identifier: Apache-2.0 */
/* A plan as the table kernels: what a launch is, how often it comes, who could run it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "engine/engine.h"
#include "replay/plan.h"

static const erg_column columns[] = {
    { "signature", ERG_TEXT, "inputs -> outputs, or the grid of a foreign trace" },
    { "kind", ERG_TEXT, "of operator" },
    { "count_per_step", ERG_REAL, "launches in one step; unknown until steps are stated" },
    { "flop", ERG_INTEGER, "of one launch" },
    { "bytes", ERG_INTEGER, "in and out, of one launch" },
    { "engine", ERG_TEXT, "which can replay it, or why none can" },
    { "tier", ERG_TEXT, "memory, gemm, other, collective" },
    { "count", ERG_INTEGER, "launches in the whole input" },
    { "name", ERG_TEXT, "as its source calls it" },
    { "source", ERG_TEXT, "which reader" },
    { "shape_known", ERG_TRUTH, "a kernel without its shape is not replayable" },
    { "time_s", ERG_REAL, "mean of a launch in the input" },
};

static void say_shape(erg_text *to, const erg_signature_tensor *tensor)
{
    if (tensor->rank == 0) erg_text_add(to, "scalar");
    for (int32_t i = 0; i < tensor->rank; i++)
        erg_text_add(to, "%s%lld", i ? "x" : "", (long long)tensor->dims[i]);
    if (tensor->layout[0]) erg_text_add(to, ":%s", tensor->layout);
}

static void say_window(erg_text *to, const erg_window *w)
{
    for (int32_t i = 0; i < w->axes; i++)
        erg_text_add(to, "%s%lld", i ? "x" : " k", (long long)w->kernel[i]);
    for (int32_t i = 0; i < w->axes; i++)
        erg_text_add(to, "%s%lld", i ? "x" : " s", (long long)w->stride[i]);
    for (int32_t i = 0; i < w->axes; i++)
        erg_text_add(to, "%s%lld", i ? "x" : " p", (long long)w->pad_begin[i]);
    if (w->groups > 1) erg_text_add(to, " g%lld", (long long)w->groups);
}

static void say_launch(erg_text *to, const erg_signature *s)
{
    if (s->grid[0] > 0)
        erg_text_add(to, "grid %lldx%lldx%lld block %lldx%lldx%lld",
                     (long long)s->grid[0], (long long)s->grid[1], (long long)s->grid[2],
                     (long long)s->block[0], (long long)s->block[1],
                     (long long)s->block[2]);
    if (s->shared_bytes > 0) erg_text_add(to, " shared %lld", (long long)s->shared_bytes);
}

/* How many inputs from i on are alike; of a few each is said. */
static int32_t alike_from(const erg_signature *s, int32_t i)
{
    enum { MANY = 5 };
    const erg_signature_tensor *first = &s->tensors[i];
    int32_t count = 1;

    while (i + count < s->input_count && s->tensors[i + count].rank == first->rank
           && memcmp(s->tensors[i + count].dims, first->dims, sizeof first->dims) == 0
           && strcmp(s->tensors[i + count].layout, first->layout) == 0)
        count++;
    return count < MANY ? 1 : count;
}

void erg_signature_say(erg_text *to, const erg_signature *s)
{
    for (int32_t i = 0; s->shape_known && i < s->input_count + s->output_count;) {
        int32_t alike = alike_from(s, i);

        erg_text_add(to, "%s", i == 0 ? "" : i == s->input_count ? " -> " : ",");
        if (alike > 1) erg_text_add(to, "%d*", (int)alike);
        say_shape(to, &s->tensors[i]);
        i += alike;
    }
    if (s->shape_known) erg_text_add(to, " %s", erg_precision_name(s->precision));
    if (s->window.axes > 0) say_window(to, &s->window);
    if (s->transpose_a || s->transpose_b)
        erg_text_add(to, " %c%c", s->transpose_a ? 't' : 'n', s->transpose_b ? 't' : 'n');
    if (s->algo[0]) erg_text_add(to, "%s%s", to->count ? " " : "", s->algo);
    if (to->count && s->grid[0] > 0) erg_text_add(to, " ");
    say_launch(to, s);
}

/* Who can run each kernel: engines are opened once, and asked to prepare each kernel. */
typedef struct asked {
    erg_engine_session *sessions[8];
    char why[8][200];
    size_t count;
} asked;

static void ask_all(asked *to)
{
    for (; erg_engines[to->count] && to->count < ERG_COUNT(to->sessions); to->count++) {
        const erg_engine *engine = erg_engines[to->count];
        erg_error err = { 0 };
        if (!engine->find(to->why[to->count], sizeof to->why[0])) continue;
        to->sessions[to->count] = engine->open(&(erg_engine_options){ 0 }, &err);
        if (!to->sessions[to->count])
            erg_text_put(to->why[to->count], sizeof to->why[0], err.text);
    }
}

static void leave_all(asked *to)
{
    for (size_t i = 0; i < to->count; i++)
        if (to->sessions[i]) erg_engines[i]->close(to->sessions[i]);
}

/* "onednn", or the first reason why not. */
static void engine_of(const asked *to, const erg_signature *signature, char *text,
                      size_t size)
{
    erg_error err = { 0 };

    erg_text_put(text, size, signature->shape_known ? "n/a: this erg has no engine"
                                                    : "n/a: its shape was not recorded");
    for (size_t i = 0; signature->shape_known && i < to->count; i++) {
        if (!to->sessions[i]) {
            if (i == 0) snprintf(text, size, "n/a: %s", to->why[i]);
            continue;
        }
        erg_engine_job *job = erg_engines[i]->prepare(to->sessions[i], signature, &err);
        if (job) {
            erg_engines[i]->free(job);
            erg_text_put(text, size, erg_engines[i]->name);
            return;
        }
        snprintf(text, size, "n/a: %.200s", err.text);
    }
}

static int64_t bytes_of(const erg_signature *s)
{
    int64_t both;
    bool is_known = s->in_bytes != ERG_NONE && s->out_bytes != ERG_NONE;

    return is_known && !__builtin_add_overflow(s->in_bytes, s->out_bytes, &both)
        ? both : ERG_NONE;
}

static bool put_kernel(const erg_replay_plan *plan, const erg_replay_kernel *kernel,
                       const asked *engines, erg_table *table, erg_error *err)
{
    const erg_signature *s = &kernel->signature;
    erg_text text = { 0 };
    char engine[240];

    erg_signature_say(&text, s);
    if (kernel->stream >= 0) erg_text_add(&text, " stream %lld", (long long)kernel->stream);
    engine_of(engines, s, engine, sizeof engine);
    bool good = !text.failed || erg_fail(err, ERG_NO_MEMORY, "no memory for a table");
    good = good && erg_table_row(table, err)
        && erg_table_text(table, "signature", text.count ? text.data : NULL, err)
        && erg_table_text(table, "kind",
                          s->op == ERG_OP_UNKNOWN ? NULL : erg_op_kinds[s->op].name, err)
        && erg_table_real(table, "count_per_step", (double)kernel->count / plan->steps, err)
        && erg_table_integer(table, "flop", s->flop, err)
        && erg_table_integer(table, "bytes", bytes_of(s), err)
        && erg_table_text(table, "engine", engine, err)
        && erg_table_text(table, "tier", erg_tier_name(kernel->tier), err)
        && erg_table_integer(table, "count", kernel->count, err)
        && erg_table_text(table, "name", kernel->name, err)
        && erg_table_text(table, "source", kernel->source, err)
        && erg_table_truth(table, "shape_known", s->shape_known, err)
        && erg_table_real(table, "time_s", kernel->traced_s, err);
    erg_text_free(&text);
    return good;
}

static bool note_unknown(const erg_replay_plan *plan, erg_result *result, erg_error *err)
{
    size_t kernels = 0;
    int64_t launches = 0, all = 0;

    for (size_t i = 0; i < plan->kernel_count; i++) {
        bool is_known = plan->kernels[i].signature.shape_known;
        kernels += !is_known;
        launches += is_known ? 0 : plan->kernels[i].count;
        all += plan->kernels[i].count;
    }
    return kernels == 0
        || erg_result_note(result, err, "shape unknown: %zu of %zu kernels, %lld of %lld "
                           "launches; they are not replayed", kernels, plan->kernel_count,
                           (long long)launches, (long long)all);
}

static bool put_notes(const erg_replay_plan *plan, erg_result *result, erg_error *err)
{
    bool good = isnan(plan->steps)
        ? erg_result_note(result, err,
                          "steps are not stated: counts per step are unknown; state "
                          "them with --steps N or --step-mark NAME")
        : erg_result_note(result, err, "%.17g %s, from %s", plan->steps,
                          plan->steps == 1 ? "step" : "steps", plan->steps_from);
    for (size_t i = 0; good && i < plan->note_count; i++)
        good = erg_result_note(result, err, "%s", plan->notes[i]);
    return good && note_unknown(plan, result, err);
}

erg_result *erg_replay_plan_table(const erg_replay_plan *plan, erg_error *err)
{
    erg_result *result = erg_result_new("replay", err);
    erg_table *table = result
        ? erg_result_add(result, "kernels", columns, ERG_COUNT(columns), err)
        : NULL;
    asked engines = { .count = 0 };
    bool good = table != NULL;

    if (good) ask_all(&engines);
    for (size_t i = 0; good && i < plan->kernel_count; i++)
        good = put_kernel(plan, &plan->kernels[i], &engines, table, err);
    leave_all(&engines);
    if (good && put_notes(plan, result, err)) return result;
    erg_result_free(result);
    return NULL;
}
