/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Can a record be true? Its numbers are held against each other: a peak that is
 * sparse, counted twice or of another precision does not fit units and clock.
 */
#include <math.h>
#include <string.h>
#include "hardware/node.h"
#include "hardware/record.h"

static const double PEAK_MOST = 0.02, SPARSE_MOST = 0.51, BUS_MOST = 0.02, SLACK = 0.98;
/* Bottom-up power over the cap: above 1 the device must throttle, far outside
 * something is off by more than a node or a doubled peak can explain. */
static const double POWER_LEAST = 0.1, POWER_MOST = 4;

static const erg_column columns[] = {
    { "device", ERG_TEXT, "name of the record" },
    { "check",  ERG_TEXT, "what was held against what" },
    { "value",  ERG_REAL, "what the record says" },
    { "limit",  ERG_REAL, "what it may be, or follows from its other numbers" },
    { "state",  ERG_TEXT, "ok, fault, or unknown: a number it needs is not given" },
    { "why",    ERG_TEXT, "the numbers behind it" },
};

typedef struct checker {
    const erg_hardware *hardware;
    const char *device, *check;
    erg_table *table;
    size_t checked, faults;         /* of the check that runs */
    double value, limit;            /* of what was checked last */
    bool passed, failed;            /* no fault so far; a row could not be made */
    erg_error *err;
} checker;

static void row_put(checker *to, double value, double limit, const char *state,
                    const char *why)
{
    if (to->failed)
        return;
    to->failed = !(erg_table_row(to->table, to->err)
        && erg_table_text(to->table, "device", to->device, to->err)
        && erg_table_text(to->table, "check", to->check, to->err)
        && erg_table_real(to->table, "value", value, to->err)
        && erg_table_real(to->table, "limit", limit, to->err)
        && erg_table_text(to->table, "state", state, to->err)
        && erg_table_text(to->table, "why", why, to->err));
}

/* Only faults get a row each; what holds is one row a check. */
static void hold(checker *to, bool holds, double value, double limit, const char *why)
{
    to->checked++;
    to->value = value;
    to->limit = limit;
    if (holds)
        return;
    to->faults++;
    to->passed = false;
    row_put(to, value, limit, "fault", why);
}

static double number(const checker *from, const char *key)
{
    const erg_number *found = erg_hardware_number(from->hardware, key);
    return found ? found->value : NAN;
}

static double number_by(const checker *from, const char *key, int unit, int precision)
{
    char path[80];

    snprintf(path, sizeof(path), "%s.%s.%s", key, erg_unit_class_names[unit],
             erg_precision_name((erg_precision)precision));
    return number(from, path);
}

static const char *named(char *why, size_t size, const char *text, int unit, int precision)
{
    snprintf(why, size, "%s %s: %s", erg_unit_class_names[unit],
             erg_precision_name((erg_precision)precision), text);
    return why;
}

/* ---- the checks --------------------------------------------------------------------- */

static void check_peak(checker *to, int unit, int precision)
{
    const erg_hardware *hardware = to->hardware;
    double peak = hardware->peak_flop_per_s[unit][precision];
    double clock_hz = hardware->peak_clock_hz[unit];
    double each = number_by(to, "flop_per_clock_per_unit", unit, precision);
    double limit = hardware->units * each * clock_hz;
    char text[160], why[200];

    if (isnan(peak) || isnan(limit) || limit <= 0)
        return;
    snprintf(text, sizeof(text), "%d units x %g FLOP per clock x %g MHz", hardware->units,
             each, clock_hz * 1e-6);
    hold(to, fabs(peak / limit - 1) <= PEAK_MOST, peak, limit,
         named(why, sizeof(why), text, unit, precision));
}

static void check_sparse(checker *to, int unit, int precision)
{
    double peak = to->hardware->peak_flop_per_s[unit][precision];
    double sparse = number_by(to, "sparse_flop_per_s", unit, precision);
    char why[200];

    if (!isnan(peak) && !isnan(sparse))
        hold(to, peak <= SPARSE_MOST * sparse, peak, sparse / 2,
             named(why, sizeof(why), "dense is at most half of sparse", unit, precision));
}

static int bits_of(int precision) { return erg_precision_bits((erg_precision)precision); }

/* Fewer bits are never slower on the same units; matrix units never slower than lanes. */
static void check_precision(checker *to, int unit, int precision)
{
    double peak = to->hardware->peak_flop_per_s[unit][precision];
    double vector = to->hardware->peak_flop_per_s[ERG_UNIT_VECTOR][precision];
    char text[120], why[200];

    for (int wider = 0; wider < ERG_PRECISIONS; wider++) {
        double other = to->hardware->peak_flop_per_s[unit][wider];
        if (isnan(peak) || isnan(other) || bits_of(wider) <= bits_of(precision))
            continue;
        snprintf(text, sizeof(text), "slower than %s",
                 erg_precision_name((erg_precision)wider));
        hold(to, peak >= SLACK * other, peak, other,
             named(why, sizeof(why), text, unit, precision));
    }
    if (unit == ERG_UNIT_TENSOR && !isnan(peak) && !isnan(vector))
        hold(to, peak >= SLACK * vector, peak, vector,
             named(why, sizeof(why), "slower than the vector units", unit, precision));
}

static void for_each_peak(checker *to, void (*check)(checker *, int unit, int precision))
{
    for (int unit = 0; unit < ERG_UNIT_CLASSES; unit++)
        for (int precision = 0; precision < ERG_PRECISIONS; precision++)
            check(to, unit, precision);
}

static void peaks(checker *to) { for_each_peak(to, check_peak); }
static void sparse_peaks(checker *to) { for_each_peak(to, check_sparse); }
static void precisions(checker *to) { for_each_peak(to, check_precision); }

/* One multiply-add a lane and clock is two FLOP. */
static void lanes(checker *to)
{
    double width = number(to, "issue_width"), lane_count = to->hardware->lanes_per_unit;
    double each = number_by(to, "flop_per_clock_per_unit", ERG_UNIT_VECTOR, ERG_FP32);
    double limit = 2 * lane_count * (isnan(width) ? 1 : width);

    if (lane_count > 0 && !isnan(each))
        hold(to, fabs(each / limit - 1) <= PEAK_MOST, each, limit,
             "fp32 FLOP per clock and unit is two a lane");
}

static void bandwidth(checker *to)
{
    double bytes = number(to, "memory_bus.width_bits") / 8;
    double limit = bytes * number(to, "memory_bus.rate_bits_per_s");
    double given = to->hardware->memory_bytes_per_s;

    if (!isnan(limit) && !isnan(given))
        hold(to, fabs(given / limit - 1) <= BUS_MOST, given, limit,
             "bus width x rate of a pin");
}

static bool is_within(double value, double low, double high)
{
    return !(value < low) && !(value > high);       /* what is not known does not bind */
}

static void caps(checker *to)
{
    const erg_hardware *hardware = to->hardware;
    double low = hardware->cap_low_w, high = hardware->cap_high_w;
    char why[120];

    if (!isnan(hardware->cap_w) && (!isnan(low) || !isnan(high)))
        hold(to, is_within(hardware->cap_w, low, high), hardware->cap_w,
             hardware->cap_w < low ? low : high, "the cap lies in the range of caps");
    if (!isnan(hardware->cap_w) && !isnan(hardware->idle_w))
        hold(to, hardware->idle_w < 0.5 * hardware->cap_w, hardware->idle_w,
             0.5 * hardware->cap_w, "idle power is below half of the cap");
    for (size_t i = 0; i < hardware->thermal_count; i++) {
        const erg_thermal_point *point = &hardware->thermal[i];
        snprintf(why, sizeof(why), "cap of point %s in the range of caps", point->name);
        if (!isnan(point->cap_w))
            hold(to, is_within(point->cap_w, low, high), point->cap_w,
                 point->cap_w < low ? low : high, why);
    }
}

/* Sustained peak = sustained clock x units x FLOP per clock x efficiency. */
static void check_point(checker *to, const erg_thermal_point *point)
{
    const erg_hardware *hardware = to->hardware;
    int unit = isnan(hardware->peak_clock_hz[ERG_UNIT_VECTOR]) ? ERG_UNIT_TENSOR
                                                               : ERG_UNIT_VECTOR;
    double most = 0, share = point->sustained_hz / hardware->peak_clock_hz[unit];
    char why[120];

    for (int precision = 0; precision < ERG_PRECISIONS; precision++)
        most = fmax(most, hardware->peak_flop_per_s[unit][precision]);
    double sustained = most * share * point->efficiency;
    snprintf(why, sizeof(why), "point %s: sustained peak of the %s units", point->name,
             erg_unit_class_names[unit]);
    hold(to, sustained > 0 && point->efficiency <= 1, sustained, most * share, why);
    snprintf(why, sizeof(why), "point %s: clocks rise from base to sustained to boost",
             point->name);
    hold(to, is_within(point->sustained_hz, point->base_hz, point->boost_hz),
         point->sustained_hz, point->boost_hz, why);
}

static void points(checker *to)
{
    for (size_t i = 0; i < to->hardware->thermal_count; i++)
        check_point(to, &to->hardware->thermal[i]);
}

static double known_or(double value, double otherwise)
{
    return isnan(value) ? otherwise : value;
}

/* e_op x peak x s(f_top) + idle power at that clock, s(f) = (V/V_min)^2. */
static double bottom_up_w(const erg_hardware *hardware, erg_unit_class unit,
                          erg_precision precision)
{
    double top_hz = hardware->top_clock_hz, ratio = 1;
    double idle_w = erg_curve_at(&hardware->idle_curve_w, top_hz);

    if (hardware->voltage_v.count)
        ratio =
            erg_curve_at(&hardware->voltage_v, top_hz) / hardware->voltage_v.points[0].y;
    return erg_node_op_j(hardware->node_nm, unit)
        * hardware->peak_flop_per_s[unit][precision] * ratio * ratio
        + known_or(idle_w, known_or(hardware->idle_w, 0.15 * hardware->cap_w));
}

/* Above its cap a device throttles, which many do: the ratio is told, each with a row. */
static void power(checker *to)
{
    const erg_hardware *hardware = to->hardware;
    static const struct { erg_unit_class unit; erg_precision precision; } peaked[] = {
        { ERG_UNIT_VECTOR, ERG_FP32 }, { ERG_UNIT_TENSOR, ERG_BF16 },
        { ERG_UNIT_TENSOR, ERG_FP16 },
    };
    char text[120], why[200];

    for (size_t i = 0; i < ERG_COUNT(peaked) && hardware->kind == ERG_GPU; i++) {
        double watts = bottom_up_w(hardware, peaked[i].unit, peaked[i].precision);
        double ratio = watts / hardware->cap_w;
        if (isnan(ratio))
            continue;
        snprintf(text, sizeof(text), "%.2f of the cap at peak, by node and idle", ratio);
        named(why, sizeof(why), text, (int)peaked[i].unit, (int)peaked[i].precision);
        bool holds = ratio >= POWER_LEAST && ratio <= POWER_MOST;
        hold(to, holds, watts, hardware->cap_w, why);
        if (holds)
            row_put(to, watts, hardware->cap_w, "ok", why);
    }
}

static void sources(checker *to)
{
    size_t count = erg_hardware_number_count(to->hardware);

    /* The loader refuses a number without one: what is loaded has them all. */
    hold(to, count > 0, (double)count, (double)count, "a record without a number");
}

static const struct check_row {
    const char *name;
    const char *holds;              /* NULL: the check writes its rows itself */
    const char *needs;              /* NULL: does not apply where there are none */
    void (*run)(checker *to);
} rows[] = {
    { "source", "every number has a source", "numbers", sources },
    { "peak", "peaks are units x FLOP per clock x clock within 2 %",
      "units, FLOP per clock and clock", peaks },
    { "lanes", "FLOP per clock is two a lane", "lanes", lanes },
    { "sparse", "dense peaks are at most half of sparse ones", NULL, sparse_peaks },
    { "precision", "fewer bits are not slower", NULL, precisions },
    { "bandwidth", "bandwidth is bus x rate within 2 %", "bus width and rate", bandwidth },
    { "caps", "caps and idle power lie in their range", "caps", caps },
    { "points", "thermal points compute something", NULL, points },
    { "power", NULL, "node, peak and cap", power },
};

static void device_check(checker *to)
{
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        to->check = rows[i].name;
        to->checked = to->faults = 0;
        rows[i].run(to);
        if (to->checked == 0 && rows[i].needs)
            row_put(to, NAN, NAN, "unknown", rows[i].needs);
        else if (rows[i].holds && to->checked && to->faults == 0)
            row_put(to, to->value, to->limit, "ok", rows[i].holds);
    }
}

static void device_load_and_check(checker *to, const erg_env *env,
                                  const erg_catalog *catalog, const char *name)
{
    erg_error fault = { 0 };
    erg_hardware *hardware = erg_hardware_load(env, catalog, name, &fault);

    to->hardware = hardware;
    to->device = name;
    if (hardware) {
        device_check(to);
    } else if (fault.code == ERG_BAD_INPUT) {
        to->check = "load";
        hold(to, false, NAN, NAN, fault.text);
    } else {
        to->failed = true;
        if (to->err)
            *to->err = fault;
    }
    erg_hardware_free(hardware);
}

static bool all_check(checker *to, const erg_env *env, const erg_catalog *catalog,
                      erg_error *err)
{
    erg_names names = { 0 };
    bool ok = erg_names_list(catalog, &names, err)
        && (names.count || erg_names_find(catalog, "*", (char[ERG_PATH_MOST]){ 0 }, err));

    for (size_t i = 0; ok && i < names.count && !to->failed; i++)
        device_load_and_check(to, env, catalog, names.items[i]);
    erg_names_free(&names);
    return ok && !to->failed;
}

erg_result *erg_hardware_check(const erg_env *env, const erg_catalog *catalog,
                               const char *const *names, size_t count, bool *passed,
                               erg_error *err)
{
    erg_result *result = erg_result_new("hardware", err);
    checker to = { .passed = true, .err = err };
    bool ok = result
        && (to.table = erg_result_add(result, "checks", columns, ERG_COUNT(columns), err));

    if (ok && !count)
        ok = all_check(&to, env, catalog, err);
    for (size_t i = 0; ok && i < count; i++) {
        device_load_and_check(&to, env, catalog, names[i]);
        ok = !to.failed;
    }
    *passed = to.passed;
    if (!ok) {
        erg_result_free(result);
        return NULL;
    }
    return result;
}
