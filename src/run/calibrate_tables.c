/* SPDX-License-Identifier: Apache-2.0 */
/* `erg calibrate`: a profile, and tables that say how good it is. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "estimate/fallback.h"
#include "estimate/interval.h"
#include "run/calibrate_time.h"

static const erg_column term_columns[] = {
    { "name", ERG_TEXT,
      "unit class and precision, byte, far_byte (on top, beyond the last cache), static" },
    { "value", ERG_REAL, "coefficient" },
    { "unit", ERG_TEXT, "of the coefficient" },
    { "low", ERG_REAL, "95 % interval of the fit" },
    { "high", ERG_REAL, "95 % interval of the fit" },
    { "rows", ERG_INTEGER, "measured rows that hold it" },
};
static const erg_column fold_columns[] = {
    { "left_out", ERG_TEXT, "model whose rows the fit did not see" },
    { "rows", ERG_INTEGER, "rows of it that can be judged" },
    { "mape", ERG_REAL, "mean of |predicted / measured - 1|" },
    { "bias", ERG_REAL, "mean of predicted / measured - 1" },
    { "worst", ERG_REAL, "largest of |predicted / measured - 1|" },
    { "not_judged", ERG_INTEGER, "rows on a unit that no other model ran on" },
    { "time_rows", ERG_INTEGER, "rows whose time can be judged" },
    { "time_mape", ERG_REAL, "mean of |predicted / measured - 1| of time" },
    { "time_bias", ERG_REAL, "mean of predicted / measured - 1 of time" },
    { "end_to_end_mape", ERG_REAL, "of energy, with the predicted time" },
    { "covered", ERG_REAL,
      "share of rows in the 95 % interval that the other models give" },
    { "time_covered", ERG_REAL, "the same of time" },
};
static const erg_column rejected_columns[] = {
    { "line", ERG_INTEGER, "of the file" }, { "model", ERG_TEXT, "" },
    { "precision", ERG_TEXT, "" },          { "batch", ERG_INTEGER, "" },
    { "seq", ERG_INTEGER, "tokens" },       { "reason", ERG_TEXT, "why it is not used" },
};

/* What was found: energy, and time together. */
typedef struct found {
    const erg_measured *measured;
    const erg_hardware *hardware;
    const erg_energy_fit *fit;
    const erg_time_calibration *time;
    const erg_profile *profile;
} found;

static bool add_term(erg_table *table, const char *name, double value, const char *unit,
                     erg_error *err)
{
    return erg_table_row(table, err) && erg_table_text(table, "name", name, err)
        && erg_table_real(table, "value", value, err)
        && erg_table_text(table, "unit", unit, err);
}

/* The search knows no interval of these: share, fill and launch trade. */
static bool add_time_terms(erg_table *table, const erg_time_terms *time, erg_error *err)
{
    const struct { const char *name, *unit; double value; } rows[] = {
        { "time_share", "of_peak", time->share },
        { "time_fill", "k", time->fill_k },
        { "time_elementwise", "of_bandwidth", time->bandwidth[ERG_BYTES_ELEMENTWISE] },
        { "time_softmax", "of_bandwidth", time->bandwidth[ERG_BYTES_SOFTMAX] },
        { "time_launch", "s", time->launch_s },
        { "time_host", "s", time->host_s },
    };

    for (size_t i = 0; time->rows && i < ERG_COUNT(rows); i++)
        if (!add_term(table, rows[i].name, rows[i].value, rows[i].unit, err)
            || !erg_table_integer(table, "rows", time->rows, err))
            return false;
    return true;
}

static bool add_terms(erg_result *result, const found *f, erg_error *err)
{
    const erg_energy_fit *fit = f->fit;
    erg_table *table =
        erg_result_add(result, "terms", term_columns, ERG_COUNT(term_columns), err);

    for (size_t j = 0; table && j < fit->form.columns; j++)
        if (!add_term(table, fit->columns[j].name, fit->terms.value[j],
                      fit->columns[j].unit_name, err)
            || !erg_table_real(table, "low", fit->terms.low[j], err)
            || !erg_table_real(table, "high", fit->terms.high[j], err)
            || !erg_table_integer(table, "rows", fit->columns[j].rows, err))
            return false;
    return table && add_time_terms(table, &f->time->terms[ERG_UNIT_TENSOR], err);
}

typedef struct score { double size, bias, worst; int64_t rows, not_judged; } score;

/* Of the errors of a model's rows; model NULL: all. */
static score score_of(const erg_energy_fit *fit, const double error[], const char *model)
{
    score sum = { 0 };

    for (size_t i = 0; i < fit->count; i++) {
        if (model && strcmp(model, fit->rows[i]->model) != 0)
            continue;
        sum.not_judged += isnan(error[i]);
        if (isnan(error[i]))
            continue;
        sum.size += fabs(error[i]);
        sum.bias += error[i];
        sum.worst = fmax(sum.worst, fabs(error[i]));
        sum.rows++;
    }
    sum.size /= (double)sum.rows;       /* NAN for none */
    sum.bias /= (double)sum.rows;
    return sum;
}

/* Does an interval hold on a model that it was not made from? */
static double covered(const erg_energy_fit *fit, const double error[], const char *model)
{
    double inside = 0, judged = 0;

    for (size_t i = 0; i < fit->count; i++) {
        if (isnan(error[i]) || (model && strcmp(model, fit->rows[i]->model) != 0))
            continue;
        double width = erg_energy_fit_width(fit, error, fit->x[i].group);
        inside += fabs(log1p(error[i])) <= width;
        judged++;
    }
    return inside / judged;
}

static bool add_fold(erg_table *table, const found *f, const char *model, erg_error *err)
{
    score s = score_of(f->fit, f->fit->error, model);
    score t = score_of(f->fit, f->time->error, model);
    score e = score_of(f->fit, f->time->end_to_end, model);

    return erg_table_row(table, err)
        && erg_table_text(table, "left_out", model ? model : "(all)", err)
        && erg_table_integer(table, "rows", s.rows, err)
        && erg_table_real(table, "mape", s.size, err)
        && erg_table_real(table, "bias", s.bias, err)
        && erg_table_real(table, "worst", s.rows ? s.worst : NAN, err)
        && erg_table_integer(table, "not_judged", s.not_judged, err)
        && erg_table_integer(table, "time_rows", t.rows, err)
        && erg_table_real(table, "time_mape", t.size, err)
        && erg_table_real(table, "time_bias", t.bias, err)
        && erg_table_real(table, "end_to_end_mape", e.size, err)
        && erg_table_real(table, "covered", covered(f->fit, f->fit->error, model), err)
        && erg_table_real(table, "time_covered", covered(f->fit, f->time->error, model),
                          err);
}

static bool add_folds(erg_result *result, const found *f, erg_error *err)
{
    const erg_energy_fit *fit = f->fit;
    erg_table *table =
        erg_result_add(result, "folds", fold_columns, ERG_COUNT(fold_columns), err);

    for (size_t i = 0; table && i < fit->count; i++) {
        bool is_first = fit->x[i].group == (int)i;      /* of its model */
        if (is_first && !add_fold(table, f, fit->rows[i]->model, err))
            return false;
    }
    return table && add_fold(table, f, NULL, err);
}

static bool add_rejected(erg_result *result, const erg_measured *measured, erg_error *err)
{
    erg_table *table = erg_result_add(result, "rejected", rejected_columns,
                                      ERG_COUNT(rejected_columns), err);

    for (size_t i = 0; table && i < measured->count; i++) {
        const erg_measured_row *row = &measured->rows[i];
        if (row->reason[0]
            && (!erg_table_row(table, err)
                || !erg_table_integer(table, "line", (int64_t)row->line, err)
                || !erg_table_text(table, "model", row->model, err)
                || !erg_table_text(table, "precision", erg_precision_name(row->precision),
                                   err)
                || !erg_table_integer(table, "batch", row->batch, err)
                || !erg_table_integer(table, "seq", row->seq < 0 ? ERG_NONE : row->seq, err)
                || !erg_table_text(table, "reason", row->reason, err)))
            return false;
    }
    return table != NULL;
}

static bool add_notes(erg_result *result, const found *f, erg_error *err)
{
    const erg_energy_fit *fit = f->fit;
    const erg_profile *profile = f->profile;
    const erg_hardware *hardware = f->hardware;
    erg_engine fp32 = { ERG_UNIT_VECTOR, ERG_FP32 };
    double peak = hardware->peak_flop_per_s[fp32.class][fp32.precision];
    double full_w = profile->energy.op_j_per_flop[fp32.class][fp32.precision] * peak;

    if (!erg_result_note(result, err,
                         "%zu rows at %.0f MHz; condition number %.3g; half width "
                         "of ln(measured / predicted) %.3f, held out.", fit->count,
                         fit->clock_hz * 1e-6, fit->terms.condition,
                         profile->energy.half_width))
        return false;
    /* A check, not an input: what would be drawn shows which work must throttle. */
    return !(full_w > hardware->cap_w)
        || erg_result_note(result, err, "fp32 on all vector units would draw %.0f W beside "
                           "static power, more than the cap of %.0f W: it throttles.",
                           full_w, hardware->cap_w);
}

static erg_result *tables_of(const found *f, erg_error *err)
{
    erg_result *result = erg_result_new("calibrate", err);

    if (result && add_terms(result, f, err) && add_folds(result, f, err)
        && add_rejected(result, f->measured, err) && add_notes(result, f, err))
        return result;
    erg_result_free(result);
    return NULL;
}

/* Everything found into the profile, and said in tables. */
static erg_result *conclude(const found *f, const erg_calibrate_options *options,
                            erg_profile *profile, erg_error *err)
{
    erg_energy_fit_store(f->fit, profile);
    if (f->time->terms[ERG_UNIT_TENSOR].rows) {
        profile->time[ERG_UNIT_TENSOR] = f->time->terms[ERG_UNIT_TENSOR];
        /* One host launches, whatever unit then computes. */
        profile->time[ERG_UNIT_VECTOR].host_s = f->time->terms[ERG_UNIT_TENSOR].host_s;
    }
    profile->name = profile->hardware = f->hardware->name;
    profile->cap_w = f->hardware->cap_w;
    if (options->source)
        profile->source = options->source;
    if (options->date)
        profile->date = options->date;
    erg_result *result = tables_of(f, err);
    erg_energy_fill(&profile->energy, f->hardware);
    return result;
}

erg_result *erg_calibrate(const erg_hardware *hardware,
                          const erg_calibrate_options *options, erg_profile *profile,
                          erg_error *err)
{
    erg_measured measured;
    erg_energy_fit fit;
    erg_time_calibration time;
    erg_result *result = NULL;

    if (!erg_measured_load(&measured, hardware, options, err))
        return NULL;
    if (erg_energy_fit_run(&fit, &measured, hardware, options->one_byte_class, err)) {
        if (erg_time_calibrate(&time, &fit, hardware, options->energy_only, err)) {
            const found f = { &measured, hardware, &fit, &time, profile };
            result = conclude(&f, options, profile, err);
            erg_time_calibration_free(&time);
        }
        erg_energy_fit_free(&fit);
    }
    erg_measured_free(&measured);
    return result;
}
