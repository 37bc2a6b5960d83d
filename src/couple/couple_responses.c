/* SPDX-License-Identifier: Apache-2.0 */
/* How strongly, once coupled: rates, and why power fell. Descriptions:
 * no verdict hangs on them. */
#include <math.h>
#include <stdlib.h>
#include "format/cells.h"
#include "couple/couple_inside.h"
#include "couple/power_drop.h"
#include "couple/response.h"

enum { DROPS_MOST = 100 };

#define HEAT_BITS 0x60u
#define LIMIT_BITS 0x84u

static const erg_column coefficient_columns[] = {
    { "x", ERG_TEXT, "first of the pair" },
    { "y", ERG_TEXT, "second of the pair" },
    { "k_per_s", ERG_REAL, "of dy/dt = -k (x - mean) - lambda (y - mean): per unit of x" },
    { "k_low_per_s", ERG_REAL, "95 % interval, Newey and West" },
    { "k_high_per_s", ERG_REAL, "95 % interval, Newey and West" },
    { "k_scaled_per_s", ERG_REAL, "k SD(x)/SD(y)" },
    { "lambda_per_s", ERG_REAL, "rate at which y comes back by itself" },
    { "k_free_per_s", ERG_REAL, "k without a rate that brings y back" },
    { "k_free_low_per_s", ERG_REAL, "95 % interval" },
    { "k_free_high_per_s", ERG_REAL, "95 % interval" },
    { "holds_zero", ERG_TRUTH, "0 lies within the interval of k" },
    { "device", ERG_TEXT, "as the log names it" },
};

static const erg_column drop_columns[] = {
    { "time_s", ERG_REAL, "from the first record" },
    { "what", ERG_TEXT, "power or clock" },
    { "before", ERG_REAL, "level, W or Hz" },
    { "after", ERG_REAL, "level, W or Hz" },
    { "cause", ERG_TEXT, "what set in first, within one bin" },
    { "device", ERG_TEXT, "as the log names it" },
};

typedef struct response_tables {
    const erg_joint *joint;
    erg_table *coefficient, *drops;
    erg_error *err;
} response_tables;

static const double *run_of(const erg_joint *joint, int channel)
{
    return erg_joint_run(joint, &joint->channels[channel]);
}

static bool begin_row(const response_tables *to, erg_table *table,
                      const erg_joint_pair *pair)
{
    const erg_joint *joint = to->joint;
    const char *device = pair->device < 0 ? NULL : joint->devices[pair->device].log->name;

    return erg_table_row(table, to->err)
        && erg_table_text(table, "x", joint->channels[pair->x].name, to->err)
        && erg_table_text(table, "y", joint->channels[pair->y].name, to->err)
        && erg_table_text(table, "device", device, to->err);
}

/* At the lag that was shown, else at none. */
static bool put_coefficient(const response_tables *to, const erg_joint_pair *pair)
{
    const erg_joint *joint = to->joint;
    bool is_shown = pair->q_value < 0.05 && pair->test.lag > 0;
    erg_coefficient_options how = { .dt_s = joint->dt_s,
                                    .lag = is_shown ? (size_t)pair->test.lag : 0 };
    erg_coupling_coefficient held, free_of = { .k = NAN, .low = NAN, .high = NAN };
    erg_error why = { 0 };
    const double *x = run_of(joint, pair->x), *y = run_of(joint, pair->y);

    if (!erg_coupling_coefficient_fit(x, y, erg_joint_n(joint), &how, &held, &why))
        return true;
    how.is_free = true;
    erg_coupling_coefficient_fit(x, y, erg_joint_n(joint), &how, &free_of, &why);
    const erg_real cells[] = {
        { "k_per_s", held.k }, { "k_low_per_s", held.low }, { "k_high_per_s", held.high },
        { "k_scaled_per_s", held.k_scaled }, { "lambda_per_s", held.lambda },
        { "k_free_per_s", free_of.k }, { "k_free_low_per_s", free_of.low },
        { "k_free_high_per_s", free_of.high },
    };
    return begin_row(to, to->coefficient, pair)
        && erg_put_reals(to->coefficient, cells, ERG_COUNT(cells), to->err)
        && erg_table_truth(to->coefficient, "holds_zero", held.holds_zero, to->err);
}

/* ---- falls of power ------------------------------------------------------------------ */

static const double *bins_of(const erg_joint *joint, int device, const char *name)
{
    const erg_joint_channel *of = erg_joint_find(joint, device, name);
    return of && of->bins && of->count > 0 && !of->is_void
        ? erg_joint_run(joint, of) : NULL;
}

/* 1 where a bit was set in any part of the bin; a mean of masks has no bits of its own. */
static void set_flags(const erg_joint *joint, const erg_joint_channel *mask, unsigned bits,
                      double out[])
{
    for (size_t i = 0; i < erg_joint_n(joint); i++)
        out[i] = 0;
    for (size_t i = 0; mask && i < mask->count; i++) {
        int64_t at = (mask->points[i].t_ns - joint->origin_ns) / joint->dt_ns
                   - (int64_t)joint->run_begin;
        if (at >= 0 && (size_t)at < erg_joint_n(joint)
            && ((unsigned)mask->points[i].value & bits))
            out[at] = 1;
    }
}

static bool put_drop(const response_tables *to, const erg_power_drop *of,
                     const char *device)
{
    const erg_joint *joint = to->joint;
    const erg_real cells[] = { { "time_s",
                                 erg_joint_s(joint, joint->run_begin + of->place) },
                               { "before", of->before }, { "after", of->after } };

    return erg_table_row(to->drops, to->err)
        && erg_table_text(to->drops, "what", of->is_clock ? "clock" : "power", to->err)
        && erg_table_text(to->drops, "cause", erg_drop_cause_name(of->cause), to->err)
        && erg_table_text(to->drops, "device", device, to->err)
        && erg_put_reals(to->drops, cells, ERG_COUNT(cells), to->err);
}

static bool put_drops(const response_tables *to, int device)
{
    const erg_joint *joint = to->joint;
    const erg_joint_channel *mask = erg_joint_find(joint, device, "throttle");
    size_t n = erg_joint_n(joint);
    double *flags = calloc(2 * n + 1, sizeof(*flags));
    erg_power_drop drops[DROPS_MOST];
    bool ok = flags || erg_fail(to->err, ERG_NO_MEMORY, "out of memory");

    if (ok && bins_of(joint, device, "power")) {
        bool has_flags = mask && mask->count > 0;
        set_flags(joint, mask, HEAT_BITS, flags);
        set_flags(joint, mask, LIMIT_BITS, flags + n);
        const erg_drop_channels channels = {
            .n = n, .power_w = bins_of(joint, device, "power"),
            .clock_hz = bins_of(joint, device, "clock"), .heat = has_flags ? flags : NULL,
            .limit = has_flags ? flags + n : NULL, .load = bins_of(joint, device, "use"),
            .fan = bins_of(joint, device, "fan"),
        };
        size_t count = erg_power_drops(&channels, drops, DROPS_MOST);
        for (size_t i = 0; ok && i < count; i++)
            ok = put_drop(to, &drops[i], joint->devices[device].log->name);
    }
    free(flags);
    return ok;
}

bool erg_joint_responses(const erg_joint *joint, erg_error *err)
{
    response_tables to = { .joint = joint, .err = err };

    to.coefficient = erg_result_add(joint->result, "coefficient", coefficient_columns,
                                    ERG_COUNT(coefficient_columns), err);
    to.drops = to.coefficient ? erg_result_add(joint->result, "drops", drop_columns,
                                               ERG_COUNT(drop_columns), err) : NULL;
    bool ok = to.drops != NULL;
    for (size_t i = 0; ok && i < joint->pair_count; i++)
        if (joint->pairs[i].is_tested)
            ok = put_coefficient(&to, &joint->pairs[i]);
    for (size_t i = 0; ok && i < joint->device_count; i++)
        ok = put_drops(&to, (int)i);
    return ok;
}
