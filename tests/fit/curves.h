/* SPDX-License-Identifier: Apache-2.0 */
/* Applications of a measured table as curves against the clock, for tests. */
#ifndef ERG_TESTS_CURVES_H
#define ERG_TESTS_CURVES_H

#include "erg/points.h"
#include "fit/physical.h"
#include "test.h"

enum { CURVE_MOST = 256, CURVES_MOST = 24 };

/* From the lowest clock up; one point a clock. */
typedef struct curve {
    char name[192];
    size_t count;
    double clock_hz[CURVE_MOST];
    erg_anchor at[CURVE_MOST];
} curve;

typedef struct curves { size_t count; curve of[CURVES_MOST]; } curves;

static inline void curves_add(curves *to, const erg_points *points, const erg_point *point)
{
    const char *name = erg_points_application_at(points, point->application)->name;

    if (to->count == 0 || strcmp(to->of[to->count - 1].name, name) != 0)
        erg_text_put(to->of[to->count++].name, sizeof(to->of->name), name);
    curve *last = &to->of[to->count - 1];
    CHECK(to->count <= CURVES_MOST && last->count < CURVE_MOST);
    last->clock_hz[last->count] = point->setting.at[ERG_SM_CLOCK];
    last->at[last->count++] = (erg_anchor){ .power_w = point->energy_j / point->time_s,
                                            .time_s = point->time_s,
                                            .power_error = NAN, .time_error = NAN };
}

/* Means of kept visits. Good until the next call. */
static inline const curves *curves_load(const char *file)
{
    static curves all;
    erg_error err = { 0 };
    erg_points *points = erg_points_new(&err);
    size_t count = 0;

    all.count = 0;
    CHECK(points != NULL);
    memset(&all, 0, sizeof(all));
    CHECK_OK(erg_points_read_csv(points, test_data(file), NULL, &err), err);
    CHECK_OK(erg_points_check(points, &err), err);
    erg_point *means = erg_points_means(points, &count, &err);
    for (size_t i = count; i-- > 0;)
        if (means[i].state == ERG_VISIT_OK)
            curves_add(&all, points, &means[i]);
    for (size_t a = 0; a < all.count; a++)
        for (size_t i = 0; i < all.of[a].count; i++)
            all.of[a].at[i].x =
                all.of[a].clock_hz[i] / all.of[a].clock_hz[all.of[a].count - 1];
    free(means);
    erg_points_free(points);
    return &all;
}

/* Rows nearest to k clocks evenly spaced from the lowest to the highest. */
static inline void curve_evenly(const curve *of, size_t k, size_t rows[])
{
    for (size_t i = 0; i < k; i++) {
        double low = of->at[0].x, want = low + (1 - low) * (double)i / (double)(k - 1);
        rows[i] = 0;
        for (size_t j = 1; j < of->count; j++)
            if (fabs(of->at[j].x - want) < fabs(of->at[rows[i]].x - want))
                rows[i] = j;
    }
}

static inline int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Running medians of 9 clocks, cut at the ends, judge a choice: not single rows. */
static inline curve curve_smoothed(const curve *of)
{
    curve made = *of;

    for (size_t i = 0; i < of->count; i++) {
        double power[9], time[9];
        size_t n = 0;
        for (size_t j = i < 4 ? 0 : i - 4; j <= i + 4 && j < of->count; j++, n++) {
            power[n] = of->at[j].power_w;
            time[n] = of->at[j].time_s;
        }
        qsort(power, n, sizeof(*power), by_value);
        qsort(time, n, sizeof(*time), by_value);
        made.at[i].power_w = (power[(n - 1) / 2] + power[n / 2]) / 2;
        made.at[i].time_s = (time[(n - 1) / 2] + time[n / 2]) / 2;
    }
    return made;
}

/* What each application adds to the choice of a knee, and their sum. */
static inline void costs_of_all(const curves *all, double costs[][ERG_KNEES],
                                double sum[ERG_KNEES])
{
    memset(sum, 0, ERG_KNEES * sizeof(*sum));
    for (size_t a = 0; a < all->count; a++) {
        erg_knee_costs(all->of[a].at, all->of[a].count, costs[a]);
        for (size_t i = 0; i < ERG_KNEES; i++)
            sum[i] += costs[a][i];
    }
}

#endif
