/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes of others that come to a device while it is recorded: their joules are in its
 * figures from then on. They are looked for at a slow pace; each stretch in which they were
 * there becomes flags SHARED, so that what lies before and after it stays in no doubt.
 */
#ifndef ERG_RUN_COMPANY_H
#define ERG_RUN_COMPANY_H

#include "run/sampler.h"
#include "run/sink.h"

/* Of one device. */
typedef struct erg_companion {
    bool is_told;           /* it is said to be shared all the time */
    bool is_there;
    int64_t came_ns;        /* no later than that, while they are there */
    int64_t told_ns;        /* flags reach up to here */
} erg_companion;

typedef struct erg_company {
    erg_companion *of;      /* by number of the device */
    int64_t looked_ns;
} erg_company;

bool erg_company_open(erg_company *company, const erg_devices *devices, erg_error *err);
/* The first look, whose finding is of the whole recording; true: others are there. */
bool erg_company_is_there(erg_company *company, erg_devices *devices, size_t device);
/* The next ones; the last of all tells what is left to tell. */
void erg_company_look(erg_company *company, erg_devices *devices,
                      const erg_sampler *sampler, int64_t now_ns, bool is_last,
                      erg_sink *sink);
void erg_company_free(erg_company *company);

#endif
