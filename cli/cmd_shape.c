/* SPDX-License-Identifier: Apache-2.0 */
/* erg shape: what a power policy would do to a load, and whether to accept it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "cli.h"

typedef struct shape_options {
    const char *scenario, *synthetic, *trace, *policy, *gate, *key;
    cli_list base, changed;
    double idle_w, high_w, window_s, peak_cut, ramp_w, band_rms, wave_s;
    int units;
    bool explain, wave, spectrum;
} shape_options;

#define AT(field) offsetof(shape_options, field)

static const cli_option option_rows[] = {
    { 0, "policy", CLI_TEXT, AT(policy), "LIST",
      "as in none,limit=850W,stagger=4,storage=5s; all (default); "
      "list tells which there are" },
    { 0, "scenario", CLI_TEXT, AT(scenario), "FILE",
      "racks, units, jobs, breaker, as YAML" },
    { 0, "synthetic", CLI_TEXT, AT(synthetic), "LOAD",
      "one synchronous job, as in square:1000W/750ms,300W/250ms" },
    { 0, "trace", CLI_TEXT, AT(trace), "FILE",
      "a run file or CSV; the same as FILE alone" },
    { 0, "units", CLI_WHOLE, AT(units), "N", "so many alike (1)", true },
    { 0, "idle", CLI_WATTS, AT(idle_w), "POWER",
      "of a unit (found, or 13 % of its highest)", true },
    { 0, "hi-w", CLI_WATTS, AT(high_w), "POWER",
      "a record's work is above (Otsu's threshold)", true },
    { 0, "window", CLI_SECONDS, AT(window_s), "TIME",
      "each value of a record is the mean of so long (as its file says)", true },
    { 0, "rng-key", CLI_TEXT, AT(key), "N", "another draw of all that is by chance (0)" },
    { 0, "gate", CLI_TEXT, AT(gate), "NAME",
      "normal or strict: exit status 1 where no policy is accepted, 3 where "
      "none can be judged" },
    { 0, "base", CLI_LIST, AT(base), "FILE",
      "gate: a record from before a real change; 3 or more, recorded in turns with --new, "
      "take a drift out" },
    { 0, "new", CLI_LIST, AT(changed), "FILE",
      "gate: a record from after it; again, as often as --base" },
    { 0, "peak-cut", CLI_RATIO, AT(peak_cut), "SHARE",
      "gate: least cut of the peak (10%)", true },
    { 0, "ramp", CLI_WATTS, AT(ramp_w), "POWER",
      "gate: or at most so many watts a second", true },
    { 0, "band", CLI_RATIO, AT(band_rms), "SHARE",
      "gate: or at most so much in 0.1 to 20 Hz", true },
    { 0, "explain", CLI_FLAG, AT(explain), NULL,
      "every clause of the gate; steps, swings and breakers" },
    { 0, "wave", CLI_FLAG, AT(wave), NULL, "power over time as well" },
    { 0, "wave-step", CLI_SECONDS, AT(wave_s), "TIME", "of that (10ms)", true },
    { 0, "spectrum", CLI_FLAG, AT(spectrum), NULL, "swings by frequency as well" },
    { 0 },
};

static bool parse_key(const char *text, uint64_t *out, erg_error *err)
{
    char *end = NULL;

    errno = 0;
    *out = text ? strtoull(text, &end, 0) : 0;
    if (!text || (*text >= '0' && *text <= '9' && !*end && errno == 0))
        return true;
    return erg_fail(err, ERG_BAD_INPUT, "--rng-key is a whole number below 2^64, not '%s'",
                    text);
}

/* A page shows all there is. */
static bool wants(const cli *call, bool asked, const char *table)
{
    return asked || cli_wants_page(call)
        || (call->common.table && !strcmp(call->common.table, table));
}

static bool make_options(const cli *call, erg_shape_options *out, erg_error *err)
{
    const shape_options *options = call->options;
    const char *gate = options->gate;

    *out = (erg_shape_options){
        .policies = options->policy, .peak_cut = options->peak_cut,
        .ramp_w_per_s = options->ramp_w, .band_rms = options->band_rms,
        .strict = gate && strcmp(gate, "strict") == 0,
        .explain = wants(call, options->explain, "explain")
                || wants(call, false, "details"),
        .wave = wants(call, options->wave, "wave"), .wave_s = options->wave_s,
        .spectrum = wants(call, options->spectrum, "spectrum"),
    };
    if (gate && !out->strict && strcmp(gate, "normal") != 0)
        return erg_fail(err, ERG_BAD_INPUT, "--gate is normal or strict, not '%s'", gate);
    return parse_key(options->key, &out->rng_key, err);
}

static erg_scenario *load(const cli *call, erg_error *err)
{
    const shape_options *options = call->options;
    const char *record = options->trace ? options->trace
        : call->argc ? call->argv[0] : NULL;
    const erg_load_options how = { .units = options->units, .idle_w = options->idle_w,
                                   .high_w = options->high_w,
                                   .window_s = options->window_s };

    if (options->scenario)
        return erg_scenario_load(options->scenario, err);
    return options->synthetic ? erg_scenario_synthetic(options->synthetic, &how, err)
                              : erg_scenario_record(record, &how, err);
}

static int write_result(const cli *call, const erg_result *result)
{
    const shape_options *options = call->options;
    const char *title = options->scenario ? options->scenario
                      : options->synthetic ? options->synthetic
                      : options->trace ? options->trace
                      : call->argc ? call->argv[0] : options->changed.items[0];

    return cli_wants_page(call)
        ? cli_put(call, cli_page, result, title, call->common.output, stdout)
        : cli_write(call, result, call->common.output, stdout);
}

static int finish(const cli *call, const erg_result *result, erg_verdict verdict,
                  const erg_error *err)
{
    static const int statuses[] = { [ERG_ACCEPTED] = CLI_DONE, [ERG_REJECTED] = CLI_NO,
                                    [ERG_NOT_ASSESSABLE] = CLI_UNAVAILABLE };
    const shape_options *options = call->options;
    int status = result ? write_result(call, result) : cli_refused(call, err);

    return status == CLI_DONE && options->gate ? statuses[verdict] : status;
}

static int shape(const cli *call, const erg_shape_options *wish)
{
    erg_error err = { 0 };
    erg_verdict verdict = ERG_ACCEPTED;
    erg_scenario *scenario = load(call, &err);
    erg_result *result = scenario ? erg_shape_run(scenario, wish, &verdict, &err) : NULL;
    int status = finish(call, result, verdict, &err);

    erg_result_free(result);
    erg_scenario_free(scenario);
    return status;
}

static erg_result *compare_two(const shape_options *options, const erg_load_options *how,
                               const erg_shape_options *wish, erg_verdict *verdict,
                               erg_error *err)
{
    erg_scenario *base = erg_scenario_record(options->base.items[0], how, err);
    erg_scenario *changed =
        base ? erg_scenario_record(options->changed.items[0], how, err) : NULL;
    erg_result *result =
        changed ? erg_shape_compare(base, changed, wish, verdict, err) : NULL;

    erg_scenario_free(base);
    erg_scenario_free(changed);
    return result;
}

static int compare(const cli *call, const erg_shape_options *wish)
{
    const shape_options *options = call->options;
    const erg_load_options how = { .idle_w = options->idle_w, .high_w = options->high_w,
                                   .window_s = options->window_s };
    erg_error err = { 0 };
    erg_verdict verdict = ERG_ACCEPTED;
    erg_result *result = options->base.count == 1
        ? compare_two(options, &how, wish, &verdict, &err)
        : erg_shape_compare_turns(options->base.items, options->changed.items,
                                  options->base.count, &how, wish, &verdict, &err);
    int status = finish(call, result, verdict, &err);

    erg_result_free(result);
    return status;
}

static int list(const cli *call)
{
    erg_error err = { 0 };
    erg_result *result = erg_shape_list(&err);
    int status = result ? cli_write(call, result, call->common.output, stdout)
                        : cli_failed(call, &err);

    erg_result_free(result);
    return status;
}

static int run(const cli *call)
{
    const shape_options *options = call->options;
    int loads = !!options->scenario + !!options->synthetic + !!options->trace + call->argc;
    erg_shape_options wish;
    erg_error err = { 0 };

    if (options->policy && strcmp(options->policy, "list") == 0)
        return list(call);
    size_t compared = options->base.count;
    if (!compared != !options->changed.count || (compared && (!options->gate || loads)))
        return cli_misused(call, "records are compared by --gate normal (or strict) with "
                           "--base FILE and --new FILE, beside no other load");
    if (compared != options->changed.count)
        return cli_misused(call, "--base and --new are named equally often, not %zu and "
                           "%zu times", compared, options->changed.count);
    if (compared)
        return make_options(call, &wish, &err) ? compare(call, &wish)
                                               : cli_misused(call, "%s", err.text);
    if (loads != 1)
        return cli_misused(call, "needs one load: FILE, --scenario or --synthetic");
    if (options->scenario && (options->units || options->idle_w > 0))
        return cli_misused(call, "a scenario states its units and their idle power itself");
    if (!make_options(call, &wish, &err))
        return cli_misused(call, "%s", err.text);
    return shape(call, &wish);
}

static const char about[] =
    "The load is a recorded run (FILE: a run file, or a CSV with t_ns or t_s, power_w and\n"
    "perhaps unit), a synthetic one, or a scenario of racks. Each policy is simulated on\n"
    "it, event by event, and judged against none: the peak of 10 ms falls by 10 %, or a\n"
    "stated limit of ramp or band is met; at most 5 % of the steps (strict: 2 %) and 2 %\n"
    "more joules a step are lost. Policies joined by + act together.\n"
    "\n"
    "A real change is judged by records from before and after it. With one of each, what\n"
    "drifted in between is in the difference. 3 or more of each, recorded in turns (base,\n"
    "new, base, new, ..), take a drift out, and the lost steps have the interval of runs.\n"
    "\n"
    "Phase offsets between jobs and storage in the rack cost no throughput. A clock limit\n"
    "is the one measure that saves energy. Short jitter and short buckets do nothing for\n"
    "slow swings.\n";

const cli_command cmd_shape = {
    .name = "shape",
    .usage = "erg shape [options] [FILE]",
    .summary = "what power policies would do to a load: peaks, swings, steps, joules",
    .about = about,
    .examples =
        "erg shape --scenario ref64.yaml --policy all\n"
        "erg shape run.erg --policy none,limit=850W,stagger=4,storage=5s\n"
        "erg shape --synthetic square:1000W/750ms,300W/250ms --units 64 --policy all\n"
        "erg shape --gate strict --base before.csv --new after.csv --explain\n"
        "erg shape --gate strict --base a1.erg --new b1.erg --base a2.erg --new b2.erg "
        "--base a3.erg --new b3.erg\n"
        "erg shape run.erg --format html --output shape.html\n"
        "erg shape --policy list\n",
    .options = option_rows,
    .options_size = sizeof(shape_options),
    .run = run,
};
