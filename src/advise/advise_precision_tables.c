/* SPDX-License-Identifier: Apache-2.0 */
/* The variants of a precision file, least energy to solution first,
 * and the plan of phases. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "advise/advise.h"
#include "format/cells.h"

static const erg_column variant_columns[] = {
    { "variant", ERG_TEXT, "as the file names it" },
    { "energy_j", ERG_REAL, "to the target: joules a step times steps" },
    { "saving_j", ERG_REAL, "against the most exact variant" },
    { "saving", ERG_REAL, "of its energy" },
    { "error", ERG_REAL, "most relative error against fp64" },
    { "steps_ratio", ERG_REAL, "its steps over those of the most exact variant" },
    { "energy_per_step_ratio", ERG_REAL,
      "its joules a step over those of the most exact one" },
    { "pays", ERG_TRUTH, "its steps grow by less than its joules a step fall" },
    { "chosen", ERG_TRUTH, "least energy of those that keep the error" },
    { "energy_per_step_j", ERG_REAL, "as given" },
    { "steps", ERG_REAL, "as given" },
    { "source", ERG_TEXT, "where the figures are from" },
    { "method", ERG_TEXT, "model: a product of given figures" },
};

static const erg_column phase_columns[] = {
    { "phase", ERG_TEXT, "in the order of the file" },
    { "variant", ERG_TEXT, "to compute in" },
    { "tolerance", ERG_REAL, "of the relative error" },
    { "error", ERG_REAL, "of the variant" },
    { "energy_j", ERG_REAL, "of the phase" },
    { "switch_j", ERG_REAL, "of the change before it" },
    { "source", ERG_TEXT, "where the figures are from" },
    { "method", ERG_TEXT, "model: a sum of given figures" },
};

typedef struct advice {
    const char *path;
    const erg_precision_wish *wish;
    erg_precision_variant *variants;
    size_t count, exact; /* exact: the index of the most exact variant */
    erg_result *result;
    erg_error *err;
} advice;

static double energy_of(const erg_precision_variant *one)
{
    return one->energy_per_step_j * one->steps;
}

static int by_energy(const void *a, const void *b)
{
    double x = energy_of(a), y = energy_of(b);
    const erg_precision_variant *p = a, *q = b;

    return x != y ? (x > y) - (x < y) : strcmp(p->name, q->name);
}

/* An error that is not known keeps no limit. */
static bool keeps(const erg_precision_variant *one, double error)
{
    return isnan(error) || one->error <= error;
}

static size_t most_exact(const erg_precision_variant *variants, size_t count)
{
    size_t best = SIZE_MAX;

    for (size_t i = 0; i < count; i++)
        if (!isnan(variants[i].error)
            && (best == SIZE_MAX || variants[i].error < variants[best].error))
            best = i;
    return best;
}

static bool put_variant(const advice *of, erg_table *table, size_t index, bool chosen)
{
    const erg_precision_variant *one = &of->variants[index];
    const erg_precision_variant *exact =
        of->exact == SIZE_MAX ? NULL : &of->variants[of->exact];
    double energy_j = energy_of(one), exact_j = exact ? energy_of(exact) : NAN;
    double steps_ratio = exact ? one->steps / exact->steps : NAN;
    double step_ratio = exact ? one->energy_per_step_j / exact->energy_per_step_j : NAN;
    const erg_real cells[] = {
        { "energy_j", energy_j },
        { "saving_j", exact_j - energy_j },
        { "saving", (exact_j - energy_j) / exact_j },
        { "error", one->error },
        { "steps_ratio", steps_ratio },
        { "energy_per_step_ratio", step_ratio },
        { "energy_per_step_j", one->energy_per_step_j },
        { "steps", one->steps },
    };

    return erg_table_row(table, of->err)
           && erg_table_text(table, "variant", one->name, of->err)
           && erg_put_reals(table, cells, ERG_COUNT(cells), of->err)
           && (!exact || erg_table_truth(table, "pays", energy_j < exact_j, of->err))
           && erg_table_truth(table, "chosen", chosen, of->err)
           && erg_table_text(table, "source", of->path, of->err)
           && erg_table_text(table, "method", "model", of->err);
}

static bool put_variants(const advice *of)
{
    erg_table *table = erg_result_add(of->result, "precision", variant_columns,
                                      ERG_COUNT(variant_columns), of->err);
    bool ok = table != NULL, has_chosen = false;

    for (size_t i = 0; ok && i < of->count; i++) {
        bool chosen = !has_chosen && keeps(&of->variants[i], of->wish->error);
        has_chosen |= chosen;
        ok = put_variant(of, table, i, chosen);
    }
    return ok
           && (has_chosen
               || erg_result_note(of->result, of->err,
                                  "no variant is known to keep "
                                  "the error of %g",
                                  of->wish->error));
}

/* ---- phases ------------------------------------------------------------------------- */

static bool put_plan(const advice *of, const erg_precision_phase *phases, size_t count,
                     const double energy_j[], const size_t chosen[])
{
    erg_table *table = erg_result_add(of->result, "phases", phase_columns,
                                      ERG_COUNT(phase_columns), of->err);
    bool ok = table != NULL;

    for (size_t k = 0; ok && k < count; k++) {
        bool changes = k > 0 && chosen[k] != chosen[k - 1];
        const erg_real cells[] = {
            { "tolerance", phases[k].tolerance },
            { "error", of->variants[chosen[k]].error },
            { "energy_j", energy_j[k * of->count + chosen[k]] },
            { "switch_j", changes ? of->wish->switch_j : 0 },
        };
        ok = erg_table_row(table, of->err)
             && erg_table_text(table, "phase", phases[k].name, of->err)
             && erg_table_text(table, "variant", of->variants[chosen[k]].name, of->err)
             && erg_put_reals(table, cells, ERG_COUNT(cells), of->err)
             && erg_table_text(table, "source", of->wish->phases, of->err)
             && erg_table_text(table, "method", "model", of->err);
    }
    return ok;
}

/* A variant that needs more steps to the target needs more of them in every phase. */
static void fill_energies(const advice *of, const erg_precision_phase *phases, size_t count,
                          double energy_j[])
{
    for (size_t k = 0; k < count; k++)
        for (size_t v = 0; v < of->count; v++) {
            const erg_precision_variant *one = &of->variants[v];
            double more = one->steps / of->variants[of->exact].steps;
            energy_j[k * of->count + v] =
                keeps(one, phases[k].tolerance)
                    ? one->energy_per_step_j * phases[k].steps * more
                    : NAN;
        }
}

/* The best single variant for all phases; NAN: none keeps every tolerance. */
static double single_j(const double energy_j[], size_t phases, size_t variants)
{
    double least_j = NAN;

    for (size_t v = 0; v < variants; v++) {
        double sum_j = 0;
        for (size_t k = 0; k < phases; k++)
            sum_j += energy_j[k * variants + v];
        least_j = fmin(least_j, sum_j);
    }
    return least_j;
}

static bool note_sum(const advice *of, double sum_j, double one_j)
{
    if (isnan(one_j))
        return erg_result_note(of->result, of->err,
                               "the plan takes %.4g J, changes included; no "
                               "single variant keeps every tolerance",
                               sum_j);
    return erg_result_note(of->result, of->err,
                           "the plan takes %.4g J, changes included; the best "
                           "single variant that keeps every tolerance takes %.4g J",
                           sum_j, one_j);
}

static bool plan(const advice *of, const erg_precision_phase *phases, size_t count)
{
    double *energy_j = malloc(count * of->count * sizeof(*energy_j)), sum_j = NAN;
    size_t *chosen = malloc(count * sizeof(*chosen));
    bool ok = energy_j && chosen;

    if (!ok)
        erg_fail(of->err, ERG_NO_MEMORY, "no memory for %zu phases", count);
    if (ok) {
        fill_energies(of, phases, count, energy_j);
        sum_j = erg_precision_plan(energy_j, count, of->count, of->wish->switch_j, chosen,
                                   of->err);
        ok = !isnan(sum_j) && put_plan(of, phases, count, energy_j, chosen)
             && note_sum(of, sum_j, single_j(energy_j, count, of->count));
    }
    free(energy_j);
    free(chosen);
    return ok;
}

static bool put_phases(const advice *of)
{
    size_t count = 0;
    erg_precision_phase *phases =
        erg_rows_read(&erg_phases_layout, of->wish->phases, &count, of->err);
    bool ok = phases != NULL;

    if (ok && of->exact == SIZE_MAX)
        ok = erg_fail(of->err, ERG_NO_DATA, "%s: phases need the error of a variant",
                      of->path);
    ok = ok && plan(of, phases, count);
    free(phases);
    return ok;
}

erg_result *erg_advise_precision(const char *path, const erg_precision_wish *wish,
                                 erg_error *err)
{
    advice of = { .path = path, .wish = wish, .err = err };

    of.variants = erg_rows_read(&erg_variants_layout, path, &of.count, err);
    of.result = of.variants ? erg_result_new("advise", err) : NULL;
    bool ok = of.result != NULL;
    if (ok) {
        qsort(of.variants, of.count, sizeof(*of.variants), by_energy);
        of.exact = most_exact(of.variants, of.count);
        ok = put_variants(&of) && (!wish->phases || put_phases(&of));
    }
    free(of.variants);
    if (ok)
        return of.result;
    erg_result_free(of.result);
    return NULL;
}
