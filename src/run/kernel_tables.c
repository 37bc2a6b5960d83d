/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a kernel model does on pairs it had not seen: errors, and how often its intervals
 * hold. An interval is tried on a fold that it was not taken from.
 */
#include <math.h>
#include <stdlib.h>
#include "math/stats.h"
#include "run/kernel_samples.h"

enum { ROWS_LEAST = 60, ALL_TYPES = -1 };
static const double tail = 0.025;

static const erg_column held_columns[] = {
    { "kind", ERG_TEXT, "gemm, prefill or decode" },
    { "type", ERG_TEXT, "of its numbers, or all" },
    { "rows", ERG_INTEGER, "held out, each once" },
    { "latency_median", ERG_REAL, "median of |predicted / measured - 1|" },
    { "latency_mean", ERG_REAL, "mean of |predicted / measured - 1|" },
    { "latency_covered", ERG_REAL,
      "share of rows in the 95 % interval of the other folds" },
    { "power_median", ERG_REAL, "the same of power" },
    { "power_mean", ERG_REAL, "the same of power" },
    { "power_covered", ERG_REAL, "the same of power" },
    { "energy_median", ERG_REAL, "the same of energy" },
    { "energy_mean", ERG_REAL, "the same of energy" },
    { "energy_covered", ERG_REAL, "the same of energy" },
};
static const struct { const char *median, *mean,
                                 *covered; } names[ERG_KERNEL_QUANTITIES] = {
    [ERG_KERNEL_LATENCY] = { "latency_median", "latency_mean", "latency_covered" },
    [ERG_KERNEL_POWER] = { "power_median", "power_mean", "power_covered" },
    [ERG_KERNEL_ENERGY] = { "energy_median", "energy_mean", "energy_covered" },
};

/* ---- intervals ----------------------------------------------------------------------- */

/* Misses of one regime (or of all: ERG_KERNEL_REGIMES) into to; how many. */
static size_t misses_of(const erg_kernel_samples *samples, int without, size_t regime,
                        int quantity, double to[])
{
    size_t count = 0;

    for (size_t i = 0; i < samples->count; i++) {
        const erg_kernel_sample *row = &samples->rows[i];
        if (row->fold != without && (row->regime == regime || regime == ERG_KERNEL_REGIMES))
            to[count++] = row->miss[quantity];
    }
    return count;
}

static void interval_of(double misses[], size_t count, double *low, double *high)
{
    *low = exp(erg_quantile(misses, count, tail));
    *high = exp(erg_quantile(misses, count, 1 - tail));
}

void erg_kernel_regimes(const erg_kernel_samples *samples, int without,
                        erg_kernel_regime regimes[ERG_KERNEL_REGIMES])
{
    double *misses = malloc((samples->count + 1) * sizeof(*misses));

    for (size_t i = 0; i < ERG_KERNEL_REGIMES; i++)
        for (int j = 0; j < ERG_KERNEL_QUANTITIES; j++) {
            erg_kernel_regime *to = &regimes[i];
            to->low[j] = to->high[j] = NAN;
            if (!misses || (j != ERG_KERNEL_LATENCY && !samples->has_power))
                continue;
            size_t count = misses_of(samples, without, i, j, misses);
            to->rows = (int)count;
            if (count < ROWS_LEAST)
                count = misses_of(samples, without, ERG_KERNEL_REGIMES, j, misses);
            interval_of(misses, count, &to->low[j], &to->high[j]);
        }
    free(misses);
}

/* ---- the table ----------------------------------------------------------------------- */

typedef struct score { size_t rows, covered; double sum, *errors; } score;

static bool is_of(const erg_kernel_sample *row, int type)
{
    return type == ALL_TYPES || (int)row->shape.type == type;
}

static void score_fold(const erg_kernel_samples *samples, int fold, int type,
                       score scores[ERG_KERNEL_QUANTITIES])
{
    erg_kernel_regime regimes[ERG_KERNEL_REGIMES];

    erg_kernel_regimes(samples, fold, regimes);
    for (size_t i = 0; i < samples->count; i++) {
        const erg_kernel_sample *row = &samples->rows[i];
        const erg_kernel_regime *regime = &regimes[row->regime];
        if (row->fold != fold || !is_of(row, type))
            continue;
        for (int j = 0; j < ERG_KERNEL_QUANTITIES; j++) {
            double ratio = exp(row->miss[j]), error = fabs(1 / ratio - 1);
            scores[j].errors[scores[j].rows++] = error;
            scores[j].sum += error;
            scores[j].covered += ratio >= regime->low[j] && ratio <= regime->high[j];
        }
    }
}

static bool put_scores(erg_table *table, score scores[ERG_KERNEL_QUANTITIES],
                       bool has_power, erg_error *err)
{
    for (int j = 0; j < (has_power ? ERG_KERNEL_QUANTITIES : 1); j++) {
        double rows = (double)scores[j].rows;
        if (!erg_table_real(table, names[j].median,
                            erg_median(scores[j].errors, scores[j].rows), err)
            || !erg_table_real(table, names[j].mean, scores[j].sum / rows, err)
            || !erg_table_real(table, names[j].covered, (double)scores[j].covered / rows,
                               err))
            return false;
    }
    return true;
}

static bool add_row(erg_table *table, const erg_kernel_samples *samples, int type,
                    double *errors, erg_error *err)
{
    score scores[ERG_KERNEL_QUANTITIES] = { 0 };
    erg_kernel_kind kind = samples->rows[0].shape.kind;

    for (int j = 0; j < ERG_KERNEL_QUANTITIES; j++)
        scores[j].errors = errors + (size_t)j * samples->count;
    for (int fold = 0; fold < ERG_KERNEL_FOLDS; fold++)
        score_fold(samples, fold, type, scores);
    if (!scores[0].rows)
        return true;
    const char *name = type == ALL_TYPES
        ? "all" : erg_kernel_type_name((erg_kernel_type)type);
    return erg_table_row(table, err)
        && erg_table_text(table, "kind", erg_kernel_kind_name(kind), err)
        && erg_table_text(table, "type", name, err)
        && erg_table_integer(table, "rows", (int64_t)scores[0].rows, err)
        && put_scores(table, scores, samples->has_power, err);
}

erg_table *erg_kernel_table_new(erg_result *result, erg_error *err)
{
    return erg_result_add(result, "held_out", held_columns, ERG_COUNT(held_columns), err);
}

bool erg_kernel_table_add(erg_table *table, const erg_kernel_samples *samples,
                          erg_error *err)
{
    double *errors = malloc((samples->count + 1) * ERG_KERNEL_QUANTITIES * sizeof(*errors));
    bool good = errors || erg_fail(err, ERG_NO_MEMORY, "no memory for the verdicts");

    for (int type = ALL_TYPES; good && type < ERG_KERNEL_TYPES; type++)
        good = add_row(table, samples, type, errors, err);
    free(errors);
    return good;
}
