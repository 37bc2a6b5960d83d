/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command as a sensor: what has no driver here (IPMI, Redfish, a PDU, a shunt) prints a
 * line of JSON a sample. It runs as long as the recording does, and is ended with it.
 *
 * A line that says no t_ns is placed in the time since the last look at the pipe, with
 * that time as its doubt.
 */
#include <math.h>
#include <poll.h>
#include <string.h>
#include "device/driver.h"
#include "device/drivers/child.h"
#include "device/drivers/exec_line.h"

enum { LINES_MOST = 64, EVENTS_MOST = 16 };
static const double first_line_s = 10;  /* a BMC takes its time */

typedef struct exec {
    erg_child child;
    erg_exec_line first;                /* which channels there are */
    bool is_open, has_ended;
    int64_t looked_ns;
    erg_exec_line lines[LINES_MOST];    /* of this look */
    size_t line_count;
    erg_error fault;                    /* of the last line that is none */
    erg_reading waiting[ERG_EXEC_VALUES];
    erg_device_event events[EVENTS_MOST];   /* not yet taken; t_ns 0: of this look */
    size_t event_count;
} exec;

/* ---- find ---------------------------------------------------------------------------- */

static bool exec_find(erg_devices *found, const char *argument, erg_error *err)
{
    if (!argument)
        return true;
    erg_device *dev = erg_devices_add(found, &erg_driver_exec, "exec", err);
    if (!dev)
        return false;
    if (!*argument || strlen(argument) >= sizeof(dev->argument))
        return erg_fail(err, ERG_BAD_INPUT,
                        "exec takes a command of up to %zu bytes, as in --sensor "
                        "'exec:/usr/local/bin/pdu outlet7': put more into a script",
                        sizeof(dev->argument) - 1);
    dev->info.scope = ERG_SCOPE_NODE;
    erg_text_put(dev->argument, sizeof(dev->argument), argument);
    return true;
}

/* ---- lines --------------------------------------------------------------------------- */

/* Beyond so many the newest are lost: the first tell why the others came. */
static void keep_event(exec *own, const erg_exec_line *line)
{
    if (!line->event[0] || own->event_count == EVENTS_MOST)
        return;
    erg_device_event *event = &own->events[own->event_count++];
    *event = (erg_device_event){ .t_ns = line->t_ns };
    erg_text_put(event->name, sizeof(event->name), line->event);
}

static void take_line(void *self, char *text)
{
    exec *own = self;

    if (own->line_count == LINES_MOST || text[strspn(text, " \t\r")] == '\0')
        return;
    erg_exec_line *line = &own->lines[own->line_count];
    bool good = erg_exec_line_parse(text, strlen(text), line, &own->fault);
    if (!good)
        line->count = 0;            /* a gap, once it is known what a line holds */
    else
        keep_event(own, line);
    bool is_event = good && line->event[0] && line->count == 0;
    own->line_count += !is_event && (good || own->is_open);
}

/* NAN: this line does not tell. */
static double value_in(const erg_exec_line *line, const erg_exec_value *of)
{
    for (size_t i = 0; i < line->count; i++)
        if (strcmp(line->values[i].name, of->name) == 0
            && strcmp(line->values[i].unit, of->unit) == 0)
            return line->values[i].value;
    return NAN;
}

/* What is ahead of now cannot have been measured. */
static erg_sample stamp_of(const exec *own, size_t k, int64_t now_ns)
{
    int64_t half_ns = (now_ns - own->looked_ns) / (int64_t)(2 * own->line_count);
    int64_t said_ns = own->lines[k].t_ns;

    if (said_ns > 0 && said_ns <= now_ns)
        return (erg_sample){ .t_ns = said_ns };
    return (erg_sample){ .t_ns = own->looked_ns + (int64_t)(2 * k + 1) * half_ns,
                         .half_width_ns = half_ns };
}

static void stamp_events(exec *own, int64_t now_ns)
{
    for (size_t i = 0; i < own->event_count; i++) {
        int64_t *t_ns = &own->events[i].t_ns;
        if (*t_ns <= 0 || *t_ns > now_ns)
            *t_ns = now_ns;
    }
}

static void look(exec *own, const erg_env *env)
{
    own->line_count = 0;
    own->has_ended = own->has_ended || !erg_child_lines(&own->child, take_line, own);
    if (own->line_count == 0 && own->event_count == 0)
        return;
    int64_t now_ns = erg_env_now_ns(env);
    stamp_events(own, now_ns);
    if (own->line_count == 0)
        return;
    for (size_t k = 0; own->is_open && k < own->line_count; k++)
        for (size_t i = 0; i < own->first.count; i++) {
            erg_reading *waiting = &own->waiting[i];
            erg_sample sample = stamp_of(own, k, now_ns);
            sample.value = value_in(&own->lines[k], &own->first.values[i]);
            if (waiting->count < ERG_READ_MOST)
                waiting->at[waiting->count++] = sample;
        }
    own->looked_ns = now_ns;
}

/* ---- the driver ---------------------------------------------------------------------- */

static bool wait_first(erg_device *dev, erg_error *err)
{
    exec *own = dev->own;
    const erg_env real = { 0 };
    int64_t until_ns = erg_env_now_ns(&real) + erg_ns_from_s(first_line_s);

    while (look(own, dev->env), own->line_count == 0) {
        int64_t left_ns = until_ns - erg_env_now_ns(&real);
        if (own->fault.code != ERG_OK)
            return erg_fail(err, ERG_BAD_INPUT, "%s: %s", dev->argument, own->fault.text);
        if (own->has_ended)
            return erg_fail(err, ERG_NOT_FOUND,
                            "%s ended without a line of JSON: try it in a "
                            "shell", dev->argument);
        if (left_ns <= 0)
            return erg_fail(err, ERG_NOT_FOUND,
                            "%s printed no line of JSON in %g s: does it "
                            "flush each line?", dev->argument, first_line_s);
        poll(&(struct pollfd){ .fd = own->child.out, .events = POLLIN }, 1,
             (int)(left_ns / ERG_NS_PER_MS) + 1);
    }
    own->first = own->lines[0];
    return own->first.count > 0
        || erg_fail(err, ERG_BAD_INPUT, "%s: its first line has no value: the keys of the "
                    "first line are the channels", dev->argument);
}

static erg_kind kind_of(const erg_exec_line *line, erg_quantity quantity)
{
    if (quantity == ERG_ENERGY)
        return ERG_COUNTER;
    return line->window_s > 0 && quantity == ERG_POWER ? ERG_AVG_PREV : ERG_INSTANT;
}

static void add_channels(erg_device *dev)
{
    const erg_exec_line *line = &((const exec *)dev->own)->first;

    erg_text_put(dev->info.model, sizeof(dev->info.model),
                 line->model[0] ? line->model : dev->argument);
    dev->info.scope = line->scope;
    for (size_t i = 0; i < line->count; i++) {
        const erg_exec_value *value = &line->values[i];
        erg_channel_info *channel =
            erg_device_channel(dev, value->name, value->quantity,
                               kind_of(line, value->quantity));
        erg_text_put(channel->unit, sizeof(channel->unit), value->unit);
        channel->update_s = line->update_s;
        channel->window_s = channel->kind == ERG_AVG_PREV ? line->window_s : 0;
        channel->gain_u = line->gain_u;
        channel->range_j = channel->kind == ERG_COUNTER ? line->range_j : 0;
    }
}

static bool exec_open(erg_device *dev, erg_error *err)
{
    exec *own = erg_device_state(dev, sizeof(*own), err);
    const char *const arguments[] = { "/bin/sh", "-c", dev->argument, NULL };

    if (!own)
        return false;
    own->looked_ns = erg_env_now_ns(dev->env);
    if (!erg_child_start(&own->child, arguments, err) || !wait_first(dev, err))
        return false;
    add_channels(dev);
    own->is_open = true;
    return true;
}

static bool exec_read(erg_device *dev, size_t channel, erg_reading *out, erg_error *err)
{
    exec *own = dev->own;

    look(own, dev->env);
    *out = own->waiting[channel];
    own->waiting[channel].count = 0;
    return !own->has_ended || out->count > 0
        || erg_fail(err, ERG_IO, "%s has ended", dev->argument);
}

static bool exec_event(erg_device *dev, erg_device_event *out)
{
    exec *own = dev->own;

    if (own->event_count == 0)
        return false;
    *out = own->events[0];
    own->event_count--;
    memmove(own->events, own->events + 1, own->event_count * sizeof(own->events[0]));
    return true;
}

static void exec_close(erg_device *dev)
{
    erg_child_stop(&((exec *)dev->own)->child);
}

const erg_driver erg_driver_exec = {
    .name = "exec",
    .about = "a command that prints a line of JSON a sample (IPMI, Redfish, a PDU)",
    .asked_only = true,
    .find = exec_find,
    .open = exec_open,
    .read = exec_read,
    .close = exec_close,
    .event = exec_event,
};
