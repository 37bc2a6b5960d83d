/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing row of equal things, in memory or, of long ones, in a mapped file.
 *
 * The place for what is added is taken from the disk first: a full disk is an error here,
 * and no signal later. To give pages of a shared mapping back loses nothing: the file has
 * them, and Linux writes it out when it likes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "trace/spill.h"

/* Files grow by what they have, and by no more than that; neighbours come along with a
 * page (fault-around), so they go with it. */
enum { FILE_FIRST = 4 * ERG_ROWS_HELD, FILE_STEP = 1 << 26, AROUND = 1 << 16 };

/* Doubling, so that a million samples cost twenty copies. */
static bool grow_in_memory(erg_rows *rows, size_t count, size_t size, erg_error *err)
{
    size_t capacity = rows->capacity ? rows->capacity : 16;

    while (capacity < count)
        capacity *= 2;
    void *grown = realloc(rows->items, capacity * size);
    if (!grown)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    rows->items = grown;
    rows->capacity = capacity;
    return true;
}

static void unmap(const erg_rows *rows)
{
    munmap(rows->items, rows->mapped);
    close(rows->file);
}

static size_t file_bytes(size_t bytes, size_t least)
{
    while (bytes < least)
        bytes += bytes < FILE_FIRST ? FILE_FIRST : bytes < FILE_STEP ? bytes : FILE_STEP;
    return bytes;
}

static bool grow_in_file(erg_rows *rows, size_t count, erg_error *err)
{
    size_t bytes = file_bytes(rows->mapped, count * rows->size);
    int reason = posix_fallocate(rows->file, (off_t)rows->mapped,
                                 (off_t)(bytes - rows->mapped));
    void *moved = MAP_FAILED;

    if (reason == 0 && rows->mapped)
        moved = mremap(rows->items, rows->mapped, bytes, MREMAP_MAYMOVE);
    else if (reason == 0)
        moved = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, rows->file, 0);
    if (moved == MAP_FAILED)
        return erg_spill_fail(reason ? reason : errno, err);
    rows->items = moved;
    rows->mapped = bytes;
    rows->capacity = bytes / rows->size;
    return true;
}

/* From memory into a file. Where none can be made they stay in memory. */
static bool move_out(erg_rows *rows, size_t count, size_t size, erg_error *err)
{
    erg_rows out = { .is_long = true, .file = erg_spill_file(), .size = size };

    if (out.file <= 0)
        return grow_in_memory(rows, count, size, err);
    if (!grow_in_file(&out, count, err)) {
        close(out.file);
        return false;
    }
    if (out.items && rows->items)
        memcpy(out.items, rows->items, rows->count * size);
    out.count = rows->count;
    free(rows->items);
    *rows = out;
    return true;
}

static bool grow(erg_rows *rows, size_t count, size_t size, erg_error *err)
{
    if (rows->file > 0)
        return grow_in_file(rows, count, err);
    return rows->is_long && count * size > ERG_ROWS_HELD
         ? move_out(rows, count, size, err) : grow_in_memory(rows, count, size, err);
}

bool erg_rows_add(erg_rows *rows, const void *items, size_t count, size_t size,
                  erg_error *err)
{
    if (count == 0)
        return true;
    if (count > SIZE_MAX / size / 4 - rows->count)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    if (rows->count + count > rows->capacity
        && !grow(rows, rows->count + count, size, err))
        return false;
    memcpy((char *)rows->items + rows->count * size, items, count * size);
    size_t before = rows->count / ERG_ROWS_STRIDE;
    rows->count += count;
    if (count > ERG_ROWS_STRIDE)
        erg_rows_rest(rows);
    else if (rows->file > 0 && rows->count / ERG_ROWS_STRIDE != before)
        erg_rows_rest_behind(rows, rows->count);
    return true;
}

void erg_rows_free(erg_rows *rows)
{
    if (rows->file > 0)
        unmap(rows);
    else
        free(rows->items);
    *rows = (erg_rows){ .is_long = rows->is_long };
}

void erg_rows_rest(const erg_rows *rows)
{
    if (rows->file > 0)
        madvise(rows->items, rows->mapped, MADV_DONTNEED);
}

/* All but the last stride, which may still be looked back at, of the last strides: what is
 * before them went before. */
void erg_rows_rest_behind(const erg_rows *rows, size_t at)
{
    enum { FROM = 3 * ERG_ROWS_STRIDE, TO = ERG_ROWS_STRIDE };
    size_t last = at - at % ERG_ROWS_STRIDE;
    size_t begin = (last > FROM ? last - FROM : 0) * rows->size / AROUND * AROUND;
    size_t end = (last > TO ? last - TO : 0) * rows->size / AROUND * AROUND;

    if (rows->file > 0 && end > begin)
        madvise((char *)rows->items + begin, end - begin, MADV_DONTNEED);
}
