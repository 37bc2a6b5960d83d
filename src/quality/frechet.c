/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FID (Heusel et al. 2017): the Frechet distance of two normal distributions, those of the
 * features of what was made and of what is real,
 *
 *     |mu1 - mu2|^2 + tr S1 + tr S2 - 2 tr (S1 S2)^(1/2).
 *
 * With S2 = V w V^T and F = V sqrt(w), the root's eigenvalues are those of F^T S1 F, which
 * is the covariance of the features times F: never a general matrix root. Directions in
 * which S2 has no extent are left out, so that they add no noise.
 *
 * A draw of items falls short of their variety and would lie above the value. So the
 * interval is of first order: each item's influence, with d tr (S1 S2)^(1/2) =
 * tr (T dS1) / 2 and T = F M^(-1/2) F^T, where M = F^T S1 F.
 */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/linear.h"
#include "quality/frechet.h"
#include "quality/metric.h"

/* Features about their mean. */
typedef struct cloud { size_t rows, columns; double *values, *mean, trace; } cloud;

static void cloud_free(cloud *from)
{
    free(from->values);
    free(from->mean);
}

static bool cloud_make(const erg_array *from, cloud *to, erg_error *err)
{
    size_t n = from->dims[0], d = from->dims[1];

    *to = (cloud){ n, d, malloc(n * d * sizeof(double)), calloc(d, sizeof(double)), 0 };
    if (!to->values || !to->mean)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < d; j++)
            to->mean[j] += from->values[i * d + j];
    for (size_t j = 0; j < d; j++)
        to->mean[j] /= (double)n;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < d; j++) {
            double x = from->values[i * d + j] - to->mean[j];
            to->values[i * d + j] = x;
            to->trace += x * x / (double)(n - 1);
        }
    return true;
}

/* Eigenvalues and vectors of the covariance of rows about 0; vectors are columns. */
static bool axes_of(const double *rows, size_t n, size_t d, double *vectors, double *values,
                    erg_error *err)
{
    erg_product squares = { .a = rows, .b = rows, .rows = d, .inner = n, .columns = d,
                            .a_turned = true, .scale = 1 / (double)(n - 1) };
    return erg_multiply(&squares, vectors, err)
        && erg_eigen_symmetric(vectors, values, d, err);
}

/* F in place of vectors, and how many columns it has. */
static size_t scale_axes(double *vectors, const double *values, size_t d)
{
    double least = (double)d * DBL_EPSILON * values[d - 1];
    size_t first = 0;

    while (first < d && !(values[first] > least))
        first++;
    /* Columns move left within each row: what is overwritten was read. */
    for (size_t i = 0; i < d; i++)
        for (size_t j = first; j < d; j++)
            vectors[i * (d - first) + j - first] = vectors[i * d + j] * sqrt(values[j]);
    return d - first;
}

/* What the parts of a computation need; sizes n x d and d x d. */
typedef struct frechet_room { double *axes, *turned, *axes2, *values; } frechet_room;

static bool room_make(frechet_room *room, size_t n, size_t d, erg_error *err)
{
    *room = (frechet_room){ malloc(d * d * sizeof(double)), malloc(n * d * sizeof(double)),
                            malloc(d * d * sizeof(double)), malloc(d * sizeof(double)) };
    return (room->axes && room->turned && room->axes2 && room->values)
        || erg_fail(err, ERG_NO_MEMORY, "out of memory");
}

static void room_free(frechet_room *room)
{
    free(room->axes);
    free(room->turned);
    free(room->axes2);
    free(room->values);
}

/* q_i = y_i^T M^(-1/2) y_i, where y_i are the rows of turned. */
static bool pull_of_items(frechet_room *room, size_t n, size_t r, double pull[],
                          erg_error *err)
{
    double *along = malloc(n * r * sizeof(double));
    erg_product turn = { .a = room->turned, .b = room->axes2, .rows = n, .inner = r,
                         .columns = r, .scale = 1 };
    bool ok = along ? erg_multiply(&turn, along, err)
                    : erg_fail(err, ERG_NO_MEMORY, "out of memory");
    double least = (double)r * DBL_EPSILON * room->values[r - 1];

    for (size_t i = 0; ok && i < n; i++)
        for (size_t k = 0; k < r; k++)
            if (room->values[k] > least)
                pull[i] += along[i * r + k] * along[i * r + k] / sqrt(room->values[k]);
    free(along);
    return ok;
}

static double mean_gap(const cloud *a, const cloud *b)
{
    double sum = 0;

    for (size_t j = 0; j < a->columns; j++)
        sum += (a->mean[j] - b->mean[j]) * (a->mean[j] - b->mean[j]);
    return sum;
}

/* The influence of each item of a; pull becomes it. Its mean is 0. */
static void influence(const cloud *a, const cloud *b, double pull[])
{
    double n = (double)a->rows, unbiased = n / (n - 1), mean = 0;

    for (size_t i = 0; i < a->rows; i++) {
        double shift = 0, square = 0;
        for (size_t j = 0; j < a->columns; j++) {
            double x = a->values[i * a->columns + j];
            shift += (a->mean[j] - b->mean[j]) * x;
            square += x * x;
        }
        pull[i] = 2 * shift + unbiased * (square - pull[i]);
        mean += pull[i] / n;
    }
    for (size_t i = 0; i < a->rows; i++)
        pull[i] -= mean;
}

static bool compute(const cloud *a, const cloud *b, erg_frechet *out, double pull[],
                    erg_error *err)
{
    size_t n = a->rows, d = a->columns, r = 0;
    frechet_room room;
    bool ok = room_make(&room, n, d, err)
           && axes_of(b->values, b->rows, d, room.axes, room.values, err);

    if (ok && (r = scale_axes(room.axes, room.values, d)) > 0) {
        erg_product turn = { .a = a->values, .b = room.axes, .rows = n, .inner = d,
                             .columns = r, .scale = 1 };
        ok = erg_multiply(&turn, room.turned, err)
          && axes_of(room.turned, n, r, room.axes2, room.values, err)
          && (!pull || pull_of_items(&room, n, r, pull, err));
        for (size_t k = 0; ok && k < r; k++)
            out->root += sqrt(fmax(0, room.values[k]));
    }
    out->mean_part = mean_gap(a, b);
    out->trace_a = a->trace;
    out->trace_b = b->trace;
    out->distance = fmax(0, out->mean_part + a->trace + b->trace - 2 * out->root);
    if (ok && pull)
        influence(a, b, pull);
    room_free(&room);
    return ok;
}

bool erg_frechet_distance(const erg_array *a, const erg_array *b, erg_frechet *out,
                          double influences[], erg_error *err)
{
    cloud mine = { 0 }, theirs = { 0 };

    *out = (erg_frechet){ 0 };
    if (a->dims[1] != b->dims[1])
        return erg_fail(err, ERG_BAD_INPUT,
                        "features of %zu and of %zu columns do not compare", a->dims[1],
                        b->dims[1]);
    if (a->dims[0] < 2 || b->dims[0] < 2 || a->dims[1] < 1)
        return erg_fail(err, ERG_NO_DATA,
                        "a distance of distributions needs two rows a side");
    bool ok = cloud_make(a, &mine, err) && cloud_make(b, &theirs, err)
           && compute(&mine, &theirs, out, influences, err);
    cloud_free(&mine);
    cloud_free(&theirs);
    return ok;
}

/* ---- as a metric ------------------------------------------------------------------- */

/* Counts: influence, 1. The value itself does not depend on the draw. */
static double value(const erg_tally *tally, const double sums[])
{
    return fmax(0, *(const double *)tally->state + erg_tally_mean(tally, sums));
}

bool erg_frechet_compute(const erg_metric *metric, const erg_quality_case *with,
                         erg_tally *tally, erg_error *err)
{
    const erg_array *mine = with->mine.features;
    size_t n = mine->dims[0];
    double *pull = calloc(n + 1, sizeof(*pull)), *state = calloc(1, sizeof(*state));
    erg_frechet found;
    bool ok = pull && state ? erg_frechet_distance(mine, with->against, &found, pull, err)
                            : erg_fail(err, ERG_NO_MEMORY, "out of memory");

    (void)metric;
    tally->state = state;
    tally->free_state = free;
    ok = ok && erg_tally_make(tally, n, 2, err);
    for (size_t i = 0; ok && i < n; i++) {
        tally->counts[2 * i] = pull[i];
        tally->counts[2 * i + 1] = 1;
        tally->is_scored[i] = true;
    }
    if (ok)
        *state = found.distance;
    tally->value = value;
    tally->has_no_items = true;
    free(pull);
    return ok;
}
