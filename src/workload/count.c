/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FLOP, MACs and bytes of one operator. FLOP = 2 x MAC; `macs` counts products
 * of convolutions and matrix products only, so that it equals what papers print.
 * Bytes are the algorithm's: each distinct tensor once, at its stored width.
 */
#include <math.h>
#include "workload/count.h"

static bool product(int64_t *to, const int64_t *factors, size_t count)
{
    *to = 1;
    for (size_t i = 0; i < count; i++)
        if (!erg_count_times(to, factors[i]))
            return false;
    return true;
}

static int64_t axes_product(const int64_t values[3], int32_t axes)
{
    int64_t all = 1;

    for (int32_t i = 0; i < axes; i++)
        if (!erg_count_times(&all, values[i]))
            return -1;
    return all;
}

/* Groups are a batch of small products: m outputs positions, n channels out of
 * a group, k inputs of one output. Counting them dense is a classic error. */
static void convolution_form(const erg_tensor *tensors, erg_operator *op)
{
    const erg_window *w = op->window;
    bool transposed = op->kind == ERG_OP_CONV_TRANSPOSE;
    const erg_tensor *x = &tensors[op->inputs[0]];
    int64_t samples = x->rank > w->axes + 1 ? x->dims[0] : 1;
    int64_t groups = w->groups > 0 ? w->groups : 1;

    op->batch = groups;
    op->m = samples;
    if (!erg_count_times(&op->m, axes_product(transposed ? w->in : w->out, w->axes)))
        op->m = -1;
    op->n = w->channels_out / groups;
    op->k = w->channels_in / groups;
    if (!erg_count_times(&op->k, axes_product(w->kernel, w->axes)))
        op->k = -1;
}

static bool count_products(const erg_tensor *tensors, const erg_op_spec *spec,
                           erg_operator *op)
{
    if (op->window)
        convolution_form(tensors, op);
    if (!product(&op->macs, (int64_t[]){ op->batch, op->m, op->n, op->k }, 4))
        return false;
    op->flop = op->macs;
    if (!erg_count_times(&op->flop, 2))
        return false;
    bool biased_conv = op->window && spec->input_count > 2;
    return !biased_conv || erg_count_plus(&op->flop, op->threads);
}

static bool count_pool(const erg_tensor *tensors, erg_operator *op)
{
    if (op->window && op->kind != ERG_OP_GLOBAL_POOL) {
        op->flop = op->threads;
        return erg_count_times(&op->flop,
                               axes_product(op->window->kernel, op->window->axes));
    }
    op->flop = op->input_count ? tensors[op->inputs[0]].elements : 0;
    return true;
}

static bool count_arithmetic(const erg_tensor *tensors, const erg_op_spec *spec,
                             erg_operator *op)
{
    const erg_op_rule *rule = &erg_op_kinds[op->kind];
    bool has_form = op->kind == ERG_OP_CONV || op->kind == ERG_OP_CONV_TRANSPOSE
        || op->kind == ERG_OP_LINEAR || op->kind == ERG_OP_MATMUL;

    if (has_form)
        return count_products(tensors, spec, op);
    if (rule->kind_class != ERG_MATRIX && isnan(rule->flop_per_element))
        return count_pool(tensors, op);
    if (isnan(rule->flop_per_element))
        return true;        /* attention, LSTM: the reader says */
    op->flop = op->threads;
    op->special_op = op->threads;
    return erg_count_times(&op->flop, (int64_t)rule->flop_per_element)
        && erg_count_times(&op->special_op, rule->special_per_element);
}

static bool seen_before(const int32_t *list, int32_t index)
{
    for (int32_t i = 0; i < index; i++)
        if (list[i] == list[index])
            return true;
    return false;
}

static bool count_bytes(const erg_tensor *tensors, const erg_op_spec *spec,
                        erg_operator *op)
{
    for (int32_t i = 0; i < op->output_count; i++)
        if (!erg_count_plus(&op->out_bytes, tensors[op->outputs[i]].bytes))
            return false;
    for (int32_t i = 0; i < op->input_count; i++) {
        const erg_tensor *x = &tensors[op->inputs[i]];
        bool by_rows = spec->gathers && i == 0;     /* never the whole table */
        bool resident = x->role == ERG_WEIGHT || x->role == ERG_BUFFER;
        int64_t *to = resident && !by_rows ? &op->weight_bytes : &op->in_bytes;
        if (!seen_before(op->inputs, i)
            && !erg_count_plus(to, by_rows ? op->out_bytes : x->bytes))
            return false;
    }
    return true;
}

static void override(int64_t *count, int64_t said)
{
    if (said)
        *count = said < 0 ? 0 : said;
}

bool erg_count_operator(const erg_tensor *tensors, const erg_op_spec *spec,
                        erg_operator *op)
{
    op->batch = spec->batch;
    op->m = spec->m;
    op->n = spec->n;
    op->k = spec->k;
    op->steps = spec->steps > 0 ? spec->steps : 1;
    op->threads = op->output_count ? tensors[op->outputs[0]].elements : 0;
    if (!count_arithmetic(tensors, spec, op) || !count_bytes(tensors, spec, op))
        return false;
    override(&op->flop, spec->flop);
    override(&op->macs, spec->macs);
    override(&op->special_op, spec->special_op);
    override(&op->in_bytes, spec->in_bytes);
    override(&op->out_bytes, spec->out_bytes);
    override(&op->weight_bytes, spec->weight_bytes);
    return true;
}
