/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The physical model: an application's curves of power and time from a few measured
 * clocks (anchors). The form is src/math/clock_law.h; its knee (xk, vm) belongs to the
 * GPU model and is shared, all else is the application's own. A Gaussian process takes
 * up what the form leaves at the anchors and says how sure the curve is between them.
 */
#ifndef ERG_FIT_PHYSICAL_H
#define ERG_FIT_PHYSICAL_H

#include "base/base.h"
#include "math/clock_law.h"

/* Fewer anchors than ROBUST: no t0, and every anchor is believed. */
enum { ERG_PHYSICAL_LEAST = 2, ERG_PHYSICAL_ROBUST = 5 };

typedef struct erg_knee { double xk, vm; } erg_knee;

/* Of a GPU model that nobody has swept yet. */
extern const erg_knee erg_knee_default;         /* (0.80, 0.85) */

/* The mean at one measured clock. Errors: standard error over mean; NAN: not known.
 * A capped point says only "power >= limit": it is left out. */
typedef struct erg_anchor {
    double x;                   /* clock over the highest clock */
    double power_w, time_s;
    double power_error, time_error;
    bool is_capped;
} erg_anchor;

typedef struct erg_clock_curve {
    double power_w, time_s;
    double power_sd, time_sd;   /* of the logarithms */
} erg_clock_curve;

/* ---- the form ---------------------------------------------------------- */

/* Mean squared relative error of power at every knee of the grid, with the best p0, c
 * >= 0 at each: what an application adds to the choice of a shared knee. */
enum { ERG_KNEE_CLOCKS = 24, ERG_KNEE_VOLTAGES = 25,
       ERG_KNEES = ERG_KNEE_CLOCKS * ERG_KNEE_VOLTAGES };
erg_knee erg_knee_at(size_t index);
void erg_knee_costs(const erg_anchor anchors[], size_t count, double costs[ERG_KNEES]);
/* The knee of least sum of costs. */
erg_knee erg_knee_least(const double costs[ERG_KNEES]);

/* p0_w and c_w at the law's knee; returns the mean squared relative error. */
double erg_physical_power(const erg_anchor anchors[], size_t count, erg_clock_law *law);
/* tm_s, tc_s, q and t0_s from nine starts, the best wins; returns the cost. */
double erg_physical_time(const erg_anchor anchors[], size_t count, erg_clock_law *law);
/* The same from the law as it is, to a tenth of a percent: for draws that lie near. */
double erg_physical_time_near(const erg_anchor anchors[], size_t count, erg_clock_law *law);

/* ---- the curve --------------------------------------------------------- */

enum { ERG_PHYSICAL_DRAWS = 200 };

typedef struct erg_physical {
    const erg_anchor *anchors;
    size_t count;
    erg_knee knee;
    bool is_line;               /* another knob than the clock, whose form is not known:
                                 * ln P and ln T are lines in ln x, the residual wider */
    size_t draws;               /* of anchors within their errors; 0: sd without them */
} erg_physical;

/* Power (or time) at each x, and the sd of its logarithm: that of the residual, joined by
 * what the errors of the anchors do to form and residual. law (may be NULL) keeps the
 * form. ERG_NO_DATA for fewer than two clocks that are not capped, ERG_BAD_INPUT for a
 * figure <= 0. */
bool erg_physical_predict(const erg_physical *of, bool is_time, const double x[],
                          size_t x_count, double out[], double sd[], erg_clock_law *law,
                          erg_error *err);
/* Both. */
bool erg_physical_curve(const erg_physical *of, const double x[], size_t x_count,
                        erg_clock_curve out[], erg_error *err);

#endif
