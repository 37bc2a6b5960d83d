/* SPDX-License-Identifier: Apache-2.0 */
/* What checks, clocks and tests look with: channels by name, their values and drivers. */
#include <string.h>
#include "couple/couple_inside.h"

erg_joint_channel *erg_joint_find(const erg_joint *joint, int device, const char *name)
{
    for (size_t i = 0; i < joint->channel_count; i++)
        if (joint->channels[i].device == device
            && strcmp(joint->channels[i].name, name) == 0)
            return &joint->channels[i];
    return NULL;
}

const erg_joint_channel *erg_joint_work(const erg_joint *joint, int device)
{
    static const char *const names[] = { "power", "use" };

    for (size_t i = 0; i < ERG_COUNT(names); i++) {
        const erg_joint_channel *of = erg_joint_find(joint, device, names[i]);
        if (of && !of->is_void && of->count > 1)
            return of;
    }
    return NULL;
}

size_t erg_joint_values(const erg_joint_channel *of, erg_span run, bool inside,
                        double out[])
{
    size_t n = 0;

    for (size_t i = 0; i < of->count; i++) {
        int64_t t_ns = of->points[i].t_ns;
        bool is_in = t_ns >= run.begin_ns && t_ns <= run.end_ns;
        bool is_out = t_ns < run.begin_ns - ERG_JOINT_OUTSIDE_NS
                   || t_ns > run.end_ns + ERG_JOINT_OUTSIDE_NS;
        if (inside ? is_in : is_out)
            out[n++] = of->points[i].value;
    }
    return n;
}

/* ---- drivers ------------------------------------------------------------------------- */

typedef struct driver { const char *name; bool of_log; } driver;

/* Power is on the way from training to heat: only Granger's test is asked beside it. */
static const driver common[ERG_DRIVERS_MOST] = {
    { "use", false }, { "clock", false }, { "lr", true }, { "power", false },
};

size_t erg_joint_drivers(const erg_joint *joint, erg_joint_pair *pair, bool is_power,
                         const double *drivers[ERG_DRIVERS_MOST])
{
    size_t count = 0, asked = is_power ? ERG_DRIVERS_MOST : ERG_DRIVERS_MOST - 1;

    for (size_t i = 0; i < asked; i++) {
        const erg_joint_channel *of =
            erg_joint_find(joint, common[i].of_log ? -1 : pair->device, common[i].name);
        if (!of || of->is_void || of->count == 0)
            continue;
        pair->has_drivers = pair->has_drivers || (!common[i].of_log && pair->device >= 0);
        if (of != &joint->channels[pair->x] && of != &joint->channels[pair->y])
            drivers[count++] = erg_joint_run(joint, of);
    }
    return count;
}
