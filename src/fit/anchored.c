/* SPDX-License-Identifier: Apache-2.0 */
/*
 * y = b1 L + b2 fp L + b3 dr L + b4 L^2, no intercept: exact at f_m by construction.
 * Without activities L and L^2 alone; both sets are kept, since the application to
 * predict may have none. With fewer than four applications only the slope.
 *
 * Transfer: b minimises |y - X b|^2 + weight |b - b_source|^2.
 */
#include <math.h>
#include "fit/anchored.h"
#include "fit/regress.h"

enum { TERMS_MOST = 4, GROUPS_FOR_SHAPE = 4 };

typedef struct form {
    const char *names[TERMS_MOST];
    size_t count;
    bool is_full;               /* uses activities */
} form;

static const form full = { { "L", "fp L", "dr L", "L^2" }, 4, true };
static const form bare = { { "bare L", "bare L^2" }, 2, false };
static const form slope = { { "bare L" }, 1, false };

static void row_of(const form *of, const erg_clock_point *top, double clock_hz,
                   double x[TERMS_MOST])
{
    double l = erg_fit_log_step(top->clock_hz, clock_hz);

    x[0] = l;
    x[1] = of->is_full ? top->fp_active * l : l * l;
    x[2] = top->dram_active * l;
    x[3] = l * l;
}

/* The same fit of the other device, where one was given. */
static const erg_trained *source_of(const erg_train *in, const erg_trained *out)
{
    const erg_model *source = in->options ? in->options->source : NULL;

    for (size_t i = 0; source && i < source->count; i++)
        if (source->parts[i]->fit == &erg_fit_anchored
            && source->parts[i]->target == out->target)
            return source->parts[i];
    return NULL;
}

static void add_source(erg_regress *system, const form *of, const erg_train *in,
                       const erg_trained *source)
{
    double weight = in->options->nearness > 0 ? in->options->nearness : 1;

    for (size_t j = 0; j < of->count; j++) {
        double value = erg_trained_value(source, of->names[j]);
        if (!isnan(value))
            erg_regress_prior(system, j, value, weight);
    }
}

static void add_curve(erg_regress *system, const form *of, const erg_fit_curve *curve,
                      erg_target target)
{
    double x[TERMS_MOST], top = erg_clock_point_value(curve->at, target);

    for (size_t k = 0; k < curve->count; k++) {
        row_of(of, curve->at, curve->at[k].clock_hz, x);
        erg_regress_row(system, x,
                        erg_fit_log_ratio(erg_clock_point_value(&curve->at[k], target),
                                          top));
    }
}

static bool is_usable(const form *of, const erg_fit_curve *curve)
{
    return !of->is_full || erg_clock_point_has_activity(curve->at);
}

static size_t groups_for(const form *of, const erg_train *in)
{
    size_t groups = 0, last = SIZE_MAX;

    for (size_t i = 0; i < in->count; i++) {
        if (!is_usable(of, &in->curves[i]))
            continue;
        groups += in->curves[i].group != last;
        last = in->curves[i].group;
    }
    return groups;
}

static bool train_form(const form *of, const erg_train *in, erg_trained *out,
                       erg_error *err)
{
    const erg_trained *source = source_of(in, out);
    erg_regress system;
    double b[TERMS_MOST];

    if (!erg_regress_begin(&system, in, of->count, err))
        return false;
    for (size_t i = 0; i < in->count; i++)
        if (is_usable(of, &in->curves[i]))
            add_curve(&system, of, &in->curves[i], out->target);
    if (source)
        add_source(&system, of, in, source);
    bool good = erg_regress_end(&system, b, err);
    for (size_t j = 0; good && j < of->count; j++)
        good = erg_trained_term(out, err, b[j], "%s", of->names[j]);
    return good;
}

bool erg_anchored_train(const erg_train *in, erg_trained *out, erg_error *err)
{
    bool is_held = source_of(in, out) != NULL;
    size_t least = is_held ? 1 : GROUPS_FOR_SHAPE;
    bool has_shape = groups_for(&bare, in) >= least;

    return (groups_for(&full, in) < least || train_form(&full, in, out, err))
        && train_form(has_shape ? &bare : &slope, in, out, err);
}

double erg_anchored_ratio(const erg_trained *trained, const erg_clock_point *top,
                          double clock_hz)
{
    bool is_full = erg_clock_point_has_activity(top)
        && !isnan(erg_trained_value(trained, full.names[0]));
    const form *of = is_full ? &full : &bare;
    double x[TERMS_MOST], y = 0;

    row_of(of, top, clock_hz, x);
    for (size_t j = 0; j < of->count; j++) {
        double b = erg_trained_value(trained, of->names[j]);
        y += isnan(b) ? 0 : b * x[j];
    }
    return y;
}

static bool predict(const erg_trained *trained, const erg_case *of, double out[],
                    double sd[], erg_error *err)
{
    const erg_clock_point *top = of->anchors.at;
    double value = erg_clock_point_value(top, trained->target);

    (void)sd, (void)err;
    for (size_t i = 0; i < of->count; i++)
        out[i] = erg_fit_from_ratio(erg_anchored_ratio(trained, top, of->clock_hz[i]),
                                    value);
    return true;
}

const erg_fit erg_fit_anchored = {
    .name = "anchored",
    .about = "log ratio to the run at the highest clock, linear in ln of the clock and the "
             "activities",
    .not_for =
        "choosing a clock of a new application (mean EDP regret 9 %, worst 86 %), or "
        "work whose time the host sets",
    .anchors_least = 1,
    .groups_least = 1,
    .targets = { [ERG_TARGET_POWER] = true, [ERG_TARGET_TIME] = true },
    .train = erg_anchored_train,
    .predict = predict,
};
