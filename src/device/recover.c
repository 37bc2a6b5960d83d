/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Putting back what dead processes left turned: every file in state_dir/knobs that is
 * of this machine and whose lock is free.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include "device/device.h"
#include "device/saved.h"

typedef enum outcome { BACK, OLD, BUSY, ELSEWHERE, FAILED } outcome;

static const char *const outcome_names[] = {
    [BACK] = "restored",
    [OLD] = "rebooted",         /* Linux or the driver put it back when they started */
    [BUSY] = "busy",
    [ELSEWHERE] = "elsewhere",  /* with another --root or --nvml */
    [FAILED] = "failed",
};

static const erg_column columns[] = {
    { "device", ERG_TEXT, "name of the device" },
    { "knob", ERG_TEXT, "name of the knob" },
    { "was", ERG_TEXT, "what it was at, in the driver's own words" },
    { "state", ERG_TEXT,
      "restored, rebooted, busy (its process lives), elsewhere or failed" },
    { "reason", ERG_TEXT, "why it could not be put back, and the cure" },
};

typedef struct recovery {
    const erg_env *env;
    erg_table *rows;
    const char *path;
    erg_error fault;            /* why it failed; its text becomes the reason */
} recovery;

/* ---- what happened -------------------------------------------------------- */

static bool row(const recovery *of, const erg_saved *saved, const erg_saved_knob *knob,
                outcome state, erg_error *err)
{
    const char *reason = of->fault.text[0] ? of->fault.text : NULL;

    return erg_table_row(of->rows, err)
        && erg_table_text(of->rows, "device", saved ? saved->device : NULL, err)
        && erg_table_text(of->rows, "knob", knob ? erg_knob_infos[knob->knob].name : NULL,
                          err)
        && erg_table_text(of->rows, "was", knob ? knob->was : NULL, err)
        && erg_table_text(of->rows, "state", outcome_names[state], err)
        && erg_table_text(of->rows, "reason", reason, err);
}

/* saved: NULL where the file could not be read. */
static bool tell(const recovery *of, const erg_saved *saved, outcome state, erg_error *err)
{
    bool good = true;

    if (!of->rows) {
        if (state == FAILED)
            erg_env_log(of->env, ERG_WARNING, "%s", of->fault.text);
        return true;
    }
    if (!saved)
        return row(of, NULL, NULL, state, err);
    for (size_t i = 0; good && i < saved->count; i++)
        good = row(of, saved, &saved->knobs[i], state, err);
    return good;
}

/* ---- putting back ----------------------------------------------------------- */

bool erg_saved_put_back(const erg_saved *saved, erg_device *dev, erg_error *err)
{
    bool good = true;

    for (size_t i = saved->count; i-- > 0;)
        good &= dev->driver->put_back
            && dev->driver->put_back(dev, saved->knobs[i].knob, saved->knobs[i].was,
                                     good ? err : NULL);
    return good;
}

static erg_device *device_of(erg_devices *found, const erg_saved *saved)
{
    for (size_t i = 0; i < found->count; i++) {
        erg_device *dev = found->items[i];
        bool same = saved->uuid[0] ? strcmp(saved->uuid, dev->info.uuid) == 0
                                   : strcmp(saved->device, dev->info.name) == 0;
        if (same && dev->state == ERG_PRESENT)
            return dev;
    }
    return NULL;
}

static bool put_back(recovery *of, const erg_saved *saved)
{
    const char *sensor = saved->driver;
    erg_error fault = { 0 };
    erg_devices *found = erg_devices_find(of->env, &sensor, 1, &fault);
    erg_device *dev = found ? device_of(found, saved) : NULL;
    bool good = dev && erg_saved_put_back(saved, dev, &fault);

    if (!good)
        erg_fail(&of->fault, ERG_IO, "%s was left turned by process %lld and cannot be put "
                 "back: %.300s", saved->device, (long long)saved->pid,
                 fault.text[0] ? fault.text : "it is not here any more");
    erg_devices_free(found);
    return good;
}

static bool is_here(const erg_saved *saved, const erg_saved *here)
{
    return strcmp(saved->host, here->host) == 0 && strcmp(saved->root, here->root) == 0
        && strcmp(saved->nvml, here->nvml) == 0;
}

/* Read again under the lock: it may have gone, or be of a new process. */
static bool recover_locked(recovery *of, const erg_saved *here, erg_saving *saving,
                           erg_error *err)
{
    erg_saved saved;

    if (!erg_saved_read(of->path, &saved, &of->fault)) {
        erg_saving_end(saving, false);
        return of->fault.code == ERG_NOT_FOUND || tell(of, NULL, FAILED, err);
    }
    outcome state = strcmp(saved.boot, here->boot) != 0 ? OLD
                  : put_back(of, &saved)                ? BACK
                                                        : FAILED;
    erg_saving_end(saving, state != FAILED);
    bool good = tell(of, &saved, state, err);
    erg_saved_free(&saved);
    return good;
}

/* Of this machine, through another door: only whoever goes through it can put it back. */
static bool tell_elsewhere(recovery *of, const erg_saved *saved, erg_error *err)
{
    erg_fail(&of->fault, ERG_NOT_FOUND, "it was turned with --root '%.150s' and --nvml "
             "'%.150s': say the same again to put it back", saved->root, saved->nvml);
    return tell(of, saved, ELSEWHERE, err);
}

static bool recover(const erg_env *env, erg_table *rows, const char *path, erg_error *err)
{
    recovery of = { .env = env, .rows = rows, .path = path };
    erg_saved seen = { 0 }, here = { 0 };
    erg_saving saving = { .lock = -1 };
    bool good = true;

    erg_saved_here(env, &here);
    bool is_read = erg_saved_read(path, &seen, &of.fault);
    if (!is_read && of.fault.code == ERG_NOT_FOUND)
        good = true;
    else if (is_read && !is_here(&seen, &here))
        good = strcmp(seen.host, here.host) != 0 || tell_elsewhere(&of, &seen, err);
    else if (!erg_saving_begin(path, 0, &saving, &of.fault))
        good = tell(&of, is_read ? &seen : NULL, BUSY, err);
    else
        good = recover_locked(&of, &here, &saving, err);
    erg_saved_free(&seen);
    return good;
}

static int is_saved(const struct dirent *entry)
{
    size_t count = strlen(entry->d_name);
    return count > 5 && strcmp(entry->d_name + count - 5, ".json") == 0;
}

bool erg_saved_recover(const erg_env *env, erg_table *rows, erg_error *err)
{
    char folder[ERG_PATH_MOST], path[ERG_PATH_MOST];
    struct dirent **names = NULL;
    bool good = true;

    if (!erg_saved_folder(env, folder, err))
        return false;
    int count = scandir(folder, &names, is_saved, alphasort);
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof(path), "%.400s/%.100s", folder, names[i]->d_name);
        good = good && recover(env, rows, path, err);
        free(names[i]);
    }
    free(names);
    return good;
}

erg_result *erg_devices_recover(const erg_env *env, erg_error *err)
{
    erg_result *result = erg_result_new("devices", err);
    erg_table *rows = result
        ? erg_result_add(result, "restored", columns, ERG_COUNT(columns),
                         err)
        : NULL;

    if (rows && (!env || !env->state_dir || erg_saved_recover(env, rows, err)))
        return result;
    erg_result_free(result);
    return NULL;
}
