/* SPDX-License-Identifier: Apache-2.0 */
/* The way back of a training step: its state, between the walk and the rules. */
#ifndef ERG_WORKLOAD_TRAINING_H
#define ERG_WORKLOAD_TRAINING_H

#include "workload/build.h"

typedef struct tr_share { int32_t tensor, next; } tr_share;

typedef struct tr_backward {
    erg_builder *b;
    int32_t *shares_of;     /* by storage: the latest gradient from a reader, -1 none */
    int32_t *weight_grads;  /* by tensor: -1 none */
    tr_share *shares;
    size_t share_count, share_capacity;
    int32_t tensor_count;   /* of the forward pass */
    erg_operator op;        /* the one on the way back, a copy: tables move */
    int32_t *grad;          /* gradients of its result: the bytes of the first count */
    int32_t grad_count;
} tr_backward;

/* ---- training_gradients.c ----------------------------------------------------------- */

/* Ids and images have no gradient. */
bool erg_tr_wants_gradient(const tr_backward *back, int32_t tensor);
int32_t erg_tr_tensor_like(tr_backward *back, int32_t like);
/* Where the gradient of an input is written; a tied weight has one. */
int32_t erg_tr_gradient_for(tr_backward *back, int32_t input);
/* A gradient of `of` that some operator wrote. */
void erg_tr_share(tr_backward *back, int32_t of, int32_t gradient);

/* training_rules.c: the operators that back->op needs on the way back. */
void erg_tr_apply_rule(tr_backward *back);
/* training_optimizer.c: updates the weights that have gradients, if the options name an
 * optimizer. */
void erg_tr_optimize(erg_builder *builder, const int32_t *weight_grads, int32_t count);

#endif
