/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of what concerns several settings at once: one for all, phases, mixes, rules. */
#include <math.h>
#include <string.h>
#include "decide/tables.h"

static const erg_column common_columns[] = {
    { "objective", ERG_TEXT, "what was to be least" },
    { "sm_clock_mhz", ERG_REAL, "clock of the cores, for all" },
    { "power_cap_w", ERG_REAL, "power limit, for all" },
    { "applications", ERG_INTEGER, "that take it" },
    { "shared_settings", ERG_INTEGER, "that all of them have" },
    { "energy_saving", ERG_REAL,
      "1 less the geometric mean of energy over the reference's" },
    { "slowdown", ERG_REAL, "geometric mean of time over the reference's, less 1" },
    { "worst_regret", ERG_REAL, "most that an application is above its own best score" },
    { "confidence", ERG_REAL, "share of the draws of visits that choose the same for all" },
    { "setting", ERG_REAL, "the further setting" },
};

static const erg_column phase_columns[] = {
    { "phase", ERG_TEXT, "an application that is a phase of the whole" },
    { "sm_clock_mhz", ERG_REAL, "clock of the cores" },
    { "power_cap_w", ERG_REAL, "power limit" },
    { "time_s", ERG_REAL, "of the phase" },
    { "energy_j", ERG_REAL, "of the phase" },
    { "slope_slower_w", ERG_REAL, "most energy to save a second of more time" },
    { "slope_faster_w", ERG_REAL, "least energy to spend a second of less time" },
    { "setting", ERG_REAL, "the further setting" },
};

static const erg_column whole_columns[] = {
    { "objective", ERG_TEXT, "what was to be least" },
    { "time_s", ERG_REAL, "of all phases, with the changes between them" },
    { "energy_j", ERG_REAL, "of all phases, with the changes between them" },
    { "energy_saving", ERG_REAL, "1 less energy over that of all references" },
    { "slowdown", ERG_REAL, "time over that of all references, less 1" },
    { "slope_slower_w", ERG_REAL, "-dE/dT of the whole is at least this" },
    { "slope_faster_w", ERG_REAL, "and at most this" },
    { "fastest_s", ERG_REAL, "that any plan can do" },
    { "confidence", ERG_REAL, "share of the draws of visits that choose the same plan" },
};

static const erg_column mix_columns[] = {
    { "application", ERG_TEXT, "command or job, its settings and its device" },
    { "deadline_s", ERG_REAL, "the time that is used up" },
    { "first", ERG_TEXT, "setting of the faster part" },
    { "second", ERG_TEXT, "setting of the slower part" },
    { "share", ERG_REAL, "of the work that is done at the first" },
    { "time_s", ERG_REAL, "of both" },
    { "energy_j", ERG_REAL, "of both" },
    { "saved_j", ERG_REAL, "less than the best single setting within the same time" },
};

static const erg_column rule_columns[] = {
    { "rule", ERG_TEXT, "as published" },
    { "application", ERG_TEXT, "command or job, its settings and its device" },
    { "base_sm_clock_mhz", ERG_REAL, "clock that the rule compares with" },
    { "base_time_s", ERG_REAL, "time there" },
    { "base_energy_j", ERG_REAL, "energy there" },
    { "sm_clock_mhz", ERG_REAL, "clock of its least E T" },
    { "repetition", ERG_INTEGER, "the run that it took; n/a: a mean" },
    { "time_s", ERG_REAL, "time there" },
    { "energy_j", ERG_REAL, "energy there" },
    { "ed2p_sm_clock_mhz", ERG_REAL, "clock of its least E T^2" },
    { "fastest_sm_clock_mhz", ERG_REAL, "clock of its least T" },
    { "claimed_saving", ERG_REAL, "1 less energy over that of its base" },
    { "claimed_time_change", ERG_REAL, "time over that of its base, less 1" },
    { "refused", ERG_TEXT, "why the claim is not to be believed" },
};

/* ---- one for all ---------------------------------------------------------------- */

bool erg_common_table(const erg_choice *choice, const erg_points *points,
                      const erg_common *common, erg_result *result, erg_error *err)
{
    erg_table *table = erg_add_with_other(points, result, "common", common_columns,
                                          ERG_COUNT(common_columns), err);
    const erg_real cells[] = {
        { "energy_saving", 1 - common->energy_ratio },
        { "slowdown", common->time_ratio - 1 },
        { "worst_regret", common->worst_regret },
        { "confidence", common->confidence },
    };

    return table && erg_table_row(table, err)
        && erg_table_text(table, "objective", choice->wish.objective, err)
        && erg_choice_put_knobs(points, table, &common->setting, err)
        && erg_table_integer(table, "applications", (int64_t)choice->pick_count, err)
        && erg_table_integer(table, "shared_settings", (int64_t)common->shared_count, err)
        && erg_put_reals(table, cells, ERG_COUNT(cells), err);
}

/* ---- phases --------------------------------------------------------------------- */

static double or_unknown(double slope) { return isfinite(slope) ? slope : NAN; }

static bool put_phase(const erg_choice *choice, const erg_points *points,
                      const erg_phase_part *phase, erg_table *table, erg_error *err)
{
    const erg_option *one = &choice->options[phase->option];
    const erg_real cells[] = {
        { "time_s", one->time_s },
        { "energy_j", one->energy_j },
        { "slope_slower_w", phase->slower_w },
        { "slope_faster_w", or_unknown(phase->faster_w) },
    };

    return erg_table_row(table, err)
        && erg_table_text(table, "phase", erg_option_application(points, one), err)
        && erg_choice_put_knobs(points, table, &one->setting, err)
        && erg_put_reals(table, cells, ERG_COUNT(cells), err);
}

bool erg_phase_tables(const erg_choice *choice, const erg_points *points,
                      const erg_phase_plan *plan, erg_result *result, erg_error *err)
{
    erg_table *phases = erg_add_with_other(points, result, "phases", phase_columns,
                                           ERG_COUNT(phase_columns), err);
    bool ok = phases != NULL;

    for (size_t i = 0; ok && plan->is_found && i < plan->count; i++)
        ok = put_phase(choice, points, &plan->phases[i], phases, err);
    erg_table *whole = ok ? erg_result_add(result, "whole", whole_columns,
                                           ERG_COUNT(whole_columns), err) : NULL;
    const erg_real cells[] = {
        { "time_s", plan->time_s }, { "energy_j", plan->energy_j },
        { "energy_saving", plan->energy_saving }, { "slowdown", plan->slowdown },
        { "slope_slower_w", plan->is_found ? plan->slower_w : NAN },
        { "slope_faster_w", plan->is_found ? or_unknown(plan->faster_w) : NAN },
        { "fastest_s", plan->fastest_s }, { "confidence", plan->confidence },
    };
    return whole && erg_table_row(whole, err)
        && erg_table_text(whole, "objective", choice->wish.objective, err)
        && erg_put_reals(whole, cells, ERG_COUNT(cells), err);
}

/* ---- two settings in turn ------------------------------------------------------- */

static double deadline_of(const erg_choice *choice, const erg_pick *pick)
{
    double deadline_s = choice->wish.deadline_s;

    if (!isnan(choice->wish.slowdown) && pick->reference != ERG_NO_OPTION)
        deadline_s = fmin(deadline_s, (1 + choice->wish.slowdown)
                                          * choice->options[pick->reference].time_s);
    if (!isnan(choice->wish.throughput_hz))
        deadline_s = fmin(deadline_s, 1 / choice->wish.throughput_hz);
    return deadline_s;
}

static bool put_mix(const erg_choice *choice, const erg_points *points,
                    const erg_pick *pick, erg_table *table, erg_error *err)
{
    double *values = malloc(2 * (pick->count + 1) * sizeof(*values));
    double deadline_s = deadline_of(choice, pick), alone_j = NAN;
    char first[96], second[96];
    erg_mix mix;

    if (!values)
        return erg_fail(err, ERG_NO_MEMORY, "no memory for %zu settings", pick->count);
    for (size_t i = 0; i < pick->count; i++) {
        const erg_option *one = &choice->options[pick->first + i];
        bool is_in = erg_limits_allow_but_time(&choice->wish, one);
        values[2 * i] = is_in ? one->time_s : NAN;
        values[2 * i + 1] = is_in ? one->energy_j : NAN;
        if (is_in && one->time_s <= deadline_s * (1 + 1e-12))
            alone_j = fmin(alone_j, one->energy_j);
    }
    bool found = erg_mix_for(values, pick->count, deadline_s, &mix);
    free(values);
    if (!found)
        return true;
    erg_setting_name(points, &choice->options[pick->first + mix.a].setting, first,
                     sizeof(first));
    erg_setting_name(points, &choice->options[pick->first + mix.b].setting, second,
                     sizeof(second));
    const erg_real cells[] = {
        { "deadline_s", deadline_s }, { "share", mix.share }, { "time_s", mix.time_s },
        { "energy_j", mix.energy_j }, { "saved_j", alone_j - mix.energy_j },
    };
    return erg_table_row(table, err)
        && erg_table_text(table, "application",
                          erg_points_application_at(points, pick->application)->name, err)
        && erg_table_text(table, "first", first, err)
        && erg_table_text(table, "second", second, err)
        && erg_put_reals(table, cells, ERG_COUNT(cells), err);
}

bool erg_mix_table(const erg_choice *choice, const erg_points *points, erg_result *result,
                   erg_error *err)
{
    erg_table *table =
        erg_result_add(result, "mix", mix_columns, ERG_COUNT(mix_columns), err);
    bool ok = table != NULL;

    for (size_t i = 0; ok && i < choice->pick_count; i++)
        ok = put_mix(choice, points, &choice->picks[i], table, err);
    return ok;
}

/* ---- rules ---------------------------------------------------------------------- */

static bool put_rule(const char *rule, const erg_points *points, const erg_rule_pick *pick,
                     erg_table *table, erg_error *err)
{
    const erg_real cells[] = {
        { "base_sm_clock_mhz", pick->base_hz / 1e6 },
        { "base_time_s", pick->base_s },
        { "base_energy_j", pick->base_j },
        { "sm_clock_mhz", pick->edp_hz / 1e6 },
        { "time_s", pick->time_s },
        { "energy_j", pick->energy_j },
        { "ed2p_sm_clock_mhz", pick->ed2p_hz / 1e6 },
        { "fastest_sm_clock_mhz", pick->fastest_hz / 1e6 },
        { "claimed_saving", pick->energy_saving },
        { "claimed_time_change", pick->time_change },
    };

    return erg_table_row(table, err) && erg_table_text(table, "rule", rule, err)
        && erg_table_text(table, "application",
                          erg_points_application_at(points, pick->application)->name, err)
        && erg_put_reals(table, cells, ERG_COUNT(cells), err)
        && erg_table_integer(table, "repetition",
                             pick->repetition < 0 ? ERG_NONE : pick->repetition, err)
        && erg_table_text(table, "refused", pick->refused[0] ? pick->refused : NULL, err);
}

erg_result *erg_rule_result(const char *rule, const erg_points *points, double slowdown,
                            int repetition, erg_error *err)
{
    erg_result *result = erg_result_new("choose", err);
    erg_table *table = result ? erg_result_add(result, "rule", rule_columns,
                                               ERG_COUNT(rule_columns), err) : NULL;
    bool ok = table
              && erg_result_note(result, err,
                                 "A published rule, to compare with: it takes "
                                 "every row, slow first runs too. Without --rule erg "
                                 "chooses from what holds.");

    for (size_t i = 0; ok && i < erg_points_applications(points); i++) {
        erg_rule_pick pick;
        ok = erg_rule_apply(rule, points, i, slowdown, repetition, &pick, err)
          && put_rule(rule, points, &pick, table, err);
    }
    if (ok)
        return result;
    erg_result_free(result);
    return NULL;
}
