/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Means of visits, a point each. Only kept visits count; a point without any shows the
 * means of its mildest state, so that a throttled one can still be looked at.
 */
#include <math.h>
#include <stdlib.h>
#include "fit/points_inside.h"
#include "math/stats.h"

typedef struct ordered { const erg_visit *visit; size_t row; } ordered;

static int by_place(const void *left, const void *right)
{
    const ordered *a = left, *b = right;

    if (a->visit->application != b->visit->application)
        return a->visit->application < b->visit->application ? -1 : 1;
    int setting = erg_knob_setting_compare(&a->visit->setting, &b->visit->setting);
    if (setting)
        return setting;
    return a->row < b->row ? -1 : a->row > b->row;
}

/* As most files list them: then nothing is to be sorted,
 * of a million a sixth of a choice. */
static bool is_in_order(const ordered visits[], size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (by_place(&visits[i - 1], &visits[i]) > 0)
            return false;
    return true;
}

static bool is_one_point(const erg_visit *a, const erg_visit *b)
{
    return a->application == b->application
        && erg_knob_setting_equal(&a->setting, &b->setting);
}

/* The figure there of a visit of this state; NAN: of another, or it does not know it. */
static double known_at(const erg_visit *visit, erg_visit_state state, size_t offset)
{
    return visit->state == state ? *(const double *)((const char *)visit + offset) : NAN;
}

/* Mean over the visits of this state that know the figure; NAN if none does. */
static double mean_at(const ordered visits[], size_t count, erg_visit_state state,
                      size_t offset)
{
    erg_sum sum = { 0 };
    size_t known = 0;

    for (size_t i = 0; i < count; i++) {
        double value = known_at(visits[i].visit, state, offset);
        if (isnan(value))
            continue;
        erg_sum_add(&sum, value);
        known++;
    }
    return known ? erg_sum_value(&sum) / (double)known : NAN;
}

/* Half-width of the 95 % t-interval; NAN for fewer than two. */
static double half_at(const ordered visits[], size_t count, erg_visit_state state,
                      size_t offset, double mean)
{
    erg_sum squares = { 0 };
    size_t known = 0;

    for (size_t i = 0; i < count; i++) {
        double value = known_at(visits[i].visit, state, offset);
        if (isnan(value))
            continue;
        erg_sum_add(&squares, (value - mean) * (value - mean));
        known++;
    }
    if (known < 2)
        return NAN;
    double df = (double)known - 1;
    return erg_student_t(0.975, df) * sqrt(erg_sum_value(&squares) / df / (double)known);
}

/* What the clock's own steps leave open: visits whose whole seconds agree are not exact. */
static double known_half_s(const ordered visits[], size_t count, erg_visit_state state)
{
    double widest_s = 0;
    size_t known = 0;

    for (size_t i = 0; i < count; i++) {
        if (visits[i].visit->state != state)
            continue;
        known++;
        widest_s = fmax(widest_s, visits[i].visit->time_half_s);
    }
    return widest_s > 0 ? widest_s / sqrt((double)known) : NAN;
}

typedef struct figure { size_t of_visit, of_point; } figure;

#define SAME(name) { offsetof(erg_visit, name), offsetof(erg_point, name) }

static const figure figures[] = {
    SAME(time_s), SAME(energy_j), SAME(mean_w), SAME(temp_c), SAME(fp_active),
    SAME(dram_active),
};

/* Of all visits of this state, or of none: some of them would be a mean of other work. */
static void put_units(erg_point *point, const ordered visits[], size_t count)
{
    erg_sum units = { 0 }, per_unit = { 0 };
    size_t known = 0, all = 0;

    for (size_t i = 0; i < count; i++) {
        const erg_visit *visit = visits[i].visit;
        if (visit->state != point->state)
            continue;
        all++;
        if (!(visit->units > 0))
            continue;
        known++;
        erg_sum_add(&units, visit->units);
        erg_sum_add(&per_unit, visit->energy_j / visit->units);
    }
    bool told = known && known == all;
    point->units = told ? erg_sum_value(&units) / (double)known : NAN;
    point->energy_per_unit_j = told ? erg_sum_value(&per_unit) / (double)known : NAN;
}

static erg_visit_state mildest(const ordered visits[], size_t count)
{
    erg_visit_state state = visits[0].visit->state;
    for (size_t i = 1; i < count; i++)
        if (visits[i].visit->state < state)
            state = visits[i].visit->state;
    return state;
}

static erg_point mean_of(const ordered visits[], size_t count)
{
    erg_visit_state state = mildest(visits, count);
    erg_point point = { .application = visits[0].visit->application,
                        .setting = visits[0].visit->setting, .state = state,
                        .peak_w = NAN };

    for (size_t i = 0; i < ERG_COUNT(figures); i++)
        *(double *)((char *)&point + figures[i].of_point)
            = mean_at(visits, count, state, figures[i].of_visit);
    for (size_t i = 0; i < count; i++) {
        const erg_visit *visit = visits[i].visit;
        point.visits += visit->state == ERG_VISIT_OK;
        point.dropped += visit->state != ERG_VISIT_OK;
        if (visit->state == state)
            point.peak_w = fmax(point.peak_w, visit->peak_w);
    }
    put_units(&point, visits, count);
    double time =
        fmax(half_at(visits, count, state, offsetof(erg_visit, time_s), point.time_s),
             known_half_s(visits, count, state));
    double energy = half_at(visits, count, state, offsetof(erg_visit, energy_j),
                            point.energy_j);
    point.time_low_s = point.time_s - time;
    point.time_high_s = point.time_s + time;
    point.energy_low_j = point.energy_j - energy;
    point.energy_high_j = point.energy_j + energy;
    return point;
}

erg_point *erg_points_means(const erg_points *points, size_t *count, erg_error *err)
{
    size_t visits = points->visit_count;
    ordered *order = calloc(visits + 1, sizeof(*order));
    erg_point *means = calloc(visits + 1, sizeof(*means));

    *count = 0;
    if (!order || !means) {
        erg_fail(err, ERG_NO_MEMORY, "no memory for %zu points", visits);
        free(order);
        free(means);
        return NULL;
    }
    for (size_t i = 0; i < visits; i++)
        order[i] = (ordered){ &points->visits[i], i };
    if (!is_in_order(order, visits))
        qsort(order, visits, sizeof(*order), by_place);
    for (size_t begin = 0, end = 0; begin < visits; begin = end) {
        while (end < visits && is_one_point(order[begin].visit, order[end].visit))
            end++;
        means[(*count)++] = mean_of(order + begin, end - begin);
    }
    free(order);
    if (*count)
        return means;
    free(means);
    return NULL;
}
