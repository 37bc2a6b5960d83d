/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the sensors of the script show. Each value is kept until its update, as a driver
 * keeps it: what is asked a thousand times a second is computed at its updates only.
 */
#include <string.h>
#include "fake_nvml.h"

typedef struct held { int64_t from_ns, until_ns; double window_s, value; } held;

enum { INSTANT, OTHER, WINDOWS };
static held powers[GPUS_MOST][WINDOWS], joules;

void fake_truth_forget(void)
{
    memset(powers, 0, sizeof(powers));
    joules = (held){ 0 };
}

/* An update that was dropped is never held: what it shows began before its time. */
static bool is_old(const held *one, double window_s, int64_t t_ns)
{
    return t_ns < one->from_ns || t_ns >= one->until_ns || one->window_s != window_s;
}

static void hold(held *one, const erg_plant_sensor *sensor, double value, int64_t t_ns)
{
    int64_t from_ns = erg_plant_sensor_updated_ns(sensor, t_ns);
    *one = (held){ from_ns, from_ns + erg_ns_from_s(sensor->update_s), sensor->window_s,
                   value };
}

double fake_power_w(const struct nvml_gpu *gpu, double window_s, int64_t t_ns)
{
    const erg_sim_spec *sim = &fake_script.sim;
    held *one = &powers[gpu->index][window_s == sim->sensor.window_s ? INSTANT : OTHER];

    if (is_old(one, window_s, t_ns)) {
        erg_plant_sensor sensor = sim->sensor;
        sensor.window_s = window_s;
        sensor.seed += gpu->index;
        hold(one, &sensor, erg_plant_sensor_w(&sensor, &sim->load, t_ns), t_ns);
    }
    return one->value;
}

double fake_counter_j(int64_t t_ns)
{
    const erg_plant_counter *counter = &fake_script.sim.counter;

    if (is_old(&joules, 0, t_ns)) {
        erg_plant_sensor when = { .update_s = counter->update_s,
                                  .phase_s = counter->phase_s };
        hold(&joules, &when, erg_plant_counter_j(counter, &fake_script.sim.load, t_ns),
             t_ns);
    }
    return joules.value;
}
