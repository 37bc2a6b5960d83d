/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan.jsonl as an input: its kernels in its order, and the launches of a step from the
 * first line. A file that says what cannot be (a launch of a kernel that
 * is not there) is refused.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "format/json.h"
#include "replay/plan_lines.h"
#include "replay/plan_read.h"

static const char *const plan_keys[] = { "workload", "steps_from", "tensors",
                                         "launches", "streams", "notes", "foreign", NULL };

typedef struct plan_opening { erg_replay_plan *plan; json_t *own; } plan_opening;

static bool take_kernel(void *self, const erg_plan_place *at, const json_t *line,
                        erg_error *err)
{
    plan_opening *opening = self;
    erg_replay_plan *plan = opening->plan;
    erg_replay_kernel kernel;
    int32_t index;
    const char *schema = json_string_value(json_object_get(line, "schema"));

    if (!schema || strcmp(schema, ERG_PLAN_SCHEMA) != 0)
        return erg_fail(err, ERG_BAD_INPUT, "%s:%zu: its schema is not " ERG_PLAN_SCHEMA,
                        at->path, at->line);
    size_t before = plan->kernel_count;
    if (!erg_plan_kernel_read(at, line, &kernel, err)) return false;
    bool good = erg_replay_plan_add(plan, &kernel, &index, err);
    free(kernel.foreign);
    if (!good) return false;
    if (plan->kernel_count == before)
        return erg_fail(err, ERG_BAD_INPUT, "%s:%zu: the same kernel as %s", at->path,
                        at->line, plan->kernels[index].id);
    if (before == 0) {
        plan->steps = erg_json_number_of(line, "steps");
        opening->own = json_incref(json_object_get(json_object_get(line, "erg"), "plan"));
    }
    return true;
}

static bool add_launch(erg_replay_plan *plan, const char *path, const json_t *row,
                       const json_t *stream, erg_error *err)
{
    erg_replay_launch launch = { .stream = (int32_t)json_integer_value(stream) };
    const json_t *kernel = json_array_get(row, 0);
    json_int_t index = json_is_integer(kernel) ? json_integer_value(kernel) : -1;

    if (index < 0 || (size_t)index >= plan->kernel_count)
        return erg_fail(err, ERG_BAD_INPUT, "%s: a launch of a kernel that is not there",
                        path);
    launch.kernel = (int32_t)index;
    const erg_signature *s = &plan->kernels[index].signature;
    for (int32_t i = 0; i < ERG_SIGNATURE_TENSORS; i++) {
        const json_t *at = json_array_get(row, (size_t)i + 1);
        bool is_used = i < s->input_count + s->output_count;
        json_int_t memory = is_used && json_is_integer(at) ? json_integer_value(at) : -1;
        if (memory < -1 || memory >= plan->tensor_count
            || (is_used && !json_is_integer(at)))
            return erg_fail(err, ERG_BAD_INPUT,
                            "%s: launch %zu: memory %d of %d does not exist", path,
                            plan->launch_count, (int)i, (int)plan->tensor_count);
        launch.tensors[i] = (int32_t)memory;
    }
    return erg_replay_plan_launch(plan, &launch, err);
}

static bool take_plan(plan_opening *opening, const erg_plan_input *input, erg_error *err)
{
    erg_replay_plan *plan = opening->plan;
    const json_t *own = opening->own, *value;
    const json_t *tensors = json_object_get(own, "tensors");
    const json_t *workload = json_object_get(own, "workload");
    const json_t *streams = json_object_get(own, "streams");
    const json_t *from = json_object_get(own, "steps_from");
    const char *path = input->path;
    bool good = true;
    size_t i;

    erg_text_put(plan->workload, sizeof plan->workload,
                 json_is_string(workload)
                     ? json_string_value(workload) : erg_plan_base(input->name));
    erg_text_put(plan->steps_from, sizeof plan->steps_from,
                 json_is_string(from) ? json_string_value(from) : "");
    plan->foreign = erg_plan_foreign(own, plan_keys, NULL, NULL);
    if (json_is_integer(tensors) && json_integer_value(tensors) >= 0
        && json_integer_value(tensors) <= INT32_MAX)
        plan->tensor_count = (int32_t)json_integer_value(tensors);
    json_array_foreach(json_object_get(own, "launches"), i, value)
        good = good && add_launch(plan, path, value, json_array_get(streams, i), err);
    json_array_foreach(json_object_get(own, "notes"), i, value)
        good = good && (!json_is_string(value)
                        || erg_replay_plan_note(plan, err, "%s", json_string_value(value)));
    /* A number alone must not make an engine take memory. */
    return good && ((size_t)plan->tensor_count <= plan->launch_count * ERG_SIGNATURE_TENSORS
                    || erg_fail(err, ERG_BAD_INPUT,
                                "%s: %d tensors are more than its launches use", path,
                                (int)plan->tensor_count));
}

static bool read_plan(const erg_plan_input *input, const erg_replay_plan_options *options,
                      erg_replay_plan *plan, erg_error *err)
{
    plan_opening opening = { .plan = plan };
    bool good = erg_plan_lines_read(&(erg_plan_lines){ input->path, take_kernel, &opening },
                                    err)
        && take_plan(&opening, input, err);

    (void)options;
    json_decref(opening.own);
    return good;
}

static bool is_plan(const erg_plan_input *input)
{
    const char *end = strchr(input->head, '\n'),
               *found = strstr(input->head, ERG_PLAN_SCHEMA);
    return found && (!end || found < end);
}

const erg_plan_reader erg_plan_saved = { .name = "plan", .sniff = is_plan,
                                         .read = read_plan, .streams = true };
