/* SPDX-License-Identifier: Apache-2.0 */
/* The timeline against every lifetime counted by hand, and orders against all orders. */
#include <time.h>
#include "by_hand.h"
#include "estimate/memory.h"

/* When each tensor is there if `order` is run: the definition, tensor by tensor. */
static int64_t held_at(const erg_graph *graph, const int32_t *order, int32_t count,
                       int32_t t)
{
    int64_t bytes = 0;

    for (int32_t x = 0; x < graph->tensor_count; x++) {
        int32_t made = -1, last = -1;
        for (int32_t i = 0; i < count; i++) {
            const erg_operator *op = &graph->operators[order[i]];
            if (graph->tensors[x].producer == order[i])
                made = i;
            for (int32_t j = 0; j < op->input_count; j++)
                if (op->inputs[j] == x)
                    last = i;
        }
        if (graph->tensors[x].role == ERG_INPUT)
            made = last < 0 ? count : 0;
        if (made >= 0 && last < 0)
            last = made;
        if (graph->tensors[x].is_output)
            last = count;
        if (made <= t && t <= last)
            bytes += graph->tensors[x].bytes;
    }
    return bytes;
}

static void each_step_holds_what_is_alive_then(void)
{
    test_random random = { 41 };

    for (int round = 0; round < 300; round++) {
        static by_hand made;
        by_hand_partition(&made, by_hand_random(&random, ERG_OP_COPY));
        erg_memory *memory = erg_memory_plan(&made.partition, NULL, NULL);
        int32_t order[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8 };
        int64_t peak = 0;
        for (int32_t t = 0; t < memory->step_count; t++) {
            int64_t held = held_at(made.graph, order, memory->step_count, t);
            assert_int_equal(memory->steps[t].total_bytes, held);
            peak = held > peak ? held : peak;
        }
        assert_int_equal(memory->peak_bytes, peak);
        CHECK(memory->bound_bytes <= peak);
        erg_memory_free(memory);
        erg_graph_free(made.graph);
    }
}

typedef struct all_orders {
    const erg_graph *graph;
    int32_t order[16], count;
    int64_t best;
} all_orders;

static bool may_run(const all_orders *all, int32_t at, int32_t op)
{
    const erg_operator *one = &all->graph->operators[op];
    int32_t met = 0;

    for (int32_t i = 0; i < at; i++) {
        if (all->order[i] == op)
            return false;
        for (int32_t j = 0; j < one->need_count; j++)
            met += one->needs[j] == all->order[i];
    }
    return met == one->need_count;
}

static void try_orders(all_orders *all, int32_t at)
{
    int64_t peak = 0;

    for (int32_t op = 0; op < all->count && at < all->count; op++)
        if (may_run(all, at, op)) {
            all->order[at] = op;
            try_orders(all, at + 1);
        }
    if (at < all->count)
        return;
    for (int32_t t = 0; t < all->count; t++) {
        int64_t held = held_at(all->graph, all->order, all->count, t);
        peak = held > peak ? held : peak;
    }
    all->best = peak < all->best ? peak : all->best;
}

/* Greedy is no oracle: it must be legal, never below the best, and mostly the best. */
static void an_order_by_memory_lies_between_the_bound_and_luck(void)
{
    test_random random = { 77 };
    int best = 0, rounds = 60;
    const erg_memory_options by_memory = { .by_memory = true };

    for (int round = 0; round < rounds; round++) {
        static by_hand made;
        by_hand_partition(&made, by_hand_random(&random, ERG_OP_COPY));
        erg_memory *memory = erg_memory_plan(&made.partition, &by_memory, NULL);
        all_orders all = { .graph = made.graph, .count = made.graph->operator_count,
                           .best = INT64_MAX };
        try_orders(&all, 0);
        CHECK(memory->bound_bytes <= all.best);
        CHECK(memory->peak_bytes >= all.best);
        for (int32_t i = 0; i < memory->step_count; i++)
            all.order[i] = memory->steps[i].subgraph;
        for (int32_t i = 0; i < memory->step_count; i++)
            CHECK(may_run(&all, i, all.order[i]));
        best += memory->peak_bytes == all.best;
        erg_memory_free(memory);
        erg_graph_free(made.graph);
    }
    CHECK(best >= rounds * 7 / 10);
}

/* in -> relu -> relu -> relu: one buffer beside the input,
 * whose last reader is the first. */
static void a_chain_of_elementwise_works_in_place(void)
{
    erg_builder *builder = erg_build_begin("chain", "test", NULL, NULL);
    int32_t x = by_hand_tensor(builder, ERG_INPUT, 100);

    for (int i = 0; i < 4; i++)
        x = by_hand_op(builder, ERG_OP_RELU, &x, 1, 100);
    erg_build_output(builder, x);
    static by_hand made;
    by_hand_partition(&made, erg_build_end(builder, NULL));
    erg_memory *memory = erg_memory_plan(&made.partition, NULL, NULL);
    assert_int_equal(memory->peak_bytes, 800);      /* the input is the user's */
    assert_int_equal(memory->steps[3].total_bytes, 400);
    assert_int_equal(memory->steps[3].allocated_bytes, 0);
    assert_int_equal(memory->steps[3].live, 1);
    erg_memory_free(memory);
    memory = erg_memory_plan(&made.partition, &(erg_memory_options){ .no_reuse = true },
                             NULL);
    assert_int_equal(memory->steps[3].total_bytes, 800);
    erg_memory_free(memory);
    erg_graph_free(made.graph);
}

/* Unrolled loops and deep networks: time that grew with the square of the launches would
 * be half a minute of this processor here. */
static void a_hundred_thousand_launches_are_planned_in_seconds(void)
{
    enum { LAUNCHES = 100000, SECONDS_MOST = 10 };
    static const erg_fusion cuts[] = { ERG_FUSION_NONE, ERG_FUSION_RUNTIME };
    erg_builder *builder = erg_build_begin("deep", "test", NULL, NULL);
    int32_t x = by_hand_tensor(builder, ERG_INPUT, 100);

    for (int i = 0; i < LAUNCHES; i++)
        x = by_hand_op(builder, ERG_OP_RELU, &x, 1, 100);
    erg_build_output(builder, x);
    erg_graph *graph = erg_build_end(builder, NULL);
    clock_t begin = clock();
    for (size_t i = 0; i < ERG_COUNT(cuts); i++) {
        erg_partition *cut = erg_graph_partition(graph, cuts[i], NULL);
        erg_memory *memory =
            erg_memory_plan(cut, &(erg_memory_options){ .by_memory = true }, NULL);
        CHECK(memory && memory->step_count == (i ? 1 : LAUNCHES));
        assert_int_equal(memory->peak_bytes, 800);
        erg_memory_free(memory);
        erg_partition_free(cut);
    }
    CHECK(clock() - begin < (clock_t)SECONDS_MOST * CLOCKS_PER_SEC);
    erg_graph_free(graph);
}

/* a -> b, c -> d = b + c: b, c and d at once unless d takes the place of one. */
static void a_diamond_keeps_both_arms(void)
{
    erg_builder *builder = erg_build_begin("diamond", "test", NULL, NULL);
    int32_t x = by_hand_tensor(builder, ERG_INPUT, 1);
    int32_t a = by_hand_op(builder, ERG_OP_COPY, &x, 1, 10);
    int32_t b = by_hand_op(builder, ERG_OP_COPY, &a, 1, 20);
    int32_t c = by_hand_op(builder, ERG_OP_COPY, &a, 1, 20);
    int32_t d = by_hand_op(builder, ERG_OP_ADD, (int32_t[]){ b, c }, 2, 20);

    erg_build_output(builder, d);
    static by_hand made;
    by_hand_partition(&made, erg_build_end(builder, NULL));
    erg_memory *memory = erg_memory_plan(&made.partition, NULL, NULL);
    assert_int_equal(memory->steps[2].total_bytes, 4 * (10 + 20 + 20));
    assert_int_equal(memory->steps[3].total_bytes, 4 * (20 + 20));
    assert_int_equal(memory->bound_bytes, 4 * (20 + 20));
    assert_int_equal(memory->peak_step, 2);
    erg_memory_free(memory);
    erg_graph_free(made.graph);
}

static void a_residual_network_holds_its_weights_and_the_widest_block(void)
{
    static by_hand made;
    by_hand_partition(&made, erg_graph_load("zoo:resnet18", NULL, NULL));
    erg_memory *memory = erg_memory_plan(&made.partition, NULL, NULL);
    erg_memory *hungry = erg_memory_plan(&made.partition,
        &(erg_memory_options){ .explicit_conv = true, .no_reuse = true }, NULL);

    assert_int_equal(memory->weights_bytes, made.graph->weights_bytes);
    /* conv1 of 64 x 112 x 112 and the norm behind it, in two buffers. */
    assert_int_equal(memory->peak_activation_bytes, 2 * 4 * 64 * 112 * 112);
    /* 3 x 7 x 7 values for each of 112 x 112 outputs, the largest unrolling. */
    assert_int_equal(hungry->max_workspace_bytes, 4LL * 3 * 49 * 112 * 112);
    CHECK(hungry->peak_bytes > memory->peak_bytes);
    CHECK(memory->mean_bytes < (double)memory->peak_bytes);
    erg_memory_free(memory);
    erg_memory_free(hungry);
    erg_graph_free(made.graph);
}

/* Forward alone frees as it goes; a step holds what the way back will read. */
static void a_training_step_holds_gradients_state_and_what_the_way_back_reads(void)
{
    erg_graph_options options = { .seq = 64, .optimizer = ERG_OPTIMIZER_ADAMW };
    erg_graph *pass = erg_graph_load("zoo:gpt2", &options, NULL);
    options.phase = ERG_TRAIN;
    erg_graph *step = erg_graph_load("zoo:gpt2", &options, NULL);
    erg_partition *one = erg_graph_partition(pass, ERG_FUSION_NONE, NULL);
    erg_partition *other = erg_graph_partition(step, ERG_FUSION_NONE, NULL);
    erg_memory *forward = erg_memory_plan(one, NULL, NULL);
    erg_memory *training = erg_memory_plan(other, NULL, NULL);
    int64_t layer = 64 * 768 * 4;

    assert_int_equal(training->gradient_bytes, 4 * step->parameters);
    assert_int_equal(training->optimizer_bytes, 8 * step->parameters);
    assert_int_equal(forward->gradient_bytes + forward->optimizer_bytes, 0);
    assert_int_equal(training->resident_bytes, 16 * step->parameters);
    /* At least the inputs of a layer's four products: H, H, H and 4H wide. */
    CHECK(training->peak_activation_bytes > 12 * (3 + 4) * layer);
    CHECK(forward->peak_activation_bytes < 64 * 50257 * 4 + 12 * layer);
    erg_memory_free(forward);
    erg_memory_free(training);
    erg_partition_free(one);
    erg_partition_free(other);
    erg_graph_free(pass);
    erg_graph_free(step);
}

int main(void)
{
    static const test tests[] = {
        TEST(each_step_holds_what_is_alive_then),
        TEST(an_order_by_memory_lies_between_the_bound_and_luck),
        TEST(a_chain_of_elementwise_works_in_place),
        TEST(a_hundred_thousand_launches_are_planned_in_seconds),
        TEST(a_diamond_keeps_both_arms),
        TEST(a_residual_network_holds_its_weights_and_the_widest_block),
        TEST(a_training_step_holds_gradients_state_and_what_the_way_back_reads),
    };
    return test_run(tests, ERG_COUNT(tests));
}
