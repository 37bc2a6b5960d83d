/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The real ONNX Runtime, where libonnxruntime.so.1 is found or ERG_ONNXRUNTIME names it:
 * small networks made here, against the same sums in plain C.
 */
#include <dlfcn.h>
#include "quality/onnxruntime.h"
#include "workload/net.h"

enum { CHANNELS = 3, KERNELS = 4, SIDE = 5 };
static const int64_t image_dims[] = { 1, CHANNELS, SIDE, SIDE };

/* It leaves a few bytes behind on its own. */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) { return "leak:libonnxruntime\n"; }

static const char *library(void)
{
    const char *named = getenv("ERG_ONNXRUNTIME");
    const char *file = named ? named : "libonnxruntime.so.1";
    void *found = dlopen(file, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

    if (!found && named)
        fail_msg("ERG_ONNXRUNTIME: %s", dlerror());
    if (!found)
        SKIP("libonnxruntime.so.1 is not found: ERG_ONNXRUNTIME=FILE names it");
    return file;
}

static void fill(net *n, const char *name, int32_t rank, const int64_t *dims,
                 float values[])
{
    Onnx__TensorProto *tensor = net_weight(n, name, NET_FLOAT, rank, dims);
    tensor->n_float_data = 1;
    for (int32_t i = 0; i < rank; i++)
        tensor->n_float_data *= (size_t)dims[i];
    tensor->float_data = values;
}

static void an_attribute_is_typed(net *n)
{
    for (size_t i = 0; i < n->graph.n_node; i++)
        for (size_t j = 0; j < n->nodes[i]->n_attribute; j++) {
            Onnx__AttributeProto *a = n->nodes[i]->attribute[j];
            a->has_type = 1;
            a->type = a->n_ints ? ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS
                                : ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT;
        }
}

/* Opens the net as a model; free(*bytes). */
static erg_ort *open_masked(net *n, const char *input, const char *mask,
                            const char *const outputs[], size_t count, const char *file,
                            erg_error *err)
{
    an_attribute_is_typed(n);
    size_t size = onnx__model_proto__get_packed_size(&n->model);
    uint8_t *bytes = malloc(size);
    onnx__model_proto__pack(&n->model, bytes);
    erg_ort *ort = erg_ort_new(&(erg_ort_options){ .library = file, .path = "net.onnx",
            .model = bytes, .size = size, .input = input, .mask = mask,
            .outputs = outputs, .output_count = count }, err);
    free(bytes);
    return ort;
}

static erg_ort *open_net(net *n, const char *input, const char *const outputs[],
                         size_t count, const char *file, erg_error *err)
{
    return open_masked(n, input, NULL, outputs, count, file, err);
}

/* A convolution of 1 x 1, a rectifier, the mean over places. */
static net *pooled_net(float weights[])
{
    net *n = net_new(13);
    net_input(n, "x", NET_DIMS(1, CHANNELS, -2, -3));
    fill(n, "w", NET_DIMS(KERNELS, CHANNELS, 1, 1), weights);
    net_node(n, "Conv", "x w", "a");
    net_node(n, "Relu", "a", "layer");
    net_node(n, "GlobalAveragePool", "layer", "y");
    net_output(n, "y");
    net_output(n, "layer");
    return n;
}

static void a_small_network_gives_the_sums_of_plain_c(void)
{
    static const char *const outputs[] = { "y", "layer" };
    float weights[KERNELS * CHANNELS], pixels[CHANNELS * SIDE * SIDE];
    test_random random = { 3 };
    erg_error err = { 0 };
    erg_ort_output out[2];
    const char *file = library();

    for (size_t i = 0; i < ERG_COUNT(weights); i++)
        weights[i] = (float)test_normal(&random);
    for (size_t i = 0; i < ERG_COUNT(pixels); i++)
        pixels[i] = (float)test_normal(&random);
    net *n = pooled_net(weights);
    erg_ort *ort = open_net(n, "x", outputs, 2, file, &err);
    CHECK_OK(ort, err);
    CHECK(erg_ort_element(ort) == ERG_FLOAT);
    for (int again = 0; again < 2; again++) {
        CHECK_OK(erg_ort_run(ort, "a.png", &(erg_ort_input){ pixels, NULL, image_dims, 4 },
                             out, &err), err);
        CHECK(out[0].rank == 4 && out[0].count == KERNELS && out[0].dims[1] == KERNELS);
        CHECK(out[1].dims[2] == SIDE && out[1].count == KERNELS * SIDE * SIDE);
        for (size_t k = 0; k < KERNELS; k++) {
            double mean = 0;
            for (size_t p = 0; p < SIDE * SIDE; p++) {
                double sum = 0;
                for (size_t c = 0; c < CHANNELS; c++)
                    sum += (double)weights[k * CHANNELS + c]
                        * (double)pixels[c * SIDE * SIDE + p];
                mean += fmax(0, sum) / (SIDE * SIDE);
                CHECK_NEAR(out[1].values[k * SIDE * SIDE + p], fmax(0, sum), 1e-5);
            }
            CHECK_NEAR(out[0].values[k], mean, 1e-5);
        }
    }
    erg_ort_free(ort);
    net_free(n);
}

static void equal_input_gives_equal_bytes(void)
{
    static const char *const outputs[] = { "y" };
    float weights[KERNELS * CHANNELS], pixels[CHANNELS * SIDE * SIDE], first[KERNELS];
    test_random random = { 5 };
    erg_error err = { 0 };
    erg_ort_output out;
    const char *file = library();

    for (size_t i = 0; i < ERG_COUNT(weights); i++)
        weights[i] = (float)test_normal(&random);
    for (size_t i = 0; i < ERG_COUNT(pixels); i++)
        pixels[i] = (float)test_normal(&random);
    net *n = pooled_net(weights);
    for (int again = 0; again < 3; again++) {
        erg_ort *ort = open_net(n, "x", outputs, 1, file, &err);
        CHECK_OK(ort, err);
        CHECK_OK(erg_ort_run(ort, "a.png", &(erg_ort_input){ pixels, NULL, image_dims, 4 },
                             &out, &err), err);
        if (again == 0)
            memcpy(first, out.values, sizeof(first));
        CHECK(memcmp(first, out.values, sizeof(first)) == 0);
        erg_ort_free(ort);
    }
    net_free(n);
}

/* Rows of a table by number, as the first layer of a text encoder. */
static void whole_numbers_go_in_as_they_are(void)
{
    static const char *const outputs[] = { "y" };
    float table[] = { 1, 2, 3, 4, 5, 6 };
    int64_t ids[] = { 2, 0 };
    erg_error err = { 0 };
    erg_ort_output out;
    const char *file = library();
    net *n = net_new(13);

    n->inputs[n->graph.n_input++] = net_value(n, "ids", NET_INT64, NET_DIMS(-1, -2));
    fill(n, "table", NET_DIMS(3, 2), table);
    net_node(n, "Gather", "table ids", "y");
    net_output(n, "y");
    erg_ort *ort = open_net(n, "ids", outputs, 1, file, &err);
    CHECK_OK(ort, err);
    CHECK(erg_ort_element(ort) == ERG_INT64);
    CHECK_OK(erg_ort_run(ort, "line 1",
                         &(erg_ort_input){ ids, NULL, (int64_t[]){ 1, 2 }, 2 },
                             &out, &err), err);
    CHECK(out.count == 4 && out.rank == 3);
    CHECK_NEAR(out.values[0], 5, 0);
    CHECK_NEAR(out.values[3], 2, 0);
    ids[0] = 7;
    CHECK(!erg_ort_run(ort, "line 2", &(erg_ort_input){ ids, NULL, (int64_t[]){ 1, 2 }, 2 },
                       &out, &err));
    CHECK(err.code == ERG_BAD_INPUT && strncmp(err.text, "line 2: ONNX Runtime", 20) == 0);
    erg_ort_free(ort);
    net_free(n);
}

/* The sum of two such rows, one by the token and one by its mask. */
static void a_mask_goes_in_beside_the_tokens(void)
{
    static const char *const outputs[] = { "y" };
    float table[] = { 1, 2, 3, 4, 5, 6 };
    int64_t ids[] = { 2, 0 }, mask[] = { 1, 0 };
    erg_error err = { 0 };
    erg_ort_output out;
    const char *file = library();
    net *n = net_new(13);

    n->inputs[n->graph.n_input++] = net_value(n, "mask", NET_INT64, NET_DIMS(-1, -2));
    n->inputs[n->graph.n_input++] = net_value(n, "ids", NET_INT64, NET_DIMS(-1, -2));
    fill(n, "table", NET_DIMS(3, 2), table);
    net_node(n, "Gather", "table ids", "a");
    net_node(n, "Gather", "table mask", "b");
    net_node(n, "Add", "a b", "y");
    net_output(n, "y");
    erg_ort *ort = open_masked(n, "ids", "mask", outputs, 1, file, &err);
    CHECK_OK(ort, err);
    CHECK_OK(erg_ort_run(ort, "line 1",
                         &(erg_ort_input){ ids, mask, (int64_t[]){ 1, 2 }, 2 }, &out, &err),
             err);
    CHECK_NEAR(out.values[0], 5 + 3, 0);
    CHECK_NEAR(out.values[3], 2 + 2, 0);
    erg_ort_free(ort);
    net_free(n);
}

static void what_it_refuses_is_said_in_its_words(void)
{
    static const char *const outputs[] = { "y" }, *const others[] = { "z" };
    float weights[KERNELS * CHANNELS] = { 0 }, pixels[8] = { 0 };
    erg_error err = { 0 };
    erg_ort_output out;
    const char *file = library();
    net *n = pooled_net(weights);

    CHECK(!open_net(n, "pixels", outputs, 1, file, &err)
          && strstr(err.text, "no input pixels"));
    CHECK(strstr(err.text, "there are x") && err.code == ERG_BAD_INPUT);
    CHECK(!open_net(n, "x", others, 1, file, &err) && strstr(err.text, "are y layer"));
    erg_ort *ort = open_net(n, "x", outputs, 1, file, &err);
    CHECK(!erg_ort_run(ort, "a.png",
                       &(erg_ort_input){ pixels, NULL, (int64_t[]){ 1, 2, 2, 2 }, 4 }, &out,
                       &err));
    CHECK(strncmp(err.text, "a.png: ONNX Runtime", 19) == 0);
    erg_ort_free(ort);
    ort =
        erg_ort_new(&(erg_ort_options){ .library = file, .path = "no.onnx", .model = "PK34",
                                        .size = 4, .input = "x" }, &err);
    CHECK(!ort && err.code == ERG_BAD_INPUT && strncmp(err.text, "no.onnx", 7) == 0);
    net_free(n);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_small_network_gives_the_sums_of_plain_c),
        TEST(equal_input_gives_equal_bytes),
        TEST(whole_numbers_go_in_as_they_are),
        TEST(a_mask_goes_in_beside_the_tokens),
        TEST(what_it_refuses_is_said_in_its_words),
    };
    return test_run(tests, ERG_COUNT(tests));
}
