/* SPDX-License-Identifier: Apache-2.0 */
/* Least values by Nelder-Mead, against functions whose least value is known. */
#include "math/simplex.h"
#include "test.h"

/* Rosenbrock's valley: 0 at (1, 1). */
static double valley(unsigned count, const double *x, double *gradient, void *self)
{
    double rise = x[1] - x[0] * x[0], way = 1 - x[0];

    CHECK(count == 2 && !gradient);
    ++*(int *)self;
    return 100 * rise * rise + way * way;
}

static double unknown(unsigned count, const double *x, double *gradient, void *self)
{
    (void)count, (void)x, (void)gradient, (void)self;
    return NAN;
}

static const double low[] = { -2, -2 }, high[] = { 2, 2 }, step[] = { 0.5, 0.5 };

static void the_least_value_of_a_valley_is_found(void)
{
    erg_error err = { 0 };
    int calls = 0;
    double x[] = { -1.2, 1 }, least = NAN;
    const erg_simplex search = { 2, low, high, step, 1e-9, 0, 2000, valley, &calls };

    CHECK_OK(erg_simplex_search(&search, x, &least, &err), err);
    CHECK_NEAR(x[0], 1, 1e-6);
    CHECK_NEAR(x[1], 1, 1e-6);
    CHECK_NEAR(least, 0, 1e-9);
    CHECK(calls > 50 && calls <= 2000);
}

static void bounds_and_the_number_of_looks_are_kept(void)
{
    erg_error err = { 0 };
    int calls = 0;
    double x[] = { 0.2, 0.1 }, least = NAN;
    const double half[] = { 0.5, 2 };
    erg_simplex search = { 2, low, half, step, 1e-9, 0, 2000, valley, &calls };

    CHECK_OK(erg_simplex_search(&search, x, &least, &err), err);
    CHECK_NEAR(x[0], 0.5, 1e-6);    /* then x1 = x0^2 and 0.25 are left */
    CHECK_NEAR(x[1], 0.25, 1e-4);
    CHECK_NEAR(least, 0.25, 1e-6);

    search.evaluations_most = 7;
    calls = 0;
    CHECK_OK(erg_simplex_search(&search, x, &least, &err), err);
    CHECK(calls == 7);
}

static void what_cannot_be_searched_is_said(void)
{
    erg_error err = { 0 };
    double x[17] = { 0.5, 0.5 }, least;
    erg_simplex search = { 17, low, high, step, 1e-9, 0, 100, unknown, NULL };

    CHECK(!erg_simplex_search(&search, x, &least, &err) && err.code == ERG_BAD_INPUT);
    search.count = 2;
    search.low = high;              /* above what is highest */
    search.high = low;
    CHECK(!erg_simplex_search(&search, x, &least, &err) && err.code == ERG_NO_DATA);
    CHECK(x[0] == 0.5 && x[1] == 0.5);
}

int main(void)
{
    static const test tests[] = {
        TEST(the_least_value_of_a_valley_is_found),
        TEST(bounds_and_the_number_of_looks_are_kept),
        TEST(what_cannot_be_searched_is_said),
    };
    return test_run(tests, ERG_COUNT(tests));
}
