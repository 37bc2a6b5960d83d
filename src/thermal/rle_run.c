/* SPDX-License-Identifier: Apache-2.0 */
/* A log, device by device: the index of every row, and where it collapses. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "format/cells.h"
#include "thermal/rle_walk.h"

#define RESTART_S 1.5           /* a gap after which old programs began anew */

static const erg_column rle_columns[] = {
    { "time_s", ERG_REAL, "since the first row of the log" },
    { "device", ERG_TEXT, "as the log names it" },
    { "util", ERG_REAL, "share of time in use, 0 to 1" },
    { "stability", ERG_REAL, "s of the dialect" },
    { "load", ERG_REAL, "A: power over rated power, or what the dialect takes for it" },
    { "t_sustain_s", ERG_REAL, "tau: time to the limit, as the dialect reckons it" },
    { "rle_raw", ERG_REAL, "the index" },
    { "rle_smoothed", ERG_REAL, "mean of five" },
    { "rle_norm", ERG_REAL, "over what the dialect expects, 0 to 1" },
    { "collapse", ERG_TRUTH, "marked by the detector" },
    { "e_th", ERG_REAL, "thermal part" },
    { "e_pw", ERG_REAL, "use over load" },
    { "rolling_peak", ERG_REAL, "what the detector compares with" },
    { "theta", ERG_REAL, "core2: time in units of t0" },
    { "t0_s", ERG_REAL, "core2: its unit of time" },
    { "rle_with_noise", ERG_REAL, "core2: with the penalty for noise" },
    { "alerts", ERG_TEXT, "v1, mobile, suite: what the program warned of, joined by |" },
    { "t_sustain_hat", ERG_REAL, "core2: tau in units of t0" },
    { "noise_factor", ERG_REAL, "core2: F_mu, the penalty" },
    { "theta_gap", ERG_REAL, "core2: 1 after an interval of over three medians" },
    { "temp_c", ERG_REAL, "as logged" },
    { "power_w", ERG_REAL, "as logged" },
};

static const erg_column summary_columns[] = {
    { "device", ERG_TEXT, "as the log names it" },
    { "dialect", ERG_TEXT, "how the index was reckoned" },
    { "detector", ERG_TEXT, "how collapses were marked" },
    { "rows", ERG_INTEGER, "of the device" },
    { "mean_raw", ERG_REAL, "of the index; a false first sample is left out" },
    { "mean_smoothed", ERG_REAL, "of the smoothed index" },
    { "max_raw", ERG_REAL, "of the index" },
    { "collapses", ERG_INTEGER, "samples that are marked" },
    { "events", ERG_INTEGER, "runs of marked samples" },
    { "restarts", ERG_INTEGER, "gaps that emptied the histories" },
    { "energy_j", ERG_REAL, "power over time: what the index does not say" },
    { "mean_w", ERG_REAL, "of the measured power" },
    { "steps", ERG_REAL, "of the training log" },
    { "j_per_step", ERG_REAL, "energy over them: compare this, not the index" },
    { "j_per_token", ERG_REAL, "likewise, where tokens are logged" },
};

static double interval_s(const erg_monitor_device *device, size_t i)
{
    return i ? erg_s_from_ns(device->rows[i].t_ns - device->rows[i - 1].t_ns) : 0;
}

static void begin(const erg_rle_walk *of, erg_rle_state *state)
{
    *state = (erg_rle_state){ .setup = of->options->setup };
    if (!state->setup.device[0])
        snprintf(state->setup.device, sizeof(state->setup.device), "%s", of->device->name);
}

static erg_rle_input input_of(const erg_rle_walk *of, size_t i)
{
    const double *value = of->device->rows[i].value;

    return (erg_rle_input){
        .use = value[ERG_MONITOR_USE], .temp_k = value[ERG_MONITOR_TEMP_K],
        .power_w = value[ERG_MONITOR_POWER_W], .voltage_v = value[ERG_MONITOR_VOLTAGE_V],
        .current_a = value[ERG_MONITOR_CURRENT_A], .vram_k = value[ERG_MONITOR_VRAM_K],
        .model_s = of->model_s[i],
    };
}

static bool is_restart_at(const erg_rle_walk *of, size_t i)
{
    double dt_s = interval_s(of->device, i);

    return i && !of->dialect->runs_on
        && (dt_s > fmax(RESTART_S, 1.5 * of->device->period_s) || dt_s < 0);
}

static void reckon(erg_rle_walk *of)
{
    erg_rle_state *state = calloc(1, sizeof(*state));

    for (size_t i = 0; state && i < of->device->count; i++) {
        double dt_s = interval_s(of->device, i);
        bool is_restart = is_restart_at(of, i);

        of->restarts += is_restart;
        if (i == 0 || is_restart)
            begin(of, state);
        erg_rle_input in = input_of(of, i);
        in.dt_s = is_restart ? 0 : fmax(dt_s, 0);
        erg_rle_step(of->dialect, state, &in, &of->out[i]);
    }
    free(state);
}

static double limit_k(const erg_rle_walk *of)
{
    const erg_rle_setup *setup = &of->options->setup;

    return setup->limit_k > 0
        ? setup->limit_k : erg_rle_device_of(of->device->name)->limit_c + ERG_CELSIUS_K;
}

/* What began anew after a gap has forgotten its peak, too, and waits as after its start.
 * Logged columns are one series, as whoever looks at a file took them. */
static void mark_stretches(erg_rle_walk *of)
{
    bool is_one = of->options->logged || of->detector->looks_ahead
        || of->detector == erg_collapse_find("sound");
    size_t n = of->device->count;

    for (size_t begin = 0, end; begin < n; begin = end) {
        for (end = begin + 1; end < n && (is_one || !is_restart_at(of, end)); end++)
            continue;
        of->detector->mark(of->in + begin, end - begin, of->hits + begin,
                           of->peaks + begin);
    }
}

static void mark(erg_rle_walk *of)
{
    for (size_t i = 0; i < of->device->count; i++) {
        const double *value = of->device->rows[i].value;
        const erg_rle *one = &of->out[i];
        bool logged = of->options->logged;

        of->in[i] = (erg_collapse_input){
            .time_s = erg_s_from_ns(of->device->rows[i].t_ns - of->begin_ns),
            .raw = logged ? value[ERG_MONITOR_RLE_RAW] : one->raw,
            .smoothed = logged ? value[ERG_MONITOR_RLE_SMOOTHED] : one->smoothed,
            .use = value[ERG_MONITOR_USE],
            .load = logged ? value[ERG_MONITOR_LOAD] : one->load,
            .temp_k = value[ERG_MONITOR_TEMP_K],
            .sustain_s = logged ? value[ERG_MONITOR_SUSTAIN_S] : one->sustain_s,
            .limit_k = limit_k(of),
            .peak = logged ? NAN : one->peak,
            .work_per_j = value[ERG_MONITOR_CLOCK_HZ] / value[ERG_MONITOR_POWER_W],
            .throttle = value[ERG_MONITOR_THROTTLE],
        };
    }
    mark_stretches(of);
}

/* ---- tables -------------------------------------------------------------------------- */

static bool put_row(const erg_rle_walk *of, size_t i, erg_table *table, erg_error *err)
{
    const erg_rle *one = &of->out[i];
    const erg_real cells[] = {
        { "time_s", of->in[i].time_s }, { "util", of->in[i].use },
        { "stability", one->stability }, { "load", one->load },
        { "t_sustain_s", one->sustain_s }, { "rle_raw", one->raw },
        { "rle_smoothed", one->smoothed }, { "rle_norm", one->norm }, { "e_th", one->e_th },
        { "e_pw", one->e_pw }, { "rolling_peak", of->peaks[i] }, { "theta", one->theta },
        { "t0_s", one->t0_s }, { "rle_with_noise", one->with_noise },
        { "t_sustain_hat", one->sustain_hat }, { "noise_factor", one->noise_factor },
        { "theta_gap", one->theta_gap },
        { "temp_c", erg_celsius(of->in[i].temp_k) },
        { "power_w", of->device->rows[i].value[ERG_MONITOR_POWER_W] },
    };
    erg_rle_setup setup = of->options->setup;
    const erg_rle_input in = input_of(of, i);
    char alerts[120];
    if (!setup.device[0])
        erg_text_put(setup.device, sizeof(setup.device), of->device->name);
    bool has_alerts = erg_rle_alerts(of->dialect, &setup, &in, one, alerts, sizeof(alerts));
    return erg_table_row(table, err)
        && erg_table_text(table, "device", of->device->name, err)
        && erg_table_truth(table, "collapse", of->hits[i], err)
        && (!has_alerts || erg_table_text(table, "alerts", alerts, err))
        && erg_put_reals(table, cells, ERG_COUNT(cells), err);
}

typedef struct totals {
    double raw, smoothed, most, energy_j, covered_s;
    int64_t raw_count, smoothed_count, collapses, events;
} totals;

static totals total(const erg_rle_walk *of)
{
    totals sum = { .most = NAN };
    /* The enhanced program logged zeros first: a false minimum. */
    bool false_first = of->dialect == &erg_rle_enhanced;

    for (size_t i = 0; i < of->device->count; i++) {
        double dt_s = interval_s(of->device, i);
        double power_w = of->device->rows[i].value[ERG_MONITOR_POWER_W];
        if (isfinite(of->out[i].raw) && !(false_first && i == 0)) {
            sum.raw += of->out[i].raw;
            sum.raw_count++;
            sum.most = fmax(sum.most, of->out[i].raw);
        }
        if (isfinite(of->out[i].smoothed) && !(false_first && i == 0)) {
            sum.smoothed += of->out[i].smoothed;
            sum.smoothed_count++;
        }
        sum.collapses += of->hits[i];
        sum.events += of->hits[i] && (i == 0 || !of->hits[i - 1]);
        if (dt_s > 0 && dt_s < 2.5 * of->device->period_s && isfinite(power_w)) {
            sum.energy_j += power_w * dt_s;
            sum.covered_s += dt_s;
        }
    }
    return sum;
}

typedef struct work { double steps, j_per_step, j_per_token; } work;

/* Joules between the first and the last record, over what was done in between. */
static work work_of(const erg_rle_walk *of)
{
    const work none = { NAN, NAN, NAN };
    size_t count = 0;
    const erg_training_row *rows =
        of->options->training ? erg_training_rows(of->options->training, &count) : NULL;
    double energy_j = 0, tokens = 0;

    if (count < 2)
        return none;
    for (size_t i = 1; i < of->device->count; i++) {
        int64_t t_ns = of->device->rows[i].t_ns;
        double power_w = of->device->rows[i].value[ERG_MONITOR_POWER_W];
        double dt_s = interval_s(of->device, i);
        if (t_ns > rows[0].t_ns && t_ns <= rows[count - 1].t_ns && isfinite(power_w)
            && dt_s < 2.5 * of->device->period_s)
            energy_j += power_w * dt_s;
    }
    for (size_t i = 1; i < count; i++)
        tokens += rows[i].value[ERG_TRAINING_TOKENS];
    double steps = (double)(count - 1);
    return energy_j > 0
        ? (work){ steps, energy_j / steps, tokens > 0 ? energy_j / tokens : NAN }
        : none;
}

static bool put_summary(const erg_rle_walk *of, erg_table *table, erg_error *err)
{
    totals sum = total(of);
    work done = work_of(of);
    const erg_real cells[] = {
        { "steps", done.steps }, { "j_per_step", done.j_per_step },
        { "j_per_token", done.j_per_token },
        { "mean_raw", sum.raw_count ? sum.raw / (double)sum.raw_count : NAN },
        { "mean_smoothed",
          sum.smoothed_count ? sum.smoothed / (double)sum.smoothed_count : NAN },
        { "max_raw", sum.most },
        { "energy_j", sum.covered_s > 0 ? sum.energy_j : NAN },
        { "mean_w", sum.covered_s > 0 ? sum.energy_j / sum.covered_s : NAN },
    };
    return erg_table_row(table, err)
        && erg_table_text(table, "device", of->device->name, err)
        && erg_table_text(table, "dialect", of->dialect->name, err)
        && erg_table_text(table, "detector", of->detector->name, err)
        && erg_table_integer(table, "rows", (int64_t)of->device->count, err)
        && erg_table_integer(table, "collapses", sum.collapses, err)
        && erg_table_integer(table, "events", sum.events, err)
        && erg_table_integer(table, "restarts", of->restarts, err)
        && erg_put_reals(table, cells, ERG_COUNT(cells), err);
}

/* ---- the whole ----------------------------------------------------------------------- */

typedef struct tables { erg_table *rows, *summary, *decisions; } tables;

static bool put_tables(const erg_rle_walk *of, const tables *to, erg_rle_tally *tally,
                       erg_error *err)
{
    for (size_t i = 0; i < of->device->count; i++)
        if (!put_row(of, i, to->rows, err))
            return false;
    return put_summary(of, to->summary, err)
        && (!to->decisions || erg_rle_put_decisions(of, to->decisions, tally, err));
}

static bool run_device(erg_rle_walk *of, const tables *to, erg_rle_tally *tally,
                       erg_error *err)
{
    size_t n = of->device->count;
    erg_arena *arena = erg_arena_new(err);
    bool ok = arena != NULL;

    of->out = ok ? erg_arena_take(arena, n * sizeof(*of->out), err) : NULL;
    of->in = ok ? erg_arena_take(arena, n * sizeof(*of->in), err) : NULL;
    of->hits = ok ? erg_arena_take(arena, n * sizeof(*of->hits), err) : NULL;
    of->peaks = ok ? erg_arena_take(arena, n * sizeof(*of->peaks), err) : NULL;
    of->model_s = ok ? erg_arena_take(arena, n * sizeof(*of->model_s), err) : NULL;
    ok = of->out && of->in && of->hits && of->peaks && of->model_s;
    if (ok && of->dialect == &erg_rle_sound)
        ok = erg_rle_model_times(of->device, &of->options->setup, limit_k(of),
                                 of->model_s, err);
    if (ok) {
        reckon(of);
        mark(of);
    }
    ok = ok && put_tables(of, to, tally, err);
    erg_arena_free(arena);
    return ok;
}

static bool begin_walk(erg_rle_walk *of, erg_error *err)
{
    const erg_rle_options *options = of->options;
    const char *dialect = options->dialect ? options->dialect : "sound";

    of->dialect = erg_rle_dialect_find(dialect);
    if (!of->dialect)
        return erg_fail(err, ERG_BAD_INPUT,
                        "there is no dialect '%s'; erg rle --dialects lists them", dialect);
    const char *detector = options->collapse ? options->collapse : of->dialect->collapse;
    of->detector = erg_collapse_find(detector);
    if (!of->detector)
        return erg_fail(err, ERG_BAD_INPUT, "there is no detector '%s'; erg rle --dialects "
                        "lists them", detector);
    return true;
}

static bool say(const erg_rle_walk *of, erg_result *result, erg_error *err)
{
    bool ok = erg_result_note(result, err, "RLE is an index, not an efficiency: it rewards "
                              "idling; compare joules per step");
    if (ok && of->detector->looks_ahead)
        ok = erg_result_note(result, err,
                             "detector %s looks at later samples: no warning could "
                             "have come from it", of->detector->name);
    if (ok && of->dialect == &erg_rle_sound && !(of->options->setup.ambient_k > 0))
        ok = erg_result_note(result, err,
                             "NO_AMBIENT: without --ambient the sound index is unknown");
    return ok;
}

static bool add_tables(const erg_rle_options *options, erg_result *result, tables *to,
                       erg_error *err)
{
    to->rows = erg_result_add(result, "rle", rle_columns, ERG_COUNT(rle_columns), err);
    to->summary = to->rows ? erg_result_add(result, "summary", summary_columns,
                                            ERG_COUNT(summary_columns), err) : NULL;
    to->decisions = to->summary && options->decide ? erg_rle_decisions_begin(result, err)
                                                   : NULL;
    return to->summary && (to->decisions || !options->decide);
}

static bool run_devices(erg_rle_walk *of, const erg_monitor *monitor, const tables *to,
                        erg_rle_tally *tally, erg_error *err)
{
    const char *wanted = of->options->device;
    size_t used = 0;
    bool ok = true;

    for (size_t i = 0; ok && i < erg_monitor_devices(monitor); i++) {
        of->device = erg_monitor_device_at(monitor, i);
        of->restarts = 0;
        if (wanted && strcmp(wanted, of->device->name) != 0)
            continue;
        used++;
        ok = erg_monitor_one_writer(of->device, 0, 0, err)
            && run_device(of, to, tally, err);
    }
    if (ok && !used)
        return erg_fail(err, ERG_NOT_FOUND, "the log has no device '%s'", wanted);
    return ok;
}

erg_result *erg_rle_run(const erg_monitor *monitor, const erg_rle_options *options,
                        erg_error *err)
{
    erg_rle_walk of = { .options = options, .begin_ns = INT64_MAX };
    erg_result *result = begin_walk(&of, err) ? erg_result_new("rle", err) : NULL;
    erg_rle_tally tally = { 0 };
    tables to;
    bool ok = result && add_tables(options, result, &to, err) && say(&of, result, err)
        && erg_monitor_notes(monitor, result, err);

    for (size_t i = 0; i < erg_monitor_devices(monitor); i++)
        if (erg_monitor_device_at(monitor, i)->count)
            of.begin_ns = erg_monitor_device_at(monitor, i)->rows[0].t_ns < of.begin_ns
                ? erg_monitor_device_at(monitor, i)->rows[0].t_ns : of.begin_ns;
    ok = ok && run_devices(&of, monitor, &to, &tally, err)
        && (!options->decide || erg_rle_say_decisions(&tally, result, err));
    if (ok)
        return result;
    erg_result_free(result);
    return NULL;
}
