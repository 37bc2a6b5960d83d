/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nccl_work LIBRARY reduce|scatter|gather|split COMMS CALLS: two ranks of each of COMMS
 * communicators call a collective in turn, through a library that was opened for itself
 * alone. For each communicator: the least seconds that a call took, of either rank.
 */
#include "bound.h"

typedef struct id { char bytes[128]; } id;
typedef int init(void **comm, int ranks, id unique, int rank);
typedef int split(void *parent, int colour, int order, void **comm, void *how);
typedef int end(void *comm);
typedef int reduce(const void *, void *, size_t, int, int, void *, void *);
typedef int gather(const void *, void *, size_t, int, void *, void *);

static void *library;

static void *make(int number, int rank, int splits)
{
    void *comm, *part;
    id unique = { "" };

    snprintf(unique.bytes, sizeof(unique.bytes), "id %d", splits ? 0 : number);
    if (((init *)bind(library, "ncclCommInitRank"))(&comm, 2, unique, rank) != 0)
        exit(4);
    if (!splits)
        return comm;
    if (((split *)bind(library, "ncclCommSplit"))(comm, number, rank, &part, NULL) != 0
        || ((end *)bind(library, "ncclCommDestroy"))(comm) != 0)
        exit(5);
    return part;
}

static double call_s(const char *what, void *comm)
{
    char from[3] = { 1, 2, 3 }, to[3] = { 0 };
    double begin_s = now_s();
    const char *name = strcmp(what, "gather") == 0  ? "ncclAllGather"
                     : strcmp(what, "scatter") == 0 ? "ncclReduceScatter"
                                                    : "ncclAllReduce";
    function call = bind(library, name);
    int rc = strcmp(what, "gather") == 0
        ? ((gather *)call)(from, to, 3, 7, comm, NULL)
        : ((reduce *)call)(from, to, 3, 7, 2, comm, NULL);

    if (rc != 0 || memcmp(from, to, 3) != 0)
        exit(6);
    return now_s() - begin_s;
}

int main(int argc, char **argv)
{
    if (argc < 5 || !(library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL)))
        return 3;
    for (int k = 0; k < atoi(argv[3]); k++) {
        double least_s[2] = { 1e9, 1e9 }, all_s = 0;
        for (int rank = 0; rank < 2; rank++) {
            void *comm = make(k, rank, strcmp(argv[2], "split") == 0);
            for (int i = 0; i < atoi(argv[4]); i++) {
                double took_s = call_s(argv[2], comm);
                all_s += took_s;
                if (took_s < least_s[rank])
                    least_s[rank] = took_s;
            }
            if (((end *)bind(library, "ncclCommDestroy"))(comm) != 0)
                return 7;
        }
        printf("%.6f %.6f %.6f\n", least_s[0], least_s[1], all_s);
    }
    return 0;
}
