/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tensors of few bits in an ONNX graph. An exporter writes a quantised product as
 * DequantizeLinear, product, QuantizeLinear: launched one by one the product is one of
 * reals; an engine that fuses reads and writes the quantised tensors themselves.
 */
#ifndef ERG_WORKLOAD_ONNX_QUANTIZED_H
#define ERG_WORKLOAD_ONNX_QUANTIZED_H

#include "workload/onnx_graph.h"

/* Of one element in the builder: reals are as wide as the graph's precision. */
int32_t erg_onnx_stored_bits(const erg_onnx_value *value);
/* What is stored, and was not trained. */
void erg_onnx_buffer(erg_builder *builder, erg_onnx_value *value);
/* Weights that lie several a byte become as many as there are; scales no parameters. */
void erg_onnx_unpack(erg_builder *builder, const erg_onnx_node *node);

bool erg_onnx_is_quantize(const erg_onnx_node *node);
bool erg_onnx_is_dequantize(const erg_onnx_node *node);
/* Its readers take the quantised tensor, in a run that fuses. */
bool erg_onnx_is_read_quantised(const erg_onnx_node *node);
/* The pass that quantises it, if nobody else reads it, or what is a view of it: the maker
 * writes what that gives, in a run that fuses. NULL: it stays as it is. */
const erg_onnx_node *erg_onnx_quantiser(const erg_onnx_value *value);
/* What a value is a view of, through views that nobody else reads. */
const erg_onnx_value *erg_onnx_viewed(const erg_onnx_value *value);
/* Both operands of the node's product are quantised: the precision they share. */
bool erg_onnx_shared_precision(const erg_onnx_node *node, erg_precision *out);
/* A scale a few elements of a weight: too many to leave out. NULL: it has none. */
erg_onnx_value *erg_onnx_block_scales(const erg_onnx_value *value);

#endif
