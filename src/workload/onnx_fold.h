/* SPDX-License-Identifier: Apache-2.0 */
/* Folding of small tensors: a function a group of operators, for the table of rules.
 * They return true when nothing can be folded; false only for a wrong model. */
#ifndef ERG_WORKLOAD_ONNX_FOLD_H
#define ERG_WORKLOAD_ONNX_FOLD_H

#include "workload/onnx_graph.h"

typedef struct erg_onnx_number {
    int64_t i;
    double r;
} erg_onnx_number;

/* Numbers that may be calculated with: small, and no trained vector. */
bool erg_onnx_can_fold(const erg_onnx_value *value);
erg_onnx_number erg_onnx_number_at(const erg_onnx_value *value, int64_t i);
void erg_onnx_number_put(erg_onnx_numbers to, int64_t i, erg_onnx_number number);
void erg_onnx_fold_set(erg_onnx_value *value, erg_onnx_numbers numbers);
int64_t erg_onnx_stretched(const erg_onnx_value *operand, const erg_onnx_value *result,
                           int64_t flat);

/* Where a Slice starts and how it steps, by axis of its input. */
typedef struct erg_onnx_cut {
    int64_t start[ERG_ONNX_RANK], step[ERG_ONNX_RANK], count[ERG_ONNX_RANK];
} erg_onnx_cut;
bool erg_onnx_cut_read(erg_onnx_model *model, erg_onnx_node *node, erg_onnx_cut *out);

bool erg_onnx_fold_same(erg_onnx_model *model, erg_onnx_node *node);
bool erg_onnx_fold_transpose(erg_onnx_model *model, erg_onnx_node *node);
bool erg_onnx_fold_slice(erg_onnx_model *model, erg_onnx_node *node);
bool erg_onnx_fold_split(erg_onnx_model *model, erg_onnx_node *node);
bool erg_onnx_fold_expand(erg_onnx_model *model, erg_onnx_node *node);
bool erg_onnx_fold_gather(erg_onnx_model *model, erg_onnx_node *node);
bool erg_onnx_fold_concat(erg_onnx_model *model, erg_onnx_node *node);
bool erg_onnx_fold_shape(erg_onnx_model *model, erg_onnx_node *node);
bool erg_onnx_fold_size(erg_onnx_model *model, erg_onnx_node *node);
bool erg_onnx_fold_fill(erg_onnx_model *model, erg_onnx_node *node);
bool erg_onnx_fold_range(erg_onnx_model *model, erg_onnx_node *node);
bool erg_onnx_fold_reduce(erg_onnx_model *model, erg_onnx_node *node);
bool erg_onnx_fold_cast(erg_onnx_model *model, erg_onnx_node *node);
bool erg_onnx_fold_map(erg_onnx_model *model, erg_onnx_node *node);
/* onnx_sequence.c */
bool erg_onnx_fold_list_split(erg_onnx_model *model, erg_onnx_node *node);
bool erg_onnx_fold_list_length(erg_onnx_model *model, erg_onnx_node *node);
bool erg_onnx_fold_list_concat(erg_onnx_model *model, erg_onnx_node *node);
bool erg_onnx_fold_optional_has(erg_onnx_model *model, erg_onnx_node *node);
/* onnx_fold.c */
bool erg_onnx_fold_where(erg_onnx_model *model, erg_onnx_node *node);

#endif
