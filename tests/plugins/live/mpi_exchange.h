/* SPDX-License-Identifier: Apache-2.0 */
/* Messages both ways at once, persistent requests and, with MPI 4, large counts. */
#include <sys/mman.h>

static void take_status(MPI_Status *status, MPI_Datatype type)
{
    int count;
    MPI_Get_count(status, type, &count);
    take(&status->MPI_SOURCE, sizeof(int));
    take(&status->MPI_TAG, sizeof(int));
    take(&count, sizeof(count));
}

static void both_ways(int round)
{
    int up = (rank + 1) % size, down = (rank + size - 1) % size, count = 1 + round * 37;
    double *mine = calloc((size_t)count, sizeof(double)),
           *got = calloc(6000, sizeof(double));
    MPI_Status status;

    for (int i = 0; i < count; i++)
        mine[i] = rank + 0.001 * i;
    if (round % 3 == 0 && rank == round % size)
        doze(2e-3);                             /* so that others nap */
    MPI_Sendrecv(mine, count, MPI_DOUBLE, up, 5, got, 6000, MPI_DOUBLE,
                 round % 2 ? down : MPI_ANY_SOURCE, 5, MPI_COMM_WORLD, &status);
    take(got, (size_t)count * sizeof(double));
    take_status(&status, MPI_DOUBLE);
    MPI_Sendrecv(mine, 1, MPI_DOUBLE, rank ? rank - 1 : MPI_PROC_NULL, 6, got, 1,
                 MPI_DOUBLE, rank + 1 < size ? rank + 1 : MPI_PROC_NULL, 6,
                 MPI_COMM_WORLD, &status);
    take(got, sizeof(double));
    if (rank + 1 == size)
        take_status(&status, MPI_DOUBLE);
    free(mine);
    free(got);
}

/* Every other of 40 numbers goes round, the others stay. */
static void in_place(int round)
{
    MPI_Datatype stripes;
    int x[40], up = (rank + 1) % size, down = (rank + size - 1) % size;
    MPI_Status status;

    for (int i = 0; i < 40; i++)
        x[i] = 1000 * rank + i + round;
    MPI_Type_vector(20, 1, 2, MPI_INT, &stripes);
    MPI_Type_commit(&stripes);
    MPI_Sendrecv_replace(x, 1, stripes, up, 7, down, 7, MPI_COMM_WORLD, &status);
    take(x, sizeof(x));
    take_status(&status, stripes);
    MPI_Sendrecv_replace(x, 40, MPI_INT, down, 8, up, 8, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    take(x, sizeof(x));
    /* What one replaces, the other may send and receive apart. */
    if (rank % 2)
        MPI_Sendrecv_replace(x, 10, MPI_INT, rank - 1, 9, rank - 1, 9,
                             MPI_COMM_WORLD, &status);
    else if (rank + 1 < size) {
        MPI_Recv(x + 10, 10, MPI_INT, rank + 1, 9, MPI_COMM_WORLD, &status);
        MPI_Send(x, 10, MPI_INT, rank + 1, 9, MPI_COMM_WORLD);
    }
    take(x, sizeof(x));
    MPI_Sendrecv_replace(x, 3, MPI_INT, MPI_PROC_NULL, 1, MPI_PROC_NULL, 1, MPI_COMM_WORLD,
                         &status);
    take_status(&status, MPI_INT);
    MPI_Type_free(&stripes);
}

static void persistent(int rounds)
{
    MPI_Request requests[3];
    MPI_Status statuses[3];
    int out = 0, in = -1, up = (rank + 1) % size, down = (rank + size - 1) % size;

    MPI_Send_init(&out, 1, MPI_INT, up, 11, MPI_COMM_WORLD, &requests[0]);
    MPI_Recv_init(&in, 1, MPI_INT, down, 11, MPI_COMM_WORLD, &requests[1]);
    for (int i = 0; i < rounds; i++) {
        out = 100 * rank + i;
        if (i % 2) {
            MPI_Start(&requests[1]);
            if (i % 7 == 0 && rank == 0)
                doze(1e-3);
            MPI_Start(&requests[0]);
            MPI_Wait(&requests[1], &statuses[1]);
            MPI_Wait(&requests[0], MPI_STATUS_IGNORE);
        } else {
            MPI_Startall(2, requests);
            MPI_Waitall(2, requests, statuses);
        }
        take(&in, sizeof(in));
        take_status(&statuses[1], MPI_INT);
    }
    MPI_Request_free(&requests[0]);
    MPI_Request_free(&requests[1]);
}

#if MPI_VERSION >= 4
static void large_counts(int round)
{
    double x[64], y[64], all[64 * 64];
    int up = (rank + 1) % size, down = (rank + size - 1) % size;
    MPI_Count counts[64];
    MPI_Aint offsets[64];
    MPI_Request request;
    MPI_Status status;

    for (int i = 0; i < 64; i++) {
        x[i] = rank + i + round;
        counts[i] = 2;
        offsets[i] = 2 * i;
    }
    MPI_Allreduce_c(x, y, 64, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
    take(y, sizeof(y));
    MPI_Reduce_c(x, y, 8, MPI_DOUBLE, MPI_MAX, 0, MPI_COMM_WORLD);
    /* The same bytes, in other counts. */
    if (round % 2)
        MPI_Bcast_c(y, rank ? 16 : 128, rank ? MPI_DOUBLE : MPI_BYTE, 0, MPI_COMM_WORLD);
    else
        MPI_Bcast_c(y, 16, MPI_DOUBLE, 0, MPI_COMM_WORLD);
    take(y, 16 * sizeof(double));
    MPI_Allgather_c(x, 3, MPI_DOUBLE, all, 3, MPI_DOUBLE, MPI_COMM_WORLD);
    take(all, 3 * (size_t)size * sizeof(double));
    MPI_Allgatherv_c(x, 2, MPI_DOUBLE, all, counts, offsets, MPI_DOUBLE, MPI_COMM_WORLD);
    take(all, 2 * (size_t)size * sizeof(double));
    MPI_Alltoall_c(x, 2, MPI_DOUBLE, all, 2, MPI_DOUBLE, MPI_COMM_WORLD);
    MPI_Alltoallv_c(x, counts, offsets, MPI_DOUBLE, all, counts, offsets, MPI_DOUBLE,
                    MPI_COMM_WORLD);
    take(all, 2 * (size_t)size * sizeof(double));
    MPI_Reduce_scatter_block_c(x, y, 2, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
    MPI_Reduce_scatter_c(x, y, counts, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
    take(y, 2 * sizeof(double));
    MPI_Iallreduce_c(x, y, 4, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD, &request);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    take(y, 4 * sizeof(double));
    MPI_Sendrecv_c(x, 4, MPI_DOUBLE, up, 12, y, 4, MPI_DOUBLE, down, 12,
                   MPI_COMM_WORLD, &status);
    take_status(&status, MPI_DOUBLE);
    MPI_Sendrecv_replace_c(y, 4, MPI_DOUBLE, up, 13, down, 13, MPI_COMM_WORLD, &status);
    take(y, 4 * sizeof(double));
    if (rank % 2)
        MPI_Recv_c(y, 4, MPI_DOUBLE, rank - 1, 14, MPI_COMM_WORLD, &status);
    else if (rank + 1 < size)
        MPI_Send_c(x, 4, MPI_DOUBLE, rank + 1, 14, MPI_COMM_WORLD);
    take(y, 4 * sizeof(double));
}

/* More than an int counts, on memory that nobody touches. */
static void very_large_counts(void)
{
    const size_t bytes = (size_t)5 << 29;
    char *room = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (room == MAP_FAILED)
        return;
    MPI_Bcast_c(room, (MPI_Count)bytes, MPI_BYTE, 0, MPI_COMM_SELF);
    MPI_Send_c(room, (MPI_Count)bytes, MPI_BYTE, MPI_PROC_NULL, 1, MPI_COMM_WORLD);
    munmap(room, bytes);
}
#endif

static void run_exchange(int rounds)
{
    for (int i = 0; i < rounds; i++) {
        both_ways(i);
        in_place(i);
    }
    persistent(rounds);
#if MPI_VERSION >= 4
    for (int i = 0; i < rounds; i++)
        large_counts(i);
    very_large_counts();
#endif
}
