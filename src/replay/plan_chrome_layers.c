/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layers with a window, an axis or heads, from the operator that launched them. Strides,
 * pads and axes are in "Concrete Inputs": without those no window is known. Places of
 * arguments are those of PyTorch's native_functions.yaml.
 */
#include <string.h>
#include "replay/plan_chrome_layers.h"

enum { NONE = ERG_NO_PLACE };

/* ---- the table ----------------------------------------------------------------------- */

#define CONV ERG_OP_CONV, erg_layer_convolution
#define BACK ERG_OP_CONV_TRANSPOSE, erg_layer_convolution
#define ATTENTION ERG_OP_ATTENTION, erg_layer_attention
#define BATCH_NORM ERG_OP_BATCH_NORM, erg_layer_batch_norm

static const erg_layer layers[] = {
    /* x, weight, bias, stride, padding, dilation, groups, transposed, output_padding */
    { "aten::convolution", CONV, { 0, 1, 2, 3, 4, 5, 8, 6, 7 } },
    { "aten::_convolution", CONV, { 0, 1, 2, 3, 4, 5, 8, 6, 7 } },
    { "aten::conv1d", CONV, { 0, 1, 2, 3, 4, 5, 6, NONE, NONE } },
    { "aten::conv2d", CONV, { 0, 1, 2, 3, 4, 5, 6, NONE, NONE } },
    { "aten::conv3d", CONV, { 0, 1, 2, 3, 4, 5, 6, NONE, NONE } },
    { "aten::cudnn_convolution", CONV, { 0, 1, NONE, 3, 2, 4, 5, NONE, NONE } },
    { "aten::cudnn_convolution_relu", CONV, { 0, 1, 2, 3, 4, 5, 6, NONE, NONE } },
    { "aten::miopen_convolution", CONV, { 0, 1, 2, 4, 3, 5, 6, NONE, NONE } },
    { "aten::mkldnn_convolution", CONV, { 0, 1, 2, 4, 3, 5, 6, NONE, NONE } },
    { "aten::_conv_depthwise2d", CONV, { 0, 1, 3, 4, 5, 6, NONE, NONE, NONE } },
    { "aten::conv_depthwise3d", CONV, { 0, 1, 3, 4, 5, 6, NONE, NONE, NONE } },
    { "aten::cudnn_convolution_transpose", BACK,
      { 0, 1, NONE, 4, 2, 5, 6, NONE, 3 } },
    { "aten::miopen_convolution_transpose", BACK,
      { 0, 1, 2, 5, 3, 6, 7, NONE, 4 } },
    /* x, kernel_size, stride, padding, dilation, ceil_mode */
    { "aten::max_pool2d_with_indices", ERG_OP_MAX_POOL, erg_layer_pool,
      { 0, 1, 2, 3, 4, 5 } },
    { "aten::max_pool2d", ERG_OP_MAX_POOL, erg_layer_pool, { 0, 1, 2, 3, 4, 5 } },
    { "aten::max_pool3d_with_indices", ERG_OP_MAX_POOL, erg_layer_pool,
      { 0, 1, 2, 3, 4, 5 } },
    { "aten::avg_pool2d", ERG_OP_AVERAGE_POOL, erg_layer_pool, { 0, 1, 2, 3, NONE, 4 } },
    { "aten::avg_pool3d", ERG_OP_AVERAGE_POOL, erg_layer_pool, { 0, 1, 2, 3, NONE, 4 } },
    { "aten::_adaptive_avg_pool2d", ERG_OP_AVERAGE_POOL, erg_layer_adaptive_pool,
      { 0, 1 } },
    { "aten::adaptive_avg_pool2d", ERG_OP_AVERAGE_POOL, erg_layer_adaptive_pool, { 0, 1 } },
    /* Nodes of ONNX Runtime, whose attributes are not in a trace. */
    { "GlobalAveragePool", ERG_OP_GLOBAL_POOL, erg_layer_global_pool, { 0 } },
    { "LayerNormalization", ERG_OP_LAYER_NORM, erg_layer_norm, { 0, 1, 2 } },
    { "BatchNormalization", BATCH_NORM, { 0, 1, 2, 3, 4, NONE } },
    /* x, weight, bias, running mean, running variance, training */
    { "aten::native_layer_norm", ERG_OP_LAYER_NORM, erg_layer_norm, { 0, 2, 3 } },
    { "aten::layer_norm", ERG_OP_LAYER_NORM, erg_layer_norm, { 0, 2, 3 } },
    { "aten::_fused_rms_norm", ERG_OP_RMS_NORM, erg_layer_norm, { 0, 2, NONE } },
    { "aten::native_group_norm", ERG_OP_GROUP_NORM, erg_layer_group_norm, { 0, 1, 2 } },
    { "aten::native_batch_norm", BATCH_NORM, { 0, 1, 2, 3, 4, 5 } },
    { "aten::cudnn_batch_norm", BATCH_NORM, { 0, 1, 2, 3, 4, 5 } },
    { "aten::miopen_batch_norm", BATCH_NORM, { 0, 1, 2, 3, 4, 5 } },
    { "aten::batch_norm_elemt", BATCH_NORM, { 0, 1, 2, 3, 4, NONE } },
    { "aten::_softmax", ERG_OP_SOFTMAX, erg_layer_softmax, { 0, 1, 2 } },
    { "aten::softmax", ERG_OP_SOFTMAX, erg_layer_softmax, { 0, 1, NONE } },
    /* the axis of heads; is_causal or custom_mask_type, bias */
    { "aten::_flash_attention_forward", ATTENTION, { 2, 8, NONE } },
    { "aten::_efficient_attention_forward", ATTENTION, { 2, 9, 3 } },
    { "aten::_scaled_dot_product_flash_attention", ATTENTION, { 1, 4, NONE } },
    { "aten::_scaled_dot_product_efficient_attention", ATTENTION, { 1, 6, 3 } },
    { "aten::_scaled_dot_product_cudnn_attention", ATTENTION, { 1, 6, 3 } },
};

/* Kernels beside the one at work: they turn its data, or gather statistics for it. */
static const char *const helpers[] = {
    "winogradforward", "generatewinograd", "im2col", "col2im", "nchwtonhwc", "nhwctonchw",
    "computeoffsets", "collect_statistics", "update_stats", "rowwisemoments", "combine",
    "splitkreduce", "bn_fw_tr_stats",
};

static bool is_helper(const char *name)
{
    for (size_t i = 0; i < ERG_COUNT(helpers); i++)
        if (strcasestr(name, helpers[i]))
            return true;
    return false;
}

/* A library calls a convolution what it likes, as long as it multiplies. */
static bool is_at_work(const erg_replay_kernel *kernel, const erg_layer *is)
{
    if (is_helper(kernel->name))
        return false;
    return is->op == ERG_OP_CONV || is->op == ERG_OP_CONV_TRANSPOSE
        ? kernel->tier == ERG_TIER_MATRIX : kernel->signature.op == is->op;
}

/* Only "spatial" kernels go along another axis than the last (PyTorch, SoftMax.cu). */
static void fill_in_axis(const erg_replay_kernel *kernel, erg_chrome_inputs *in)
{
    if (kernel->signature.op == ERG_OP_SOFTMAX && in->values[1].count == 0
        && !strcasestr(kernel->name, "spatial"))
        in->values[1] = (erg_chrome_value){ { -1 }, 1 };
}

bool erg_plan_chrome_layer(const erg_replay_kernel *kernel, const char *name,
                           erg_chrome_inputs *in, erg_signature *s)
{
    for (size_t i = 0; i < ERG_COUNT(layers); i++) {
        if (strcmp(layers[i].name, name) != 0)
            continue;
        if (!is_at_work(kernel, &layers[i]))
            return false;
        fill_in_axis(kernel, in);
        s->op = layers[i].op;
        return layers[i].shape(&layers[i], in, s);
    }
    return false;
}
