/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of erg thermal fit: a row for each steady window. */
#include <math.h>
#include <string.h>
#include "format/cells.h"
#include "thermal/balance_inside.h"
#include "thermal/curves.h"
#include "thermal/structure.h"

enum { REGIMES_MOST = 64 };

static const erg_column pole_columns[] = {
    { "device", ERG_TEXT, "as the log names it" },
    { "pole", ERG_INTEGER, "from the fastest, 1" },
    { "r_k_per_w", ERG_REAL, "thermal resistance of the pole" },
    { "r_low_k_per_w", ERG_REAL, "95 % interval" },
    { "r_high_k_per_w", ERG_REAL, "95 % interval" },
    { "tau_s", ERG_REAL, "its time constant" },
    { "tau_low_s", ERG_REAL, "95 % interval, by profile" },
    { "tau_high_s", ERG_REAL, "95 % interval, by profile" },
    { "c_j_per_k", ERG_REAL, "tau over R: what fans and flow should not change" },
    { "window", ERG_TEXT, "seconds from the first row" },
};

static const erg_column fit_columns[] = {
    { "device", ERG_TEXT, "as the log names it" },
    { "poles", ERG_INTEGER, "that the record carries" },
    { "rmse_k", ERG_REAL, "of the fit" },
    { "verdict", ERG_TEXT, "identified, time constant only, or not identifiable and why" },
    { "ambient_c", ERG_REAL, "temperature at no power, found or stated" },
    { "r_fast_k_per_w", ERG_REAL, "R_0: every pole faster than the sampling" },
    { "delay_s", ERG_REAL, "of the power sensor; above 0: it is late" },
    { "rmse_held_out_k", ERG_REAL, "second half, run on its power, fit of the first half" },
    { "max_held_out_k", ERG_REAL, "likewise, the largest" },
    { "window", ERG_TEXT, "seconds from the first row" },
    { "fan_low", ERG_REAL, "0 to 1: the fit holds for this range alone" },
    { "fan_high", ERG_REAL, "0 to 1" },
    { "leakage_w_per_k", ERG_REAL,
      "power that heat adds, where clock and load stand still" },
    { "ambient_low_c", ERG_REAL, "95 % interval" },
    { "ambient_high_c", ERG_REAL, "95 % interval" },
    { "power_low_w", ERG_REAL, "5 % of the samples are below" },
    { "power_high_w", ERG_REAL, "5 % of the samples are above" },
    { "rows", ERG_INTEGER, "that were fitted" },
    { "n_eff", ERG_REAL, "worth so many independent ones" },
};

static const erg_column cauer_columns[] = {
    { "device", ERG_TEXT, "as the log names it" },
    { "node", ERG_INTEGER, "from the junction out, 1" },
    { "c_j_per_k", ERG_REAL, "capacity of the node" },
    { "r_k_per_w", ERG_REAL, "to the next node" },
    { "window", ERG_TEXT, "seconds from the first row" },
};

static const erg_column schedule_columns[] = {
    { "device", ERG_TEXT, "as the log names it" },
    { "windows", ERG_INTEGER, "that were identified" },
    { "r_still_k_per_w", ERG_REAL, "of the slowest pole: ln R = ln r_still + slope fan" },
    { "ln_r_per_fan", ERG_REAL, "slope, fan as 0 to 1" },
    { "fan_low", ERG_REAL, "holds from here" },
    { "fan_high", ERG_REAL, "to here" },
    { "c_j_per_k", ERG_REAL, "tau over R, geometric mean: should not follow the fan" },
    { "c_ratio", ERG_REAL, "largest over least" },
    { "consistent", ERG_TRUTH, "within a factor of two" },
};

static const erg_column relax_columns[] = {
    { "device", ERG_TEXT, "as the log names it" },
    { "tau_s", ERG_REAL, "of T_inf - (T_inf - T_0) exp(-t/tau)" },
    { "end_c", ERG_REAL, "T_inf" },
    { "begin_c", ERG_REAL, "T_0" },
    { "rmse_k", ERG_REAL, "of the fit" },
    { "window", ERG_TEXT, "seconds from the first row" },
};

typedef struct fit_tables {
    erg_result *result;
    erg_table *poles, *fit, *cauer, *relax, *balance, *schedule, *curves, *structure;
    const erg_thermal_options *options;
    const erg_monitor *monitor;
    const erg_monitor_device *device;
    erg_thermal *models;        /* of the device, ERG_SCHEDULE_MOST */
    size_t model_count;
    erg_error *err;
} fit_tables;

static void window_text(double begin_s, double end_s, char *to, size_t size)
{
    snprintf(to, size, "%.1fs:%.1fs", begin_s, end_s);
}

static bool put_poles(const fit_tables *to, const erg_thermal *model, const char *window)
{
    for (int i = 0; i < model->pole_count; i++) {
        const erg_thermal_pole *pole = &model->poles[i];
        /* Without a change of power, nothing of a resistance is known. */
        bool only_tau = model->verdict == ERG_THERMAL_TIME_CONSTANT_ONLY;
        const erg_real cells[] = {
            { "r_k_per_w", only_tau ? NAN : pole->r_k_per_w },
            { "r_low_k_per_w", only_tau ? NAN : pole->r_low_k_per_w },
            { "r_high_k_per_w", only_tau ? NAN : pole->r_high_k_per_w },
            { "tau_s", pole->tau_s }, { "tau_low_s", pole->tau_low_s },
            { "tau_high_s", pole->tau_high_s },
            { "c_j_per_k", only_tau || !(pole->r_k_per_w > 0)
                               ? NAN : pole->tau_s / pole->r_k_per_w },
        };
        if (!erg_table_row(to->poles, to->err)
            || !erg_table_text(to->poles, "device", to->device->name, to->err)
            || !erg_table_integer(to->poles, "pole", i + 1, to->err)
            || !erg_table_text(to->poles, "window", window, to->err)
            || !erg_put_reals(to->poles, cells, ERG_COUNT(cells), to->err))
            return false;
    }
    return true;
}

static bool put_fit(const fit_tables *to, const erg_thermal *model, const char *window)
{
    char verdict[200];
    bool only_tau = model->verdict == ERG_THERMAL_TIME_CONSTANT_ONLY;
    const erg_real cells[] = {
        { "rmse_k", model->rmse_k },
        { "ambient_c", only_tau ? NAN : model->ambient_k - 273.15 },
        { "r_fast_k_per_w", only_tau ? NAN : model->r_fast_k_per_w },
        { "delay_s", model->delay_s }, { "rmse_held_out_k", model->held_out_rmse_k },
        { "max_held_out_k", model->held_out_max_k }, { "fan_low", model->fan_low },
        { "fan_high", model->fan_high },
        { "ambient_low_c", only_tau ? NAN : model->ambient_low_k - 273.15 },
        { "ambient_high_c", only_tau ? NAN : model->ambient_high_k - 273.15 },
        { "power_low_w", model->power_low_w }, { "power_high_w", model->power_high_w },
        { "n_eff", model->n_eff }, { "leakage_w_per_k", model->leakage_w_per_k },
    };

    snprintf(verdict, sizeof(verdict), "%s%s%s", erg_thermal_verdict_name(model->verdict),
             model->verdict == ERG_THERMAL_NOT_IDENTIFIABLE ? ": " : "",
             model->verdict == ERG_THERMAL_NOT_IDENTIFIABLE ? model->reason : "");
    return erg_table_row(to->fit, to->err)
        && erg_table_text(to->fit, "device", to->device->name, to->err)
        && erg_table_integer(to->fit, "poles", model->pole_count, to->err)
        && erg_table_text(to->fit, "verdict", verdict, to->err)
        && erg_table_text(to->fit, "window", window, to->err)
        && erg_table_integer(to->fit, "rows", (int64_t)model->rows, to->err)
        && erg_put_reals(to->fit, cells, ERG_COUNT(cells), to->err);
}

static bool put_cauer(const fit_tables *to, const erg_thermal *model, const char *window)
{
    erg_cauer ladder;
    erg_error why = { 0 };

    if (!to->cauer)
        return true;
    if (model->verdict == ERG_THERMAL_TIME_CONSTANT_ONLY
        || !erg_thermal_cauer(model, &ladder, &why))
        return erg_result_note(to->result, to->err, "%s %s: no ladder: %s",
                               to->device->name, window,
                               why.text[0] ? why.text : model->reason);
    for (int i = 0; i < ladder.count; i++)
        if (!erg_table_row(to->cauer, to->err)
            || !erg_table_text(to->cauer, "device", to->device->name, to->err)
            || !erg_table_integer(to->cauer, "node", i + 1, to->err)
            || !erg_table_real(to->cauer, "c_j_per_k", ladder.c_j_per_k[i], to->err)
            || !erg_table_real(to->cauer, "r_k_per_w", ladder.r_k_per_w[i], to->err)
            || !erg_table_text(to->cauer, "window", window, to->err))
            return false;
    return true;
}

static bool put_relax(const fit_tables *to, const erg_relaxation *one, const char *window)
{
    const erg_real cells[] = {
        { "tau_s", one->tau_s }, { "end_c", one->end_k - 273.15 },
        { "begin_c", one->begin_k - 273.15 }, { "rmse_k", one->rmse_k },
    };
    return erg_table_row(to->relax, to->err)
        && erg_table_text(to->relax, "device", to->device->name, to->err)
        && erg_table_text(to->relax, "window", window, to->err)
        && erg_put_reals(to->relax, cells, ERG_COUNT(cells), to->err);
}

static bool put_balance(const fit_tables *to, const erg_balance *of, const char *against)
{
    const erg_balance_name name = { to->device->name, against };
    return erg_balance_put(to->balance, &name, of, to->err);
}

static bool balance_coolant(const fit_tables *to, const erg_thermal_options *options,
                            const erg_thermal *model)
{
    erg_balance one;
    erg_error why = { 0 };

    if (!options->coolant)
        return true;
    if (erg_coolant_balance(to->monitor, to->device, options, model, &one, &why))
        return put_balance(to, &one, "coolant")
            && (isfinite(one.stored_j)
                || erg_result_note(to->result, to->err, "%s: what it stored is unknown, "
                                   "and so is the closure: the fit is %s", to->device->name,
                                   erg_thermal_verdict_name(model->verdict)));
    return why.code == ERG_NO_DATA ? erg_result_note(to->result, to->err, "%s", why.text)
                                   : erg_fail(to->err, why.code, "%s", why.text);
}

static bool balance_window(const fit_tables *to, const erg_thermal_options *options,
                           const erg_thermal *model)
{
    erg_balance one;
    erg_error why = { 0 };

    if (model->verdict != ERG_THERMAL_IDENTIFIED)
        return balance_coolant(to, options, model);
    if (!erg_thermal_balance(to->device, options, model, &one, &why))
        return erg_result_note(to->result, to->err, "%s", why.text);
    return put_balance(to, &one, "network") && balance_coolant(to, options, model);
}

/* A window that cannot be fitted is a note, not the end. */
static bool put_window(fit_tables *to, const erg_thermal_options *options)
{
    erg_thermal model;
    erg_relaxation relaxation;
    erg_error why = { 0 };
    char window[64];

    if (!erg_monitor_one_writer(to->device, options->begin_s, options->end_s, to->err))
        return false;
    if (options->relax ? !erg_thermal_relax(to->device, options, &relaxation, &why)
                       : !erg_thermal_fit(to->device, options, &model, &why)) {
        if (why.code != ERG_NO_DATA)
            return erg_fail(to->err, why.code, "%s", why.text);
        return erg_result_note(to->result, to->err, "%s", why.text);
    }
    if (options->relax) {
        window_text(options->begin_s, options->end_s, window, sizeof(window));
        return put_relax(to, &relaxation, window);
    }
    if (to->model_count < ERG_SCHEDULE_MOST)
        to->models[to->model_count++] = model;
    window_text(model.begin_s, model.end_s, window, sizeof(window));
    return put_poles(to, &model, window) && put_fit(to, &model, window)
        && put_cauer(to, &model, window) && balance_window(to, options, &model)
        && erg_structure_put(to->result, &to->structure,
                             &(erg_structure_window){ to->device, options, window },
                             to->err)
        && (!to->curves || erg_curves_put(to->curves, to->device, options,
                                          &(erg_curves_of){ &model, window }, to->err));
}

static bool put_schedule(const fit_tables *to)
{
    erg_gain_schedule of;

    if (!to->schedule)
        return true;
    if (!erg_thermal_schedule(to->models, to->model_count, &of))
        return erg_result_note(to->result, to->err,
                               "%s: no schedule: it takes two windows that "
                               "are identified, with the fan 5 points "
                               "apart (--ambient TEMP helps)", to->device->name);
    const erg_real cells[] = {
        { "r_still_k_per_w", of.r_still_k_per_w }, { "ln_r_per_fan", of.log_r_per_fan },
        { "fan_low", of.fan_low }, { "fan_high", of.fan_high },
        { "c_j_per_k", of.c_j_per_k }, { "c_ratio", of.c_ratio },
    };
    return erg_table_row(to->schedule, to->err)
        && erg_table_text(to->schedule, "device", to->device->name, to->err)
        && erg_table_integer(to->schedule, "windows", (int64_t)of.windows, to->err)
        && erg_table_truth(to->schedule, "consistent", of.is_consistent, to->err)
        && erg_put_reals(to->schedule, cells, ERG_COUNT(cells), to->err);
}

static bool put_windows(fit_tables *to)
{
    erg_regime regimes[REGIMES_MOST];
    const erg_thermal_options *options = to->options;
    bool is_window = options->begin_s != 0 || options->end_s != 0 || options->fan_high > 0;
    size_t tried = 0;

    if (is_window)
        return put_window(to, options);
    size_t count = erg_thermal_regimes(to->device, regimes, REGIMES_MOST);
    for (size_t i = 0; i < count && i < REGIMES_MOST; i++) {
        erg_thermal_options one = *options;
        if (regimes[i].end_s - regimes[i].begin_s < ERG_REGIME_LEAST_S)
            continue;
        one.begin_s = regimes[i].begin_s > 0 ? regimes[i].begin_s : 1e-9;
        one.end_s = regimes[i].end_s;
        if (!put_window(to, &one))
            return false;
        tried++;
    }
    return tried || erg_result_note(to->result, to->err, "%s: no steady stretch of %.0f s: "
                                    "--window takes a shorter one", to->device->name,
                                    ERG_REGIME_LEAST_S);
}

static bool put_device(fit_tables *to)
{
    erg_balance twice;

    to->model_count = 0;
    return put_windows(to) && put_schedule(to)
        && (!to->balance || !erg_counter_balance(to->device, &twice)
            || put_balance(to, &twice, "energy_j"));
}

static erg_table *add(const fit_tables *to, const char *name, const erg_column columns[],
                      size_t count)
{
    return erg_result_add(to->result, name, columns, count, to->err);
}

static bool add_tables(fit_tables *to)
{
    const erg_thermal_options *options = to->options;

    if (options->relax) {
        to->relax = add(to, "relaxation", relax_columns, ERG_COUNT(relax_columns));
        return to->relax != NULL;
    }
    to->poles = add(to, "poles", pole_columns, ERG_COUNT(pole_columns));
    to->fit = to->poles ? add(to, "fit", fit_columns, ERG_COUNT(fit_columns)) : NULL;
    to->balance = to->fit ? erg_balance_add(to->result, to->err) : NULL;
    if (options->cauer && to->balance)
        to->cauer = add(to, "cauer", cauer_columns, ERG_COUNT(cauer_columns));
    if (options->gain_schedule && to->balance)
        to->schedule = add(to, "schedule", schedule_columns, ERG_COUNT(schedule_columns));
    if (options->curves && to->balance)
        to->curves = erg_curves_add(to->result, to->err);
    return to->balance && (!options->curves || to->curves) && (!options->cauer || to->cauer)
        && (!options->gain_schedule || to->schedule);
}

erg_result *erg_thermal_fit_tables(const erg_monitor *monitor, const char *device,
                                   const erg_thermal_options *options, erg_error *err)
{
    erg_arena *arena = erg_arena_new(err);
    fit_tables to = { .result = arena ? erg_result_new("thermal", err) : NULL,
                      .options = options, .monitor = monitor, .err = err };
    to.models = arena
        ? erg_arena_take(arena, ERG_SCHEDULE_MOST * sizeof(*to.models), err) : NULL;
    bool ok = to.models && to.result && add_tables(&to)
        && erg_monitor_notes(monitor, to.result, err);
    size_t used = 0;

    for (size_t i = 0; ok && i < erg_monitor_devices(monitor); i++) {
        to.device = erg_monitor_device_at(monitor, i);
        if (device && strcmp(device, to.device->name) != 0)
            continue;
        used++;
        ok = put_device(&to);
    }
    if (ok && !used)
        ok = erg_fail(err, ERG_NOT_FOUND, "the log has no device '%s'", device);
    ok = ok && (!to.balance || erg_meters_put(to.balance, monitor, options, err));
    erg_arena_free(arena);
    if (ok)
        return to.result;
    erg_result_free(to.result);
    return NULL;
}
