/* SPDX-License-Identifier: Apache-2.0 */
/* `erg calibrate`: a profile, and tables that say how good it is. */
#include <math.h>
#include <string.h>
#include "estimate/fallback.h"
#include "run/calibrate_energy.h"

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
};
static const erg_column rejected_columns[] = {
    { "line", ERG_INTEGER, "of the file" },     { "model", ERG_TEXT, "" },
    { "precision", ERG_TEXT, "" },              { "batch", ERG_INTEGER, "" },
    { "seq", ERG_INTEGER, "tokens" },           { "reason", ERG_TEXT, "why it is not used" },
};

static bool add_terms(erg_result *result, const erg_energy_fit *fit, erg_error *err)
{
    erg_table *table =
        erg_result_add(result, "terms", term_columns, ERG_COUNT(term_columns), err);

    for (size_t j = 0; table && j < fit->form.columns; j++)
        if (!erg_table_row(table, err)
            || !erg_table_text(table, "name", fit->columns[j].name, err)
            || !erg_table_real(table, "value", fit->terms.value[j], err)
            || !erg_table_text(table, "unit", fit->columns[j].unit_name, err)
            || !erg_table_real(table, "low", fit->terms.low[j], err)
            || !erg_table_real(table, "high", fit->terms.high[j], err)
            || !erg_table_integer(table, "rows", fit->columns[j].rows, err))
            return false;
    return table != NULL;
}

typedef struct score { double size, bias, worst; int64_t rows, not_judged; } score;

/* model NULL: all. */
static score score_of(const erg_energy_fit *fit, const char *model)
{
    score sum = { 0 };

    for (size_t i = 0; i < fit->count; i++) {
        if (model && strcmp(model, fit->rows[i]->model) != 0)
            continue;
        sum.not_judged += isnan(fit->error[i]);
        if (isnan(fit->error[i]))
            continue;
        sum.size += fabs(fit->error[i]);
        sum.bias += fit->error[i];
        sum.worst = fmax(sum.worst, fabs(fit->error[i]));
        sum.rows++;
    }
    sum.size /= (double)sum.rows;       /* NAN for none */
    sum.bias /= (double)sum.rows;
    return sum;
}

static bool add_fold(erg_table *table, const char *name, score s, erg_error *err)
{
    return erg_table_row(table, err) && erg_table_text(table, "left_out", name, err)
        && erg_table_integer(table, "rows", s.rows, err)
        && erg_table_real(table, "mape", s.size, err)
        && erg_table_real(table, "bias", s.bias, err)
        && erg_table_real(table, "worst", s.rows ? s.worst : NAN, err)
        && erg_table_integer(table, "not_judged", s.not_judged, err);
}

static bool add_folds(erg_result *result, const erg_energy_fit *fit, erg_error *err)
{
    erg_table *table =
        erg_result_add(result, "folds", fold_columns, ERG_COUNT(fold_columns), err);

    for (size_t i = 0; table && i < fit->count; i++) {
        const char *model = fit->rows[i]->model;
        bool first = true;
        for (size_t k = 0; k < i; k++)
            first = first && strcmp(fit->rows[k]->model, model) != 0;
        if (first && !add_fold(table, model, score_of(fit, model), err))
            return false;
    }
    return table && add_fold(table, "(all)", score_of(fit, NULL), err);
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
                || !erg_table_text(table, "precision", erg_precision_name(row->precision), err)
                || !erg_table_integer(table, "batch", row->batch, err)
                || !erg_table_integer(table, "seq", row->seq < 0 ? ERG_NONE : row->seq, err)
                || !erg_table_text(table, "reason", row->reason, err)))
            return false;
    }
    return table != NULL;
}

static bool add_notes(erg_result *result, const erg_energy_fit *fit, const erg_profile *profile,
                      const erg_hardware *hardware, erg_error *err)
{
    erg_engine fp32 = { ERG_UNIT_VECTOR, ERG_FP32 };
    double peak = hardware->peak_flop_per_s[fp32.class][fp32.precision];
    double full_w = profile->energy.op_j_per_flop[fp32.class][fp32.precision] * peak;

    if (!erg_result_note(result, err, "%zu rows at %.0f MHz; condition number %.3g; half width "
                         "of ln(measured / predicted) %.3f, held out.", fit->count,
                         fit->clock_hz * 1e-6, fit->terms.condition,
                         profile->energy.half_width))
        return false;
    /* A check, not an input: what would be drawn shows which work must throttle. */
    return !(full_w > hardware->cap_w)
        || erg_result_note(result, err, "fp32 on all vector units would draw %.0f W beside "
                           "static power, more than the cap of %.0f W: it throttles.", full_w,
                           hardware->cap_w);
}

static erg_result *tables_of(const erg_energy_fit *fit, const erg_measured *measured,
                             const erg_profile *profile, const erg_hardware *hardware,
                             erg_error *err)
{
    erg_result *result = erg_result_new("calibrate", err);

    if (result && add_terms(result, fit, err) && add_folds(result, fit, err)
        && add_rejected(result, measured, err)
        && add_notes(result, fit, profile, hardware, err))
        return result;
    erg_result_free(result);
    return NULL;
}

erg_result *erg_calibrate(const erg_hardware *hardware, const erg_calibrate_options *options,
                          erg_profile *profile, erg_error *err)
{
    erg_measured measured;
    erg_energy_fit fit;
    erg_result *result = NULL;

    if (!erg_measured_load(&measured, hardware, options, err))
        return NULL;
    if (erg_energy_fit_run(&fit, &measured, hardware, options->one_byte_class, err)) {
        erg_energy_fit_store(&fit, profile);
        profile->name = profile->hardware = hardware->name;
        profile->cap_w = hardware->cap_w;
        if (options->source)
            profile->source = options->source;
        if (options->date)
            profile->date = options->date;
        result = tables_of(&fit, &measured, profile, hardware, err);
        erg_energy_fill(&profile->energy, hardware);
        erg_energy_fit_free(&fit);
    }
    erg_measured_free(&measured);
    return result;
}
