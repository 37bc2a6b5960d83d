/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The driver's own buffer of power samples: every value of the sensor with the time at
 * which it was taken, so that nothing between two looks is missed. Stamps are those of the
 * machine's UTC clock. Where the buffer stops being filled the power is polled instead: it
 * is never worse than that.
 * Source: NVML API reference, nvmlDeviceGetSamples.
 */
#include <math.h>
#include <stdlib.h>
#include "device/drivers/nvml.h"

enum { ROOM_MOST = 4096, KNOWN_LEAST = 8, DRY_INTERVALS = 10 };
static const double longest_s = 0.1; /* between two samples: else polling is as good */
static const int64_t stamp_ns = ERG_NS_PER_MS, oldest_ns = 3600 * ERG_NS_PER_S;

static unsigned fetch(const nvml *own, unsigned long long since_us, unsigned *count,
                      unsigned *type)
{
    *count = own->samples.room_count;
    unsigned code = own->api.samples(own->gpu, NVML_TOTAL_POWER, since_us, type, count,
                                     own->samples.room);
    if (code != NVML_DONE || *count > own->samples.room_count)
        *count = 0;
    return code == NVML_NOT_FOUND ? NVML_DONE : code; /* nothing new */
}

/* The mean: one with gaps counts as less dense than it is. */
static double interval_s(const nvml *own, unsigned count)
{
    const nvml_sample *room = own->samples.room;

    if (count < KNOWN_LEAST || room[count - 1].utc_us <= room[0].utc_us)
        return NAN;
    return 1e-6 * (double)(room[count - 1].utc_us - room[0].utc_us) / (count - 1);
}

bool nvml_samples_open(nvml *own, erg_error *err)
{
    nvml_samples *buffer = &own->samples;
    unsigned count = 0, type = 0;

    *buffer = (nvml_samples){ .channel = SIZE_MAX, .interval_s = NAN };
    if (!own->api.samples || !own->api.power
        || own->api.samples(own->gpu, NVML_TOTAL_POWER, 0, &type, &count, NULL) != NVML_DONE
        || count == 0)
        return true;
    buffer->room_count = count < ROOM_MOST ? count : ROOM_MOST;
    buffer->room = calloc(buffer->room_count, sizeof(*buffer->room));
    if (!buffer->room)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory for the samples of a GPU");
    if (fetch(own, 0, &count, &type) == NVML_DONE && count)
        buffer->seen_us = buffer->room[count - 1].utc_us;
    buffer->interval_s = interval_s(own, count);
    return true;
}

bool nvml_samples_are_dense(const nvml *own)
{
    return own->samples.interval_s <= longest_s;
}

void nvml_samples_close(nvml *own)
{
    free(own->samples.room);
    own->samples.room = NULL;
}

/* Later than the last; no later than now. */
static void put(nvml_samples *buffer, int64_t t_ns, double value, erg_reading *out)
{
    if (t_ns <= buffer->last_ns)
        return;
    buffer->last_ns = t_ns;
    out->at[out->count++] =
        (erg_sample){ .t_ns = t_ns, .half_width_ns = stamp_ns, .value = value };
}

static void poll(const erg_device *dev, int64_t now_ns, erg_reading *out)
{
    nvml *own = dev->own;
    nvml_samples *buffer = &own->samples;
    unsigned mw;
    int64_t wait_ns = erg_ns_from_s(DRY_INTERVALS * buffer->interval_s);

    if (buffer->fresh_ns == 0) /* the first look */
        buffer->fresh_ns = now_ns;
    if (now_ns - buffer->fresh_ns > wait_ns && own->api.power(own->gpu, &mw) == NVML_DONE)
        put(buffer, now_ns, 1e-3 * nvml_narrow(mw), out);
}

unsigned nvml_samples_read(erg_device *dev, erg_reading *out)
{
    nvml *own = dev->own;
    nvml_samples *buffer = &own->samples;
    unsigned count, type, code = fetch(own, buffer->seen_us, &count, &type);
    int64_t now_ns = erg_env_now_ns(dev->env), utc_ns = erg_env_utc_ns(dev->env);

    for (unsigned i = 0; i < count && out->count < ERG_READ_MOST; i++) {
        const nvml_sample *sample = &buffer->room[i];
        int64_t ago_ns = utc_ns - (int64_t)(1000 * sample->utc_us);
        if (sample->utc_us <= buffer->seen_us)
            continue;
        buffer->seen_us = sample->utc_us;
        if (ago_ns < -stamp_ns || ago_ns > oldest_ns)
            continue; /* of another clock: the polls take over */
        put(buffer, now_ns - (ago_ns > 0 ? ago_ns : 0),
            1e-3 * nvml_value_of(type, &sample->value), out);
        buffer->fresh_ns = now_ns;
    }
    if (out->count == 0)
        poll(dev, now_ns, out);
    return code == NVML_LOST ? code : NVML_DONE;
}
