/* SPDX-License-Identifier: Apache-2.0 */
/* LAPACKE opened at run time (linear.h says why). */
#include <dlfcn.h>
#include <limits.h>
#include <math.h>
#include <string.h>
#include "math/linear.h"

enum { ROW_MAJOR = 101 };       /* of LAPACKE's C interface */

enum { AS_IT_IS = 111, TURNED = 112 };      /* of CBLAS, with the same orders */

typedef void dgemm(int order, int a_turned, int b_turned, int m, int n, int k, double alpha,
                   const double *a, int lda, const double *b, int ldb, double beta,
                   double *c, int ldc);
typedef int dgels(int order, char trans, int m, int n, int nrhs, double *a, int lda,
                  double *b, int ldb);
typedef int dpotrf(int order, char uplo, int n, double *a, int lda);
typedef int dpotrs(int order, char uplo, int n, int nrhs, const double *a, int lda,
                   double *b, int ldb);
typedef int dsyevd(int order, char jobz, char uplo, int n, double *a, int lda, double *w);

static const char *const libraries[] = { "liblapacke.so.3", "liblapacke.so" };

/* Stays loaded once it is: opening it again only counts, and takes a microsecond. */
static bool find(const char *name, void *function, erg_error *err)
{
    for (size_t i = 0; i < ERG_COUNT(libraries); i++) {
        void *library = dlopen(libraries[i], RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
        void *symbol = library ? dlsym(library, name) : NULL;

        if (library)
            dlclose(library);
        memcpy(function, &symbol, sizeof(symbol));
        if (symbol)
            return true;
    }
    return erg_fail(err, ERG_UNSUPPORTED, "no LAPACKE was found: install liblapacke");
}

/* OpenBLAS wakes a pool of threads for a matrix of a hundred rows, and they turn in
 * circles for milliseconds. One thread is faster for all that erg solves, and gives the
 * same sums every time. Another BLAS has no such function. Returns what was set. */
static int set_threads(int count)
{
    int (*get)(void);
    void (*set)(int);

    if (count < 1 || !find("openblas_get_num_threads", &get, NULL)
        || !find("openblas_set_num_threads", &set, NULL))
        return 0;
    int before = get();
    set(count);
    return before;
}

static bool fits(size_t a, size_t b, erg_error *err)
{
    if (a < 1 || b < 1 || a > INT_MAX || b > INT_MAX)
        return erg_fail(err, ERG_BAD_INPUT, "a matrix of %zu by %zu cannot be solved", a,
                        b);
    return true;
}

/* The BLAS that LAPACKE itself needs is searched with it. */
bool erg_multiply(const erg_product *of, double *out, erg_error *err)
{
    dgemm *multiply;

    if (!fits(of->rows, of->columns, err) || !fits(of->inner, 1, err)
        || !find("cblas_dgemm", &multiply, err))
        return false;
    multiply(ROW_MAJOR, of->a_turned ? TURNED : AS_IT_IS, of->b_turned ? TURNED : AS_IT_IS,
             (int)of->rows, (int)of->columns, (int)of->inner, of->scale, of->a,
             (int)(of->a_turned ? of->rows : of->inner), of->b,
             (int)(of->b_turned ? of->inner : of->columns), 0, out, (int)of->columns);
    return true;
}

/* The diagonal of R, which the factoring leaves in a, tells dependent columns. */
static bool independent(const double *a, size_t columns)
{
    double most = 0, least = INFINITY;

    for (size_t j = 0; j < columns; j++) {
        most = fmax(most, fabs(a[j * columns + j]));
        least = fmin(least, fabs(a[j * columns + j]));
    }
    return least > 1e-12 * most;
}

bool erg_least_squares(double *a, double *y, size_t rows, size_t columns, erg_error *err)
{
    dgels *solve;

    if (!fits(rows, columns, err) || !find("LAPACKE_dgels", &solve, err))
        return false;
    int before = set_threads(1);
    bool good = rows >= columns
        && solve(ROW_MAJOR, 'N', (int)rows, (int)columns, 1, a, (int)columns, y, 1) == 0;
    set_threads(before);
    if (!good || !independent(a, columns))
        return erg_fail(err, ERG_NO_DATA, "%zu rows do not determine %zu coefficients",
                        rows, columns);
    return true;
}

bool erg_cholesky(double *a, size_t n, erg_error *err)
{
    dpotrf *factor;

    if (!fits(n, n, err) || !find("LAPACKE_dpotrf", &factor, err))
        return false;
    int before = set_threads(1), fault = factor(ROW_MAJOR, 'L', (int)n, a, (int)n);
    set_threads(before);
    if (fault != 0)
        return erg_fail(err, ERG_BAD_INPUT, "a matrix is not positive definite");
    return true;
}

bool erg_cholesky_solve(const double *factor, size_t n, double *b, size_t count,
                        erg_error *err)
{
    dpotrs *solve;

    if (!fits(n, count, err) || !find("LAPACKE_dpotrs", &solve, err))
        return false;
    int before = set_threads(1);
    int fault = solve(ROW_MAJOR, 'L', (int)n, (int)count, factor, (int)n, b, (int)count);
    set_threads(before);
    if (fault != 0)
        return erg_fail(err, ERG_BAD_INPUT, "a triangular system has no solution");
    return true;
}

bool erg_eigen_symmetric(double *a, double values[], size_t n, erg_error *err)
{
    dsyevd *split;

    if (!fits(n, n, err) || !find("LAPACKE_dsyevd", &split, err))
        return false;
    int before = set_threads(1);
    int fault = split(ROW_MAJOR, 'V', 'L', (int)n, a, (int)n, values);
    set_threads(before);
    if (fault != 0)
        return erg_fail(err, ERG_BAD_INPUT, "the eigenvalues of a matrix were not found");
    return true;
}
