/* SPDX-License-Identifier: Apache-2.0 */
/* Small graphs and partitions made by hand, one operator a subgraph. */
#ifndef ERG_TESTS_BY_HAND_H
#define ERG_TESTS_BY_HAND_H

#include "test.h"
#include "workload/build.h"

enum { BY_HAND_MOST = 96 };

typedef struct by_hand {
    erg_graph *graph;
    erg_partition partition;
    erg_subgraph subgraphs[BY_HAND_MOST];
    int32_t operators[BY_HAND_MOST], at[BY_HAND_MOST], needs[BY_HAND_MOST][BY_HAND_MOST];
} by_hand;

/* Operators that move nothing are in no subgraph, as erg_graph_partition has it. */
static inline void by_hand_partition(by_hand *made, erg_graph *graph)
{
    int32_t count = 0;

    made->graph = graph;
    for (int32_t i = 0; i < graph->operator_count; i++) {
        const erg_operator *op = &graph->operators[i];
        made->at[i] = -1;
        if (op->in_bytes + op->out_bytes + op->weight_bytes == 0)
            continue;
        erg_subgraph *one = &made->subgraphs[count];
        made->operators[count] = i;
        *one = (erg_subgraph){ .operators = &made->operators[count], .operator_count = 1,
            .name = op->name, .flop = op->flop, .needs = made->needs[count] };
        for (int32_t j = 0; j < op->need_count; j++)
            if (made->at[op->needs[j]] >= 0)
                made->needs[count][one->need_count++] = made->at[op->needs[j]];
        made->at[i] = count++;
    }
    made->partition = (erg_partition){ .graph = graph, .subgraphs = made->subgraphs,
                                       .subgraph_count = count };
}

static inline int32_t by_hand_tensor(erg_builder *builder, erg_role role, int64_t elements)
{
    return erg_build_tensor(builder, role, NULL, 1, &elements, 32);
}

static inline int32_t by_hand_op(erg_builder *builder, erg_op_kind kind,
                                 const int32_t *inputs, int32_t count, int64_t elements)
{
    int32_t out = by_hand_tensor(builder, ERG_ACTIVATION, elements);
    erg_op_spec spec = { .kind = kind, .name = "op", .precision = ERG_PRECISIONS,
                         .inputs = inputs, .input_count = count, .outputs = &out,
                         .output_count = 1 };
    return erg_build_operator(builder, &spec) < 0 ? -1 : out;
}

/* Up to 7 operators over a fed tensor; each reads one or two that are there. */
static inline erg_graph *by_hand_random(test_random *random, erg_op_kind kind)
{
    erg_error err = { 0 };
    erg_builder *builder = erg_build_begin("random", "test", NULL, &err);
    int32_t made[16] = { by_hand_tensor(builder, ERG_INPUT, 3) }, count = 1;
    int32_t ops = 2 + (int32_t)(6 * test_uniform(random));

    for (int32_t i = 0; i < ops; i++) {
        int32_t inputs[2] = { made[(int)(count * test_uniform(random))],
                              made[(int)(count * test_uniform(random))] };
        int32_t reads = test_uniform(random) < 0.5 && inputs[0] != inputs[1] ? 2 : 1;
        int64_t elements = 1 + (int64_t)(20 * test_uniform(random));
        made[count++] = by_hand_op(builder, kind, inputs, reads, elements);
    }
    erg_build_output(builder, made[count - 1]);
    erg_graph *graph = erg_build_end(builder, &err);
    assert_non_null(graph);
    return graph;
}

#endif
