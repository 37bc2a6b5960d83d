/* SPDX-License-Identifier: Apache-2.0 */
/* erg choose: the setting that wastes least, among those that keep the limits. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "choose.h"

/* Texts where 0 is a wish of its own. */
typedef struct choose_options {
    const char *objective, *slowdown, *quality_loss, *max_temp, *eta, *setting;
    double power_cap_w, deadline_s, throughput_hz, certainty;
    double max_power_w, energy_price, time_price, carbon, carbon_hardware;
    const char *ambient;
    double k_per_w;
    int draws, random;
    bool variants, common, minimax, phases, mix;
    cli_list weights;
    double switch_s, switch_j;
    const char *rule, *against, *clocks, *model;
    bool predicted;
    int repetition;
} choose_options;

#define AT(field) offsetof(choose_options, field)

static const cli_option option_rows[] = {
    { 0, "objective", CLI_TEXT, AT(objective), "NAME",
      "edp (default), ed2p, energy, time, cost or carbon: what is to be least" },
    { 0, "slowdown", CLI_TEXT, AT(slowdown), "RATIO",
      "most extra time against the reference, the highest setting, as in 5%" },
    { 0, "power-cap", CLI_WATTS, AT(power_cap_w), "POWER", "highest power, as in 250W",
      true },
    { 0, "max-temp", CLI_TEXT, AT(max_temp), "TEMP",
      "highest temperature, as in 80C or 353K" },
    { 0, "quality-loss", CLI_TEXT, AT(quality_loss), "RATIO",
      "most quality to lose, by the lower bound of what is retained, as in 1%" },
    { 0, "deadline", CLI_SECONDS, AT(deadline_s), "TIME", "longest time, as in 3.4s",
      true },
    { 0, "min-throughput", CLI_HERTZ, AT(throughput_hz), "RATE",
      "fewest units of work a second, as in 2Hz", true },
    { 0, "certainty", CLI_RATIO, AT(certainty), "RATIO",
      "of keeping a limit on time where a model foresees it (95%)", true },
    { 0, "eta", CLI_TEXT, AT(eta), "N",
      "cost: weight of energy against time, 0 to 1 (0.5)" },
    { 0, "max-power", CLI_WATTS, AT(max_power_w), "POWER",
      "cost: highest limit of the device (of the points)", true },
    { 0, "energy-price", CLI_NUMBER, AT(energy_price), "N", "cost: of a kWh", true },
    { 0, "time-price", CLI_NUMBER, AT(time_price), "N", "cost: of an hour of the device",
      true },
    { 0, "carbon", CLI_NUMBER, AT(carbon), "N", "carbon: grams of CO2 a kWh", true },
    { 0, "carbon-hardware", CLI_NUMBER, AT(carbon_hardware), "N",
      "carbon: grams of CO2 an hour for making the device", true },
    { 0, "ambient", CLI_TEXT, AT(ambient), "TEMP",
      "of the air, for temperatures that were not measured; with --k-per-w" },
    { 0, "k-per-w", CLI_NUMBER, AT(k_per_w), "N", "warmth above ambient, kelvin a watt",
      true },
    { 0, "setting", CLI_TEXT, AT(setting), "COLUMN",
      "a column of the table that is a setting too, as batch_size" },
    { 0, "variants", CLI_FLAG, AT(variants), NULL,
      "the applications are ways to do the same work: choose one of all" },
    { 0, "common", CLI_FLAG, AT(common), NULL, "one setting for all applications" },
    { 0, "minimax", CLI_FLAG, AT(minimax), NULL,
      "with --common: the least worst regret, not the least mean" },
    { 0, "weight", CLI_LIST, AT(weights), "NAME=N",
      "with --common: how much an application counts (1); may be repeated" },
    { 0, "phases", CLI_FLAG, AT(phases), NULL,
      "a setting for each phase of one work, limits on the whole: phases are the regions "
      "inside work that the command of a sweep marked, else the applications" },
    { 0, "switch-time", CLI_SECONDS, AT(switch_s), "TIME", "with --phases: of a change" },
    { 0, "switch-energy", CLI_JOULES, AT(switch_j), "ENERGY",
      "with --phases: of a change" },
    { 0, "mix", CLI_FLAG, AT(mix), NULL,
      "also two settings in turn that use up the time a limit allows" },
    { 0, "rule", CLI_TEXT, AT(rule), "NAME",
      "a published rule instead, to compare with: v1_per_run, single_run_unconstrained, "
      "head_warm_mean_app_duration or head_warm_mean_n_samples_x_50ms" },
    { 0, "repetition", CLI_WHOLE, AT(repetition), "N",
      "with --rule single_run_unconstrained: which (1)", true },
    { 0, "against", CLI_TEXT, AT(against), "FILE",
      "result records of others (JSON), set beside ours" },
    { 0, "predicted", CLI_FLAG, AT(predicted), NULL,
      "settings that a model foresees may be chosen too, from three measured clocks on" },
    { 0, "clocks", CLI_TEXT, AT(clocks), "LOW:HIGH:STEP",
      "with --predicted: which, in MHz, between measured ones (all of any application)" },
    { 0, "model", CLI_TEXT, AT(model), "MODEL.json",
      "with --predicted: what erg fit --save wrote (a physical model of these points)" },
    { 0, "draws", CLI_WHOLE, AT(draws), "N", "of the bootstrap (2000)", true },
    { 0, "random", CLI_WHOLE, AT(random), "N", "start of the draws (1)" },
    { 0 },
};

/* ---- from options to a wish ----------------------------------------------------- */

static double or_unset(double value) { return value > 0 ? value : NAN; }

static bool parse(const char *text, const char *unit, double *out, erg_error *err)
{
    return !text || erg_quantity_parse(text, unit, out, err);
}

static bool make_wish(const choose_options *options, erg_wish *wish, erg_error *err)
{
    *wish = erg_wish_default();
    if (options->objective)
        wish->objective = options->objective;
    wish->power_cap_w = or_unset(options->power_cap_w);
    wish->deadline_s = or_unset(options->deadline_s);
    wish->throughput_hz = or_unset(options->throughput_hz);
    wish->most_w = or_unset(options->max_power_w);
    wish->energy_price = or_unset(options->energy_price);
    wish->time_price = or_unset(options->time_price);
    wish->carbon_g_per_kwh = or_unset(options->carbon);
    wish->carbon_g_per_h = or_unset(options->carbon_hardware);
    wish->heat.k_per_w = or_unset(options->k_per_w);
    wish->variants = options->variants;
    if (options->certainty > 0)
        wish->certainty = options->certainty;
    if (options->draws > 0)
        wish->draws = (size_t)options->draws;
    if (options->random > 0)
        wish->seed = (uint64_t)options->random;
    return parse(options->slowdown, "%", &wish->slowdown, err)
        && parse(options->quality_loss, "%", &wish->quality_loss, err)
        && parse(options->eta, "", &wish->eta, err)
        && cli_parse_temp(options->ambient, &wish->heat.ambient_c, err)
        && cli_parse_temp(options->max_temp, &wish->temp_c, err);
}

static erg_points *load_points(const cli *call, const choose_options *options,
                               erg_error *err)
{
    erg_points *points = erg_points_new(err);
    bool ok = points != NULL;

    for (int i = 0; ok && i < call->argc; i++)
        ok = erg_points_load(points, &call->env, call->argv[i],
                             &(erg_points_options){ .other = options->setting,
                                                    .by_phase = options->phases }, err);
    if (ok)
        return points;
    erg_points_free(points);
    return NULL;
}

/* ---- what is told --------------------------------------------------------------- */

/* A person sees the choice and the front; the rest by name, or as JSON, CSV or HTML. */
static bool is_brief(const cli *call)
{
    return (!call->common.format || strcmp(call->common.format, "text") == 0)
        && !call->common.table && !call->common.verbose;
}

/* One for all has no reference of its own; phases add theirs. */
static int status_of(const erg_choice *choice)
{
    for (size_t i = 0; i < choice->pick_count; i++)
        if (choice->picks[i].flags & (ERG_NO_REFERENCE | ERG_NOT_ALLOWED))
            return CLI_NO;
    return CLI_DONE;
}

static erg_result *tell_common(const cli *call, erg_choice *choice,
                               const erg_points *points, erg_error *err)
{
    const choose_options *options = call->options;
    double *weights = calloc(choice->pick_count + 1, sizeof(*weights));
    erg_common common;
    bool ok = weights && cli_weigh(&options->weights, choice, points, weights, err)
           && erg_choose_common(choice, weights, options->minimax, &common, err)
           && erg_common_confidence(choice, points, weights, options->minimax,
                                    &common, err);
    erg_result *result = ok ? erg_choice_result(choice, points, is_brief(call), err) : NULL;

    free(weights);
    if (result && erg_common_table(choice, points, &common, result, err))
        return result;
    erg_result_free(result);
    return NULL;
}

static erg_result *tell_phases(const cli *call, erg_choice *choice, const erg_wish *wish,
                               const erg_points *points, erg_error *err)
{
    const choose_options *options = call->options;
    erg_phase_costs costs = { options->switch_s, options->switch_j };
    erg_phase_plan plan;

    choice->wish.slowdown = wish->slowdown;
    choice->wish.deadline_s = wish->deadline_s;
    choice->wish.throughput_hz = wish->throughput_hz;
    if (!erg_choose_phases(choice, points, &costs, &plan, err))
        return NULL;
    bool drawn = erg_phase_confidence(choice, points, &costs, &plan, err);
    erg_result *result = drawn
        ? erg_choice_result(choice, points, is_brief(call), err) : NULL;
    bool ok = result && erg_phase_tables(choice, points, &plan, result, err);
    erg_phase_plan_free(&plan);
    if (ok)
        return result;
    erg_result_free(result);
    return NULL;
}

static bool add_records(const char *path, const erg_points *points, const erg_wish *wish,
                        erg_result *result, erg_error *err)
{
    size_t their_count, our_count;
    erg_choice_record *theirs = erg_choice_records_read(path, &their_count, err);
    erg_choice_record *ours =
        theirs ? erg_choice_records(points, wish, &our_count, err) : NULL;
    bool ok =
        ours && erg_choice_records_table(theirs, their_count, ours, our_count, result, err);

    free(theirs);
    free(ours);
    return ok;
}

static erg_result *tell(const cli *call, erg_choice *choice, const erg_wish *wish,
                        const erg_points *points, erg_error *err)
{
    const choose_options *options = call->options;
    erg_result *result = options->common ? tell_common(call, choice, points, err)
                       : options->phases ? tell_phases(call, choice, wish, points, err)
                       : erg_choice_result(choice, points, is_brief(call), err);

    if (result && (!options->mix || erg_mix_table(choice, points, result, err))
        && (!options->against || add_records(options->against, points, wish, result, err)))
        return result;
    erg_result_free(result);
    return NULL;
}

static int choose_measured(const cli *call, const erg_points *points, const erg_wish *wish)
{
    const choose_options *options = call->options;
    erg_choice choice = { 0 };
    erg_wish each = *wish;
    erg_error err = { 0 };

    if (options->phases)        /* limits on time are of the whole */
        each.slowdown = each.deadline_s = each.throughput_hz = NAN;
    bool made = erg_choose(points, &each, &choice, &err);
    erg_result *result = made ? tell(call, &choice, wish, points, &err) : NULL;
    int status = result ? cli_write(call, result, call->common.output, stdout)
                        : cli_refused(call, &err);

    if (status == CLI_DONE)
        status = status_of(&choice);
    erg_result_free(result);
    erg_choice_free(&choice);
    return status;
}

static int choose(const cli *call, const erg_points *points, const erg_wish *wish)
{
    const choose_options *options = call->options;
    erg_wish wider = *wish;
    cli_foreseen foreseen = { 0 };
    erg_error err = { 0 };

    if (!options->predicted && (options->clocks || options->model))
        return cli_misused(call, "--clocks and --model go with --predicted");
    if (options->predicted
        && !cli_foresee(points, options->clocks, options->model, &foreseen, &err)) {
        free(foreseen.rows);
        return cli_refused(call, &err);
    }
    if (foreseen.skipped && !call->common.quiet)
        fprintf(stderr,
                "erg choose: %zu applications have fewer than three measured clocks: "
                "nothing is foreseen for them\n",
                foreseen.skipped);
    wider.foreseen = foreseen.rows;
    wider.foreseen_count = foreseen.count;
    int status = choose_measured(call, points, &wider);
    free(foreseen.rows);
    return status;
}

/* ---- the words of others -------------------------------------------------------- */

static int apply_rule(const cli *call, const erg_points *points, const erg_wish *wish)
{
    const choose_options *options = call->options;
    erg_error err = { 0 };
    erg_result *result =
        erg_rule_result(options->rule, points, wish->slowdown,
                        options->repetition ? options->repetition : 1, &err);
    int status = result ? cli_write(call, result, call->common.output, stdout)
                        : cli_refused(call, &err);

    erg_result_free(result);
    return status;
}

typedef struct record_list { erg_choice_record *records; size_t count; } record_list;

static bool put_records(const void *what, const void *how, FILE *out, erg_error *err)
{
    const record_list *list = what;
    (void)how;
    return erg_choice_records_write(list->records, list->count, out, err);
}

static int write_records(const cli *call, const erg_points *points, const erg_wish *wish)
{
    erg_error err = { 0 };
    record_list list = { 0 };
    list.records = erg_choice_records(points, wish, &list.count, &err);
    int status = list.records
        ? cli_put(call, put_records, &list, NULL, call->common.output, stdout)
        : cli_refused(call, &err);

    free(list.records);
    return status;
}

static int answer(const cli *call, const erg_points *points, const erg_wish *wish)
{
    const choose_options *options = call->options;
    bool wants_records =
        call->common.format && strcmp(call->common.format, "result-records") == 0;

    if (options->common + options->phases + options->variants + (options->rule != NULL) > 1)
        return cli_misused(call,
                           "one of --common, --phases, --variants and --rule at a time");
    if (options->rule)
        return apply_rule(call, points, wish);
    return wants_records ? write_records(call, points, wish) : choose(call, points, wish);
}

static int run(const cli *call)
{
    const choose_options *options = call->options;
    erg_error err = { 0 };
    erg_wish wish;

    if (call->argc < 1)
        return cli_misused(call, "needs a FILE of points: a sweep, a CSV table or -");
    if (!make_wish(options, &wish, &err))
        return cli_failed(call, &err);
    erg_points *points = load_points(call, options, &err);
    int status = points ? answer(call, points, &wish) : cli_refused(call, &err);

    erg_points_free(points);
    return status;
}

static const char about[] =
"FILE is a sweep (.erg), a CSV table of points, or - for stdin. The best by the\n"
"objective among the measured settings that keep every limit, one for each\n"
"application. Savings and slowdown refer to the highest setting of the sweep; where\n"
"that is in doubt, a note says so. confidence is the share of 2000 draws of the visits\n"
"that choose the same.\n"
"\n"
"--format result-records writes what published studies write; --against reads it.\n"
"\n"
"Exit status 1: no setting keeps the limits (the table relaxations says what would\n"
"help), or no visit at the highest setting can be used.\n";

const cli_command cmd_choose = {
    .name = "choose",
    .usage = "erg choose [options] FILE...",
    .summary = "the setting that wastes least and keeps the limits",
    .about = about,
    .examples =
        "erg choose s.erg --objective edp --slowdown 5% --quality-loss 1%\n"
        "erg choose points.csv --objective energy --max-temp 80C --power-cap 250W\n"
        "erg choose a.erg b.erg c.erg --common --objective energy --slowdown 10%\n"
        "erg choose s.erg --predicted --clocks 510:1410:15\n"
        "erg choose s.erg --phases --slowdown 5% --switch-time 20ms\n"
        "erg choose runs.csv --rule v1_per_run --slowdown 5%\n"
        "erg choose runs.csv --format result-records\n"
        "erg choose limits.csv --setting batch_size --objective cost --format json\n",
    .options = option_rows,
    .options_size = sizeof(choose_options),
    .run = run,
};
