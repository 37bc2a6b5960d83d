/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks and limits of the fake NVML: what is offered, what was turned. */
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "fake_nvml.h"

static turned here[GPUS_MOST];
turned *fake_turns = here;

void fake_turns_open(const char *file)
{
    struct stat seen;
    int fd = file ? open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    bool is_new = true;
    if (fd >= 0) {
        is_new = fstat(fd, &seen) == 0 && seen.st_size == 0;
        void *map = ftruncate(fd, sizeof(here)) == 0
            ? mmap(NULL, sizeof(here), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
            : MAP_FAILED;
        fake_turns = map == MAP_FAILED ? here : map;
        close(fd);
    } else {
        fake_turns = here;
    }
    for (unsigned i = 0; is_new && i < GPUS_MOST; i++) {
        fake_turns[i] = (turned){ .app_mem_mhz = MEM_MHZ,
                             .app_sm_mhz =
                                      (unsigned)lround(1e-6 * fake_script.sim.clock_hz),
                             .limit_mw = (unsigned)lround(1e3 * fake_script.sim.board_w) };
        fake_smoothing_start(&fake_turns[i]);
    }
}

/* As a driver does: the number of the list where the room is too small for it. */
static unsigned hand_out(const unsigned *mhz, unsigned have, unsigned *count, unsigned *to)
{
    bool fits = *count >= have;
    *count = have;
    if (fits)
        memcpy(to, mhz, have * sizeof(*mhz));
    return fits ? NVML_DONE : NVML_TOO_SMALL;
}

EXPORT unsigned nvmlDeviceGetSupportedMemoryClocks(nvml_handle gpu, unsigned *count,
                                                   unsigned *mhz)
{
    static const unsigned clocks[] = { MEM_MHZ, PARKED_MHZ };
    (void)gpu;
    return hand_out(clocks, ERG_COUNT(clocks), count, mhz);
}

EXPORT unsigned nvmlDeviceGetSupportedGraphicsClocks(nvml_handle gpu, unsigned mem,
                                                     unsigned *count, unsigned *mhz)
{
    double hz[ERG_SIM_CLOCKS_MOST];
    unsigned whole[ERG_SIM_CLOCKS_MOST], have = 0;
    size_t all = erg_sim_clocks(fake_script.sim.profile, hz);
    (void)gpu;
    if (mem != MEM_MHZ && mem != PARKED_MHZ)
        return NVML_NOT_FOUND;
    for (size_t i = 0; i < all; i++)
        if (mem == MEM_MHZ || hz[i] <= 1e6 * PARKED_MOST_MHZ)
            whole[have++] = (unsigned)lround(1e-6 * hz[i]);
    return hand_out(whole, have, count, mhz);
}

EXPORT unsigned nvmlDeviceGetPerformanceState(nvml_handle gpu, unsigned *state)
{
    (void)gpu;
    *state = fake_script.parked == 1 ? 8 : 0;
    return NVML_DONE;
}

EXPORT unsigned nvmlDeviceGetApplicationsClock(nvml_handle gpu, unsigned type,
                                               unsigned *mhz)
{
    const turned *turn = &fake_turns[gpu->index];
    *mhz = type == NVML_CLOCK_MEMORY ? turn->app_mem_mhz : turn->app_sm_mhz;
    return fake_script.apps != 0 ? NVML_DONE : NVML_NOT_SUPPORTED;
}

turned *fake_change(nvml_handle gpu, double right)
{
    fake_turns[gpu->index].calls++;
    return fake_script.rights >= right ? &fake_turns[gpu->index] : NULL;
}

EXPORT unsigned nvmlDeviceSetApplicationsClocks(nvml_handle gpu, unsigned mem, unsigned sm)
{
    turned *turn = fake_change(gpu, 1);
    if (fake_script.apps == 0)
        return NVML_NOT_SUPPORTED;
    if (!turn)
        return NVML_NO_PERMISSION;
    turn->app_mem_mhz = mem;
    turn->app_sm_mhz = sm;
    return NVML_DONE;
}

EXPORT unsigned nvmlDeviceGetPowerManagementLimit(nvml_handle gpu, unsigned *mw)
{
    *mw = fake_turns[gpu->index].limit_mw;
    return NVML_DONE;
}

EXPORT unsigned nvmlDeviceGetPowerManagementLimitConstraints(nvml_handle gpu, unsigned *low,
                                                             unsigned *high)
{
    (void)gpu;
    *low = (unsigned)lround(250 * fake_script.sim.board_w);
    *high = (unsigned)lround(1e3 * fake_script.sim.board_w);
    return NVML_DONE;
}

EXPORT unsigned nvmlDeviceSetPowerManagementLimit(nvml_handle gpu, unsigned mw)
{
    turned *turn = fake_change(gpu, 2);
    if (!turn)
        return NVML_NO_PERMISSION;
    if (mw < 250 * fake_script.sim.board_w || mw > 1e3 * fake_script.sim.board_w)
        return 2;
    turn->limit_mw = mw;
    return NVML_DONE;
}

/* A GPU as text: what is locked, application clocks, limit; as if it were asked. */
EXPORT void fake_nvml_turned(unsigned gpu, char *text, size_t size)
{
    const turned *turn = &fake_turns[gpu];
    snprintf(text, size, "lock %u %u apps %u %u limit %u", turn->locked_mhz,
             turn->mem_locked_mhz, turn->app_mem_mhz, turn->app_sm_mhz, turn->limit_mw);
}

EXPORT unsigned fake_nvml_calls(unsigned gpu) { return fake_turns[gpu].calls; }

#ifndef FAKE_NVML_OLD
static unsigned lock(nvml_handle gpu, bool is_sm, unsigned mhz)
{
    turned *turn = fake_change(gpu, 2);
    if (fake_script.locks == 0)
        return NVML_NOT_SUPPORTED;
    if (!turn)
        return NVML_NO_PERMISSION;
    *(is_sm ? &turn->locked_mhz : &turn->mem_locked_mhz) = mhz;
    return NVML_DONE;
}

EXPORT unsigned nvmlDeviceSetGpuLockedClocks(nvml_handle gpu, unsigned low, unsigned high)
{
    return low == high ? lock(gpu, true, high) : 2;
}

EXPORT unsigned nvmlDeviceResetGpuLockedClocks(nvml_handle gpu)
{
    return lock(gpu, true, 0);
}

EXPORT unsigned nvmlDeviceSetMemoryLockedClocks(nvml_handle gpu, unsigned low,
                                                unsigned high)
{
    return low == high ? lock(gpu, false, high) : 2;
}

EXPORT unsigned nvmlDeviceResetMemoryLockedClocks(nvml_handle gpu)
{
    return lock(gpu, false, 0);
}

EXPORT unsigned nvmlDeviceGetMigMode(nvml_handle gpu, unsigned *is_on, unsigned *pending)
{
    (void)gpu;
    *is_on = *pending = fake_script.mig != 0;
    return NVML_DONE;
}
/* ---- fans ------------------------------------------------------------------ */

enum { FAN_LOW_PCT = 30, FAN_HIGH_PCT = 100 };

EXPORT unsigned nvmlDeviceGetNumFans(nvml_handle gpu, unsigned *count)
{
    (void)gpu;
    *count = (unsigned)fake_script.fans;
    return *count ? NVML_DONE : NVML_NOT_SUPPORTED;
}

EXPORT unsigned nvmlDeviceGetMinMaxFanSpeed(nvml_handle gpu, unsigned *low, unsigned *high)
{
    (void)gpu;
    *low = FAN_LOW_PCT;
    *high = FAN_HIGH_PCT;
    return NVML_DONE;
}

EXPORT unsigned nvmlDeviceGetFanControlPolicy_v2(nvml_handle gpu, unsigned fan,
                                                 unsigned *policy)
{
    *policy = fan < FANS_MOST ? fake_turns[gpu->index].fan_policy[fan] : 0;
    return fan < fake_script.fans ? NVML_DONE : 2;
}

EXPORT unsigned nvmlDeviceGetTargetFanSpeed(nvml_handle gpu, unsigned fan,
                                            unsigned *percent)
{
    const turned *turn = &fake_turns[gpu->index];
    *percent = fan < FANS_MOST && turn->fan_policy[fan] == NVML_FAN_MANUAL
        ? turn->fan_pct[fan] : (unsigned)fmax(FAN_LOW_PCT, fake_script.fan);
    return fan < fake_script.fans ? NVML_DONE : 2;
}

static unsigned hold(nvml_handle gpu, unsigned fan, unsigned policy, unsigned percent)
{
    turned *turn = fake_change(gpu, 2);
    if (!turn)
        return NVML_NO_PERMISSION;
    if (fan >= fake_script.fans || fan >= FANS_MOST)
        return 2;
    turn->fan_policy[fan] = policy;
    turn->fan_pct[fan] = percent;
    return NVML_DONE;
}

/* The trap of the real one: from here on the fan is held, whatever the speed. */
EXPORT unsigned nvmlDeviceSetFanSpeed_v2(nvml_handle gpu, unsigned fan, unsigned percent)
{
    return percent < FAN_LOW_PCT || percent > FAN_HIGH_PCT
        ? 2 : hold(gpu, fan, NVML_FAN_MANUAL, percent);
}

EXPORT unsigned nvmlDeviceSetDefaultFanSpeed_v2(nvml_handle gpu, unsigned fan)
{
    return hold(gpu, fan, NVML_FAN_AUTOMATIC, 0);
}

/* "auto 55": what each fan does, as if it were asked. */
EXPORT void fake_nvml_fans(unsigned gpu, char *text, size_t size)
{
    const turned *turn = &fake_turns[gpu];
    text[0] = '\0';
    for (unsigned i = 0; i < fake_script.fans; i++) {
        char word[16] = "auto";
        if (turn->fan_policy[i] == NVML_FAN_MANUAL)
            snprintf(word, sizeof(word), "%u", turn->fan_pct[i]);
        snprintf(text + strlen(text), size - strlen(text), "%s%s", i ? " " : "", word);
    }
}
#endif
