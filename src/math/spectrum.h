/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Series by frequency. Own code: Debian's kissfft works in single precision, FFTW is GPL.
 */
#ifndef ERG_MATH_SPECTRUM_H
#define ERG_MATH_SPECTRUM_H

#include <stdbool.h>
#include <stddef.h>

typedef struct erg_wave { double re, im; } erg_wave;

/* out[f] = sum over t of x[t] exp(-2 pi i f t/n), any n; in place. False: no memory. */
bool erg_fourier(erg_wave x[], size_t n);
/* The way back, with its 1/n. */
bool erg_fourier_back(erg_wave x[], size_t n);

/* out[k + lags] = sum of x[t] y[t+k] for all lags below n: as erg_lag_products, without
 * zeros around y, and quicker for hundreds of lags. False: no memory. */
bool erg_all_lag_products(const double x[], const double y[], size_t n, size_t lags,
                          double out[]);

/* Power density by Welch (1967): Hann windows of `window` values (a power of two), half
 * over each other, means taken out. out[f], f in 0..window/2, at f/(window dt), in the
 * square of x times dt; its sum times 1/(window dt) is the variance. False: no memory, or
 * n < window. */
bool erg_welch(const double x[], size_t n, double dt, size_t window, double out[]);

/* One frequency, in periods per value: sum of x[t] exp(-2 pi i f t), by Goertzel (1958). */
erg_wave erg_goertzel(const double x[], size_t n, double frequency);

#endif
