/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The update of the weights: a launch updates many tensors, so bytes decide.
 * AdamW (Loshchilov and Hutter 2019) keeps two moments at fp32, and a copy of the
 * weights at fp32 beside those of a lower precision (Micikevicius et al. 2018).
 */
#include "workload/count.h"
#include "workload/training.h"

enum { TENSORS_A_LAUNCH = 64, BYTES_OF_MOMENT = 4 };

typedef struct chunk {
    int32_t grads[TENSORS_A_LAUNCH], weights[TENSORS_A_LAUNCH], count;
    int64_t elements;
} chunk;

static int64_t times(erg_builder *b, int64_t elements, int64_t bytes)
{
    if (!erg_count_times(&elements, bytes))
        erg_build_refuse(b, "an optimizer moves more bytes than a count holds");
    return elements;
}

/* Resident between steps: moments, and the copy that is added up in fp32. */
static void keep_state(erg_builder *b, int64_t elements, bool has_copy)
{
    int64_t dims[2] = { has_copy ? 3 : 2, elements };

    erg_build_tensor(b, ERG_STATE, "optimizer_state", 2, dims, 8 * BYTES_OF_MOMENT);
}

static void update(erg_builder *b, chunk *of)
{
    const erg_graph_options *options = erg_build_options(b);
    int64_t stored = (erg_precision_bits(options->precision) + 7) / 8;
    bool has_copy = stored < BYTES_OF_MOMENT;
    int64_t exact = has_copy ? BYTES_OF_MOMENT : stored;
    int64_t reads = 2 * stored, writes = stored;    /* a gradient and a weight */
    int32_t inputs[2 * TENSORS_A_LAUNCH];

    if (options->optimizer == ERG_OPTIMIZER_ADAMW) {
        reads = stored + exact + 2 * BYTES_OF_MOMENT;
        writes = exact + 2 * BYTES_OF_MOMENT + (has_copy ? stored : 0);
        keep_state(b, of->elements, has_copy);
    }
    for (int32_t i = 0; i < of->count; i++) {
        inputs[i] = of->grads[i];
        inputs[of->count + i] = of->weights[i];
        const erg_tensor *x = erg_build_tensor_at(b, of->weights[i]);
        of->weights[i] = x ? erg_build_view(b, of->weights[i], x->rank, x->dims) : -1;
    }
    erg_op_spec spec = { .kind = ERG_OP_OPTIMIZER, .name = "optimizer",
                         .precision = ERG_FP32, .inputs = inputs,
                         .input_count = 2 * of->count, .outputs = of->weights,
                         .output_count = of->count, .weight_bytes = -1,
                         .in_bytes = times(b, of->elements, reads),
                         .out_bytes = times(b, of->elements, writes) };
    erg_build_operator(b, &spec);
    of->count = 0;
    of->elements = 0;
}

void erg_tr_optimize(erg_builder *builder, const int32_t *weight_grads, int32_t count)
{
    chunk of = { .count = 0 };

    if (erg_build_options(builder)->optimizer == ERG_OPTIMIZER_NONE)
        return;
    for (int32_t i = 0; i < count && !erg_build_failed(builder); i++) {
        if (weight_grads[i] < 0)
            continue;
        of.grads[of.count] = weight_grads[i];
        of.weights[of.count++] = i;
        if (!erg_count_plus(&of.elements, erg_build_tensor_at(builder, i)->elements))
            erg_build_refuse(builder, "an optimizer has more weights than a count holds");
        if (of.count == TENSORS_A_LAUNCH)
            update(builder, &of);
    }
    if (of.count > 0 && !erg_build_failed(builder))
        update(builder, &of);
}
