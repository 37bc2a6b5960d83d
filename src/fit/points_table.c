/* SPDX-License-Identifier: Apache-2.0 */
/* Points, visits and rejections as tables: what erg sweep prints and a reader takes in. */
#include <math.h>
#include <stdlib.h>
#include "fit/points_inside.h"
#include "format/cells.h"

static const erg_column point_columns[] = {
    { "application", ERG_TEXT, "command or job, its settings and its device" },
    { "sm_clock_mhz", ERG_REAL, "clock of the cores that was asked for" },
    { "power_cap_w", ERG_REAL, "power limit that was asked for" },
    { "repeats", ERG_INTEGER, "visits that count" },
    { "time_s", ERG_REAL, "mean time" },
    { "time_low_s", ERG_REAL, "lower end of its 95 % interval" },
    { "time_high_s", ERG_REAL, "upper end of its 95 % interval" },
    { "energy_j", ERG_REAL, "mean energy" },
    { "energy_low_j", ERG_REAL, "lower end of its 95 % interval" },
    { "energy_high_j", ERG_REAL, "upper end of its 95 % interval" },
    { "mean_w", ERG_REAL, "mean power" },
    { "temp_c", ERG_REAL, "mean temperature" },
    { "state", ERG_TEXT, "ok, or why no visit counts" },
    { "dropped", ERG_INTEGER, "visits that do not count" },
    { "mem_clock_mhz", ERG_REAL, "clock of the memory that was asked for" },
    { "cpu_clock_mhz", ERG_REAL, "clock of the CPU that was asked for" },
    { "peak_w", ERG_REAL, "highest power of one second" },
    { "fp_active", ERG_REAL, "share of time in which floating-point pipes are busy" },
    { "dram_active", ERG_REAL, "share of time in which the memory is busy" },
    { "definition", ERG_TEXT, "which pipes fp_active counts" },
    { "simulated", ERG_TRUTH, "not measured but simulated" },
    { "units", ERG_REAL, "of work that the command says it did" },
    { "unit", ERG_TEXT, "of work" },
    { "energy_per_unit_j", ERG_REAL, "mean energy of one unit of work" },
    { "setting", ERG_REAL, "the further setting" },
};

static const erg_column visit_columns[] = {
    { "application", ERG_TEXT, "command or job, its settings and its device" },
    { "sm_clock_mhz", ERG_REAL, "clock of the cores that was asked for" },
    { "power_cap_w", ERG_REAL, "power limit that was asked for" },
    { "block", ERG_INTEGER, "which repetition" },
    { "place", ERG_INTEGER, "order within it" },
    { "start_ns", ERG_INTEGER, "UTC since 1970" },
    { "time_s", ERG_REAL, "time" },
    { "energy_j", ERG_REAL, "energy" },
    { "mean_w", ERG_REAL, "mean power" },
    { "temp_c", ERG_REAL, "temperature" },
    { "state", ERG_TEXT, "ok, or why it does not count" },
    { "mem_clock_mhz", ERG_REAL, "clock of the memory that was asked for" },
    { "cpu_clock_mhz", ERG_REAL, "clock of the CPU that was asked for" },
    { "sm_clock_seen_mhz", ERG_REAL, "clock of the cores that was seen under load" },
    { "peak_w", ERG_REAL, "highest power of one second" },
    { "fp_active", ERG_REAL, "share of time in which floating-point pipes are busy" },
    { "dram_active", ERG_REAL, "share of time in which the memory is busy" },
    { "definition", ERG_TEXT, "which pipes fp_active counts" },
    { "simulated", ERG_TRUTH, "not measured but simulated" },
    { "units", ERG_REAL, "of work that the command says it did" },
    { "unit", ERG_TEXT, "of work" },
    { "output_hash", ERG_TEXT, "16 digits of the SHA-256 of its answers" },
    { "llc_misses", ERG_REAL, "misses of the last-level cache, in user mode" },
    { "setting", ERG_REAL, "the further setting" },
};

static const erg_column rejected_columns[] = {
    { "application", ERG_TEXT, "command or job, its settings and its device" },
    { "sm_clock_mhz", ERG_REAL, "clock of the cores that was asked for" },
    { "power_cap_w", ERG_REAL, "power limit that was asked for" },
    { "reason", ERG_TEXT, "where it was and why it cannot be used" },
};

/* A further setting heads the last column; without one the column is left off. */
static erg_table *add_table(const erg_points *points, erg_result *result, const char *name,
                            const erg_column columns[], size_t count, erg_error *err)
{
    erg_column heads[ERG_COUNT(point_columns)];

    for (size_t i = 0; i < count; i++)
        heads[i] = columns[i];
    heads[count - 1].name = points->other;
    const erg_column *kept = points->other[0]
        ? erg_result_keep(result, heads, count, err) : columns;
    return kept ? erg_result_add(result, name, kept, count - !points->other[0], err) : NULL;
}

static bool put_setting(const erg_points *points, erg_table *table,
                        const erg_knob_setting *setting, erg_error *err)
{
    for (int i = 0; i < ERG_OTHER_SETTING; i++)
        if (!erg_table_real(table, erg_knob_infos[i].column,
                            setting->at[i] / erg_knob_infos[i].per_column_unit, err))
            return false;
    return !points->other[0]
        || erg_table_real(table, points->other, setting->at[ERG_OTHER_SETTING], err);
}

static bool put_application(const erg_application *app, erg_table *table, erg_error *err)
{
    return erg_table_text(table, "application", app->name, err)
        && erg_table_text(table, "unit", *app->unit ? app->unit : NULL, err)
        && erg_table_text(table, "definition", app->definition == ERG_ACTIVITY_UNKNOWN
                          ? NULL : erg_activity_name(app->definition), err)
        && erg_table_truth(table, "simulated", app->is_simulated, err);
}

/* What was dropped is in the table of visits: as a mean it would be taken for one. A
 * throttled point is real, and may be chosen. */
static bool has_figures(const erg_point *point)
{
    return point->state == ERG_VISIT_OK || point->state == ERG_VISIT_THROTTLED;
}

static bool put_point(const erg_points *points, erg_table *table, const erg_point *point,
                      erg_error *err)
{
    const erg_real cells[] = {
        { "time_s", point->time_s }, { "time_low_s", point->time_low_s },
        { "time_high_s", point->time_high_s }, { "energy_j", point->energy_j },
        { "energy_low_j", point->energy_low_j }, { "energy_high_j", point->energy_high_j },
        { "mean_w", point->mean_w }, { "temp_c", point->temp_c },
        { "peak_w", point->peak_w }, { "fp_active", point->fp_active },
        { "dram_active", point->dram_active }, { "units", point->units },
        { "energy_per_unit_j", point->energy_per_unit_j },
    };
    return erg_table_row(table, err)
        && (!has_figures(point) || erg_put_reals(table, cells, ERG_COUNT(cells), err))
        && put_application(&points->applications[point->application], table, err)
        && put_setting(points, table, &point->setting, err)
        && erg_table_integer(table, "repeats", (int64_t)point->visits, err)
        && erg_table_integer(table, "dropped", (int64_t)point->dropped, err)
        && erg_table_text(table, "state", erg_visit_state_name(point->state), err);
}

static bool put_visit(const erg_points *points, erg_table *table, const erg_visit *visit,
                      erg_error *err)
{
    const erg_real cells[] = {
        { "time_s", visit->time_s }, { "energy_j", visit->energy_j },
        { "mean_w", visit->mean_w }, { "temp_c", visit->temp_c },
        { "peak_w", visit->peak_w }, { "sm_clock_seen_mhz", visit->sm_clock_seen_hz / 1e6 },
        { "fp_active", visit->fp_active }, { "dram_active", visit->dram_active },
        { "units", visit->units > 0 ? visit->units : NAN },
        { "llc_misses", visit->llc_misses > 0 ? visit->llc_misses : NAN },
    };
    return erg_table_row(table, err)
        && put_application(&points->applications[visit->application], table, err)
        && put_setting(points, table, &visit->setting, err)
        && erg_put_reals(table, cells, ERG_COUNT(cells), err)
        && erg_table_integer(table, "block", visit->block < 0 ? ERG_NONE : visit->block,
                             err)
        && erg_table_integer(table, "place", visit->place < 0 ? ERG_NONE : visit->place,
                             err)
        && erg_table_integer(table, "start_ns", visit->start_ns, err)
        && erg_table_text(table, "output_hash",
                          *visit->output_hash ? visit->output_hash : NULL, err)
        && erg_table_text(table, "state", erg_visit_state_name(visit->state), err);
}

static bool add_points(const erg_points *points, erg_result *result, erg_error *err)
{
    size_t count;
    erg_error fault = { 0 };
    erg_point *means = erg_points_means(points, &count, &fault);
    erg_table *table = add_table(points, result, "points", point_columns,
                                 ERG_COUNT(point_columns), err);
    bool good = table
        && (means || !fault.code || erg_fail(err, fault.code, "%s", fault.text));

    for (size_t i = 0; good && means && i < count; i++)
        good = put_point(points, table, &means[i], err);
    free(means);
    return good;
}

static bool add_visits(const erg_points *points, erg_result *result, erg_error *err)
{
    erg_table *table = add_table(points, result, "visits", visit_columns,
                                 ERG_COUNT(visit_columns), err);

    for (size_t i = 0; table && i < points->visit_count; i++)
        if (!put_visit(points, table, &points->visits[i], err))
            return false;
    return table != NULL;
}

static bool put_rejected(erg_table *table, const char *application,
                         const erg_knob_setting *setting, const char *reason,
                         erg_error *err)
{
    const erg_real cells[] = {
        { "sm_clock_mhz", setting->at[ERG_SM_CLOCK] / 1e6 },
        { "power_cap_w", setting->at[ERG_POWER_LIMIT] },
    };
    return erg_table_row(table, err)
        && erg_table_text(table, "application", application, err)
        && erg_put_reals(table, cells, ERG_COUNT(cells), err)
        && erg_table_text(table, "reason", reason, err);
}

static bool add_rejected(const erg_points *points, erg_result *result, erg_error *err)
{
    erg_table *table = erg_result_add(result, "rejected", rejected_columns,
                                      ERG_COUNT(rejected_columns), err);
    bool good = table != NULL;

    for (size_t i = 0; good && i < points->rejection_count; i++) {
        const erg_rejection *from = &points->rejections[i];
        good = put_rejected(table, from->application, &from->setting, from->reason, err);
    }
    for (size_t i = 0; good && i < points->visit_count; i++) {
        const erg_visit *visit = &points->visits[i];
        if (visit->state != ERG_VISIT_OK)
            good = put_rejected(table, points->applications[visit->application].name,
                                &visit->setting, erg_visit_state_name(visit->state), err);
    }
    return good;
}

static bool put_notes(const erg_points *points, erg_result *result, erg_error *err)
{
    for (size_t i = 0; i < points->note_count; i++)
        if (!erg_result_note(result, err, "%s", points->notes[i].text))
            return false;
    return true;
}

bool erg_points_tell(const erg_points *points, erg_result *result, erg_error *err)
{
    size_t count = points->rejection_count;

    return (!count
            || erg_result_note(result, err, "%zu row%s rejected; the first: %s", count,
                               count == 1 ? " was" : "s were",
                               points->rejections[0].reason))
        && put_notes(points, result, err);
}

bool erg_points_table(const erg_points *points, erg_result *result, erg_error *err)
{
    return add_points(points, result, err) && add_visits(points, result, err)
        && add_rejected(points, result, err) && put_notes(points, result, err);
}
