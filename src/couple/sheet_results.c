/* SPDX-License-Identifier: Apache-2.0 */
/* The results of the data sheet, each with its interval, its verdict and its convention. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/stats.h"
#include "couple/sheet_inside.h"

#define AWAY_NS (2 * ERG_NS_PER_S)          /* of the run's edges: surely idle */
#define NEVER_K_PER_S 1e-12

enum { IDLE_LEAST = 3, TEXT_SIZE = 200 };

static bool put(const erg_data_sheet *sheet, erg_data_sheet_row row)
{
    row.section = "results";
    row.time_s = NAN;
    return erg_data_sheet_put(sheet, &row);
}

static bool put_unknown(const erg_data_sheet *sheet, const char *name, const char *unit,
                        const char *why)
{
    return put(sheet, (erg_data_sheet_row){ .name = name, .unit = unit, .value = NAN,
                                       .low = NAN,
                                       .high = NAN, .note = why });
}

/* ---- the study's first pair that was tested ------------------------------------------ */

static size_t first_tested(const erg_table *verdict)
{
    size_t i = 0;

    while (verdict && i < erg_table_row_count(verdict)
           && !isfinite(erg_table_find(verdict, i, "r").real))
        i++;
    return i;
}

static const char *published_order(double lag_s, double u_lag_s)
{
    if (!isfinite(lag_s))
        return NULL;
    return fabs(lag_s) <= u_lag_s ? "simultaneous; expected -1 +- 0.5 s"
         : lag_s > 0 ? "optimisation first; expected -1 +- 0.5 s"
                     : "heat first; expected -1 +- 0.5 s";
}

static bool put_pair(const erg_data_sheet *sheet)
{
    const erg_table *verdict = erg_result_find(sheet->result, "verdict");
    size_t row = first_tested(verdict);
    char note[TEXT_SIZE];

    if (!verdict || row >= erg_table_row_count(verdict))
        return put_unknown(sheet, "r_peak", NULL, "no pair could be tested")
            && put_unknown(sheet, "t_lag", "s", "no pair could be tested");
    const char *x = erg_table_find(verdict, row, "x").text;
    const char *y = erg_table_find(verdict, row, "y").text;
    const char *said = erg_table_find(verdict, row, "verdict").text;
    double lag_s = erg_table_find(verdict, row, "lag_s").real;
    double u_lag_s = 0.5 * sheet->device->period_s;
    snprintf(note, sizeof(note), "%s:%s, residuals: %s", x ? x : "", y ? y : "",
             said ? said : "");
    return put(sheet, (erg_data_sheet_row){ .name = "r_peak", .note = note,
               .value = erg_table_find(verdict, row, "r").real,
               .low = erg_table_find(verdict, row, "r_low").real,
               .high = erg_table_find(verdict, row, "r_high").real })
        && put(sheet, (erg_data_sheet_row){ .name = "t_lag", .unit = "s", .value = -lag_s,
               .low = -lag_s - u_lag_s, .high = -lag_s + u_lag_s,
               .note = "published sign: the opposite of lag_s",
               .word = published_order(lag_s, u_lag_s) });
}

/* Of the same pair as r_peak. */
static bool put_coefficient(const erg_data_sheet *sheet)
{
    const erg_table *verdict = erg_result_find(sheet->result, "verdict");
    const erg_table *table = erg_result_find(sheet->result, "coefficient");
    size_t row = first_tested(verdict), rows = table ? erg_table_row_count(table) : 0;
    char note[TEXT_SIZE];

    if (!verdict || row >= erg_table_row_count(verdict) || rows == 0)
        return put_unknown(sheet, "k", "1/s", "no pair could be tested");
    const char *x = erg_table_find(verdict, row, "x").text;
    const char *y = erg_table_find(verdict, row, "y").text;
    for (size_t i = 0; i < rows; i++) {
        if (strcmp(erg_table_find(table, i, "x").text, x) != 0
            || strcmp(erg_table_find(table, i, "y").text, y) != 0)
            continue;
        bool zero = erg_table_find(table, i, "holds_zero").integer == 1;
        snprintf(note, sizeof(note),
                 "%s:%s, per unit of x%s; not to be carried to another run",
                 x, y, zero ? "; 0 is within its interval" : "");
        return put(sheet, (erg_data_sheet_row){ .name = "k", .unit = "1/s", .note = note,
            .value = erg_table_find(table, i, "k_per_s").real,
            .low = erg_table_find(table, i, "k_low_per_s").real,
            .high = erg_table_find(table, i, "k_high_per_s").real });
    }
    return put_unknown(sheet, "k", "1/s", "the series do not move");
}

/* ---- heat ---------------------------------------------------------------------------- */

void erg_data_sheet_fit(erg_data_sheet *sheet)
{
    const erg_thermal_options wish = {
        .ambient_k = sheet->input->ambient_k > 0 ? sheet->input->ambient_k : 0 };
    erg_error why = { 0 };
    erg_thermal *model = &sheet->model;

    if (!erg_thermal_fit(sheet->device, &wish, model, &why)) {
        *model = (erg_thermal){ .verdict = ERG_THERMAL_NOT_IDENTIFIABLE };
        erg_text_put(model->reason, sizeof(model->reason), why.text);
    }
    if (model->verdict == ERG_THERMAL_NOT_IDENTIFIABLE || model->pole_count < 1)
        return;
    sheet->tau_s = model->poles[model->pole_count - 1].tau_s;
    if (model->verdict == ERG_THERMAL_IDENTIFIED && model->poles[0].r_k_per_w > 0)
        sheet->c_j_per_k = model->poles[0].tau_s / model->poles[0].r_k_per_w;
}

static bool put_tau(const erg_data_sheet *sheet)
{
    const erg_thermal *model = &sheet->model;
    char note[TEXT_SIZE];

    snprintf(note, sizeof(note), "not identifiable: %s", model->reason);
    if (isnan(sheet->tau_s))
        return put_unknown(sheet, "tau_th", "s", note);
    const erg_thermal_pole *slow = &model->poles[model->pole_count - 1];
    return put(sheet, (erg_data_sheet_row){ .name = "tau_th", .unit = "s",
        .value = slow->tau_s,
        .low = slow->tau_low_s, .high = slow->tau_high_s,
        .note = erg_thermal_verdict_name(model->verdict) });
}

/* (T - T_ambient)/abs(dT/dt) of successive rows: the median of what is finite. */
static bool put_naive_tau(const erg_data_sheet *sheet)
{
    double room_k = erg_data_sheet_ambient_k(sheet),
           *tau_s = malloc((sheet->device->count + 1) * sizeof(*tau_s));
    const erg_monitor_row *rows = sheet->device->rows;
    size_t n = 0;

    if (!tau_s)
        return erg_fail(sheet->err, ERG_NO_MEMORY, "out of memory");
    for (size_t i = 1; i < sheet->device->count && isfinite(room_k); i++) {
        double now_k = rows[i].value[ERG_MONITOR_TEMP_K];
        double rise_k_per_s = (now_k - rows[i - 1].value[ERG_MONITOR_TEMP_K])
                            / erg_s_from_ns(rows[i].t_ns - rows[i - 1].t_ns);
        if (fabs(rise_k_per_s) > NEVER_K_PER_S && isfinite(rise_k_per_s))
            tau_s[n++] = (now_k - room_k) / fabs(rise_k_per_s);
    }
    double middle_s = erg_median(tau_s, n);
    free(tau_s);
    return isnan(middle_s)
        ? put_unknown(sheet, "naive_tau", "s", "needs an ambient temperature and a rise")
        : put(sheet, (erg_data_sheet_row){ .name = "naive_tau", .unit = "s",
              .value = middle_s,
              .low = NAN, .high = NAN,
              .note = "not a time constant: it grows with the distance "
              "of the samples" });
}

/* Joules of the run over the power that is there without it: useful over total. */
static bool put_efficiency(const erg_data_sheet *sheet)
{
    const erg_monitor_row *rows = sheet->device->rows;
    size_t off = 0, on = 0, count = sheet->device->count;
    double *power_w = malloc((count + 1) * sizeof(*power_w)), gross_w = 0;

    if (!power_w)
        return erg_fail(sheet->err, ERG_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < count && sheet->step_count; i++) {
        int64_t begin_ns = sheet->steps[0].t_ns, t_ns = rows[i].t_ns;
        int64_t end_ns = sheet->steps[sheet->step_count - 1].t_ns;
        double watts = rows[i].value[ERG_MONITOR_POWER_W];
        if (isfinite(watts) && (t_ns < begin_ns - AWAY_NS || t_ns > end_ns + AWAY_NS))
            power_w[off++] = watts;
        else if (isfinite(watts) && t_ns >= begin_ns && t_ns <= end_ns) {
            gross_w += watts;
            on++;
        }
    }
    double idle_w = erg_median(power_w, off), noise_w = erg_mad_sigma(power_w, off);
    free(power_w);
    if (!on || off < IDLE_LEAST)
        return put_unknown(sheet, "eta_p", NULL, "needs power in the run and without it");
    gross_w /= (double)on;
    if (gross_w - idle_w <= 2 * noise_w)
        return put_unknown(sheet, "eta_p", NULL,
                           "net power is inside its noise: the run does not "
                           "drive this device");
    return put(sheet, (erg_data_sheet_row){ .name = "eta_p",
        .value = (gross_w - idle_w) / gross_w,
        .low = (gross_w - idle_w - 2 * noise_w) / gross_w,
        .high = fmin(1, (gross_w - idle_w + 2 * noise_w) / gross_w),
        .note = "net over gross energy; all electric power becomes heat" });
}

static bool put_closure(const erg_data_sheet *sheet)
{
    const erg_thermal_options wish = {
        .ambient_k = sheet->input->ambient_k > 0 ? sheet->input->ambient_k : 0 };
    erg_balance of;
    erg_error why = { 0 };

    if (isnan(sheet->c_j_per_k))
        return put_unknown(sheet, "closure", NULL,
                           "needs a thermal network that is identified");
    if (!erg_thermal_balance(sheet->device, &wish, &sheet->model, &of, &why))
        return put_unknown(sheet, "closure", NULL, why.text);
    return put(sheet, (erg_data_sheet_row){ .name = "closure", .value = of.closure,
        .low = of.closure_low, .high = of.closure_high,
        .note = erg_balance_kind_name(of.kind) });
}

/* ---- the training log, the index ----------------------------------------------------- */

static double population_sd(const double x[], size_t n)
{
    return n > 1 ? erg_sd(x, n) * sqrt((double)(n - 1) / (double)n) : NAN;
}

static bool put_sigma(const erg_data_sheet *sheet, double room[])
{
    size_t n = erg_data_sheet_step_values(sheet, ERG_TRAINING_GRAD_NORM, room);
    double mean = erg_mean(room, n);

    if (!(n > 1 && mean > 0))
        return put_unknown(sheet, "sigma_opt", NULL, "the log holds no gradient norm");
    return put(sheet, (erg_data_sheet_row){ .name = "sigma_opt",
        .value = population_sd(room, n) / mean,
        .low = NAN, .high = NAN, .note = "SD over mean of grad_norm" });
}

/* Zeros before the first value are made by the old program. */
static size_t index_values(const erg_data_sheet *sheet, double out[])
{
    size_t n = erg_data_sheet_values(sheet, ERG_MONITOR_RLE_RAW, out), first = 0;

    while (first < n && out[first] == 0)
        first++;
    memmove(out, out + first, (n - first) * sizeof(*out));
    return n - first;
}

static const char *report_word(double mean, double most)
{
    return mean > 0.5 && most > 0.8 ? "excellent" : mean > 0.3 ? "good"
         : most > 0.8 ? "moderate" : "poor";
}

static bool put_index(const erg_data_sheet *sheet, double room[])
{
    size_t n = index_values(sheet, room);

    if (n == 0)
        return put_unknown(sheet, "delta_rle", NULL, "the log holds no index");
    double mean = erg_mean(room, n), least = erg_quantile(room, n, 0),
           most = erg_quantile(room, n, 1);
    return put(sheet, (erg_data_sheet_row){ .name = "delta_rle", .value = most - least,
               .low = least,
               .high = most, .note = "max - min without false first samples" })
        && put(sheet, (erg_data_sheet_row){ .name = "mean_rle", .value = mean, .low = NAN,
               .high = NAN,
               .word = report_word(mean, most), .note = "an index, not an efficiency" });
}

/* ---- health -------------------------------------------------------------------------- */

typedef struct health {
    const char *name, *unit;
    erg_monitor_value value;
    bool is_mean;
    double zero;
} health;

static const health healths[] = {
    { "max_temp_c", "C", ERG_MONITOR_TEMP_K, false, -273.15 },
    { "max_load", NULL, ERG_MONITOR_LOAD, false, 0 },
    { "collapse_share", NULL, ERG_MONITOR_COLLAPSE, true, 0 },
};

static bool put_health(const erg_data_sheet *sheet, double room[])
{
    for (size_t i = 0; i < ERG_COUNT(healths); i++) {
        size_t n = erg_data_sheet_values(sheet, healths[i].value, room);
        double value = healths[i].is_mean ? erg_mean(room, n) : erg_quantile(room, n, 1);
        if (n && !put(sheet, (erg_data_sheet_row){ .name = healths[i].name,
                      .unit = healths[i].unit,
                      .value = value + healths[i].zero, .low = NAN, .high = NAN }))
            return false;
    }
    return true;
}

bool erg_data_sheet_results(const erg_data_sheet *sheet)
{
    size_t most = sheet->device->count > sheet->step_count ? sheet->device->count
                                                           : sheet->step_count;
    double *room = malloc((most + 1) * sizeof(*room));
    bool ok = room || erg_fail(sheet->err, ERG_NO_MEMORY, "out of memory");

    ok = ok && put_pair(sheet) && put_tau(sheet) && put_efficiency(sheet)
      && put_coefficient(sheet) && put_sigma(sheet, room) && put_index(sheet, room)
      && put_closure(sheet) && put_naive_tau(sheet) && put_health(sheet, room)
      && erg_data_sheet_notes(sheet, room);
    free(room);
    return ok;
}
