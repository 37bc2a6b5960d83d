/* SPDX-License-Identifier: Apache-2.0 */
/* Joules by regression, and whether they agree with the isolated ones. */
#include <math.h>
#include <string.h>
#include "math/stats.h"
#include "replay/regress.h"

static const double COVER = 2;              /* U = 2u */

static const erg_column total_columns[] = {
    { "steps", ERG_REAL, "windows of the running model" },
    { "predicted_s", ERG_REAL, "not predicted here" },
    { "measured_s", ERG_REAL, "of all windows" },
    { "time_error", ERG_REAL, "not predicted here" },
    { "predicted_j", ERG_REAL, "of all windows, each by the others" },
    { "measured_j", ERG_REAL, "of all windows" },
    { "energy_error", ERG_REAL, "predicted over measured, less 1" },
    { "agreement_en", ERG_REAL, "largest of the groups that were also measured alone" },
    { "verdict", ERG_TEXT, "agrees, or METHODS_DISAGREE" },
    { "left_out_error", ERG_REAL,
      "mean of |predicted / measured - 1|, each window by the others" },
    { "condition", ERG_REAL, "of the counts, scaled to length 1" },
    { "kernels", ERG_INTEGER, "unique ones" },
    { "groups", ERG_INTEGER, "of them that can be told apart" },
    { "base_w", ERG_REAL, "taken off each window; n/a: joules hold the base" },
};
static const erg_column kernel_columns[] = {
    { "tier", ERG_TEXT, "what kind of work" },
    { "group", ERG_INTEGER, "kernels of one group could not be told apart" },
    { "energy_j", ERG_REAL, "of a launch, mean of its group" },
    { "energy_low_j", ERG_REAL, "of its 95 % interval" },
    { "energy_high_j", ERG_REAL, "of its 95 % interval" },
    { "isolated_j", ERG_REAL, "of a launch alone, over the base" },
    { "agreement_en", ERG_REAL, "of the group; above 1 it is apart" },
    { "kernel", ERG_TEXT, "as its source calls it" },
};
static const erg_column window_columns[] = {
    { "window", ERG_TEXT, "a run of the model" },
    { "time_s", ERG_REAL, "" },
    { "measured_j", ERG_REAL, "" },
    { "predicted_j", ERG_REAL, "with this window in the fit" },
    { "left_out_j", ERG_REAL, "by the other windows" },
};

/* ---- beside the isolated ones ----------------------------------------------------- */

static const erg_kernel_timing *alone(const erg_replay *replay, const char *name)
{
    for (size_t i = 0; i < replay->kernel_count; i++) {
        const erg_kernel_timing *kernel = &replay->kernels[i];
        if (strcmp(kernel->name, name) == 0 && !isnan(kernel->dynamic_j)
            && kernel->state != ERG_STATE_COLD)
            return kernel;
    }
    return NULL;
}

static double launches_of(const erg_regress_set *set, size_t kernel)
{
    double sum = 0;

    for (size_t i = 0; i < set->count_count; i++)
        sum += set->counts[i].kernel == kernel ? set->counts[i].count : 0;
    return sum;
}

/* The mean of a group is comparable where all of it was alone: weighted by launches. */
static double compare_group(const erg_regress_set *set, size_t group)
{
    const erg_regress_kernel *one = NULL;
    double launches = 0, sum_j = 0, u_j = 0;

    for (size_t i = 0; i < set->kernel_count; i++) {
        const erg_regress_kernel *kernel = &set->kernels[i];
        if (kernel->group != group)
            continue;
        double n = launches_of(set, i);
        one = kernel;
        launches += n;
        sum_j += n * kernel->isolated_j;
        u_j = hypot(u_j, isnan(kernel->isolated_u_j) ? 0 : n * kernel->isolated_u_j);
    }
    if (!one)
        return NAN;
    double half_j = 0.5 * (one->high_j - one->low_j);
    return fabs(one->energy_j - sum_j / launches) / hypot(half_j, COVER * u_j / launches);
}

/* Of many groups one in twenty is outside its own 95 % by chance: the interval that all of
 * them keep at once is wider (Bonferroni). */
static double most_en(size_t compared)
{
    const double many = 1e6;    /* degrees of freedom: a normal */
    return erg_student_t(1 - 0.025 / (double)compared, many) / erg_student_t(0.975, many);
}

static size_t count_apart(const double en[], size_t count)
{
    size_t compared = 0, apart = 0;

    for (size_t i = 0; i < count; i++)
        compared += !isnan(en[i]);
    double most = compared ? most_en(compared) : INFINITY;
    for (size_t i = 0; i < count; i++)
        apart += en[i] > most;
    return apart;
}

size_t erg_regress_compare(erg_regress_set *set, const erg_replay *replay)
{
    double *en = set->group_en;

    for (size_t i = 0; i < set->kernel_count; i++) {
        const erg_kernel_timing *found = alone(replay, set->kernels[i].name);
        bool is_metered = found && erg_kernel_is_metered(found) && !set->is_system;
        set->kernels[i].isolated_j = is_metered ? found->dynamic_j : NAN;
        set->kernels[i].isolated_u_j = found ? found->dynamic_u_j : NAN;
    }
    for (size_t group = 0; group < set->group_count; group++) {
        en[group] = compare_group(set, group);
        for (size_t i = 0; i < set->kernel_count; i++)
            if (set->kernels[i].group == group)
                set->kernels[i].agreement_en = en[group];
    }
    return count_apart(en, set->group_count);
}

/* ---- tables ----------------------------------------------------------------------- */

static double largest_en(const erg_regress_set *set)
{
    double most = NAN;

    for (size_t i = 0; i < set->kernel_count; i++)
        most = fmax(most, set->kernels[i].agreement_en);
    return most;
}

static bool put_total(const erg_regress_set *set, size_t apart, erg_table *table,
                      erg_error *err)
{
    double measured_j = 0, left_out_j = 0, time_s = 0;
    double en = largest_en(set);
    const char *verdict = apart ? "METHODS_DISAGREE" : isnan(en) ? NULL : "agrees";

    for (size_t i = 0; i < set->window_count; i++) {
        measured_j += set->windows[i].energy_j;
        left_out_j += set->left_out_j[i];
        time_s += set->windows[i].time_s;
    }
    return table && erg_table_row(table, err)
        && erg_table_real(table, "steps", (double)set->window_count, err)
        && erg_table_real(table, "measured_s", time_s, err)
        && erg_table_real(table, "predicted_j", left_out_j, err)
        && erg_table_real(table, "measured_j", measured_j, err)
        && erg_table_real(table, "energy_error", left_out_j / measured_j - 1, err)
        && erg_table_real(table, "agreement_en", en, err)
        && erg_table_text(table, "verdict", verdict, err)
        && erg_table_real(table, "left_out_error", set->left_out_error, err)
        && erg_table_real(table, "condition", set->condition, err)
        && erg_table_integer(table, "kernels", (int64_t)set->kernel_count, err)
        && erg_table_integer(table, "groups", (int64_t)set->group_count, err)
        && erg_table_real(table, "base_w", set->base_w, err);
}

static bool put_kernels(const erg_regress_set *set, erg_table *table, erg_error *err)
{
    bool ok = table != NULL;

    for (size_t i = 0; i < set->kernel_count && ok; i++) {
        const erg_regress_kernel *one = &set->kernels[i];
        ok = erg_table_row(table, err) && erg_table_text(table, "kernel", one->name, err)
            && erg_table_text(table, "tier", erg_tier_name(one->tier), err)
            && erg_table_integer(table, "group", (int64_t)one->group + 1, err)
            && erg_table_real(table, "energy_j", one->energy_j, err)
            && erg_table_real(table, "energy_low_j", one->low_j, err)
            && erg_table_real(table, "energy_high_j", one->high_j, err)
            && erg_table_real(table, "isolated_j", one->isolated_j, err)
            && erg_table_real(table, "agreement_en", one->agreement_en, err);
    }
    return ok;
}

static bool put_windows(const erg_regress_set *set, erg_table *table, erg_error *err)
{
    bool ok = table != NULL;

    for (size_t i = 0; i < set->window_count && ok; i++)
        ok = erg_table_row(table, err)
            && erg_table_text(table, "window", set->windows[i].name, err)
            && erg_table_real(table, "time_s", set->windows[i].time_s, err)
            && erg_table_real(table, "measured_j", set->windows[i].energy_j, err)
            && erg_table_real(table, "predicted_j", set->predicted_j[i], err)
            && erg_table_real(table, "left_out_j", set->left_out_j[i], err);
    return ok;
}

static bool put_notes(const erg_regress_set *set, size_t apart, erg_result *result,
                      erg_error *err)
{
    bool ok = true;

    if (set->group_count < set->kernel_count)
        ok = erg_result_note(
            result, err,
            "%zu of %zu kernels could not be told apart and were "
            "merged with others of their tier (column group): their joules are "
            "the mean of the group.",
            set->kernel_count - set->group_count, set->kernel_count);
    if (ok && isnan(set->base_w))
        ok = erg_result_note(result, err,
                             "No base power was taken off: joules hold the static "
                             "energy of the windows. Give --base WATTS.");
    if (ok && set->is_system)
        ok = erg_result_note(result, err,
                             "Joules are of all the machine: no window has any of the "
                             "device alone.");
    if (ok && apart)
        ok = erg_result_note(result, err,
                             "METHODS_DISAGREE: %zu groups differ from their isolated "
                             "energy by more than both intervals.",
                             apart);
    return ok;
}

bool erg_regress_tables(const erg_regress_set *set, size_t apart, erg_result *result,
                        erg_error *err)
{
    return put_total(set, apart, erg_result_add(result, "totals", total_columns,
                                                ERG_COUNT(total_columns), err), err)
        && put_kernels(set, erg_result_add(result, "kernels", kernel_columns,
                                           ERG_COUNT(kernel_columns), err), err)
        && put_windows(set, erg_result_add(result, "windows", window_columns,
                                           ERG_COUNT(window_columns), err), err)
        && put_notes(set, apart, result, err);
}
