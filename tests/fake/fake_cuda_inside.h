/* SPDX-License-Identifier: Apache-2.0 */
/* What the two files of the fake driver share. */
#ifndef ERG_TESTS_FAKE_CUDA_INSIDE_H
#define ERG_TESTS_FAKE_CUDA_INSIDE_H

#include "fake_cuda.h"

#define HIDDEN __attribute__((visibility("hidden")))
enum { DONE = 0, INVALID_VALUE = 1, NO_MEMORY = 2, NOT_INITIALIZED = 3,
       INVALID_DEVICE = 101, INVALID_CONTEXT = 201, INVALID_HANDLE = 400, NOT_READY = 600,
       CAPTURE_FORBIDS = 900 };

/* What every handle begins with. */
typedef enum kind { FREED, STREAM, EVENT, GRAPH, READY, MODULE } kind;
typedef struct stream stream;

/* The code of a fault, of a driver that was not begun, or of no context. */
HIDDEN int fake_ready(const char *call);
HIDDEN int fake_in_context(const char *call);
HIDDEN int fake_alive(int step);
HIDDEN int fake_enqueue(void *on, const fake_work *work);
/* Work then only takes its time: nobody looks at what it computes. */
HIDDEN bool fake_sleeps(void);
HIDDEN void fake_sleep(double s);
HIDDEN int fake_stream_call(const stream *of, const char *call);

#endif
