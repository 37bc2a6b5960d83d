/* SPDX-License-Identifier: Apache-2.0 */
/* A clock that the test steps by hand, and the fake GPUs with it. */
#ifndef ERG_TESTS_DEVICE_HAND_CLOCK_H
#define ERG_TESTS_DEVICE_HAND_CLOCK_H

#include "fake_gpus.h"

static int64_t now_ns;

static inline int64_t tell(void *self)
{
    (void)self;
    return now_ns;
}

static inline void wait_until(void *self, int64_t at_ns)
{
    (void)self;
    now_ns = at_ns;
}

static inline void step_all(int64_t at_ns)
{
    now_ns = at_ns;
    step(at_ns);
}

static const erg_clock hand_clock = { tell, tell, wait_until, NULL, NULL };

#endif
