/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The builder: what every reader fills. Its first failure sticks, so that a
 * network can be written down without an if after each line.
 */
#include <stdlib.h>
#include <string.h>
#include "workload/build_inside.h"

void erg_build_fill(erg_graph_options *options)
{
    if (options->batch == 0)
        options->batch = 1;
    if (options->seq == 0)
        options->seq = 512;
    if (options->attention == ERG_ATTENTION_AUTO)
        options->attention = options->runtime == ERG_GRAPH ? ERG_ATTENTION_FLASH
                                                           : ERG_ATTENTION_PLAIN;
}

void erg_builder_free(erg_builder *builder)
{
    erg_arena_free(builder->arena);
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
    erg_build_fill(&builder->options);
    builder->arena = erg_arena_new(err);
    if (!builder->arena || !(graph->name = erg_arena_text(builder->arena, name, err))) {
        erg_builder_free(builder);
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

/* At least twice as many as there were, so that one after the other costs little. */
static size_t capacity_for(size_t capacity, size_t need)
{
    enum { LEAST = 16 };
    size_t twice = capacity ? 2 * capacity : LEAST;

    return need <= capacity ? capacity : need > twice ? need : twice;
}

bool erg_builder_room(erg_builder *builder, void **items, size_t *capacity, size_t count,
                      size_t more, size_t size)
{
    size_t wish = capacity_for(*capacity, count + more);

    if (wish == *capacity)
        return true;
    void *grown = erg_arena_room(builder->arena, wish > SIZE_MAX / size ? SIZE_MAX
                                                                       : wish * size,
                                 &builder->error);
    if (!grown)
        return false;
    if (count)
        memcpy(grown, *items, count * size);
    *items = grown;
    *capacity = wish;
    return true;
}

/* What one of these takes anew. */
static size_t bytes_for(size_t capacity, size_t need, size_t size)
{
    return need > capacity ? capacity_for(capacity, need) * size : 0;
}

bool erg_builder_reserve(erg_builder *builder, size_t operators, size_t tensors,
                         size_t bytes)
{
    size_t op_count = (size_t)builder->graph->operator_count;
    size_t tensor_count = (size_t)builder->graph->tensor_count;

    if (erg_build_failed(builder))
        return false;
    bytes += bytes_for(builder->operator_capacity, op_count + operators,
                       sizeof(*builder->operators))
             + bytes_for(builder->tensor_capacity, tensor_count + tensors,
                         sizeof(*builder->tensors));
    return erg_arena_reserve(builder->arena, bytes, &builder->error)
           && erg_builder_room(builder, (void **)&builder->operators,
                               &builder->operator_capacity, op_count, operators,
                               sizeof(*builder->operators))
           && erg_builder_room(builder, (void **)&builder->tensors,
                               &builder->tensor_capacity, tensor_count, tensors,
                               sizeof(*builder->tensors));
}

void erg_build_reserve(erg_builder *builder, size_t operators, size_t tensors)
{
    erg_builder_reserve(builder, operators, tensors, 0);
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

void *erg_builder_take(erg_builder *builder, const void *from, size_t bytes)
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
    const char *copy = erg_builder_take(builder, text, strlen(text) + 1);
    if (copy && erg_builder_room(builder, (void **)&builder->notes, &builder->note_capacity,
                                 (size_t)graph->note_count, 1, sizeof(*builder->notes)))
        builder->notes[graph->note_count++] = copy;
}

const char *erg_build_name(erg_builder *builder, const char *format, ...)
{
    char text[256];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return erg_builder_take(builder, text, strlen(text) + 1);
}
