/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session: its files found in a folder by their names, read, and laid on one clock.
 * A folder that holds two sessions is refused, for "the newest" picks up old results.
 */
#include <dirent.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "couple/session_inside.h"
#include "thermal/training_inside.h"

enum { FILE_MOST = 1 << 28 };

/* ---- one folder ---------------------------------------------------------------------- */

typedef struct wanted {
    const char *const *patterns;
    const char *what;
    bool is_needed;
} wanted;

static const char *const log_patterns[] = { "rle_*.csv", NULL };
static const char *const training_patterns[] = {
    "training_log_*.json", "training_log_*.jsonl", "training_log_*.csv",
    "training_log.json*", NULL,
};
static const char *const analysis_patterns[] = { "analysis_*.json", NULL };
static const char *const version_patterns[] = { "version_*.json", NULL };
static const char *const stamped_patterns[] = { "timestamp_analysis.json", NULL };

static bool matches(const char *name, const char *const patterns[])
{
    for (size_t i = 0; patterns[i]; i++)
        if (fnmatch(patterns[i], name, 0) == 0)
            return true;
    return false;
}

/* The one file that matches into to, "" where none does. */
static bool find_one(const char *folder, const wanted *want, char to[ERG_PATH_MOST],
                     erg_error *err)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, NULL, alphasort), found = 0;
    bool fits = true;

    to[0] = '\0';
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        if (matches(name, want->patterns) && found++ == 0)
            fits = snprintf(to, ERG_PATH_MOST, "%s/%s", folder, name) < ERG_PATH_MOST;
        free(entries[i]);
    }
    free(entries);
    if (count < 0 || !fits)
        return erg_fail(err, ERG_BAD_INPUT, "cannot list the folder %s", folder);
    if (found > 1)
        return erg_fail(err, ERG_BAD_INPUT, "%s holds %d %s files: give the files of one "
                        "session, LOG --log TRAINING_LOG", folder, found, want->what);
    return found == 1 || !want->is_needed
        || erg_fail(err, ERG_BAD_INPUT, "%s holds no %s file (%s)", folder, want->what,
                    want->patterns[0]);
}

static bool read_facts(const char *folder, erg_session_facts *facts, erg_error *err)
{
    static const wanted kinds[] = {
        { stamped_patterns, "timestamp analysis", false },
        { version_patterns, "version", false }, { analysis_patterns, "analysis", false },
    };
    char path[ERG_PATH_MOST];

    for (size_t i = 0; i < ERG_COUNT(kinds); i++)
        if (!find_one(folder, &kinds[i], path, err)
            || (path[0] && !erg_session_facts_read(path, facts, err)))
            return false;
    return true;
}

/* ---- the two logs -------------------------------------------------------------------- */

static bool hash_file(const char *path, char hex[ERG_SHA256_TEXT], erg_error *err)
{
    size_t size = 0;
    char *bytes = erg_file_read(path, FILE_MOST, &size, err);

    if (bytes)
        erg_sha256(bytes, size, hex);
    free(bytes);
    return bytes != NULL;
}

static erg_span span_of(const erg_monitor *monitor)
{
    erg_span span = { INT64_MAX, INT64_MIN };

    for (size_t i = 0; i < erg_monitor_devices(monitor); i++) {
        const erg_monitor_device *device = erg_monitor_device_at(monitor, i);
        if (device->count == 0)
            continue;
        if (device->rows[0].t_ns < span.begin_ns)
            span.begin_ns = device->rows[0].t_ns;
        if (device->rows[device->count - 1].t_ns > span.end_ns)
            span.end_ns = device->rows[device->count - 1].t_ns;
    }
    return span;
}

/* The study of a session finds the zone by its edges; the old analysis needs it too. */
static void guess_zone(erg_session *session)
{
    size_t count = 0;
    const erg_training_row *rows = erg_training_rows(session->training, &count);
    const erg_span log = { rows[0].t_ns, rows[count - 1].t_ns };

    if (!erg_zone_quarters(log, span_of(session->monitor), &session->zone_ns))
        session->zone_ns = 0;
}

static bool read_logs(erg_session *session, const erg_monitor_options *how, erg_error *err)
{
    session->monitor = erg_monitor_load(session->log_path, how, err);
    session->training = session->monitor
        ? erg_training_load(session->training_path, how ? how->zone : NULL, err) : NULL;
    if (session->training && strcmp(session->log_path, session->training_path) == 0)
        erg_training_forget_steps(session->training);
    if (!session->training
        || !erg_session_sidecar_read(session->log_path, &session->facts, err)
        || !hash_file(session->log_path, session->log_hash, err)
        || !hash_file(session->training_path, session->training_hash, err))
        return false;
    if (erg_training_clock_of(session->training) == ERG_TRAINING_LOCAL)
        guess_zone(session);
    return true;
}

static bool read_folder(erg_session *session, const erg_monitor_options *how,
                        erg_error *err)
{
    static const wanted log = { log_patterns, "monitor", false };
    static const wanted training = { training_patterns, "training log", false };

    if (!find_one(session->path, &log, session->log_path, err)
        || !find_one(session->path, &training, session->training_path, err)
        || !read_facts(session->path, &session->facts, err))
        return false;
    if (session->log_path[0] && session->training_path[0])
        return read_logs(session, how, err);
    /* Figures alone are a session too, for the published score. */
    return session->facts.published.peak_lag != ERG_NONE
        || erg_fail(err, ERG_BAD_INPUT, "%s holds no session: it needs rle_*.csv and "
                    "training_log_*.json", session->path);
}

static bool read_run(erg_session *session, erg_error *err)
{
    erg_trace *trace = erg_trace_load(session->path, err);

    session->monitor = trace ? erg_monitor_of_trace(trace, err) : NULL;
    session->training = session->monitor ? erg_training_of_trace(trace, err) : NULL;
    erg_trace_free(trace);
    return session->training && hash_file(session->path, session->log_hash, err);
}

/* ---- public -------------------------------------------------------------------------- */

static void name_it(erg_session *session)
{
    size_t end = strlen(session->path);

    while (end > 1 && session->path[end - 1] == '/')
        session->path[--end] = '\0';
    const char *slash = strrchr(session->path, '/');
    erg_text_put(session->name, sizeof(session->name),
                 slash && slash[1] ? slash + 1 : session->path);
}

static erg_session *begin(const char *path, erg_error *err)
{
    erg_session *session = NULL;

    if (strlen(path) >= sizeof(session->path))
        erg_fail(err, ERG_BAD_INPUT, "%s: the path is too long", path);
    else if (!(session = calloc(1, sizeof(*session))))
        erg_fail(err, ERG_NO_MEMORY, "out of memory");
    if (!session)
        return NULL;
    erg_text_put(session->path, sizeof(session->path), path);
    session->facts = erg_session_unknown;
    name_it(session);
    return session;
}

erg_session *erg_session_load(const char *path, const erg_monitor_options *how,
                              erg_error *err)
{
    struct stat about;
    erg_session *session = begin(path, err);

    if (!session)
        return NULL;
    bool is_there = stat(path, &about) == 0;
    bool ok = !is_there ? erg_fail(err, ERG_NOT_FOUND, "there is no %s", path)
            : S_ISDIR(about.st_mode) ? read_folder(session, how, err)
            : erg_text_ends(path, ".json")
            ? erg_session_facts_read(path, &session->facts, err)
            : read_run(session, err);
    if (ok)
        return session;
    erg_session_free(session);
    return NULL;
}

erg_session *erg_session_join(const char *log, const char *training,
                              const erg_monitor_options *how, erg_error *err)
{
    erg_session *session = begin(log, err);

    if (!session)
        return NULL;
    erg_text_put(session->log_path, sizeof(session->log_path), log);
    erg_text_put(session->training_path, sizeof(session->training_path), training);
    if (read_logs(session, how, err))
        return session;
    erg_session_free(session);
    return NULL;
}

void erg_session_free(erg_session *session)
{
    if (!session)
        return;
    erg_monitor_free(session->monitor);
    erg_training_free(session->training);
    free(session);
}

const char *erg_session_name(const erg_session *session) { return session->name; }
const erg_monitor *erg_session_monitor(const erg_session *session)
{
    return session->monitor;
}
const erg_training *erg_session_training(const erg_session *session)
{
    return session->training;
}
const char *erg_session_log_hash(const erg_session *session) { return session->log_hash; }
const char *erg_session_training_hash(const erg_session *session)
{
    return session->training_hash;
}

int64_t erg_session_zone_ns(const erg_session *session) { return session->zone_ns; }

const erg_session_facts *erg_session_facts_of(const erg_session *session)
{
    return &session->facts;
}

bool erg_session_notes(const erg_session *session, erg_result *result, erg_error *err)
{
    size_t torn = session->training ? erg_training_torn(session->training) : 0;

    if (session->monitor && !erg_monitor_notes(session->monitor, result, err))
        return false;
    if (session->facts.sidecar_trouble[0]
        && !erg_result_note(result, err, "what the logger was told is left out: %s",
                            session->facts.sidecar_trouble))
        return false;
    if (session->zone_ns != 0
        && !erg_result_note(result, err,
                            "ZONE_GUESSED: the training log of %s states no zone; "
                            "its stamps were moved by %+.2f h, the nearest "
                            "quarter hour that lays it on the monitor's log", session->name,
                            erg_s_from_ns(session->zone_ns) / 3600))
        return false;
    return torn == 0
        || erg_result_note(result, err,
                           "TORN: %zu records of the training log of %s could not "
                           "be read, or had no stamp", torn, session->name);
}
