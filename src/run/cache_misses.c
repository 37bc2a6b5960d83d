/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/perf_event.h>
#include <math.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "run/cache_misses.h"

int erg_cache_misses_open(erg_error *err)
{
    /* Children inherit it, and it begins when they execute: this thread never does. */
    struct perf_event_attr what = {
        .type = PERF_TYPE_HARDWARE, .size = sizeof(what),
        .config = PERF_COUNT_HW_CACHE_MISSES, .disabled = 1, .inherit = 1,
        .enable_on_exec = 1, .exclude_kernel = 1, .exclude_hv = 1,
        .read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
    };
    long file = syscall(SYS_perf_event_open, &what, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);

    if (file >= 0)
        return (int)file;
    bool is_closed = errno == EACCES || errno == EPERM;
    erg_fail(err, is_closed ? ERG_NO_ACCESS : ERG_UNSUPPORTED, "%s",
             is_closed ? "Linux lets nobody but root count: sysctl "
                         "kernel.perf_event_paranoid=2 opens it"
                       : "there is no counter of them here, as in most virtual machines");
    return -1;
}

double erg_cache_misses_close(int file)
{
    struct { uint64_t count, enabled_ns, running_ns; } seen;
    ssize_t size = read(file, &seen, sizeof(seen));

    close(file);
    if (size != (ssize_t)sizeof(seen) || seen.running_ns == 0)
        return NAN;
    /* With more events than counters it ran for a share of the time. */
    return (double)seen.count * ((double)seen.enabled_ns / (double)seen.running_ns);
}
