/* SPDX-License-Identifier: Apache-2.0 */
/* What a run file says about the machine, the clocks and the sampling itself. */
#ifndef ERG_RUN_FACTS_H
#define ERG_RUN_FACTS_H

#include "base/base.h"
#include "run/sampler.h"
#include "run/sink.h"

typedef struct erg_facts {
    int64_t anchor_ns, settings_ns;     /* when the next are due */
    int64_t asleep_ns;                  /* boot minus monotonic clock */
} erg_facts;

void erg_facts_begin(erg_facts *facts, const erg_env *env, int64_t now_ns, erg_sink *sink);
/* Writes an anchor when it is time or the machine slept; true: settings are due. */
bool erg_facts_due(erg_facts *facts, const erg_env *env, int64_t now_ns, erg_sink *sink);
void erg_facts_end(erg_facts *facts, const erg_env *env, uint64_t dropped, erg_sink *sink);
void erg_facts_setting(erg_sink *sink, int64_t now_ns, int device, const char *key,
                       double value);
/* The version of each device's driver, where it has one. */
void erg_facts_drivers(erg_sink *sink, const erg_devices *devices, int64_t now_ns);
void erg_facts_governor(erg_sink *sink, const erg_env *env, int64_t now_ns);
void erg_facts_absent(erg_sink *sink, const char *device, const char *reason);
void erg_facts_sampling(erg_sink *sink, const erg_devices *devices,
                        const erg_sampled *channel, int64_t disordered);

#endif
