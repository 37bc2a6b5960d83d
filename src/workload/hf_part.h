/* SPDX-License-Identifier: Apache-2.0 */
/* The part of a config.json that is counted. */
#ifndef ERG_WORKLOAD_HF_PART_H
#define ERG_WORKLOAD_HF_PART_H

#include "format/json.h"
#include "workload/hf_family.h"

typedef struct erg_hf_part {
    const json_t *of;               /* the object with its fields */
    const erg_hf_family *family;
    const char *outer;              /* `model_type` of the whole; NULL: this is the whole */
    const char *class;              /* that told the family; NULL: a `model_type` did */
} erg_hf_part;

bool erg_hf_part_find(const json_t *root, erg_hf_part *part, erg_error *err);

#endif
