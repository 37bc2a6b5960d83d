/* SPDX-License-Identifier: Apache-2.0 */
/* What a program may do and seldom does; each leaves its trace in the digest. */
#include <pthread.h>

static void note(int value) { take(&value, sizeof(value)); }

/* The code may be an MPI library's own; its class is not. */
static void note_error(int code)
{
    int class = -1;
    MPI_Error_class(code, &class);
    note(class);
}

static void between_groups(void)
{
    MPI_Comm half, both;
    int mine = rank + 1, sum = 0, first = rank < size / 2;
    int root = !first ? 0 : rank == 0 ? MPI_ROOT : MPI_PROC_NULL;

    MPI_Comm_split(MPI_COMM_WORLD, first, rank, &half);
    MPI_Intercomm_create(half, 0, MPI_COMM_WORLD, first ? size / 2 : 0, 7, &both);
    MPI_Barrier(both);
    MPI_Allreduce(&mine, &sum, 1, MPI_INT, MPI_SUM, both);
    note(sum);
    MPI_Bcast(&mine, 1, MPI_INT, root, both);
    note(mine);
    MPI_Comm_free(&both);
    MPI_Comm_free(&half);
}

static void mistakes(void)
{
    MPI_Comm own;
    double x[4] = { rank, 2, 3, 4 }, y[4] = { 0 };
    char small[1];
    MPI_Status status;

    MPI_Comm_dup(MPI_COMM_WORLD, &own);
    MPI_Comm_set_errhandler(own, MPI_ERRORS_RETURN);
    /* MPICH gives what goes wrong in a test of a request to the world's. */
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    note_error(MPI_Bcast(x, 4, MPI_DOUBLE, 99, own));
    note_error(MPI_Send(x, 1, MPI_DOUBLE, 99, 0, own));
    MPI_Sendrecv(x, 4, MPI_DOUBLE, rank ^ 1, 1, y, 4, MPI_DOUBLE, rank ^ 1, 1, own,
                 &status);
    MPI_Request request;
    MPI_Isend(x, 32, MPI_BYTE, rank ^ 1, 2, own, &request);
    note_error(MPI_Recv(small, 1, MPI_BYTE, rank ^ 1, 2, own, &status));
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    note_error(MPI_Allreduce(x, y, 4, MPI_DOUBLE, MPI_MAX, own));     /* goes on */
    take(y, sizeof(y));
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_ARE_FATAL);
    MPI_Comm_free(&own);
}

/* a o b = a * 10 + b keeps the order of ranks. */
static void append(void *in, void *inout, int *count, MPI_Datatype *type)
{
    (void)type;
    for (int i = 0; i < *count; i++)
        ((double *)inout)[i] += 10 * ((double *)in)[i];
}

static void own_types_and_operations(void)
{
    static double in[2 * 40000], out[2 * 40000];
    double mine = rank + 1, all = 0;
    MPI_Datatype pair;
    MPI_Op op;

    MPI_Op_create(append, 0, &op);
    MPI_Allreduce(&mine, &all, 1, MPI_DOUBLE, op, MPI_COMM_WORLD);
    note((int)all);
    MPI_Op_free(&op);
    MPI_Type_contiguous(2, MPI_DOUBLE, &pair);
    MPI_Type_commit(&pair);
    for (int i = 0; i < 2 * 40000; i++)
        in[i] = rank == 0 ? i : 0;
    /* The root says pairs, the others say singles: the same bytes. */
    MPI_Bcast(in, rank ? 80000 : 40000, rank ? MPI_DOUBLE : pair, 0, MPI_COMM_WORLD);
    take(in, sizeof(in));
    MPI_Bcast(in, 40000, pair, 0, MPI_COMM_WORLD);
    MPI_Allgather(in, 10000, pair, out, 10000, pair, MPI_COMM_WORLD);
    take(out, sizeof(out));
    MPI_Type_free(&pair);
    MPI_Allreduce(in, out, 0, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
    MPI_Bcast(NULL, 0, MPI_BYTE, 0, MPI_COMM_WORLD);
}

static void odd_requests(void)
{
    int x = rank, y = -1, index, done, indices[2];
    MPI_Request none[2] = { MPI_REQUEST_NULL, MPI_REQUEST_NULL }, kept[2];
    MPI_Status status, statuses[2];

    MPI_Wait(&none[0], &status);
    MPI_Waitall(0, none, statuses);
    MPI_Waitall(2, none, statuses);
    MPI_Waitany(2, none, &index, &status);
    note(index == MPI_UNDEFINED);
    MPI_Waitsome(2, none, &done, indices, statuses);
    note(done == MPI_UNDEFINED);
    MPI_Send(&x, 1, MPI_INT, MPI_PROC_NULL, 0, MPI_COMM_WORLD);
    MPI_Recv(&y, 1, MPI_INT, MPI_PROC_NULL, 0, MPI_COMM_WORLD, &status);
    note(status.MPI_SOURCE == MPI_PROC_NULL);
    MPI_Send_init(&x, 1, MPI_INT, rank ^ 1, 5, MPI_COMM_WORLD, &kept[0]);
    MPI_Recv_init(&y, 1, MPI_INT, rank ^ 1, 5, MPI_COMM_WORLD, &kept[1]);
    for (int i = 0; i < 5; i++) {
        x = 10 * i + rank;
        MPI_Startall(2, kept);
        MPI_Waitall(2, kept, statuses);
        note(y);
    }
    MPI_Request_free(&kept[0]);
    MPI_Request_free(&kept[1]);
}

static void *add_up(void *comm)
{
    static const int rounds = 200;
    long sum = 0;
    for (int i = 0; i < rounds; i++) {
        int mine = i + rank, all;
        MPI_Allreduce(&mine, &all, 1, MPI_INT, MPI_SUM, *(MPI_Comm *)comm);
        sum += all;
    }
    return (void *)sum;
}

static void threads(int may)
{
    MPI_Comm comms[2];
    pthread_t other;
    void *there = NULL;

    if (may < MPI_THREAD_MULTIPLE)
        return;
    MPI_Comm_dup(MPI_COMM_WORLD, &comms[0]);
    MPI_Comm_dup(MPI_COMM_WORLD, &comms[1]);
    pthread_create(&other, NULL, add_up, &comms[0]);
    note((int)(long)add_up(&comms[1]));
    pthread_join(other, &there);
    note((int)(long)there);
    MPI_Comm_free(&comms[0]);
    MPI_Comm_free(&comms[1]);
}

static void run_corners(int may)
{
    between_groups();
    mistakes();
    own_types_and_operations();
    odd_requests();
    threads(may);
}
