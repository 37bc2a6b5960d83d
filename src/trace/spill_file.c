/* SPDX-License-Identifier: Apache-2.0 */
/* Where that goes which memory does not hold: a file without a name. */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include "trace/spill.h"

/* The one that outlives a restart first: /tmp is often memory. */
static const char *const folders[] = { "/var/tmp", "/tmp" };

int erg_spill_file(void)
{
    for (size_t i = 0; i < ERG_COUNT(folders); i++) {
        int file = open(folders[i], O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        if (file >= 0)
            return file;
    }
    return memfd_create("erg-spill", MFD_CLOEXEC);
}

bool erg_spill_fail(int reason, erg_error *err)
{
    return erg_fail(err, ERG_IO, "cannot keep what does not fit in memory in %s: %s",
                    folders[0], strerror(reason));
}
