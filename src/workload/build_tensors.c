/* SPDX-License-Identifier: Apache-2.0 */
/* The tensors of a graph that is being built, and views of them. */
#include <string.h>
#include "workload/build_inside.h"
#include "workload/count.h"

static erg_tensor *tensor_add(erg_builder *builder, int32_t *index)
{
    enum { OPERATORS = 256, TENSORS = 512 };    /* of a ResNet-50, and then some */
    erg_graph *graph = builder->graph;

    if (builder->tensor_capacity == 0)
        erg_build_reserve(builder, OPERATORS, TENSORS);
    if (erg_build_failed(builder)
        || !erg_builder_room(builder, (void **)&builder->tensors,
                             &builder->tensor_capacity, (size_t)graph->tensor_count, 1,
                             sizeof(*builder->tensors)))
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
    return erg_builder_take(builder, dims, bytes);
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
    tensor->name = name ? erg_builder_take(builder, name, strlen(name) + 1) : NULL;
    tensor->dims = dims_keep(builder, index, rank, dims);
    if (!erg_build_failed(builder) && !tensor_size(tensor))
        return erg_build_refuse(builder,
                                "%s: tensor %s has more elements than a count can hold",
                                builder->graph->name, name ? name : "without a name");
    return erg_build_failed(builder) ? -1 : index;
}

bool erg_builder_knows(erg_builder *builder, int32_t tensor)
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

    if (!erg_builder_knows(builder, of))
        return -1;
    erg_tensor *view = tensor_add(builder, &index);
    if (!view)
        return -1;
    *view = builder->tensors[of];
    view->rank = rank;
    view->dims = erg_builder_take(builder, dims, (size_t)rank * sizeof(*dims));
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
    if (erg_builder_knows(builder, tensor)) {
        builder->tensors[tensor].is_output = true;
        builder->tensors[builder->tensors[tensor].storage].is_output = true;
    }
}
