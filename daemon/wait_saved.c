/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the clocks of waiting cores were at, on the disk while they may be lowered: lines of
 * CPU, highest clock and least in kHz. A clock that is at that least goes back; another has
 * been turned by somebody since, and stays.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "wait.h"

enum { PATH_MOST = 512, LINE = 80 };

void ergd_wait_path(const char *root, int cpu, const char *name, char *to, size_t size)
{
    snprintf(to, size, "%.300s/sys/devices/system/cpu/cpu%d/cpufreq/%s", root ? root : "",
             cpu, name);
}

/* "" where there is none. */
static void read_line(const char *root, int cpu, const char *name, char *to, int size)
{
    char path[PATH_MOST];

    ergd_wait_path(root, cpu, name, path, sizeof(path));
    FILE *file = fopen(path, "re");
    if (!file || !fgets(to, size, file))
        to[0] = '\0';
    if (file)
        fclose(file);
    to[strcspn(to, "\n")] = '\0';
}

/* Another core of the same clock would be slowed, too, and it may be at work. */
static bool is_alone(const char *root, int cpu)
{
    char text[256], *end;

    read_line(root, cpu, "affected_cpus", text, sizeof(text));
    long only = strtol(text, &end, 10);
    return end != text && !end[strspn(end, " ")] && only == cpu;
}

bool ergd_wait_read(const char *root, ergd_wait_clock *clock, erg_error *err)
{
    read_line(root, clock->cpu, "scaling_max_freq", clock->was, sizeof(clock->was));
    read_line(root, clock->cpu, "scaling_min_freq", clock->least, sizeof(clock->least));
    if (!(strtod(clock->was, NULL) > 0) || !(strtod(clock->least, NULL) > 0))
        return erg_fail(err, ERG_UNSUPPORTED,
                        "cpu%d has no clock that can be turned (no cpufreq)", clock->cpu);
    return is_alone(root, clock->cpu)
        || erg_fail(err, ERG_REFUSED, "cpu%d shares its clock with others, which may be "
                    "at work", clock->cpu);
}

/* ---- on the disk ---------------------------------------------------------------- */

static void file_of(const erg_govern_config *config, const char *end, char to[PATH_MOST])
{
    snprintf(to, PATH_MOST, "%.400s/waits%s", config->state_dir, end);
}

static bool write_all(const char *path, const ergd_wait_clock clocks[], size_t count)
{
    FILE *file = fopen(path, "we");

    for (size_t i = 0; file && i < count; i++)
        fprintf(file, "%d %s %s\n", clocks[i].cpu, clocks[i].was, clocks[i].least);
    if (!file)
        return false;
    bool good = fflush(file) == 0 && fsync(fileno(file)) == 0;
    return fclose(file) == 0 && good;
}

bool ergd_waits_save(const erg_govern_config *config, const ergd_wait_clock clocks[],
                     size_t count, erg_error *err)
{
    char path[PATH_MOST], next[PATH_MOST];

    file_of(config, "", path);
    file_of(config, ".next", next);
    if (count == 0)
        return unlink(path) == 0 || errno == ENOENT
            || erg_fail(err, ERG_IO, "cannot remove %s: %s", path, strerror(errno));
    mkdir(config->state_dir, 0755);
    return (write_all(next, clocks, count) && rename(next, path) == 0)
        || erg_fail(err, ERG_IO, "cannot write %s: %s", path, strerror(errno));
}

static bool put_back(const char *root, const ergd_wait_clock *clock)
{
    char path[PATH_MOST], now[24];

    read_line(root, clock->cpu, "scaling_max_freq", now, sizeof(now));
    if (strcmp(now, clock->least) != 0)
        return true;
    ergd_wait_path(root, clock->cpu, "scaling_max_freq", path, sizeof(path));
    FILE *file = fopen(path, "r+e");
    bool good = file && fprintf(file, "%s\n", clock->was) > 0;
    return file && fclose(file) == 0 && good;
}

bool ergd_waits_recover(const ergd_options *options, const erg_govern_config *config,
                        erg_error *err)
{
    char path[PATH_MOST], line[LINE];
    bool good = true;

    file_of(config, "", path);
    FILE *file = fopen(path, "re");
    if (!file)
        return true;
    while (fgets(line, sizeof(line), file)) {
        ergd_wait_clock clock;
        if (sscanf(line, "%d %23s %23s", &clock.cpu, clock.was, clock.least) == 3)
            good &= put_back(options->root, &clock);
    }
    fclose(file);
    if (!good)
        return erg_fail(err, ERG_IO, "clocks that %s names could not be put back", path);
    unlink(path);
    return true;
}
