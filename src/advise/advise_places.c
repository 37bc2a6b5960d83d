/* SPDX-License-Identifier: Apache-2.0 */
/* Recorded loads over power domains, and how few nodes would carry them. */
#include <math.h>
#include <stdlib.h>
#include "advise/advise.h"
#include "format/cells.h"
#include "govern/scenario.h"

enum { LOADS_MOST = 512 };
#define SAMPLES_MOST 16777216.0 /* of all loads */
#define PASS_MOST 268435456.0   /* values looked at by one pass over all swaps */

static const erg_column domain_columns[] = {
    { "domain", ERG_INTEGER, "of power, from 0" },
    { "loads", ERG_INTEGER, "in it" },
    { "asynchrony", ERG_REAL, "sum of peaks over peak of the sum, as advised" },
    { "given", ERG_REAL, "the same in the given order" },
    { "peak_w", ERG_REAL, "of the sum, as advised" },
    { "given_peak_w", ERG_REAL, "of the sum, in the given order" },
    { "method", ERG_TEXT, "model: records laid over each other" },
};

static const erg_column load_columns[] = {
    { "load", ERG_TEXT, "file, and which of its units" },
    { "domain", ERG_INTEGER, "as advised" },
    { "given", ERG_INTEGER, "in the given order" },
    { "node", ERG_INTEGER, "as packed" },
    { "peak_w", ERG_REAL, "of it alone" },
};

static const erg_column pack_columns[] = {
    { "nodes", ERG_INTEGER, "that carry all by their peaks" },
    { "freed", ERG_INTEGER, "against a node for each load" },
    { "node_w", ERG_REAL, "that a node can carry" },
    { "saved_w", ERG_REAL, "freed nodes x idle power x (1 + cooling)" },
    { "energy_j", ERG_REAL, "saved in an hour" },
    { "method", ERG_TEXT, "model: first-fit decreasing" },
};

typedef struct places {
    const erg_place_wish *wish;
    erg_place_problem is;
    double *power_w, *peaks_w;
    char (*names)[96];
    size_t *domain, *given, *node;
    double step_s;
    erg_result *result;
    erg_error *err;
} places;

/* ---- records onto one grid ----------------------------------------------------------- */

static double length_of(const erg_scenario *from, const erg_scenario_job *job)
{
    double sum_s = 0;

    for (size_t i = 0; i < job->phase_count; i++)
        sum_s += from->phases[job->first_phase + i].duration_s;
    return sum_s;
}

/* The record's value at each step's middle. */
static void lay(const erg_scenario *from, const erg_scenario_job *job, const places *to,
                double power_w[])
{
    const erg_phase *phases = from->phases + job->first_phase;
    double end_s = phases[0].duration_s;
    size_t at = 0;

    for (size_t k = 0; k < to->is.samples; k++) {
        double t_s = ((double)k + 0.5) * to->step_s;
        while (t_s >= end_s && at + 1 < job->phase_count)
            end_s += phases[++at].duration_s;
        power_w[k] = phases[at].power_w;
    }
}

static bool size_up(places *to, erg_scenario *const files[], size_t count)
{
    double shortest_s = INFINITY;

    to->step_s = INFINITY;
    for (size_t f = 0; f < count; f++)
        for (size_t j = 0; j < files[f]->job_count; j++) {
            shortest_s = fmin(shortest_s, length_of(files[f], &files[f]->jobs[j]));
            to->step_s = fmin(to->step_s, files[f]->sample_s);
            to->is.loads++;
        }
    if (to->is.loads < to->is.domains || to->is.loads > LOADS_MOST)
        return erg_fail(to->err, ERG_BAD_INPUT,
                        "%zu loads on %zu domains: a load or more for each,"
                        " and %d at most",
                        to->is.loads, to->is.domains, LOADS_MOST);
    double steps = shortest_s / to->step_s, n = (double)to->is.loads;
    double most = fmin(SAMPLES_MOST / n, PASS_MOST / (n * n));
    to->step_s *= fmax(1, steps / most);
    to->is.samples = (size_t)fmax(1, fmin(steps, most));
    return isfinite(steps) || erg_fail(to->err, ERG_NO_DATA, "a load has no length");
}

static bool lay_all(places *to, char *const paths[], erg_scenario *const files[],
                    size_t count)
{
    size_t n = to->is.loads, at = 0;

    to->power_w = malloc(n * to->is.samples * sizeof(double));
    to->peaks_w = calloc(n, sizeof(double));
    to->names = calloc(n, sizeof(*to->names));
    to->domain = calloc(n, sizeof(size_t));
    to->given = calloc(n, sizeof(size_t));
    to->node = calloc(n, sizeof(size_t));
    if (!to->power_w || !to->peaks_w || !to->names || !to->domain || !to->given
        || !to->node)
        return erg_fail(to->err, ERG_NO_MEMORY, "no memory for %zu loads", n);
    to->is.power_w = to->power_w;
    for (size_t f = 0; f < count; f++)
        for (size_t j = 0; j < files[f]->job_count; j++, at++) {
            double *power_w = to->power_w + at * to->is.samples;
            lay(files[f], &files[f]->jobs[j], to, power_w);
            for (size_t k = 0; k < to->is.samples; k++)
                to->peaks_w[at] = fmax(to->peaks_w[at], power_w[k]);
            snprintf(to->names[at], sizeof(to->names[at]),
                     files[f]->job_count > 1 ? "%s:%zu" : "%s", paths[f], j);
        }
    return true;
}

/* ---- tables -------------------------------------------------------------------------- */

static double peak_in(const places *of, const size_t domain[], size_t which)
{
    double most_w = 0;

    for (size_t k = 0; k < of->is.samples; k++) {
        double sum_w = 0;
        for (size_t i = 0; i < of->is.loads; i++)
            sum_w += domain[i] == which ? of->power_w[i * of->is.samples + k] : 0;
        most_w = fmax(most_w, sum_w);
    }
    return most_w;
}

static bool put_domains(const places *of)
{
    erg_table *table = erg_result_add(of->result, "domains", domain_columns,
                                      ERG_COUNT(domain_columns), of->err);
    bool ok = table != NULL;

    for (size_t d = 0; ok && d < of->is.domains; d++) {
        int64_t loads = 0;
        for (size_t i = 0; i < of->is.loads; i++)
            loads += of->domain[i] == d;
        const erg_real cells[] = {
            { "asynchrony", erg_place_asynchrony(&of->is, of->domain, d) },
            { "given", erg_place_asynchrony(&of->is, of->given, d) },
            { "peak_w", peak_in(of, of->domain, d) },
            { "given_peak_w", peak_in(of, of->given, d) },
        };
        ok = erg_table_row(table, of->err)
             && erg_table_integer(table, "domain", (int64_t)d, of->err)
             && erg_table_integer(table, "loads", loads, of->err)
             && erg_put_reals(table, cells, ERG_COUNT(cells), of->err)
             && erg_table_text(table, "method", "model", of->err);
    }
    return ok;
}

static bool put_loads(const places *of, bool packed)
{
    erg_table *table =
        erg_result_add(of->result, "loads", load_columns, ERG_COUNT(load_columns), of->err);
    bool ok = table != NULL;

    for (size_t i = 0; ok && i < of->is.loads; i++)
        ok = erg_table_row(table, of->err)
             && erg_table_text(table, "load", of->names[i], of->err)
             && erg_table_integer(table, "domain", (int64_t)of->domain[i], of->err)
             && erg_table_integer(table, "given", (int64_t)of->given[i], of->err)
             && erg_table_integer(table, "node", packed ? (int64_t)of->node[i] : ERG_NONE,
                                  of->err)
             && erg_table_real(table, "peak_w", of->peaks_w[i], of->err);
    return ok;
}

static bool put_packing(const places *of)
{
    static const double hour_s = 3600;
    const erg_place_wish *wish = of->wish;
    size_t nodes = erg_place_pack(of->peaks_w, of->is.loads, wish->node_w, of->node);
    size_t freed = of->is.loads - nodes;
    erg_table *table = erg_result_add(of->result, "packing", pack_columns,
                                      ERG_COUNT(pack_columns), of->err);
    double saved_w =
        wish->idle_w > 0 ? (double)freed * wish->idle_w * (1 + wish->cooling) : NAN;
    const erg_real cells[] = { { "node_w", wish->node_w },
                               { "saved_w", saved_w },
                               { "energy_j", saved_w * hour_s } };

    return table && erg_table_row(table, of->err)
           && erg_table_integer(table, "nodes", (int64_t)nodes, of->err)
           && erg_table_integer(table, "freed", (int64_t)freed, of->err)
           && erg_put_reals(table, cells, ERG_COUNT(cells), of->err)
           && erg_table_text(table, "method", "model", of->err);
}

static bool is_too_small(const places *of)
{
    for (size_t i = 0; of->wish->node_w > 0 && i < of->is.loads; i++)
        if (of->peaks_w[i] > of->wish->node_w)
            return !erg_fail(of->err, ERG_BAD_INPUT,
                             "%s peaks at %.4g W, more than a node of %.4g W", of->names[i],
                             of->peaks_w[i], of->wish->node_w);
    return false;
}

static bool answer(places *of)
{
    bool packs = of->wish->node_w > 0;

    if (is_too_small(of))
        return false;
    erg_place_given(&of->is, of->given);
    return erg_place_solve(&of->is, of->domain, of->err) && put_domains(of)
           && (!packs || put_packing(of)) && put_loads(of, packs)
           && erg_result_note(
               of->result, of->err,
               "records are laid over each other from their first "
               "sample on, in steps of %.3g s; whether loads keep these phases is not "
               "known",
               of->step_s);
}

static void forget(places *of)
{
    free(of->power_w);
    free(of->peaks_w);
    free(of->names);
    free(of->domain);
    free(of->given);
    free(of->node);
}

erg_result *erg_advise_place(char *const paths[], size_t count, const erg_place_wish *wish,
                             erg_error *err)
{
    const erg_load_options options = { 0 };
    places of = { .wish = wish,
                  .is.domains = wish->domains > 0 ? (size_t)wish->domains : 2,
                  .err = err };
    erg_scenario **files = calloc(count + 1, sizeof(erg_scenario *));
    bool ok =
        files != NULL || erg_fail(err, ERG_NO_MEMORY, "no memory for %zu files", count);

    for (size_t f = 0; ok && f < count; f++)
        ok = (files[f] = erg_scenario_record(paths[f], &options, err)) != NULL;
    ok = ok && size_up(&of, files, count) && lay_all(&of, paths, files, count)
         && (of.result = erg_result_new("advise", err)) != NULL && answer(&of);
    forget(&of);
    for (size_t f = 0; files && f < count; f++)
        erg_scenario_free(files[f]);
    free(files);
    if (ok)
        return of.result;
    erg_result_free(of.result);
    return NULL;
}
