/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is a series a formula? A polynomial of degree 2 at most and up to three sinusoids, which
 * is what made-up sensor data is made of, leave nothing of it; a measured one has noise.
 */
#ifndef ERG_MATH_CLOSED_FORM_H
#define ERG_MATH_CLOSED_FORM_H

#include "base/base.h"

enum { ERG_SINUSOIDS_MOST = 3, ERG_CLOSED_LEAST = 60 };

typedef struct erg_closed_form {
    bool is_closed;
    double residual;            /* the largest, of the fit that stands below */
    double polynomial[3];       /* of u: -1 at the first value, 1 at the last */
    double cosine[ERG_SINUSOIDS_MOST], sine[ERG_SINUSOIDS_MOST];
    double turns[ERG_SINUSOIDS_MOST];   /* periods within the series */
    int sinusoids;
} erg_closed_form;

/* t rises; NULL: equal distances. step: what the values were rounded to, 0: nothing known.
 * Closed: the largest residual is below 1e-9 of the range or, where the range is 1000 steps
 * or more, about half a step. Fewer than 60 values or one that never changes: not closed.
 * False: no memory, or no LAPACK. */
bool erg_closed_form_find(const double t[], const double x[], size_t n, double step,
                          erg_closed_form *out, erg_error *err);

/* RMS of fourth differences over sqrt(70): the sd of the noise in a smooth series. */
double erg_noise_floor(const double x[], size_t n);
/* The least power of ten of which all x are multiples; 0: none above 1e-12. */
double erg_printed_step(const double x[], size_t n);

#endif
