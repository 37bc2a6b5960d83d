/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can be played: watts that fit whole nanowatts, however they are added up, and so
 * many events and samples that somebody waits for the end. What is larger is refused, not
 * begun: a sum that wraps would be a wrong figure, a run of days looks like one that hangs.
 */
#include <math.h>
#include "govern/shape_sim_inside.h"

#define WATTS_MOST 4e9          /* of all units: 2^63 nW are 9.2e9 W */
#define EVENTS_MOST 3e8         /* some 1e6 of units apart are played in a second */

static bool check_watts(const erg_sim *it, erg_error *err)
{
    double floor_w = 0;

    for (size_t i = 0; i < it->chain->count; i++)
        if (it->chain->policies[i]->burns)
            floor_w = fmax(floor_w, it->chain->values[i][0]);
    double sum_w = (double)it->scenario->units * floor_w;
    return sum_w <= WATTS_MOST
        || erg_fail(err, ERG_BAD_INPUT, "%s: %zu units at %.3g W are %.3g GW: at most "
                    "%g GW are added up exactly; state a lower floor, or fewer units",
                    it->chain->text, it->scenario->units, floor_w, sum_w * 1e-9,
                    WATTS_MOST * 1e-9);
}

/* One that looks and lowers would do so for ever, and show watts that no unit can draw. */
static bool check_idle(const erg_sim *it)
{
    for (size_t i = 0; i < it->chain->count; i++)
        if (it->chain->policies[i] == &erg_policy_firmware
            && it->chain->values[i][0] <= it->scenario->silicon.idle_w)
            return false;
    return true;
}

static double events_of(const erg_sim *it, const erg_job *job, double total_s)
{
    double rounds = job->once || !(job->period_s > 0) ? 1 : total_s / job->period_s;
    double phases = (double)job->phase_count * fmax(1, rounds);
    double items = it->cluster.has_items ? total_s / it->cluster.item_s : 0;

    return job->ranks * (phases + items);
}

static bool check_events(const erg_sim *it, double total_s, erg_error *err)
{
    double samples = total_s / it->scenario->sample_s, events = samples;

    for (size_t i = 0; i < it->cluster.job_count; i++)
        events += events_of(it, &it->cluster.jobs[i], total_s);
    if (it->supplies || it->psus)
        events += samples * (double)it->cluster.rack_count;
    if (it->governors)
        events += total_s / it->look_s * (double)it->scenario->units;
    return events <= EVENTS_MOST
        || erg_fail(err, ERG_BAD_INPUT, "%s%s%.2g phases of units and samples of racks in "
                    "%.3g s: more than %g are not played; state a shorter length, steps of "
                    "more time, a longer sample, or fewer units",
                    it->chain->text, *it->chain->text ? ": " : "", events, total_s,
                    EVENTS_MOST);
}

bool erg_sim_check(const erg_sim *it, double total_s, erg_error *err)
{
    if (!check_idle(it))
        return erg_fail(err, ERG_BAD_INPUT, "%s: a limit at or below what the units draw "
                        "idle, %g W, stops them", it->chain->text,
                        it->scenario->silicon.idle_w);
    return check_watts(it, err) && check_events(it, total_s, err);
}
