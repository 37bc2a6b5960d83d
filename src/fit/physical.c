/* SPDX-License-Identifier: Apache-2.0 */
/* The form, and a Gaussian process on ln P and ln T for what it leaves at the anchors. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "fit/physical.h"
#include "math/gp.h"
#include "math/random.h"
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
static bool keep(const erg_anchor anchors[], size_t count, erg_anchor kept[],
                 size_t *kept_count, erg_error *err)
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

/* One target (ln P or ln T) of one application: form and residual. */
typedef struct curve {
    const erg_physical *of;
    bool is_time;
    erg_clock_law law;
    double log_tm, log_tc, log_t0;
    erg_line line;
    size_t count, places;
    erg_anchor *kept, *drawn;
    const double *at;           /* the places */
    double *x, *log_x, *noise, *left;       /* of the kept anchors */
    double *weights, *mean, *sd, *base, *square, *log_at;
} curve;

static bool curve_new(curve *to, size_t n, size_t m, erg_error *err)
{
    double *space = calloc(4 * n + n * m + 5 * m + 1, sizeof(*space));

    to->kept = calloc(2 * n + 1, sizeof(*to->kept));
    to->x = space;
    if (!space || !to->kept)
        return erg_fail(err, ERG_NO_MEMORY, "no memory for a curve of %zu clocks", m);
    to->drawn = to->kept + n;
    to->log_x = space + n;
    to->noise = space + 2 * n;
    to->left = space + 3 * n;
    to->mean = space + 4 * n;
    to->sd = to->mean + m;
    to->base = to->mean + 2 * m;
    to->square = to->mean + 3 * m;
    to->log_at = to->mean + 4 * m;
    to->weights = to->mean + 5 * m;
    return true;
}

static double figure_of(const erg_anchor *anchor, bool is_time)
{
    return is_time ? anchor->time_s : anchor->power_w;
}

/* erg_clock_law_s with the logarithms taken beforehand: a bootstrap asks often. */
static double form_log(const curve *c, double x, double log_x)
{
    if (c->of->is_line)
        return c->line.intercept + c->line.slope * log_x;
    if (!c->is_time)
        return log(erg_clock_law_w(&c->law, x));
    double part = erg_smooth_max(c->log_tm, c->log_tc - log_x, c->law.q);
    return c->law.t0_s > 0 ? erg_smooth_max(part, c->log_t0, 1) : part;
}

static void fit_line(curve *c, const erg_anchor anchors[])
{
    for (size_t i = 0; i < c->count; i++)
        c->left[i] = log(figure_of(&anchors[i], c->is_time));
    erg_line_fit(c->log_x, c->left, c->count, &c->line);
}

/* The form through the anchors, and ln of what it leaves of each. */
static void fit_form(curve *c, const erg_anchor anchors[], bool is_near)
{
    if (c->of->is_line)
        fit_line(c, anchors);
    else if (!c->is_time)
        erg_physical_power(anchors, c->count, &c->law);
    else if (is_near)
        erg_physical_time_near(anchors, c->count, &c->law);
    else
        erg_physical_time(anchors, c->count, &c->law);
    c->log_tm = log(c->law.tm_s);
    c->log_tc = log(c->law.tc_s);
    c->log_t0 = log(c->law.t0_s);
    for (size_t i = 0; i < c->count; i++)
        c->left[i] = log(figure_of(&anchors[i], c->is_time))
                   - form_log(c, c->x[i], c->log_x[i]);
}

/* Into mean: ln of the curve at every place. */
static void evaluate(curve *c)
{
    erg_gp_mean(c->weights, c->left, c->count, c->places, c->mean);
    for (size_t j = 0; j < c->places; j++)
        c->mean[j] += form_log(c, c->at[j], c->log_at[j]);
}

static void draw_anchors(curve *c, erg_random *random)
{
    for (size_t i = 0; i < c->count; i++) {
        double by = exp(c->noise[i] * erg_random_normal(random));
        c->drawn[i] = c->kept[i];
        c->drawn[i].power_w *= c->is_time ? 1 : by;
        c->drawn[i].time_s *= c->is_time ? by : 1;
    }
}

/* The bootstrap over visits by what is known of them: the error of their mean. The seed
 * is fixed, so that the same points give the same bounds. */
static void widen(curve *c)
{
    erg_clock_law law = c->law;
    erg_random random = { 1 };

    memcpy(c->base, c->mean, c->places * sizeof(*c->base));
    for (size_t draw = 0; draw < c->of->draws; draw++) {
        draw_anchors(c, &random);
        c->law = law;
        fit_form(c, c->drawn, true);
        evaluate(c);
        for (size_t j = 0; j < c->places; j++)
            c->square[j] += (c->mean[j] - c->base[j]) * (c->mean[j] - c->base[j]);
    }
    c->law = law;
    for (size_t j = 0; j < c->places; j++) {
        c->mean[j] = c->base[j];
        c->sd[j] = hypot(c->sd[j], sqrt(c->square[j] / (double)c->of->draws));
    }
}

static void read_anchors(curve *c)
{
    for (size_t i = 0; i < c->count; i++) {
        const erg_anchor *anchor = &c->kept[i];
        double error = c->is_time ? anchor->time_error : anchor->power_error;
        c->x[i] = anchor->x;
        c->log_x[i] = log(anchor->x);
        c->noise[i] = isfinite(error) ? fmax(least_noise, error) : least_noise;
    }
}

static bool solve(curve *c, erg_error *err)
{
    erg_gp_kernel kernel = c->of->is_line ? line_residual : residual;

    read_anchors(c);
    for (size_t j = 0; j < c->places; j++)
        c->log_at[j] = log(c->at[j]);
    if (!erg_gp_weigh(kernel, c->x, c->noise, c->count, c->at, c->places, c->weights, c->sd,
                      err))
        return false;
    fit_form(c, c->kept, false);
    evaluate(c);
    if (c->of->draws)
        widen(c);
    return true;
}

bool erg_physical_predict(const erg_physical *of, bool is_time, const double x[],
                          size_t x_count, double out[], double sd[], erg_clock_law *law,
                          erg_error *err)
{
    curve c = { .of = of, .is_time = is_time, .at = x, .places = x_count,
                .law = { .xk = of->knee.xk, .vm = of->knee.vm } };
    bool good = curve_new(&c, of->count, x_count, err);
    erg_anchor *kept = c.kept;
    double *space = c.x;

    good = good && keep(of->anchors, of->count, kept, &c.count, err) && solve(&c, err);

    for (size_t j = 0; good && j < x_count; j++) {
        out[j] = exp(c.mean[j]);
        sd[j] = c.sd[j];
    }
    if (good && law)
        *law = c.law;
    free(kept);
    free(space);
    return good;
}

bool erg_physical_curve(const erg_physical *of, const double x[], size_t x_count,
                        erg_clock_curve out[], erg_error *err)
{
    double *value = calloc(4 * x_count + 1, sizeof(*value)), *sd = value + x_count;
    bool good = value || erg_fail(err, ERG_NO_MEMORY, "no memory for %zu clocks", x_count);

    good = good && erg_physical_predict(of, false, x, x_count, value, sd, NULL, err)
        && erg_physical_predict(of, true, x, x_count, value + 2 * x_count, sd + 2 * x_count,
                                NULL, err);
    for (size_t j = 0; good && j < x_count; j++)
        out[j] = (erg_clock_curve){ value[j], value[j + 2 * x_count],
                                    sd[j], sd[j + 2 * x_count] };
    free(value);
    return good;
}
