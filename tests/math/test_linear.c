/* SPDX-License-Identifier: Apache-2.0 */
/* Factors and eigenvalues against matrices that are known in closed form. */
#include <string.h>
#include "math/linear.h"
#include "test.h"

static void a_product_may_turn_its_sides(void)
{
    /* [1 2 3; 4 5 6] times [1 0; 2 1; 0 -1], and the same with each side lying turned. */
    const double a[] = { 1, 2, 3, 4, 5, 6 }, b[] = { 1, 0, 2, 1, 0, -1 };
    const double a_turned[] = { 1, 4, 2, 5, 3, 6 }, b_turned[] = { 1, 2, 0, 0, 1, -1 };
    const double want[] = { 10, -2, 28, -2 };
    for (int i = 0; i < 4; i++) {
        erg_product product = { .a = i & 1 ? a_turned : a, .b = i & 2 ? b_turned : b,
                                .rows = 2, .inner = 3, .columns = 2, .a_turned = i & 1,
                                .b_turned = i & 2, .scale = 2 };
        double out[4];
        CHECK(erg_multiply(&product, out, NULL));
        for (size_t j = 0; j < 4; j++)
            CHECK_NEAR(out[j], want[j], 1e-12);
    }
}

static void least_squares_find_a_line(void)
{
    double a[] = { 1, 0, 1, 1, 1, 2, 1, 3 }, y[] = { 1, 3, 5, 7 };
    erg_error err = { 0 };

    CHECK(erg_least_squares(a, y, 4, 2, &err));
    CHECK_NEAR(y[0], 1, 1e-12);
    CHECK_NEAR(y[1], 2, 1e-12);
}

static void the_residual_of_least_squares_is_orthogonal_to_the_columns(void)
{
    const double x[] = { 1, 2, 0, 1, -1, 3, 2, 2, 5, 1 }, y[] = { 3, -1, 4, 1, 5 };
    double a[10], c[5], dot[2] = { 0 };
    erg_error err = { 0 };

    memcpy(a, x, sizeof(a));
    memcpy(c, y, sizeof(c));
    CHECK(erg_least_squares(a, c, 5, 2, &err));
    for (size_t i = 0; i < 5; i++)
        for (size_t j = 0; j < 2; j++)
            dot[j] += x[2 * i + j] * (y[i] - x[2 * i] * c[0] - x[2 * i + 1] * c[1]);
    CHECK_NEAR(dot[0], 0, 1e-12);
    CHECK_NEAR(dot[1], 0, 1e-12);
}

static void dependent_columns_have_no_solution(void)
{
    double a[] = { 1, 2, 2, 4, 3, 6 }, y[] = { 1, 2, 4 }, few[] = { 1, 2 }, one[] = { 1 };
    erg_error err = { 0 };

    CHECK(!erg_least_squares(a, y, 3, 2, &err));
    CHECK(err.code == ERG_NO_DATA);
    CHECK(!erg_least_squares(few, one, 1, 2, &err));
}

static void cholesky_solves_what_it_factored(void)
{
    double a[] = { 4, 99, 2, 3 };       /* [4 2; 2 3], its upper corner is not read */
    double b[] = { 8, 4, 7, 3 };        /* two right sides: (8, 7) and (4, 3) */
    erg_error err = { 0 };

    CHECK(erg_cholesky(a, 2, &err));
    CHECK_NEAR(a[0], 2, 1e-15);
    CHECK_NEAR(a[2], 1, 1e-15);
    CHECK_NEAR(a[3], sqrt(2), 1e-15);
    CHECK(erg_cholesky_solve(a, 2, b, 2, &err));
    CHECK_NEAR(b[0], 1.25, 1e-14);
    CHECK_NEAR(b[2], 1.5, 1e-14);
    CHECK_NEAR(b[1], 0.75, 1e-14);
    CHECK_NEAR(b[3], 0.5, 1e-14);
}

static void a_matrix_that_is_not_positive_definite_is_refused(void)
{
    double a[] = { 1, 0, 2, 1 };
    erg_error err = { 0 };

    CHECK(!erg_cholesky(a, 2, &err));
    CHECK(err.code == ERG_BAD_INPUT);
    CHECK(!erg_cholesky(a, 0, &err));
}

static void eigenvalues_come_from_the_least_up_with_their_vectors(void)
{
    double a[] = { 2, 1, 1, 2 }, values[2];
    erg_error err = { 0 };

    CHECK(erg_eigen_symmetric(a, values, 2, &err));
    CHECK_NEAR(values[0], 1, 1e-14);
    CHECK_NEAR(values[1], 3, 1e-14);
    CHECK_NEAR(a[0], -a[2], 1e-14);     /* (1, -1)/sqrt 2 */
    CHECK_NEAR(a[1], a[3], 1e-14);      /* (1, 1)/sqrt 2 */
    CHECK_NEAR(fabs(a[1]), sqrt(0.5), 1e-14);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_product_may_turn_its_sides),
        TEST(least_squares_find_a_line),
        TEST(the_residual_of_least_squares_is_orthogonal_to_the_columns),
        TEST(dependent_columns_have_no_solution),
        TEST(cholesky_solves_what_it_factored),
        TEST(a_matrix_that_is_not_positive_definite_is_refused),
        TEST(eigenvalues_come_from_the_least_up_with_their_vectors),
    };
    return test_run(tests, ERG_COUNT(tests));
}
