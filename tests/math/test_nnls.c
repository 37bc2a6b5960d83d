/* SPDX-License-Identifier: Apache-2.0 */
/* A worked case; Karush, Kuhn and Tucker; plain least squares. */
#include "math/nnls.h"
#include "math/regression.h"
#include "test.h"

enum { ROWS = 90, COLUMNS = 60 };

typedef struct made { double x[ROWS * COLUMNS], y[ROWS], value[COLUMNS]; } made;

static erg_nonnegative fit(made *of, size_t rows, size_t columns)
{
    erg_error err = { 0 };
    erg_nonnegative_rows in = { of->x, of->y, rows, columns };
    erg_nonnegative out = { .value = of->value };

    CHECK_OK(erg_nonnegative_fit(&in, &out, &err), err);
    return out;
}

static void the_worked_case_comes_out(void)
{
    made of = { .x = { 1, 0, 0, 1, 1, 1 }, .y = { 1, -1, 0 } };
    erg_nonnegative found = fit(&of, 3, 2);

    CHECK_NEAR(of.value[0], 0.5, 1e-15);
    CHECK(of.value[1] == 0);
    CHECK_NEAR(found.squares, 1.5, 1e-15);
}

static void draw(made *to, test_random *random, size_t rows, size_t columns)
{
    for (size_t i = 0; i < rows * columns; i++)
        to->x[i] = test_normal(random);
    for (size_t i = 0; i < rows; i++)
        to->y[i] = test_normal(random);
}

static double slope(const made *of, size_t rows, size_t columns, size_t j)
{
    double sum = 0;

    for (size_t i = 0; i < rows; i++) {
        double left = -of->y[i];
        for (size_t k = 0; k < columns; k++)
            left += of->x[i * columns + k] * of->value[k];
        sum += left * of->x[i * columns + j];
    }
    return sum;
}

static void no_coefficient_can_be_moved_for_the_better(void)
{
    static const size_t columns[] = { 1, 5, 20, 60 };
    test_random random = { 17 };
    made of;
    size_t used = 0, held = 0;

    for (size_t round = 0; round < 40; round++) {
        size_t n = columns[round % ERG_COUNT(columns)],
               rows = round % 8 < 4 ? ROWS : n / 2 + 1;
        draw(&of, &random, rows, n);
        fit(&of, rows, n);
        for (size_t j = 0; j < n; j++) {
            CHECK(of.value[j] >= 0);
            CHECK(of.value[j] > 0 ? fabs(slope(&of, rows, n, j)) < 1e-9
                                  : slope(&of, rows, n, j) > -1e-9);
            *(of.value[j] > 0 ? &used : &held) += 1;
        }
    }
    CHECK(used > 100 && held > 100);
}

static void positive_problems_are_plain_least_squares(void)
{
    test_random random = { 23 };
    enum { N = 30 };

    for (int round = 0; round < 5; round++) {
        static made of;
        static double columns[N * ROWS], y[ROWS];
        erg_regression plain;
        draw(&of, &random, ROWS, N);
        for (size_t i = 0; i < ROWS; i++) {
            of.y[i] *= 0.05;
            for (size_t j = 0; j < N; j++)
                of.y[i] += of.x[i * N + j] * (1 + (double)j);
        }
        for (size_t i = 0; i < ROWS; i++) {
            y[i] = of.y[i];
            for (size_t j = 0; j < N; j++)
                columns[j * ROWS + i] = of.x[i * N + j];
        }
        fit(&of, ROWS, N);
        CHECK(erg_regress(columns, y, ROWS, N, &plain));
        for (size_t j = 0; j < N; j++)
            CHECK_NEAR(of.value[j] / plain.b[j], 1, 1e-11);
    }
}

/* Columns of length 1 and cosine c: singular values sqrt(1 +- c). */
static void the_condition_of_two_columns_is_known(void)
{
    static const double angles[] = { 1.2, 0.5, 1e-2, 1e-4 };

    for (size_t i = 0; i < ERG_COUNT(angles); i++) {
        double c = cos(angles[i]), s = sin(angles[i]);
        made of = { .x = { 3, 5 * c, 0, 5 * s }, .y = { 1, 1 } };
        CHECK_NEAR(fit(&of, 2, 2).condition / sqrt((1 + c) / (1 - c)), 1, 1e-6);
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(the_worked_case_comes_out),
        TEST(no_coefficient_can_be_moved_for_the_better),
        TEST(positive_problems_are_plain_least_squares),
        TEST(the_condition_of_two_columns_is_known),
    };
    return test_run(tests, ERG_COUNT(tests));
}
