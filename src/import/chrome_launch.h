/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a Chrome trace says that devices did: each kernel, copy and fill with the operator
 * that asked for it and the step that it belongs to.
 *
 *   Memory   Bounded: the file is read twice, operators first; where there are more of them
 *            than fit, a part of them at a time, and the file that many times more.
 *   Source   docs/replay.md, "Chrome traces as plans".
 */
#ifndef ERG_IMPORT_CHROME_LAUNCH_H
#define ERG_IMPORT_CHROME_LAUNCH_H

#include "import/chrome_work.h"
#include "trace/intern.h"

/* An operator with its inputs as the profiler wrote them: lists in JSON, "" where shapes
 * were not recorded. Equal ones have one number. */
typedef struct erg_chrome_operator {
    char name[96];
    erg_chrome_text dims, strides, types, concrete;
} erg_chrome_operator;

typedef struct erg_chrome_launch {
    erg_chrome_text name;       /* escaped: erg_chrome_put */
    erg_trace_event_kind kind;
    int64_t begin_ns, duration_ns;
    int64_t device, stream;     /* -1: not said */
    int64_t grid[3], block[3], shared_bytes;    /* 0: not said */
    int64_t bytes;              /* of a copy or fill; -1: not said */
    erg_chrome_text node;       /* "Conv": a node of ONNX Runtime is its own operator; "":
                                 * none */
    erg_chrome_text node_inputs, node_outputs;  /* [{"float":[1,3]},..] as it wrote them */
    int32_t by;                 /* number of its operator; -1: not known */
    int32_t step;               /* 0, 1, ... in time; -1: in none */
    bool is_communication;      /* its stream is one of communication */
} erg_chrome_launch;

typedef struct erg_chrome_launches {
    const char *path;
    const char *step_mark;      /* annotations of this name begin a step; NULL:
                                 * ProfilerStep#N */
    size_t operators_most;      /* held at once; 0: as many as fit in 25 MB */
    bool (*take)(void *self, const erg_chrome_launch *launch, erg_error *err);
    void *self;
    /* What came out. */
    erg_chrome_facts facts;
    int32_t steps;
    int64_t launches, without_operator, shapes_dropped;
    int64_t passes;             /* over the file */
    erg_interned operators;     /* erg_chrome_launches_operator */
} erg_chrome_launches;

/* take is called in the order of the file. Free out's operators afterwards, in any case. */
bool erg_chrome_launches_read(erg_chrome_launches *out, erg_error *err);
/* Its texts are good until erg_chrome_launches_free. */
erg_chrome_operator erg_chrome_launches_operator(const erg_chrome_launches *from,
                                                 int32_t number);
void erg_chrome_launches_free(erg_chrome_launches *launches);

#endif
