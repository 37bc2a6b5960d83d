/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a result of erg in JSON: loaded, written in every format, made a page of. */
#include <sys/mman.h>
#include <unistd.h>
#include "base/base.h"
#include "erg/report.h"

static void tell(const erg_result *result, FILE *out)
{
    for (size_t i = 0; i < erg_writer_count(); i++)
        erg_write(result, erg_writer_name(i), NULL, out, NULL);
    erg_report_estimate(result, "fuzz", out, NULL);
    erg_report_choice(result, "fuzz", out, NULL);
    erg_report_fit(result, "fuzz", out, NULL);
}

static void use(const unsigned char *bytes, size_t size, int fd, FILE *out)
{
    char path[64];
    erg_result *result = NULL;

    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (write(fd, bytes, size) == (ssize_t)size)
        result = erg_result_load(path, NULL);
    if (result && out)
        tell(result, out);
    erg_result_free(result);
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    int fd = memfd_create("result", MFD_CLOEXEC);
    FILE *out = fopen("/dev/null", "w");

    if (fd >= 0 && size < 20000)
        use(bytes, size, fd, out);
    if (out)
        fclose(out);
    if (fd >= 0)
        close(fd);
    return 0;
}
