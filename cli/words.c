/* SPDX-License-Identifier: Apache-2.0 */
/* A call said again, in words: for a job script, and for going on with a sweep. */
#include <stdlib.h>
#include <string.h>
#include "cli.h"

static const char *const units[] = {
    [CLI_SECONDS] = "s", [CLI_HERTZ] = "Hz", [CLI_RATIO] = "%", [CLI_WATTS] = "W",
    [CLI_KELVIN] = "K", [CLI_JOULES] = "J",  [CLI_BYTES] = "B",  [CLI_NUMBER] = "",
};

void cli_words_add(cli_words *words, const char *word)
{
    char *copy = words->count < CLI_WORDS_MOST ? strdup(word) : NULL;

    if (copy)
        words->items[words->count++] = copy;
}

void cli_words_free(cli_words *words)
{
    for (size_t i = 0; i < words->count; i++)
        free(words->items[i]);
    words->count = 0;
}

static void add_pair(cli_words *words, const char *name, const char *value)
{
    size_t size = strlen(name) + strlen(value) + 4;
    char *word = malloc(size);

    if (!word)
        return;
    snprintf(word, size, "--%s=%s", name, value);
    cli_words_add(words, word);
    free(word);
}

static void add_number(cli_words *words, const cli_option *row, double number)
{
    char value[64];

    if (number == 0)
        return;
    snprintf(value, sizeof(value), "%.15g%s",
             row->type == CLI_RATIO ? 100 * number : number, units[row->type]);
    add_pair(words, row->name, value);
}

static void add_list(cli_words *words, const char *name, const cli_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        add_pair(words, name, list->items[i]);
}

static void add_option(cli_words *words, const cli_option *row, const void *at)
{
    char value[32];

    switch (row->type) {
    case CLI_FLAG:
        if (*(const bool *)at) {
            snprintf(value, sizeof(value), "--%s", row->name);
            cli_words_add(words, value);
        }
        return;
    case CLI_TEXT:
        if (*(const char *const *)at)
            add_pair(words, row->name, *(const char *const *)at);
        return;
    case CLI_LIST:
        add_list(words, row->name, at);
        return;
    case CLI_WHOLE:
        snprintf(value, sizeof(value), "%d", *(const int *)at);
        if (*(const int *)at)
            add_pair(words, row->name, value);
        return;
    case CLI_SECONDS:
    case CLI_HERTZ:
    case CLI_RATIO:
    case CLI_WATTS:
    case CLI_KELVIN:
    case CLI_JOULES:
    case CLI_BYTES:
    case CLI_NUMBER:
        add_number(words, row, *(const double *)at);
        return;
    }
}

static bool is_in(const char *const list[], const char *name)
{
    for (size_t i = 0; list[i]; i++)
        if (strcmp(list[i], name) == 0)
            return true;
    return false;
}

bool cli_words_of(const cli *call, const char *const skip[], cli_words *out)
{
    const cli_option *rows = call->command->options;

    *out = (cli_words){ .count = 0 };
    add_list(out, "sensor", &call->common.sensors);
    if (call->common.root)
        add_pair(out, "root", call->common.root);
    if (call->common.nvml)
        add_pair(out, "nvml", call->common.nvml);
    for (size_t i = 0; rows[i].name; i++)
        if (!is_in(skip, rows[i].name))
            add_option(out, &rows[i], (const char *)call->options + rows[i].at);
    return out->count < CLI_WORDS_MOST;
}
