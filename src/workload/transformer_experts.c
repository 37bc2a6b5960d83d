/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mixture of experts. Of E experts, each token takes k. Without a capacity, T
 * tokens hit E (1 - (1 - k/E)^T) of them (each choice alike, Fedus et al. 2021),
 * which share the T k rows; with one, every expert gets its padded rows. Experts
 * that nobody asks are resident, but not read.
 */
#include <math.h>
#include "workload/count.h"
#include "workload/transformer.h"

typedef struct crowd {
    int64_t active;         /* experts that get rows */
    int64_t rows;           /* of all of them */
} crowd;

static crowd crowd_of(const tf *t)
{
    double experts = (double)t->net.experts, picks = (double)t->net.picks;
    int64_t tokens = t->batch * t->tokens;

    if (t->net.capacity && !t->decoding)
        return (crowd){ t->net.experts, t->net.experts * t->batch * t->net.capacity };
    int64_t rows = tokens * t->net.picks;
    double hit = experts * (1 - pow(1 - picks / experts, (double)tokens));
    int64_t active = llround(hit);
    active = active < t->net.picks ? t->net.picks : active;
    return (crowd){ active < rows ? active : rows, rows };
}

static int32_t route(tf *t, int32_t x)
{
    int32_t y = erg_build_linear(t->b, "router", x, t->net.experts, t->net.router_bias);

    y = erg_tf_map(t, ERG_OP_SOFTMAX, "router_softmax", y);
    int64_t dims[3] = { t->batch, t->tokens, t->net.picks };
    int32_t best = erg_build_tensor(t->b, ERG_ACTIVATION, NULL, 3, dims, ERG_BITS_OF_GRAPH);
    erg_op_spec spec = { .kind = ERG_OP_TOP_K, .name = "router_top_k",
                         .precision = ERG_PRECISIONS, .inputs = &y, .input_count = 1,
                         .outputs = &best, .output_count = 1 };
    return erg_build_operator(t->b, &spec) < 0 ? -1 : best;
}

/* The rows of all experts, side by side. */
static int32_t dispatch(tf *t, int32_t x, int32_t choice, int64_t rows)
{
    int32_t y = erg_build_tensor(t->b, ERG_ACTIVATION, NULL, 2,
                                 (int64_t[]){ rows, t->net.hidden }, ERG_BITS_OF_GRAPH);
    erg_op_spec spec = { .kind = ERG_OP_GATHER, .name = "dispatch",
                         .precision = ERG_PRECISIONS, .inputs = (int32_t[]){ x, choice },
                         .input_count = 2, .outputs = &y, .output_count = 1,
                         .gathers = true };
    return erg_build_operator(t->b, &spec) < 0 ? -1 : y;
}

/* y += weight x part, part by part: a product and a sum an element that comes in. */
static int32_t combine(tf *t, const int32_t *parts, int32_t count, int64_t rows)
{
    int64_t dims[3] = { t->batch, t->tokens, t->net.hidden }, flop = 2 * t->net.hidden;
    int32_t y = erg_build_tensor(t->b, ERG_ACTIVATION, NULL, 3, dims, ERG_BITS_OF_GRAPH);
    erg_op_spec spec = { .kind = ERG_OP_ADD, .name = "weighted_sum",
                         .precision = ERG_PRECISIONS, .inputs = parts, .input_count = count,
                         .outputs = &y, .output_count = 1 };

    if (!erg_count_times(&flop, rows))
        return erg_build_refuse(t->b, "the experts get more rows than a count holds");
    spec.flop = flop;
    return erg_build_operator(t->b, &spec) < 0 ? -1 : y;
}

static bool crowd_is_countable(const tf *t)
{
    int64_t rows = t->batch;

    return erg_count_times(&rows, t->tokens) && erg_count_times(&rows, t->net.picks)
        && erg_count_times(&rows, t->net.experts)
        && erg_count_times(&rows, t->net.capacity ? t->net.capacity : 1);
}

/* parts: one a active expert, its last entry the routing it is weighted with. */
static void run_experts(tf *t, int32_t rows, crowd all, int32_t *parts)
{
    char scope[48];

    snprintf(scope, sizeof(scope), "%s", erg_build_scope_of(t->b));
    for (int64_t i = 0; i < all.active && !erg_build_failed(t->b); i++) {
        int64_t own = all.rows / all.active + (i < all.rows % all.active);
        erg_build_scope(t->b, "%.24sexpert%d.", scope, (int)i);
        int32_t x = erg_build_view(t->b, rows, 2, (int64_t[]){ own, t->net.hidden });
        parts[i] = erg_tf_mlp(t, x, false);
    }
    erg_build_scope(t->b, "%s", scope);
}

int32_t erg_tf_experts(tf *t, int32_t x)
{
    if (!crowd_is_countable(t))
        return erg_build_refuse(t->b, "the experts get more rows than a count holds");
    crowd all = crowd_of(t);
    int64_t matrices = t->net.gated ? 3 : 2, idle = t->net.experts - all.active;
    int32_t *parts = erg_arena_take(erg_build_arena(t->b),
                                    (size_t)(all.active + 1) * sizeof(*parts), NULL);
    if (!parts)
        return erg_build_refuse(t->b, "no memory for %lld experts", (long long)all.active);
    parts[all.active] = route(t, x);
    run_experts(t, dispatch(t, x, parts[all.active], all.rows), all, parts);
    if (idle > 0)
        erg_tf_weights(t, idle * matrices * t->net.inner, t->net.hidden);
    return combine(t, parts, (int32_t)all.active + 1, all.rows);
}
