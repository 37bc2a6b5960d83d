/* SPDX-License-Identifier: Apache-2.0 */
/* Plans as they are read, and the four networks that the specification names. */
#ifndef TEST_REPLAY_PLANNED_H
#define TEST_REPLAY_PLANNED_H

#include "replay/plan.h"
#include "test.h"

static const char *const networks[] = { "zoo:resnet18", "zoo:mobilenet_v2", "zoo:bert_base",
                                        "zoo:gpt2" };

static inline erg_replay_plan *plan_of(const char *path)
{
    erg_error err = { 0 };
    erg_replay_plan *plan = erg_replay_plan_load(&path, 1, NULL, &err);
    CHECK_OK(plan != NULL, err);
    return plan;
}

#endif
