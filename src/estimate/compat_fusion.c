/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fusion as of 2025-10-28 (branes-ai/graphs): chains of listed pairs, grown in
 * order. Its FLOP knows convolutions and linears only, and counts a grouped
 * convolution dense unless it is depthwise (the old fault).
 */
#include <string.h>
#include "estimate/compat.h"
#include "workload/count.h"
#include "workload/partition.h"

static int32_t producers(const erg_compat_node *node)
{
    int32_t count = 0;

    for (int32_t i = 0; i < node->input_count; i++)
        count += node->inputs[i] >= 0;
    return count;
}

/* The one reader of a node, if the chain may grow by it; else -1. An output of
 * the graph that is also read is read once, as the old code counted. */
static int32_t successor(const erg_compat *compat, int32_t at, const int32_t *chain_of)
{
    const erg_compat_node *node = &compat->nodes[at];

    if (node->readers != 1 || chain_of[node->consumer] >= 0)
        return -1;
    const erg_compat_node *next = &compat->nodes[node->consumer];
    bool gates = strcmp(node->module, "Sigmoid") == 0 && strcmp(next->module, "mul") == 0;
    if (producers(next) > 1 && !gates)
        return -1;
    bool listed = node->op && next->op && erg_fuse_compat_pair(node->op, next->op);
    return listed ? node->consumer : -1;
}

/* ---- one chain --------------------------------------------------------------------- */

static bool node_flop(const erg_compat *compat, const erg_compat_node *node, int64_t *to)
{
    const erg_operator *op = node->op;

    *to = 0;
    if (!op || !node->is_module)
        return true;
    if (op->kind == ERG_OP_LINEAR) {
        const erg_tensor *out = &compat->graph->tensors[op->outputs[0]];
        *to = out->rank > 1 ? out->dims[0] : 1;
        return erg_count_times(to, 2) && erg_count_times(to, op->n)
            && erg_count_times(to, op->k);
    }
    if (op->kind != ERG_OP_CONV || !op->window)
        return true;
    const erg_window *w = op->window;
    bool depthwise = w->groups == w->channels_in && w->groups > 1;
    *to = op->threads;
    bool ok = erg_count_times(to, 2) && erg_count_times(to, depthwise ? 1 : w->channels_in);
    for (int32_t i = 0; ok && i < w->axes; i++)
        ok = erg_count_times(to, w->kernel[i]);
    return ok;
}

static bool is_read_outside(const erg_compat *compat, int32_t at, const int32_t *chain_of)
{
    int32_t inside = 0;

    for (int32_t i = at + 1; i <= compat->nodes[at].consumer; i++)
        for (int32_t j = 0; j < compat->nodes[i].input_count; j++)
            inside += compat->nodes[i].inputs[j] == at && chain_of[i] == chain_of[at];
    return compat->nodes[at].consumers == 0 || compat->nodes[at].consumers > inside;
}

static bool chain_count(const erg_compat *compat, const int32_t *chain_of,
                        erg_compat_chain *chain)
{
    for (int32_t i = 0; i < chain->node_count; i++) {
        int32_t at = chain->nodes[i];
        const erg_compat_node *node = &compat->nodes[at];
        int64_t flop;
        if (!node_flop(compat, node, &flop) || !erg_count_plus(&chain->flop, flop))
            return false;
        chain->weight_bytes += node->parameter_bytes;
        for (int32_t j = 0; j < node->input_count; j++) {
            int32_t from = node->inputs[j];
            bool is_inside = from >= 0 && chain_of[from] == chain_of[at];
            int64_t *to = is_inside ? &chain->internal_bytes : &chain->in_bytes;
            *to += node->input_bytes[j];
        }
        if (is_read_outside(compat, at, chain_of))
            chain->out_bytes += node->out_bytes;
    }
    return true;
}

static const char *pattern_of(const erg_compat *compat, const erg_compat_chain *chain,
                              erg_error *err)
{
    erg_text text = { 0 };

    if (chain->node_count == 1)
        return "Unfused";
    for (int32_t i = 0; i < chain->node_count && i < 3; i++)
        erg_text_add(&text, "%s%s", i ? "_" : "", compat->nodes[chain->nodes[i]].module);
    if (chain->node_count > 3)
        erg_text_add(&text, "_+%dmore", (int)chain->node_count - 3);
    const char *name = text.failed ? NULL : erg_arena_text(compat->arena, text.data, err);
    if (text.failed)
        erg_fail(err, ERG_NO_MEMORY, "no memory for a pattern");
    erg_text_free(&text);
    return name;
}

/* ---- all chains -------------------------------------------------------------------- */

static void grow(const erg_compat *compat, int32_t *chain_of, int32_t *members,
                 erg_compat_chain *chains)
{
    int32_t used = 0, count = 0;

    for (int32_t start = 0; start < compat->node_count; start++) {
        if (chain_of[start] >= 0)
            continue;
        erg_compat_chain *chain = &chains[count];
        chain->nodes = &members[used];
        for (int32_t at = start; at >= 0; at = successor(compat, at, chain_of)) {
            chain_of[at] = count;
            members[used++] = at;
            chain->node_count++;
        }
        count++;
    }
}

static bool total(erg_compat *compat, const int32_t *chain_of, erg_compat_chain *chains,
                  erg_error *err)
{
    erg_compat_fusion *fusion = &compat->fusion;

    for (; fusion->chain_count < compat->node_count
         && chains[fusion->chain_count].node_count; fusion->chain_count++) {
        erg_compat_chain *chain = &chains[fusion->chain_count];
        if (!chain_count(compat, chain_of, chain)
            || !erg_count_plus(&fusion->flop, chain->flop))
            return erg_fail(err, ERG_BAD_INPUT, "%s: a fused chain costs more than a count "
                            "can hold", compat->graph->name);
        if (!(chain->pattern = pattern_of(compat, chain, err)))
            return false;
        fusion->fused_bytes += chain->in_bytes + chain->out_bytes + chain->weight_bytes;
        fusion->unfused_bytes += chain->internal_bytes;
        if (chain->node_count > fusion->longest)
            fusion->longest = chain->node_count;
    }
    fusion->reduction = (double)fusion->unfused_bytes;
    fusion->unfused_bytes += fusion->fused_bytes;
    fusion->reduction /= fusion->unfused_bytes ? (double)fusion->unfused_bytes : 1.0;
    return true;
}

bool erg_compat_fusion_fill(erg_compat *compat, erg_error *err)
{
    size_t count = (size_t)compat->node_count + 1;
    int32_t *chain_of = erg_arena_take(compat->arena, count * sizeof(*chain_of), err);
    int32_t *members = erg_arena_take(compat->arena, count * sizeof(*members), err);
    erg_compat_chain *chains = erg_arena_take(compat->arena, count * sizeof(*chains), err);

    if (!chain_of || !members || !chains)
        return false;
    memset(chain_of, -1, count * sizeof(*chain_of));
    grow(compat, chain_of, members, chains);
    compat->fusion = (erg_compat_fusion){ .chains = chains };
    return total(compat, chain_of, chains, err);
}
