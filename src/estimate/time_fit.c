/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Terms of time from measured runs: least mean |ln(predicted / measured)|, in the
 * logs of the terms, held near where they start. Share, fill and launch trade
 * against each other: only together are they well known.
 */
#include <math.h>
#include <stdlib.h>
#include "base/base.h"
#include "estimate/time_fit.h"
#include "math/simplex.h"

#define AT(member) offsetof(erg_time_terms, member)

/* most: a share of a peak is at most the peak, and some for clocks that were
 * higher than the quoted. */
static const struct { size_t at; double most; } terms_free[] = {
    { AT(share), 1.2 },
    { AT(fill_k), 2000 },
    { AT(bandwidth[ERG_BYTES_ELEMENTWISE]), 1 },
    { AT(bandwidth[ERG_BYTES_SOFTMAX]), 1 },
    { AT(launch_s), 100e-6 },
    { AT(host_s), 100e-6 },
    { AT(tile_64), 1 },
    { AT(tile_32), 1 },
    { AT(long_k), 1e6 },
    { AT(long_cost), 5 },
    { AT(batched_rows), 1 },
    { AT(batched_columns), 1 },
};
enum { MOST_FREE = ERG_COUNT(terms_free) };
/* Of each freedom: the first so many terms, in so many steps. */
static const struct { unsigned terms; int steps_most; } freedoms[] = {
    [ERG_FREE_SHARE] = { 1, 160 }, [ERG_FREE_ALL] = { 6, 160 },
    [ERG_FREE_TILES] = { MOST_FREE, 1500 },
};

/* Of one unit of log distance squared: a term that the rows do not tell stays. */
static const double held = 0.02;

static double *term(erg_time_terms *terms, size_t index)
{
    return (double *)((char *)terms + terms_free[index].at);
}

double erg_time_of_row(const erg_timed_row *row, const erg_hardware *hardware,
                       const erg_time_terms terms[ERG_UNIT_CLASSES])
{
    const erg_timing timing = { .partition = row->partition, .hardware = hardware,
                                .terms = terms, .runtime = row->runtime,
                                .clock_hz = row->clock_hz };
    size_t count = (size_t)row->partition->subgraph_count + 1;
    erg_latency *parts = malloc(count * sizeof(*parts));
    bool host_bound;
    double total_s = parts ? erg_latency_graph(&timing, parts, &host_bound) : NAN;

    free(parts);
    return total_s;
}

double erg_time_loss(const erg_time_fit *fit, const erg_time_terms terms[ERG_UNIT_CLASSES])
{
    double sum = 0;

    for (size_t i = 0; i < fit->count; i++)
        sum += fabs(log(erg_time_of_row(&fit->rows[i], fit->hardware, terms)
                        / fit->rows[i].measured_s));
    return sum / (double)fit->count;
}

typedef struct search {
    const erg_time_fit *fit;
    erg_time_terms terms[ERG_UNIT_CLASSES];
    double start[MOST_FREE];
} search;

static void set_terms(search *s, unsigned count, const double *x)
{
    erg_time_terms *terms = &s->terms[s->fit->unit];

    for (unsigned i = 0; i < count; i++)
        *term(terms, i) = exp(x[i]);
    if (s->fit->freedom != ERG_FREE_SHARE)      /* two passes over rows, alike */
        terms->bandwidth[ERG_BYTES_NORM] = terms->bandwidth[ERG_BYTES_SOFTMAX];
}

static double loss(unsigned count, const double *x, double *gradient, void *user)
{
    search *s = user;
    double distance = 0;

    (void)gradient;
    set_terms(s, count, x);
    for (unsigned i = 0; i < count; i++)
        distance += (x[i] - s->start[i]) * (x[i] - s->start[i]);
    return erg_time_loss(s->fit, s->terms) + held * distance;
}

bool erg_time_fit_terms(const erg_time_fit *fit, erg_time_terms terms[ERG_UNIT_CLASSES],
                        erg_error *err)
{
    unsigned count = freedoms[fit->freedom].terms;
    double x[MOST_FREE], low[MOST_FREE], high[MOST_FREE], step[MOST_FREE], least;
    search s = { .fit = fit, .terms = { terms[0], terms[1] } };

    if (!fit->count)
        return erg_fail(err, ERG_NO_DATA, "no rows to fit times to");
    for (unsigned i = 0; i < count; i++) {
        x[i] = s.start[i] = log(*term(&terms[fit->unit], i));
        low[i] = x[i] - log(8);
        high[i] = log(terms_free[i].most);
        step[i] = 0.2;
    }
    const erg_simplex nearby = { .count = count, .low = low, .high = high, .step = step,
                                 .share = 1e-3,
                                 .evaluations_most = freedoms[fit->freedom].steps_most,
                                 .value = loss, .self = &s };
    if (!erg_simplex_search(&nearby, x, &least, err))
        return false;
    set_terms(&s, count, x);
    terms[fit->unit] = s.terms[fit->unit];
    return true;
}
