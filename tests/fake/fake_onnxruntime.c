/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An ONNX Runtime of a few functions in closed form. A model is text: "fake", then a line
 * "input NAME ELEMENT DIM.." and lines "output NAME KIND"; DIM -1 is free. Kinds:
 *
 *   means     [1,C]      mean of each channel of [1,C,H,W]
 *   quarters  [1,C,2,2]  mean of each quarter of it
 *   quarters-last [1,2,2,C] the same of [1,H,W,C]
 *   colours   [1,8]      the same, then zeros
 *   bag       [1,8]      how often each whole number modulo 8 comes up, where the second
 *                        input, if there is one, is not 0
 *   count     []         how many elements there are
 *   nan, whole, refuse   what goes wrong
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "quality/onnxruntime_abi.h"

enum { NAMES_MOST = 4, RANK_MOST = 8, BAG = 8, DOUBLE = 11 };

struct ort_status { char text[160]; };
struct ort_env { int unused; };
struct ort_options { int threads, order, level, optimization; };
struct ort_memory { int unused; };
struct ort_shape { int element; size_t rank; int64_t dims[RANK_MOST]; };
struct ort_type { ort_shape shape; };
struct ort_value { ort_shape shape; void *data; bool owns; };
struct ort_session {
    size_t inputs, outputs;
    char input[NAMES_MOST][32], output[NAMES_MOST][32], kind[NAMES_MOST][32];
    ort_shape shape[NAMES_MOST];    /* of the inputs */
};

static ort_result refuse(const char *text)
{
    ort_result made = calloc(1, sizeof(*made));
    snprintf(made->text, sizeof(made->text), "%s", text);
    return made;
}

static const char *error_text(ort_result result) { return result->text; }
static void plain_free(void *data) { free(data); }

static void *zeroed(size_t size) { return calloc(1, size); }

static ort_result env_new(int level, const char *name, ort_env **out)
{
    (void)level, (void)name;
    *out = zeroed(sizeof(**out));
    return NULL;
}

static ort_result telemetry_off(const ort_env *env) { (void)env; return NULL; }

static ort_result options_new(ort_options **out)
{
    *out = zeroed(sizeof(**out));
    (*out)->order = -1;
    return NULL;
}

static ort_result set_order(ort_options *o, int order) { o->order = order; return NULL; }
static ort_result set_level(ort_options *o, int level) { o->level = level; return NULL; }
static ort_result set_optimization(ort_options *o, int level)
{
    o->optimization = level;
    return NULL;
}
static ort_result add_threads(ort_options *o, int n) { o->threads += n; return NULL; }

/* ---- models -------------------------------------------------------------------------- */

static void read_input(ort_session *to, char *line)
{
    static const struct { const char *name; int element; } elements[] = {
        { "float", ORT_FLOAT }, { "int32", ORT_INT32 }, { "int64", ORT_INT64 },
        { "double", DOUBLE } };
    char *name = strtok(line, " "), *element = strtok(NULL, " "), *dim;
    ort_shape *shape = &to->shape[to->inputs];
    snprintf(to->input[to->inputs++], 32, "%s", name);
    for (size_t i = 0; i < sizeof(elements) / sizeof(*elements); i++)
        if (strcmp(elements[i].name, element) == 0)
            shape->element = elements[i].element;
    while ((dim = strtok(NULL, " ")))
        shape->dims[shape->rank++] = atoll(dim);
}

static ort_result session_new(const ort_env *env, const void *model, size_t size,
                              const ort_options *options, ort_session **out)
{
    char *text = strndup(model, size), *rest = text;
    ort_session *to = zeroed(sizeof(*to));
    bool is_fake = strcmp(strsep(&rest, "\n"), "fake") == 0;

    (void)env;
    for (char *line; is_fake && (line = strsep(&rest, "\n"));)
        if (strncmp(line, "input ", 6) == 0)
            read_input(to, line + 6);
        else if (sscanf(line, "output %31s %31s", to->output[to->outputs],
                        to->kind[to->outputs]) == 2)
            to->outputs++;
    free(text);
    *out = to;
    if (is_fake && options->threads == 2 && options->order == ORT_RUN_IN_ORDER
        && options->level == ORT_LOG_FATAL
        && options->optimization == ORT_OPTIMIZE_EXTENDED)
        return NULL;
    free(to);
    *out = NULL;
    return refuse(is_fake ? "options that erg promises are not set" : "no protobuf");
}

static ort_result input_count(const ort_session *s, size_t *out)
{
    *out = s->inputs;
    return NULL;
}

static ort_result output_count(const ort_session *s, size_t *out)
{
    *out = s->outputs;
    return NULL;
}

static ort_result input_name(const ort_session *s, size_t i, ort_allocator *with,
                             char **out)
{
    (void)with;
    *out = strdup(s->input[i]);
    return NULL;
}

static ort_result output_name(const ort_session *s, size_t i, ort_allocator *with,
                              char **out)
{
    (void)with;
    *out = strdup(s->output[i]);
    return NULL;
}

static ort_result input_type(const ort_session *s, size_t i, ort_type **out)
{
    *out = zeroed(sizeof(**out));
    (*out)->shape = s->shape[i];
    return NULL;
}

static ort_result type_shape(const ort_type *type, const ort_shape **out)
{
    *out = &type->shape;
    return NULL;
}

/* ---- values -------------------------------------------------------------------------- */

static ort_result shape_element(const ort_shape *s, int *out)
{
    *out = s->element;
    return NULL;
}

static ort_result shape_rank(const ort_shape *s, size_t *out)
{
    *out = s->rank;
    return NULL;
}

static ort_result shape_dims(const ort_shape *s, int64_t *out, size_t rank)
{
    memcpy(out, s->dims, rank * sizeof(*out));
    return NULL;
}

static ort_result memory_new(int allocator, int kind, ort_memory **out)
{
    (void)allocator, (void)kind;
    *out = zeroed(sizeof(**out));
    return NULL;
}

static ort_result allocator(ort_allocator **out) { *out = NULL; return NULL; }
static ort_result allocator_free(ort_allocator *with, void *data)
{
    (void)with;
    free(data);
    return NULL;
}

static ort_value *value_new(int element, void *data, size_t rank, const int64_t dims[])
{
    ort_value *made = zeroed(sizeof(*made));
    size_t count = 1;
    made->shape.element = element;
    made->shape.rank = rank;
    for (size_t i = 0; i < rank; i++)
        count *= (size_t)(made->shape.dims[i] = dims[i]);
    made->owns = !data;
    made->data = data ? data : zeroed(count * sizeof(double));
    return made;
}

static ort_result tensor_over(const ort_memory *memory, void *data, size_t bytes,
                              const int64_t *dims, size_t rank, int element,
                              ort_value **out)
{
    size_t each = element == ORT_INT64 ? 8 : 4;
    (void)memory;
    for (size_t i = 0; i < rank; i++)
        each *= (size_t)dims[i];
    *out = each == bytes ? value_new(element, data, rank, dims) : NULL;
    return *out ? NULL : refuse("a buffer of another size");
}

static ort_result is_tensor(const ort_value *v, int *out) { *out = !!v; return NULL; }
static ort_result tensor_data(ort_value *v, void **out) { *out = v->data; return NULL; }
static ort_result tensor_shape(const ort_value *value, ort_shape **out)
{
    *out = zeroed(sizeof(**out));
    **out = value->shape;
    return NULL;
}

static void value_free(ort_value *value)
{
    if (value->owns)
        free(value->data);
    free(value);
}

/* ---- runs ---------------------------------------------------------------------------- */

static ort_value *means(const ort_value *in, int64_t features)
{
    const int64_t *d = in->shape.dims, places = d[2] * d[3];
    ort_value *out = value_new(ORT_FLOAT, NULL, 2, (int64_t[]){ 1, features });
    for (int64_t c = 0; c < d[1]; c++)
        for (int64_t p = 0; p < places; p++)
            ((float *)out->data)[c] += ((float *)in->data)[c * places + p] / (float)places;
    return out;
}

static ort_value *quarters(const ort_value *in, bool last)
{
    const int64_t *d = in->shape.dims, h = last ? d[1] : d[2], w = last ? d[2] : d[3];
    const int64_t channels = last ? d[3] : d[1];
    ort_value *out = value_new(ORT_FLOAT, NULL, 4, last ? (int64_t[]){ 1, 2, 2, channels }
                                                        : (int64_t[]){ 1, channels, 2, 2 });
    for (int64_t c = 0; c < channels; c++)
        for (int64_t y = 0; y < h; y++)
            for (int64_t x = 0; x < w; x++) {
                int64_t q = 2 * (2 * y >= h) + (2 * x >= w);
                int64_t from = last ? (y * w + x) * channels + c : (c * h + y) * w + x;
                ((float *)out->data)[last ? q * channels + c : c * 4 + q]
                    += 4 * ((float *)in->data)[from] / (float)(h * w);
            }
    return out;
}

static int64_t whole(const ort_value *in, int64_t i)
{
    return in->shape.element == ORT_INT64 ? ((int64_t *)in->data)[i]
                                          : ((int32_t *)in->data)[i];
}

static ort_value *bag(const ort_value *in, const ort_value *mask)
{
    ort_value *out = value_new(ORT_FLOAT, NULL, 2, (int64_t[]){ 1, BAG });
    for (int64_t i = 0; i < in->shape.dims[1]; i++)
        if (!mask || whole(mask, i) != 0)
            ((float *)out->data)[whole(in, i) % BAG] += 1;
    return out;
}

static ort_value *count(const ort_value *in)
{
    ort_value *out = value_new(ORT_FLOAT, NULL, 0, NULL);
    *(float *)out->data = 1;
    for (size_t i = 0; i < in->shape.rank; i++)
        *(float *)out->data *= (float)in->shape.dims[i];
    return out;
}

static ort_value *compute(const char *kind, const ort_value *in, const ort_value *mask)
{
    bool last = strcmp(kind, "quarters-last") == 0;
    if (strcmp(kind, "means") == 0)
        return means(in, in->shape.dims[1]);
    if (strcmp(kind, "colours") == 0)
        return means(in, BAG);
    if (last || strcmp(kind, "quarters") == 0)
        return quarters(in, last);
    if (strcmp(kind, "bag") == 0)
        return bag(in, mask);
    if (strcmp(kind, "count") == 0)
        return count(in);
    ort_value *out = value_new(strcmp(kind, "whole") == 0 ? ORT_INT64 : ORT_FLOAT, NULL, 2,
                               (int64_t[]){ 1, 2 });
    if (strcmp(kind, "nan") == 0)
        *(float *)out->data = NAN;
    return out;
}

static bool is_of(const ort_shape *wanted, const ort_shape *given)
{
    if (given->rank != wanted->rank || given->element != wanted->element)
        return false;
    for (size_t i = 0; i < wanted->rank; i++)
        if (wanted->dims[i] >= 0 && wanted->dims[i] != given->dims[i])
            return false;
    return true;
}

/* Inputs may come in any order: values[i] is that of the session's input i, or NULL. */
static void sort_inputs(const ort_session *s, const char *const *names, size_t count,
                        const ort_value *const *given, const ort_value *values[])
{
    for (size_t i = 0; i < s->inputs; i++)
        for (size_t j = 0; j < count; j++)
            if (strcmp(names[j], s->input[i]) == 0)
                values[i] = given[j];
}

static ort_result run(ort_session *s, const void *options, const char *const *names,
                      const ort_value *const *inputs, size_t input_count_,
                      const char *const *output_names, size_t outputs, ort_value **values)
{
    const ort_value *given[NAMES_MOST] = { 0 };

    sort_inputs(s, names, input_count_, inputs, given);
    for (size_t i = 0; i < s->inputs; i++)
        if (options || input_count_ != s->inputs || !given[i])
            return refuse("a run with other inputs");
        else if (!is_of(&s->shape[i], &given[i]->shape))
            return refuse("Got invalid dimensions for input");
    for (size_t i = 0; i < outputs; i++)
        for (size_t j = 0; j < s->outputs; j++)
            if (strcmp(output_names[i], s->output[j]) == 0) {
                if (strcmp(s->kind[j], "refuse") == 0)
                    return refuse("the fake refuses");
                values[i] = compute(s->kind[j], given[0], given[1]);
            }
    return NULL;
}

/* ---- the table ----------------------------------------------------------------------- */

#define F(name, function) { name, (const void *)(function) }
static const struct { const char *name; const void *function; } functions[] = {
    F("GetErrorMessage", error_text), F("CreateEnv", env_new),
    F("DisableTelemetryEvents", telemetry_off), F("CreateSessionFromArray", session_new),
    F("Run", run), F("CreateSessionOptions", options_new),
    F("SetSessionExecutionMode", set_order), F("SetSessionLogSeverityLevel", set_level),
    F("SetSessionGraphOptimizationLevel", set_optimization),
    F("SetIntraOpNumThreads", add_threads), F("SetInterOpNumThreads", add_threads),
    F("SessionGetInputCount", input_count), F("SessionGetOutputCount", output_count),
    F("SessionGetInputTypeInfo", input_type), F("SessionGetInputName", input_name),
    F("SessionGetOutputName", output_name),
    F("CreateTensorWithDataAsOrtValue", tensor_over),
    F("IsTensor", is_tensor), F("GetTensorMutableData", tensor_data),
    F("CastTypeInfoToTensorInfo", type_shape), F("GetTensorElementType", shape_element),
    F("GetDimensionsCount", shape_rank), F("GetDimensions", shape_dims),
    F("GetTensorTypeAndShape", tensor_shape), F("CreateCpuMemoryInfo", memory_new),
    F("AllocatorFree", allocator_free), F("GetAllocatorWithDefaultOptions", allocator),
    F("ReleaseEnv", plain_free), F("ReleaseStatus", plain_free),
    F("ReleaseMemoryInfo", plain_free), F("ReleaseSession", plain_free),
    F("ReleaseValue", value_free), F("ReleaseTypeInfo", plain_free),
    F("ReleaseTensorTypeAndShapeInfo", plain_free), F("ReleaseSessionOptions", plain_free),
};

static const void *const *get(uint32_t version)
{
    static const void *table[ORT_PLACES];
#ifdef FAKE_OLD
    if (version > 5)
        return NULL;
#endif
    (void)version;
    for (size_t i = 0; i < ort_place_count; i++)
        for (size_t j = 0; j < sizeof(functions) / sizeof(*functions); j++)
            if (strcmp(ort_places[i].name, functions[j].name) == 0)
                table[ort_places[i].place] = functions[j].function;
    return table;
}

static const char *version(void) { return "0.0.0"; }

__attribute__((visibility("default"))) const ort_base *OrtGetApiBase(void);
const ort_base *OrtGetApiBase(void)
{
    static const ort_base base = { get, version };
    return &base;
}
