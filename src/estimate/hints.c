/* SPDX-License-Identifier: Apache-2.0 */
/* Each hint is a run of the estimator with one change. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "estimate/hints.h"

enum { BATCH_FACTOR_MOST = 16, CLOCKS_TRIED = 6, TRAINED_BITS = 16 };

static const erg_column hint_columns[] = {
    { "hardware", ERG_TEXT, "device of the catalogue" },
    { "precision", ERG_TEXT, "of the arithmetic" },
    { "batch", ERG_INTEGER, "inferences at once" },
    { "hint", ERG_TEXT, "what to change" },
    { "change", ERG_TEXT, "from and to" },
    { "energy_saving_j", ERG_REAL, "of the row's batch" },
    { "latency_change_s", ERG_REAL, "of the batch that then runs" },
    { "memory_change_bytes", ERG_REAL, "of the peak" },
    { "interval", ERG_REAL, "half width of the saving's 95 % interval in J" },
    { "condition", ERG_TEXT, "what it asks for" },
    { "touches", ERG_TEXT, "subgraphs that save most" },
    { "saving", ERG_REAL, "of the row's energy, 0 to 1" },
};

/* ---- one change each ------------------------------------------------------------ */

/* Weighs the setting if it can be run and fits the device. */
static void try_setting(erg_adviser *all, const erg_variant *setting, const erg_hint *one)
{
    erg_case other;

    if (!erg_case_price(all->desk, setting, &other))
        return;
    erg_hint_weigh(all, &other, *one);
    erg_case_end(&other);
}

/* Another batch's graph goes with it, where no other row asks for the same again. */
static void let_go(erg_adviser *all, erg_case *one)
{
    const erg_graph *graph = one->graph;

    erg_case_end(one);
    if (all->desk->case_count == 1)
        erg_desk_forget(all->desk, graph);
}

/* Doubles as long as doubling still saves 5 % per inference and memory lasts. */
static void try_batches(erg_adviser *all)
{
    const erg_case *base = all->base;
    erg_variant setting = base->setting;
    erg_case best = { .estimation = NULL };
    double last_j = base->energy_per_j;
    erg_hint one = { .name = "larger batch",
                     .condition = "the latency is that of the batch" };
    double bytes = base->estimation->hardware->memory_bytes;
    double room = bytes > 0 ? ERG_MEMORY_USABLE * bytes : INFINITY;

    for (int64_t factor = 2; factor <= BATCH_FACTOR_MOST; factor *= 2) {
        erg_case other;
        setting.batch = base->setting.batch * factor;
        if (!erg_case_price(all->desk, &setting, &other))
            break;
        /* Activations grow with the batch, weights do not: a bound from above. */
        bool goes_on = (double)factor * base->estimation->peak_memory_bytes <= room
            && other.energy_per_j <= (1 - erg_saving_least) * last_j;
        erg_case worse = goes_on ? best : other;
        let_go(all, &worse);
        if (!goes_on)
            break;
        best = other;
        last_j = best.energy_per_j;
    }
    if (!best.estimation)
        return;
    snprintf(one.change, sizeof(one.change), "batch %lld -> %lld",
             (long long)base->setting.batch, (long long)best.setting.batch);
    erg_hint_weigh(all, &best, one);
    erg_case_end(&best);
}

static void try_runtimes(erg_adviser *all)
{
    static const struct { erg_runtime runtime; const char *name, *condition; } others[] = {
        { ERG_FUSED, "fused", "a compiler that fuses" },
        { ERG_GRAPH, "graph", "fixed shapes, captured once" },
    };
    static const char *const now[] = { [ERG_EAGER] = "eager", [ERG_FUSED] = "fused",
                                       [ERG_GRAPH] = "graph" };

    for (size_t i = 0; i < ERG_COUNT(others); i++) {
        erg_variant setting = all->base->setting;
        erg_hint one = { .name = "runtime", .condition = others[i].condition };
        if (others[i].runtime <= setting.options.runtime)
            continue;
        snprintf(one.change, sizeof(one.change), "%s -> %s", now[setting.options.runtime],
                 others[i].name);
        setting.options.runtime = others[i].runtime;
        setting.options.fusion = ERG_FUSION_AUTO;
        try_setting(all, &setting, &one);
    }
}

static bool computes_in(const erg_hardware *hardware, erg_precision precision)
{
    for (int class = 0; class < ERG_UNIT_CLASSES; class++)
        if (hardware->peak_flop_per_s[class][precision] > 0)
            return true;
    return false;
}

/* What is known of the answers in the other precision. */
static const char *accuracy_of(const erg_adviser *all, erg_precision other)
{
    double here = all->desk->accuracy[all->base->setting.precision];
    double there = all->desk->accuracy[other];
    char text[48];

    if (isnan(there))
        return "accuracy not known";
    snprintf(text, sizeof(text), isnan(here) ? "accuracy %.4g" : "accuracy %.4g, now %.4g",
             there, here);
    return erg_arena_text(all->desk->arena, text, NULL);
}

static void try_precisions(erg_adviser *all)
{
    static const erg_precision others[] = { ERG_TF32, ERG_FP16, ERG_BF16, ERG_FP8,
                                            ERG_INT8 };
    erg_precision now = all->base->setting.precision;

    for (size_t i = 0; i < ERG_COUNT(others); i++) {
        erg_variant setting = all->base->setting;
        erg_hint one = { .name = "precision", .condition = accuracy_of(all, others[i]) };
        bool is_less = erg_precision_bits(others[i]) < erg_precision_bits(now)
            || (now == ERG_FP32 && others[i] == ERG_TF32);
        bool trains = all->base->graph->phase != ERG_TRAIN
            || erg_precision_bits(others[i]) >= TRAINED_BITS;
        if (!is_less || !trains || !computes_in(all->base->estimation->hardware, others[i]))
            continue;
        snprintf(one.change, sizeof(one.change), "%s -> %s", erg_precision_name(now),
                 erg_precision_name(others[i]));
        setting.precision = others[i];
        try_setting(all, &setting, &one);
    }
}

/* Of some settable clocks, evenly spread, the one that takes least and keeps the latency
 * limit: energy is flat near its least, a finer scan would tell the same. */
static double best_clock(const erg_adviser *all)
{
    const erg_hardware *hardware = all->base->estimation->hardware;
    double limit_s = all->desk->study->limits.latency_s, best_j = INFINITY, best_hz = NAN;

    for (size_t i = 0; i < CLOCKS_TRIED && hardware->clock_count > 1; i++) {
        erg_variant setting = all->base->setting;
        erg_case other;
        setting.options.clock_hz =
            hardware->clocks_hz[i * (hardware->clock_count - 1) / (CLOCKS_TRIED - 1)];
        if (!erg_case_price(all->desk, &setting, &other))
            continue;
        bool keeps = !(limit_s > 0) || other.estimation->latency_s <= limit_s;
        if (keeps && other.estimation->total.total_j < best_j) {
            best_j = other.estimation->total.total_j;
            best_hz = setting.options.clock_hz;
        }
        erg_case_end(&other);
    }
    return best_hz;
}

static void try_clock(erg_adviser *all)
{
    erg_variant setting = all->base->setting;
    double at_hz = best_clock(all);
    erg_hint one = { .name = "clock", .condition = "a locked core clock" };

    if (isnan(at_hz) || at_hz == all->base->estimation->clock_hz)
        return;
    setting.options.clock_hz = at_hz;
    snprintf(one.change, sizeof(one.change), "%.0f -> %.0f MHz",
             all->base->estimation->clock_hz * 1e-6, at_hz * 1e-6);
    try_setting(all, &setting, &one);
}

static void try_cap(erg_adviser *all)
{
    const erg_hardware *hardware = all->base->estimation->hardware;
    erg_variant setting = all->base->setting;
    erg_hint one = { .name = "power cap", .condition = "permission to set it" };
    double cap_w = fmax(hardware->cap_low_w, 0.6 * all->base->estimation->cap_w);

    if (!(cap_w > 0) || cap_w >= all->base->estimation->cap_w)
        return;
    setting.options.power_cap_w = cap_w;
    snprintf(one.change, sizeof(one.change), "%.0f -> %.0f W", all->base->estimation->cap_w,
             cap_w);
    try_setting(all, &setting, &one);
}

static void try_hardware(erg_adviser *all)
{
    for (size_t i = 0; i < all->desk->study->hardware_count; i++) {
        erg_variant setting = all->base->setting;
        erg_hint one = { .name = "hardware", .condition = "the other device" };
        if (i == setting.device)
            continue;
        setting.device = i;
        snprintf(one.change, sizeof(one.change), "%s -> %s",
                 erg_case_hardware(all->desk, all->base),
                 all->desk->devices[i].hardware->name);
        try_setting(all, &setting, &one);
    }
}

/* ---- the table ------------------------------------------------------------------ */

static int by_saving(const void *a, const void *b)
{
    const erg_hint *x = a, *y = b;

    if (x->saving_j != y->saving_j)
        return x->saving_j < y->saving_j ? 1 : -1;
    int order = strcmp(x->name, y->name);
    return order ? order : strcmp(x->change, y->change);
}

static bool put_hint(const erg_adviser *all, erg_table *table, const erg_hint *one)
{
    erg_error *err = all->desk->err;
    const erg_real reals[] = {
        { "energy_saving_j", one->saving_j },   { "latency_change_s", one->latency_s },
        { "memory_change_bytes", one->memory_bytes }, { "interval", one->half_width_j },
        { "saving", one->saving },
    };
    return erg_put_case(all->desk, table, all->base)
        && erg_table_text(table, "hint", one->name, err)
        && erg_table_text(table, "change", one->change, err)
        && erg_table_text(table, "condition", one->condition, err)
        && erg_table_text(table, "touches", one->touches[0] ? one->touches : NULL, err)
        && erg_put_reals(table, reals, ERG_COUNT(reals), err);
}

static bool put_all(erg_desk *desk, erg_table *table, const erg_case *base)
{
    static void (*const changes[])(erg_adviser *all) = {
        try_batches, try_runtimes, try_precisions, try_clock, try_cap, try_hardware,
        erg_hint_try_order, erg_hint_try_weights, erg_hint_try_checkpoints,
    };
    const erg_study_graph *newest = desk->graphs;
    erg_adviser all = { .desk = desk, .base = base };
    bool ok = true;

    for (size_t i = 0; i < ERG_COUNT(changes); i++) {
        changes[i](&all);
        /* Where no other row asks for the same again. */
        if (desk->case_count == 1)
            erg_desk_drop(desk, newest);
    }
    qsort(all.list, all.count, sizeof(*all.list), by_saving);
    for (size_t i = 0; i < all.count && ok; i++)
        ok = put_hint(&all, table, &all.list[i]);
    return ok;
}

static bool put_hints(erg_desk *desk, erg_table *table, const erg_case *one)
{
    return desk->study->no_advice
        || (one->estimation->compat ? erg_compat_put_hints(desk, table, one)
                                    : put_all(desk, table, one));
}

bool erg_advise_hints(erg_desk *desk)
{
    return erg_put_cases(desk, "hints", hint_columns, ERG_COUNT(hint_columns), put_hints);
}
