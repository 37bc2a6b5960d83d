/* SPDX-License-Identifier: Apache-2.0 */
/* Shorthand for operators that only move data. */
#include <string.h>
#include "workload/build.h"

enum { RANK_MOST = 8 };

static int32_t move(erg_builder *builder, erg_op_spec spec, int32_t rank,
                    const int64_t *dims)
{
    int32_t y = erg_build_tensor(builder, ERG_ACTIVATION, NULL, rank, dims,
                                 ERG_BITS_OF_GRAPH);

    spec.precision = ERG_PRECISIONS;
    spec.outputs = &y;
    spec.output_count = 1;
    return erg_build_operator(builder, &spec) < 0 ? -1 : y;
}

static bool joins(const erg_tensor *a, const erg_tensor *b, int32_t axis)
{
    if (!a || !b || a->rank != b->rank || axis < 0 || axis >= a->rank)
        return false;
    for (int32_t i = 0; i < a->rank; i++)
        if (i != axis && a->dims[i] != b->dims[i])
            return false;
    return true;
}

int32_t erg_build_concat(erg_builder *builder, const char *name, const int32_t *parts,
                         int32_t count, int32_t axis)
{
    const erg_tensor *first = erg_build_tensor_at(builder, parts[0]);
    int64_t dims[RANK_MOST], joined = 0;

    for (int32_t i = 0; i < count; i++) {
        const erg_tensor *part = erg_build_tensor_at(builder, parts[i]);
        if (!joins(first, part, axis) || first->rank > RANK_MOST)
            return erg_build_refuse(builder, "%s: the shapes it joins do not match", name);
        joined += part->dims[axis];
    }
    memcpy(dims, first->dims, (size_t)first->rank * sizeof(*dims));
    dims[axis] = joined;
    erg_op_spec spec = { .kind = ERG_OP_CONCAT, .name = name, .inputs = parts,
                         .input_count = count };
    return move(builder, spec, first->rank, dims);
}

int32_t erg_build_double(erg_builder *builder, const char *name, int32_t x)
{
    const erg_tensor *in = erg_build_tensor_at(builder, x);

    if (!in || in->rank != 4)
        return erg_build_refuse(builder, "%s: only an image can be doubled", name);
    int64_t dims[4] = { in->dims[0], in->dims[1], 2 * in->dims[2], 2 * in->dims[3] };
    return move(builder, (erg_op_spec){ .kind = ERG_OP_RESIZE, .name = name, .inputs = &x,
                                        .input_count = 1 }, 4, dims);
}
