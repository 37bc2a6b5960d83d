/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The builder: what every reader fills. Its first failure sticks, so that a
 * network can be written down without an if after each line.
 */
#include <stdlib.h>
#include <string.h>
#include "workload/build.h"
#include "workload/count.h"

struct erg_builder {
    erg_graph *graph;
    erg_arena *arena;
    erg_graph_options options;
    bool seq_is_default;
    char scope[48];
    erg_error error;
    erg_tensor *tensors;
    erg_operator *operators;
    const char **notes;
    size_t tensor_capacity, operator_capacity, note_capacity;
};

typedef struct graph_inside {
    erg_arena *arena;
    erg_tensor *tensors;
    erg_operator *operators;
    const char **notes;
} graph_inside;

static void fill_defaults(erg_graph_options *options)
{
    if (options->batch == 0)
        options->batch = 1;
    if (options->seq == 0)
        options->seq = 512;
    if (options->attention == ERG_ATTENTION_AUTO)
        options->attention = options->runtime == ERG_GRAPH ? ERG_ATTENTION_FLASH
                                                           : ERG_ATTENTION_PLAIN;
}

static void builder_free(erg_builder *builder)
{
    erg_arena_free(builder->arena);
    free(builder->tensors);
    free(builder->operators);
    free(builder->notes);
    free(builder->graph);
    free(builder);
}

erg_builder *erg_build_begin(const char *name, const char *reader,
                             const erg_graph_options *options, erg_error *err)
{
    erg_builder *builder = calloc(1, sizeof(*builder));
    erg_graph *graph = calloc(1, sizeof(*graph));

    if (!builder || !graph) {
        free(builder);
        free(graph);
        erg_fail(err, ERG_NO_MEMORY, "no memory for a graph");
        return NULL;
    }
    builder->graph = graph;
    builder->options = options ? *options : (erg_graph_options){ 0 };
    builder->seq_is_default = builder->options.seq == 0;
    fill_defaults(&builder->options);
    builder->arena = erg_arena_new(err);
    if (!builder->arena || !(graph->name = erg_arena_text(builder->arena, name, err))) {
        builder_free(builder);
        return NULL;
    }
    graph->reader = reader;
    graph->batch = builder->options.batch;
    graph->seq = builder->options.seq;
    graph->precision = builder->options.precision;
    graph->phase = builder->options.phase;
    if (graph->batch < 1 || graph->seq < 1)
        erg_build_refuse(builder, "batch and sequence length must be at least 1");
    return builder;
}

/* A wish that cannot be met costs nothing but the growing it would have spared. */
void erg_build_reserve(erg_builder *builder, size_t operators, size_t tensors)
{
    if (builder->operators || builder->tensors)
        return;
    builder->operators = malloc(operators * sizeof(*builder->operators));
    builder->tensors = malloc(tensors * sizeof(*builder->tensors));
    builder->operator_capacity = builder->operators ? operators : 0;
    builder->tensor_capacity = builder->tensors ? tensors : 0;
}

const erg_graph_options *erg_build_options(const erg_builder *builder)
{
    return &builder->options;
}

erg_arena *erg_build_arena(erg_builder *builder) { return builder->arena; }

bool erg_build_failed(const erg_builder *builder) { return builder->error.code != ERG_OK; }

int32_t erg_build_refuse(erg_builder *builder, const char *format, ...)
{
    va_list args;

    if (erg_build_failed(builder))
        return -1;
    va_start(args, format);
    vsnprintf(builder->error.text, sizeof(builder->error.text), format, args);
    va_end(args);
    builder->error.code = ERG_BAD_INPUT;
    return -1;
}

void erg_build_scope(erg_builder *builder, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(builder->scope, sizeof(builder->scope), format, args);
    va_end(args);
}

void erg_build_unscope(erg_builder *builder) { builder->scope[0] = '\0'; }

const char *erg_build_scope_of(const erg_builder *builder) { return builder->scope; }

int64_t erg_build_seq(erg_builder *builder, int64_t most)
{
    int64_t *seq = &builder->options.seq;

    if (*seq > most && !builder->seq_is_default)
        erg_build_refuse(builder, "%s takes at most %lld tokens, not %lld",
                         builder->graph->name, (long long)most, (long long)*seq);
    *seq = *seq > most ? most : *seq;
    builder->graph->seq = *seq;
    return *seq;
}

static void *take(erg_builder *builder, const void *from, size_t bytes)
{
    if (erg_build_failed(builder))
        return NULL;
    void *copy = erg_arena_take(builder->arena, bytes ? bytes : 1, &builder->error);
    if (copy && from && bytes)
        memcpy(copy, from, bytes);
    return copy;
}

void erg_build_note(erg_builder *builder, const char *format, ...)
{
    char text[480];
    va_list args;
    erg_graph *graph = builder->graph;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    for (int32_t i = 0; i < graph->note_count; i++)
        if (strcmp(builder->notes[i], text) == 0)
            return;
    const char *copy = take(builder, text, strlen(text) + 1);
    if (copy && erg_grow((void **)&builder->notes, &builder->note_capacity,
                         (size_t)graph->note_count, sizeof(*builder->notes), &builder->error))
        builder->notes[graph->note_count++] = copy;
}

const char *erg_build_name(erg_builder *builder, const char *format, ...)
{
    char text[256];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return take(builder, text, strlen(text) + 1);
}

/* ---- tensors ------------------------------------------------------------- */

static erg_tensor *tensor_add(erg_builder *builder, int32_t *index)
{
    erg_graph *graph = builder->graph;

    if (erg_build_failed(builder)
        || !erg_grow((void **)&builder->tensors, &builder->tensor_capacity,
                     (size_t)graph->tensor_count, sizeof(*builder->tensors), &builder->error))
        return NULL;
    *index = graph->tensor_count++;
    erg_tensor *tensor = &builder->tensors[*index];
    *tensor = (erg_tensor){ .producer = -1, .storage = *index };
    return tensor;
}

static bool tensor_size(erg_tensor *tensor)
{
    int64_t bits;

    tensor->elements = 1;
    for (int32_t i = 0; i < tensor->rank; i++)
        if (!erg_count_times(&tensor->elements, tensor->dims[i]))
            return false;
    bits = tensor->elements;
    if (!erg_count_times(&bits, tensor->bits) || !erg_count_plus(&bits, 7))
        return false;
    tensor->bytes = bits / 8;
    return true;
}

/* Neighbours are often of one shape: then they share it, which spares the arena. */
static const int64_t *dims_keep(erg_builder *builder, int32_t index, int32_t rank,
                                const int64_t *dims)
{
    size_t bytes = (size_t)rank * sizeof(*dims);

    for (int32_t i = index - 1; rank > 0 && i >= 0 && i >= index - 4; i--) {
        const erg_tensor *near = &builder->tensors[i];
        if (near->rank == rank && memcmp(near->dims, dims, bytes) == 0)
            return near->dims;
    }
    return take(builder, dims, bytes);
}

int32_t erg_build_tensor(erg_builder *builder, erg_role role, const char *name,
                         int32_t rank, const int64_t *dims, int32_t bits)
{
    int32_t index = -1;
    erg_tensor *tensor = tensor_add(builder, &index);

    if (!tensor)
        return -1;
    tensor->role = role;
    tensor->rank = rank;
    tensor->bits = bits ? bits : erg_precision_bits(builder->options.precision);
    tensor->name = name ? take(builder, name, strlen(name) + 1) : NULL;
    tensor->dims = dims_keep(builder, index, rank, dims);
    if (!erg_build_failed(builder) && !tensor_size(tensor))
        return erg_build_refuse(builder, "%s: tensor %s has more elements than a count can hold",
                                builder->graph->name, name ? name : "without a name");
    return erg_build_failed(builder) ? -1 : index;
}

static bool knows(erg_builder *builder, int32_t tensor)
{
    if (erg_build_failed(builder))
        return false;
    if (tensor >= 0 && tensor < builder->graph->tensor_count)
        return true;
    erg_build_refuse(builder, "%s: an operator reads a tensor that nothing made",
                     builder->graph->name);
    return false;
}

int32_t erg_build_view(erg_builder *builder, int32_t of, int32_t rank, const int64_t *dims)
{
    int32_t index = -1;

    if (!knows(builder, of))
        return -1;
    erg_tensor *view = tensor_add(builder, &index);
    if (!view)
        return -1;
    *view = builder->tensors[of];
    view->rank = rank;
    view->dims = take(builder, dims, (size_t)rank * sizeof(*dims));
    if (!erg_build_failed(builder) && !tensor_size(view))
        return erg_build_refuse(builder, "%s: a view has too many elements",
                                builder->graph->name);
    return erg_build_failed(builder) ? -1 : index;
}

const erg_tensor *erg_build_tensor_at(const erg_builder *builder, int32_t tensor)
{
    bool exists = tensor >= 0 && tensor < builder->graph->tensor_count;
    return exists ? &builder->tensors[tensor] : NULL;
}

int32_t erg_build_tensor_count(const erg_builder *builder)
{
    return builder->graph->tensor_count;
}

void erg_build_output(erg_builder *builder, int32_t tensor)
{
    if (knows(builder, tensor)) {
        builder->tensors[tensor].is_output = true;
        builder->tensors[builder->tensors[tensor].storage].is_output = true;
    }
}

/* ---- operators ----------------------------------------------------------- */

static int32_t needs_fill(const erg_builder *builder, const erg_operator *op, int32_t *needs)
{
    int32_t count = 0;

    for (int32_t i = 0; i < op->input_count; i++) {
        int32_t producer = builder->tensors[op->inputs[i]].producer;
        bool is_new = producer >= 0;
        for (int32_t j = 0; is_new && j < count; j++)
            is_new = needs[j] != producer;
        if (is_new)
            needs[count++] = producer;
    }
    return count;
}

static bool lists_are_known(erg_builder *builder, const erg_op_spec *spec)
{
    for (int32_t i = 0; i < spec->input_count; i++)
        if (!knows(builder, spec->inputs[i]))
            return false;
    for (int32_t i = 0; i < spec->output_count; i++)
        if (!knows(builder, spec->outputs[i]))
            return false;
    return !erg_build_failed(builder);
}

/* memcpy of nothing may not come from NULL. */
static void copy(void *to, const void *from, size_t bytes)
{
    if (bytes)
        memcpy(to, from, bytes);
}

static bool operator_fill(erg_builder *builder, const erg_op_spec *spec, erg_operator *op)
{
    *op = (erg_operator){
        .kind = spec->kind,
        .is_function = spec->is_function,
        .precision = spec->precision == ERG_PRECISIONS ? builder->options.precision
                                                       : spec->precision,
        .input_count = spec->input_count,
        .output_count = spec->output_count,
    };
    /* One piece holds inputs, outputs, needs and the name: graphs have many operators. */
    size_t in = (size_t)spec->input_count, out = (size_t)spec->output_count;
    size_t scope = strlen(builder->scope), name = strlen(spec->name) + 1;
    int32_t *lists = take(builder, NULL, (2 * in + out) * sizeof(*lists) + scope + name);
    op->window = spec->window ? take(builder, spec->window, sizeof(*spec->window)) : NULL;
    if (erg_build_failed(builder))
        return false;
    char *text = (char *)(lists + 2 * in + out);
    copy(lists, spec->inputs, in * sizeof(*lists));
    copy(lists + in, spec->outputs, out * sizeof(*lists));
    copy(text, builder->scope, scope);
    copy(text + scope, spec->name, name);
    op->inputs = lists;
    op->outputs = lists + in;
    op->name = text;
    op->needs = lists + in + out;
    op->need_count = needs_fill(builder, op, lists + in + out);
    return true;
}

int32_t erg_build_operator(erg_builder *builder, const erg_op_spec *spec)
{
    erg_graph *graph = builder->graph;

    if (!lists_are_known(builder, spec)
        || !erg_grow((void **)&builder->operators, &builder->operator_capacity,
                     (size_t)graph->operator_count, sizeof(*builder->operators),
                     &builder->error))
        return -1;
    erg_operator *op = &builder->operators[graph->operator_count];
    if (!operator_fill(builder, spec, op))
        return -1;
    if (!erg_count_operator(builder->tensors, spec, op))
        return erg_build_refuse(builder, "%s: the cost of %s is larger than a count can hold",
                                graph->name, spec->name);
    for (int32_t i = 0; i < op->output_count; i++) {
        erg_tensor *made = &builder->tensors[op->outputs[i]];
        made->producer = graph->operator_count;
        if (!made->name)
            made->name = op->name;
    }
    return graph->operator_count++;
}

void erg_build_as_function(erg_builder *builder, int32_t tensor)
{
    if (knows(builder, tensor) && builder->tensors[tensor].producer >= 0)
        builder->operators[builder->tensors[tensor].producer].is_function = true;
}

const erg_operator *erg_build_operator_at(const erg_builder *builder, int32_t op)
{
    bool exists = op >= 0 && op < builder->graph->operator_count;
    return exists ? &builder->operators[op] : NULL;
}

int32_t erg_build_operator_count(const erg_builder *builder)
{
    return builder->graph->operator_count;
}

/* ---- the end ------------------------------------------------------------- */

static bool total(erg_builder *builder)
{
    erg_graph *graph = builder->graph;
    int64_t ruled = 0, moving = 0;

    for (int32_t i = 0; i < graph->operator_count; i++) {
        const erg_operator *op = &builder->operators[i];
        if (!erg_count_plus(&graph->flop, op->flop) || !erg_count_plus(&graph->macs, op->macs))
            return false;
        moving += op->in_bytes + op->out_bytes > 0;
        ruled += op->in_bytes + op->out_bytes > 0 && op->kind != ERG_OP_UNKNOWN;
    }
    for (int32_t i = 0; i < graph->tensor_count; i++) {
        const erg_tensor *x = &builder->tensors[i];
        bool is_own = x->storage == i;
        bool is_resident = is_own && (x->role == ERG_WEIGHT || x->role == ERG_BUFFER);
        int64_t elements = is_own && x->role == ERG_WEIGHT ? x->elements : 0;
        if (!erg_count_plus(&graph->parameters, elements)
            || !erg_count_plus(&graph->weights_bytes, is_resident ? x->bytes : 0)
            || !erg_count_plus(&graph->kv_cache_bytes,
                               is_own && x->role == ERG_CACHE ? x->bytes : 0))
            return false;
    }
    graph->coverage = moving ? (double)ruled / (double)moving : 1.0;
    return true;
}

erg_graph *erg_build_end(erg_builder *builder, erg_error *err)
{
    erg_graph *graph = builder->graph;

    if (!erg_build_failed(builder) && graph->phase == ERG_TRAIN)
        erg_build_backward(builder);
    graph_inside *inside = take(builder, NULL, sizeof(*inside));

    if (!erg_build_failed(builder) && graph->operator_count == 0)
        erg_build_refuse(builder, "%s: the graph has no operators", graph->name);
    if (!erg_build_failed(builder) && !total(builder))
        erg_build_refuse(builder, "%s: a total is larger than a count can hold", graph->name);
    if (erg_build_failed(builder)) {
        erg_fail(err, builder->error.code, "%s", builder->error.text);
        builder_free(builder);
        return NULL;
    }
    *inside = (graph_inside){ builder->arena, builder->tensors, builder->operators,
                              builder->notes };
    graph->tensors = builder->tensors;
    graph->operators = builder->operators;
    graph->notes = builder->notes;
    graph->inside = inside;
    free(builder);
    return graph;
}

void erg_graph_free(erg_graph *graph)
{
    if (!graph)
        return;
    graph_inside inside = *(graph_inside *)graph->inside;
    free(inside.tensors);
    free(inside.operators);
    free(inside.notes);
    erg_arena_free(inside.arena);
    free(graph);
}
