/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors of a layer: put one behind the other, in the layout of what came in. */
#include <string.h>
#include "replay/plan_chrome_layers.h"

bool erg_layer_put(erg_signature *s, const erg_signature_tensor *tensor)
{
    int32_t at = s->input_count + s->output_count;

    if (at == ERG_SIGNATURE_TENSORS)
        return false;
    s->tensors[at] = *tensor;
    s->input_count++;
    return true;
}

/* The last one put is what comes out. */
bool erg_layer_put_out(erg_signature *s, const erg_signature_tensor *tensor)
{
    if (!erg_layer_put(s, tensor))
        return false;
    s->input_count--;
    s->output_count = 1;
    s->precision = s->tensors[0].precision;
    return erg_plan_elements(tensor) > 0;
}

/* [n, c, ..] with channels fastest: what cuDNN is told to use where its input lies so. */
static void channels_last(const erg_signature_tensor *tensor, int64_t strides[])
{
    strides[1] = 1;
    int64_t next = tensor->dims[1];
    for (int32_t i = tensor->rank - 1; i > 1; i--) {
        strides[i] = next;
        next *= tensor->dims[i];
    }
    strides[0] = next;
}

bool erg_layer_channels_last(const erg_signature_tensor *tensor)
{
    int64_t strides[ERG_SIGNATURE_RANK];

    if (tensor->rank < 3 || erg_plan_elements(tensor) == 0)
        return false;
    channels_last(tensor, strides);
    for (int32_t i = 0; i < tensor->rank; i++)
        if (tensor->dims[i] != 1 && tensor->strides[i] != strides[i])
            return false;
    return true;
}

void erg_layer_lay_like(erg_signature_tensor *out, const erg_signature_tensor *x)
{
    memset(out->strides, 0, sizeof(out->strides));
    if (!erg_layer_channels_last(x) || erg_plan_elements(out) == 0)
        return;
    channels_last(out, out->strides);
    if (erg_plan_is_dense(out, out->strides))
        memset(out->strides, 0, sizeof(out->strides));
}

bool erg_layer_times(int64_t *to, const int64_t factors[], int32_t count)
{
    for (int32_t i = 0; i < count; i++)
        if (factors[i] < 1 || __builtin_mul_overflow(*to, factors[i], to))
            return false;
    return true;
}
