/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which column of a table means what. Names are those that campaigns write, in any case;
 * where two of one meaning are there, the one that stands first here counts. A name that
 * ends in a unit may end in another of its kind: sm_clock_ghz, energy_kj, time_us.
 */
#include <ctype.h>
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
    { "frequency_mhz",    ERG_FIELD_SM_CLOCK, 1e6 },
    { "clock_mhz",        ERG_FIELD_SM_CLOCK, 1e6 },
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
    { "llc_misses",       ERG_FIELD_MISSES, 1 },
    { "state",            ERG_FIELD_STATE, 0 },
    { "definition",       ERG_FIELD_DEFINITION, 0 },
    { "simulated",        ERG_FIELD_SIMULATED, 0 },
};

/* What a name may end in. mw and mj are milliwatts and millijoules, as drivers write. */
typedef struct unit_row {
    const char *end;
    char kind;
    double factor;
} unit_row;

static const unit_row units[] = {
    { "_hz", 'f', 1 },  { "_khz", 'f', 1e3 },  { "_mhz", 'f', 1e6 }, { "_ghz", 'f', 1e9 },
    { "_w", 'p', 1 },   { "_mw", 'p', 1e-3 },  { "_kw", 'p', 1e3 },
    { "_s", 't', 1 },   { "_ms", 't', 1e-3 },  { "_us", 't', 1e-6 }, { "_ns", 't', 1e-9 },
    { "_min", 't', 60 },
    { "_j", 'e', 1 },   { "_mj", 'e', 1e-3 },  { "_kj", 'e', 1e3 },  { "_wh", 'e', 3600 },
    { "_kwh", 'e', 3.6e6 },
};

/* Words of a column that must not be passed over where nothing else says the setting. */
static const char *const setting_words[] = { "clock", "freq", "hz", "power_limit",
                                             "power_cap" };

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

static bool is_same(const char *a, const char *b, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (tolower((unsigned char)a[i]) != tolower((unsigned char)b[i]))
            return false;
    return true;
}

/* The column, from that one on, that is called stem and end in any case; -1: none. */
static int column_of(const erg_csv_row *header, const char *stem, size_t stem_count,
                     const char *end, size_t from)
{
    size_t end_count = strlen(end);

    for (size_t i = from; i < header->count; i++) {
        erg_field name = erg_field_trim(header->fields[i]);
        if (name.count == stem_count + end_count && is_same(name.text, stem, stem_count)
            && is_same(name.text + stem_count, end, end_count))
            return (int)i;
    }
    return -1;
}

static const unit_row *unit_of(const name_row *row)
{
    size_t length = strlen(row->name);

    for (size_t i = 0; i < ERG_COUNT(units); i++) {
        size_t end = strlen(units[i].end);
        bool is_si = row->factor >= units[i].factor && row->factor <= units[i].factor;
        if (is_si && length > end && strcmp(row->name + length - end, units[i].end) == 0)
            return &units[i];
    }
    return NULL;
}

static void take(erg_points_columns *to, const name_row *row, int column, double factor)
{
    if (column < 0 || to->at[row->field] >= 0)
        return;
    to->at[row->field] = column;
    to->factor[row->field] = factor;
}

/* First the names as they stand here, then those of another unit. */
static void find_named(erg_points_columns *to, const erg_csv_row *header)
{
    for (size_t i = 0; i < ERG_COUNT(names); i++)
        take(to, &names[i],
             column_of(header, names[i].name, strlen(names[i].name), "", 0),
             names[i].factor);
    for (size_t i = 0; i < ERG_COUNT(names); i++) {
        const unit_row *own = unit_of(&names[i]);
        for (size_t k = 0; own && k < ERG_COUNT(units); k++)
            if (units[k].kind == own->kind)
                take(to, &names[i],
                     column_of(header, names[i].name,
                               strlen(names[i].name) - strlen(own->end), units[k].end, 0),
                     units[k].factor);
    }
}

static bool check_single(const erg_points_columns *to, const erg_csv_row *header,
                         const char *file, erg_error *err)
{
    for (int i = 0; i < ERG_FIELDS; i++) {
        if (to->at[i] < 0)
            continue;
        erg_field name = erg_field_trim(header->fields[to->at[i]]);
        if (column_of(header, name.text, name.count, "", (size_t)to->at[i] + 1) >= 0)
            return erg_fail(err, ERG_BAD_INPUT, "%s:%zu: two columns are called %.*s", file,
                            header->line, (int)name.count, name.text);
    }
    return true;
}

static bool has_word(erg_field name, const char *word)
{
    size_t count = strlen(word);

    for (size_t i = 0; i + count <= name.count; i++)
        if (is_same(name.text + i, word, count))
            return true;
    return false;
}

/* Without its setting a sweep would be taken for repetitions of one point. */
static bool check_setting(const erg_points_columns *to, const erg_csv_row *header,
                          const char *file, erg_error *err)
{
    for (int i = ERG_FIELD_SM_CLOCK; i <= ERG_FIELD_OTHER; i++)
        if (to->at[i] >= 0)
            return true;
    for (size_t i = 0; i < header->count; i++)
        for (size_t k = 0; k < ERG_COUNT(setting_words); k++) {
            erg_field name = erg_field_trim(header->fields[i]);
            if (has_word(name, setting_words[k]) && (int)i != to->at[ERG_FIELD_SEEN])
                return erg_fail(err, ERG_BAD_INPUT,
                                "%s:%zu: what is %.*s? call the setting sm_clock_mhz, "
                                "power_cap_w or cpu_clock_mhz", file, header->line,
                                (int)name.count, name.text);
        }
    return true;
}

static void find_joined(erg_points_columns *to, const erg_csv_row *header,
                        const char *other)
{
    /* Beside a column of repetitions, seq is the order of the runs, not a length. */
    bool is_order = column_of(header, "run", 3, "", 0) >= 0;

    for (size_t i = 0; i < ERG_COUNT(joined); i++) {
        int column = column_of(header, joined[i], strlen(joined[i]), "", 0);
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
    find_named(to, header);
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
    return check_single(to, header, file, err) && check_setting(to, header, file, err);
}
