/* SPDX-License-Identifier: Apache-2.0 */
/* Means of a recorded signal, against walking all of it. */
#include <math.h>
#include "math/stats.h"
#include "trace/boxcar.h"
#include "test.h"

enum { SAMPLES = 400, ASKED = 3000 };
static const double near = 1e-9;

static double integral_walked(const erg_sample at[], double begin_s, double end_s)
{
    double sum = 0;

    for (size_t i = 0; i + 1 < SAMPLES; i++) {
        double from_s = erg_s_from_ns(at[i].t_ns), to_s = erg_s_from_ns(at[i + 1].t_ns);
        double a_s = fmax(from_s, begin_s), b_s = fmin(to_s, end_s);
        if (b_s <= a_s)
            continue;
        double slope = (at[i + 1].value - at[i].value) / (to_s - from_s);
        sum += (b_s - a_s) * (at[i].value + slope * (0.5 * (a_s + b_s) - from_s));
    }
    return sum;
}

/* Stamps that bunch: a power spreads them over decades, and every fifth is an edge. */
static void fill(erg_sample at[], double power, test_random *random)
{
    for (int64_t i = 0; i < SAMPLES; i++) {
        bool is_edge = i > 0 && i % 5 == 0;
        double t_s = 100 * pow((double)i / (SAMPLES - 1), power);
        at[i] = (erg_sample){ is_edge ? at[i - 1].t_ns : erg_ns_from_s(t_s), 0,
                              100 * test_uniform(random) };
    }
}

static void means_are_those_of_the_whole_walk_however_the_samples_bunch(void)
{
    static const double powers[] = { 1, 4, 12, 0.1 };
    erg_sample at[SAMPLES];
    erg_error err = { 0 };
    erg_boxcar box;

    for (size_t p = 0; p < ERG_COUNT(powers); p++) {
        test_random random = { 5 + p };
        fill(at, powers[p], &random);
        CHECK_OK(erg_boxcar_make((erg_samples){ at, SAMPLES }, &box, &err), err);
        double whole_s = erg_s_from_ns(at[SAMPLES - 1].t_ns);
        for (int i = 0; i < ASKED; i++) {
            double begin_s = whole_s * pow(test_uniform(&random), powers[p]);
            double end_s = begin_s + (whole_s - begin_s) * test_uniform(&random);
            double sum = erg_boxcar_mean(&box, begin_s, end_s) * (end_s - begin_s);
            CHECK_NEAR(sum, integral_walked(at, begin_s, end_s), near * 1e4);
        }
        erg_boxcar_free(&box);
    }
}

static void an_edge_has_its_second_value_and_nothing_is_known_outside(void)
{
    static const erg_sample at[] = { { 0, 0, 1 }, { ERG_NS_PER_S, 0, 1 },
                                     { ERG_NS_PER_S, 0, 5 }, { 2 * ERG_NS_PER_S, 0, NAN },
                                     { 3 * ERG_NS_PER_S, 0, 5 } };
    erg_error err = { 0 };
    erg_boxcar box;

    CHECK_OK(erg_boxcar_make((erg_samples){ at, ERG_COUNT(at) }, &box, &err), err);
    CHECK_NEAR(erg_boxcar_mean(&box, 1, 1), 5, near);
    CHECK_NEAR(erg_boxcar_mean(&box, 0, 3), 11.0 / 3, near);
    CHECK_NEAR(erg_boxcar_mean(&box, 3, 3), 5, near);
    CHECK(isnan(erg_boxcar_mean(&box, -0.1, 1)) && isnan(erg_boxcar_mean(&box, 2, 3.1)));
    erg_boxcar_free(&box);
}

int main(void)
{
    static const test tests[] = {
        TEST(means_are_those_of_the_whole_walk_however_the_samples_bunch),
        TEST(an_edge_has_its_second_value_and_nothing_is_known_outside),
    };
    return test_run(tests, ERG_COUNT(tests));
}
