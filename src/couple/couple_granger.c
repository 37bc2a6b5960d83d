/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Granger's test of a pair, beside its test. Filters of sensors turn its directions around
 * (Barnett and Seth, 2011): what is known of one is taken off before, or the test is not
 * asked. The mean of a window tells of the window's middle, half of it ago; a mean of more
 * than its bin cannot be undone from bins, for some frequencies are gone.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/draws.h"
#include "math/regression.h"
#include "couple/couple_inside.h"

enum { DRIVEN_DRAWS = 500 };

/* How late the values of a channel are by what is known of its sensor; what is found and
 * taken off already holds the half window. */
static double late_s(const erg_joint *joint, const erg_joint_channel *of, bool *is_off)
{
    bool is_power = of->device >= 0 && of->value == ERG_MONITOR_POWER_W;

    *is_off = is_power && joint->devices[of->device].delay_s > 0;
    return of->device < 0 || of->is_counted ? 0
         : *is_off ? joint->devices[of->device].delay_s : of->sensor_s / 2;
}

/* Its run, earlier by what is known; *made is yours, NULL where nothing had to be made. */
static const double *compensated(const erg_joint *joint, const erg_joint_channel *of,
                                 double *shift_s, double **made, erg_error *err)
{
    bool is_off;
    size_t n;

    *made = NULL;
    *shift_s = late_s(joint, of, &is_off);
    if (is_off || !(*shift_s > 0))
        return erg_joint_run(joint, of);
    erg_joint_channel early = *of;
    early.points = calloc(of->count + 1, sizeof(*early.points));
    if (!early.points) {
        erg_fail(err, ERG_NO_MEMORY, "out of memory");
        return NULL;
    }
    for (size_t i = 0; i < of->count; i++)
        early.points[i] = (erg_joint_point){
            of->points[i].t_ns - erg_ns_from_s(*shift_s), of->points[i].value
        };
    *made = erg_joint_on_grid(joint, &early, joint->dt_s, &n, err);
    free(early.points);
    return *made;
}

/* Of what use, clock, rate and power of the same and earlier bins leave. */
static bool ask_beside_drivers(const erg_joint *joint, erg_joint_pair *pair,
                               const double x[], const double y[],
                               const erg_granger_options *how, erg_error *err)
{
    const double *drivers[ERG_DRIVERS_MOST];
    size_t n = erg_joint_n(joint), count = erg_joint_drivers(joint, pair, true, drivers);
    erg_granger_options beside = *how;
    erg_error why = { 0 };

    if (count == 0)
        return true;
    double *rest = calloc(2 * n, sizeof(*rest));
    if (!rest)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    beside.draws = DRIVEN_DRAWS;
    beside.key = erg_key(how->key, 1);
    pair->has_granger_driven =
        erg_regress_out(x, drivers, count, n, pair->granger.order, rest)
        && erg_regress_out(y, drivers, count, n, pair->granger.order, rest + n)
        && erg_granger_test(rest, rest + n, n, &beside, &pair->granger_driven, &why);
    free(rest);
    return erg_can_do_without(&why, err);
}

static bool ask(const erg_joint *joint, erg_joint_pair *pair, const double x[],
                const double y[], const erg_pair_options *pair_how, erg_error *err)
{
    const erg_granger_options how = { .detrend = pair_how->detrend,
                                      .key = erg_key(pair_how->key, 1),
                                      .draws = (joint->options->draws + 1) / 2 };
    erg_error why = { 0 };

    pair->has_granger =
        erg_granger_test(x, y, erg_joint_n(joint), &how, &pair->granger, &why);
    if (pair->has_granger)
        return ask_beside_drivers(joint, pair, x, y, &how, err);
    erg_text_put(pair->granger_why, sizeof(pair->granger_why), why.text);
    return erg_can_do_without(&why, err);
}

static void say_smoothed(const erg_joint *joint, erg_joint_pair *pair)
{
    const erg_joint_channel *both[] = { &joint->channels[pair->x],
                                        &joint->channels[pair->y] };
    size_t i = both[0]->is_smoothed ? 0 : 1;

    if (both[i]->is_smoothed)
        snprintf(pair->granger_why, sizeof(pair->granger_why),
                 "not asked: the sensor of %s gives means of %.3g s, longer than a bin: "
                 "--grid %.3gs",
                 both[i]->name, both[i]->sensor_s, both[i]->sensor_s);
    else
        erg_text_put(pair->granger_why, sizeof(pair->granger_why),
                     "not asked: a moving mean turns directions around: use the raw "
                     "column");
}

bool erg_joint_ask_granger(const erg_joint *joint, erg_joint_pair *pair,
                           const erg_pair_options *how, erg_error *err)
{
    double *made[2] = { NULL, NULL };

    if (pair->hits[ERG_CHECK_SMOOTHED]) {
        say_smoothed(joint, pair);
        return true;
    }
    const double *x = compensated(joint, &joint->channels[pair->x],
                                  &pair->granger_shift_s[0], &made[0], err);
    const double *y = x ? compensated(joint, &joint->channels[pair->y],
                                      &pair->granger_shift_s[1], &made[1], err) : NULL;
    bool ok = y && ask(joint, pair, x, y, how, err);
    free(made[0]);
    free(made[1]);
    return ok;
}
