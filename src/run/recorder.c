/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Regions and marks from inside a program: joined to the ring of `erg run`, or with
 * a recording of its own.
 *
 * Of the processes of one job on one node (erg_record_options.job) the one that gets
 * the lock file samples; its lock file names its ring, and the others join that.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "run/recorder_inside.h"

static const int64_t join_for_ns = 2 * ERG_NS_PER_S, try_gap_ns = 10 * ERG_NS_PER_MS;
/* A reading after the end of a region is waited for so long. */
static const int64_t settle_ns = ERG_NS_PER_S;

static erg_recorder *recorder_new(const erg_env *env, erg_error *err)
{
    erg_recorder *rec = calloc(1, sizeof(*rec));
    if (!rec) {
        erg_fail(err, ERG_NO_MEMORY, "out of memory for a recorder");
        return NULL;
    }
    if (env)
        rec->env = *env;
    rec->lock = -1;
    rec->pid = getpid();
    pthread_mutex_init(&rec->hint_lock, NULL);
    return rec;
}

static erg_recorder *join(const erg_env *env, const char *path, erg_error *err)
{
    erg_recorder *rec = recorder_new(env, err);
    if (rec && !(rec->ring = erg_ring_open(path, err))) {
        erg_recorder_free(rec);
        return NULL;
    }
    if (rec)
        rec->owns_ring = true;
    return rec;
}

erg_recorder *erg_recorder_join(const erg_env *env, erg_error *err)
{
    if (!env || !env->ring || !*env->ring) {
        erg_fail(err, ERG_NOT_FOUND,
                 "nobody records: ERG_RING is not set; start the program "
                 "with `erg run`, or record with erg_recorder_start");
        return NULL;
    }
    return join(env, env->ring, err);
}

/* ---- one of many ------------------------------------------------------------- */

static bool lock_name(const char *job, char *to, erg_error *err)
{
    if (!*job || strspn(job, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                             "0123456789-_.") != strlen(job) || strlen(job) > 100)
        return erg_fail(err, ERG_BAD_INPUT, "job name %.40s: use up to 100 letters, digits "
                        "and -_.", job);
    snprintf(to, ERG_PATH_MOST, "/dev/shm/erg-job-%ld-%s", (long)geteuid(), job);
    return true;
}

/* True: the lock is ours. */
static bool try_lock(erg_recorder *rec)
{
    int fd = open(rec->lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return false;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        close(fd);
        return false;
    }
    rec->lock = fd;
    return true;
}

static bool tell_others(const erg_recorder *rec)
{
    const char *path = erg_ring_path(rec->ring);
    return ftruncate(rec->lock, 0) == 0
        && pwrite(rec->lock, path, strlen(path), 0) == (ssize_t)strlen(path);
}

/* ---- on its own ----------------------------------------------------------------- */

static bool start(erg_recorder *rec, const erg_record_options *options, erg_error *err)
{
    erg_recording_setup setup = { .path = options->output, .in_memory = true,
                                  .rate_hz = options->rate_hz };
    rec->devices = erg_devices_find(&rec->env, options->sensors,
                                    options->sensor_count, err);
    if (!rec->devices
        || !(rec->rec = erg_recording_new(&rec->env, rec->devices, &setup, err))
        || !erg_recording_begin(rec->rec, err))
        return false;
    rec->ring = erg_recording_ring(rec->rec);
    return rec->lock < 0 || tell_others(rec)
        || erg_fail(err, ERG_IO, "cannot write %s: %s", rec->lock_path, strerror(errno));
}

static erg_recorder *start_or_join(erg_recorder *rec, const erg_record_options *options,
                                   erg_error *err)
{
    int64_t until_ns = erg_env_now_ns(NULL) + join_for_ns;
    while (!try_lock(rec)) {
        char path[ERG_PATH_MOST];
        erg_error why = { 0 };
        erg_recorder *joined = erg_file_line(rec->lock_path, path, sizeof(path), &why)
            ? join(&rec->env, path, &why) : NULL;
        if (joined || erg_env_now_ns(NULL) > until_ns) {
            if (!joined)
                erg_fail(err, ERG_NO_ACCESS, "cannot use %s: another process holds it but "
                         "does not record: %s", rec->lock_path, why.text);
            erg_recorder_free(rec);
            return joined;
        }
        erg_env_sleep_until_ns(NULL, erg_env_now_ns(NULL) + try_gap_ns);
    }
    if (start(rec, options, err))
        return rec;
    erg_recorder_free(rec);
    return NULL;
}

erg_recorder *erg_recorder_start(const erg_env *env, const erg_record_options *options,
                                 erg_error *err)
{
    static const erg_record_options none = { 0 };
    erg_recorder *rec = recorder_new(env, err);
    if (!options)
        options = &none;
    if (rec && options->job && lock_name(options->job, rec->lock_path, err))
        return start_or_join(rec, options, err);
    if (rec && !options->job && start(rec, options, err))
        return rec;
    erg_recorder_free(rec);
    return NULL;
}

void erg_recorder_free(erg_recorder *rec)
{
    /* What a child of fork has of a sampler is memory alone, which goes with it. */
    if (!rec || (rec->rec && rec->pid != getpid()))
        return;
    if (rec->lock >= 0) {
        /* Emptied, not removed: another may wait for the lock of this very file. */
        if (ftruncate(rec->lock, 0) != 0)
            erg_env_log(&rec->env, ERG_WARNING, "cannot empty %s", rec->lock_path);
        close(rec->lock);
    }
    if (rec->rec && rec->ring) {
        erg_error err = { 0 };
        if (!erg_recording_end(rec->rec, &err))
            erg_env_log(&rec->env, ERG_WARNING, "%s", err.text);
    }
    if (rec->asker)
        erg_hint_asker_end(rec->asker);
    free(rec->asker);
    pthread_mutex_destroy(&rec->hint_lock);
    erg_phase_teller_free(rec->teller);
    erg_recording_free(rec->rec);
    erg_devices_free(rec->devices);
    if (rec->owns_ring)
        erg_ring_close(rec->ring);
    free(rec);
}

/* ---- marking ---------------------------------------------------------------------- */

/* CLOCK_MONOTONIC but under a manual clock: stamps of all processes agree. */
static bool push(erg_recorder *rec, erg_event *event, const char *name)
{
    if (name)
        erg_event_name(event, name);
    event->thread = syscall(SYS_gettid);
    bool pushed = erg_ring_push(rec->ring, event);
    erg_ring_edge(rec->ring, event->t_ns);
    return pushed;
}

erg_region_token erg_region_begin(erg_recorder *rec, const char *name)
{
    if (!rec)
        return (erg_region_token){ 0 };
    erg_event event = { .kind = ERG_EVENT_BEGIN, .t_ns = erg_env_now_ns(&rec->env),
                        .id = erg_ring_next_id(rec->ring) };
    if (!push(rec, &event, name ? name : ""))
        return (erg_region_token){ 0 };
    erg_phase_teller_begin(rec->teller, event.id, name);
    return (erg_region_token){ event.id };
}

void erg_region_end(erg_recorder *rec, erg_region_token region)
{
    if (!rec || region.id == 0)
        return;
    erg_event event = { .kind = ERG_EVENT_END, .t_ns = erg_env_now_ns(&rec->env),
                        .id = region.id, .value = NAN };
    erg_phase_teller_end(rec->teller, region.id);
    erg_recorder_unhint(rec, region);
    push(rec, &event, NULL);
}

void erg_mark(erg_recorder *rec, const char *name, double value)
{
    if (!rec)
        return;
    erg_event event = { .kind = ERG_EVENT_MARK, .t_ns = erg_env_now_ns(&rec->env),
                        .value = value };
    erg_phase_teller_mark(rec->teller, name, value);
    push(rec, &event, name ? name : "");
}

bool erg_recorder_govern(erg_recorder *rec, const char *socket, const char *device,
                         const char *job, erg_error *err)
{
    if (!rec || rec->teller)
        return true;
    erg_text_put(rec->socket, sizeof(rec->socket), socket ? socket : "");
    rec->teller = erg_phase_teller_new(socket, device, job, err);
    return rec->teller != NULL;
}

/* ---- asking ------------------------------------------------------------------------- */

/* The channel asked for, else the first device's answer. */
static int channel_of(const erg_trace *trace, const char *name)
{
    int channel = name ? erg_trace_find_channel(trace, name) : -1;
    for (int i = 0; !name && channel < 0 && i < (int)erg_trace_device_count(trace); i++)
        channel = erg_trace_find_channel(trace, erg_trace_device(trace, i)->name);
    return channel;
}

typedef struct question {
    int64_t id;
    const char *channel;
    erg_energy *out;
    bool is_settled;        /* the sensor has been read after the region's end */
} question;

static bool ask(erg_recorder *rec, question *asked, erg_error *err)
{
    const erg_trace *trace = erg_recording_lock(rec->rec);
    const erg_region *region = erg_recording_find_region(rec->rec, asked->id);
    int channel = channel_of(trace, asked->channel);
    bool good = false;
    asked->is_settled = true;
    if (!region)
        erg_fail(err, ERG_NOT_FOUND,
                 "the region was not begun and ended in this recording");
    else if (channel < 0)
        erg_fail(err, ERG_NOT_FOUND, "no channel %s is recorded: erg devices lists them",
                 asked->channel ? asked->channel : "that measures energy");
    else {
        size_t count;
        const erg_sample *samples = erg_trace_samples(trace, channel, &count);
        asked->is_settled = count && samples[count - 1].t_ns >= region->end_ns;
        good = erg_trace_energy(trace, channel,
                                (erg_span){ region->begin_ns, region->end_ns },
                                asked->out, err);
    }
    erg_recording_unlock(rec->rec);
    return good;
}

bool erg_region_energy(erg_recorder *rec, erg_region_token region, const char *channel,
                       erg_energy *out, erg_error *err)
{
    if (!rec || !rec->rec)
        return erg_fail(err, ERG_UNSUPPORTED, "the energy of regions is in the run file: "
                        "another process samples");
    question asked = { .id = region.id, .channel = channel, .out = out };
    int64_t until_ns = erg_env_now_ns(&rec->env) + settle_ns;
    bool good = ask(rec, &asked, err);
    while (!asked.is_settled && erg_env_now_ns(&rec->env) < until_ns) {
        erg_recording_run_until(rec->rec, erg_env_now_ns(&rec->env) + try_gap_ns, NULL);
        good = ask(rec, &asked, err);
    }
    return good;
}
