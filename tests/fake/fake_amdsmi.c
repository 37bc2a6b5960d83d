/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A libamd_smi of two cards, the second of them as two partitions. FAKE_AMDSMI holds
 * "YEAR RIGHTS INIT WATTS RUNS": the release (24, 25, 26), 1 if the limit may be turned,
 * the code that init gives, 1 if limits are told in watts. The counter of the first card
 * (03:00.0) rises by 100 J between every two looks or, where RUNS is 1, by 211 W; that of
 * the second stands still.
 * Structures are written byte by byte where the public header says a field lies.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#pragma GCC visibility push(default)

enum { CARDS = 2, PROCESSORS = 3, LEAST_W = 150, MOST_W = 560, INVALID = 1, REFUSED = 10 };
typedef struct script {
    int year, rights, init, watts, runs;
} script;

static const uint64_t addresses[PROCESSORS] = { 0x300, 0x400, 0x401 };
static int sockets[CARDS], processors[PROCESSORS];
static uint64_t looks, limit_w[CARDS] = { 500, 500 };
static int inits;

static script now(void)
{
    script is = { 26, 1, 0, 0, 0 };
    const char *text = getenv("FAKE_AMDSMI");
    if (text
        && sscanf(text, "%d %d %d %d %d", &is.year, &is.rights, &is.init, &is.watts,
                  &is.runs)
               < 1)
        is.init = INVALID;
    return is;
}

static int card_of(const void *gpu) { return gpu == &processors[0] ? 0 : 1; }

static void put(void *to, size_t at, const void *value, size_t size)
{
    memcpy((char *)to + at, value, size);
}

int amdsmi_init(uint64_t what)
{
    inits++;
    return what == 2 ? now().init : INVALID;
}

int fake_amdsmi_limit(int card) { return (int)limit_w[card]; }

int amdsmi_get_lib_version(void *to)
{
    uint32_t year = (uint32_t)now().year;
    put(to, 0, &year, sizeof(year));
    return 0;
}

int amdsmi_get_socket_handles(uint32_t *count, void **to)
{
    for (uint32_t i = 0; to && i < CARDS && i < *count; i++)
        to[i] = &sockets[i];
    *count = CARDS;
    return 0;
}

int amdsmi_get_processor_handles(void *socket, uint32_t *count, void **to)
{
    int card = socket == &sockets[1], first = card, some = 1 + card;
    for (int i = 0; to && i < some && (uint32_t)i < *count; i++)
        to[i] = &processors[first + i];
    *count = (uint32_t)some;
    return 0;
}

int amdsmi_get_processor_type(void *gpu, int *kind)
{
    (void)gpu;
    *kind = 1;
    return 0;
}

int amdsmi_get_gpu_device_bdf(void *gpu, uint64_t *address)
{
    *address = addresses[(int *)gpu - processors];
    return 0;
}

int amdsmi_get_gpu_device_uuid(void *gpu, unsigned *size, char *text)
{
    *size = (unsigned)snprintf(text, *size, "%02xff74a0-0000-1000-80d5-%012d", card_of(gpu),
                               card_of(gpu));
    return 0;
}

int amdsmi_get_gpu_asic_info(void *gpu, void *to)
{
    (void)gpu;
    put(to, 0, "AMD Instinct MI300X", sizeof("AMD Instinct MI300X"));
    return 0;
}

int amdsmi_get_energy_count(void *gpu, uint64_t *steps, float *step_uj, uint64_t *t_ns)
{
    struct timespec clock = { 0 };
    timespec_get(&clock, TIME_UTC);
    *steps = card_of(gpu) != 0 ? 77
             : !now().runs     ? looks++ * 100 * 65536
                               : (uint64_t)(211 * 65536
                                        * ((double)(clock.tv_sec % 1000000)
                                           + 1e-9 * (double)clock.tv_nsec));
    *step_uj = 15.3f;
    *t_ns = 0;
    return 0;
}

/* Releases 23 and 24: two 32-bit numbers at 0 and 4; release 26: at 8 and 12. The second
 * card tells its mean alone. */
int amdsmi_get_power_info(void *gpu, void *to)
{
    uint32_t unknown = 0xffff, now_w = card_of(gpu) == 0 ? 211 : unknown, mean_w = 190;
    uint64_t socket_w = 211;
    size_t at = now().year == 26 ? 8 : 0;
    if (at)
        put(to, 0, &socket_w, sizeof(socket_w));
    put(to, at, &now_w, sizeof(now_w));
    put(to, at + 4, &mean_w, sizeof(mean_w));
    return 0;
}

int amdsmi_get_clock_info(void *gpu, int which, void *to)
{
    uint32_t mhz[] = { which == 0 ? 2100 : which == 4 ? 1300 : 7, 132, 2100 };
    (void)gpu;
    put(to, 0, mhz, sizeof(mhz));
    return 0;
}

/* Whole degrees, except of the memory: an older library told thousandths. */
int amdsmi_get_temp_metric(void *gpu, int which, int what, int64_t *value)
{
    static const int64_t told[] = { 0, 71, 66000 };
    (void)gpu;
    if (which > 2)
        return 2;
    *value = what == 5 ? 100 : told[which];
    return what == 5 || which > 0 ? 0 : 2;
}

int amdsmi_get_gpu_activity(void *gpu, void *to)
{
    uint32_t use[] = { 37, 12, 0 };
    (void)gpu;
    put(to, 0, use, sizeof(use));
    return 0;
}

int amdsmi_get_power_cap_info(void *gpu, uint32_t sensor, void *to)
{
    uint64_t unit = now().watts ? 1 : 1000000;
    uint64_t told[] = { limit_w[card_of(gpu)] * unit, 500 * unit, 2100, LEAST_W * unit,
                        MOST_W * unit };
    put(to, 0, told, sizeof(told));
    return sensor == 0 ? 0 : INVALID;
}

int amdsmi_set_power_cap(void *gpu, uint32_t sensor, uint64_t uw)
{
    uint64_t watts = uw / 1000000;
    if (!now().rights)
        return REFUSED;
    if (sensor != 0 || watts < LEAST_W || watts > MOST_W)
        return INVALID;
    limit_w[card_of(gpu)] = watts;
    return 0;
}
