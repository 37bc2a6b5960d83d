/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CSV_metadata.json beside an enhanced log: what the logger was told. Its temperature of
 * the room is a guess, and its sample_hz a thousandth of the rate.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "format/json.h"
#include "couple/session_inside.h"
#include "thermal/training_inside.h"

enum { JSON_MOST = 1 << 22 };
static const double stated_share = 1e-3;        /* of the rate */

/* A note may have been typed over several lines: a sheet has one. */
static void take_text(const json_t *root, const char *key, char *to, size_t size)
{
    const char *text = json_string_value(json_object_get(root, key));

    if (!text || to[0])
        return;
    erg_text_put(to, size, text);
    for (char *at = to; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 127)
            *at = ' ';
}

static double number_of(const json_t *root, const char *key)
{
    const json_t *value = json_object_get(root, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static void take(const json_t *root, erg_session_facts *facts)
{
    double rate = number_of(json_object_get(root, "monitoring"), "sample_hz");

    take_text(root, "model_name", facts->model, sizeof(facts->model));
    take_text(root, "training_mode", facts->mode, sizeof(facts->mode));
    take_text(root, "notes", facts->notes, sizeof(facts->notes));
    facts->ambient_guess_k = number_of(root, "ambient_temp_guess") + 273.15;
    facts->rate_hz = rate > 0 ? rate / stated_share : NAN;
}

bool erg_session_sidecar_parse(const char *name, const char *bytes, size_t size,
                               erg_session_facts *facts, erg_error *err)
{
    json_t *root = erg_session_object(name, bytes, size, "a log's metadata", err);

    if (root)
        take(root, facts);
    json_decref(root);
    return root != NULL;
}

/* x.csv has x_metadata.json, or x.csv_metadata.json. False: neither. */
static bool find(const char *log_path, char to[ERG_PATH_MOST])
{
    static const char end[] = "_metadata.json";
    size_t count = strlen(log_path);
    bool is_csv = count > 4 && strcmp(log_path + count - 4, ".csv") == 0;

    for (size_t i = is_csv ? 0 : 1; i < 2; i++) {
        int kept = (int)(i ? count : count - 4);
        int room = snprintf(to, ERG_PATH_MOST, "%.*s%s", kept, log_path, end);
        if (room < ERG_PATH_MOST && access(to, R_OK) == 0)
            return true;
    }
    return false;
}

bool erg_session_sidecar_read(const char *log_path, erg_session_facts *facts,
                              erg_error *err)
{
    char path[ERG_PATH_MOST];
    erg_error why = { 0 };
    size_t size = 0;

    if (!find(log_path, path))
        return true;
    char *bytes = erg_file_read(path, JSON_MOST, &size, &why);
    if (!bytes || !erg_session_sidecar_parse(path, bytes, size, facts, &why))
        erg_text_put(facts->sidecar_trouble, sizeof(facts->sidecar_trouble), why.text);
    free(bytes);
    return why.code != ERG_NO_MEMORY || erg_fail(err, ERG_NO_MEMORY, "out of memory");
}
