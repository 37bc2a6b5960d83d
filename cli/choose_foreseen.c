/* SPDX-License-Identifier: Apache-2.0 */
/* Settings that a model foresees for erg choose --predicted,
 * from three measured clocks on. */
#include <math.h>
#include <stdlib.h>
#include "choose.h"
#include "points.h"

enum { ANCHORS_LEAST = 3, CLOCKS_MOST = 100000 };
static const double z_of_95 = 1.959964, z_of_80 = 1.281552; /* two-sided, of the normal */

typedef struct clocks { double *hz; size_t count; } clocks;

/* "510:1380:7.5", in MHz. */
static bool parse_clocks(const char *text, clocks *out, erg_error *err)
{
    double low = 0, high = 0, step = 0;
    char end;

    if (sscanf(text, "%lf:%lf:%lf%c", &low, &high, &step, &end) != 3 || !(low > 0)
        || !(high >= low) || !(step > 0) || (high - low) / step > CLOCKS_MOST)
        return erg_fail(err, ERG_BAD_INPUT,
                        "--clocks is LOW:HIGH:STEP in MHz, as in 510:1410:15");
    size_t count = (size_t)floor((high - low) / step + 1e-9) + 1;
    out->hz = malloc(count * sizeof(*out->hz));
    if (!out->hz)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    for (out->count = 0; out->count < count; out->count++)
        out->hz[out->count] = 1e6 * (low + step * (double)out->count);
    return true;
}

/* Without --clocks: all that any application was run at. */
static bool take_clocks(const erg_points *points, clocks *out, erg_error *err)
{
    size_t visits = erg_points_visits(points);

    out->hz = malloc((visits + 1) * sizeof(*out->hz));
    if (!out->hz)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < visits; i++) {
        double hz = erg_points_visit_at(points, i)->setting.at[ERG_SM_CLOCK];
        bool is_new = hz > 0;
        for (size_t k = 0; k < out->count && is_new; k++)
            is_new = fabs(out->hz[k] - hz) > 1;
        if (is_new)
            out->hz[out->count++] = hz;
    }
    return true;
}

/* Half of the band in logs, as a standard deviation. No band: NAN. */
static double log_sd(double low, double high, double level)
{
    return log(high / low) / 2 / (level > 0.9 ? z_of_95 : z_of_80);
}

static bool foresee_one(const erg_model *model, const erg_points *points,
                        size_t application, const clocks *at, cli_foreseen *to,
                        erg_error *err)
{
    erg_anchors anchors;
    erg_curve_about about;
    erg_clock_point *memory = erg_anchors_take(points, application, 0, &anchors, err);
    erg_curve_point *curve = memory ? calloc(at->count + 1, sizeof(*curve)) : NULL;
    bool ok = curve != NULL;

    if (ok && anchors.count < ANCHORS_LEAST)
        to->skipped++;
    else if (ok)
        ok = erg_model_predict_by(model, NULL, &anchors, at->hz, at->count, curve, &about,
                                  err);
    for (size_t i = 0; ok && anchors.count >= ANCHORS_LEAST && i < at->count; i++) {
        if (at->hz[i] > anchors.at[0].clock_hz
            || at->hz[i] < anchors.at[anchors.count - 1].clock_hz)
            continue;       /* between measured clocks only */
        erg_foreseen one = { .application = application, .setting = erg_knob_setting_none(),
                             .time_s = curve[i].time_s, .energy_j = curve[i].energy_j };
        one.setting.at[ERG_SM_CLOCK] = at->hz[i];
        one.log_time_sd = log_sd(curve[i].time_low_s, curve[i].time_high_s, about.level);
        one.log_energy_sd =
            log_sd(curve[i].energy_low_j, curve[i].energy_high_j, about.level);
        to->rows[to->count++] = one;
    }
    free(curve);
    free(memory);
    return ok;
}

bool cli_foresee(const erg_points *points, const char *clock_text, const char *path,
                 cli_foreseen *out, erg_error *err)
{
    size_t applications = erg_points_applications(points);
    clocks at = { 0 };
    erg_model *model = path ? erg_model_load(path, err)
                            : erg_fit_train(erg_fit_find("physical"), points,
                                            &(erg_fit_options){ 0 }, err);
    bool ok = model
              && (clock_text ? parse_clocks(clock_text, &at, err)
                             : take_clocks(points, &at, err));

    *out =
        (cli_foreseen){ .rows = ok ? calloc(applications * at.count + 1, sizeof(*out->rows))
                                   : NULL };
    if (ok && !out->rows)
        ok = erg_fail(err, ERG_NO_MEMORY, "out of memory");
    for (size_t i = 0; ok && i < applications; i++)
        ok = foresee_one(model, points, i, &at, out, err);
    erg_model_free(model);
    free(at.hz);
    return ok;
}

/* ---- curves for a page -------------------------------------------------------------- */

static const erg_column fitted_columns[] = {
    { "application", ERG_TEXT, "command or job, its settings and its device" },
    { "sm_clock_mhz", ERG_REAL, "clock of the cores" },
    { "time_s", ERG_REAL, "time by the physical model of the measured clocks" },
    { "time_low_s", ERG_REAL, "lower end of its band" },
    { "time_high_s", ERG_REAL, "upper end of its band" },
    { "energy_j", ERG_REAL, "energy by it" },
    { "energy_low_j", ERG_REAL, "lower end of its band" },
    { "energy_high_j", ERG_REAL, "upper end of its band" },
    { "mean_w", ERG_REAL, "power by it" },
    { "mean_low_w", ERG_REAL, "lower end of its band" },
    { "mean_high_w", ERG_REAL, "upper end of its band" },
};

enum { CURVE_POINTS = 60 };

/* Too few clocks, or another knob: no curve, and no fault. */
static bool fit_one(const erg_model *model, const erg_points *points, size_t application,
                    erg_table *table, erg_error *err)
{
    erg_anchors anchors;
    erg_curve_point curve[CURVE_POINTS];
    double clock_hz[CURVE_POINTS];
    erg_clock_point *memory = erg_anchors_take(points, application, 0, &anchors, NULL);
    bool ok = true, known = memory && anchors.count >= ANCHORS_LEAST;

    for (int i = 0; known && i < CURVE_POINTS; i++) {
        double low = anchors.at[anchors.count - 1].clock_hz;
        clock_hz[i] = low + (anchors.at[0].clock_hz - low) * i / (CURVE_POINTS - 1);
    }
    known = known
        && erg_model_predict(model, &anchors, clock_hz, CURVE_POINTS, curve, NULL);
    for (int i = 0; known && ok && i < CURVE_POINTS; i++)
        ok = cli_put_curve(table, erg_points_application_at(points, application)->name,
                           &curve[i], err);
    free(memory);
    return ok;
}

bool cli_add_fitted(const erg_points *points, erg_result *result, erg_error *err)
{
    erg_model *model = erg_fit_train(erg_fit_find("physical"), points,
                                     &(erg_fit_options){ 0 }, NULL);
    erg_table *table = model ? erg_result_add(result, "fitted", fitted_columns,
                                              CLI_COUNT(fitted_columns), err) : NULL;
    bool ok = !model || table;

    for (size_t i = 0; table && ok && i < erg_points_applications(points); i++)
        ok = fit_one(model, points, i, table, err);
    erg_model_free(model);
    return ok;
}
