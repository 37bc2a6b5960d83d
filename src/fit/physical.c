/* SPDX-License-Identifier: Apache-2.0 */
/* The form, and a Gaussian process on ln P and ln T for what it leaves at the anchors. */
#include <math.h>
#include <stdlib.h>
#include "fit/physical.h"
#include "math/gp.h"
#include "math/stats.h"

/* What 16 programs on a GV100 leave: 4 % along 0.18 of the range; 0.8 % does not repeat. */
static const erg_gp_kernel residual = { .scale = 0.04, .length = 0.18 };
static const double least_noise = 0.008;
/* Around a line, that knows no physics. */
static const erg_gp_kernel line_residual = { .scale = 0.15, .length = 0.25 };

static bool is_usable(const erg_anchor *anchor)
{
    return anchor->x > 0 && isfinite(anchor->x) && anchor->power_w > 0
        && isfinite(anchor->power_w) && anchor->time_s > 0 && isfinite(anchor->time_s);
}

/* Those that are not capped, into kept; their number must be at least two clocks. */
static bool keep(const erg_anchor anchors[], size_t count, erg_anchor kept[], size_t *kept_count,
                 erg_error *err)
{
    size_t clocks = 0;

    *kept_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (anchors[i].is_capped)
            continue;
        if (!is_usable(&anchors[i]))
            return erg_fail(err, ERG_BAD_INPUT,
                            "anchor %zu: clock, power and time must be above 0", i + 1);
        clocks += *kept_count == 0 || anchors[i].x != kept[0].x;
        kept[(*kept_count)++] = anchors[i];
    }
    if (clocks < ERG_PHYSICAL_LEAST)
        return erg_fail(err, ERG_NO_DATA, "a curve needs two measured clocks that no power "
                        "cap held down, there are %zu", clocks);
    return true;
}

/* ln P and ln T before the residual: of the law, or of lines in ln x. */
typedef struct form {
    erg_clock_law law;
    erg_line power, time;
    bool is_line;
} form;

static double form_log(const form *of, bool is_time, double x)
{
    const erg_line *line = is_time ? &of->time : &of->power;

    if (of->is_line)
        return line->intercept + line->slope * log(x);
    return log(is_time ? erg_clock_law_s(&of->law, x) : erg_clock_law_w(&of->law, x));
}

typedef struct room {
    erg_anchor *kept;
    size_t count, places;
    double *x, *noise, *left, *weights, *mean, *sd;
} room;

static bool room_new(room *to, size_t n, size_t m, erg_error *err)
{
    double *space = calloc(3 * n + n * m + 2 * m + 1, sizeof(*space));

    *to = (room){ .kept = calloc(n + 1, sizeof(*to->kept)), .places = m, .x = space };
    if (!space || !to->kept)
        return erg_fail(err, ERG_NO_MEMORY, "no memory for a curve of %zu clocks", m);
    to->noise = space + n;
    to->left = space + 2 * n;
    to->mean = space + 3 * n;
    to->sd = to->mean + m;
    to->weights = to->sd + m;
    return true;
}

static void room_free(room *of)
{
    free(of->kept);
    free(of->x);
}

static double noise_of(double error)
{
    return isfinite(error) ? fmax(least_noise, error) : least_noise;
}

/* mean and sd of what the form leaves, at every place. */
static bool residual_at(room *in, const form *base, bool is_time, const double x[],
                        erg_error *err)
{
    erg_gp_kernel kernel = base->is_line ? line_residual : residual;

    for (size_t i = 0; i < in->count; i++) {
        const erg_anchor *anchor = &in->kept[i];
        double measured = is_time ? anchor->time_s : anchor->power_w;
        in->x[i] = anchor->x;
        in->noise[i] = noise_of(is_time ? anchor->time_error : anchor->power_error);
        in->left[i] = log(measured) - form_log(base, is_time, anchor->x);
    }
    if (!erg_gp_weigh(kernel, in->x, in->noise, in->count, x, in->places, in->weights, in->sd,
                      err))
        return false;
    erg_gp_mean(in->weights, in->left, in->count, in->places, in->mean);
    return true;
}

static bool curve_of(room *in, const form *base, const double x[], erg_clock_curve out[],
                     erg_error *err)
{
    if (!residual_at(in, base, false, x, err))
        return false;
    for (size_t j = 0; j < in->places; j++) {
        out[j].power_w = exp(form_log(base, false, x[j]) + in->mean[j]);
        out[j].power_sd = in->sd[j];
    }
    if (!residual_at(in, base, true, x, err))
        return false;
    for (size_t j = 0; j < in->places; j++) {
        out[j].time_s = exp(form_log(base, true, x[j]) + in->mean[j]);
        out[j].time_sd = in->sd[j];
    }
    return true;
}

bool erg_physical_curve(const erg_anchor anchors[], size_t count, erg_knee knee,
                        const double x[], size_t x_count, erg_clock_curve out[],
                        erg_clock_law *law_out, erg_error *err)
{
    form base = { .law = { .xk = knee.xk, .vm = knee.vm } };
    room in;
    bool good = room_new(&in, count, x_count, err)
        && keep(anchors, count, in.kept, &in.count, err);

    if (good) {
        erg_physical_power(in.kept, in.count, &base.law);
        erg_physical_time(in.kept, in.count, false, &base.law);
        good = curve_of(&in, &base, x, out, err);
    }
    if (good && law_out)
        *law_out = base.law;
    room_free(&in);
    return good;
}

static erg_line line_through(const room *in, bool is_time)
{
    erg_line line = { 0 };

    for (size_t i = 0; i < in->count; i++) {
        in->noise[i] = log(in->kept[i].x);
        in->left[i] = log(is_time ? in->kept[i].time_s : in->kept[i].power_w);
    }
    erg_line_fit(in->noise, in->left, in->count, &line);
    return line;
}

bool erg_line_curve(const erg_anchor anchors[], size_t count, const double x[], size_t x_count,
                    erg_clock_curve out[], erg_error *err)
{
    form base = { .is_line = true };
    room in;
    bool good = room_new(&in, count, x_count, err)
        && keep(anchors, count, in.kept, &in.count, err);

    if (good) {
        base.power = line_through(&in, false);
        base.time = line_through(&in, true);
        good = curve_of(&in, &base, x, out, err);
    }
    room_free(&in);
    return good;
}
