/* SPDX-License-Identifier: Apache-2.0 */
/* erg replay recompose: the parts put together and held to the whole. */
#include <string.h>
#include <erg/report.h>
#include "replay.h"

typedef struct request {
    replay_files files;
    erg_replay_source source;
    erg_recompose_options options;
    bool is_regression;
} request;

/* --base W|auto: a bare number would have no unit. */
static bool parse_base(const replay_options *typed, double *base_w, erg_error *err)
{
    return !typed->base || strcmp(typed->base, "auto") == 0
        || erg_quantity_parse(typed->base, "W", base_w, err);
}

static bool is_method(const replay_options *typed, const char *name)
{
    return strcmp(typed->method ? typed->method : "sum", name) == 0;
}

/* false: a sentence was printed. */
static bool choose_method(const cli *call, request *to)
{
    const replay_options *typed = call->options;

    to->is_regression = is_method(typed, "nnls");
    to->options.time_share = is_method(typed, "time_share");
    if (!to->is_regression && !to->options.time_share && !is_method(typed, "sum"))
        return cli_misused(call, "--method is sum, nnls or time_share, not '%s'",
                           typed->method), false;
    if (to->options.time_share && typed->by_tier)
        return cli_misused(call, "--by-tier takes joules that were measured, --method "
                                 "time_share shares them out: give one of them"), false;
    return !to->is_regression || call->argc >= 2
        || (cli_misused(call, "--method nnls needs windows: a CSV or a recording"), false);
}

/* false: a sentence was printed. */
static bool fill(const cli *call, request *to)
{
    const replay_options *typed = call->options;
    const char *table = call->common.table;     /* long, so only where it is asked for */
    erg_error err = { 0 };
    int first = 1;

    *to = (request){ .options = { .top = (size_t)typed->top, .by_tier = typed->by_tier } };
    to->options.data_set = table && strcmp(table, "data_set") == 0;
    if (!parse_base(typed, &to->options.base_w, &err))
        return cli_misused(call, "--base: %s", err.text), false;
    to->options.base_policy = typed->base_policy;
    if (!choose_method(call, to))
        return false;
    first += to->is_regression;
    return replay_source_of(call, first, &to->files, &to->source);
}

/* --output is the folder of the reports: a page goes where all tables go. */
static int put(const cli *call, const erg_result *result)
{
    bool is_page = cli_wants_page(call) && erg_result_find(result, "tiers");
    /* Files that are named by options have no name in common. */
    const char *title = call->argc > 1 ? call->argv[call->argc - 1] : NULL;

    return is_page ? cli_put(call, cli_page, result, title, NULL, stdout)
                   : cli_write(call, result, NULL, stdout);
}

static int finish(const cli *call, const erg_result *result, bool agrees)
{
    int status = put(call, result);
    return status == CLI_DONE && !agrees ? CLI_NO : status;
}

static int sum(const cli *call, request *from)
{
    const replay_options *typed = call->options;
    erg_error err = { 0 };
    bool agrees = false;
    erg_replay *replay = erg_replay_load(&from->source, &err);
    erg_result *result =
        replay ? erg_replay_recompose(replay, &from->options, &agrees, &err) : NULL;
    bool ok = result && (!typed->output || erg_replay_save(replay, typed->output, &err));
    int status = ok ? finish(call, result, agrees) : cli_refused(call, &err);

    erg_result_free(result);
    erg_replay_free(replay);
    return status;
}

static int regress(const cli *call, request *from)
{
    erg_error err = { 0 };
    bool agrees = false, has_alone = from->source.folder || from->source.file_count > 0;
    erg_replay *alone = has_alone ? erg_replay_load(&from->source, &err) : NULL;
    erg_result *result = has_alone && !alone ? NULL
        : erg_replay_regress(call->argv[1], alone, &from->options, &agrees, &err);
    int status = result ? finish(call, result, agrees) : cli_refused(call, &err);

    erg_result_free(result);
    erg_replay_free(alone);
    return status;
}

int replay_recompose(const cli *call)
{
    request from;

    if (!fill(call, &from))
        return CLI_USAGE;
    if (from.is_regression)
        return regress(call, &from);
    if (!from.source.folder && !from.source.file_count)
        return cli_misused(call,
                           "recompose needs a folder of a replay, or --full, --kernels "
                           "and --power");
    return sum(call, &from);
}
