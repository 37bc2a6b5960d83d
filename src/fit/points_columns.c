/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which column of a table means what. Names are those that campaigns write; where two
 * of one meaning are there, the one that stands first here counts.
 */
#include <string.h>
#include "fit/points_columns.h"

typedef struct name_row {
    const char *name;
    erg_points_field field;
    double factor;
} name_row;

static const name_row names[] = {
    { "sm_app_clock_mhz", ERG_FIELD_SM_CLOCK, 1e6 },
    { "sm_clock_mhz",     ERG_FIELD_SM_CLOCK, 1e6 },
    { "freq_mhz",         ERG_FIELD_SM_CLOCK, 1e6 },
    { "power_cap_w",      ERG_FIELD_LIMIT, 1 },
    { "power_limit_w",    ERG_FIELD_LIMIT, 1 },
    { "power_limit",      ERG_FIELD_LIMIT, 1 },
    { "cpu_clock_mhz",    ERG_FIELD_CPU_CLOCK, 1e6 },
    { "mem_clock_mhz",    ERG_FIELD_MEM_CLOCK, 1e6 },
    { "power_w",          ERG_FIELD_POWER, 1 },
    { "avg_power_w",      ERG_FIELD_POWER, 1 },
    { "average_power",    ERG_FIELD_POWER, 1 },
    { "mean_w",           ERG_FIELD_POWER, 1 },
    { "run_time_s",       ERG_FIELD_TIME, 1 },
    { "time_s",           ERG_FIELD_TIME, 1 },
    { "duration_s",       ERG_FIELD_TIME, 1 },
    { "time_ms",          ERG_FIELD_TIME, 1e-3 },
    { "time_per_epoch",   ERG_FIELD_TIME, 1 },
    { "energy_j",         ERG_FIELD_ENERGY, 1 },
    { "fp_active",        ERG_FIELD_FP, 1 },
    { "dram_active",      ERG_FIELD_DRAM, 1 },
    { "temp_c",           ERG_FIELD_TEMP, 1 },
    { "peak_w",           ERG_FIELD_PEAK, 1 },
    { "sm_clock_seen_mhz", ERG_FIELD_SEEN, 1e6 },
    { "n_samples",        ERG_FIELD_SAMPLES, 1 },
    { "run",              ERG_FIELD_BLOCK, 1 },
    { "block",            ERG_FIELD_BLOCK, 1 },
    { "place",            ERG_FIELD_PLACE, 1 },
    { "start_ns",         ERG_FIELD_START, 1 },
    { "retention",        ERG_FIELD_RETENTION, 1 },
    { "retention_low",    ERG_FIELD_RETENTION_LOW, 1 },
    { "units",            ERG_FIELD_UNITS, 1 },
    { "state",            ERG_FIELD_STATE, 0 },
    { "definition",       ERG_FIELD_DEFINITION, 0 },
    { "simulated",        ERG_FIELD_SIMULATED, 0 },
};

/* In the order in which they are joined. */
static const char *const joined[] = {
    "application", "gpu", "workload", "dataset", "network", "model", "precision", "batch",
    "batch_size", "seq", "optimizer",
};

/* Known, and of no use to a reader: no note is made of them. */
static const char *const derived[] = {
    "time_low_s", "time_high_s", "energy_low_j", "energy_high_j", "repeats", "dropped",
    "exit_status", "energy_per_unit_j", "unit", "output_hash",
};

static void find_joined(erg_points_columns *to, const erg_csv_row *header,
                        const char *other)
{
    /* Beside a column of repetitions, seq is the order of the runs, not a length. */
    bool is_order = erg_csv_column(header, "run") >= 0;

    for (size_t i = 0; i < ERG_COUNT(joined); i++) {
        int column = erg_csv_column(header, joined[i]);
        bool is_seq = strcmp(joined[i], "seq") == 0;
        if (column < 0 || (other && strcmp(joined[i], other) == 0))
            continue;
        if (is_seq && is_order)
            to->at[ERG_FIELD_PLACE] = column, to->factor[ERG_FIELD_PLACE] = 1;
        else
            to->joined[to->joined_count++] = (erg_points_join){ joined[i], column };
    }
}

static bool is_used(const erg_points_columns *columns, int column)
{
    for (int i = 0; i < ERG_FIELDS; i++)
        if (columns->at[i] == column)
            return true;
    for (size_t i = 0; i < columns->joined_count; i++)
        if (columns->joined[i].column == column)
            return true;
    return false;
}

static void list_unused(erg_points_columns *columns, const erg_csv_row *header)
{
    for (size_t i = 0; i < header->count; i++) {
        erg_field name = erg_field_trim(header->fields[i]);
        bool known = is_used(columns, (int)i);
        for (size_t k = 0; k < ERG_COUNT(derived); k++)
            known = known || erg_field_is(name, derived[k]);
        size_t used = strlen(columns->unused);
        if (!known && name.count)
            snprintf(columns->unused + used, sizeof(columns->unused) - used, "%s%.*s",
                     used ? ", " : "", (int)name.count, name.text);
    }
}

bool erg_points_columns_find(erg_points_columns *to, const erg_csv_row *header,
                             const char *other, const char *file, erg_error *err)
{
    *to = (erg_points_columns){ .joined_count = 0 };
    for (int i = 0; i < ERG_FIELDS; i++)
        to->at[i] = -1, to->factor[i] = 1;
    for (size_t i = 0; i < ERG_COUNT(names); i++) {
        int column = erg_csv_column(header, names[i].name);
        if (column < 0 || to->at[names[i].field] >= 0)
            continue;
        to->at[names[i].field] = column;
        to->factor[names[i].field] = names[i].factor;
    }
    find_joined(to, header, other);
    if (other && (to->at[ERG_FIELD_OTHER] = erg_csv_column(header, other)) < 0)
        return erg_fail(err, ERG_BAD_INPUT, "%s:%zu: no column %s to be a setting", file,
                        header->line, other);
    if (to->at[ERG_FIELD_TIME] < 0)
        return erg_fail(err, ERG_BAD_INPUT,
                        "%s:%zu: no column of time (run_time_s, time_s, "
                        "duration_s, time_ms or time_per_epoch)", file, header->line);
    if (to->at[ERG_FIELD_POWER] < 0 && to->at[ERG_FIELD_ENERGY] < 0)
        return erg_fail(err, ERG_BAD_INPUT,
                        "%s:%zu: no column of power (power_w, avg_power_w, "
                        "average_power or mean_w) or energy (energy_j)", file,
                        header->line);
    list_unused(to, header);
    return true;
}
