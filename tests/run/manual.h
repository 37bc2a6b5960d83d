/* SPDX-License-Identifier: Apache-2.0 */
/* A clock that jumps to whatever is waited for. */
#ifndef ERG_TEST_MANUAL_H
#define ERG_TEST_MANUAL_H

#include "erg/env.h"

typedef struct manual_clock {
    erg_clock clock;
    int64_t now_ns;
    int64_t asleep_ns;      /* how long the machine has slept so far */
} manual_clock;

static int64_t manual_now(void *self)
{
    return ((manual_clock *)self)->now_ns;
}

static int64_t manual_utc(void *self)
{
    return 1770402743000000000 + manual_now(self);
}

static int64_t manual_boot(void *self)
{
    return manual_now(self) + ((manual_clock *)self)->asleep_ns;
}

static void manual_sleep(void *self, int64_t at_ns)
{
    manual_clock *manual = self;
    if (at_ns > manual->now_ns)
        manual->now_ns = at_ns;
}

static inline const erg_clock *manual_start(manual_clock *manual, int64_t at_ns)
{
    manual->now_ns = at_ns;
    manual->asleep_ns = 0;
    manual->clock = (erg_clock){ .now_ns = manual_now, .utc_ns = manual_utc,
                                 .boot_ns = manual_boot,
                                 .sleep_until_ns = manual_sleep, .self = manual };
    return &manual->clock;
}

#endif
