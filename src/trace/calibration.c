/* SPDX-License-Identifier: Apache-2.0 */
/* sensors.json: {"format": 1, "sensors": [{uuid, driver, channel, date, gain, ...}]}. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "trace/calibration.h"

enum { FILE_MOST = 1 << 20 };

#define TEXT(field)                                                                        \
    {                                                                                      \
#field, offsetof(erg_calibration, field), sizeof(((erg_calibration *)0)->field)    \
    }
#define REAL(field)                                                                        \
    {                                                                                      \
#field, offsetof(erg_calibration, field)                                           \
    }

static const struct {
    const char *key;
    size_t at, size;
} texts[] = {
    TEXT(uuid),
    TEXT(driver),
    TEXT(channel),
    TEXT(date),
};

static const struct {
    const char *key;
    size_t at;
} reals[] = {
    REAL(gain), REAL(offset), REAL(gain_u), REAL(window_s), REAL(update_s),
};

static bool path_of(const erg_env *env, char to[ERG_PATH_MOST], erg_error *err)
{
    int length = snprintf(to, ERG_PATH_MOST, "%s/sensors.json", env->state_dir);

    return length < ERG_PATH_MOST
           || erg_fail(err, ERG_BAD_INPUT, "the path of the state folder is too long: %s",
                       env->state_dir);
}

static double *real_of(erg_calibration *record, size_t i)
{
    return (double *)(void *)((char *)record + reals[i].at);
}

static bool read_record(const json_t *from, erg_calibration *to)
{
    *to = (erg_calibration){ 0 };
    for (size_t i = 0; i < ERG_COUNT(texts); i++) {
        const char *text = json_string_value(json_object_get(from, texts[i].key));
        if (text)
            erg_text_put((char *)to + texts[i].at, texts[i].size, text);
    }
    for (size_t i = 0; i < ERG_COUNT(reals); i++) {
        const json_t *value = json_object_get(from, reals[i].key);
        *real_of(to, i) = json_is_number(value) ? json_number_value(value) : NAN;
    }
    /* A gain of 0 would divide, one far from 1 is another unit. */
    return *to->uuid && *to->channel && to->gain > 0.1 && to->gain < 10
           && !isnan(to->offset);
}

static bool read_all(const json_t *list, const char *path, erg_calibrations *out,
                     erg_error *err)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        erg_calibration record;

        if (!read_record(json_array_get(list, i), &record))
            return erg_fail(
                err, ERG_BAD_INPUT,
                "%s: sensor %zu needs a uuid, a channel, a gain from 0.1 to 10 and "
                "an offset: mend it or remove it",
                path, i + 1);
        if (!erg_calibrations_put(out, &record, err))
            return false;
    }
    return true;
}

bool erg_calibrations_load(const erg_env *env, erg_calibrations *out, erg_error *err)
{
    char path[ERG_PATH_MOST];
    json_error_t where;
    size_t count;

    *out = (erg_calibrations){ 0 };
    if (!env || !env->state_dir)
        return true;
    if (!path_of(env, path, err))
        return false;
    /* A home that we may not look into is somebody else's: su and containers keep HOME. */
    if (access(path, F_OK) != 0 && (errno == ENOENT || errno == EACCES))
        return true;

    char *text = erg_file_read(path, FILE_MOST, &count, err);
    if (!text)
        return false;
    json_t *root = json_loadb(text, count, 0, &where);
    const json_t *list = json_object_get(root, "sensors");
    bool ok =
        json_is_array(list)
            ? read_all(list, path, out, err)
            : erg_fail(err, ERG_BAD_INPUT, "%s:%d: expected {\"sensors\": [...]}: %s", path,
                       root ? 1 : where.line, root ? "there is none" : where.text);
    json_decref(root);
    free(text);
    if (!ok)
        erg_calibrations_free(out);
    return ok;
}

static json_t *record_json(const erg_calibration *record)
{
    json_t *to = json_object();
    erg_calibration copy = *record;

    for (size_t i = 0; i < ERG_COUNT(texts); i++)
        json_object_set_new(to, texts[i].key,
                            json_string((const char *)&copy + texts[i].at));
    for (size_t i = 0; i < ERG_COUNT(reals); i++) {
        double value = *real_of(&copy, i);
        json_object_set_new(to, reals[i].key,
                            isnan(value) ? json_null() : json_real(value));
    }
    return to;
}

bool erg_calibrations_save(const erg_env *env, const erg_calibrations *from, erg_error *err)
{
    char path[ERG_PATH_MOST];
    erg_aside aside;

    if (!env || !env->state_dir)
        return erg_fail(err, ERG_BAD_INPUT,
                        "no state folder is set to keep calibrations in");
    if (!erg_folder_make(env->state_dir, err))
        return false;
    if (!path_of(env, path, err) || !erg_aside_begin(&aside, path, err))
        return false;

    json_t *root = json_pack("{s:i, s:[]}", "format", 1, "sensors");
    json_t *list = json_object_get(root, "sensors");
    for (size_t i = 0; i < from->count; i++)
        json_array_append_new(list, record_json(&from->at[i]));
    bool ok = root && json_array_size(list) == from->count
              && json_dumpf(root, aside.stream, JSON_INDENT(2)) == 0;
    json_decref(root);
    if (!ok)
        erg_fail(err, ERG_IO, "cannot write %s", path);
    return erg_aside_end(&aside, ok, ok ? err : NULL) && ok;
}

void erg_calibrations_free(erg_calibrations *calibrations)
{
    free(calibrations->at);
    *calibrations = (erg_calibrations){ 0 };
}

bool erg_calibrations_put(erg_calibrations *to, const erg_calibration *record,
                          erg_error *err)
{
    for (size_t i = 0; i < to->count; i++) {
        erg_calibration *old = &to->at[i];

        if (strcmp(old->uuid, record->uuid) == 0 && strcmp(old->driver, record->driver) == 0
            && strcmp(old->channel, record->channel) == 0) {
            *old = *record;
            return true;
        }
    }
    if (!erg_grow((void **)&to->at, &to->capacity, to->count, sizeof(*to->at), err))
        return false;
    to->at[to->count++] = *record;
    return true;
}

const erg_calibration *erg_calibrations_find(const erg_calibrations *in,
                                             const erg_device_info *device,
                                             const char *channel)
{
    for (size_t i = 0; i < in->count; i++) {
        const erg_calibration *record = &in->at[i];
        bool any_driver = *record->driver == '\0';

        if (*device->uuid && strcmp(record->uuid, device->uuid) == 0
            && (any_driver || strcmp(record->driver, device->driver) == 0)
            && strcmp(record->channel, channel) == 0)
            return record;
    }
    return NULL;
}

void erg_calibration_apply(const erg_calibration *record, erg_channel_info *channel)
{
    char name[160];

    channel->gain = record->gain;
    channel->offset = record->offset;
    if (!isnan(record->gain_u))
        channel->gain_u = record->gain_u;
    if (record->window_s > 0)
        channel->window_s = record->window_s;
    if (record->update_s > 0)
        channel->update_s = record->update_s;
    snprintf(name, sizeof(name), "%s %s %s", record->uuid, record->driver, record->date);
    erg_text_put(channel->calibration, sizeof(channel->calibration), name);
}
