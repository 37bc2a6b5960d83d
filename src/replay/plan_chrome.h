/* SPDX-License-Identifier: Apache-2.0 */
/* The shapes of a kernel, from the operator that launched it (PyTorch) or its node (ONNX
 * Runtime). */
#ifndef ERG_REPLAY_PLAN_CHROME_H
#define ERG_REPLAY_PLAN_CHROME_H

#include "replay/plan.h"
#include "import/chrome_launch.h"

/* Only where kernel and operator are of one kind and all shapes are written: else the
 * kernel stays as it is, known by its name alone. */
void erg_plan_chrome_shape(erg_replay_kernel *kernel, const erg_chrome_operator *by);
/* A node's shapes stand in itself. What only its attributes would tell stays unknown. */
void erg_plan_chrome_node(erg_replay_kernel *kernel, const erg_chrome_launch *launch);

/* One number for launches that are one kernel. */
int64_t erg_plan_chrome_key(const erg_replay_plan_options *options,
                            const erg_chrome_launch *launch);
uint64_t erg_plan_chrome_mix(uint64_t hash, const int64_t numbers[], size_t count);

#endif
