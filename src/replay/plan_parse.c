/* SPDX-License-Identifier: Apache-2.0 */
/* A line of plan.jsonl read back. Keys that are not ours are kept under erg.foreign. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "format/json.h"
#include "replay/plan_file.h"

static const char *const kernel_keys[] = {
    "schema", "id", "op", "name", "tier", "dims", "strides", "transposes",
    "dtypes", "alpha", "beta", "algo", "bytes_in", "bytes_out", "flop", "grid", "block",
    "shared_bytes", "count", "steps", "count_per_step", "shape_known", "source", "erg", NULL
};
static const char *const own_keys[] = { "inputs", "precision", "batch",
                                        "m", "n", "k", "axis", "window", "layouts",
                                        "stream", "time_s", "plan", "foreign", NULL };
static bool refuse(const erg_plan_place *at, erg_error *err, const char *key,
                   const char *wanted)
{
    return erg_fail(err, ERG_BAD_INPUT, "%s:%zu: \"%s\" is not %s", at->path, at->line, key,
                    wanted);
}

/* ---- what is not ours ---------------------------------------------------------------- */

static bool is_among(const char *key, const char *const keys[])
{
    for (size_t i = 0; keys[i]; i++)
        if (strcmp(keys[i], key) == 0) return true;
    return false;
}

static void keep_unknown(const json_t *from, const char *const known[], json_t *to)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)from, key, value)
        if (!is_among(key, known)) json_object_set(to, key, value);
}

char *erg_plan_foreign(const json_t *own, const char *const own_names[],
                       const json_t *outer, const char *const outer_names[])
{
    json_t *all = json_object();

    json_object_update(all, json_object_get(own, "foreign"));
    keep_unknown(own, own_names, all);
    if (outer) keep_unknown(outer, outer_names, all);
    char *text = json_object_size(all) > 0 ? json_dumps(all, JSON_COMPACT) : NULL;
    json_decref(all);
    return text;
}

/* ---- values -------------------------------------------------------------------------- */

static int64_t integer_or_none(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) && json_integer_value(value) >= 0
        ? json_integer_value(value)
                                                                     : ERG_NONE;
}

/* Missing or null: all stay as they are. */
static bool integers_into(const json_t *list, int64_t *to, size_t most, size_t *count)
{
    size_t size = json_array_size(list);

    if (json_is_null(list) || !list) return true;
    if (!json_is_array(list) || size > most) return false;
    for (size_t i = 0; i < size; i++) {
        const json_t *value = json_array_get(list, i);
        if (!json_is_integer(value) || json_integer_value(value) < 0) return false;
        to[i] = json_integer_value(value);
    }
    if (count) *count = size;
    return true;
}

static bool text_into(const json_t *object, const char *key, char *to, size_t size)
{
    const json_t *value = json_object_get(object, key);

    if (!value || json_is_null(value)) return true;
    if (!json_is_string(value) || json_string_length(value) >= size) return false;
    erg_text_put(to, size, json_string_value(value));
    return true;
}

static bool op_into(const json_t *value, erg_op_kind *to)
{
    if (!value || json_is_null(value)) return true;
    for (int i = 0; json_is_string(value) && i < ERG_OP_KINDS; i++)
        if (strcmp(erg_op_kinds[i].name, json_string_value(value)) == 0) {
            *to = (erg_op_kind)i;
            return true;
        }
    return false;
}

static bool precision_into(const json_t *value, erg_precision *to)
{
    return !value
        || (json_is_string(value) && erg_precision_parse(json_string_value(value), to));
}

/* ---- a kernel ------------------------------------------------------------------------ */

static bool read_tensor(const json_t *line, size_t i, erg_signature_tensor *to)
{
    size_t rank = 0, strides = 0;
    const json_t *stride = json_array_get(json_object_get(line, "strides"), i);
    const json_t *type = json_array_get(json_object_get(line, "dtypes"), i);

    if (!integers_into(json_array_get(json_object_get(line, "dims"), i), to->dims,
                       ERG_SIGNATURE_RANK, &rank)
        || !integers_into(stride, to->strides, ERG_SIGNATURE_RANK, &strides))
        return false;
    to->rank = (int32_t)rank;
    return (strides == 0 || strides == rank) && precision_into(type, &to->precision);
}

static bool read_tensors(const erg_plan_place *at, const json_t *line, const json_t *own,
                         erg_signature *s, erg_error *err)
{
    const json_t *dims = json_object_get(line, "dims"),
                 *turns = json_object_get(line, "transposes");
    const json_t *inputs = json_object_get(own, "inputs");
    size_t count = json_array_size(dims);

    s->transpose_a = json_is_true(json_array_get(turns, 0));
    s->transpose_b = json_is_true(json_array_get(turns, 1));
    s->shape_known = json_is_true(json_object_get(line, "shape_known"));
    if (!s->shape_known) return true;
    if (count == 0 || count > ERG_SIGNATURE_TENSORS)
        return refuse(at, err, "dims", "a list of 1 to 6 shapes");
    /* Without our own key the last shape is the output. */
    s->input_count = inputs ? (int32_t)json_integer_value(inputs) : (int32_t)count - 1;
    if (s->input_count < 0 || (size_t)s->input_count >= count)
        return refuse(at, err, "inputs", "fewer than its shapes");
    s->output_count = (int32_t)count - s->input_count;
    for (size_t i = 0; i < count; i++) {
        const json_t *layout = json_array_get(json_object_get(own, "layouts"), i);
        if (!read_tensor(line, i, &s->tensors[i]))
            return refuse(at, err, "dims",
                          "shapes of up to 6 axes, with strides and a dtype");
        if (json_is_string(layout))
            erg_text_put(s->tensors[i].layout, ERG_SIGNATURE_LAYOUT,
                         json_string_value(layout));
    }
    return true;
}

static bool read_window(const json_t *from, erg_window *to)
{
    size_t axes = 0;

    for (size_t i = 0; i < ERG_PLAN_WINDOW_LISTS; i++) {
        const erg_plan_field *field = &erg_plan_window_lists[i];
        size_t count = 0;
        if (!integers_into(json_object_get(from, field->name),
                           (int64_t *)((char *)to + field->at), 3, &count)
            || count == 0 || (i > 0 && count != axes)) return false;
        axes = count;
    }
    to->axes = (int32_t)axes;
    for (size_t i = 0; i < ERG_PLAN_WINDOW_NUMBERS; i++) {
        int64_t value = integer_or_none(from, erg_plan_window_numbers[i].name);
        if (value == ERG_NONE) return false;
        memcpy((char *)to + erg_plan_window_numbers[i].at, &value, sizeof value);
    }
    return true;
}

static bool read_own(const erg_plan_place *at, const json_t *own, erg_replay_kernel *kernel,
                     erg_error *err)
{
    erg_signature *s = &kernel->signature;
    int64_t *const matrix[ERG_PLAN_MATRIX] = { &s->batch, &s->m, &s->n, &s->k };
    const json_t *axis = json_object_get(own, "axis"),
                 *stream = json_object_get(own, "stream");
    const json_t *window = json_object_get(own, "window");

    if (!precision_into(json_object_get(own, "precision"), &s->precision))
        return refuse(at, err, "precision", "one we know");
    for (size_t i = 0; i < ERG_PLAN_MATRIX; i++) {
        int64_t value = integer_or_none(own, erg_plan_matrix[i]);
        if (value != ERG_NONE) *matrix[i] = value;
    }
    if (json_is_integer(axis) && json_integer_value(axis) >= 0
        && json_integer_value(axis) < ERG_SIGNATURE_RANK)
        s->axis = (int32_t)json_integer_value(axis);
    if (json_is_integer(stream)) kernel->stream = json_integer_value(stream);
    kernel->traced_s = erg_json_number_of(own, "time_s");
    return !window || read_window(window, &s->window)
        || refuse(at, err, "window", "a window with all its lists");
}

static bool read_launch_size(const erg_plan_place *at, const json_t *line, erg_signature *s,
                             erg_error *err)
{
    size_t grid = 3, block = 3;
    int64_t shared = integer_or_none(line, "shared_bytes");

    if (!integers_into(json_object_get(line, "grid"), s->grid, 3, &grid)
        || !integers_into(json_object_get(line, "block"), s->block, 3, &block) || grid != 3
        || block != 3)
        return refuse(at, err, "grid", "three whole numbers, as in block");
    s->shared_bytes = shared == ERG_NONE ? 0 : shared;
    s->in_bytes = integer_or_none(line, "bytes_in");
    s->out_bytes = integer_or_none(line, "bytes_out");
    s->flop = integer_or_none(line, "flop");
    return true;
}

static bool read_names(const erg_plan_place *at, const json_t *line,
                       erg_replay_kernel *kernel, erg_error *err)
{
    const json_t *name = json_object_get(line, "name");
    int64_t tier = integer_or_none(line, "tier"), count = integer_or_none(line, "count");

    if (!json_is_string(name)) return refuse(at, err, "name", "a text");
    if (count == ERG_NONE) return refuse(at, err, "count", "a whole number of launches");
    if (tier == ERG_NONE || tier >= ERG_TIERS) return refuse(at, err, "tier", "1 to 4");
    erg_replay_kernel_init(kernel, json_string_value(name), "plan");
    kernel->count = count;
    kernel->tier = (erg_tier)tier;
    if (!op_into(json_object_get(line, "op"), &kernel->signature.op))
        return refuse(at, err, "op", "a kind of operator that we know");
    return (text_into(line, "id", kernel->id, sizeof kernel->id)
            && text_into(line, "source", kernel->source, sizeof kernel->source)
            && text_into(line, "algo", kernel->signature.algo,
                         sizeof kernel->signature.algo))
        || refuse(at, err, "id", "a short text, as source and algo");
}

static void read_reals(const json_t *line, erg_signature *s)
{
    double alpha = erg_json_number_of(line, "alpha"),
           beta = erg_json_number_of(line, "beta");

    s->alpha = isnan(alpha) ? 1 : alpha;
    s->beta = isnan(beta) ? 0 : beta;
}

bool erg_plan_kernel_read(const erg_plan_place *at, const json_t *line,
                          erg_replay_kernel *kernel, erg_error *err)
{
    const json_t *own = json_object_get(line, "erg");

    if (!read_names(at, line, kernel, err)
        || !read_launch_size(at, line, &kernel->signature, err)
        || !read_tensors(at, line, own, &kernel->signature, err)
        || !read_own(at, own, kernel, err)) return false;
    read_reals(line, &kernel->signature);
    kernel->foreign = erg_plan_foreign(own, own_keys, line, kernel_keys);
    return true;
}
