/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The trap: frameworks run fp32 convolutions on tf32 tensor units by default,
 * fp32 matrix products on vector units. ResNet "fp32" reaches 22 TFLOP/s on a
 * clock at which the vector units have 12.4; fp32 transformers do not.
 */
#include <math.h>
#include "estimate/unit.h"

static const char *const class_names[ERG_UNIT_CLASSES] = {
    [ERG_UNIT_VECTOR] = "vector",
    [ERG_UNIT_TENSOR] = "tensor",
};

const char *erg_unit_class_name(erg_unit_class class)
{
    return class_names[class];
}

double erg_matrix_flop(const erg_operator *op)
{
    if (op->macs > 0)
        return 2 * (double)op->macs;
    return erg_op_kinds[op->kind].kind_class == ERG_MATRIX ? (double)op->flop : 0;
}

static bool is_convolution(const erg_operator *op)
{
    return op->kind == ERG_OP_CONV || op->kind == ERG_OP_CONV_TRANSPOSE;
}

/* One output channel per input channel: too thin for a matrix unit. */
static bool is_depthwise(const erg_operator *op)
{
    return is_convolution(op) && op->window && op->window->groups > 1
        && op->window->groups == op->window->channels_in;
}

static bool has(const erg_hardware *hardware, erg_unit_class class, erg_precision precision)
{
    return hardware->peak_flop_per_s[class][precision] > 0;
}

/* What holds every value of a narrower type, the narrowest first, before fp32. */
static const erg_precision wider[ERG_PRECISIONS][4] = {
    [ERG_INT4] = { ERG_INT8, ERG_FP16, ERG_BF16, ERG_FP32 },
    [ERG_INT8] = { ERG_FP16, ERG_BF16, ERG_FP32 },
    [ERG_FP8] = { ERG_FP16, ERG_BF16, ERG_FP32 },
};

static bool computes_in(const erg_operator *op, const erg_hardware *hardware,
                        erg_precision precision, erg_engine *out)
{
    bool is_thin = is_depthwise(op);

    *out = (erg_engine){ ERG_UNIT_TENSOR, precision };
    if (!is_thin && precision == ERG_FP32 && is_convolution(op)
        && has(hardware, ERG_UNIT_TENSOR, ERG_TF32))
        out->precision = ERG_TF32;
    else if (is_thin || !has(hardware, ERG_UNIT_TENSOR, precision))
        out->class = ERG_UNIT_VECTOR;
    return has(hardware, out->class, out->precision);
}

erg_engine erg_engine_of(const erg_operator *op, const erg_hardware *hardware)
{
    erg_precision precision = op->precision;
    bool has_share = hardware->emulated_share[precision] > 0;
    erg_engine engine;

    if (computes_in(op, hardware, precision, &engine))
        return engine;
    for (const erg_precision *to = wider[precision]; !has_share && *to != ERG_FP32; to++)
        if (computes_in(op, hardware, *to, &engine))
            return engine;
    /* Converted and computed in fp32: the one precision every device has. Nothing
     * narrower computes fp64, unless a record says at which share of fp32. */
    bool is_wider = precision == ERG_FP64 && !has_share;
    if (!is_wider && !has_share && computes_in(op, hardware, ERG_FP32, &engine))
        return engine;
    return (erg_engine){ ERG_UNIT_VECTOR, is_wider ? ERG_FP64 : ERG_FP32 };
}

bool erg_is_emulated(const erg_operator *op, const erg_hardware *hardware)
{
    return op->precision != ERG_FP32
        && erg_engine_of(op, hardware).precision != op->precision;
}
