/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clocks and power limit of an NVIDIA GPU. Which clocks exist says the driver.
 *
 * NVML does not tell which clocks are locked: putting back takes the lock off, and sets
 * the application clocks that were saved where they are another way to turn the clock.
 */
#include <math.h>
#include <string.h>
#include "device/drivers/nvml.h"
#include "device/drivers/nvml_smi.h"

enum { CLOCKS_MOST = 1024, IDLE_STATE = 3 }; /* P3 and beyond are parked */
static const char no_pair[] = "none";

/* Knobs that have a file of their own. */
typedef struct knob_hand {
    erg_knob first, last;
    bool (*save)(erg_device *dev, erg_knob which, erg_text *to, erg_error *err);
    bool (*turn)(erg_device *dev, erg_knob which, double value, double *enforced,
                 erg_error *err);
    bool (*put_back)(erg_device *dev, erg_knob which, const char *saved, erg_error *err);
} knob_hand;

static const knob_hand hands[] = {
    { ERG_WORKLOAD_PROFILE, ERG_WORKLOAD_PROFILE, nvml_workload_save, nvml_workload_turn,
      nvml_workload_put_back },
    { ERG_SMOOTHING, ERG_SMOOTHING_OFFSET, nvml_smoothing_save, nvml_smoothing_turn,
      nvml_smoothing_put_back },
};

static const knob_hand *hand_of(erg_knob which)
{
    for (size_t i = 0; i < ERG_COUNT(hands); i++)
        if (which >= hands[i].first && which <= hands[i].last)
            return &hands[i];
    return NULL;
}

static bool is_refusal(unsigned code)
{
    return code == NVML_NOT_SUPPORTED || code == NVML_NO_PERMISSION;
}

/* ---- what there is ------------------------------------------------------- */

static unsigned mem_clocks(const nvml *own, unsigned mhz[CLOCKS_MOST], unsigned *count)
{
    *count = CLOCKS_MOST;
    unsigned code = own->api.mem_clocks ? own->api.mem_clocks(own->gpu, count, mhz)
                                        : NVML_NOT_SUPPORTED;
    if (code != NVML_DONE || *count > CLOCKS_MOST)
        *count = 0;
    return code;
}

/* The memory clock in force, or the highest where the GPU only rests. */
static unsigned mem_clock(const nvml *own)
{
    unsigned mhz[CLOCKS_MOST], count, now = 0, state = IDLE_STATE, high = 0;
    bool is_listed = false;

    mem_clocks(own, mhz, &count);
    if (!own->api.clock || own->api.clock(own->gpu, NVML_CLOCK_MEMORY, &now) != NVML_DONE
        || !own->api.state || own->api.state(own->gpu, &state) != NVML_DONE)
        state = IDLE_STATE;
    for (unsigned i = 0; i < count; i++) {
        high = mhz[i] > high ? mhz[i] : high;
        is_listed |= mhz[i] == now;
    }
    return is_listed && state < IDLE_STATE ? now : high;
}

static bool set_values(erg_device_knob *knob, const unsigned mhz[], unsigned count,
                       erg_error *err)
{
    double hz[CLOCKS_MOST];
    for (unsigned i = 0; i < count; i++)
        hz[i] = 1e6 * mhz[i];
    return erg_device_knob_values(knob, hz, count, err);
}

static double app_hz(const nvml *own, unsigned type)
{
    unsigned mhz;
    bool good = own->api.app_clock && own->api.app_clock(own->gpu, type, &mhz) == NVML_DONE;
    return good ? 1e6 * mhz : NAN;
}

static bool add_clocks(erg_device *dev, erg_error *err)
{
    const nvml *own = dev->own;
    unsigned mhz[CLOCKS_MOST], count = CLOCKS_MOST;
    unsigned code = own->api.sm_clocks
                        ? own->api.sm_clocks(own->gpu, mem_clock(own), &count, mhz)
                        : NVML_NOT_SUPPORTED;

    if (code == NVML_DONE && count > 0 && count <= CLOCKS_MOST) {
        erg_device_knob *sm = nvml_add_knob(dev, ERG_SM_CLOCK);
        sm->now = app_hz(own, NVML_CLOCK_GRAPHICS);
        if (!set_values(sm, mhz, count, err))
            return false;
    }
    mem_clocks(own, mhz, &count);
    if (count == 0 || !own->api.lock_mem || !own->api.unlock_mem)
        return true;
    erg_device_knob *mem = nvml_add_knob(dev, ERG_MEM_CLOCK);
    mem->now = app_hz(own, NVML_CLOCK_MEMORY);
    return set_values(mem, mhz, count, err);
}

bool nvml_add_knobs(erg_device *dev, erg_error *err)
{
    const nvml *own = dev->own;
    unsigned low_mw, high_mw, now_mw;

    if (own->api.limit_set && own->api.set_limit && own->api.limit_range
        && own->api.limit_range(own->gpu, &low_mw, &high_mw) == NVML_DONE
        && own->api.limit_set(own->gpu, &now_mw) == NVML_DONE) {
        erg_device_knob *limit = nvml_add_knob(dev, ERG_POWER_LIMIT);
        limit->low = 1e-3 * low_mw;
        limit->high = 1e-3 * high_mw;
        limit->now = 1e-3 * now_mw;
    }
    nvml_fan_add(dev);
    return add_clocks(dev, err) && nvml_workload_add(dev, err)
        && nvml_smoothing_add(dev, err);
}

/* ---- what it is at --------------------------------------------------------- */

static unsigned app_pair(const nvml *own, unsigned *mem_mhz, unsigned *sm_mhz)
{
    if (!own->api.app_clock || !own->api.set_app_clocks)
        return NVML_NOT_SUPPORTED;
    unsigned code = own->api.app_clock(own->gpu, NVML_CLOCK_MEMORY, mem_mhz);
    return code == NVML_DONE
        ? own->api.app_clock(own->gpu, NVML_CLOCK_GRAPHICS, sm_mhz) : code;
}

bool nvml_save(erg_device *dev, erg_knob which, erg_text *to, erg_error *err)
{
    const nvml *own = dev->own;
    const knob_hand *hand = hand_of(which);
    unsigned now, mem_mhz, sm_mhz;

    if (hand)
        return hand->save(dev, which, to, err);
    if (which == ERG_FAN)
        return nvml_fan_save(dev, to, err);
    if (which == ERG_POWER_LIMIT) {
        unsigned code = own->api.limit_set(own->gpu, &now);
        if (code != NVML_DONE)
            return erg_fail(err, ERG_IO,
                            "%s does not say its power limit (NVML code %u), so "
                            "it is not turned", dev->info.name, code);
        erg_text_add(to, "%u", now);
    } else if (which == ERG_SM_CLOCK && app_pair(own, &mem_mhz, &sm_mhz) == NVML_DONE) {
        erg_text_add(to, "%u %u", mem_mhz, sm_mhz);
    } else {
        erg_text_add(to, "%s", no_pair);
    }
    return true;
}

/* ---- turning --------------------------------------------------------------- */

static bool turn_sm(erg_device *dev, unsigned mhz, double *enforced, erg_error *err)
{
    const nvml *own = dev->own;
    unsigned code = own->api.lock_sm && own->api.unlock_sm
                        ? own->api.lock_sm(own->gpu, mhz, mhz)
                        : NVML_NOT_SUPPORTED;

    if (code == NVML_DONE)
        return true;
    if (is_refusal(code)) {
        unsigned second = own->api.set_app_clocks && own->api.app_clock
                              ? own->api.set_app_clocks(own->gpu, mem_clock(own), mhz)
                              : NVML_NOT_SUPPORTED;
        if (second == NVML_DONE) {
            *enforced = app_hz(own, NVML_CLOCK_GRAPHICS);
            return true;
        }
        if (code == NVML_NOT_SUPPORTED && second == NVML_NOT_SUPPORTED)
            return nvml_smi_lock(dev->env, nvml_gpu_name(dev), mhz, err);
        code = code == NVML_NO_PERMISSION ? code : second;
    }
    return nvml_fail_turn(dev, "SM clock", code, err);
}

bool nvml_turn(erg_device *dev, erg_knob which, double value, double *enforced,
               erg_error *err)
{
    const nvml *own = dev->own;
    const knob_hand *hand = hand_of(which);
    unsigned mhz = (unsigned)lround(1e-6 * value), code;

    if (hand)
        return hand->turn(dev, which, value, enforced, err);
    if (which == ERG_FAN)
        return nvml_fan_turn(dev, value, enforced, err);
    if (which == ERG_SM_CLOCK)
        return turn_sm(dev, mhz, enforced, err);
    if (which == ERG_MEM_CLOCK) {
        code = own->api.lock_mem(own->gpu, mhz, mhz);
        return code == NVML_DONE || nvml_fail_turn(dev, "memory clock", code, err);
    }
    code = own->api.set_limit(own->gpu, (unsigned)lround(1e3 * value));
    if (code != NVML_DONE)
        return nvml_fail_turn(dev, "power limit", code, err);
    if (nvml_read_limit(own, enforced) != NVML_DONE)
        *enforced = NAN;
    return true;
}

/* ---- putting back ------------------------------------------------------------ */

/* Takes the lock off, then sets the application clocks where they have changed. */
static bool put_back_sm(erg_device *dev, const char *saved, erg_error *err)
{
    const nvml *own = dev->own;
    unsigned mem_mhz, sm_mhz, mem_now, sm_now;
    bool has_pair = sscanf(saved, "%u %u", &mem_mhz, &sm_mhz) == 2;
    unsigned code = own->api.lock_sm && own->api.unlock_sm ? own->api.unlock_sm(own->gpu)
                                                           : NVML_NOT_SUPPORTED;

    bool same = !has_pair || (app_pair(own, &mem_now, &sm_now) == NVML_DONE
                              && mem_now == mem_mhz && sm_now == sm_mhz);
    if (code == NVML_DONE && same)
        return true;
    unsigned second = has_pair && own->api.set_app_clocks
                          ? own->api.set_app_clocks(own->gpu, mem_mhz, sm_mhz)
                          : NVML_NOT_SUPPORTED;
    /* Who may not take a lock off could not lock either. */
    if (second == NVML_DONE && (code == NVML_DONE || is_refusal(code)))
        return true;
    if (code == NVML_NOT_SUPPORTED && second == NVML_NOT_SUPPORTED)
        return nvml_smi_lock(dev->env, nvml_gpu_name(dev), 0, err);
    return nvml_fail_turn(dev, "SM clock", code == NVML_DONE ? second : code, err);
}

bool nvml_put_back(erg_device *dev, erg_knob which, const char *saved, erg_error *err)
{
    const nvml *own = dev->own;
    const knob_hand *hand = hand_of(which);
    unsigned code = NVML_NOT_SUPPORTED;
    double mw;

    if (hand)
        return hand->put_back(dev, which, saved, err);
    if (which == ERG_FAN)
        return nvml_fan_put_back(dev, saved, err);
    if (which == ERG_SM_CLOCK)
        return put_back_sm(dev, saved, err);
    if (which == ERG_MEM_CLOCK) {
        code = own->api.unlock_mem ? own->api.unlock_mem(own->gpu) : NVML_NOT_SUPPORTED;
        return code == NVML_DONE || nvml_fail_turn(dev, "memory clock", code, err);
    }
    if (!erg_number_parse(saved, strlen(saved), '.', &mw) || !(mw > 0 && mw < 1e9))
        return erg_fail(err, ERG_BAD_INPUT, "'%.40s' is no power limit of %s in mW", saved,
                        dev->info.name);
    if (own->api.set_limit)
        code = own->api.set_limit(own->gpu, (unsigned)mw);
    return code == NVML_DONE || nvml_fail_turn(dev, "power limit", code, err);
}
