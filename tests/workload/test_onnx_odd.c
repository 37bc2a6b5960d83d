/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes that no runtime would run: refused with their fault, never counted wrongly. */
#include "loaded.h"

/* Of one node over inputs a, b, c.. of these shapes; attributes by the caller. */
typedef struct shape { int32_t rank; int64_t dims[4]; } shape;

static net *odd(int64_t opset, const char *op, const shape *inputs, const char *names,
                Onnx__NodeProto **node)
{
    net *n = net_new(opset);
    char copy[40], *rest = copy;
    int i = 0;

    erg_text_put(copy, sizeof(copy), names);
    for (char *one; (one = strsep(&rest, " ")); i++)
        net_input(n, one, inputs[i].rank, inputs[i].dims);
    *node = net_node(n, op, names, "y");
    net_output(n, "y");
    return n;
}

static void packed_weights_without_a_column_are_refused(void)
{
    static const struct { int64_t k, n, bits, block, columns; } rows[] = {
        { 0, 32, 4, 32, 0 }, { 64, 0, 4, 32, 64 }, { 64, 32, 0, 32, 64 },
        { 64, 32, 9, 32, 64 }, { 64, 32, 4, 0, 64 }, { 48, 32, 4, 32, 64 },
    };

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        Onnx__NodeProto *node;
        const shape inputs[] = { { 2, { 3, rows[i].columns } }, { 2, { 32, 32 } } };
        net *n = odd(17, "com.microsoft:MatMulNBits", inputs, "a b", &node);
        net_int(n, node, "K", rows[i].k);
        net_int(n, node, "N", rows[i].n);
        net_int(n, node, "bits", rows[i].bits);
        net_int(n, node, "block_size", rows[i].block);
        refused(n, NULL, "K, N, bits and block_size", "MatMulNBits");
    }
}

static void attention_of_tensors_that_do_not_fit_is_refused(void)
{
    static const struct { shape q, k, v; int64_t heads, groups; } rows[] = {
        { { 3, { 2, 10, 64 } }, { 3, { 2, 20, 64 } }, { 3, { 2, 20, 64 } }, 7, 7 },
        { { 3, { 2, 10, 64 } }, { 3, { 2, 20, 64 } }, { 3, { 2, 20, 64 } }, 0, 0 },
        { { 3, { 2, 10, 64 } }, { 3, { 3, 20, 64 } }, { 3, { 3, 20, 64 } }, 8, 8 },
        { { 3, { 2, 10, 64 } }, { 3, { 2, 20, 64 } }, { 3, { 2, 21, 64 } }, 8, 8 },
        { { 3, { 2, 10, 64 } }, { 3, { 2, 20, 64 } }, { 3, { 2, 20, 64 } }, 8, 2 },
        { { 4, { 2, 8, 10, 8 } }, { 4, { 2, 8, 20, 16 } }, { 4, { 2, 8, 20, 8 } }, 8, 8 },
        { { 4, { 2, 8, 10, 8 } }, { 4, { 2, 3, 20, 8 } }, { 4, { 2, 3, 20, 8 } }, 8, 8 },
    };

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        Onnx__NodeProto *node;
        const shape inputs[] = { rows[i].q, rows[i].k, rows[i].v };
        net *n = odd(23, "Attention", inputs, "a b c", &node);
        net_int(n, node, "q_num_heads", rows[i].heads);
        net_int(n, node, "kv_num_heads", rows[i].groups);
        refused(n, NULL, "its heads do not fit", "q_num_heads");
    }
}

static void weights_of_a_recurrent_layer_must_fit_its_input(void)
{
    static const struct { const char *op; shape w, r; } rows[] = {
        { "LSTM", { 3, { 1, 32, 9 } }, { 3, { 1, 32, 8 } } },
        { "LSTM", { 3, { 2, 32, 4 } }, { 3, { 1, 32, 8 } } },
        { "GRU", { 3, { 1, 32, 4 } }, { 3, { 1, 32, 8 } } },
        { "RNN", { 3, { 1, 8, 4 } }, { 3, { 1, 16, 8 } } },
    };

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        Onnx__NodeProto *node;
        const shape inputs[] = { { 3, { 5, 2, 4 } }, rows[i].w, rows[i].r };
        refused(odd(14, rows[i].op, inputs, "a b c", &node), NULL, "weights need axes",
                rows[i].op);
    }
}

/* An axis without elements is known, and 5 others do not fit it. */
static void sums_over_axes_that_differ_are_refused_even_where_one_is_empty(void)
{
    static const shape inputs[] = { { 2, { 2, 0 } }, { 2, { 5, 4 } } };
    Onnx__NodeProto *node;
    net *n = odd(17, "Einsum", inputs, "a b", &node);

    net_word(n, node, "equation", "ij,jk->ik");
    refused(n, NULL, "its equation does not fit", "Einsum");
    n = odd(17, "Einsum", inputs, "a", &node);
    net_attribute(n, node, "equation")->has_s = 1;      /* empty: without any bytes */
    refused(n, NULL, "its equation does not fit", "Einsum");
}

static void what_asks_for_more_than_there_is_is_refused(void)
{
    static const shape inputs[] = { { 4, { 1, 3, 8, 8 } }, { 4, { 4, 3, 3, 3 } } };
    static const int64_t five = 5;
    Onnx__NodeProto *node;
    net *n = odd(17, "Conv", inputs, "a b", &node);

    net_word(n, node, "auto_pad", "SAME");
    refused(n, NULL, "auto_pad", "SAME_UPPER");
    n = odd(18, "Split", inputs, "a", &node);
    net_int(n, node, "num_outputs", 3);
    refused(n, NULL, "parts have no known sizes", "Split");
    n = net_new(17);
    net_input(n, "a", NET_DIMS(2, 4));
    net_list(n, "k", 1, &five);
    net_node(n, "TopK", "a k", "y i");
    net_output(n, "y");
    refused(n, NULL, "k of 5 is more than axis 1 has", "TopK");
}

static void a_number_of_another_type_is_not_read_as_its_default(void)
{
    static const shape inputs[] = { { 2, { 2, 3 } } };
    Onnx__NodeProto *node;
    net *n = odd(17, "Softmax", inputs, "a", &node);

    net_word(n, node, "axis", "1");
    refused(n, NULL, "its attribute axis is no whole number", "Softmax");
}

/* Writers of proto3 leave 0 out: the type says that it is there. */
static void a_zero_that_was_not_written_is_a_zero(void)
{
    static const shape inputs[] = { { 2, { 2, 3 } }, { 2, { 2, 3 } } };
    Onnx__NodeProto *node;
    net *n = odd(13, "Concat", inputs, "a b", &node);
    Onnx__AttributeProto *axis = net_attribute(n, node, "axis");

    axis->has_type = 1;
    axis->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT;
    CHECK_TEXT(net_shape(net_infer(n, NULL, NULL), "y"), "[4,3]");
    net_free(n);
}

static void an_element_type_that_nobody_knows_is_told(void)
{
    static const shape inputs[] = { { 2, { 2, 3 } } };
    Onnx__NodeProto *node;
    net *n = odd(13, "Relu", inputs, "a", &node);

    n->inputs[0]->type->tensor_type->elem_type = 99;
    erg_graph *graph = loaded(n, NULL);
    CHECK(graph->note_count == 1);
    CHECK(strstr(graph->notes[0], "a has the element type 99"));
    erg_graph_free(graph);
}

int main(void)
{
    static const test tests[] = {
        TEST(packed_weights_without_a_column_are_refused),
        TEST(attention_of_tensors_that_do_not_fit_is_refused),
        TEST(weights_of_a_recurrent_layer_must_fit_its_input),
        TEST(sums_over_axes_that_differ_are_refused_even_where_one_is_empty),
        TEST(what_asks_for_more_than_there_is_is_refused),
        TEST(a_number_of_another_type_is_not_read_as_its_default),
        TEST(a_zero_that_was_not_written_is_a_zero),
        TEST(an_element_type_that_nobody_knows_is_told),
    };
    return test_run(tests, ERG_COUNT(tests));
}
