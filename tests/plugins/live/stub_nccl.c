/* SPDX-License-Identifier: Apache-2.0 */
/* NCCL without a GPU: collectives that count, and check what is handed over. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STUB_PUBLIC __attribute__((visibility("default")))

typedef struct comm { int rank, calls; } comm;
typedef struct id { char bytes[128]; } id;

STUB_PUBLIC int ncclCommInitRank(comm **out, int ranks, id unique, int rank);
int ncclCommInitRank(comm **out, int ranks, id unique, int rank)
{
    if (ranks != 2 || strncmp(unique.bytes, "id ", 3) != 0)
        return 4;
    if (getenv("STUB_NCCL_TELLS"))
        fprintf(stderr, "blocks %s channels %s\n", getenv("NCCL_MAX_CTAS"),
                getenv("NCCL_MAX_NCHANNELS"));
    *out = calloc(1, sizeof(**out));
    (*out)->rank = rank;
    return 0;
}

STUB_PUBLIC int ncclCommSplit(comm *parent, int colour, int order, comm **out, void *how);
int ncclCommSplit(comm *parent, int colour, int order, comm **out, void *how)
{
    if (how || colour < 0)
        return 4;
    *out = calloc(1, sizeof(**out));
    (*out)->rank = parent->rank + order;
    return 0;
}

STUB_PUBLIC int ncclCommDestroy(comm *of);
int ncclCommDestroy(comm *of)
{
    free(of);
    return 0;
}

static int run(const void *from, void *to, size_t count, int type, comm *of, void *stream)
{
    if (count != 3 || type != 7 || stream)
        return 4;
    memcpy(to, from, count);
    of->calls++;
    return 0;
}

STUB_PUBLIC int ncclAllReduce(const void *from, void *to, size_t count, int type, int op,
                              comm *of, void *stream);
int ncclAllReduce(const void *from, void *to, size_t count, int type, int op, comm *of,
                  void *stream)
{
    return op == 2 ? run(from, to, count, type, of, stream) : 4;
}

STUB_PUBLIC int ncclReduceScatter(const void *from, void *to, size_t count,
                                  int type, int op, comm *of, void *stream);
int ncclReduceScatter(const void *from, void *to, size_t count, int type, int op, comm *of,
                      void *stream)
{
    return op == 2 ? run(from, to, count, type, of, stream) : 4;
}

STUB_PUBLIC int ncclAllGather(const void *from, void *to, size_t count, int type, comm *of,
                              void *stream);
int ncclAllGather(const void *from, void *to, size_t count, int type, comm *of,
                  void *stream)
{
    return run(from, to, count, type, of, stream);
}
