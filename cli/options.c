/* SPDX-License-Identifier: Apache-2.0 */
/* Options from tables, through getopt_long. A quantity must carry its unit. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "cli.h"

enum { OPTIONS_MOST = 96, CODE_BASE = 1000 };

const cli_option cli_common_options[] = {
    { 'f', "format", CLI_TEXT, offsetof(cli_common, format), "FORMAT",
      "text (default), json, csv, html, prometheus or openmetrics" },
    { 'o', "output", CLI_TEXT, offsetof(cli_common, output), "FILE",
      "write there instead of stdout; - is stdout" },
    { 0, "table", CLI_TEXT, offsetof(cli_common, table), "NAME", "one table only" },
    { 's', "sensor", CLI_LIST, offsetof(cli_common, sensors), "DRIVER[:ARGUMENT]",
      "only this sensor, as in nvml:0, sim:a100-sxm4-80gb or tape:FILE; may be repeated" },
    { 0, "root", CLI_TEXT, offsetof(cli_common, root), "DIR",
      "look for /sys, /proc and /dev under DIR" },
    { 0, "nvml", CLI_TEXT, offsetof(cli_common, nvml), "FILE",
      "another NVML library than libnvidia-ml.so.1" },
    { 'q', "quiet", CLI_FLAG, offsetof(cli_common, quiet), NULL,
      "only what was asked for" },
    { 'v', "verbose", CLI_FLAG, offsetof(cli_common, verbose), NULL, "say more on stderr" },
    { 0, "color", CLI_TEXT, offsetof(cli_common, color), "WHEN",
      "auto (default), always or never" },
    { 'h', "help", CLI_FLAG, offsetof(cli_common, help), NULL, "print this and exit" },
    { 0, "version", CLI_FLAG, offsetof(cli_common, version), NULL,
      "print the version and exit" },
    { 0 },
};

typedef struct option_parser {
    const cli_option *rows[OPTIONS_MOST];
    void *targets[OPTIONS_MOST];    /* struct of each row */
    struct option longs[OPTIONS_MOST + 1];
    char shorts[2 * OPTIONS_MOST + 2];
    size_t count;
} option_parser;

static void add_rows(option_parser *parser, const cli_option *rows, void *target)
{
    size_t letters = strlen(parser->shorts);

    for (; rows && rows->name && parser->count < OPTIONS_MOST; rows++) {
        bool hidden = false;    /* a command's own option stands before a common one */
        for (size_t i = 0; i < parser->count; i++)
            hidden |= strcmp(parser->rows[i]->name, rows->name) == 0;
        if (hidden)
            continue;
        int argument = rows->type == CLI_FLAG ? no_argument : required_argument;
        parser->rows[parser->count] = rows;
        parser->targets[parser->count] = target;
        parser->longs[parser->count] = (struct option){ .name = rows->name,
            .has_arg = argument, .val = CODE_BASE + (int)parser->count };
        parser->count++;
        if (!rows->letter || strchr(parser->shorts, rows->letter))
            continue;
        parser->shorts[letters++] = rows->letter;
        if (argument == required_argument)
            parser->shorts[letters++] = ':';
        parser->shorts[letters] = '\0';
    }
}

static bool parse_whole(const char *text, int *out, erg_error *err)
{
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno || end == text || *end || value < 0 || value > INT_MAX)
        return erg_fail(err, ERG_BAD_INPUT, "'%s' is not a whole number from 0", text);
    *out = (int)value;
    return true;
}

/* A time, rate, ratio or factor below zero would be taken for "not given". */
static bool parse_positive(const char *text, const char *unit, double *out, erg_error *err)
{
    return erg_quantity_parse(text, unit, out, err)
        && (*out >= 0 || erg_fail(err, ERG_BAD_INPUT, "'%s' is below 0", text));
}

static bool is_zero(const cli_option *row, const void *at)
{
    return row->type == CLI_WHOLE ? *(const int *)at == 0 : *(const double *)at == 0;
}

static const char *const units[] = {
    [CLI_SECONDS] = "s", [CLI_HERTZ] = "Hz", [CLI_RATIO] = "%", [CLI_WATTS] = "W",
    [CLI_KELVIN] = "K",  [CLI_JOULES] = "J", [CLI_BYTES] = "B", [CLI_NUMBER] = "",
};

/* Of two files the first would be passed over without a word. */
static bool put_text(const cli_option *row, const char **at, const char *text,
                     erg_error *err)
{
    if (*at && strcmp(row->value, "FILE") == 0 && strcmp(*at, text) != 0)
        return erg_fail(err, ERG_BAD_INPUT, "given twice, '%.60s' and '%.60s': name one",
                        *at, text);
    *at = text;
    return true;
}

static bool put_any(const cli_option *row, void *at, const char *text, erg_error *err)
{
    switch (row->type) {
    case CLI_FLAG:
        *(bool *)at = true;
        return true;
    case CLI_TEXT:
        return put_text(row, at, text, err);
    case CLI_LIST: {
        cli_list *list = at;
        if (list->count == CLI_LIST_MOST)
            return erg_fail(err, ERG_BAD_INPUT, "given more than %d times", CLI_LIST_MOST);
        list->items[list->count++] = text;
        return true;
    }
    case CLI_WHOLE:
        return parse_whole(text, at, err);
    case CLI_SECONDS:
    case CLI_HERTZ:
    case CLI_RATIO:
    case CLI_WATTS:
    case CLI_KELVIN:
    case CLI_JOULES:
    case CLI_BYTES:
    case CLI_NUMBER:
        return parse_positive(text, units[row->type], at, err);
    }
    return false;
}

static bool put_value(const cli_option *row, void *target, const char *text, erg_error *err)
{
    void *at = (char *)target + row->at;

    return put_any(row, at, text, err)
        && (!row->above_zero || !is_zero(row, at)
            || erg_fail(err, ERG_BAD_INPUT, "'%s' is not above 0", text));
}

static size_t row_of(const option_parser *parser, int code)
{
    if (code >= CODE_BASE)
        return (size_t)(code - CODE_BASE);
    for (size_t i = 0; i < parser->count; i++)
        if (parser->rows[i]->letter == code)
            return i;
    return parser->count;
}

bool cli_parse(cli *call, void *options, int argc, char *argv[])
{
    option_parser parser = { .shorts = "" };
    erg_error err = { 0 };
    int code;

    /* '+' stops at the command to run; ':' lets us say what is missing. */
    strcpy(parser.shorts, call->command->runs_command ? "+:" : ":");
    add_rows(&parser, call->command->options, options);
    add_rows(&parser, cli_common_options, &call->common);

    opterr = 0;
    optind = 0;
    while ((code = getopt_long(argc, argv, parser.shorts, parser.longs, NULL)) != -1) {
        const char *typed = argv[optind > 0 ? optind - 1 : 0];
        if (code == '?' || code == ':') {
            cli_misused(call, "%s %s; see erg %s --help", typed,
                        code == ':' ? "needs a value" : "is not an option",
                        call->command->name);
            return false;
        }
        size_t row = row_of(&parser, code);
        if (row < parser.count
            && !put_value(parser.rows[row], parser.targets[row], optarg, &err)) {
            cli_misused(call, "--%s: %s", parser.rows[row]->name, err.text);
            return false;
        }
    }
    call->argc = argc - optind;
    call->argv = argv + optind;
    call->options = options;
    return true;
}

bool cli_pair(const char *text, double *a, double *b, erg_error *err)
{
    char first[64];
    const char *comma = strchr(text, ',');
    if (!comma || (size_t)(comma - text) >= sizeof(first))
        return erg_fail(err, ERG_BAD_INPUT, "'%s' is not BEGIN,END as in 1s,2500ms", text);
    memcpy(first, text, (size_t)(comma - text));
    first[comma - text] = '\0';
    if (!erg_quantity_parse(first, "s", a, err)
        || !erg_quantity_parse(comma + 1, "s", b, err))
        return false;
    return *a < *b || erg_fail(err, ERG_BAD_INPUT, "'%s' ends before it begins", text);
}
