/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The published equations, for comparison: Ali et al., FGCS 149 (2023). f in MHz.
 *
 *   ln(1+P) = b0 + b1 fp + b2 dr + b3 ln(1+f)
 *   ln(1+T) = ln(1+T_m) + c1 fp + c2 d + c3 fp^2 + c4 fp d + c5 d^2,  d = ln 1381 - ln(1+f)
 *
 * fgcs_anchored leaves out the terms of fp alone and takes d from the application's own
 * highest clock, so that T(f_m) is T_m.
 */
#include <math.h>
#include "fit/fit.h"
#include "fit/regress.h"

static const double ln_top = 7.230563;      /* ln 1381: a V100's highest clock */
static const double power_terms[4] = { -1.0318354343254663, 0.84864, 0.09749, 0.77006 };
static const double time_fp = 1.43847511, time_d = -0.16736726, time_fp2 = -0.90400864,
                    time_fp_d = 0.48241361, time_d2 = 0.78898516;

static double power_of(const double b[4], double fp, double dram, double ln_clock)
{
    return expm1(b[0] + b[1] * fp + b[2] * dram + b[3] * ln_clock);
}

static double ln_clock(double clock_hz) { return log1p(clock_hz / 1e6); }

static bool predict_published(const erg_trained *trained, const erg_case *of, double out[],
                              double sd[], erg_error *err)
{
    const erg_clock_point *top = of->anchors.at;
    double fp = top->fp_active;

    (void)sd, (void)err;
    for (size_t i = 0; i < of->count; i++) {
        double d = ln_top - ln_clock(of->clock_hz[i]);
        out[i] = trained->target == ERG_TARGET_POWER
            ? power_of(power_terms, fp, top->dram_active, ln_clock(of->clock_hz[i]))
            : expm1(log1p(top->time_s) + time_fp * fp + time_d * d + time_fp2 * fp * fp
                    + time_fp_d * fp * d + time_d2 * d * d);
    }
    return true;
}

static bool predict_anchored(const erg_trained *trained, const erg_case *of, double out[],
                             double sd[], erg_error *err)
{
    const erg_clock_point *top = of->anchors.at;

    (void)trained, (void)sd, (void)err;
    for (size_t i = 0; i < of->count; i++) {
        double d = ln_clock(top->clock_hz) - ln_clock(of->clock_hz[i]);
        out[i] = expm1(log1p(top->time_s) + time_d * d + time_fp_d * top->fp_active * d
                       + time_d2 * d * d);
    }
    return true;
}

/* ---- the power terms anew --------------------------------------------------------- */

static const char *const refit_names[4] = { "1", "fp", "dr", "ln(1+f)" };

static bool train_refit(const erg_train *in, erg_trained *out, erg_error *err)
{
    erg_regress system;
    double b[4];

    if (!erg_regress_begin(&system, in, 4, err))
        return false;
    for (size_t i = 0; i < in->count; i++)
        for (size_t k = 0; k < in->curves[i].count; k++) {
            const erg_clock_point *at = &in->curves[i].at[k];
            const double x[4] = { 1, at->fp_active, at->dram_active,
                                  ln_clock(at->clock_hz) };
            erg_regress_row(&system, x, log1p(at->power_w));
        }
    bool good = erg_regress_end(&system, b, err);
    for (size_t i = 0; good && i < 4; i++)
        good = erg_trained_term(out, err, b[i], "%s", refit_names[i]);
    return good;
}

/* Own activities where they are known, else those of the nearest measured clock. */
static const erg_clock_point *nearest(const erg_anchors *anchors, double clock_hz)
{
    const erg_clock_point *best = anchors->at;
    for (size_t i = 1; i < anchors->count; i++)
        if (fabs(anchors->at[i].clock_hz - clock_hz) < fabs(best->clock_hz - clock_hz))
            best = &anchors->at[i];
    return best;
}

static bool predict_refit(const erg_trained *trained, const erg_case *of, double out[],
                          double sd[], erg_error *err)
{
    double b[4];

    (void)sd, (void)err;
    for (size_t i = 0; i < 4; i++)
        b[i] = erg_trained_value(trained, refit_names[i]);
    for (size_t i = 0; i < of->count; i++) {
        const erg_clock_point *at = nearest(&of->anchors, of->clock_hz[i]);
        out[i] = power_of(b, of->fp_own ? of->fp_own[i] : at->fp_active,
                          of->dram_own ? of->dram_own[i] : at->dram_active,
                          ln_clock(of->clock_hz[i]));
    }
    return true;
}

const erg_fit erg_fit_fgcs = {
    .name = "fgcs",
    .about = "the published equations of FGCS 149 (2023) with their own coefficients",
    .not_for =
        "anything but comparison: they come from two programs on one V100; time at the "
        "highest clock is off by x 1.46 at fp 0.3, rises again above 1380 MHz, and its "
        "error is in watts four times what it seems in logarithms",
    .anchors_least = 1,
    .targets = { [ERG_TARGET_POWER] = true, [ERG_TARGET_TIME] = true },
    .needs_activity = true,
    .predict = predict_published,
};

const erg_fit erg_fit_fgcs_anchored = {
    .name = "fgcs_anchored",
    .about = "the published equation of time, made to give the measured time at the top",
    .not_for = "other GPUs than the V100 it comes from, or power",
    .anchors_least = 1,
    .targets = { [ERG_TARGET_TIME] = true },
    .needs_activity = true,
    .predict = predict_anchored,
};

const erg_fit erg_fit_fgcs_refit = {
    .name = "fgcs_refit",
    .about = "the published equation of power with coefficients of these applications",
    .not_for =
        "choosing a clock: without an anchor it is off by a third on a new application, "
        "and its memory term follows which programs were swept",
    .groups_least = 1,
    .targets = { [ERG_TARGET_POWER] = true },
    .needs_activity = true,
    .own_activity = true,
    .train = train_refit,
    .predict = predict_refit,
};
