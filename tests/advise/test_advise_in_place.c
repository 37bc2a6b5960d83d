/* SPDX-License-Identifier: Apache-2.0 */
/* Outputs over dead inputs, against the definition, reader by reader. */
#include "advise/advise_in_place.h"
#include "test.h"

static int32_t named(const erg_graph *graph, const char *name)
{
    for (int32_t t = 0; t < graph->tensor_count; t++)
        if (graph->tensors[t].producer >= 0 && graph->tensors[t].storage == t
            && graph->tensors[t].name && strcmp(graph->tensors[t].name, name) == 0)
            return t;
    return -1;
}

static int32_t last_reader(const erg_graph *graph, int32_t storage)
{
    int32_t last = -1;

    for (int32_t i = 0; i < graph->operator_count; i++)
        for (int32_t k = 0; k < graph->operators[i].input_count; k++)
            if (graph->tensors[graph->operators[i].inputs[k]].storage == storage)
                last = i;
    return last;
}

static void whatever_is_overwritten_is_never_read_again(void)
{
    static const char *const workloads[] = { "zoo:resnet18", "zoo:mobilenet_v2",
                                             "zoo:bert_base" };

    for (size_t w = 0; w < ERG_COUNT(workloads); w++) {
        erg_error err = { 0 };
        erg_graph *graph = erg_graph_load(workloads[w], &(erg_graph_options){ 0 }, &err);
        CHECK_OK(graph, err);
        erg_result *result = erg_result_new("advise", NULL);
        CHECK_OK(erg_advise_in_place(graph, SIZE_MAX, result, &err), err);
        const erg_table *rows = erg_result_find(result, "in_place");
        CHECK(erg_table_row_count(rows) > 10);
        for (size_t i = 0; i < erg_table_row_count(rows); i++) {
            int32_t made = named(graph, erg_table_find(rows, i, "tensor").text);
            int32_t over = named(graph, erg_table_find(rows, i, "over").text);
            CHECK(made >= 0 && over >= 0 && !graph->tensors[over].is_output);
            CHECK(graph->tensors[over].role == ERG_ACTIVATION);
            CHECK(graph->tensors[over].bytes == graph->tensors[made].bytes);
            CHECK(last_reader(graph, over) == graph->tensors[made].producer);
        }
        erg_result_free(result);
        erg_graph_free(graph);
    }
}

/* All 17 ReLUs of ResNet-18 and its 8 sums: each has an input that dies there. */
static void every_relu_and_sum_of_a_resnet_is_named_largest_first(void)
{
    erg_graph *graph = erg_graph_load("zoo:resnet18", &(erg_graph_options){ 0 }, NULL);
    erg_result *result = erg_result_new("advise", NULL);
    double before = INFINITY;

    CHECK(graph && erg_advise_in_place(graph, SIZE_MAX, result, NULL));
    const erg_table *rows = erg_result_find(result, "in_place");
    CHECK(erg_table_row_count(rows) == 17 + 8);
    for (size_t i = 0; i < erg_table_row_count(rows); i++) {
        double bytes = erg_table_find(rows, i, "bytes").real;
        CHECK(bytes <= before);
        before = bytes;
    }
    erg_result_free(result);
    erg_graph_free(graph);
}

int main(void)
{
    static const test tests[] = {
        TEST(whatever_is_overwritten_is_never_read_again),
        TEST(every_relu_and_sum_of_a_resnet_is_named_largest_first),
    };
    return test_run(tests, ERG_COUNT(tests));
}
