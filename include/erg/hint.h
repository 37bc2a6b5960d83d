/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a program, or whoever starts it, asks of the hardware below it.
 *
 *   Units    SI; a field that is 0 or NULL asks for nothing.
 *   Owning   Texts are borrowed for the call.
 *   Failing  ERG_BAD_INPUT, ERG_UNSUPPORTED: the text names the field.
 *   Threads  A plain value.
 *   Source   docs/govern.md, "Hints".
 */
#ifndef ERG_HINT_H
#define ERG_HINT_H

#include <stdbool.h>
#include "erg/error.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

/* A hint only lowers: the least of all that bear on a device is in force. */
typedef struct erg_hint {
    double power_cap_w;         /* of each GPU; without one, of each CPU package */
    double window_s;            /* the cap is one of the mean over so long: 1 s or more, for
                                 * the devices' own loops need up to a second */
    const char *objective;      /* of dvfs: throughput_per_watt or energy, edp, ed2p */
    const char *dvfs;           /* auto: a clock for each phase; off: none for now */
    double sm_clock_delta_hz;   /* below 0: so much under the highest clock */
    double slowdown;            /* of dvfs: most extra time, as a share */
} erg_hint;

/* Whether it can be asked for. */
bool erg_hint_check(const erg_hint *hint, erg_error *err);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
#endif
