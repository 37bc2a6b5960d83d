/* SPDX-License-Identifier: Apache-2.0 */
/*
 * THE table of ONNX operators: shape, kind, and what else they need. A new operator
 * is a row here, one of com.microsoft a row of onnx_ops_microsoft.c, of ai.onnx.ml of
 * onnx_ops_ml.c. All are sorted by name: they are searched by halves.
 *
 * Functions of one argument that are no cheap arithmetic (sin, softplus, elu..) are
 * counted as an exp; comparisons of bits as comparisons.
 */
#include <string.h>
#include "workload/onnx_count.h"
#include "workload/onnx_fold.h"
#include "workload/onnx_shape.h"

#define ONNX ""

static const erg_onnx_rule rules[] = {
    { "Abs", ONNX, erg_onnx_shape_same, ERG_OP_ABS, .fold = erg_onnx_fold_map },
    { "Acos", ONNX, erg_onnx_shape_same, ERG_OP_EXP },
    { "Acosh", ONNX, erg_onnx_shape_same, ERG_OP_EXP },
    { "Add", ONNX, erg_onnx_shape_map, ERG_OP_ADD, .fold = erg_onnx_fold_map },
    { "AffineGrid", ONNX, erg_onnx_shape_affine_grid, ERG_OP_MATMUL,
      .count = erg_onnx_count_affine_grid },
    { "And", ONNX, erg_onnx_shape_compare, ERG_OP_COMPARE, .fold = erg_onnx_fold_map },
    { "ArgMax", ONNX, erg_onnx_shape_arg, ERG_OP_REDUCE },
    { "ArgMin", ONNX, erg_onnx_shape_arg, ERG_OP_REDUCE },
    { "Asin", ONNX, erg_onnx_shape_same, ERG_OP_EXP },
    { "Asinh", ONNX, erg_onnx_shape_same, ERG_OP_EXP },
    { "Atan", ONNX, erg_onnx_shape_same, ERG_OP_EXP },
    { "Atanh", ONNX, erg_onnx_shape_same, ERG_OP_EXP },
    { "Attention", ONNX, erg_onnx_shape_attention, ERG_OP_ATTENTION,
      .count = erg_onnx_count_attention },
    { "AveragePool", ONNX, erg_onnx_shape_pool, ERG_OP_AVERAGE_POOL,
      .count = erg_onnx_count_pool, .wants_contiguous = true },
    { "BatchNormalization", ONNX, erg_onnx_shape_norm, ERG_OP_BATCH_NORM,
      .wants_contiguous = true },
    { "Bernoulli", ONNX, erg_onnx_shape_random_like, ERG_OP_FILL },
    { "BitCast", ONNX, erg_onnx_shape_cast, ERG_OP_COPY, .way = ERG_ONNX_VIEW },
    { "BitShift", ONNX, erg_onnx_shape_map, ERG_OP_COMPARE },
    { "BitwiseAnd", ONNX, erg_onnx_shape_map, ERG_OP_COMPARE },
    { "BitwiseNot", ONNX, erg_onnx_shape_same, ERG_OP_ABS },
    { "BitwiseOr", ONNX, erg_onnx_shape_map, ERG_OP_COMPARE },
    { "BitwiseXor", ONNX, erg_onnx_shape_map, ERG_OP_COMPARE },
    { "BlackmanWindow", ONNX, erg_onnx_shape_taper, ERG_OP_FILL },
    { "Cast", ONNX, erg_onnx_shape_cast, ERG_OP_CAST, .fold = erg_onnx_fold_cast },
    { "CastLike", ONNX, erg_onnx_shape_cast_like, ERG_OP_CAST,
      .fold = erg_onnx_fold_cast },
    { "Ceil", ONNX, erg_onnx_shape_same, ERG_OP_ABS, .fold = erg_onnx_fold_map },
    { "Celu", ONNX, erg_onnx_shape_same, ERG_OP_EXP },
    { "CenterCropPad", ONNX, erg_onnx_shape_center, ERG_OP_PAD },
    { "Clip", ONNX, erg_onnx_shape_same, ERG_OP_CLIP },
    { "Col2Im", ONNX, erg_onnx_shape_col2im, ERG_OP_SCATTER,
      .count = erg_onnx_count_col2im },
    { "Compress", ONNX, erg_onnx_shape_compress, ERG_OP_GATHER },
    { "Concat", ONNX, erg_onnx_shape_concat, ERG_OP_CONCAT, .fold = erg_onnx_fold_concat },
    { "ConcatFromSequence", ONNX, erg_onnx_shape_list_concat, ERG_OP_CONCAT,
      .fold = erg_onnx_fold_list_concat },
    { "Constant", ONNX, erg_onnx_shape_constant, ERG_OP_FILL, .way = ERG_ONNX_HOST },
    { "ConstantOfShape", ONNX, erg_onnx_shape_fill, ERG_OP_FILL,
      .fold = erg_onnx_fold_fill },
    { "Conv", ONNX, erg_onnx_shape_conv, ERG_OP_CONV, .count = erg_onnx_count_conv,
      .wants_contiguous = true },
    { "ConvInteger", ONNX, erg_onnx_shape_conv_integer, ERG_OP_CONV,
      .count = erg_onnx_count_conv_int8, .wants_contiguous = true },
    { "ConvTranspose", ONNX, erg_onnx_shape_conv_transpose, ERG_OP_CONV_TRANSPOSE,
      .count = erg_onnx_count_conv, .wants_contiguous = true },
    { "Cos", ONNX, erg_onnx_shape_same, ERG_OP_EXP },
    { "Cosh", ONNX, erg_onnx_shape_same, ERG_OP_EXP },
    { "CumProd", ONNX, erg_onnx_shape_same, ERG_OP_REDUCE },
    { "CumSum", ONNX, erg_onnx_shape_same, ERG_OP_REDUCE },
    { "DFT", ONNX, erg_onnx_shape_dft, ERG_OP_REDUCE, .count = erg_onnx_count_dft },
    { "DeformConv", ONNX, erg_onnx_shape_conv, ERG_OP_CONV,
      .count = erg_onnx_count_deform, .wants_contiguous = true },
    { "DepthToSpace", ONNX, erg_onnx_shape_depth_to_space, ERG_OP_COPY },
    { "DequantizeLinear", ONNX, erg_onnx_shape_dequantize, ERG_OP_QUANTIZE },
    { "Det", ONNX, erg_onnx_shape_det, ERG_OP_REDUCE },
    { "Div", ONNX, erg_onnx_shape_map, ERG_OP_DIV, .fold = erg_onnx_fold_map },
    { "Dropout", ONNX, erg_onnx_shape_dropout, ERG_OP_DROPOUT, .way = ERG_ONNX_VIEW },
    { "DynamicQuantizeLinear", ONNX, erg_onnx_shape_dynamic_quantize, ERG_OP_QUANTIZE },
    { "Einsum", ONNX, erg_onnx_shape_einsum, ERG_OP_MATMUL,
      .count = erg_onnx_count_einsum },
    { "Elu", ONNX, erg_onnx_shape_same, ERG_OP_EXP },
    { "Equal", ONNX, erg_onnx_shape_compare, ERG_OP_COMPARE, .fold = erg_onnx_fold_map },
    { "Erf", ONNX, erg_onnx_shape_same, ERG_OP_ERF },
    { "Exp", ONNX, erg_onnx_shape_same, ERG_OP_EXP },
    { "Expand", ONNX, erg_onnx_shape_expand, ERG_OP_TILE, .way = ERG_ONNX_FREE_IN_EAGER,
      .fold = erg_onnx_fold_expand },
    { "EyeLike", ONNX, erg_onnx_shape_random_like, ERG_OP_FILL },
    { "Flatten", ONNX, erg_onnx_shape_flatten, ERG_OP_COPY, .way = ERG_ONNX_VIEW,
      .fold = erg_onnx_fold_same, .wants_contiguous = true },
    { "Floor", ONNX, erg_onnx_shape_same, ERG_OP_ABS, .fold = erg_onnx_fold_map },
    { "GRU", ONNX, erg_onnx_shape_recurrent, ERG_OP_GRU,
      .count = erg_onnx_count_recurrent },
    { "Gather", ONNX, erg_onnx_shape_gather, ERG_OP_GATHER,
      .count = erg_onnx_count_gather, .fold = erg_onnx_fold_gather },
    { "GatherElements", ONNX, erg_onnx_shape_gather_elements, ERG_OP_GATHER,
      .count = erg_onnx_count_gather },
    { "GatherND", ONNX, erg_onnx_shape_gather_nd, ERG_OP_GATHER,
      .count = erg_onnx_count_gather },
    { "Gelu", ONNX, erg_onnx_shape_same, ERG_OP_GELU, .count = erg_onnx_count_gelu },
    { "Gemm", ONNX, erg_onnx_shape_gemm, ERG_OP_LINEAR, .count = erg_onnx_count_gemm },
    { "GlobalAveragePool", ONNX, erg_onnx_shape_global_pool, ERG_OP_GLOBAL_POOL,
      .wants_contiguous = true },
    { "GlobalLpPool", ONNX, erg_onnx_shape_global_pool, ERG_OP_GLOBAL_POOL,
      .wants_contiguous = true },
    { "GlobalMaxPool", ONNX, erg_onnx_shape_global_pool, ERG_OP_GLOBAL_POOL,
      .wants_contiguous = true },
    { "Greater", ONNX, erg_onnx_shape_compare, ERG_OP_COMPARE, .fold = erg_onnx_fold_map },
    { "GreaterOrEqual", ONNX, erg_onnx_shape_compare, ERG_OP_COMPARE,
      .fold = erg_onnx_fold_map },
    { "GridSample", ONNX, erg_onnx_shape_grid_sample, ERG_OP_RESIZE,
      .count = erg_onnx_count_resize },
    { "GroupNormalization", ONNX, erg_onnx_shape_same, ERG_OP_GROUP_NORM,
      .wants_contiguous = true },
    { "HammingWindow", ONNX, erg_onnx_shape_taper, ERG_OP_FILL },
    { "HannWindow", ONNX, erg_onnx_shape_taper, ERG_OP_FILL },
    { "HardSigmoid", ONNX, erg_onnx_shape_same, ERG_OP_HARD_SIGMOID },
    { "HardSwish", ONNX, erg_onnx_shape_same, ERG_OP_HARD_SWISH },
    { "Hardmax", ONNX, erg_onnx_shape_softmax, ERG_OP_SOFTMAX },
    { "Identity", ONNX, erg_onnx_shape_identity, ERG_OP_COPY, .way = ERG_ONNX_VIEW,
      .fold = erg_onnx_fold_same },
    { "InstanceNormalization", ONNX, erg_onnx_shape_same, ERG_OP_INSTANCE_NORM,
      .wants_contiguous = true },
    { "IsInf", ONNX, erg_onnx_shape_flag, ERG_OP_COMPARE },
    { "IsNaN", ONNX, erg_onnx_shape_flag, ERG_OP_COMPARE },
    { "LRN", ONNX, erg_onnx_shape_same, ERG_OP_LRN, .wants_contiguous = true },
    { "LSTM", ONNX, erg_onnx_shape_recurrent, ERG_OP_LSTM,
      .count = erg_onnx_count_recurrent },
    { "LayerNormalization", ONNX, erg_onnx_shape_layer_norm, ERG_OP_LAYER_NORM,
      .wants_contiguous = true },
    { "LeakyRelu", ONNX, erg_onnx_shape_same, ERG_OP_RELU },
    { "Less", ONNX, erg_onnx_shape_compare, ERG_OP_COMPARE, .fold = erg_onnx_fold_map },
    { "LessOrEqual", ONNX, erg_onnx_shape_compare, ERG_OP_COMPARE,
      .fold = erg_onnx_fold_map },
    { "Log", ONNX, erg_onnx_shape_same, ERG_OP_LOG },
    { "LogSoftmax", ONNX, erg_onnx_shape_softmax, ERG_OP_SOFTMAX },
    { "LpNormalization", ONNX, erg_onnx_shape_same, ERG_OP_LAYER_NORM,
      .wants_contiguous = true },
    { "LpPool", ONNX, erg_onnx_shape_pool, ERG_OP_AVERAGE_POOL,
      .count = erg_onnx_count_pool, .wants_contiguous = true },
    { "MatMul", ONNX, erg_onnx_shape_matmul, ERG_OP_MATMUL,
      .count = erg_onnx_count_matmul },
    { "MatMulInteger", ONNX, erg_onnx_shape_matmul_integer, ERG_OP_MATMUL,
      .count = erg_onnx_count_matmul_int8 },
    { "Max", ONNX, erg_onnx_shape_map, ERG_OP_MAX, .count = erg_onnx_count_variadic,
      .fold = erg_onnx_fold_map },
    { "MaxPool", ONNX, erg_onnx_shape_pool, ERG_OP_MAX_POOL,
      .count = erg_onnx_count_pool, .wants_contiguous = true },
    { "MaxRoiPool", ONNX, erg_onnx_shape_roi, ERG_OP_GATHER },
    { "MaxUnpool", ONNX, erg_onnx_shape_unpool, ERG_OP_SCATTER },
    { "Mean", ONNX, erg_onnx_shape_map, ERG_OP_ADD, .count = erg_onnx_count_variadic },
    { "MeanVarianceNormalization", ONNX, erg_onnx_shape_same, ERG_OP_LAYER_NORM,
      .wants_contiguous = true },
    { "MelWeightMatrix", ONNX, erg_onnx_shape_mel, ERG_OP_FILL },
    { "Min", ONNX, erg_onnx_shape_map, ERG_OP_MIN, .count = erg_onnx_count_variadic,
      .fold = erg_onnx_fold_map },
    { "Mish", ONNX, erg_onnx_shape_same, ERG_OP_EXP },
    { "Mod", ONNX, erg_onnx_shape_map, ERG_OP_DIV, .fold = erg_onnx_fold_map },
    { "Mul", ONNX, erg_onnx_shape_map, ERG_OP_MUL, .fold = erg_onnx_fold_map },
    { "Multinomial", ONNX, erg_onnx_shape_multinomial, ERG_OP_REDUCE },
    { "Neg", ONNX, erg_onnx_shape_same, ERG_OP_ABS, .fold = erg_onnx_fold_map },
    { "NegativeLogLikelihoodLoss", ONNX, erg_onnx_shape_loss, ERG_OP_REDUCE },
    { "NonMaxSuppression", ONNX, erg_onnx_shape_suppression, ERG_OP_TOP_K },
    { "NonZero", ONNX, erg_onnx_shape_non_zero, ERG_OP_GATHER },
    { "Not", ONNX, erg_onnx_shape_flag, ERG_OP_COMPARE, .fold = erg_onnx_fold_map },
    { "OneHot", ONNX, erg_onnx_shape_one_hot, ERG_OP_FILL },
    { "Optional", ONNX, erg_onnx_shape_optional, ERG_OP_COPY, .way = ERG_ONNX_VIEW,
      .fold = erg_onnx_fold_same },
    { "OptionalGetElement", ONNX, erg_onnx_shape_identity, ERG_OP_COPY,
      .way = ERG_ONNX_VIEW, .fold = erg_onnx_fold_same },
    { "OptionalHasElement", ONNX, erg_onnx_shape_optional_has, ERG_OP_FILL,
      .way = ERG_ONNX_HOST, .fold = erg_onnx_fold_optional_has },
    { "Or", ONNX, erg_onnx_shape_compare, ERG_OP_COMPARE, .fold = erg_onnx_fold_map },
    { "PRelu", ONNX, erg_onnx_shape_same, ERG_OP_RELU },
    { "Pad", ONNX, erg_onnx_shape_pad, ERG_OP_PAD },
    { "Pow", ONNX, erg_onnx_shape_map, ERG_OP_POW, .fold = erg_onnx_fold_map },
    { "QLinearConv", ONNX, erg_onnx_shape_q_conv, ERG_OP_CONV,
      .count = erg_onnx_count_conv_int8, .wants_contiguous = true },
    { "QLinearMatMul", ONNX, erg_onnx_shape_q_matmul, ERG_OP_MATMUL,
      .count = erg_onnx_count_q_matmul },
    { "QuantizeLinear", ONNX, erg_onnx_shape_quantize, ERG_OP_QUANTIZE },
    { "RMSNormalization", ONNX, erg_onnx_shape_layer_norm, ERG_OP_RMS_NORM,
      .wants_contiguous = true },
    { "RNN", ONNX, erg_onnx_shape_recurrent, ERG_OP_RNN,
      .count = erg_onnx_count_recurrent },
    { "RandomNormal", ONNX, erg_onnx_shape_random, ERG_OP_FILL },
    { "RandomNormalLike", ONNX, erg_onnx_shape_random_like, ERG_OP_FILL },
    { "RandomUniform", ONNX, erg_onnx_shape_random, ERG_OP_FILL },
    { "RandomUniformLike", ONNX, erg_onnx_shape_random_like, ERG_OP_FILL },
    { "Range", ONNX, erg_onnx_shape_range, ERG_OP_FILL, .fold = erg_onnx_fold_range },
    { "Reciprocal", ONNX, erg_onnx_shape_same, ERG_OP_DIV, .fold = erg_onnx_fold_map },
    { "ReduceL1", ONNX, erg_onnx_shape_reduce, ERG_OP_REDUCE },
    { "ReduceL2", ONNX, erg_onnx_shape_reduce, ERG_OP_REDUCE },
    { "ReduceLogSum", ONNX, erg_onnx_shape_reduce, ERG_OP_REDUCE },
    { "ReduceLogSumExp", ONNX, erg_onnx_shape_reduce, ERG_OP_REDUCE },
    { "ReduceMax", ONNX, erg_onnx_shape_reduce, ERG_OP_REDUCE,
      .fold = erg_onnx_fold_reduce },
    { "ReduceMean", ONNX, erg_onnx_shape_reduce, ERG_OP_REDUCE },
    { "ReduceMin", ONNX, erg_onnx_shape_reduce, ERG_OP_REDUCE,
      .fold = erg_onnx_fold_reduce },
    { "ReduceProd", ONNX, erg_onnx_shape_reduce, ERG_OP_REDUCE,
      .fold = erg_onnx_fold_reduce },
    { "ReduceSum", ONNX, erg_onnx_shape_reduce, ERG_OP_REDUCE,
      .fold = erg_onnx_fold_reduce },
    { "ReduceSumSquare", ONNX, erg_onnx_shape_reduce, ERG_OP_REDUCE },
    { "Relu", ONNX, erg_onnx_shape_same, ERG_OP_RELU },
    { "Reshape", ONNX, erg_onnx_shape_reshape, ERG_OP_COPY, .way = ERG_ONNX_VIEW,
      .fold = erg_onnx_fold_same, .wants_contiguous = true },
    { "Resize", ONNX, erg_onnx_shape_resize, ERG_OP_RESIZE,
      .count = erg_onnx_count_resize },
    { "ReverseSequence", ONNX, erg_onnx_shape_same, ERG_OP_COPY },
    { "RoiAlign", ONNX, erg_onnx_shape_roi, ERG_OP_GATHER },
    { "RotaryEmbedding", ONNX, erg_onnx_shape_same, ERG_OP_ROTARY,
      .count = erg_onnx_count_rotary },
    { "Round", ONNX, erg_onnx_shape_same, ERG_OP_ABS, .fold = erg_onnx_fold_map },
    { "STFT", ONNX, erg_onnx_shape_stft, ERG_OP_REDUCE, .count = erg_onnx_count_stft },
    { "Scatter", ONNX, erg_onnx_shape_same, ERG_OP_SCATTER },
    { "ScatterElements", ONNX, erg_onnx_shape_same, ERG_OP_SCATTER },
    { "ScatterND", ONNX, erg_onnx_shape_same, ERG_OP_SCATTER },
    { "Selu", ONNX, erg_onnx_shape_same, ERG_OP_EXP },
    { "SequenceAt", ONNX, erg_onnx_shape_list_at, ERG_OP_COPY, .way = ERG_ONNX_VIEW,
      .fold = erg_onnx_fold_same },
    { "SequenceConstruct", ONNX, erg_onnx_shape_list, ERG_OP_FILL, .way = ERG_ONNX_HOST },
    { "SequenceEmpty", ONNX, erg_onnx_shape_list, ERG_OP_FILL, .way = ERG_ONNX_HOST },
    { "SequenceErase", ONNX, erg_onnx_shape_list_erase, ERG_OP_FILL,
      .way = ERG_ONNX_HOST },
    { "SequenceInsert", ONNX, erg_onnx_shape_list_insert, ERG_OP_FILL,
      .way = ERG_ONNX_HOST },
    { "SequenceLength", ONNX, erg_onnx_shape_list_length, ERG_OP_FILL,
      .way = ERG_ONNX_HOST, .fold = erg_onnx_fold_list_length },
    { "Shape", ONNX, erg_onnx_shape_shape, ERG_OP_FILL, .way = ERG_ONNX_HOST,
      .fold = erg_onnx_fold_shape },
    { "Shrink", ONNX, erg_onnx_shape_same, ERG_OP_ABS },
    { "Sigmoid", ONNX, erg_onnx_shape_same, ERG_OP_SIGMOID },
    { "Sign", ONNX, erg_onnx_shape_same, ERG_OP_ABS, .fold = erg_onnx_fold_map },
    { "SimplifiedLayerNormalization", ONNX, erg_onnx_shape_layer_norm, ERG_OP_RMS_NORM,
      .wants_contiguous = true },
    { "Sin", ONNX, erg_onnx_shape_same, ERG_OP_EXP },
    { "Sinh", ONNX, erg_onnx_shape_same, ERG_OP_EXP },
    { "Size", ONNX, erg_onnx_shape_size, ERG_OP_FILL, .way = ERG_ONNX_HOST,
      .fold = erg_onnx_fold_size },
    { "Slice", ONNX, erg_onnx_shape_slice, ERG_OP_SLICE, .way = ERG_ONNX_FREE_IN_EAGER,
      .fold = erg_onnx_fold_slice },
    { "Softmax", ONNX, erg_onnx_shape_softmax, ERG_OP_SOFTMAX },
    { "SoftmaxCrossEntropyLoss", ONNX, erg_onnx_shape_loss, ERG_OP_SOFTMAX },
    { "Softplus", ONNX, erg_onnx_shape_same, ERG_OP_EXP },
    { "Softsign", ONNX, erg_onnx_shape_same, ERG_OP_DIV },
    { "SpaceToDepth", ONNX, erg_onnx_shape_space_to_depth, ERG_OP_COPY },
    { "Split", ONNX, erg_onnx_shape_split, ERG_OP_SPLIT, .way = ERG_ONNX_FREE_IN_EAGER,
      .fold = erg_onnx_fold_split },
    { "SplitToSequence", ONNX, erg_onnx_shape_list_split, ERG_OP_SPLIT,
      .way = ERG_ONNX_FREE_IN_EAGER, .fold = erg_onnx_fold_list_split },
    { "Sqrt", ONNX, erg_onnx_shape_same, ERG_OP_SQRT, .fold = erg_onnx_fold_map },
    { "Squeeze", ONNX, erg_onnx_shape_squeeze, ERG_OP_COPY, .way = ERG_ONNX_VIEW,
      .fold = erg_onnx_fold_same },
    { "Sub", ONNX, erg_onnx_shape_map, ERG_OP_SUB, .fold = erg_onnx_fold_map },
    { "Sum", ONNX, erg_onnx_shape_map, ERG_OP_ADD, .count = erg_onnx_count_variadic },
    { "Swish", ONNX, erg_onnx_shape_same, ERG_OP_SILU },
    { "Tan", ONNX, erg_onnx_shape_same, ERG_OP_EXP },
    { "Tanh", ONNX, erg_onnx_shape_same, ERG_OP_TANH },
    { "TensorScatter", ONNX, erg_onnx_shape_same, ERG_OP_SCATTER },
    { "ThresholdedRelu", ONNX, erg_onnx_shape_same, ERG_OP_RELU },
    { "Tile", ONNX, erg_onnx_shape_tile, ERG_OP_TILE },
    { "TopK", ONNX, erg_onnx_shape_top_k, ERG_OP_TOP_K },
    { "Transpose", ONNX, erg_onnx_shape_transpose, ERG_OP_COPY,
      .way = ERG_ONNX_TRANSPOSE, .fold = erg_onnx_fold_transpose },
    { "Trilu", ONNX, erg_onnx_shape_same, ERG_OP_COPY },
    { "Unique", ONNX, erg_onnx_shape_unique, ERG_OP_TOP_K },
    { "Unsqueeze", ONNX, erg_onnx_shape_unsqueeze, ERG_OP_COPY, .way = ERG_ONNX_VIEW,
      .fold = erg_onnx_fold_same },
    { "Upsample", ONNX, erg_onnx_shape_upsample, ERG_OP_RESIZE,
      .count = erg_onnx_count_resize },
    { "Where", ONNX, erg_onnx_shape_where, ERG_OP_WHERE, .fold = erg_onnx_fold_where },
    { "Xor", ONNX, erg_onnx_shape_compare, ERG_OP_COMPARE, .fold = erg_onnx_fold_map },
};

/* Rows of ONNX itself. */
static const erg_onnx_rule *own_rules(size_t *count)
{
    *count = ERG_COUNT(rules);
    return rules;
}

static const struct {
    const char *domain;
    const erg_onnx_rule *(*rules)(size_t *count);
} domains[] = {
    { ONNX, own_rules },
    { "com.microsoft", erg_onnx_microsoft_rules },
    { "ai.onnx.ml", erg_onnx_ml_rules },
};

const erg_onnx_rule *erg_onnx_rule_at(size_t index)
{
    for (size_t i = 0; i < ERG_COUNT(domains); i++) {
        size_t count;
        const erg_onnx_rule *in = domains[i].rules(&count);
        if (index < count)
            return &in[index];
        index -= count;
    }
    return NULL;
}

static const erg_onnx_rule *find(const erg_onnx_rule *in, size_t count, const char *op_type)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(op_type, in[middle].op_type);
        if (order == 0)
            return &in[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

const erg_onnx_rule *erg_onnx_rule_find(const char *domain, const char *op_type)
{
    for (size_t i = 0; i < ERG_COUNT(domains); i++)
        if (strcmp(domains[i].domain, domain) == 0) {
            size_t count;
            const erg_onnx_rule *in = domains[i].rules(&count);
            return find(in, count, op_type);
        }
    return NULL;
}
