/* SPDX-License-Identifier: Apache-2.0 */
/* Could a coupling be seen at all? What refuses a verdict for every pair of a device. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/stats.h"
#include "couple/couple_inside.h"

#define EXCITED_W 10.0
#define EXCITED_SHARE 0.05      /* of rated power, where it is known */
#define EXCITED_K 5.0
#define DELIVERED 0.9
enum { SHARED_BINS = 30, INTERVALS_LEAST = 10 };

static const erg_check_info infos[ERG_CHECK_CODES] = {
    [ERG_CHECK_DEVICE_MISMATCH] = { "DEVICE_MISMATCH", "study the device with the edge" },
    [ERG_CHECK_NO_EXCITATION] = { "NO_EXCITATION",
                                  "load the device; longer run; power steps" },
    [ERG_CHECK_PLACEBO_FAILS] = { "PLACEBO_FAILS", "trends decide r: intervene" },
    [ERG_CHECK_PLACEHOLDER] = { "PLACEHOLDER", "no sensor there" },
    [ERG_CHECK_DERIVED] = { "DERIVED", "not a measurement" },
    [ERG_CHECK_CLOSED_FORM] = { "CLOSED_FORM", "not a measurement" },
    [ERG_CHECK_CLOCK_UNKNOWN] = { "CLOCK_UNKNOWN", "--tz, --offset" },
    [ERG_CHECK_NO_OVERLAP] = { "NO_OVERLAP", "--tz, --offset" },
    [ERG_CHECK_TOO_SHORT] = { "TOO_SHORT", "record >= 300 s" },
    [ERG_CHECK_NOT_WHITE] = { "NOT_WHITE", "record >= 300 s" },
    [ERG_CHECK_STARVED] = { "STARVED", "sample from another core" },
    [ERG_CHECK_TWO_WRITERS] = { "TWO_WRITERS", "--writer 1 or 2 keeps one" },
    [ERG_CHECK_IDENTICAL_RUNS] = { "IDENTICAL_RUNS", "new rng key, new data order" },
    [ERG_CHECK_SENSOR_LAG] = { "SENSOR_LAG", "the power sensor is late: no direction from "
                                             "power and heat" },
    [ERG_CHECK_LAG_UNRESOLVED] = { "LAG_UNRESOLVED", "sample faster to tell who leads" },
    [ERG_CHECK_SMOOTHED] = { "SMOOTHED", "a moving mean: use the raw column" },
    [ERG_CHECK_MIXED_REGIME] = { "MIXED_REGIME", "hold the fan or pump; study one regime" },
    [ERG_CHECK_NOT_SETTLED] = { "NOT_SETTLED",
                                "wait until the device is cool before the run" },
    [ERG_CHECK_NOT_CONVERGING] = { "NOT_CONVERGING", "is it the right log?" },
    [ERG_CHECK_NO_BASELINE] = { "NO_BASELINE", "record >= 30 s before and after the run" },
    [ERG_CHECK_NO_AMBIENT] = { "NO_AMBIENT", "measure it: --ambient 21C" },
    [ERG_CHECK_SUSPECT_NOISE] = { "SUSPECT_NOISE", "smoother than sensors are: made up?" },
    [ERG_CHECK_CLOCK_OFFSET] = { "CLOCK_OFFSET",
                                 "the clocks differ: corrected by the edges" },
    [ERG_CHECK_TORN] = { "TORN", "rows were left out: close the logger cleanly" },
    [ERG_CHECK_GAPS] = { "GAPS", "the record is split there" },
    [ERG_CHECK_HELD] = { "HELD", "the sensor is slower than the logger" },
    [ERG_CHECK_RESTARTED] = { "RESTARTED",
                              "the logger began anew: its index lost its past" },
    [ERG_CHECK_ZONE_GUESSED] = { "ZONE_GUESSED", "--tz states the zone" },
};

const erg_check_info *erg_check_describe(erg_check_code code) { return &infos[code]; }

static bool is_of_interest(const erg_joint *joint, const erg_check *check)
{
    for (size_t i = 0; i < joint->device_count; i++)
        if (strcmp(joint->devices[i].log->name, check->device) == 0)
            return joint->devices[i].is_studied || check->code == ERG_CHECK_CLOCK_OFFSET;
    return true;
}

bool erg_joint_check(erg_joint *joint, const erg_check *check, erg_error *err)
{
    if (!is_of_interest(joint, check))
        return true;
    if (!erg_grow((void **)&joint->checks, &joint->check_capacity, joint->check_count,
                  sizeof(*joint->checks), err))
        return false;
    joint->checks[joint->check_count++] = *check;
    return true;
}

/* Of the device, or of all devices. */
bool erg_joint_hits(const erg_joint *joint, erg_check_code code, const char *device)
{
    for (size_t i = 0; i < joint->check_count; i++) {
        const erg_check *check = &joint->checks[i];
        if (check->code == code && check->state == ERG_CHECK_HIT && !check->pair[0]
            && (!check->device[0] || strcmp(check->device, device) == 0))
            return true;
    }
    return false;
}

static bool put(erg_joint *joint, int device, erg_check check, erg_error *err)
{
    erg_text_put(check.device, sizeof(check.device), joint->devices[device].log->name);
    return erg_joint_check(joint, &check, err);
}

/* ---- one device -------------------------------------------------------------------- */

static bool check_driven(erg_joint *joint, int device, erg_error *err)
{
    const erg_joint_device *of = &joint->devices[device];
    const erg_joint_channel *work = erg_joint_work(joint, device);
    double limit = fmax(fmax(4.45 * of->mad_off, 0.10 * fabs(of->median_off)),
                        2 * of->level_step);
    erg_check check = { .code = ERG_CHECK_DEVICE_MISMATCH,
                        .value = of->median_on - of->median_off, .limit = limit,
                        .state = !work || !of->has_off || isnan(of->median_on)
                                     ? ERG_CHECK_UNKNOWN
                               : of->is_driven ? ERG_CHECK_OK : ERG_CHECK_HIT };

    if (work)
        snprintf(check.what, sizeof(check.what),
                 "%s: median %.4g during the run, %.4g without", work->name, of->median_on,
                 of->median_off);
    erg_check base = { .code = ERG_CHECK_NO_BASELINE, .value = NAN, .limit = NAN,
                       .state = work && !of->has_off ? ERG_CHECK_HIT : ERG_CHECK_OK };
    return put(joint, device, check, err) && put(joint, device, base, err);
}

/* P95 - P5 within the run. */
static double spread_of(const erg_joint *joint, const erg_joint_channel *of)
{
    erg_span run = { joint->start_ns, joint->end_ns };
    double *values = of && !of->is_void ? calloc(of->count + 1, sizeof(*values)) : NULL;
    double spread = NAN;

    if (values) {
        size_t n = erg_joint_values(of, run, true, values);
        spread = n ? erg_quantile(values, n, 0.95) - erg_quantile(values, n, 0.05) : NAN;
    }
    free(values);
    return spread;
}

static double rated_of(const erg_joint *joint, int device)
{
    return joint->options->rated_w > 0 ? joint->options->rated_w
                                       : joint->devices[device].log->rated_w;
}

static bool check_excited(erg_joint *joint, int device, erg_error *err)
{
    double rated_w = rated_of(joint, device);
    const struct { const char *name; double limit; } wanted[] = {
        { "power", fmax(EXCITED_W, EXCITED_SHARE * rated_w) }, { "temp", EXCITED_K },
    };

    for (size_t i = 0; i < ERG_COUNT(wanted); i++) {
        double moved = spread_of(joint, erg_joint_find(joint, device, wanted[i].name));
        erg_check check = { .code = ERG_CHECK_NO_EXCITATION,
                            .value = moved,
                            .limit = wanted[i].limit,
                            .state = isnan(moved)              ? ERG_CHECK_UNKNOWN
                                     : moved < wanted[i].limit ? ERG_CHECK_HIT
                                                               : ERG_CHECK_OK };
        int at = snprintf(check.what, sizeof(check.what), "P95 - P5 of %s in the run",
                          wanted[i].name);
        if (i == 0 && rated_w > 0 && wanted[i].limit > EXCITED_W)
            snprintf(check.what + at, sizeof(check.what) - (size_t)at,
                     ": the least is %.0f %% of rated %.4g W", 100 * EXCITED_SHARE,
                     rated_w);
        if (!put(joint, device, check, err))
            return false;
    }
    return true;
}

/* The median interval where nothing ran, else of all: what the sampler meant to do. */
static double nominal_s(const erg_joint *joint, const erg_monitor_device *log, double *room)
{
    size_t n = 0;

    for (size_t i = 1; i < log->count; i++)
        if (log->rows[i].t_ns < joint->start_ns || log->rows[i - 1].t_ns > joint->end_ns)
            room[n++] = erg_s_from_ns(log->rows[i].t_ns - log->rows[i - 1].t_ns);
    return n >= INTERVALS_LEAST ? erg_median(room, n) : log->period_s;
}

static bool check_starved(erg_joint *joint, int device, erg_error *err)
{
    const erg_monitor_device *log = joint->devices[device].log;
    double *room = calloc(log->count, sizeof(*room));
    size_t delivered = 0;

    if (!room)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    double period_s = nominal_s(joint, log, room);
    free(room);
    for (size_t i = 0; i < log->count; i++)
        delivered +=
            log->rows[i].t_ns >= joint->start_ns && log->rows[i].t_ns <= joint->end_ns;
    int64_t first_ns = log->rows[0].t_ns, last_ns = log->rows[log->count - 1].t_ns;
    double span_s =
        erg_s_from_ns((joint->end_ns < last_ns ? joint->end_ns : last_ns)
                      - (joint->start_ns > first_ns ? joint->start_ns : first_ns));
    double expected = span_s / period_s;
    erg_check check = { .code = ERG_CHECK_STARVED, .limit = DELIVERED, .value = NAN,
                        .state = ERG_CHECK_UNKNOWN };
    if (expected >= INTERVALS_LEAST) {
        check.value = (double)delivered / expected;
        check.state = check.value < DELIVERED ? ERG_CHECK_HIT : ERG_CHECK_OK;
        snprintf(check.what, sizeof(check.what), "%zu of %.0f samples", delivered,
                 expected);
    }
    return put(joint, device, check, err);
}

static bool check_writers(erg_joint *joint, int device, erg_error *err)
{
    const erg_monitor_device *log = joint->devices[device].log;
    erg_check check = { .code = ERG_CHECK_TWO_WRITERS,
                        .value = NAN,
                        .limit = NAN,
                        .state =
                            log->two_writers_ns == INT64_MIN || joint->options->one_writer
                                ? ERG_CHECK_OK
                                : ERG_CHECK_HIT };

    if (check.state == ERG_CHECK_HIT) {
        memcpy(check.what, "from ", 5);
        erg_utc_format(log->two_writers_ns, 3, check.what + 5, sizeof(check.what) - 5);
    }
    return put(joint, device, check, err);
}

static bool check_overlap(erg_joint *joint, int device, erg_error *err)
{
    const erg_monitor_device *log = joint->devices[device].log;
    size_t shared = 0;

    for (size_t k = joint->run_begin; k < joint->run_end; k++) {
        int64_t begin_ns = joint->origin_ns + (int64_t)k * joint->dt_ns;
        shared += begin_ns + joint->dt_ns > log->rows[0].t_ns
               && begin_ns <= log->rows[log->count - 1].t_ns;
    }
    erg_check check = { .code = ERG_CHECK_NO_OVERLAP, .value = (double)shared,
                        .limit = SHARED_BINS,
                        .state = shared < SHARED_BINS ? ERG_CHECK_HIT : ERG_CHECK_OK };
    return put(joint, device, check, err);
}

bool erg_joint_check_devices(erg_joint *joint, erg_error *err)
{
    bool (*const checks[])(erg_joint *, int, erg_error *) = {
        check_driven, check_excited, check_starved, check_writers, check_overlap,
    };

    for (size_t k = 0; k < ERG_COUNT(checks); k++)
        for (size_t i = 0; i < joint->device_count; i++)
            if (!checks[k](joint, (int)i, err))
                return false;
    return true;
}
