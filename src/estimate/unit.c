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

erg_engine erg_engine_of(const erg_operator *op, const erg_hardware *hardware)
{
    erg_precision precision = op->precision;

    if (!is_depthwise(op)) {
        if (precision == ERG_FP32 && is_convolution(op)
            && has(hardware, ERG_UNIT_TENSOR, ERG_TF32))
            return (erg_engine){ ERG_UNIT_TENSOR, ERG_TF32 };
        if (has(hardware, ERG_UNIT_TENSOR, precision))
            return (erg_engine){ ERG_UNIT_TENSOR, precision };
    }
    if (has(hardware, ERG_UNIT_VECTOR, precision))
        return (erg_engine){ ERG_UNIT_VECTOR, precision };
    /* Converted and computed in fp32: the one precision every device has. Nothing
     * narrower computes fp64, unless a record says at which share of fp32. */
    bool is_wider = precision == ERG_FP64 && !(hardware->emulated_share[ERG_FP64] > 0);
    return (erg_engine){ ERG_UNIT_VECTOR, is_wider ? ERG_FP64 : ERG_FP32 };
}

bool erg_is_emulated(const erg_operator *op, const erg_hardware *hardware)
{
    return op->precision != ERG_FP32 && erg_engine_of(op, hardware).precision == ERG_FP32;
}
