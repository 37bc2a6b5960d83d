/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bound on how many kernels a process has launched and not finished, and on the joules
 * and watts of them: the host waits before the launch that would be too much. What is on
 * the GPU is not stopped.
 */
#ifndef ERG_PLUGIN_LAUNCH_GATE_H
#define ERG_PLUGIN_LAUNCH_GATE_H

#include <erg/error.h>
#include "launch/budget.h"
#include "launch/cuda.h"
#include "launch/offset.h"

enum { GATE_MOST = 1024, GATE_CALLS = 5, NCCL_CTAS_MOST = 64 };

typedef struct gate_config {
    double in_flight;           /* launches under way at once; 0: no gate */
    double most_s;              /* the longest delay of a launch by what is under way */
    double poll_s;              /* between two looks at the oldest */
    budget_config budget;
    offset_config offset;       /* of NCCL's collectives */
    double nccl_ctas;           /* most blocks of each of its kernels; 0: as it likes */
} gate_config;

/* ERG_LAUNCH; NULL and "" are no gate and no offset. ERG_BAD_INPUT names the key. */
bool gate_config_parse(const char *text, gate_config *out, erg_error *err);

typedef struct gate_family {
    const char *library;        /* part of its file name */
    const char *names[GATE_CALLS];  /* of the calls below, in their order */
} gate_family;

typedef struct gate gate;

/* One launch on its way through. */
typedef struct gate_pass {
    cuda_stream stream;
    uint64_t kind;              /* the kernel and its sizes */
    int slot;                   /* -1: it is left alone */
} gate_pass;
uint64_t gate_kind(const void *kernel, cuda_size grid, cuda_size block);

/* find answers with the call of that name, or NULL. joules NULL: no budget. NULL: no gate
 * is asked for, or that family is not there. */
gate *gate_new(const gate_config *config, budget *joules, const gate_family *family,
               void (*(*find)(const gate_family *family, const char *name))(void));
/* Waits until it may be launched: for what is under way at most most_s, for joules at most
 * a second. */
void gate_enter(gate *of, gate_pass *pass);
/* The launch has been made, or has failed. */
void gate_leave(gate *of, const gate_pass *pass, bool is_launched);

#endif
