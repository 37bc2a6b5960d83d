/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An MPI program to be run with and without the library: what it prints may depend only
 * on its arguments.
 *
 *     mpi_work random SEED CALLS     what random collectives left in each rank: a digest,
 *                                    and a mean that rounding hardly moves
 *     mpi_work messages ROUNDS       a digest of messages and of each kind of wait
 *     mpi_work wait ROUNDS MS        CPU and wall seconds of ranks that wait for rank 0
 *     mpi_work turns ROUNDS MS       the same, and the ranks wait for each other in turn
 *     mpi_work corners             what a program may do and seldom does
 *     mpi_work exchange ROUNDS       messages both ways, persistent requests, large counts
 *     mpi_work sparse ROUNDS         allreduces of which an eighth is not 0
 *     mpi_work groups ROUNDS         allreduces on halves of the world, then on the world
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <mpi.h>

enum { MOST = 64 * 2000 };

static int rank, size;
static uint64_t digest = 14695981039346656037u;
static double total;            /* the same, but for rounding */

static void take(const void *bytes, size_t count)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < count; i++)
        digest = (digest ^ at[i]) * 1099511628211u;
}

static uint32_t next(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33);
}

static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void doze(double s)
{
    time_t whole = (time_t)s;
    struct timespec t = { .tv_sec = whole, .tv_nsec = (long)(1e9 * (s - (double)whole)) };
    nanosleep(&t, NULL);
}

/* ---- random collectives ---------------------------------------------------------- */

typedef struct place {
    MPI_Comm comm;
    int rank, size, count, root, in_place;
    double *mine, *all;         /* count for each rank of the communicator */
    int counts[64], offsets[64];
} place;

static void do_barrier(place *p) { MPI_Barrier(p->comm); }
static void do_bcast(place *p)
{
    MPI_Bcast(p->all, p->count, MPI_DOUBLE, p->root, p->comm);
}

/* MPICH 4.0 itself reads through MPI_IN_PLACE when a long message is reduced. */
static void do_reduce(place *p)
{
    int in_place = p->in_place && p->rank == p->root && p->count <= 64;
    MPI_Reduce(in_place ? MPI_IN_PLACE : p->mine, p->all, p->count, MPI_DOUBLE, MPI_SUM,
               p->root, p->comm);
}

static void do_allreduce(place *p)
{
    MPI_Allreduce(p->in_place ? MPI_IN_PLACE : p->mine, p->all, p->count, MPI_DOUBLE,
                  MPI_SUM, p->comm);
}

static void do_reduce_scatter(place *p)
{
    MPI_Reduce_scatter(p->mine, p->all, p->counts, MPI_DOUBLE, MPI_SUM, p->comm);
}

static void do_reduce_scatter_block(place *p)
{
    MPI_Reduce_scatter_block(p->mine, p->all, p->count / p->size, MPI_DOUBLE, MPI_SUM,
                             p->comm);
}

static void do_allgather(place *p)
{
    int each = p->count / p->size;
    MPI_Allgather(p->in_place ? MPI_IN_PLACE : p->mine, each, MPI_DOUBLE, p->all, each,
                  MPI_DOUBLE, p->comm);
}

static void do_allgatherv(place *p)
{
    MPI_Allgatherv(p->mine, p->counts[p->rank], MPI_DOUBLE, p->all, p->counts, p->offsets,
                   MPI_DOUBLE, p->comm);
}

static void do_alltoall(place *p)
{
    int each = p->count / p->size;
    MPI_Alltoall(p->mine, each, MPI_DOUBLE, p->all, each, MPI_DOUBLE, p->comm);
}

static void do_alltoallv(place *p)
{
    int counts[64];
    for (int i = 0; i < p->size; i++)
        counts[i] = p->count / p->size;
    MPI_Alltoallv(p->mine, counts, p->offsets, MPI_DOUBLE, p->all, counts, p->offsets,
                  MPI_DOUBLE, p->comm);
}

/* Started, and ended only after a call that must not be held up by it. */
static void do_iallreduce(place *p)
{
    MPI_Request requests[2];
    MPI_Status statuses[2];
    MPI_Iallreduce(p->mine, p->all, p->count, MPI_DOUBLE, MPI_MAX, p->comm, &requests[0]);
    MPI_Ibarrier(p->comm, &requests[1]);
    MPI_Waitall(2, requests, statuses);
}

static void (*const calls[])(place *p) = {
    do_barrier,   do_bcast,      do_reduce,   do_allreduce, do_reduce_scatter,
    do_allgather, do_allgatherv, do_alltoall, do_alltoallv, do_reduce_scatter_block,
    do_iallreduce,
};

static void arrange(place *p, uint64_t *world, uint64_t *own)
{
    /* Alike on all ranks of the world, so of each communicator too. Now and then long. */
    p->count = (int)(next(world) % 64 + 1) * (next(world) % 97 == 0 ? MOST / 64 : 1);
    p->root = (int)next(world) % p->size;
    p->in_place = next(world) % 2 == 0;
    for (int i = 0; i < p->size; i++) {
        p->counts[i] = p->count / p->size + (i == p->size - 1 ? p->count % p->size : 0);
        p->offsets[i] = i * (p->count / p->size);
    }
    for (int i = 0; i < p->count; i++)
        p->mine[i] = p->all[i] = (double)next(own) / 3e8 - 3;
}

static void run_random(int seed, int rounds)
{
    uint64_t world = (uint64_t)seed, own = (uint64_t)seed * 1000 + (uint64_t)rank;
    MPI_Comm comms[4];
    place p = { .mine = calloc(MOST, sizeof(double)), .all = calloc(MOST, sizeof(double)) };

    MPI_Comm_dup(MPI_COMM_WORLD, &comms[0]);
    MPI_Comm_split(MPI_COMM_WORLD, rank % 2, rank, &comms[1]);
    MPI_Comm_split(MPI_COMM_WORLD, rank / 2, -rank, &comms[2]);
    MPI_Comm_split(MPI_COMM_WORLD, rank == 0, rank, &comms[3]);
    for (int i = 0; i < rounds; i++) {
        p.comm = comms[next(&world) % 4];
        MPI_Comm_rank(p.comm, &p.rank);
        MPI_Comm_size(p.comm, &p.size);
        uint64_t same = world;
        uint32_t which = next(&world);
        arrange(&p, &same, &own);
        world = same * 31 + 7 + which;
        calls[which % (sizeof(calls) / sizeof(*calls))](&p);
        take(p.all, (size_t)p.count * sizeof(double));
        for (int k = 0; k < p.count; k++)
            total += p.all[k] / p.count;
        if (i % 1000 == 999) {      /* communicators come and go */
            MPI_Comm_free(&comms[0]);
            MPI_Comm_dup(MPI_COMM_WORLD, &comms[0]);
        }
    }
    for (int i = 0; i < 4; i++)
        MPI_Comm_free(&comms[i]);
    free(p.mine);
    free(p.all);
}

/* ---- messages ---------------------------------------------------------------------- */

static void run_messages(int rounds)
{
    int to = (rank + 1) % size, from = (rank + size - 1) % size;
    static int sent[4][300], got[4][300];
    MPI_Request r[8];
    MPI_Status status, statuses[8];

    for (int i = 0; i < rounds; i++) {
        for (int k = 0; k < 4; k++) {
            sent[k][0] = rank * 1000 + i * 10 + k;
            MPI_Irecv(got[k], 300, MPI_INT, from, k, MPI_COMM_WORLD, &r[k]);
            MPI_Isend(sent[k], 1 + k, MPI_INT, to, k, MPI_COMM_WORLD, &r[4 + k]);
        }
        int index, done, indices[8], sum = 0;
        MPI_Wait(&r[0], &status);
        MPI_Get_count(&status, MPI_INT, &index);
        sum += index * 100 + status.MPI_TAG;
        MPI_Waitany(3, r + 1, &index, &status);
        MPI_Waitsome(3, r + 1, &done, indices, statuses);
        MPI_Waitall(8, r, statuses);
        MPI_Waitany(8, r, &index, MPI_STATUS_IGNORE);
        sum += index == MPI_UNDEFINED;
        for (int k = 0; k < 4; k++)
            take(&got[k][0], sizeof(int));
        take(&sum, sizeof(sum));
    }
    if (rank % 2 == 0)
        MPI_Send(sent[0], 300, MPI_INT, rank ^ 1, 9, MPI_COMM_WORLD);
    else
        MPI_Recv(got[0], 300, MPI_INT, MPI_ANY_SOURCE, 9, MPI_COMM_WORLD, &status);
    take(got[0], rank % 2 ? sizeof(int) : 0);
}

/* ---- waits -------------------------------------------------------------------------- */

static void run_wait(int rounds, int ms, bool in_turn)
{
    double sum = 0, one = 1, cpu_s = 0, wall_s;

    MPI_Barrier(MPI_COMM_WORLD);
    double begin_s = seconds(CLOCK_MONOTONIC);
    double cpu_begin_s = seconds(CLOCK_PROCESS_CPUTIME_ID);
    for (int i = 0; i < rounds; i++) {
        if (rank == (in_turn ? i % size : 0))
            doze(1e-3 * ms);
        if (i % 3 == 0)
            MPI_Barrier(MPI_COMM_WORLD);
        else if (i % 3 == 1)
            MPI_Allreduce(&one, &sum, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
        else
            MPI_Bcast(&sum, 1, MPI_DOUBLE, 0, MPI_COMM_WORLD);
    }
    wall_s = seconds(CLOCK_MONOTONIC) - begin_s;
    cpu_s = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu_begin_s;
    double all[64];
    MPI_Gather(&cpu_s, 1, MPI_DOUBLE, all, 1, MPI_DOUBLE, 0, MPI_COMM_WORLD);
    if (rank == 0)
        printf("cpu_s %.3f wall_s %.3f\n", all[1], wall_s);
}

static void run_groups(int rounds)
{
    MPI_Comm half;
    double one = 1, sum = 0;

    MPI_Comm_split(MPI_COMM_WORLD, rank >= size / 2, rank, &half);
    for (int i = 0; i < rounds; i++) {
        MPI_Allreduce(&one, &sum, 1, MPI_DOUBLE, MPI_SUM, half);
        take(&sum, sizeof(sum));
    }
    MPI_Comm_free(&half);
}

/* A look into every hundredth call sees the same: each is as sparse as any other. */
static void run_sparse(int rounds)
{
    static double mine[8000], all[8000];
    MPI_Request request;

    for (int i = 0; i < 8000; i++)
        mine[i] = i % 8 == 3 ? rank + 1 : i % 2 ? 0.0 : -0.0;
    for (int i = 0; i < rounds; i++) {
        MPI_Allreduce(mine, all, 8000, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
        take(all, sizeof(all));
    }
    memcpy(all, mine, sizeof(all));
    MPI_Iallreduce(MPI_IN_PLACE, all, 8000, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD, &request);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    take(all, sizeof(all));
}

#include "mpi_corners.h"
#include "mpi_exchange.h"

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    int first = argc > 2 ? atoi(argv[2]) : 0, second = argc > 3 ? atoi(argv[3]) : 0;
    uint64_t all[64];
    double totals[64];
    bool is_turn = strcmp(what, "turns") == 0;
    bool is_timed = is_turn || strcmp(what, "wait") == 0;
    int may;

    MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &may);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (strcmp(what, "random") == 0)
        run_random(first, second);
    else if (strcmp(what, "messages") == 0)
        run_messages(first);
    else if (is_timed)
        run_wait(first, second, is_turn);
    else if (strcmp(what, "corners") == 0)
        run_corners(may);
    else if (strcmp(what, "exchange") == 0)
        run_exchange(first);
    else if (strcmp(what, "sparse") == 0)
        run_sparse(first);
    else if (strcmp(what, "groups") == 0)
        run_groups(first);
    MPI_Gather(&digest, 1, MPI_UINT64_T, all, 1, MPI_UINT64_T, 0, MPI_COMM_WORLD);
    MPI_Gather(&total, 1, MPI_DOUBLE, totals, 1, MPI_DOUBLE, 0, MPI_COMM_WORLD);
    for (int i = 0; rank == 0 && i < size && !is_timed; i++)
        printf("%d %016llx %.17g\n", i, (unsigned long long)all[i], totals[i]);
    MPI_Finalize();
    return 0;
}
