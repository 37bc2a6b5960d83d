/* SPDX-License-Identifier: Apache-2.0 */
/* The table of the files, reading one and writing all. */
#include <stdlib.h>
#include <string.h>
#include "replay/files.h"

enum { FILES_MOST = 8 };

const erg_replay_file *const erg_replay_files[] = {
    &erg_replay_file_whole,
    &erg_replay_file_kernels,
    &erg_replay_file_comparison,
    &erg_replay_file_energies,
    &erg_replay_file_report,
    NULL,
};

/* A key that only this file has, or no file before it. */
const erg_replay_file *erg_replay_file_sniff(const json_t *root)
{
    static const struct {
        const char *key;
        const erg_replay_file *file;
    } marks[] = {
        { "predicted_from_kernels_us", &erg_replay_file_comparison },
        { "per_kernel_energies", &erg_replay_file_energies },
        { "isolated_kernels", &erg_replay_file_energies },
        { "predicted_total_us", &erg_replay_file_kernels },
        { "power_watts", &erg_replay_file_report },
        { "full_model_inference_us", &erg_replay_file_whole },
        /* The comparison has this one too: after its own. */
        { "full_model_inference_ms", &erg_replay_file_whole },
        { "predicted_total_ms", &erg_replay_file_kernels },
    };

    for (size_t i = 0; i < ERG_COUNT(marks); i++)
        if (json_object_get(root, marks[i].key))
            return marks[i].file;
    return NULL;
}

bool erg_replay_file_parse(const erg_replay_reading *reading, const erg_replay_file *file,
                           const char *bytes, size_t size, erg_error *err)
{
    size_t skip = size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    json_t *root = erg_json_parse(reading->name, bytes + skip, size - skip, err);
    if (!root)
        return false;
    const erg_replay_file *found = erg_replay_file_sniff(root);

    bool ok = found == file ? file->read(reading, root, err)
              : found ? erg_fail(err, ERG_BAD_INPUT, "%s is a %s, not a %s", reading->name,
                                 found->name, file->name)
                      : erg_fail(err, ERG_BAD_INPUT, "%s is no %s: its keys are missing",
                                 reading->name, file->name);
    json_decref(root);
    return ok;
}

bool erg_replay_file_read(erg_replay *into, const erg_replay_file *file, const char *path,
                          const erg_zone *zone, erg_error *err)
{
    size_t size;
    erg_replay_reading reading = { into, erg_path_base(path), { .zone = zone } };
    char *bytes = erg_file_read(path, ERG_REPLAY_JSON_MOST, &size, err);
    bool ok = bytes && erg_replay_file_parse(&reading, file, bytes, size, err);

    free(bytes);
    return ok;
}

/* ---- writing: all beside their places first, then each renamed ---------- */

static bool write_aside(const erg_replay *replay, const erg_replay_file *file,
                        const char *folder, erg_aside *aside, erg_error *err)
{
    char path[ERG_PATH_MOST];

    if (snprintf(path, sizeof(path), "%s/%s", folder, file->name) >= (int)sizeof(path))
        return erg_fail(err, ERG_BAD_INPUT, "%s is too long for a path", folder);
    if (!erg_aside_begin(aside, path, err))
        return false;
    json_t *root = file->write(replay);
    bool ok =
        root
        && json_dumpf(root, aside->stream, JSON_INDENT(2) | JSON_REAL_PRECISION(17)) == 0
        && fputc('\n', aside->stream) != EOF && fflush(aside->stream) == 0;
    json_decref(root);
    if (ok)
        return true;
    erg_aside_end(aside, false, NULL);
    return erg_fail(err, ERG_IO, "cannot write %s: is the disk full?", path);
}

bool erg_replay_files_write(const erg_replay *replay, const char *folder, erg_error *err)
{
    erg_aside asides[FILES_MOST];
    size_t count = 0;
    bool ok = true;

    for (size_t i = 0; erg_replay_files[i] && ok; i++) {
        if (!erg_replay_files[i]->holds(replay))
            continue;
        ok = write_aside(replay, erg_replay_files[i], folder, &asides[count], err);
        count += ok;
    }
    for (size_t i = 0; i < count; i++)
        ok = erg_aside_end(&asides[i], ok, err) && ok;
    return ok;
}
