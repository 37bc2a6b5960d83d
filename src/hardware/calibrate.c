/* SPDX-License-Identifier: Apache-2.0 */
/* this-cpu, measured: its record of /proc and /sys with what it reaches, kept as the
 * user's own. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "hardware/measure.h"
#include "hardware/record.h"

static const double busy_share = 0.3;   /* of the cores, taken by others */

static const erg_column columns[] = {
    { "name",  ERG_TEXT, "what was measured" },
    { "value", ERG_REAL, "median of the repetitions" },
    { "unit",  ERG_TEXT, "SI" },
    { "low",   ERG_REAL, "slowest repetition" },
    { "high",  ERG_REAL, "fastest repetition" },
    { "share", ERG_REAL, "of the peak that follows from units and clock" },
};

/* Four times the last cache leaves nothing of an array in it. */
static size_t array_bytes(const erg_hardware *cpu)
{
    double bytes = fmax(64 << 20, 4 * (isnan(cpu->l2_bytes) ? 0 : cpu->l2_bytes));
    double most = isnan(cpu->memory_bytes) ? 256 << 20 : cpu->memory_bytes / 12;
    return (size_t)fmin(bytes, most);
}

static int threads_of(const erg_hardware *cpu)
{
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 && online < cpu->units ? (int)online : cpu->units;
}

typedef struct finding { const char *key, *unit, *source, *note; } finding;

static const finding streams = {
    "levels.memory.bw_bytes_per_s", "bytes_per_s", "erg calibrate this-cpu: triad",
    "24 bytes an element; caches that read a line before they write it move 32",
};
static const finding reached = {
    "levels.memory.achievable_share", "share", "erg calibrate this-cpu: triad",
    "the bandwidth beside it is what streams reach",
};
static const finding products = {
    "gemm_flop_per_s.vector.fp32", "flop_per_s", "erg calibrate this-cpu: cblas_sgemm",
    "large products on all cores",
};

static bool number_add(erg_record *record, const finding *what, double value,
                       const char *date, erg_error *err)
{
    return erg_record_number(record, &(erg_number){
        .key = what->key, .unit = what->unit, .source = what->source, .grade = "measured",
        .date = date, .note = what->note, .value = value,
    }, err);
}

static bool row_put(erg_table *table, const finding *what, const erg_measured *measured,
                    double share, erg_error *err)
{
    return erg_table_row(table, err)
        && erg_table_text(table, "name", what->key, err)
        && erg_table_real(table, "value", measured->median, err)
        && erg_table_text(table, "unit", what->unit, err)
        && erg_table_real(table, "low", measured->low, err)
        && erg_table_real(table, "high", measured->high, err)
        && erg_table_real(table, "share", share, err);
}

typedef struct calibration {
    erg_record *record;
    erg_result *result;
    erg_table *table;
    double for_s;
    char date[16];
} calibration;

static bool measure(calibration *run, erg_error *err)
{
    const erg_hardware *cpu = &run->record->hardware;
    erg_measure_plan plan = { .threads = threads_of(cpu), .array_bytes = array_bytes(cpu),
                              .matrix = 1024, .for_s = run->for_s };
    double peak = cpu->peak_flop_per_s[ERG_UNIT_VECTOR][ERG_FP32];
    erg_measured stream, product;
    erg_error none = { 0 };

    if (!erg_measure_triad(&plan, &stream, err)
        || !number_add(run->record, &streams, stream.median, run->date, err)
        || !number_add(run->record, &reached, 1, run->date, err)
        || !row_put(run->table, &streams, &stream, NAN, err))
        return false;
    if (!erg_measure_product(&plan, &product, &none))
        return erg_result_note(run->result, err, "%s", none.text);
    return number_add(run->record, &products, product.median, run->date, err)
        && row_put(run->table, &products, &product, product.median / peak, err);
}

static bool keep(const erg_record *record, const char *user_dir, erg_result *result,
                 erg_error *err)
{
    char folder[ERG_PATH_MOST], path[ERG_PATH_MOST + 32];

    if (snprintf(folder, sizeof(folder), "%s/hardware", user_dir) >= ERG_PATH_MOST)
        return erg_fail(err, ERG_BAD_INPUT, "path too long: %.80s...", user_dir);
    snprintf(path, sizeof(path), "%s/this-cpu.json", folder);
    return erg_folder_make(folder, err) && erg_record_save(record, path, err)
        && erg_result_note(result, err, "kept in %s: estimates on this-cpu use it", path);
}

/* Work of others takes cores and bandwidth: then nothing here is what the machine can. */
static bool busy_note(const erg_env *env, const erg_hardware *cpu, erg_result *result,
                      erg_error *err)
{
    char path[ERG_PATH_MOST], line[128];
    double load;

    if (!erg_path_join(env, "/proc/loadavg", path, NULL)
        || !erg_file_line(path, line, sizeof(line), NULL)
        || !erg_number_parse(line, strcspn(line, " "), '.', &load)
        || load < busy_share * cpu->units)
        return true;
    return erg_result_note(result, err,
                           "the machine was busy (load %.1f on %d cores): these "
                           "figures are too low, repeat when it is quiet",
                           load, cpu->units);
}

erg_result *erg_hardware_calibrate_cpu(const erg_env *env, const erg_catalog *catalog,
                                       double for_s, erg_error *err)
{
    if (!catalog->user_dir) {
        erg_fail(err, ERG_NOT_FOUND, "no folder to keep the record in: set HOME");
        return NULL;
    }
    erg_hardware *cpu = erg_hardware_this_cpu(env, err);
    erg_result *result = cpu ? erg_result_new("calibrate", err) : NULL;
    calibration run = { .record = cpu ? cpu->inside : NULL, .result = result,
                        .for_s = for_s > 0 ? for_s : 1 };

    erg_utc_format(erg_env_utc_ns(env), 0, run.date, sizeof(run.date));
    run.date[10] = '\0';
    run.table =
        result ? erg_result_add(result, "terms", columns, ERG_COUNT(columns), err) : NULL;
    bool ok = run.table && busy_note(env, cpu, result, err) && measure(&run, err)
        && keep(run.record, catalog->user_dir, result, err);
    erg_hardware_free(cpu);
    if (!ok) {
        erg_result_free(result);
        return NULL;
    }
    return result;
}
