/* SPDX-License-Identifier: Apache-2.0 */
/* What the published rules would have done at every row of a log, as a table. */
#include <math.h>
#include <string.h>
#include "format/cells.h"
#include "math/stats.h"
#include "thermal/rle_walk.h"

enum { POINTS_MOST = 64 };
#define BACK_S 10.0             /* of the line that predicts */
#define AHEAD_S 10.0
#define BUSY 0.5                /* of the time in use */

static const erg_column columns[] = {
    { "time_s", ERG_REAL, "since the first row of the log" },
    { "device", ERG_TEXT, "as the log names it" },
    { "rle_now", ERG_REAL, "the smoothed index" },
    { "rle_predicted", ERG_REAL, "10 s ahead, on a line through the last 10 s" },
    { "rle_scaled", ERG_REAL, "the index at 100 W, 60 C and 300 s to the limit" },
    { "state", ERG_TEXT, "emergency, aggressive, moderate or maintain" },
    { "cpu_clock_mhz", ERG_REAL, "at most; n/a: left alone, as in what follows" },
    { "gpu_clock_mhz", ERG_REAL, "at most" },
    { "fan_pct", ERG_REAL, "of full speed" },
    { "fan_change_pct", ERG_REAL, "points off the fan where 5 C are left to the limit" },
    { "power_pct", ERG_REAL, "of the power limit" },
    { "work_pct", ERG_REAL, "of the work that goes on" },
    { "feed_forward", ERG_REAL, "share of power, by the norm" },
    { "ambient_factor", ERG_REAL, "share of power, by the room; n/a without --ambient" },
};

erg_table *erg_rle_decisions_begin(erg_result *result, erg_error *err)
{
    return erg_result_add(result, "decisions", columns, ERG_COUNT(columns), err);
}

/* No rule says how to foresee the index: a line does, where three rows carry it. */
static double predicted(const erg_rle_walk *of, size_t at)
{
    double x[POINTS_MOST], y[POINTS_MOST];
    size_t n = 0;
    erg_line line;

    for (size_t i = at + 1; i-- > 0 && n < POINTS_MOST;) {
        x[n] = of->in[i].time_s - of->in[at].time_s;
        y[n] = of->out[i].smoothed;
        if (x[n] < -BACK_S || isnan(y[n]))
            break;
        n++;
    }
    if (n < 3 || !erg_line_fit(x, y, n, &line))
        return NAN;
    return fmax(0, line.intercept + line.slope * AHEAD_S);
}

static bool put(const erg_rle_walk *of, size_t i, const erg_rle_now *now,
                const erg_rle_decision *one, erg_table *table, erg_error *err)
{
    const erg_real cells[] = {
        { "time_s", of->in[i].time_s }, { "rle_now", now->index },
        { "rle_predicted", now->predicted }, { "rle_scaled", one->scaled },
        { "cpu_clock_mhz", one->cpu_clock_hz / 1e6 },
        { "gpu_clock_mhz", one->gpu_clock_hz / 1e6 }, { "fan_pct", 100 * one->fan },
        { "fan_change_pct", 100 * one->fan_change }, { "power_pct", 100 * one->power },
        { "work_pct", 100 * one->work }, { "feed_forward", one->feed_forward },
        { "ambient_factor", one->ambient_factor },
    };
    return erg_table_row(table, err)
        && erg_table_text(table, "device", of->device->name, err)
        && erg_table_text(table, "state", one->state, err)
        && erg_put_reals(table, cells, ERG_COUNT(cells), err);
}

bool erg_rle_put_decisions(const erg_rle_walk *of, erg_table *table, erg_rle_tally *tally,
                           erg_error *err)
{
    for (size_t i = 0; i < of->device->count; i++) {
        const double *value = of->device->rows[i].value;
        const erg_rle_now now = {
            .index = of->out[i].smoothed, .predicted = predicted(of, i),
            .norm = of->out[i].norm, .sustain_s = of->out[i].sustain_s,
            .power_w = value[ERG_MONITOR_POWER_W], .temp_k = value[ERG_MONITOR_TEMP_K],
            .limit_k = of->in[i].limit_k, .ambient_k = of->options->setup.ambient_k,
        };
        erg_rle_decision one;
        erg_rle_decide(&now, &one);
        if (one.state) {
            bool holds = strcmp(one.state, "maintain") != 0;
            bool is_busy = value[ERG_MONITOR_USE] > BUSY;
            tally->busy += is_busy;
            tally->held_busy += is_busy && holds;
            tally->idle += !is_busy;
            tally->held_idle += !is_busy && holds;
        }
        if (!put(of, i, &now, &one, table, err))
            return false;
    }
    return true;
}

bool erg_rle_say_decisions(const erg_rle_tally *tally, erg_result *result, erg_error *err)
{
    return erg_result_note(result, err,
                           "decisions are those of the published rules, printed and "
                           "never acted on: they throttle where the index is low, which "
                           "is any heavy load; here in %zu of %zu rows above 50 %% use, "
                           "and in %zu of the %zu others", tally->held_busy, tally->busy,
                           tally->held_idle, tally->idle);
}
