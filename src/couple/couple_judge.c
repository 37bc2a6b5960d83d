/* SPDX-License-Identifier: Apache-2.0 */
/* From figures and checks to one of the verdicts. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/contrast.h"
#include "couple/couple_inside.h"

enum { RESIDUALS_LEAST = 30 };
#define WHITE_P 0.01
#define SMALLEST_R 0.30

/* Checks of a device that refuse each of its pairs. */
static const erg_check_code of_device[] = {
    ERG_CHECK_DEVICE_MISMATCH, ERG_CHECK_NO_EXCITATION, ERG_CHECK_CLOCK_UNKNOWN,
    ERG_CHECK_NO_OVERLAP, ERG_CHECK_STARVED, ERG_CHECK_TWO_WRITERS,
};

static bool put(erg_joint *joint, erg_joint_pair *pair, erg_check check, erg_error *err)
{
    if (pair->device >= 0)
        erg_text_put(check.device, sizeof(check.device),
                     joint->devices[pair->device].log->name);
    snprintf(check.pair, sizeof(check.pair), "%s:%s", joint->channels[pair->x].name,
             joint->channels[pair->y].name);
    pair->hits[check.code] = check.state == ERG_CHECK_HIT;
    return erg_joint_check(joint, &check, err);
}

static erg_check_state hit_if(bool hit) { return hit ? ERG_CHECK_HIT : ERG_CHECK_OK; }

static void say_coloured(const erg_joint *joint, const erg_joint_pair *pair, char *to,
                         size_t size)
{
    const erg_pair *test = &pair->test;
    bool x = test->ljung_box_x < WHITE_P, y = test->ljung_box_y < WHITE_P;

    snprintf(to, size, "residuals of %s%s%s", x ? joint->channels[pair->x].name : "",
             x && y ? " and " : "", y ? joint->channels[pair->y].name : "");
}

static bool check_test(erg_joint *joint, erg_joint_pair *pair, erg_error *err)
{
    const erg_pair *test = &pair->test;
    double least = pair->is_tested ? fmin(test->ljung_box_x, test->ljung_box_y) : NAN;
    erg_check shortness = { .code = ERG_CHECK_TOO_SHORT, .limit = RESIDUALS_LEAST,
                            .value = pair->is_tested ? (double)test->count : 0 };
    erg_check white = { .code = ERG_CHECK_NOT_WHITE,
                        .value = least,
                        .limit = WHITE_P,
                        .state =
                            isnan(least) ? ERG_CHECK_UNKNOWN : hit_if(!test->is_white) };

    if (white.state == ERG_CHECK_HIT) {
        say_coloured(joint, pair, white.what, sizeof(white.what));
        erg_joint_whiter(joint, pair, white.cure, sizeof(white.cure));
    }
    shortness.state = hit_if(shortness.value < RESIDUALS_LEAST);
    erg_text_put(shortness.what, sizeof(shortness.what),
                 pair->why[0] ? pair->why : "residuals in common");
    return put(joint, pair, shortness, err) && put(joint, pair, white, err);
}

static bool check_placebo(erg_joint *joint, erg_joint_pair *pair, erg_error *err)
{
    double r = pair->placebo_run_r;
    erg_check check = { .code = ERG_CHECK_PLACEBO_FAILS, .value = pair->placebo_median_r,
                        .limit = r,
                        .state = isnan(pair->placebo_median_r) || isnan(r)
                                     ? ERG_CHECK_UNKNOWN
                                     : hit_if(pair->placebo_median_r >= r) };

    snprintf(check.what, sizeof(check.what), "median |r| of %zu placebos, and the run's at "
             "the lag of its test", pair->placebos_weighed);
    return put(joint, pair, check, err);
}

static bool check_lag(erg_joint *joint, erg_joint_pair *pair, erg_error *err)
{
    double lag_s = pair->is_tested ? fabs(pair->test.lag * joint->dt_s) : NAN;
    erg_check lag = { .code = ERG_CHECK_LAG_UNRESOLVED,
                      .value = lag_s,
                      .limit = pair->u_lag_s,
                      .state = isnan(lag_s) ? ERG_CHECK_UNKNOWN
                                            : hit_if(lag_s <= pair->u_lag_s + 1e-9) };
    erg_check smoothed = { .code = ERG_CHECK_SMOOTHED, .value = NAN, .limit = NAN,
                           .state = hit_if(pair->hits[ERG_CHECK_SMOOTHED]) };

    for (int i = 0; i < 2; i++) {
        const erg_joint_channel *of = &joint->channels[i ? pair->y : pair->x];
        if (of->is_smoothed)
            snprintf(smoothed.what, sizeof(smoothed.what), "a reading of %s is the mean of "
                     "%.3g s, a bin has %.3g s: --grid %.3gs, or the raw column", of->name,
                     of->sensor_s, joint->dt_s, of->sensor_s);
    }
    return put(joint, pair, lag, err) && put(joint, pair, smoothed, err);
}

static void inherit(const erg_joint *joint, erg_joint_pair *pair)
{
    const erg_joint_channel *channels[] = { &joint->channels[pair->x],
                                            &joint->channels[pair->y] };
    const char *device = pair->device < 0 ? "" : joint->devices[pair->device].log->name;

    for (size_t i = 0; pair->device >= 0 && i < ERG_COUNT(of_device); i++)
        pair->hits[of_device[i]] = erg_joint_hits(joint, of_device[i], device);
    for (size_t i = 0; i < ERG_COUNT(channels); i++)
        if (channels[i]->refused != ERG_CHECK_CODES)
            pair->hits[channels[i]->refused] = true;
    pair->hits[ERG_CHECK_NO_BASELINE] =
        erg_joint_hits(joint, ERG_CHECK_NO_BASELINE, device);
    pair->hits[ERG_CHECK_SENSOR_LAG] = erg_joint_hits(joint, ERG_CHECK_SENSOR_LAG, device);
}

/* Placebos refuse what would be found; half of the pairs without any coupling fail them. */
static bool name_refusals(erg_joint_pair *pair, bool is_found)
{
    size_t at = 0;
    bool others = is_found || !pair->is_tested;

    for (int code = 0; code < ERG_CHECK_SENSOR_LAG; code++)
        others = others || (pair->hits[code] && code != ERG_CHECK_PLACEBO_FAILS);
    if (!others)
        return false;
    for (int code = 0; code < ERG_CHECK_CODES; code++)
        if (pair->hits[code] && erg_check_refuses((erg_check_code)code)
            && at < sizeof(pair->verdict))
            at += (size_t)snprintf(pair->verdict + at, sizeof(pair->verdict) - at, "%s%s",
                                   at ? ", " : "cannot be decided: ",
                                   erg_check_describe((erg_check_code)code)->name);
    return at > 0;
}

/* The delay of a power sensor turns what has to do with heat around. */
static bool is_of_heat(const erg_joint_channel *of)
{
    return of->device >= 0 && of->value != ERG_MONITOR_USE && of->value != ERG_MONITOR_FAN
        && of->value != ERG_MONITOR_CLOCK_HZ;
}

static bool is_open(const erg_joint *joint, const erg_joint_pair *pair)
{
    bool of_heat =
        is_of_heat(&joint->channels[pair->x]) || is_of_heat(&joint->channels[pair->y]);

    return !pair->is_drivers_excluded || pair->is_feedback
           || pair->hits[ERG_CHECK_NO_BASELINE]
           || (pair->hits[ERG_CHECK_SENSOR_LAG] && of_heat);
}

static void judge(const erg_joint *joint, erg_joint_pair *pair)
{
    const erg_couple_options *options = joint->options;
    double alpha = options->alpha > 0 ? options->alpha : 0.05;
    double smallest = options->smallest > 0 ? options->smallest : SMALLEST_R;
    const char *x = joint->channels[pair->x].name, *y = joint->channels[pair->y].name;
    bool forth = pair->test.lag > 0;

    if (name_refusals(pair, pair->q_value < alpha))
        return;
    if (!(pair->q_value < alpha))
        snprintf(pair->verdict, sizeof(pair->verdict),
                 fmax(-pair->test.low, pair->test.high) <= smallest
                     ? "no coupling shown" : "cannot be decided: inconclusive");
    else if (is_open(joint, pair))
        snprintf(pair->verdict, sizeof(pair->verdict), "associated, cause open");
    else if (pair->hits[ERG_CHECK_LAG_UNRESOLVED])
        snprintf(pair->verdict, sizeof(pair->verdict), "coupling shown: same sample");
    else
        snprintf(pair->verdict, sizeof(pair->verdict), "coupling shown: %s leads %s",
                 forth ? x : y, forth ? y : x);
}

bool erg_joint_judge(erg_joint *joint, erg_error *err)
{
    double *p = calloc(joint->pair_count + 1, sizeof(*p));
    bool ok = p || erg_fail(err, ERG_NO_MEMORY, "out of memory");

    for (size_t i = 0; ok && i < joint->pair_count; i++)
        p[i] = joint->pairs[i].is_tested ? joint->pairs[i].test.p_value : NAN;
    if (ok && !erg_false_discovery(p, joint->pair_count, joint->options->dependent))
        ok = erg_fail(err, ERG_NO_MEMORY, "out of memory");
    for (size_t i = 0; ok && i < joint->pair_count; i++) {
        erg_joint_pair *pair = &joint->pairs[i];
        pair->q_value = p[i];
        ok = check_test(joint, pair, err) && check_placebo(joint, pair, err)
            && check_lag(joint, pair, err);
        if (ok) {
            inherit(joint, pair);
            judge(joint, pair);
        }
    }
    free(p);
    return ok;
}
