/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A libze_loader of one driver with a card of two stacks, a GPU that nothing meters, and a
 * device that is no GPU. FAKE_ZE holds "RIGHTS INIT LOCKED RUNS". Energy counters count
 * 200 W for the card, 150 W for its package and 70 W for a stack: each look is half a
 * second after the last one or, where RUNS is 1, by the clock. Structures are written byte
 * by byte where the public specification says a field lies, and only where their first
 * number says which they are.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#pragma GCC visibility push(default)

enum { INVALID = 0x78000004, NOT_SUPPORTED = 0x78000003, REFUSED = 0x70010000 };
enum { CARD, BARE, NO_GPU, DEVICES };
enum { STACK, PACKAGE, WHOLE, POWERS };
enum { MEDIA, GRAPHICS, MEMORY, CLOCKS };
typedef struct script {
    unsigned rights, init, locked, runs;
} script;

static int driver, devices[DEVICES], powers[POWERS], clocks[CLOCKS], thermometers[3];
static const int covers[POWERS] = { 3, 2, 1 }, watts[POWERS] = { 70, 150, 200 };
static const int clock_kinds[CLOCKS] = { 2, 0, 1 };
static uint64_t looks;
static int32_t sustained_mw = 300000, burst_mw = 400000;
static double low_mhz = 300, high_mhz = 1550;

static script now(void)
{
    script is = { 1, 0, 0, 0 };
    const char *text = getenv("FAKE_ZE");
    if (text)
        sscanf(text, "%u %x %u %u", &is.rights, &is.init, &is.locked, &is.runs);
    return is;
}

/* "limit 300000 400000 range 300 1550" */
void fake_ze_turned(char *text, size_t size)
{
    snprintf(text, size, "limit %d %d range %g %g", sustained_mw, burst_mw, low_mhz,
             high_mhz);
}

static uint32_t kind_of(const void *of)
{
    uint32_t kind;
    memcpy(&kind, of, sizeof(kind));
    return kind;
}

static void put(void *to, size_t at, const void *value, size_t size)
{
    memcpy((char *)to + at, value, size);
}

static void put_word(void *to, size_t at, uint32_t value) { put(to, at, &value, 4); }
static void put_byte(void *to, size_t at, uint8_t value) { put(to, at, &value, 1); }
static void put_real(void *to, size_t at, double value) { put(to, at, &value, 8); }

static unsigned hand_out(int *of, uint32_t have, uint32_t *count, void **to)
{
    for (uint32_t i = 0; to && i < have && i < *count; i++)
        to[i] = &of[i];
    *count = have;
    return 0;
}

unsigned zesInit(uint32_t flags) { return flags ? INVALID : now().init; }

unsigned zesDriverGet(uint32_t *count, void **to)
{
    return hand_out(&driver, 1, count, to);
}

unsigned zesDeviceGet(void *of, uint32_t *count, void **to)
{
    return of == &driver ? hand_out(devices, DEVICES, count, to) : INVALID;
}

unsigned zesDeviceGetProperties(void *gpu, void *to)
{
    if (kind_of(to) != 0x1)
        return INVALID;
    put_word(to, 32, gpu == &devices[NO_GPU] ? 2 : 1);     /* core.type */
    put_byte(to, 112, 0x86);                               /* core.uuid */
    put(to, 128, "Intel(R) Data Center GPU Max 1100", 34); /* core.name */
    put(to, 708, "1.3.29735", 10);                         /* driverVersion */
    return 0;
}

unsigned zesDevicePciGetProperties(void *gpu, void *to)
{
    if (kind_of(to) != 0x2)
        return INVALID;
    put_word(to, 16, 0);
    put_word(to, 20, gpu == &devices[CARD] ? 0x3a : 0x3b);
    return 0;
}

unsigned zesDeviceEnumPowerDomains(void *gpu, uint32_t *count, void **to)
{
    return hand_out(powers, gpu == &devices[CARD] ? POWERS : 0, count, to);
}

unsigned zesPowerGetProperties(void *power, void *to)
{
    int which = (int)((int *)power - powers);
    void *next;
    if (kind_of(to) != 0xd)
        return INVALID;
    memcpy(&next, (char *)to + 8, sizeof(next));
    put_byte(to, 16, which == STACK); /* onSubdevice */
    put_word(to, 28, 300000);         /* defaultLimit */
    put_word(to, 32, 100000);
    put_word(to, 36, (uint32_t)-1);
    if (next && kind_of(next) == 0x28)
        put_word(next, 16, (uint32_t)covers[which]);
    return 0;
}

unsigned zesPowerGetEnergyCounter(void *power, void *to)
{
    uint64_t t_us = 1000000 + 500000 * looks++;
    struct timespec clock;
    if (now().runs && timespec_get(&clock, TIME_UTC))
        t_us = (uint64_t)clock.tv_sec * 1000000 + (uint64_t)clock.tv_nsec / 1000;
    uint64_t uj = (uint64_t)watts[(int *)power - powers] * t_us;
    put(to, 0, &uj, 8);
    put(to, 8, &t_us, 8);
    return 0;
}

static void put_limit(char *to, uint32_t level, int32_t mw)
{
    put_word(to, 16, level);
    put_word(to, 24, 2);
    put_byte(to, 36, (uint8_t)now().locked);
    put(to, 40, &mw, 4);
}

/* Burst first: a reader that takes the first one is told apart. */
unsigned zesPowerGetLimitsExt(void *power, uint32_t *count, void *to)
{
    (void)power;
    for (uint32_t i = 0; i < 2 && i < *count; i++)
        if (kind_of((char *)to + (size_t)48 * i) != 0x27)
            return INVALID;
    if (*count > 0)
        put_limit(to, 2, burst_mw);
    if (*count > 1)
        put_limit((char *)to + 48, 1, sustained_mw);
    *count = 2;
    return 0;
}

unsigned zesPowerSetLimitsExt(void *power, uint32_t *count, const void *from)
{
    int32_t mw;
    if (power != &powers[WHOLE] || *count != 1 || kind_of(from) != 0x27
        || kind_of((const char *)from + 16) != 1)
        return INVALID;
    if (!now().rights)
        return REFUSED;
    memcpy(&mw, (const char *)from + 40, 4);
    sustained_mw = mw;
    return 0;
}

unsigned zesDeviceEnumTemperatureSensors(void *gpu, uint32_t *count, void **to)
{
    (void)gpu;
    return hand_out(thermometers, 3, count, to);
}

unsigned zesTemperatureGetProperties(void *heat, void *to)
{
    if (kind_of(to) != 0x14)
        return INVALID;
    put_word(to, 16, (uint32_t)((int *)heat - thermometers));
    return 0;
}

unsigned zesTemperatureGetState(void *heat, double *celsius)
{
    *celsius = 70 - 10.0 * (double)((int *)heat - thermometers);
    return heat == &thermometers[2] ? NOT_SUPPORTED : 0;
}

unsigned zesDeviceEnumFrequencyDomains(void *gpu, uint32_t *count, void **to)
{
    (void)gpu;
    return hand_out(clocks, CLOCKS, count, to);
}

unsigned zesFrequencyGetProperties(void *clock, void *to)
{
    if (kind_of(to) != 0x9)
        return INVALID;
    put_word(to, 16, (uint32_t)clock_kinds[(int *)clock - clocks]);
    put_byte(to, 28, 1); /* canControl */
    put_real(to, 32, 300);
    put_real(to, 40, 1550);
    return 0;
}

unsigned zesFrequencyGetState(void *clock, void *to)
{
    if (kind_of(to) != 0x1b)
        return INVALID;
    put_real(to, 48, clock == &clocks[MEMORY] ? 3200 : high_mhz); /* actual */
    put_word(to, 56, 0x9);                                        /* of power and of heat */
    return 0;
}

unsigned zesFrequencyGetRange(void *clock, void *to)
{
    put_real(to, 0, low_mhz);
    put_real(to, 8, high_mhz);
    return clock == &clocks[GRAPHICS] ? 0 : NOT_SUPPORTED;
}

unsigned zesFrequencySetRange(void *clock, const void *from)
{
    if (clock != &clocks[GRAPHICS])
        return INVALID;
    if (!now().rights)
        return REFUSED;
    memcpy(&low_mhz, from, 8);
    memcpy(&high_mhz, (const char *)from + 8, 8);
    return 0;
}

unsigned zesFrequencyGetAvailableClocks(void *clock, uint32_t *count, double *mhz)
{
    (void)clock;
    for (uint32_t i = 0; mhz && i < 26 && i < *count; i++)
        mhz[i] = 300 + 50.0 * i;
    *count = 26;
    return 0;
}
