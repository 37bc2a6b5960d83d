/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layers of a PyTorch profile become signatures: known ones, windows counted one by one,
 * and whatever was not written stays unknown.
 */
#include "math/xoshiro.h"
#include "replay/plan_chrome.h"
#include "test.h"

/* ---- an operator as the profiler writes it ------------------------------------------ */

typedef struct said { const char *op, *dims, *strides, *types, *concrete; } said;

static erg_chrome_text text(const char *words)
{
    return (erg_chrome_text){ words, words ? strlen(words) : 0 };
}

static erg_signature shaped(const char *kernel_name, const said *as)
{
    erg_chrome_operator by = { .dims = text(as->dims), .strides = text(as->strides),
                               .types = text(as->types), .concrete = text(as->concrete) };
    erg_replay_kernel kernel;

    snprintf(by.name, sizeof(by.name), "%s", as->op);
    erg_replay_kernel_init(&kernel, kernel_name, "chrome");
    kernel.signature.op = erg_op_of_name(kernel_name);
    kernel.tier = erg_tier_of(kernel_name, kernel.signature.op);
    erg_plan_chrome_shape(&kernel, &by);
    return kernel.signature;
}

static const char *const gemm = "sm80_xmma_fprop_implicit_gemm_f32f32_nhwckrsc_nchw";
#define FLOATS "[\"float\",\"float\",\"float\",\"\",\"\",\"\",\"\",\"\",\"\",\"\"]"
#define DIMS(s, at, ...)                                                                   \
    CHECK((s).tensors[at].rank == (int32_t)ERG_COUNT(((int64_t[]){ __VA_ARGS__ }))         \
          && memcmp((s).tensors[at].dims, (int64_t[]){ __VA_ARGS__ },                      \
                    sizeof((int64_t[]){ __VA_ARGS__ })) == 0)

/* As ResNet-18 begins; 236,027,904 FLOP stand in the specification. */
static const said first_layer = {
    "aten::cudnn_convolution", "[[1,3,224,224],[64,3,7,7],[],[],[],[],[],[],[]]",
    NULL, FLOATS,
    "[\"\",\"\",\"[3, 3]\",\"[2, 2]\",\"[1, 1]\",\"1\",\"False\",\"False\",\"True\"]"
};

/* ---- known layers ------------------------------------------------------------------- */

static void a_convolution_has_its_window_and_its_flop(void)
{
    erg_signature s = shaped(gemm, &first_layer);

    CHECK(s.shape_known && s.op == ERG_OP_CONV && s.precision == ERG_FP32);
    CHECK(s.input_count == 2 && s.output_count == 1 && s.flop == 236027904);
    DIMS(s, 2, 1, 64, 112, 112);
    CHECK(s.window.axes == 2 && s.window.groups == 1 && s.window.stride[1] == 2);
    CHECK(s.window.pad_begin[0] == 3 && s.window.pad_end[0] == 3
          && s.window.kernel[0] == 7);
    CHECK(s.batch == 1 && s.m == 112 * 112 && s.n == 64 && s.k == 3 * 49);
    CHECK(s.in_bytes == 4 * (3 * 224 * 224 + 64 * 3 * 49)
          && s.out_bytes == 4 * 64 * 112 * 112);
}

static void the_same_layer_by_another_operator_is_the_same(void)
{
    erg_signature direct = shaped(gemm, &first_layer);
    erg_signature by_convolution = shaped(gemm, &(said){
        "aten::_convolution", first_layer.dims, NULL, FLOATS,
        "[\"\",\"\",\"\",\"[2, 2]\",\"[3, 3]\",\"[1, 1]\",\"False\",\"[0, 0]\",\"1\"]" });

    CHECK(by_convolution.shape_known);
    CHECK(memcmp(&direct.tensors, &by_convolution.tensors, sizeof(direct.tensors)) == 0);
    CHECK(memcmp(&direct.window, &by_convolution.window, sizeof(direct.window)) == 0);
    CHECK(direct.flop == by_convolution.flop);
}

static void depthwise_and_transposed_convolutions_have_groups_and_sides(void)
{
    erg_signature deep = shaped("at::native::conv_depthwise2d_forward_kernel", &(said){
        "aten::_conv_depthwise2d", "[[2,32,56,56],[32,1,3,3],[],[],[],[],[]]", NULL, FLOATS,
        "[\"\",\"\",\"[3, 3]\",\"\",\"[1, 1]\",\"[1, 1]\",\"[1, 1]\"]" });
    erg_signature up = shaped("cudnn::dgrad_implicit_gemm", &(said){
        "aten::cudnn_convolution_transpose", "[[1,16,10,10],[16,8,4,4]]", NULL, FLOATS,
        "[\"\",\"\"]" });

    CHECK(deep.shape_known && deep.window.groups == 32
          && deep.flop == 2ll * 2 * 32 * 56 * 56 * 9);
    CHECK(!up.shape_known);     /* nobody wrote its strides */
    up = shaped("cudnn::dgrad_implicit_gemm", &(said){
        "aten::cudnn_convolution_transpose", "[[1,16,10,10],[16,8,4,4],[],[],[],[],[]]",
        NULL, FLOATS, "[\"\",\"\",\"[1, 1]\",\"[0, 0]\",\"[2, 2]\",\"[1, 1]\",\"1\"]" });
    CHECK(up.shape_known && up.op == ERG_OP_CONV_TRANSPOSE);
    DIMS(up, 2, 1, 8, 20, 20);
    CHECK(up.flop == 2ll * 100 * 16 * 8 * 16);
}

static void channels_last_goes_from_the_input_to_the_output(void)
{
    said as = first_layer;
    as.strides = "[[150528,1,672,3],[147,1,21,3],[],[],[],[],[],[],[]]";
    erg_signature s = shaped(gemm, &as);

    CHECK(s.shape_known && s.tensors[0].strides[1] == 1);
    CHECK(s.tensors[2].strides[1] == 1 && s.tensors[2].strides[3] == 64
          && s.tensors[2].strides[2] == 64 * 112
          && s.tensors[2].strides[0] == 64 * 112 * 112);
}

static void norms_keep_their_parameters_and_axis(void)
{
    erg_signature layer = shaped("void vectorized_layer_norm_kernel<c10::Half>", &(said){
        "aten::native_layer_norm", "[[2,16,768],[],[768],[768],[]]", NULL,
        "[\"c10::Half\",\"ScalarList\",\"c10::Half\",\"c10::Half\",\"Scalar\"]",
        "[\"\",\"[768]\",\"\",\"\",\"1.0000000000000001e-05\"]" });
    erg_signature bare = shaped("void vectorized_layer_norm_kernel<float>", &(said){
        "aten::native_layer_norm", "[[4,6,8],[],[],[],[]]", NULL, FLOATS,
        "[\"\",\"[6, 8]\",\"\",\"\",\"1e-05\"]" });
    erg_signature batch = shaped("cudnn::bn_fw_inf_1C11_kernel_NCHW", &(said){
        "aten::cudnn_batch_norm", "[[8,64,56,56],[64],[64],[64],[64],[],[],[]]", NULL,
        "[\"float\",\"float\",\"float\",\"float\",\"float\",\"Scalar\",\"Scalar\","
        "\"Scalar\"]", "[\"\",\"\",\"\",\"\",\"\",\"False\",\"0.1\",\"1e-05\"]" });
    erg_signature group = shaped("elementwise_kernel<GroupNormKernelImplInternal>", &(said){
        "aten::native_group_norm", "[[2,32,8,8],[32],[32],[],[],[],[],[]]", NULL, FLOATS,
        "[\"\",\"\",\"\",\"2\",\"32\",\"64\",\"8\",\"1e-05\"]" });

    CHECK(layer.shape_known && layer.input_count == 3 && layer.axis == 2);
    CHECK(layer.flop == 8 * 2 * 16 * 768 && layer.in_bytes == 2 * (2 * 16 * 768 + 2 * 768));
    CHECK(bare.shape_known && bare.input_count == 1 && bare.axis == 1);
    CHECK(batch.shape_known && batch.input_count == 5 && batch.axis == 1
          && batch.flop == 2 * 8 * 64 * 56 * 56);
    CHECK(group.shape_known && group.input_count == 3 && group.op == ERG_OP_GROUP_NORM);
}

static void a_softmax_goes_along_the_axis_that_was_written(void)
{
    said as = { "aten::_softmax", "[[2,3,5,7],[],[]]", NULL, FLOATS,
                "[\"\",\"1\",\"False\"]" };

    CHECK(shaped("cunn_SpatialSoftMaxForward", &as).axis == 1);
    as.concrete = "[\"\",\"-1\",\"False\"]";
    erg_signature s = shaped("softmax_warp_forward", &as);
    CHECK(s.shape_known && s.axis == 3 && s.flop == 5 * 2 * 3 * 5 * 7);
    as.concrete = NULL;         /* the kernel's name tells; the spatial one's does not */
    CHECK(shaped("softmax_warp_forward", &as).axis == 3);
    CHECK(!shaped("cunn_SpatialSoftMaxForward", &as).shape_known);
    as.concrete = "[\"\",\"4\",\"False\"]";
    CHECK(!shaped("softmax_warp_forward", &as).shape_known);
}

static void attention_counts_its_pairs(void)
{
    said as = { "aten::_flash_attention_forward",
                "[[2,128,12,64],[2,128,12,64],[2,128,12,64],[],[],[],[],[],[],[]]",
                NULL,
                "[\"c10::Half\",\"c10::Half\",\"c10::Half\",\"\",\"\",\"\",\"\",\"\","
                "\"\",\"\"]",
                "[\"\",\"\",\"\",\"\",\"\",\"128\",\"128\",\"0.\",\"False\",\"False\"]" };
    const int64_t pairs = 2ll * 12 * 128 * 128;
    erg_signature s = shaped("pytorch_flash::flash_fwd_kernel", &as);

    CHECK(s.shape_known && s.batch == 24 && s.m == 128 && s.n == 128 && s.k == 64);
    CHECK(s.flop == pairs * (4 * 64 + 5) && s.out_bytes == 2 * 2 * 128 * 12 * 64);
    CHECK(!shaped("pytorch_flash::flash_fwd_splitkv_combine_kernel", &as).shape_known);
    as.concrete = "[\"\",\"\",\"\",\"\",\"\",\"128\",\"128\",\"0.\",\"True\",\"False\"]";
    CHECK(shaped("pytorch_flash::flash_fwd_kernel", &as).flop == pairs / 2 * (4 * 64 + 5));
    as.op = "aten::_scaled_dot_product_efficient_attention";    /* heads before queries */
    as.concrete = "[\"\",\"\",\"\",\"\",\"False\",\"0.\",\"False\"]";
    s = shaped("fmha_cutlassF_f16_aligned_64x64_rf_sm80", &as);
    CHECK(s.shape_known && s.batch == 256 && s.m == 12 && s.n == 12);
}

/* ---- windows, one by one ------------------------------------------------------------ */

static int64_t starts(int64_t in, int64_t pad, int64_t reach, int64_t stride)
{
    int64_t count = 0;

    for (int64_t at = -pad; at + reach <= in + pad; at += stride)
        count++;
    return count;
}

static void any_convolution_has_as_many_outputs_as_windows(void)
{
    erg_xoshiro random = erg_xoshiro_of(5, 0);

    for (int i = 0; i < 400; i++) {
        const int64_t in = 5 + (int64_t)(erg_xoshiro_next(&random) % 30);
        const int64_t side = 1 + (int64_t)(erg_xoshiro_next(&random) % 5);
        const int64_t stride = 1 + (int64_t)(erg_xoshiro_next(&random) % 3);
        const int64_t pad = (int64_t)(erg_xoshiro_next(&random) % 3);
        const int64_t spread = 1 + (int64_t)(erg_xoshiro_next(&random) % 2);
        const int64_t groups = 1 << (erg_xoshiro_next(&random) % 3);
        const int64_t out = starts(in, pad, spread * (side - 1) + 1, stride);
        char dims[200], concrete[200];

        snprintf(dims, sizeof(dims),
                 "[[2,8,%lld,%lld],[12,%lld,%lld,%lld],[12],[],[],[],[]]", (long long)in,
                 (long long)in, 8 / (long long)groups, (long long)side, (long long)side);
        snprintf(concrete, sizeof(concrete),
                 "[\"\",\"\",\"\",\"[%lld, %lld]\",\"[%lld]\",\"[%lld, %lld]\",\"%lld\"]",
                 (long long)stride, (long long)stride, (long long)pad, (long long)spread,
                 (long long)spread, (long long)groups);
        erg_signature s =
            shaped(gemm, &(said){ "aten::conv2d", dims, NULL, FLOATS, concrete });
        CHECK(s.shape_known == (out > 0));
        if (out == 0)
            continue;
        DIMS(s, 3, 2, 12, out, out);
        CHECK(s.flop == 2 * 2 * 12 * out * out * (8 / groups) * side * side);
        CHECK(s.flop == 2 * s.batch * s.m * s.n * s.k);
    }
}

/* Rounded up, a window may end behind the padding, but not begin there. */
static void any_pool_has_as_many_outputs_as_windows(void)
{
    erg_xoshiro random = erg_xoshiro_of(6, 0);

    for (int i = 0; i < 400; i++) {
        const int64_t in = 5 + (int64_t)(erg_xoshiro_next(&random) % 30);
        const int64_t side = 2 + (int64_t)(erg_xoshiro_next(&random) % 3),
                      pad = side / 2 * (i % 2);
        const int64_t stride = 1 + (int64_t)(erg_xoshiro_next(&random) % 4);
        const bool up = erg_xoshiro_next(&random) % 2;
        int64_t out = starts(in, pad, side, stride), next = -pad + out * stride;
        char dims[100], concrete[200];

        if (up && next + side > in + pad && next < in && next - stride + side < in + pad)
            out++;
        snprintf(dims, sizeof(dims), "[[1,3,%lld,%lld],[],[],[],[],[]]", (long long)in,
                 (long long)in);
        snprintf(concrete, sizeof(concrete),
                 "[\"\",\"[%lld, %lld]\",\"[%lld]\",\"[%lld, %lld]\",\"[1, 1]\",\"%s\"]",
                 (long long)side, (long long)side, (long long)stride, (long long)pad,
                 (long long)pad, up ? "True" : "False");
        erg_signature s = shaped("max_pool_forward_nchw",
                                 &(said){ "aten::max_pool2d_with_indices", dims, NULL,
                                          FLOATS, concrete });
        CHECK(s.shape_known);
        DIMS(s, 1, 1, 3, out, out);
        CHECK(s.flop == 3 * out * out * side * side && s.window.channels_in == 3);
    }
}

static void an_adaptive_pool_is_known_where_its_windows_are_alike(void)
{
    said as = { "aten::_adaptive_avg_pool2d", "[[8,512,7,7],[]]", NULL, FLOATS,
                "[\"\",\"[1, 1]\"]" };
    erg_signature s = shaped("adaptive_average_pool<float>", &as);

    CHECK(s.shape_known && s.op == ERG_OP_GLOBAL_POOL && s.flop == 8 * 512 * 49);
    as.dims = "[[8,512,14,14],[]]";
    as.concrete = "[\"\",\"[7, 7]\"]";
    s = shaped("adaptive_average_pool<float>", &as);
    CHECK(s.shape_known && s.op == ERG_OP_AVERAGE_POOL && s.window.kernel[0] == 2);
    as.concrete = "[\"\",\"[6, 6]\"]";
    CHECK(!shaped("adaptive_average_pool<float>", &as).shape_known);
}

/* ---- what stays unknown ------------------------------------------------------------- */

static void what_was_not_written_stays_unknown(void)
{
    said as = first_layer;

    as.concrete = NULL;
    CHECK(!shaped(gemm, &as).shape_known);
    as.concrete = "[\"\",\"\",\"same\",\"[2, 2]\",\"[1, 1]\",\"1\"]";
    CHECK(!shaped(gemm, &as).shape_known);
    as.concrete = "[\"\",\"\",\"[3, 3, 3]\",\"[2, 2]\",\"[1, 1]\",\"1\"]";
    CHECK(!shaped(gemm, &as).shape_known);
    as.concrete = "[\"\",\"\",\"[3, 3]\",\"[0, 0]\",\"[1, 1]\",\"1\"]";
    CHECK(!shaped(gemm, &as).shape_known);
    /* 3 channels, 2 groups */
    as.concrete = "[\"\",\"\",\"[3, 3]\",\"[2, 2]\",\"[1, 1]\",\"2\"]";
    CHECK(!shaped(gemm, &as).shape_known);
    as = first_layer;
    as.op = "aten::convolution_backward";
    CHECK(!shaped(gemm, &as).shape_known);
}

/* Winograd in parts: the product does the work, the rest turns its data. */
static void kernels_beside_the_one_at_work_have_no_shape(void)
{
    static const char *const beside[] = {
        "cudnn::winograd_nonfused::winogradForwardData4x4", "cudnn::ops::nchwToNhwcKernel",
        "cudnn::winograd::generateWinogradTilesKernel", "cask_cudnn::computeOffsetsKernel",
    };

    for (size_t i = 0; i < ERG_COUNT(beside); i++)
        CHECK(!shaped(beside[i], &first_layer).shape_known);
    CHECK(shaped("volta_sgemm_128x64_nn", &first_layer).op == ERG_OP_CONV);
    CHECK(shaped("ampere_scudnn_winograd_128x128_ldg1_ldg4", &first_layer).shape_known);
}

/* Whole numbers of a file may be anything: found by fuzz_plan_shapes. */
static void sizes_beyond_any_memory_are_no_shapes(void)
{
#define VAST "4611686018427387904"
    static const said no_memory[] = {
        { "aten::bmm", "[[" VAST ",4," VAST "],[" VAST "," VAST ",3]]", NULL, FLOATS,
          NULL },
        { "aten::mm", "[[" VAST ",1],[1," VAST "]]", NULL, FLOATS, NULL },
        { "aten::mm", "[[281474976710656,1],[1,281474976710656]]", NULL, FLOATS, NULL },
        { "aten::cudnn_convolution_transpose", "[[1,16,10,10],[16,8,4,4],[],[],[],[],[]]",
          NULL, FLOATS,
          "[\"\",\"\",\"[1, 1]\",\"[9223372036854775807, 0]\",\"[2, 2]\",\"[1, 1]\","
          "\"1\"]" },
    };
    static const said spread = { "aten::add", "[[16777216,1,16777216],[1,16777216,1]]",
                                 NULL, FLOATS, NULL };
    static const said none = { "aten::relu", "[[0," VAST "," VAST "]]", "[[0," VAST ",1]]",
                               FLOATS, NULL };

    for (size_t i = 0; i < ERG_COUNT(no_memory); i++)
        CHECK(!shaped(gemm, &no_memory[i]).shape_known);
    CHECK(!shaped("vectorized_elementwise_kernel<add>", &spread).shape_known);
    CHECK(!shaped("vectorized_elementwise_kernel<relu>", &none).shape_known);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_convolution_has_its_window_and_its_flop),
        TEST(the_same_layer_by_another_operator_is_the_same),
        TEST(depthwise_and_transposed_convolutions_have_groups_and_sides),
        TEST(channels_last_goes_from_the_input_to_the_output),
        TEST(norms_keep_their_parameters_and_axis),
        TEST(a_softmax_goes_along_the_axis_that_was_written),
        TEST(attention_counts_its_pairs),
        TEST(any_convolution_has_as_many_outputs_as_windows),
        TEST(any_pool_has_as_many_outputs_as_windows),
        TEST(an_adaptive_pool_is_known_where_its_windows_are_alike),
        TEST(what_was_not_written_stays_unknown),
        TEST(kernels_beside_the_one_at_work_have_no_shape),
        TEST(sizes_beyond_any_memory_are_no_shapes),
    };
    return test_run(tests, ERG_COUNT(tests));
}
