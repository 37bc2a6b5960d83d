/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attention over the applications of training: the anchored fit, and what it leaves on
 * applications that are alike, weighted by a Gaussian kernel of their activities and
 * power at the highest clock.
 *
 *   z = (fp, dr, ln(1+P_m)) standardised,  w_j = softmax(-|z - z_j|^2 / (2 h^2)),  h = 1
 *   y = anchored + sum_j w_j r_j(x)
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "fit/anchored.h"
#include "fit/neighbours.h"

enum { KEYS = 3 };
static const double width = 1;

static void key_of(const erg_clock_point *top, double key[KEYS])
{
    key[0] = top->fp_active;
    key[1] = top->dram_active;
    key[2] = log1p(top->power_w);
}

static bool remember(const erg_fit_curve *curve, erg_trained *out, erg_error *err)
{
    if (!erg_grow((void **)&out->memories, &out->memory_capacity, out->memory_count,
                  sizeof(erg_memory), err))
        return false;
    erg_memory *memory = &out->memories[out->memory_count];
    *memory = (erg_memory){ .x = calloc(curve->count, sizeof(double)),
                            .residual = calloc(curve->count, sizeof(double)),
                            .count = curve->count };
    out->memory_count++;
    if (!memory->x || !memory->residual)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");

    double top = erg_clock_point_value(curve->at, out->target);
    erg_text_put(memory->name, sizeof(memory->name), curve->name);
    key_of(curve->at, memory->key);
    for (size_t i = 0; i < curve->count; i++) {
        const erg_clock_point *at = &curve->at[curve->count - 1 - i];
        double y = erg_fit_log_ratio(erg_clock_point_value(at, out->target), top);
        memory->x[i] = at->clock_hz / curve->at->clock_hz;
        memory->residual[i] = y - erg_anchored_ratio(out, curve->at, at->clock_hz);
    }
    return true;
}

static bool train(const erg_train *in, erg_trained *out, erg_error *err)
{
    bool good = erg_anchored_train(in, out, err);
    for (size_t i = 0; good && i < in->count; i++)
        good = remember(&in->curves[i], out, err);
    return good;
}

/* Constant columns get no weight at all: their deviation counts as infinite. */
static void standardise(const erg_trained *trained, size_t j, double *mean,
                        double *deviation)
{
    double sum = 0, squares = 0, count = (double)trained->memory_count;

    for (size_t i = 0; i < trained->memory_count; i++)
        sum += trained->memories[i].key[j];
    *mean = sum / count;
    for (size_t i = 0; i < trained->memory_count; i++)
        squares += pow(trained->memories[i].key[j] - *mean, 2);
    *deviation = squares > 0 ? sqrt(squares / count) : INFINITY;
}

void erg_neighbours_weigh(const erg_trained *trained, const erg_clock_point *top,
                          double weights[])
{
    double key[KEYS], nearest = INFINITY, sum = 0;

    key_of(top, key);
    for (size_t i = 0; i < trained->memory_count; i++)
        weights[i] = 0;
    for (size_t j = 0; j < KEYS; j++) {
        double mean, deviation;
        standardise(trained, j, &mean, &deviation);
        for (size_t i = 0; i < trained->memory_count; i++)
            weights[i] += pow((key[j] - trained->memories[i].key[j]) / deviation, 2);
    }
    for (size_t i = 0; i < trained->memory_count; i++)
        nearest = fmin(nearest, weights[i]);
    for (size_t i = 0; i < trained->memory_count; i++)
        sum += weights[i] = exp((nearest - weights[i]) / (2 * width * width));
    for (size_t i = 0; i < trained->memory_count; i++)
        weights[i] /= sum;
}

/* Linear in x, constant beyond the ends. */
static double residual_at(const erg_memory *memory, double x)
{
    size_t low = 0, high = memory->count - 1;

    if (x <= memory->x[0])
        return memory->residual[0];
    if (x >= memory->x[high])
        return memory->residual[high];
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        *(memory->x[middle] <= x ? &low : &high) = middle;
    }
    double share = (x - memory->x[low]) / (memory->x[high] - memory->x[low]);
    return memory->residual[low] + share * (memory->residual[high] - memory->residual[low]);
}

static bool predict(const erg_trained *trained, const erg_case *of, double out[],
                    double sd[], erg_error *err)
{
    const erg_clock_point *top = of->anchors.at;
    double *weights = calloc(trained->memory_count + 1, sizeof(*weights));

    (void)sd;
    if (!weights)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    erg_neighbours_weigh(trained, top, weights);
    for (size_t i = 0; i < of->count; i++) {
        double y = erg_anchored_ratio(trained, top, of->clock_hz[i]);
        for (size_t k = 0; k < trained->memory_count; k++)
            y += weights[k] * residual_at(&trained->memories[k],
                                          of->clock_hz[i] / top->clock_hz);
        out[i] = erg_fit_from_ratio(y, erg_clock_point_value(top, trained->target));
    }
    free(weights);
    return true;
}

const erg_fit erg_fit_neighbours = {
    .name = "neighbours",
    .about = "anchored, and what it leaves on applications of like activity and power",
    .not_for = "an application unlike all of training (its weights then say nothing), or "
               "choosing a clock without measuring any",
    .anchors_least = 1,
    .groups_least = 4,
    .targets = { [ERG_TARGET_POWER] = true, [ERG_TARGET_TIME] = true },
    .needs_activity = true,
    .train = train,
    .predict = predict,
};
