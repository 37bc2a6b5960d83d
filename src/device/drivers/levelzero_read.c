/* SPDX-License-Identifier: Apache-2.0 */
/* What sysman says of one GPU, one call each, brought to SI. */
#include <math.h>
#include "device/drivers/levelzero.h"

static const double kelvin_at_0_c = 273.15;

/* Bits of the channel throttle, as NVML names them (docs/formats.md). */
static const struct {
    uint32_t reason;
    unsigned bit;
} throttles[] = {
    { LEVELZERO_BY_RANGE, 0x02 },
    { LEVELZERO_BY_POWER, 0x04 },
    { LEVELZERO_BY_HEAT, 0x20 },
    { LEVELZERO_BY_CURRENT, 0x80 },
};

static bool get_energy(const levelzero *own, levelzero_energy *to)
{
    return own->power && own->api.energy && own->api.energy(own->power, to) == 0;
}

static double read_energy(levelzero *own, size_t which)
{
    levelzero_energy now;

    (void)which;
    return get_energy(own, &now) ? 1e-6 * (double)now.uj : NAN;
}

/* The mean since the last look, by the device's own stamps: those of the host would add
 * the time of the call. A counter that wrapped, and a first look, tell none. */
static double read_power(levelzero *own, size_t which)
{
    levelzero_energy now, last = own->last;

    (void)which;
    if (!get_energy(own, &now))
        return NAN;
    if (now.t_us == last.t_us)
        return own->last_w;
    own->last = now;
    own->last_w = last.t_us > 0 && now.t_us > last.t_us && now.uj >= last.uj
                      ? (double)(now.uj - last.uj) / (double)(now.t_us - last.t_us)
                      : NAN;
    return own->last_w;
}

static bool get_clock(const levelzero *own, size_t which, levelzero_clock_now *to)
{
    *to = (levelzero_clock_now){ .kind = LEVELZERO_CLOCK_NOW };
    return own->clocks[which] && own->api.clock_now
           && own->api.clock_now(own->clocks[which], to) == 0;
}

static double read_clock(levelzero *own, size_t which)
{
    levelzero_clock_now now;
    return get_clock(own, which, &now) && now.mhz > 0 ? 1e6 * now.mhz : NAN;
}

static double read_throttle(levelzero *own, size_t which)
{
    levelzero_clock_now now;
    unsigned bits = 0;

    if (!get_clock(own, which, &now))
        return NAN;
    for (size_t i = 0; i < ERG_COUNT(throttles); i++)
        bits |= now.reasons & throttles[i].reason ? throttles[i].bit : 0;
    return bits;
}

static double read_heat(levelzero *own, size_t which)
{
    double celsius;
    bool good = own->heat[which] && own->api.celsius
                && own->api.celsius(own->heat[which], &celsius) == 0;

    return good && celsius > 0 ? kelvin_at_0_c + celsius : NAN;
}

const levelzero_quantity levelzero_quantities[] = {
    { "energy", ERG_ENERGY, ERG_COUNTER, 0, read_energy },
    { "power", ERG_POWER, ERG_SMOOTHED, 0, read_power },
    { "temperature", ERG_TEMPERATURE, ERG_INSTANT, LEVELZERO_GPU, read_heat },
    { "temperature_junction", ERG_TEMPERATURE, ERG_INSTANT, LEVELZERO_HOTTEST, read_heat },
    { "temperature_memory", ERG_TEMPERATURE, ERG_INSTANT, LEVELZERO_MEMORY, read_heat },
    { "sm_clock", ERG_CLOCK_RATE, ERG_INSTANT, LEVELZERO_GPU_CLOCK, read_clock },
    { "mem_clock", ERG_CLOCK_RATE, ERG_INSTANT, LEVELZERO_MEMORY_CLOCK, read_clock },
    { "throttle", ERG_OTHER, ERG_INSTANT, LEVELZERO_GPU_CLOCK, read_throttle },
};

const size_t levelzero_quantity_count = ERG_COUNT(levelzero_quantities);
