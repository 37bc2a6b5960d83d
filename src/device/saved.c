/* SPDX-License-Identifier: Apache-2.0 */
/* {"format": 1, "pid", "driver", "device", ..., "knobs": [{"knob", "was"}]}. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "device/saved.h"

enum { FILE_MOST = 1 << 20, FORMAT = 1 };
static const char cure[] = "compare the clocks and limits of this machine with what they "
                           "should be, then remove the file";

#define TEXT(field) { #field, offsetof(erg_saved, field), sizeof(((erg_saved *)0)->field) }

static const struct {
    const char *key;
    size_t at, size;
} texts[] = {
    TEXT(driver), TEXT(device), TEXT(uuid), TEXT(host), TEXT(boot), TEXT(root), TEXT(nvml),
};

/* ---- where -------------------------------------------------------------- */

bool erg_saved_folder(const erg_env *env, char to[ERG_PATH_MOST], erg_error *err)
{
    if (!env || !env->state_dir)
        return erg_fail(err, ERG_REFUSED, "there is no state folder to save in what a knob "
                        "was at, so nothing is turned: set HOME or XDG_STATE_HOME");
    int count = snprintf(to, ERG_PATH_MOST, "%s/knobs", env->state_dir);
    return (count > 0 && count < ERG_PATH_MOST - 64)
        || erg_fail(err, ERG_BAD_INPUT, "path too long: %.80s...", env->state_dir);
}

static void whole_path(const char *path, char to[ERG_PATH_MOST])
{
    char *real = path && *path ? realpath(path, NULL) : NULL;
    erg_text_put(to, ERG_PATH_MOST, real ? real : path ? path : "");
    free(real);
}

/* What was turned before a reboot is back already: the boot is part of the place. */
void erg_saved_here(const erg_env *env, erg_saved *to)
{
    if (!erg_env_line(env, "/proc/sys/kernel/hostname", to->host, sizeof(to->host), NULL))
        erg_text_put(to->host, sizeof(to->host), "localhost");
    if (!erg_env_line(env, "/proc/sys/kernel/random/boot_id", to->boot,
                      sizeof(to->boot), NULL))
        to->boot[0] = '\0';
    whole_path(env->root, to->root);
    whole_path(env->nvml, to->nvml);
}

static uint64_t mix(uint64_t hash, const char *text)
{
    for (const char *c = text; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 1099511628211u;
    return (hash ^ 0xff) * 1099511628211u;  /* ends the text, so that ab+c is not a+bc */
}

/* A home may be shared by many machines, and one machine by many jobs. */
void erg_saved_path(const char *folder, const erg_saved *of, char to[ERG_PATH_MOST])
{
    const char *parts[] = { of->host, of->root, of->nvml, of->driver,
                            of->uuid[0] ? of->uuid : of->device };
    uint64_t hash = 14695981039346656037u;

    for (size_t i = 0; i < ERG_COUNT(parts); i++)
        hash = mix(hash, parts[i]);
    snprintf(to, ERG_PATH_MOST, "%.440s/%016" PRIx64 ".json", folder, hash);
}

/* ---- the lock ------------------------------------------------------------ */

static bool lock_wait(int fd, double wait_s)
{
    const erg_env real = { 0 };
    int64_t until_ns = erg_env_now_ns(&real) + erg_ns_from_s(wait_s);

    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return false;
        if (erg_env_now_ns(&real) >= until_ns)
            return false;
        erg_env_sleep_until_ns(&real, erg_env_now_ns(&real) + 10 * ERG_NS_PER_MS);
    }
    return true;
}

/* What a process that was killed while it wrote has left aside. */
static void sweep_parts(const char *path)
{
    char pattern[ERG_PATH_MOST];
    glob_t parts = { 0 };

    snprintf(pattern, sizeof(pattern), "%.480s.part-*", path);
    if (glob(pattern, 0, NULL, &parts) == 0)
        for (size_t i = 0; i < parts.gl_pathc; i++)
            unlink(parts.gl_pathv[i]);
    globfree(&parts);
}

bool erg_saving_begin(const char *path, double wait_s, erg_saving *out, erg_error *err)
{
    char lock[ERG_PATH_MOST];

    erg_text_put(out->path, sizeof(out->path), path);
    snprintf(lock, sizeof(lock), "%.*s.lock", (int)(strlen(path) - strlen(".json")), path);
    out->lock = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (out->lock < 0)
        return erg_fail(err, ERG_IO, "cannot write %s: %s", lock, strerror(errno));
    if (lock_wait(out->lock, wait_s)) {
        sweep_parts(path);
        return true;
    }
    close(out->lock);
    out->lock = -1;
    return erg_fail(err, ERG_REFUSED,
                    "another process of erg turns this device: wait until "
                    "it has ended (%s)", lock);
}

static void sync_folder_of(const char *path)
{
    char folder[ERG_PATH_MOST];
    erg_text_put(folder, sizeof(folder), path);
    char *slash = strrchr(folder, '/');
    if (slash)
        *slash = '\0';
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    fsync(fd);
    close(fd);
}

/* The lock file stays: whoever unlinks it takes it from one who waits for it. */
void erg_saving_end(erg_saving *saving, bool is_back)
{
    if (saving->lock < 0)
        return;
    if (is_back && unlink(saving->path) == 0)
        sync_folder_of(saving->path);
    close(saving->lock);
    saving->lock = -1;
}

/* ---- writing --------------------------------------------------------------- */

static json_t *to_json(const erg_saved *saved)
{
    json_t *root = json_pack("{s:i, s:I}", "format", FORMAT, "pid", (json_int_t)saved->pid);
    json_t *list = json_array();

    for (size_t i = 0; i < ERG_COUNT(texts); i++)
        json_object_set_new(root, texts[i].key,
                            json_string((const char *)saved + texts[i].at));
    for (size_t i = 0; i < saved->count; i++)
        json_array_append_new(list, json_pack("{s:s, s:s}", "knob",
                                              erg_knob_infos[saved->knobs[i].knob].name,
                                              "was", saved->knobs[i].was));
    json_object_set_new(root, "knobs", list);
    return root;
}

bool erg_saved_write(const erg_saving *saving, const erg_saved *saved, erg_error *err)
{
    erg_aside aside;
    json_t *root = to_json(saved);

    if (!erg_aside_begin(&aside, saving->path, err)) {
        json_decref(root);
        return false;
    }
    bool good = json_dumpf(root, aside.stream, JSON_INDENT(1)) == 0
        && fputc('\n', aside.stream) != EOF && fflush(aside.stream) == 0
        && fsync(fileno(aside.stream)) == 0;
    json_decref(root);
    if (!good)
        erg_fail(err, ERG_IO, "cannot write %s: %s; nothing is turned", saving->path,
                 strerror(errno));
    good = erg_aside_end(&aside, good, good ? err : NULL) && good;
    if (good)
        sync_folder_of(saving->path);
    return good;
}

/* ---- reading --------------------------------------------------------------- */

static bool read_knobs(const json_t *list, const char *path, erg_saved *out, erg_error *err)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *row = json_array_get(list, i);
        const char *name = json_string_value(json_object_get(row, "knob"));
        const char *was = json_string_value(json_object_get(row, "was"));
        erg_knob knob;
        if (!name || !was || !erg_knob_parse(name, &knob) || out->count == ERG_KNOBS)
            return erg_fail(err, ERG_BAD_INPUT,
                            "%s: knob %zu is not understood, a knob may "
                            "still be turned: %s", path, i + 1, cure);
        out->knobs[out->count].knob = knob;
        out->knobs[out->count].was = erg_text_copy(was);
        if (!out->knobs[out->count++].was)
            return erg_fail(err, ERG_NO_MEMORY, "out of memory while reading %s", path);
    }
    return true;
}

static bool read_texts(const json_t *root, erg_saved *out)
{
    for (size_t i = 0; i < ERG_COUNT(texts); i++) {
        const char *text = json_string_value(json_object_get(root, texts[i].key));
        if (!text || strlen(text) >= texts[i].size)
            return false;
        erg_text_put((char *)out + texts[i].at, texts[i].size, text);
    }
    return true;
}

bool erg_saved_parse(const char *text, size_t count, const char *path, erg_saved *out,
                     erg_error *err)
{
    json_error_t where;
    json_t *root = json_loadb(text, count, 0, &where);
    const json_t *list = json_object_get(root, "knobs");

    *out = (erg_saved){ .pid = json_integer_value(json_object_get(root, "pid")) };
    bool good = json_integer_value(json_object_get(root, "format")) == FORMAT
        && read_texts(root, out) && json_is_array(list);
    if (!good)
        erg_fail(err, ERG_BAD_INPUT, "%s does not say what a knob was at (%s), and one may "
                 "still be turned: %s", path, root ? "a key is missing" : where.text, cure);
    good = good && read_knobs(list, path, out, err);
    json_decref(root);
    if (!good)
        erg_saved_free(out);
    return good;
}

bool erg_saved_read(const char *path, erg_saved *out, erg_error *err)
{
    size_t count;
    char *text = erg_file_read(path, FILE_MOST, &count, err);

    if (!text)
        return false;
    bool good = erg_saved_parse(text, count, path, out, err);
    free(text);
    return good;
}

void erg_saved_free(erg_saved *saved)
{
    for (size_t i = 0; i < saved->count; i++)
        free(saved->knobs[i].was);
    saved->count = 0;
}
