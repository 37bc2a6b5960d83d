/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the measured rows that `erg estimate --verify` holds estimates to. */
#include <sys/mman.h>
#include <unistd.h>
#include "base/base.h"
#include "erg/study.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    static const erg_catalog catalog = { .data_dir = "data" };
    static const char *const device = "a10";
    const erg_env env = { 0 };
    const erg_study study = { .workload = "zoo:lstm", .hardware = &device,
                              .hardware_count = 1 };
    char path[64];
    int fd = memfd_create("measured", MFD_CLOEXEC);

    if (fd < 0)
        return 0;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (size < 20000 && write(fd, bytes, size) == (ssize_t)size)
        erg_result_free(erg_study_verify(&env, &catalog, &study, path, NULL));
    close(fd);
    return 0;
}
