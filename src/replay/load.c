/* SPDX-License-Identifier: Apache-2.0 */
/* A replay from a folder of files, or from files that were named. */
#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "import/formats/importer.h"
#include "replay/files.h"
#include "replay/load.h"
#include "replay/plan_read.h"

enum { FILES_MOST = 64 };

typedef struct loader {
    const erg_replay_source *source;
    erg_replay *into;
    erg_zone *zone;
    const char *plans[FILES_MOST];
    size_t plan_count;
    const char *logs[FILES_MOST];
    size_t log_count;
    bool has_read[FILES_MOST]; /* by place in erg_replay_files */
    erg_spool spools[FILES_MOST]; /* of the files that were named: pipes are read twice */
    size_t spool_count;
} loader;

static const char *name_of(const loader *load, const char *path)
{
    for (size_t i = 0; i < load->spool_count; i++)
        if (path == load->spools[i].path)
            return load->spools[i].name;
    return path;
}

/* ---- what a file is ----------------------------------------------------- */

/* 0: this file had been named before. */
static bool is_new(loader *load, const erg_replay_file *file)
{
    for (size_t i = 0; erg_replay_files[i]; i++)
        if (erg_replay_files[i] == file) {
            bool seen = load->has_read[i];
            load->has_read[i] = true;
            return !seen;
        }
    return false;
}

static const erg_replay_file *report_in(const char *bytes, size_t size)
{
    size_t skip = size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    if (!erg_json_begins(bytes + skip, size - skip, '{'))
        return NULL;
    json_t *root = erg_json_parse("", bytes + skip, size - skip, NULL);
    const erg_replay_file *file = root ? erg_replay_file_sniff(root) : NULL;

    json_decref(root);
    return file;
}

/* A recording that is damaged is for its own reader to refuse. */
static bool is_log(const char *path, const char *bytes, size_t size)
{
    const char *format = erg_import_format(bytes, size);
    return erg_text_ends(path, ".erg") || (format && strcmp(format, "timing_json") != 0);
}

/* A log may be larger than memory: it is told by its head. Reports are JSON. */
static bool is_streamed_log(const char *path)
{
    return !erg_text_ends(path, ".json") && !erg_text_ends(path, ".jsonl")
        && erg_import_streams(path, NULL);
}

/* A report is read at once; plans and logs are read when all of them are known. named: the
 * report that a file of this name has to be; NULL: anything. */
static bool take(loader *load, const char *path, const erg_replay_file *named,
                 erg_error *err)
{
    size_t size;

    if (!named && is_streamed_log(path)) {
        load->logs[load->log_count++] = path;
        return true;
    }
    if (!named && erg_plan_is_streamed(path)) {
        load->plans[load->plan_count++] = path;
        return true;
    }
    char *bytes = erg_file_read(path, ERG_REPLAY_JSON_MOST, &size, err);
    if (!bytes)
        return false;
    const erg_replay_file *report = named ? named : report_in(bytes, size);
    erg_replay_reading reading = { load->into, erg_path_base(name_of(load, path)),
                                   { .zone = load->zone } };
    bool ok = true;

    if (report && !is_new(load, report))
        ok =
            erg_fail(err, ERG_BAD_INPUT, "%s is a second %s: name one", path, report->name);
    else if (report)
        ok = erg_replay_file_parse(&reading, report, bytes, size, err);
    else if (is_log(path, bytes, size))
        load->logs[load->log_count++] = path;
    else if ((ok = erg_plan_may_be(path, bytes, size, err)))
        load->plans[load->plan_count++] = path;
    free(bytes);
    return ok;
}

/* ---- a folder ----------------------------------------------------------- */

typedef struct folder_kind {
    const char *ending;
    bool (*wants)(const loader *load);
    const erg_replay_file *report; /* that it has to be; NULL: none */
} folder_kind;

static bool reads(const loader *load, const erg_replay_file *file)
{
    for (size_t i = 0; erg_replay_files[i]; i++)
        if (erg_replay_files[i] == file)
            return !load->has_read[i];
    return false;
}

static bool wants_whole(const loader *load) { return reads(load, &erg_replay_file_whole); }
static bool wants_kernels(const loader *load)
{
    return reads(load, &erg_replay_file_kernels);
}
static bool wants_comparison(const loader *load)
{
    return reads(load, &erg_replay_file_comparison);
}
static bool wants_energies(const loader *load)
{
    return reads(load, &erg_replay_file_energies);
}
static bool wants_report(const loader *load)
{
    return reads(load, &erg_replay_file_report);
}
static bool wants_plan(const loader *load) { return load->plan_count == 0; }
static bool wants_log(const loader *load) { return load->log_count == 0; }

/* In the order in which they are looked for: the first that is there is taken. */
static const folder_kind kinds[] = {
    { "full_model_timing.json", wants_whole, &erg_replay_file_whole },
    { "isolated_kernels_timing.json", wants_kernels, &erg_replay_file_kernels },
    { "comparison_report.json", wants_comparison, &erg_replay_file_comparison },
    { "kernel_energy_report.json", wants_energies, &erg_replay_file_energies },
    { "gpu_energy_report.json", wants_energies, &erg_replay_file_energies },
    { "/energy_report.json", wants_report, &erg_replay_file_report },
    { "plan.jsonl", wants_plan, NULL },
    { "kernel_signatures.json", wants_plan, NULL },
    { ".jsonl", wants_plan, NULL },
    { ".erg", wants_log, NULL },
    { ".csv", wants_log, NULL },
};

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void names_free(char **names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    free(names);
}

/* Paths of what is in the folder, sorted: the same folder gives the same answer. */
static char **names_in(const char *folder, size_t *count, erg_error *err)
{
    enum { NAMES_MOST = 4096 };
    DIR *dir = opendir(folder);
    size_t capacity = 0;
    char **names = NULL, path[ERG_PATH_MOST];
    bool ok = dir != NULL;

    *count = 0;
    if (!dir)
        erg_fail(err, ERG_NOT_FOUND, "%s is no folder that can be read", folder);
    for (struct dirent *entry; ok && (entry = readdir(dir)) && *count < NAMES_MOST;) {
        if (entry->d_name[0] == '.'
            || snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name)
                   >= (int)sizeof(path))
            continue;
        ok = erg_grow((void **)&names, &capacity, *count, sizeof(*names), err);
        if (ok && !(names[(*count)++] = erg_text_copy(path)))
            ok = erg_fail(err, ERG_NO_MEMORY, "no memory for the names in %s", folder);
    }
    if (dir)
        closedir(dir);
    if (ok && *count)
        qsort(names, *count, sizeof(*names), by_name);
    if (ok && *count)
        return names;
    names_free(names, *count);
    if (ok)
        erg_fail(err, ERG_BAD_INPUT,
                 "%s holds no files of a replay: name a folder that erg replay run wrote",
                 folder);
    return NULL;
}

/* A CSV that is no log (counts of kernels) is passed over; one that is nothing known may
 * have been meant for one. */
static bool pass_over(loader *load, const char *path, const char *bytes, size_t size,
                      erg_error *err)
{
    const char *name = erg_path_base(path);

    if (size == 0)
        return erg_replay_note(load->into, err,
                               "%.80s is empty, and passed over: was the logger started?",
                               name);
    return erg_plan_may_be(path, bytes, size, NULL)
        || erg_replay_note(load->into, err,
                           "%.80s is passed over: it is neither a log of power that erg "
                           "knows nor a list of kernels. erg import takes the names of "
                           "its columns (--time, --power)", name);
}

static bool take_of(loader *load, const char *path, const folder_kind *kind, erg_error *err)
{
    size_t size;

    if (kind->wants != wants_log || erg_text_ends(path, ".erg"))
        return take(load, path, kind->report, err);
    if (is_streamed_log(path)) {
        load->logs[load->log_count++] = path;
        return true;
    }
    if (erg_plan_is_streamed(path))
        return true;
    char *bytes = erg_file_read(path, ERG_REPLAY_JSON_MOST, &size, err);
    bool ok = bytes != NULL;
    if (ok && is_log(path, bytes, size))
        load->logs[load->log_count++] = path;
    else if (ok)
        ok = pass_over(load, path, bytes, size, err);
    free(bytes);
    return ok;
}

/* The file of exactly that name, else those that end so: all logs, one of the others. */
static bool find(loader *load, const folder_kind *kind, char *const names[], size_t count,
                 erg_error *err)
{
    const char *exact = NULL, *last = NULL;
    size_t found = 0;

    for (size_t i = 0; i < count; i++) {
        if (strcmp(erg_path_base(names[i]), kind->ending) == 0)
            exact = names[i];
        if (erg_text_ends(names[i], kind->ending)) {
            found++;
            last = names[i];
        }
    }
    if (exact || found == 1)
        return take_of(load, exact ? exact : last, kind, err);
    if (found && kind->wants != wants_log)
        return erg_fail(err, ERG_BAD_INPUT,
                        "%zu files end in %s, as %s: name the one that is meant", found,
                        kind->ending, last);
    for (size_t i = 0; i < count && load->log_count < FILES_MOST; i++)
        if (erg_text_ends(names[i], kind->ending) && !take_of(load, names[i], kind, err))
            return false;
    return true;
}

static bool take_folder(loader *load, char *const names[], size_t count, erg_error *err)
{
    for (size_t i = 0; i < ERG_COUNT(kinds); i++)
        if (kinds[i].wants(load) && !find(load, &kinds[i], names, count, err))
            return false;
    return true;
}

/* ---- plan --------------------------------------------------------------- */

/* No file of ours: zoo:NAME, or bytes that are no text. */
static bool is_graph(const char *path)
{
    return strncmp(path, "zoo:", 4) == 0 || erg_text_ends(path, ".onnx");
}

static bool read_plan(loader *load, erg_error *err)
{
    erg_replay *into = load->into;
    erg_replay_plan_options options = { .steps = load->source->steps };

    if (load->plan_count == 0)
        return true;
    into->plan = erg_replay_plan_load(load->plans, load->plan_count, &options, err);
    if (into->plan && isnan(into->steps))
        into->steps = into->plan->steps;
    bool ok = into->plan != NULL;
    for (size_t i = 0; i < load->plan_count && ok; i++)
        ok = is_graph(load->plans[i]) || erg_replay_read_ran(into, load->plans[i], err);
    return ok;
}

/* The others would be passed over; their devices can be put beside each other. */
static bool is_one_log(const loader *load, erg_error *err)
{
    return load->log_count < 2
        || erg_fail(err, ERG_BAD_INPUT,
                    "%s is a second log of power: name one, or put both together: erg "
                    "import %s %s --output power.erg", name_of(load, load->logs[1]),
                    name_of(load, load->logs[0]), name_of(load, load->logs[1]));
}

static bool fill(loader *load, erg_error *err)
{
    const erg_replay_source *source = load->source;
    size_t count = 0;
    bool ok = source->file_count <= FILES_MOST / 2
              || erg_fail(err, ERG_BAD_INPUT, "more than %d files", FILES_MOST / 2);

    for (size_t i = 0; ok && i < source->file_count; i++) {
        const char *path = source->files[i];
        ok = erg_import_open(&load->spools[load->spool_count++], &path, NULL, err)
          && take(load, path, NULL, err);
    }
    ok = ok && is_one_log(load, err);
    char **names = ok && source->folder ? names_in(source->folder, &count, err) : NULL;
    ok = ok && (!source->folder || (names && take_folder(load, names, count, err)));
    if (source->steps > 0)
        load->into->steps = source->steps;
    ok = ok && read_plan(load, err)
      && erg_replay_read_power(load->into, load->logs, load->log_count, source->tz, err);
    if (names)
        names_free(names, count);
    if (!ok)
        return false;
    erg_replay_join(load->into);
    return true;
}

erg_replay *erg_replay_load(const erg_replay_source *source, erg_error *err)
{
    loader load = { .source = source };
    erg_error why = { 0 };

    load.zone = source->tz ? erg_zone_new(source->tz, err) : NULL;
    load.into = !source->tz || load.zone ? erg_replay_new(err) : NULL;
    bool ok = load.into && fill(&load, &why);
    erg_replay *into = load.into;
    erg_zone_free(load.zone);
    for (size_t i = 0; i < load.spool_count; i++) {
        if (!ok)
            erg_spool_fail(&load.spools[i], &why, &why);
        erg_spool_close(&load.spools[i]);
    }
    if (why.code)
        erg_fail(err, why.code, "%s", why.text);
    if (ok && into->kernel_count == 0 && isnan(into->whole.time_s) && !into->energies
        && into->channel < 0)
        ok = erg_fail(err, ERG_BAD_INPUT,
                      "%s: nothing of a replay was found: name a folder of its files, "
                      "or --timing and --power",
                      source->folder ? source->folder
                                     : source->file_count ? source->files[0] : "");
    if (ok)
        return into;
    erg_replay_free(into);
    return NULL;
}
