/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>
#include "mpi/density.h"

enum { PIECE_BYTES = 1 << 15 };

bool mpi_density_is_due(uint64_t calls) { return calls % MPI_DENSITY_EVERY == 0; }

/* Linux copies, and says so where it cannot: a pointer may be of a GPU. */
static bool read_piece(void *to, const void *at, size_t bytes)
{
    const struct iovec own = { to, bytes }, from = { (void *)(uintptr_t)at, bytes };
    return process_vm_readv(getpid(), &own, 1, &from, 1, 0) == (ssize_t)bytes;
}

static uint64_t element(const unsigned char *at, size_t bytes)
{
    uint64_t value = 0;

    memcpy(&value, at, bytes);      /* zero has no order of bytes */
    return value;
}

static size_t count_filled(const unsigned char piece[], size_t count, size_t bytes,
                           uint64_t minus_zero)
{
    size_t filled = 0;

    for (size_t i = 0; i < count; i++) {
        uint64_t value = element(piece + i * bytes, bytes);
        filled += value != 0 && value != minus_zero;
    }
    return filled;
}

static uint64_t minus_zero_of(size_t bytes, bool is_real)
{
    const float single = -0.0F;
    const double twice = -0.0;

    return !is_real    ? 0
         : bytes == 4 ? element((const unsigned char *)&single, 4)
         : bytes == 8 ? element((const unsigned char *)&twice, 8) : 0;
}

void mpi_density_add(mpi_density *to, const void *at, size_t count, size_t bytes,
                     bool is_real)
{
    unsigned char piece[PIECE_BYTES] __attribute__((aligned(8)));
    uint64_t minus_zero = minus_zero_of(bytes, is_real);
    size_t filled = 0, some;

    if (bytes != 1 && bytes != 2 && bytes != 4 && bytes != 8)
        return;
    for (size_t i = 0; i < count; i += some) {
        some = count - i < PIECE_BYTES / bytes ? count - i : PIECE_BYTES / bytes;
        if (!read_piece(piece, (const char *)at + i * bytes, some * bytes))
            return;
        filled += count_filled(piece, some, bytes, minus_zero);
    }
    to->looked += (double)count;
    to->filled += (double)filled;
}
