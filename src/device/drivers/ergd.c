/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sensors of the daemon of this machine, for who may not read them himself. ergd reads
 * them at its own period and says when: a reading that has been seen is not given twice.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/socket.h"
#include "device/driver.h"
#include "erg/govern.h"
#include "format/json.h"

static const char question[] = "{\"do\": \"sensors\"}\n";
static const double wait_s = 1, poll_s = 0.04;

typedef struct daemon_state {
    char socket[ERG_PATH_MOST], device[32];
    json_t *answer;                     /* the last; NULL: none came */
    int64_t asked_ns;
    int64_t given_ns[ERG_CHANNELS_MOST];    /* stamp of what was last handed out */
} daemon_state;

/* ---- asking ---------------------------------------------------------------- */

static json_t *ask(const char *socket, erg_error *err)
{
    size_t count;
    char *text = erg_socket_ask(socket, question, wait_s, &count, err);
    json_t *root = text ? erg_json_parse("ergd", text, count, err) : NULL;
    const char *refusal = json_string_value(json_object_get(root, "error"));

    free(text);
    if (!refusal)
        return root;
    erg_fail(err, ERG_NO_ACCESS, "ergd: %.300s", refusal);
    json_decref(root);
    return NULL;
}

static const json_t *rows_of(const json_t *answer)
{
    return json_object_get(json_object_get(answer, "tables"), "sensors");
}

static const char *text_of(const json_t *row, const char *key)
{
    const char *text = json_string_value(json_object_get(row, key));
    return text ? text : "";
}

/* The number that a word of a table stands for; otherwise where it is none. */
static int number_of(const char *word, const char *(*name_of)(int), int count,
                     int otherwise)
{
    for (int i = 0; i < count; i++)
        if (strcmp(word, name_of(i)) == 0)
            return i;
    return otherwise;
}

static const char *kind_name(int at) { return erg_kind_name((erg_kind)at); }
static const char *method_name(int at) { return erg_method_name((erg_method)at); }
static const char *scope_name(int at) { return erg_scope_name((erg_scope)at); }
static const char *quantity_name(int at) { return erg_quantity_name((erg_quantity)at); }

static erg_scope scope_of(const json_t *row)
{
    return (erg_scope)number_of(text_of(row, "scope"), scope_name, ERG_SCOPE_NODE + 1,
                                ERG_SCOPE_CHIP);
}

/* ---- find ------------------------------------------------------------------- */

static bool is_known(const erg_devices *found, size_t first, const char *name)
{
    for (size_t i = first; i < erg_devices_count(found); i++)
        if (strcmp(erg_devices_info(found, i)->name, name) == 0)
            return true;
    return false;
}

static bool add_device(erg_devices *found, size_t first, const char *socket,
                       const json_t *row, erg_error *err)
{
    const char *device = text_of(row, "device");
    char name[32];

    if (snprintf(name, sizeof(name), "ergd:%s", device) >= (int)sizeof(name)
        || is_known(found, first, name))
        return true;
    erg_device *dev = erg_devices_add(found, &erg_driver_ergd, name, err);
    if (!dev)
        return false;
    dev->info.scope = scope_of(row);
    erg_text_put(dev->info.uuid, sizeof(dev->info.uuid), text_of(row, "uuid"));
    erg_text_put(dev->info.model, sizeof(dev->info.model), text_of(row, "model"));
    erg_text_put(dev->argument, sizeof(dev->argument), socket);
    return true;
}

/* Unasked, a machine without the daemon is no news. */
static bool ergd_find(erg_devices *found, const char *argument, erg_error *err)
{
    size_t first = erg_devices_count(found), index;
    char socket[ERG_PATH_MOST];
    erg_error fault = { 0 };
    const json_t *row;
    bool good = true;

    if (argument && *argument)
        erg_text_put(socket, sizeof(socket), argument);
    else if (!erg_path_join(erg_devices_env(found), ERG_GOVERN_SOCKET, socket, err))
        return false;
    json_t *answer = ask(socket, &fault);
    if (!answer)
        return (!argument && fault.code == ERG_NOT_FOUND)
               || erg_devices_absent(found, &erg_driver_ergd,
                                     fault.code == ERG_NO_ACCESS ? ERG_DENIED : ERG_ABSENT,
                                     err, "%.300s", fault.text);
    json_array_foreach(rows_of(answer), index, row)
        good = good && add_device(found, first, socket, row, err);
    json_decref(answer);
    return good;
}

/* ---- open ------------------------------------------------------------------------ */

static double or_zero(const json_t *row, const char *key)
{
    double value = erg_json_number_of(row, key);
    return isnan(value) ? 0 : value;
}

static void add_channel(erg_device *dev, const json_t *row)
{
    const erg_quantity quantity = (erg_quantity)number_of(
        text_of(row, "quantity"), quantity_name, ERG_OTHER + 1, ERG_OTHER);
    const erg_kind kind =
        (erg_kind)number_of(text_of(row, "kind"), kind_name, ERG_COUNTER + 1, ERG_INSTANT);
    erg_channel_info *is = erg_device_channel(dev, text_of(row, "channel"), quantity, kind);

    if (!is)
        return;
    erg_text_put(is->unit, sizeof(is->unit), text_of(row, "unit"));
    is->method = (erg_method)number_of(text_of(row, "method"), method_name,
                                       ERG_METHOD_SIMULATED + 1, ERG_METHOD_MODEL);
    is->scope = scope_of(row);
    is->update_s = or_zero(row, "update_period_s");
    is->window_s = or_zero(row, "window_s");
    is->delay_s = or_zero(row, "delay_s");
    is->gain = or_zero(row, "gain");
    is->offset = or_zero(row, "offset");
    is->gain_u = or_zero(row, "gain_u");
    is->offset_u = or_zero(row, "offset_u");
    is->range_j = or_zero(row, "range_j");
    is->resolution = or_zero(row, "resolution");
    is->max_w = or_zero(row, "max_w");
}

static bool is_ours(const daemon_state *own, const json_t *row)
{
    return strcmp(text_of(row, "device"), own->device) == 0;
}

static bool ergd_open(erg_device *dev, erg_error *err)
{
    daemon_state *own = erg_device_state(dev, sizeof(*own), err);
    const json_t *row;
    size_t index;

    if (!own)
        return false;
    erg_text_put(own->socket, sizeof(own->socket), dev->argument);
    erg_text_put(own->device, sizeof(own->device), dev->info.name + strlen("ergd:"));
    own->answer = ask(own->socket, err);
    own->asked_ns = erg_env_now_ns(dev->env);
    json_array_foreach(rows_of(own->answer), index, row)
        if (is_ours(own, row))
            add_channel(dev, row);
    return own->answer
        && (dev->channel_count > 0
            || erg_fail(err, ERG_NOT_FOUND, "ergd has no %s any more", own->device));
}

static void ergd_close(erg_device *dev)
{
    daemon_state *own = dev->own;
    json_decref(own->answer);
}

/* ---- read --------------------------------------------------------------------------- */

/* A daemon that has ended may be started again: until then nothing is known. */
static void refresh(const erg_device *dev, daemon_state *own)
{
    int64_t now_ns = erg_env_now_ns(dev->env);

    if (erg_s_from_ns(now_ns - own->asked_ns) < poll_s)
        return;
    own->asked_ns = now_ns;
    json_decref(own->answer);
    own->answer = ask(own->socket, NULL);
}

static const json_t *find_row(const daemon_state *own, const char *channel)
{
    const json_t *row;
    size_t index;

    json_array_foreach(rows_of(own->answer), index, row)
        if (is_ours(own, row) && strcmp(text_of(row, "channel"), channel) == 0)
            return row;
    return NULL;
}

static bool ergd_read(erg_device *dev, size_t channel, erg_reading *out, erg_error *err)
{
    daemon_state *own = dev->own;
    (void)err;

    refresh(dev, own);
    const json_t *row = find_row(own, dev->channels[channel].name);
    int64_t t_ns = json_integer_value(json_object_get(row, "t_ns"));
    if (!row) {
        erg_reading_put(out, NAN);
    } else if (t_ns > own->given_ns[channel]) {
        erg_reading_put(out, erg_json_number_of(row, "value"));
        out->at[out->count - 1].t_ns = own->given_ns[channel] = t_ns;
    }
    return true;
}

const erg_driver erg_driver_ergd = {
    .name = "ergd",
    .about = "the sensors of this machine's daemon (ergd[:SOCKET])",
    .fallback = true,
    .find = ergd_find,
    .open = ergd_open,
    .read = ergd_read,
    .close = ergd_close,
};
