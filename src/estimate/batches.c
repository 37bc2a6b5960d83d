/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The choice of a batch: those listed, or 1, 2, 4 .. until memory ends. The knee
 * is the largest batch up to which doubling still saves 5 % per inference.
 */
#include <math.h>
#include <string.h>
#include "estimate/study.h"

enum { LADDER_MOST = 20 };
#define KNEE_SAVING 0.05

static const erg_column batch_columns[] = {
    { "hardware", ERG_TEXT, "device of the catalogue" },
    { "precision", ERG_TEXT, "of the arithmetic" },
    { "batch", ERG_INTEGER, "inferences at once" },
    { "latency_s", ERG_REAL, "of the batch, not of one" },
    { "throughput", ERG_REAL, "inferences per second" },
    { "energy_per_inference_j", ERG_REAL, "energy over batch" },
    { "marginal_j", ERG_REAL, "per inference, above a board that idles anyway" },
    { "peak_memory_bytes", ERG_REAL, "of the timeline" },
    { "keeps_limits", ERG_TRUTH, "and fits the device" },
    { "best_for", ERG_TEXT, "goals for which it is the best that keeps the limits" },
    { "chosen", ERG_TRUTH, "for the goal that was asked" },
    { "knee", ERG_TRUTH, "doubling further saves under 5 %" },
};

typedef struct rung { erg_case one; bool keeps; } rung;

typedef struct ladder {
    erg_desk *desk;
    rung rungs[LADDER_MOST];
    size_t count, knee;
} ladder;

static double cost_of(const erg_case *one, erg_goal goal)
{
    switch (goal) {
    case ERG_GOAL_LATENCY:    return one->estimation->latency_s;
    case ERG_GOAL_THROUGHPUT: return -one->throughput;
    case ERG_GOAL_ENERGY:     return one->energy_per_j;
    case ERG_GOAL_EDP:        return one->energy_per_j * one->estimation->latency_s;
    case ERG_GOAL_NONE:       break;
    }
    return NAN;
}

/* The rung that is best for a goal; LADDER_MOST: none keeps the limits. */
static size_t best_of(const ladder *all, erg_goal goal)
{
    size_t best = LADDER_MOST;

    for (size_t i = 0; i < all->count; i++)
        if (all->rungs[i].keeps
            && (best == LADDER_MOST || cost_of(&all->rungs[i].one, goal)
                                           < cost_of(&all->rungs[best].one, goal)))
            best = i;
    return best;
}

static size_t knee_of(const ladder *all)
{
    size_t knee = 0;

    while (knee + 1 < all->count
           && all->rungs[knee + 1].one.energy_per_j
                  <= (1 - KNEE_SAVING) * all->rungs[knee].one.energy_per_j)
        knee++;
    return knee;
}

static void climb(ladder *all, erg_variant setting)
{
    const erg_study *study = all->desk->study;
    size_t listed = study->batch_count > 1 ? study->batch_count : 0;

    for (size_t i = 0; i < (listed ? listed : LADDER_MOST) && all->count < LADDER_MOST;
         i++) {
        rung *next = &all->rungs[all->count];
        setting.batch = listed ? study->batches[i] : INT64_C(1) << i;
        if (!erg_case_run(all->desk, &setting, &next->one))
            break;
        bool fits = erg_case_fits(&next->one);
        if (!fits && !listed) {
            erg_case_end(&next->one);
            break;
        }
        next->keeps = erg_case_keeps(all->desk, &next->one);
        all->count++;
    }
    all->knee = knee_of(all);
}

static void name_goals(const ladder *all, size_t index, char to[64])
{
    static const struct { erg_goal goal; const char *name; } goals[] = {
        { ERG_GOAL_LATENCY, "latency" }, { ERG_GOAL_THROUGHPUT, "throughput" },
        { ERG_GOAL_ENERGY, "energy" },   { ERG_GOAL_EDP, "edp" },
    };
    to[0] = '\0';
    for (size_t g = 0; g < ERG_COUNT(goals); g++)
        if (best_of(all, goals[g].goal) == index) {
            if (to[0])
                strcat(to, " ");
            strcat(to, goals[g].name);
        }
}

static bool put_rung(const ladder *all, erg_table *table, size_t index)
{
    const erg_case *one = &all->rungs[index].one;
    erg_error *err = all->desk->err;
    char goals[64];
    const erg_real reals[] = {
        { "latency_s", one->estimation->latency_s },
        { "throughput", one->throughput },
        { "energy_per_inference_j", one->energy_per_j },
        { "marginal_j", one->estimation->marginal_j / (double)one->setting.batch },
        { "peak_memory_bytes", one->estimation->peak_memory_bytes },
    };

    name_goals(all, index, goals);
    bool chosen = index == best_of(all, all->desk->study->tune);
    return erg_put_case(all->desk, table, one)
        && erg_put_reals(table, reals, ERG_COUNT(reals), err)
        && erg_table_truth(table, "keeps_limits", all->rungs[index].keeps, err)
        && erg_table_text(table, "best_for", goals[0] ? goals : NULL, err)
        && erg_table_truth(table, "chosen", chosen, err)
        && erg_table_truth(table, "knee", index == all->knee, err);
}

static bool put_ladder(erg_desk *desk, erg_table *table, const erg_variant *setting)
{
    ladder *all = erg_arena_take(desk->arena, sizeof(*all), desk->err);
    bool ok = all != NULL;

    if (!ok)
        return false;
    all->desk = desk;
    climb(all, *setting);
    for (size_t i = 0; i < all->count && ok; i++)
        ok = put_rung(all, table, i);
    if (ok && all->count && best_of(all, desk->study->tune) == LADDER_MOST)
        ok = erg_result_note(desk->result, desk->err, "%s, %s: no batch keeps the limits",
                             desk->devices[setting->device].hardware->name,
                             erg_precision_name(setting->precision));
    for (size_t i = 0; i < all->count; i++)
        erg_case_end(&all->rungs[i].one);
    return ok;
}

/* One ladder a device and precision, whatever batches the rows have. */
static bool is_first_of_kind(const erg_desk *desk, size_t index)
{
    const erg_variant *one = &desk->cases[index].setting;

    for (size_t i = 0; i < index; i++)
        if (desk->cases[i].setting.device == one->device
            && desk->cases[i].setting.precision == one->precision)
            return false;
    return true;
}

bool erg_advise_batches(erg_desk *desk)
{
    if (desk->study->tune == ERG_GOAL_NONE)
        return true;
    erg_table *table = erg_result_add(desk->result, "batches", batch_columns,
                                      ERG_COUNT(batch_columns), desk->err);
    bool ok = table != NULL;
    for (size_t i = 0; i < desk->case_count && ok; i++)
        if (is_first_of_kind(desk, i))
            ok = put_ladder(desk, table, &desk->cases[i].setting);
    return ok;
}
