/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bound on how many kernels a process has launched and not finished: the host waits
 * before the launch that would be one too many. What is on the GPU is not stopped.
 */
#ifndef ERG_PLUGIN_LAUNCH_GATE_H
#define ERG_PLUGIN_LAUNCH_GATE_H

#include "erg/error.h"
#include "launch/cuda.h"
#include "launch/offset.h"

enum { GATE_MOST = 1024 };

typedef struct gate_config {
    double in_flight;           /* launches under way at once; 0: no gate */
    double most_s;              /* the longest delay of a launch */
    double poll_s;              /* between two looks at the oldest */
    offset_config offset;       /* of NCCL's collectives */
} gate_config;

/* ERG_LAUNCH; NULL and "" are no gate and no offset. ERG_BAD_INPUT names the key. */
bool gate_config_parse(const char *text, gate_config *out, erg_error *err);

typedef struct gate_family {
    const char *library;        /* part of its file name */
    const char *names[4];       /* of the calls below, in their order */
} gate_family;

typedef struct gate gate;

/* find answers with the call of that name, or NULL. NULL: that family is not there. */
gate *gate_new(const gate_config *config, const gate_family *family,
               void (*(*find)(const gate_family *family, const char *name))(void));
/* Waits until fewer than in_flight are under way, at most most_s. */
void gate_enter(gate *of);
/* A launch into stream has been made. */
void gate_launched(gate *of, cuda_stream stream);

#endif
