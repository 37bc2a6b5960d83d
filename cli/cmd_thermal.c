/* SPDX-License-Identifier: Apache-2.0 */
/* erg thermal: resistances and time constants of a record, and the minutes ahead. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "thermal.h"

typedef struct thermal_options {
    const char *device, *window, *regime, *model, *map, *tz, *log, *record, *plan, *drive,
        *fan, *by, *meters, *coolant;
    double ambient_k, limit_k, margin_k, power_w, horizon_s, for_s, rate_hz;
    int poles, writer;
    bool gain_schedule, cauer, curves, score, gate, watch, shared;
} thermal_options;

#define AT(field) offsetof(thermal_options, field)

static const cli_option option_rows[] = {
    { 0, "device", CLI_TEXT, AT(device), "NAME", "this device alone, as in gpu" },
    { 0, "window", CLI_TEXT, AT(window), "FROM:TO",
      "part of the record, as in 1330s:2140s (each steady regime of 120 s)" },
    { 0, "regime", CLI_TEXT, AT(regime), "fan=LOW:HIGH",
      "rows with the fan in this range, in %" },
    { 0, "ambient", CLI_KELVIN, AT(ambient_k), "TEMP",
      "of the room, as in 30.5C (found)", true },
    { 0, "poles", CLI_WHOLE, AT(poles), "N",
      "1 to 3 (as many as the record carries)", true },
    { 0, "model", CLI_TEXT, AT(model), "NAME",
      "network (default), or relax: constant power" },
    { 0, "gain-schedule", CLI_FLAG, AT(gain_schedule), NULL,
      "fit: how resistance follows the fan, over all windows" },
    { 0, "cauer", CLI_FLAG, AT(cauer), NULL, "fit: the ladder whose nodes are physical" },
    { 0, "curves", CLI_FLAG, AT(curves), NULL, "fit: the table that erg report draws" },
    { 0, "meters", CLI_TEXT, AT(meters), "LIST",
      "fit: meters inside another, as in wall=gpu+cpu,vr_w=package_w: table balance" },
    { 0, "coolant", CLI_TEXT, AT(coolant), "LIST",
      "fit: flow=COL,in=COL,out=COL (l/min, C), and heat=4169: table balance" },
    { 0, "record", CLI_TEXT, AT(record), "FILE",
      "fit: play --plan by the load after --, first" },
    { 0, "plan", CLI_TEXT, AT(plan), "PARTS",
      "as in soak=300s,step=100W:200W,prbs=15s:900s; also hold, ramp, sine, steps" },
    { 0, "drive", CLI_TEXT, AT(drive), "FILE",
      "takes the plan's share, 0 to 1, as it is played" },
    { 0, "by", CLI_TEXT, AT(by), "NAME",
      "of --record: duty of the load (default) or power_limit moves the power" },
    { 0, "fan", CLI_TEXT, AT(fan), "SHARE",
      "of --record: held there (70%, where it can be), or auto" },
    { 0, "shared", CLI_FLAG, AT(shared), NULL,
      "of --record: turn a device that others use too" },
    { 0, "rate", CLI_HERTZ, AT(rate_hz), "RATE", "of --record (10Hz)", true },
    { 0, "limit", CLI_KELVIN, AT(limit_k), "TEMP",
      "forecast: must not be reached (83C)", true },
    { 0, "margin", CLI_NUMBER, AT(margin_k), "KELVIN",
      "forecast: below the limit (2)", true },
    { 0, "power", CLI_WATTS, AT(power_w), "POWER",
      "forecast: that goes on (mean of the last 10 s)", true },
    { 0, "horizon", CLI_SECONDS, AT(horizon_s), "TIME", "forecast: safe so long (for ever)",
      true },
    { 0, "score", CLI_FLAG, AT(score), NULL,
      "forecast: its errors and alarms on this record" },
    { 0, "log", CLI_TEXT, AT(log), "FILE",
      "forecast: training log whose gradient spikes --score judges as alarms" },
    { 0, "watch", CLI_FLAG, AT(watch), NULL,
      "forecast: a line each second as the log or run file grows (also --watch live)" },
    { 0, "for", CLI_SECONDS, AT(for_s), "TIME",
      "forecast: watch so long (until interrupted)", true },
    { 0, "gate", CLI_FLAG, AT(gate), NULL,
      "exit status 1: not identified, or limit reached" },
    { 0, "map", CLI_TEXT, AT(map), "LIST",
      "columns of any CSV: time=COL,temp_c=COL,power_w=COL" },
    { 0, "tz", CLI_TEXT, AT(tz), "ZONE", "zone of stamps that have none (UTC)" },
    { 0, "writer", CLI_WHOLE, AT(writer), "1|2",
      "of two programs that wrote, keep one", true },
    { 0 },
};

/* "1330s:2140s" */
static bool parse_span(const char *text, const char *unit, double *low, double *high,
                       erg_error *err)
{
    char first[64];
    const char *colon = strchr(text, ':');
    size_t count = colon ? (size_t)(colon - text) : 0;

    if (count == 0 || count >= sizeof(first))
        return erg_fail(err, ERG_BAD_INPUT, "'%s' is no range as in 10%s:20%s", text,
                        unit, unit);
    memcpy(first, text, count);
    first[count] = '\0';
    return erg_quantity_parse(first, unit, low, err)
        && erg_quantity_parse(colon + 1, unit, high, err);
}

/* "fan=67:79", in percent. */
static bool parse_regime(const char *text, erg_thermal_options *fit, erg_error *err)
{
    double low = 0, high = 0;

    if (strncmp(text, "fan=", 4) != 0 || !parse_span(text + 4, "", &low, &high, err))
        return erg_fail(err, ERG_BAD_INPUT, "--regime: '%s' is not as in fan=67:79", text);
    fit->fan_low = low / 100;
    fit->fan_high = high / 100;
    return true;
}

static bool make_fit(const thermal_options *options, erg_thermal_options *fit,
                     erg_error *err)
{
    *fit = (erg_thermal_options){ .ambient_k = options->ambient_k, .poles = options->poles,
                                  .gain_schedule = options->gain_schedule,
                                  .cauer = options->cauer, .curves = options->curves,
                                  .meters = options->meters, .coolant = options->coolant,
                                  .relax = options->model
                                      && !strcmp(options->model, "relax") };
    if (options->model && !fit->relax && strcmp(options->model, "network") != 0)
        return erg_fail(err, ERG_BAD_INPUT, "--model is network or relax, not '%s'",
                        options->model);
    if (options->window
        && !parse_span(options->window, "s", &fit->begin_s, &fit->end_s, err))
        return false;
    return !options->regime || parse_regime(options->regime, fit, err);
}

static bool all_identified(const erg_result *result)
{
    const erg_table *table = erg_result_find(result, "fit");

    for (size_t i = 0; table && i < erg_table_row_count(table); i++)
        if (strcmp(erg_table_find(table, i, "verdict").text, "identified") != 0)
            return false;
    return !table || erg_table_row_count(table) > 0;
}

/* The whole as html is the page of erg report, with its pictures. */
static int fit(const cli *call, const erg_monitor *log, const erg_thermal_options *wish)
{
    const thermal_options *options = call->options;
    bool is_page = cli_wants_page(call);
    erg_thermal_options drawn = *wish;
    erg_error err = { 0 };

    drawn.curves |= is_page;
    erg_result *result = erg_thermal_fit_tables(log, options->device, &drawn, &err);
    int status = !result ? cli_refused(call, &err)
               : is_page ? cli_put(call, cli_page, result, "erg thermal fit",
                                   call->common.output, stdout)
                         : cli_write(call, result, call->common.output, stdout);

    if (status == CLI_DONE && options->gate && !all_identified(result))
        status = CLI_NO;
    erg_result_free(result);
    return status;
}

static erg_forecast_options make_forecast(const thermal_options *options,
                                          const erg_thermal_options *wish,
                                          const erg_training *training)
{
    return (erg_forecast_options){
        .fit = *wish, .limit_k = options->limit_k, .margin_k = options->margin_k,
        .power_w = options->power_w, .horizon_s = options->horizon_s,
        .score = options->score,
        .training = training,
    };
}

static int forecast_once(const cli *call, const erg_monitor *log,
                         const erg_thermal_options *wish, const erg_training *training)
{
    const thermal_options *options = call->options;
    const erg_forecast_options ahead = make_forecast(options, wish, training);
    erg_error err = { 0 };
    bool reached = false;
    erg_result *result =
        erg_thermal_forecast_tables(log, options->device, &ahead, &reached, &err);
    int status = result ? cli_write(call, result, call->common.output, stdout)
                        : cli_refused(call, &err);

    if (status == CLI_DONE && options->gate && reached)
        status = CLI_NO;
    erg_result_free(result);
    return status;
}

static int forecast(const cli *call, const erg_monitor *log,
                    const erg_thermal_options *wish)
{
    const thermal_options *options = call->options;
    erg_error err = { 0 };
    erg_training *training =
        options->log ? erg_training_load(options->log, options->tz, &err) : NULL;
    int status = options->log && !training ? cli_refused(call, &err)
                                           : forecast_once(call, log, wish, training);
    erg_training_free(training);
    return status;
}

/* ---- as it grows --------------------------------------------------------------------- */

static void say_now(const erg_result *result)
{
    const erg_table *table = erg_result_find(result, "forecast");
    double temp_c = erg_table_find(table, 0, "temp_c").real;

    printf("%s  %.1f C  %s\n", erg_table_find(table, 0, "device").text, temp_c,
           erg_table_find(table, 0, "advice").text);
    fflush(stdout);
}

/* The log is read anew: a monitor only appends, and an hour is fitted in a tenth of a
 * second. With --gate it ends when the limit is in sight. */
static int look_once(const cli *call, const erg_monitor_options *how,
                     const erg_thermal_options *wish)
{
    const thermal_options *options = call->options;
    const erg_forecast_options ahead = make_forecast(options, wish, NULL);
    erg_error err = { 0 };
    bool reached = false;
    erg_monitor *log = erg_monitor_load(call->argv[1], how, &err);
    erg_result *result = log
        ? erg_thermal_forecast_tables(log, options->device, &ahead, &reached, &err) : NULL;
    int status = result ? CLI_DONE
        : err.code == ERG_NO_DATA ? CLI_DONE : cli_refused(call, &err);

    if (result)
        say_now(result);
    else if (status == CLI_DONE)
        fprintf(stderr, "erg thermal: %s\n", err.text);
    erg_result_free(result);
    erg_monitor_free(log);
    return status == CLI_DONE && reached && options->gate ? CLI_NO : status;
}

static int watch(const cli *call, const erg_monitor_options *how,
                 const erg_thermal_options *wish)
{
    const thermal_options *options = call->options;
    double left_s = options->for_s > 0 ? options->for_s : INFINITY;
    int status = look_once(call, how, wish);

    for (; status == CLI_DONE && left_s >= 1; left_s -= 1) {
        sleep(1);
        status = look_once(call, how, wish);
    }
    return status;
}

typedef struct verb {
    const char *name;
    int (*run)(const cli *call, const erg_monitor *log, const erg_thermal_options *wish);
} verb;

static const verb verbs[] = { { "fit", fit }, { "forecast", forecast } };

static const verb *find_verb(const cli *call)
{
    const thermal_options *options = call->options;
    bool is_live = options->watch && call->argc == 3 && strcmp(call->argv[2], "live") == 0;
    bool good = options->record ? call->argc >= 1 : call->argc == 2 || is_live;

    for (size_t i = 0; good && i < CLI_COUNT(verbs); i++)
        if (strcmp(call->argv[0], verbs[i].name) == 0)
            return &verbs[i];
    return NULL;
}

static int run(const cli *call)
{
    const thermal_options *options = call->options;
    erg_monitor_options how = { .map = options->map, .zone = options->tz,
                                .writer = options->writer };
    const verb *which = find_verb(call);
    erg_thermal_options wish;
    erg_monitor_columns columns;
    erg_error err = { 0 };

    if (!which)
        return cli_misused(call, "is erg thermal fit FILE or erg thermal forecast FILE");
    if (!make_fit(options, &wish, &err) || !erg_balance_columns(&wish, &columns, &err))
        return cli_misused(call, "%s", err.text);
    how.extra = columns.list;
    how.extra_count = columns.count;
    if (options->watch && which->run != forecast)
        return cli_misused(call, "--watch is for forecast");
    if (options->watch)
        return watch(call, &how, &wish);
    const char *path = options->record ? options->record : call->argv[1];
    if (options->record) {
        int recorded = thermal_record(call, &(thermal_recording){
            .file = options->record, .plan = options->plan, .drive = options->drive,
            .device = options->device, .fan = options->fan, .by = options->by,
            .rate_hz = options->rate_hz, .ambient_k = options->ambient_k,
            .shared = options->shared, .load_at = 1 });
        if (recorded != CLI_DONE)
            return recorded;
    }
    erg_monitor *log = erg_monitor_load(path, &how, &err);
    int status = log ? which->run(call, log, &wish) : cli_refused(call, &err);
    erg_monitor_free(log);
    return status;
}

static const char about[] =
"FILE is a monitor's log, a run file, or any CSV with --map. fit finds the network of\n"
"each steady window, with intervals, runs it on a half of the record that the fit did\n"
"not see, and says \"not identifiable\" where the record lacks the answer. forecast\n"
"turns it and the last row into the time to a limit and the power that is safe. It\n"
"advises; nothing is turned. --record plays a plan by a load of yours first: it is\n"
"stopped and continued so that it works for the share of time that the plan asks for,\n"
"or with --by power_limit works on under a limit that is turned. The fan is held where\n"
"it can be. A soak ends when the temperature has settled. What was turned is put back.\n"
"--format html draws a fit; with --curves and --format json, erg report does so later.\n";

static const char examples[] =
"erg thermal fit rle.csv --device gpu --window 1330s:2140s\n"
"erg thermal fit rle.csv --device gpu --window 157.2s:1191.8s --ambient 30.5C\n"
"erg thermal fit --record cal.erg --plan soak=300s,step=100W:200W,prbs=15s:900s -- ./load\n"
"erg thermal forecast rle.csv --device gpu --limit 83C --power 200W --score\n";

const cli_command cmd_thermal = {
    .name = "thermal",
    .usage = "erg thermal fit|forecast [options] FILE",
    .summary = "thermal resistances and time constants; time to the limit, safe power",
    .about = about,
    .examples = examples,
    .options = option_rows,
    .options_size = sizeof(thermal_options),
    .run = run,
};
