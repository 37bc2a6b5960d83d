/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan.jsonl, erg.plan.v1: an object a kernel, its keys as the benchmark guide has them.
 * What is ours alone lies under `erg`; what is the plan's, under `erg.plan` of the first
 * line.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "format/json.h"
#include "replay/plan_file.h"

/* Jansson's calls take NULL and fail: one test at the end is enough. */
static json_t *integer_or_null(int64_t value)
{
    return value == ERG_NONE ? json_null() : json_integer(value);
}

static json_t *integers(const int64_t *values, int32_t count)
{
    json_t *list = json_array();

    for (int32_t i = 0; i < count;
         i++) json_array_append_new(list, json_integer(values[i]));
    return list;
}

static bool is_strided(const erg_signature_tensor *tensor)
{
    for (int32_t i = 0; i < tensor->rank; i++)
        if (tensor->strides[i] != 0) return true;
    return false;
}

static int32_t tensor_count(const erg_signature *s)
{
    return s->input_count + s->output_count;
}

static void put_tensors(json_t *to, const erg_signature *s)
{
    json_t *dims = json_array(), *strides = json_array(), *types = json_array();

    for (int32_t i = 0; i < tensor_count(s); i++) {
        const erg_signature_tensor *t = &s->tensors[i];
        json_array_append_new(dims, integers(t->dims, t->rank));
        json_array_append_new(strides,
                              is_strided(t) ? integers(t->strides, t->rank) : json_null());
        json_array_append_new(types, json_string(erg_precision_name(t->precision)));
    }
    json_object_set_new(to, "dims", s->shape_known ? json_incref(dims) : json_null());
    json_object_set_new(to, "strides", s->shape_known ? json_incref(strides) : json_null());
    json_object_set_new(to, "transposes",
                        json_pack("[b,b]", s->transpose_a, s->transpose_b));
    json_object_set_new(to, "dtypes", s->shape_known ? json_incref(types) : json_null());
    json_decref(dims);
    json_decref(strides);
    json_decref(types);
}

static json_t *window_of(const erg_window *w)
{
    json_t *to = json_object();

    for (size_t i = 0; i < ERG_PLAN_WINDOW_LISTS; i++)
        json_object_set_new(to, erg_plan_window_lists[i].name,
                            integers((const int64_t *)((const char *)w
                                                       + erg_plan_window_lists[i].at),
                                     w->axes));
    for (size_t i = 0; i < ERG_PLAN_WINDOW_NUMBERS; i++)
        json_object_set_new(to, erg_plan_window_numbers[i].name, json_integer(
            *(const int64_t *)((const char *)w + erg_plan_window_numbers[i].at)));
    return to;
}

static json_t *layouts_of(const erg_signature *s)
{
    json_t *to = json_array();
    bool any = false;

    for (int32_t i = 0; i < tensor_count(s); i++) {
        any |= s->tensors[i].layout[0] != '\0';
        json_array_append_new(to, json_string(s->tensors[i].layout));
    }
    if (any) return to;
    json_decref(to);
    return NULL;
}

/* set_new refuses NULL: what is not there is no key. */
static json_t *own_of(const erg_replay_kernel *kernel)
{
    const erg_signature *s = &kernel->signature;
    const int64_t matrix[ERG_PLAN_MATRIX] = { s->batch, s->m, s->n, s->k };
    json_t *to = json_object();

    if (s->shape_known) json_object_set_new(to, "inputs", json_integer(s->input_count));
    if (s->shape_known || s->precision != ERG_FP32)     /* which is also "not said" */
        json_object_set_new(to, "precision", json_string(erg_precision_name(s->precision)));
    for (size_t i = 0; i < ERG_PLAN_MATRIX; i++) {
        if (matrix[i] != 0) json_object_set_new(to, erg_plan_matrix[i],
                                                json_integer(matrix[i]));
    }
    if (s->axis >= 0) json_object_set_new(to, "axis", json_integer(s->axis));
    if (s->window.axes > 0) json_object_set_new(to, "window", window_of(&s->window));
    json_object_set_new(to, "layouts", layouts_of(s));
    if (kernel->stream >= 0) json_object_set_new(to, "stream",
                                                 json_integer(kernel->stream));
    if (!isnan(kernel->traced_s))
        json_object_set_new(to, "time_s", erg_json_real(kernel->traced_s));
    if (kernel->foreign)
        json_object_set_new(to, "foreign", json_loads(kernel->foreign, 0, NULL));
    return to;
}

static json_t *launches_of(const erg_replay_plan *plan)
{
    json_t *list = json_array();

    for (size_t i = 0; i < plan->launch_count; i++) {
        const erg_replay_launch *launch = &plan->launches[i];
        json_t *row = json_array();
        int32_t count = tensor_count(&plan->kernels[launch->kernel].signature);
        json_array_append_new(row, json_integer(launch->kernel));
        for (int32_t t = 0; t < count; t++)
            json_array_append_new(row, json_integer(launch->tensors[t]));
        json_array_append_new(list, row);
    }
    return list;
}

/* NULL where all launches follow each other. */
static json_t *streams_of(const erg_replay_plan *plan)
{
    json_t *list = json_array();
    bool any = false;

    for (size_t i = 0; i < plan->launch_count; i++) {
        any |= plan->launches[i].stream != 0;
        json_array_append_new(list, json_integer(plan->launches[i].stream));
    }
    if (any) return list;
    json_decref(list);
    return NULL;
}

static json_t *plan_of(const erg_replay_plan *plan)
{
    json_t *to = json_object(), *notes = json_array();

    json_object_set_new(to, "workload", json_string(plan->workload));
    json_object_set_new(to, "steps_from", json_string(plan->steps_from));
    if (plan->launch_count > 0) {
        json_object_set_new(to, "tensors", json_integer(plan->tensor_count));
        json_object_set_new(to, "launches", launches_of(plan));
        json_object_set_new(to, "streams", streams_of(plan));
    }
    for (size_t i = 0; i < plan->note_count; i++)
        json_array_append_new(notes, json_string(plan->notes[i]));
    json_object_set_new(to, "notes", notes);
    if (plan->foreign) json_object_set_new(to, "foreign",
                                           json_loads(plan->foreign, 0, NULL));
    return to;
}

static void put_counts(json_t *to, const erg_replay_plan *plan,
                       const erg_replay_kernel *kernel)
{
    const erg_signature *s = &kernel->signature;

    json_object_set_new(to, "bytes_in", integer_or_null(s->in_bytes));
    json_object_set_new(to, "bytes_out", integer_or_null(s->out_bytes));
    json_object_set_new(to, "flop", integer_or_null(s->flop));
    json_object_set_new(to, "grid", s->grid[0] > 0 ? integers(s->grid, 3) : json_null());
    json_object_set_new(to, "block", s->block[0] > 0 ? integers(s->block, 3) : json_null());
    json_object_set_new(to, "shared_bytes", s->grid[0] > 0 ? json_integer(s->shared_bytes)
                                                           : json_null());
    json_object_set_new(to, "count", json_integer(kernel->count));
    json_object_set_new(to, "steps", erg_json_real(plan->steps));
    json_object_set_new(to, "count_per_step",
                        erg_json_real((double)kernel->count / plan->steps));
    json_object_set_new(to, "shape_known", json_boolean(s->shape_known));
    json_object_set_new(to, "source", json_string(kernel->source));
}

static json_t *line_of(const erg_replay_plan *plan, size_t index)
{
    const erg_replay_kernel *kernel = &plan->kernels[index];
    const erg_signature *s = &kernel->signature;
    json_t *to = json_object(), *own = own_of(kernel);

    json_object_set_new(to, "schema", json_string(ERG_PLAN_SCHEMA));
    json_object_set_new(to, "id", json_string(kernel->id));
    json_object_set_new(to, "op", s->op == ERG_OP_UNKNOWN ? json_null()
                                                          : json_string(
                                      erg_op_kinds[s->op].name));
    json_object_set_new(to, "name", json_string(kernel->name));
    json_object_set_new(to, "tier", json_integer(kernel->tier));
    put_tensors(to, s);
    json_object_set_new(to, "alpha", erg_json_real(s->alpha));
    json_object_set_new(to, "beta", erg_json_real(s->beta));
    json_object_set_new(to, "algo", s->algo[0] ? json_string(s->algo) : json_null());
    put_counts(to, plan, kernel);
    if (index == 0) json_object_set_new(own, "plan", plan_of(plan));
    json_object_set_new(to, "erg", own);
    return to;
}

bool erg_replay_plan_save(const erg_replay_plan *plan, FILE *out, erg_error *err)
{
    for (size_t i = 0; i < plan->kernel_count; i++) {
        json_t *line = line_of(plan, i);
        char *text = line ? json_dumps(line, JSON_COMPACT) : NULL;
        json_decref(line);
        if (!text) return erg_fail(err, ERG_NO_MEMORY, "no memory for a plan");
        bool good = fputs(text, out) >= 0 && fputc('\n', out) != EOF;
        free(text);
        if (!good) return erg_fail(err, ERG_IO, "cannot write the plan");
    }
    return true;
}
