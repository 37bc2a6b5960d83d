/* SPDX-License-Identifier: Apache-2.0 */
/* Power, time and energy of one application at any clocks, with bands. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "fit/fit.h"
#include "fit/neighbours.h"

enum { ANCHORS_FOR_PHYSICAL = 3, LIKE_MOST = 3 };
static const double normal_95 = 1.959964;
static const double range_slack = 1e-9;

typedef struct curve {
    const erg_trained *part;
    double *value, *sd;
} curve;

/* A part that can speak without activities. */
static const erg_trained *without_activity(const erg_model *model, erg_target target)
{
    for (size_t i = 0; i < model->count; i++)
        if (model->parts[i]->target == target && !model->parts[i]->fit->needs_activity
            && model->parts[i]->fit->anchors_least <= 1)
            return model->parts[i];
    return NULL;
}

/* From three measured clocks on the physical curve is worth more than any other. */
static const erg_trained *part_for(const erg_model *model, const char *name,
                                   const erg_anchors *anchors, erg_target target)
{
    const erg_trained *physical = erg_model_part(model, "physical", target);
    const erg_trained *part = erg_model_part(model, name, target);

    if (name)
        return part;
    if (physical && anchors->count >= ANCHORS_FOR_PHYSICAL)
        return physical;
    bool lacks = part && part->fit->needs_activity && anchors->count
        && !erg_clock_point_has_activity(anchors->at);
    return lacks && without_activity(model, target)
        ? without_activity(model, target) : part;
}

static bool check(const erg_model *model, const char *name, const erg_anchors *anchors,
                  const curve curves[], erg_error *err)
{
    if (!anchors->count)
        return erg_fail(err, ERG_NO_DATA,
                        "an anchor is needed: the application at its highest clock");
    if (model->definition != ERG_ACTIVITY_UNKNOWN
        && anchors->definition != ERG_ACTIVITY_UNKNOWN
        && model->definition != anchors->definition)
        return erg_fail(err, ERG_REFUSED,
                        "the model learned fp_active as %s, the anchor has it "
                        "as %s", erg_activity_name(model->definition),
                        erg_activity_name(anchors->definition));
    if (curves[0].part || curves[1].part)
        return true;
    return erg_fail(err, ERG_NO_DATA, "there is no model%s%s in the file", name ? " " : "",
                    name ? name : "");
}

static bool fill(curve *of, const erg_case *at, erg_error *err)
{
    of->value = calloc(2 * at->count + 1, sizeof(*of->value));
    if (!of->value)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    of->sd = of->value + at->count;
    for (size_t i = 0; i < at->count; i++)
        of->value[i] = of->sd[i] = NAN;
    return !of->part || erg_fit_predict_target(of->part, at, of->value, of->sd, err);
}

/* ---- bands ------------------------------------------------------------------- */

/* Half-width in ln; from scores of applications left out, else from the fit's own sd. */
static double half_of(const erg_scores *scores, double sd, double *level)
{
    double band = erg_scores_band(scores, level);

    if (!isnan(band))
        return scores->of_sd ? band * sd : band;
    *level = isnan(sd) ? NAN : 0.95;
    return normal_95 * sd;
}

static const erg_scores *energy_scores(const erg_model *model, const curve curves[])
{
    static const erg_scores none = { .count = 0 };
    const erg_trained *power = curves[0].part, *time = curves[1].part;

    if (power && time && power->fit == time->fit)
        return &power->energy_scores;
    return power && time && power->is_chosen && time->is_chosen
        ? &model->energy_scores : &none;
}

static void put_band(double value, double half, double *low, double *high)
{
    *low = value * exp(-half);
    *high = value * exp(half);
}

static bool is_beyond(const erg_trained *part, const erg_anchors *anchors, double value)
{
    double ratio;

    if (!part || isnan(part->ratio_low))
        return false;
    ratio = erg_fit_log_ratio(value, erg_clock_point_value(anchors->at, part->target));
    return ratio < part->ratio_low - range_slack || ratio > part->ratio_high + range_slack;
}

static double least(double a, double b) { return isnan(a) || isnan(b) ? NAN : fmin(a, b); }

static void put_point(const erg_model *model, const erg_anchors *anchors,
                      const curve curves[], size_t i, erg_curve_point *out, double *level)
{
    static const erg_scores none = { .count = 0 };
    const curve *power = &curves[0], *time = &curves[1];
    double levels[3];
    double sd = sqrt(power->sd[i] * power->sd[i] + time->sd[i] * time->sd[i]);

    out->power_w = power->value[i];
    out->time_s = time->value[i];
    out->energy_j = out->power_w * out->time_s;
    put_band(out->power_w, half_of(power->part ? &power->part->scores : &none, power->sd[i],
                                   &levels[0]), &out->power_low_w, &out->power_high_w);
    put_band(out->time_s, half_of(time->part ? &time->part->scores : &none, time->sd[i],
                                  &levels[1]), &out->time_low_s, &out->time_high_s);
    put_band(out->energy_j, half_of(energy_scores(model, curves), sd, &levels[2]),
             &out->energy_low_j, &out->energy_high_j);
    out->is_extrapolated = is_beyond(power->part, anchors, out->power_w)
        || is_beyond(time->part, anchors, out->time_s);
    *level = power->part && time->part ? least(levels[0], levels[1])
                                       : levels[power->part ? 0 : 1];
}

static size_t needed_for_95(const erg_trained *part)
{
    enum { NEEDED = 19 };       /* ceil(20 x 0.95) */
    return part && part->applications < NEEDED ? NEEDED : 0;
}

bool erg_model_predict_by(const erg_model *model, const char *name,
                          const erg_anchors *anchors, const double clock_hz[], size_t count,
                          erg_curve_point out[], erg_curve_about *about, erg_error *err)
{
    curve curves[2] = { { .part = part_for(model, name, anchors, ERG_TARGET_POWER) },
                        { .part = part_for(model, name, anchors, ERG_TARGET_TIME) } };
    erg_case at = { .anchors = *anchors, .clock_hz = clock_hz, .count = count };
    double level = NAN;
    bool good = check(model, name, anchors, curves, err) && fill(&curves[0], &at, err)
        && fill(&curves[1], &at, err);

    for (size_t i = 0; good && i < count; i++) {
        out[i] = (erg_curve_point){ .clock_hz = clock_hz[i] };
        put_point(model, anchors, curves, i, &out[i], &level);
    }
    if (good && about)
        *about = (erg_curve_about){
            .power = curves[0].part ? curves[0].part->fit : NULL,
            .time = curves[1].part ? curves[1].part->fit : NULL,
            .level = level,
            .applications_needed = needed_for_95(curves[0].part ? curves[0].part
                                                                : curves[1].part),
        };
    free(curves[0].value);
    free(curves[1].value);
    return good;
}

bool erg_model_predict(const erg_model *model, const erg_anchors *anchors,
                       const double clock_hz[], size_t count, erg_curve_point out[],
                       erg_error *err)
{
    return erg_model_predict_by(model, NULL, anchors, clock_hz, count, out, NULL, err);
}

/* ---- which applications it is like -------------------------------------------- */

static void like(const erg_trained *part, const erg_clock_point *top, double weights[],
                 erg_text *text)
{
    erg_neighbours_weigh(part, top, weights);
    for (int k = 0; k < LIKE_MOST; k++) {
        size_t best = 0;
        for (size_t i = 1; i < part->memory_count; i++)
            best = weights[i] > weights[best] ? i : best;
        if (!(weights[best] >= 0.05))
            break;
        erg_text_add(text, "%s%s %.2f", k ? ", " : "", part->memories[best].name,
                     weights[best]);
        weights[best] = 0;
    }
}

bool erg_model_explain(const erg_model *model, const erg_anchors *anchors,
                       erg_result *result, erg_error *err)
{
    const erg_trained *part = erg_model_part(model, "neighbours", ERG_TARGET_POWER);
    erg_text text = { 0 };

    if (!part || !part->memory_count || !anchors->count
        || !erg_clock_point_has_activity(anchors->at))
        return true;
    double *weights = calloc(part->memory_count, sizeof(*weights));
    if (!weights)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    like(part, anchors->at, weights, &text);
    bool good = !text.count || erg_result_note(result, err, "behaves like %s (weights of "
                                               "neighbours)", text.data);
    erg_text_free(&text);
    free(weights);
    return good;
}
