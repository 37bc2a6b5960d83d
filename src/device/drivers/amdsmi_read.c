/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What AMD SMI says of one GPU, one call each, brought to SI.
 *
 * The header says thousandths of a degree and the library gives whole ones; limits came in
 * watts once and come in microwatts: both are told apart by size.
 */
#include <math.h>
#include "device/drivers/amdsmi.h"

/* 2^-16 J; the library says 15.3 uJ, which is 0.27 % high (see amdgpu.c). */
static const double step_j = 0x1p-16, rounded_uj = 15.3, kelvin_at_0_c = 273.15;

double amdsmi_energy(const amdsmi *own, int which)
{
    uint64_t steps, t_ns;
    float said_uj = 0;

    (void)which;
    if (!own->api.energy || own->api.energy(own->gpu, &steps, &said_uj, &t_ns) != 0)
        return NAN;
    bool is_usual = fabs(said_uj - rounded_uj) < 0.01 * rounded_uj || !(said_uj > 0);
    return (is_usual ? step_j : 1e-6 * said_uj) * (double)steps;
}

/* 0 is a die that is metered elsewhere; the marks of what is not told lie above 65 kW. */
static double watts(uint32_t value)
{
    return value > 0 && value < 0xffff ? (double)value : NAN;
}

static double read_power(const amdsmi *own, int which)
{
    amdsmi_room got = { 0 };
    double now = NAN, mean = NAN;

    (void)which;
    if (!own->api.power || own->api.power(own->gpu, &got) != 0)
        return NAN;
    if (own->year == 23 || own->year == 24) {
        now = watts(got.power_24.now_w);
        mean = watts(got.power_24.mean_w);
    } else if (own->year == 26) {
        now = watts(got.power_26.now_w);
        mean = watts(got.power_26.mean_w);
    }
    return isnan(now) ? mean : now;
}

static double read_clock(const amdsmi *own, int which)
{
    amdsmi_room got = { 0 };
    bool good = own->api.clock && own->api.clock(own->gpu, which, &got) == 0;

    return good && got.clock.now_mhz > 0 && got.clock.now_mhz < 0xffff
               ? 1e6 * got.clock.now_mhz
               : NAN;
}

static double degrees(const amdsmi *own, int which, int what)
{
    int64_t value;

    if (!own->api.temperature || own->api.temperature(own->gpu, which, what, &value) != 0
        || value <= 0)
        return NAN;
    return kelvin_at_0_c + (value > 1000 ? 1e-3 * (double)value : (double)value);
}

static double read_temperature(const amdsmi *own, int which)
{
    return degrees(own, which, AMDSMI_NOW);
}

static double read_limit_of_heat(const amdsmi *own, int which)
{
    return degrees(own, which, AMDSMI_CRITICAL);
}

static double read_use(const amdsmi *own, int which)
{
    amdsmi_room got = { 0 };
    bool good = own->api.use && own->api.use(own->gpu, &got) == 0;

    (void)which;
    return good && got.use.graphics <= 100 ? got.use.graphics / 100.0 : NAN;
}

double amdsmi_watts(uint64_t told)
{
    return told >= 100000 ? 1e-6 * (double)told : (double)told;
}

double amdsmi_limit(const amdsmi *own, int which)
{
    amdsmi_room got = { 0 };
    bool good = own->api.cap && own->api.cap(own->gpu, 0, &got) == 0;

    (void)which;
    return good && got.cap.now_uw ? amdsmi_watts(got.cap.now_uw) : NAN;
}

const amdsmi_quantity amdsmi_quantities[] = {
    { "energy", ERG_ENERGY, ERG_COUNTER, 0, amdsmi_energy },
    { "power", ERG_POWER, ERG_SMOOTHED, 0, read_power },
    { "power_limit", ERG_OTHER, ERG_INSTANT, 0, amdsmi_limit },
    { "temperature", ERG_TEMPERATURE, ERG_INSTANT, AMDSMI_EDGE, read_temperature },
    { "temperature_junction", ERG_TEMPERATURE, ERG_INSTANT, AMDSMI_JUNCTION,
      read_temperature },
    { "temperature_memory", ERG_TEMPERATURE, ERG_INSTANT, AMDSMI_VRAM, read_temperature },
    { "temperature_limit", ERG_TEMPERATURE, ERG_INSTANT, AMDSMI_JUNCTION,
      read_limit_of_heat },
    { "sm_clock", ERG_CLOCK_RATE, ERG_INSTANT, AMDSMI_GRAPHICS, read_clock },
    { "mem_clock", ERG_CLOCK_RATE, ERG_INSTANT, AMDSMI_MEMORY, read_clock },
    { "use", ERG_USE, ERG_SMOOTHED, 0, read_use },
};

const size_t amdsmi_quantity_count = ERG_COUNT(amdsmi_quantities);
