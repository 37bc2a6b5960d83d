/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fans of an NVIDIA GPU, all of them as one knob.
 *
 * Setting a speed makes NVML hold it, whatever the temperature, until the automatic policy
 * is asked for again: to set the speed that was read before would leave the fan held. So
 * what is saved is each fan's policy, and a fan whose policy is not told was automatic.
 */
#include <math.h>
#include <string.h>
#include "device/drivers/nvml.h"

enum { FANS_MOST = 16 };
static const char automatic[] = "auto";

static unsigned fan_count(const nvml *own)
{
    unsigned count = 0;

    if (!own->api.fans || !own->api.set_fan || !own->api.free_fan
        || own->api.fans(own->gpu, &count) != NVML_DONE)
        return 0;
    return count < FANS_MOST ? count : FANS_MOST;
}

/* The speed that it is held at; false: it follows the driver. */
static bool is_held(const nvml *own, unsigned fan, unsigned *percent)
{
    unsigned policy = NVML_FAN_AUTOMATIC;

    return own->api.fan_policy && own->api.fan_target
           && own->api.fan_policy(own->gpu, fan, &policy) == NVML_DONE
           && policy == NVML_FAN_MANUAL
           && own->api.fan_target(own->gpu, fan, percent) == NVML_DONE;
}

void nvml_fan_add(erg_device *dev)
{
    const nvml *own = dev->own;
    unsigned low = 0, high = 100, now;

    if (fan_count(own) == 0)
        return;
    if (own->api.fan_range)
        own->api.fan_range(own->gpu, &low, &high);
    erg_device_knob *knob = nvml_add_knob(dev, ERG_FAN);
    knob->low = low / 100.0;
    knob->high = high / 100.0;
    knob->now = is_held(own, 0, &now) ? now / 100.0 : NAN;
}

/* A word for each fan. */
bool nvml_fan_save(erg_device *dev, erg_text *to, erg_error *err)
{
    const nvml *own = dev->own;
    unsigned count = fan_count(own), percent;

    if (count == 0)
        return erg_fail(err, ERG_IO, "%s does not say its fans any more, so they are not "
                        "turned", dev->info.name);
    for (unsigned i = 0; i < count; i++) {
        erg_text_add(to, i ? " " : "");
        if (is_held(own, i, &percent))
            erg_text_add(to, "%u", percent);
        else
            erg_text_add(to, "%s", automatic);
    }
    return true;
}

bool nvml_fan_turn(erg_device *dev, double share, double *enforced, erg_error *err)
{
    const nvml *own = dev->own;
    unsigned count = fan_count(own), percent;

    for (unsigned i = 0; i < count; i++) {
        unsigned code = own->api.set_fan(own->gpu, i, (unsigned)lround(100 * share));
        if (code != NVML_DONE)
            return nvml_fail_turn(dev, "fan", code, err);
    }
    *enforced = count && is_held(own, 0, &percent) ? percent / 100.0 : NAN;
    return true;
}

static bool put_one(erg_device *dev, unsigned fan, const char *word, erg_error *err)
{
    const nvml *own = dev->own;
    double percent = NAN;
    bool is_automatic = strcmp(word, automatic) == 0;

    if (!is_automatic
        && !(erg_number_parse(word, strlen(word), '.', &percent) && percent >= 0
             && percent <= 100))
        return erg_fail(err, ERG_BAD_INPUT, "'%.40s' is no speed of a fan of %s in percent",
                        word, dev->info.name);
    unsigned code = NVML_NOT_SUPPORTED;
    if (is_automatic && own->api.free_fan)
        code = own->api.free_fan(own->gpu, fan);
    else if (own->api.set_fan && !is_automatic)
        code = own->api.set_fan(own->gpu, fan, (unsigned)percent);
    return code == NVML_DONE || nvml_fail_turn(dev, "fan", code, err);
}

/* All are tried: one that fails must not keep the others held. */
bool nvml_fan_put_back(erg_device *dev, const char *saved, erg_error *err)
{
    char copy[16 * FANS_MOST], *rest = NULL;
    unsigned fan = 0;
    bool good = true;

    erg_text_put(copy, sizeof(copy), saved);
    for (char *word = strtok_r(copy, " ", &rest); word && fan < FANS_MOST;
         word = strtok_r(NULL, " ", &rest))
        good &= put_one(dev, fan++, word, good ? err : NULL);
    return good;
}
