/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernel JSONL and signatures JSON of the benchmark guide. Grid and block are not the shape
 * of a kernel, and what a benchmark ran for it (params) is not what the trace held: both
 * stay without a shape. A copy of n bytes has all it needs.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "replay/files.h"
#include "replay/plan_lines.h"
#include "replay/plan_read.h"


static bool refuse(const erg_plan_place *at, erg_error *err, const char *key)
{
    return erg_fail(err, ERG_BAD_INPUT,
                    "%s: kernel %zu: its \"%s\" is missing or no whole number", at->path,
                    at->line, key);
}

static bool three(const json_t *list, int64_t to[3])
{
    if (!list || json_is_null(list)) return true;
    for (size_t i = 0; i < 3; i++) {
        const json_t *value = json_array_get(list, i);
        if (!json_is_integer(value) || json_integer_value(value) < 0) return false;
        to[i] = json_integer_value(value);
    }
    return json_array_size(list) == 3;
}

/* Absent: to stays. */
static bool whole(const json_t *object, const char *key, int64_t *to)
{
    const json_t *value = json_object_get(object, key);

    if (!value || json_is_null(value)) return true;
    *to = json_is_integer(value) ? json_integer_value(value) : -1;
    return *to >= 0;
}

static bool read_signature(const erg_plan_place *at, const json_t *from,
                           erg_replay_kernel *kernel, erg_error *err)
{
    erg_signature *s = &kernel->signature;
    const char *type = json_string_value(json_object_get(from, "dtype"));
    int64_t bytes = -1;

    if (!three(json_object_get(from, "grid"), s->grid)) return refuse(at, err, "grid");
    if (!three(json_object_get(from, "block"), s->block)) return refuse(at, err, "block");
    if (!whole(from, "shared memory", &s->shared_bytes))
        return refuse(at, err, "shared memory");
    if (!whole(from, "bytes", &bytes)) return refuse(at, err, "bytes");
    if (!whole(from, "stream", &kernel->stream)) return refuse(at, err, "stream");
    if (type) erg_plan_precision(type, strlen(type), &s->precision);
    if (bytes >= 0 && s->grid[0] == 0) erg_plan_move(kernel, bytes);
    return true;
}

typedef struct kernel_reading {
    const erg_replay_plan_options *options;
    erg_replay_plan *plan;
    const char *source;
    int64_t other_tiers;  /* kernels that the file puts into another tier than names do */
} kernel_reading;

/* "0" and 0 are one device. */
static bool is_device(const json_t *value, const char *wanted)
{
    char text[40] = "";

    if (json_is_string(value)) erg_text_put(text, sizeof text, json_string_value(value));
    if (json_is_integer(value))
        snprintf(text, sizeof text, "%lld", (long long)json_integer_value(value));
    return strcmp(text, wanted) == 0;
}

static bool take_kernel(void *self, const erg_plan_place *at, const json_t *object,
                        erg_error *err)
{
    kernel_reading *reading = self;
    const json_t *signature = json_object_get(object, "signature");
    const json_t *name = json_object_get(object, "name"),
                 *tier = json_object_get(object, "tier");
    const json_t *device = json_object_get(object, "device");
    erg_replay_kernel kernel;
    int64_t count = -1;

    if (!json_is_string(name))
        return erg_fail(err, ERG_BAD_INPUT, "%s: kernel %zu has no name", at->path,
                        at->line);
    if (!whole(object, "count", &count) || count < 0) return refuse(at, err, "count");
    erg_replay_kernel_init(&kernel, json_string_value(name), reading->source);
    kernel.count = count;
    if (!read_signature(at, signature, &kernel, err)) return false;
    if (json_is_integer(tier)
        && json_integer_value(tier) != erg_tier_of(kernel.name, kernel.signature.op))
        reading->other_tiers++;
    if (!device) device = json_object_get(signature, "device");
    bool is_ours = !reading->options->device || !device
        || is_device(device, reading->options->device);
    return !erg_plan_takes(reading->options, reading->plan, &kernel,
                           is_ours ? NULL : "another")
        || erg_replay_plan_add(reading->plan, &kernel, NULL, err);
}

/* ---- kernel JSONL -------------------------------------------------------------------- */

static bool read_jsonl(const erg_plan_input *input, const erg_replay_plan_options *options,
                       erg_replay_plan *plan, erg_error *err)
{
    kernel_reading reading = { options, plan, "kernel_jsonl", 0 };
    return erg_plan_lines_read(&(erg_plan_lines){ input->path, take_kernel, &reading },
                               err);
}

static bool is_jsonl(const erg_plan_input *input)
{
    const char *end = strchr(input->head, '\n');
    size_t count = end ? (size_t)(end - input->head) : input->head_size;
    const char *signature = strstr(input->head, "\"signature\"");

    return erg_json_begins(input->head, input->head_size, '{') && signature
        && (size_t)(signature - input->head) < count && strstr(input->head, "\"count\"")
        && !strstr(input->head, "\"kernels\"");
}

const erg_plan_reader erg_plan_kernel_jsonl = { .name = "kernel_jsonl", .sniff = is_jsonl,
                                                .read = read_jsonl, .streams = true };

/* ---- signatures JSON ----------------------------------------------------------------- */

/* Its own sum must be that of its list. */
static bool check_total(const json_t *root, const char *path, size_t listed, erg_error *err)
{
    int64_t total = -1;

    return !whole(json_object_get(root, "summary"), "total_kernels", &total) || total < 0
        || (size_t)total == listed
        || erg_fail(err, ERG_BAD_INPUT,
                    "%s: its summary says %lld kernels, its list holds %zu", path,
                    (long long)total, listed);
}

static bool read_root(const json_t *root, const erg_plan_input *input,
                      kernel_reading *reading, erg_error *err)
{
    const json_t *kernels = json_object_get(root, "kernels"), *object;
    bool good = check_total(root, input->path, json_array_size(kernels), err);
    size_t i;

    json_array_foreach(kernels, i, object)
        good = good
        && take_kernel(reading, &(erg_plan_place){ input->path, i + 1 }, object, err);
    return good
        && (reading->other_tiers == 0
            || erg_replay_plan_note(reading->plan, err,
                                    "%s puts %lld kernels into another tier "
                                    "than their names do", erg_plan_base(input->name),
                                    (long long)reading->other_tiers));
}

static bool read_signatures(const erg_plan_input *input,
                            const erg_replay_plan_options *options, erg_replay_plan *plan,
                            erg_error *err)
{
    kernel_reading reading = { options, plan, "signatures", 0 };
    json_t *root = erg_json_load(input->path, ERG_REPLAY_JSON_MOST, err);
    bool good = root && read_root(root, input, &reading, err);

    json_decref(root);
    return good;
}

/* Not a Chrome trace: those have traceEvents; not a timing report either. */
static bool is_signatures(const erg_plan_input *input)
{
    return erg_json_begins(input->head, input->head_size, '{')
        && strstr(input->head, "\"kernels\"") && strstr(input->head, "\"signature\"")
        && !strstr(input->head, "\"traceEvents\"");
}

const erg_plan_reader erg_plan_signatures = { .name = "signatures", .sniff = is_signatures,
                                              .read = read_signatures };
