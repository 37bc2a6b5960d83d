/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gaussian process with the kernel k(d) = scale^2 exp(-d^2/(2 length^2)) and noise that
 * is known for every point.
 *
 * Source: Rasmussen and Williams, Gaussian Processes for Machine Learning (2006),
 * equations 2.25 and 2.26.
 */
#ifndef ERG_MATH_GP_H
#define ERG_MATH_GP_H

#include "base/base.h"

typedef struct erg_gp_kernel { double scale, length; } erg_gp_kernel;

/* What each of n points weighs in the mean at each of m places: mean at place j =
 * sum over i of weights[i m + j] y[i]. sd[j]: of the process there, without the noise of
 * a new reading. Weights do not know y, so many draws of y share them.
 * noise: standard deviation of each y, > 0. */
bool erg_gp_weigh(erg_gp_kernel kernel, const double x[], const double noise[], size_t n,
                  const double at[], size_t m, double weights[], double sd[],
                  erg_error *err);

/* mean[j] as above. */
void erg_gp_mean(const double weights[], const double y[], size_t n, size_t m,
                 double mean[]);

#endif
