/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oneDNN's verbose log (ONEDNN_VERBOSE=1): a ready list of kernels with shapes and times.
 * Which field is where has changed with every version: `exec` is found first, and a line
 * that says the order of the fields behind it (template:) is believed.
 */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "import/formats/importer.h"
#include "replay/plan_onednn.h"
#include "replay/plan_read.h"

enum { PARTS_MOST = 40, EXEC_WITHIN = 5 };

static const char *const prefixes[] = { "onednn_verbose,", "dnnl_verbose,",
                                        "mkldnn_verbose," };
static const char *const field_names[ERG_DNN_FIELDS] = {
    "engine", "primitive", "implementation", "prop_kind",
    "memory_descriptors", "attributes", "auxiliary", "problem_desc", "exec_time",
};

typedef struct dnn_log {
    const erg_replay_plan_options *options;
    erg_replay_plan *plan;
    int order[ERG_DNN_FIELDS];  /* of a field behind `exec`, from 0;
                                 * -1: not in these lines */
    int field_count;
    size_t unread;
} dnn_log;

static size_t split(erg_field line, erg_field parts[PARTS_MOST])
{
    size_t count = 0;

    while (count < PARTS_MOST) {
        const char *comma = memchr(line.text, ',', line.count);
        size_t length = comma ? (size_t)(comma - line.text) : line.count;
        parts[count++] = (erg_field){ line.text, length };
        if (!comma) return count;
        line.text += length + 1;
        line.count -= length + 1;
    }
    return count;
}

/* What follows the prefix, wherever in the line a program's own output put it. */
static bool behind_prefix(erg_field line, erg_field *rest)
{
    for (size_t i = 0; i < ERG_COUNT(prefixes); i++) {
        size_t length = strlen(prefixes[i]);
        const char *at = line.count >= length
            ? memmem(line.text, line.count, prefixes[i], length) : NULL;
        if (!at) continue;
        *rest = (erg_field){ at + length, line.count - (size_t)(at + length - line.text) };
        return true;
    }
    return false;
}

/* "template:operation,engine,..": the order of what follows `exec`. */
static void take_template(dnn_log *log, const erg_field parts[], size_t count)
{
    size_t first = 0;

    while (first < count && !(parts[first].count >= 9
                              && memmem(parts[first].text, parts[first].count,
                                        "operation", 9)))
        first++;
    if (first + 3 > count) return;
    log->field_count = (int)(count - first - 1);
    for (int f = 0; f < ERG_DNN_FIELDS; f++) {
        log->order[f] = -1;
        for (size_t i = first + 1; i < count; i++)
            if (erg_field_is(erg_field_trim(parts[i]), field_names[f]))
                log->order[f] = (int)(i - first - 1);
    }
}

static bool is_template(const erg_field parts[], size_t count)
{
    bool is_graph = count > 1
        && (erg_field_is(parts[0], "graph") || erg_field_is(parts[1], "graph"));

    for (size_t i = 0; !is_graph && i < count && i < EXEC_WITHIN + 2; i++)
        if (memmem(parts[i].text, parts[i].count, "template:", 9)) return true;
    return false;
}

/* Everything but stamp and time: what makes two lines the same kernel. */
static void name_of(const erg_dnn_line *line, erg_text *to)
{
    for (int f = ERG_DNN_PRIMITIVE; f < ERG_DNN_TIME; f++)
        erg_text_add(to, "%s%.*s", f == ERG_DNN_PRIMITIVE ? "" : ",",
                     (int)line->fields[f].count, line->fields[f].text);
}

static bool add(dnn_log *log, const erg_dnn_line *line, double time_ms, erg_error *err)
{
    const erg_field *primitive = &line->fields[ERG_DNN_PRIMITIVE];
    const erg_field *implementation = &line->fields[ERG_DNN_IMPLEMENTATION];
    erg_replay_kernel kernel;
    erg_text name = { 0 };
    char word[64];

    name_of(line, &name);
    if (name.failed) return erg_fail(err, ERG_NO_MEMORY, "no memory for a kernel");
    erg_replay_kernel_init(&kernel, name.data, "onednn");
    erg_text_free(&name);
    kernel.traced_s = time_ms * 1e-3;
    snprintf(kernel.signature.algo, sizeof kernel.signature.algo, "%.*s",
             (int)(implementation->count < 63 ? implementation->count : 63),
             implementation->text);
    snprintf(word, sizeof word, "%.*s",
             (int)(primitive->count < 63 ? primitive->count : 63), primitive->text);
    erg_replay_text_mend(kernel.signature.algo);
    erg_plan_onednn_shapes(line, &kernel);
    kernel.tier = erg_tier_of(word, kernel.signature.op);
    return erg_replay_plan_add(log->plan, &kernel, NULL, err);
}

static bool take_exec(dnn_log *log, const erg_field parts[], size_t count, erg_error *err)
{
    erg_dnn_line line = { { { "", 0 } } };
    double time_ms = NAN;

    for (int f = 0; f < ERG_DNN_FIELDS; f++)
        if (log->order[f] >= 0 && (size_t)log->order[f] < count)
            line.fields[f] = erg_field_trim(parts[log->order[f]]);
        else
            line.fields[f].text = "";
    const erg_field *time = &line.fields[ERG_DNN_TIME];
    bool good = count >= (size_t)log->field_count
        && erg_number_parse(time->text, time->count, '.', &time_ms) && time_ms >= 0
        && line.fields[ERG_DNN_PRIMITIVE].count > 0;
    if (good) return add(log, &line, time_ms, err);
    log->unread++;
    return true;
}

static bool take_line(void *self, const erg_log_line *at, erg_error *err)
{
    dnn_log *log = self;
    erg_field line = at->text, rest, parts[PARTS_MOST];

    if (line.count > 0 && line.text[line.count - 1] == '\r') line.count--;
    if (!behind_prefix(line, &rest)) return true;
    size_t count = split(rest, parts), first = 0;
    if (is_template(parts, count)) {
        take_template(log, parts, count);
        return true;
    }
    while (first < count && first < EXEC_WITHIN && !erg_field_is(parts[first], "exec"))
        first++;
    bool is_exec = first < count && first < EXEC_WITHIN;
    bool is_graph = is_exec && first > 0 && erg_field_is(parts[first - 1], "graph");
    if (!is_exec || is_graph) return true;
    return take_exec(log, parts + first + 1, count - first - 1, err);
}

/* It may be the output of days: only what is unlike stays in memory. */
static bool read_log(const erg_plan_input *input, const erg_replay_plan_options *options,
                     erg_replay_plan *plan, erg_error *err)
{
    dnn_log log = { .options = options, .plan = plan, .field_count = ERG_DNN_FIELDS };
    const erg_source source = { .name = input->name, .path = input->path, .is_head = true };

    for (int f = 0; f < ERG_DNN_FIELDS; f++) log.order[f] = f;
    return erg_log_lines_each(&source, take_line, &log, err)
        && (log.unread == 0
            || erg_replay_plan_note(plan, err, "%s: %zu line%s cut and left out",
                                    erg_plan_base(input->name), log.unread,
                                    log.unread == 1 ? " was" : "s were"));
}

static bool is_log(const erg_plan_input *input)
{
    for (size_t i = 0; i < ERG_COUNT(prefixes); i++)
        if (memmem(input->head, input->head_size, prefixes[i],
                   strlen(prefixes[i]))) return true;
    return false;
}

const erg_plan_reader erg_plan_onednn = { .name = "onednn", .sniff = is_log,
                                          .read = read_log, .streams = true };
