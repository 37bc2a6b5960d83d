/* SPDX-License-Identifier: Apache-2.0 */
/*
 * y = L x (all monomials up to a degree of the standardised L, fp, dr, ln(1+P_m)), ridge
 * 1. Raw, for comparison: ln(1+P) = all monomials of fp, dr, f with a constant, no ridge.
 *
 * The monomials follow from degree and features alone, in the order of counting up
 * exponents; a file holds their coefficients and what standardises.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "fit/regress.h"

enum { FEATURES = 4, DEGREE_MOST = 3, MONOMIALS_MOST = 35 };
static const double ridge = 1;

static const char *const feature_names[2][FEATURES] = {
    { "L", "fp", "dr", "ln(1+P_m)" }, { "fp", "dr", "f", NULL },
};

typedef struct shape {
    bool is_raw;
    size_t features, monomials;
    int degree;
    int exponents[MONOMIALS_MOST][FEATURES];
    double mean[FEATURES], deviation[FEATURES];
} shape;

static bool next_exponents(int at[FEATURES], size_t features, int degree)
{
    for (size_t j = features; j-- > 0;) {
        int sum = 0;
        at[j]++;
        for (size_t k = 0; k < features; k++)
            sum += at[k];
        if (sum <= degree)
            return true;
        at[j] = 0;
    }
    return false;
}

static void lay_out(shape *of, bool is_raw, int degree)
{
    int at[FEATURES] = { 0 };

    *of = (shape){ .is_raw = is_raw, .features = is_raw ? 3 : 4, .degree = degree };
    do {
        memcpy(of->exponents[of->monomials++], at, sizeof(at));
    } while (of->monomials < MONOMIALS_MOST && next_exponents(at, of->features, degree));
    for (size_t j = 0; j < FEATURES; j++)
        of->deviation[j] = 1;
}

static void features_of(const shape *of, const erg_clock_point *top, double clock_hz,
                        double z[FEATURES])
{
    const double anchored[FEATURES] = { erg_fit_log_step(top->clock_hz, clock_hz),
                                        top->fp_active, top->dram_active,
                                        log1p(top->power_w) };
    const double raw[FEATURES] = { top->fp_active, top->dram_active, clock_hz / 1e6, 0 };
    const double *values = of->is_raw ? raw : anchored;

    for (size_t j = 0; j < FEATURES; j++)
        z[j] = (values[j] - of->mean[j]) / of->deviation[j];
}

static void monomials_of(const shape *of, const erg_clock_point *top, double clock_hz,
                         double x[MONOMIALS_MOST])
{
    double z[FEATURES], factor = of->is_raw ? 1 : erg_fit_log_step(top->clock_hz, clock_hz);

    features_of(of, top, clock_hz, z);
    for (size_t i = 0; i < of->monomials; i++) {
        x[i] = factor;
        for (size_t j = 0; j < of->features; j++)
            for (int k = 0; k < of->exponents[i][j]; k++)
                x[i] *= z[j];
    }
}

/* Over all rows the mean of each feature, or of the square of its distance from `about`. */
static void mean_of_rows(const shape *plain, const erg_train *in, const double about[],
                         double mean[FEATURES])
{
    double z[FEATURES], rows = 0;

    memset(mean, 0, FEATURES * sizeof(*mean));
    for (size_t i = 0; i < in->count; i++)
        for (size_t k = 0; k < in->curves[i].count; k++) {
            features_of(plain, in->curves[i].at, in->curves[i].at[k].clock_hz, z);
            for (size_t j = 0; j < FEATURES; j++)
                mean[j] += about ? pow(z[j] - about[j], 2) : z[j];
            rows++;
        }
    for (size_t j = 0; j < FEATURES; j++)
        mean[j] /= rows;
}

/* Mean and deviation over all rows; a constant feature keeps deviation 1. */
static void standardise(shape *of, const erg_train *in)
{
    const shape plain = *of;
    double squares[FEATURES];

    mean_of_rows(&plain, in, NULL, of->mean);
    mean_of_rows(&plain, in, of->mean, squares);
    for (size_t j = 0; j < FEATURES; j++)
        of->deviation[j] = squares[j] > 1e-18 ? sqrt(squares[j]) : 1;
}

static double answer_of(const erg_fit_curve *curve, size_t row, const erg_trained *out)
{
    double value = erg_clock_point_value(&curve->at[row], out->target);
    return out->is_raw ? log1p(value)
                       : erg_fit_log_ratio(value,
                                           erg_clock_point_value(curve->at, out->target));
}

/* "fp dr^2", "1". */
static void name_of(const shape *of, size_t monomial, char *to, size_t size)
{
    size_t used = 0;

    to[0] = '\0';
    for (size_t j = 0; j < of->features; j++) {
        int exponent = of->exponents[monomial][j];
        if (!exponent || used >= size)
            continue;
        used += (size_t)snprintf(to + used, size - used, "%s%s", used ? " " : "",
                                 feature_names[of->is_raw][j]);
        if (exponent > 1 && used < size)
            used += (size_t)snprintf(to + used, size - used, "^%d", exponent);
    }
    if (!used)
        erg_text_put(to, size, "1");
}

static bool keep(const shape *of, const double b[], erg_trained *out, erg_error *err)
{
    bool good = erg_trained_term(out, err, of->degree, "degree");

    for (size_t j = 0; good && j < of->features; j++)
        good = erg_trained_term(out, err, of->mean[j], "mean %s",
                                feature_names[of->is_raw][j])
            && erg_trained_term(out, err, of->deviation[j], "deviation %s",
                                feature_names[of->is_raw][j]);
    for (size_t i = 0; good && i < of->monomials; i++) {
        char name[32];
        name_of(of, i, name, sizeof(name));
        good = erg_trained_term(out, err, b[i], "%s%s", of->is_raw ? "raw " : "", name);
    }
    return good;
}

static bool train(const erg_train *in, erg_trained *out, erg_error *err)
{
    int degree = in->options && in->options->degree ? in->options->degree : 1;
    double x[MONOMIALS_MOST], b[MONOMIALS_MOST];
    erg_regress system;
    shape of;

    if (degree < 1 || degree > DEGREE_MOST)
        return erg_fail(err, ERG_BAD_INPUT, "a polynomial is of degree 1, 2 or 3, not %d",
                        degree);
    lay_out(&of, out->is_raw, degree);
    standardise(&of, in);
    if (!erg_regress_begin(&system, in, of.monomials, err))
        return false;
    for (size_t i = 0; i < in->count; i++)
        for (size_t k = 0; k < in->curves[i].count; k++) {
            monomials_of(&of, in->curves[i].at, in->curves[i].at[k].clock_hz, x);
            erg_regress_row(&system, x, answer_of(&in->curves[i], k, out));
        }
    for (size_t j = 0; !of.is_raw && j < of.monomials; j++)
        erg_regress_prior(&system, j, 0, ridge);
    return erg_regress_end(&system, b, err) && keep(&of, b, out, err);
}

static bool recall(const erg_trained *trained, shape *of, double b[MONOMIALS_MOST],
                   erg_error *err)
{
    double degree = erg_trained_value(trained, "degree");
    size_t at = 1;

    if (!(degree >= 1 && degree <= DEGREE_MOST))
        return erg_fail(err, ERG_BAD_INPUT, "a polynomial without its degree");
    lay_out(of, trained->is_raw, (int)degree);
    if (trained->term_count != 1 + 2 * of->features + of->monomials)
        return erg_fail(err, ERG_BAD_INPUT, "a polynomial with %zu terms instead of %zu",
                        trained->term_count, 1 + 2 * of->features + of->monomials);
    for (size_t j = 0; j < of->features; j++) {
        of->mean[j] = trained->terms[at++].value;
        of->deviation[j] = trained->terms[at++].value;
    }
    for (size_t i = 0; i < of->monomials; i++)
        b[i] = trained->terms[at++].value;
    return true;
}

static bool predict(const erg_trained *trained, const erg_case *of, double out[],
                    double sd[], erg_error *err)
{
    const erg_clock_point *top = of->anchors.at;
    double x[MONOMIALS_MOST], b[MONOMIALS_MOST];
    shape form;

    (void)sd;
    if (!recall(trained, &form, b, err))
        return false;
    for (size_t i = 0; i < of->count; i++) {
        double y = 0;
        monomials_of(&form, top, of->clock_hz[i], x);
        for (size_t j = 0; j < form.monomials; j++)
            y += b[j] * x[j];
        out[i] = form.is_raw ? expm1(y)
                             : erg_fit_from_ratio(y,
                                                  erg_clock_point_value(top,
                                                                        trained->target));
    }
    return true;
}

const erg_fit erg_fit_polynomial = {
    .name = "polynomial",
    .about =
        "ridge regression of the log ratio over monomials of clock, activities and power",
    .not_for = "degree 2 and above outside the activities of training: one application in "
               "sixteen is then off by 40 % and more, without an anchor by any factor",
    .anchors_least = 1,
    .groups_least = 4,
    .targets = { [ERG_TARGET_POWER] = true, [ERG_TARGET_TIME] = true },
    .needs_activity = true,
    .has_raw = true,
    .train = train,
    .predict = predict,
};
