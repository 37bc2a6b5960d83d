/* SPDX-License-Identifier: Apache-2.0 */
/* Records aside in an unlinked file, read and written in pieces of what memory may hold. */
#include "trace/spill.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void erg_spill_free(erg_spill *spill)
{
    if (spill->file > 0)
        close(spill->file);
    free(spill->held.items);
    *spill = (erg_spill){ .size = spill->size };
}

static bool transfer(const erg_spill *spill, bool writes, size_t first, void *records,
                     size_t count, erg_error *err)
{
    char *at = records;
    off_t place = (off_t)(first * spill->size);

    for (size_t left = count * spill->size; left > 0;) {
        ssize_t some = writes ? pwrite(spill->file, at, left, place)
                              : pread(spill->file, at, left, place);
        if (some < 0 && errno == EINTR)
            continue;
        if (some <= 0)
            return erg_spill_fail(some ? errno : EIO, err);
        at += some;
        place += some;
        left -= (size_t)some;
    }
    return true;
}

static size_t most_held(const erg_spill *spill) { return ERG_SPILL_BYTES / spill->size; }

/* What is held goes behind what is in the file. */
static bool flush(erg_spill *spill, erg_error *err)
{
    if (spill->file <= 0)
        spill->file = erg_spill_file();
    if (!transfer(spill, true, spill->filed, spill->held.items, spill->held.count, err))
        return false;
    spill->filed += spill->held.count;
    spill->held.count = 0;
    return true;
}

bool erg_spill_add(erg_spill *spill, const void *records, size_t count, erg_error *err)
{
    const char *at = records;

    while (count > 0) {
        size_t room = most_held(spill) - spill->held.count,
               some = count < room ? count : room;
        if (!erg_rows_add(&spill->held, at, some, spill->size, err)
            || (some == room && !flush(spill, err)))
            return false;
        at += some * spill->size;
        count -= some;
    }
    return true;
}

bool erg_spill_read(const erg_spill *spill, size_t first, size_t count, void *to,
                    erg_error *err)
{
    size_t filed = first < spill->filed ? spill->filed - first : 0;
    size_t some = filed < count ? filed : count;

    if (some && !transfer(spill, false, first, to, some, err))
        return false;
    if (count > some)
        memcpy((char *)to + some * spill->size,
               (char *)spill->held.items + (first + some - spill->filed) * spill->size,
               (count - some) * spill->size);
    return true;
}

bool erg_spill_each(erg_spill *spill, erg_spill_visit *visit, void *self, bool keeps,
                    erg_error *err)
{
    size_t most = most_held(spill);
    void *some = spill->filed ? malloc(most * spill->size) : NULL;
    bool good = some || !spill->filed || erg_fail(err, ERG_NO_MEMORY, "out of memory");

    for (size_t at = 0; good && at < spill->filed; at += most) {
        size_t count = spill->filed - at < most ? spill->filed - at : most;
        good = transfer(spill, false, at, some, count, err) && visit(self, some, count, err)
            && (!keeps || transfer(spill, true, at, some, count, err));
    }
    free(some);
    return good && (spill->held.count == 0
                    || visit(self, spill->held.items, spill->held.count, err));
}
