/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of a sweep in an .erg file, each number and word checked. */
#include <math.h>
#include "trace/load_inside.h"

static bool take_meta(erg_reader *from, sqlite3_stmt *row, erg_error *err)
{
    const char *key = (const char *)sqlite3_column_text(row, 0);
    const char *value = (const char *)sqlite3_column_text(row, 1);

    if (!key || !value)
        return erg_load_fail_row(from, "meta", "an empty cell", err);
    return from->taker->meta(from->taker->self, key, value, err);
}

static bool take_application(erg_reader *from, sqlite3_stmt *row, erg_error *err)
{
    erg_application app = {
        .is_simulated = sqlite3_column_int(row, 6) != 0,
        .retention = erg_load_real(row, 7),
        .retention_low = erg_load_real(row, 8),
    };
    const char *definition = (const char *)sqlite3_column_text(row, 4);

    if (!definition || !erg_activity_parse(definition, &app.definition))
        return erg_load_fail_row(from, "application", "an unknown definition", err);
    erg_load_text(row, 1, app.name, sizeof(app.name));
    erg_load_text(row, 2, app.profile, sizeof(app.profile));
    erg_load_text(row, 3, app.settings, sizeof(app.settings));
    erg_load_text(row, 5, app.node, sizeof(app.node));
    erg_load_text(row, 9, app.device, sizeof(app.device));
    erg_load_text(row, 10, app.device_model, sizeof(app.device_model));
    return from->taker->application(from->taker->self, (size_t)sqlite3_column_int64(row, 0),
                                    &app, err);
}

static bool take_point(erg_reader *from, sqlite3_stmt *row, erg_error *err)
{
    erg_knob_setting setting = erg_knob_setting_none();

    setting.at[ERG_SM_CLOCK] = erg_load_real(row, 2);
    setting.at[ERG_MEM_CLOCK] = erg_load_real(row, 3);
    setting.at[ERG_POWER_LIMIT] = erg_load_real(row, 4);
    setting.at[ERG_CPU_CLOCK] = erg_load_real(row, 5);
    setting.at[ERG_OTHER_SETTING] = erg_load_real(row, 6);
    return from->taker->point(from->taker->self, (size_t)sqlite3_column_int64(row, 0),
                              (size_t)sqlite3_column_int64(row, 1), &setting, err);
}

static bool take_visit(erg_reader *from, sqlite3_stmt *row, erg_error *err)
{
    const char *state = (const char *)sqlite3_column_text(row, 12);
    erg_visit visit = {
        .block = sqlite3_column_int(row, 1),
        .place = sqlite3_column_int(row, 2),
        .start_ns = sqlite3_column_type(row, 3) == SQLITE_NULL
                        ? INT64_MIN
                        : sqlite3_column_int64(row, 3),
        .time_s = erg_load_real(row, 4),
        .energy_j = erg_load_real(row, 5),
        .mean_w = erg_load_real(row, 6),
        .peak_w = erg_load_real(row, 7),
        .temp_c = erg_load_real(row, 8),
        .sm_clock_seen_hz = erg_load_real(row, 9),
        .fp_active = erg_load_real(row, 10),
        .dram_active = erg_load_real(row, 11),
        .energy_listed_j = NAN,
        .samples = NAN,
        .exit_status = sqlite3_column_int(row, 13),
        .time_half_s = sqlite3_column_double(row, 14),
        .units = sqlite3_column_double(row, 15), /* NULL: 0 */
    };
    erg_load_text(row, 17, visit.output_hash, sizeof(visit.output_hash));
    visit.llc_misses = sqlite3_column_double(row, 18); /* NULL: 0 */

    if (!state || !erg_visit_state_parse(state, &visit.state))
        return erg_load_fail_row(from, "visit", "an unknown state", err);
    return from->taker->visit(from->taker->self, (size_t)sqlite3_column_int64(row, 0),
                              &visit, (const char *)sqlite3_column_text(row, 16), err);
}

#define VISIT_COLUMNS                                                                   \
    "point_id, block, place, start_ns, time_s, energy_j, mean_w, peak_w, temp_c,"       \
    " sm_clock_seen_hz, fp_active, dram_active, state, exit_status, time_half_s"

const erg_load_table erg_load_sweep_tables[] = {
    { "SELECT key, value FROM meta", take_meta },
    { "SELECT a.id, a.name, profile, settings, definition, node, simulated, retention,"
      " retention_low, d.name, d.model FROM application a LEFT JOIN device d"
      " ON d.id = a.device_id ORDER BY a.id",
      take_application },
    { "SELECT id, application_id, sm_clock_hz, mem_clock_hz, power_limit_w, cpu_clock_hz,"
      " other FROM point ORDER BY id",
      take_point },
    { "SELECT " VISIT_COLUMNS ", NULL, NULL, NULL, NULL FROM visit ORDER BY id",
      take_visit },
};

const size_t erg_load_sweep_table_count = ERG_COUNT(erg_load_sweep_tables);

/* Instead of the last, where the file has the table work: older ones lack it. */
const erg_load_table erg_load_worked_visits = {
    "SELECT " VISIT_COLUMNS ", units, unit, output_hash, NULL FROM visit LEFT JOIN work"
    " ON visit_id = id ORDER BY id", take_visit
};

/* And where it has the table cache. */
const erg_load_table erg_load_counted_visits = {
    "SELECT " VISIT_COLUMNS ", units, unit, output_hash, llc_misses FROM visit"
    " LEFT JOIN work ON work.visit_id = id LEFT JOIN cache ON cache.visit_id = id"
    " ORDER BY id", take_visit
};
