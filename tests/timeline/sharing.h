/* SPDX-License-Identifier: Apache-2.0 */
/* Joules shared among what ran, by nobody's beforehand. */
#ifndef TEST_TIMELINE_SHARING_H
#define TEST_TIMELINE_SHARING_H

#include "test.h"
#include "timeline/timeline.h"

enum { CLASSES_MOST = 64 };

static inline erg_sharing share(const erg_work_list *work, const erg_step_list *steps,
                                erg_part parts[])
{
    erg_prior prior = { .free_w = NAN };
    erg_error err = { 0 };
    erg_sharing out;

    CHECK_OK(erg_share_energy(work, steps, &prior, parts, &out, &err), err);
    return out;
}

#endif
