/* SPDX-License-Identifier: Apache-2.0 */
/* Chains of nodes that are one operator: the tools of patterns.c and patterns_norm.c. */
#ifndef ERG_WORKLOAD_PATTERNS_H
#define ERG_WORKLOAD_PATTERNS_H

#include "workload/onnx_graph.h"

enum { ERG_CHAIN = 16 };

/* Nodes of a chain so far, without its last one. */
typedef struct erg_chain {
    erg_onnx_node *nodes[ERG_CHAIN];
    int32_t count;
} erg_chain;

/* An operator of ONNX itself that no pattern has taken. */
bool erg_chain_is_op(const erg_onnx_node *node, const char *op_type);
/* The node that makes a value, added to the chain; NULL: it is another operator, or the
 * chain is full. Who else reads the value is asked at the end. */
erg_onnx_node *erg_chain_inner(erg_chain *chain, const erg_onnx_value *value,
                               const char *op_type);
/* Whether all that reads a value of the chain is in it, or is the last node. */
bool erg_chain_is_closed(const erg_chain *chain, const erg_onnx_node *last);
/* The chain is taken; the last node becomes `as` over these inputs (ended by NULL). */
bool erg_chain_become(erg_onnx_model *model, erg_onnx_node *last, const erg_chain *chain,
                      const erg_onnx_rule *as, erg_onnx_value *const *inputs);
bool erg_chain_is_number(const erg_onnx_value *value, double number);
/* The operand beside this number, or beside this value; NULL: it is not there. */
erg_onnx_value *erg_chain_beside_number(const erg_onnx_node *node, double number);
erg_onnx_value *erg_chain_beside(const erg_onnx_node *node, const erg_onnx_value *value);

/* Each true unless memory ran out; node is the last of what it looks for. */
typedef bool erg_pattern(erg_onnx_model *model, erg_onnx_node *node);
erg_pattern erg_pattern_norm, erg_pattern_rms_norm, erg_pattern_attention,
    erg_pattern_fold_norm;

#endif
