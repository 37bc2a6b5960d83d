/* SPDX-License-Identifier: Apache-2.0 */
/* One model in ONNX Runtime: its names and shapes are looked at before it runs. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "quality/onnxruntime_inside.h"

enum { OUTPUTS_MOST = 64 };

struct erg_ort {
    ort_api api;
    ort_env *env;
    ort_options *options;
    ort_session *session;
    ort_memory *memory;
    ort_value *values[OUTPUTS_MOST];    /* of the last run */
    const char *path, *input, *mask;
    const char *const *outputs;
    size_t output_count;
    int element;
};

/* Frees result. code: what it is where the runtime refuses. */
static bool fine(const erg_ort *ort, ort_result result, const char *what,
                 erg_code code, erg_error *err)
{
    if (!result)
        return true;
    erg_fail(err, code, "%s: ONNX Runtime %s: %s", what, ort->api.version,
             ort->api.error_text(result));
    ort->api.result_free(result);
    return false;
}

static bool ready(const erg_ort *ort, ort_result result, erg_error *err)
{
    return fine(ort, result, ort->path, ERG_UNSUPPORTED, err);
}

/* ---- the model -------------------------------------------------------------------- */

static bool configure(erg_ort *to, erg_error *err)
{
    const ort_api *api = &to->api;

    return ready(to, api->env_new(ORT_LOG_FATAL, "erg", &to->env), err)
        && ready(to, api->telemetry_off(to->env), err)
        && ready(to, api->memory_new(ORT_PLAIN_ALLOCATOR, ORT_MEMORY_DEFAULT, &to->memory),
                 err)
        && ready(to, api->options_new(&to->options), err)
        && ready(to, api->set_log_level(to->options, ORT_LOG_FATAL), err)
        && ready(to, api->set_order(to->options, ORT_RUN_IN_ORDER), err)
        && ready(to, api->set_threads_within(to->options, 1), err)
        && ready(to, api->set_threads_between(to->options, 1), err)
        && ready(to, api->set_optimization(to->options, ORT_OPTIMIZE_EXTENDED), err);
}

typedef ort_result name_of(const ort_session *session, size_t index, ort_allocator *with,
                           char **out);

/* The place of name; all names into known where there is none. */
static bool find_name(const erg_ort *ort, name_of *get, size_t count,
                      const char *name, size_t *place, erg_text *known, erg_error *err)
{
    ort_allocator *with = NULL;
    bool ok = ready(ort, ort->api.allocator(&with), err);

    *place = SIZE_MAX;
    for (size_t i = 0; ok && i < count; i++) {
        char *one = NULL;
        ok = ready(ort, get(ort->session, i, with, &one), err);
        if (!ok)
            break;
        if (strcmp(one, name) == 0)
            *place = i;
        erg_text_add(known, " %s", one);
        ok = ready(ort, ort->api.allocator_free(with, one), err);
    }
    return ok;
}

static bool check_name(const erg_ort *ort, bool is_input, const char *name,
                       size_t *place, erg_error *err)
{
    const ort_api *api = &ort->api;
    erg_text known = { 0 };
    size_t count = 0;
    bool ok = ready(ort, is_input ? api->input_count(ort->session, &count)
                                      : api->output_count(ort->session, &count), err)
           && find_name(ort, is_input ? api->input_name : api->output_name, count, name,
                        place, &known, err);

    if (ok && *place == SIZE_MAX)
        ok = erg_fail(err, ERG_BAD_INPUT, "%s has no %s %s; there are%s", ort->path,
                      is_input ? "input" : "output", name, known.data ? known.data : "");
    else if (ok && is_input && count != (ort->mask ? 2 : 1))
        ok = erg_fail(err, ERG_BAD_INPUT, "%s wants %zu inputs (%s ); %s can be given: "
                      "export it so, or name a mask of tokens in its .json file",
                      ort->path, count, known.data, ort->mask ? "two" : "one");
    erg_text_free(&known);
    return ok;
}

static bool check_shape(erg_ort *ort, const char *name, const ort_shape *shape,
                        erg_error *err)
{
    const ort_api *api = &ort->api;
    int64_t dims[ERG_ORT_RANK_MOST] = { 0 };
    size_t rank = 0;
    int element = ort->element;

    if (!ready(ort, api->shape_element(shape, &element), err)
        || !ready(ort, api->shape_rank(shape, &rank), err))
        return false;
    if (element != ORT_FLOAT && element != ORT_INT32 && element != ORT_INT64)
        return erg_fail(err, ERG_BAD_INPUT, "%s: input %s is neither float32 nor a whole "
                        "number (ONNX type %d): export it so", ort->path, name, element);
    ort->element = element;
    if (rank > ERG_ORT_RANK_MOST
        || !ready(ort, api->shape_dims(shape, dims, rank), err))
        return erg_fail(err, ERG_BAD_INPUT, "%s: input %s has %zu dimensions",
                        ort->path, name, rank);
    return rank == 0 || dims[0] < 0 || dims[0] == 1
        || erg_fail(err, ERG_BAD_INPUT, "%s takes %lld items at once; one at a time is "
                    "computed: export it with a batch of 1, or a free one", ort->path,
                    (long long)dims[0]);
}

/* The last one looked at says what elements are. */
static bool check_input(erg_ort *ort, const char *name, erg_error *err)
{
    size_t place = 0;
    ort_type *type = NULL;
    const ort_shape *shape = NULL;      /* belongs to type */
    bool ok = check_name(ort, true, name, &place, err)
           && ready(ort, ort->api.input_type(ort->session, place, &type), err)
           && ready(ort, ort->api.type_shape(type, &shape), err);

    if (ok)
        ok = shape ? check_shape(ort, name, shape, err)
                   : erg_fail(err, ERG_BAD_INPUT, "%s: input %s is no tensor",
                              ort->path, name);
    if (type)
        ort->api.type_free(type);
    return ok;
}

static bool check_inputs(erg_ort *ort, erg_error *err)
{
    if (ort->mask && !check_input(ort, ort->mask, err))
        return false;
    int element = ort->element;
    return check_input(ort, ort->input, err)
        && (!ort->mask || ort->element == element
            || erg_fail(err, ERG_BAD_INPUT, "%s: inputs %s and %s hold numbers of "
                        "different kinds: export them alike", ort->path, ort->input,
                        ort->mask));
}

static bool load(erg_ort *to, const erg_ort_options *from, erg_error *err)
{
    size_t place;

    if (from->output_count > OUTPUTS_MOST)
        return erg_fail(err, ERG_BAD_INPUT, "%s: %zu outputs; %d are read", from->path,
                        from->output_count, OUTPUTS_MOST);
    if (!erg_ort_open(from->library, &to->api, err) || !configure(to, err)
        || !fine(to, to->api.session_new(to->env, from->model, from->size, to->options,
                                         &to->session), from->path, ERG_BAD_INPUT, err)
        || !check_inputs(to, err))
        return false;
    for (size_t i = 0; i < from->output_count; i++)
        if (!check_name(to, false, from->outputs[i], &place, err))
            return false;
    return true;
}

erg_ort *erg_ort_new(const erg_ort_options *options, erg_error *err)
{
    erg_ort *made = calloc(1, sizeof(*made));

    if (!made) {
        erg_fail(err, ERG_NO_MEMORY, "out of memory");
        return NULL;
    }
    made->path = options->path;
    made->input = options->input;
    made->mask = options->mask;
    made->outputs = options->outputs;
    made->output_count = options->output_count;
    if (load(made, options, err))
        return made;
    erg_ort_free(made);
    return NULL;
}

static void drop_values(erg_ort *ort)
{
    for (size_t i = 0; i < ort->output_count && i < OUTPUTS_MOST; i++)
        if (ort->values[i]) {
            ort->api.value_free(ort->values[i]);
            ort->values[i] = NULL;
        }
}

void erg_ort_free(erg_ort *ort)
{
    if (!ort)
        return;
    drop_values(ort);
    if (ort->session)
        ort->api.session_free(ort->session);
    if (ort->options)
        ort->api.options_free(ort->options);
    if (ort->memory)
        ort->api.memory_free(ort->memory);
    if (ort->env)
        ort->api.env_free(ort->env);
    free(ort);
}

erg_element erg_ort_element(const erg_ort *ort)
{
    return ort->element == ORT_FLOAT ? ERG_FLOAT
         : ort->element == ORT_INT32 ? ERG_INT32 : ERG_INT64;
}

/* ---- a run --------------------------------------------------------------------------- */

static bool read_shape(const erg_ort *ort, const ort_shape *shape, size_t output,
                       erg_ort_output *to, erg_error *err)
{
    int64_t dims[ERG_ORT_RANK_MOST] = { 0 };
    size_t rank = 0;
    int element = 0;

    if (!ready(ort, ort->api.shape_element(shape, &element), err)
        || !ready(ort, ort->api.shape_rank(shape, &rank), err))
        return false;
    if (element != ORT_FLOAT || rank > ERG_ORT_RANK_MOST)
        return erg_fail(err, ERG_BAD_INPUT, "%s: output %s is not float32 of at most %d "
                        "dimensions: export it so", ort->path, ort->outputs[output],
                        ERG_ORT_RANK_MOST);
    if (!ready(ort, ort->api.shape_dims(shape, dims, rank), err))
        return false;
    *to = (erg_ort_output){ .rank = (int)rank, .count = 1 };
    for (size_t i = 0; i < rank; i++)
        to->count *= (to->dims[i] = (size_t)dims[i]);
    return true;
}

static bool read_output(const erg_ort *ort, const char *what, size_t output,
                        erg_ort_output *to, erg_error *err)
{
    ort_value *value = ort->values[output];
    ort_shape *shape = NULL;
    void *data = NULL;
    int is_tensor = 0;

    if (!ready(ort, ort->api.is_tensor(value, &is_tensor), err))
        return false;
    if (!is_tensor)
        return erg_fail(err, ERG_BAD_INPUT, "%s: output %s is no tensor", ort->path,
                        ort->outputs[output]);
    bool ok = ready(ort, ort->api.tensor_shape(value, &shape), err)
           && read_shape(ort, shape, output, to, err)
           && ready(ort, ort->api.tensor_data(value, &data), err);
    if (shape)
        ort->api.shape_free(shape);
    to->values = data;
    for (size_t i = 0; ok && i < to->count; i++)
        if (!isfinite(to->values[i]))
            ok = erg_fail(err, ERG_BAD_INPUT, "%s: output %s of %s holds %g", ort->path,
                          ort->outputs[output], what, (double)to->values[i]);
    return ok;
}

static bool give(const erg_ort *ort, const erg_ort_input *input, void *values,
                 ort_value **to, erg_error *err)
{
    size_t bytes = ort->element == ORT_INT64 ? sizeof(int64_t) : sizeof(int32_t);

    for (size_t i = 0; i < input->rank; i++)
        bytes *= (size_t)input->dims[i];
    return ready(ort, ort->api.tensor_over(ort->memory, values, bytes, input->dims,
                                           input->rank, ort->element, to), err);
}

bool erg_ort_run(erg_ort *ort, const char *what, const erg_ort_input *input,
                 erg_ort_output outputs[], erg_error *err)
{
    const char *const names[] = { ort->input, ort->mask };
    ort_value *given[2] = { 0 };

    drop_values(ort);
    bool ok = give(ort, input, input->values, &given[0], err)
           && (!ort->mask || give(ort, input, input->mask, &given[1], err));
    const ort_value *const inputs[] = { given[0], given[1] };
    ok = ok && fine(ort, ort->api.run(ort->session, NULL, names, inputs, ort->mask ? 2 : 1,
                                      ort->outputs, ort->output_count, ort->values),
                    what, ERG_BAD_INPUT, err);
    for (size_t i = 0; i < 2; i++)
        if (given[i])
            ort->api.value_free(given[i]);
    for (size_t i = 0; ok && i < ort->output_count; i++)
        ok = read_output(ort, what, i, &outputs[i], err);
    return ok;
}
