/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clock is an answer, not an input: a board under a cap takes clock away
 * until its mean power fits. The clock that was asked for is only the most it
 * may hold.
 */
#include <math.h>
#include "estimate/operating_point.h"

/* Without curves, all estimates: three measured boards lie at 0.10 to 0.18 of
 * the cap at low clock and 0.17 to 0.27 at the top; a busy CPU package draws 0.7
 * of its limit beside its operations. */
#define IDLE_SHARE_LOW 0.15
#define IDLE_SHARE_HIGH 0.22
#define BUSY_SHARE_CPU 0.70
#define IDLE_SHARE_CPU 0.10
#define VOLTAGE_KNEE 0.68           /* of the top clock: below it V is at its floor */
#define VOLTAGE_TOP 1.29            /* V at the top clock over the floor */
enum { STEPS_WITHOUT_TABLE = 48 };  /* from 0.3 of the top clock */

static double voltage(const erg_hardware *hardware, double clock_hz)
{
    double past = clock_hz / hardware->top_clock_hz - VOLTAGE_KNEE;

    if (hardware->voltage_v.count)
        return erg_curve_at(&hardware->voltage_v, clock_hz);
    if (!(past > 0))
        return 1;
    return 1 + (VOLTAGE_TOP - 1) * fmin(1, past / (1 - VOLTAGE_KNEE));
}

double erg_voltage_scale(const erg_hardware *hardware, double clock_hz, double reference_hz)
{
    /* Coefficients carried over from other devices are of voltages at the floor. */
    double floor_hz = isnan(reference_hz) ? 0 : reference_hz;
    double ratio = voltage(hardware, clock_hz) / voltage(hardware, floor_hz);

    return isnan(ratio) ? 1 : ratio * ratio;
}

static double share_of_clocks(const erg_hardware *hardware, double clock_hz)
{
    double low_hz = hardware->clock_count ? hardware->clocks_hz[0] : 0;
    double range_hz = hardware->top_clock_hz - low_hz;

    return range_hz > 0 ? fmin(1, fmax(0, (clock_hz - low_hz) / range_hz)) : 1;
}

/* As the record has it, before any fit. */
static double recorded_static_w(const erg_hardware *hardware, double clock_hz)
{
    if (hardware->kind == ERG_CPU)
        return hardware->busy_static_w > 0 ? hardware->busy_static_w
                                           : BUSY_SHARE_CPU * hardware->cap_w;
    if (hardware->idle_curve_w.count)
        return erg_curve_at(&hardware->idle_curve_w, clock_hz);

    double low_w = hardware->idle_w > 0
        ? hardware->idle_w : IDLE_SHARE_LOW * hardware->cap_w;
    double rise = (IDLE_SHARE_HIGH / IDLE_SHARE_LOW - 1)
        * share_of_clocks(hardware, clock_hz);
    return low_w * (1 + rise);
}

double erg_static_w(const erg_hardware *hardware, const erg_profile *profile,
                    double clock_hz)
{
    double here_w = recorded_static_w(hardware, clock_hz);

    if (!(profile->energy.static_w >= 0) || !(profile->clock_hz > 0))
        return here_w;
    /* The shape is the record's, the height is the profile's. */
    return profile->energy.static_w * here_w
        / recorded_static_w(hardware, profile->clock_hz);
}

double erg_idle_w(const erg_hardware *hardware, const erg_profile *profile, double clock_hz)
{
    /* A CPU's static power is that of a busy package: its idle is another figure. */
    if (hardware->kind != ERG_CPU)
        return erg_static_w(hardware, profile, clock_hz);
    return hardware->idle_w > 0 ? hardware->idle_w : IDLE_SHARE_CPU * hardware->cap_w;
}

static size_t clock_count(const erg_hardware *hardware)
{
    return hardware->clock_count ? hardware->clock_count : STEPS_WITHOUT_TABLE;
}

static double clock_at(const erg_hardware *hardware, size_t index)
{
    if (hardware->clock_count)
        return hardware->clocks_hz[index];
    return hardware->top_clock_hz
        * (0.3 + 0.7 * (double)index / (STEPS_WITHOUT_TABLE - 1));
}

static erg_operating_point at_clock(const erg_hardware *hardware,
                                    const erg_profile *profile, double clock_hz)
{
    return (erg_operating_point){
        .clock_hz = clock_hz,
        .scale = erg_voltage_scale(hardware, clock_hz, profile->clock_hz),
        .static_w = erg_static_w(hardware, profile, clock_hz),
    };
}

static bool fits(const erg_operating_point *point, const erg_load *load, double cap_w)
{
    double time_s = load->time_s(load->user, point->clock_hz);
    double power_w = point->static_w + point->scale * load->dynamic_j / time_s;

    return !(power_w > ERG_CAP_SHARE * cap_w);      /* an unknown cap caps nothing */
}

/* Index of the largest clock not above the wish; the lowest if all are. */
static size_t wished_index(const erg_hardware *hardware, double clock_hz)
{
    size_t index = clock_count(hardware) - 1;

    while (index > 0 && clock_at(hardware, index) > clock_hz * (1 + 1e-9))
        index--;
    return index;
}

erg_operating_point erg_operating_point_find(const erg_hardware *hardware,
                                             const erg_profile *profile,
                                             erg_operating_point wish, const erg_load *load)
{
    double wish_hz = wish.clock_hz > 0 ? wish.clock_hz : hardware->top_clock_hz;
    double cap_w = wish.cap_w > 0 ? wish.cap_w : hardware->cap_w;
    size_t high = wished_index(hardware, wish_hz), low = 0;
    size_t wished = high;
    erg_operating_point point = at_clock(hardware, profile, clock_at(hardware, high));

    /* Halving keeps to 20 rounds for any table, and a higher cap can only turn
     * answers from no to yes: it never ends at a lower clock. */
    if (!fits(&point, load, cap_w)) {
        while (low + 1 < high) {
            size_t middle = low + (high - low) / 2;
            point = at_clock(hardware, profile, clock_at(hardware, middle));
            *(fits(&point, load, cap_w) ? &low : &high) = middle;
        }
        point = at_clock(hardware, profile, clock_at(hardware, low));
        point.capped = wished > 0;
        point.over = low == 0 && !fits(&point, load, cap_w);
    }
    point.cap_w = cap_w;
    return point;
}
