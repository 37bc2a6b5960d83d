/* SPDX-License-Identifier: Apache-2.0 */
/* Graphs with one change: what must stay stays, what is saved is what was dropped. */
#include <string.h>
#include "estimate/memory.h"
#include "estimate/rewrite.h"
#include "test.h"

static erg_graph *load(const char *spec, erg_phase phase, erg_precision precision)
{
    const erg_graph_options options = { .batch = 4, .seq = 32, .phase = phase,
                                        .precision = precision };
    erg_error err = { 0 };
    erg_graph *graph = erg_graph_load(spec, &options, &err);

    if (!graph)
        fail_msg("%s: %s", spec, err.text);
    return graph;
}

static int64_t peak_of(const erg_graph *graph)
{
    erg_partition *cut = erg_graph_partition(graph, ERG_FUSION_NONE, NULL);
    erg_memory *memory = erg_memory_plan(cut, NULL, NULL);
    int64_t peak = memory->peak_bytes;

    erg_memory_free(memory);
    erg_partition_free(cut);
    return peak;
}

/* ---- weights ------------------------------------------------------------------------ */

static void narrow_weights_are_a_byte_an_element_and_a_scale_a_row(void)
{
    erg_arena *arena = erg_arena_new(NULL);
    erg_graph *graph = load("zoo:vgg16", ERG_PREFILL, ERG_FP32);
    const erg_graph *narrow = erg_rewrite_narrow(arena, graph, NULL);
    int64_t bytes = 0;

    for (int32_t t = 0; t < graph->tensor_count; t++) {
        const erg_tensor *x = &graph->tensors[t];
        if (x->role == ERG_WEIGHT)
            bytes += x->rank >= 2 ? x->elements + 2 * x->dims[0] : x->bytes;
    }
    assert_int_equal(narrow->weights_bytes, bytes);
    assert_int_equal(narrow->flop, graph->flop);
    CHECK(narrow->weights_bytes < graph->weights_bytes / 3);
    for (int32_t i = 0; i < graph->operator_count; i++) {
        assert_int_equal(narrow->operators[i].in_bytes, graph->operators[i].in_bytes);
        assert_int_equal(narrow->operators[i].out_bytes, graph->operators[i].out_bytes);
    }
    /* Weights are there from first to last: the peak falls by them alone. */
    assert_int_equal(peak_of(graph) - peak_of(narrow),
                     graph->weights_bytes - narrow->weights_bytes);
    erg_graph_free(graph);
    erg_arena_free(arena);
}

static void weights_of_eight_bits_are_not_narrowed(void)
{
    erg_arena *arena = erg_arena_new(NULL);
    erg_graph *graph = load("zoo:resnet18", ERG_PREFILL, ERG_INT8);

    CHECK(!erg_rewrite_narrow(arena, graph, NULL));
    erg_graph_free(graph);
    erg_arena_free(arena);
}

/* ---- checkpoints --------------------------------------------------------------------- */

/* Everything that is read was made before, or was there from the beginning. */
static void check_order(const erg_graph *graph)
{
    for (int32_t i = 0; i < graph->operator_count; i++) {
        const erg_operator *op = &graph->operators[i];
        for (int32_t j = 0; j < op->input_count; j++) {
            const erg_tensor *x = &graph->tensors[graph->tensors[op->inputs[j]].storage];
            CHECK(x->producer < i);
        }
        for (int32_t j = 0; j < op->need_count; j++)
            CHECK(op->needs[j] >= 0 && op->needs[j] < i);
    }
}

static int64_t flop_of(const erg_graph *graph, int32_t from, int32_t to)
{
    int64_t sum = 0;

    for (int32_t i = from; i < to; i++)
        sum += graph->operators[i].flop;
    return sum;
}

static void what_is_dropped_is_computed_again_and_saves_memory(void)
{
    static const char *const workloads[] = { "zoo:gpt2", "zoo:resnet18", "zoo:t5_small",
                                             "zoo:bert_base" };

    for (size_t w = 0; w < ERG_COUNT(workloads); w++) {
        erg_arena *arena = erg_arena_new(NULL);
        erg_graph *graph = load(workloads[w], ERG_TRAIN, ERG_FP32);
        int64_t forward = flop_of(graph, 0, graph->forward_count);
        for (int32_t segments = 2; segments <= 16; segments *= 2) {
            const erg_graph *again = erg_rewrite_recompute(arena, graph, segments, NULL);
            assert_non_null(again);
            check_order(again);
            CHECK(again->flop > graph->flop && again->flop < graph->flop + forward);
            CHECK(peak_of(again) < peak_of(graph));
            assert_int_equal(again->weights_bytes, graph->weights_bytes);
            /* The forward pass stands first and as it was. */
            for (int32_t i = 0; i < graph->forward_count; i++)
                CHECK_TEXT(again->operators[i].name, graph->operators[i].name);
        }
        erg_graph_free(graph);
        erg_arena_free(arena);
    }
}

/* A way back that is run once has every operator once. */
static void the_way_back_stays_what_it_was(void)
{
    erg_arena *arena = erg_arena_new(NULL);
    erg_graph *graph = load("zoo:gpt2", ERG_TRAIN, ERG_FP32);
    const erg_graph *again = erg_rewrite_recompute(arena, graph, 4, NULL);
    int32_t at = graph->forward_count;

    for (int32_t i = graph->forward_count; i < graph->operator_count; i++, at++) {
        while (strcmp(again->operators[at].name, graph->operators[i].name) != 0)
            CHECK(++at < again->operator_count);
        assert_int_equal(again->operators[at].in_bytes, graph->operators[i].in_bytes);
    }
    assert_int_equal(at, again->operator_count);
    erg_graph_free(graph);
    erg_arena_free(arena);
}

static void a_pass_without_a_way_back_keeps_nothing_to_drop(void)
{
    erg_arena *arena = erg_arena_new(NULL);
    erg_graph *graph = load("zoo:gpt2", ERG_PREFILL, ERG_FP32);

    CHECK(!erg_rewrite_recompute(arena, graph, 4, NULL));
    erg_graph_free(graph);
    erg_arena_free(arena);
}

int main(void)
{
    static const test tests[] = {
        TEST(narrow_weights_are_a_byte_an_element_and_a_scale_a_row),
        TEST(weights_of_eight_bits_are_not_narrowed),
        TEST(what_is_dropped_is_computed_again_and_saves_memory),
        TEST(the_way_back_stays_what_it_was),
        TEST(a_pass_without_a_way_back_keeps_nothing_to_drop),
    };
    return test_run(tests, ERG_COUNT(tests));
}
