/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exported networks against exact integers: MACs and parameters of section 5.2 of the
 * specification (the same as the zoo's), others what this reader gave, kept against change.
 */
#include "erg/workload.h"
#include "test.h"

typedef struct oracle {
    const char *file;
    int64_t parameters, macs;
} oracle;

static const oracle oracles[] = {
    { "torchvision/resnet18", 11689512, 1814073344 },
    { "torchvision/resnet34", 21797672, 3663761408 },
    { "torchvision/resnet50", 25557032, 4089184256 },
    { "torchvision/resnet101", 44549160, 7801405440 },
    { "torchvision/resnet152", 60192808, 11513626624 },
    { "torchvision/mobilenet_v2", 3504872, 300774272 },
    { "torchvision/vgg16", 138357544, 15470264320 },
    { "torchvision/efficientnet_b0", 5288548, 385814752 },
    { "torchvision/vit_b_16", 86567656, 17563828224 },
    { "torchvision/alexnet", 61100840, 714188480 },
    { "torchvision/convnext_tiny", 28589128, 4455531264 },
    { "torchvision/squeezenet1_1", 1235496, 349151936 },
    { "light/light_resnet50", 25557032, 4089184256 },
    { "light/light_vgg19", 143667240, 19632062464 },
    { "light/light_squeezenet", 1235496, 349151936 },
};

static const char *path_of(const char *file)
{
    char name[160];

    snprintf(name, sizeof(name), "onnx/%s.onnx", file);
    return test_data(name);
}

static erg_graph *load(const char *file, const erg_graph_options *options)
{
    erg_error err = { 0 };
    erg_graph *graph = erg_graph_load(path_of(file), options, &err);

    if (!graph)
        fail_msg("%s: %s", file, err.text);
    return graph;
}

static void parameters_and_macs_are_exact(void)
{
    for (size_t i = 0; i < ERG_COUNT(oracles); i++) {
        erg_graph *graph = load(oracles[i].file, NULL);
        if (graph->parameters != oracles[i].parameters || graph->macs != oracles[i].macs)
            fail_msg("%s: %lld parameters, %lld macs", oracles[i].file,
                     (long long)graph->parameters, (long long)graph->macs);
        CHECK(graph->coverage == 1.0);
        erg_graph_free(graph);
    }
}

/* 20 convolutions, 17 ReLU, 8 additions, 2 pools, a product: as the exporter folds. */
static void folding_batch_norms_leaves_48_operators_of_resnet18(void)
{
    erg_graph *plain = load("torchvision/resnet18", NULL);
    erg_graph *folded =
        load("torchvision/resnet18", &(erg_graph_options){ .fold_batch_norm = true });

    CHECK(plain->operator_count == 68);
    CHECK(folded->operator_count == 48);
    CHECK(folded->macs == plain->macs);
    CHECK(folded->parameters == plain->parameters - 4800); /* a bias for scale and shift */
    erg_graph_free(plain);
    erg_graph_free(folded);
}

static void the_zoo_and_the_export_count_the_same(void)
{
    static const char *const both[][2] = {
        { "torchvision/resnet18", "zoo:resnet18" },
        { "torchvision/resnet50", "zoo:resnet50" },
        { "torchvision/mobilenet_v2", "zoo:mobilenet_v2" },
    };

    for (size_t i = 0; i < ERG_COUNT(both); i++) {
        erg_graph *export = load(both[i][0], NULL);
        erg_graph *zoo = erg_graph_load(both[i][1], NULL, NULL);
        int64_t bytes[2] = { 0 };
        for (int32_t j = 0; j < export->operator_count; j++)
            bytes[0] += export->operators[j].in_bytes + export->operators[j].out_bytes
                        + export->operators[j].weight_bytes;
        for (int32_t j = 0; j < zoo->operator_count; j++)
            bytes[1] += zoo->operators[j].in_bytes + zoo->operators[j].out_bytes
                        + zoo->operators[j].weight_bytes;
        if (export->macs != zoo->macs || export->flop != zoo->flop || bytes[0] != bytes[1])
            fail_msg("%s: flop %lld against %lld, bytes %lld against %lld", both[i][1],
                     (long long)export->flop, (long long)zoo->flop, (long long)bytes[0],
                     (long long)bytes[1]);
        erg_graph_free(export);
        erg_graph_free(zoo);
    }
}

static void a_batch_multiplies_the_work_and_not_the_weights(void)
{
    erg_graph *one = load("torchvision/resnet18", NULL);
    erg_graph *eight = load("torchvision/resnet18", &(erg_graph_options){ .batch = 8 });

    CHECK(eight->macs == 8 * one->macs);
    CHECK(eight->flop == 8 * one->flop);
    CHECK(eight->parameters == one->parameters);
    CHECK(eight->batch == 8);
    erg_graph_free(one);
    erg_graph_free(eight);
}

/* This export reshapes to [1, 768, 196]: with a batch its numbers would be wrong. */
static void a_batch_that_the_graph_forbids_is_refused(void)
{
    erg_error err = { 0 };

    assert_null(erg_graph_load(path_of("torchvision/vit_b_16"),
                               &(erg_graph_options){ .batch = 8 }, &err));
    CHECK(err.code == ERG_BAD_INPUT);
    CHECK(strstr(err.text, "Reshape") && strstr(err.text, "batch 8"));
}

static int32_t count_of(const erg_graph *graph, erg_op_kind kind)
{
    int32_t count = 0;

    for (int32_t i = 0; i < graph->operator_count; i++)
        count += graph->operators[i].kind == kind;
    return count;
}

static void chains_become_the_operators_they_were(void)
{
    erg_graph *vit = load("torchvision/vit_b_16", NULL);
    erg_graph *efficient = load("torchvision/efficientnet_b0", NULL);
    erg_graph *flash = load("torchvision/vit_b_16",
                            &(erg_graph_options){ .attention = ERG_ATTENTION_FLASH });

    CHECK(count_of(vit, ERG_OP_GELU) == 12 && count_of(vit, ERG_OP_LAYER_NORM) == 25);
    CHECK(count_of(vit, ERG_OP_ERF) == 0 && count_of(vit, ERG_OP_REDUCE) == 0);
    CHECK(count_of(vit, ERG_OP_SOFTMAX) == 12 && count_of(vit, ERG_OP_ATTENTION) == 0);
    CHECK(count_of(flash, ERG_OP_ATTENTION) == 12 && count_of(flash, ERG_OP_SOFTMAX) == 0);
    CHECK(flash->macs == vit->macs);
    /* 65 sigmoids: 49 activations, 16 gates of squeeze and excite */
    CHECK(count_of(efficient, ERG_OP_SILU) == 49);
    CHECK(count_of(efficient, ERG_OP_SIGMOID) == 16);
    erg_graph_free(vit);
    erg_graph_free(efficient);
    erg_graph_free(flash);
}

/* ---- another counter, node by node -------------------------------------------------- */

static bool is_matrix_work(const char *type)
{
    return strcmp(type, "Conv") == 0 || strcmp(type, "Gemm") == 0
           || strcmp(type, "MatMul") == 0;
}

static const erg_operator *next_product(const erg_graph *graph, int32_t *at)
{
    while (*at < graph->operator_count) {
        const erg_operator *op = &graph->operators[(*at)++];
        if (erg_op_kinds[op->kind].kind_class == ERG_MATRIX)
            return op;
    }
    return NULL;
}

/* Columns Name,Type,Forward_MACs,.. of which it counts a bias as one more each output. */
static int32_t products_compare(const char *name)
{
    char file[120], line[400];
    int32_t at = 0, equal = 0;

    snprintf(file, sizeof(file), "light/light_%s", name);
    erg_graph *graph = load(file, NULL);
    snprintf(file, sizeof(file), "onnx/ref_nodes_light_%s.csv", name);
    FILE *stream = fopen(test_data(file), "r");
    while (stream && fgets(line, sizeof(line), stream)) {
        char *rest = line;
        strsep(&rest, ",");
        const char *type = strsep(&rest, ",");
        if (!type || !is_matrix_work(type))
            continue;
        int64_t macs = strtoll(rest, NULL, 10);
        const erg_operator *op = next_product(graph, &at);
        if (!op || (macs != op->macs && macs != op->macs + op->threads))
            fail_msg("%s: %s has %lld, not %lld", name, op ? op->name : "nothing",
                     op ? (long long)op->macs : 0, (long long)macs);
        equal++;
    }
    CHECK(stream && !next_product(graph, &at));
    fclose(stream);
    erg_graph_free(graph);
    return equal;
}

static void products_are_those_of_another_counter(void)
{
    static const char *const names[] = { "bvlc_alexnet", "densenet121", "inception_v1",
                                         "inception_v2", "resnet50",    "shufflenet",
                                         "squeezenet",   "vgg19",       "zfnet512" };
    int32_t equal = 0;

    for (size_t i = 0; i < ERG_COUNT(names); i++)
        equal += products_compare(names[i]);
    CHECK(equal == 414);
}

int main(void)
{
    static const test tests[] = {
        TEST(parameters_and_macs_are_exact),
        TEST(folding_batch_norms_leaves_48_operators_of_resnet18),
        TEST(the_zoo_and_the_export_count_the_same),
        TEST(a_batch_multiplies_the_work_and_not_the_weights),
        TEST(a_batch_that_the_graph_forbids_is_refused),
        TEST(chains_become_the_operators_they_were),
        TEST(products_are_those_of_another_counter),
    };
    return test_run(tests, ERG_COUNT(tests));
}
