/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Profiles of power for kinds of work on an NVIDIA GPU (Blackwell and later): most
 * performance, most efficiency, training, inference, and more as the board knows them.
 *
 * Several may be asked for at once, and the board settles which hold. This knob asks for
 * one; all that was asked for before is saved as a mask and asked for again. Newer
 * drivers replace in one call, older ones add and clear.
 */
#include <math.h>
#include <stdio.h>
#include "device/drivers/nvml.h"

enum { WORDS = 8, BITS = 32, PROFILES = WORDS * BITS - 1 };

static const char no_call[] = "this driver's NVML tells the profiles and has no call that "
                              "asks for one: update the NVIDIA driver";

static bool has(const nvml_mask *mask, unsigned profile)
{
    return mask->words[profile / BITS] >> profile % BITS & 1;
}

static unsigned count_of(const nvml_mask *mask)
{
    unsigned count = 0;

    for (unsigned i = 0; i < PROFILES; i++)
        count += has(mask, i);
    return count;
}

/* The profile of a mask that holds one; NAN for none and for several. */
static double only(const nvml_mask *mask)
{
    if (count_of(mask) != 1)
        return NAN;
    for (unsigned i = 0; i < PROFILES; i++)
        if (has(mask, i))
            return i;
    return NAN;
}

static unsigned now_of(const nvml *own, nvml_workloads *now)
{
    *now = (nvml_workloads){ .version = NVML_VERSION_OF(nvml_workloads, 1) };
    return own->api.workloads ? own->api.workloads(own->gpu, now) : NVML_NO_FUNCTION;
}

bool nvml_workload_add(erg_device *dev, erg_error *err)
{
    const nvml *own = dev->own;
    double values[PROFILES];
    nvml_workloads now;
    size_t count = 0;

    if (now_of(own, &now) != NVML_DONE || count_of(&now.known) == 0)
        return true;
    for (unsigned i = 0; i < PROFILES; i++)
        if (has(&now.known, i))
            values[count++] = i;
    erg_device_knob *knob = nvml_add_knob(dev, ERG_WORKLOAD_PROFILE);
    knob->now = only(&now.requested);
    if (!own->api.workload_update && !(own->api.workload_add && own->api.workload_clear)) {
        knob->can_turn = false;
        erg_text_put(knob->reason, sizeof(knob->reason), no_call);
    }
    return erg_device_knob_values(knob, values, count, err);
}

bool nvml_workload_save(erg_device *dev, erg_knob which, erg_text *to, erg_error *err)
{
    nvml_workloads now;
    unsigned code = now_of(dev->own, &now);

    (void)which;
    if (code != NVML_DONE)
        return erg_fail(err, ERG_IO,
                        "%s does not say its workload_profile (NVML code %u), "
                        "so it is not turned",
                        dev->info.name, code);
    for (size_t i = 0; i < WORDS; i++)
        erg_text_add(to, i ? " %x" : "%x", now.requested.words[i]);
    return true;
}

/* ---- asking ---------------------------------------------------------------- */

/* mask, where nothing is left to ask for, is what to clear. */
static unsigned replace(const nvml *own, const nvml_mask *mask, const nvml_mask *now)
{
    bool is_empty = count_of(mask) == 0;
    nvml_workload_update update = {
        .operation = is_empty ? NVML_WORKLOAD_CLEAR : NVML_WORKLOAD_OVERWRITE,
        .profiles = is_empty ? *now : *mask,
    };

    return own->api.workload_update ? own->api.workload_update(own->gpu, &update)
                                    : NVML_NO_FUNCTION;
}

static unsigned clear_and_add(const nvml *own, const nvml_mask *mask, const nvml_mask *now)
{
    nvml_workload_request gone = { .version = NVML_VERSION_OF(nvml_workload_request, 1) };
    nvml_workload_request come = gone;
    unsigned code = NVML_DONE;

    if (!own->api.workload_add || !own->api.workload_clear)
        return NVML_NO_FUNCTION;
    for (size_t i = 0; i < WORDS; i++) {
        gone.requested.words[i] = now->words[i] & ~mask->words[i];
        come.requested.words[i] = mask->words[i] & ~now->words[i];
    }
    if (count_of(&gone.requested))
        code = own->api.workload_clear(own->gpu, &gone);
    if (code == NVML_DONE && count_of(&come.requested))
        code = own->api.workload_add(own->gpu, &come);
    return code;
}

static bool ask(const erg_device *dev, const nvml_mask *mask, erg_error *err)
{
    const nvml *own = dev->own;
    nvml_workloads now;
    unsigned code = now_of(own, &now);

    if (code == NVML_DONE && (count_of(mask) || count_of(&now.requested)))
        code = replace(own, mask, &now.requested);
    if (code == NVML_NO_FUNCTION || code == NVML_NOT_SUPPORTED)
        code = clear_and_add(own, mask, &now.requested);
    if (code == NVML_NO_PERMISSION)
        return erg_fail(err, ERG_NO_ACCESS,
                        "workload_profile of %s may be turned by root "
                        "only: run erg as root",
                        dev->info.name);
    return code == NVML_DONE || nvml_fail_turn(dev, "workload_profile", code, err);
}

bool nvml_workload_turn(erg_device *dev, erg_knob which, double value, double *enforced,
                        erg_error *err)
{
    unsigned profile = (unsigned)value;
    nvml_mask mask = { 0 };
    nvml_workloads now;

    (void)which;
    mask.words[profile / BITS] = 1u << profile % BITS;
    if (!ask(dev, &mask, err))
        return false;
    if (now_of(dev->own, &now) == NVML_DONE)
        *enforced = has(&now.enforced, profile) ? profile : only(&now.enforced);
    return true;
}

bool nvml_workload_put_back(erg_device *dev, erg_knob which, const char *saved,
                            erg_error *err)
{
    nvml_mask mask;
    unsigned *w = mask.words;

    (void)which;
    if (sscanf(saved, "%x %x %x %x %x %x %x %x", &w[0], &w[1], &w[2], &w[3], &w[4], &w[5],
               &w[6], &w[7])
        != WORDS)
        return erg_fail(err, ERG_BAD_INPUT, "'%.80s' is no mask of workload profiles of %s",
                        saved, dev->info.name);
    return ask(dev, &mask, err);
}
