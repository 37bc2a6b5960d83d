/* SPDX-License-Identifier: Apache-2.0 */
/* erg timeline: spikes and their causes, limits, and the joules of every kernel. */
#include <stdlib.h>
#include <string.h>
#include "cli.h"

typedef struct timeline_options {
    const char *channel, *by, *key, *start, *prior;
    double ramp_w_per_ms, lag_s, byte_j;
    int top;
    bool align;
} timeline_options;

#define AT(field) offsetof(timeline_options, field)

static const cli_option option_rows[] = {
    { 'b', "by", CLI_TEXT, AT(by), "WHAT",
      "joules of each kernel, operator or region (the finest that is recorded)" },
    { 'c', "channel", CLI_TEXT, AT(channel), "NAME",
      "this channel or device, as in nvml:0/power (the first that counts)" },
    { 0, "prior", CLI_TEXT, AT(prior), "CSV",
      "watts expected of each name, as erg estimate --format csv "
      "--table subgraphs writes" },
    { 0, "byte-energy", CLI_JOULES, AT(byte_j), "ENERGY",
      "split: of a byte from memory, as in 20pJ; bytes of each name are --prior's", true },
    { 0, "ramp", CLI_NUMBER, AT(ramp_w_per_ms), "W/MS",
      "a faster rise over 10 ms is a spike too", true },
    { 0, "lag-max", CLI_SECONDS, AT(lag_s), "TIME",
      "a cause begins at most so long before its spike (100ms)", true },
    { 'n', "top", CLI_WHOLE, AT(top), "N",
      "rows of attribution, the rest as one (text: 20; else all)", true },
    { 0, "align", CLI_FLAG, AT(align), NULL,
      "put each TRACE where the power follows it: without a date, or of another clock" },
    { 0, "start", CLI_TEXT, AT(start), "STAMP", "or say when its first event began" },
    { 0, "seed", CLI_TEXT, AT(key), "N",
      "another draw of the shifts that stand for chance (0)" },
    { 0 },
};

enum { TEXT_TOP = 20 };

static bool parse_key(const char *text, uint64_t *out, erg_error *err)
{
    char *end = NULL;

    *out = text ? strtoull(text, &end, 0) : 0;
    if (!text || (*text >= '0' && *text <= '9' && !*end))
        return true;
    return erg_fail(err, ERG_BAD_INPUT, "--seed is a whole number, not '%s'", text);
}

static bool import_rest(const cli *call, erg_trace *trace, erg_error *err)
{
    const timeline_options *own = call->options;
    const erg_import_options options = { .align = own->align, .start = own->start };

    for (int i = 1; i < call->argc; i++)
        if (!erg_import(trace, call->argv[i], &options, err))
            return false;
    return true;
}

typedef struct titled { const erg_result *timeline; const char *title; } titled;

static bool page(const void *trace, const void *how, FILE *out, erg_error *err)
{
    const titled *own = how;
    return erg_report_timeline(trace, own->timeline, own->title, out, err);
}

static int put(const cli *call, erg_trace *trace)
{
    const timeline_options *options = call->options;
    const char *format = call->common.format;
    bool is_text = !format || strcmp(format, "text") == 0;
    size_t top = options->top > 0 ? (size_t)options->top : is_text ? TEXT_TOP : 0;
    erg_timeline_options wish = { .channel = options->channel, .by = options->by,
                                  .ramp_w_per_s = 1e3 * options->ramp_w_per_ms,
                                  .lag_most_s = options->lag_s, .prior = options->prior,
                                  .top = top, .byte_j = options->byte_j };
    erg_error err = { 0 };
    erg_result *result = NULL;

    if (parse_key(options->key, &wish.key, &err) && import_rest(call, trace, &err))
        result = erg_timeline(trace, &wish, &err);
    bool is_page = cli_wants_page(call);
    int status = !result ? cli_refused(call, &err)
        : is_page ? cli_put(call, page, trace, &(titled){ result, call->argv[0] },
                            call->common.output, stdout)
                  : cli_write(call, result, call->common.output, stdout);
    erg_result_free(result);
    return status;
}

static int run(const cli *call)
{
    int status;

    if (call->argc < 1)
        return cli_misused(call, "needs a RUN file, then traces of profilers");
    erg_trace *trace = cli_load(call, call->argv[0], &status);
    if (trace)
        status = put(call, trace);
    erg_trace_free(trace);
    return status;
}

static const char about[] =
    "Spikes are readings far above the rest; what begins just before them more often\n"
    "than by chance is their cause. Each reading's joules are shared among what ran by\n"
    "time and watts; what ran in nothing is unattributed. A TRACE of a profiler (Chrome\n"
    "trace JSON) adds kernels, operators, copies and collectives.\n";

const cli_command cmd_timeline = {
    .name = "timeline",
    .usage = "erg timeline [options] RUN [TRACE...]",
    .summary = "spikes and what starts them, limits, and the energy of every kernel",
    .about = about,
    .examples = "erg timeline a.erg\n"
                "erg timeline a.erg trace.json --by operator --top 10\n"
                "erg timeline a.erg onnxruntime_profile.json --align\n"
                "erg timeline a.erg --ramp 5 --lag-max 50ms --format json\n"
                "erg timeline a.erg trace.json --format html --output a.html\n",
    .options = option_rows,
    .options_size = sizeof(timeline_options),
    .run = run,
};
