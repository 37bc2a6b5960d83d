/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lag analysis of the RLE programs of 2025-10, as they reckoned it, faults included:
 * training records hold one monitor reading several times over, lags count rows though they
 * are called seconds, and in "steps" a lag and its negative hold the same pairs.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/stats.h"
#include "couple/compat_inside.h"

enum { LAG_MOST = 3, SUITE_LAG_MOST = 10, PAIRS_LEAST = 3 };

static const int64_t tolerance_ns = 2 * ERG_NS_PER_S;

typedef enum field { GRAD, LOSS, TEMP, RLE, FIELDS } field;

/* What is set side by side: n rows of four columns. */
typedef struct paired {
    double *at[FIELDS];
    size_t count;
    size_t readings;        /* monitor rows that stand behind them */
} paired;

static void drop(paired *of)
{
    for (int i = 0; i < FIELDS; i++)
        free(of->at[i]);
}

static bool begin(paired *of, size_t most, erg_error *err)
{
    bool ok = true;

    *of = (paired){ 0 };
    for (int i = 0; i < FIELDS; i++)
        ok = (of->at[i] = malloc((most + 1) * sizeof(double))) && ok;
    return ok || erg_fail(err, ERG_NO_MEMORY, "out of memory");
}

static void add(paired *to, const erg_training_row *step, const erg_monitor_row *reading)
{
    to->at[GRAD][to->count] = step->value[ERG_TRAINING_GRAD_NORM];
    to->at[LOSS][to->count] = step->value[ERG_TRAINING_LOSS];
    to->at[TEMP][to->count] = reading ? reading->value[ERG_MONITOR_TEMP_K] : NAN;
    to->at[RLE][to->count] = reading ? reading->value[ERG_MONITOR_RLE_SMOOTHED] : NAN;
    to->count++;
}

/* ---- steps, suite: every training record with the reading nearest to it ------------- */

/* Of the last value at or before t and the one behind it, the nearer; the earlier of two
 * that are as near. Both lists are in order of time, so *from only rises. */
static const erg_monitor_row *nearest(const erg_monitor_device *device, size_t *from,
                                      int64_t t_ns)
{
    const erg_monitor_row *rows = device->rows;

    while (*from + 1 < device->count && rows[*from + 1].t_ns <= t_ns)
        ++*from;
    size_t at = *from + 1 < device->count
        && rows[*from + 1].t_ns - t_ns < llabs(t_ns - rows[*from].t_ns) ? *from + 1 : *from;
    return at < device->count && llabs(rows[at].t_ns - t_ns) <= tolerance_ns
        ? &rows[at] : NULL;
}

static const erg_monitor_device *gpu_of(const erg_monitor *monitor)
{
    const erg_monitor_device *found = erg_monitor_find(monitor, "gpu");

    return found ? found : erg_monitor_devices(monitor) == 1
        ? erg_monitor_device_at(monitor, 0) : NULL;
}

static bool pair_steps(const erg_session *session, paired *out, erg_error *err)
{
    const erg_monitor_device *gpu = gpu_of(session->monitor);
    const erg_monitor_row *last = NULL;
    size_t count = 0, from = 0;
    const erg_training_row *steps = erg_training_rows(session->training, &count);

    if (!gpu)
        return erg_fail(err, ERG_BAD_INPUT,
                        "%s: --compat looks at the device gpu, which this "
                        "log does not have", session->name);
    if (!begin(out, count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        const erg_monitor_row *reading = nearest(gpu, &from,
                                                 steps[i].t_ns + session->zone_ns);
        add(out, &steps[i], reading);
        out->readings += reading && reading != last;
        last = reading ? reading : last;
    }
    return true;
}

/* ---- rows: every monitor row, of all devices, with the record nearest to it ---------- */

/* The device whose next row comes first; the file's order among equals. */
static const erg_monitor_row *next_row(const erg_monitor *monitor, size_t at[])
{
    const erg_monitor_row *first = NULL;
    size_t whose = 0;

    for (size_t i = 0; i < erg_monitor_devices(monitor); i++) {
        const erg_monitor_device *device = erg_monitor_device_at(monitor, i);
        const erg_monitor_row *row = at[i] < device->count ? &device->rows[at[i]] : NULL;
        if (row && (!first || row->t_ns < first->t_ns
                    || (row->t_ns == first->t_ns && row->line < first->line))) {
            first = row;
            whose = i;
        }
    }
    if (first)
        at[whose]++;
    return first;
}

static int64_t whole_second(int64_t t_ns)
{
    int64_t rest = t_ns % ERG_NS_PER_S;
    return t_ns - (rest < 0 ? rest + ERG_NS_PER_S : rest);
}

static const erg_training_row *nearest_step(const erg_training_row steps[], size_t count,
                                            size_t *from, int64_t t_ns)
{
    while (*from + 1 < count && steps[*from + 1].t_ns <= t_ns)
        ++*from;
    size_t at = *from + 1 < count
        && steps[*from + 1].t_ns - t_ns < llabs(t_ns - steps[*from].t_ns)
        ? *from + 1 : *from;
    return at < count && llabs(steps[at].t_ns - t_ns) <= tolerance_ns ? &steps[at] : NULL;
}

static bool pair_rows(const erg_session *session, paired *out, erg_error *err)
{
    const erg_monitor *monitor = session->monitor;
    const erg_monitor_row *reading;
    size_t count = 0, from = 0, most = 0, devices = erg_monitor_devices(monitor);
    const erg_training_row *steps = erg_training_rows(session->training, &count);
    size_t *at = calloc(devices + 1, sizeof(*at));

    for (size_t i = 0; i < devices; i++)
        most += erg_monitor_device_at(monitor, i)->count;
    bool ok = at ? begin(out, most, err) : erg_fail(err, ERG_NO_MEMORY, "out of memory");
    while (ok && (reading = next_row(monitor, at)) != NULL) {
        const erg_training_row *step =
            nearest_step(steps, count, &from,
                         whole_second(reading->t_ns) - session->zone_ns);
        if (step)
            add(out, step, reading);
    }
    out->readings = out->count;
    free(at);
    return ok;
}

/* Rows that lack the gradient or the index go before anything is shifted. */
static void keep_whole(paired *of)
{
    size_t kept = 0;

    for (size_t i = 0; i < of->count; i++) {
        if (isnan(of->at[GRAD][i]) || isnan(of->at[RLE][i]))
            continue;
        for (int f = 0; f < FIELDS; f++)
            of->at[f][kept] = of->at[f][i];
        kept++;
    }
    of->count = kept;
}

/* ---- correlations ------------------------------------------------------------------- */

/* Pearson's r of x[i], y[i] where both are there. */
static erg_lag correlate(const double x[], const double y[], size_t n)
{
    double mean_x = 0, mean_y = 0, xx = 0, yy = 0, xy = 0;
    erg_lag out = { .r = NAN, .p_value = NAN };

    for (size_t i = 0; i < n; i++)
        if (!isnan(x[i]) && !isnan(y[i])) {
            out.n++;
            mean_x += (x[i] - mean_x) / (double)out.n;
            mean_y += (y[i] - mean_y) / (double)out.n;
        }
    for (size_t i = 0; i < n; i++)
        if (!isnan(x[i]) && !isnan(y[i])) {
            xx += (x[i] - mean_x) * (x[i] - mean_x);
            yy += (y[i] - mean_y) * (y[i] - mean_y);
            xy += (x[i] - mean_x) * (y[i] - mean_y);
        }
    if (out.n < PAIRS_LEAST || !(xx > 0) || !(yy > 0))
        return out;
    double df = (double)out.n - 2;
    out.r = fmax(-1, fmin(1, xy / sqrt(xx * yy)));
    out.p_value = out.r * out.r < 1
        ? 2 * erg_student_p(-fabs(out.r) * sqrt(df / (1 - out.r * out.r)), df) : 0;
    return out;
}

/* The index earlier for lags below 0, the gradient earlier above; in steps the index is
 * earlier for both. */
static erg_lag at_lag(const paired *of, int lag, erg_lag_mode mode)
{
    size_t by = (size_t)abs(lag);
    erg_lag out = { .r = NAN, .p_value = NAN };

    if (by < of->count) {
        const double *g = of->at[GRAD], *rle = of->at[RLE];
        bool grad_first = lag > 0 && mode != ERG_LAG_STEPS;
        out = correlate(grad_first ? g : g + by, grad_first ? rle + by : rle,
                        of->count - by);
    }
    out.lag = lag;
    return out;
}

static void find_peak(erg_lags *out)
{
    double most = -1;

    for (size_t i = 0; i < out->count; i++)
        if (fabs(out->at[i].r) > most) {
            most = fabs(out->at[i].r);
            out->figures.peak_lag = out->at[i].lag;
            out->figures.peak_r = out->at[i].r;
        }
    if (out->figures.peak_lag != ERG_NONE)
        out->figures.is_causal = out->mode == ERG_LAG_ROWS ? out->figures.peak_lag > 0
                                                           : out->figures.peak_lag < 0;
}

static void reckon(const paired *of, size_t aligned, erg_lags *out)
{
    int most = LAG_MOST;

    if (out->mode == ERG_LAG_SUITE)
        most = of->count / 4 < SUITE_LAG_MOST ? (int)(of->count / 4) : SUITE_LAG_MOST;
    out->rows = of->count;
    out->readings = of->readings;
    out->figures = erg_session_unknown.published;
    out->figures.aligned = (int64_t)aligned;
    out->figures.grad_rle = correlate(of->at[GRAD], of->at[RLE], of->count).r;
    out->figures.temp_grad = correlate(of->at[TEMP], of->at[GRAD], of->count).r;
    out->figures.loss_rle = correlate(of->at[LOSS], of->at[RLE], of->count).r;
    for (int lag = -most; lag <= most; lag++)
        out->at[out->count++] = at_lag(of, lag, out->mode);
    find_peak(out);
}

bool erg_lags_of(const erg_session *session, erg_lag_mode mode, erg_lags *out,
                 erg_error *err)
{
    size_t records = 0;
    paired of = { 0 };

    *out = (erg_lags){ .mode = mode, .figures = session->facts.published };
    if (!session->monitor || !session->training)
        return erg_fail(err, ERG_NO_DATA, "%s holds published figures alone: no rows to "
                        "reckon them from", session->name);
    erg_training_rows(session->training, &records);
    bool ok = mode == ERG_LAG_ROWS
        ? pair_rows(session, &of, err) : pair_steps(session, &of, err);
    if (ok) {
        if (mode != ERG_LAG_STEPS)
            keep_whole(&of);
        reckon(&of, mode == ERG_LAG_ROWS ? of.count : records, out);
    }
    drop(&of);
    return ok;
}

/* ---- words --------------------------------------------------------------------------- */

static const struct { const char *name, *units; } modes[] = {
    [ERG_LAG_STEPS] = { "steps", "training records" },
    [ERG_LAG_ROWS] = { "rows", "monitor rows of all devices" },
    [ERG_LAG_SUITE] = { "suite", "training records" },
};

const char *erg_lag_mode_name(erg_lag_mode mode)
{
    return mode < ERG_LAG_MODES ? modes[mode].name : NULL;
}

const char *erg_lag_mode_units(erg_lag_mode mode) { return modes[mode].units; }

erg_lag_mode erg_lag_mode_find(const char *name)
{
    erg_lag_mode mode = ERG_LAG_STEPS;

    while (mode < ERG_LAG_MODES && strcmp(modes[mode].name, name) != 0)
        mode++;
    return mode;
}

void erg_lag_said(erg_lag_mode mode, int lag, char to[ERG_LAG_WORDS])
{
    bool grad = mode == ERG_LAG_ROWS ? lag > 0 : lag < 0;

    if (lag == 0)
        erg_text_put(to, ERG_LAG_WORDS,
                     mode == ERG_LAG_ROWS ? "No lag" : "RLE -> grad_norm");
    else if (mode == ERG_LAG_ROWS)
        snprintf(to, ERG_LAG_WORDS, "%s leads by %ds", grad ? "grad_norm" : "RLE",
                 abs(lag));
    else
        erg_text_put(to, ERG_LAG_WORDS, grad ? "grad_norm -> RLE" : "RLE -> grad_norm");
}

void erg_lag_really(erg_lag_mode mode, int lag, char to[ERG_LAG_WORDS])
{
    if (lag == 0)
        erg_text_put(to, ERG_LAG_WORDS, "same row");
    else
        snprintf(to, ERG_LAG_WORDS, "%s is %d rows earlier",
                 lag > 0 && mode != ERG_LAG_STEPS ? "grad_norm" : "RLE", abs(lag));
}
