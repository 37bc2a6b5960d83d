/* SPDX-License-Identifier: Apache-2.0 */
/* Operators in parts: what onednn_parts.c and onednn_folds.c share. */
#ifndef ERG_ENGINE_ONEDNN_PARTS_H
#define ERG_ENGINE_ONEDNN_PARTS_H

#include "engine/onednn_inside.h"

enum { DNN_PLACES = 6, DNN_OWN = ERG_SIGNATURE_TENSORS };

/* Which tensor of the operator (DNN_OWN: memory of its own), and how far into it. */
typedef struct dnn_place {
    int tensor;
    size_t bytes;
} dnn_place;

typedef struct dnn_making {
    erg_engine_session *session;
    const erg_signature *whole;
    dnn_parts *to;
    erg_error *err;
} dnn_making;

/* Of zeros; once an operator. */
bool erg_dnn_own_memory(dnn_making *to, int64_t elements, erg_precision precision);
void *erg_dnn_own(const dnn_parts *parts);
/* The next job; at: where its tensors lie. */
bool erg_dnn_add_part(dnn_making *to, const erg_signature *signature,
                      const dnn_place at[DNN_PLACES]);

/* ---- onednn_folds.c -------------------------------------------------------------- */

bool erg_dnn_attention(dnn_making *to);
bool erg_dnn_rms_norm(dnn_making *to);
bool erg_dnn_rotary(dnn_making *to);

/* ---- onednn_groups.c ------------------------------------------------------------- */

bool erg_dnn_group_norm(dnn_making *to);

#endif
