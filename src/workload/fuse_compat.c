/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chains of branes-ai/graphs (MIT) as of 2025-10-28: each result has one reader
 * that reads nothing else, and the pair is listed. Its names were classes of PyTorch:
 * an activation that is called as a function has none of them.
 */
#include "workload/partition.h"

static const struct { erg_op_kind first, second; } pairs[] = {
    { ERG_OP_CONV, ERG_OP_BATCH_NORM }, { ERG_OP_CONV, ERG_OP_RELU },
    { ERG_OP_CONV, ERG_OP_CLIP }, { ERG_OP_CONV, ERG_OP_SILU },
    { ERG_OP_CONV, ERG_OP_SIGMOID },
    { ERG_OP_BATCH_NORM, ERG_OP_RELU }, { ERG_OP_BATCH_NORM, ERG_OP_CLIP },
    { ERG_OP_BATCH_NORM, ERG_OP_SILU }, { ERG_OP_BATCH_NORM, ERG_OP_HARD_SWISH },
    { ERG_OP_LINEAR, ERG_OP_BATCH_NORM }, { ERG_OP_LINEAR, ERG_OP_RELU },
    { ERG_OP_LINEAR, ERG_OP_GELU }, { ERG_OP_LINEAR, ERG_OP_SILU },
    { ERG_OP_LINEAR, ERG_OP_DROPOUT },
    { ERG_OP_ADD, ERG_OP_RELU }, { ERG_OP_ADD, ERG_OP_CLIP }, { ERG_OP_ADD, ERG_OP_SILU },
    { ERG_OP_GLOBAL_POOL, ERG_OP_CONV }, { ERG_OP_SILU, ERG_OP_CONV },
    { ERG_OP_SIGMOID, ERG_OP_MUL },
    { ERG_OP_RELU, ERG_OP_DROPOUT }, { ERG_OP_GELU, ERG_OP_DROPOUT },
    { ERG_OP_SILU, ERG_OP_DROPOUT },
    { ERG_OP_LAYER_NORM, ERG_OP_ATTENTION }, { ERG_OP_LAYER_NORM, ERG_OP_LINEAR },
    { ERG_OP_ATTENTION, ERG_OP_DROPOUT }, { ERG_OP_DROPOUT, ERG_OP_ADD },
    { ERG_OP_GELU, ERG_OP_LINEAR },
};

/* Functions that the list names: add, mul, and stochastic depth, which only begins. */
static bool has_name(const erg_operator *op, bool begins)
{
    return !op->is_function || op->kind == ERG_OP_ADD || op->kind == ERG_OP_MUL
        || (begins && op->kind == ERG_OP_DROPOUT);
}

bool erg_fuse_compat_pair(const erg_operator *first, const erg_operator *second)
{
    if (!has_name(first, true) || !has_name(second, false))
        return false;
    for (size_t i = 0; i < ERG_COUNT(pairs); i++)
        if (pairs[i].first == first->kind && pairs[i].second == second->kind)
            return true;
    return false;
}

/* Not through a view: a flatten was a node of its own. */
static bool reads_directly(const erg_operator *op, const erg_operator *reader)
{
    for (int32_t i = 0; i < reader->input_count; i++)
        for (int32_t j = 0; j < op->output_count; j++)
            if (reader->inputs[i] == op->outputs[j])
                return true;
    return false;
}

int32_t erg_cut_extend_compat(const cut *c, const int32_t *chain, int32_t length)
{
    int32_t last = chain[length - 1], next = erg_cut_reader(c, last);

    if (next < 0 || c->owner[next] >= 0)
        return -1;
    const erg_operator *op = &c->graph->operators[last],
                       *reader = &c->graph->operators[next];
    bool gates = op->kind == ERG_OP_SIGMOID && reader->kind == ERG_OP_MUL;
    if ((reader->need_count > 1 && !gates) || !erg_fuse_compat_pair(op, reader)
        || !reads_directly(op, reader))
        return -1;
    return erg_cut_ready(c, next, chain) ? next : -1;
}
