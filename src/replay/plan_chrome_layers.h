/* SPDX-License-Identifier: Apache-2.0 */
/* What the rules of layers share: one rule a family, one row of plan_chrome_layers.c a
 * layer. */
#ifndef ERG_REPLAY_PLAN_CHROME_LAYERS_H
#define ERG_REPLAY_PLAN_CHROME_LAYERS_H

#include "replay/plan_chrome_inputs.h"

enum { ERG_NO_PLACE = -1, ERG_LAYER_ARGUMENTS = 9 };  /* -1: it has no such argument */

typedef struct erg_layer erg_layer;
/* Fills tensors, sizes and FLOP; false: something was not written, or does not fit. */
typedef bool erg_layer_rule(const erg_layer *is, const erg_chrome_inputs *in,
                            erg_signature *s);

struct erg_layer {
    const char *name;           /* of PyTorch's operator */
    erg_op_kind op;
    erg_layer_rule *shape;
    int at[ERG_LAYER_ARGUMENTS];        /* where its arguments stand: by the enum of its
                                         * rule */
};

extern erg_layer_rule erg_layer_convolution, erg_layer_pool, erg_layer_adaptive_pool,
    erg_layer_global_pool,
    erg_layer_norm, erg_layer_batch_norm, erg_layer_group_norm, erg_layer_softmax,
    erg_layer_attention;

/* ---- tensors and sizes (plan_chrome_tensors.c) -------------------------------------- */

/* The next input; false: too many. */
bool erg_layer_put(erg_signature *s, const erg_signature_tensor *tensor);
/* What comes out, behind the last input. */
bool erg_layer_put_out(erg_signature *s, const erg_signature_tensor *tensor);
bool erg_layer_channels_last(const erg_signature_tensor *tensor);
/* Channels fastest where `like` lies so, else dense. */
void erg_layer_lay_like(erg_signature_tensor *out, const erg_signature_tensor *like);
/* *to times all factors; false: one is below 1, or it is more than int64_t holds. */
bool erg_layer_times(int64_t *to, const int64_t factors[], int32_t count);

#endif
