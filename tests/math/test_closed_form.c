/* SPDX-License-Identifier: Apache-2.0 */
/* Formulas are found out, with all digits or three; noise of a tenth is none. */
#include "math/closed_form.h"
#include "test.h"

enum { N = 120 };

typedef double (*curve)(double t);

static double slow_wave(double t) { return 45 + 0.05 * t + 3 * sin(t / 40); }
static double wave(double t) { return 45 + 0.02 * t + 8 * sin(t / 10); }
static double line(double t) { return 20 + 0.3 * t; }
static double bend(double t) { return 20 + 0.3 * t - 0.002 * t * t; }
static double three(double t)
{
    return 50 + 5 * sin(t / 7) + 3 * cos(t / 3.1 + 1) + 2 * sin(0.9 * t);
}

static const curve curves[] = { slow_wave, wave, line, bend, three };

static bool closed(curve of, int digits, double noise, test_random *random)
{
    double x[N], scale = pow(10, digits);
    erg_closed_form form;
    erg_error err = { 0 };

    for (int i = 0; i < N; i++) {
        x[i] = of(i) + (noise > 0 ? noise * test_normal(random) : 0);
        x[i] = digits < 12 ? round(x[i] * scale) / scale : x[i];
    }
    if (!erg_closed_form_find(NULL, x, N, erg_printed_step(x, N), &form, &err))
        SKIP(err.text);
    return form.is_closed;
}

static void formulas_are_closed_with_fifteen_digits_or_three(void)
{
    for (size_t c = 0; c < ERG_COUNT(curves); c++) {
        CHECK(closed(curves[c], 15, 0, NULL));
        CHECK(closed(curves[c], 3, 0, NULL));
    }
}

static void noise_of_a_tenth_opens_them(void)
{
    test_random random = { 7 };

    for (size_t c = 0; c < ERG_COUNT(curves); c++) {
        CHECK(!closed(curves[c], 15, 0.1, &random));
        CHECK(!closed(curves[c], 3, 0.1, &random));
    }
}

static void coarse_steps_prove_nothing(void)
{
    CHECK(!closed(wave, 0, 0, NULL));
    CHECK(!closed(line, 0, 0, NULL));
}

static void a_long_record_is_judged_as_a_whole(void)
{
    static double x[3000];
    erg_closed_form form;

    for (int i = 0; i < 3000; i++)
        x[i] = wave(i);
    CHECK(erg_closed_form_find(NULL, x, 3000, 0, &form, NULL) && form.is_closed);
    x[2500] += 0.5;
    CHECK(erg_closed_form_find(NULL, x, 3000, 0, &form, NULL) && !form.is_closed);
}

static void the_noise_floor_is_the_noise(void)
{
    static double x[4000];
    test_random random = { 3 };

    for (int i = 0; i < 4000; i++)
        x[i] = 50 + 10 * sin(i / 200.0) + 0.2 * test_normal(&random);
    CHECK_NEAR(erg_noise_floor(x, 4000), 0.2, 0.01);
}

static void printed_steps_are_powers_of_ten(void)
{
    static const double thousandths[] = { 0.125, 27.001, 3 }, whole[] = { 56, 57 },
                        tens[] = { 20, 1430 }, none[] = { M_PI, M_E };

    CHECK_NEAR(erg_printed_step(thousandths, 3), 1e-3, 1e-15);
    CHECK_NEAR(erg_printed_step(whole, 2), 1, 1e-15);
    CHECK_NEAR(erg_printed_step(tens, 2), 10, 1e-12);
    CHECK(erg_printed_step(none, 2) < 1e-10);
}

int main(void)
{
    static const test tests[] = {
        TEST(formulas_are_closed_with_fifteen_digits_or_three),
        TEST(noise_of_a_tenth_opens_them),
        TEST(coarse_steps_prove_nothing),
        TEST(a_long_record_is_judged_as_a_whole),
        TEST(the_noise_floor_is_the_noise),
        TEST(printed_steps_are_powers_of_ten),
    };
    return test_run(tests, ERG_COUNT(tests));
}
