/* SPDX-License-Identifier: Apache-2.0 */
/* What a config.json may say, and which families it may be of. */
#ifndef ERG_WORKLOAD_HF_FAMILY_H
#define ERG_WORKLOAD_HF_FAMILY_H

#include <stddef.h>
#include "workload/transformer.h"

/* What a number of 0, or a null, says. */
typedef enum erg_hf_none {
    ERG_HF_USUAL,           /* 0 is a mistake, null is as good as absent */
    ERG_HF_ZERO,            /* 0 says that there is none; null is as good as absent */
    ERG_HF_NULL,            /* both say that there is none, or what others derive */
} erg_hf_none;

typedef struct erg_hf_key {
    const char *name;
    size_t at;              /* of an int64_t in erg_transformer */
    int64_t most;           /* a larger value is a mistake or an attack */
    erg_hf_none none;
    bool has_sides;         /* may be a list: height and width */
} erg_hf_key;

typedef struct erg_hf_family {
    const char *type;       /* `model_type` */
    erg_transformer usual;  /* of its configuration class in the transformers library */
    bool no_window;         /* unless `use_sliding_window` asks for it */
    bool all_sparse;        /* every layer has experts: dense ones between are refused */
} erg_hf_family;

/* NULL past the end. */
const erg_hf_key *erg_hf_key_at(size_t index);
const erg_hf_family *erg_hf_family_at(size_t index);
const erg_hf_family *erg_hf_family_find(const char *type);
/* By a class of the transformers library: Qwen2MoeForCausalLM is of qwen2_moe. */
const erg_hf_family *erg_hf_family_of_class(const char *name);
/* false: no activation has that name. */
bool erg_hf_activation(const char *name, tf_activation *out);

#endif
