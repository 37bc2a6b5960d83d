! SPDX-License-Identifier: Apache-2.0
! Calls through mpi_f08: handles that are types, an error code that is left out.
program mpi_work_08
    use mpi_f08
    implicit none
    integer :: rank, ranks, next, last, all(64)
    type(MPI_Request) :: requests(2)
    type(MPI_Status) :: status, statuses(2)
    integer :: sent(2), got(2)
    double precision :: x(3), y(3), total

    call MPI_Init()
    call MPI_Comm_rank(MPI_COMM_WORLD, rank)
    call MPI_Comm_size(MPI_COMM_WORLD, ranks)
    next = mod(rank + 1, ranks)
    last = mod(rank + ranks - 1, ranks)

    x = (/ 1d0 * rank, 2d0 * rank, 0.1d0 /)
    call MPI_Allreduce(MPI_IN_PLACE, x, 3, MPI_DOUBLE_PRECISION, MPI_SUM, MPI_COMM_WORLD)
    y = x
    call MPI_Bcast(y, 3, MPI_DOUBLE_PRECISION, 0, MPI_COMM_WORLD)
    sent = (/ rank, 10 * rank /)
    call MPI_Sendrecv(sent, 2, MPI_INTEGER, next, 1, got, 2, MPI_INTEGER, last, 1, &
                      MPI_COMM_WORLD, status)
    if (status%MPI_SOURCE /= last .or. status%MPI_TAG /= 1 .or. got(2) /= 10 * last) stop 1
    call MPI_Sendrecv_replace(got, 2, MPI_INTEGER, next, 2, last, 2, MPI_COMM_WORLD, &
                              MPI_STATUS_IGNORE)
    call MPI_Recv_init(got(1), 1, MPI_INTEGER, last, 3, MPI_COMM_WORLD, requests(1))
    call MPI_Send_init(sent(1), 1, MPI_INTEGER, next, 3, MPI_COMM_WORLD, requests(2))
    call MPI_Startall(2, requests)
    call MPI_Waitall(2, requests, statuses)
    if (statuses(1)%MPI_TAG /= 3 .or. got(1) /= last) stop 2
    call MPI_Start(requests(1))
    call MPI_Send(sent, 1, MPI_INTEGER, next, 3, MPI_COMM_WORLD)
    call MPI_Wait(requests(1), status)     ! MPICH 4.0 tells other indices in Waitany and Waitsome
    if (status%MPI_SOURCE /= last) stop 3
    call MPI_Request_free(requests(1))
    call MPI_Request_free(requests(2))
    call MPI_Ibarrier(MPI_COMM_WORLD, requests(1))
    call MPI_Wait(requests(1), MPI_STATUS_IGNORE)
    call MPI_Allgather(rank, 1, MPI_INTEGER, all, 1, MPI_INTEGER, MPI_COMM_WORLD)
    call MPI_Barrier(MPI_COMM_WORLD)
    total = sum(x) + sum(y) + sum(got) + sum(all(1:ranks))
    print '(i0, f20.9)', rank, total
    call MPI_Finalize()
end program
