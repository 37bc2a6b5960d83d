/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of single settings: the front, all of them,
 * what was refused, what would help. */
#include <math.h>
#include <string.h>
#include "decide/tables.h"

static const erg_column option_columns[] = {
    { "application", ERG_TEXT, "command or job, its settings and its device" },
    { "sm_clock_mhz", ERG_REAL, "clock of the cores" },
    { "power_cap_w", ERG_REAL, "power limit" },
    { "time_s", ERG_REAL, "mean time" },
    { "energy_j", ERG_REAL, "mean energy" },
    { "mean_w", ERG_REAL, "mean power" },
    { "quality_loss", ERG_REAL, "1 less the lower bound of the quality kept" },
    { "energy_saving", ERG_REAL, "1 less energy over that of the reference" },
    { "slowdown", ERG_REAL, "time over that of the reference, less 1" },
    { "chosen_share", ERG_REAL, "share of the draws of visits that choose it" },
    { "front_share", ERG_REAL, "share of the draws in which it is on the front" },
    { "chosen", ERG_TRUTH, "this one was chosen" },
    { "front", ERG_TRUTH, "no other is better in all figures" },
    { "allowed", ERG_TRUTH, "keeps every limit" },
    { "method", ERG_TEXT, "measured, simulated or model" },
    { "temp_c", ERG_REAL, "temperature" },
    { "visits", ERG_INTEGER, "behind the means" },
    { "time_low_s", ERG_REAL, "lower end of its 95 % interval" },
    { "time_high_s", ERG_REAL, "upper end of its 95 % interval" },
    { "energy_low_j", ERG_REAL, "lower end of its 95 % interval" },
    { "energy_high_j", ERG_REAL, "upper end of its 95 % interval" },
    { "cpu_clock_mhz", ERG_REAL, "clock of the CPU" },
    { "mem_clock_mhz", ERG_REAL, "clock of the memory" },
    { "energy_per_unit_j", ERG_REAL, "mean energy of one unit of work" },
    { "setting", ERG_REAL, "the further setting" },
};

static const erg_column rejected_columns[] = {
    { "application", ERG_TEXT, "command or job, its settings and its device" },
    { "sm_clock_mhz", ERG_REAL, "clock of the cores" },
    { "reason", ERG_TEXT, "why it cannot be chosen" },
    { "power_cap_w", ERG_REAL, "power limit" },
    { "setting", ERG_REAL, "the further setting" },
};

static const erg_column relaxation_columns[] = {
    { "application", ERG_TEXT, "command or job, its settings and its device" },
    { "limit", ERG_TEXT, "which" },
    { "bound", ERG_REAL, "as wished" },
    { "needed", ERG_REAL, "the least change of it alone that admits a setting" },
    { "unit", ERG_TEXT, "of both" },
};

/* ---- cells ---------------------------------------------------------------------- */

static bool has_column(const erg_table *table, const char *name)
{
    for (size_t i = 0; i < erg_table_column_count(table); i++)
        if (strcmp(erg_table_column(table, i)->name, name) == 0)
            return true;
    return false;
}

bool erg_choice_put_knobs(const erg_points *points, erg_table *table,
                          const erg_knob_setting *setting, erg_error *err)
{
    const char *other = erg_points_other_name(points);

    for (int i = 0; i < ERG_KNOBS; i++) {
        const char *column = i == ERG_OTHER_SETTING ? other : erg_knob_infos[i].column;
        if (column[0] && has_column(table, column)
            && !erg_table_real(table, column,
                               setting->at[i] / erg_knob_infos[i].per_column_unit, err))
            return false;
    }
    return true;
}

/* The last column is headed by the further setting; without one it is left off. */
erg_table *erg_add_with_other(const erg_points *points, erg_result *result,
                              const char *name, const erg_column columns[], size_t count,
                              erg_error *err)
{
    const char *other = erg_points_other_name(points);
    erg_column heads[32];

    if (!other[0])
        return erg_result_add(result, name, columns, count - 1, err);
    memcpy(heads, columns, count * sizeof(*heads));
    heads[count - 1].name = other;
    const erg_column *kept = erg_result_keep(result, heads, count, err);
    return kept ? erg_result_add(result, name, kept, count, err) : NULL;
}

void erg_setting_name(const erg_points *points, const erg_knob_setting *setting, char *to,
                      size_t size)
{
    static const char *const units[ERG_KNOBS] = { "MHz", "W", "MHz CPU", "MHz memory",
                                                  NULL, "% fan" };
    size_t at = 0;

    erg_text_put(to, size, "as found");
    for (int i = 0; i < ERG_KNOBS && at < size; i++) {
        const char *unit = units[i] ? units[i]
                         : i == ERG_OTHER_SETTING ? erg_points_other_name(points)
                                                  : erg_knob_infos[i].column;
        if (!isnan(setting->at[i]))
            at +=
                (size_t)snprintf(to + at, size - at, "%s%.6g %s", at ? ", " : "",
                                 setting->at[i] / erg_knob_infos[i].per_column_unit, unit);
    }
}

const char *erg_option_method(const erg_points *points, const erg_option *option)
{
    return option->is_model ? "model"
           : erg_points_application_at(points, option->application)->is_simulated
               ? "simulated"
               : "measured";
}

const char *erg_option_application(const erg_points *points, const erg_option *option)
{
    return erg_points_application_at(points, option->application)->name;
}

/* ---- options, front, rejected --------------------------------------------------- */

static bool put_option(const erg_choice *choice, const erg_points *points,
                       const erg_pick *pick, size_t index, erg_table *table, erg_error *err)
{
    const erg_option *one = &choice->options[index];
    const erg_real cells[] = {
        { "time_s", one->time_s }, { "energy_j", one->energy_j }, { "mean_w", one->mean_w },
        { "quality_loss", one->quality_loss }, { "energy_saving", one->energy_saving },
        { "slowdown", one->slowdown }, { "chosen_share", one->share },
        { "front_share", one->front_share }, { "temp_c", one->temp_c },
        { "energy_per_unit_j", one->energy_per_unit_j },
        { "time_low_s", one->time_low_s }, { "time_high_s", one->time_high_s },
        { "energy_low_j", one->energy_low_j }, { "energy_high_j", one->energy_high_j },
    };

    return erg_table_row(table, err)
        && erg_table_text(table, "application", erg_option_application(points, one), err)
        && erg_choice_put_knobs(points, table, &one->setting, err)
        && erg_put_reals(table, cells, ERG_COUNT(cells), err)
        && erg_table_truth(table, "chosen", index == pick->chosen, err)
        && erg_table_truth(table, "front", one->is_on_front, err)
        && erg_table_truth(table, "allowed", one->is_allowed, err)
        && erg_table_text(table, "method", erg_option_method(points, one), err)
        && erg_table_integer(table, "visits", (int64_t)one->visits, err);
}

bool erg_choice_options(const erg_choice *choice, const erg_points *points,
                        erg_result *result, bool front_only, erg_error *err)
{
    erg_table *table = erg_add_with_other(points, result, front_only ? "front" : "options",
                                          option_columns, ERG_COUNT(option_columns), err);
    bool ok = table != NULL;

    for (size_t p = 0; ok && p < choice->pick_count; p++) {
        const erg_pick *pick = &choice->picks[p];
        for (size_t i = pick->first; ok && i < pick->first + pick->count; i++)
            if (choice->options[i].is_usable
                && (!front_only || choice->options[i].is_on_front))
                ok = put_option(choice, points, pick, i, table, err);
    }
    return ok;
}

static bool put_rejected(const erg_points *points, erg_table *table,
                         const char *application, const erg_knob_setting *setting,
                         const char *reason, erg_error *err)
{
    return erg_table_row(table, err)
        && erg_table_text(table, "application", application, err)
        && erg_choice_put_knobs(points, table, setting, err)
        && erg_table_text(table, "reason", reason, err);
}

/* Rows that could not be read, visits that were dropped, settings that may not be chosen:
 * nothing goes without a word. */
bool erg_choice_rejected(const erg_choice *choice, const erg_points *points,
                         erg_result *result, erg_error *err)
{
    erg_table *table = erg_add_with_other(points, result, "rejected", rejected_columns,
                                          ERG_COUNT(rejected_columns), err);
    bool ok = table != NULL;
    char reason[128];

    for (size_t i = 0; ok && i < erg_points_rejections(points); i++) {
        erg_rejected from = erg_points_rejection_at(points, i);
        ok = put_rejected(points, table, from.application, from.setting, from.reason, err);
    }
    for (size_t i = 0; ok && i < erg_points_visits(points); i++) {
        const erg_visit *visit = erg_points_visit_at(points, i);
        snprintf(reason, sizeof(reason), "visit dropped: %s",
                 erg_visit_state_name(visit->state));
        if (visit->state != ERG_VISIT_OK)
            ok = put_rejected(points, table,
                              erg_points_application_at(points, visit->application)->name,
                              &visit->setting, reason, err);
    }
    for (size_t i = 0; ok && i < choice->option_count; i++) {
        const erg_option *one = &choice->options[i];
        erg_option_reason(choice, one, reason, sizeof(reason));
        if (reason[0])
            ok = put_rejected(points, table, erg_option_application(points, one),
                              &one->setting, reason, err);
    }
    return ok;
}

static bool put_relaxation(const erg_choice *choice, const erg_points *points,
                           const erg_pick *pick, erg_wish_limit limit, erg_table *table,
                           erg_error *err)
{
    return erg_table_row(table, err)
        && erg_table_text(table, "application",
                          erg_points_application_at(points, pick->application)->name, err)
        && erg_table_text(table, "limit", erg_wish_limit_name(limit), err)
        && erg_table_real(table, "bound", erg_limit_bound(&choice->wish, limit), err)
        && erg_table_real(table, "needed", pick->needed[limit], err)
        && erg_table_text(table, "unit", erg_wish_limit_unit(limit), err);
}

bool erg_choice_relaxations(const erg_choice *choice, const erg_points *points,
                            erg_result *result, erg_error *err)
{
    unsigned flags = 0;
    for (size_t i = 0; i < choice->pick_count; i++)
        flags |= choice->picks[i].flags;
    if (!(flags & ERG_NOT_ALLOWED))
        return true;
    erg_table *table = erg_result_add(result, "relaxations", relaxation_columns,
                                      ERG_COUNT(relaxation_columns), err);
    bool ok = table != NULL;

    for (size_t i = 0; ok && i < choice->pick_count; i++)
        for (erg_wish_limit k = 0; ok && k < ERG_WISH_LIMITS; k++)
            if (choice->picks[i].chosen == ERG_NO_OPTION
                && erg_limit_is_set(&choice->wish, k))
                ok = put_relaxation(choice, points, &choice->picks[i], k, table, err);
    return ok;
}
