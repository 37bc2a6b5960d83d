/* SPDX-License-Identifier: Apache-2.0 */
/* What each predictor would have said, row by row, and how much of it came true. */
#include <math.h>
#include <stdlib.h>
#include "format/cells.h"
#include "thermal/alarms.h"
#include "thermal/outlook.h"

#define HORIZON_S 60.0
#define PEAK_KEPT 0.998         /* a row later */
#define DROP 0.65
enum { SPIKES_AFTER = 10 };

static const erg_column alarm_columns[] = {
    { "predictor", ERG_TEXT, "what raised the alarms" },
    { "onsets", ERG_INTEGER, "times it got hotter than the limit less the margin" },
    { "hits", ERG_INTEGER, "an alarm came within the horizon before" },
    { "misses", ERG_INTEGER, "none came" },
    { "false_alarms", ERG_INTEGER, "alarms that nothing followed" },
    { "false_per_hour", ERG_REAL, "over the time it was not hot" },
    { "lead_s", ERG_REAL, "median, from the first alarm" },
    { "shifted_hits", ERG_REAL, "mean hits of the same alarms at other times" },
    { "p_value", ERG_REAL, "shifted alarms that hit as often, of 1000" },
    { "verdict", ERG_TEXT, "warns, or no warning value" },
    { "horizon_s", ERG_REAL, "so long before" },
};

typedef struct rows {
    size_t n;
    size_t *at;                 /* rows of the device */
    double *t_s;
    bool *hot, *alarm;
    double horizon_s, hot_k;
} rows;

typedef struct predictor {
    const char *name;
    /* False: the record lacks what it needs. */
    bool (*fill)(const erg_outlook *of, const rows *to, erg_error *err);
} predictor;

static double cell(const erg_outlook *of, size_t row, erg_monitor_value value)
{
    return of->device->rows[row].value[value];
}

/* ---- predictors ---------------------------------------------------------------------- */

static bool fill_model(const erg_outlook *of, const rows *to, erg_error *err)
{
    double *time_s = calloc(of->device->count, sizeof(*time_s));
    bool good = time_s ? erg_thermal_times(&of->model, of->device, to->hot_k, time_s, err)
                       : erg_fail(err, ERG_NO_MEMORY, "out of memory");

    for (size_t i = 0; good && i < to->n; i++)
        to->alarm[i] = time_s[to->at[i]] <= to->horizon_s;
    free(time_s);
    return good;
}

/* As old monitors do: the last tick, drawn on for ever. */
static bool fill_line(const erg_outlook *of, const rows *to, erg_error *err)
{
    (void)err;
    for (size_t i = 1; i < to->n; i++) {
        double rise_k = cell(of, to->at[i], ERG_MONITOR_TEMP_K)
            - cell(of, to->at[i - 1], ERG_MONITOR_TEMP_K);
        double room_k = to->hot_k - cell(of, to->at[i], ERG_MONITOR_TEMP_K);
        to->alarm[i] = rise_k > 0 && room_k * (to->t_s[i] - to->t_s[i - 1]) / rise_k
            < to->horizon_s;
    }
    return true;
}

static bool fill_rle_drop(const erg_outlook *of, const rows *to, erg_error *err)
{
    (void)err;
    double peak = 0;
    bool any = false;

    for (size_t i = 0; i < to->n; i++) {
        double smoothed = cell(of, to->at[i], ERG_MONITOR_RLE_SMOOTHED);
        peak = fmax(smoothed, PEAK_KEPT * peak);
        to->alarm[i] = smoothed < DROP * peak;
        any = any || isfinite(smoothed);
    }
    return any;
}

/* Norms above the mean and one SD of all before: each is an alarm on the next row. */
static bool fill_grad_spike(const erg_outlook *of, const rows *to, erg_error *err)
{
    (void)err;
    size_t count = 0, seen = 0, next = 0;
    double sum = 0, squares = 0;
    const erg_training_row *steps =
        of->options->training ? erg_training_rows(of->options->training, &count) : NULL;

    for (size_t i = 0; i < count; i++) {
        double x = steps[i].value[ERG_TRAINING_GRAD_NORM], n = (double)seen;
        double sd = seen > 1 ? sqrt(fmax(squares / n - pow(sum / n, 2), 0)) : INFINITY;
        if (!isfinite(x))
            continue;
        while (next < to->n && of->device->rows[to->at[next]].t_ns < steps[i].t_ns)
            next++;
        if (seen >= SPIKES_AFTER && x > sum / n + sd && next < to->n)
            to->alarm[next] = true;
        sum += x;
        squares += x * x;
        seen++;
    }
    return seen > SPIKES_AFTER;
}

static const predictor predictors[] = {
    { "model", fill_model },
    { "line", fill_line },
    { "rle-drop", fill_rle_drop },
    { "grad-spike", fill_grad_spike },
};

/* ---- table --------------------------------------------------------------------------- */

/* Rows of the window that the model holds for, with temperature and power. */
static void take_rows(const erg_outlook *of, rows *to)
{
    for (size_t i = 0; i < of->device->count; i++) {
        double t_s = erg_since_s(of->device, i), temp_k = cell(of, i, ERG_MONITOR_TEMP_K);
        if (t_s < of->model.begin_s || t_s > of->model.end_s || !isfinite(temp_k)
            || !isfinite(cell(of, i, ERG_MONITOR_POWER_W)))
            continue;
        to->at[to->n] = i;
        to->t_s[to->n] = t_s;
        to->hot[to->n++] = temp_k >= to->hot_k;
    }
}

static bool put_alarms(const erg_alarm_score *of, const predictor *by, double horizon_s,
                       erg_table *table, erg_error *err)
{
    const erg_real cells[] = {
        { "false_per_hour", of->false_per_hour }, { "lead_s", of->lead_s },
        { "shifted_hits", of->shifted_hits }, { "p_value", of->onsets ? of->p_value : NAN },
        { "horizon_s", horizon_s },
    };
    const erg_whole counts[] = {
        { "onsets", of->onsets }, { "hits", of->hits }, { "misses", of->misses },
        { "false_alarms", of->false_alarms },
    };
    const char *verdict = !of->onsets ? "it never got so hot"
                                      : of->warns ? "warns" : "no warning value";

    return erg_table_row(table, err) && erg_table_text(table, "predictor", by->name, err)
        && erg_table_text(table, "verdict", verdict, err)
        && erg_put_wholes(table, counts, ERG_COUNT(counts), err)
        && erg_put_reals(table, cells, ERG_COUNT(cells), err);
}

static bool put_predictor(const erg_outlook *of, const predictor *by, const rows *to,
                          erg_table *table, erg_error *err)
{
    erg_alarm_score score;
    erg_error why = { 0 };

    for (size_t i = 0; i < to->n; i++)
        to->alarm[i] = false;
    if (!by->fill(of, to, &why))
        return erg_can_do_without(&why, err);
    const erg_alarm_train train = { to->t_s, to->hot, to->alarm, to->n, to->horizon_s };
    if (!erg_alarms_score(&train, &score))
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    return put_alarms(&score, by, to->horizon_s, table, err);
}

bool erg_put_alarms(const erg_outlook *of, erg_result *result, erg_error *err)
{
    erg_table *table = erg_result_add(result, "alarms", alarm_columns,
                                      ERG_COUNT(alarm_columns), err);
    erg_arena *arena = table ? erg_arena_new(err) : NULL;
    size_t n = of->device->count;
    rows to = { .horizon_s = isfinite(of->horizon_s) ? of->horizon_s : HORIZON_S,
                .hot_k = of->limit_k - of->margin_k };

    to.at = arena ? erg_arena_take(arena, n * sizeof(*to.at), err) : NULL;
    to.t_s = to.at ? erg_arena_take(arena, n * sizeof(*to.t_s), err) : NULL;
    to.hot = to.t_s ? erg_arena_take(arena, n * sizeof(*to.hot), err) : NULL;
    to.alarm = to.hot ? erg_arena_take(arena, n * sizeof(*to.alarm), err) : NULL;
    bool ok = to.alarm;
    if (ok)
        take_rows(of, &to);
    for (size_t i = 0; ok && i < ERG_COUNT(predictors); i++)
        ok = put_predictor(of, &predictors[i], &to, table, err);
    erg_arena_free(arena);
    return ok;
}
