/* SPDX-License-Identifier: Apache-2.0 */
/* A plan from the files of one run. */
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "format/json.h"
#include "import/formats/importer.h"
#include "import/spool.h"
#include "replay/plan_file.h"
#include "replay/plan_read.h"

enum { HEAD_BYTES = 65536, FILES_MOST = 64 };

/* In the order in which they are asked;
 * the further up, the more a reader says of a launch. */
const erg_plan_reader *const erg_plan_readers[] = {
    &erg_plan_saved,
    &erg_plan_onednn,
    &erg_plan_chrome,
    &erg_plan_launch_csv,
    &erg_plan_kernel_jsonl,
    &erg_plan_signatures,
    &erg_plan_counts_csv,
    &erg_plan_summary,
    &erg_plan_graph,
    NULL
};

typedef struct opened {
    const char *path;           /* as it is read */
    erg_spool spool;            /* of a pipe */
    size_t reader;              /* in the table */
    erg_replay_plan *plan;
} opened;

/* A zoo name is no file: then there is no head. */
static bool read_head(const char *path, char *head, size_t *count, erg_error *err)
{
    *count = 0;
    head[0] = '\0';
    if (strncmp(path, "zoo:", 4) == 0) return true;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = file < 0 ? -1 : read(file, head, HEAD_BYTES);
    if (file >= 0) close(file);
    if (got < 0) return erg_file_line(path, head, HEAD_BYTES, err); /* says why */
    *count = (size_t)got;
    head[got] = '\0';
    return true;
}

static const char *after_blanks(const char *text)
{
    return text + strspn(text, " \t\r\n");
}

/* Objects, one a line; a config.json is one object, of many lines or of the only one. */
static bool is_of_lines(const erg_plan_input *input)
{
    const char *begin = after_blanks(input->head), *end = strchr(begin, '\n');
    const char *dot = strrchr(input->path, '.');

    if (*begin != '{')
        return false;
    while (end && end > begin && strchr(" \t\r", end[-1]))
        end--;
    return (dot && strcmp(dot, ".jsonl") == 0)
        || (end && end[-1] == '}' && *after_blanks(end) == '{');
}

static bool fail_lines(const erg_plan_input *input, erg_error *err)
{
    char line[61];
    size_t count = 0;

    for (const char *c = after_blanks(input->head); *c && *c != '\n' && count < 60; c++)
        line[count++] = *c >= ' ' && *c < 0x7f ? *c : '?';
    line[count] = '\0';
    return erg_fail(err, ERG_BAD_INPUT,
                    "%s:1: JSON lines, but neither a plan (\"schema\": \"%s\") nor a list "
                    "of kernels (\"signature\" and \"count\"): it begins %s", input->path,
                    ERG_PLAN_SCHEMA, line);
}

/* What a person meant by a JSON object that is none of ours, nobody knows. A config.json
 * may be longer than its head. */
static bool fail_object(const erg_plan_input *input, erg_error *err)
{
    json_t *root = erg_json_parse(input->path, input->head, input->head_size, err);

    if (!root) return false;    /* cut or damaged: it says where */
    json_decref(root);
    return erg_fail(err, ERG_BAD_INPUT,
                    "%s is a JSON object without \"traceEvents\" (a Chrome trace), "
                    "\"kernels\" or \"signature\" and \"count\" (lists of kernels), "
                    "\"totals\" (their summary) and \"model_type\" (a config.json): name a "
                    "file that has one of them", input->path);
}

static bool is_foreign_object(const erg_plan_input *input)
{
    return erg_json_begins(input->head, input->head_size, '{')
        && input->head_size < HEAD_BYTES && !strstr(input->head, "\"model_type\"");
}

/* A kernel list is a list of lists. */
static bool is_foreign_list(const erg_plan_input *input)
{
    const char *begin = after_blanks(input->head);
    return *begin == '[' && strchr("{0123456789\"]", *after_blanks(begin + 1))
        && *after_blanks(begin + 1);
}

static bool fail_list(const erg_plan_input *input, erg_error *err)
{
    return erg_fail(err, ERG_BAD_INPUT,
                    "%s is a JSON list, but neither of events of a Chrome trace (\"ph\", "
                    "\"ts\") nor of [parameters, [tag]] of operators: name one of them",
                    input->path);
}

static bool fail_unknown(const erg_plan_input *input, erg_error *err)
{
    if (erg_is_utf16(input->head, input->head_size))
        return erg_fail(err, ERG_BAD_INPUT, "%s:1: UTF-16: save it as UTF-8 first",
                        input->path);
    if (erg_is_packed(input->head, input->head_size))
        return erg_fail(err, ERG_BAD_INPUT, "%s is packed, and no Chrome trace: unpack it "
                        "first, as by gunzip", input->path);
    if (erg_is_of_cr(input->head, input->head_size))
        return erg_fail(err, ERG_BAD_INPUT, "%s:1: its lines end in CR alone: write it "
                        "with LF, as by tr '\\r' '\\n'", input->path);
    return erg_fail(err, ERG_BAD_INPUT,
                    "%s %s: name a graph (ONNX, config.json, zoo:NAME), a Chrome "
                    "trace, a oneDNN log, a list of kernels or a plan.jsonl", input->path,
                    input->head_size ? "holds no kernels that erg knows" : "is empty");
}

static bool find_reader(const erg_plan_input *input, size_t *reader, erg_error *err)
{
    for (size_t i = 0; erg_plan_readers[i]; i++) {
        *reader = i;
        if (erg_plan_readers[i] == &erg_plan_graph && is_of_lines(input))
            return fail_lines(input, err);
        if (erg_plan_readers[i] == &erg_plan_graph && is_foreign_object(input))
            return fail_object(input, err);
        if (erg_plan_readers[i] == &erg_plan_graph && is_foreign_list(input))
            return fail_list(input, err);
        if (erg_plan_readers[i]->sniff(input))
            return true;
    }
    return fail_unknown(input, err);
}

static bool is_known(const char *path, const char *bytes, size_t size)
{
    size_t count = size < HEAD_BYTES ? size : HEAD_BYTES, reader;
    char *head = calloc(1, HEAD_BYTES + 1);
    const erg_plan_input input = { .path = path, .name = path, .head = head,
                                   .head_size = count };

    if (head) memcpy(head, bytes, count);
    bool found = head && find_reader(&input, &reader, NULL);
    free(head);
    return found;
}

bool erg_plan_is_streamed(const char *path)
{
    char *head = malloc(HEAD_BYTES + 1);
    erg_plan_input input = { .path = path, .name = path, .head = head };
    size_t reader = 0;
    bool found = head && read_head(path, head, &input.head_size, NULL)
        && find_reader(&input, &reader, NULL);

    free(head);
    return found && erg_plan_readers[reader]->streams;
}

static bool is_sick(const char *bytes, size_t size)
{
    json_t *root = NULL;
    bool is_object = erg_json_begins(bytes, size, '{');

    if (is_object) root = erg_json_parse("", bytes, size, NULL);
    json_decref(root);
    return size == 0 || (is_object && !root) || erg_is_utf16(bytes, size)
        || erg_is_packed(bytes, size) || erg_is_of_cr(bytes, size);
}

bool erg_plan_may_be(const char *path, const char *bytes, size_t size, erg_error *err)
{
    return is_sick(bytes, size) || is_known(path, bytes, size)
        || erg_fail(err, ERG_BAD_INPUT,
                    "%s is no file of a replay: name a log of power that erg import "
                    "reads, a report (full_model_timing.json and its like), or a plan",
                    path);
}

static bool open_one(opened *to, const erg_replay_plan_options *options, erg_error *err)
{
    char *head = malloc(HEAD_BYTES + 1);
    erg_error why = { 0 };

    if (!head) return erg_fail(err, ERG_NO_MEMORY, "no memory for a plan");
    bool good = (to->plan = erg_replay_plan_new(&why)) != NULL
        && erg_spool_begin(&to->spool, &to->path, true, &why);
    erg_plan_input input = { .path = to->path, .name = to->spool.name, .head = head };
    good = good && read_head(to->path, head, &input.head_size, &why)
        && find_reader(&input, &to->reader, &why)
        && erg_spool_rest(&to->spool, ERG_SPOOL_MOST, &why)
        && erg_plan_readers[to->reader]->read(&input, options, to->plan, &why);
    if (good && !to->plan->workload[0])
        erg_text_put(to->plan->workload, sizeof to->plan->workload,
                     erg_plan_base(to->spool.name));
    free(head);
    return good || erg_spool_fail(&to->spool, &why, err);
}

/* The others become part of the first that says most; theirs are freed by the caller. */
static erg_replay_plan *join(opened files[], size_t count,
                             const erg_replay_plan_options *options, erg_error *err)
{
    bool is_whole = !options->device && !options->drop_collectives;
    size_t best = 0;

    for (size_t i = 1; i < count; i++)
        if (files[i].reader < files[best].reader) best = i;
    for (size_t i = 0; i < count; i++)
        if (i != best && files[i].reader == files[best].reader
            && !erg_plan_append(files[best].plan, files[i].plan, err)) return NULL;
    for (size_t i = 0; i < count; i++) {
        const char *const paths[2] = { files[best].spool.name,
                                       files[i].spool.name };
        if (files[i].reader != files[best].reader
            && !erg_plan_agrees(files[best].plan, files[i].plan, paths, is_whole,
                                err)) return NULL;
    }
    erg_replay_plan *plan = files[best].plan;
    if (plan->kernel_count == 0) {
        erg_fail(err, ERG_BAD_INPUT, "%s: no kernel is in it: name a file that lists some",
                 files[best].spool.name);
        return NULL;
    }
    if (!erg_plan_steps(plan, options, err)) return NULL;
    files[best].plan = NULL;
    return plan;
}

erg_replay_plan *erg_replay_plan_load(const char *const paths[], size_t count,
                                      const erg_replay_plan_options *options,
                                      erg_error *err)
{
    static const erg_replay_plan_options none;
    opened files[FILES_MOST] = { { 0 } };
    bool good = count > 0 && count <= FILES_MOST;

    if (!good) erg_fail(err, ERG_BAD_INPUT, "a plan is made of 1 to %d files", FILES_MOST);
    for (size_t i = 0; good && i < count; i++) {
        files[i].path = paths[i];
        good = open_one(&files[i], options ? options : &none, err);
    }
    erg_replay_plan *plan = good
        ? join(files, count, options ? options : &none, err) : NULL;
    for (size_t i = 0; i < FILES_MOST; i++) {
        erg_replay_plan_free(files[i].plan);
        erg_spool_close(&files[i].spool);
    }
    return plan;
}
