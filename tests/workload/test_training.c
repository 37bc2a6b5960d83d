/* SPDX-License-Identifier: Apache-2.0 */
/* A training step against its forward pass: sums that any network has to keep. */
#include "erg/workload.h"
#include "test.h"

static erg_graph *load(const char *spec, erg_graph_options options)
{
    erg_error err = { 0 };
    erg_graph *graph = erg_graph_load(spec, &options, &err);

    if (!graph)
        fail_msg("%s: %s", spec, err.text);
    return graph;
}

/* Not images: nobody needs the gradient of a picture, so they come below 3. */
static const char *const texts[] = {
    "zoo:bert_base", "zoo:gpt2", "zoo:opt_125m", "zoo:llama3.2_1b", "zoo:qwen2_0.5b",
    "zoo:mixtral_8x7b", "zoo:t5_small", "zoo:switch_base",
};

static void a_step_has_three_times_the_products_of_a_pass(void)
{
    for (size_t i = 0; i < ERG_COUNT(texts); i++) {
        erg_graph_options options = { .batch = 2, .seq = 16, .head = ERG_HEAD_LM };
        erg_graph *forward = load(texts[i], options);
        options.phase = ERG_TRAIN;
        erg_graph *step = load(texts[i], options);
        if (step->macs != 3 * forward->macs)
            fail_msg("%s: %lld macs for %lld", texts[i], (long long)step->macs,
                     (long long)forward->macs);
        assert_int_equal(step->parameters, forward->parameters);
        assert_int_equal(step->kv_cache_bytes, 0);
        erg_graph_free(forward);
        erg_graph_free(step);
    }
}

static int64_t role_bytes(const erg_graph *graph, erg_role role)
{
    int64_t bytes = 0;

    for (int32_t i = 0; i < graph->tensor_count; i++) {
        const erg_tensor *x = &graph->tensors[i];
        bytes += x->role == role && x->storage == i ? x->bytes : 0;
    }
    return bytes;
}

/* At fp32: four bytes an element. */
static int64_t gradient_elements(const erg_graph *graph)
{
    return role_bytes(graph, ERG_GRADIENT) / 4;
}

static void check_step(const char *spec, const erg_graph *step)
{
    if (gradient_elements(step) != step->parameters || step->coverage < 1.0)
        fail_msg("%s: %lld gradients of %lld parameters, coverage %g", spec,
                 (long long)gradient_elements(step), (long long)step->parameters,
                 step->coverage);
    for (int32_t i = 0; i < step->operator_count; i++)
        for (int32_t j = 0; j < step->operators[i].need_count; j++)
            assert_true(step->operators[i].needs[j] < i);
}

static void in_the_whole_zoo_every_weight_gets_one_gradient_and_order_holds(void)
{
    for (size_t i = 0; i < erg_zoo_count(); i++) {
        char spec[64];
        snprintf(spec, sizeof(spec), "zoo:%s", erg_zoo_name(i));
        erg_graph *step = load(spec, (erg_graph_options){ .seq = 16, .phase = ERG_TRAIN });
        check_step(spec, step);
        erg_graph_free(step);
    }
}

/* The table of relative positions learns through the one operator too. */
static void attention_in_one_operator_goes_back_with_five_products(void)
{
    erg_graph_options options = { .seq = 16, .attention = ERG_ATTENTION_FLASH };
    erg_graph *forward = load("zoo:t5_small", options);
    options.phase = ERG_TRAIN;
    erg_graph *step = load("zoo:t5_small", options);
    int64_t attention = 0;

    for (int32_t i = 0; i < forward->operator_count; i++)
        if (forward->operators[i].kind == ERG_OP_ATTENTION)
            attention += forward->operators[i].macs;
    assert_true(attention > 0);
    assert_int_equal(step->macs, 3 * forward->macs + attention / 2);
    assert_int_equal(gradient_elements(step), step->parameters);
    erg_graph_free(forward);
    erg_graph_free(step);
}

static void an_image_has_no_gradient(void)
{
    erg_graph *forward = load("zoo:resnet18", (erg_graph_options){ .batch = 1 });
    erg_graph *step = load("zoo:resnet18", (erg_graph_options){ .phase = ERG_TRAIN });

    assert_int_equal(step->macs, 3 * forward->macs - 118013952);
    erg_graph_free(forward);
    erg_graph_free(step);
}

static void a_product_goes_back_in_the_two_forms_of_its_operands(void)
{
    erg_graph *step = load("zoo:gpt2", (erg_graph_options){ .batch = 2, .seq = 16,
                                                           .phase = ERG_TRAIN });
    int found = 0;

    for (int32_t i = 0; i < step->operator_count; i++) {
        const erg_operator *op = &step->operators[i];
        if (strcmp(op->name, "layer0.fc1.grad_input") == 0) {
            assert_true(op->m == 32 && op->n == 768 && op->k == 3072);
            found++;
        }
        if (strcmp(op->name, "layer0.fc1.grad_weight") == 0) {
            assert_true(op->m == 3072 && op->n == 768 && op->k == 32);
            found++;
        }
    }
    assert_int_equal(found, 2);
    erg_graph_free(step);
}

static int64_t optimizer_bytes(const erg_graph *graph)
{
    int64_t bytes = 0;

    for (int32_t i = 0; i < graph->operator_count; i++) {
        const erg_operator *op = &graph->operators[i];
        if (op->kind == ERG_OP_OPTIMIZER)
            bytes += op->in_bytes + op->out_bytes + op->weight_bytes;
    }
    return bytes;
}

static void adamw_reads_sixteen_and_writes_twelve_bytes_a_parameter(void)
{
    erg_graph_options options = { .seq = 16, .phase = ERG_TRAIN,
                                  .optimizer = ERG_OPTIMIZER_ADAMW };
    erg_graph *exact = load("zoo:gpt2", options);
    options.precision = ERG_BF16;
    erg_graph *mixed = load("zoo:gpt2", options);
    options.optimizer = ERG_OPTIMIZER_NONE;
    erg_graph *none = load("zoo:gpt2", options);

    assert_int_equal(optimizer_bytes(exact), 28 * exact->parameters);
    assert_int_equal(role_bytes(exact, ERG_STATE), 8 * exact->parameters);
    assert_int_equal(role_bytes(mixed, ERG_STATE), 12 * mixed->parameters);
    assert_int_equal(role_bytes(mixed, ERG_GRADIENT), 2 * mixed->parameters);
    assert_int_equal(mixed->weights_bytes, 2 * mixed->parameters);
    assert_int_equal(optimizer_bytes(none), 0);
    erg_graph_free(exact);
    erg_graph_free(mixed);
    erg_graph_free(none);
}

static void a_dropout_is_only_in_training(void)
{
    erg_graph_options options = { .seq = 16 };
    erg_graph *pass = load("zoo:gpt2", options);
    options.phase = ERG_TRAIN;
    erg_graph *step = load("zoo:gpt2", options);
    int64_t dropouts = 0;

    for (int32_t i = 0; i < step->operator_count; i++)
        dropouts += step->operators[i].kind == ERG_OP_DROPOUT;
    assert_int_equal(dropouts, 1 + 12 * 3);
    for (int32_t i = 0; i < pass->operator_count; i++)
        assert_true(pass->operators[i].kind != ERG_OP_DROPOUT);
    erg_graph_free(step);
    erg_graph_free(pass);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_step_has_three_times_the_products_of_a_pass),
        TEST(in_the_whole_zoo_every_weight_gets_one_gradient_and_order_holds),
        TEST(attention_in_one_operator_goes_back_with_five_products),
        TEST(an_image_has_no_gradient),
        TEST(a_product_goes_back_in_the_two_forms_of_its_operands),
        TEST(adamw_reads_sixteen_and_writes_twelve_bytes_a_parameter),
        TEST(a_dropout_is_only_in_training),
    };
    return test_run(tests, ERG_COUNT(tests));
}
