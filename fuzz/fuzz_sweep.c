/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the file of a sweep: its visits, checked, or one sentence. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "sweep/sweep_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A file: SQLite opens no others. Each process has its own. */
static bool put(const char *path, const uint8_t *data, size_t size)
{
    FILE *file = fopen(path, "wbe");
    bool good = file && fwrite(data, 1, size, file) == size;

    return (!file || fclose(file) == 0) && good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    erg_error err = { 0 };
    erg_points *points = erg_points_new(NULL);

    snprintf(path, sizeof(path), "/tmp/erg-fuzz-sweep-%ld.erg", (long)getpid());
    if (points && put(path, data, size)) {
        bool good = erg_sweep_read(points, path, &err);
        if (!good && !err.text[0])
            __builtin_trap();
        if (good && erg_points_visits(points)) {
            erg_points_check(points, NULL);
            erg_points_correct_drift(points, NULL);
        }
    }
    unlink(path);
    erg_points_free(points);
    return 0;
}
