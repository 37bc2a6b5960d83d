/* SPDX-License-Identifier: Apache-2.0 */
/* Quantiles of numbers that are only shown: those of all numbers in memory. */
#include <math.h>
#include <stdlib.h>
#include "math/numbers.h"
#include "math/stats.h"
#include "test.h"

enum { MANY = 200000, AT_ONCE = 777 };

typedef struct shown { const double *x; size_t count, passes, fails_at; } shown;

static bool each(void *self, erg_numbers_take *take, void *to, erg_error *err)
{
    shown *of = self;

    if (++of->passes == of->fails_at)
        return erg_fail(err, ERG_IO, "torn");
    for (size_t i = 0; i < of->count; i += AT_ONCE)
        take(to, of->x + i, of->count - i < AT_ONCE ? of->count - i : AT_ONCE);
    return true;
}

static double *numbers(size_t count, double (*draw)(test_random *random))
{
    test_random random = { 11 };
    double *x = malloc((count + 1) * sizeof(*x));

    CHECK(x != NULL);
    for (size_t i = 0; i < count; i++)
        x[i] = draw(&random);
    return x;
}

static double coarse(test_random *random) { return round(50 * test_normal(random)) / 4; }
static double fine(test_random *random) { return 1e3 * test_normal(random); }
static double same(test_random *random) { (void)random; return 250.5; }
static double wild(test_random *random)
{
    double x = test_normal(random);
    return x < -1 ? -1e300 : x < 0 ? 0.0 : x < 1 ? -0.0 : exp(100 * x);
}

static void check_all(size_t count, double (*draw)(test_random *random))
{
    static const double places[] = { 0, 1e-9, 0.05, 0.25, 0.5, 0.5000001, 0.999999, 1 };
    double *x = numbers(count, draw);
    shown of = { .x = x, .count = count };
    erg_error err = { 0 };
    double seen[ERG_COUNT(places)];

    for (size_t i = 0; i < ERG_COUNT(places); i++)
        CHECK_OK(erg_quantile_of(&(erg_numbers){ each, &of, count }, places[i], &seen[i],
                                 &err), err);
    for (size_t i = 0; i < ERG_COUNT(places); i++) {
        double told = erg_quantile(x, count, places[i]);
        CHECK(seen[i] == told || (isnan(seen[i]) && isnan(told)));
    }
    free(x);
}

static void quantiles_are_exactly_those_of_numbers_in_memory(void)
{
    static const size_t counts[] = { 0, 1, 2, 1000, MANY, MANY + 1 };

    for (size_t i = 0; i < ERG_COUNT(counts); i++) {
        check_all(counts[i], fine);
        check_all(counts[i], coarse);
        check_all(counts[i], same);
        check_all(counts[i], wild);
    }
}

static void a_pass_that_fails_is_told(void)
{
    double *x = numbers(MANY, fine), out;

    for (size_t at = 1; at <= 3; at++) {
        shown of = { .x = x, .count = MANY, .fails_at = at };
        erg_error err = { 0 };
        CHECK(!erg_quantile_of(&(erg_numbers){ each, &of, MANY }, 0.5, &out, &err));
        CHECK(err.code == ERG_IO && isnan(out));
    }
    free(x);
}

/* Watts come in steps: all passes over a gigabyte are asked for as seldom as can be. */
static void readings_in_steps_take_few_passes(void)
{
    double *x = numbers(MANY, coarse), out;
    shown of = { .x = x, .count = MANY };
    erg_error err = { 0 };

    CHECK_OK(erg_quantile_of(&(erg_numbers){ each, &of, MANY }, 0.5, &out, &err), err);
    CHECK(of.passes <= 4);
    free(x);
}

int main(void)
{
    static const test tests[] = {
        TEST(quantiles_are_exactly_those_of_numbers_in_memory),
        TEST(a_pass_that_fails_is_told),
        TEST(readings_in_steps_take_few_passes),
    };
    return test_run(tests, ERG_COUNT(tests));
}
