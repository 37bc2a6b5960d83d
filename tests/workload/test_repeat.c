/* SPDX-License-Identifier: Apache-2.0 */
/* A block that is copied is, to the byte, what the calls of the first would build. */
#include "erg/workload.h"
#include "workload/build.h"
#include "test.h"

enum { LAYERS = 12 };       /* layer10. has a digit more than the first */

static void same_list(const int32_t *a, int32_t a_count, const int32_t *b, int32_t b_count)
{
    assert_int_equal(a_count, b_count);
    for (int32_t i = 0; i < a_count; i++)
        assert_int_equal(a[i], b[i]);
}

static void same_tensor(const erg_tensor *a, const erg_tensor *b)
{
    assert_int_equal(!a->name, !b->name);
    if (a->name)
        assert_string_equal(a->name, b->name);
    assert_int_equal(a->rank, b->rank);
    assert_memory_equal(a->dims, b->dims, (size_t)a->rank * sizeof(*a->dims));
    assert_int_equal(a->bits, b->bits);
    assert_int_equal(a->elements, b->elements);
    assert_int_equal(a->bytes, b->bytes);
    assert_int_equal(a->role, b->role);
    assert_int_equal(a->is_output, b->is_output);
    assert_int_equal(a->producer, b->producer);
    assert_int_equal(a->storage, b->storage);
}

static void same_operator(const erg_operator *a, const erg_operator *b)
{
    assert_string_equal(a->name, b->name);
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->precision, b->precision);
    assert_int_equal(a->is_function, b->is_function);
    /* flop to steps: int64_t, one behind the other */
    assert_memory_equal(&a->flop, &b->flop,
                        offsetof(erg_operator, inputs) - offsetof(erg_operator, flop));
    same_list(a->inputs, a->input_count, b->inputs, b->input_count);
    same_list(a->outputs, a->output_count, b->outputs, b->output_count);
    same_list(a->needs, a->need_count, b->needs, b->need_count);
    assert_int_equal(!a->window, !b->window);
}

static void same_graph(const erg_graph *a, const erg_graph *b)
{
    assert_int_equal(a->tensor_count, b->tensor_count);
    assert_int_equal(a->operator_count, b->operator_count);
    for (int32_t i = 0; i < a->tensor_count; i++)
        same_tensor(&a->tensors[i], &b->tensors[i]);
    for (int32_t i = 0; i < a->operator_count; i++)
        same_operator(&a->operators[i], &b->operators[i]);
    assert_int_equal(a->parameters, b->parameters);
    assert_int_equal(a->weights_bytes, b->weights_bytes);
    assert_int_equal(a->kv_cache_bytes, b->kv_cache_bytes);
    assert_int_equal(a->flop, b->flop);
}

static erg_builder *begin(void)
{
    return erg_build_begin("net", "test", &(erg_graph_options){ .seq = 4 }, NULL);
}

static int32_t two_of(erg_builder *b, const char *name, int32_t x, int32_t *other)
{
    const int64_t *dims = erg_build_tensor_at(b, x)->dims;
    int32_t out[2] = { erg_build_tensor(b, ERG_ACTIVATION, NULL, 2, dims, 0),
                       erg_build_tensor(b, ERG_ACTIVATION, NULL, 2, dims, 0) };
    erg_op_spec spec = { .kind = ERG_OP_SPLIT, .name = name, .precision = ERG_PRECISIONS,
                         .inputs = &x, .input_count = 1, .outputs = out,
                         .output_count = 2 };

    erg_build_operator(b, &spec);
    *other = out[1];
    return out[0];
}

/* Views of what comes in and of what is made, names of its own, a second result, what
 * does nothing, a window, and a tensor that all layers read. */
static int32_t layer(erg_builder *b, int32_t x, int32_t all)
{
    int64_t flat[2] = { 8, 4 }, wide[2] = { 4, 8 }, image[4] = { 1, 8, 2, 2 };
    int32_t other, view = erg_build_view(b, x, 2, flat);
    int32_t mask = erg_build_tensor(b, ERG_BUFFER, "mask", 2, wide, 32);
    int32_t y = erg_build_map(b, ERG_OP_RELU, "relu", erg_build_view(b, view, 2, wide), -1);

    y = erg_build_map(b, ERG_OP_MUL, "masked", erg_build_idle(b, "idle", y), mask);
    y = erg_build_linear(b, "linear", y, 8, true);
    y = two_of(b, "two", erg_build_idle(b, "idle_in", x), &other);
    y = erg_build_map(b, ERG_OP_ADD, "both", y, other);
    erg_build_as_function(b, y);
    y = erg_build_view(b, y, 4, image);
    y = erg_build_conv(b, "conv", y, (erg_conv_spec){ .channels = 8, .kernel = 1 });
    y = erg_build_map(b, ERG_OP_ADD, "add_all", erg_build_view(b, y, 2, wide), all);
    return erg_build_add(b, "add", y, x);
}

static erg_graph *network(bool copies)
{
    erg_builder *b = begin();
    erg_error err = { 0 };
    int64_t dims[2] = { 4, 8 };
    int32_t all, x = erg_build_tensor(b, ERG_INPUT, "x", 2, dims, 0);
    erg_block block = { 0 };

    /* The first layer's two inputs have one maker, those of the others two. */
    x = two_of(b, "begin", x, &all);
    for (int i = 0; i < LAYERS; i++) {
        erg_build_scope(b, "layer%d.", i);
        if (copies && i > 0) {
            x = erg_build_repeat(b, &block, x);
            continue;
        }
        block = erg_build_block(b, x);
        x = layer(b, x, all);
        erg_build_block_end(b, &block, x);
        if (copies)
            erg_build_expect(b, &block, &(size_t){ LAYERS / 2 }, 1);
    }
    erg_build_unscope(b);
    erg_build_output(b, erg_build_map(b, ERG_OP_TANH, "end", x, -1));
    erg_graph *graph = erg_build_end(b, &err);
    if (!graph)
        fail_msg("%s", err.text);
    return graph;
}

static void a_copy_is_what_the_same_calls_build(void)
{
    erg_graph *copied = network(true), *built = network(false);

    same_graph(copied, built);
    assert_string_equal(built->operators[built->operator_count - 2].name, "layer11.add");
    erg_graph_free(copied);
    erg_graph_free(built);
}

static void what_comes_in_of_another_shape_is_refused(void)
{
    erg_builder *b = begin();
    erg_error err = { 0 };
    int32_t x = erg_build_tensor(b, ERG_ACTIVATION, "x", 2, (int64_t[]){ 4, 8 }, 0);
    int32_t wide = erg_build_tensor(b, ERG_ACTIVATION, "y", 2, (int64_t[]){ 4, 9 }, 0);
    erg_block block = erg_build_block(b, x);

    erg_build_block_end(b, &block, erg_build_map(b, ERG_OP_RELU, "relu", x, -1));
    erg_build_scope(b, "second");
    assert_int_equal(erg_build_repeat(b, &block, wide), -1);
    assert_null(erg_build_end(b, &err));
    assert_non_null(strstr(err.text, "second is of another shape"));
}

static erg_graph *parse(const char *text, erg_phase phase)
{
    erg_graph_options options = { .seq = 64, .phase = phase };
    erg_error err = { 0 };
    erg_graph *graph = erg_hf_config_parse("net", text, strlen(text), &options, &err);

    if (!graph)
        fail_msg("%s: %s", text, err.text);
    return graph;
}

#define GEMMA "{\"model_type\": \"gemma2\", \"num_hidden_layers\": 12, \"vocab_size\": 99,"

/* A window as long as the text hides nothing: two sorts of layers, built apart, are the
 * network that is one sort throughout. */
static void layers_of_two_sorts_that_do_the_same_are_one_network(void)
{
    static const char *const two[] = { GEMMA "\"sliding_window\": 4096}",
                                       GEMMA "\"sliding_window\": 64,"
                                             "\"sliding_window_pattern\": 5}" };
    static const erg_phase phases[] = { ERG_PREFILL, ERG_DECODE, ERG_TRAIN };

    for (size_t i = 0; i < ERG_COUNT(two); i++)
        for (size_t j = 0; j < ERG_COUNT(phases); j++) {
            erg_graph *apart = parse(two[i], phases[j]);
            erg_graph *one = parse(GEMMA "\"sliding_window\": null}", phases[j]);
            same_graph(apart, one);
            erg_graph_free(apart);
            erg_graph_free(one);
        }
}

int main(void)
{
    static const test tests[] = {
        TEST(a_copy_is_what_the_same_calls_build),
        TEST(what_comes_in_of_another_shape_is_refused),
        TEST(layers_of_two_sorts_that_do_the_same_are_one_network),
    };
    return test_run(tests, ERG_COUNT(tests));
}
