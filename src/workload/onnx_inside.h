/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the ONNX reader share. */
#ifndef ERG_WORKLOAD_ONNX_INSIDE_H
#define ERG_WORKLOAD_ONNX_INSIDE_H

#include "workload/onnx.h"
#include "workload/onnx_wire.h"

/* Copies a ModelProto to out without what we have no use for; what is left is whole and
 * within limits, so that a decoder that trusts lengths may read it. */
bool erg_onnx_strip(erg_wire *wire, erg_text *out);

/* Looks after each tensor whose data lies in another file: exists, long enough? Notes
 * what is missing, refuses a path that leaves the model's folder. */
bool erg_onnx_external(erg_onnx_file *file, erg_error *err);

#endif
