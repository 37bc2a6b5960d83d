/* SPDX-License-Identifier: Apache-2.0 */
/* Simulated sensors: each value is computed from its update's number, never stored. */
#include <math.h>
#include "math/random.h"
#include "plant/sensor.h"

enum { DROPPED_MOST = 10000 };

enum { FOR_NOISE, FOR_NOISE_TOO, FOR_DROPOUT };

double erg_plant_chance(uint64_t seed, int64_t index, uint64_t use)
{
    uint64_t stirred = erg_random_mix(erg_random_mix(seed) ^ (uint64_t)index);

    return (double)(erg_random_mix(stirred ^ use) >> 11) * 0x1p-53;
}

/* Box and Muller 1958. */
static double normal(uint64_t seed, int64_t index)
{
    double radius = sqrt(-2 * log1p(-erg_plant_chance(seed, index, FOR_NOISE)));
    return radius * cos(2 * M_PI * erg_plant_chance(seed, index, FOR_NOISE_TOO));
}

/* The number of the update last before t_ns, and when it was. */
static int64_t update_index(double update_s, double phase_s, int64_t t_ns, int64_t *at_ns)
{
    int64_t update_ns = erg_ns_from_s(update_s);
    if (update_ns <= 0) {
        *at_ns = t_ns;
        return t_ns;
    }
    int64_t since_ns = t_ns - erg_ns_from_s(phase_s);
    int64_t index = since_ns / update_ns - (since_ns % update_ns < 0);
    *at_ns = index * update_ns + erg_ns_from_s(phase_s);
    return index;
}

static int64_t shown_index(const erg_plant_sensor *sensor, int64_t t_ns, int64_t *at_ns)
{
    int64_t index = update_index(sensor->update_s, sensor->phase_s, t_ns, at_ns);
    if (sensor->update_s <= 0)
        return index;
    for (int i = 0; i < DROPPED_MOST; i++) {
        if (erg_plant_chance(sensor->seed, index, FOR_DROPOUT) >= sensor->dropout)
            break;
        index--;
        *at_ns -= erg_ns_from_s(sensor->update_s);
    }
    return index;
}

int64_t erg_plant_sensor_updated_ns(const erg_plant_sensor *sensor, int64_t t_ns)
{
    int64_t at_ns;
    shown_index(sensor, t_ns, &at_ns);
    return at_ns;
}

static double law_w(const void *self, double t_s)
{
    return erg_law_w(self, t_s);
}

static double law_j(const void *self, double begin_s, double end_s)
{
    return erg_law_j(self, begin_s, end_s);
}

erg_plant_view erg_law_view(const erg_law *law)
{
    return (erg_plant_view){ law, law_w, law_j };
}

double erg_plant_sensor_see(const erg_plant_sensor *sensor, erg_plant_view view,
                            int64_t t_ns)
{
    int64_t at_ns;
    int64_t index = shown_index(sensor, t_ns, &at_ns);
    double end_s = erg_s_from_ns(at_ns) - sensor->delay_s;
    double window_s = sensor->window_s;
    double mean_w = window_s > 0
        ? view.energy_j(view.self, end_s - window_s, end_s) / window_s
        : view.power_w(view.self, end_s);

    double read_w = (sensor->gain != 0 ? sensor->gain : 1) * mean_w + sensor->offset_w;
    if (sensor->noise_w > 0)
        read_w += sensor->noise_w * normal(sensor->seed, index);
    if (sensor->resolution_w > 0)
        read_w = sensor->resolution_w * round(read_w / sensor->resolution_w);
    return read_w;
}

double erg_plant_sensor_w(const erg_plant_sensor *sensor, const erg_law *law, int64_t t_ns)
{
    return erg_plant_sensor_see(sensor, erg_law_view(law), t_ns);
}

double erg_plant_counter_see(const erg_plant_counter *counter, erg_plant_view view,
                             int64_t t_ns)
{
    int64_t at_ns;
    update_index(counter->update_s, counter->phase_s, t_ns, &at_ns);
    double at_s = erg_s_from_ns(at_ns);
    double begin_s =
        counter->reset_s > 0 && at_s >= counter->reset_s ? counter->reset_s : 0;

    double count_j = fmax(0, (counter->gain != 0 ? counter->gain : 1)
                                 * view.energy_j(view.self, begin_s, at_s));
    if (counter->step_j > 0) /* a hair up: 30 steps of 0.1 J must be 30, not 29 */
        count_j = counter->step_j * floor(count_j / counter->step_j + 1e-9);
    return counter->range_j > 0 ? fmod(count_j, counter->range_j) : count_j;
}

double erg_plant_counter_j(const erg_plant_counter *counter, const erg_law *law,
                           int64_t t_ns)
{
    return erg_plant_counter_see(counter, erg_law_view(law), t_ns);
}
