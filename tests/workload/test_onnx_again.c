/* SPDX-License-Identifier: Apache-2.0 */
/* An ONNX file that is read again and again, with other options each time: what is kept
 * of it between two readings must not be seen in any graph. */
#include "net.h"
#include "workload/source.h"

/* In an order in which each reading follows one that leaves something else behind. */
static const erg_graph_options wishes[] = {
    { .batch = 1 },
    { .batch = 4 },
    { .batch = 1, .precision = ERG_FP16 },
    { .batch = 1, .runtime = ERG_GRAPH },
    { .batch = 4, .runtime = ERG_GRAPH, .precision = ERG_INT8 },
    { .batch = 1, .attention = ERG_ATTENTION_FLASH },
    { .batch = 1, .fold_batch_norm = true },
    { .batch = 2, .fold_batch_norm = true },
    { .batch = 1, .seq = 7 },
    { .batch = 4, .seq = 7 },
    { .batch = 1 },
};

/* Softmax of a product, as a plain run launches it; a norm after a convolution. */
static net *attention_and_norm(int64_t batch)
{
    net *n = net_new(17);

    net_input(n, "x", NET_DIMS(batch, 3, 8, 8));
    net_weight(n, "w", NET_FLOAT, NET_DIMS(4, 3, 3, 3));
    net_node(n, "Conv", "x w", "c");
    for (int i = 0; i < 4; i++)
        net_weight(n, (char[]){ (char)('p' + i), 0 }, NET_FLOAT, NET_DIMS(4));
    net_node(n, "BatchNormalization", "c p q r s", "b");
    net_node(n, "Relu", "b", "h");
    net_ints(n, net_node(n, "Transpose", "h", "t"), "perm", NET_LIST(0, 1, 3, 2));
    net_node(n, "MatMul", "h t", "scores");
    net_node(n, "Softmax", "scores", "shares");
    net_node(n, "MatMul", "shares h", "y");
    net_output(n, "y");
    return n;
}

/* One input has the batch as a name. Where the other, whose 1 may become it, comes first
 * the sum of both does not grow by the batch. */
static net *named_batch(bool named_first)
{
    net *n = net_new(17);

    for (int i = 0; i < 2; i++)
        if ((i == 0) == named_first)
            net_input(n, "z", NET_DIMS(-13, 6));        /* N */
        else
            net_input(n, "x", NET_DIMS(1, 6));
    net_weight(n, "w", NET_FLOAT, NET_DIMS(6, 5));
    net_node(n, "MatMul", "x w", "a");
    net_node(n, "MatMul", "z w", "b");
    net_node(n, "Add", "a b", "y");
    net_output(n, "y");
    return n;
}

static void check_same_operator(const erg_operator *a, const erg_operator *b)
{
    CHECK(a->kind == b->kind && a->precision == b->precision);
    CHECK_TEXT(a->name, b->name);
    CHECK(a->flop == b->flop && a->macs == b->macs && a->special_op == b->special_op);
    CHECK(a->in_bytes == b->in_bytes && a->out_bytes == b->out_bytes);
    CHECK(a->weight_bytes == b->weight_bytes);
    CHECK(a->input_count == b->input_count && a->output_count == b->output_count);
    for (int32_t i = 0; i < a->input_count; i++)
        CHECK(a->inputs[i] == b->inputs[i]);
    CHECK(a->need_count == b->need_count);
}

static void check_same(const erg_graph *a, const erg_graph *b)
{
    CHECK(a->operator_count == b->operator_count && a->tensor_count == b->tensor_count);
    CHECK(a->parameters == b->parameters && a->flop == b->flop && a->macs == b->macs);
    CHECK(a->batch == b->batch && a->seq == b->seq && a->precision == b->precision);
    for (int32_t i = 0; i < a->operator_count; i++)
        check_same_operator(&a->operators[i], &b->operators[i]);
    for (int32_t i = 0; i < a->tensor_count; i++) {
        CHECK(a->tensors[i].bytes == b->tensors[i].bytes);
        CHECK(a->tensors[i].role == b->tensors[i].role);
        CHECK(a->tensors[i].storage == b->tensors[i].storage);
    }
    CHECK(a->note_count == b->note_count);
}

/* Each reading of a kept file beside a file that is opened for it alone. */
static void check_wishes(net *n, int refused_wanted)
{
    char path[ERG_PATH_MOST];
    int refused = 0;

    net_save(n, path);
    erg_source *source = erg_source_open(path, NULL);
    for (size_t i = 0; i < ERG_COUNT(wishes); i++) {
        erg_error why = { 0 }, why_alone = { 0 };
        erg_graph *again = erg_source_read(source, &wishes[i], &why);
        erg_graph *alone = erg_graph_load(path, &wishes[i], &why_alone);
        CHECK((again != NULL) == (alone != NULL));
        CHECK(why.code == why_alone.code);
        CHECK_TEXT(why.text, why_alone.text);
        refused += !again;
        if (again)
            check_same(again, alone);
        erg_graph_free(again);
        erg_graph_free(alone);
    }
    CHECK(refused == refused_wanted);
    erg_source_close(source);
    net_free(n);
}

static void no_reading_is_seen_in_a_later_one(void)
{
    check_wishes(attention_and_norm(1), 0);
}

/* Four of the wishes are of another batch than 1: files that allow none refuse those. */
static void a_batch_that_is_fixed_is_refused_each_time(void)
{
    check_wishes(attention_and_norm(3), 4);
}

static void a_batch_by_name_is_bound_anew(void)
{
    check_wishes(named_batch(true), 0);
    check_wishes(named_batch(false), 4);
}

static void what_fails_in_a_later_reading_leaves_the_first_whole(void)
{
    net *n = net_new(17);

    net_input(n, "x", NET_DIMS(1, 6));
    net_ints(n, net_node(n, "ReduceMean", "x", "y"), "axes", NET_LIST(0));
    net_output(n, "y");
    check_wishes(n, 4);
}

int main(void)
{
    static const test tests[] = {
        TEST(no_reading_is_seen_in_a_later_one),
        TEST(a_batch_that_is_fixed_is_refused_each_time),
        TEST(a_batch_by_name_is_bound_anew),
        TEST(what_fails_in_a_later_reading_leaves_the_first_whole),
    };
    return test_run(tests, ERG_COUNT(tests));
}
