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

/* As it was measured before; nothing where it never was. */
static bool number_copy(erg_record *record, const finding *what, const erg_hardware *kept,
                        erg_error *err)
{
    const erg_number *number = kept ? erg_hardware_number(kept, what->key) : NULL;
    return !number || erg_record_number(record, number, err);
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

/* A record of /proc and /sys, to be measured; NULL: err is why. */
static erg_hardware *begin(const erg_env *env, const erg_catalog *catalog, calibration *run,
                           erg_error *err)
{
    if (!catalog->user_dir) {
        erg_fail(err, ERG_NOT_FOUND, "no folder to keep the record in: set HOME");
        return NULL;
    }
    erg_hardware *cpu = erg_hardware_this_cpu(env, err);
    run->record = cpu ? cpu->inside : NULL;
    run->result = cpu ? erg_result_new("calibrate", err) : NULL;
    run->table = run->result ? erg_result_add(run->result, "terms", columns,
                                              ERG_COUNT(columns), err) : NULL;
    erg_utc_format(erg_env_utc_ns(env), 0, run->date, sizeof(run->date));
    run->date[10] = '\0';
    return cpu;
}

static erg_result *end(calibration *run, erg_hardware *cpu, bool ok)
{
    erg_hardware_free(cpu);
    if (ok)
        return run->result;
    erg_result_free(run->result);
    return NULL;
}

erg_result *erg_hardware_calibrate_cpu(const erg_env *env, const erg_catalog *catalog,
                                       double for_s, erg_error *err)
{
    calibration run = { .for_s = for_s > 0 ? for_s : 1 };
    erg_hardware *cpu = begin(env, catalog, &run, err);
    bool ok = run.table && busy_note(env, cpu, run.result, err) && measure(&run, err)
        && keep(run.record, catalog->user_dir, run.result, err);

    return end(&run, cpu, ok);
}

static bool take(calibration *run, const erg_cpu_rates *rates, const erg_hardware *kept,
                 erg_error *err)
{
    double peak = run->record->hardware.peak_flop_per_s[ERG_UNIT_VECTOR][ERG_FP32];
    finding stream = streams, product = products, share = reached;
    erg_measured bytes = { rates->bytes_per_s, rates->bytes_low, rates->bytes_high, 0 };
    erg_measured flop = { rates->flop_per_s, rates->flop_low, rates->flop_high, 0 };

    stream.source = share.source = product.source = rates->source;
    stream.note = "cold element-wise kernels of a replay";
    product.note = "products and convolutions of a replay, hot";
    const char *date = rates->date ? rates->date : run->date;
    bool ok = isnan(bytes.median)
        ? number_copy(run->record, &streams, kept, err)
              && number_copy(run->record, &reached, kept, err)
        : number_add(run->record, &stream, bytes.median, date, err)
              && number_add(run->record, &share, 1, date, err)
              && row_put(run->table, &stream, &bytes, NAN, err);
    if (!ok || isnan(flop.median))
        return ok && number_copy(run->record, &products, kept, err);
    return number_add(run->record, &product, flop.median, date, err)
        && row_put(run->table, &product, &flop, flop.median / peak, err);
}

erg_result *erg_hardware_keep_cpu(const erg_env *env, const erg_catalog *catalog,
                                  const erg_cpu_rates *rates, erg_error *err)
{
    calibration run = { .for_s = 0 };
    erg_hardware *cpu = begin(env, catalog, &run, err);
    erg_hardware *kept = cpu ? erg_hardware_load(env, catalog, "this-cpu", NULL) : NULL;
    bool ok = run.table && take(&run, rates, kept, err)
        && keep(run.record, catalog->user_dir, run.result, err);

    erg_hardware_free(kept);
    return end(&run, cpu, ok);
}
