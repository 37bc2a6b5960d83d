/* SPDX-License-Identifier: Apache-2.0 */
/* The catalogue as tables: a row a device; asked by name, every number and its source. */
#include <math.h>
#include <string.h>
#include "hardware/record.h"

static const erg_column columns[] = {
    { "name", ERG_TEXT, "give it to --on" },
    { "kind", ERG_TEXT, "gpu cpu npu tpu dsp cgra dpu" },
    { "maker", ERG_TEXT, "who makes it" },
    { "node_nm", ERG_REAL, "process" },
    { "units", ERG_INTEGER, "multiprocessors, compute units or cores" },
    { "fp32_flop_per_s", ERG_REAL, "dense peak of the vector units" },
    { "fp16_flop_per_s", ERG_REAL, "dense peak, fp16 or bf16, of the faster units" },
    { "int8_flop_per_s", ERG_REAL, "dense peak, of the faster units" },
    { "memory_bytes", ERG_REAL, "capacity" },
    { "memory_bytes_per_s", ERG_REAL, "bandwidth of the sheet" },
    { "l2_bytes", ERG_REAL, "last level of cache" },
    { "cap_w", ERG_REAL, "power limit as delivered" },
    { "idle_w", ERG_REAL, "measured or estimated at its lowest clock" },
    { "top_clock_hz", ERG_REAL, "highest clock" },
    { "curves", ERG_TEXT, "what is known over the clock: voltage, idle power" },
    { "boundary", ERG_TEXT, "what its joules cover" },
    { "about", ERG_TEXT, "what it is" },
};

static const erg_column number_columns[] = {
    { "device", ERG_TEXT, "name of the record" },
    { "number", ERG_TEXT, "key in the record" },
    { "value",  ERG_REAL, "in the unit beside it" },
    { "unit",   ERG_TEXT, "SI; 1 is a count" },
    { "grade",  ERG_TEXT, "measured, datasheet, derived, estimate or fictional" },
    { "date",   ERG_TEXT, "of the source" },
    { "source", ERG_TEXT, "where it is from" },
    { "note",   ERG_TEXT, "what to know about it" },
};

static double best_of(const erg_hardware *hardware, erg_precision precision)
{
    return fmax(hardware->peak_flop_per_s[ERG_UNIT_VECTOR][precision],
                hardware->peak_flop_per_s[ERG_UNIT_TENSOR][precision]);
}

static const char *curves_of(const erg_hardware *hardware)
{
    if (hardware->voltage_v.count)
        return hardware->idle_curve_w.count ? "voltage, idle" : "voltage";
    return hardware->idle_curve_w.count ? "idle" : NULL;
}

static bool reals_put(erg_table *table, const erg_hardware *hardware, erg_error *err)
{
    const struct { const char *column; double value;
    } reals[] = {
        { "node_nm", hardware->node_nm },
        { "fp32_flop_per_s", hardware->peak_flop_per_s[ERG_UNIT_VECTOR][ERG_FP32] },
        { "fp16_flop_per_s",
          fmax(best_of(hardware, ERG_FP16), best_of(hardware, ERG_BF16)) },
        { "int8_flop_per_s", best_of(hardware, ERG_INT8) },
        { "memory_bytes", hardware->memory_bytes },
        { "memory_bytes_per_s", hardware->memory_bytes_per_s },
        { "l2_bytes", hardware->l2_bytes },
        { "cap_w", hardware->cap_w },
        { "idle_w", hardware->idle_w },
        { "top_clock_hz", hardware->top_clock_hz },
    };
    bool ok = true;

    for (size_t i = 0; ok && i < ERG_COUNT(reals); i++)
        ok = erg_table_real(table, reals[i].column, reals[i].value, err);
    return ok;
}

static bool row_put(erg_table *table, const erg_hardware *hardware, erg_error *err)
{
    return erg_table_row(table, err) && erg_table_text(table, "name", hardware->name, err)
           && erg_table_text(table, "kind", erg_hardware_kind_names[hardware->kind], err)
           && erg_table_text(table, "maker", hardware->maker, err)
           && erg_table_integer(table, "units",
                                hardware->units ? hardware->units : ERG_NONE, err)
           && reals_put(table, hardware, err)
           && erg_table_text(table, "curves", curves_of(hardware), err)
           && erg_table_text(table, "boundary", hardware->boundary, err)
           && erg_table_text(table, "about", hardware->about, err);
}

static bool numbers_put(erg_table *table, const erg_hardware *hardware, erg_error *err)
{
    bool ok = true;

    for (size_t i = 0; ok && i < erg_hardware_number_count(hardware); i++) {
        const erg_number *number = erg_hardware_number_at(hardware, i);
        ok = erg_table_row(table, err)
            && erg_table_text(table, "device", hardware->name, err)
            && erg_table_text(table, "number", number->key, err)
            && erg_table_real(table, "value", number->value, err)
            && erg_table_text(table, "unit", number->unit, err)
            && erg_table_text(table, "grade", number->grade, err)
            && erg_table_text(table, "date", number->date, err)
            && erg_table_text(table, "source", number->source, err)
            && erg_table_text(table, "note", number->note, err);
    }
    return ok;
}

static bool device_put(const erg_env *env, const erg_catalog *catalog, const char *name,
                       erg_table *const tables[2], erg_error *err)
{
    erg_hardware *hardware = erg_hardware_load(env, catalog, name, err);
    bool ok = hardware && row_put(tables[0], hardware, err)
        && (!tables[1] || numbers_put(tables[1], hardware, err));

    erg_hardware_free(hardware);
    return ok;
}

/* A machine that does not tell its processor has one device less, no more. */
static bool this_cpu_put(const erg_env *env, erg_table *table, erg_error *err)
{
    erg_hardware *hardware = erg_hardware_this_cpu(env, NULL);
    bool ok = !hardware || row_put(table, hardware, err);

    erg_hardware_free(hardware);
    return ok;
}

static bool all_put(const erg_env *env, const erg_catalog *catalog,
                    erg_table *const tables[2], erg_error *err)
{
    erg_names names = { 0 };
    bool ok = erg_names_list(catalog, &names, err);

    if (ok && names.count == 0)
        ok = erg_names_find(catalog, "", (char[ERG_PATH_MOST]){ 0 }, err);
    bool is_kept = false;           /* this-cpu, by a calibration */
    for (size_t i = 0; ok && i < names.count; i++) {
        is_kept = is_kept || strcmp(names.items[i], "this-cpu") == 0;
        ok = device_put(env, catalog, names.items[i], tables, err);
    }
    erg_names_free(&names);
    return ok && (is_kept || this_cpu_put(env, tables[0], err));
}

erg_result *erg_hardware_table(const erg_env *env, const erg_catalog *catalog,
                               const char *const *names, size_t count, erg_error *err)
{
    erg_result *result = erg_result_new("hardware", err);
    erg_table *tables[2] = { NULL };
    bool ok = result
              && (tables[0] =
                      erg_result_add(result, "hardware", columns, ERG_COUNT(columns), err))
              && (!count
                  || (tables[1] = erg_result_add(result, "numbers", number_columns,
                                                 ERG_COUNT(number_columns), err)));

    if (ok && !count)
        ok = all_put(env, catalog, tables, err);
    for (size_t i = 0; ok && i < count; i++)
        ok = device_put(env, catalog, names[i], tables, err);
    if (!ok) {
        erg_result_free(result);
        return NULL;
    }
    return result;
}
