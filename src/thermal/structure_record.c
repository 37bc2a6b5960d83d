/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The spectrum of a record: for a grid of time constants the rise is linear in their
 * resistances, which cannot be negative. Power need not be a step, but the record must
 * begin at rest, as JESD51-14 has it: what fades from before looks like what rises after a
 * step. The delay of a slow sensor, a quarter of a second at best, is not asked for here:
 * it would take the place of the die.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "format/cells.h"
#include "math/nnls.h"
#include "thermal/structure.h"

/* 1 kHz, less what stamps of a millisecond make of it. */
static const double slowest_s = 1.05e-3;
enum { A_DECADE = 8, ROWS_MOST = 24000, DENSE_ROWS = 2000, ROWS_LEAST = 1000 };
/* A change of power by this share of its range begins a transient. */
static const double change_share = 0.05;

bool erg_structure_can(const erg_window *window)
{
    return window->dt_s <= slowest_s && window->n >= ROWS_LEAST;
}

/* ---- columns: T_0, R_fast, R of each tau --------------------------------------------- */

typedef struct plan {
    double *tau_s;
    size_t taus, columns, rows;
    size_t *row;                /* of the window */
    double *x, *y, *lag;
    erg_window from;            /* its power less the first one */
} plan;

static void choose_taus(plan *of, const erg_window *w)
{
    double low_s = 2 * w->dt_s, span_s = w->t_s[w->n - 1] - w->t_s[0];
    size_t count = (size_t)(A_DECADE * log10(span_s / 2 / low_s)) + 1;

    of->taus = count < ERG_STRUCTURE_MOST ? count : ERG_STRUCTURE_MOST;
    for (size_t i = 0; i < of->taus; i++)
        of->tau_s[i] = low_s * pow(10, (double)i / A_DECADE);
    of->columns = 2 + of->taus;
}

/* All rows after a change of power, every so many else. */
static void choose_rows(plan *of, const erg_window *w)
{
    double low = INFINITY, high = -INFINITY;
    size_t since = 0, stride = w->n / ROWS_MOST + 1;

    for (size_t k = 0; k < w->n; k++) {
        low = fmin(low, w->late_w[k]);
        high = fmax(high, w->late_w[k]);
    }
    for (size_t k = 0; k < w->n; k++, since++) {
        if (k && fabs(w->late_w[k] - w->late_w[k - 1]) > change_share * (high - low))
            since = 0;
        if ((since < DENSE_ROWS / stride || k % stride == 0) && of->rows < 2 * ROWS_MOST)
            of->row[of->rows++] = k;
    }
}

static bool open_plan(plan *of, const erg_window *w, erg_error *err)
{
    *of = (plan){ .from = *w };
    of->tau_s = calloc(ERG_STRUCTURE_MOST, sizeof(double));
    of->row = calloc(w->n, sizeof(size_t));
    of->lag = calloc(2 * w->n, sizeof(double));
    if (!of->tau_s || !of->row || !of->lag)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory for a spectrum");
    choose_taus(of, w);
    choose_rows(of, w);
    of->from.late_w = of->lag + w->n;
    for (size_t k = 0; k < w->n; k++)
        of->from.late_w[k] = w->late_w[k] - w->late_w[0];
    of->x = calloc(of->rows * of->columns, sizeof(double));
    of->y = calloc(of->rows, sizeof(double));
    return (of->x && of->y) || erg_fail(err, ERG_NO_MEMORY, "out of memory for a spectrum");
}

static void close_plan(plan *of)
{
    free(of->tau_s);
    free(of->row);
    free(of->lag);
    free(of->x);
    free(of->y);
}

static void put_column(plan *of, size_t column, const double values[])
{
    for (size_t i = 0; i < of->rows; i++)
        of->x[i * of->columns + column] = values[of->row[i]];
}

static void fill(plan *of)
{
    const erg_window *w = &of->from;

    for (size_t i = 0; i < of->rows; i++) {
        of->y[i] = w->temp_k[of->row[i]];
        of->x[i * of->columns] = 1;
    }
    put_column(of, 1, w->late_w);
    for (size_t j = 0; j < of->taus; j++) {
        erg_lag(w, of->tau_s[j], of->lag);
        put_column(of, 2 + j, of->lag);
    }
}

bool erg_structure_spectrum(const erg_window *window, erg_rc_spectrum *out, erg_error *err)
{
    plan of;
    double value[2 + ERG_STRUCTURE_MOST];
    erg_nonnegative fit = { .value = value };

    *out = (erg_rc_spectrum){ .count = 0 };
    if (window->segments != 1)
        return erg_fail(err, ERG_NO_DATA, "%zu gaps: a spectrum needs an unbroken record",
                        window->segments - 1);
    bool good = open_plan(&of, window, err);
    if (good) {
        fill(&of);
        const erg_nonnegative_rows rows = { of.x, of.y, of.rows, of.columns };
        good = erg_nonnegative_fit(&rows, &fit, err);
    }
    for (size_t j = 0; good && j < of.taus; j++) {
        if (!(value[2 + j] > 0))
            continue;
        out->tau_s[out->count] = of.tau_s[j];
        out->r_k_per_w[out->count++] = value[2 + j];
    }
    out->r_fast_k_per_w = good ? value[1] : 0;
    close_plan(&of);
    return good;
}

/* ---- the table ----------------------------------------------------------------------- */

static const erg_column columns[] = {
    { "device", ERG_TEXT, "as the log names it" },
    { "window", ERG_TEXT, "seconds from the first row" },
    { "stage", ERG_INTEGER, "of the ladder, from the die outwards" },
    { "r_k_per_w", ERG_REAL, "resistance from the die to the end of this stage" },
    { "c_j_per_k", ERG_REAL, "capacity up to there" },
    { "c_per_r_j_w_per_k2", ERG_REAL,
      "the derivative: capacity over resistance of this stage" },
};

static bool put_stages(erg_table *table, const erg_structure *of,
                       const erg_structure_window *from, erg_error *err)
{
    double r = of->r_fast_k_per_w, c = 0;
    bool good = true;

    for (size_t k = 0; good && k < of->count; k++) {
        r += of->r_k_per_w[k];
        c += of->c_j_per_k[k];
        const erg_real cells[] = {
            { "r_k_per_w", r },
            { "c_j_per_k", c },
            { "c_per_r_j_w_per_k2", of->c_j_per_k[k] / of->r_k_per_w[k] },
        };
        good = erg_table_row(table, err)
            && erg_table_text(table, "device", from->device->name, err)
            && erg_table_text(table, "window", from->window, err)
            && erg_table_integer(table, "stage", (int64_t)k + 1, err)
            && erg_put_reals(table, cells, ERG_COUNT(cells), err);
    }
    return good;
}

bool erg_structure_put(erg_result *result, erg_table **table,
                       const erg_structure_window *of, erg_error *err)
{
    erg_window w;
    erg_rc_spectrum spectrum;
    erg_structure structure;
    erg_error why = { 0 };

    if (!erg_window_open(of->device, of->options, &w, err))
        return false;
    bool can = erg_structure_can(&w);
    bool good = can && erg_structure_spectrum(&w, &spectrum, &why)
        && erg_structure_of(&spectrum, &structure, &why);
    erg_window_close(&w);
    if (!can)
        return true;
    if (!good && why.code == ERG_NO_MEMORY)
        return erg_fail(err, why.code, "%s", why.text);
    if (!good)
        return erg_result_note(result, err, "%s: no structure function: %s",
                               of->device->name, why.text);
    if (!*table)
        *table = erg_result_add(result, "structure", columns, ERG_COUNT(columns), err);
    return *table && put_stages(*table, &structure, of, err);
}
