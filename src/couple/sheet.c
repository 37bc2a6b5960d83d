/* SPDX-License-Identifier: Apache-2.0 */
/* The data sheet: four sections in one long table, filled or blank. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "erg/version.h"
#include "format/cells.h"
#include "couple/sheet_inside.h"

/* A long record is printed as so many means of equal stretches. */
enum { TIMES_MOST = 240 };

static const erg_column columns[] = {
    { "section", ERG_TEXT, "session, thermal, optimisation or results" },
    { "time_s", ERG_REAL, "from the first row of the device; none: of the whole session" },
    { "name", ERG_TEXT, "of the value" },
    { "value", ERG_REAL, "in unit" },
    { "low", ERG_REAL, "95 % interval" },
    { "high", ERG_REAL, "95 % interval" },
    { "unit", ERG_TEXT, "of value, low and high" },
    { "note", ERG_TEXT,
      "a word for what is no number; how it was found; why it is not known" },
    { "convention", ERG_TEXT,
      "what the published sheet calls it: no test, decides nothing" },
};

/* ---- session ------------------------------------------------------------------------- */

static bool put_word(const erg_data_sheet *sheet, const char *name, const char *unit,
                     double value, const char *note)
{
    return erg_data_sheet_put(sheet,
                              &(erg_data_sheet_row){ .section = "session", .name = name,
        .unit = unit, .time_s = NAN, .value = value, .low = NAN, .high = NAN,
        .note = note && note[0] ? note : NULL });
}

static double ambient_of(const erg_data_sheet_input *input, const char **note)
{
    if (input->ambient_k > 0) {
        *note = "measured";
        return input->ambient_k;
    }
    *note = input->facts && isfinite(input->facts->ambient_k)
        ? "as stated in the session's file: nobody measured it"
        : "NO_AMBIENT: not measured";
    return input->facts ? input->facts->ambient_k : NAN;
}

static const char *fan_mode(const erg_monitor_device *device, char to[64])
{
    double low = INFINITY, high = -INFINITY;

    for (size_t i = 0; i < device->count; i++) {
        low = fmin(low, device->rows[i].value[ERG_MONITOR_FAN]);
        high = fmax(high, device->rows[i].value[ERG_MONITOR_FAN]);
    }
    if (!(high >= low))
        return NULL;
    snprintf(to, 64, "%.0f to %.0f %%", 100 * low, 100 * high);
    return to;
}

/* What a sidecar states; without one none of these rows. */
static bool put_told(const erg_data_sheet *sheet)
{
    const erg_session_facts *facts = sheet->input->facts;
    char rate[96];

    if (!facts)
        return true;
    snprintf(rate, sizeof(rate), "the sidecar states a thousandth of it; rows come every "
             "%.4g s", sheet->device->period_s);
    return (!facts->mode[0] || put_word(sheet, "mode", NULL, NAN, facts->mode))
        && (!facts->notes[0] || put_word(sheet, "notes", NULL, NAN, facts->notes))
        && (!isfinite(facts->ambient_guess_k)
            || put_word(sheet, "ambient guess", "C", facts->ambient_guess_k - 273.15,
                        "guessed in the sidecar: nobody measured it, nothing uses it"))
        && (!isfinite(facts->rate_hz)
            || put_word(sheet, "sample rate", "Hz", facts->rate_hz, rate))
        && (!facts->sidecar_trouble[0]
            || put_word(sheet, "sidecar", NULL, NAN, facts->sidecar_trouble));
}

static bool put_session(const erg_data_sheet *sheet)
{
    const erg_data_sheet_input *input = sheet->input;
    const erg_session_facts *facts = input->facts;
    const erg_monitor_device *device = sheet->device;
    char date[40], fan[64], key[32];
    const char *ambient = NULL;
    double ambient_k = ambient_of(input, &ambient);
    int64_t end_ns = device->rows[device->count - 1].t_ns;

    erg_utc_format(sheet->zero_ns, 3, date, sizeof(date));
    snprintf(key, sizeof(key), "%llu", (unsigned long long)input->key);
    return put_word(sheet, "id", NULL, NAN, facts && facts->id[0] ? facts->id : input->name)
        && put_word(sheet, "date", "UTC", NAN, date)
        && put_word(sheet, "duration", "s", erg_s_from_ns(end_ns - sheet->zero_ns), NULL)
        && put_word(sheet, "ambient", "C", ambient_k - 273.15, ambient)
        && put_word(sheet, "model", NULL, NAN, facts ? facts->model : NULL)
        && put_word(sheet, "device", NULL, NAN, device->name)
        && put_word(sheet, "driver", NULL, NAN, erg_monitor_layout(input->monitor))
        && put_word(sheet, "fan mode", NULL, NAN, fan_mode(device, fan))
        && put_word(sheet, "rng key", NULL, NAN, key)
        && put_word(sheet, "versions", NULL, NAN, "erg " ERG_VERSION) && put_told(sheet);
}

/* ---- blank --------------------------------------------------------------------------- */

static const struct { const char *section, *name, *unit; } blank[] = {
    { "session", "id", NULL }, { "session", "date", "UTC" }, { "session", "duration", "s" },
    { "session", "ambient", "C" }, { "session", "model", NULL },
    { "session", "device", NULL }, { "session", "driver", NULL },
    { "session", "fan mode", NULL }, { "session", "rng key", NULL },
    { "session", "versions", NULL }, { "thermal", "temp_c", "C" },
    { "thermal", "power_w", "W" }, { "thermal", "rle", NULL },
    { "thermal", "collapse", NULL }, { "thermal", "q_out_w", "W" },
    { "optimisation", "grad_norm", NULL }, { "optimisation", "loss", NULL },
    { "optimisation", "lr", NULL }, { "optimisation", "epoch", NULL },
    { "optimisation", "step", NULL }, { "results", "r_peak", NULL },
    { "results", "t_lag", "s" }, { "results", "tau_th", "s" }, { "results", "eta_p", NULL },
    { "results", "k", "1/s" }, { "results", "sigma_opt", NULL },
    { "results", "delta_rle", NULL }, { "results", "closure", NULL },
    { "results", "naive_tau", "s" },
};

static bool begin(erg_data_sheet *sheet)
{
    sheet->table = erg_result_add(sheet->result, "sheet", columns, ERG_COUNT(columns),
                                  sheet->err);
    return sheet->table != NULL;
}

erg_result *erg_data_sheet_blank(erg_error *err)
{
    erg_data_sheet sheet = { .result = erg_result_new("couple", err), .err = err };
    bool ok = sheet.result && begin(&sheet);

    for (size_t i = 0; ok && i < ERG_COUNT(blank); i++)
        ok = erg_data_sheet_put(&sheet, &(erg_data_sheet_row){ .section = blank[i].section,
            .name = blank[i].name, .unit = blank[i].unit, .time_s = NAN, .value = NAN,
            .low = NAN, .high = NAN });
    if (ok)
        return sheet.result;
    erg_result_free(sheet.result);
    return NULL;
}

/* ---- series -------------------------------------------------------------------------- */

typedef struct drawn { int value; const char *name, *unit; double per, zero; } drawn;

static const drawn thermal[] = {
    { ERG_MONITOR_TEMP_K, "temp_c", "C", 1, -273.15 },
    { ERG_MONITOR_POWER_W, "power_w", "W", 1, 0 },
    { ERG_MONITOR_RLE_RAW, "rle", NULL, 1, 0 },
    { ERG_MONITOR_COLLAPSE, "collapse", NULL, 1, 0 },
    { ERG_MONITOR_FAN, "fan_pct", "%", 100, 0 },
    { ERG_MONITOR_CLOCK_HZ, "clock_mhz", "MHz", 1e-6, 0 },
    { ERG_MONITOR_USE, "util_pct", "%", 100, 0 },
    { ERG_MONITOR_THROTTLE, "throttle", "bits", 1, 0 },
};

static const drawn optimisation[] = {
    { ERG_TRAINING_GRAD_NORM, "grad_norm", NULL, 1, 0 },
    { ERG_TRAINING_LOSS, "loss", NULL, 1, 0 }, { ERG_TRAINING_LR, "lr", NULL, 1, 0 },
    { ERG_TRAINING_EPOCH, "epoch", NULL, 1, 0 }, { ERG_TRAINING_STEP, "step", NULL, 1, 0 },
    { ERG_TRAINING_STEP_S, "step_s", "s", 1, 0 },
};

/* Means of the values that are there in [first, end); flags keep every bit that was set. */
static double mean_of(const double *const values[], size_t first, size_t end, int value,
                      bool is_flag)
{
    double sum = 0, most = NAN;
    size_t n = 0;

    for (size_t i = first; i < end; i++) {
        double one = values[i][value];
        if (isnan(one))
            continue;
        sum += one;
        most = isnan(most) ? one : (double)((unsigned)most | (unsigned)one);
        n++;
    }
    return is_flag ? most : n ? sum / (double)n : NAN;
}

typedef struct column_set {
    const char *section;
    const drawn *drawn;
    size_t drawn_count;
    const double *const *values;    /* of each row */
    const int64_t *t_ns;
    size_t count;
} column_set;

static bool put_time(const erg_data_sheet *sheet, const column_set *of, size_t first,
                     size_t end)
{
    int64_t middle_ns = of->t_ns[first] + (of->t_ns[end - 1] - of->t_ns[first]) / 2;

    for (size_t c = 0; c < of->drawn_count; c++) {
        const drawn *column = &of->drawn[c];
        bool is_flag = strcmp(column->name, "throttle") == 0
            || strcmp(column->name, "collapse") == 0;
        double value = mean_of(of->values, first, end, column->value, is_flag);
        if (!isnan(value)
            && !erg_data_sheet_put(sheet, &(erg_data_sheet_row){ .section = of->section,
                   .name = column->name, .unit = column->unit,
                   .time_s = erg_s_from_ns(middle_ns - sheet->zero_ns),
                   .value = column->per * value + column->zero, .low = NAN, .high = NAN,
                   .word = "" }))
            return false;
    }
    return true;
}

/* What leaves the device: power less what its heat capacity takes up. */
static bool put_heat(const erg_data_sheet *sheet, const column_set *of, size_t first,
                     size_t end)
{
    size_t middle = first + (end - first) / 2;
    double dt_s = erg_s_from_ns(of->t_ns[end - 1] - of->t_ns[first]);
    double rise_k = mean_of(of->values, middle, end, ERG_MONITOR_TEMP_K, false)
                  - mean_of(of->values, first, middle, ERG_MONITOR_TEMP_K, false);
    double power_w = mean_of(of->values, first, end, ERG_MONITOR_POWER_W, false);
    /* The halves' means lie half of the stretch apart. */
    double out_w = power_w - sheet->c_j_per_k * rise_k / (dt_s / 2);

    return !isfinite(out_w)
        || erg_data_sheet_put(sheet, &(erg_data_sheet_row){ .section = of->section,
               .name = "q_out_w",
               .unit = "W", .time_s = erg_s_from_ns(of->t_ns[middle] - sheet->zero_ns),
               .value = out_w, .low = NAN, .high = NAN, .word = "",
               .note = "P - C dT/dt with the fit's C" });
}

static bool put_all_heat(const erg_data_sheet *sheet, const column_set *of)
{
    enum { ROWS_AT_ONCE = 10 };
    size_t times = of->count / ROWS_AT_ONCE < TIMES_MOST
        ? of->count / ROWS_AT_ONCE : TIMES_MOST;

    for (size_t i = 0; i < times && isfinite(sheet->c_j_per_k); i++)
        if (!put_heat(sheet, of, i * of->count / times, (i + 1) * of->count / times))
            return false;
    return true;
}

static bool put_series(const erg_data_sheet *sheet, const column_set *of)
{
    size_t each = of->count / TIMES_MOST + (of->count % TIMES_MOST > 0);

    for (size_t first = 0; first < of->count; first += each)
        if (!put_time(sheet, of, first, first + each < of->count
                                            ? first + each : of->count))
            return false;
    return each <= 1
        || erg_result_note(sheet->result, sheet->err,
                           "section %s of the sheet holds means of %zu "
                           "rows", of->section, each);
}

bool erg_data_sheet_series(const erg_data_sheet *sheet)
{
    size_t rows = sheet->device->count, most = rows > sheet->step_count
        ? rows : sheet->step_count;
    const double **values = malloc((most + 1) * sizeof(*values));
    int64_t *t_ns = malloc((most + 1) * sizeof(*t_ns));
    bool ok = (values && t_ns) || erg_fail(sheet->err, ERG_NO_MEMORY, "out of memory");

    for (size_t i = 0; ok && i < rows; i++) {
        values[i] = sheet->device->rows[i].value;
        t_ns[i] = sheet->device->rows[i].t_ns;
    }
    const column_set heat = { "thermal", thermal, ERG_COUNT(thermal), values, t_ns, rows };
    ok = ok && put_series(sheet, &heat) && put_all_heat(sheet, &heat);
    for (size_t i = 0; ok && i < sheet->step_count; i++) {
        values[i] = sheet->steps[i].value;
        t_ns[i] = sheet->steps[i].t_ns;
    }
    ok = ok && put_series(sheet, &(column_set){ "optimisation", optimisation,
                                                ERG_COUNT(optimisation), values, t_ns,
                                                sheet->step_count });
    free(values);
    free(t_ns);
    return ok;
}

/* ---- public -------------------------------------------------------------------------- */

static const erg_monitor_device *device_of(const erg_data_sheet_input *input)
{
    const erg_monitor_device *found =
        erg_monitor_find(input->monitor, input->device ? input->device : "gpu");

    return found || input->device || !erg_monitor_devices(input->monitor)
        ? found : erg_monitor_device_at(input->monitor, 0);
}

static bool take_steps(erg_data_sheet *sheet)
{
    const erg_training_row *rows = sheet->input->training
        ? erg_training_rows(sheet->input->training, &sheet->step_count) : NULL;

    sheet->steps = malloc((sheet->step_count + 1) * sizeof(*sheet->steps));
    if (!sheet->steps)
        return erg_fail(sheet->err, ERG_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < sheet->step_count; i++) {
        sheet->steps[i] = rows[i];
        sheet->steps[i].t_ns += sheet->input->training_shift_ns;
    }
    return true;
}

bool erg_data_sheet_add(erg_result *study, const erg_data_sheet_input *input,
                        erg_error *err)
{
    erg_data_sheet sheet = { .input = input, .device = device_of(input), .result = study,
                        .tau_s = NAN, .c_j_per_k = NAN, .err = err };

    if (!sheet.device || sheet.device->count == 0)
        return erg_fail(err, ERG_NOT_FOUND, "the log has no device '%s' for the data sheet",
                        input->device ? input->device : "gpu");
    sheet.zero_ns = sheet.device->rows[0].t_ns;
    if (!take_steps(&sheet))
        return false;
    erg_data_sheet_fit(&sheet);
    bool ok = begin(&sheet) && put_session(&sheet) && erg_data_sheet_series(&sheet)
           && erg_data_sheet_results(&sheet) && erg_data_sheet_throttle(&sheet);
    free(sheet.steps);
    return ok;
}
