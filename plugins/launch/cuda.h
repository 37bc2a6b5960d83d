/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The few calls of CUDA that the gate wraps or makes, in our words. Driver and runtime
 * are two families of the same calls: their handles and the codes used here agree.
 */
#ifndef ERG_PLUGIN_LAUNCH_CUDA_H
#define ERG_PLUGIN_LAUNCH_CUDA_H

#include <stdint.h>

typedef struct cuda_stream *cuda_stream;
typedef struct cuda_event *cuda_event;
typedef struct cuda_size { unsigned x, y, z; } cuda_size;

/* Both families' launch settings begin so: seven words of sizes or six and a length. */
typedef struct cuda_launch {
    unsigned sizes[6];
    uint64_t shared;
    cuda_stream stream;
} cuda_launch;

enum { CUDA_OK = 0, CUDA_NOT_FOUND = 500, CUDA_NOT_READY = 600 };
enum { CUDA_EVENT_NO_TIMING = 2 };

typedef int cuda_event_new(cuda_event *event, unsigned flags);
typedef int cuda_event_record(cuda_event event, cuda_stream stream);
typedef int cuda_event_query(cuda_event event);
typedef int cuda_event_between(float *ms, cuda_event begin, cuda_event end);
/* Of the driver alone: the device of this thread's context, and its 16 bytes of name. */
typedef int cuda_device_now(int *device);
typedef int cuda_device_uuid(unsigned char uuid[16], int device);
/* state: 0 when the stream is not being captured into a graph. */
typedef int cuda_capturing(cuda_stream stream, int *state);

#endif
