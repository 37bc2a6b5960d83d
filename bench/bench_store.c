/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store: bytes a sample (in its blocks, and of the whole file) and samples a
 * second written, beside the floor: the same samples written raw, 24 bytes each.
 * Recorded power comes from the CSV files named as arguments; the rest is simulated
 * with the jitter of a sampler's wake-ups.
 */
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "trace/block.h"
#include "trace/store.h"

typedef struct series { const char *name; erg_sample *samples; size_t count; } series;

/* CPU time: the machine may have other work. */
static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static double uniform(void)
{
    static uint64_t state = 88172645463325252u;
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return ((double)(state >> 11) + 0.5) * 0x1p-53;
}

static double normal(void)
{
    return sqrt(-2 * log(uniform())) * cos(6.283185307179586 * uniform());
}

/* ---- what is written ---------------------------------------------------------- */

typedef struct load {
    const char *name;
    double rate_hz, update_s, late_s, read_s;
    int counter;
} load;

/* late_s: mean lateness of a wake-up; read_s: median time of a read. */
static const load loads[] = {
    { "power, 10 Hz poll of 100 ms",   10,   0.1,  50e-6, 40e-6, 0 },
    { "power, 20 Hz poll of 100 ms",   20,   0.1,  50e-6, 40e-6, 0 },
    { "power, 100 Hz poll of 100 ms",  100,  0.1,  50e-6, 40e-6, 0 },
    { "power, 100 Hz poll of 20 ms",   100,  0.02, 50e-6, 40e-6, 0 },
    { "power, 1 kHz poll of 20 ms",    1000, 0.02, 50e-6, 40e-6, 0 },
    { "power, 1 kHz poll of 100 ms",   1000, 0.1,  20e-6, 4e-6,  0 },
    { "counter, 10 Hz poll of 100 ms", 10,   0.1,  50e-6, 40e-6, 1 },
    { "counter, 1 kHz poll of 20 ms",  1000, 0.02, 20e-6, 4e-6,  1 },
    { "RAPL, 1 kHz poll of 1 ms",      1000, 0.001, 20e-6, 1e-6, 2 },
};

static series simulate(const load *from, size_t count)
{
    series made = { from->name, malloc(count * sizeof(erg_sample)), count };
    double value = 0, energy_j = 0;
    int64_t update = -1;

    for (size_t i = 0; i < count; i++) {
        double t_s = (double)i / from->rate_hz - from->late_s * log(uniform());
        for (; update < (int64_t)(t_s / from->update_s); update++) {
            double level_w = fmod(t_s, 8) < 4 ? 300 : 80;
            double power_w = level_w + 0.01 * level_w * normal();
            energy_j += power_w * from->update_s;
            value = from->counter == 2 ? 0x1p-14 * floor(energy_j * 0x1p14)
                  : 1e-3 * floor(1000 * (from->counter ? energy_j : power_w));
        }
        double read_s = from->read_s * exp(0.4 * normal());
        made.samples[i] = (erg_sample){ (int64_t)(t_s * 1e9),
                                        (int64_t)(5e8 * read_s), value };
    }
    return made;
}

/* "13" ms in the first column, or "2026-02-06 18:32:16.596337". */
static int64_t stamp_of(const char *text)
{
    int hour, minute;
    double second;
    if (sscanf(text, "%*d-%*d-%*d %d:%d:%lf", &hour, &minute, &second) == 3)
        return 1000 * llround(1e6 * (second + 60 * (minute + 60.0 * hour)));
    return llround(1e6 * atof(text));
}

/* The last column is taken for power. */
static series record(const char *path)
{
    series made = { strrchr(path, '/') ? strrchr(path, '/') + 1 : path, NULL, 0 };
    FILE *file = fopen(path, "r");
    size_t capacity = 0;
    char line[512];

    while (file && fgets(line, sizeof(line), file)) {
        const char *power = strrchr(line, ',');
        if (!power || line[0] < '0' || line[0] > '9')
            continue;
        if (made.count == capacity) {
            capacity = capacity ? 2 * capacity : 4096;
            made.samples = realloc(made.samples, capacity * sizeof(erg_sample));
        }
        made.samples[made.count++] = (erg_sample){ stamp_of(line), 0, atof(power + 1) };
    }
    if (file)
        fclose(file);
    return made;
}

/* The recorded values as our sampler would have read them, with its jitter. */
static void make_live(series *from)
{
    for (size_t i = 0; i < from->count; i++) {
        from->samples[i].t_ns += (int64_t)(-50e3 * log(uniform()));
        from->samples[i].half_width_ns = (int64_t)(20e3 * exp(0.4 * normal()));
        if (i && from->samples[i].t_ns < from->samples[i - 1].t_ns)
            from->samples[i].t_ns = from->samples[i - 1].t_ns;
    }
}

/* ---- measuring ----------------------------------------------------------------- */

static double block_bytes(const series *from)
{
    erg_block *codec = erg_block_new(NULL);
    const unsigned char *bytes;
    size_t size, total = 0;

    for (size_t i = 0; i < from->count; i += ERG_BLOCK_MOST) {
        size_t some = from->count - i < ERG_BLOCK_MOST ? from->count - i : ERG_BLOCK_MOST;
        erg_block_encode(codec, from->samples + i, some, &bytes, &size);
        total += size;
    }
    erg_block_free(codec);
    return (double)total / (double)from->count;
}

/* As the recorder does: a commit a second of recorded time. */
static void measure(const series *from, const char *path)
{
    erg_channel_info channel = { .name = "power", .unit = "W" };
    erg_device_info device = { .name = "gpu" };
    erg_error err = { 0 };
    struct stat file;

    double begin_s = now_s();
    erg_store *store = erg_store_create(path, &err);
    if (!store || erg_store_device(store, &device, &err) < 0
        || erg_store_channel(store, &channel, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    for (size_t i = 0; i < from->count; i += ERG_BLOCK_MOST) {
        size_t some = from->count - i < ERG_BLOCK_MOST ? from->count - i : ERG_BLOCK_MOST;
        if (!erg_store_samples(store, 0, from->samples + i, some, &err))
            exit(1);
    }
    if (!erg_store_commit(store, &err) || !erg_store_close(store, true, &err))
        exit(1);
    double took_s = now_s() - begin_s;
    stat(path, &file);

    begin_s = now_s();
    int raw = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    ssize_t written = write(raw, from->samples, from->count * sizeof(erg_sample));
    close(raw);
    double floor_s = now_s() - begin_s;
    unlink(path);
    printf("%-44s %8zu %8.2f %8.2f %10.2f %10.1f\n", from->name, from->count,
           block_bytes(from), (double)file.st_size / (double)from->count,
           (double)from->count / took_s * 1e-6, (double)(written / 24) / floor_s * 1e-6);
}

int main(int argc, char **argv)
{
    char path[64];
    snprintf(path, sizeof(path), "/tmp/erg-bench-%ld.erg", (long)getpid());
    printf("%-44s %8s %8s %8s %10s %10s\n", "series", "samples", "B block", "B file",
           "M/s", "M/s raw");
    for (size_t i = 0; i < ERG_COUNT(loads); i++) {
        series made = simulate(&loads[i], 1000000);
        measure(&made, path);
        free(made.samples);
    }
    for (int i = 1; i < argc; i++) {
        series made = record(argv[i]);
        if (made.count)
            measure(&made, path);
        make_live(&made);
        made.name = "  the same with stamps as of our sampler";
        if (made.count)
            measure(&made, path);
        free(made.samples);
    }
    return 0;
}
