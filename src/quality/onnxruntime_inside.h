/* SPDX-License-Identifier: Apache-2.0 */
/* Opening the library that computes. */
#ifndef ERG_QUALITY_ONNXRUNTIME_INSIDE_H
#define ERG_QUALITY_ONNXRUNTIME_INSIDE_H

#include "quality/onnxruntime_abi.h"
#include "quality/onnxruntime.h"

/* path: NULL is libonnxruntime.so.1. ERG_UNSUPPORTED with the cure. */
bool erg_ort_open(const char *path, ort_api *out, erg_error *err);

#endif
