/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/gp.h"
#include "math/linear.h"

static double cover(erg_gp_kernel kernel, double distance)
{
    double z = distance / kernel.length;

    return kernel.scale * kernel.scale * exp(-z * z / 2);
}

static void fill_own(erg_gp_kernel kernel, const double x[], const double noise[], size_t n,
                     double *own)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++)
            own[i * n + j] = cover(kernel, x[i] - x[j]);
        own[i * n + i] += noise[i] * noise[i];
    }
}

static void spread(erg_gp_kernel kernel, const double *cross, const double *weights,
                   size_t n, size_t m, double sd[])
{
    for (size_t j = 0; j < m; j++) {
        double left = kernel.scale * kernel.scale;
        for (size_t i = 0; i < n; i++)
            left -= cross[i * m + j] * weights[i * m + j];
        sd[j] = sqrt(fmax(0, left));
    }
}

bool erg_gp_weigh(erg_gp_kernel kernel, const double x[], const double noise[], size_t n,
                  const double at[], size_t m, double weights[], double sd[],
                  erg_error *err)
{
    double *own = calloc(n * n + n * m + 1, sizeof(*own)), *cross = own + n * n;
    bool good = false;

    if (!own)
        return erg_fail(err, ERG_NO_MEMORY, "no memory for a process of %zu points", n);
    fill_own(kernel, x, noise, n, own);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < m; j++)
            cross[i * m + j] = cover(kernel, x[i] - at[j]);
    if (n && m)
        memcpy(weights, cross, n * m * sizeof(*cross));
    good = n == 0 || m == 0
        || (erg_cholesky(own, n, err) && erg_cholesky_solve(own, n, weights, m, err));
    if (good)
        spread(kernel, cross, weights, n, m, sd);
    free(own);
    return good;
}

void erg_gp_mean(const double weights[], const double y[], size_t n, size_t m,
                 double mean[])
{
    memset(mean, 0, m * sizeof(*mean));
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < m; j++)
            mean[j] += weights[i * m + j] * y[i];
}
