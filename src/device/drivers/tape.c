/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recording played as devices, from its first sample at the moment of opening:
 * at speed on the real clock, at once under a manual one. What was recorded keeps
 * its method, stamps keep their distances and half-widths, and a read hands out
 * whatever the recording saw since the last one.
 */
#include <stdlib.h>
#include <string.h>
#include "device/driver.h"
#include "trace/tape.h"

enum { TAPE_BYTES_MOST = 1 << 29 };

/* One file, shared by all its devices so that they stay in step. */
typedef struct reel {
    erg_trace *trace;
    size_t holders;
    int64_t first_ns;       /* of all samples */
    int64_t start_ns;       /* when that is played; 0: not yet begun */
} reel;

typedef struct player {
    reel *reel;
    int device;             /* in the recording */
    int channel[ERG_CHANNELS_MOST];
    size_t next[ERG_CHANNELS_MOST];
} player;

static void reel_release(reel *one)
{
    if (!one || --one->holders > 0)
        return;
    erg_trace_free(one->trace);
    free(one);
}

static erg_trace *read_text(const char *path, erg_error *err)
{
    size_t size;
    char *bytes = erg_file_read(path, TAPE_BYTES_MOST, &size, err);
    erg_trace *trace = bytes ? erg_trace_new(err) : NULL;

    if (trace && !erg_tape_read(trace, path, bytes, size, err)) {
        erg_trace_free(trace);
        trace = NULL;
    }
    free(bytes);
    return trace;
}

static int64_t first_sample_ns(const erg_trace *trace)
{
    int64_t first_ns = INT64_MAX;

    for (size_t i = 0; i < erg_trace_channel_count(trace); i++) {
        size_t count;
        const erg_sample *samples = erg_trace_samples(trace, (int)i, &count);
        if (count && samples[0].t_ns < first_ns)
            first_ns = samples[0].t_ns;
    }
    return first_ns;
}

static reel *reel_load(const char *path, erg_error *err)
{
    char magic[16];
    if (!erg_file_line(path, magic, sizeof(magic), err))
        return NULL;
    erg_trace *trace = strcmp(magic, "SQLite format 3") == 0 ? erg_trace_load(path, err)
                                                             : read_text(path, err);
    reel *one = trace ? calloc(1, sizeof(*one)) : NULL;
    if (!one) {
        if (trace)
            erg_fail(err, ERG_NO_MEMORY, "out of memory for tape %s", path);
        erg_trace_free(trace);
        return NULL;
    }
    *one = (reel){ .trace = trace, .holders = 1, .first_ns = first_sample_ns(trace) };
    return one;
}

static bool add_device(erg_devices *found, reel *one, int index, erg_error *err)
{
    const erg_device_info *recorded = erg_trace_device(one->trace, index);
    erg_device *dev = erg_devices_add(found, &erg_driver_tape, recorded->name, err);
    player *own = dev ? erg_device_state(dev, sizeof(*own), err) : NULL;

    if (!own)
        return false;
    *own = (player){ .reel = one, .device = index };
    one->holders++;
    dev->info = *recorded;
    erg_text_put(dev->info.driver, sizeof(dev->info.driver), "tape");
    return true;
}

static bool tape_find(erg_devices *found, const char *argument, erg_error *err)
{
    if (!argument || !argument[0])
        return erg_fail(err, ERG_BAD_INPUT, "tape needs a file, as in tape:a.erg");

    reel *one = reel_load(argument, err);
    if (!one)
        return false;
    size_t count = erg_trace_device_count(one->trace);
    bool good = one->first_ns < INT64_MAX
        || erg_fail(err, ERG_NO_DATA, "%s holds no samples to play", argument);
    for (size_t i = 0; good && i < count; i++)
        good = add_device(found, one, (int)i, err);
    reel_release(one);
    return good;
}

static bool tape_open(erg_device *dev, erg_error *err)
{
    player *own = dev->own;
    const erg_trace *trace = own->reel->trace;
    size_t total = erg_trace_channel_count(trace);
    (void)err;

    for (size_t i = 0; i < total; i++) {
        const erg_channel_info *recorded = erg_trace_channel(trace, (int)i);
        if (recorded->device != own->device)
            continue;
        erg_channel_info *channel =
            erg_device_channel(dev, recorded->name, recorded->quantity, recorded->kind);
        if (!channel) {
            erg_env_log(dev->env, ERG_WARNING,
                        "tape: %s has more than %d channels: the rest "
                        "is not played", dev->info.name, ERG_CHANNELS_MOST);
            break;
        }
        *channel = *recorded;
        channel->device = 0;
        own->channel[dev->channel_count - 1] = (int)i;
    }
    if (own->reel->start_ns == 0)
        own->reel->start_ns = erg_env_now_ns(dev->env);
    return true;
}

static bool tape_read(erg_device *dev, size_t channel, erg_reading *out, erg_error *err)
{
    player *own = dev->own;
    const reel *from = own->reel;
    int64_t played_ns = erg_env_now_ns(dev->env) - from->start_ns;
    size_t count;
    const erg_sample *samples = erg_trace_samples(from->trace,
                                                  own->channel[channel], &count);
    size_t *next = &own->next[channel];
    (void)err;

    while (*next < count && out->count < ERG_READ_MOST
           && samples[*next].t_ns - from->first_ns <= played_ns) {
        erg_sample one = samples[(*next)++];
        one.t_ns += from->start_ns - from->first_ns;
        out->at[out->count++] = one;
    }
    return true;
}

static void tape_close(erg_device *dev)
{
    player *own = dev->own;
    reel_release(own->reel);
}

const erg_driver erg_driver_tape = {
    .name = "tape",
    .about = "a recording played back: tape:FILE, .erg or '# erg tape 1'",
    .asked_only = true,
    .find = tape_find,
    .open = tape_open,
    .read = tape_read,
    .close = tape_close,
};
