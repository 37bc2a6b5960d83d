! SPDX-License-Identifier: Apache-2.0
! Calls through mpif.h: special arguments, statuses, indices that count from one.
program mpi_work
    implicit none
    include 'mpif.h'
    integer :: ierr, rank, ranks, next, last, i, place, done
    integer :: requests(4), status(MPI_STATUS_SIZE), statuses(MPI_STATUS_SIZE, 4), places(4)
    integer :: sent(2), got(2), counts(64), offsets(64), all(128)
    double precision :: x(3), y(3), total

    call MPI_Init(ierr)
    call MPI_Comm_rank(MPI_COMM_WORLD, rank, ierr)
    call MPI_Comm_size(MPI_COMM_WORLD, ranks, ierr)
    next = mod(rank + 1, ranks)
    last = mod(rank + ranks - 1, ranks)

    x = (/ 1d0 * rank, 2d0 * rank, 0.1d0 /)
    call MPI_Allreduce(MPI_IN_PLACE, x, 3, MPI_DOUBLE_PRECISION, MPI_SUM, MPI_COMM_WORLD, ierr)
    y = x
    call MPI_Reduce(x, y, 3, MPI_DOUBLE_PRECISION, MPI_MAX, 0, MPI_COMM_WORLD, ierr)
    call MPI_Bcast(y, 3, MPI_DOUBLE_PRECISION, 0, MPI_COMM_WORLD, ierr)

    sent = (/ rank, 10 * rank /)
    call MPI_Irecv(got(1), 1, MPI_INTEGER, last, 1, MPI_COMM_WORLD, requests(1), ierr)
    call MPI_Irecv(got(2), 1, MPI_INTEGER, last, 2, MPI_COMM_WORLD, requests(2), ierr)
    call MPI_Isend(sent(1), 1, MPI_INTEGER, next, 1, MPI_COMM_WORLD, requests(3), ierr)
    call MPI_Isend(sent(2), 1, MPI_INTEGER, next, 2, MPI_COMM_WORLD, requests(4), ierr)
    call MPI_Waitany(1, requests(2), place, status, ierr)
    if (place /= 1 .or. status(MPI_TAG) /= 2) stop 1
    call MPI_Waitall(4, requests, statuses, ierr)
    if (statuses(MPI_SOURCE, 1) /= last) stop 2
    call MPI_Waitany(4, requests, place, MPI_STATUS_IGNORE, ierr)
    if (place >= 1 .and. place <= 4) stop 3

    call MPI_Ibarrier(MPI_COMM_WORLD, requests(1), ierr)
    call MPI_Waitsome(1, requests, done, places, MPI_STATUSES_IGNORE, ierr)
    if (done /= 1 .or. places(1) /= 1) stop 4
    call MPI_Iallreduce(MPI_IN_PLACE, y, 3, MPI_DOUBLE_PRECISION, MPI_SUM, MPI_COMM_WORLD, &
                        requests(1), ierr)
    call MPI_Wait(requests(1), MPI_STATUS_IGNORE, ierr)

    if (mod(rank, 2) == 0) then
        call MPI_Send(sent, 2, MPI_INTEGER, rank + 1, 3, MPI_COMM_WORLD, ierr)
    else
        call MPI_Recv(got, 2, MPI_INTEGER, MPI_ANY_SOURCE, 3, MPI_COMM_WORLD, status, ierr)
        if (status(MPI_SOURCE) /= rank - 1) stop 5
    end if
    do i = 1, ranks
        counts(i) = 1
        offsets(i) = i - 1
    end do
    call MPI_Allgatherv(rank, 1, MPI_INTEGER, all, counts, offsets, MPI_INTEGER, &
                        MPI_COMM_WORLD, ierr)
    call MPI_Barrier(MPI_COMM_WORLD, ierr)
    total = sum(x) + sum(y) + sum(got) + sum(all(1:ranks))
    print '(i0, f20.9)', rank, total
    call MPI_Finalize(ierr)
end program
