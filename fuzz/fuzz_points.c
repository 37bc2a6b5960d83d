/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a table of points: read, checked, meant and printed. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/base.h"
#include "erg/points.h"

static void use(const unsigned char *bytes, size_t size, int fd)
{
    char path[64];
    erg_points *points = erg_points_new(NULL);
    erg_result *result = erg_result_new("sweep", NULL);

    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (write(fd, bytes, size) == (ssize_t)size
        && erg_points_read_csv(points, path, NULL, NULL)) {
        erg_points_correct_drift(points, NULL);
        erg_points_table(points, result, NULL);
    }
    erg_result_free(result);
    erg_points_free(points);
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    int fd = memfd_create("points", MFD_CLOEXEC);
    if (fd >= 0 && size < 20000)
        use(bytes, size, fd);
    if (fd >= 0)
        close(fd);
    return 0;
}
