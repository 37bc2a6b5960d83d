/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel lists against the sums of their columns. */
#include "erg/workload.h"
#include "workload/build.h"
#include "test.h"

typedef struct sums { int64_t flop, matrix_bytes, other_bytes; } sums;

static bool is_matrix(const erg_operator *op)
{
    return erg_op_kinds[op->kind].kind_class == ERG_MATRIX;
}

static sums sums_of(const erg_graph *graph)
{
    sums all = { 0 };

    for (int32_t i = 0; i < graph->operator_count; i++) {
        const erg_operator *op = &graph->operators[i];
        int64_t bytes = op->in_bytes + op->out_bytes + op->weight_bytes;
        *(is_matrix(op) ? &all.matrix_bytes : &all.other_bytes) += bytes;
        all.flop += op->flop;
    }
    return all;
}

static erg_graph *load(const char *name, erg_precision precision, bool completes)
{
    char path[160];
    erg_error err = { 0 };
    erg_graph_options options = { .precision = precision, .complete_list = completes };

    snprintf(path, sizeof(path), "energy/workloads/%s.json", name);
    erg_graph *graph = erg_graph_load(test_data(path), &options, &err);
    if (!graph)
        fail_msg("%s: %s", name, err.text);
    return graph;
}

static const struct {
    const char *name;
    int64_t batch, seq;
    int32_t operators;
    sums all;
} lists[] = {
    { "bertmodel_large_pbf16_b1_s128_modeprefill", 1, 128, 389,
      { 78922121216, 769658880, 202641920 } },
    { "gpt2model_gpt2_pbf16_b1_s128_modeprefill", 1, 128, 242,
      { 22347251712, 226492416, 213319680 } },
    { "resnet101__pbf16_b8_freq900", 8, 1, 205,
      { 124789719040 + 32768000, 596986240 + 4144768, 471252992 } },
    { "vitmodel_large_pbf16_b8_freq900", 8, 1, 413,
      { 2466250752 + 982405349376, 7192576 + 2786664448, 4268589056 } },
};

static void sums_are_those_of_the_lists_columns(void)
{
    for (size_t i = 0; i < ERG_COUNT(lists); i++) {
        erg_graph *graph = load(lists[i].name, ERG_BF16, false);
        sums all = sums_of(graph);
        assert_int_equal(graph->operator_count, lists[i].operators);
        assert_int_equal(graph->batch, lists[i].batch);
        assert_int_equal(graph->seq, lists[i].seq);
        assert_int_equal(all.flop, lists[i].all.flop);
        assert_int_equal(graph->flop, lists[i].all.flop);
        assert_int_equal(all.matrix_bytes, lists[i].all.matrix_bytes);
        assert_int_equal(all.other_bytes, lists[i].all.other_bytes);
        erg_graph_free(graph);
    }
}

static void another_precision_scales_every_byte(void)
{
    for (size_t i = 0; i < ERG_COUNT(lists); i++) {
        erg_graph *graph = load(lists[i].name, ERG_FP32, false);
        sums all = sums_of(graph);
        assert_int_equal(all.flop, lists[i].all.flop);
        assert_int_equal(all.matrix_bytes, 2 * lists[i].all.matrix_bytes);
        assert_int_equal(all.other_bytes, 2 * lists[i].all.other_bytes);
        erg_graph_free(graph);
    }
}

/* Closed form of what an eager ResNet-101 launches beside its list, at batch b. */
static int64_t missing_bytes(const erg_graph *raw, int64_t b)
{
    int64_t p = 2, bytes = 2 * p * b * (64 * (112 * 112 + 56 * 56) + 2048 * 50);
    int64_t added = 256 * 56 * 56 * 3 + 512 * 28 * 28 * 4 + 1024 * 14 * 14 * 23
        + 2048 * 7 * 7 * 3;

    for (int32_t i = 0; i < raw->operator_count; i++)
        if (raw->operators[i].kind == ERG_OP_CONV)
            bytes += 2 * p * raw->operators[i].m * raw->operators[i].n;
    return bytes + 3 * p * b * added;
}

static void a_resnets_list_is_completed_when_asked(void)
{
    erg_graph *raw = load("resnet101__pbf16_b8_freq900", ERG_BF16, false);
    erg_graph *full = load("resnet101__pbf16_b8_freq900", ERG_BF16, true);
    sums before = sums_of(raw), after = sums_of(full);

    assert_int_equal(full->operator_count, 205 + 104 + 33 + 2);
    assert_int_equal(after.flop, before.flop);
    assert_int_equal(after.matrix_bytes, before.matrix_bytes);
    assert_int_equal(after.other_bytes, before.other_bytes + missing_bytes(raw, 8));
    erg_graph_free(raw);
    erg_graph_free(full);

    full = load("vitmodel_large_pbf16_b8_freq900", ERG_BF16, true);
    assert_int_equal(full->operator_count, 413);
    erg_graph_free(full);
}

static void nonsense_is_refused_with_the_entry(void)
{
    static const struct { const char *text, *says; } bad[] = {
        { "[", "bad:1: " },
        { "[]", "no operators" },
        { "[1]", "entry 0" },
        { "[[{}, [\"gemm\"]]]", "batch" },
        { "[[{}, [\"nonesuch\"]]]", "entry 0" },
        { "[[{\"dim\": 4, \"op\": \"relu\", \"prec\": \"fp99\"}, [\"elementwise\"]]]",
          "prec" },
        { "[[{\"dim\": -4, \"op\": \"relu\", \"prec\": \"fp32\"}, [\"elementwise\"]]]",
          "dim" },
        { "[[{\"batch\": 1099511627776, \"dimM\": 1099511627776, \"dimN\": 1, \"dimK\": 1,"
          "\"precM\": \"fp32\"}, [\"gemm\"]]]", "entry 0" },
    };

    for (size_t i = 0; i < ERG_COUNT(bad); i++) {
        erg_error err = { 0 };
        assert_null(erg_kernel_list_parse("bad", bad[i].text, strlen(bad[i].text), NULL,
                                          &err));
        bool is_named = strncmp(err.text, "bad", 3) == 0;
        if (err.code != ERG_BAD_INPUT || !is_named || !strstr(err.text, bad[i].says))
            fail_msg("%s: %s", bad[i].text, err.text);
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(sums_are_those_of_the_lists_columns),
        TEST(another_precision_scales_every_byte),
        TEST(a_resnets_list_is_completed_when_asked),
        TEST(nonsense_is_refused_with_the_entry),
    };
    return test_run(tests, ERG_COUNT(tests));
}
