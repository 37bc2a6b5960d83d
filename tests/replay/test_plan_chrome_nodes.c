/* SPDX-License-Identifier: Apache-2.0 */
/* ONNX Runtime's profile as a plan: what it says of shapes, and what it leaves open. */
#include "replay/plan.h"
#include "test.h"

typedef struct node { const char *name, *op, *inputs, *outputs; } node;

#define IMAGE "{\"float\":[1,8,6,6]}"
static const node nodes[] = {
    { "c0", "Conv", "{\"float\":[1,3,12,12]},{\"float\":[8,3,3,3]},{\"float\":[8]}",
      IMAGE },
    { "c1", "Conv", "{\"float\":[1,8,6,6]},{\"float\":[8,1,3,3]}", IMAGE },
    { "r0", "Relu", IMAGE, IMAGE },
    { "r1", "Relu", IMAGE, IMAGE },
    { "a0", "Add", IMAGE "," IMAGE, IMAGE },
    { "p0", "GlobalAveragePool", IMAGE, "{\"float\":[1,8,1,1]}" },
    { "m0", "MatMul", "{\"float\":[2,4,5]},{\"float\":[2,5,7]}", "{\"float\":[2,4,7]}" },
    { "g0", "Gemm", "{\"float\":[1,8]},{\"float\":[10,8]},{\"float\":[10]}",
      "{\"float\":[1,10]}" },
    { "g1", "Gemm", "{\"float\":[1,8]},{\"float\":[8,8]},{\"float\":[8]}",
      "{\"float\":[1,8]}" },
    { "n0", "LayerNormalization", "{\"float\":[2,4,8]},{\"float\":[8]},{\"float\":[8]}",
      "{\"float\":[2,4,8]}" },
    { "s0", "Softmax", "{\"float\":[1,10]}", "{\"float\":[1,10]}" },
    /* cannot be */
    { "x0", "Add", "{\"float\":[2,3]},{\"float\":[3]}", "{\"float\":[2,4]}" },
};

/* Two runs of the session, each node once a run. */
static erg_replay_plan *planned(void)
{
    char path[300];
    const char *paths[] = { path };
    erg_error err = { 0 };

    snprintf(path, sizeof(path), "%s/onnxruntime_profile.json", test_folder());
    FILE *file = fopen(path, "w");
    fputs("[{\"cat\":\"Session\",\"pid\":4,\"tid\":4,\"dur\":3,\"ts\":1,\"ph\":\"X\","
          "\"name\":\"model_loading\"}", file);
    for (int run = 0; run < 2; run++) {
        fprintf(file,
                ",\n{\"cat\":\"Session\",\"pid\":4,\"tid\":4,\"dur\":900,\"ts\":%d,"
                "\"ph\":\"X\","
                      "\"name\":\"model_run\",\"args\":{}}", 1000 * run + 5);
        for (size_t i = 0; i < ERG_COUNT(nodes); i++)
            fprintf(file,
                    ",\n{\"cat\":\"Node\",\"pid\":4,\"tid\":4,\"dur\":%d,\"ts\":%d,"
                    "\"ph\":\"X\","
                          "\"name\":\"%s_kernel_time\",\"args\":{\"op_name\":\"%s\","
                          "\"provider\":\"CPUExecutionProvider\",\"node_index\":\"%zu\","
                          "\"input_type_shape\":[%s],\"output_type_shape\":[%s]}}",
                    run + 10, 1000 * run + 10 + 20 * (int)i, nodes[i].name, nodes[i].op, i,
                    nodes[i].inputs, nodes[i].outputs);
    }
    fputs("]\n", file);
    fclose(file);
    erg_replay_plan *plan = erg_replay_plan_load(
        paths, 1, &(erg_replay_plan_options){ .step_mark = "model_run" }, &err);
    CHECK_OK(plan != NULL, err);
    return plan;
}

static const erg_replay_kernel *named(const erg_replay_plan *plan, const char *name)
{
    for (size_t i = 0; i < plan->kernel_count; i++)
        if (strcmp(plan->kernels[i].name, name) == 0)
            return &plan->kernels[i];
    return NULL;
}

static void nodes_of_one_shape_are_one_kernel(void)
{
    erg_replay_plan *plan = planned();
    const erg_replay_kernel *relu = named(plan, "Relu");

    CHECK(plan->steps == 2 && relu && relu->count == 4 && relu->signature.shape_known);
    CHECK(relu->signature.op == ERG_OP_RELU && relu->signature.out_bytes == 4 * 8 * 36);
    CHECK_NEAR(relu->traced_s, 10.5e-6, 1e-12);
    CHECK(named(plan, "Add")->count == 2 && named(plan, "Add")->signature.input_count == 2);
    erg_replay_plan_free(plan);
}

static void products_and_folds_have_their_shapes(void)
{
    erg_replay_plan *plan = planned();
    const erg_signature *product = &named(plan, "MatMul")->signature;
    const erg_signature *gemm = &named(plan, "Gemm")->signature;
    const erg_signature *norm = &named(plan, "LayerNormalization")->signature;
    const erg_signature *pool = &named(plan, "GlobalAveragePool")->signature;

    CHECK(product->batch == 2 && product->m == 4 && product->n == 7 && product->k == 5);
    CHECK(gemm->transpose_b && gemm->n == 10 && gemm->k == 8 && gemm->flop == 160);
    CHECK(norm->shape_known && norm->axis == 2 && norm->input_count == 3);
    CHECK(pool->op == ERG_OP_GLOBAL_POOL && pool->flop == 8 * 36
          && pool->tensors[1].dims[3] == 1);
    erg_replay_plan_free(plan);
}

static void what_only_attributes_would_tell_stays_unknown(void)
{
    static const char *const open[] = { "c0_kernel_time", "c1_kernel_time",
                                        "g1_kernel_time", "s0_kernel_time",
                                        "x0_kernel_time" };
    erg_replay_plan *plan = planned();

    for (size_t i = 0; i < ERG_COUNT(open); i++)
        CHECK(named(plan, open[i]) && !named(plan, open[i])->signature.shape_known);
    CHECK(named(plan, "c0_kernel_time")->signature.op == ERG_OP_CONV);
    CHECK(named(plan, "c0_kernel_time")->signature.flop == 2 * 8 * 36 * 27);
    CHECK(named(plan, "c1_kernel_time")->signature.flop == 2 * 8 * 36 * 9);
    CHECK(named(plan, "c0_kernel_time")->tier == ERG_TIER_MATRIX);
    erg_replay_plan_free(plan);
}

int main(void)
{
    static const test tests[] = {
        TEST(nodes_of_one_shape_are_one_kernel),
        TEST(products_and_folds_have_their_shapes),
        TEST(what_only_attributes_would_tell_stays_unknown),
    };
    return test_run(tests, ERG_COUNT(tests));
}
